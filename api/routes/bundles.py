"""The one file that shows a claim: a figure of a seal, an event, or what holds of it as of a seal.

What a seal makes public anybody may have proven: the area's totals, a party's sums, a target's
progress. Lines of an inventory, and events of private streams, are for their party, the operator and
the regulator. Source: formats, section 8; architecture, "Roles and reading".
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Response

from api.access import (
    OptionalReader,
    RunningLedger,
    check_may_read,
    check_may_read_event,
    known_reader,
    not_found,
    record_reading,
)
from api.answers import octets, problems
from api.routes.streams import BUNDLE
from ledger import errors
from ledger.errors import NotFound
from ledger.log.bundle_kinds import (
    KINDS,
    AreaSubject,
    CompanySubject,
    CurrentSubject,
    EventSubject,
    FigureSubject,
    InventorySubject,
    LineSubject,
    PartSubject,
    Subject,
    TargetSubject,
    parse_subject,
)
from ledger.log.names import split_event
from ledger.service.reader import Reader

router = APIRouter(tags=["bundles"])

MAX_SUBJECT: Final = 4_096
"""Characters of a subject in a query."""
MAX_WITHHELD: Final = 100

KindPath = Annotated[
    str,
    Path(
        description="Kind of claim: " + ", ".join(kind.name for kind in KINDS) + ".",
        examples=["company-total"],
        max_length=64,
    ),
]
SubjectQuery = Annotated[
    str,
    Query(
        description="The subject in canonical JSON, with exactly the members of its kind.",
        examples=['{"party":"steelworks","seal":"operator/seals@1"}'],
        max_length=MAX_SUBJECT,
    ),
]
WithheldQuery = Annotated[
    list[str],
    Query(
        description="An event that stands in the file without its data; may be given again.",
        max_length=MAX_WITHHELD,
    ),
]


@router.get(
    "/v1/bundles/{kind}",
    response_class=Response,
    summary="The proof of a claim",
    responses={
        **octets(BUNDLE, "Canonical JSON and LF: check it offline with the log's key alone."),
        **problems(
            errors.BadBundle,
            errors.NotCanonical,
            errors.BadValue,
            errors.NotSignedIn,
            errors.Overloaded,
            errors.NotAuthorised,
            NotFound,
        ),
    },
    openapi_extra={"security": [{}, {"reader": []}]},
)
async def get_proof(
    kind: KindPath,
    ledger: RunningLedger,
    reader: OptionalReader,
    subject: SubjectQuery,
    withhold: WithheldQuery = [],  # noqa: B006  (FastAPI copies it)
) -> Response:
    """Everything that the claim stands on, with paths to a signed checkpoint.

    Anybody may have `area-total`, `company-total` and `target-progress`; other kinds need a token of
    a reader who may see the party's data, and `figure`, which holds the whole log, everybody's.
    What the reader may not read of other parties stands in the file without its data, and then no
    figure follows from it; of a `company-inventory` that needs it there is no file for him.
    """
    wanted = parse_subject(kind, subject.encode())
    for name in withhold:
        split_event(name)
    await _check_may_have(reader, wanted)
    try:
        return Response(await ledger.prove(wanted, withhold, reader), media_type=BUNDLE)
    except NotFound as error:
        raise not_found("such thing to prove") from error


async def _check_may_have(reader: Reader | None, subject: Subject) -> None:
    match subject:
        case EventSubject() | CurrentSubject():
            check_may_read_event(reader, split_event(subject.event)[0], "such thing to prove")
        case FigureSubject():
            known = await known_reader(reader, None)
            if not known.sees_all:
                raise not_found("such thing to prove")
            record_reading(known, "a figure to prove")
        case InventorySubject() | LineSubject() | PartSubject():
            check_may_read(await known_reader(reader, None), subject.party, "such thing to prove")
        case AreaSubject() | CompanySubject() | TargetSubject():
            pass
        case _:
            raise not_found("such thing to prove")

"""Seals: the area's figures that the operator has committed to, with the lists that anybody adds up.

Seals, heads and the list of companies are public. A party's inventory lines are for the party itself,
the operator and the regulator. What is sealed never changes, so it may be kept.
Source: formats, section 9; architecture, "Roles and reading".
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query, Response

from api.access import KnownReader, RunningLedger, check_may_read, check_may_seal
from api.answers import answer, answers, problems
from api.envelope import FOR_EVER
from api.names import NumberPath
from api.period import AsOf, Months
from api.routes.reports import Gwp
from api.seals import Seal, SealDraft, SealedCompany, SealedHead, SealedLine, View
from ledger import errors
from ledger.carbon.organisation.months import month_after
from ledger.carbon.reports.catalogue import GWP
from ledger.log.names import PARTY, parse_party
from ledger.log.seals import encode_company, encode_head

router = APIRouter(tags=["seals"])

JSON: Final = "application/json"
ViewQuery = Annotated[View, Query(description="The view to seal.", examples=["companies"])]
PartyQuery = Annotated[
    str | None,
    Query(
        description="Whose lines; absent: the reader's own.",
        examples=["steelworks"],
        json_schema_extra={"pattern": rf"^{PARTY}$"},
    ),
]
_UNKNOWN: Final = problems(errors.BadValue, errors.NotFound)
_DERIVED: Final = {**_UNKNOWN, **problems(errors.Overloaded)}


@router.get("/v1/seals", summary="All seals")
async def list_seals(ledger: RunningLedger) -> list[Seal]:
    """In the order of the log. The newest of a view and period is the figure to quote."""
    return answers(Seal, await ledger.seals())


@router.get(
    "/v1/seals/draft",
    summary="What the operator signs to seal a period",
    responses=problems(
        errors.BadValue, errors.NotSignedIn, errors.NotAuthorised, errors.RuleBroken
    ),
)
async def get_seal_draft(
    months: Months,
    ledger: RunningLedger,
    reader: KnownReader,
    view: ViewQuery,
    as_of: AsOf = None,
    gwp: Gwp = GWP,
) -> SealDraft:
    """Only for the operator. It is derived anew when it is posted, as every seal is."""
    check_may_seal(reader)
    period = months[0], month_after(months[1])
    return answer(SealDraft, await ledger.seal_draft(view, period, as_of, gwp))


@router.get("/v1/seals/{number}", summary="A seal", responses=_UNKNOWN)
async def get_seal(number: NumberPath, ledger: RunningLedger) -> Seal:
    """Totals by gas, and the roots of its lists."""
    return answer(Seal, await ledger.seal(number))


@router.get(
    "/v1/seals/{number}/companies",
    response_model=list[SealedCompany],
    summary="Every party of a seal, with its sums",
    responses=_DERIVED,
)
async def list_sealed_companies(number: NumberPath, ledger: RunningLedger) -> Response:
    """By name, each once, also where there is nothing to add; each line as it is sealed.

    Their root is `companies_root`, and their sums are what each itself answers for.
    """
    found = await ledger.seal_companies(number)
    return await _lines(map(encode_company, found), kept=FOR_EVER)


@router.get(
    "/v1/seals/{number}/heads",
    response_model=list[SealedHead],
    summary="Where every stream stood",
    responses=_DERIVED,
)
async def list_sealed_heads(number: NumberPath, ledger: RunningLedger) -> Response:
    """By name, each line as it is sealed; their root is `heads_root`."""
    return await _lines(map(encode_head, await ledger.seal_heads(number)), kept=FOR_EVER)


@router.get(
    "/v1/seals/{number}/lines",
    response_model=list[SealedLine],
    response_model_exclude_unset=True,
    summary="A party's inventory lines",
    responses={**_DERIVED, **problems(errors.BadName, errors.NotSignedIn)},
)
async def list_sealed_lines(
    number: NumberPath, ledger: RunningLedger, reader: KnownReader, party: PartyQuery = None
) -> Response:
    """In the order of their keys, each as it is sealed; their root stands in the party's line.

    For the party itself, the operator and the regulator.
    """
    wanted = reader.party if party is None else parse_party(party)
    check_may_read(reader, wanted, "such party")
    found = await ledger.seal_lines(number, wanted)
    return await _lines(line.encode() for line in found)


async def _lines(lines: Iterable[bytes], kept: str | None = None) -> Response:
    """The lines in their sealed bytes, as one array; written outside the event loop."""
    found = await asyncio.to_thread(
        lambda: msgspec.json.encode([msgspec.Raw(line) for line in lines])
    )
    headers = {} if kept is None else {"Cache-Control": kept}
    return Response(found, media_type=JSON, headers=headers)

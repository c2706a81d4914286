"""What is registered: parties, factors and the area's targets for everybody, the rest for its party."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.access import KnownReader, OptionalReader, RunningLedger, check_may_read, whose
from api.answers import answers, problems
from api.models import Dispute, Factor, Party, Site, Source, Target, Transfer
from api.names import PartyPath
from api.period import MonthsOrAll
from ledger import errors
from ledger.errors import NotSignedIn
from ledger.log.names import PARTY, parse_party

router = APIRouter(tags=["registers"])

PartyQuery = Annotated[
    str | None,
    Query(
        description="Whose; absent: all that the reader may see.",
        examples=["steelworks"],
        json_schema_extra={"pattern": rf"^{PARTY}$"},
    ),
]

_PRIVATE = problems(errors.BadName, errors.NotSignedIn, errors.NotFound)


@router.get("/v1/parties", summary="All parties and their keys")
async def list_parties(ledger: RunningLedger) -> list[Party]:
    """By name. Whoever checks a signature finds here when a key was valid."""
    return answers(Party, await ledger.parties())


@router.get(
    "/v1/disputes",
    summary="Open disputes",
    responses=problems(errors.BadName, errors.NotSignedIn, errors.NotFound, errors.Overloaded),
)
async def list_disputes(
    ledger: RunningLedger, reader: KnownReader, party: PartyQuery = None
) -> list[Dispute]:
    """Entries of compromised keys, neither confirmed nor undone, in the order of the log.

    A company's own; for the operator and the regulator everybody's. At most the 1000 oldest.
    """
    asked = None if party is None else parse_party(party)
    return answers(Dispute, await ledger.disputes(whose(reader, asked, "disputes")))


@router.get("/v1/factors", summary="All published factors")
async def list_factors(ledger: RunningLedger) -> list[Factor]:
    """By name, with the document that each was taken from."""
    return answers(Factor, await ledger.factors())


@router.get("/v1/parties/{party}/sites", summary="A party's sites", responses=_PRIVATE)
async def list_sites(party: PartyPath, ledger: RunningLedger, reader: KnownReader) -> list[Site]:
    """By name. For the party itself, the operator and the regulator."""
    check_may_read(reader, parse_party(party), "such party")
    return answers(Site, await ledger.sites(party))


@router.get("/v1/parties/{party}/sources", summary="A party's sources", responses=_PRIVATE)
async def list_sources(
    party: PartyPath, ledger: RunningLedger, reader: KnownReader
) -> list[Source]:
    """By stream, each as it stands now. For the party itself, the operator and the regulator."""
    check_may_read(reader, parse_party(party), "such party")
    return answers(Source, await ledger.sources(party))


@router.get(
    "/v1/parties/{party}/transfers",
    summary="What a party sent and received",
    responses=problems(errors.BadValue, errors.BadName, errors.NotSignedIn, errors.NotFound),
)
async def list_transfers(
    party: PartyPath, ledger: RunningLedger, reader: KnownReader, months: MonthsOrAll
) -> list[Transfer]:
    """By month, each as it stands now. For the party itself, the operator and the regulator.

    Of the other side's only what the transfer says: neither its streams nor its factors.
    """
    check_may_read(reader, parse_party(party), "such party")
    return answers(Transfer, await ledger.transfers(party, months))


@router.get(
    "/v1/parties/{party}/targets",
    summary="What a party means to reach",
    responses=_PRIVATE,
    openapi_extra={"security": [{}, {"reader": []}]},
)
async def list_targets(
    party: PartyPath, ledger: RunningLedger, reader: OptionalReader
) -> list[Target]:
    """Every statement, in the order of the log. The operator's are the area's, for everybody.

    Others are for the party itself, the operator and the regulator.
    """
    parse_party(party)
    if party != (await ledger.status()).operator:
        if reader is None:
            raise NotSignedIn(
                "targets of a company are private",
                expected="Authorization: Bearer <token>",
                advice="Sign a token of at most five minutes with a key that may read.",
            )
        check_may_read(reader, party, "such party")
    return answers(Target, await ledger.targets(party))

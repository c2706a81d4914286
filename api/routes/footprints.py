"""Figures: a company's footprint for those who may see it, the area's before it is sealed for few.

Between two sizes, or in a key area with one company, the difference of the area's figures is
somebody's private reading: so figures that are not sealed are for the operator and the regulator.
Source: architecture, "Roles and reading"; accounting rules, sections 4 and 5.
"""

from __future__ import annotations

from fastapi import APIRouter

from api.access import KnownReader, RunningLedger, check_may_read, check_may_read_area
from api.answers import answer, problems
from api.figures import Footprint
from api.names import PartyPath
from api.period import AsOf, Months
from ledger import errors
from ledger.log.names import parse_party

router = APIRouter(tags=["footprints"])


@router.get(
    "/v1/footprints/companies/{party}",
    summary="A company's footprint",
    responses=problems(errors.BadValue, errors.BadName, errors.NotSignedIn, errors.NotFound),
)
async def get_company(
    party: PartyPath,
    months: Months,
    ledger: RunningLedger,
    reader: KnownReader,
    as_of: AsOf = None,
) -> Footprint:
    """For the company itself, the operator and the regulator."""
    check_may_read(reader, parse_party(party), "such party")
    return answer(Footprint, await ledger.footprint(party, *months, as_of))


@router.get(
    "/v1/footprints/area",
    summary="The area's footprint, not yet sealed",
    responses=problems(errors.BadValue, errors.NotSignedIn, errors.NotAuthorised),
)
async def get_area(
    months: Months, ledger: RunningLedger, reader: KnownReader, as_of: AsOf = None
) -> Footprint:
    """The sum over its companies, and beside it what no company answers for.

    Only for the operator and the regulator.
    """
    check_may_read_area(reader)
    return answer(Footprint, await ledger.area(*months, as_of))

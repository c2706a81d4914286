"""Reports of a company for those who may see its data, of the area for few; and where figures come from.

The rules are those of footprints: a company's for itself, the operator and the regulator; the area's,
while it is not sealed, for the operator and the regulator. Who may not see a figure may not ask where
it comes from either. Source: architecture, "Roles and reading"; accounting rules, section 8.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Path, Query, Response

from api.access import KnownReader, RunningLedger, check_may_read, check_may_read_area
from api.answers import problems
from api.names import PartyPath
from api.period import AsOf, Months
from api.reports import FIGURE_PATTERN, Explanation, Report
from ledger import errors
from ledger.carbon.reports import table
from ledger.carbon.reports.catalogue import FORMS, GWP
from ledger.carbon.reports.figure_id import parse_figure
from ledger.carbon.reports.write_csv import write_csv
from ledger.carbon.reports.write_json import write_json
from ledger.log.names import parse_party, parse_stream
from ledger.workbook import write_xlsx

router = APIRouter(tags=["reports"])

CSV: Final = "text/csv; charset=utf-8"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ReportName = Annotated[
    str,
    Path(
        description="One of " + ", ".join(f"`{name}`" for name in FORMS) + ".",
        examples=["ghg-protocol"],
        json_schema_extra={"enum": list(FORMS)},
    ),
]
Gwp = Annotated[
    str,
    Query(
        description="Set of global warming potentials: `AR5` or `AR6`.",
        examples=[GWP],
        json_schema_extra={"pattern": "^AR[4-9]$"},
    ),
]
Format = Annotated[
    Literal["json", "csv", "xlsx"], Query(description="In which format.", examples=["json"])
]
FigureQuery = Annotated[
    str,
    Query(
        description="The identifier of a figure, as its report has it.",
        examples=["ghg-protocol:steelworks:inventory.AR6:2018-01..2018-12:812:scopes:1:CO2"],
        json_schema_extra={"pattern": FIGURE_PATTERN},
    ),
]
TermStream = Annotated[
    str | None,
    Query(
        description="List the entries of this stream's terms alone.",
        examples=["steelworks/plant/electricity"],
    ),
]
_FORMATS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The report.",
        "content": {
            CSV: {"schema": {"type": "string"}},
            XLSX: {"schema": {"type": "string", "contentMediaType": XLSX}},
        },
    }
}
_REFUSED: Final = problems(
    errors.BadValue, errors.BadName, errors.NotSignedIn, errors.NotFound, errors.InvalidInput
)


@router.get(
    "/v1/reports/{report}/companies/{party}",
    response_model=Report,
    summary="A report of a company",
    responses={**_FORMATS, **_REFUSED},
)
async def get_company_report(
    report: ReportName,
    party: PartyPath,
    months: Months,
    ledger: RunningLedger,
    reader: KnownReader,
    as_of: AsOf = None,
    gwp: Gwp = GWP,
    format: Format = "json",  # noqa: A002  (the name in the query)
) -> Response:
    """For the company itself, the operator and the regulator."""
    check_may_read(reader, parse_party(party), "such party")
    return await _answer(await ledger.report(report, party, months, as_of, gwp), format)


@router.get(
    "/v1/reports/{report}/area",
    response_model=Report,
    summary="A report of the area, not yet sealed",
    responses={**_FORMATS, **_REFUSED, **problems(errors.NotAuthorised)},
)
async def get_area_report(
    report: ReportName,
    months: Months,
    ledger: RunningLedger,
    reader: KnownReader,
    as_of: AsOf = None,
    gwp: Gwp = GWP,
    format: Format = "json",  # noqa: A002  (the name in the query)
) -> Response:
    """Only for the operator and the regulator."""
    check_may_read_area(reader)
    return await _answer(await ledger.report(report, None, months, as_of, gwp), format)


@router.get(
    "/v1/explanations",
    response_model=Explanation,
    summary="Where a figure comes from",
    responses={**_REFUSED, **problems(errors.NotAuthorised)},
)
async def get_explanation(
    figure: FigureQuery, ledger: RunningLedger, reader: KnownReader, stream: TermStream = None
) -> Response:
    """Its terms, the log entries behind each, and how to prove them; for who may see the figure."""
    party = parse_figure(figure).party
    if party is None:
        check_may_read_area(reader)
    else:
        check_may_read(reader, party, "such party")
    found = await ledger.explanation(figure, None if stream is None else parse_stream(stream))
    return Response(msgspec.json.encode(found), media_type="application/json")


async def _answer(found: table.Report, form: str) -> Response:
    """The report in its format, written beside the loop: a workbook takes a while."""
    write, media_type = {
        "json": (write_json, "application/json"),
        "csv": (write_csv, CSV),
        "xlsx": (write_xlsx, XLSX),
    }[form]
    name = f"{found.report}-{found.first_month}-{found.last_month}.{form}"
    return Response(
        await asyncio.to_thread(write, found),
        media_type=media_type,
        headers={} if form == "json" else {"Content-Disposition": f'attachment; filename="{name}"'},
    )

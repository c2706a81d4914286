"""A period of whole months in one spelling: `2018`, `2018-03`, or `2018-03..2019-02`.

Both ends of a range are included, the first is not after the last, and it has at most a hundred
years. Months begin in the area's time zone.
"""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Depends, Query

from ledger.errors import BadValue

MAX_YEARS = 100

_MONTH = r"([0-9]{4}-(?:0[1-9]|1[0-2]))"
_YEAR = re.compile(r"([0-9]{4})")
_RANGE = re.compile(rf"{_MONTH}(?:\.\.{_MONTH})?")


def parse_period(text: str) -> tuple[str, str]:
    """First and last month, `YYYY-MM`, both included; raises BadValue."""
    year = _YEAR.fullmatch(text)
    if year is not None and year[1] != "0000":
        return f"{year[1]}-01", f"{year[1]}-12"
    months = _RANGE.fullmatch(text)
    if months is not None and not text.startswith("0000"):
        first, last = months[1], months[2] or months[1]
        if first <= last and int(last[:4]) - int(first[:4]) < MAX_YEARS:
            return first, last
    raise BadValue(
        "not a period",
        expected="a year 2018, a month 2018-03, or months 2018-03..2019-02 within 100 years",
        found=repr(text[:40]),
    )


async def period_of_query(
    period: Annotated[
        str,
        Query(
            description="A year, a month, or months from..to, both included.",
            examples=["2018", "2018-03", "2018-03..2019-02"],
            json_schema_extra={"pattern": rf"^(?:[0-9]{{4}}|{_MONTH}|{_MONTH}\.\.{_MONTH})$"},
        ),
    ],
) -> tuple[str, str]:
    """First and last month of the query's `period`; raises BadValue."""
    return parse_period(period)


async def period_of_query_or_all(
    period: Annotated[
        str | None,
        Query(
            description="A year, a month, or months from..to, both included; absent: all.",
            examples=["2018", "2018-03", "2018-03..2019-02"],
            json_schema_extra={"pattern": rf"^(?:[0-9]{{4}}|{_MONTH}|{_MONTH}\.\.{_MONTH})$"},
        ),
    ] = None,
) -> tuple[str, str] | None:
    """First and last month of the query's `period`, or None without one; raises BadValue."""
    return None if period is None else parse_period(period)


Months = Annotated[tuple[str, str], Depends(period_of_query)]
MonthsOrAll = Annotated[tuple[str, str] | None, Depends(period_of_query_or_all)]
AsOf = Annotated[
    int | None,
    Query(
        ge=0,
        le=2**53 - 1,
        description="As known when the log had this many entries; absent: now.",
        examples=[812],
    ),
]

"""What people type in statements: months, shares and tonnes, and how a statement is posted.

A period is typed as people say it, 2026 or 2026-Q1, and stated as its first month and the month after
its last. Tonnes become whole milligrams, or a refusal: nothing is rounded here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from typing import Annotated, Final

import msgspec
import typer

from ledger.carbon.events import Number, Ratio
from ledger.carbon.organisation.months import month_after
from ledger.cli.arguments import parse_period, parse_quantity
from ledger.cli.call import Call
from ledger.cli.posted import show_posted
from ledger.cli.where import Place, ask
from ledger.errors import BadValue
from ledger.log.names import split_event
from ledger.log.values import parse_month

MG_PER_T: Final = 10**9
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2200
"""Years that events may name (`organisation.events.Year`)."""

Reason = Annotated[str, typer.Option(help="Why.")]
FromMonth = Annotated[
    str, typer.Option("--from", metavar="MONTH", help="The first month in which it holds.")
]
Period = Annotated[
    str, typer.Option(help="Such as 2026, 2026-Q1, 2026-03 or 2026-01..2026-06, whole months.")
]
Supersedes = Annotated[
    str | None,
    typer.Option(metavar="EVENT", help="The statement in force that this one takes the place of."),
]
Evidence = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FILE|SHA256", help="A document behind it; may be given again. It stays with you."
    ),
]

_RATIO = re.compile(r"([0-9]{1,18})/([1-9][0-9]{0,17})")


def parse_months(text: str) -> tuple[str, str]:
    """[first month, month after the last) of 2026, 2026-03, 2026-Q1 or a range with `..`."""
    first, last = parse_period(text)
    return first, month_after(last)


def parse_one_month(text: str) -> str:
    """A month such as 2026-03. Raises BadValue."""
    parse_month(text)
    return text


def parse_event(text: str) -> str:
    """The name of an event, `<stream>@<version>`. Raises BadName."""
    split_event(text)
    return text


def parse_number(text: str) -> Number:
    """A decimal, or a fraction such as 1/3, in its one spelling. Raises BadValue."""
    found = _RATIO.fullmatch(text)
    if found is None:
        return parse_quantity(text)
    value = Fraction(int(found[1]), int(found[2]))
    if (value * 10**12).denominator == 1:
        return _decimal(value)
    return Ratio(num=str(value.numerator), den=str(value.denominator))


def parse_shares(items: Iterable[str], party: str) -> tuple[tuple[str, Number], ...]:
    """A party's sites with their shares, in order, of `plant=1` or `acme/plant=1`. Raises BadValue."""
    found: dict[str, Number] = {}
    for item in items:
        site, sign, share = item.removeprefix(f"{party}/").partition("=")
        if not sign or not site or "/" in site or site in found:
            raise BadValue(
                "site and share",
                expected=f"each site of {party} once, with its share, such as plant=1 or hall=0.5",
                found=repr(item),
            )
        found[site] = parse_number(share)
    return tuple(sorted(found.items()))


def parse_tonnes(text: str) -> str:
    """Tonnes as milligrams. Raises BadValue for parts of a milligram."""
    mass_mg = Fraction(parse_quantity(text)) * MG_PER_T
    if mass_mg.denominator != 1:
        raise BadValue("tonnes", expected="at most 9 places: whole milligrams", found=repr(text))
    return str(mass_mg.numerator)


def parse_year(year: int) -> int:
    """A year that a statement may name. Raises BadValue."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise BadValue("year", expected=f"from {FIRST_YEAR} to {LAST_YEAR}", found=str(year))
    return year


def parse_path(items: Iterable[str]) -> tuple[tuple[int, str], ...]:
    """(year, milligrams) in order, of `2026=500.5` in tonnes. Raises BadValue."""
    found: dict[int, str] = {}
    for item in items:
        year, sign, tonnes = item.partition("=")
        if not sign or not year.isdecimal() or len(year) != 4 or int(year) in found:
            raise BadValue(
                "year of a path",
                expected="each year once, with its tonnes, such as 2026=500.5",
                found=repr(item),
            )
        found[parse_year(int(year))] = parse_tonnes(tonnes)
    return tuple(sorted(found.items()))


def post(call: Call, party: str, event: msgspec.Struct, text: str, **more: object) -> None:
    """Post a statement into the party's register, and say so; `more` stands in the JSON too."""

    async def work(place: Place) -> None:
        await post_in(place, call, party, event, text, **more)

    ask(call, work, about=party, writing=True)


async def post_in(
    place: Place, call: Call, party: str, event: msgspec.Struct, text: str, **more: object
) -> None:
    """The same where the ledger was asked something before."""
    posted = await place.post(f"{party}/register", [event])
    show_posted(call, posted, text, **more)


def _decimal(value: Fraction) -> str:
    whole, places = divmod(value * 10**12, 10**12)
    return parse_quantity(f"{whole}.{int(places):012d}")

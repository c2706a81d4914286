"""`footprint` and `area`: the figures, by month, scope, activity and key area.

Every figure is a sum of milligrams; it is rounded for display, here and nowhere before, and
`--exact` shows the milligrams. Each answer says for which log size it is true.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from ledger.carbon.footprint import Footprint, Masses
from ledger.carbon.mass_text import mass_text, unit_for
from ledger.cli.arguments import check_log_size, parse_period
from ledger.cli.call import Call, command, flag
from ledger.cli.output import bar, show, table
from ledger.cli.where import ask
from ledger.log.names import parse_party

if TYPE_CHECKING:
    from rich.console import RenderableType

Period = Annotated[
    str,
    typer.Option(metavar="PERIOD", help="2018, 2018-03, 2018-Q1, or a range 2018-01..2018-06."),
]
AsOf = Annotated[
    int | None,
    typer.Option(
        metavar="SIZE",
        help="As known when the log had this many entries.",
        callback=check_log_size,
    ),
]
Exact = Annotated[bool, flag("--exact", "Show milligrams, as they are added.")]

SCOPES = {1: "Scope 1", 2: "Scope 2", 3: "Scope 3", None: "outside the scopes"}


def add(app: typer.Typer) -> None:
    """Add the commands."""

    @command(app, "footprint", example="carbon-ledger footprint steelworks --period 2018")
    def footprint(
        call: Call,
        company: Annotated[str, typer.Argument(metavar="PARTY", help="Whose footprint.")],
        period: Period,
        as_of: AsOf = None,
        *,
        exact: Exact = False,
    ) -> None:
        """A party's footprint: Scope 1 plus Scope 2 location-based, and what stands beside it."""
        parse_party(company)
        first, last = parse_period(period)
        found = ask(
            call,
            lambda place: place.connection.footprint(company, first, last, as_of),
            about=company,
        )
        show(call, msgspec.to_builtins(found), *report(found, exact=exact))

    @command(app, "area", example="carbon-ledger area --period 2018")
    def area(call: Call, period: Period, as_of: AsOf = None, *, exact: Exact = False) -> None:
        """The whole area's footprint: the sum of its companies, by key area."""
        first, last = parse_period(period)
        found = ask(call, lambda place: place.connection.area(first, last, as_of))
        show(call, msgspec.to_builtins(found), *report(found, exact=exact))


def report(found: Footprint, *, exact: bool) -> list[RenderableType]:
    """The footprint as text: a headline, then tables with small bars."""
    gases = sorted({gas for one in (found.total, *found.scopes) for gas in one.mass_mg})
    unit = "mg" if exact else ""
    months = f"{found.first_month} to {found.last_month}"
    whose = "the area" if found.kind == "area" else found.name
    parts: list[RenderableType] = [
        f"Footprint of {whose}, {months}, as known at log size {found.size}",
        f"Months begin in {found.timezone}; rules {found.rules}.\n",
        "Total, Scope 1 and Scope 2 location-based: " + masses_text(found.total.mass_mg, unit),
    ]
    if found.kind == "area" or len(found.key_areas) > 1:
        rows = [(one.key_area, one.mass_mg) for one in found.key_areas if one.mass_mg]
        parts += ["", _bars("key area", rows, gases, unit)]
        if found.unallocated.mass_mg:
            parts.append(
                "Beside it, of public bodies and residents: "
                + masses_text(found.unallocated.mass_mg, unit)
            )
    if len(found.months) > 1 and found.total.mass_mg:
        parts += ["", _bars("month", [(m.month, m.mass_mg) for m in found.months], gases, unit)]
    if len(found.activities) > 1:
        rows = [(one.activity, one.mass_mg) for one in found.activities]
        parts += ["", _bars("activity", rows, gases, unit)]
    if found.scopes:
        parts += ["", _scopes(found, unit)]
    parts += _aside(found, unit)
    return parts


def masses_text(masses: Mapping[str, str], unit: str = "") -> str:
    """Masses by gas in words; `unit` of mass, or the best for each."""
    parts = []
    for gas, amount in masses.items():
        shown = unit or unit_for(int(amount))
        parts.append(f"{mass_text(int(amount), shown)} {shown} {gas}")
    return ", ".join(parts) or "nothing"


def _bars(
    name: str, rows: Sequence[tuple[str, Masses]], gases: Iterable[str], unit: str
) -> RenderableType:
    """A column for each gas, and a bar for the one that weighs most."""
    sums = {gas: sum(int(masses.get(gas, "0")) for _, masses in rows) for gas in gases}
    shown = [gas for gas in sums if any(gas in masses for _, masses in rows)]
    heaviest = max(shown, key=lambda gas: sums[gas], default="")
    greatest = max((int(masses.get(heaviest, "0")) for _, masses in rows), default=0)
    units = {
        gas: unit or unit_for(max(int(masses.get(gas, "0")) for _, masses in rows)) for gas in shown
    }
    cells = [
        (
            label,
            *(mass_text(int(masses.get(gas, "0")), units[gas]) for gas in shown),
            bar(int(masses.get(heaviest, "0")), greatest),
        )
        for label, masses in rows
    ]
    columns = (name, *(f"{gas} {units[gas]}" for gas in shown), "")
    return table(columns, cells, right=range(1, 1 + len(shown)))


def _scopes(found: Footprint, unit: str) -> RenderableType:
    rows = [
        (
            SCOPES[one.scope] + (f", category {one.category}" if one.category else ""),
            one.role,
            masses_text(one.mass_mg, unit),
            "in the total" if one.in_total else "beside it",
        )
        for one in found.scopes
    ]
    return table(("scope", "factor role", "masses", ""), rows)


def _aside(found: Footprint, unit: str) -> list[RenderableType]:
    """What is no part of the total and must be said."""
    parts: list[RenderableType] = []
    for what, one in (
        ("Biogenic CO2, in a column of its own", found.biogenic),
        ("Removals, in a column of their own", found.removed),
        ("Gases outside every scope", found.memo),
    ):
        if one.mass_mg:
            parts.append(f"{what}: {masses_text(one.mass_mg, unit)}")
    parts += [
        f"Balance group {one.balance_group} of {one.party} is below zero and counts nowhere: "
        + masses_text(one.mass_mg, unit)
        for one in found.balance_groups
        if not one.ok
    ]
    if found.rounded_to_zero:
        parts.append(f"{found.rounded_to_zero} products were less than half a milligram.")
    for source in found.sources:
        estimated = f", {source.estimated} of them estimated" if source.estimated else ""
        apart = "" if source.counted else "; shown, not added"
        parts.append(
            f"{source.stream}: {source.quantity} {source.unit} in {source.readings} "
            f"readings{estimated}{apart}"
        )
    return ["", *parts] if parts else []

"""The area's own years in a view, as targets and changes need them.

A line of a year is a source under one role: its quantity and what it came to. What transfers take
off it, and what is deducted for exports, are lines without a quantity, so no change of theirs
passes for an activity or a factor. Both add up to the view's figure. Source: accounting rules,
section 5.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

from ledger.carbon.area.amounts import sign_of
from ledger.carbon.area.area import area_figure, area_terms
from ledger.carbon.known import Known
from ledger.carbon.progress.change import YearLine
from ledger.carbon.progress.estimated import not_estimated
from ledger.carbon.progress.year import YearFigure
from ledger.carbon.rulepack import RulePack
from ledger.errors import BadValue


def area_year(known: Known, pack: RulePack, view: str, *, full: bool) -> YearFigure:
    """The figure of the known year in a view. `full`: the year is over, which only a clock knows.

    Raises BadValue unless what is known is of one calendar year.
    """
    year = calendar_year(known.period)
    total = area_figure(known, pack, view).total
    return YearFigure(
        year=year,
        emitted=total.emitted,
        removed=total.removed,
        biogenic=total.biogenic,
        full=full,
        not_estimated=not_estimated(known, pack, view),
    )


def year_lines(known: Known, pack: RulePack, view: str) -> list[YearLine]:
    """The lines whose masses add up to what the view emits. Raises BadValue for an unknown view."""
    lines = {(row.line.stream, row.line.line): row.line for row in known.masses}
    quantities: dict[str, Fraction] = defaultdict(Fraction)
    for row in known.activity:
        quantities[row.line.stream] += Fraction(row.quantity)
    recorded: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    moved: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for term in area_terms(known, pack, view):
        if term.column != "emitted":
            continue
        one = term.counted
        # An export rests on no recorded mass, so its source may have none.
        line = lines.get((one.stream, one.line))
        own_mg = sign_of(pack, line) * one.recorded_mg if line is not None else 0
        if own_mg:
            recorded[one.stream, one.role][one.gas] += own_mg
        if one.mass_mg != own_mg:
            moved[one.stream, one.role][one.gas] += one.mass_mg - own_mg
    return [
        YearLine(
            line=f"{stream} {role}",
            unit=known.sources[stream].unit,
            # Measured masses have no quantity that they follow from.
            quantity=quantities[stream] or None,
            masses_mg=dict(masses),
        )
        for (stream, role), masses in sorted(recorded.items())
    ] + [
        YearLine(line=f"{stream} {role}, handed on", masses_mg=dict(masses))
        for (stream, role), masses in sorted(moved.items())
    ]


def calendar_year(period: tuple[str, str]) -> int:
    """The year that a period is. Raises BadValue for any other period."""
    first, end = period
    if first[5:] == end[5:] == "01" and int(end[:4]) == int(first[:4]) + 1:
        return int(first[:4])
    raise BadValue(
        "period",
        expected="a calendar year, such as 2026-01 to 2027-01",
        found=" to ".join(period),
    )

"""A footprint: sums of milligrams over the lines of a period, never more than integer addition.

The total is Scope 1 (role `direct`) plus Scope 2 location-based (role `location`); every other role
and Scope 3 stand beside it. Biogenic CO2, gases outside every scope and removals have columns of
their own. A sub-meter is shown and not added to its parent. The streams of a balance group are
netted as a group over the period; a group below zero is shown as an error and netted nowhere.
Source: accounting rules, sections 1, 3 and 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Generic, TypeVar

import msgspec

from ledger.carbon.rows import ActivityRow, LineRow, MassRow
from ledger.carbon.rulepack import RulePack

COUNTED_ROLES = {1: "direct", 2: "location"}
"""The role that counts in the total, by scope."""

Masses = dict[str, str]
"""Milligrams by gas, as integer strings; gases ascend, and none is zero."""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """Masses under one heading."""

    mass_mg: Masses


class MonthFigure(Figure, frozen=True, kw_only=True):
    """What a month adds to the total."""

    month: str


class ScopeFigure(Figure, frozen=True, kw_only=True):
    """A scope (null: outside the scopes) in one factor role; `in_total` says whether it counts."""

    scope: int | None
    role: str
    in_total: bool
    category: int | None = None


class ActivityLine(Figure, frozen=True, kw_only=True):
    """What an activity adds to the total."""

    activity: str


class KeyAreaFigure(Figure, frozen=True, kw_only=True):
    """What a key area adds to the total; `unallocated_mg` is what no company answers for."""

    key_area: str
    unallocated_mg: Masses


class SourceFigure(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a source: its activity over the period, and its masses by role."""

    stream: str
    line: int
    activity: str
    scope: int | None
    key_area: str
    site: str
    flow: str
    unit: str
    quantity: str
    readings: int
    estimated: int
    counted: bool
    roles: dict[str, Masses]


class GroupFigure(Figure, frozen=True, kw_only=True):
    """The net of a balance group over the period; below zero it counts nowhere."""

    party: str
    balance_group: str
    ok: bool


class Footprint(msgspec.Struct, frozen=True, kw_only=True):
    """A company's or the area's footprint for a period, as known at a log size."""

    kind: str
    """`company` or `area`."""
    name: str
    first_month: str
    last_month: str
    size: int
    """The log size that the figures are true for."""
    timezone: str
    rules: str
    total: Figure
    months: list[MonthFigure]
    scopes: list[ScopeFigure]
    activities: list[ActivityLine]
    key_areas: list[KeyAreaFigure]
    sources: list[SourceFigure]
    balance_groups: list[GroupFigure]
    biogenic: Figure
    memo: Figure
    removed: Figure
    unallocated: Figure
    """Scope 1 and 2 of public bodies and guarded aggregates: beside the companies' total."""
    rounded_to_zero: int
    """Non-zero products of a quantity and a factor that are less than half a milligram."""


def company_footprint(
    pack: RulePack,
    party: str,
    period: tuple[str, str],
    size: int,
    masses: Sequence[MassRow],
    activity: Sequence[ActivityRow],
    timezone: str,
) -> Footprint:
    """The footprint of one party, of whatever role, from its rows of the read models."""
    return _footprint(
        pack, ("company", party), period, size, (masses, ()), activity, timezone, by_source=True
    )


def area_footprint(
    pack: RulePack,
    area: str,
    period: tuple[str, str],
    size: int,
    companies: Sequence[MassRow],
    others: Sequence[MassRow],
    timezone: str,
) -> Footprint:
    """The area's footprint in the view `companies`: the sum over all parties with the role company.

    `others` are the masses of public bodies and guarded aggregates, which stand beside it,
    unallocated.
    """
    return _footprint(
        pack, ("area", area), period, size, (companies, others), (), timezone, by_source=False
    )


H = TypeVar("H")
_ScopeHeading = tuple[int | None, int | None, str]
_SourceHeading = tuple[str, int, str]


class _Sums(Generic[H]):
    """Milligrams by heading and gas."""

    def __init__(self) -> None:
        self.by: dict[H, dict[str, int]] = {}

    def add(self, heading: H, gas: str, mass_mg: int) -> None:
        row = self.by.setdefault(heading, {})
        row[gas] = row.get(gas, 0) + mass_mg

    def masses(self, heading: H) -> Masses:
        return _text(self.by.get(heading, {}))


def _footprint(
    pack: RulePack,
    subject: tuple[str, str],
    period: tuple[str, str],
    size: int,
    masses: tuple[Sequence[MassRow], Sequence[MassRow]],
    activity: Sequence[ActivityRow],
    timezone: str,
    *,
    by_source: bool,
) -> Footprint:
    rows, others = masses
    groups, broken = _groups(pack, [*rows, *others])
    sums: _Sums[tuple[str, ...]] = _Sums()
    apart: _Sums[str] = _Sums()
    scopes: _Sums[_ScopeHeading] = _Sums()
    per_source: _Sums[_SourceHeading] = _Sums()
    zeroed = 0
    for row in rows:
        line = row.line
        zeroed += row.zeroed
        column = _column(pack, line, row.gas)
        if by_source:
            per_source.add((line.stream, line.line, row.role), row.gas, row.mass_mg)
        if not _added(line) or (line.party, line.balance_group, row.role) in broken:
            continue
        sign = _sign(pack, line)
        if column != "ghg":
            if _in_total(line, row.role):
                apart.add(column, row.gas, sign * row.mass_mg)
            continue
        heading = (line.scope, line.category, row.role)
        scopes.add(heading, row.gas, sign * row.mass_mg)
        if _in_total(line, row.role):
            for name in (
                ("total",),
                ("month", row.month),
                ("activity", line.activity),
                ("key_area", line.key_area),
            ):
                sums.add(name, row.gas, sign * row.mass_mg)
    for row in others:
        line = row.line
        zeroed += row.zeroed
        if not _added(line) or (line.party, line.balance_group, row.role) in broken:
            continue
        if _in_total(line, row.role) and _column(pack, line, row.gas) == "ghg":
            sign = _sign(pack, line)
            sums.add(("unallocated",), row.gas, sign * row.mass_mg)
            sums.add(("unallocated", line.key_area), row.gas, sign * row.mass_mg)
    return Footprint(
        kind=subject[0],
        name=subject[1],
        first_month=period[0],
        last_month=period[1],
        size=size,
        timezone=timezone,
        rules=pack.version,
        total=Figure(mass_mg=sums.masses(("total",))),
        months=[
            MonthFigure(month=month, mass_mg=sums.masses(("month", month)))
            for month in months_between(*period)
        ],
        scopes=_scope_figures(scopes),
        activities=[
            ActivityLine(activity=name, mass_mg=sums.masses(("activity", name)))
            for name in sorted({r.line.activity for r in rows})
            if ("activity", name) in sums.by
        ],
        key_areas=[
            KeyAreaFigure(
                key_area=name,
                mass_mg=sums.masses(("key_area", name)),
                unallocated_mg=sums.masses(("unallocated", name)),
            )
            for name in pack.key_areas
            if ("key_area", name) in sums.by or ("unallocated", name) in sums.by
        ],
        sources=_source_figures(activity, per_source) if by_source else [],
        balance_groups=groups,
        biogenic=Figure(mass_mg=apart.masses("biogenic")),
        memo=Figure(mass_mg=apart.masses("memo")),
        removed=Figure(mass_mg=apart.masses("removed")),
        unallocated=Figure(mass_mg=sums.masses(("unallocated",))),
        rounded_to_zero=zeroed,
    )


def months_between(first: str, last: str) -> list[str]:
    """All months from the first to the last, both included."""
    year, month = int(first[:4]), int(first[5:])
    found = []
    while (text := f"{year:04d}-{month:02d}") <= last:
        found.append(text)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return found


def _added(line: LineRow) -> bool:
    """Whether a line is added to anything: no sub-meter, and no outflow outside a balance."""
    return line.part_of is None and (line.flow == "in" or line.balance_group is not None)


def _in_total(line: LineRow, role: str) -> bool:
    return line.scope is not None and COUNTED_ROLES.get(line.scope) == role


def _sign(pack: RulePack, line: LineRow) -> int:
    return pack.flows[line.flow] if line.balance_group is not None else 1


def _column(pack: RulePack, line: LineRow, gas: str) -> str:
    if pack.activity(line.activity).removal:
        return "removed"
    kind = pack.gas(gas).kind
    return "ghg" if kind == "co2e" else kind


def _groups(
    pack: RulePack, rows: Iterable[MassRow]
) -> tuple[list[GroupFigure], set[tuple[str, str | None, str]]]:
    """The net of each balance group, and (party, group, role) of those that are below zero."""
    sums: _Sums[tuple[str, str]] = _Sums()
    by_role: _Sums[tuple[str, str | None, str]] = _Sums()
    for row in rows:
        line = row.line
        if line.balance_group is None or line.part_of is not None:
            continue
        mass_mg = _sign(pack, line) * row.mass_mg
        by_role.add((line.party, line.balance_group, row.role), row.gas, mass_mg)
        if _in_total(line, row.role):
            sums.add((line.party, line.balance_group), row.gas, mass_mg)
    broken = {group for group, gases in by_role.by.items() if min(gases.values()) < 0}
    unsound = {(party, name) for party, name, _ in broken}
    figures = [
        GroupFigure(
            party=party,
            balance_group=name,
            ok=(party, name) not in unsound,
            mass_mg=sums.masses((party, name)),
        )
        for party, name in sorted({(p, n or "") for p, n, _ in by_role.by})
    ]
    return figures, broken


def _scope_figures(sums: _Sums[_ScopeHeading]) -> list[ScopeFigure]:
    headings = sorted(sums.by, key=lambda h: (h[0] or 4, h[1] or 0, h[2]))
    return [
        ScopeFigure(
            scope=scope,
            category=category,
            role=role,
            in_total=scope is not None and COUNTED_ROLES.get(scope) == role,
            mass_mg=sums.masses((scope, category, role)),
        )
        for scope, category, role in headings
    ]


def _source_figures(
    activity: Sequence[ActivityRow], masses: _Sums[_SourceHeading]
) -> list[SourceFigure]:
    lines: dict[tuple[str, int], LineRow] = {}
    sums: dict[tuple[str, int], tuple[Decimal, int, int]] = {}
    for row in activity:
        key = (row.line.stream, row.line.line)
        lines[key] = row.line
        quantity, readings, estimated = sums.get(key, (Decimal(0), 0, 0))
        sums[key] = (
            quantity + row.quantity,
            readings + row.readings,
            estimated + row.estimated,
        )
    roles_of: dict[tuple[str, int], list[str]] = {}
    for stream, number, role in sorted(masses.by):
        roles_of.setdefault((stream, number), []).append(role)
    figures = []
    for key in sorted(lines):
        line, (quantity, readings, estimated) = lines[key], sums[key]
        roles = roles_of.get(key, [])
        figures.append(
            SourceFigure(
                stream=line.stream,
                line=line.line,
                activity=line.activity,
                scope=line.scope,
                key_area=line.key_area,
                site=line.site,
                flow=line.flow,
                unit=line.unit,
                quantity=plain(quantity),
                readings=readings,
                estimated=estimated,
                counted=_added(line),
                roles={role: masses.masses((*key, role)) for role in roles},
            )
        )
    return figures


def plain(quantity: Decimal) -> str:
    """A decimal without exponent and without trailing zeros."""
    text = f"{quantity:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _text(masses: Mapping[str, int]) -> Masses:
    return {gas: str(mass_mg) for gas, mass_mg in sorted(masses.items()) if mass_mg}

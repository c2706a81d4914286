"""The figure of a whole area in one view: the sum of what is assigned to it, term by term.

Every source line has one assignment per view, so the figure is a sum over lines and no sum over
companies' totals. Each term is a recorded mass, less what transfers take off it in this view; the
park's exports are terms of their own, below zero. The bridge reaches the same figure from the
companies' side, on another path. Source: accounting rules, section 5.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

import msgspec

from ledger.carbon.area.amounts import Amount, ColumnKey, Columns, columns
from ledger.carbon.area.assign import Placed, ViewRule, ViewTable, view_table
from ledger.carbon.area.basis import Basis, basis_of
from ledger.carbon.area.transfers import Exported, Taken, Transfers
from ledger.carbon.counted import Counted, counted
from ledger.carbon.footprint import months_between
from ledger.carbon.known import Known
from ledger.carbon.rows import LineRow, MassKey
from ledger.carbon.rulepack import RulePack

GROUPS = ("company", "public-body", "aggregate")


class AreaTerm(msgspec.Struct, frozen=True, kw_only=True):
    """What one source line adds to a view, in one month and gas, with the headings it counts under.

    `group` is that of its party, `by_default` whether the source names no GPC line itself.
    """

    column: str
    party: str
    group: str
    key_area: str
    gpc: str
    by_default: bool
    counted: Counted


class AreaFigure(msgspec.Struct, frozen=True, kw_only=True):
    """An area's figure in one view over [first month, month after the last), as known at a size.

    All masses are milligrams by gas. `gases` are those that the view shows, none meaning all.
    """

    view: str
    area: str
    period: tuple[str, str]
    size: int
    timezone: str
    rules: str
    gases: tuple[str, ...]
    not_shown: dict[str, int]
    """Emitted by sources that count, in gases that the view does not show: such as CO2e of one
    factor for all gases, where the view is of CO2 alone. Before transfers."""
    total: Columns
    key_areas: dict[str, Columns]
    months: dict[str, Columns]
    lines: dict[str, Columns]
    """By GPC line; `-` is none."""
    groups: dict[str, Columns]
    """By group of parties: company, public-body, aggregate, other."""
    by_default: tuple[str, ...]
    """Streams that count and name no GPC line: the table's default places them."""
    rounded_to_zero: int
    """Non-zero products of a quantity and a factor that are less than half a milligram."""


def area_figure(known: Known, pack: RulePack, view: str, basis: Basis | None = None) -> AreaFigure:
    """The area's figure in a view, of all parties at 100 %. Raises BadValue for an unknown view.

    `basis` where it was made already, for another view.
    """
    table = view_table(pack)
    rule = table.view(view)
    basis = basis_of(known, pack) if basis is None else basis
    terms = area_terms(known, pack, view, basis)
    first, end = known.period
    months = [month for month in months_between(first, end) if month < end]
    counting = {(t.counted.stream, t.counted.line, t.counted.month) for t in terms}
    return AreaFigure(
        view=view,
        area=known.area,
        period=known.period,
        size=known.size,
        timezone=known.timezone,
        rules=pack.version,
        gases=rule.gases,
        not_shown=_not_shown(table, rule, known, basis.amounts),
        total=_under(terms, lambda _: "").get("", Columns()),
        key_areas=_ordered(_under(terms, lambda t: t.key_area), pack.key_areas),
        months=_ordered(_under(terms, lambda t: t.counted.month), months),
        lines=dict(sorted(_under(terms, lambda t: t.gpc).items())),
        groups=_ordered(_under(terms, lambda t: t.group), (*GROUPS, "other")),
        by_default=tuple(sorted({t.counted.stream for t in terms if t.by_default})),
        rounded_to_zero=sum(
            row.zeroed
            for row in known.masses
            if (row.line.stream, row.line.line, row.month) in counting
        ),
    )


def area_terms(
    known: Known, pack: RulePack, view: str, basis: Basis | None = None
) -> list[AreaTerm]:
    """The terms whose sum is the figure, in the order of the read model, and exports after them.

    A term is 0 where transfers take all of it.
    """
    table = view_table(pack)
    rule = table.view(view)
    basis = basis_of(known, pack) if basis is None else basis
    taken = _taken(table, rule, known, basis.flows)
    stands: dict[tuple[str, int], _Standing | None] = {}
    terms = []
    for amount in basis.amounts:
        if not rule.shows(amount.row.gas):
            continue
        place = amount.key[:2]
        if place not in stands:
            stands[place] = _standing(table, rule, known, amount.row.line)
        standing = stands[place]
        if standing is not None:
            terms.append(_term(standing, amount, taken.get(amount.key, ())))
    if rule.internal_energy:
        terms.extend(_exports(table, rule, known, basis.flows.exported))
    return terms


def in_view(known: Known, pack: RulePack, view: str, line: LineRow) -> bool:
    """Whether a view counts this source line: the one predicate that its figure uses too."""
    table = view_table(pack)
    return table.counts(table.view(view), line, known.roles_of(line.party))


def group_of(roles: tuple[str, ...]) -> str:
    """The group that a party's sources count under; one with several roles is a company first."""
    return next((role for role in GROUPS if role in roles), "other")


def _not_shown(
    table: ViewTable, rule: ViewRule, known: Known, found: Iterable[Amount]
) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for amount in found if rule.gases else ():
        line = amount.row.line
        hidden = amount.column == "emitted" and not rule.shows(amount.row.gas)
        if hidden and table.counts(rule, line, known.roles_of(line.party)):
            sums[amount.row.gas] += amount.mass_mg
    return {gas: mass_mg for gas, mass_mg in sorted(sums.items()) if mass_mg}


def exported_term(one: Exported) -> Counted:
    """What left the area, as a term below zero that rests on its transfer and no recorded mass."""
    return Counted(
        stream=one.line.stream,
        line=one.line.line,
        month=one.month,
        role=one.role,
        gas=one.gas,
        mass_mg=-one.mass_mg,
        events=(one.event,),
    )


def _taken(
    table: ViewTable, rule: ViewRule, known: Known, flows: Transfers
) -> dict[MassKey, list[Taken]]:
    """What transfers take off each row in this view."""
    found: dict[MassKey, list[Taken]] = defaultdict(list)
    if not table.keeps_supplied(rule):
        for one in flows.moved:
            found[one.key].append(one)
    if rule.internal_energy:
        for one in flows.legs:
            if table.admits(rule, one.other, known.roles_of(one.other.party)):
                found[one.key].append(one)
    return found


class _Standing(msgspec.Struct, frozen=True):
    """The group and place that the masses of one source line count under in a view."""

    group: str
    placed: Placed


def _standing(table: ViewTable, rule: ViewRule, known: Known, line: LineRow) -> _Standing | None:
    """None where the view does not count the line."""
    roles = known.roles_of(line.party)
    if not table.counts(rule, line, roles):
        return None
    return _Standing(group_of(roles), table.place(line))


def _term(standing: _Standing, amount: Amount, taken: Iterable[Taken]) -> AreaTerm:
    row, mass_mg, events = amount.row, amount.mass_mg, list(amount.events)
    for one in taken:
        mass_mg -= one.mass_mg
        events.append(one.event)
    return AreaTerm(
        column=amount.column,
        party=row.line.party,
        group=standing.group,
        key_area=row.line.key_area,
        gpc=standing.placed.gpc,
        by_default=standing.placed.by_default,
        counted=counted(row, mass_mg, *events),
    )


def _exports(
    table: ViewTable, rule: ViewRule, known: Known, exported: Iterable[Exported]
) -> Iterator[AreaTerm]:
    """What leaves the area is somebody else's: it counts below zero under the supplied line."""
    for one in exported:
        roles = known.roles_of(one.line.party)
        if rule.shows(one.gas) and table.admits(rule, one.line, roles):
            yield AreaTerm(
                column=one.column,
                party=one.line.party,
                group=group_of(roles),
                key_area=one.line.key_area,
                gpc=table.file.supplied_line,
                by_default=False,
                counted=exported_term(one),
            )


def _under(terms: Iterable[AreaTerm], heading: Callable[[AreaTerm], str]) -> dict[str, Columns]:
    sums: dict[str, dict[ColumnKey, int]] = {}
    for term in terms:
        gases = sums.setdefault(heading(term), defaultdict(int))
        gases[term.column, term.counted.gas] += term.counted.mass_mg
    return {name: columns(gases) for name, gases in sums.items()}


def _ordered(found: dict[str, Columns], names: Iterable[str]) -> dict[str, Columns]:
    """Those that are there, in the order of the names."""
    return {name: found[name] for name in names if name in found}

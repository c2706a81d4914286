"""From the sum of the companies to the area, line by line, to the milligram.

area = Σ companies (Scope 1 + Scope 2 location-based, at 100 %) − sites outside − lines not in the
view − eliminated legs − exported or supplied energy + lines that the view adds + unallocated.

The bridge starts where the companies' own figures end and says why each mass leaves or comes in;
the area's figure is made on another path, from the assignments. The two are compared here, and if
they differ nobody is shown either. Source: accounting rules, section 5.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Literal

import msgspec

from ledger.carbon.area.amounts import Amount, ColumnKey, Columns, columns
from ledger.carbon.area.area import AreaFigure, area_figure, exported_term
from ledger.carbon.area.assign import ViewRule, ViewTable, view_table
from ledger.carbon.area.basis import Basis, basis_of
from ledger.carbon.area.transfers import Carrier, Open, Priced, Taken, Transfers
from ledger.carbon.counted import Counted, counted
from ledger.carbon.known import Known
from ledger.carbon.rows import LineRow
from ledger.carbon.rulepack import RulePack

Kind = Literal[
    "companies",
    "site-outside",
    "scope-2",
    "line",
    "supplied",
    "internal",
    "exported",
    "added",
    "unallocated",
]

ORDER: tuple[Kind, ...] = (
    "companies",
    "site-outside",
    "scope-2",
    "supplied",
    "line",
    "internal",
    "exported",
    "added",
    "unallocated",
)
"""The kinds of lines, in the order that they are shown in."""


class BridgeLine(msgspec.Struct, frozen=True, kw_only=True):
    """One step, in milligrams with its sign. `name` is the GPC line, the energy or what is added.

    `companies`: their sum. `site-outside`, `scope-2`, `line`: not in the view. `supplied`: energy
    supplied to others. `internal`: the receiver's leg of energy made inside. `exported`: energy that
    left the area. `added`: lines that the view adds. `unallocated`: residents, traffic and public
    bodies.
    """

    kind: Kind
    name: str
    mass: Columns
    terms: tuple[Counted, ...]
    """What it is the sum of, with the sign of the step."""


class Bridge(msgspec.Struct, frozen=True, kw_only=True):
    """The bridge of a view, which adds up to `area`; what stands beside is no part of the sum."""

    view: str
    period: tuple[str, str]
    size: int
    gases: tuple[str, ...]
    lines: list[BridgeLine]
    area: AreaFigure
    passed_on: Columns
    """What pass-through took off the companies' Scope 2 before their sum."""
    open: list[Open]
    """Transfers, or their rest, that are eliminated nowhere."""
    priced: list[Priced]
    """Memo: energy that sender and receiver price differently."""
    carriers: list[Carrier]
    unfunded: dict[tuple[str, str], int]
    """Of (transfer, gas): milligrams that a sender prices beyond what its source emitted."""


def bridge(known: Known, pack: RulePack, view: str, basis: Basis | None = None) -> Bridge:
    """The bridge from Σ companies to the area. Raises BadValue for an unknown view.

    `basis` where it was made already, for another view.
    Raises AssertionError if its sum is not the area's figure: then one of the two paths is wrong.
    """
    table = view_table(pack)
    rule = table.view(view)
    basis = basis_of(known, pack) if basis is None else basis
    found, flows = basis.amounts, basis.flows
    steps = _Steps(table, rule, known)
    for amount in found:
        if rule.shows(amount.row.gas):
            steps.walk(amount)
    if not table.keeps_supplied(rule):
        steps.supplied(flows)
    if rule.internal_energy:
        steps.internal(flows)
        steps.exported(flows)
    figure = area_figure(known, pack, view, basis)
    _compare(steps, figure)
    return Bridge(
        view=view,
        period=known.period,
        size=known.size,
        gases=rule.gases,
        lines=steps.lines(),
        area=figure,
        passed_on=_passed(known, found, rule),
        open=flows.open,
        priced=[one for one in flows.priced if rule.shows(one.gas)],
        carriers=flows.carriers,
        unfunded={key: mass for key, mass in flows.unfunded.items() if rule.shows(key[1])},
    )


class _Steps:
    """Sums by step: (kind, name) and (column, gas)."""

    def __init__(self, table: ViewTable, rule: ViewRule, known: Known) -> None:
        self.table, self.rule, self.known = table, rule, known
        self.sums: dict[tuple[Kind, str], dict[ColumnKey, int]] = defaultdict(
            lambda: defaultdict(int)
        )
        self.reasons: dict[tuple[str, int], tuple[Kind, str] | None] = {}
        self.terms: dict[tuple[Kind, str], list[Counted]] = {("companies", ""): []}

    def add(self, step: tuple[Kind, str], column: str, term: Counted) -> None:
        self.sums[step][column, term.gas] += term.mass_mg
        self.terms.setdefault(step, []).append(term)

    def walk(self, amount: Amount) -> None:
        """Say for one mass where it stands: with the companies, out of the view, or added to it."""
        row, line = amount.row, amount.row.line
        company = "company" in self.known.roles_of(line.party)
        place = amount.key[:2]
        if place not in self.reasons:
            self.reasons[place] = self.away(line, company=company)
        away = self.reasons[place]
        term = counted(row, amount.mass_mg, *amount.events)
        if company and line.scope in (1, 2):
            self.add(("companies", ""), amount.column, term)
            if away is not None:
                self.add(away, amount.column, counted(row, -amount.mass_mg, *amount.events))
        elif away is None:
            self.add(self.comes_from(line), amount.column, term)

    def away(self, line: LineRow, *, company: bool) -> tuple[Kind, str] | None:
        """Why the view does not count a line, or None if it does. The first reason is named."""
        rule = self.rule
        placed = self.table.place(line)
        if line.scope == 2 and 2 not in rule.scopes:
            return "scope-2", ""
        if rule.inside_only and not line.inside:
            return "site-outside", ""
        letters = (
            set()
            if placed.row is None or line.scope is None
            else set(placed.row.scope_3 if line.scope == 3 else placed.row.views)
        )
        if (
            not letters & {rule.letter, *rule.contains}
            or line.scope not in rule.scopes
            or (rule.companies_only and not company)
        ):
            return "line", placed.gpc
        return None

    def comes_from(self, line: LineRow) -> tuple[Kind, str]:
        """What brings in a mass that is in no company's Scope 1 or 2."""
        placed = self.table.place(line)
        if placed.row is not None and placed.row.added:
            return "added", placed.row.added
        return ("added", f"Scope 3, {placed.gpc}") if line.scope == 3 else ("unallocated", "")

    def supplied(self, flows: Transfers) -> None:
        """What is emitted for energy that others use leaves the view with the supplied line."""
        for one in flows.moved:
            if self.stays(one.line, one.key[4]):
                self.add(("supplied", self.table.file.supplied_line), one.column, less(one))

    def internal(self, flows: Transfers) -> None:
        """What one source inside makes for another counts at the maker alone."""
        for one in flows.legs:
            if self.stays(one.line, one.key[4]) and self.of_the_view(one.other):
                energy = one.line.activity.partition(".")[0]
                self.add(("internal", energy), one.column, less(one))

    def exported(self, flows: Transfers) -> None:
        """What leaves the area is deducted at the price of its factor."""
        for one in flows.exported:
            if self.rule.shows(one.gas) and self.of_the_view(one.line):
                self.add(("exported", one.energy), one.column, exported_term(one))

    def stays(self, line: LineRow, gas: str) -> bool:
        company = "company" in self.known.roles_of(line.party)
        return self.rule.shows(gas) and self.away(line, company=company) is None

    def of_the_view(self, line: LineRow) -> bool:
        outside = self.rule.inside_only and not line.inside
        company = "company" in self.known.roles_of(line.party)
        return not outside and (company or not self.rule.companies_only)

    def lines(self) -> list[BridgeLine]:
        ordered = sorted(self.terms, key=lambda step: (ORDER.index(step[0]), step[1]))
        made = [
            BridgeLine(
                kind=step[0],
                name=step[1],
                mass=columns(self.sums[step]),
                terms=tuple(self.terms[step]),
            )
            for step in ordered
        ]
        return [one for one in made if one.kind == "companies" or one.mass != Columns()]

    def total(self) -> Columns:
        sums: dict[ColumnKey, int] = defaultdict(int)
        for step in self.sums.values():
            for column, mass_mg in step.items():
                sums[column] += mass_mg
        return columns(sums)


def less(one: Taken) -> Counted:
    """What a transfer takes off a row, as a term below zero."""
    stream, line, month, role, gas = one.key
    return Counted(
        stream=stream,
        line=line,
        month=month,
        role=role,
        gas=gas,
        mass_mg=-one.mass_mg,
        recorded_mg=one.recorded_mg,
        events=(one.event,),
    )


def _compare(steps: _Steps, figure: AreaFigure) -> None:
    """Two paths, one figure: what is not the same is not shown."""
    found = steps.total()
    if found != figure.total:
        raise AssertionError(
            f"the bridge of {figure.view} does not close: it adds up to {found}, "
            f"and the area's figure is {figure.total}"
        )


def _passed(known: Known, found: Iterable[Amount], rule: ViewRule) -> Columns:
    """What the companies passed on, of the gases that the view shows."""
    sums: dict[ColumnKey, int] = defaultdict(int)
    for amount in found:
        company = "company" in known.roles_of(amount.row.line.party)
        if company and amount.events and rule.shows(amount.row.gas):
            passed_mg = abs(amount.row.mass_mg) - abs(amount.mass_mg)
            sums[amount.column, amount.row.gas] += passed_mg
    return columns(sums)

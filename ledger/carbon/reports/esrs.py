"""ESRS E1-5 and E1-6: energy by source in MWh, and gross Scopes 1, 2 and 3.

Energy of a source line is its quantity in MWh, by its unit or by the calorific value of its factor,
less what was passed on, times the share of its site. Purchased energy that a supply's attributes
back is renewable, and that of an own plant is own energy; the rest is not shown to be renewable. What a company states as a fact
(`energy-coal` and so on) stands beside what was measured, and where it is stated it makes the total.
Source: accounting rules, sections 4 and 8; ESRS E1-5, E1-6 (Delegated Regulation (EU) 2023/2772).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Final

from msgspec.structs import replace

from ledger.carbon.area.assign import matches
from ledger.carbon.area.passing import passed_on
from ledger.carbon.conversion import conversion
from ledger.carbon.inventory.boundary import Shares
from ledger.carbon.inventory.inventory import Inventory, is_added
from ledger.carbon.known import Known
from ledger.carbon.organisation.pieces import FactPiece, Stated
from ledger.carbon.reports.company_parts import (
    METHODS,
    both_scopes,
    categories,
    common_tables,
    inventory_of,
    party_of,
    zeroed_note,
)
from ledger.carbon.reports.draft import Built, Draft, GasRow, Used
from ledger.carbon.reports.missing import missing
from ledger.carbon.reports.report_data import EnergyLine, report_data
from ledger.carbon.reports.table import Column, Figure, Row, Table, decimal
from ledger.carbon.rows import ActivityRow
from ledger.errors import BadValue

NAME: Final = "esrs"
TITLE: Final = "ESRS E1-5 and E1-6"
UNIT: Final = "MWh"
PLACES: Final = 6
STATED: Final = "the sum of the company's statements for the period"
CHOSEN: Final = "by line: what the company stated, and else what was measured"
REVENUE: Final = "revenue"


def build(draft: Draft, since: Sequence[Known]) -> Built:
    """The report of a party. Raises InvalidInput under rules without the tables it needs."""
    found = inventory_of(draft)
    energy = _Energy(draft, found)
    gross = [
        GasRow(("Gross Scope 1",), ("1",), list(found.select(scope=1))),
        *(
            GasRow(
                (f"Gross Scope 2, {title}",), ("2", name), list(found.select(scope=2, method=name))
            )
            for name, title in METHODS.items()
        ),
        *(
            GasRow(
                (f"Gross Scope 3, category {number}",),
                ("3", str(number)),
                list(found.select(scope=3, category=number)),
            )
            for number in categories(found, 3)
        ),
        *(
            GasRow(
                (f"Total, {title}",),
                ("total", name),
                [*both_scopes(found, name), *found.select(scope=3)],
            )
            for name, title in METHODS.items()
        ),
    ]
    tables = [
        energy.table(),
        draft.gas_table("e1-6", "E1-6: gross greenhouse gases", ("what",), gross),
        *common_tables(draft, found, since),
    ]
    gaps = [*energy.gaps, *missing(draft.known, [party_of(draft)])]
    return draft.finish(TITLE, tables, gaps=gaps, notes=zeroed_note(found))


class _Energy:
    """The energy of a company by line of the mix."""

    def __init__(self, draft: Draft, found: Inventory) -> None:
        self.draft = draft
        self.gaps: list[str] = []
        self._calendar = draft.pack.calendar(draft.known.timezone)
        self._party = party_of(draft)
        self._shares = Shares(draft.known, self._party)
        self._passed = passed_on(draft.known).shares
        self._claims: dict[tuple[str, int, str], tuple[str, Fraction]] = {}
        for one in found.market:
            if one.supply is not None and one.used:
                place = one.line.stream, one.line.line, one.month
                self._claims[place] = one.supply, one.matched / one.used
        self._backing = {(supply, place[2]) for place, (supply, _) in self._claims.items()}
        self._data = report_data(draft.pack)

    def table(self) -> Table:
        """A row for each line, and the totals by group and in all."""
        rows: list[Row] = []
        chosen: dict[str, list[Figure]] = {}
        for line in self._data.energy_lines:
            measured = self.draft.quantity(
                self._used(line), UNIT, "energy", line.line, "measured", places=PLACES
            )
            stated = self._stated(line)
            rows.append(Row((line.group, line.title), (measured, stated)))
            chosen.setdefault(line.group, []).append(stated or measured)
        groups = [self._total(group, figures) for group, figures in chosen.items()]
        rows += [
            Row((group, "in all"), (figure, None))
            for group, figure in zip(chosen, groups, strict=True)
        ]
        whole = self._total("all", groups)
        rows.append(Row(("all", "total energy"), (whole, None)))
        return Table(
            name="e1-5",
            title="E1-5: energy by source",
            labels=("group", "source"),
            columns=(
                Column("energy", "Measured, or in all", UNIT),
                Column("stated", "Stated by the company", UNIT),
            ),
            rows=tuple(rows),
            notes=(self._data.energy_source.title, f"In all: {CHOSEN}."),
        )

    def _total(self, group: str, figures: Sequence[Figure]) -> Figure:
        value = sum((Fraction(one.value) for one in figures), Fraction(0))
        return self.draft.derived(
            decimal(value, PLACES), UNIT, CHOSEN, "energy", group, "total", figures=figures
        )

    def _used(self, line: EnergyLine) -> Iterable[Used]:
        for row in self.draft.known.activity:
            if row.line.party != self._party or not self._counts(row):
                continue
            part = self._part(line, row)
            used = self._energy(row) if part else None
            if used is not None:
                yield replace(used, amount=used.amount * part)

    def _part(self, line: EnergyLine, row: ActivityRow) -> Fraction:
        """Which part of a row stands in a line, from 0 to 1.

        What a company's own plant covers of a load is shown where own energy is, and the plant's
        output is not added to it again.
        """
        supply, claimed = self._claims.get(
            (row.line.stream, row.line.line, row.month), ("", Fraction(0))
        )
        purchased = any(
            matches(one.activities, row.line.activity)
            for one in self._data.energy_lines
            if one.purchased
        )
        if not purchased:
            backs = (row.line.stream, row.month) in self._backing
            return Fraction(matches(line.activities, row.line.activity) and not backs)
        if line.purchased:
            return 1 - claimed
        source = self.draft.known.sources.get(supply)
        made_here = source is not None and any(
            matches(one.activities, source.activity)
            for one in self._data.energy_lines
            if not one.purchased
        )
        if line.claimed:
            return Fraction(0) if made_here else claimed
        if source is not None and matches(line.activities, source.activity):
            return claimed
        return Fraction(0)

    def _counts(self, row: ActivityRow) -> bool:
        return is_added(row.line) and row.line.scope in (1, 2, None)

    def _energy(self, row: ActivityRow) -> Used | None:
        line, place = row.line, (row.line.stream, row.month)
        share = self._shares.of(line.site, row.month).share
        if not share:
            return None
        ratio = self._content(row)
        if ratio is None:
            self._say(f"{line.stream}: its factor has no calorific value, so no energy is known")
            return None
        left = 1 - self._passed.get(place, Fraction(0))
        sign = self.draft.pack.flows[line.flow] if line.balance_group is not None else 1
        recorded = Fraction(row.quantity)
        return Used(
            stream=line.stream,
            line=line.line,
            month=row.month,
            amount=sign * recorded * ratio * left * share,
            recorded=recorded,
            unit=line.unit,
        )

    def _content(self, row: ActivityRow) -> Fraction | None:
        """MWh in one unit of the line; None where nobody knows."""
        pack, known, line = self.draft.pack, self.draft.known, row.line
        if pack.unit(line.unit).dimension == pack.unit(UNIT).dimension:
            return pack.ratio(line.unit, UNIT)
        at_s, _ = self._calendar.bounds_s(row.month)
        source = known.sources[line.stream]
        refs = [source.factor_at(role, at_s) for role in ("direct", "location")]
        for factor in (known.factors[ref] for ref in refs if ref in known.factors):
            try:
                return conversion(pack, replace(factor, unit=UNIT), line.unit)
            except BadValue:
                continue
        return None

    def _stated(self, line: EnergyLine) -> Figure | None:
        known = self.draft.known
        first, end = known.period
        found: list[tuple[FactPiece, Stated]] = [
            (fact, fact.stated[-1])
            for fact in known.facts
            if fact.party == self._party
            and fact.fact == line.fact
            and first <= fact.period[0]
            and fact.period[1] <= end
        ]
        if not found:
            return None
        value = sum(
            (Fraction(said.value) * self.draft.pack.ratio(said.unit, UNIT) for _, said in found),
            Fraction(0),
        )
        return self.draft.derived(
            decimal(value, PLACES),
            UNIT,
            STATED,
            "energy",
            line.line,
            "stated",
            events=[said.event for _, said in found],
        )

    def _say(self, gap: str) -> None:
        if gap not in self.gaps:
            self.gaps.append(gap)

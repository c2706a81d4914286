"""A report while it is written: gives every figure its identifier, and keeps what it is the sum of.

    draft = Draft(known, "ghg-protocol", "inventory", "AR6", who="steelworks")
    figure = draft.mass(terms, "scope", "1", "CO2")
    built = draft.finish("GHG Protocol inventory", tables)
    built.origins[figure.id].terms            the same terms

Two figures of one report never share an identifier. Source: accounting rules, sections 1 and 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Final

import msgspec

from ledger.carbon.counted import Counted, sums
from ledger.carbon.gwp import Co2e, co2e
from ledger.carbon.inventory.readings import Readings
from ledger.carbon.known import Known
from ledger.carbon.organisation.months import month_before
from ledger.carbon.reports.figure_id import AREA, FigureId, format_figure
from ledger.carbon.reports.table import (
    MASS,
    Column,
    Figure,
    Report,
    Row,
    Table,
    decimal,
)
from ledger.carbon.rulepack import RulePack, load

SUM: Final = "the sum of its terms"
HELD_BACK: Final = "residents, held back"
"""Stands for the streams of residents that a report may not name one by one."""
EQUIVALENT: Final = "the terms added up by gas, each gas times its potential, rounded once to 1 mg"


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """A quantity that counts: of one source line in one month, in the unit of the figure.

    `recorded` is the same in the source's own unit; both are exact.
    """

    stream: str
    line: int
    month: str
    amount: Fraction
    recorded: Fraction
    unit: str


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """What a figure is computed from: masses, quantities, statements, or other figures."""

    rule: str = SUM
    terms: tuple[Counted, ...] = ()
    used: tuple[Used, ...] = ()
    events: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()


class GasRow(msgspec.Struct, frozen=True):
    """A row of a table of gases: labels, heading under that of the table, terms.

    Without `equivalent` there is no CO2e: what stands beside a total is added to nothing.
    """

    labels: tuple[str, ...]
    heading: tuple[str, ...]
    terms: Sequence[Counted]
    equivalent: bool = True


class Built(msgspec.Struct, frozen=True):
    """A report, and by identifier what each of its figures is computed from."""

    report: Report
    origins: dict[str, Origin]
    held: frozenset[str] = frozenset()
    """Streams that neither the report nor an explanation of its figures names."""


class Draft:
    """One report in the making."""

    def __init__(
        self,
        known: Known,
        report: str,
        view: str,
        gwp: str,
        *,
        who: str | None = None,
        readings: Readings | None = None,
    ) -> None:
        """`who` is a party, or None for the area; `readings` are those that are matched by the hour."""
        self.readings: Final = readings
        self.known: Final = known
        self.pack: Final[RulePack] = load(known.rules)
        self.gwp: Final = gwp
        self.base: Final = FigureId(
            report=report,
            who=AREA if who is None else who,
            view=view,
            gwp=gwp,
            first_month=known.period[0],
            last_month=month_before(known.period[1]),
            size=known.size,
        )
        self._origins: dict[str, Origin] = {}

    # --- figures -------------------------------------------------------------------------------

    def mass(self, terms: Iterable[Counted], *heading: str) -> Figure:
        """The sum of terms of one gas, in milligrams."""
        kept = tuple(terms)
        return self._keep(
            str(sum(term.mass_mg for term in kept)), MASS, Origin(terms=kept), heading
        )

    def equivalent(self, terms: Iterable[Counted], *heading: str) -> Figure:
        """The same of all gases, in milligrams of CO2 equivalent."""
        kept = tuple(terms)
        value = self.co2e(sums(kept)).mg
        return self._keep(str(value), MASS, Origin(rule=EQUIVALENT, terms=kept), heading)

    def quantity(
        self,
        used: Iterable[Used],
        unit: str,
        *heading: str,
        places: int = 3,
    ) -> Figure:
        """The sum of quantities, rounded half-even for showing alone."""
        kept = tuple(used)
        value = sum((one.amount for one in kept), Fraction(0))
        rule = f"{SUM}, rounded half-even to {places} decimals"
        return self._keep(decimal(value, places), unit, Origin(rule=rule, used=kept), heading)

    def derived(
        self,
        value: str,
        unit: str,
        rule: str,
        *heading: str,
        figures: Iterable[Figure] = (),
        events: Iterable[str] = (),
        terms: Iterable[Counted] = (),
        used: Iterable[Used] = (),
    ) -> Figure:
        """A figure that a rule makes of others, or of statements on the ledger."""
        origin = Origin(
            rule=rule,
            terms=tuple(terms),
            used=tuple(used),
            events=tuple(events),
            figures=tuple(figure.id for figure in figures),
        )
        return self._keep(value, unit, origin, heading)

    def co2e(self, masses: Mapping[str, int]) -> Co2e:
        """CO2 equivalent of masses by gas, in the report's GWP set."""
        return co2e(self.pack, self.gwp, masses)

    def _keep(self, value: str, unit: str, origin: Origin, heading: tuple[str, ...]) -> Figure:
        name = format_figure(self.base.under(*heading))
        if name in self._origins:
            raise AssertionError(f"two figures are called {name}")
        self._origins[name] = origin
        return Figure(name, value, unit)

    # --- tables --------------------------------------------------------------------------------

    def gas_table(
        self,
        name: str,
        title: str,
        labels: Sequence[str],
        rows: Iterable[GasRow],
        notes: Iterable[str] = (),
    ) -> Table:
        """A column for each gas, and one of CO2 equivalent."""
        listed = [(row, by_gas(row.terms)) for row in rows]
        gases = sorted({gas for _, found in listed for gas in found})
        equivalent = any(row.equivalent for row, _ in listed)
        made = []
        for row, found in listed:
            figures: list[Figure | None] = [
                self.mass(found[gas], name, *row.heading, gas) if gas in found else None
                for gas in gases
            ]
            if equivalent:
                figures.append(
                    self.equivalent(row.terms, name, *row.heading, "CO2e")
                    if row.equivalent
                    else None
                )
            made.append(Row(row.labels, tuple(figures)))
        columns = [Column(gas, gas) for gas in gases]
        if equivalent:
            columns.append(Column("CO2e", f"CO2e {self.gwp}"))
        apart = self._apart(term for row, _ in listed if row.equivalent for term in row.terms)
        return Table(
            name=name,
            title=title,
            labels=tuple(labels),
            columns=tuple(columns),
            rows=tuple(made),
            notes=(*notes, *apart),
        )

    def _apart(self, terms: Iterable[Counted]) -> list[str]:
        """What could not be added to CO2e, said beside the table."""
        found = self.co2e(sums(terms))
        return [
            *(
                f"{mass_mg} mg {gas} are of another GWP set and stand apart: no part of CO2e."
                for gas, mass_mg in found.apart.items()
            ),
            *(
                f"{mass_mg} mg {gas} have no potential in {self.gwp}: no part of CO2e."
                for gas, mass_mg in found.without.items()
            ),
        ]

    def finish(
        self,
        title: str,
        tables: Iterable[Table],
        *,
        gaps: Iterable[str] = (),
        notes: Iterable[str] = (),
        held: frozenset[str] = frozenset(),
    ) -> Built:
        """The report; complete if it has no gaps. Explanations name none of the streams `held`."""
        base, known = self.base, self.known
        missing = tuple(gaps)
        report = Report(
            report=base.report,
            title=title,
            who=known.area if base.party is None else base.party,
            name=known.area if base.party is None else known.parties[base.party].name,
            view=base.view,
            gwp=base.gwp,
            first_month=base.first_month,
            last_month=base.last_month,
            size=base.size,
            timezone=known.timezone,
            rules=known.rules,
            complete=not missing,
            gaps=missing,
            notes=tuple(notes),
            tables=tuple(tables),
        )
        return Built(report, self._origins, held)


def by_gas(terms: Iterable[Counted]) -> dict[str, list[Counted]]:
    """Terms by their gas, in order of gases."""
    found: dict[str, list[Counted]] = {}
    for term in terms:
        found.setdefault(term.gas, []).append(term)
    return dict(sorted(found.items()))

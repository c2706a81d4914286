"""What energy the lines of a source carry: kWh of electricity, or GJ of anything else.

Within a dimension the rule pack converts; from a volume or mass into energy only the fuel does, by
the calorific value among the properties of its factor: the one in force at the month's start. What
has no energy content, and what was measured at a stack with no quantity beside it, is named as
missing. Source: accounting rules, sections 1 and 5.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import Final

import msgspec

from ledger.carbon.conversion import conversion
from ledger.carbon.known import Known
from ledger.carbon.pieces import FactorPiece
from ledger.carbon.progress.park_rules import Carrier, park_rules
from ledger.carbon.rows import LineRow
from ledger.carbon.rulepack import RulePack
from ledger.errors import BadValue

UNTOLD: Final = "the energy behind what was measured is not told"
UNITS: Final = {"electricity": "kWh", "heat": "GJ", "fuel": "GJ"}
"""The unit that energy is read in, by carrier."""

Place = tuple[str, str]
"""(stream, month)"""


class EnergyLine(msgspec.Struct, frozen=True):
    """One line of a source that carries energy: kWh of electricity, or GJ of anything else."""

    line: LineRow
    carrier: Carrier
    by_month: dict[str, Fraction]
    missing: tuple[str, ...]

    @property
    def total(self) -> Fraction:
        """Over the whole period."""
        return sum(self.by_month.values(), Fraction(0))


def energy_lines(known: Known, pack: RulePack) -> list[EnergyLine]:
    """All lines that can carry energy, whoever's and wherever, in the order of the read model.

    Raises InvalidInput for a pack that knows no programme.
    """
    reader = _Reader(known, pack)
    quantities: dict[tuple[str, int], dict[str, Fraction]] = defaultdict(dict)
    lines: dict[tuple[str, int], LineRow] = {}
    told: set[Place] = set()
    for row in known.activity:
        line = row.line
        if row.quantity:
            told.add((line.stream, row.month))
            if line.part_of is None and (line.flow == "in" or line.balance_group is not None):
                key = line.stream, line.line
                lines[key] = line
                months = quantities[key]
                months[row.month] = months.get(row.month, Fraction(0)) + Fraction(row.quantity)
    measured: set[tuple[str, int]] = set()
    for mass in known.masses:
        line = mass.line
        if mass.mass_mg and line.part_of is None and (line.stream, mass.month) not in told:
            measured.add((line.stream, line.line))
            lines.setdefault((line.stream, line.line), line)
    found = []
    for key, line in lines.items():
        carrier = reader.carrier(line.activity)
        if carrier is not None and carrier.carrier != "none":
            found.append(reader.read(line, carrier, quantities[key], untold=key in measured))
    return found


class _Reader:
    """Reads quantities as energy, asking the rules once for each activity."""

    def __init__(self, known: Known, pack: RulePack) -> None:
        self.known, self.pack, self.rules = known, pack, park_rules(pack)
        self.calendar = pack.calendar(known.timezone)
        self._carriers: dict[str, Carrier | None] = {}
        self._contents: dict[tuple[str, str, str | None], Fraction] = {}

    def carrier(self, activity: str) -> Carrier | None:
        if activity not in self._carriers:
            self._carriers[activity] = self.rules.carrier(activity)
        return self._carriers[activity]

    def read(
        self, line: LineRow, carrier: Carrier, quantities: dict[str, Fraction], *, untold: bool
    ) -> EnergyLine:
        missing = {f"{line.stream}: {UNTOLD}": None} if untold else {}
        sign = self.pack.flows[line.flow] if line.balance_group is not None else 1
        by_month = {}
        for month, quantity in quantities.items():
            if carrier.carrier == "unknown":
                missing[f"{line.stream}: {UNTOLD}"] = None
                continue
            try:
                by_month[month] = sign * quantity * self.content(line, month, carrier.carrier)
            except BadValue as error:
                missing[f"{line.stream}: {error}"] = None
        return EnergyLine(line, carrier, by_month, tuple(missing))

    def content(self, line: LineRow, month: str, carrier: str) -> Fraction:
        """How many kWh or GJ are in one unit of a line, by its factor at the month's start."""
        into = UNITS[carrier]
        if self.pack.unit(line.unit).dimension == self.pack.unit(into).dimension:
            return self.pack.ratio(line.unit, into)
        factor = self.factor_at(line, month)
        if factor is None:
            raise BadValue(
                "energy content",
                expected="a factor with the net calorific value",
                found=f"none for {month}",
            )
        key = line.unit, into, factor.ref
        if key not in self._contents:
            energy = msgspec.structs.replace(factor, unit=into)
            self._contents[key] = conversion(self.pack, energy, line.unit)
        return self._contents[key]

    def factor_at(self, line: LineRow, month: str) -> FactorPiece | None:
        at_s = self.calendar.starts_s[self.calendar.months.index(month)]
        source = self.known.sources[line.stream]
        roles = ("direct", "location")
        named = [source.factor_at(role, at_s) for role in roles]
        # A source that began within the month has no factor at its start.
        named += [source.factors[role][0].factor for role in roles if source.factors.get(role)]
        return next((self.known.factors[ref] for ref in named if ref in self.known.factors), None)

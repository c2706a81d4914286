"""The carbon and the energy of a park under a choice for all that the programme leaves open.

Carbon is the programme's gas in its view, term by term; residents, transport and green power come
in or go out as the parameters say. Green power that counts as free of carbon takes off the mean
factor of the power bought, and never more than all of it. Source: accounting rules, section 5.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

import msgspec

from ledger.carbon.area.amounts import COUNTED_ROLES, can_count
from ledger.carbon.area.area import area_terms, in_view
from ledger.carbon.area.assign import view_table
from ledger.carbon.exact import MG_PER_KG
from ledger.carbon.known import Known
from ledger.carbon.progress.energy import (
    ParkEnergy,
    is_resident,
    is_transport,
    park_energy,
    rounded,
)
from ledger.carbon.progress.energy_line import energy_lines
from ledger.carbon.progress.park_rules import park_rules
from ledger.carbon.progress.stated import StatedSum, stated_sum
from ledger.carbon.rows import LineRow
from ledger.carbon.rulepack import RulePack
from ledger.log.values import format_decimal

MG_PER_T = 1000 * MG_PER_KG
PLACES = 6
"""Places that a ratio or percentage is shown with; it is exact before."""


class CarbonInput(msgspec.Struct, frozen=True, kw_only=True):
    """Milligrams of the programme's gas that a source, an export or a parameter adds.

    `refs` are the stream and the events that it rests on.
    """

    kind: str
    refs: tuple[str, ...]
    mass_mg: int


class ParkCore(msgspec.Struct, frozen=True):
    """Carbon over energy, with every input; there is no ratio while an input is missing."""

    energy: ParkEnergy
    carbon: tuple[CarbonInput, ...]
    missing: tuple[str, ...]

    @property
    def carbon_mg(self) -> int:
        """Milligrams of the programme's gas."""
        return sum(one.mass_mg for one in self.carbon)

    @property
    def ratio(self) -> str | None:
        """Tonnes of it over tonnes of standard coal, as shown."""
        if self.missing or self.energy.total_tce <= 0:
            return None
        return shown(Fraction(self.carbon_mg, MG_PER_T) / self.energy.total_tce)


class Park:
    """What all choices share: the terms of the view, and what the facts say."""

    def __init__(self, known: Known, pack: RulePack) -> None:
        self.known, self.pack, self.rules = known, pack, park_rules(pack)
        self.table = view_table(pack)
        self.terms = [
            term
            for term in area_terms(known, pack, self.rules.view)
            if term.column == "emitted" and term.counted.gas == self.rules.gas
        ]
        self.lines = {(row.line.stream, row.line.line): row.line for row in known.masses}
        self.power_mg = self._power_mg()
        self.mixed = self._mixed()
        self.energy_lines = energy_lines(known, pack)
        self._energies: dict[tuple[str, ...], ParkEnergy] = {}

    def core(self, choices: dict[str, str]) -> ParkCore:
        """Carbon and energy with these choices."""
        energy = self.energy(choices)
        carbon, missing = self._of_the_view(choices), list(energy.missing)
        missing += [text for line, text in self.mixed if not self._left_out(choices, line)]
        if choices["residents"] == "included":
            carbon += self._of_residents(choices)
        for fact in self.green(choices):
            stated = self.stated(fact, "kWh")
            missing += stated.gaps
            carbon += self._green(energy, fact, stated)
        return ParkCore(energy, tuple(carbon), tuple(dict.fromkeys(missing)))

    def energy(self, choices: dict[str, str]) -> ParkEnergy:
        """The energy, which how green power counts does not change."""
        key = tuple(choices[one.parameter] for one in self.rules.parameters if one.fact is None)
        if key not in self._energies:
            self._energies[key] = park_energy(self.known, self.pack, choices, self.energy_lines)
        return self._energies[key]

    def green(self, choices: dict[str, str]) -> list[str]:
        """The facts about green power that counts as free of carbon."""
        return [
            one.fact
            for one in self.rules.parameters
            if one.fact and choices[one.parameter] == "zero"
        ]

    def stated(self, fact: str, unit: str) -> StatedSum:
        """What was stated of a fact over the period."""
        return stated_sum(self.known, self.pack, fact, unit)

    def _of_the_view(self, choices: dict[str, str]) -> list[CarbonInput]:
        """The terms of the view, by stream and by the events that changed them."""
        sums: dict[tuple[str, ...], int] = defaultdict(int)
        for term in self.terms:
            one = term.counted
            line = self.lines.get((one.stream, one.line))
            if line is not None and self._left_out(choices, line):
                continue
            kind = "source" if one.recorded_mg or not one.events else "exported"
            sums[kind, one.stream, *one.events] += one.mass_mg
        return [
            CarbonInput(kind=key[0], refs=key[1:], mass_mg=mass_mg)
            for key, mass_mg in sorted(sums.items())
        ]

    def _of_residents(self, choices: dict[str, str]) -> list[CarbonInput]:
        sums: dict[str, int] = defaultdict(int)
        for row in self.known.masses:
            line = row.line
            if (
                is_resident(self.known, line)
                and self.rules.carrier(line.activity) is not None
                and row.role in COUNTED_ROLES[line.scope]
                and row.gas == self.rules.gas
                and not self._left_out(choices, line)
            ):
                sums[line.stream] += row.mass_mg
        return [
            CarbonInput(kind="residents", refs=(stream,), mass_mg=mass_mg)
            for stream, mass_mg in sorted(sums.items())
        ]

    def _left_out(self, choices: dict[str, str], line: LineRow) -> bool:
        return choices["enterprise-transport"] == "excluded" and is_transport(self.table, line)

    def _mixed(self) -> list[tuple[LineRow, str]]:
        """What is known as CO2 equivalent alone: how much of it is the programme's gas, nobody says."""
        found: dict[str, LineRow] = {}
        for row in self.known.masses:
            if (
                row.mass_mg
                and self.pack.gas(row.gas).kind == "co2e"
                and can_count(row.line, row.role)
                and in_view(self.known, self.pack, self.rules.view, row.line)
            ):
                text = (
                    f"{row.line.stream}: how much of its {row.gas} is {self.rules.gas} is not told"
                )
                found[text] = row.line
        return [(line, text) for text, line in found.items()]

    def _power_mg(self) -> dict[str, int]:
        """Milligrams of the purchased electricity that counts in the view, by party."""
        bought = set()
        for line in self.lines.values():
            carrier = self.rules.carrier(line.activity)
            if carrier and carrier.carrier == "electricity" and not carrier.generated:
                bought.add(line.stream)
        sums: dict[str, int] = defaultdict(int)
        for term in self.terms:
            if term.counted.stream in bought and term.counted.role == "location":
                sums[term.party] += term.counted.mass_mg
        return sums

    def _green(self, energy: ParkEnergy, fact: str, stated: StatedSum) -> list[CarbonInput]:
        """What green power takes off at the mean factor of the power bought, never more than all."""
        found = []
        for party, kwh in sorted(stated.by_party.items()):
            whole = party == self.known.operator
            parties = [*energy.purchased_kwh] if whole else [party]
            bought = sum(
                (energy.purchased_kwh.get(one, Fraction(0)) for one in parties), Fraction(0)
            )
            mass_mg = sum(self.power_mg.get(one, 0) for one in parties)
            if bought <= 0:
                continue
            events = tuple(one.event for one in stated.inputs if one.party == party)
            taken_mg = rounded(mass_mg * min(kwh, bought) / bought)
            found.append(CarbonInput(kind=fact, refs=events, mass_mg=-taken_mg))
        return found


def shown(value: Fraction) -> str:
    """A ratio as it is shown: half-even to six places."""
    return format_decimal(rounded(value * 10**PLACES), PLACES)

"""The data of `indicators.json`: a programme's thresholds, conversions and open choices.

What the programme leaves open is a parameter with its choices, never a line of code. As long as the
text of its counting method is not in the pack by hash, nothing is judged. Source: accounting
rules, section 5.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

import msgspec

from ledger.carbon.area.assign import matches
from ledger.carbon.rulepack import RulePack, Source
from ledger.errors import BadValue
from ledger.log.values import HashHex

FILE = "indicators.json"


class Scale(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From this yearly energy on, the most carbon per unit of energy; null: no threshold."""

    from_tce: str
    most_t_per_tce: str | None


class Carrier(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How activities count as energy; the first row that names an activity holds.

    `none` has no energy; of `unknown` the energy cannot be told from the activity. `parameter`
    decides whether the row counts at all.
    """

    activities: tuple[str, ...]
    carrier: Literal["electricity", "fuel", "heat", "none", "unknown"]
    clean: bool = False
    generated: bool = False
    parameter: str | None = None


class Parameter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that the programme leaves open, what may be chosen, and what is."""

    parameter: str
    choices: tuple[str, ...]
    choice: str
    title: str
    source: Source
    fact: str | None = None


class Guiding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A guiding share: `upper` facts over `lower` facts, or clean energy over all energy."""

    indicator: str
    title: str
    at_least_percent: str
    of: Literal["energy", "facts"]
    upper: tuple[str, ...]
    lower: tuple[str, ...]
    unit: str


class ParkRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file. `method_sha256` null: the counting method is not in the pack."""

    programme: str
    title: str
    source: Source
    method_title: str
    method_sha256: HashHex | None
    view: str
    gas: str
    electricity_kgce_per_kwh: str
    electricity_source: Source
    gj_per_tce: str
    gj_source: Source
    scales: tuple[Scale, ...]
    carriers: tuple[Carrier, ...]
    parameters: tuple[Parameter, ...]
    guiding: tuple[Guiding, ...]

    def carrier(self, activity: str) -> Carrier | None:
        """How an activity counts as energy; None where it is no energy at all."""
        for one in self.carriers:
            if matches(one.activities, activity):
                return one
        return None

    def tce(self, carrier: str, quantity: Fraction) -> Fraction:
        """Tonnes of standard coal in kWh of electricity, or in GJ of anything else."""
        if carrier == "electricity":
            return quantity * Fraction(self.electricity_kgce_per_kwh) / 1000
        return quantity / Fraction(self.gj_per_tce)

    def threshold(self, energy_tce: Fraction) -> Scale:
        """The scale that a yearly energy falls into."""
        return [one for one in self.scales if Fraction(one.from_tce) <= energy_tce][-1]

    def choices(self, changed: dict[str, str]) -> dict[str, str]:
        """The choice of every parameter, some of them changed. Raises BadValue for another word."""
        known = {one.parameter: one for one in self.parameters}
        for name, choice in changed.items():
            if name not in known or choice not in known[name].choices:
                raise BadValue(
                    f"parameter {name}",
                    expected=", ".join(known[name].choices if name in known else sorted(known)),
                    found=choice,
                )
        return {name: changed.get(name, one.choice) for name, one in known.items()}


def park_rules(pack: RulePack) -> ParkRules:
    """The programme of a pack. Raises InvalidInput for a pack that has none."""
    return pack.part(FILE, ParkRules)

"""Masses of gases as one figure of CO2 equivalent, in a view and nowhere else.

One view uses one GWP set. The exact sum of mass × GWP over the gases is rounded half-even to one
milligram, once. What is known only as CO2 equivalent of another set is shown apart, never added in
silence; biogenic CO2 and memo gases are no part of it. Source: accounting rules, sections 1 and 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache

import msgspec

from ledger.carbon.exact import divide_half_even
from ledger.carbon.rulepack import RulePack
from ledger.errors import BadValue


class Co2e(msgspec.Struct, frozen=True):
    """`mg` of CO2 equivalent; what cannot be part of it stands beside, in milligrams of the gas."""

    mg: int
    apart: dict[str, int]
    """CO2 equivalents of other GWP sets."""
    without: dict[str, int]
    """Gases for which the set has no potential."""


def co2e(pack: RulePack, gwp: str, masses: Mapping[str, int]) -> Co2e:
    """The CO2 equivalent of masses in milligrams, by gas, in a GWP set such as `AR5`.

    Raises BadValue for an unknown set or gas.
    """
    total = Fraction(0)
    apart: dict[str, int] = {}
    without: dict[str, int] = {}
    for gas, mass_mg in sorted(masses.items()):
        if not mass_mg:
            continue
        kind, potential = _potential(pack, gwp, gas)
        if kind == "apart":
            apart[gas] = mass_mg
        elif kind == "without":
            without[gas] = mass_mg
        elif kind == "counted":
            total += mass_mg * potential
    return Co2e(divide_half_even(total.numerator, total.denominator), apart, without)


def gwp_sets(pack: RulePack) -> tuple[str, ...]:
    """The names of the pack's GWP sets, in order."""
    return tuple(sorted(pack.gwp))


@lru_cache(maxsize=1024)
def _potential(pack: RulePack, gwp: str, gas: str) -> tuple[str, Fraction]:
    found = pack.gwp.get(gwp)
    if found is None:
        raise BadValue("unknown GWP set", expected="one of " + ", ".join(gwp_sets(pack)), found=gwp)
    known = pack.gas(gas)
    if known.kind == "co2e":
        return ("counted", Fraction(1)) if known.gwp == gwp else ("apart", Fraction(0))
    if known.kind != "ghg":
        return "other", Fraction(0)
    value = found.values.get(gas)
    return ("without", Fraction(0)) if value is None else ("counted", Fraction(value))

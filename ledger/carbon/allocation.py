"""How the emissions of a plant that makes heat and power are shared between the two.

No method is the right one, so the one that was chosen stands in the title of the published factors.
Each method says which share falls to the heat; power takes the rest, so the two always add up to
what was emitted. Every gas is shared alike. Exact fractions, no rounding.

- `energy-content`: by the energy that leaves the plant, H / (H + P).
- `efficiency`: by the fuel that separate plants would take, (H/ηh) / (H/ηh + P/ηp), with the
  efficiencies of those plants. GHG Protocol, allocation of emissions from combined heat and power.
- `exergy`: by the work that each could do; of heat at T beside surroundings at T0 it is 1 - T0/T.
- `heat-default`: heat at a stated rate, as a rule or contract has it; power takes what is left.
- `power-default`: the same the other way round.

Source: accounting rules, sections 4 and 5 (the worked park: 60 kg/GJ leave 0.266 kg/kWh).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import msgspec

from ledger.errors import BadValue, RuleBroken

GJ_PER_KWH: Final = Fraction(36, 10_000)


class EnergyContent(msgspec.Struct, frozen=True, tag="energy-content"):
    """By the energy that leaves the plant."""

    def __str__(self) -> str:
        return "energy-content"


class Efficiency(msgspec.Struct, frozen=True, tag="efficiency"):
    """By the fuel that separate plants of these efficiencies (0 to 1) would take."""

    heat: Fraction
    power: Fraction

    def __str__(self) -> str:
        return f"efficiency: heat {_text(self.heat)}, power {_text(self.power)}"


class Exergy(msgspec.Struct, frozen=True, tag="exergy"):
    """By the work that heat of a temperature could do beside its surroundings, both in kelvin."""

    heat_k: Fraction
    ambient_k: Fraction

    def __str__(self) -> str:
        return f"exergy: heat at {_text(self.heat_k)} K, surroundings {_text(self.ambient_k)} K"


class HeatDefault(msgspec.Struct, frozen=True, tag="heat-default"):
    """Heat at so many kilograms of CO2 per GJ, power takes the rest."""

    kg_per_gj: Fraction

    def __str__(self) -> str:
        return f"heat-default: heat {_text(self.kg_per_gj)} kg CO2/GJ, power the rest"


class PowerDefault(msgspec.Struct, frozen=True, tag="power-default"):
    """Power at so many kilograms of CO2 per kWh, heat takes the rest."""

    kg_per_kwh: Fraction

    def __str__(self) -> str:
        return f"power-default: power {_text(self.kg_per_kwh)} kg CO2/kWh, heat the rest"


Method = EnergyContent | Efficiency | Exergy | HeatDefault | PowerDefault
METHODS: Final = ("energy-content", "efficiency", "exergy", "heat-default", "power-default")


class Allocation(msgspec.Struct, frozen=True, kw_only=True):
    """What of each gas falls to heat and power, whole in kilograms and per unit."""

    heat_kg: dict[str, Fraction]
    power_kg: dict[str, Fraction]
    heat_kg_per_gj: dict[str, Fraction]
    power_kg_per_kwh: dict[str, Fraction]


def allocate(
    emitted_kg: dict[str, Fraction], heat_gj: Fraction, power_kwh: Fraction, method: Method
) -> Allocation:
    """Share what a plant emitted between the heat and the power that left it or that it used.

    Raises BadValue for an amount out of range, RuleBroken where a default takes more than was
    emitted.
    """
    for what, amount in (("heat", heat_gj), ("power", power_kwh)):
        _check(what, amount > 0, "more than 0", amount)
    for gas, amount in emitted_kg.items():
        _check(f"emitted {gas}", amount >= 0, "0 or more", amount)
    share = heat_share(emitted_kg, heat_gj, power_kwh, method)
    heat_kg = {gas: amount * share for gas, amount in emitted_kg.items()}
    power_kg = {gas: amount - heat_kg[gas] for gas, amount in emitted_kg.items()}
    return Allocation(
        heat_kg=heat_kg,
        power_kg=power_kg,
        heat_kg_per_gj={gas: amount / heat_gj for gas, amount in heat_kg.items()},
        power_kg_per_kwh={gas: amount / power_kwh for gas, amount in power_kg.items()},
    )


def heat_share(
    emitted_kg: dict[str, Fraction], heat_gj: Fraction, power_kwh: Fraction, method: Method
) -> Fraction:
    """The share of the emissions that falls to heat, from 0 to 1."""
    power_gj = power_kwh * GJ_PER_KWH
    match method:
        case EnergyContent():
            return heat_gj / (heat_gj + power_gj)
        case Efficiency(heat=heat, power=power):
            for what, value in (("efficiency of heat", heat), ("efficiency of power", power)):
                _check(what, value > 0, "more than 0", value)
            return heat_gj / heat / (heat_gj / heat + power_gj / power)
        case Exergy(heat_k=heat_k, ambient_k=ambient_k):
            _check("surroundings", ambient_k > 0, "more than 0 K", ambient_k)
            _check("heat", heat_k > ambient_k, f"warmer than {_text(ambient_k)} K", heat_k)
            work = heat_gj * (1 - ambient_k / heat_k)
            return work / (work + power_gj)
        case HeatDefault(kg_per_gj=rate):
            return _taken("heat", rate * heat_gj, emitted_kg)
        case PowerDefault(kg_per_kwh=rate):
            return 1 - _taken("power", rate * power_kwh, emitted_kg)


def _taken(what: str, taken_kg: Fraction, emitted_kg: dict[str, Fraction]) -> Fraction:
    """The share of the CO2 that a default takes."""
    _check(f"default of {what}", taken_kg >= 0, "0 or more", taken_kg)
    emitted = emitted_kg.get("CO2", Fraction(0))
    if taken_kg > emitted or not emitted:
        raise RuleBroken(
            f"default of {what}",
            expected=f"at most the {_text(emitted)} kg CO2 that were emitted",
            found=f"{_text(taken_kg)} kg",
            advice="Check the amounts, or choose a method that shares what was emitted.",
        )
    return taken_kg / emitted


def _check(what: str, holds: bool, expected: str, found: Fraction) -> None:  # noqa: FBT001
    if not holds:
        raise BadValue(what, expected=expected, found=_text(found))


def _text(value: Fraction) -> str:
    """A fraction for a title: a decimal where one is exact in a few places."""
    scaled = value * 10**6
    if scaled.denominator != 1:
        return str(value)
    whole, part = divmod(int(scaled), 10**6)
    return f"{whole}.{part:06d}".rstrip("0").rstrip(".")

"""A factory in a ledger, and its figures: what every case starts from and asks in the end.

    world = factory()
    world.source("acme/plant/power", location="operator/grid@1")
    world.post("acme", "acme/plant/power", [bill])
    assert total(world) == {"CO2": 1_864_640_000}

All expected masses are computed by the cases themselves, in fractions, never by the product.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from ledger.carbon import rulepack
from ledger.carbon.events import Number, Ratio
from ledger.carbon.exact import TINY
from ledger.carbon.footprint import Footprint, company_footprint
from ledger.log.values import format_decimal
from tests.unit.world import World

GRID = "0.5827"
"""kg CO2 per kWh: Jiangsu's grid, data of 2023 (accounting rules, section 3)."""
YEAR = ("2026-01", "2026-12")
C_TO_CO2 = Fraction(44, 12)


def factory(timezone: str = "Asia/Shanghai") -> World:
    """A ledger with one company, `acme`, and the grid's factor, `operator/grid@1`."""
    world = World(timezone)
    world.party("acme")
    world.factor("grid", CO2=GRID)
    return world


def exactly(value: Fraction) -> Number:
    """A fraction as factors write it: a decimal where 12 places give it, else a ratio."""
    if (value * TINY).denominator == 1:
        return format_decimal(int(value * TINY), 12)
    return Ratio(num=str(value.numerator), den=str(value.denominator))


def footprint(
    world: World,
    period: tuple[str, str] = YEAR,
    size: int | None = None,
    party: str = "acme",
) -> Footprint:
    """The party's footprint over [first month, last month], as known at a log size."""
    year, month = int(period[1][:4]), int(period[1][5:])
    end_month = f"{year + month // 12:04d}-{month % 12 + 1:02d}"
    known = world.known(period[0], end_month, party=party, size=size)
    pack = rulepack.load(known.rules)
    return company_footprint(
        pack, party, period, known.size, known.masses, known.activity, known.timezone
    )


def total(
    world: World, period: tuple[str, str] = YEAR, size: int | None = None, party: str = "acme"
) -> dict[str, int]:
    """Scope 1 and Scope 2 location-based, in milligrams by gas."""
    return milligrams(footprint(world, period, size, party).total.mass_mg)


def milligrams(shown: Mapping[str, str]) -> dict[str, int]:
    """Masses as numbers."""
    return {gas: int(mass_mg) for gas, mass_mg in shown.items()}


def co2e_mg(shown: Mapping[str, int], gwp: str) -> Fraction:
    """What masses come to in CO2 equivalents of a set of potentials."""
    values = rulepack.load(rulepack.CURRENT_VERSION).gwp[gwp].values
    return sum((mass_mg * Fraction(values[gas]) for gas, mass_mg in shown.items()), Fraction(0))

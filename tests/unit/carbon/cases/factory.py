"""A factory in a ledger, and its figures: what every case starts from and asks in the end.

    world = factory()
    world.source("acme/plant/power", location="operator/grid@1")
    world.post("acme", "acme/plant/power", [bill])
    assert total(world) == {"CO2": 1_864_640_000}

All expected masses are computed by the cases themselves, in fractions, never by the product.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction

from ledger.carbon import rulepack
from ledger.carbon.events import Number, Ratio
from ledger.carbon.exact import TINY
from ledger.carbon.footprint import Footprint, company_footprint
from ledger.carbon.rows import ActivityRow, MassRow
from ledger.log.values import format_decimal
from ledger.parties.pieces import ledger
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
    opened = ledger(world.state)
    return company_footprint(
        rulepack.load(opened.rules_version),
        party,
        period,
        world.size if size is None else size,
        [row for row in masses(world, size) if in_period(row, period, party)],
        [row for row in uses(world, size) if in_period(row, period, party)],
        opened.timezone,
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
    values = rulepack.load("2").gwp[gwp].values
    return sum((mass_mg * Fraction(values[gas]) for gas, mass_mg in shown.items()), Fraction(0))


def in_period(row: MassRow | ActivityRow, period: tuple[str, str], party: str) -> bool:
    """Whether a row is the party's, and of these months."""
    return row.line.party == party and period[0] <= row.month <= period[1]


def masses(world: World, size: int | None = None) -> Iterator[MassRow]:
    """All rows of masses, as known at a log size."""
    lines = {(line.stream, line.line): line for line in world.lines}
    for key, row in world.rows(size).items():
        if key[0] == "mass":
            _, stream, line, month, role, gas = key
            yield MassRow(lines[stream, int(line)], month, role, gas, row[0], row[1])


def uses(world: World, size: int | None = None) -> Iterator[ActivityRow]:
    """All rows of activity, as known at a log size."""
    lines = {(line.stream, line.line): line for line in world.lines}
    for key, row in world.rows(size).items():
        if key[0] == "use":
            quantity = Decimal(row[0]) / TINY
            yield ActivityRow(lines[key[1], int(key[2])], key[3], quantity, row[1], row[2])

"""A company with a boiler, a power meter and a year of readings, for tests of inventories.

Quantities are small and factors are the ones of the worked cases, so that figures can be followed
by hand: the grid is 0.5827 kg/kWh by location, 0.6096 by its residual mix of the same data year.
"""

from __future__ import annotations

from ledger.carbon.events import Body
from ledger.carbon.inventory.inventory import Inventory, inventory
from ledger.carbon.inventory.readings import Reading, readings_of
from ledger.carbon.known import Known
from ledger.carbon.pieces import HistoryPiece
from ledger.carbon.rulepack import RulePack, load
from tests.unit.world import World, reading, site

POWER = "acme/plant/power"
SOLAR = "acme/plant/solar"
BOILER = "acme/plant/boiler"
JANUARY = ("2026-01", "2026-02")
KWH_MG = 582_700
RESIDUAL_MG = 609_600
"""Milligrams of CO2 of one kilowatt-hour."""


def pack() -> RulePack:
    return load("2")


def grid(world: World) -> None:
    """The factors of bought power, and of natural gas by volume."""
    world.factor("grid", CO2="0.5827")
    world.factor("residual", CO2="0.6096", kind="residual-mix")
    world.factor(
        "gas",
        activity="fuel.natural-gas",
        unit="m3",
        kind="combustion",
        gases_kg_per_unit={"CO2": "2.165", "CH4_fossil": "0.0001"},
    )


def works(**more: object) -> World:
    """A company that buys power; its market factor is the residual mix of the location's year."""
    world = World()
    world.party("acme")
    grid(world)
    members = {"location": "operator/grid@1", "market": "operator/residual@1", **more}
    world.source(POWER, **members)
    return world


def use(world: World, stream: str, month: str, quantity: str) -> None:
    """A month's reading of a stream, from its first to its last second."""
    world.post(stream.partition("/")[0], stream, [of_month(month, quantity)])


def of_month(month: str, quantity: str) -> Body:
    return reading(f"{month}-01T00:00:00+08:00", after_month(month), quantity)


def after_month(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04d}-{number % 12 + 1:02d}-01T00:00:00+08:00"


def with_site(world: World, name: str, **more: object) -> None:
    """A further site of the company."""
    world.say("acme", site(name, **more))


def drawn(world: World, period: tuple[str, str] = JANUARY, **more: object) -> Inventory:
    """The company's inventory, with the readings of all its streams at hand."""
    size = more.pop("size", None)
    known = world.known(*period, size=size)  # type: ignore[arg-type]
    return inventory(known, pack(), "acme", readings_at_hand(world, known))


def readings_at_hand(world: World, known: Known) -> dict[str, list[Reading]]:
    return {
        stream: readings_of(pack(), source, bodies(world, stream))
        for stream, source in known.sources.items()
    }


def bodies(world: World, stream: str) -> HistoryPiece:
    """All live bodies of a stream, as the log has them."""
    return HistoryPiece(
        tuple(
            (name, body, index)
            for name, (body, index) in world.state.bodies.items()
            if name.startswith(f"{stream}@")
        )
    )

"""The worked park of accounting rules, section 5: three companies, residents and a town.

    world = worked_park()
    known = world.known("2026-01", "2027-01")

Each quantity of the year is posted in two halves, in January and in July, so every rule that works
by month works twice. `a` is a combined heat and power plant, `b` a factory, `c` offices.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ledger.carbon.events import EmissionMeasured
from ledger.log.names import event_ref
from tests.unit.world import World, reading, salt

T = 10**9
"""Milligrams in a tonne."""
KG = 10**6
HALVES = ("2026-01", "2026-07")

GRID = "operator/grid@1"
RESIDUAL = "operator/residual@1"
STEAM = "a/steam@1"
POWER = "a/power@1"


def worked_park() -> World:
    """The whole park as posted events: factors, parties, sources, readings and transfers."""
    world = World()
    _parties(world)
    _factors(world)
    _a(world)
    _b(world)
    _c(world)
    _residents_and_town(world)
    _transfers(world)
    return world


def _parties(world: World) -> None:
    for name in ("a", "b", "c"):
        world.party(name)
    world.party("town", "public-body")
    world.site("c/shanghai", region="CN-SH", inside=False)
    world.residents("residents/homes", "150000")


def _factors(world: World) -> None:
    world.factor("grid", CO2="0.5827")
    world.factor("grid-there", region="CN-SH", CO2="0.5827")  # the example has one grid factor
    world.factor("residual", kind="residual-mix", region="CN", CO2="0.6096")
    fuel = {"kind": "combustion", "unit": "m3", "properties": {"ncv_gj_per_m3": "0.038931"}}
    world.factor("gas", activity="fuel.natural-gas", CO2="2.165", **fuel)
    fuel = {"kind": "combustion", "unit": "kg", "properties": {"ncv_gj_per_t": "42.652"}}
    world.factor("diesel", activity="mobile.diesel", CO2="3.0959", **fuel)
    world.factor("heat", activity="heat.purchased", unit="GJ", kind="default-heat", CO2="110")
    blend = {"HFC-32": "0.5", "HFC-125": "0.5"}
    world.factor(
        "r410a",
        activity="fugitive.refrigerant",
        unit="kg",
        kind="fugitive",
        gases_kg_per_unit=blend,
    )
    world.factor("steam", "a", activity="steam.exported", unit="GJ", kind="supplier", CO2="60")
    world.factor("power", "a", activity="electricity.exported", kind="supplier", CO2="0.266")


def _a(world: World) -> None:
    fuel = {"activity": "fuel.natural-gas", "unit": "m3", "scope": 1, "gpc": "I.4.1"}
    used(world, "a/plant/gas", "2000000", **fuel, key_area="energy", direct="operator/gas@1")


def _b(world: World) -> None:
    fuel = {"activity": "fuel.natural-gas", "unit": "m3", "scope": 1, "gpc": "I.3.1"}
    used(world, "b/works/gas", "250000", **fuel, direct="operator/gas@1")
    emitted(world, "b/works/kiln", CO2=400 * T, activity="process.other", gpc="IV.1")
    truck = {"activity": "mobile.diesel", "unit": "kg", "scope": 1, "key_area": "mobility"}
    used(world, "b/works/inside", "20000", **truck, gpc="II.1.1", direct="operator/diesel@1")
    used(world, "b/works/across", "30000", **truck, gpc="II.1.3", direct="operator/diesel@1")
    power = {"gpc": "I.3.2", "location": GRID, "market": RESIDUAL}
    used(world, "b/works/power", "10000000", **power)
    used(world, "b/works/from-c", "150000", **power)
    steam = {"activity": "steam.purchased", "unit": "GJ", "gpc": "I.3.2"}
    used(
        world,
        "b/works/steam",
        "45000",
        **steam,
        location="operator/heat@1",
        market="operator/heat@1",
    )
    chillers = {"activity": "fugitive.refrigerant", "unit": "kg", "scope": 1, "gpc": "IV.2"}
    used(world, "b/works/chillers", "10", **chillers, direct="operator/r410a@1")
    waste = {"activity": "waste.landfill", "scope": 3, "category": 5, "gpc": "III.1.2"}
    emitted(world, "b/works/waste", CH4_bio=9_000 * KG, key_area="recycling", **waste)


def _c(world: World) -> None:
    office = {"gpc": "I.2.2", "key_area": "planning", "market": RESIDUAL}
    used(world, "c/tower/power", "1000000", **office, location=GRID)
    away = {"site": "shanghai", "location": "operator/grid-there@1"}
    used(world, "c/shanghai/power", "500000", **office, **away)
    sun = {"activity": "electricity.generated-own-use", "scope": None, "key_area": "energy"}
    used(world, "c/tower/sun", "250000", **sun)


def _residents_and_town(world: World) -> None:
    home = {"site": "homes", "key_area": "lifestyle"}
    gas = {"activity": "household.gas", "unit": "m3", "scope": 1, "gpc": "I.1.1"}
    used(world, "residents/homes/gas", "1500000", **gas, **home, direct="operator/gas@1")
    power = {"activity": "household.electricity", "gpc": "I.1.2", "location": GRID}
    used(world, "residents/homes/power", "30000000", **power, **home)
    cars = {"activity": "traffic.road", "unit": "km", "gpc": "II.1.1", "site": "homes"}
    emitted(world, "residents/homes/cars", CO2=2_500 * T, key_area="mobility", **cars)
    waste = {"activity": "household.waste-landfill", "gpc": "III.1.2", **home}
    emitted(world, "residents/homes/waste", CH4_bio=20_000 * KG, **waste)
    sewage = {"activity": "wastewater.municipal", "key_area": "recycling"}
    emitted(world, "town/works/own", CH4_bio=2_500 * KG, gpc="III.4.1", **sewage)
    emitted(world, "town/works/foreign", CH4_bio=500 * KG, gpc="III.4.3", **sewage)
    trees = {"activity": "removal.trees", "gpc": "V.2", "key_area": "planning"}
    emitted(world, "town/park/trees", CO2=100 * T, **trees)
    losses = {"activity": "electricity.losses", "gpc": "I.4.3", "key_area": "energy"}
    used(world, "town/grid/losses", "1640000", **losses, location=GRID)


def _transfers(world: World) -> None:
    for month in HALVES:
        for event, stream, quantity, unit in (
            (
                world.transfer("a/plant/gas", "b", month, "45000", "GJ", direct=STEAM),
                "b/works/steam",
                "45000",
                "GJ",
            ),
            (
                world.transfer("c/tower/power", "b", month, "150000", "kWh", kind="pass-through"),
                "b/works/from-c",
                "150000",
                "kWh",
            ),
        ):
            world.acknowledge(event, stream, quantity, unit)
        world.transfer("a/plant/gas", None, month, "5000", "GJ", direct=STEAM)
        world.transfer("a/plant/gas", None, month, "4500000", "kWh", direct=POWER, location=GRID)
        world.transfer("c/tower/sun", None, month, "50000", "kWh", location=GRID)


def used(world: World, stream: str, half: str, **members: object) -> list[str]:
    """A source with a receipt in each half of the year; the names of its events."""
    world.source(stream, **{"kind": "discrete", **members})
    events = [reading(f"{month}-15T00:00:00+08:00", "P1D", half) for month in HALVES]
    return _post(world, stream, events)


def emitted(world: World, stream: str, **members: object) -> list[str]:
    """A source with measured milligrams in each half of the year, gases in capitals."""
    masses = {gas: str(members.pop(gas)) for gas in [*members] if gas[0].isupper()}
    world.source(stream, **{"kind": "discrete", "unit": "t", "scope": 1, **members})
    events = [
        EmissionMeasured(
            salt=salt(),
            period=(f"{month}-15T00:00:00+08:00", f"{month}-16T00:00:00+08:00"),
            masses_mg=masses,
            method="worked example",
        )
        for month in HALVES
    ]
    return _post(world, stream, events)


def _post(world: World, stream: str, events: Sequence[msgspec.Struct]) -> list[str]:
    logged = world.post(stream.partition("/")[0], stream, events)
    return [event_ref(stream, logged.entry.first + at) for at in range(len(events))]

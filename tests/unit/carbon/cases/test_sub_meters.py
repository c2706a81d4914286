"""Sub-meters: shown beside their main meter, never added to it, however deep they stand.

Source: accounting rules, section 3 (`part_of`).
"""

from __future__ import annotations

import pytest

from ledger.carbon.events import SourceAmended
from ledger.errors import RuleBroken
from tests.unit.carbon.cases.factory import YEAR, factory, footprint, total
from tests.unit.world import World, reading, salt, source

MAIN = "acme/plant/main"
TREE = {"hall": MAIN, "press": "acme/plant/hall", "office": MAIN}


@pytest.fixture
def world() -> World:
    world = factory()
    world.source(MAIN, location="operator/grid@1")
    for name, parent in TREE.items():
        world.source(f"acme/plant/{name}", part_of=parent, location="operator/grid@1")
    for name, quantity in {"main": "1000", "hall": "700", "press": "650", "office": "290"}.items():
        event = reading("2026-05-01T00:00:00+08:00", "P31D", quantity)
        world.post("acme", f"acme/plant/{name}", [event])
    return world


def test_sub_meters_of_sub_meters_are_added_nowhere(world: World):
    assert total(world) == {"CO2": 582_700_000}
    shown = {one.stream: (one.counted, one.quantity) for one in footprint(world).sources}
    assert shown == {
        "acme/plant/hall": (False, "700"),
        MAIN: (True, "1000"),
        "acme/plant/office": (False, "290"),
        "acme/plant/press": (False, "650"),
    }


def test_a_meter_that_turns_out_to_be_a_sub_meter_stops_counting_and_both_stay_readable(
    world: World,
):
    world.source("acme/plant/canteen", location="operator/grid@1")
    event = reading("2026-05-01T00:00:00+08:00", "P31D", "40")
    world.post("acme", "acme/plant/canteen", [event])
    known = world.size
    assert total(world) == {"CO2": 1040 * 582_700}
    behind = SourceAmended(
        salt=salt(),
        source="acme/plant/canteen",
        from_="2026-01-01T00:00:00+08:00",
        reason="it hangs behind the main meter",
        part_of=MAIN,
    )
    world.post("acme", "acme/register", [behind])
    assert total(world) == {"CO2": 582_700_000}
    assert total(world, YEAR, known) == {"CO2": 1040 * 582_700}


def test_a_sub_meter_of_another_partys_meter_is_refused(world: World):
    world.party("other")
    world.source("other/plant/power", location="operator/grid@1")
    event = source("acme/plant/rented", part_of="other/plant/power")
    with pytest.raises(RuleBroken, match="another registered source of acme"):
        world.post("acme", "acme/register", [event])


def test_a_main_meter_does_not_hang_behind_its_own_sub_meter(world: World):
    circle = SourceAmended(
        salt=salt(),
        source=MAIN,
        from_="2026-01-01T00:00:00+08:00",
        reason="wrong way round",
        part_of="acme/plant/press",
    )
    with pytest.raises(RuleBroken, match="no circle of meters"):
        world.post("acme", "acme/register", [circle])

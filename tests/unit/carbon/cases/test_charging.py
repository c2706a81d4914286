"""Charging of cars: the company's own, those of its people, and chargers behind the main meter.

Source: accounting rules, sections 3 (`part_of`) and 5 (charging in the mapping table).
"""

from __future__ import annotations

import pytest

from ledger.errors import BadValue, RuleBroken
from tests.unit.carbon.cases.factory import factory, footprint, total
from tests.unit.world import World, reading, source

MAIN = "acme/plant/power"
CHARGING = {"activity": "electricity.charging", "key_area": "mobility", "gpc": "II.1.2"}


@pytest.fixture
def world() -> World:
    world = factory()
    world.source(MAIN, gpc="I.3.2", location="operator/grid@1")
    return world


def used(world: World, stream: str, quantity: str) -> None:
    event = reading("2026-05-01T00:00:00+08:00", "P31D", quantity)
    world.post("acme", stream, [event])


def test_a_charger_with_its_own_connection_counts_under_mobility(world: World):
    world.source("acme/gate/chargers", **CHARGING, site="gate", location="operator/grid@1")
    used(world, MAIN, "90000")
    used(world, "acme/gate/chargers", "10000")
    assert total(world) == {"CO2": 100_000 * 582_700}
    by_area = {one.key_area: one.mass_mg["CO2"] for one in footprint(world).key_areas}
    assert by_area == {"industry": "52443000000", "mobility": "5827000000"}


def test_a_charger_behind_the_main_meter_is_shown_and_counted_once(world: World):
    world.source(
        "acme/gate/chargers", **CHARGING, site="gate", part_of=MAIN, location="operator/grid@1"
    )
    used(world, MAIN, "100000")
    used(world, "acme/gate/chargers", "10000")
    found = footprint(world)
    assert total(world) == {"CO2": 100_000 * 582_700}
    assert {one.stream: one.counted for one in found.sources} == {
        "acme/gate/chargers": False,
        MAIN: True,
    }


def test_what_employees_charge_at_home_is_scope_3_and_stands_beside_the_total(world: World):
    world.source(
        "acme/fleet/at-home",
        **CHARGING,
        site="fleet",
        scope=3,
        category=7,
        location="operator/grid@1",
    )
    used(world, "acme/fleet/at-home", "1000")
    assert total(world) == {}
    (scope,) = footprint(world).scopes
    assert (scope.scope, scope.category, scope.in_total) == (3, 7, False)
    assert scope.mass_mg == {"CO2": "582700000"}


@pytest.mark.parametrize(
    ("members", "error", "words"),
    [
        ({"scope": 1}, RuleBroken, "Scope 2 or Scope 3 category 7"),
        ({"scope": 3, "category": 6}, RuleBroken, "Scope 2 or Scope 3 category 7"),
        ({"gpc": "I.3.2"}, BadValue, "GPC line"),
        ({"unit": "L"}, RuleBroken, "a unit of energy"),
    ],
)
def test_charging_is_neither_fuel_nor_the_buildings_power(
    world: World, members: dict[str, object], error: type[Exception], words: str
):
    event = source("acme/plant/chargers", **{**CHARGING, **members})
    with pytest.raises(error, match=words):
        world.post("acme", "acme/register", [event])

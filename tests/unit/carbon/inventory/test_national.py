"""The national sum: combustion, process, net bought power and heat, less what was recovered."""

from __future__ import annotations

from ledger.carbon.inventory.inventory_data import inventory_data
from ledger.carbon.inventory.national import HEADS, NationalSum, national_sum
from tests.unit.carbon.inventory.plants import JANUARY, POWER, pack, use, works
from tests.unit.world import World


def factory() -> World:
    world = works()
    world.factor("default", activity="heat.purchased", unit="GJ", kind="default-heat", CO2="110")
    world.factor("lime", activity="process.lime", unit="t", kind="process", CO2="785")
    world.factor("captured", activity="process.co2-recovered", unit="t", kind="process", CO2="1000")
    world.factor(
        "leak", activity="fugitive.sf6", unit="kg", kind="fugitive", gases_kg_per_unit={"SF6": "1"}
    )
    for name, activity, unit, scope, more in (
        ("boiler", "fuel.natural-gas", "m3", 1, {"direct": "operator/gas@1"}),
        ("kiln", "process.lime", "t", 1, {"direct": "operator/lime@1", "balance_group": "lime"}),
        ("capture", "process.co2-recovered", "t", 1,
         {"direct": "operator/captured@1", "flow": "out", "balance_group": "lime"}),
        ("steam", "steam.purchased", "GJ", 2, {"location": "operator/default@1"}),
        ("export", "electricity.exported", "kWh", None, {"location": "operator/grid@1"}),
        ("switch", "fugitive.sf6", "kg", 1, {"direct": "operator/leak@1"}),
    ):  # fmt: skip
        world.source(
            f"acme/plant/{name}", activity=activity, unit=unit, scope=scope, kind="discrete", **more
        )
    for name, quantity in (
        ("power", "1000"), ("boiler", "100"), ("kiln", "10"), ("capture", "2"),
        ("steam", "5"), ("export", "300"), ("switch", "1"),
    ):  # fmt: skip
        use(world, f"acme/plant/{name}", "2026-01", quantity)
    return world


def of(world: World) -> NationalSum:
    return national_sum(world.known(*JANUARY), pack(), "acme")


def test_each_head_has_its_lines_to_the_milligram():
    found = of(factory())
    assert {head: found.masses(head).get("CO2", 0) for head in HEADS} == {
        "combustion": 216_500_000,
        "process": 7_850_000_000,
        "electricity": 700 * 582_700,
        "heat": 550_000_000,
        "recovered": -2_000_000_000,
    }
    assert found.masses()["CO2"] == 216_500_000 + 7_850_000_000 + 407_890_000 - 1_450_000_000


def test_what_stands_under_no_head_is_named():
    assert of(factory()).elsewhere == ["fugitive.sf6"]


def test_power_that_was_passed_on_is_not_net_bought_power():
    world = factory()
    world.party("beta")
    world.source("beta/shop/power", location="operator/grid@1", kind="discrete")
    event = world.transfer(POWER, "beta", "2026-01", "100", "kWh", kind="pass-through")
    world.acknowledge(event, "beta/shop/power", "100", "kWh")
    assert of(world).masses("electricity") == {"CO2": 600 * 582_700}


def test_a_share_of_a_boundary_applies():
    world = factory()
    world.boundary("acme", "2026-01", "equity", plant="0.5")
    assert of(world).masses("heat") == {"CO2": 275_000_000}


def test_every_activity_that_a_head_names_is_in_the_catalogue():
    for head in inventory_data(pack()).national:
        assert head.head in HEADS
        for name in head.activities:
            assert any(
                one == name or (name.endswith(".") and one.startswith(name))
                for one in pack().activities
            ), name

"""An inventory has three scopes, Scope 2 twice, ISO categories, and columns that are never added up."""

from __future__ import annotations

import pytest

from ledger.carbon.counted import sums
from ledger.carbon.gwp import co2e
from ledger.carbon.inventory.heading import Heading
from ledger.carbon.inventory.inventory import BelowZero, inventories, inventory
from ledger.carbon.rulepack import load
from ledger.errors import BadValue, InvalidInput
from tests.unit.carbon.inventory.plants import (
    BOILER,
    KWH_MG,
    POWER,
    drawn,
    pack,
    use,
    works,
)
from tests.unit.world import World, body

YEAR = ("2026-01", "2027-01")


def boiler(world: World, **more: object) -> None:
    members = {
        "activity": "fuel.natural-gas",
        "unit": "m3",
        "scope": 1,
        "direct": "operator/gas@1",
        **more,
    }
    world.source(BOILER, **members)


def test_every_scope_stands_under_its_iso_category():
    world = works()
    boiler(world)
    world.factor("flight", activity="travel.air", unit="km", kind="transport", CO2="0.2")
    world.source(
        "acme/plant/flights",
        activity="travel.air",
        unit="km",
        scope=3,
        category=6,
        kind="discrete",
        direct="operator/flight@1",
    )
    for stream in (POWER, BOILER, "acme/plant/flights"):
        use(world, stream, "2026-01", "10")
    assert drawn(world).headings() == [
        Heading(1, 0, 1, ""),
        Heading(2, 0, 2, "location"),
        Heading(2, 0, 2, "market"),
        Heading(3, 6, 3, ""),
    ]
    assert drawn(world).masses("location", iso=3) == {"CO2": 2_000_000}


def test_scope_2_counts_once_in_each_method():
    world = works()
    boiler(world)
    use(world, POWER, "2026-01", "100")
    use(world, BOILER, "2026-01", "1")
    found = drawn(world)
    assert found.scopes_1_and_2("location") == {
        "CH4_fossil": 100,
        "CO2": 2_165_000 + 100 * KWH_MG,
    }
    assert found.scopes_1_and_2("market")["CO2"] == 2_165_000 + 100 * 609_600


def test_what_lies_upstream_of_fuel_and_power_is_scope_3_category_3():
    world = works()
    world.factor("wtt", activity="fuel.natural-gas", unit="m3", kind="well-to-tank", CO2="0.3")
    boiler(world, upstream="operator/wtt@1")
    use(world, BOILER, "2026-01", "10")
    found = drawn(world)
    assert found.masses("location", scope=3, category=3) == {"CO2": 3_000_000}
    assert found.masses("location", iso=4) == {"CO2": 3_000_000}
    assert found.masses("location", scope=1)["CO2"] == 21_650_000


def test_a_whole_life_cycle_is_never_added_to_its_parts():
    world = works()
    more = {"activity": "waste.recycling", "unit": "t"}
    world.factor("handling", kind="waste", CO2="1", **more)
    world.factor("chain", kind="lifecycle", CO2="3", **more)
    world.source(
        "acme/plant/scrap",
        scope=3,
        category=5,
        kind="discrete",
        direct="operator/handling@1",
        lifecycle="operator/chain@1",
        **more,
    )
    use(world, "acme/plant/scrap", "2026-01", "2")
    assert drawn(world).masses("location", scope=3) == {"CO2": 6_000_000}


def test_a_life_cycle_of_bought_power_is_for_products_and_in_no_scope():
    world = works()
    world.factor("life", kind="lifecycle", CO2="0.5777")
    world.source("acme/plant/second", location="operator/grid@1", lifecycle="operator/life@1")
    use(world, "acme/plant/second", "2026-01", "1")
    assert {term.counted.role for term in drawn(world).terms} == {"location"}


def test_biogenic_carbon_memo_gases_and_removals_have_columns_of_their_own():
    world = works()
    world.factor(
        "chips", activity="fuel.biomass", unit="t", kind="combustion",
        gases_kg_per_unit={"CO2_bio": "1500", "CH4_bio": "0.3"},
    )  # fmt: skip
    world.factor(
        "leak", activity="fugitive.refrigerant", unit="kg", kind="fugitive",
        gases_kg_per_unit={"HFC-32": "0.5", "HCFC-22": "0.5"},
    )  # fmt: skip
    world.factor("trees", activity="removal.trees", unit="t", kind="land", CO2="1000")
    for name, activity, unit in (
        ("chips", "fuel.biomass", "t"),
        ("leak", "fugitive.refrigerant", "kg"),
        ("trees", "removal.trees", "t"),
    ):
        world.source(
            f"acme/plant/{name}", activity=activity, unit=unit, scope=1, kind="discrete",
            direct=f"operator/{name}@1",
        )  # fmt: skip
        use(world, f"acme/plant/{name}", "2026-01", "2")
    found = drawn(world)
    assert {
        column: found.masses("location", column=column)
        for column in ("emitted", "biogenic", "memo", "removed")
    } == {
        "emitted": {"CH4_bio": 600_000, "HFC-32": 1_000_000},
        "biogenic": {"CO2_bio": 3_000_000_000},
        "memo": {"HCFC-22": 1_000_000},
        "removed": {"CO2": 2_000_000_000},
    }


def test_a_sub_meter_is_not_added_to_its_parent():
    world = works()
    world.source("acme/plant/hall", location="operator/grid@1", part_of=POWER)
    use(world, POWER, "2026-01", "100")
    use(world, "acme/plant/hall", "2026-01", "40")
    assert drawn(world).masses("location", scope=2) == {"CO2": 100 * KWH_MG}


def test_a_balance_group_below_zero_is_an_error_and_netted_nowhere():
    world = works()
    for name, flow in (("filled", "in"), ("returned", "out")):
        boiler_like = {"direct": "operator/gas@1", "flow": flow, "balance_group": "gas"}
        world.source(
            f"acme/plant/{name}", activity="fuel.natural-gas", unit="m3", scope=1,
            kind="discrete", **boiler_like,
        )  # fmt: skip
    use(world, "acme/plant/filled", "2026-01", "5")
    use(world, "acme/plant/returned", "2026-01", "2")
    assert drawn(world).masses("location", scope=1)["CO2"] == 3 * 2_165_000
    use(world, "acme/plant/returned", "2026-01", "9")
    assert drawn(world).below_zero == [BelowZero(balance_group="gas", role="direct")]
    assert drawn(world).masses("location", scope=1) == {}


def test_a_period_is_as_known_at_any_size():
    world = works()
    use(world, POWER, "2026-01", "100")
    before = world.size
    world.correct(
        f"{POWER}@1", body("2026-01-01T00:00:00+08:00", "2026-02-01T00:00:00+08:00", "90")
    )
    assert drawn(world).masses("location", scope=2) == {"CO2": 90 * KWH_MG}
    assert drawn(world, size=before).masses("location", scope=2) == {"CO2": 100 * KWH_MG}


def test_figures_are_sums_of_terms_by_month_and_all_terms_name_their_row():
    world = works()
    for month in ("2026-01", "2026-02"):
        use(world, POWER, month, "100")
    found = drawn(world, YEAR)
    by_month = [found.masses("location", month=f"2026-{m:02}") for m in range(1, 13)]
    assert by_month[:3] == [{"CO2": 100 * KWH_MG}, {"CO2": 100 * KWH_MG}, {}]
    assert sums(term.counted for term in found.terms) == {"CO2": 200 * (KWH_MG + 609_600)}
    assert {term.counted.recorded_mg for term in found.terms} == {100 * KWH_MG, 100 * 609_600}


def test_products_that_rounded_to_nothing_are_counted():
    world = works()
    use(world, POWER, "2026-01", "0.0000001")
    assert drawn(world).rounded_to_zero == 2


def test_nobody_elses_masses_are_in_an_inventory():
    world = works()
    world.party("beta")
    world.source("beta/plant/power", location="operator/grid@1")
    use(world, "beta/plant/power", "2026-01", "100")
    assert drawn(world).terms == []


def test_one_view_has_one_gwp_set_and_another_sets_equivalents_stand_apart():
    masses = {
        "CO2": 1000,
        "CH4_fossil": 10,
        "CO2e_AR4": 7,
        "CO2e_AR5": 5,
        "CO2_bio": 9,
        "HCFC-22": 1,
    }
    found = co2e(pack(), "AR5", masses)
    assert (found.mg, found.apart, found.without) == (1285, {"CO2e_AR4": 7}, {})
    assert co2e(pack(), "AR6", masses).mg == 1298
    assert co2e(pack(), "AR6", masses).apart == {"CO2e_AR4": 7, "CO2e_AR5": 5}


def test_a_gas_without_a_potential_in_the_set_is_named():
    lacking = next(
        gas.gas
        for gas in pack().gases.values()
        if gas.kind == "ghg" and gas.gas not in pack().gwp["AR4"].values
    )
    assert co2e(pack(), "AR4", {lacking: 3}).without == {lacking: 3}


def test_an_unknown_gwp_set_is_refused():
    with pytest.raises(BadValue, match=r"GWP set.*expected one of AR4, AR5, AR6"):
        co2e(pack(), "AR7", {"CO2": 1})


def test_rules_without_tables_for_inventories_are_refused():
    world = works()
    world.factor("up", kind="transmission-loss", CO2="0.02")
    world.source("acme/plant/second", location="operator/grid@1", upstream="operator/up@1")
    use(world, "acme/plant/second", "2026-01", "100")
    with pytest.raises(InvalidInput, match=r"has no inventory\.json"):
        inventory(world.known(*YEAR), load("1"), "acme")


def test_all_inventories_at_once_are_those_drawn_up_one_by_one():
    world = works()
    world.party("beta")
    world.source("beta/plant/power", location="operator/grid@1")
    for stream in (POWER, "beta/plant/power"):
        use(world, stream, "2026-01", "100")
    event = world.transfer(POWER, "beta", "2026-01", "40", "kWh", kind="pass-through")
    world.acknowledge(event, "beta/plant/power", "40", "kWh")
    known = world.known(*YEAR)
    found = inventories(known, pack())
    assert found == {party: inventory(known, pack(), party) for party in ("acme", "beta")}

"""An electric arc furnace by its carbon: what goes in and does not come out has become CO2.

Each material is a source of one balance group, with its carbon content as a factor from the plant's
laboratory. Source: accounting rules, sections 3 (flows) and 9 (case 7).
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from ledger.carbon.inventory.inventory import inventory
from ledger.carbon.rulepack import load
from ledger.errors import RuleBroken
from tests.unit.carbon.cases.factory import C_TO_CO2, exactly, factory, footprint, milligrams, total
from tests.unit.world import World, body, reading

BALANCE = {"activity": "process.steel-carbon-balance", "unit": "t"}
MATERIALS = {
    # material: flow, tonnes, carbon in per cent
    "pig-iron": ("in", "100", "4.1"),
    "electrodes": ("in", "5", "99"),
    "scrap": ("in", "1000", "0.2"),
    "steel": ("out", "1050", "0.15"),
    "dust": ("out", "20", "1"),
}


def co2_kg_per_t(carbon_percent: str) -> Fraction:
    return Fraction(carbon_percent) / 100 * C_TO_CO2 * 1000


def charge(world: World, material: str, tonnes: str | None = None, month: int = 1) -> None:
    event = reading(f"2026-{month:02d}-01T00:00:00+08:00", "P28D", tonnes or MATERIALS[material][1])
    world.post("acme", f"acme/furnace/{material}", [event])


@pytest.fixture
def world() -> World:
    world = factory()
    for material, (flow, _, carbon_percent) in MATERIALS.items():
        factor = world.factor(
            material, "acme", **BALANCE, kind="measured", CO2=exactly(co2_kg_per_t(carbon_percent))
        )
        world.source(
            f"acme/furnace/{material}",
            **BALANCE,
            site="furnace",
            scope=1,
            flow=flow,
            balance_group="eaf",
            direct=factor,
        )
    return world


def test_case_7_the_carbon_that_does_not_come_out_has_burnt(world: World):
    for material in MATERIALS:
        charge(world, material)
    carbon_t = sum(
        (1 if flow == "in" else -1) * Fraction(tonnes) * Fraction(percent) / 100
        for flow, tonnes, percent in MATERIALS.values()
    )
    assert carbon_t == Fraction("9.275")
    assert total(world) == {"CO2": 34_008_333_333}
    assert round(carbon_t * C_TO_CO2 * 10**9) == 34_008_333_333
    (group,) = footprint(world).balance_groups
    assert (group.ok, group.mass_mg) == (True, {"CO2": "34008333333"})


def test_each_material_is_shown_with_what_its_carbon_would_be(world: World):
    for material in MATERIALS:
        charge(world, material)
    shown = {
        one.stream.rpartition("/")[2]: (one.flow, one.quantity, one.roles["direct"]["CO2"])
        for one in footprint(world).sources
    }
    assert shown == {
        "dust": ("out", "20", "733333333"),
        "electrodes": ("in", "5", "18150000000"),
        "pig-iron": ("in", "100", "15033333333"),
        "scrap": ("in", "1000", "7333333333"),
        "steel": ("out", "1050", "5775000000"),
    }


def test_more_carbon_out_than_in_is_an_error_netted_nowhere(world: World):
    world.source("acme/plant/power", location="operator/grid@1")
    world.post("acme", "acme/plant/power", [reading("2026-01-01T00:00:00+08:00", "P31D", "1000")])
    for material in ("steel", "dust"):  # the charge is not posted yet
        charge(world, material)
    found = footprint(world)
    assert milligrams(found.total.mass_mg) == {"CO2": 582_700_000}
    (group,) = found.balance_groups
    assert (group.ok, group.mass_mg) == (False, {"CO2": "-6508333333"})
    for material in ("pig-iron", "electrodes", "scrap"):
        charge(world, material)
    assert total(world) == {"CO2": 34_008_333_333 + 582_700_000}
    assert footprint(world).balance_groups[0].ok


def test_the_inventory_names_the_group_below_zero_and_counts_none_of_it(world: World):
    for material in ("steel", "dust"):
        charge(world, material)
    known = world.known("2026-01", "2027-01")
    found = inventory(known, load(known.rules), "acme")
    assert [(one.balance_group, one.role) for one in found.below_zero] == [("eaf", "direct")]
    assert found.masses("location", scope=1) == {}
    for material in ("pig-iron", "electrodes", "scrap"):
        charge(world, material)
    known = world.known("2026-01", "2027-01")
    found = inventory(known, load(known.rules), "acme")
    assert found.below_zero == []
    assert found.masses("location", scope=1) == {"CO2": 34_008_333_333}


def test_a_group_is_netted_over_the_period_that_is_asked_for(world: World):
    charge(world, "pig-iron", "100", month=1)
    charge(world, "steel", "1050", month=2)
    assert total(world) == {"CO2": 15_033_333_333 - 5_775_000_000}
    assert total(world, ("2026-01", "2026-01")) == {"CO2": 15_033_333_333}
    assert total(world, ("2026-02", "2026-02")) == {}
    assert not footprint(world, ("2026-02", "2026-02")).balance_groups[0].ok


def test_a_new_analysis_of_the_laboratory_corrects_what_was_charged(world: World):
    charge(world, "pig-iron")
    before = world.size
    richer = world.factor(
        "pig-iron",
        "acme",
        **BALANCE,
        kind="measured",
        version="2",
        CO2=exactly(co2_kg_per_t("4.3")),
    )
    again = body("2026-01-01T00:00:00+08:00", "P28D", "100", factors={"direct": richer})
    world.correct("acme/furnace/pig-iron@1", again)
    assert (
        total(world)
        == {"CO2": round(Fraction("4.3") * C_TO_CO2 * 10**9)}
        == {"CO2": 15_766_666_667}
    )
    assert total(world, size=before) == {"CO2": 15_033_333_333}


def test_a_company_publishes_no_average_for_its_furnace(world: World):
    with pytest.raises(RuleBroken, match="factor-publisher"):
        world.factor("average", "acme", **BALANCE, kind="process", CO2="150")


def test_the_opening_of_a_stock_needs_the_group_that_it_opens(world: World):
    with pytest.raises(RuleBroken, match="a balance_group for the opening of a stock"):
        world.source("acme/furnace/yard", **BALANCE, site="furnace", scope=1, flow="opening")

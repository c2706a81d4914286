"""Waste that leaves, wastewater that is treated here, and the biogas that is caught and burnt.

Methane of wastewater: chemical oxygen demand × 0.25 kg CH4 per kg × methane correction factor, less
what is recovered (2006 IPCC Guidelines, volume 5, chapter 6, equation 6.4 and table 6.8: 0.8 for an
anaerobic reactor). Source: accounting rules, sections 3 (recovered biogas) and 5 (mapping table).
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from ledger.errors import BadValue, RuleBroken
from tests.unit.carbon.cases.factory import (
    co2e_mg,
    exactly,
    factory,
    footprint,
    milligrams,
    total,
)
from tests.unit.world import World, body, reading

CH4_PER_COD = Fraction("0.25") * Fraction("0.8")
WATER, CAUGHT, BURNT = "acme/works/reactor", "acme/works/biogas", "acme/works/boiler"
DENSITY_KG_PER_M3, METHANE_SHARE = Fraction("0.717"), Fraction("0.65")


@pytest.fixture
def world() -> World:
    world = factory()
    world.factor(
        "landfill", activity="waste.landfill", unit="t", kind="waste", CH4_bio="45", CO2_bio="90"
    )
    world.factor(
        "reactor",
        activity="wastewater.industrial",
        unit="kg",
        kind="waste",
        CH4_bio=exactly(CH4_PER_COD),
    )
    world.factor(
        "biogas",
        "acme",
        activity="wastewater.biogas-recovered",
        unit="m3@0C",
        kind="measured",
        CH4_bio=exactly(DENSITY_KG_PER_M3 * METHANE_SHARE),
    )
    world.factor(
        "burnt",
        activity="fuel.biogas",
        unit="m3@0C",
        kind="combustion",
        CO2_bio="1.9",
        N2O="0.0000022",
    )
    return world


def month(world: World, stream: str, quantity: str, **more: object) -> None:
    world.post("acme", stream, [reading("2026-03-01T00:00:00+08:00", "P31D", quantity, **more)])


def treat(world: World, cod_kg: str, caught_m3: str) -> None:
    """A month of the reactor, with the gas that was caught over it."""
    group = {"site": "works", "scope": 1, "key_area": "recycling", "balance_group": "reactor"}
    world.source(
        WATER,
        **group,
        activity="wastewater.industrial",
        unit="kg",
        gpc="III.4.1",
        direct="operator/reactor@1",
    )
    world.source(
        CAUGHT,
        **group,
        activity="wastewater.biogas-recovered",
        unit="m3@0C",
        gpc="III.4.1",
        flow="out",
        direct="acme/biogas@1",
    )
    month(world, WATER, cod_kg)
    month(world, CAUGHT, caught_m3)


# --- waste -------------------------------------------------------------------------------------


def test_waste_in_a_landfill_outside_is_scope_3_with_its_methane(world: World):
    world.source(
        "acme/plant/waste",
        activity="waste.landfill",
        unit="t",
        scope=3,
        category=5,
        kind="discrete",
        key_area="recycling",
        gpc="III.1.2",
        direct="operator/landfill@1",
    )
    for number, tonnes in (("W-1", "250.5"), ("W-2", "149.5")):
        month(world, "acme/plant/waste", tonnes, reference=number)
    assert total(world) == {}
    (scope,) = footprint(world).scopes
    assert (scope.scope, scope.category, scope.mass_mg) == (3, 5, {"CH4_bio": "18000000000"})
    assert co2e_mg(milligrams(scope.mass_mg), "AR5") == 18_000_000_000 * 28
    assert co2e_mg(milligrams(scope.mass_mg), "AR6") == 18_000_000_000 * 27


def test_a_weighbridge_in_kilograms_is_exact(world: World):
    world.source(
        "acme/plant/waste", activity="waste.landfill", unit="t", scope=3, category=5,
        kind="discrete", key_area="recycling", direct="operator/landfill@1",
    )  # fmt: skip
    month(world, "acme/plant/waste", "12340", unit="kg")
    assert world.total("CH4_bio") == round(Fraction("12.34") * 45 * 10**6)
    assert footprint(world).sources[0].quantity == "12.34"


# --- wastewater and its gas ----------------------------------------------------------------------


def test_methane_of_the_reactor_less_what_was_caught(world: World):
    treat(world, "400000", "150000")
    formed = Fraction(400_000) * CH4_PER_COD
    caught = Fraction(150_000) * DENSITY_KG_PER_M3 * METHANE_SHARE
    assert formed == 80_000
    assert caught == Fraction("69907.5")
    assert total(world) == {"CH4_bio": 10_092_500_000} == {"CH4_bio": (formed - caught) * 10**6}


def test_more_gas_caught_than_was_formed_is_an_error_and_is_taken_from_nothing(world: World):
    treat(world, "400000", "180000")
    world.source(
        "acme/works/pond", site="works", scope=1, key_area="recycling",
        activity="wastewater.industrial", unit="kg", gpc="III.4.1", direct="operator/reactor@1",
    )  # fmt: skip
    month(world, "acme/works/pond", "1000")
    found = footprint(world)
    assert milligrams(found.total.mass_mg) == {"CH4_bio": 200_000_000}
    assert [(one.ok, one.mass_mg) for one in found.balance_groups] == [
        (False, {"CH4_bio": "-3889000000"})
    ]


def test_burnt_biogas_stands_in_the_column_of_biogenic_carbon(world: World):
    treat(world, "400000", "150000")
    world.source(
        BURNT,
        site="works",
        activity="fuel.biogas",
        unit="m3@0C",
        scope=1,
        gpc="I.3.1",
        direct="operator/burnt@1",
    )
    month(world, BURNT, "150000")
    found = footprint(world)
    assert milligrams(found.biogenic.mass_mg) == {"CO2_bio": 285_000_000_000}
    assert milligrams(found.total.mass_mg) == {"CH4_bio": 10_092_500_000, "N2O": 330_000}


def test_gas_measured_at_twenty_degrees_is_less_gas(world: World):
    treat(world, "400000", "0")
    world.correct(f"{CAUGHT}@1", body("2026-03-01T00:00:00+08:00", "P31D", "1000", unit="m3@20C"))
    cubic_metres = Fraction(1000) * Fraction("273.15") / Fraction("293.15")
    caught = cubic_metres * DENSITY_KG_PER_M3 * METHANE_SHARE
    assert total(world) == {"CH4_bio": 80_000 * 10**6 - round(caught * 10**6)}


def test_a_volume_without_a_temperature_is_no_volume_of_gas(world: World):
    treat(world, "1", "0")
    with pytest.raises(BadValue, match="another dimension"):
        world.post("acme", CAUGHT, [reading("2026-04-01T00:00:00+08:00", "P30D", "5", unit="m3")])


def test_caught_gas_is_not_posted_as_a_removal(world: World):
    with pytest.raises(RuleBroken, match=r"unit of removal\.technical|wrong kind|another activity"):
        world.source(
            "acme/works/removed", site="works", scope=1, key_area="recycling",
            activity="removal.technical", unit="kg", direct="operator/reactor@1",
        )  # fmt: skip

"""Bought steam and heat: by the heat meter, with a default or a supplier's factor, in other units.

Source: accounting rules, sections 3 (kinds of factors) and 4 (Scope 2 twice).
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from ledger.errors import BadValue, RuleBroken
from tests.unit.carbon.cases.factory import factory, footprint, milligrams, total
from tests.unit.world import World, reading

STEAM = "acme/plant/steam"
BOUGHT = {"activity": "steam.purchased", "unit": "GJ"}


@pytest.fixture
def world() -> World:
    world = factory()
    world.factor("heat", activity="heat.purchased", unit="GJ", kind="default-heat", CO2="110")
    world.factor("chp-steam", **BOUGHT, kind="supplier", CO2="60")
    world.source(STEAM, **BOUGHT, location="operator/heat@1", market="operator/chp-steam@1")
    return world


def used(world: World, quantity: str, month: int = 1, **more: object) -> None:
    world.post(
        "acme", STEAM, [reading(f"2026-{month:02d}-01T00:00:00+08:00", "P28D", quantity, **more)]
    )


def test_steam_counts_with_the_default_and_beside_it_with_the_suppliers_factor(world: World):
    used(world, "90000")
    assert total(world) == {"CO2": 9_900_000_000_000}
    shown = {
        (one.scope, one.role): (one.in_total, one.mass_mg["CO2"]) for one in footprint(world).scopes
    }
    assert shown == {
        (2, "location"): (True, "9900000000000"),
        (2, "market"): (False, "5400000000000"),
    }


@pytest.mark.parametrize(
    ("quantity", "unit", "gigajoules"),
    [
        ("2500", "kWh", Fraction(9)),
        ("0.0123", "TJ", Fraction("12.3")),
        ("1", "tce", Fraction("29.3076")),
        ("1000000", "kcal-it", Fraction("4.1868")),
    ],
)
def test_a_heat_meter_in_another_unit_counts_exactly(
    world: World, quantity: str, unit: str, gigajoules: Fraction
):
    used(world, quantity, unit=unit)
    assert total(world) == {"CO2": round(gigajoules * 110 * 10**6)}
    assert Fraction(footprint(world).sources[0].quantity) == gigajoules


def test_tonnes_of_steam_are_no_heat_unless_their_enthalpy_is_known(world: World):
    with pytest.raises(BadValue, match="a unit of energy"):
        used(world, "100", unit="t")
    assert total(world) == {}


def test_tonnes_of_steam_count_by_the_heat_that_the_factor_says_is_in_them(world: World):
    made = {"activity": "steam.purchased", "unit": "GJ", "kind": "default-heat"}
    heat = {"heat_gj_per_t": "2.7"}
    priced = world.factor("steam-8bar", **made, CO2="110", properties=heat)
    world.source("acme/plant/weighed", **{**BOUGHT, "unit": "t"}, location=priced)
    event = reading("2026-01-01T00:00:00+08:00", "P28D", "1234.5")
    world.post("acme", "acme/plant/weighed", [event])
    assert total(world) == {"CO2": round(Fraction("1234.5") * Fraction("2.7") * 110 * 10**6)}


def test_a_grids_factor_does_not_price_steam(world: World):
    with pytest.raises(RuleBroken, match="factor of another activity"):
        world.source("acme/plant/other", **BOUGHT, location="operator/grid@1")


def test_a_suppliers_factor_is_no_location_factor(world: World):
    with pytest.raises(RuleBroken, match="wrong kind of factor for the role location"):
        world.source("acme/plant/other", **BOUGHT, location="operator/chp-steam@1")


def test_condensate_that_goes_back_is_netted_with_the_steam_that_came(world: World):
    for stream, flow, quantity in (("came", "in", "1000"), ("back", "out", "120")):
        world.source(
            f"acme/plant/{stream}",
            **BOUGHT,
            flow=flow,
            balance_group="line-2",
            location="operator/heat@1",
        )
        world.post(
            "acme", f"acme/plant/{stream}", [reading("2026-01-01T00:00:00+08:00", "P28D", quantity)]
        )
    assert milligrams(footprint(world).total.mass_mg) == {"CO2": 880 * 110_000_000}

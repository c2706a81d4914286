"""A landlord resells power unchanged: what both sides agree on counts with the tenant alone.

Source: accounting rules, section 5 (pass-through transfers; the smaller quantity is eliminated and
the rest stands open; an unacknowledged transfer is eliminated nowhere).
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from ledger.carbon.area.passing import Passed, passed_on
from ledger.carbon.inventory.inventory import inventory
from ledger.carbon.rulepack import load
from ledger.errors import LedgerError, RuleBroken
from tests.unit.carbon.cases.factory import YEAR, factory, total
from tests.unit.world import World, reading

BOUGHT, SHOP = "acme/house/power", "tenant/shop/power"
MARCH = ("2026-03-01T00:00:00+08:00", "2026-04-01T00:00:00+08:00")


@pytest.fixture
def world() -> World:
    """The house bought 2 GWh in March; the shop's own meter counted 0.3 GWh of them."""
    world = factory()
    world.party("tenant")
    world.factor("mix", kind="residual-mix", CO2="0.6096")
    for stream, site, quantity in ((BOUGHT, "house", "2000000"), (SHOP, "shop", "300000")):
        world.source(stream, site=site, location="operator/grid@1", market="operator/mix@1")
        world.post(stream.partition("/")[0], stream, [reading(*MARCH, quantity)])
    return world


def resold(world: World, quantity: str, unit: str = "kWh", **more: object) -> str:
    return world.transfer(BOUGHT, "tenant", "2026-03", quantity, unit, kind="pass-through", **more)


def passed(world: World, size: int | None = None) -> Passed:
    return passed_on(world.known("2026-01", "2027-01", size=size))


def falls(world: World, size: int | None = None) -> dict[str, int]:
    """Milligrams that fall at the landlord, by role."""
    return {role: mg for (_, _, _, role, _), mg in passed(world, size).lowered.items()}


def test_what_is_resold_falls_at_the_landlord_in_both_figures_of_scope_2(world: World):
    world.acknowledge(resold(world, "300000"), SHOP, "300000", "kWh")
    assert falls(world) == {"location": 174_810_000_000, "market": 182_880_000_000}
    landlord = total(world, YEAR)["CO2"] - falls(world)["location"]
    assert landlord == 1_700_000 * 582_700
    assert landlord + total(world, party="tenant")["CO2"] == 2_000_000 * 582_700
    assert passed(world).open == []


def test_the_inventories_of_both_add_up_to_what_was_bought(world: World):
    sent = resold(world, "300000")
    alone = world.size
    world.acknowledge(sent, SHOP, "300000", "kWh")

    def scope_2(party: str, method: str, size: int | None = None) -> int:
        known = world.known("2026-01", "2027-01", size=size)
        found = inventory(known, load(known.rules), party)
        return found.masses(scope=2, method=method)["CO2"]

    for method, mg_per_kwh in (("location", 582_700), ("market", 609_600)):
        figures = [scope_2(party, method) for party in ("acme", "tenant")]
        assert figures == [1_700_000 * mg_per_kwh, 300_000 * mg_per_kwh]
        assert scope_2("acme", method, alone) == 2_000_000 * mg_per_kwh


def test_what_the_tenant_has_not_acknowledged_counts_with_both_and_stands_open(world: World):
    sent = resold(world, "300000")
    assert falls(world) == {}
    (rest,) = passed(world).open
    assert (rest.event, rest.to, rest.acknowledged) == (sent, "tenant", None)
    assert rest.sent == 300_000


@pytest.mark.parametrize(("sent", "received"), [("300000", "280000"), ("280000", "300000")])
def test_the_smaller_quantity_falls_and_the_difference_stands_open(
    world: World, sent: str, received: str
):
    world.acknowledge(resold(world, sent), SHOP, received, "kWh")
    assert falls(world)["location"] == 280_000 * 582_700
    (rest,) = passed(world).open
    assert [rest.sent, rest.acknowledged, rest.counted] == [int(sent), int(received), 280_000]


def test_the_two_sides_may_use_different_units(world: World):
    world.acknowledge(resold(world, "0.03", "10^8kWh"), SHOP, "300", "MWh")
    (rest,) = passed(world).open
    assert [rest.sent, rest.acknowledged, rest.counted] == [3_000_000, 300_000, 300_000]
    assert falls(world)["location"] == 300_000 * 582_700


def test_more_than_was_bought_never_falls_below_nothing(world: World):
    world.acknowledge(resold(world, "2500000"), SHOP, "2500000", "kWh")
    assert falls(world) == {"location": 2_000_000 * 582_700, "market": 2_000_000 * 609_600}
    (rest,) = passed(world).open
    assert rest.beyond == 500_000


def test_a_third_is_rounded_once_and_the_house_keeps_the_rest(world: World):
    third = "666666.666666666667"
    world.acknowledge(resold(world, third), SHOP, third, "kWh")
    whole = 2_000_000 * 582_700
    assert falls(world)["location"] == round(Fraction(third) / 2_000_000 * whole)


def test_a_transfer_that_is_taken_back_falls_no_more_and_the_old_figure_stays(world: World):
    sent = resold(world, "300000")
    world.acknowledge(sent, SHOP, "300000", "kWh")
    agreed = world.size
    world.withdraw_transfer(sent, "2026-03")
    assert falls(world) == {}
    assert falls(world, agreed)["location"] == 174_810_000_000


def test_nobody_acknowledges_for_the_tenant(world: World):
    sent = resold(world, "300000")
    world.party("other")
    world.source("other/shop/power", site="shop", location="operator/grid@1")
    for stream in ("other/shop/power", BOUGHT):
        with pytest.raises(LedgerError):
            world.acknowledge(sent, stream, "300000", "kWh")
    assert falls(world) == {}


def test_power_is_not_resold_as_the_landlords_own_make(world: World):
    with pytest.raises(RuleBroken):
        world.transfer(BOUGHT, "tenant", "2026-03", "300000", "kWh", kind="energy")

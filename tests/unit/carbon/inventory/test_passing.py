"""What a landlord resells is off its Scope 2, as far as the tenant says it has it."""

from __future__ import annotations

from fractions import Fraction

from ledger.carbon.area.passing import passed_on
from tests.unit.carbon.inventory.plants import JANUARY, KWH_MG, POWER, drawn, use, works
from tests.unit.world import World

TENANT = "beta/shop/power"
PART = (POWER, 0, "2026-01", "location", "CO2")


def let() -> World:
    """A landlord who bought 2 000 kWh, and its tenant."""
    world = works()
    world.party("beta")
    world.source(TENANT, location="operator/grid@1", kind="discrete")
    use(world, POWER, "2026-01", "2000")
    return world


def resold(world: World, quantity: str, unit: str = "kWh") -> str:
    return world.transfer(POWER, "beta", "2026-01", quantity, unit, kind="pass-through")


def test_what_the_tenant_acknowledged_is_off_the_landlords_scope_2():
    world = let()
    world.acknowledge(resold(world, "300"), TENANT, "300", "kWh")
    passed = passed_on(world.known(*JANUARY))
    assert passed.lowered[PART] == 300 * KWH_MG
    assert passed.shares == {(POWER, "2026-01"): Fraction(3, 20)}
    assert passed.open == []
    assert drawn(world).masses("location", scope=2) == {"CO2": 1700 * KWH_MG}
    assert drawn(world).masses("market", scope=2) == {"CO2": 1700 * 609_600}


def test_what_nobody_acknowledged_falls_nowhere_and_stands_open():
    world = let()
    event = resold(world, "300")
    passed = passed_on(world.known(*JANUARY))
    assert passed.lowered == {}
    [rest] = passed.open
    assert (rest.event, rest.acknowledged) == (event, None)
    assert [rest.sent, rest.counted] == [300, 0]
    assert drawn(world).masses("location", scope=2) == {"CO2": 2000 * KWH_MG}
    assert drawn(world).open == [rest]


def test_where_both_sides_differ_the_smaller_counts_and_the_rest_stands_open():
    for sent, received in (("300", "0.2"), ("200", "0.3")):
        world = let()
        world.acknowledge(resold(world, sent), TENANT, received, "MWh")
        passed = passed_on(world.known(*JANUARY))
        assert passed.lowered[PART] == 200 * KWH_MG
        assert [passed.open[0].counted, passed.open[0].beyond] == [200, 0]


def test_no_more_is_passed_on_than_was_bought():
    world = let()
    for quantity in ("1500", "900"):
        world.acknowledge(resold(world, quantity), TENANT, quantity, "kWh")
    passed = passed_on(world.known(*JANUARY))
    assert passed.lowered[PART] == 2000 * KWH_MG
    [rest] = passed.open
    assert [rest.counted, rest.beyond] == [500, 400]
    assert drawn(world).masses("location", scope=2) == {}


def test_several_transfers_of_a_month_fall_as_one_so_that_no_milligram_is_lost():
    world = let()
    for _ in range(3):
        world.acknowledge(resold(world, "0.000001"), TENANT, "0.000001", "kWh")
    # 0.5827 mg each, 1.7481 mg together.
    assert passed_on(world.known(*JANUARY)).lowered[PART] == 2


def test_a_transfer_counts_from_its_acknowledgement_on_and_until_it_is_taken_back():
    world = let()
    event = resold(world, "300")
    sent = world.size
    world.acknowledge(event, TENANT, "300", "kWh")
    agreed = world.size
    world.withdraw_transfer(event, "2026-01")
    taken = [
        passed_on(world.known(*JANUARY, size=size)).lowered.get(PART, 0)
        for size in (sent - 1, sent, agreed, world.size)
    ]
    assert taken == [0, 0, 300 * KWH_MG, 0]


def test_each_term_names_the_transfer_that_lowered_it():
    world = let()
    event = resold(world, "300")
    world.acknowledge(event, TENANT, "300", "kWh")
    [term] = drawn(world).select(scope=2, method="location")
    assert term.events == (event,)
    assert (term.recorded_mg, term.mass_mg) == (2000 * KWH_MG, 1700 * KWH_MG)

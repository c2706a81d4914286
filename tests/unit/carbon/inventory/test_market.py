"""Scope 2 by the market: claims first, then the supplier, the residual mix, and the grid at last."""

from __future__ import annotations

from fractions import Fraction

import pytest

from ledger.carbon.events import FactorAssigned
from ledger.carbon.inventory.inventory import Inventory, hourly_streams, inventory
from ledger.carbon.inventory.market import MarketMonth
from tests.unit.carbon.inventory.plants import (
    JANUARY,
    KWH_MG,
    POWER,
    RESIDUAL_MG,
    SOLAR,
    drawn,
    grid,
    pack,
    use,
    works,
)
from tests.unit.world import World, matched, profile, reading, salt

DAY = "2026-01-05T{:02}:00:00+08:00"


def market(found: Inventory) -> MarketMonth:
    [one] = found.market
    return one


def total(found: Inventory) -> int:
    return found.masses("market", scope=2).get("CO2", 0)


def claimed(interval: str = "month", **more: object) -> World:
    """The works with panels whose power is claimed."""
    world = works(**more)
    world.source(SOLAR, activity="electricity.generated-own-use", scope=None)
    world.say("acme", matched(POWER, SOLAR, "2026-01", interval))
    return world


def hours(world: World, stream: str, *quantities: str | None, hour: int = 8) -> None:
    world.post("acme", stream, [profile(DAY.format(hour), 3600, quantities)])


def supplier(world: World) -> str:
    return world.factor("wind", "acme", kind="supplier", CO2="0.01")


# --- the order -------------------------------------------------------------------------------------


def test_a_suppliers_factor_comes_before_averages():
    world = World()
    world.party("acme")
    grid(world)
    world.source(POWER, location="operator/grid@1", market=supplier(world))
    use(world, POWER, "2026-01", "100")
    assert total(drawn(world)) == 100 * 10_000
    assert (market(drawn(world)).basis, market(drawn(world)).factor) == ("supplier", "acme/wind@1")


def test_the_residual_mix_comes_before_the_grid():
    world = works()
    use(world, POWER, "2026-01", "100")
    assert total(drawn(world)) == 100 * RESIDUAL_MG
    assert market(drawn(world)).basis == "residual-mix"
    assert market(drawn(world)).remarks == ()


def test_a_residual_mix_of_another_data_year_gives_way_to_the_grid_and_says_so():
    world = works()
    world.factor("residual", CO2="0.5856", kind="residual-mix", year=2022, version="2")
    world.source("acme/plant/other", location="operator/grid@1", market="operator/residual@2")
    use(world, "acme/plant/other", "2026-01", "100")
    found = drawn(world)
    assert total(found) == 100 * KWH_MG
    assert market(found).basis == "location"
    assert market(found).remarks == (
        "the residual mix is of 2022 and the location factor of 2023: the location factor is taken",
    )


def test_without_a_market_factor_the_grid_is_taken_and_that_is_said():
    world = World()
    world.party("acme")
    grid(world)
    world.source(POWER, location="operator/grid@1")
    use(world, POWER, "2026-01", "100")
    found = drawn(world)
    assert total(found) == 100 * KWH_MG
    assert market(found).remarks == ("no market factor: the location factor is taken",)


def test_a_market_factor_for_a_part_of_a_month_is_not_mixed_with_the_grid():
    world = World()
    world.party("acme")
    grid(world)
    world.source(POWER, location="operator/grid@1")
    hours(world, POWER, "10")
    world.say("acme", FactorAssigned(
        salt=salt(), source=POWER, role="market", factor="operator/residual@1",
        from_=DAY.format(9), reason="contract",
    ))  # fmt: skip
    hours(world, POWER, "10", hour=9)
    found = drawn(world)
    assert total(found) == 20 * KWH_MG
    assert "for a part of the month alone" in market(found).remarks[0]


# --- by the month ----------------------------------------------------------------------------------


def test_what_was_claimed_for_the_month_is_free_and_the_rest_takes_the_market_factor():
    world = claimed()
    use(world, POWER, "2026-01", "100")
    use(world, SOLAR, "2026-01", "30")
    found = drawn(world)
    assert total(found) == 70 * RESIDUAL_MG
    one = market(found)
    assert [one.used, one.matched] == [100, 30]
    assert (one.interval, one.supply) == ("month", SOLAR)
    assert found.masses("location", scope=2) == {"CO2": 100 * KWH_MG}


def test_more_supply_than_use_frees_no_more_than_what_was_used():
    world = claimed()
    use(world, POWER, "2026-01", "100")
    use(world, SOLAR, "2026-01", "130")
    assert total(drawn(world)) == 0
    assert market(drawn(world)).matched == 100


def test_a_supply_in_another_unit_is_matched_exactly():
    world = works()
    world.source(SOLAR, activity="electricity.generated-own-use", scope=None, unit="MJ")
    world.say("acme", matched(POWER, SOLAR, "2026-01"))
    use(world, POWER, "2026-01", "100")
    use(world, SOLAR, "2026-01", "1")
    assert market(drawn(world)).matched == Fraction(5, 18)
    assert total(drawn(world)) == round(Fraction(100 * 18 - 5, 18) * RESIDUAL_MG)


def test_the_rest_is_rounded_once_for_the_month():
    world = claimed()
    use(world, POWER, "2026-01", "0.000005")
    use(world, SOLAR, "2026-01", "0.000001")
    # 0.000004 kWh at 0.6096 kg are 2.4384 mg; the recorded 3 mg less a fifth would be the same.
    assert total(drawn(world)) == 2


def test_a_claim_begins_with_its_month_and_ends_where_it_is_ended():
    world = claimed()
    for month in ("2025-12", "2026-01", "2026-02"):
        use(world, POWER, month, "100")
        use(world, SOLAR, month, "30")
    world.say("acme", matched(POWER, None, "2026-02"))
    found = drawn(world, ("2025-12", "2026-03"))
    assert [one.matched for one in found.market] == [0, 30, 0]


def test_a_claim_is_as_known_at_any_size():
    world = works()
    world.source(SOLAR, activity="electricity.generated-own-use", scope=None)
    use(world, POWER, "2026-01", "100")
    use(world, SOLAR, "2026-01", "30")
    before = world.size
    event = world.say("acme", matched(POWER, SOLAR, "2026-01"))
    assert total(drawn(world, size=before)) == 100 * RESIDUAL_MG
    assert total(drawn(world)) == 70 * RESIDUAL_MG
    [term] = drawn(world).select(scope=2, method="market")
    assert (term.events, term.recorded_mg) == ((event,), 100 * RESIDUAL_MG)


def test_what_was_passed_on_is_off_the_rest_of_a_claim_too():
    world = claimed()
    world.party("beta")
    world.source("beta/shop/power", location="operator/grid@1", kind="discrete")
    use(world, POWER, "2026-01", "100")
    use(world, SOLAR, "2026-01", "30")
    event = world.transfer(POWER, "beta", "2026-01", "50", "kWh", kind="pass-through")
    world.acknowledge(event, "beta/shop/power", "50", "kWh")
    assert total(drawn(world)) == 35 * RESIDUAL_MG


def test_readings_with_a_factor_of_their_own_keep_it_for_the_rest():
    world = claimed()
    wind = supplier(world)
    world.post(
        "acme",
        POWER,
        [reading("2026-01-01T00:00:00+08:00", "P1D", "100", factors={"market": wind})],
    )
    use(world, SOLAR, "2026-01", "30")
    found = drawn(world)
    assert total(found) == 70 * 10_000
    assert "no one factor holds" in market(found).remarks[-1]


# --- by the hour -----------------------------------------------------------------------------------


def test_by_the_hour_supply_counts_only_in_the_hour_that_it_was_used_in():
    world = claimed("hour")
    hours(world, POWER, "10", "10", "10", "10")
    hours(world, SOLAR, "4", "25", None, "10")
    found = drawn(world)
    # Left: 6, 0, 10 and 0; by the month, 1 would be left.
    assert total(found) == 16 * RESIDUAL_MG
    assert market(found).interval == "hour"
    assert market(found).matched == 24


def test_finer_readings_are_added_up_to_hours():
    world = claimed("hour")
    quarters = ["1", "1", "1", "7"] * 2
    world.post("acme", POWER, [profile(DAY.format(8), 900, quarters)])
    hours(world, SOLAR, "9", "1")
    assert total(drawn(world)) == 10 * RESIDUAL_MG


def test_every_hour_is_rounded_by_itself():
    world = claimed("hour")
    hours(world, POWER, *["0.000002"] * 4)
    hours(world, SOLAR, *["0.000001"] * 4)
    # 0.6096 mg an hour round to 1 mg; 2.4384 mg together would be 2 mg.
    assert total(drawn(world)) == 4


def test_hours_are_counted_from_the_beginning_of_the_month_in_the_area():
    world = World("Asia/Kolkata")
    world.party("acme")
    grid(world)
    world.source(POWER, location="operator/grid@1", market="operator/residual@1")
    world.source(SOLAR, activity="electricity.generated-own-use", scope=None)
    world.say("acme", matched(POWER, SOLAR, "2026-01", "hour"))
    start = "2026-01-05T08:00:00+05:30"
    world.post("acme", POWER, [profile(start, 1800, ["1", "9"])])
    world.post("acme", SOLAR, [profile(start, 3600, ["10"])])
    assert total(drawn(world)) == 0
    assert market(drawn(world)).interval == "hour"


@pytest.mark.parametrize("coarse", [POWER, SOLAR])
def test_readings_coarser_than_an_hour_are_never_spread_over_hours(coarse: str):
    world = claimed("hour")
    fine = SOLAR if coarse == POWER else POWER
    world.post("acme", coarse, [reading("2026-01-05T00:00:00+08:00", "P1D", "48")])
    hours(world, fine, "30", "30")
    one = market(drawn(world))
    assert one.interval == "month"
    assert one.matched == 48
    assert one.remarks == (
        f"{coarse} has a reading of 86400 s that is not of one hour: matched by month",
    )


def test_without_readings_at_hand_the_month_is_matched_and_that_is_said():
    world = claimed("hour")
    hours(world, POWER, "10", "10")
    hours(world, SOLAR, "20", "0")
    known = world.known(*JANUARY)
    assert hourly_streams(known, "acme") == {POWER, SOLAR}
    one = market(inventory(known, pack(), "acme"))
    assert one.interval == "month"
    assert one.matched == 20
    assert one.remarks == (f"the readings of {POWER} are not at hand: matched by month",)


def test_readings_of_another_size_of_the_log_are_not_matched():
    world = claimed("hour")
    hours(world, POWER, "10")
    hours(world, SOLAR, "10")
    before = world.size
    hours(world, POWER, "10", hour=9)
    one = market(drawn(world, size=before))
    assert one.interval == "month"
    assert "do not add up to its total" in one.remarks[0]


def test_a_factor_that_changes_within_a_month_holds_for_its_hours():
    world = claimed("hour")
    hours(world, POWER, "10", "10")
    hours(world, SOLAR, "4", "4")
    world.factor("residual", CO2="0.7", kind="residual-mix", version="2")
    world.say("acme", FactorAssigned(
        salt=salt(), source=POWER, role="market", factor="operator/residual@2",
        from_=DAY.format(9), reason="newer",
    ))  # fmt: skip
    assert total(drawn(world)) == 6 * RESIDUAL_MG + 6 * 700_000

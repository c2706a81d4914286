"""Cumulative registers: readings that chain, turn over, are multiplied, and a meter that is replaced.

Source: accounting rules, sections 3 (register) and 9 (case 3).
"""

from __future__ import annotations

from itertools import pairwise

import pytest

from ledger.carbon.events import ActivityRecorded, RegisterReading
from ledger.errors import Conflict, RuleBroken
from tests.unit.carbon.cases.factory import factory, footprint, total
from tests.unit.world import World, body, installed, reading, removed

POWER = "acme/plant/power"
MG_PER_KWH = 582_700


def month_start(month: int) -> str:
    return f"2026-{month:02d}-01T00:00:00+08:00"


def monthly(month: int, from_: str, to: str, quantity: str, **more: object) -> ActivityRecorded:
    """What the register m-1, of five digits behind transformers of 40 : 1, showed over a month."""
    members: dict[str, object] = {"meter": "m-1", "digits": 5, "multiplier": "40"}
    register = RegisterReading(from_=from_, to=to, **{**members, **more})  # type: ignore[arg-type]
    return reading(month_start(month), month_start(month + 1), quantity, register=register)


@pytest.fixture
def world() -> World:
    world = factory()
    world.source(POWER, location="operator/grid@1")
    return world


def test_a_year_of_monthly_readings_chains_through_a_rollover(world: World):
    shown = [98_600, 98_950, 99_400, 99_950, 30, 480, 1_020]
    for at, (from_, to) in enumerate(pairwise(shown)):
        turned = 1 if to < from_ else 0
        quantity = str((to - from_ + turned * 10**5) * 40)
        world.post("acme", POWER, [monthly(at + 1, str(from_), str(to), quantity, rollover=turned)])
    # From 98 600 past 99 999 to 1 020: 2 420 turns of the last wheel, 40 kWh each.
    assert total(world) == {"CO2": 2_420 * 40 * MG_PER_KWH}
    assert world.months()["2026-04"] == 1_864_640_000  # case 3: 99 950 to 30


@pytest.mark.parametrize(
    ("what", "refused"),
    [
        ("a rollover that is not stated", monthly(1, "99950", "30", "3200")),
        ("a multiplier that is forgotten", monthly(1, "99950", "30", "80", rollover=1)),
        ("a rollover that did not happen", monthly(1, "100", "180", "3200", rollover=1)),
        ("more digits than the register has", monthly(1, "99950", "100030", "3200")),
    ],
)
def test_a_quantity_that_the_register_did_not_count_is_refused(
    world: World, what: str, refused: ActivityRecorded
):
    with pytest.raises(RuleBroken, match=r"register"):
        world.post("acme", POWER, [refused])
    assert total(world) == {}, what


def test_a_register_that_does_not_chain_is_refused(world: World):
    world.post("acme", POWER, [monthly(1, "100", "150", "2000")])
    # 30 turns (1 200 kWh) between the readings would be counted nowhere.
    with pytest.raises(RuleBroken, match=f"a reading from 150, where {POWER}@1 ended"):
        world.post("acme", POWER, [monthly(2, "180", "230", "2000")])
    # 20 turns would be counted twice.
    with pytest.raises(RuleBroken, match="a reading from 150"):
        world.post("acme", POWER, [monthly(2, "130", "180", "2000")])
    world.post("acme", POWER, [monthly(2, "150", "180", "1200")])
    assert total(world) == {"CO2": 3_200 * MG_PER_KWH}


def test_a_misread_register_is_corrected_at_its_end_and_the_chain_goes_on(world: World):
    world.post("acme", POWER, [monthly(1, "100", "160", "2400")])
    known = world.size
    register = RegisterReading(meter="m-1", from_="100", to="150", digits=5, multiplier="40")
    right = body(month_start(1), month_start(2), "2000", register=register)
    world.correct(f"{POWER}@1", right)
    world.post("acme", POWER, [monthly(2, "150", "180", "1200")])
    assert total(world) == {"CO2": 3_200 * MG_PER_KWH}
    assert total(world, size=known) == {"CO2": 2_400 * MG_PER_KWH}


def test_decimals_of_a_register_are_exact(world: World):
    first = monthly(1, "0.1", "0.3", "0.2", multiplier="1")
    world.post("acme", POWER, [first])
    assert total(world) == {"CO2": 116_540}
    assert footprint(world).sources[0].quantity == "0.2"


# --- a meter that is replaced ----------------------------------------------------------------------

SWAP = "2026-03-11T10:30:00+08:00"


def part(start: str, end: str, quantity: str, **shown: object) -> ActivityRecorded:
    members: dict[str, object] = {"digits": 5, "multiplier": "40"}
    return reading(start, end, quantity, register=RegisterReading(**{**members, **shown}))  # type: ignore[arg-type]


def test_a_meter_is_replaced_within_a_month_and_nothing_is_lost_or_counted_twice(world: World):
    world.say("acme", installed(POWER, "m-1", month_start(1), "98600", multiplier="40"))
    world.post("acme", POWER, [monthly(1, "98600", "98950", "14000")])
    world.post("acme", POWER, [monthly(2, "98950", "99400", "18000")])
    # On 11 March the old meter, at 99 512, makes room for one of six digits that stands at 7.25.
    old = part(month_start(3), SWAP, "4480", meter="m-1", from_="99400", to="99512")
    world.post("acme", POWER, [old])
    world.say(
        "acme",
        removed(POWER, "m-1", SWAP, "99512"),
        installed(POWER, "m-2", SWAP, "7.25", digits=6, multiplier="1"),
    )
    new = part(
        SWAP,
        month_start(4),
        "9500.5",
        meter="m-2",
        from_="7.25",
        to="9507.75",
        digits=6,
        multiplier="1",
    )
    world.post("acme", POWER, [new])
    assert world.months() == {
        "2026-01": 14_000 * MG_PER_KWH,
        "2026-02": 18_000 * MG_PER_KWH,
        "2026-03": 4_480 * MG_PER_KWH + 5_535_941_350,
    }
    (line,) = footprint(world).sources
    assert (line.quantity, line.readings) == ("45980.5", 4)


@pytest.fixture
def metered(world: World) -> World:
    """A year's first month, read on an installed meter."""
    world.say("acme", installed(POWER, "m-1", month_start(1), "100", multiplier="40"))
    world.post("acme", POWER, [monthly(1, "100", "150", "2000")])
    return world


def test_the_first_reading_starts_where_the_meter_stood_when_it_was_installed(world: World):
    world.say("acme", installed(POWER, "m-1", month_start(1), "100", multiplier="40"))
    with pytest.raises(RuleBroken, match="a reading from 100"):
        world.post("acme", POWER, [monthly(1, "0", "150", "6000")])


def test_a_new_meter_does_not_go_on_from_the_old_ones_register(metered: World):
    metered.say("acme", removed(POWER, "m-1", month_start(2), "150"))
    metered.say("acme", installed(POWER, "m-2", month_start(2), "0", multiplier="40"))
    with pytest.raises(RuleBroken, match="a reading from 0"):
        metered.post("acme", POWER, [monthly(2, "150", "200", "2000", meter="m-2")])
    metered.post("acme", POWER, [monthly(2, "0", "50", "2000", meter="m-2")])
    assert total(metered) == {"CO2": 4_000 * MG_PER_KWH}


def test_a_removed_meter_counts_no_more(metered: World):
    metered.say("acme", removed(POWER, "m-1", month_start(2), "150"))
    with pytest.raises(RuleBroken, match="installed all the time"):
        metered.post("acme", POWER, [monthly(2, "150", "200", "2000")])


def test_a_meter_is_removed_at_the_register_that_was_recorded_last(metered: World):
    # 10 turns (400 kWh) would be lost with it.
    with pytest.raises(RuleBroken, match=f"150, where {POWER}@1 ended") as refused:
        metered.say("acme", removed(POWER, "m-1", "2026-02-05T00:00:00+08:00", "160"))
    assert "Record its last reading first" in str(refused.value.advice)


def test_two_meters_do_not_count_one_source_at_a_time(metered: World):
    with pytest.raises(Conflict, match="no other meter that counts"):
        metered.say("acme", installed(POWER, "m-2", month_start(2), "0", multiplier="40"))


def test_another_multiplier_than_the_installed_one_is_refused(metered: World):
    with pytest.raises(RuleBroken, match="5 digits and the multiplier 40, as installed"):
        metered.post("acme", POWER, [monthly(2, "150", "200", "50", multiplier="1")])

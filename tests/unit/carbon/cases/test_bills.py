"""Electricity bills: periods that cross months, clocks that change, and bills that overlap.

Source: accounting rules, sections 1 (splitting), 3 (kinds of sources) and 9 (case 2).
"""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from ledger.carbon.events import FactorAssigned
from ledger.errors import Conflict, RuleBroken
from tests.unit.carbon.cases.factory import GRID, factory, footprint, total
from tests.unit.world import World, reading, salt

POWER = "acme/plant/power"
BILLS = "acme/office/power"


def split_by_hand(quantity: str, start: str, end: str, zone: str) -> dict[str, Fraction]:
    """Each month's part of a quantity, by its seconds, rounded to 12 places as section 1 says."""
    begins, ends = datetime.fromisoformat(start), datetime.fromisoformat(end)
    whole_s = (ends - begins).total_seconds()
    local = begins.astimezone(ZoneInfo(zone))
    parts: dict[str, Fraction] = {}
    before = Fraction(0)
    year, month = local.year, local.month
    while True:
        following = (year + month // 12, month % 12 + 1)
        boundary = datetime(*following, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        until_s = min((boundary - begins).total_seconds(), whole_s)
        share = Fraction(int(until_s), int(whole_s))
        upto = Fraction(round(Fraction(quantity) * share * 10**12), 10**12)
        parts[f"{year:04d}-{month:02d}"] = upto - before
        before = upto
        if until_s == whole_s:
            return parts
        year, month = following


def milligrams_by_hand(parts: dict[str, Fraction], kg_per_unit: str) -> dict[str, int]:
    return {month: round(q * Fraction(kg_per_unit) * 10**6) for month, q in parts.items()}


@pytest.fixture
def world() -> World:
    world = factory()
    world.source(POWER, location="operator/grid@1")
    world.source(BILLS, site="office", kind="discrete", location="operator/grid@1")
    return world


def test_a_bill_over_three_months_is_split_in_its_quantity_by_elapsed_seconds(world: World):
    start, end = "2026-01-20T00:00:00+08:00", "2026-03-18T00:00:00+08:00"
    world.post("acme", POWER, [reading(start, end, "12345.678")])
    parts = split_by_hand("12345.678", start, end, "Asia/Shanghai")
    # 12, 28 and 17 of 57 days; the parts add up to the bill, with nothing lost in thirds.
    assert {month: round(q * 57 / Fraction("12345.678")) for month, q in parts.items()} == {
        "2026-01": 12,
        "2026-02": 28,
        "2026-03": 17,
    }
    assert sum(parts.values()) == Fraction("12345.678")
    assert world.months() == milligrams_by_hand(parts, GRID)
    assert world.months() == {
        "2026-01": 1_514_489_804,
        "2026-02": 3_533_809_543,
        "2026-03": 2_145_527_223,
    }


def test_a_bill_over_the_end_of_summer_time_has_an_hour_more():
    world = World("Europe/Berlin")
    world.party("acme")
    world.factor("grid", CO2="0.38")
    world.source(POWER, location="operator/grid@1")
    bill = reading("2026-10-15T00:00:00+02:00", "2026-11-15T00:00:00+01:00", "745")
    world.post("acme", POWER, [bill])
    # The clocks go back on 25 October: 409 h fall into October, 336 h into November.
    assert world.months() == {"2026-10": 155_420_000, "2026-11": 127_680_000}


def test_case_2_a_bill_over_the_beginning_of_summer_time_has_an_hour_less():
    world = World("Europe/Berlin")
    world.party("acme")
    world.factor("grid", CO2="0.38")
    world.source(POWER, location="operator/grid@1")
    start, end = "2026-03-15T00:00:00+01:00", "2026-04-15T00:00:00+02:00"
    world.post("acme", POWER, [reading(start, end, "743")])
    parts = split_by_hand("743", start, end, "Europe/Berlin")
    assert parts == {"2026-03": 407, "2026-04": 336}
    assert milligrams_by_hand(parts, "0.38") == world.months()
    assert world.months() == {"2026-03": 154_660_000, "2026-04": 127_680_000}


def test_the_same_bill_gives_each_area_the_months_of_its_own_clock():
    # 17:00 in Berlin is midnight in Shanghai: where the area lies decides, not who wrote the bill.
    bill = ("2026-03-31T12:00:00+02:00", "2026-04-01T12:00:00+02:00")
    found = {}
    for zone in ("Europe/Berlin", "Asia/Shanghai"):
        world = factory(zone)
        world.source(POWER, location="operator/grid@1")
        world.post("acme", POWER, [reading(*bill, "24")])
        found[zone] = world.months()
        assert found[zone] == milligrams_by_hand(split_by_hand("24", *bill, zone), GRID)
    assert found["Europe/Berlin"] == {"2026-03": 6_992_400, "2026-04": 6_992_400}
    assert found["Asia/Shanghai"] == {"2026-03": 3_496_200, "2026-04": 10_488_600}


@pytest.mark.parametrize(
    ("quantity", "unit"),
    [("1.2345", "10^4kWh"), ("12.345", "MWh"), ("44442", "MJ"), ("44.442", "GJ")],
)
def test_a_bill_in_the_unit_that_its_sender_writes_counts_exactly(
    world: World, quantity: str, unit: str
):
    march = ("2026-03-01T00:00:00+08:00", "2026-04-01T00:00:00+08:00")
    world.post("acme", POWER, [reading(*march, quantity, unit=unit)])
    assert world.months() == {"2026-03": 12_345 * 582_700}
    assert footprint(world).sources[0].quantity == "12345"


def test_bills_that_follow_each_other_cover_the_year_once(world: World):
    days = ["2026-01-01", "2026-03-18", "2026-05-20", "2026-12-11", "2027-01-01"]
    stamps = [f"{day}T00:00:00+08:00" for day in days]
    quantities = ["7600", "6300", "20500", "2100"]
    expected: dict[str, int] = {}
    for start, end, quantity in zip(stamps, stamps[1:], quantities, strict=False):
        world.post("acme", POWER, [reading(start, end, quantity)])
        by_hand = milligrams_by_hand(split_by_hand(quantity, start, end, "Asia/Shanghai"), GRID)
        for month, mass_mg in by_hand.items():
            expected[month] = expected.get(month, 0) + mass_mg
    assert world.months() == expected
    assert len(expected) == 12
    # 36 500 kWh: the parts of each bill are rounded once a month, and here nothing is lost.
    assert abs(sum(expected.values()) - 36_500 * 582_700) <= len(expected) + 3


def test_overlapping_bills_of_a_meter_are_refused_and_nothing_of_the_batch_is_taken(world: World):
    march = reading("2026-03-01T00:00:00+08:00", "2026-04-01T00:00:00+08:00", "3000")
    april = reading("2026-03-31T00:00:00+08:00", "2026-05-01T00:00:00+08:00", "3100")
    with pytest.raises(Conflict, match="time that the source has no reading for") as refused:
        world.post("acme", POWER, [march, april])
    assert refused.value.found == (
        "2026-03-31T00:00:00+08:00 to 2026-05-01T00:00:00+08:00, of which "
        "2026-03-31T00:00:00+08:00 to 2026-04-01T00:00:00+08:00 is covered"
    )
    assert "Correct or withdraw the earlier reading" in str(refused.value.advice)
    assert total(world) == {}


def test_overlapping_bills_of_a_discrete_source_count_both(world: World):
    for number, length in (("2026-03/A", "P31D"), ("2026-03/B", "P10D")):
        bill = reading("2026-03-01T00:00:00+08:00", length, "100", reference=number)
        world.post("acme", BILLS, [bill])
    assert total(world) == {"CO2": 2 * 58_270_000}
    (line,) = footprint(world).sources[:1]
    assert (line.quantity, line.readings) == ("200", 2)


def test_a_bill_that_comes_twice_is_known_by_its_number(world: World):
    bill = ("2026-03-01T00:00:00+08:00", "P31D", "100")
    world.post("acme", BILLS, [reading(*bill, reference="INV-2026-03")])
    with pytest.raises(Conflict, match=f"INV-2026-03, of {BILLS}@1"):
        world.post("acme", BILLS, [reading(*bill, reference="INV-2026-03")])
    assert total(world) == {"CO2": 58_270_000}


# --- a bill over the end of a year ---------------------------------------------------------------


@pytest.fixture
def two_years() -> World:
    """A meter with 2025's factor, and 2026's from the first of January on."""
    world = factory()
    world.factor("year", version="2025", CO2="0.5", valid=("2025-01-01", "2026-01-01"))
    world.factor("year", version="2026", CO2="0.4", valid=("2026-01-01", "2027-01-01"))
    world.source(POWER, location="operator/year@2025")
    assigned = FactorAssigned(
        salt=salt(),
        source=POWER,
        role="location",
        factor="operator/year@2026",
        from_="2026-01-01T00:00:00+08:00",
        reason="the new year's factor",
    )
    world.post("acme", "acme/register", [assigned])
    return world


def test_a_bill_over_new_year_is_posted_as_one_reading_for_each_factor(two_years: World):
    bill = ("2025-12-15T00:00:00+08:00", "2026-01-14T00:00:00+08:00")
    with pytest.raises(RuleBroken, match=r"2025-01-01 to before 2026-01-01") as refused:
        two_years.post("acme", POWER, [reading(*bill, "3000")])
    assert refused.value.found == " to ".join(bill)
    assert "split a period" in str(refused.value.advice)
    # Of the bill's 30 days 17 lie in December; both parts carry its number.
    new_year = "2026-01-01T00:00:00+08:00"
    parts = [
        reading(bill[0], new_year, "1700", reference="INV-7"),
        reading(new_year, bill[1], "1300", reference="INV-7"),
    ]
    two_years.post("acme", POWER, parts)
    assert two_years.months() == {"2025-12": 850_000_000, "2026-01": 520_000_000}

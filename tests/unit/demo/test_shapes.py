"""Load shapes look like what they are called, and every machine draws the same figures."""

from __future__ import annotations

from random import Random

import pytest

from ledger.demo.calendar import DAYS, Day, days_of, time_of
from ledger.demo.shapes import (
    FLAT,
    FURNACE,
    LAMPS,
    NIGHT_CHARGE,
    OFFICE,
    SUN,
    Shape,
    decimal_text,
    hundredths,
)
from ledger.log.values import decimal_parts, parse_time

WEDNESDAY = days_of("2025-06")[3]
SUNDAY = days_of("2025-06")[7]


def drawn() -> Random:
    return Random("a park that nobody keeps secret")  # noqa: S311


def a_day(shape: Shape, day: Day = WEDNESDAY) -> list[int]:
    return hundredths(shape, 1e6, [day], drawn(), 3600)


def test_the_year_has_365_days_and_ends_where_the_next_begins() -> None:
    assert len(DAYS) == 365
    assert time_of(DAYS[0], 0) == "2025-01-01T00:00:00+08:00"
    assert time_of(DAYS[-1], 86_400) == "2026-01-01T00:00:00+08:00"
    assert parse_time(time_of(DAYS[-1], 86_400)) - parse_time(time_of(DAYS[0], 0)) == 365 * 86_400


def test_weekends_and_holidays_are_free() -> None:
    works = {day.name: day.works for day in DAYS}
    assert works["2025-06-04"]
    assert not works["2025-06-08"]  # a Sunday
    assert not works["2025-10-02"]  # a Thursday of the National Day's week


def test_a_data_centre_is_flat() -> None:
    hours = a_day(FLAT)
    assert max(hours) < 1.1 * min(hours)


def test_an_office_works_by_day_and_rests_on_sunday() -> None:
    hours = a_day(OFFICE)
    assert min(hours[9:17]) > 3 * max(hours[0:5])
    assert sum(a_day(OFFICE, SUNDAY)) < 0.5 * sum(hours)


def test_the_sun_does_not_shine_at_night_and_shines_longer_in_june() -> None:
    june, december = a_day(SUN), a_day(SUN, DAYS[354])
    assert june[:4] == [0] * 4
    assert june[21:] == [0] * 3
    assert june[12] > 0
    assert sum(q > 0 for q in june) > sum(q > 0 for q in december)


def test_lamps_burn_and_cars_charge_at_night() -> None:
    for shape in (LAMPS, NIGHT_CHARGE):
        hours = a_day(shape)
        assert hours[2] > 3 * hours[15]


def test_a_furnace_melts_in_batches() -> None:
    quarters = hundredths(FURNACE, 1e6, [WEDNESDAY], drawn(), 900)
    hour = quarters[40:44]
    assert len(quarters) == 96
    assert hour[3] < 0.3 * hour[0]


@pytest.mark.parametrize("shape", [FLAT, OFFICE, SUN, LAMPS, FURNACE, NIGHT_CHARGE])
@pytest.mark.parametrize("interval_s", [3600, 900])
def test_a_year_of_any_shape_adds_up_to_about_its_quantity(shape: Shape, interval_s: int) -> None:
    total = sum(hundredths(shape, 1e6, DAYS, drawn(), interval_s)) / 100
    assert total == pytest.approx(1e6, rel=0.05)


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (7, "0.07"), (50, "0.5"), (300, "3"), (12_345, "123.45")]
)
def test_hundredths_are_written_in_the_one_spelling(number: int, text: str) -> None:
    assert decimal_text(number) == text
    coefficient, scale = decimal_parts(text)
    assert coefficient * 100 == number * 10**scale

"""A stamp becomes an interval with an offset, or is refused; nothing is guessed."""

from __future__ import annotations

from datetime import datetime

import pytest

from ledger.client.importer.clock import Clock, parse_interval
from ledger.client.importer.mapfile import parse_map
from ledger.errors import BadFile, BadValue


def clock(
    *, marks: str = "end", zone: str = "Asia/Shanghai", interval: str = "PT15M", more: str = ""
) -> Clock:
    text = f"""
[time]
column = "date"
marks = "{marks}"
interval = "{interval}"
timezone = "{zone}"
{more}
[quantity]
column = "kWh"
unit = "kWh"
"""
    return Clock(parse_map(text), "UTC", None)


def ends(one: Clock, stamp: str | datetime) -> tuple[str, str]:
    period = one.stamped(stamp)
    return period.start, period.end


def test_a_stamp_ends_its_interval_or_starts_it():
    assert ends(clock(), "2018-01-01 00:15") == (
        "2018-01-01T00:00:00+08:00",
        "2018-01-01T00:15:00+08:00",
    )
    assert ends(clock(marks="start"), "2018-01-01 00:15") == (
        "2018-01-01T00:15:00+08:00",
        "2018-01-01T00:30:00+08:00",
    )


def test_midnight_as_written_is_the_start_of_its_day_and_belongs_to_the_day_before():
    period = clock().stamped("2018-01-01 00:00")
    assert period.end == "2018-01-01T00:00:00+08:00"
    assert period.day.isoformat() == "2017-12-31"


def test_midnight_may_stand_last_in_its_day():
    period = clock(more='midnight = "end-of-day"').stamped("2018-12-31 00:00")
    assert (period.start, period.end) == ("2018-12-31T23:45:00+08:00", "2019-01-01T00:00:00+08:00")
    assert period.day.isoformat() == "2018-12-31"


@pytest.mark.parametrize("midnight", ["as-written", "end-of-day"])
def test_24_00_is_the_end_of_its_day(midnight: str):
    one = clock(more=f'midnight = "{midnight}"\nformat = "%d.%m.%Y %H:%M"')
    if midnight == "as-written":
        assert one.stamped("31.12.2018 24:00").end == "2019-01-01T00:00:00+08:00"
    assert one.stamped("31.12.2018 23:45").end == "2018-12-31T23:45:00+08:00"


@pytest.mark.parametrize(
    ("stamp", "reason"),
    [
        ("2026-03-29 02:00", "does not exist"),
        ("2026-03-29 02:45", "does not exist"),
        ("2026-10-25 02:00", "exists twice"),
        ("2026-10-25 02:45", "exists twice"),
    ],
)
def test_local_times_without_one_meaning_are_refused(stamp: str, reason: str):
    with pytest.raises(BadValue, match=f"{reason} in Europe/Berlin"):
        clock(zone="Europe/Berlin").stamped(stamp)


def test_intervals_beside_the_change_of_the_clock_have_the_right_length_and_offsets():
    berlin = clock(zone="Europe/Berlin")
    assert ends(berlin, "2026-03-29 03:00") == (
        "2026-03-29T01:45:00+01:00",
        "2026-03-29T03:00:00+02:00",
    )
    assert ends(berlin, "2026-10-25 03:00") == (
        "2026-10-25T02:45:00+01:00",
        "2026-10-25T03:00:00+01:00",
    )
    for stamp in ("2026-03-29 03:00", "2026-10-25 03:00"):
        period = berlin.stamped(stamp)
        assert period.end_s - period.start_s == 900


def test_a_stamp_with_its_own_offset_is_taken_as_it_is():
    berlin = clock(zone="Europe/Berlin")
    assert ends(berlin, "2026-10-25T02:30:00+02:00") == (
        "2026-10-25T02:15:00+02:00",
        "2026-10-25T02:30:00+02:00",
    )
    assert ends(berlin, "2026-10-25T00:30:00Z") == ("2026-10-25T00:15:00Z", "2026-10-25T00:30:00Z")
    named = clock(zone="Europe/Berlin", more='format = "%d.%m.%Y %H:%M %z"')
    assert named.stamped("25.10.2026 02:30 +0100").end == "2026-10-25T02:30:00+01:00"


def test_a_meter_that_keeps_one_time_all_year_has_a_fixed_offset():
    one = clock(zone="+01:00")
    assert one.stamped("2026-03-29 02:30").end == "2026-03-29T02:30:00+01:00"
    assert one.stamped("2026-10-25 02:30").end == "2026-10-25T02:30:00+01:00"
    assert clock(zone="UTC").stamped("2026-01-01 00:15").end == "2026-01-01T00:15:00Z"


def test_a_day_of_the_calendar_has_23_or_25_hours_when_the_clock_changes():
    days = clock(zone="Europe/Berlin", interval="P1D", marks="start")
    assert ends(days, "2026-03-29 00:00") == (
        "2026-03-29T00:00:00+01:00",
        "2026-03-30T00:00:00+02:00",
    )
    months = clock(zone="Europe/Berlin", interval="P1M", marks="start")
    assert ends(months, "2026-03-01 00:00") == (
        "2026-03-01T00:00:00+01:00",
        "2026-04-01T00:00:00+02:00",
    )
    with pytest.raises(BadValue, match="no such day"):
        months.stamped("2026-01-31 00:00")


def test_a_native_date_of_a_workbook_is_rounded_to_the_second_that_it_means():
    stamp = datetime(2018, 1, 1, 0, 14, 59, 999_990)  # noqa: DTZ001
    assert clock().stamped(stamp).end == "2018-01-01T00:15:00+08:00"
    with pytest.raises(BadValue, match="fraction"):
        clock().stamped(datetime(2018, 1, 1, 0, 14, 59, 500_000))  # noqa: DTZ001


@pytest.mark.parametrize(
    "stamp", ["", "01/02/2018", "2018-13-01 00:00", "2018-01-01 00:15:00.5", "2018-01-01 25:00"]
)
def test_what_is_no_time_is_refused(stamp: str):
    with pytest.raises(BadValue):
        clock().stamped(stamp)


@pytest.mark.parametrize("offset", ["+14:15", "-15:00", "+01:00:30"])
def test_an_offset_out_of_range_is_refused(offset: str):
    with pytest.raises(BadValue, match="offset"):
        clock().stamped(f"2018-01-01T00:15:00{offset}")


@pytest.mark.parametrize("text", ["15M", "PT", "PT0M", "P", "PT-15M", "P1D12H", "PT1.5H", "P1DT1H"])
def test_what_is_no_interval_is_refused(text: str):
    with pytest.raises(BadValue):
        parse_interval(text)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"zone": "Mars/Olympus"}, "not a time zone"),
        ({"zone": "+25:00"}, "not a time zone"),
        ({"interval": "15 minutes"}, "not an interval"),
        ({"more": 'format = "%H:%M"'}, "a format with a year"),
        ({"more": 'format = "%d/%m/%Y %H:%M %Z"'}, "offsets as %z"),
    ],
)
def test_a_clock_that_cannot_be_is_a_matter_of_the_map(change: dict[str, str], message: str):
    with pytest.raises(BadFile, match=message):
        clock(**change)


PERIODS = """
[period]
start = "from"
end = "to"
format = "%d.%m.%Y"
[quantity]
column = "kWh"
unit = "kWh"
"""


def test_a_bill_that_names_its_last_day_ends_with_that_day():
    text = PERIODS.replace("[quantity]", 'end_day = "included"\n[quantity]')
    period = Clock(parse_map(text), "Europe/Berlin", None).between("01.03.2026", "31.03.2026")
    assert (period.start, period.end) == ("2026-03-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00")


def test_a_period_that_ends_before_it_starts_is_refused():
    one = Clock(parse_map(PERIODS), "Europe/Berlin", None)
    with pytest.raises(BadValue, match="ends before it starts"):
        one.between("31.03.2026", "01.03.2026")
    with pytest.raises(BadValue, match="ends before it starts"):
        one.between("31.03.2026", "31.03.2026")

"""Months of rule pack 1 in their time zones. Oracle: the time zone database itself.

Source: formats, section 13; accounting rules, section 1.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from ledger.carbon import rulepack
from ledger.errors import BadValue
from tests.oracles import make_pack

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from ledger.carbon.rulepack import RulePack


@pytest.fixture(scope="module")
def pack() -> RulePack:
    return rulepack.load("1")


def test_every_zone_begins_with_the_first_month_and_changes_where_it_says(pack: RulePack) -> None:
    assert (pack.first_month, pack.last_month) == ("2000-01", "2049-12")
    for zone in pack.zones.values():
        assert zone.months[0] == "2000-01"
        assert list(zone.months) == sorted(set(zone.months))
        assert len(zone.months) == len(zone.offsets_s)
        assert all(a != b for a, b in zip(zone.offsets_s, zone.offsets_s[1:], strict=False))


def test_the_calendar_has_six_hundred_months(pack: RulePack) -> None:
    for name in ("UTC", "Asia/Shanghai", "America/St_Johns"):
        calendar = pack.calendar(name)
        assert len(calendar.months) == len(calendar.starts_s) == 600
        assert (calendar.months[0], calendar.months[-1]) == ("2000-01", "2049-12")
        assert list(calendar.starts_s) == sorted(calendar.starts_s)


@pytest.mark.parametrize(
    ("zone", "month", "start"),
    [
        ("UTC", "2000-01", "2000-01-01T00:00:00Z"),
        ("Asia/Shanghai", "2018-01", "2017-12-31T16:00:00Z"),
        ("Asia/Kathmandu", "2026-11", "2026-10-31T18:15:00Z"),
        ("Europe/Berlin", "2026-03", "2026-02-28T23:00:00Z"),
        ("Europe/Berlin", "2026-04", "2026-03-31T22:00:00Z"),
        ("America/New_York", "2024-11", "2024-11-01T04:00:00Z"),
        ("America/New_York", "2024-12", "2024-12-01T05:00:00Z"),
        # no midnight: clocks went from 23:59:59 to 01:00
        ("Asia/Damascus", "2011-04", "2011-03-31T22:00:00Z"),
        ("America/Asuncion", "2023-10", "2023-10-01T04:00:00Z"),
        # two midnights: clocks went back from 01:00 to 00:00
        ("America/Havana", "2020-11", "2020-11-01T04:00:00Z"),
        # two midnights: clocks went back from 00:01 to 23:01 of the day before
        ("America/St_Johns", "2009-11", "2009-11-01T02:30:00Z"),
        # 30 December 2011 did not exist there
        ("Pacific/Apia", "2012-01", "2011-12-31T10:00:00Z"),
    ],
)
def test_a_month_starts_where_its_first_day_starts(
    pack: RulePack, zone: str, month: str, start: str
) -> None:
    calendar = pack.calendar(zone)
    at_s = int(datetime.fromisoformat(start).timestamp())
    assert calendar.starts_s[calendar.months.index(month)] == at_s
    assert calendar.month_of(at_s) == month
    if month != "2000-01":
        assert calendar.month_of(at_s - 1) < month


@pytest.mark.parametrize(
    "zone",
    [
        "Africa/Cairo",
        "America/Asuncion",
        "America/Havana",
        "America/New_York",
        "America/Sao_Paulo",
        "America/St_Johns",
        "Asia/Damascus",
        "Asia/Kathmandu",
        "Asia/Shanghai",
        "Asia/Tehran",
        "Australia/Lord_Howe",
        "Europe/Berlin",
        "Europe/London",
        "Pacific/Apia",
        "Pacific/Chatham",
    ],
)
def test_months_start_at_the_first_instant_of_their_first_day(pack: RulePack, zone: str) -> None:
    calendar = pack.calendar(zone)
    known = make_pack.time_zone(zone)
    for month, start_s in zip(calendar.months, calendar.starts_s, strict=True):
        if _is_settled(pack, month):
            assert _local_date(known, start_s) == f"{month}-01", month
            # three hours back, further than any clock change, in steps that all changes fit
            for before_s in range(start_s - 10_800, start_s, 900):
                assert _local_date(known, before_s) < f"{month}-01", month
            assert _local_date(known, start_s - 1) < f"{month}-01", month


def test_the_last_month_ends_where_the_next_would_start(pack: RulePack) -> None:
    for name in pack.zones:
        end = datetime.fromtimestamp(pack.calendar(name).end_s, make_pack.time_zone(name))
        assert end.isoformat().startswith("2050-01-01T00:00:00"), name


def test_the_zone_of_every_place_is_there(pack: RulePack) -> None:
    assert {"Asia/Shanghai", "Asia/Urumqi", "Europe/Amsterdam", "UTC"} <= set(pack.zones)
    assert len(pack.zones) > 400


def test_a_time_outside_the_calendar_is_refused(pack: RulePack) -> None:
    calendar = pack.calendar("Asia/Shanghai")
    assert calendar.month_of(calendar.end_s - 1) == "2049-12"
    for at_s in (calendar.starts_s[0] - 1, calendar.end_s):
        with pytest.raises(BadValue, match="time outside the calendar"):
            calendar.position(at_s)


def test_an_unknown_time_zone_is_refused(pack: RulePack) -> None:
    with pytest.raises(BadValue, match="unknown time zone"):
        pack.calendar("Asia/Beijing")


def _is_settled(pack: RulePack, month: str) -> bool:
    """Past, or from the release that made the pack: later releases may know a later law."""
    return month < "2026" or pack.zone_source.title == make_pack.installed()


def _local_date(zone: ZoneInfo, at_s: int) -> str:
    return datetime.fromtimestamp(at_s, zone).date().isoformat()

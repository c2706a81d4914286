"""A file's readings stand in the ledger once each, as load profiles, however the file comes."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.carbon.events import ActivityRecorded, ProfileRecorded
from ledger.client.importer.items import MAX_GAP
from ledger.client.importer.mapfile import parse_map
from ledger.client.importer.run import ImportResult, Tolerate, import_file
from ledger.client.outbox import Outbox
from ledger.client.writer import Writer
from ledger.log.values import parse_time
from tests.unit.client.memory import DIESEL, STEEL, STREAM, MemoryConnection

SINGLE = """
[time]
column = "date"
format = "%Y-%m-%d %H:%M"
marks = "start"
interval = "PT15M"
[quantity]
column = "kWh"
unit = "kWh"
"""
PROFILE = SINGLE + '[batch]\nform = "profile"\n'
MONTHS = PROFILE + '[profile]\nby = "month"\n'
MARCH_S = 1_519_833_600
"""2018-03-01 00:00 in Shanghai."""


def row(quarter: int, quantity: str | None = None) -> str:
    """The row of a quarter-hour, counted from the first of March; its quantity tells which it is."""
    day, rest = divmod(quarter, 96)
    hour, part = divmod(rest, 4)
    return f"2018-03-{day + 1:02d} {hour:02d}:{part * 15:02d},{quantity or f'{quarter}.5'}"


def table(*rows: str, header: str = "date,kWh") -> str:
    return "\n".join([header, *rows]) + "\n"


def run(
    connection: MemoryConnection,
    home: Path,
    text: str,
    mapping: str = PROFILE,
    *,
    stream: str = STREAM,
    dry_run: bool = False,
    tolerate: Tolerate = "few",
) -> ImportResult:
    path = home.parent / "meter.csv"
    path.write_text(text)
    return asyncio.run(
        import_file(
            connection,
            Writer(connection, STEEL, "steelworks", Outbox(home)),
            stream,
            path,
            parse_map(mapping),
            dry_run=dry_run,
            tolerate=tolerate,
        )
    )


def lose_journal(home: Path) -> None:
    for path in home.glob("imports.sqlite*"):
        path.unlink()


def profiles(connection: MemoryConnection, stream: str = STREAM) -> list[ProfileRecorded]:
    found = connection.events(stream)
    assert all(isinstance(event, ProfileRecorded) for event in found)
    return found  # type: ignore[return-value]


def readings(connection: MemoryConnection) -> dict[int, str]:
    """Every reading of the meter by its quarter-hour, whatever carried it; none twice."""
    found: dict[int, str] = {}
    for event in connection.events(STREAM):
        if isinstance(event, ActivityRecorded):
            given = [(parse_time(event.period[0]), event.quantity)]
        else:
            assert isinstance(event, ProfileRecorded)
            start_s = parse_time(event.start)
            given = [
                (start_s + at * event.interval_s, quantity)
                for at, quantity in enumerate(event.quantities)
                if quantity is not None
            ]
        for start_s, quantity in given:
            quarter, rest = divmod(start_s - MARCH_S, 900)
            assert rest == 0
            assert quarter not in found
            found[quarter] = quantity
    return found


def expected(*quarters: int) -> dict[int, str]:
    return {quarter: f"{quarter}.5" for quarter in quarters}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


# --- which readings are one profile ------------------------------------------------------------


def test_a_profile_is_a_local_day_and_a_batch_a_month(home: Path):
    connection = MemoryConnection()
    result = run(connection, home, table(*map(row, range(3 * 96))))
    assert (result.readings_posted, result.events_posted, result.batches) == (288, 3, 1)
    assert [one.start for one in profiles(connection)] == [
        f"2018-03-0{day}T00:00:00+08:00" for day in (1, 2, 3)
    ]
    assert {len(one.quantities) for one in profiles(connection)} == {96}


def test_a_missing_row_is_a_gap(home: Path):
    connection = MemoryConnection()
    run(connection, home, table(row(0), row(3), row(4)))
    assert profiles(connection)[0].quantities == ("0.5", None, None, "3.5", "4.5")


def test_after_a_long_gap_a_new_profile_begins(home: Path):
    connection = MemoryConnection()
    run(connection, home, table(row(0), row(MAX_GAP + 1), row(2 * MAX_GAP + 3)), MONTHS)
    first, second = profiles(connection)
    assert len(first.quantities) == MAX_GAP + 2
    assert (second.start, second.quantities) == ("2018-03-03T00:45:00+08:00", ("195.5",))


def test_rows_may_stand_in_any_order(home: Path):
    connection = MemoryConnection()
    quarters = range(2 * 96)
    result = run(connection, home, table(*map(row, reversed(quarters))))
    assert (result.refused_count, result.events_posted) == (0, 2)
    assert readings(connection) == expected(*quarters)
    assert [one.start[:10] for one in profiles(connection)] == ["2018-03-02", "2018-03-01"]


def test_a_refused_row_becomes_a_gap_and_is_named(home: Path):
    connection = MemoryConnection()
    result = run(connection, home, table(*(row(at, "-1" if at == 5 else None) for at in range(8))))
    assert [(one.line, one.column) for one in result.refused] == [(7, "kWh")]
    assert profiles(connection)[0].quantities[4:7] == ("4.5", None, "6.5")


def test_a_time_that_stands_twice_is_refused_by_line(home: Path):
    connection = MemoryConnection()
    result = run(connection, home, table(*map(row, range(8)), row(3, "77")))
    assert [(one.line, one.what) for one in result.refused] == [
        (10, "an earlier row has a reading for this time")
    ]
    assert readings(connection) == expected(*range(8))


def test_nothing_is_posted_where_no_refused_row_may_be_left_out(home: Path):
    connection = MemoryConnection()
    text = table(*map(row, range(8)), row(3, "77"))
    assert run(connection, home, text, tolerate="none").refused_count == 1
    assert readings(connection) == {}


def test_estimates_keep_their_positions_behind_gaps(home: Path):
    connection = MemoryConnection()
    mapping = PROFILE + '[estimated]\ncolumn = "flag"\nvalues = ["E"]\n'
    rows = [row(0) + ",", row(2) + ",E", row(3) + ",", row(5) + ",E"]
    run(connection, home, table(*rows, header="date,kWh,flag"), mapping)
    assert profiles(connection)[0].estimated == (2, 5)


def test_an_unusual_quantity_needs_a_reason_in_a_profile_too(home: Path):
    connection = MemoryConnection()
    text = table(*map(row, range(8)), row(8, "1001"))
    assert [one.line for one in run(connection, home, text).refused] == [10]
    confirmed = PROFILE + '[confirm]\nreason = "furnace on trial"\n'
    result = run(connection, home, text, confirmed)
    assert (result.readings_posted, result.readings_skipped) == (1, 8)
    assert [one.confirm for one in profiles(connection)] == [None, "furnace on trial"]


def test_a_period_of_two_columns_gives_profiles_of_equal_steps(home: Path):
    connection = MemoryConnection()
    mapping = """
[period]
start = "from"
end = "to"
[quantity]
column = "kWh"
unit = "kWh"
[batch]
form = "profile"
"""
    rows = ["2018-03-01T00:00,2018-03-01T00:15,1", "2018-03-01T00:15,2018-03-01T00:30,2"]
    rows += ["2018-03-01T00:30,2018-03-01T01:30,3"]
    run(connection, home, table(*rows, header="from,to,kWh"), mapping)
    assert [(one.interval_s, one.quantities) for one in profiles(connection)] == [
        (900, ("1", "2")),
        (3600, ("3",)),
    ]


@pytest.mark.parametrize(("day", "hours"), [("2018-03-25", 23), ("2018-10-28", 25)])
def test_a_day_on_which_clocks_change_has_all_of_its_hours(home: Path, day: str, hours: int):
    connection = MemoryConnection("Europe/Berlin")
    mapping = PROFILE.replace("%H:%M", "%H:%M%z")
    midnight_s = parse_time(f"{day}T00:00:00{'+02:00' if hours == 25 else '+01:00'}")
    zone = ZoneInfo("Europe/Berlin")
    stamps = [
        datetime.fromtimestamp(midnight_s + at * 900, zone).strftime("%Y-%m-%d %H:%M%z")
        for at in range(hours * 4)
    ]
    assert {stamp[:10] for stamp in stamps} == {day}
    result = run(connection, home, table(*(f"{stamp},1" for stamp in stamps)), mapping)
    assert (result.refused_count, result.events_posted) == (0, 1)
    assert profiles(connection)[0].quantities == ("1",) * hours * 4


def test_local_times_that_exist_twice_are_refused_and_become_a_gap(home: Path):
    connection = MemoryConnection("Europe/Berlin")
    rows = [f"2018-10-28 {hour:02d}:{part:02d},1" for hour in range(24) for part in (0, 15, 30, 45)]
    result = run(connection, home, table(*rows))
    assert [one.line for one in result.refused] == [10, 11, 12, 13]
    quantities = profiles(connection)[0].quantities
    assert len(quantities) == 100
    assert [at for at, quantity in enumerate(quantities) if quantity is None] == [*range(8, 16)]


def test_quantities_of_many_digits_never_make_a_line_too_long(home: Path):
    connection = MemoryConnection()
    long = "123.123456789012"
    run(connection, home, table(*(row(at, f"{long[:-4]}{at:04d}") for at in range(2880))), MONTHS)
    assert [one.start[:10] for one in profiles(connection)] == ["2018-03-01"]
    other = MemoryConnection()
    wide = "999999999999999999.123456789012"
    loose = MONTHS + '[confirm]\nreason = "a test of length"\n'
    result = run(other, home.parent / "other", table(*(row(at, wide) for at in range(2880))), loose)
    assert (result.readings_posted, result.events_posted, result.refused_count) == (2880, 2, 0)


def test_readings_without_a_quantity_are_gaps_where_the_map_skips_them(home: Path):
    connection = MemoryConnection()
    mapping = PROFILE.replace('unit = "kWh"', 'unit = "kWh"\nempty = "skip"')
    result = run(connection, home, table(row(0), row(1).partition(",")[0] + ",", row(2)), mapping)
    assert result.refused_count == 0
    assert profiles(connection)[0].quantities == ("0.5", None, "2.5")


# --- nothing twice -----------------------------------------------------------------------------


def test_the_same_file_again_posts_nothing(home: Path):
    connection = MemoryConnection()
    text = table(*map(row, range(2 * 96)))
    run(connection, home, text)
    again = run(connection, home, text)
    assert (again.events_posted, again.skipped, again.readings_skipped) == (0, 2, 192)
    lose_journal(home)
    again = run(connection, home, text)
    assert (again.events_posted, again.skipped, again.readings_skipped) == (0, 2, 192)


def test_a_day_that_has_grown_posts_its_new_readings_alone(home: Path):
    connection = MemoryConnection()
    run(connection, home, table(*map(row, range(40))))
    dry = run(connection, home, table(*map(row, range(96))), dry_run=True)
    assert (dry.skipped, dry.readings_skipped) == (0, 40)
    grown = run(connection, home, table(*map(row, range(96))))
    assert (grown.readings_posted, grown.events_posted, grown.readings_skipped) == (56, 1, 40)
    assert readings(connection) == expected(*range(96))
    again = run(connection, home, table(*map(row, range(96))))
    assert (again.events_posted, again.skipped) == (0, 1)


def test_a_mended_row_fills_its_gap_with_the_next_run(home: Path):
    connection = MemoryConnection()
    run(connection, home, table(*(row(at, "?" if at in {5, 6, 9} else None) for at in range(12))))
    mended = run(connection, home, table(*map(row, range(12))))
    assert (mended.readings_posted, mended.readings_skipped, mended.refused_count) == (3, 9, 0)
    assert profiles(connection)[1].quantities == ("5.5", "6.5", None, None, "9.5")
    assert readings(connection) == expected(*range(12))


def test_a_grown_file_after_a_lost_journal_posts_its_new_readings_alone(home: Path):
    connection = MemoryConnection()
    run(connection, home, table(*map(row, range(3 * 96 - 50))))
    lose_journal(home)
    grown = run(connection, home, table(*map(row, range(4 * 96))))
    assert (grown.readings_posted, grown.readings_skipped) == (96 + 50, 3 * 96 - 50)
    assert readings(connection) == expected(*range(4 * 96))


def test_readings_posted_one_by_one_are_known_when_they_come_in_profiles(home: Path):
    connection = MemoryConnection()
    run(connection, home, table(*map(row, range(100))), SINGLE)
    result = run(connection, home, table(*map(row, range(200))))
    assert (result.readings_posted, result.readings_skipped, result.refused_count) == (100, 100, 0)
    assert readings(connection) == expected(*range(200))


def test_readings_posted_in_profiles_are_known_when_they_come_one_by_one(home: Path):
    connection = MemoryConnection()
    run(connection, home, table(*map(row, range(100))))
    result = run(connection, home, table(*map(row, range(200))), SINGLE)
    assert (result.readings_posted, result.readings_skipped, result.refused_count) == (100, 100, 0)
    assert readings(connection) == expected(*range(200))


def test_another_reading_for_a_covered_time_is_refused_by_line_and_the_others_are_posted(
    home: Path,
):
    connection = MemoryConnection()
    run(connection, home, table(*map(row, range(96, 110))))
    rows = [row(at, "7.25" if at in {100, 104} else None) for at in range(200)]
    result = run(connection, home, table(*rows))
    assert [one.line for one in result.refused] == [102, 106]
    assert all("Correct or withdraw" in one.advice for one in result.refused)
    assert result.readings_skipped == 12
    assert readings(connection) == expected(*range(200))


def test_what_another_home_has_posted_is_refused_by_line_where_it_differs(home: Path):
    connection = MemoryConnection()
    run(connection, home, table(row(5, "9"), row(40, "9")))
    elsewhere = home.parent / "elsewhere"
    result = run(connection, elsewhere, table(*map(row, range(96))))
    assert sorted(one.line for one in result.refused) == [7, 42]
    assert readings(connection) == {**expected(*range(96)), 5: "9", 40: "9"}


def test_receipts_in_profiles_are_told_apart_by_file_and_line(home: Path):
    connection = MemoryConnection()
    text = table(row(0), row(1), row(1), row(2))
    assert run(connection, home, text, stream=DIESEL).readings_posted == 4
    assert run(connection, home, text, stream=DIESEL).readings_skipped == 4
    assert [one.quantities for one in profiles(connection, DIESEL)] == [
        ("0.5", "1.5"),
        ("1.5", "2.5"),
    ]


quarters = st.integers(0, 400)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.sets(quarters, min_size=1, max_size=30), st.booleans(), st.booleans()),
        min_size=1,
        max_size=4,
    ),
    st.randoms(use_true_random=False),
)
def test_any_files_in_any_form_and_order_post_each_reading_once(
    tmp_path_factory: pytest.TempPathFactory,
    files: list[tuple[set[int], bool, bool]],
    random: Random,
):
    home = tmp_path_factory.mktemp("any") / "home"
    connection = MemoryConnection()
    wanted: set[int] = set()
    for rows, as_profile, loses in files:
        order = sorted(rows)
        random.shuffle(order)
        mapping = PROFILE if as_profile else SINGLE
        result = run(connection, home, table(*map(row, order)), mapping)
        assert result.refused_count == 0
        assert result.readings_posted == len(rows - wanted)
        assert result.readings_skipped == len(rows & wanted)
        wanted |= rows
        if loses:
            lose_journal(home)
    assert readings(connection) == expected(*wanted)

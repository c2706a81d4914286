"""A file's readings stand in the ledger once each, whatever happened before."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import openpyxl
import pytest

from ledger.carbon.events import ActivityRecorded, ProfileRecorded
from ledger.carbon.info import Posted
from ledger.client.importer.journal import Journal
from ledger.client.importer.mapfile import parse_map
from ledger.client.importer.run import ImportResult, Tolerate, import_file
from ledger.client.outbox import Outbox
from ledger.client.writer import Writer
from ledger.errors import (
    BadFile,
    Conflict,
    LedgerError,
    NotFound,
    OtherHistory,
    Overloaded,
    ProofFailed,
    RuleBroken,
    Unavailable,
)
from tests.unit.client.memory import DIESEL, STEEL, STREAM, MemoryConnection

MAP = """
[time]
column = "date"
format = "%Y-%m-%d %H:%M"
marks = "end"
interval = "PT15M"
[quantity]
column = "kWh"
unit = "kWh"
"""
PROFILE = MAP + '[batch]\nform = "profile"\n'
RECEIPTS = """
[period]
start = "from"
end = "to"
[quantity]
column = "kWh"
unit = "kWh"
"""


class Crash(BaseException):
    """The process is gone: nothing after this line runs."""


def meter(days: int, *, first_day: int = 1, hours: int = 2) -> str:
    """Quarter-hours of the first hours of some days in March 2018."""
    rows = [
        f"2018-03-{day:02d} {quarter // 4:02d}:{quarter % 4 * 15:02d},{quarter}.5"
        for day in range(first_day, first_day + days)
        for quarter in range(1, hours * 4 + 1)
    ]
    return "\n".join(["date,kWh", *rows]) + "\n"


def run(
    connection: MemoryConnection,
    home: Path,
    text: str,
    mapping: str = MAP,
    *,
    stream: str = STREAM,
    dry_run: bool = False,
    tolerate: Tolerate = "few",
    progress: Callable[[int, int, int], None] | None = None,
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
            progress=progress,
        )
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def quantities(connection: MemoryConnection, stream: str = STREAM) -> list[str | None]:
    found: list[str | None] = []
    for event in connection.events(stream):
        if isinstance(event, ProfileRecorded):
            found += event.quantities
        else:
            assert isinstance(event, ActivityRecorded)
            found.append(event.quantity)
    return found


def test_a_file_is_posted_in_one_batch_for_each_local_day(home: Path):
    connection = MemoryConnection()
    result = run(connection, home, meter(3))
    assert (result.rows, result.readings, result.events_posted) == (24, 24, 24)
    assert (result.batches, result.first_index, result.last_index) == (3, 4, 6)
    assert result.checkpoint_size == 7
    assert result.quantity == "120"
    assert result.ok


def test_a_dry_run_posts_nothing_and_tells_the_same(home: Path):
    connection = MemoryConnection()
    result = run(connection, home, meter(3), dry_run=True)
    assert (result.readings, result.quantity, result.events_posted) == (24, "120", 0)
    assert connection.posts == 0
    assert result.dry_run


def test_the_same_file_again_posts_nothing(home: Path):
    connection = MemoryConnection()
    run(connection, home, meter(3))
    again = run(connection, home, meter(3))
    assert (again.events_posted, again.skipped, again.batches) == (0, 24, 0)
    assert run(connection, home, meter(3), dry_run=True).skipped == 24


def test_a_file_that_has_grown_posts_what_is_new(home: Path):
    connection = MemoryConnection()
    run(connection, home, meter(1, hours=1))
    grown = run(connection, home, meter(2))
    assert (grown.events_posted, grown.skipped) == (12, 4)
    assert len(connection.events(STREAM)) == 16


def test_a_refused_row_is_named_and_the_others_are_posted(home: Path):
    connection = MemoryConnection()
    result = run(connection, home, meter(1).replace("01:00,4.5", "01:00,n/a"))
    [refused] = result.refused
    assert (refused.line, refused.column, refused.found) == (5, "kWh", "'n/a'")
    assert (result.events_posted, result.refused_count, result.ok) == (7, 1, False)
    mended = run(connection, home, meter(1))
    assert (mended.events_posted, mended.skipped) == (1, 7)


def test_a_file_of_which_much_is_refused_is_not_posted_at_all(home: Path):
    """A wrong map must not post the part of a file that happens to fit it."""
    connection = MemoryConnection()
    text = meter(1).replace("5\n", "n/a\n", 4)
    result = run(connection, home, text)
    assert result.refused_count > result.rows // 4
    assert (result.events_posted, connection.posts, result.ok) == (0, 0, False)
    assert run(connection, home, text, tolerate="any").events_posted == 8 - result.refused_count


def test_a_caller_may_want_all_rows_or_none(home: Path):
    connection = MemoryConnection()
    result = run(connection, home, meter(1).replace("01:00,4.5", "01:00,n/a"), tolerate="none")
    assert (result.refused_count, result.events_posted, connection.posts) == (1, 0, 0)


def test_a_row_that_stands_twice_is_refused_by_line(home: Path):
    text = meter(1) + "2018-03-01 01:00,4.5\n"
    [refused] = run(MemoryConnection(), home, text).refused
    assert refused.line == 10
    assert "an earlier row" in refused.what


def test_a_quantity_that_is_not_plausible_is_refused_by_line_before_anything_is_posted(home: Path):
    connection = MemoryConnection()
    text = meter(1).replace("01:00,4.5", "01:00,1000.1")
    [refused] = run(connection, home, text, tolerate="none").refused
    assert (refused.line, refused.expected, refused.found) == (5, "0 to 1000 kWh", "1000.1 kWh")
    reason = MAP + '[confirm]\nreason = "new furnace"\n'
    assert run(connection, home, text, reason).ok
    confirms = [e.confirm for e in connection.events(STREAM)]  # type: ignore[attr-defined]
    assert confirms == [None] * 3 + ["new furnace"] + [None] * 4


def test_what_another_home_has_posted_is_found_there_and_is_no_error(home: Path, tmp_path: Path):
    connection = MemoryConnection()
    (tmp_path / "other").mkdir()
    run(connection, tmp_path / "other" / "home", meter(1))
    result = run(connection, home, meter(2))
    assert (result.events_posted, result.skipped) == (8, 8)


def test_the_journal_may_be_lost(home: Path):
    connection = MemoryConnection()
    run(connection, home, meter(2))
    for path in home.glob("imports.sqlite*"):
        path.unlink()
    result = run(connection, home, meter(3))
    assert (result.events_posted, result.skipped) == (8, 16)
    assert len(connection.events(STREAM)) == 24


def test_a_ledger_that_lost_what_it_acknowledged_is_not_believed(home: Path):
    """It was rolled back with all that belongs to it: only the company still knows."""
    run(MemoryConnection(), home, meter(1))
    for path in home.glob("checkpoint*"):
        path.unlink()
    with pytest.raises(OtherHistory, match="lost events") as lost:
        run(MemoryConnection(), home, meter(1))
    assert "Keep the receipts" in lost.value.advice


def test_only_what_is_wanted_is_read_back(home: Path, tmp_path: Path):
    class Counting(MemoryConnection):
        async def bundle(self, event: str) -> bytes:
            asked.append(event)
            return await super().bundle(event)

        async def stream_page(self, stream: str, version: int) -> bytes:
            asked.append(f"from {version}")
            return await super().stream_page(stream, version)

    asked: list[str] = []
    connection = Counting()
    (tmp_path / "other").mkdir()
    run(connection, tmp_path / "other" / "home", meter(31, hours=12))
    result = run(connection, home, meter(1, first_day=30, hours=12))
    assert (result.events_posted, result.skipped) == (0, 48)
    assert len(asked) < 30 < len(connection.events(STREAM))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"quantity":"2.5"', b'"quantity":"2.6"'),
        (b'"quantity":"2.5"', b'"quantity":"2.50"'),
        (b"\n", b""),
        (b"2018-03-01T00:00:00", b"2018-03-01T00:00:01"),
    ],
)
def test_a_page_that_is_not_what_the_log_holds_is_not_believed(home: Path, old: bytes, new: bytes):
    class Lying(MemoryConnection):
        async def stream_page(self, stream: str, version: int) -> bytes:
            return (await super().stream_page(stream, version)).replace(old, new)

    connection = Lying()
    run(connection, home, meter(3))
    for path in home.glob("imports.sqlite*"):
        path.unlink()
    with pytest.raises(LedgerError):
        run(connection, home, meter(3))


def test_a_page_of_a_chain_of_its_own_is_not_believed(home: Path):
    """Each entry of it holds and follows the one before; but the log has another one."""
    forged = MemoryConnection()
    other = home.parent / "other" / "home"
    other.parent.mkdir()
    run(forged, other, meter(3).replace("01:00,4.5", "01:00,4.6"))

    class Forging(MemoryConnection):
        async def stream_page(self, stream: str, version: int) -> bytes:
            return await forged.stream_page(stream, version)

    connection = Forging()
    run(connection, home, meter(3))
    for path in home.glob("imports.sqlite*"):
        path.unlink()
    with pytest.raises(ProofFailed, match="not those in the log"):
        run(connection, home, meter(3))


def test_a_page_of_another_place_of_the_stream_is_not_believed(home: Path):
    class Elsewhere(MemoryConnection):
        async def stream_page(self, stream: str, version: int) -> bytes:
            return await super().stream_page(stream, max(17, version))

    connection = Elsewhere()
    run(connection, home, meter(3))
    for path in home.glob("imports.sqlite*"):
        path.unlink()
    with pytest.raises(ProofFailed, match="what was asked for"):
        run(connection, home, meter(3))


def test_a_damaged_journal_says_what_to_do(home: Path):
    home.mkdir()
    (home / "imports.sqlite").write_bytes(b"not a database at all, but long enough to look at")
    with pytest.raises(BadFile, match="Move it away"):
        run(MemoryConnection(), home, meter(1))


def test_another_reading_for_a_time_that_is_taken_is_an_error_with_its_line(home: Path):
    connection = MemoryConnection()
    run(connection, home, meter(1))
    with pytest.raises(Conflict, match=r"meter\.csv, line 5: .*Correct or withdraw"):
        run(connection, home, meter(1).replace("01:00,4.5", "01:00,4.6"), tolerate="none")
    result = run(connection, home, meter(2).replace("03-01 01:00,4.5", "03-01 01:00,4.6"))
    assert (result.events_posted, result.skipped) == (8, 7)
    assert [refused.line for refused in result.refused] == [5]


def test_an_import_stops_where_the_ledger_cannot_be_reached_and_goes_on_from_there(home: Path):
    connection = MemoryConnection()

    def cut_the_line(done: int, total: int, rows: int) -> None:
        if len(connection.entries) == 6:
            connection.dies_after = Unavailable("the line is dead")

    connection.dies_after = Unavailable("the line is dead")
    with pytest.raises(Unavailable):
        run(connection, home, meter(3), progress=cut_the_line)
    connection.dies_after = None
    result = run(connection, home, meter(3))
    assert (result.events_posted, result.skipped) == (16, 8)
    assert len(connection.events(STREAM)) == 24


@pytest.fixture
def crash_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let the nth step of disk, journal or ledger be the last one of this process."""
    places: list[tuple[object, str]] = [
        (os, "fsync"),
        (Path, "replace"),
        (Path, "unlink"),
        (Journal, "intend"),
        (Journal, "confirm"),
        (MemoryConnection, "_posted"),
    ]
    originals = [(place, name, getattr(place, name)) for place, name in places]

    def arm(step: int) -> None:
        steps = iter(range(1, 10_000))

        def counted(call: Callable[..., object]) -> Callable[..., object]:
            def step_or_crash(*arguments: object, **named: object) -> object:
                if next(steps) == step:
                    raise Crash
                result = call(*arguments, **named)
                if next(steps) == step:
                    raise Crash
                return result

            return step_or_crash

        for place, name, call in originals:
            monkeypatch.setattr(place, name, counted(call))

    return arm


@pytest.mark.parametrize(
    ("stream", "mapping"),
    [(STREAM, MAP), (DIESEL, MAP), (STREAM, PROFILE + 'by = "day"\n')],
    ids=["readings", "receipts", "profiles"],
)
def test_a_crash_at_any_step_neither_doubles_nor_skips_a_reading(
    stream: str,
    mapping: str,
    tmp_path: Path,
    crash_at: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
):
    text = meter(2, hours=1)
    if stream == DIESEL:  # Receipts that no rule of the ledger tells apart.
        text = "from,to,kWh\n" + "2018-03-01T00:00:00,2018-03-02T00:00:00,10\n" * 4
        mapping = RECEIPTS + "[batch]\nsize = 2\n"
    crashes = 0
    for step in range(1, 200):
        home = tmp_path / f"{step}" / "home"
        home.parent.mkdir()
        connection = MemoryConnection()
        crash_at(step)
        try:
            run(connection, home, text, mapping, stream=stream)
        except Crash:
            crashes += 1
        else:
            break
        finally:
            monkeypatch.undo()
        run(connection, home, text, mapping, stream=stream)
        expected = ["10"] * 4 if stream == DIESEL else ["1.5", "2.5", "3.5", "4.5"] * 2
        assert quantities(connection, stream) == expected, f"after a crash at step {step}"
        assert Outbox(home).pending() == []
    assert 40 < crashes < 199


def test_equal_receipts_of_one_file_are_all_posted_and_only_once(home: Path):
    connection = MemoryConnection()
    text = "from,to,kWh\n" + "2018-03-01T00:00:00,2018-03-02T00:00:00,10\n" * 3
    assert run(connection, home, text, RECEIPTS, stream=DIESEL).events_posted == 3
    assert run(connection, home, text, RECEIPTS, stream=DIESEL).skipped == 3
    assert len(connection.events(DIESEL)) == 3


def test_equal_receipts_that_this_home_does_not_know_stop_the_import(home: Path):
    connection = MemoryConnection()
    text = "from,to,kWh\n2018-03-01T00:00:00,2018-03-02T00:00:00,10\n"
    run(connection, home, text, RECEIPTS, stream=DIESEL)
    for path in home.glob("imports.sqlite*"):
        path.unlink()
    with pytest.raises(Conflict, match=r"line 2: an equal receipt .*\[reference\]"):
        run(connection, home, text, RECEIPTS, stream=DIESEL)
    assert len(connection.events(DIESEL)) == 1


def test_receipts_with_a_reference_are_found_in_the_ledger(home: Path):
    connection = MemoryConnection()
    mapping = RECEIPTS + '[reference]\ncolumn = "no"\n'
    text = "from,to,kWh,no\n2018-03-01,2018-03-02,10,A1\n2018-03-01,2018-03-02,10,A2\n"
    run(connection, home, text, mapping, stream=DIESEL)
    for path in home.glob("imports.sqlite*"):
        path.unlink()
    more = run(connection, home, text + "2018-03-03,2018-03-04,7,A3\n", mapping, stream=DIESEL)
    assert (more.events_posted, more.skipped) == (1, 2)
    twice = run(connection, home, text + "2018-03-05,2018-03-06,7,A1\n", mapping, stream=DIESEL)
    assert [(r.line, r.found) for r in twice.refused] == [(4, "A1, as in line 2")]


def test_a_real_kill_in_the_middle_of_an_import_loses_and_doubles_nothing(tmp_path: Path):
    script = tmp_path / "importing.py"
    script.write_text(f"""
import asyncio, os, signal, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[3])!r})
from tests.unit.client.test_import import FileLedger, import_all
import ledger.client.importer.journal
steps = 0
fsync = os.fsync
def count(descriptor):
    global steps
    steps += 1
    if steps == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)
    fsync(descriptor)
os.fsync = count
import_all(Path({str(tmp_path)!r}))
""")
    ends = [
        subprocess.run([sys.executable, script, str(step)], check=False, timeout=60).returncode
        for step in (12, 7, 9, 11, 8, 1_000)
    ]
    assert ends == [-signal.SIGKILL] * 5 + [0]
    ledger = FileLedger(tmp_path / "ledger")
    assert quantities(ledger) == ["1.5", "2.5", "3.5", "4.5"] * 20


class FileLedger(MemoryConnection):
    """A ledger that outlives its process: it keeps every body that it has taken."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        folder.mkdir(exist_ok=True)
        for path in sorted(folder.glob("*.body")):
            asyncio.run(super().post(path.read_bytes()))

    async def post(self, body: bytes) -> Posted:
        posted = await super().post(body)
        part = self.folder / "part"
        part.write_bytes(body)
        part.rename(self.folder / f"{posted.index:06d}.body")
        return posted


def import_all(folder: Path) -> None:
    run(FileLedger(folder / "ledger"), folder / "home", meter(20, hours=1))


def test_two_imports_into_one_stream_do_not_run_at_once(home: Path):
    connection = MemoryConnection()
    home.mkdir()
    journal = Journal(home)
    with journal.lock(STREAM), pytest.raises(Overloaded, match="another import"):
        run(connection, home, meter(1))
    journal.close()
    assert run(connection, home, meter(1)).events_posted == 8


def test_a_stream_without_a_source_says_how_to_register_it(home: Path):
    with pytest.raises(NotFound, match="carbon-ledger source add steelworks/plant/gas"):
        run(MemoryConnection(), home, meter(1), stream="steelworks/plant/gas")


def test_a_unit_of_another_dimension_is_refused_before_the_file_is_read(home: Path):
    with pytest.raises(BadFile, match=r"unit in \[quantity\]"):
        run(MemoryConnection(), home, meter(1), MAP.replace('unit = "kWh"', 'unit = "kg"'))


def test_another_unit_of_the_same_dimension_stands_in_the_event(home: Path):
    connection = MemoryConnection()
    run(connection, home, meter(1), MAP.replace('unit = "kWh"', 'unit = "MJ"'))
    assert {e.unit for e in connection.events(STREAM)} == {"MJ"}  # type: ignore[attr-defined]


@pytest.mark.parametrize("written", ["度", "千瓦时", "kW·h"])
def test_a_unit_as_people_write_it_is_that_of_the_source(home: Path, written: str):
    connection = MemoryConnection()
    run(connection, home, meter(1), MAP.replace('unit = "kWh"', f'unit = "{written}"'))
    assert {e.unit for e in connection.events(STREAM)} == {None}  # type: ignore[attr-defined]


def test_what_is_plausible_is_compared_in_the_unit_of_the_source(home: Path):
    result = run(MemoryConnection(), home, meter(1), MAP.replace('unit = "kWh"', 'unit = "GJ"'))
    found = [(one.line, one.expected, one.found) for one in result.refused]
    assert found[0] == (5, "0 to 1000 kWh", "4.5 GJ")


def test_an_interval_other_than_the_sources_is_refused(home: Path):
    with pytest.raises(BadFile, match="interval of the map"):
        run(MemoryConnection(), home, meter(1), MAP.replace("PT15M", "PT1H"))


def test_progress_runs_over_both_passes_to_the_end(home: Path):
    seen: list[tuple[int, int, int]] = []
    run(MemoryConnection(), home, meter(2), progress=lambda *step: seen.append(step))
    assert seen[0][0] <= seen[-1][0] == seen[-1][1] == 2 * len(meter(2))
    assert [done for done, *_ in seen] == sorted(done for done, *_ in seen)
    assert seen[-1][2] == 16


def test_a_batch_by_month_or_by_size_holds_as_much_as_the_map_says(home: Path, tmp_path: Path):
    connection = MemoryConnection()
    assert run(connection, home, meter(3), MAP + '[batch]\nby = "month"\n').batches == 1
    other = tmp_path / "2" / "home"
    other.parent.mkdir()
    sized = MAP + '[batch]\nby = "file"\nsize = 5\n'
    assert run(MemoryConnection(), other, meter(3), sized).batches == 5


def test_a_profile_stands_for_a_day_with_its_gaps(home: Path):
    connection = MemoryConnection()
    text = meter(2).replace("2018-03-01 01:00,4.5\n", "")
    result = run(connection, home, text, PROFILE)
    assert (result.readings, result.events_posted, result.batches) == (15, 2, 1)
    first = connection.events(STREAM)[0]
    assert isinstance(first, ProfileRecorded)
    assert (first.start, first.interval_s) == ("2018-03-01T00:00:00+08:00", 900)
    assert first.quantities == ("1.5", "2.5", "3.5", None, "5.5", "6.5", "7.5", "8.5")
    again = run(connection, home, text, PROFILE)
    assert (again.events_posted, again.skipped) == (0, 2)


def test_a_register_gives_the_quantity_and_its_chain(home: Path):
    connection = MemoryConnection()
    mapping = """
[time]
column = "date"
marks = "start"
interval = "PT15M"
[quantity]
unit = "kWh"
[register]
meter = "m1"
from_column = "from"
to_column = "to"
rollover_column = "turns"
digits = 5
multiplier = "4"
"""
    text = "date,from,to,turns\n2018-03-01T00:00:00,99950,30,1\n2018-03-01T00:15:00,30,31.5,0\n"
    run(connection, home, text, mapping)
    assert quantities(connection) == ["320", "6"]
    for path in home.glob("imports.sqlite*"):
        path.unlink()
    assert run(connection, home, text, mapping).skipped == 2


def test_a_refusal_by_the_ledgers_rules_names_the_line(home: Path):
    connection = MemoryConnection()
    text = meter(2).replace("2018", "2017")
    with pytest.raises(RuleBroken, match=r"meter\.csv, line 2: "):
        run(connection, home, text)
    assert connection.events(STREAM) == []


def test_a_workbook_is_read_with_its_dates_and_numbers(home: Path, tmp_path: Path):
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["date", "kWh"])
    start = dt.datetime(2018, 3, 1)  # noqa: DTZ001  (a workbook knows no zones)
    for quarter in range(1, 97):
        sheet.append([start + quarter * dt.timedelta(minutes=15), 0.1 * quarter])
    path = tmp_path / "meter.xlsx"
    book.save(path)
    connection = MemoryConnection()
    mapping = parse_map(MAP.replace('format = "%Y-%m-%d %H:%M"\n', ""))
    writer = Writer(connection, STEEL, "steelworks", Outbox(home))
    result = asyncio.run(import_file(connection, writer, STREAM, path, mapping))
    assert (result.readings, result.quantity) == (96, "465.6")
    assert result.last_end == "2018-03-02T00:00:00+08:00"
    assert quantities(connection)[2] == "0.3"


def test_the_result_can_be_written_as_json(home: Path):
    result = run(MemoryConnection(), home, meter(1).replace("4.5", "x"), dry_run=True)
    assert msgspec.json.decode(msgspec.json.encode(result))["refused"][0]["line"] == 5

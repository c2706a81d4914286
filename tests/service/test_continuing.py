"""A log that continues another one: figures, keys and readings stay, and everything is audited.

On the real PostgreSQL, each log in a home and a database of its own. Source: formats, section 5.
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ledger.errors import (
    BadFile,
    BadValue,
    Conflict,
    Damaged,
    LedgerError,
    LogEnded,
    LogStopped,
    NotAuthorised,
    NotFound,
    ProofFailed,
)
from ledger.log.batch import parse_statement
from ledger.log.bundle import BundleEntry, WholeEntry, read_bundle
from ledger.log.bundle_kinds import CompanySubject, CurrentSubject
from ledger.log.keys import PrivateKey
from ledger.machine import read_event
from ledger.parties.events import LedgerOpened
from ledger.provenance import verify_bundle
from ledger.service import Ledger, Settings, continue_log, open_ledger
from ledger.service.audit import AuditReport
from ledger.service.home import Home
from ledger.service.sequencer import Sequencer
from ledger.store import log_store
from ledger.store.embedded import EmbeddedServer, create_database
from tests.service.conftest import Place
from tests.service.test_redacting import PROFILE, READING, ask, confirm, redacted
from tests.service.test_sealing import furnished, sealed
from tests.workload import COMPANY, OPERATOR, RECOVERY, Workload, stream

T = TypeVar("T")
MONTHS = ("2001-01", "2001-12")
LONGEST_WAIT_S = 120
SECOND = "ledger.example/second"
NEW_RECOVERY = PrivateKey.from_seed(bytes([12]) * 32)
THIRD_RECOVERY = PrivateKey.from_seed(bytes([13]) * 32)
STRANGER = PrivateKey.from_seed(bytes([14]) * 32)

MakeSettings = Callable[[str], Settings]


@pytest.fixture
def another(embedded: EmbeddedServer, tmp_path: Path) -> Iterator[MakeSettings]:
    """Settings of further homes, each with a new database."""
    made = []
    with psycopg.connect(embedded.conninfo("ledger_owner"), autocommit=True) as connection:

        def make(name: str) -> Settings:
            database = f"test_{tmp_path.name.replace('-', '_')[:40]}_{name}"
            create_database(connection, database)
            made.append(database)
            return Settings(
                home=tmp_path / name,
                database_url=make_conninfo(embedded.conninfo("ledger_owner"), dbname=database),
                server_database_url=make_conninfo(
                    embedded.conninfo("ledger_server"), dbname=database
                ),
            )

        try:
            yield make
        finally:
            for name in made:
                drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
                connection.execute(drop)


async def readings(ledger: Ledger, workload: Workload) -> int:
    """Some readings of each meter; the company's milligrams of CO2."""
    for body in workload.batches(30, 7):
        await ledger.post(body)
    return await total(ledger)


async def total(ledger: Ledger, as_of: int | None = None) -> int:
    found = await ledger.known("company", ("2001-01", "2002-01"), as_of)
    return sum(row.mass_mg for row in found.masses)


def continued(
    place: Place,
    settings: Settings,
    origin: str = SECOND,
    operator: PrivateKey = OPERATOR,
    recovery: PrivateKey = NEW_RECOVERY,
) -> Place:
    """The ledger of a place, gone on with in another home."""
    asyncio.run(
        continue_log(
            settings,
            place.settings,
            origin=origin,
            operator_key=operator,
            recovery_key=recovery,
        )
    )
    later = Place(settings)
    workload = place.workload
    assert workload is not None

    async def take_over(ledger: Ledger) -> None:
        workload.log = ledger.log

    in_ledger(settings, take_over)
    later.workload = workload
    return later


def in_ledger(settings: Settings, work: Callable[[Ledger], Awaitable[T]]) -> T:
    async def opened() -> T:
        async with open_ledger(settings, writing=False) as ledger:
            return await work(ledger)

    return asyncio.run(opened())


def audit(settings: Settings) -> AuditReport:
    return in_ledger(settings, lambda ledger: ledger.audit())


def assert_whole(settings: Settings) -> AuditReport:
    report = audit(settings)
    assert report.ok, report.damages[:5]
    rebuilt = in_ledger(settings, lambda ledger: ledger.rebuild())
    assert rebuilt.ok, rebuilt.differing
    return report


def test_figures_and_streams_go_on_and_both_logs_are_whole(place: Place, another: MakeSettings):
    before = place.run(readings)
    size = in_ledger(place.settings, lambda ledger: ledger.size())
    later = continued(place, another("second"))

    async def look(ledger: Ledger, workload: Workload) -> None:
        assert await ledger.size() == 1
        assert await total(ledger) == before
        assert await total(ledger, as_of=0) == before
        head = await ledger.head(stream(0))
        assert head is not None
        assert head.version == 14
        await ledger.post(workload.batch(0, 7))
        assert await total(ledger) > before
        assert await total(ledger, as_of=1) == before
        head = await ledger.head(stream(0))
        assert head is not None
        assert head.version == 21

    later.run(look)
    report = assert_whole(later.settings)
    assert (report.size, report.earlier) == (2, size)
    assert report.signatures == size + 2
    assert_whole(place.settings)


def test_entry_0_names_the_end_that_everybody_can_check(place: Place, another: MakeSettings):
    place.run(readings)
    old = in_ledger(place.settings, lambda ledger: ledger.status())
    later = continued(place, another("second"))

    async def opening(ledger: Ledger) -> LedgerOpened:
        async with ledger.database.read() as conn:
            stored = await log_store.entry(conn, 0)
        event = read_event(stored.event_lines[0])
        assert isinstance(event, LedgerOpened)
        assert parse_statement(stored.jws).statement.stream == "operator/ledger"
        return event

    said = in_ledger(later.settings, opening).continues
    assert said is not None
    assert (said.log, said.size, said.root) == (old.log_key, old.size, old.root)
    assert said.signed is None


def test_the_earlier_home_signs_nothing_any_more_and_can_be_read(
    place: Place, another: MakeSettings
):
    before = place.run(readings)
    continued(place, another("second"))
    with pytest.raises(LogStopped, match="has ended"):
        place.run(readings)
    assert in_ledger(place.settings, total) == before


def test_a_server_that_still_runs_signs_nothing_after_the_end(place: Place, another: MakeSettings):
    settings = another("second")

    async def work(ledger: Ledger, workload: Workload) -> int:
        acknowledged = await readings(ledger, workload)
        await continue_log(
            settings,
            place.settings,
            origin=SECOND,
            operator_key=OPERATOR,
            recovery_key=NEW_RECOVERY,
        )
        size = await ledger.size()
        for source in (0, 0, 1):
            with pytest.raises(LogEnded, match="has ended") as refused:
                await ledger.post(workload.batch(source, 7))
            assert refused.value.found.endswith(Home(settings.home).ledger().log)
        assert await ledger.size() == size
        assert (await ledger.status()).continued_by == Home(settings.home).ledger().log
        return acknowledged

    acknowledged = place.run(work)
    assert in_ledger(settings, total) == acknowledged
    assert_whole(settings)
    assert assert_whole(place.settings).continued_by == Home(settings.home).ledger().log


def test_what_is_being_appended_when_a_log_ends_is_refused_and_not_stored(
    place: Place, another: MakeSettings, monkeypatch: pytest.MonkeyPatch
):
    """It was decided before the end, and would have been committed behind it."""
    real = Sequencer._decide

    async def decide(self: Sequencer, *args: Any) -> None:
        await real(self, *args)
        Home(place.settings.home).end("ledger.example/second+00000000+Ag==")

    async def work(ledger: Ledger, workload: Workload) -> None:
        await readings(ledger, workload)
        size = await ledger.size()
        monkeypatch.setattr(Sequencer, "_decide", decide)
        with pytest.raises(LogEnded):
            await ledger.post(workload.batch(0, 7))
        assert await ledger.size() == size

    place.run(work)
    assert_whole(place.settings)


def test_a_log_is_continued_once(place: Place, another: MakeSettings):
    place.run(readings)
    continued(place, another("second"))
    with pytest.raises(Conflict, match="continued by"):
        continued(place, another("third"), "ledger.example/third")


def test_what_was_known_before_is_asked_of_the_earlier_home(place: Place, another: MakeSettings):
    place.run(readings)
    later = continued(place, another("second"))
    with pytest.raises(BadValue, match=r"Size 0 is the end of ledger\.example/log"):
        in_ledger(later.settings, lambda ledger: total(ledger, as_of=-1))


def test_a_repeated_batch_of_the_earlier_log_is_refused(place: Place, another: MakeSettings):
    place.run(readings)
    workload = place.workload
    assert workload is not None
    body = workload.batch(3, 2)
    later = continued(place, another("second"))

    async def again(ledger: Ledger, _: Workload) -> None:
        with pytest.raises(LedgerError, match="batch for another log"):
            await ledger.post(body)

    later.run(again)


def test_a_chain_of_three_logs_is_whole(place: Place, another: MakeSettings):
    place.run(readings)
    second = continued(place, another("second"))
    before = second.run(readings)
    third = continued(second, another("third"), "ledger.example/third", recovery=THIRD_RECOVERY)

    async def look(ledger: Ledger, workload: Workload) -> None:
        assert await total(ledger) == before
        await ledger.post(workload.batch(0, 7))

    third.run(look)
    report = assert_whole(third.settings)
    assert report.types["LedgerOpened"] == 3


def test_tiles_of_the_earlier_log_are_kept_and_audited(place: Place, another: MakeSettings):
    async def many(ledger: Ledger, workload: Workload) -> None:
        bodies = [workload.batch(number % 20, 1) for number in range(20, 300)]
        await asyncio.gather(*(ledger.post(body) for body in bodies))

    place.run(many)
    later = continued(place, another("second"))
    assert assert_whole(later.settings).tiles == 1


def test_an_operator_who_lost_every_key_continues_with_the_recovery_key(
    place: Place, another: MakeSettings
):
    place.run(readings)
    fresh = PrivateKey.from_seed(bytes([20]) * 32)
    later = continued(place, another("second"), operator=fresh, recovery=RECOVERY)
    assert_whole(later.settings)
    parties = in_ledger(later.settings, lambda ledger: ledger.parties())
    operator = next(one for one in parties if one.party == "operator")
    assert [one.recovered for one in operator.keys if one.key == fresh.public.thumbprint] == [True]


@pytest.mark.parametrize("key", [STRANGER, COMPANY], ids=["stranger", "company"])
def test_nobody_else_continues_a_log(place: Place, another: MakeSettings, key: PrivateKey):
    place.run(readings)
    with pytest.raises(NotAuthorised, match="opening of a continuing log"):
        continued(place, another("second"), operator=key)


def test_an_interrupted_continuation_goes_on_when_it_is_run_again(
    place: Place, another: MakeSettings
):
    before = place.run(readings)
    settings = another("second")
    with pytest.raises(NotAuthorised):
        continued(place, settings, operator=COMPANY)  # after all was brought over
    later = continued(place, settings)
    assert in_ledger(later.settings, total) == before
    assert_whole(later.settings)


@pytest.mark.parametrize(
    ("held_at", "entries_there"),
    [(1, 0), (2, 0), (3, 34)],
    ids=["copying", "folding", "auditing"],
)
def test_a_continuation_that_is_killed_goes_on_when_it_is_run_again(
    place: Place, another: MakeSettings, held_at: int, entries_there: int
):
    before = place.run(readings)
    settings = another("second")
    words = [sys.executable, "-c", CONTINUING, *said(settings), *said(place.settings)]
    process = subprocess.Popen([*words, str(held_at)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    process.kill()
    assert process.wait(timeout=30) == -signal.SIGKILL
    process.stdout.close()
    with psycopg.connect(settings.database_url or "") as conn:
        found = conn.execute("SELECT count(*) FROM ledger.log_entries").fetchone()
        assert found == (entries_there,)
    with pytest.raises(LogStopped, match="has ended"):
        place.run(readings)
    again = subprocess.run(
        [*words, "0"], capture_output=True, text=True, check=False, timeout=LONGEST_WAIT_S
    )
    assert again.returncode == 0, again.stderr
    assert in_ledger(settings, total) == before
    assert (assert_whole(settings).earlier, in_ledger(settings, lambda one: one.size())) == (34, 1)


CONTINUING = """
import asyncio, pathlib, sys, time
from ledger.service import Settings, continue_log
from tests.service.test_continuing import NEW_RECOVERY, OPERATOR, SECOND

calls = 0

def progress(done, total):
    global calls
    calls += 1
    if calls == int(sys.argv[7]):
        print("held", flush=True)
        time.sleep(600)

def settings(home, database, server):
    return Settings(
        home=pathlib.Path(home), database_url=database, server_database_url=server
    )

asyncio.run(continue_log(
    settings(*sys.argv[1:4]), settings(*sys.argv[4:7]), origin=SECOND,
    operator_key=OPERATOR, recovery_key=NEW_RECOVERY, progress=progress,
))
"""


def said(settings: Settings) -> list[str]:
    """Settings as words of a command."""
    return [
        str(settings.home),
        settings.database_url or "",
        settings.server_database_url or "",
    ]


def test_a_log_goes_on_where_continuing_it_was_refused(place: Place, another: MakeSettings):
    place.run(readings)
    settings = another("second")
    with pytest.raises(NotAuthorised):
        continued(place, settings, operator=COMPANY)
    place.run(readings)
    with pytest.raises(Conflict, match="brought over before"):
        continued(place, settings)
    assert_whole(continued(place, another("third"), "ledger.example/third").settings)


# --- what a refusal leaves ------------------------------------------------------------------------


def files(folder: Path) -> dict[str, bytes]:
    """Everything in a folder, by name; nothing where there is none."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def refused(place: Place, settings: Settings, **keys: Any) -> LedgerError:
    """Why a continuation is refused, which leaves both homes as they were."""
    there = settings.home.exists()
    before = files(settings.home), files(place.settings.home)
    with pytest.raises(LedgerError) as error:
        continued(place, settings, **keys)
    assert (files(settings.home), files(place.settings.home)) == before
    assert settings.home.exists() == there
    return error.value


def test_a_refusal_leaves_nothing_whenever_it_comes(place: Place, another: MakeSettings):
    place.run(readings)
    settings = another("second")
    assert isinstance(refused(place, settings, operator=STRANGER), NotAuthorised)  # at once
    assert isinstance(refused(place, settings, operator=COMPANY), NotAuthorised)  # by entry 0
    settings.home.mkdir()
    (settings.home / "witnesses.json").write_text("{}")
    refused(place, settings, operator=COMPANY)
    continued(place, another("third"), "ledger.example/third")
    assert isinstance(refused(place, settings), Conflict)  # it has ended


@pytest.mark.parametrize(
    "name", ["keys/acme/a.json", "outbox/acme/checkpoint", "log.key", "recovery/operator/a.json"]
)
def test_a_home_of_somebody_takes_no_log(place: Place, another: MakeSettings, name: str):
    settings = another("second")
    file = settings.home / name
    file.parent.mkdir(parents=True)
    file.write_text("theirs")
    error = refused(place, settings)
    assert isinstance(error, BadValue)
    assert name.partition("/")[0] in error.found


def test_a_home_with_a_ledger_takes_no_other_one(place: Place, another: MakeSettings):
    place.run(readings)
    later = continued(place, another("second"))
    assert isinstance(refused(place, later.settings), BadValue)


def test_an_earlier_home_without_a_ledger_is_named(another: MakeSettings):
    with pytest.raises(BadFile, match="the home of the log that ends"):
        continued(Place(another("nowhere")), another("second"))


def test_keys_are_written_down_after_everything_was_judged(place: Place, another: MakeSettings):
    place.run(readings)
    settings, kept = another("second"), list[str]()

    def attempt(operator: PrivateKey, recovery: PrivateKey) -> None:
        asyncio.run(
            continue_log(
                settings,
                place.settings,
                origin=SECOND,
                operator_key=operator,
                recovery_key=recovery,
                keep=lambda: kept.append("kept"),
            )
        )

    with pytest.raises(NotAuthorised, match="recovery key"):
        attempt(STRANGER, NEW_RECOVERY)
    assert not kept
    attempt(STRANGER, RECOVERY)
    assert kept == ["kept"]
    assert not Home(settings.home).continuing.exists()


def test_a_home_of_which_continuing_was_killed_names_the_command(
    place: Place, another: MakeSettings
):
    place.run(readings)
    settings = another("second")

    def killed(done: int, total: int) -> None:
        raise SystemExit(f"{done} of {total}")

    with pytest.raises(SystemExit):
        asyncio.run(
            continue_log(
                settings,
                place.settings,
                origin=SECOND,
                operator_key=OPERATOR,
                recovery_key=NEW_RECOVERY,
                progress=killed,
            )
        )
    with pytest.raises(LogStopped, match="Run carbon-ledger continue again"):
        in_ledger(settings, total)
    with pytest.raises(Conflict, match="as it was begun"):
        continued(place, settings, "ledger.example/another")
    assert_whole(continued(place, settings).settings)


# --- redactions ---------------------------------------------------------------------------------


def test_a_log_with_redactions_is_continued(place: Place, another: MakeSettings):
    place.run(redacted)
    before = in_ledger(place.settings, total)
    second = continued(place, another("second"))
    assert in_ledger(second.settings, total) == before
    assert_whole(second.settings)
    gone = in_ledger(second.settings, lambda ledger: ledger.redactions())
    assert [(one.event, one.erased) for one in gone] == [(READING, True), (PROFILE, True)]

    async def once_more(ledger: Ledger, workload: Workload) -> None:
        await confirm(ledger, workload, await ask(ledger, workload, f"{stream(0)}@4"))

    second.run(once_more)
    assert_whole(second.settings)
    third = continued(second, another("third"), "ledger.example/third", recovery=THIRD_RECOVERY)
    assert_whole(third.settings)
    assert in_ledger(third.settings, total) == before


def test_a_redaction_that_nothing_in_the_earlier_log_allows_is_not_brought_over(
    place: Place, another: MakeSettings
):
    place.run(redacted)
    statement = "UPDATE ledger.redactions SET confirmed = 9 WHERE version = 3"
    change(place.settings, statement, "redactions")
    settings = another("second")
    with pytest.raises(Damaged, match="redaction of company/plant/meter-00@3"):
        continued(place, settings)
    assert Home(place.settings.home).ended is None


# --- a database behind what its log has signed --------------------------------------------------


def test_a_restored_database_is_continued_and_everybody_sees_what_was_lost(
    place: Place, another: MakeSettings
):
    before = place.run(readings)
    size = in_ledger(place.settings, lambda ledger: ledger.size())
    file = place.settings.home / "checkpoints"
    # The file tells of four more entries than this database holds.
    with file.open("ab") as handle:
        handle.write(b"%d %s\n" % (size + 4, b"a1" * 32))
    with pytest.raises(LogStopped, match="behind"):
        place.run(readings)
    later = continued(place, another("second"))

    async def opening(ledger: Ledger) -> LedgerOpened:
        async with ledger.database.read() as conn:
            event = read_event((await log_store.entry(conn, 0)).event_lines[0])
        assert isinstance(event, LedgerOpened)
        return event

    said = in_ledger(later.settings, opening).continues
    assert said is not None
    assert said.signed is not None
    assert (said.size, said.signed.size, said.signed.root) == (size, size + 4, "a1" * 32)
    assert in_ledger(later.settings, total) == before
    assert_whole(later.settings)


def test_a_database_that_contradicts_what_was_signed_is_not_continued(
    place: Place, another: MakeSettings
):
    place.run(readings)
    file = place.settings.home / "checkpoints"
    lines = file.read_bytes().splitlines()
    size = lines[-1].split(b" ")[0]
    file.write_bytes(b"\n".join([*lines[:-1], size + b" " + b"b2" * 32]) + b"\n")
    with pytest.raises(Damaged, match="not what its log has signed"):
        continued(place, another("second"))


# --- damage, and an operator who lies about the earlier log -------------------------------------


def change(settings: Settings, statement: str, *tables: str) -> None:
    """As whoever owns the database can: without triggers."""
    assert settings.database_url is not None
    with psycopg.connect(settings.database_url, autocommit=True) as conn:
        for table in tables:
            conn.execute(f"ALTER TABLE ledger.{table} DISABLE TRIGGER ALL".encode())
        conn.execute(statement.encode())


def places(settings: Settings) -> list[str]:
    report = audit(settings)
    assert not report.ok
    return [one.place for one in report.damages]


@pytest.mark.parametrize(
    ("statement", "table", "place_named"),
    [
        (
            "UPDATE ledger.log_entries SET jws = set_byte(jws, 400, 65) WHERE index = -3",
            "log_entries",
            "entry -3",
        ),
        (
            "DELETE FROM ledger.log_entries WHERE index = -5",
            "log_entries",
            "entry -5",
        ),
        ("UPDATE ledger.earlier_logs SET root = sha256('')", "earlier_logs", "earlier_logs"),
        ("UPDATE ledger.earlier_logs SET heads_root = sha256('')", "earlier_logs", "earlier_logs"),
        ("UPDATE ledger.earlier_logs SET heads_count = 1", "earlier_logs", "earlier_logs"),
        (
            "UPDATE ledger.earlier_logs SET note = replace(note, E'\\n34\\n', E'\\n33\\n')",
            "earlier_logs",
            "checkpoint of the log at",
        ),
        ("DELETE FROM ledger.earlier_logs", "earlier_logs", "entry 0"),
        (
            "UPDATE ledger.log_entries SET stream = 'operator/ledger#2' WHERE stream ~ '#1'",
            "log_entries",
            "entry -",
        ),
        (
            "UPDATE ledger.stream_heads SET version = version + 1 WHERE stream = 'company/keys'",
            "stream_heads",
            "head of stream company/keys",
        ),
    ],
    ids=["jws", "dropped", "root", "heads_root", "heads_count", "note", "row", "name", "head"],
)
def test_an_audit_finds_what_was_changed_in_an_earlier_log(
    place: Place, another: MakeSettings, statement: str, table: str, place_named: str
):
    place.run(readings)
    later = continued(place, another("second"))
    size = in_ledger(place.settings, lambda ledger: ledger.size())
    assert size == 34
    change(later.settings, statement, table)
    assert any(one.startswith(place_named) for one in places(later.settings))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger.earlier_logs SET root = sha256('')",
        "UPDATE ledger.earlier_logs SET heads_root = sha256('')",
        "UPDATE ledger.earlier_logs SET heads_count = 9",
        "UPDATE ledger.earlier_logs SET size = size - 1",
    ],
    ids=["root", "heads_root", "heads_count", "size"],
)
def test_an_opening_that_names_another_end_is_refused(
    place: Place, another: MakeSettings, statement: str
):
    """The operator writes another end into the row from which the opening is made."""
    place.run(readings)
    settings = another("second")
    with pytest.raises(NotAuthorised):
        continued(place, settings, operator=COMPANY)
    change(settings, statement, "earlier_logs")
    with pytest.raises(LedgerError):
        continued(place, settings)


# --- proofs --------------------------------------------------------------------------------------


def test_events_of_both_logs_are_proven_under_the_log_at_hand(place: Place, another: MakeSettings):
    place.run(readings)
    old = in_ledger(place.settings, lambda ledger: ledger.status())
    before = verify_bundle(
        in_ledger(place.settings, lambda ledger: ledger.bundle(f"{stream(2)}@1")), old.log_key
    )
    later = continued(place, another("second"))

    async def prove(ledger: Ledger, workload: Workload) -> None:
        await ledger.post(workload.batch(0, 7))
        verdict = verify_bundle(await ledger.bundle(f"{stream(2)}@1"), ledger.log)
        assert verdict.claim["masses"] == before.claim["masses"]
        assert verdict.claim["index"] == int(str(before.claim["index"])) - old.size
        assert verdict.finding.about["entry"].endswith(
            "of ledger.example/log, which this log continues"
        )
        assert (verdict.origin, verdict.strength) == (SECOND, "re-derived")
        assert verdict.not_excluded == ("another-history", "earlier-history", "later-change")
        new = await ledger.bundle(f"{stream(0)}@15")
        assert min(entry.index for entry in read_bundle(new).entries) == -old.size
        verdict = verify_bundle(new, ledger.log)
        assert (verdict.claim["index"], verdict.strength) == (1, "re-derived")
        with pytest.raises(ProofFailed):
            verify_bundle(new, old.log_key)

    later.run(prove)


def test_files_reach_back_over_two_logs(place: Place, another: MakeSettings):
    place.run(readings)
    second = continued(place, another("second"))
    third = continued(second, another("third"), "ledger.example/third", recovery=THIRD_RECOVERY)

    async def prove(ledger: Ledger, workload: Workload) -> None:
        await ledger.post(workload.batch(0, 7))
        bundle = await ledger.bundle(f"{stream(0)}@15")
        openings = [entry.index for entry in read_bundle(bundle).entries if names_ledger(entry)]
        assert (len(openings), openings[1:]) == (3, [-1, 0])
        assert verify_bundle(bundle, ledger.log).strength == "re-derived"

    third.run(prove)


def names_ledger(entry: BundleEntry | WholeEntry) -> bool:
    return parse_statement(entry.jws).statement.stream == "operator/ledger"


def test_receipts_of_the_earlier_log_are_kept(place: Place, another: MakeSettings):
    place.run(readings)
    old = in_ledger(place.settings, lambda ledger: ledger.status())
    before = in_ledger(place.settings, lambda ledger: ledger.receipt(old.size - 3))
    later = continued(place, another("second"))
    assert in_ledger(later.settings, lambda ledger: ledger.receipt(-3)) == before

    async def ask(ledger: Ledger) -> None:
        for index in (-old.size - 1, 1):
            with pytest.raises(NotFound, match=f"entry {index}"):
                await ledger.receipt(index)

    in_ledger(later.settings, ask)


def test_seals_go_on_over_the_end_of_a_log(place: Place, another: MakeSettings):
    """Their heads cover the streams of the earlier log, but for the one that opened it."""

    async def seal(ledger: Ledger, _: Workload) -> None:
        await sealed(ledger)

    async def sealed_first(ledger: Ledger, _: Workload) -> None:
        await furnished(ledger)
        await sealed(ledger)

    place.run(sealed_first)
    later = continued(place, another("second"))
    later.run(seal)

    async def look(ledger: Ledger) -> None:
        first, second = await ledger.seals()
        assert (first.size, second.size) == (-1, 1)
        assert first.totals == second.totals
        lists = [await ledger.seal_lists(number) for number in (1, 2)]
        streams = [[head.stream for head in one.heads] for one in lists]
        assert streams[1] == sorted([*streams[0], "operator/seals"])
        assert "operator/ledger" in streams[0]
        for number in (1, 2):
            seal = f"operator/seals@{number}"
            company = CompanySubject(party="acme", seal=seal)
            assert verify_bundle(await ledger.prove(company), ledger.log).strength == "sealed"
            current = CurrentSubject(event="acme/main@1", seal=seal)
            verdict = verify_bundle(await ledger.prove(current), ledger.log)
            assert verdict.strength == "re-derived"
            assert verdict.not_excluded == ("after-seal", "another-history", "earlier-history")

    in_ledger(later.settings, look)
    assert_whole(later.settings)

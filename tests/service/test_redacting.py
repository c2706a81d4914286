"""Redactions in a running ledger: the data goes from the database, and nothing that follows from it.

Source: formats, section 10.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import msgspec
import psycopg
import pytest

from ledger.carbon.events import ActivityRecorded, RegisterReading
from ledger.carbon.footprint import Footprint
from ledger.carbon.organisation.events import MeterInstalled, MeterRemoved
from ledger.carbon.redaction.draft import RedactionDraft
from ledger.carbon.redaction.events import RedactionConfirmed
from ledger.errors import Damaged, LedgerError, RuleBroken
from ledger.log.names import event_ref
from ledger.log.page import read_page
from ledger.log.redacted import read_redacted, write_redacted
from ledger.provenance import verify_bundle
from ledger.service import Ledger, Settings, open_ledger
from ledger.service import ledger as running
from ledger.service.audit import AuditReport
from ledger.service.rebuild import RebuildReport
from ledger.service.redacting import erase_confirmed
from ledger.store.packing import pack, unpack
from ledger.store.view_store import ViewStore
from tests.service.conftest import Place
from tests.workload import COMPANY, OPERATOR, Workload, salt, stream

READING = f"{stream(0)}@3"
PROFILE = f"{stream(1)}@1"


async def readings(ledger: Ledger, workload: Workload) -> None:
    await ledger.post(workload.batch(0, 10))
    await ledger.post(workload.profiles(1, 2))


async def ask(ledger: Ledger, workload: Workload, event: str = READING) -> str:
    """The company asks for the redaction of an event; its name."""
    draft = await ledger.redaction_draft(event)
    said = draft.signed("a resident", "PIPL article 47", salt())
    posted = await ledger.post(workload.body(COMPANY, "company/redactions", [said]))
    return event_ref("company/redactions", posted.first)


async def confirm(ledger: Ledger, workload: Workload, redaction: str) -> None:
    said = RedactionConfirmed(salt=salt(), event=redaction, reason="looked at")
    await ledger.post(workload.body(OPERATOR, "operator/redactions", [said]))


async def redacted(ledger: Ledger, workload: Workload) -> None:
    """A reading and a profile whose data is gone."""
    await readings(ledger, workload)
    for event in (READING, PROFILE):
        await confirm(ledger, workload, await ask(ledger, workload, event))


def audited(settings: Settings, jobs: int = 1) -> tuple[AuditReport, RebuildReport]:
    async def opened() -> tuple[AuditReport, RebuildReport]:
        async with open_ledger(settings, writing=False) as ledger:
            return await ledger.audit(jobs=jobs), await ledger.rebuild(jobs=jobs)

    return asyncio.run(opened())


@contextlib.contextmanager
def cluster_owner(place: Place) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Somebody who may do anything with the database."""
    assert place.settings.database_url is not None
    with psycopg.connect(place.settings.database_url, autocommit=True) as conn:
        conn.execute("ALTER TABLE ledger.entry_events DISABLE TRIGGER append_only")
        conn.execute("ALTER TABLE ledger.redactions DISABLE TRIGGER ALL")
        yield conn


def stored_lines(place: Place) -> list[bytes]:
    """Every event line in the database, in the order of the log."""
    assert place.settings.database_url is not None
    with psycopg.connect(place.settings.database_url) as conn:
        rows = conn.execute("SELECT packed FROM ledger.entry_events ORDER BY index").fetchall()
    return [line for (packed,) in rows for line in unpack(packed).splitlines()]


def figure(place: Place) -> Footprint:
    async def read(ledger: Ledger, _: Workload) -> Footprint:
        return await ledger.footprint("company", "2001-01", "2001-02")

    return place.run(read, writing=False)


# --- it goes ---------------------------------------------------------------------------------------


def test_the_data_goes_and_audit_rebuild_and_figures_stay_as_they_were(place: Place):
    place.run(readings)
    before = figure(place)
    lines = stored_lines(place)

    async def redact(ledger: Ledger, workload: Workload) -> None:
        for event in (READING, PROFILE):
            await confirm(ledger, workload, await ask(ledger, workload, event))

    place.run(redact)
    after = stored_lines(place)
    gone = [line for line in lines if line not in after]
    assert len(gone) == 2
    assert [read_redacted(line) is None for line in after].count(False) == 2
    assert write_redacted(gone[0], "ActivityRecorded") in after
    report, rebuilt = audited(place.settings)
    assert (report.ok, report.damages) == (True, [])
    assert rebuilt.ok
    assert rebuilt.digests == report.digests
    assert msgspec.structs.replace(figure(place), size=0) == msgspec.structs.replace(before, size=0)


def test_other_processes_that_check_ranges_say_the_same(place: Place):
    place.run(redacted)
    report, rebuilt = audited(place.settings, jobs=2)
    assert (report.ok, report.damages, rebuilt.ok) == (True, [], True)


def test_data_stays_until_the_operator_confirms(place: Place):
    async def asked(ledger: Ledger, workload: Workload) -> list[bool]:
        await readings(ledger, workload)
        await ask(ledger, workload)
        return [one.erased for one in await ledger.redactions()]

    assert place.run(asked) == [False]
    assert not any(map(read_redacted, stored_lines(place)))
    assert audited(place.settings)[0].ok


def test_a_crash_between_confirmation_and_erasing_is_completed_by_the_next_start(
    place: Place, monkeypatch: pytest.MonkeyPatch
):
    async def never(*_: object) -> list[str]:
        raise asyncio.CancelledError

    async def ended_too_early(ledger: Ledger, workload: Workload) -> None:
        await readings(ledger, workload)
        asked = await ask(ledger, workload)
        with monkeypatch.context() as patch, contextlib.suppress(asyncio.CancelledError):
            patch.setattr(running, "erase_confirmed", never)
            await confirm(ledger, workload, asked)

    place.run(ended_too_early)
    assert not any(map(read_redacted, stored_lines(place)))
    assert audited(place.settings)[0].ok

    async def listed(ledger: Ledger, _: Workload) -> list[bool]:
        return [one.erased for one in await ledger.redactions("company")]

    assert place.run(listed) == [True]
    assert [read_redacted(line) is None for line in stored_lines(place)].count(False) == 1
    assert audited(place.settings)[0].ok


@pytest.mark.parametrize("damage", ["another line", "no lines"])
def test_a_damaged_redaction_keeps_no_later_one_waiting_and_the_status_counts_it(
    place: Place, monkeypatch: pytest.MonkeyPatch, damage: str
):
    async def never(*_: object) -> list[str]:
        return []

    with monkeypatch.context() as patch:
        patch.setattr(running, "erase_confirmed", never)
        place.run(redacted)
    with cluster_owner(place) as conn:
        place_of_it = "SELECT index FROM ledger.log_entries WHERE stream = %s"
        row = conn.execute(place_of_it, (stream(0),)).fetchone()
        if damage == "no lines":
            conn.execute("DELETE FROM ledger.entry_events WHERE index = %s", row)
        else:
            packed = pack(b"{}\n" * 10)
            change = "UPDATE ledger.entry_events SET packed = %s WHERE index = %s"
            conn.execute(change, (packed, *(row or ())))

    async def look(ledger: Ledger, _: Workload) -> tuple[dict[str, bool], int]:
        found = {one.event: one.erased for one in await ledger.redactions()}
        with pytest.raises(Damaged, match=r"the data of|lines of entry"):
            await erase_confirmed(ledger.database, ViewStore())
        return found, (await ledger.status()).redactions_waiting

    assert place.run(look) == ({READING: False, PROFILE: True}, 1)


def test_the_ledger_goes_on_after_a_redaction(place: Place):
    place.run(redacted)

    async def more(ledger: Ledger, workload: Workload) -> None:
        await ledger.post(workload.batch(0, 10))
        with pytest.raises(RuleBroken, match="a redacted event"):
            await ledger.redaction_draft(READING)
        await confirm(ledger, workload, await ask(ledger, workload, f"{stream(0)}@12"))

    place.run(more)
    report, rebuilt = audited(place.settings)
    assert (report.damages, rebuilt.ok) == ([], True)


def test_what_is_asked_is_listed_for_its_party_alone(place: Place):
    place.run(redacted)

    async def listed(ledger: Ledger, _: Workload) -> tuple[list[str], int, int]:
        found = await ledger.redactions("company")
        return (
            [one.event for one in found],
            len(await ledger.redactions("operator")),
            len(await ledger.redactions()),
        )

    assert place.run(listed) == ([READING, PROFILE], 0, 2)


# --- what is shown of it ---------------------------------------------------------------------------


def test_its_bundle_shows_the_event_without_data_and_says_so(place: Place):
    place.run(redacted)

    async def proven(ledger: Ledger, _: Workload) -> tuple[bytes, bytes, bytes, str]:
        confirmation = await ledger.bundle("operator/redactions@1")
        return (
            await ledger.bundle(READING),
            await ledger.bundle(f"{stream(0)}@4"),
            confirmation,
            ledger.log,
        )

    gone, neighbour, confirmation, log = place.run(proven)
    verdict = verify_bundle(gone, log)
    assert (verdict.strength, verdict.withheld) == ("logged", (READING,))
    assert verify_bundle(neighbour, log).strength == "re-derived"
    assert verify_bundle(confirmation, log).withheld == ()


def test_a_page_of_the_stream_has_what_is_left_of_it(place: Place):
    place.run(redacted)

    async def page(ledger: Ledger, _: Workload) -> bytes:
        return await ledger.stream_page(stream(0), 1)

    (entry,) = read_page(place.run(page))
    assert [at for at, line in enumerate(entry.lines) if read_redacted(line)] == [2]


# --- who may do it ---------------------------------------------------------------------------------


def test_the_removal_of_a_meter_whose_last_reading_is_gone_is_proven_without_it(place: Place):
    async def work(ledger: Ledger, workload: Workload) -> tuple[str, bytes]:
        meter, source = "m-1", stream(2)
        installed = MeterInstalled(
            salt=salt(), source=source, meter=meter, at="2018-01-01T00:00:00+08:00",
            register="100", digits=5, multiplier="1",
        )  # fmt: skip
        last = ActivityRecorded(
            salt=salt(),
            period=("2018-01-01T00:00:00+08:00", "2018-01-01T00:15:00+08:00"),
            quantity="50",
            register=RegisterReading(meter=meter, from_="100", to="150", digits=5, multiplier="1"),
        )
        gone = MeterRemoved(
            salt=salt(), source=source, meter=meter, at="2018-01-02T00:00:00+08:00",
            register="150", reason="torn down",
        )  # fmt: skip
        await ledger.post(workload.body(COMPANY, "company/register", [installed]))
        await ledger.post(workload.body(COMPANY, source, [last]))
        await confirm(ledger, workload, await ask(ledger, workload, f"{source}@1"))
        posted = await ledger.post(workload.body(COMPANY, "company/register", [gone]))
        return ledger.log, await ledger.bundle(event_ref("company/register", posted.first))

    log, data = place.run(work)
    verdict = verify_bundle(data, log)
    assert (verdict.strength, verdict.withheld) == ("logged", (f"{stream(2)}@1",))


REDACT = "SELECT ledger.redact(%s, %s, %s, %s, %s)"


@pytest.mark.parametrize(
    ("what", "values"),
    [
        ("another event by the same confirmation", (stream(0), 4, 1, 1)),
        ("without a redaction of that version", (stream(0), 4, 9, 1)),
        ("without a confirmation of that version", (stream(0), 4, 1, 9)),
        ("an event of trust", ("company/keys", 1, 1, 1)),
        ("a register", ("company/register", 1, 1, 1)),
        ("an event that is nowhere", ("company/nowhere", 1, 1, 1)),
        ("the same event twice", (stream(0), 3, 1, 1)),
    ],
)
def test_the_database_takes_nothing_else_out(
    place: Place, what: str, values: tuple[str, int, int, int]
):
    place.run(redacted)
    before = stored_lines(place)
    assert place.settings.serving_url is not None
    with psycopg.connect(place.settings.serving_url) as conn:
        conn.execute("SET ROLE ledger_server")
        with pytest.raises(psycopg.Error):
            conn.execute(REDACT, (*values, pack(b"{}\n")))
    assert stored_lines(place) == before, what


def test_the_owner_cannot_change_lines_without_both_events(place: Place):
    place.run(readings)
    assert place.settings.database_url is not None
    with (
        psycopg.connect(place.settings.database_url, autocommit=True) as conn,
        conn.transaction(force_rollback=True),
    ):
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"),
            conn.transaction(),
        ):
            conn.execute("UPDATE ledger.entry_events SET packed = packed")
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege, match="no DataRedacted"),
            conn.transaction(),
        ):
            conn.execute(
                "INSERT INTO ledger.redactions SELECT stream, 1, index, 1, 1"
                " FROM ledger.log_entries WHERE stream = %s",
                (stream(0),),
            )


# --- what audit finds ------------------------------------------------------------------------------


def replace_line(place: Place, position: int) -> None:
    """Somebody with all rights puts hash and type in the place of a reading of meter 0."""
    with cluster_owner(place) as conn:
        row = conn.execute(
            "SELECT index, packed FROM ledger.entry_events JOIN ledger.log_entries USING (index)"
            " WHERE stream = %s",
            (stream(0),),
        ).fetchone()
        assert row is not None
        lines = unpack(row[1]).splitlines()  # type: ignore[arg-type]
        lines[position] = write_redacted(lines[position], "ActivityRecorded")
        conn.execute(
            "UPDATE ledger.entry_events SET packed = %s WHERE index = %s",
            (pack(b"\n".join(lines) + b"\n"), row[0]),
        )


def test_data_that_somebody_takes_out_without_any_event_is_found(place: Place):
    place.run(readings)
    replace_line(place, 5)
    report, _ = _report(place)
    assert any(
        f"{stream(0)}@6: its data is gone" in one.what and one.place.startswith("entry ")
        for one in report.damages
    )


def test_data_that_goes_before_the_confirmation_is_found(place: Place):
    async def asked(ledger: Ledger, workload: Workload) -> None:
        await readings(ledger, workload)
        await ask(ledger, workload)

    place.run(asked)
    replace_line(place, 2)
    report, _ = _report(place)
    assert any(f"{READING}: its data is gone" in one.what for one in report.damages)


@pytest.mark.parametrize("forged", [False, True], ids=["taken out", "forged"])
def test_other_lines_that_go_with_a_redaction_are_found(
    place: Place, monkeypatch: pytest.MonkeyPatch, *, forged: bool
):
    """The serving role in other hands, between a confirmation and the erasing."""

    async def never(*_: object) -> list[str]:
        return []

    with monkeypatch.context() as patch:
        patch.setattr(running, "erase_confirmed", never)
        place.run(redacted)
    assert place.settings.serving_url is not None
    with psycopg.connect(place.settings.serving_url) as conn:
        conn.execute("SET ROLE ledger_server")
        row = conn.execute(
            "SELECT packed, index FROM ledger.entry_events JOIN ledger.log_entries USING (index)"
            " WHERE stream = %s",
            (stream(0),),
        ).fetchone()
        assert row is not None
        lines = [
            line.replace(b"2001-01", b"2001-02")
            if forged
            else write_redacted(line, "ActivityRecorded")
            for line in unpack(row[0]).splitlines()
        ]
        packed = pack(b"".join(line + b"\n" for line in lines))
        conn.execute(REDACT, (stream(0), 3, 1, 1, packed))
    report, _ = _report(place)
    said = " ".join(one.what for one in report.damages if one.place == f"entry {row[1]}")
    assert ("do not give the signed head" if forged else f"{stream(0)}@1: its data is gone") in said

    async def strength() -> str:
        async with open_ledger(place.settings, writing=False) as ledger:
            bundle = await ledger.bundle(f"{stream(0)}@7")
            return verify_bundle(bundle, ledger.log).strength

    if forged:
        with pytest.raises(LedgerError):
            asyncio.run(strength())
    else:
        assert asyncio.run(strength()) == "logged"


def test_a_row_that_says_of_data_that_it_is_gone_is_found(place: Place):
    place.run(redacted)
    with cluster_owner(place) as conn:
        conn.execute(
            "INSERT INTO ledger.redactions VALUES (%s, 5, 4, 1, 3)",
            (stream(0),),
        )
    report, _ = _report(place)
    assert [one.place for one in report.damages] == [f"redactions {stream(0)}@5"]


def test_a_row_that_is_missing_is_found(place: Place):
    place.run(redacted)
    with cluster_owner(place) as conn:
        conn.execute("DELETE FROM ledger.redactions WHERE stream = %s", (stream(0),))
    report, _ = _report(place)
    assert [(one.place, one.what) for one in report.damages] == [
        (f"redactions {READING}", "is missing")
    ]


def _report(place: Place) -> tuple[AuditReport, None]:
    async def opened() -> AuditReport:
        async with open_ledger(place.settings, writing=False) as ledger:
            return await ledger.audit()

    return asyncio.run(opened()), None


def test_the_draft_is_what_the_rules_ask_for(place: Place):
    async def wrong(ledger: Ledger, workload: Workload) -> RedactionDraft:
        await readings(ledger, workload)
        draft = await ledger.redaction_draft(PROFILE)
        less = msgspec.structs.replace(draft.signed("a resident", "-", salt()), deltas=())
        with pytest.raises(RuleBroken, match=f"deltas of a redaction of {PROFILE}"):
            await ledger.post(workload.body(COMPANY, "company/redactions", [less]))
        return draft

    draft = place.run(wrong)
    assert (len(draft.deltas), draft.activity[0].readings) == (1, 96)

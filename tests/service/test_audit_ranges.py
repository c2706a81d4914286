"""Audit and rebuild say the same however the log is cut and whoever checks it, and take no more memory."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Callable
from typing import Literal

import msgspec
import psycopg
import pytest

from ledger.carbon.events import (
    ActivityBody,
    ActivityCorrected,
    ActivityRecorded,
    ActivityWithdrawn,
    FactorAssigned,
    RegisterReading,
    SourceClosed,
    SourceRegistered,
)
from ledger.errors import Damaged
from ledger.log.jws import possession_proof
from ledger.log.keys import PrivateKey
from ledger.parties.events import Jwk, KeyRecovered
from ledger.service import Ledger, open_ledger
from ledger.service.audit import AuditReport
from ledger.service.rebuild import RebuildReport
from ledger.store import audit_store
from ledger.store.packing import pack, unpack
from tests.service.conftest import Place
from tests.service.test_audit import disarm
from tests.service.test_proving import prepared
from tests.workload import COMPANY, OPERATOR, Workload, salt, stream

SECOND = PrivateKey.from_seed(bytes([4]) * 32)
BILLS, HEAT = "company/plant/bills", "company/plant/heat"
DAYS = [f"2001-02-{day:02d}T00:00:00Z" for day in range(1, 21)]


def source(name: str, kind: Literal["continuous", "discrete"]) -> SourceRegistered:
    return SourceRegistered(
        salt=salt(),
        stream=name,
        site="plant",
        activity="electricity.purchased",
        unit="kWh",
        scope=2,
        key_area="industry",
        kind=kind,
        factors={"location": "operator/grid@1"},
    )


def register(day: int, ends: int) -> ActivityRecorded:
    return ActivityRecorded(
        salt=salt(),
        period=(DAYS[day], DAYS[day + 1]),
        quantity="10",
        register=RegisterReading(
            meter="m1", from_=str(ends - 10), to=str(ends), digits=6, multiplier="1"
        ),
    )


async def everything(ledger: Ledger, workload: Workload) -> None:
    """A log in which control entries, readings and corrections of every kind alternate."""
    await prepared(ledger, workload)

    async def post(name: str, *events: msgspec.Struct) -> None:
        await ledger.post(workload.body(COMPANY, name, events))

    await post("company/register", source(BILLS, "discrete"), source(HEAT, "continuous"))
    period = (DAYS[0], DAYS[1])
    for number in range(3):
        bills = [
            ActivityRecorded(salt=salt(), period=period, quantity="5", reference=f"{number}-{at}")
            for at in range(30)
        ]
        await post(BILLS, *bills)
        await ledger.post(workload.profiles(7 + number, 3))
        await post(
            HEAT, register(2 * number, 10 + 20 * number), register(2 * number + 1, 20 + 20 * number)
        )
        await ledger.post(workload.batch(number, 50))
    assigned = FactorAssigned(
        salt=salt(), source=BILLS, role="location", factor="operator/grid@2",
        from_="2000-01-01T00:00:00Z", reason="published later",
    )  # fmt: skip
    await post("company/register", assigned)
    body = ActivityBody(period=period, quantity="7", reference="again")
    await post(
        f"{BILLS}/corrections",
        ActivityCorrected(salt=salt(), event=f"{BILLS}@3", reason="wrong", activity=body),
        ActivityWithdrawn(salt=salt(), event=f"{BILLS}@4", reason="twice"),
    )
    await ledger.post(workload.batch(0, 400))
    closed = SourceClosed(salt=salt(), source=HEAT, at=DAYS[19], reason="sold")
    await post("company/register", closed)
    recovered = KeyRecovered(
        salt=salt(), key=Jwk(**SECOND.public.jwk), reason="lost", evidence=("0" * 64,),
        proof=possession_proof(SECOND, ledger.log, "company"),
        replaces=(COMPANY.public.thumbprint,),
    )  # fmt: skip
    await ledger.post(workload.body(OPERATOR, "company/keys", [recovered]))


@pytest.fixture(autouse=True)
def short_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranges of a few entries, so that a small log has many."""
    monkeypatch.setattr(audit_store, "RANGE_ENTRIES", 3)


def audited(place: Place, jobs: int) -> AuditReport:
    async def opened() -> AuditReport:
        async with open_ledger(place.settings, writing=False) as ledger:
            return await ledger.audit(jobs=jobs)

    return asyncio.run(opened())


def rebuilt(place: Place, jobs: int) -> RebuildReport:
    async def opened() -> RebuildReport:
        async with open_ledger(place.settings, writing=False) as ledger:
            return await ledger.rebuild(jobs=jobs)

    return asyncio.run(opened())


def test_a_log_of_every_kind_of_entry_is_whole_whoever_checks_it(place: Place):
    place.run(everything)
    alone, together = audited(place, 1), audited(place, 2)
    assert alone.ok, alone.damages
    assert alone == together
    assert (alone.signatures, alone.events) == (alone.size, sum(alone.types.values()))
    assert rebuilt(place, 1) == rebuilt(place, 2)
    assert rebuilt(place, 1).digests == alone.digests


@pytest.mark.parametrize("entries", [1, 1000], ids=["one entry each", "all at once"])
def test_the_report_does_not_depend_on_where_the_log_is_cut(
    place: Place, monkeypatch: pytest.MonkeyPatch, entries: int
):
    place.run(everything)
    cut = audited(place, 1)
    monkeypatch.setattr(audit_store, "RANGE_ENTRIES", entries)
    assert audited(place, 1) == cut


def change(statement: str) -> Callable[[psycopg.Connection], None]:
    def run(conn: psycopg.Connection) -> None:
        assert conn.execute(statement.encode()).rowcount

    return run


def change_line(conn: psycopg.Connection) -> None:
    row = conn.execute("SELECT packed FROM ledger.entry_events WHERE index = 10").fetchone()
    assert row is not None
    lines = pack(unpack(row[0]).replace(b'"5"', b'"6"', 1))
    conn.execute("UPDATE ledger.entry_events SET packed = %s WHERE index = 10", (lines,))


def lose_register(conn: psycopg.Connection) -> None:
    """The entry that registers the sources of everything behind it."""
    conn.execute("DELETE FROM ledger.entry_events WHERE index = 3")


DAMAGES = {
    "changed-line": change_line,
    "lost-control-entry": lose_register,
    "flipped-signature": change(
        "UPDATE ledger.log_entries SET jws = set_byte(jws, length(jws) - 5, "
        "get_byte(jws, length(jws) - 5) # 1) WHERE index = 10"
    ),
    "missing-entry": change("DELETE FROM ledger.log_entries WHERE index = 11"),
    "missing-key-entry": change("DELETE FROM ledger.log_entries WHERE index = 1"),
    "column-of-a-control-entry": change(
        "UPDATE ledger.log_entries SET stream = 'company/registered' WHERE index = 3"
    ),
    "stream-of-a-reading": change(
        f"UPDATE ledger.log_entries SET stream = '{stream(5)}' WHERE index = 4"  # noqa: S608
    ),
    "swapped-lines": change(
        "UPDATE ledger.entry_events AS one SET packed = other.packed "
        "FROM ledger.entry_events AS other WHERE one.index + other.index = 21 "
        "AND one.index IN (9, 12)"
    ),
    "checkpoint": change("UPDATE ledger.checkpoints SET note = left(note, -9) WHERE size = 8"),
    "lost-end": change("DELETE FROM ledger.log_entries WHERE index > 20"),
    "view": change("UPDATE ledger.mass_delta SET mass_mg = mass_mg + 1 WHERE index = 4"),
    "head": change("UPDATE ledger.stream_heads SET version = version + 1"),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_same_damage_is_named_by_one_process_and_by_several(place: Place, damage: str):
    place.run(everything)
    with psycopg.connect(place.settings.database_url or "", autocommit=True) as conn:
        disarm(conn)
        DAMAGES[damage](conn)
    alone = audited(place, 1)
    assert not alone.ok
    assert alone == audited(place, 2)
    answers: list[object] = []
    for jobs in (1, 2):
        try:
            answers.append(rebuilt(place, jobs))
        except Damaged as error:
            answers.append(str(error))
    assert answers[0] == answers[1]


def test_a_control_entry_under_another_name_hides_nothing_and_blames_nothing_else(place: Place):
    place.run(everything)
    with psycopg.connect(place.settings.database_url or "", autocommit=True) as conn:
        disarm(conn)
        DAMAGES["column-of-a-control-entry"](conn)
    assert [(d.place, d.what) for d in audited(place, 2).damages] == [
        ("entry 3", "stream: expected company/register, found company/registered")
    ]


def test_a_log_that_grows_meanwhile_is_audited_as_it_stood(place: Place):
    place.run(prepared)

    async def both(ledger: Ledger, workload: Workload) -> tuple[AuditReport, int]:
        tasks: list[asyncio.Task[object]] = []
        grown = asyncio.Event()

        async def grow() -> None:
            for _ in range(5):
                await ledger.post(workload.batch(3, 2))
            grown.set()

        def progress(done: int, total: int) -> None:
            if not tasks:
                tasks.append(asyncio.create_task(grow()))

        before = (await ledger.status()).size
        report = await ledger.audit(progress)
        await grown.wait()
        assert (await ledger.audit()).ok
        return report, before

    report, before = place.run(both)
    assert report.ok, report.damages
    assert report.size == before


def test_the_memory_of_an_audit_does_not_grow_with_the_log(
    place: Place, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(audit_store, "RANGE_ENTRIES", 64)

    async def grow(ledger: Ledger, workload: Workload) -> None:
        bodies = [workload.batch(number % 20, 1) for number in range(800)]
        await asyncio.gather(*(ledger.post(body) for body in bodies))

    def peak() -> int:
        async def opened() -> int:
            async with open_ledger(place.settings, writing=False) as ledger:
                await ledger.audit()  # what is made once and kept
                tracemalloc.start()
                try:
                    assert (await ledger.audit()).ok
                    return tracemalloc.get_traced_memory()[1]
                finally:
                    tracemalloc.stop()

        return asyncio.run(opened())

    place.run(grow)
    small = peak()
    for _ in range(2):
        place.run(grow)
    assert peak() < 1.25 * small


def test_progress_is_told_evenly_from_nothing_to_the_end(place: Place):
    place.run(everything)
    told: list[tuple[int, int]] = []

    async def opened() -> int:
        async with open_ledger(place.settings, writing=False) as ledger:
            for check in (ledger.audit, ledger.rebuild):
                await check(lambda done, total: told.append((done, total)), jobs=2)
            return (await ledger.status()).size

    size = asyncio.run(opened())
    steps = [0, *range(3, size, 3), size]
    assert told == [(done, size) for done in steps + steps]

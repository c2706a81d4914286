"""Signed batches through the library's application: written, read back, checked on the way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from eventsourcing.persistence import (
    IntegrityError,
    MapperDeserialisationError,
    ProgrammingError,
    StoredEvent,
)

from ledger.errors import BadBatch, NotAuthorised, UnknownEventType
from ledger.fold.event import Event
from ledger.log.batch import SignedStatement, build, split_submission
from ledger.log.canonical import encode_struct
from ledger.log.hashes import ZEROS_HEX
from ledger.store.application import CarbonLedger
from ledger.store.database import Database
from ledger.store.log_store import entry
from ledger.store.loop_thread import LoopThread
from ledger.store.mapper import LedgerEvent, LedgerMapper
from ledger.store.recorder import LedgerRecorder
from tests.store.batches import AUTHOR, LOG

STREAM = "acme/plant/electricity"


class MeterRead(Event, frozen=True, kw_only=True):
    """A small event for these tests."""

    quantity: str


class MeterSwapped(Event, frozen=True, kw_only=True):
    """Another one."""

    reason: str


MAPPER = LedgerMapper({"MeterRead": MeterRead, "MeterSwapped": MeterSwapped})


def salt(number: int) -> str:
    return f"{number:032x}"


def readings(first: int, count: int, stream: str = STREAM) -> list[LedgerEvent]:
    return [
        LedgerEvent(stream, version, MeterRead(salt=salt(version), quantity=str(version)))
        for version in range(first, first + count)
    ]


def signed(events: list[LedgerEvent], previous: str = ZEROS_HEX) -> bytes:
    body = build(
        AUTHOR,
        LOG,
        events[0].originator_id,
        events[0].originator_version,
        previous,
        [(type(e.data).__name__, encode_struct(e.data)) for e in events],
        None,
        "2026-11-22T06:00:00Z",
    )
    return split_submission(body)[0]


def only_the_author(statement: SignedStatement) -> None:
    if statement.kid != AUTHOR.public.thumbprint:
        raise NotAuthorised("this key may not say this")
    statement.jws.verify(AUTHOR.public)


@pytest.fixture
def recorder(database: Database, loop: LoopThread) -> Iterator[LedgerRecorder]:
    loop.run(database.open())
    recorder = LedgerRecorder(database, loop.loop, only_the_author)
    yield recorder
    recorder.close()
    loop.run(database.close())


@pytest.fixture
def app(recorder: LedgerRecorder) -> Iterator[CarbonLedger]:
    with CarbonLedger(recorder, MAPPER) as app:
        yield app


def test_a_signed_batch_becomes_one_entry_and_its_events_come_back(
    app: CarbonLedger, database: Database, loop: LoopThread
):
    events = readings(1, 3)
    jws = signed(events)
    assert [r.notification.id for r in app.save(*events, jws=jws)] == [1, 2, 3]
    assert list(app.events.get(STREAM)) == events
    assert [n.originator_version for n in app.notification_log.select(1, 10)] == [1, 2, 3]

    async def stored() -> bytes:
        async with database.read() as conn:
            found = await entry(conn, 0)
            assert found.types == ("MeterRead",)
            assert found.event_lines == [encode_struct(e.data) for e in events]
            return found.jws

    assert loop.run(stored()) == jws


def test_a_second_batch_continues_the_chain(app: CarbonLedger):
    first = readings(1, 2)
    jws = signed(first)
    app.save(*first, jws=jws)
    from ledger.log.batch import parse_statement

    second = [LedgerEvent(STREAM, 3, MeterSwapped(salt=salt(3), reason="broken"))]
    app.save(*second, jws=signed(second, parse_statement(jws).statement.head))
    assert list(app.events.get(STREAM, gt=1)) == [first[1], *second]


def test_events_that_nobody_signed_are_refused(app: CarbonLedger):
    with pytest.raises(ProgrammingError, match="signed batches only"):
        app.save(*readings(1, 1))


def test_events_other_than_those_signed_are_refused(app: CarbonLedger, recorder: LedgerRecorder):
    jws = signed(readings(1, 2))
    other = [
        LedgerEvent(STREAM, 1, MeterRead(salt=salt(1), quantity="1")),
        LedgerEvent(STREAM, 2, MeterRead(salt=salt(2), quantity="3")),
    ]
    with pytest.raises(BadBatch, match="head"):
        app.save(*other, jws=jws)
    with pytest.raises(IntegrityError):
        app.save(*readings(1, 2, "acme/plant/gas"), jws=jws)
    with pytest.raises(IntegrityError):
        app.save(*readings(2, 2), jws=jws)
    with pytest.raises(BadBatch, match="count"):
        app.save(*readings(1, 1), jws=jws)
    assert recorder.max_notification_id() is None


def test_a_batch_that_the_caller_does_not_authorise_is_refused(
    database: Database, loop: LoopThread, recorder: LedgerRecorder
):
    def nobody(statement: SignedStatement) -> None:
        raise NotAuthorised(f"{statement.kid} may not speak in {statement.statement.stream}")

    strict = LedgerRecorder(database, loop.loop, nobody)
    events = readings(1, 1)
    with pytest.raises(NotAuthorised, match="may not speak"):
        strict.insert_events([MAPPER.to_stored_event(e) for e in events], jws=signed(events))
    assert recorder.max_notification_id() is None


def test_the_same_versions_again_are_a_conflict(app: CarbonLedger):
    events = readings(1, 2)
    app.save(*events, jws=signed(events))
    with pytest.raises(IntegrityError):
        app.save(*events, jws=signed(events))


def test_no_variable_of_the_environment_comes_between_an_event_and_its_bytes(
    recorder: LedgerRecorder, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PERSISTENCE_MODULE", "eventsourcing.sqlite")
    monkeypatch.setenv("COMPRESSOR_TOPIC", "zlib")
    monkeypatch.setenv("CARBON_LEDGER_COMPRESSOR_TOPIC", "zlib")
    monkeypatch.setenv("IS_SNAPSHOTTING_ENABLED", "y")
    with CarbonLedger(recorder, MAPPER) as app:
        assert app.recorder is recorder
        assert app.mapper is MAPPER
        assert app.snapshots is None
        assert "sqlite" not in type(app.factory).__module__


def test_the_mapper_refuses_a_type_outside_its_table_in_both_directions():
    class Unheard(Event, frozen=True, kw_only=True):
        pass

    with pytest.raises(UnknownEventType, match="Unheard"):
        MAPPER.to_stored_event(LedgerEvent(STREAM, 1, Unheard(salt=salt(1))))
    for topic in ("Unheard", "os:system", "tests.store.test_application:MeterRead"):
        with pytest.raises(MapperDeserialisationError, match="no rule knows"):
            MAPPER.to_domain_event(StoredEvent(STREAM, 1, topic, b"{}"))


@pytest.mark.parametrize(
    "state",
    [
        b'{"quantity":"1","salt":"%s","type":"MeterSwapped"}',
        b'{"quantity":1,"salt":"%s","type":"MeterRead"}',
        b'{"quantity":"1","salt":"short","type":"MeterRead"}',
        b'{"extra":1,"quantity":"1","salt":"%s","type":"MeterRead"}',
        b'{"salt":"%s","quantity":"1","type":"MeterRead"}',
        b'{"quantity":"1","salt":"%s","type":"MeterRead"} ',
        b"",
    ],
)
def test_the_mapper_checks_again_what_it_reads(state: bytes):
    state = state.replace(b"%s", salt(1).encode())
    with pytest.raises(MapperDeserialisationError, match=f"{STREAM}@1"):
        MAPPER.to_domain_event(StoredEvent(STREAM, 1, "MeterRead", state))


def test_what_the_mapper_writes_it_reads():
    for event in readings(1, 3):
        assert MAPPER.to_domain_event(MAPPER.to_stored_event(event)) == event

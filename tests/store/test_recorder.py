"""The library's own cases for recorders, on the real PostgreSQL, and what ours adds to them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from time import sleep
from uuid import uuid4

import pytest
from eventsourcing.persistence import (
    DataError,
    IntegrityError,
    OperationalError,
    ProgrammingError,
    StoredEvent,
)
from eventsourcing.tests.persistence import (
    ApplicationRecorderTestCase,
    NonInterleavingNotificationIDsBaseCase,
)

from ledger.store.database import Database
from ledger.store.loop_thread import LoopThread
from ledger.store.recorder import BatchRecorder, allow_unsigned


@pytest.fixture
def recorder(unsigned: Database, loop: LoopThread) -> Iterator[BatchRecorder]:
    loop.run(unsigned.open())
    recorder = BatchRecorder(unsigned, loop.loop)
    yield recorder
    recorder.close()
    loop.run(unsigned.close())


@pytest.fixture
def unsigned(database: Database, loop: LoopThread) -> Database:
    """A database whose owner lets it hold runs that nobody signed."""

    async def allow() -> None:
        async with database.owner() as conn:
            await allow_unsigned(conn)

    loop.run(allow())
    return database


class _OnPostgres:
    @pytest.fixture(autouse=True)
    def _given(self, recorder: BatchRecorder) -> None:
        self._recorder = recorder

    def create_recorder(self) -> BatchRecorder:
        return self._recorder

    def new_originator_id(self) -> str:
        return str(uuid4())


class TestTheLibrarysCases(_OnPostgres, ApplicationRecorderTestCase[BatchRecorder]):
    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestTheLibrarysNonInterleavingCase(_OnPostgres, NonInterleavingNotificationIDsBaseCase):
    pass


def events(stream: str, first: int, count: int, topic: str = "Said") -> list[StoredEvent]:
    return [
        StoredEvent(stream, version, topic, b"%d" % version)
        for version in range(first, first + count)
    ]


def test_a_stream_is_read_between_any_two_versions_in_both_directions(recorder: BatchRecorder):
    for first in range(1, 101, 5):
        recorder.insert_events(events("acme/meter", first, 5))
    recorder.insert_events(events("acme/other", 1, 5))

    for gt in (None, 0, 4, 5, 7, 99, 100, 200):
        for lte in (None, 0, 1, 5, 8, 97, 100, 300):
            for limit in (None, 1, 3, 50):
                expected = [
                    v for v in range(1, 101) if v > (gt or 0) and v <= (100 if lte is None else lte)
                ]
                up = recorder.select_events("acme/meter", gt=gt, lte=lte, limit=limit)
                down = recorder.select_events("acme/meter", gt=gt, lte=lte, limit=limit, desc=True)
                assert [e.originator_version for e in up] == expected[:limit]
                assert [e.originator_version for e in down] == expected[::-1][:limit]


def test_notifications_of_one_topic_are_found_among_many_others(recorder: BatchRecorder):
    for number in range(100):
        recorder.insert_events(events(f"acme/m{number}", 1, 2, "Rare" if number == 90 else "Usual"))
    found = recorder.select_notifications(1, 10, topics=["Rare"])
    assert [n.id for n in found] == [181, 182]


def test_events_of_several_streams_in_one_call_are_recorded_in_their_order(
    recorder: BatchRecorder,
):
    mixed = [*events("a/x", 1, 2), *events("b/x", 1, 1), *events("a/x", 3, 1, "Other")]
    assert list(recorder.insert_events(mixed) or ()) == [1, 2, 3, 4]
    found = recorder.select_notifications(1, 10)
    assert [(n.originator_id, n.originator_version, n.topic) for n in found] == [
        ("a/x", 1, "Said"),
        ("a/x", 2, "Said"),
        ("b/x", 1, "Said"),
        ("a/x", 3, "Other"),
    ]


def test_a_gap_in_a_stream_is_refused_and_nothing_is_recorded(recorder: BatchRecorder):
    recorder.insert_events(events("acme/meter", 1, 3))
    with pytest.raises(IntegrityError):
        recorder.insert_events([*events("acme/other", 1, 1), *events("acme/meter", 5, 1)])
    assert recorder.max_notification_id() == 3


def test_a_stream_begins_at_0_or_1(recorder: BatchRecorder):
    recorder.insert_events(events("acme/zero", 0, 2))
    recorder.insert_events(events("acme/one", 1, 2))
    with pytest.raises(IntegrityError):
        recorder.insert_events(events("acme/two", 2, 1))


def test_a_state_with_a_line_feed_is_refused(recorder: BatchRecorder):
    with pytest.raises(DataError):
        recorder.insert_events([StoredEvent("acme/meter", 1, "Said", b"two\nlines")])


def test_a_stream_without_a_text_name_is_refused(recorder: BatchRecorder):
    with pytest.raises(DataError):
        recorder.insert_events([StoredEvent(uuid4(), 1, "Said", b"{}")])


def test_a_ledgers_database_refuses_what_nobody_signed(database: Database, loop: LoopThread):
    loop.run(database.open())
    recorder = BatchRecorder(database, loop.loop)
    with pytest.raises(IntegrityError, match="log_entries_signed"):
        recorder.insert_events(events("acme/meter", 1, 1))
    recorder.close()
    loop.run(database.close())


def test_a_call_from_the_event_loop_itself_is_refused_instead_of_waiting_for_ever(
    recorder: BatchRecorder, loop: LoopThread
):
    async def call() -> None:
        recorder.max_notification_id()

    with pytest.raises(ProgrammingError):
        loop.run(call())


def test_a_subscription_hears_what_another_recorder_commits(
    recorder: BatchRecorder, unsigned: Database, loop: LoopThread
):
    other = BatchRecorder(unsigned, loop.loop)
    other.insert_events(events("acme/first", 1, 1))
    with recorder.subscribe(gt=0) as subscription, ThreadPoolExecutor(1) as elsewhere:
        assert next(subscription).originator_id == "acme/first"
        while not loop.run(_listening(unsigned)):
            pass
        sleep(0.3)  # whatever was looked at on the way to listening is over
        heard = elsewhere.submit(next, subscription)
        other.insert_events(events("acme/second", 1, 1))
        try:
            assert heard.result(timeout=10).originator_id == "acme/second"
        finally:
            subscription.stop()
    other.close()


def test_a_subscription_ends_with_the_error_when_the_database_goes_away(
    recorder: BatchRecorder, unsigned: Database, loop: LoopThread
):
    async def cut() -> None:
        async with unsigned.owner() as conn:
            await conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
            )

    recorder.insert_events(events("acme/meter", 1, 1))
    with recorder.subscribe(gt=0) as subscription:
        next(subscription)
        heard = False
        while not heard:
            heard = loop.run(_listening(unsigned))
        loop.run(cut())
        with pytest.raises(OperationalError):
            next(subscription)


async def _listening(database: Database) -> bool:
    async with database.owner() as conn:
        row = await (
            await conn.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
            )
        ).fetchone()
    return row is not None and row[0] > 0

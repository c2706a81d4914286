"""The library's recorder contract over one row per batch.

`BatchRecorder` turns stored events into runs: consecutive versions of one stream, from 0 or 1 on,
without gaps; each run is one log entry. Notification ids have no gaps and never interleave, since
they are given under the log's lock. `LedgerRecorder` takes signed batches only, versions from 1.

The contract is synchronous. Its methods run on the program's event loop and are called from other
threads, never from the loop itself. Source: architecture, "eventsourcing".
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, TypeVar

import psycopg
from eventsourcing.persistence import (
    ApplicationRecorder,
    DataError,
    IntegrityError,
    Notification,
    OperationalError,
    ProgrammingError,
    StoredEvent,
)

from ledger.errors import Conflict, LedgerError, TooLarge, Unavailable
from ledger.log.batch import chain, parse_statement
from ledger.log.canonical import encode
from ledger.log.hashes import leaf_hash
from ledger.store.log_store import (
    NewEntry,
    StoredEntry,
    append_entries,
    lock,
    read_entry,
    read_head,
)
from ledger.store.packing import pack
from ledger.store.queries import query
from ledger.store.subscription import LedgerSubscription

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
    from concurrent.futures import Future
    from uuid import UUID

    from eventsourcing.persistence import Subscription

    from ledger.log.batch import SignedStatement
    from ledger.log.hashes import LeafHash
    from ledger.store.database import Connection, Database

T = TypeVar("T")

MAX_RUN: Final = 10_000
_CHUNK_ENTRIES: Final = 32
_LAST: Final = 2**62


class BatchRecorder(ApplicationRecorder):
    """Records runs of events as log entries that nobody signed.

    For a database whose owner allows that (`allow_unsigned`); in a ledger's database the table
    refuses such entries. `database` was opened on `loop`.
    """

    def __init__(self, database: Database, loop: asyncio.AbstractEventLoop) -> None:
        self._database = database
        self._loop = loop
        self._writer: Connection | None = None
        self._writing = asyncio.Lock()

    def close(self) -> None:
        """Close the writing connection."""
        self.run(self._close())

    # ------------------------------------------------------------------------------ contract

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Append the events, all or none; their notification ids, in their order."""
        if not stored_events:
            return []
        entries = self.entries_of(stored_events, **kwargs)
        first = self.run(self._append(entries))
        return list(range(first, first + len(stored_events)))

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Events of a stream with versions above `gt` and up to `lte`."""
        bounds = (-1 if gt is None else gt, _LAST if lte is None else lte)
        return self.run(self._events(_text_id(originator_id), *bounds, desc=desc, limit=limit))

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Notifications from an id on, `limit` at most, up to `stop`, of these topics if any."""
        first = 1 if start is None else start + (not inclusive_of_start)
        last = _LAST if stop is None else stop
        return self.run(self._notifications(first, last, limit, topics))

    def max_notification_id(self) -> int | None:
        """The last notification id, or None."""
        return self.run(self._max_notification_id())

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        """Notifications after an id, waiting for new ones."""
        return LedgerSubscription(self, gt=gt, topics=topics)

    # ------------------------------------------------------------------------------ entries

    def entries_of(self, stored_events: Sequence[StoredEvent], **_: Any) -> list[NewEntry]:
        """The runs in these events; raises IntegrityError, DataError."""
        entries = []
        for run in _runs(stored_events):
            lines = _lines(run)
            statement = encode(
                {
                    "count": len(run),
                    "data": sha256(lines).hexdigest(),
                    "first": run[0].originator_version,
                    "stream": _text_id(run[0].originator_id),
                }
            )
            entries.append(_new_entry(run, lines, statement, leaf_hash(statement)))
        return entries

    # ------------------------------------------------------------------------------ on the loop

    def start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Begin this on the event loop."""
        return asyncio.run_coroutine_threadsafe(_translated(work), self._loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for this on the event loop; raises ProgrammingError when called from there."""
        try:
            running: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        if running is self._loop:
            work.close()
            raise ProgrammingError("the recorder's methods are called from other threads")
        future = self.start(work)
        while True:
            try:
                return future.result(timeout=1.0)
            except TimeoutError:
                if future.done():
                    raise
                if self._loop.is_closed():
                    raise OperationalError("the event loop has ended") from None

    async def listen(self, heard: Callable[[], None]) -> None:
        """Call `heard` after every committed group, and once at the beginning, until cancelled."""
        async with self._database.server() as conn:
            await conn.execute(query("recorder", "listen"))
            heard()  # whatever was committed before this connection listened
            async for _ in conn.notifies():
                heard()

    async def _append(self, entries: Sequence[NewEntry]) -> int:
        async with self._write() as conn:
            await lock(conn)
            head = await read_head(conn)
            await append_entries(conn, head, entries)
        return head.next_notification

    @asynccontextmanager
    async def _write(self) -> AsyncIterator[Connection]:
        # One connection is enough: whoever appends holds the log's lock anyway.
        async with self._writing:
            if self._writer is None or self._writer.closed:
                self._writer = await self._database.connect_server()
            async with self._writer.transaction():
                yield self._writer

    async def _close(self) -> None:
        async with self._writing:
            if self._writer is not None:
                await self._writer.close()
                self._writer = None

    async def _events(
        self, stream: str, gt: int, lte: int, *, desc: bool, limit: int | None
    ) -> list[StoredEvent]:
        found: list[StoredEvent] = []
        wanted = _LAST if limit is None else limit
        async with self._database.read() as conn:
            while len(found) < wanted and gt < lte:
                bounds = {"stream": stream, "gt": gt, "lte": lte, "limit": _CHUNK_ENTRIES}
                entries = await _read(conn, "entries_down" if desc else "entries_up", bounds)
                for entry in entries:
                    run = [
                        event for event in _stored(entry) if gt < event.originator_version <= lte
                    ]
                    found += reversed(run) if desc else run
                if len(entries) < _CHUNK_ENTRIES:
                    break
                if desc:
                    lte = entries[-1].first - 1
                else:
                    gt = entries[-1].first + entries[-1].count - 1
        return found[:wanted]

    async def _notifications(
        self, first: int, last: int, limit: int, topics: Sequence[str]
    ) -> list[Notification]:
        found: list[Notification] = []
        async with self._database.read() as conn:
            while len(found) < limit and first <= last:
                # Without topics, `limit` ids hold `limit` events: no need to look further.
                upto = last if topics else min(last, first + limit - len(found) - 1)
                bounds = {
                    "first": first,
                    "last": upto,
                    "topics": list(topics),
                    "limit": _CHUNK_ENTRIES,
                }
                entries = await _read(conn, "notified", bounds)
                for entry in entries:
                    found += [
                        notification
                        for notification in _notified(entry)
                        if first <= notification.id <= upto
                        and (not topics or notification.topic in topics)
                    ]
                if len(entries) < _CHUNK_ENTRIES:
                    break
                first = entries[-1].first_notification + entries[-1].count
        return found[:limit]

    async def _max_notification_id(self) -> int | None:
        async with self._database.read() as conn:
            return (await read_head(conn)).events or None


class LedgerRecorder(BatchRecorder):
    """Records signed batches: `insert_events(events, jws=…)` takes exactly what the JWS signs.

    Stream, versions, chain and root are recomputed from the events' bytes. Whether the key may say
    it is the caller's rule: `authorise` is asked before anything is written, and raises to refuse.
    """

    def __init__(
        self,
        database: Database,
        loop: asyncio.AbstractEventLoop,
        authorise: Callable[[SignedStatement], None],
    ) -> None:
        super().__init__(database, loop)
        self._authorise = authorise

    def entries_of(
        self, stored_events: Sequence[StoredEvent], *, jws: bytes | None = None, **_: Any
    ) -> list[NewEntry]:
        """The batch; raises IntegrityError, DataError, or what the batch's own check raises."""
        if jws is None:
            raise ProgrammingError("a ledger records signed batches only: pass jws=…")
        signed = parse_statement(jws)
        statement = signed.statement
        runs = _runs(stored_events)
        if (
            len(runs) != 1
            or runs[0][0].originator_id != statement.stream
            or runs[0][0].originator_version != statement.first
        ):
            raise IntegrityError(
                f"these events are not {statement.stream}@{statement.first} and those after it"
            )
        [run] = runs
        leaves = chain([e.state for e in run], [e.topic for e in run], statement)
        self._authorise(signed)
        return [_new_entry(run, _lines(run), jws, leaves[-1])]


async def allow_unsigned(conn: Connection) -> None:
    """Let a database hold runs that nobody signed, as its owner. A ledger's database never does."""
    await conn.execute(query("recorder", "allow_unsigned"))


# ---------------------------------------------------------------------------------- runs


def _runs(stored_events: Sequence[StoredEvent]) -> list[list[StoredEvent]]:
    runs: list[list[StoredEvent]] = []
    for event in stored_events:
        run = runs[-1] if runs else []
        follows = (
            run
            and len(run) < MAX_RUN
            and run[-1].originator_id == event.originator_id
            and run[-1].originator_version + 1 == event.originator_version
        )
        if follows:
            run.append(event)
        else:
            runs.append([event])
    return runs


def _new_entry(
    run: Sequence[StoredEvent], lines: bytes, statement: bytes, leaf: LeafHash
) -> NewEntry:
    kinds = {event.topic for event in run}
    types = tuple(kinds) if len(kinds) == 1 else tuple(event.topic for event in run)
    if any(not kind or "\n" in kind or "\0" in kind for kind in kinds):
        raise DataError("a topic is one line of text")
    return NewEntry(
        jws=statement,
        stream=_text_id(run[0].originator_id),
        first=run[0].originator_version,
        count=len(run),
        types=types,
        packed=_packed(lines),
        leaf=leaf,
    )


def _lines(run: Sequence[StoredEvent]) -> bytes:
    for event in run:
        if b"\n" in event.state:
            raise DataError("a state is one line: it has no LF")
    return b"".join(event.state + b"\n" for event in run)


def _packed(lines: bytes) -> bytes:
    try:
        return pack(lines)
    except TooLarge as error:
        raise DataError(str(error)) from error


def _text_id(originator_id: UUID | str) -> str:
    if not isinstance(originator_id, str):
        raise DataError(f"streams have names, not {type(originator_id).__name__}s")
    return originator_id


def _stored(entry: StoredEntry) -> list[StoredEvent]:
    return [
        StoredEvent(entry.stream, entry.first + position, entry.type_at(position), line)
        for position, line in enumerate(entry.event_lines)
    ]


def _notified(entry: StoredEntry) -> list[Notification]:
    return [
        Notification(
            originator_id=entry.stream,
            originator_version=entry.first + position,
            topic=entry.type_at(position),
            state=line,
            id=entry.first_notification + position,
        )
        for position, line in enumerate(entry.event_lines)
    ]


async def _read(conn: Connection, name: str, bounds: dict[str, Any]) -> list[StoredEntry]:
    async with conn.cursor(binary=True) as cur:
        rows = await (await cur.execute(query("recorder", name), bounds)).fetchall()
    return [read_entry(row) for row in rows]


async def _translated(work: Coroutine[Any, Any, T]) -> T:
    """The library knows its own errors; ours with a meaning of their own pass as they are."""
    try:
        return await work
    except (Conflict, psycopg.IntegrityError) as error:
        raise IntegrityError(str(error)) from error
    except psycopg.DataError as error:
        raise DataError(str(error)) from error
    except (Unavailable, psycopg.OperationalError) as error:
        raise OperationalError(str(error)) from error
    except (LedgerError, asyncio.CancelledError):
        raise
    except psycopg.Error as error:
        raise ProgrammingError(str(error)) from error

"""The one place where the log grows: batches in, receipts out.

Submissions that wait are appended together: one lock, one transaction, one checkpoint. A batch
that is refused takes no other of its group down. The order is commit, re-hash what was stored,
checkpoint file on disk, sign, answer; so whoever holds a receipt will find the batch.

Cheap checks come first, so that strangers cost little: size, form, key, signature, and only then
the lines. Source: architecture, "How a batch flows"; formats, sections 4 and 7.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

import msgspec

from ledger.carbon.info import Posted
from ledger.errors import (
    Damaged,
    LedgerError,
    LogStopped,
    NotAuthorised,
    Overloaded,
    Unavailable,
)
from ledger.log import tiles
from ledger.log.batch import SignedStatement, chain, parse_statement, split_submission
from ledger.log.hashes import LeafHash
from ledger.log.keys import PrivateKey
from ledger.log.receipt import Receipt, format_receipt
from ledger.machine import check_log, public_key_of, read_events, whole_entry
from ledger.parties.pieces import KEY
from ledger.service.admission import Admission
from ledger.service.engine import Engine, Folded
from ledger.service.signer import Signer
from ledger.store import log_store, tile_store
from ledger.store.checkpoint_file import CheckpointFile
from ledger.store.database import Connection, Database, translated
from ledger.store.log_store import NewEntry
from ledger.store.packing import pack
from ledger.store.view_store import ViewStore

GROUP_BATCHES: Final = 256
GROUP_BYTES: Final = 32 * 1024 * 1024
WAITING_BYTES: Final = 128 * 1024 * 1024


_LOG: Final = logging.getLogger(__name__)


class _Waiting(msgspec.Struct, eq=False):
    """A verified batch that waits for its place, and the future of whoever waits for it."""

    signed: SignedStatement
    events: tuple[msgspec.Struct, ...]
    lines: bytes
    leaf: LeafHash
    checked: bool
    answer: asyncio.Future[Posted]


class _Accepted(msgspec.Struct):
    waiting: _Waiting
    index: int
    repeated: bool = False


class Sequencer:
    """Appends to one log. `start` before the first submission, `stop` after the last."""

    def __init__(
        self,
        database: Database,
        checkpoints: CheckpointFile,
        log_key: PrivateKey,
        origin: str,
        log: str,
    ) -> None:
        self._database = database
        self._signer = Signer(checkpoints, log_key, origin)
        self._log = log
        self._engine = Engine(ViewStore())
        self._size_of_state = 0
        self._conn: Connection | None = None
        self._queue: list[_Waiting] = []
        self._queued_bytes = 0
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopped: LedgerError | None = None

    async def start(self) -> None:
        """Compare the database with the checkpoint file, sign what a crash left unsigned, begin.

        Raises LogStopped when the database is behind or disagrees.
        """
        conn = await self._connection()
        await self._signer.sign(conn)
        self._task = asyncio.create_task(self._run(), name="sequencer")

    async def stop(self) -> None:
        """Finish the group at hand, refuse what still waits, and close the connection."""
        self._stopped = self._stopped or Unavailable(
            "the ledger is stopping", advice="Send the same bytes again; nothing is posted twice."
        )
        self._wake.set()
        if self._task is not None:
            await self._task
            self._task = None
        if self._conn is not None:
            await self._conn.close()
            self._conn = None

    def check(self) -> None:
        """Raise why the log does not grow any more, if it does not."""
        if self._stopped is not None:
            raise self._stopped.again()

    async def submit(self, body: bytes) -> Posted:
        """Append the batch and answer with its receipt, durable; or raise why not."""
        jws, lines = split_submission(body)
        signed = parse_statement(jws)
        check_log(signed.statement.log, self._log)
        checked = await self._check_signature(signed)
        events = read_events(lines)
        leaves = chain(lines, [type(event).__name__ for event in events], signed.statement)
        self.check()
        size = len(body)
        if self._queued_bytes + size > WAITING_BYTES:
            raise Overloaded(
                "too many batches are waiting",
                expected=f"at most {WAITING_BYTES} bytes",
                found=f"{self._queued_bytes}",
                advice="Send the same bytes again in a second.",
            )
        waiting = _Waiting(
            signed,
            events,
            body[len(jws) + 1 :],
            leaves[-1],
            checked,
            asyncio.get_running_loop().create_future(),
        )
        self._queue.append(waiting)
        self._queued_bytes += size
        self._wake.set()
        return await waiting.answer

    # --- checks before the lock ----------------------------------------------------------------

    async def _check_signature(self, signed: SignedStatement) -> bool:
        """The key is known and its signature holds; whether it may say this is judged in place.

        False for what may be entry 0, which brings its own key and is checked in place.
        """
        if signed.statement.stream.endswith("/ledger") and signed.statement.first == 1:
            return False
        key = self._engine.peek(KEY, signed.kid)
        if key is None:
            async with self._database.read() as conn:
                values = await self._engine.views.load_pieces(conn, [(KEY.name, signed.kid)])
            value = values.get((KEY.name, signed.kid))
            key = None if value is None else KEY.decode(value)
        if key is None:
            raise NotAuthorised(
                "unknown key",
                expected="a key that is authorised on this ledger",
                found=signed.kid,
                advice="Ask the party's admin, or the operator, to authorise it.",
            )
        signed.jws.verify(public_key_of(key))
        return True

    # --- the loop ------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                if self._stopped is not None:
                    self._refuse_all(self._stopped)
                    break
                group = self._take_group()
                try:
                    await self._append(group)
                except LedgerError as error:
                    await self._recover(group, error)
                except Exception as error:  # noqa: BLE001  # logged, and told to whoever waits
                    # A fault of ours must leave nobody waiting, and the next group its chance.
                    _LOG.exception("a group could not be appended")
                    await self._recover(
                        group, Unavailable("the ledger failed", found=type(error).__name__)
                    )
            if self._stopped is not None:
                self._refuse_all(self._stopped)
                return

    def _take_group(self) -> list[_Waiting]:
        taken, size = 0, 0
        for waiting in self._queue[:GROUP_BATCHES]:
            size += len(waiting.lines)
            if taken and size > GROUP_BYTES:
                break
            taken += 1
        group, self._queue = self._queue[:taken], self._queue[taken:]
        self._queued_bytes = sum(len(w.lines) + len(w.signed.jws.raw) + 1 for w in self._queue)
        return group

    def _refuse_all(self, error: LedgerError) -> None:
        for waiting in self._queue:
            _fail(waiting, error)
        self._queue.clear()
        self._queued_bytes = 0

    async def _recover(self, group: list[_Waiting], error: LedgerError) -> None:
        """The group was not acknowledged: tell everybody, and begin again from the database.

        Where database and checkpoint file disagree, nothing is appended or signed any more.
        """
        if isinstance(error, LogStopped | Damaged):
            self._stopped = error
        for waiting in group:
            _fail(waiting, error)
        self._engine.forget()
        self._size_of_state = 0
        self._signer.forget()
        if self._conn is not None:
            await self._conn.close()
            self._conn = None

    async def _append(self, group: list[_Waiting]) -> None:
        conn = await self._connection()
        accepted: list[_Accepted] = []
        async with translated(), conn.transaction():
            await log_store.lock(conn)
            head = await log_store.read_head(conn)
            if head.size != self._size_of_state:
                self._engine.forget()  # another process has appended meanwhile
                self._size_of_state = head.size
            new: list[NewEntry] = []
            folded: list[Folded] = []
            streams = (w.signed.statement.stream for w in group)
            admission = await Admission.begin(conn, streams, head.size)
            for at, waiting in enumerate(group):
                if _reads_readings(waiting.signed.statement.stream) and new:
                    # It may rest on readings that only the log tells: those of this group first.
                    self._queue[:0] = group[at:]
                    self._wake.set()
                    break
                try:
                    index = await admission.repeated(conn, waiting.signed)
                    if index is not None:
                        accepted.append(_Accepted(waiting, index, repeated=True))
                        continue
                    entry = whole_entry(head.size + len(new), waiting.signed, waiting.events)
                    one = await self._engine.fold(conn, entry, until=head.size)
                    if not waiting.checked:
                        waiting.signed.jws.verify(one.key)
                except LedgerError as error:
                    _fail(waiting, error)
                    continue
                self._engine.keep(one)
                folded.append(one)
                new.append(_new_entry(waiting))
                admission.accept(waiting.signed, entry.index)
                accepted.append(_Accepted(waiting, entry.index))
            if new:
                head = await log_store.append_entries(conn, head, new)
                rows = [(one.index, one.rows) for one in folded]
                await self._engine.views.write(conn, self._engine.unwritten(), rows)
        self._engine.written()
        self._size_of_state = head.size
        if accepted:
            note = await self._signer.sign(conn)
            await self._answer(conn, accepted, note)

    # --- after the commit ----------------------------------------------------------------------

    async def _answer(self, conn: Connection, accepted: list[_Accepted], note: bytes) -> None:
        size = int(note.split(b"\n")[1])
        cache = tile_store.TileCache(conn, size)
        for one in accepted:
            statement = one.waiting.signed.statement
            path = await cache.prove(
                lambda read, index=one.index: tiles.inclusion_path(size, index, read)  # type: ignore[misc]
            )
            receipt = format_receipt(Receipt(one.index, tuple(path), note))
            if not one.waiting.answer.done():
                one.waiting.answer.set_result(
                    Posted(
                        index=one.index,
                        stream=statement.stream,
                        first=statement.first,
                        count=statement.count,
                        receipt=receipt.decode(),
                        repeated=one.repeated,
                    )
                )

    async def _connection(self) -> Connection:
        if self._conn is None or self._conn.closed or self._conn.broken:
            self._conn = await self._database.connect_server()
        return self._conn


def _fail(waiting: _Waiting, error: LedgerError) -> None:
    if not waiting.answer.done():
        waiting.answer.set_exception(error.again())


def _new_entry(waiting: _Waiting) -> NewEntry:
    statement = waiting.signed.statement
    types = [type(event).__name__ for event in waiting.events]
    return NewEntry(
        jws=waiting.signed.jws.raw,
        stream=statement.stream,
        first=statement.first,
        count=statement.count,
        types=tuple(types[:1]) if len(set(types)) == 1 else tuple(types),
        packed=pack(waiting.lines),
        leaf=waiting.leaf,
    )


def _reads_readings(stream: str) -> bool:
    """Whether events of this stream may rest on recorded readings, not on pieces alone."""
    return stream.endswith(("/register", "/corrections"))

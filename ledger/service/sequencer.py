"""The one place where the log grows: batches in, receipts out.

Submissions that wait are appended together: one lock, one transaction, one checkpoint. A batch
that is refused takes no other of its group down. While a group is written, the next one is checked
(`checker`: size, form, key, signature and only then the lines, so that strangers cost little) and
the one before is signed and answered (`publisher`).

A process that has appended last knows where the log and its streams end, and decides on that; the
database says in the same round trip whether it still holds. If not, the group is decided again.

What a seal says takes long to derive. In its first turn it is found out that nothing else speaks
against the seal; it is derived while others have their turns, and compared in its second one.
Source: architecture, "How a batch flows"; formats, sections 4 and 7.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from ledger.carbon.info import Posted
from ledger.carbon.pieces import COVER
from ledger.carbon.summary import cover_keys
from ledger.errors import (
    Conflict,
    Damaged,
    DatabaseUnavailable,
    LedgerError,
    LogStopped,
    Overloaded,
    Unavailable,
)
from ledger.log.batch import SignedStatement, parse_statement, split_head, split_lines
from ledger.log.keys import PrivateKey
from ledger.machine import check_log, read_events, summed_entry, whole_entry
from ledger.service.admission import Admission
from ledger.service.checker import Checker
from ledger.service.engine import Engine, Folded
from ledger.service.group import Ends, Outcome, Waiting
from ledger.service.publisher import Publisher
from ledger.service.seal_deriving import Deriving, NotDerived
from ledger.service.signer import Signer
from ledger.service.workers import Workers
from ledger.store import log_store
from ledger.store.checkpoint_file import CheckpointFile
from ledger.store.database import Connection, Database, translated
from ledger.store.log_store import Head
from ledger.store.packing import unpack
from ledger.store.view_store import ViewStore

GROUP_BATCHES: Final = 256
GROUP_BYTES: Final = 16 * 1024 * 1024
WAITING_BYTES: Final = 128 * 1024 * 1024
LINGER_S: Final = 0.02
"""How long a group waits at most for batches that are being checked, while those are the more."""
_STEP_S: Final = 0.004

_LOG: Final = logging.getLogger(__name__)


class Sequencer:
    """Appends to one log. `start` before the first submission, `stop` after the last."""

    def __init__(
        self,
        database: Database,
        checkpoints: CheckpointFile,
        log_key: PrivateKey,
        origin: str,
        log: str,
        deriving: Deriving,
        published: Callable[[], None] = lambda: None,
    ) -> None:
        """`deriving` ends with `stop`, also for others. `published` is told after each checkpoint."""
        views = ViewStore()
        self._database = database
        self._publisher = Publisher(
            database, Signer(checkpoints, log_key, origin), self.stop_growing, published
        )
        self._log = log
        self._engine = Engine(views)
        self._workers = Workers()
        self._checker = Checker(database, views, self._workers)
        self._seals = deriving
        self._deriving: set[asyncio.Task[None]] = set()
        self._ends = Ends()
        self._conn: Connection | None = None
        self._queue: dict[Waiting, None] = {}
        self._unchecked = 0
        self._waiting_bytes = 0
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopped: LedgerError | None = None

    async def start(self) -> None:
        """Compare the database with the checkpoint file, sign what a crash left unsigned, begin.

        Raises LogStopped when the database is behind or disagrees.
        """
        await self._publisher.start()
        self._task = asyncio.create_task(self._run(), name="sequencer")

    async def stop(self) -> None:
        """Finish the group and the seal at hand, refuse what still waits, close the connection."""
        self._stopped = self._stopped or Unavailable(
            "the ledger is stopping", advice="Send the same bytes again; nothing is posted twice."
        )
        self._wake.set()
        await self._seals.stop()  # first: a seal that waits for drafts would be waited for below
        if self._task is not None:
            await self._task
            self._task = None
        await self._publisher.stop()
        await asyncio.gather(*self._deriving)
        await self._workers.close()
        if self._conn is not None:
            await self._conn.close()
            self._conn = None

    def check(self) -> None:
        """Raise why the log does not grow any more, if it does not."""
        if self._stopped is not None:
            raise self._stopped.again()

    def tiles_at_hand(self) -> dict[tuple[int, int], bytes]:
        """The tiles at the right edge of what was signed, by level and number."""
        return self._publisher.tiles_at_hand()

    async def precheck(self, jws: bytes) -> None:
        """Raise why a batch with this signed statement would be refused, whatever its lines are.

        So a stranger's body need not be read.
        """
        signed = self._parse(jws)
        known = await self._checker.known(signed)
        if known.key is not None:
            signed.jws.verify(known.key)

    async def submit(self, body: bytes) -> Posted:
        """Append the batch and answer with its receipt, durable; or raise why not."""
        jws, lines = split_head(body)
        signed = self._parse(jws)
        self.check()
        size = len(body)
        if self._waiting_bytes + size > WAITING_BYTES:
            raise Overloaded(
                "too many batches are waiting",
                expected=f"at most {WAITING_BYTES} bytes",
                found=f"{self._waiting_bytes}",
                advice="Send the same bytes again in a second.",
            )
        # Its place in the queue is that of its arrival, however long its checks take.
        waiting = Waiting(signed, asyncio.get_running_loop().create_future())
        self._queue[waiting] = None
        self._waiting_bytes += size
        try:
            self._unchecked += 1
            try:
                waiting.known = await self._checker.known(signed)
                waiting.checked = await self._checker.check(signed, lines, waiting.known)
            finally:
                self._unchecked -= 1
            del lines, body  # They are kept packed from here on.
            self._wake.set()
            return await waiting.answer
        finally:
            self._waiting_bytes -= size
            if not waiting.answer.cancel() and not waiting.answer.cancelled():
                waiting.answer.exception()  # seen, even where the batch itself was refused before
            if waiting in self._queue:
                # Refused, or its sender has gone: others may wait for its stream.
                del self._queue[waiting]
                self._wake.set()

    def _parse(self, jws: bytes) -> SignedStatement:
        signed = parse_statement(jws)
        check_log(signed.statement.log, self._log)
        return signed

    # --- the loop ------------------------------------------------------------------------------

    async def _run(self) -> None:
        while self._stopped is None:
            await self._wake.wait()
            self._wake.clear()
            await self._linger()
            while group := self._take_group():
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
                await self._linger()
        for waiting in self._queue:
            _fail(waiting, self._stopped)
        self._queue.clear()

    async def _linger(self) -> None:
        """Let a group become larger while most of what waits is still being checked.

        A group costs the same whether it is small or large, and what it costs the checks lack.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + LINGER_S
        while self._unchecked > len(self._queue) - self._unchecked and loop.time() < until:  # noqa: ASYNC110  (an event would be set for each batch)
            await asyncio.sleep(_STEP_S)

    def _take_group(self) -> list[Waiting]:
        """What is checked and may go now: no batch overtakes an earlier one of its stream.

        Nor one that registers something, which others may stand on.
        """
        group: list[Waiting] = []
        held: set[str] = set()
        size = 0
        if self._stopped is not None:
            return group
        for waiting in self._queue:
            if waiting.answer.done():
                continue  # Refused, or its sender has gone: `submit` takes it out in a moment.
            stream = waiting.stream.removesuffix("/corrections")
            if not waiting.ready:
                if _registers(stream):
                    break
                held.add(stream)
            elif stream not in held:
                size += len(waiting.done.packed)
                if group and (size > GROUP_BYTES or len(group) == GROUP_BATCHES):
                    break
                group.append(waiting)
        for waiting in group:
            del self._queue[waiting]
        return group

    async def _recover(self, group: list[Waiting], error: LedgerError) -> None:
        """The group was not acknowledged: tell everybody, and begin again from the database.

        Where database and checkpoint file disagree, nothing is appended or signed any more.
        """
        if isinstance(error, LogStopped | Damaged):
            self.stop_growing(error)
        for waiting in group:
            _fail(waiting, error)
        await self._forget()

    async def _forget(self) -> None:
        self._engine.forget()
        self._ends = Ends()
        if self._conn is not None:
            await self._conn.close()
            self._conn = None

    def stop_growing(self, error: LedgerError) -> None:
        """Append and sign nothing more, for this reason."""
        self._stopped = error
        self._wake.set()

    async def _append(self, group: list[Waiting]) -> None:
        """Append the group; in one round trip where nobody else appends and its streams are known."""
        if self._ends.head is not None and all(w.stream in self._ends.of for w in group):
            try:
                await self._append_to(self._ends.head, group)
            except (DatabaseUnavailable, asyncio.CancelledError):
                raise
            except Exception as error:  # noqa: BLE001  # judged again on what the log says now
                _LOG.debug("the log has moved: %s", type(error).__name__)
                await self._forget()
            else:
                return
        await self._append_to(None, group)

    async def _append_to(self, expected: Head | None, group: list[Waiting]) -> None:
        """Append the group to a log that goes as far as expected, or as far as it does.

        Nobody is told anything before the transaction has ended well. Raises Conflict if the log
        does not go as far as expected.
        """
        conn = await self._connection()
        outcome = Outcome()
        async with translated(), conn.pipeline(), conn.transaction():
            reading = await log_store.begin(conn, {w.stream for w in group})
            if expected is None:
                head = await self._catch_up(reading)
            else:
                head = expected
            await self._decide(conn, head, group, outcome)
            if outcome.new:
                await self._engine.views.write(conn, self._engine.unwritten(), outcome.rows)
                after = await log_store.append_entries(conn, head, outcome.new)
            else:
                after = head
            if expected is not None and await reading.head() != expected:
                raise Conflict("another process has appended meanwhile")
            self._publisher.check_end()  # under the lock: whoever continues this log waits for it
        self._engine.written()
        self._ends.go_on(after, outcome.moved)
        for waiting, error in outcome.refused:
            _fail(waiting, error)
        self._put_off(outcome)
        if outcome.accepted:
            self._publisher.publish(outcome.accepted)

    def _put_off(self, outcome: Outcome) -> None:
        """Put back what has a later turn, and derive what it lacks.

        Not for a sender who has gone meanwhile: nobody would ever take that batch out again.
        """
        later = [waiting for waiting in outcome.later if not waiting.answer.done()]
        if later:
            self._queue = dict.fromkeys([*later, *self._queue])
            self._wake.set()
        if outcome.to_derive is not None:
            waiting, key = outcome.to_derive
            if not waiting.answer.done():
                self._derive(waiting, key)

    async def _catch_up(self, reading: log_store.Beginning) -> Head:
        """Where the log stands now; what another process has appended meanwhile is asked for anew."""
        head = await reading.head()
        if self._ends.head is None or head.size != self._ends.head.size:
            self._engine.forget()
            self._ends = Ends()
        self._ends.head = head
        self._ends.of.update(await reading.ends())
        return head

    async def _decide(
        self, conn: Connection, head: Head, group: list[Waiting], outcome: Outcome
    ) -> None:
        """Which batches of the group go on, and what they change."""
        admission = Admission(self._ends.of, head.size)
        await self._engine.prepare(conn, _covers(group))
        for at, waiting in enumerate(group):
            if _reads_log(waiting.stream) and outcome.new:
                # It may rest on what only the log or the read models tell: this group's first.
                outcome.later = group[at:]
                return
            try:
                index = await admission.repeated(conn, waiting.signed)
                if index is not None:
                    outcome.accepted.append(waiting.accepted(index, repeated=True))
                    continue
                one = await self._fold(conn, head, head.size + len(outcome.new), waiting)
            except NotDerived as missing:
                outcome.later, outcome.to_derive = group[at:], (waiting, missing.key)
                return
            except LedgerError as error:
                outcome.refused.append((waiting, error))
                continue
            self._engine.keep(one)
            admission.accept(waiting.signed, one.index)
            outcome.add(waiting, one)

    async def _fold(self, conn: Connection, head: Head, index: int, waiting: Waiting) -> Folded:
        """What the batch changes at this index, or the error why it is refused."""
        signed, checked, known = waiting.signed, waiting.done, waiting.known
        if checked.summary is not None and known is not None and known.basis is not None:
            short = summed_entry(index, signed, checked.types)
            added = await self._engine.add(
                conn, short, known.basis, checked.summary, until=head.size
            )
            if added is not None:
                return added
            self._checker.forget(waiting.stream)
        entry = whole_entry(index, signed, read_events(split_lines(unpack(checked.packed))))
        one = await self._engine.fold(conn, entry, until=head.size, derived=waiting.derived)
        if known is None or known.key is None:
            signed.jws.verify(one.key)
        return one

    def _derive(self, waiting: Waiting, key: str) -> None:
        """Let a batch wait until a seal in it is derived."""
        waiting.deriving = True
        task = asyncio.create_task(self._derived(waiting, key), name=f"seal {key}")
        self._deriving.add(task)
        task.add_done_callback(self._deriving.discard)

    async def _derived(self, waiting: Waiting, key: str) -> None:
        try:
            waiting.derived[key] = await self._seals.of(key)
        except LedgerError as error:
            _fail(waiting, error)
        except Exception as error:  # noqa: BLE001  # logged, and told to whoever waits
            _LOG.exception("a seal could not be derived")
            _fail(waiting, Unavailable("the ledger failed", found=type(error).__name__))
        finally:
            waiting.deriving = False
            self._wake.set()

    async def _connection(self) -> Connection:
        if self._conn is None or self._conn.closed or self._conn.broken:
            self._conn = await self._database.connect_server()
        return self._conn


def _fail(waiting: Waiting, error: LedgerError) -> None:
    if not waiting.answer.done():
        waiting.answer.set_exception(error.again())


def _covers(group: list[Waiting]) -> list[tuple[str, str]]:
    """The pieces of coverage that the group's summaries will ask for."""
    return [
        (COVER.name, key)
        for waiting in group
        if (summary := waiting.done.summary) is not None
        for key in cover_keys(waiting.stream, summary)
    ]


def _reads_log(stream: str) -> bool:
    """Whether events of this stream may rest on readings or sums, not on pieces alone."""
    return stream.endswith(("/register", "/corrections", "/seals", "/redactions"))


def _registers(stream: str) -> bool:
    """Whether events of this stream may be what later ones of other streams stand on."""
    return stream.endswith(("/keys", "/ledger", "/register", "/factors"))

"""After the commit: the checkpoint, and the receipts that stand on it.

Groups that were committed are signed while the next one is written; those that were committed
meanwhile share the next checkpoint. Nobody is answered before the checkpoint that covers the batch
is in the file outside the database and in the database. Source: formats, section 7.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from typing import Final

import msgspec

from ledger.carbon.info import Posted
from ledger.errors import Damaged, LedgerError, LogStopped, Unavailable
from ledger.log import tiles
from ledger.log.batch import Statement
from ledger.log.receipt import Receipt, format_receipt
from ledger.service.signer import Signer
from ledger.store import tile_store
from ledger.store.database import Connection, Database

SWITCH_S: Final = 0.0005
"""After so long, a thread that computes lets another one go on."""

_LOG: Final = logging.getLogger(__name__)


class Accepted(msgspec.Struct):
    """A batch that is committed, and the future of whoever waits for its receipt."""

    statement: Statement
    index: int
    answer: asyncio.Future[Posted]
    repeated: bool = False


class Publisher:
    """Signs what is committed and answers whoever has posted it.

    `start` before the first batch, `stop` after the last. `stopped` is told why the log must not
    grow any more, where database and checkpoint file disagree; `published` after each checkpoint.
    """

    def __init__(
        self,
        database: Database,
        signer: Signer,
        stopped: Callable[[LedgerError], None],
        published: Callable[[], None],
    ) -> None:
        self._database = database
        self._signer = signer
        self._stopped = stopped
        self._published = published
        self._committed: list[Accepted] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._ending = False
        self._conn: Connection | None = None

    async def start(self) -> None:
        """Sign what a crash left unsigned. Raises LogStopped, DatabaseUnavailable."""
        await self._signer.sign(await self._connection())
        # The file is synced in a thread, which must not wait 5 ms for a busy loop to let it go on.
        sys.setswitchinterval(min(SWITCH_S, sys.getswitchinterval()))
        self._task = asyncio.create_task(self._run(), name="publisher")

    async def stop(self) -> None:
        """Answer what is committed, and close the connection."""
        self._ending = True
        self._wake.set()
        if self._task is not None:
            await self._task
            self._task = None
        await self._close()

    def publish(self, accepted: list[Accepted]) -> None:
        """Sign and answer these batches, which are committed."""
        self._committed += accepted
        self._wake.set()

    def check_end(self) -> None:
        """Raise LogEnded where another log continues this one."""
        self._signer.check_end()

    def tiles_at_hand(self) -> dict[tuple[int, int], bytes]:
        """The tiles at the right edge of what was signed, by level and number."""
        return self._signer.at_hand()

    async def _run(self) -> None:
        while self._committed or not self._ending:
            await self._wake.wait()
            self._wake.clear()
            while self._committed:
                accepted, self._committed = self._committed, []
                try:
                    await self._publish(accepted)
                except LedgerError as error:
                    await self._refuse(accepted, error)
                except Exception as error:  # noqa: BLE001  # logged, and told to whoever waits
                    _LOG.exception("a group could not be signed")
                    failed = Unavailable("the ledger failed", found=type(error).__name__)
                    await self._refuse(accepted, failed)

    async def _refuse(self, accepted: list[Accepted], error: LedgerError) -> None:
        """These were not acknowledged, though they are in the log: the same bytes again are."""
        if isinstance(error, LogStopped | Damaged):
            self._stopped(error)
        for one in accepted:
            if not one.answer.done():
                one.answer.set_exception(error.again())
        self._signer.forget()
        await self._close()

    async def _publish(self, accepted: list[Accepted]) -> None:
        conn = await self._connection()
        note = await self._signer.sign(conn)
        self._published()
        size = int(note.split(b"\n")[1])
        cache = tile_store.TileCache(conn, size, self._signer.at_hand())
        indexes = [one.index for one in accepted]
        paths = await cache.prove(lambda read: tiles.inclusion_paths(size, indexes, read))
        for one in accepted:
            if one.answer.done():
                continue  # its sender has gone
            receipt = format_receipt(Receipt(one.index, paths[one.index], note))
            posted = Posted(
                index=one.index,
                stream=one.statement.stream,
                first=one.statement.first,
                count=one.statement.count,
                size=size,
                receipt=receipt.decode(),
                repeated=one.repeated,
            )
            one.answer.set_result(posted)

    async def _connection(self) -> Connection:
        if self._conn is None or self._conn.closed or self._conn.broken:
            self._conn = await self._database.connect_server()
        return self._conn

    async def _close(self) -> None:
        if self._conn is not None:
            await self._conn.close()
            self._conn = None

"""What a seal says is derived in a process of its own: others are answered and appended meanwhile.

A seal follows from the log below its size, which never changes any more. So it is derived outside
of the log's lock, by a process that reads the log itself, and the sequencer only compares in the
seal's turn. Why no thread: beside one that computes, the loop does half as much (decision 0009).
Source: formats, section 9; architecture, "How a batch flows".
"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from ledger.carbon.rulepack import load
from ledger.carbon.seal.lists import seal_lists
from ledger.carbon.seal.pieces import SealContent, parse_ground_key, view_of_key
from ledger.service.about import read_about
from ledger.service.seal_ground import read_ground
from ledger.service.turns import Turns
from ledger.service.workers import Workers
from ledger.store.database import Database
from ledger.store.view_store import ViewStore

KEPT_S: Final = 30.0
"""The process is kept for so long: who drafts a seal signs and posts it. Then its memory is free."""


class NotDerived(Exception):
    """What a seal says has not been derived yet: do so under this key, and decide again."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class Task(msgspec.Struct, frozen=True):
    """A seal to derive, and the database to derive it from, under the serving role."""

    conninfo: str
    key: str
    """Of its ground."""


class Deriving:
    """Derives what seals say, one at a time. `stop` before the database is closed."""

    def __init__(self, database: Database) -> None:
        self._conninfo = database.server_conninfo
        self._turns = Turns("seals")
        self._workers: Workers | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None

    async def of(self, key: str) -> SealContent:
        """What the seal of this ground's key says; the log has come to its size.

        Raises RuleBroken where an amount would be below zero, BadValue, DatabaseUnavailable,
        Overloaded, Unavailable.
        """
        task = Task(self._conninfo, key)
        return await self._turns.of(key, lambda: self._run(task))

    async def stop(self) -> None:
        """Wait for what is being derived, and end the process."""
        await self._turns.stop()
        self._end()
        if self._ending is not None:
            await self._ending

    async def _run(self, task: Task) -> SealContent:
        if self._idle is not None:
            self._idle.cancel()
        self._workers = self._workers or Workers(1)
        try:
            return await self._workers.run(derive, task)
        finally:
            self._idle = asyncio.get_running_loop().call_later(KEPT_S, self._end)

    def _end(self) -> None:
        """Let the process go, if there is one; none is at work."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        if self._workers is not None:
            self._ending = asyncio.create_task(
                self._workers.close(), name="end of a seal's process"
            )
            self._workers = None


def derive(task: Task) -> SealContent:
    """What the seal says, read and computed in this process; no loop runs here.

    Raises RuleBroken, BadValue, DatabaseUnavailable.
    """
    return asyncio.run(_derive(task))


async def _derive(task: Task) -> SealContent:
    (period, size), view = parse_ground_key(task.key), view_of_key(task.key)
    views = ViewStore()
    async with Database("", task.conninfo).read_apart() as conn:
        about = await read_about(conn, views)
        ground = await read_ground(conn, views, about, period, size)
    if ground.known is None:
        raise AssertionError("a seal is derived from its ground")
    return seal_lists(ground, load(ground.known.rules), view).content

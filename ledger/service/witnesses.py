"""The witnesses of a running ledger: asked after each checkpoint, and never waited for.

At the start each is asked what it knows. A database that is behind a witness, or that does not
continue what it has seen, stops the log: that is what a rollback and a second history look like.
Afterwards rounds: all that are not at the newest checkpoint are asked for that same one together,
so that busy logs get several cosignatures under one note too. A witness that is away is asked again
after a while, then after a longer one; receipts, and the other witnesses, do not wait for it.
What meets the policy is what the log publishes.
Source: formats, section 7; C2SP tlog-witness.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Final

from ledger.carbon.info import WitnessInfo
from ledger.errors import DatabaseUnavailable, LedgerError, LogStopped, ProofFailed, Unavailable
from ledger.log.add_checkpoint import AddCheckpoint
from ledger.log.checkpoint import open_cosigned
from ledger.log.hashes import Hash
from ledger.log.witnesses import Cosigned, cosigned_by, time_text
from ledger.service.witness_client import WitnessClient
from ledger.service.witness_list import AskedWitness, WitnessList
from ledger.store import checkpoint_store, tile_store
from ledger.store.checkpoint_store import StoredCheckpoint
from ledger.store.database import Connection, Database

START_TIMEOUT_S: Final = 5.0
"""How long a start waits for witnesses that do not answer."""
ASK_TIMEOUT_S: Final = 20.0
ROUND_S: Final = 2.0
"""After so long the others go on without whoever has not answered."""
PAUSE_S: Final = 0.25
"""Between two rounds: checkpoints of a busy log are cosigned by the newest, not one by one."""
POLL_S: Final = 5.0
"""Another process of this ledger may have signed meanwhile."""
BACK_OFF_S: Final = (1.0, 60.0)
"""First pause after a failure, and the longest: each is twice the one before."""
SCANNED_LINES: Final = 4_000
"""Newest cosignatures among which a checkpoint that meets the policy is looked for at first."""
_TURNS: Final = 4

_LOG: Final = logging.getLogger(__name__)

ALONE: Final = (
    "no witness is configured: a database and checkpoint file that are restored together from an "
    "older copy cannot be noticed here, only partial restores can"
)


class _Asked:
    """What is known of one witness."""

    def __init__(self, asked: AskedWitness, log: str) -> None:
        self.witness = asked.witness
        self.replays = asked.replays
        self.client = WitnessClient(asked.witness, asked.url, log)
        self.known = 0
        """The size that it has said or cosigned last."""
        self.cosigned: Cosigned | None = None
        self.size = 0
        """Of the newest checkpoint that it has cosigned, as far as this ledger knows."""
        self.trouble = ""
        self.failures = 0
        self.due = 0.0
        self.task: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        return self.task is not None and not self.task.done()


class Witnesses:
    """All witnesses of one ledger: `check`, then `start`, `published` after each checkpoint, `stop`."""

    def __init__(self, database: Database, log: str, listed: WitnessList) -> None:
        self.policy = listed.policy
        self._database = database
        self._log = log
        self._listed = tuple(one.witness for one in listed.asked)
        self._counted = frozenset(one.name for one in listed.witnesses)
        self._asked = [_Asked(one, log) for one in listed.asked]
        self._met = 0
        """Size of the newest checkpoint known to meet the policy."""
        self._judged: dict[int, int] = {}
        """Sizes whose cosignatures were too few, and how many there were."""
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopped: Callable[[LedgerError], None] = lambda _: None

    async def check(self) -> None:
        """Ask every witness what it has seen. Raises LogStopped; who is away is asked later."""
        stored = await self._latest()
        if stored is None:
            return

        async def ask(asked: _Asked) -> None:
            try:
                async with asyncio.timeout(START_TIMEOUT_S):
                    await self._ask(asked, stored)
            except TimeoutError:
                self._failed(asked, "no answer in time")
            except Unavailable as error:
                if isinstance(error, LogStopped | DatabaseUnavailable):
                    raise
                self._failed(asked, str(error))

        for outcome in await asyncio.gather(*map(ask, self._asked), return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    def start(self, stopped: Callable[[LedgerError], None]) -> None:
        """Begin asking; `stopped` is told why the log must not sign any more."""
        self._stopped = stopped
        self._task = asyncio.create_task(self._run(), name="witnesses")

    def published(self) -> None:
        """There is a newer checkpoint."""
        self._wake.set()

    async def stop(self) -> None:
        """Ask nobody any more."""
        tasks = [self._task, *(asked.task for asked in self._asked)]
        for task in tasks:
            if task is not None:
                task.cancel()
        for task in tasks:
            if task is not None:
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        for asked in self._asked:
            await asked.client.close()

    async def witnessed(self, conn: Connection) -> StoredCheckpoint | None:
        """The newest checkpoint that meets the policy, or None."""
        await self._read_cosigned(conn)
        return await checkpoint_store.checkpoint(conn, self._met) if self._met else None

    async def infos(self, conn: Connection, size: int) -> list[WitnessInfo]:
        """How far each witness is, in a log whose newest checkpoint has this size."""
        await self._read_cosigned(conn)
        return [_info(asked, size) for asked in self._asked]

    # --- inside --------------------------------------------------------------------------------

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            stored, wait_s = None, POLL_S
            try:
                stored = await self._latest()
            except LedgerError as error:
                _LOG.warning("witnesses are not asked: %s", error.what)
            if stored is not None:
                behind = [a for a in self._asked if a.size < stored.size and not a.busy]
                now = loop.time()
                due = [asked for asked in behind if asked.due <= now]
                for asked in due:
                    asked.task = asyncio.create_task(self._turn(asked, stored))
                if tasks := [asked.task for asked in due if asked.task is not None]:
                    await asyncio.wait(tasks, timeout=ROUND_S)
                later = [a.due - loop.time() for a in behind if a.size < stored.size]
                wait_s = min([wait_s, *later])
            await asyncio.sleep(PAUSE_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(wait_s, 0.0)):
                    await self._wake.wait()

    async def _turn(self, asked: _Asked, stored: StoredCheckpoint) -> None:
        try:
            async with asyncio.timeout(ASK_TIMEOUT_S):
                await self._ask(asked, stored)
        except LogStopped as error:
            _LOG.error("%s", error)
            self._failed(asked, str(error))
            self._stopped(error)
        except LedgerError as error:
            self._failed(asked, str(error))
        except TimeoutError:
            self._failed(asked, "no answer in time")
        except Exception as error:  # noqa: BLE001  (a fault of ours must not end the rounds)
            _LOG.exception("a witness could not be asked")
            self._failed(asked, type(error).__name__)
        finally:
            self._wake.set()

    async def _ask(self, asked: _Asked, stored: StoredCheckpoint) -> None:
        """Let a witness cosign this checkpoint, or the newest where it knows a later one.

        Raises LogStopped where it has seen what this database does not show, Unavailable.
        """
        old = asked.known if asked.known <= stored.size else 0
        for _ in range(_TURNS):
            request = AddCheckpoint(old, await self._proof(old, stored), stored.note.encode())
            try:
                answer = await asked.client.add_checkpoint(request)
            except ProofFailed as error:
                raise _disagrees(asked.witness.name, old) from error
            if not isinstance(answer, int):
                await self._keep(asked, stored, answer)
                return
            if answer == old:
                raise _disagrees(asked.witness.name, old)
            if answer > stored.size:
                newest = await self._latest()
                if newest is None or newest.size < answer:
                    raise _behind(asked.witness.name, answer, stored.size)
                stored = newest
            old = asked.known = answer
        raise Unavailable(f"witness {asked.witness.name} says another size each time")

    async def _proof(self, old: int, stored: StoredCheckpoint) -> tuple[Hash, ...]:
        if not 0 < old < stored.size:
            return ()
        async with self._database.read() as conn:
            return await tile_store.consistency_path(conn, old, stored.size)

    async def _keep(self, asked: _Asked, stored: StoredCheckpoint, lines: tuple[str, ...]) -> None:
        async with self._database.server() as conn:
            known = await checkpoint_store.checkpoint(conn, stored.size)
            there = () if known is None else known.cosignatures
            for line in checkpoint_store.one_each([*there, *lines])[len(there) :]:
                await checkpoint_store.insert_cosignature(conn, stored.size, line)
        asked.known = max(asked.known, stored.size)
        asked.size = max(asked.size, stored.size)
        asked.failures, asked.trouble, asked.due = 0, "", 0.0

    def _failed(self, asked: _Asked, why: str) -> None:
        first, longest = BACK_OFF_S
        pause_s = min(longest, first * 2 ** min(asked.failures, 10))
        asked.due = asyncio.get_running_loop().time() + pause_s
        if asked.trouble != why:
            _LOG.warning("witness %s is away: %s", asked.witness.name, why)
        asked.failures, asked.trouble = asked.failures + 1, why

    async def _latest(self) -> StoredCheckpoint | None:
        async with self._database.read() as conn:
            return await checkpoint_store.latest_checkpoint(conn)

    async def _read_cosigned(self, conn: Connection) -> None:
        """Learn from the database what this process, or another one, has kept."""
        for stored in await checkpoint_store.recent_cosigned(conn, self._met, SCANNED_LINES):
            if self._judged.get(stored.size) == len(stored.cosignatures):
                continue
            self._judged[stored.size] = len(stored.cosignatures)
            try:
                opened = open_cosigned(
                    stored.cosigned_note.encode(),
                    self._log,
                    [one for witness in self._listed for one in witness.verifiers],
                )
            except LedgerError as error:
                _LOG.warning("cosignatures of size %d do not hold: %s", stored.size, error.what)
                continue
            found = cosigned_by(opened.cosignatures, self._listed)
            self._learn(stored.size, found)
            counted = [one for one in found if one.witness in self._counted]
            if not self.policy.missing((one.witness, one.role) for one in counted):
                self._met = stored.size
                self._judged = {size: n for size, n in self._judged.items() if size > self._met}
                return

    def _learn(self, size: int, found: tuple[Cosigned, ...]) -> None:
        for one in found:
            for asked in self._asked:
                if asked.witness.name == one.witness and asked.size <= size:
                    asked.size, asked.cosigned = size, one


def _info(asked: _Asked, size: int) -> WitnessInfo:
    time_s = None if asked.cosigned is None else asked.cosigned.time_s
    state = "away" if asked.trouble else "cosigned" if asked.size >= size else "behind"
    return WitnessInfo(
        witness=asked.witness.name,
        role=asked.witness.role,
        state=state,
        size=asked.size,
        cosigned_at=None if time_s is None else time_text(time_s),
        replays=asked.replays,
    )


_ADVICE: Final = (
    "The database was restored from an older copy or exchanged, or the log's key signs elsewhere "
    "too. Nothing is signed: bring back the database that the witness has seen. Only if the witness "
    "is at fault, take it out of witnesses.json, and say so openly."
)


def _behind(name: str, expected: int, found: int) -> LogStopped:
    return LogStopped(
        f"the database is behind what witness {name} has seen",
        expected=f"at least {expected} entries",
        found=str(found),
        advice=_ADVICE,
    )


def _disagrees(name: str, size: int) -> LogStopped:
    return LogStopped(
        f"the database disagrees with what witness {name} has seen",
        expected=f"a history that goes on from what it cosigned at size {size}",
        found="another one",
        advice=_ADVICE,
    )

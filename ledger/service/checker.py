"""What is found out about a submission before its turn: all that costs time and needs no lock.

A small batch that comes alone is checked at once. Others are checked together in worker processes,
while the group before them is written: so parsing and hashing use every processor, and nobody's
long batch holds up the loop. Keys and bases are remembered; both are judged again in place, under
the lock, so what is remembered here may be out of date and nothing goes wrong.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import msgspec

from ledger.carbon.summary import Basis, basis_of, encode_basis
from ledger.errors import LedgerError, NotAuthorised
from ledger.fold.state import Cache, NotLoaded, State
from ledger.intake import Checked, Task, check, check_all
from ledger.log.batch import SignedStatement
from ledger.log.keys import PublicKey
from ledger.machine import KINDS, public_key_of
from ledger.parties.pieces import KEY
from ledger.parties.rules import RESERVED
from ledger.service.workers import Workers
from ledger.store.database import Database
from ledger.store.view_store import ViewStore

T = TypeVar("T")

INLINE_BYTES: Final = 8_192
"""A batch as small as this is checked where it arrives, if nothing else waits: some 0.2 ms."""
PARCEL_BYTES: Final = 262_144
"""Batches are handed to a worker in parcels of about this size."""
PARCEL_BATCHES: Final = 32
SMALL_PARCEL: Final = 8
"""So many go together before another worker is asked: some 2 ms of work, if they are small."""
REMEMBERED: Final = 10_000
"""Keys, and bases, that are kept in memory before all are forgotten and asked for again."""


class Known(msgspec.Struct, frozen=True):
    """What is known of a submission's key and source; both may be missing."""

    key: PublicKey | None
    basis: Basis | None
    encoded: bytes | None


class Checker:
    """Checks submissions, some at a time."""

    def __init__(self, database: Database, views: ViewStore, workers: Workers) -> None:
        self._database = database
        self._views = views
        self._workers = workers
        self._keys: dict[str, PublicKey] = {}
        self._bases: dict[str, tuple[Basis, bytes]] = {}
        self._pending: list[tuple[Task, asyncio.Future[Checked]]] = []
        self._parcels: set[asyncio.Task[None]] = set()
        self._called = False

    async def known(self, signed: SignedStatement) -> Known:
        """The key that is named, and what the stream's readings stand on. Raises NotAuthorised."""
        statement = signed.statement
        if statement.stream.endswith("/ledger") and statement.first == 1:
            return Known(None, None, None)  # Entry 0 brings its own key, which is checked in place.
        key = self._keys.get(signed.kid)
        if key is None:
            key = await self._ask(lambda state: _key(state, signed.kid))
            _remember(self._keys, signed.kid, key)
        if statement.stream.rpartition("/")[2] in RESERVED:
            return Known(key, None, None)
        found = self._bases.get(statement.stream)
        if found is None:
            basis = await self._ask(lambda state: basis_of(state, statement.stream))
            if basis is None:
                return Known(key, None, None)
            found = basis, encode_basis(basis)
            _remember(self._bases, statement.stream, found)
        return Known(key, *found)

    def forget(self, stream: str) -> None:
        """The stream's source, its factors or the rules have changed: ask again."""
        self._bases.pop(stream, None)

    async def check(self, signed: SignedStatement, lines: bytes, known: Known) -> Checked:
        """Check one batch; raises InvalidInput, BadSignature, Unavailable."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Checked] = loop.create_future()
        self._pending.append((Task(signed, lines, known.key, known.encoded), answer))
        if not self._called:
            # Whatever else arrives in this turn of the loop goes along.
            self._called = True
            loop.call_soon(self._dispatch)
        return await answer

    # --- parcels -------------------------------------------------------------------------------

    def _dispatch(self) -> None:
        self._called = False
        pending = [(task, answer) for task, answer in self._pending if not answer.done()]
        if len(pending) == 1 and not self._parcels and len(pending[0][0].lines) <= INLINE_BYTES:
            self._pending = []
            _answer([pending[0][1]], [_checked(pending[0][0])])
            return
        # No more than two parcels a worker: what waits longer goes in larger ones.
        while pending and len(self._parcels) < 2 * self._workers.jobs:
            room = 2 * self._workers.jobs - len(self._parcels)
            parcel = pending[: _parcel_of(pending, room)]
            pending = pending[len(parcel) :]
            sent = asyncio.create_task(self._send(parcel))
            self._parcels.add(sent)
            sent.add_done_callback(self._back)
        self._pending = pending

    def _back(self, parcel: asyncio.Task[None]) -> None:
        self._parcels.discard(parcel)
        if self._pending:
            self._dispatch()

    async def _send(self, parcel: list[tuple[Task, asyncio.Future[Checked]]]) -> None:
        answers = [answer for _, answer in parcel]
        found: list[Checked | LedgerError]
        try:
            found = await self._workers.run(check_all, [task for task, _ in parcel])
        except LedgerError as error:
            found = [error] * len(parcel)
        except Exception as error:  # noqa: BLE001  # told to whoever waits
            for answer in answers:
                if not answer.done():
                    answer.set_exception(error)
            return
        _answer(answers, found)

    # --- what is known -------------------------------------------------------------------------

    async def _ask(self, question: Callable[[State], T]) -> T:
        """The answer from the committed state; its pieces are loaded as they are asked for."""
        cache = Cache()
        async with self._database.read() as conn:
            while True:
                try:
                    return question(cache)
                except NotLoaded as missing:
                    place = missing.kind.name, missing.key
                    value = (await self._views.load_pieces(conn, [place])).get(place)
                    cache.pieces[place] = (
                        None if value is None else KINDS[missing.kind.name].decode(value)
                    )


def _key(state: State, kid: str) -> PublicKey:
    piece = state.get(KEY, kid)
    if piece is None:
        raise NotAuthorised(
            "unknown key",
            expected="a key that is authorised on this ledger",
            found=kid,
            advice="Ask the party's admin, or the operator, to authorise it.",
        )
    return public_key_of(piece)


def _remember(kept: dict[str, T], name: str, value: T) -> None:
    if len(kept) >= REMEMBERED:
        kept.clear()
    kept[name] = value


def _parcel_of(pending: list[tuple[Task, asyncio.Future[Checked]]], room: int) -> int:
    """How many of these go together: an even share for each free place, at most a parcel full."""
    share = min(PARCEL_BATCHES, len(pending), max(SMALL_PARCEL, -(-len(pending) // room)))
    size = 0
    for count, (task, _) in enumerate(pending[:share]):
        size += len(task.lines)
        if count and size > PARCEL_BYTES:
            return count
    return share


def _checked(task: Task) -> Checked | Exception:
    try:
        return check(task)
    except Exception as error:  # noqa: BLE001  # told to whoever waits
        return error


def _answer(
    answers: Sequence[asyncio.Future[Checked]], found: Sequence[Checked | Exception]
) -> None:
    for answer, one in zip(answers, found, strict=True):
        if answer.done():
            continue
        if isinstance(one, Exception):
            answer.set_exception(one.again() if isinstance(one, LedgerError) else one)
        else:
            answer.set_result(one)

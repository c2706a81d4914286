"""Walks over the log in ranges that are checked apart, and hands them out in the log's order.

One reader, one snapshot: while some ranges are checked elsewhere, the next ones are read. At most two
for each job are on their way, so memory stays the same whatever the size of the log.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence

import msgspec

from ledger.carbon.summary import Basis
from ledger.ranges import Bytes, Found, FoundEntry, Range
from ledger.service.scout import Scout
from ledger.service.spread import Spread
from ledger.store import audit_store
from ledger.store.database import Connection
from ledger.store.earlier_store import EarlierRow
from ledger.store.log_store import StoredEntry


class Step(msgspec.Struct, frozen=True):
    """A range of the log as it is stored, and what follows from it.

    `size` is that of the log behind it; `sizes` are those of the checkpoints in `found`.
    """

    stored: Sequence[StoredEntry]
    bases: Sequence[Basis | None]
    sizes: Sequence[int]
    found: Found
    size: int

    @property
    def entries(self) -> list[tuple[StoredEntry, FoundEntry, Basis | None]]:
        """Each entry with what follows from it, and the basis that its summary was made on."""
        return list(zip(self.stored, self.found.entries, self.bases, strict=True))


class _Sent(msgspec.Struct):
    stored: Sequence[StoredEntry]
    bases: Sequence[Basis | None]
    part: Range
    size: int
    task: asyncio.Task[Found]


async def steps(
    conn: Connection,
    spread: Spread,
    log: str,
    size: int,
    *,
    hashes: bool,
    earlier: Sequence[EarlierRow] = (),
) -> AsyncGenerator[Step, None]:
    """All entries that are stored, of the first `size`; the checkpoints only with `hashes`.

    Those of the earlier logs come first; no range has entries of two logs. Close it when you stop
    early. The connection is free between two steps.
    """
    logs = [*((row.until, row.log) for row in earlier), (size, log)]
    first = earlier[0].first if earlier else 0
    reader, sent = _Reader(conn, hashes=hashes), deque[_Sent]()
    try:
        while first < size or sent:
            while first < size and len(sent) < spread.ahead:
                until, signed_for = next(one for one in logs if first < one[0])
                sent.append(await reader.send(spread, signed_for, first, until))
                first = sent[-1].size
            one = sent.popleft()
            found = await one.task
            yield Step(one.stored, one.bases, [s for s, _ in one.part.notes], found, one.size)
            del one, found  # before the next range is read
    finally:
        for one in sent:
            one.task.cancel()
        await asyncio.gather(*(one.task for one in sent), return_exceptions=True)


class _Reader:
    """Reads ranges in their order, and what is known of them."""

    def __init__(self, conn: Connection, *, hashes: bool) -> None:
        self._conn = conn
        self._hashes = hashes
        self._scout = Scout()

    async def send(self, spread: Spread, log: str, first: int, size: int) -> _Sent:
        """Read the range of a log from an index on, and let it be checked."""
        stored = await audit_store.stored_entries(self._conn, first, size)
        until = stored[-1].index + 1 if stored else size
        places: dict[bytes, int] = {}
        bases: list[Basis | None] = []
        entries: list[Bytes] = []
        for one in stored:
            self._scout.see(one)
            basis, encoded = self._scout.basis(one.stream) or (None, b"")
            bases.append(basis)
            at = -1 if basis is None else places.setdefault(encoded, len(places))
            entries.append(Bytes(one.index, one.jws, one.packed, at))
        part = Range(
            log=log,
            entries=tuple(entries),
            keys=self._scout.keys({one.stream for one in stored}) if self._hashes else {},
            bases=tuple(places),
            notes=await self._notes(first, until) if self._hashes and first >= 0 else (),
            hashes=self._hashes,
        )
        return _Sent(stored, bases, part, until, asyncio.create_task(spread.check(part)))

    async def _notes(self, first: int, until: int) -> tuple[tuple[int, bytes], ...]:
        signed = audit_store.checkpoints(self._conn, first + 1 if first else 0, until + 1)
        return tuple([(size, note.encode()) async for size, note in signed])

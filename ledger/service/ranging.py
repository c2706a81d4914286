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
from ledger.ranges import Bytes, Found, FoundEntry, Range, release
from ledger.service.scout import Scout
from ledger.service.spread import Spread
from ledger.store import audit_store
from ledger.store.database import Connection
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
    conn: Connection, spread: Spread, log: str, size: int, *, hashes: bool
) -> AsyncGenerator[Step, None]:
    """All entries that are stored, of the first `size`; the checkpoints only with `hashes`.

    Close it when you stop early. The connection is free between two steps.
    """
    scout, sent, first = Scout(), deque[_Sent](), 0
    try:
        while first < size or sent:
            while first < size and len(sent) < spread.ahead:
                one = await _send(
                    conn, spread, scout, Range(release(), log, (), {}, (), (), hashes), first, size
                )
                sent.append(one)
                first = one.size
            one = sent.popleft()
            found = await one.task
            yield Step(one.stored, one.bases, [s for s, _ in one.part.notes], found, one.size)
            del one, found  # before the next range is read
    finally:
        for one in sent:
            one.task.cancel()
        await asyncio.gather(*(one.task for one in sent), return_exceptions=True)


async def _send(
    conn: Connection, spread: Spread, scout: Scout, empty: Range, first: int, size: int
) -> _Sent:
    """Read the next range and let it be checked."""
    stored = await audit_store.stored_entries(conn, first, size)
    until = stored[-1].index + 1 if stored else size
    notes: list[tuple[int, bytes]] = []
    if empty.hashes:
        signed = audit_store.checkpoints(conn, first + 1 if first else 0, until + 1)
        notes = [(at, note.encode()) async for at, note in signed]
    places: dict[bytes, int] = {}
    bases: list[Basis | None] = []
    entries: list[Bytes] = []
    for one in stored:
        scout.see(one)
        known = scout.basis(one.stream)
        bases.append(None if known is None else known[0])
        at = -1 if known is None else places.setdefault(known[1], len(places))
        entries.append(Bytes(one.index, one.jws, one.packed, at))
    part = msgspec.structs.replace(
        empty,
        entries=tuple(entries),
        keys=scout.keys({one.stream for one in stored}) if empty.hashes else {},
        bases=tuple(places),
        notes=tuple(notes),
    )
    return _Sent(stored, bases, part, until, asyncio.create_task(spread.check(part)))

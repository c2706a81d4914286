"""Folds checked entries from zero into fresh, empty read models: what audit and rebuild share.

The scratch tables are of this connection alone and end with it. Rows are written in groups, so the
work per entry is the folding; where an entry comes with its summary, that is only admitted.
"""

from __future__ import annotations

from typing import Final, Protocol

from ledger.carbon.rows import EntryRows
from ledger.carbon.seal.events import FootprintSealed
from ledger.carbon.summary import Basis
from ledger.errors import BadSignature, Damaged
from ledger.log.batch import SignedStatement
from ledger.machine import read_stored, summed_entry, whole_entry
from ledger.ranges import IMPOSSIBLE, FoundEntry
from ledger.service.engine import Engine, Folded
from ledger.service.ranging import Step
from ledger.store.database import Connection
from ledger.store.log_store import StoredEntry
from ledger.store.view_store import TABLES, ViewStore

WRITE_ENTRIES: Final = 500
DIFFERENCES_SHOWN: Final = 5
SEALING: Final = FootprintSealed.__name__


class Progress(Protocol):
    """Told how far long work has come: entries done, and how many there are."""

    def __call__(self, done: int, total: int) -> None:
        """Show it."""


class Replay:
    """A fold from zero over one connection, which must be in a transaction over one snapshot."""

    def __init__(self, conn: Connection, scratch: ViewStore) -> None:
        self._conn = conn
        self.scratch = scratch
        self._engine = Engine(scratch)
        self._rows: list[tuple[int, EntryRows]] = []

    @classmethod
    async def begin(cls, conn: Connection) -> Replay:
        """With empty scratch tables."""
        return cls(conn, await ViewStore.create_scratch(conn))

    async def prepare(self, step: Step) -> None:
        """Load at once what the readings of a range will ask for."""
        pieces = {key for found in step.found.entries for key in found.pieces}
        await self._engine.prepare(self._conn, pieces)

    async def fold(
        self,
        stored: StoredEntry,
        signed: SignedStatement,
        found: FoundEntry,
        basis: Basis | None,
    ) -> None:
        """Authorise, decide and apply; refuse a bad signature. Raises the refusal, or Damaged."""
        try:
            folded = await self._folded(stored, signed, found, basis)
        except IMPOSSIBLE as error:
            raise Damaged(
                "it cannot follow from what stands before it",
                expected="a log whose every earlier entry is whole",
                found=type(error).__name__,
                advice="Repair the first entry that is damaged, then look again.",
            ) from error
        if found.forged is None:
            signed.jws.verify(folded.key)
        elif found.forged:
            raise BadSignature(found.forged)
        self._engine.keep(folded)
        self._rows.append((stored.index, folded.rows))
        if len(self._rows) >= WRITE_ENTRIES:
            await self.write()

    async def _folded(
        self,
        stored: StoredEntry,
        signed: SignedStatement,
        found: FoundEntry,
        basis: Basis | None,
    ) -> Folded:
        index = stored.index
        if found.summary is not None and basis is not None:
            entry = summed_entry(index, signed, found.types)
            added = await self._engine.add(self._conn, entry, basis, found.summary, until=index)
            if added is not None:
                return added
        if SEALING in found.types:
            # It follows from the read models, as far as they were folded.
            await self.write()
        entry = whole_entry(index, signed, read_stored(stored.event_lines))
        return await self._engine.fold(self._conn, entry, until=index)

    async def write(self) -> None:
        """Put what was folded so far into the scratch tables."""
        await self.scratch.copy(self._conn, self._engine.unwritten(), self._rows)
        self._engine.written()
        self._rows = []

    async def finish(self) -> None:
        """Put what is left into the tables, and make their totals."""
        await self.write()
        await self.scratch.sum_up(self._conn)

    async def compare(self) -> tuple[dict[str, str], dict[str, list[str]]]:
        """Digests of the fresh read models, and the rows by table in which the stored ones differ."""
        await self.finish()
        stored = ViewStore()
        fresh, kept = await self.scratch.digest(self._conn), await stored.digest(self._conn)
        differing = {}
        for table in TABLES:
            if fresh[table] != kept[table]:
                extra = await stored.differences(self._conn, table, self.scratch, DIFFERENCES_SHOWN)
                missing = await self.scratch.differences(
                    self._conn, table, stored, DIFFERENCES_SHOWN
                )
                differing[table] = sorted({*extra, *missing})
        return fresh, differing

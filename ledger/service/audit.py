"""Audit: everything is derived again from stored bytes, and every damage is named by its place.

Checked for each entry: form and signature of its JWS, the key's validity at its index, canonical
lines, data hashes, headers, chain, batch root, `decide` for each event; over all: the tree with
its tiles and head, every checkpoint and the file outside the database, the heads of streams, and
all read models. Damage in one place does not hide damage in another: the audit goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from typing import Final

import msgspec

from ledger.errors import Damaged, LedgerError
from ledger.log import tiles
from ledger.log.batch import Seen, SignedStatement, chain, parse_statement
from ledger.log.checkpoint import open_checkpoint
from ledger.log.hashes import ZEROS_HEX, Hash, leaf_hash
from ledger.log.tree import CompactRange, root_of
from ledger.machine import check_log, read_events
from ledger.service.replay import Progress, Replay
from ledger.store import audit_store, log_store, tile_store
from ledger.store.checkpoint_file import CheckpointFile
from ledger.store.database import Connection, translated
from ledger.store.log_store import Head, StoredEntry
from ledger.store.queries import query

ROOTS_REMEMBERED: Final = 100_000
"""Newest roots kept for what authors say they have seen; older ones come from the tiles."""

GAP_HASHED: Final = 1000
"""Missing entries that still count in the tree; behind a wider gap no root can fit anyway."""

DAMAGES_NAMED: Final = 1000
"""So that a wholly wrong database gives a report of bounded length."""


class Damage(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not as it must be, and where."""

    place: str
    what: str


class AuditReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was checked, and every damage found."""

    ok: bool
    size: int
    events: int
    signatures: int
    streams: int
    tiles: int
    checkpoints: int
    checkpoint_file_lines: int
    root: str
    types: dict[str, int]
    """Events by type."""
    digests: dict[str, str]
    """SHA-256 of each read model as derived again."""
    damages: list[Damage]


async def audit(
    conn: Connection, checkpoints: CheckpointFile | None, origin: str, log: str, progress: Progress
) -> AuditReport:
    """Audit the ledger as it stands now; the log may grow meanwhile."""
    async with translated(), conn.transaction():
        await conn.execute(query("session", "snapshot"))
        auditor = _Auditor(conn, await Replay.begin(conn), checkpoints, origin, log)
        return await auditor.run(progress)


class _Row:
    """The hashes of the tile that grows on one level."""

    def __init__(self) -> None:
        self.number = 0
        self.hashes: list[Hash] = []


class _Auditor:
    def __init__(
        self,
        conn: Connection,
        replay: Replay,
        checkpoints: CheckpointFile | None,
        origin: str,
        log: str,
    ) -> None:
        self._conn = conn
        self._replay = replay
        self._file = checkpoints
        self._origin = origin
        self._log = log
        self._damages: list[Damage] = []
        self._tree = CompactRange()
        self._heads: dict[str, tuple[int, str, int]] = {}
        self._types: Counter[str] = Counter()
        self._events = 0
        self._signatures = 0
        self._tiles = 0
        self._rows: list[_Row] = []
        self._root_at: dict[int, str] = {}
        self._full: list[tuple[int, int, Hash, list[Hash]]] = []
        self._tiles_stored: set[tuple[int, int]] = set()
        self._checkpoints = 0
        self._file_lines = 0
        self._roots: dict[int, list[tuple[str, str | None]]] = {}

    async def run(self, progress: Progress) -> AuditReport:
        head = await self._head()
        await self._expect_roots()
        self._compare_root(0)
        self._tiles_stored = await audit_store.tile_names(self._conn)
        expected = await audit_store.stored_size(self._conn)
        async for stored in self._entries(expected):
            await self._entry(stored)
            await self._check_full_tiles()
            progress(stored.index + 1, expected)
        self._check_head(head)
        for level, number in sorted(self._tiles_stored):
            self._damage(f"tile {level}/{number}", "stands for no full tile of this log")
        await self._check_streams()
        for place, root in (p for found in self._roots.values() for p in found):
            self._damage(place, f"speaks of a size that the log does not have, root {root}")
        await self._check_schema()
        digests, differing = await self._replay.compare()
        for table, rows in differing.items():
            for row in rows or ["(rows)"]:
                self._damage(f"{table} {row}", "is not what the log says")
        return AuditReport(
            ok=not self._damages,
            size=self._tree.size,
            events=self._events,
            signatures=self._signatures,
            streams=len(self._heads),
            tiles=self._tiles,
            checkpoints=self._checkpoints,
            checkpoint_file_lines=self._file_lines,
            root=self._tree.root().hex(),
            types=dict(sorted(self._types.items())),
            digests=digests,
            damages=self._damages[:DAMAGES_NAMED],
        )

    def _damage(self, place: str, what: str) -> None:
        self._damages.append(Damage(place=place, what=what))

    # --- entries -------------------------------------------------------------------------------

    async def _entries(self, size: int) -> AsyncIterator[StoredEntry]:
        """All entries that are there; each gap is a damage."""
        index = 0
        while index < size:
            try:
                async for stored in log_store.entries(self._conn, index, size - index):
                    yield stored
                    index = stored.index + 1
            except Damaged:
                pass
            if index < size:
                following = await audit_store.next_index(self._conn, index)
                if following == index:
                    self._damage(f"entry {index}", "stands behind the log's head")
                    return
                self._damage(f"entry {index}", f"is missing; the next stored entry is {following}")
                for _ in range(min(following - index, GAP_HASHED)):
                    self._grow(b"")
                index = following

    async def _entry(self, stored: StoredEntry) -> None:
        place = f"entry {stored.index}"
        self._grow(stored.jws)
        try:
            signed = parse_statement(stored.jws)
            check_log(signed.statement.log, self._log)
        except LedgerError as error:
            self._damage(place, f"JWS: {error}")
            return
        statement = signed.statement
        self._check_columns(place, stored, signed)
        version, leaf, _ = self._heads.get(statement.stream, (0, ZEROS_HEX, 0))
        if (statement.first, statement.previous) != (version + 1, leaf):
            self._damage(
                place,
                f"chain of {statement.stream}: expected version {version + 1} after {leaf}, "
                f"found version {statement.first} after {statement.previous}",
            )
        self._heads[statement.stream] = (statement.last, statement.head, stored.index)
        try:
            await self._check_seen(place, statement.seen)
            lines = stored.event_lines
            events = read_events(lines)
            chain(lines, [type(event).__name__ for event in events], statement)
            self._check_types(place, stored, tuple(type(e).__name__ for e in events))
            self._types.update(type(event).__name__ for event in events)
            await self._replay.fold(stored, signed, lines)
            self._signatures += 1
        except LedgerError as error:
            self._damage(place, str(error))

    async def _check_seen(self, place: str, seen: Seen | None) -> None:
        """What the author had verified before signing is a state of this very log."""
        if seen is None:
            return
        root = self._root_at.get(seen.size)
        if root is None and seen.size < self._tree.size:
            root = (await tile_store.root_at(self._conn, seen.size)).hex()
        if root != seen.root:
            self._damage(place, f"seen at size {seen.size}: expected {root}, found {seen.root}")

    def _check_columns(self, place: str, stored: StoredEntry, signed: SignedStatement) -> None:
        statement = signed.statement
        expected = {
            "stream": statement.stream,
            "first": statement.first,
            "count": statement.count,
            "first_notification": self._events + 1,
        }
        for column, value in expected.items():
            if getattr(stored, column) != value:
                self._damage(place, f"{column}: expected {value}, found {getattr(stored, column)}")
        self._events += statement.count

    def _check_types(self, place: str, stored: StoredEntry, types: tuple[str, ...]) -> None:
        expected = types[:1] if len(set(types)) == 1 else types
        if stored.types != expected:
            self._damage(place, f"types: expected {expected}, found {stored.types}")

    # --- tree ----------------------------------------------------------------------------------

    def _grow(self, jws: bytes) -> None:
        leaf = leaf_hash(jws)
        self._tree = self._tree.append(leaf)
        self._compare_root(self._tree.size)
        self._add_hash(0, Hash(leaf))

    def _add_hash(self, level: int, node: Hash) -> None:
        while len(self._rows) <= level:
            self._rows.append(_Row())
        row = self._rows[level]
        row.hashes.append(node)
        if len(row.hashes) == tiles.WIDTH:
            root = Hash(root_of(row.hashes))
            self._full.append((level, row.number, root, row.hashes))
            row.hashes, row.number = [], row.number + 1
            self._add_hash(level + 1, root)

    async def _check_full_tiles(self) -> None:
        """Every tile that is full is stored, with its 256 hashes and its root."""
        for level, number, root, row in self._full:
            place = f"tile {level}/{number}"
            stored = await audit_store.stored_tile(self._conn, level, number)
            self._tiles += 1
            self._tiles_stored.discard((level, number))
            if stored is None:
                self._damage(place, "is missing")
                continue
            if stored[1] != b"".join(row):
                at = next(i for i, n in enumerate([*row, b""]) if stored[1][i * 32 :][:32] != n)
                self._damage(place, f"hash {at} is not that of the entries")
            if stored[0] != root:
                self._damage(place, "its root is not that of its hashes")
        self._full.clear()

    async def _head(self) -> Head | None:
        try:
            return await log_store.read_head(self._conn)
        except Damaged as error:
            self._damage("log_head", str(error))
            return None

    def _check_head(self, head: Head | None) -> None:
        if head is None:
            return
        found = {
            "size": (self._tree.size, head.size),
            "root": (self._tree.root().hex(), head.root.hex()),
            "edge": (_hex(self._tree.edge), _hex(head.edge)),
            "next_notification": (self._events + 1, head.next_notification),
        }
        for column, (expected, stored) in found.items():
            if expected != stored:
                self._damage(f"log_head {column}", f"expected {expected}, found {stored}")

    # --- checkpoints ---------------------------------------------------------------------------

    async def _expect_roots(self) -> None:
        """Open every checkpoint and read the file outside the database; roots are compared later."""
        async for size, note in audit_store.all_checkpoints(self._conn):
            place = f"checkpoint of size {size}"
            self._checkpoints += 1
            try:
                opened = open_checkpoint(note.encode(), self._log)
            except LedgerError as error:
                self._damage(place, str(error))
                continue
            if opened.origin != self._origin or opened.size != size:
                self._damage(place, f"says {opened.origin} of size {opened.size}")
            self._roots.setdefault(opened.size, []).append((place, opened.root.hex()))
        if self._file is None:
            self._damage("checkpoint file", "is missing")
            return
        try:
            for record in self._file.records():
                self._file_lines += 1
                place = f"checkpoint file, line {self._file_lines}"
                self._roots.setdefault(record.size, []).append((place, record.root.hex()))
        except Damaged as error:
            self._damage("checkpoint file", str(error))
        if self._checkpoints and not self._file_lines:
            self._damage("checkpoint file", "has no line, and the log has signed checkpoints")

    def _compare_root(self, size: int) -> None:
        root = self._tree.root().hex()
        self._root_at[size] = root
        if len(self._root_at) > ROOTS_REMEMBERED:
            del self._root_at[size - ROOTS_REMEMBERED]
        found = self._roots.pop(size, [])
        for place, said in found:
            if said != root:
                self._damage(place, f"root: expected {root}, found {said}")

    # --- the rest ------------------------------------------------------------------------------

    async def _check_streams(self) -> None:
        expected = dict(self._heads)
        async for stored in log_store.streams(self._conn):
            place = f"head of stream {stored.stream}"
            found = (stored.version, stored.leaf.hex(), stored.index)
            known = expected.pop(stored.stream, None)
            if known is None:
                self._damage(place, "is of no stream of this log")
            elif found != known:
                self._damage(place, f"expected {known}, found {found}")
        for stream in expected:
            self._damage(f"head of stream {stream}", "is missing")

    async def _check_schema(self) -> None:
        problem = await audit_store.migration_problem(self._conn)
        if problem is not None:
            self._damage("schema_migrations", problem)


def _hex(edge: tuple[Hash, ...]) -> str:
    return " ".join(node.hex() for node in edge)

"""Audit: everything is derived again from stored bytes, and every damage is named by its place.

Checked for each entry: form and signature of its JWS, the key's validity at its index, canonical
lines, data hashes, headers, chain, batch root, `decide` for each event; over all: the tree with
its tiles and head, every checkpoint and the file outside the database, the heads of streams, and
all read models. Damage in one place does not hide damage in another: the audit goes on.

What an entry tells by itself is checked range by range, wherever (`ranges`); what follows from it is
merged here in the log's order, so the report is the same however many check. Memory does not grow
with the log: what is stored beside it by size or number is walked beside it. One thing is kept for
each stream, its head.

All of that looks whole where somebody with every key has written it anew. So what was kept outside
is put beside it, where the caller has anything (`against`).
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from typing import Final

import msgspec

from ledger.carbon.redaction.pieces import REDACTION
from ledger.carbon.summary import Basis
from ledger.errors import Damaged, LedgerError
from ledger.log import seals, tiles
from ledger.log.batch import Seen, SignedStatement
from ledger.log.checkpoint import Checkpoint
from ledger.log.hashes import ZEROS_HEX, Hash, LeafHash, leaf_hash
from ledger.log.held import Held
from ledger.log.names import begins_anew, event_ref, split_event
from ledger.log.note import parse_vkey
from ledger.log.tree import CompactRange, root_of
from ledger.ranges import FoundEntry, open_note
from ledger.service.against import Against, Compared
from ledger.service.ranging import Step, steps
from ledger.service.replay import Progress, Replay
from ledger.service.spread import Spread
from ledger.store import audit_store, earlier_store, log_store, redaction_store, tile_store
from ledger.store.checkpoint_file import CheckpointFile
from ledger.store.database import Connection, translated
from ledger.store.earlier_store import EarlierRow
from ledger.store.log_store import Head, StoredEntry
from ledger.store.queries import query

ROOTS_REMEMBERED: Final = 10_000
"""Roots kept for what authors say they have seen; others come from the tiles."""

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
    """No damage, and all is there that was kept outside."""
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
    earlier: int = 0
    """Entries of the earlier logs that this one continues; what is above counts them in, but for
    `size`."""
    earlier_logs: list[str] = []
    """Their origins, oldest first."""
    continued_by: str | None = None
    """The vkey of the log that continues this one, which has ended; None while it goes on."""
    against: list[Compared] = []
    """Each checkpoint that was kept outside."""


async def audit(
    conn: Connection,
    checkpoints: CheckpointFile | None,
    origin: str,
    log: str,
    progress: Progress,
    spread: Spread,
    outside: Sequence[tuple[str, Held]] = (),
) -> AuditReport:
    """Audit the ledger as it stands now, also against what was kept `outside`, by names for people.

    The log may grow meanwhile.
    """
    # A line is in the file before its checkpoint is in the database: what is there before the
    # snapshot is taken speaks of entries that the snapshot has.
    claimed = 0 if checkpoints is None else checkpoints.length()
    async with translated(), conn.transaction():
        await conn.execute(query("session", "snapshot"))
        said = _Said(checkpoints, claimed)
        earlier = await earlier_store.earlier_logs(conn)
        against = Against(outside, [*((row.first, row.log) for row in earlier), (0, log)])
        auditor = _Auditor(conn, await Replay.begin(conn), said, against, origin, log, earlier)
        return await auditor.run(spread, progress)


class _Said:
    """What the file outside the database says, line by line beside the log."""

    def __init__(self, file: CheckpointFile | None, length: int) -> None:
        self.lines = 0
        self.problem = "is missing" if file is None else ""
        self._next: tuple[int, str, str] | None = None
        self._records = iter(()) if file is None else file.records(length)
        self._advance()

    def upto(self, size: int) -> Iterator[tuple[int, str, str]]:
        """(size, place, root) of each line up to a size that was not asked for yet."""
        while self._next is not None and self._next[0] <= size:
            yield self._next
            self._advance()

    def _advance(self) -> None:
        self._next = None
        try:
            record = next(self._records, None)
        except Damaged as error:
            self.problem = str(error)
            return
        if record is not None:
            self.lines += 1
            place = f"checkpoint file, line {self.lines}"
            self._next = record.size, place, record.root.hex()


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
        said: _Said,
        against: Against,
        origin: str,
        log: str,
        earlier: Sequence[EarlierRow],
    ) -> None:
        self._conn = conn
        self._replay = replay
        self._said = said
        self._against = against
        self._origin = origin
        self._log = log
        self._earlier = earlier
        self._ahead = deque(earlier)
        """The earlier log at hand, and those after it; none in the log itself."""
        self._opened = earlier[0].first if earlier else 0
        """Index of entry 0 of the log at hand."""
        self._kept: tuple[int, str, str] | None = None
        """(size, place, root) of the checkpoint that is kept of the log at hand, if that is earlier."""
        self._damages: list[Damage] = []
        self._tree = CompactRange()
        self._heads: dict[str, tuple[int, str, int]] = {}
        self._types: Counter[str] = Counter()
        self._redacted: set[str] = set()
        self._events = 0
        self._signatures = 0
        self._tiles = 0
        self._rows: list[_Row] = []
        self._root_at: dict[int, str] = {}
        self._full: list[tuple[int, int, Hash, list[Hash]]] = []
        self._checkpoints = 0
        self._noted: dict[int, tuple[str, str]] = {}
        """(place, root) of the checkpoints of the range at hand."""

    async def run(self, spread: Spread, progress: Progress) -> AuditReport:
        head = await self._head()
        expected = await audit_store.stored_size(self._conn)
        first = self._opened
        progress(0, expected - first)
        self._begin_log()
        walk = steps(self._conn, spread, self._log, expected, hashes=True, earlier=self._earlier)
        async with aclosing(walk):
            async for step in walk:
                await self._step(step)
                progress(step.size - first, expected - first)
        await self._end_logs(0)
        self._check_head(head)
        await self._check_other_tiles()
        await self._check_streams()
        await self._check_stray_rows(first)
        await self._check_claims_beyond()
        await self._check_schema()
        digests, differing = await self._replay.compare()
        await self._check_redactions()
        for table, rows in differing.items():
            for row in rows or ["(rows)"]:
                self._damage(f"{table} {row}", "is not what the log says")
        sizes = {row.first: row.size for row in self._earlier} | {0: self._tree.size}
        compared = self._against.compared(sizes)
        return AuditReport(
            ok=not self._damages and all(one.contained for one in compared),
            size=self._tree.size,
            events=self._events,
            signatures=self._signatures,
            streams=len(self._heads),
            tiles=self._tiles,
            checkpoints=self._checkpoints,
            checkpoint_file_lines=self._said.lines,
            root=self._tree.root().hex(),
            types=dict(sorted(self._types.items())),
            digests=digests,
            damages=self._damages,
            earlier=-first,
            earlier_logs=[parse_vkey(row.log).name for row in self._earlier],
            against=compared,
        )

    def _damage(self, place: str, what: str) -> None:
        if len(self._damages) < DAMAGES_NAMED:
            self._damages.append(Damage(place=place, what=what))

    # --- entries -------------------------------------------------------------------------------

    async def _step(self, step: Step) -> None:
        await self._replay.prepare(step)
        for size, note in zip(step.sizes, step.found.notes, strict=True):
            self._note(size, note)
        self._compare_roots()
        for stored, found, basis in step.entries:
            await self._end_logs(stored.index)
            self._gap(stored.index)
            self._grow(found.leaf)
            await self._entry(stored, found, basis)
            await self._check_full_tiles()
        # Behind a wide gap, the tree never comes to their sizes.
        for place, root in self._noted.values():
            self._beyond(place, root)
        self._noted.clear()

    def _gap(self, following: int) -> None:
        """Name entries that are not there, and count them in the tree."""
        index = self._opened + self._tree.size
        if following <= index:
            return
        self._damage(f"entry {index}", f"is missing; the next stored entry is {following}")
        for _ in range(min(following - index, GAP_HASHED)):
            self._grow(leaf_hash(b""))

    async def _entry(self, stored: StoredEntry, found: FoundEntry, basis: Basis | None) -> None:
        place, signed = f"entry {stored.index}", found.signed
        if signed is None:
            self._damage(place, f"JWS: {found.damage}")
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
            if found.damage:
                self._damage(place, found.damage)
                return
            self._check_types(place, stored, found.types)
            self._count(found.types, statement.count)
            for position in found.redacted:
                self._redacted.add(event_ref(statement.stream, statement.first + position))
            await self._replay.fold(stored, signed, found, basis)
            self._signatures += 1
        except LedgerError as error:
            self._damage(place, str(error))

    async def _check_seen(self, place: str, seen: Seen | None) -> None:
        """What the author had verified before signing is a state of this very log."""
        if seen is None:
            return
        root = self._root_at.get(seen.size)
        if root is None and seen.size < self._tree.size:
            root = (await tile_store.root_at(self._conn, seen.size, self._opened)).hex()
            self._remember(seen.size, root)
        if root != seen.root:
            self._damage(place, f"seen at size {seen.size}: expected {root}, found {seen.root}")

    def _check_columns(self, place: str, stored: StoredEntry, signed: SignedStatement) -> None:
        statement = signed.statement
        expected = {
            "stream": earlier_store.column_of(statement.stream, self._number),
            "first": statement.first,
            "count": statement.count,
            "first_notification": self._events + 1,
        }
        for column, value in expected.items():
            if getattr(stored, column) != value:
                self._damage(place, f"{column}: expected {value}, found {getattr(stored, column)}")
        self._events += statement.count

    def _check_types(self, place: str, stored: StoredEntry, types: tuple[str, ...]) -> None:
        if stored.types != types:
            self._damage(place, f"types: expected {types}, found {stored.types}")

    def _count(self, types: tuple[str, ...], count: int) -> None:
        if len(types) == 1:
            self._types[types[0]] += count
        else:
            self._types.update(types)

    # --- earlier logs --------------------------------------------------------------------------

    @property
    def _number(self) -> int | None:
        """Which earlier log is at hand, from 1; None in the log itself."""
        return len(self._earlier) - len(self._ahead) + 1 if self._ahead else None

    def _begin_log(self) -> None:
        """Begin with the first entry of an earlier log, or of the log itself."""
        self._kept = None
        if self._ahead and self._ahead[0].note is not None:
            row = self._ahead[0]
            place = f"checkpoint of the log at {row.first}"
            note = open_note(self._ahead[0].note.encode(), row.log)
            if isinstance(note, str):
                self._damage(place, note)
            elif note.origin != parse_vkey(row.log).name or note.size > row.size:
                self._damage(place, f"says {note.origin} of size {note.size}")
            else:
                self._kept = note.size, place, note.root.hex()
        self._compare_roots()

    async def _end_logs(self, following: int) -> None:
        """Where an entry is of a later log: compare what the log at hand has come to, and go on."""
        while self._ahead and self._ahead[0].until <= following:
            row = self._ahead[0]
            self._gap(row.until)
            heads = [
                seals.Head(head=leaf, stream=stream, version=version)
                for stream, (version, leaf, _) in sorted(self._heads.items())
            ]
            expected = {
                "root": (self._tree.root().hex(), row.root.hex()),
                "heads_root": (seals.heads_root(heads).hex(), row.heads_root.hex()),
                "heads_count": (len(heads), row.heads_count),
            }
            for column, (found, stored) in expected.items():
                if found != stored:
                    place = f"earlier_logs {row.first} {column}"
                    self._damage(place, f"expected {found}, found {stored}")
            await self._check_other_tiles()
            for stream in [one for one in self._heads if begins_anew(one)]:
                del self._heads[stream]
            self._tree, self._rows = CompactRange(), []
            self._root_at.clear()
            self._opened = row.until
            self._ahead.popleft()
            self._begin_log()

    async def _check_stray_rows(self, first: int) -> None:
        logs = [*(row.first for row in self._earlier), 0]
        for row in await earlier_store.stray_rows(self._conn, first, logs):
            self._damage(row, "belongs to no log")

    # --- tree ----------------------------------------------------------------------------------

    def _grow(self, leaf: LeafHash) -> None:
        self._against.entry(self._opened + self._tree.size, leaf)
        self._tree = self._tree.append(leaf)
        self._compare_roots()
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
            place = self._tile(level, number)
            stored = await audit_store.stored_tile(self._conn, level, number, self._opened)
            self._tiles += 1
            if stored is None:
                self._damage(place, "is missing")
                continue
            if stored[1] != b"".join(row):
                at = next(i for i, n in enumerate([*row, b""]) if stored[1][i * 32 :][:32] != n)
                self._damage(place, f"hash {at} is not that of the entries")
            if stored[0] != root:
                self._damage(place, "its root is not that of its hashes")
        self._full.clear()

    async def _check_other_tiles(self) -> None:
        counts = [row.number for row in self._rows]
        for level, number in await audit_store.other_tiles(self._conn, counts, self._opened):
            self._damage(self._tile(level, number), "stands for no full tile of this log")

    def _tile(self, level: int, number: int) -> str:
        of = f" of the log at {self._opened}" if self._ahead else ""
        return f"tile {level}/{number}{of}"

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

    def _note(self, size: int, note: Checkpoint | str) -> None:
        """Take a checkpoint that was opened; its root is compared where the tree has its size."""
        place = f"checkpoint of size {size}"
        self._checkpoints += 1
        if isinstance(note, str):
            self._damage(place, note)
        elif note.origin != self._origin or note.size != size:
            self._damage(place, f"says {note.origin} of size {note.size}")
        else:
            self._noted[size] = place, note.root.hex()

    def _compare_roots(self) -> None:
        """Compare what was signed and written down for the size that the tree has now."""
        size = self._tree.size
        self._against.grown(self._opened, self._tree)
        if self._ahead:
            claims = [self._kept] if self._kept is not None and self._kept[0] == size else []
        else:
            claims = [(size, *noted)] if (noted := self._noted.pop(size, None)) else []
            claims += self._said.upto(size)
        if not claims:
            return
        root = self._tree.root().hex()
        self._remember(size, root)
        for at, place, said in claims:
            if at == size and said != root:
                self._damage(place, f"root: expected {root}, found {said}")
            elif at != size:
                self._beyond(place, said)

    def _remember(self, size: int, root: str) -> None:
        if len(self._root_at) >= ROOTS_REMEMBERED:
            del self._root_at[next(iter(self._root_at))]
        self._root_at[size] = root

    async def _check_claims_beyond(self) -> None:
        """Checkpoints and lines of the file that no entry stands for."""
        size = self._tree.size
        async for at, note in audit_store.checkpoints(self._conn, size + 1 if size else 0):
            self._note(at, open_note(note.encode(), self._log))
            for place, root in self._noted.values():
                self._beyond(place, root)
            self._noted.clear()
        for _, place, root in self._said.upto(audit_store.EVERY_SIZE):
            self._beyond(place, root)
        if self._said.problem:
            self._damage("checkpoint file", self._said.problem)
        elif self._checkpoints and not self._said.lines:
            self._damage("checkpoint file", "has no line, and the log has signed checkpoints")

    def _beyond(self, place: str, root: str) -> None:
        self._damage(place, f"speaks of a size that the log does not have, root {root}")

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

    async def _check_redactions(self) -> None:
        """Every row names an event whose data is gone, and every such event has its row."""
        expected: dict[str, tuple[object, ...]] = {}
        async for stored in self._replay.scratch.pieces_of_kind(self._conn, REDACTION.name):
            if stored.value is None:
                continue
            asked = REDACTION.decode(stored.value)
            if asked.redacted in self._redacted and asked.confirmed is not None:
                versions = split_event(stored.key)[1], split_event(asked.confirmed)[1]
                expected[asked.redacted] = (asked.redacted_index, *versions)
        for row in await redaction_store.redactions(self._conn):
            event, found = (
                event_ref(row.stream, row.version),
                (row.index, row.redacted, row.confirmed),
            )
            known = expected.pop(event, None)
            if found != known:
                self._damage(f"redactions {event}", f"expected {known}, found {found}")
        for event in expected:
            self._damage(f"redactions {event}", "is missing")

    async def _check_schema(self) -> None:
        problem = await audit_store.migration_problem(self._conn)
        if problem is not None:
            self._damage("schema_migrations", problem)


def _hex(edge: tuple[Hash, ...]) -> str:
    return " ".join(node.hex() for node in edge)

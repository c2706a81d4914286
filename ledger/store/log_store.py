"""The log in PostgreSQL: one row per signed batch, verbatim, appended once and never changed.

Entries, event lines, full tiles and heads move together in one transaction, under one lock, in one
round trip for a whole group. Nothing that is read by name or number scans the log: an entry is
found by index, by stream and version, or by notification id. Reading a range holds a few megabytes.

The bytes that are hashed are the bytes that come back: an entry is its JWS, its events are their
lines, each ended by LF; on the disk the lines are packed. Source: formats, sections 4 and 6;
architecture, "PostgreSQL" and "How the log is stored".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import psycopg

from ledger.errors import Conflict, Damaged, NotFound
from ledger.log.hashes import Hash, LeafHash, RootHash, leaf_hash
from ledger.log.tree import CompactRange
from ledger.store.packing import split_packed, unpack
from ledger.store.queries import as_json, query
from ledger.store.tile_store import completed_tiles

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterable, Sequence

    from psycopg import AsyncCursor
    from psycopg.rows import TupleRow

    from ledger.store.database import Connection

CHUNK_ENTRIES: Final = 256
PARTITIONS_AHEAD: Final = 2**21
"""Half a partition: when the log comes this near to the next one, it is made."""

_HASH_BYTES: Final = 32


class Head(msgspec.Struct, frozen=True):
    """How far the log goes: size in entries, root, right edge (largest subtree first)."""

    size: int
    root: RootHash
    edge: tuple[Hash, ...]
    next_notification: int

    @property
    def events(self) -> int:
        """How many events the log holds."""
        return self.next_notification - 1


class NewEntry(msgspec.Struct, frozen=True):
    """A verified batch that shall be appended.

    `types` has one element if all events have the same type, else one for each event. `packed`
    are the event lines, each ended by LF, as `packing.pack` gives them. `leaf` is the leaf hash of
    the batch's last event.
    """

    jws: bytes
    stream: str
    first: int
    count: int
    types: tuple[str, ...]
    packed: bytes
    leaf: LeafHash


class StoredEntry(msgspec.Struct, frozen=True):
    """An entry as it is stored; `packed` is empty if its row is missing, which `audit` reports.

    The lines are unpacked whenever they are asked for and not kept: so a chunk of the log takes the
    memory of its packed bytes. Keep them in a variable where they are needed twice.
    """

    index: int
    jws: bytes
    stream: str
    first: int
    count: int
    first_notification: int
    types: tuple[str, ...]
    packed: bytes

    @property
    def name(self) -> str:
        """The stream's name: in the tables, those that opened earlier logs have another one."""
        return self.stream.partition("#")[0]

    @property
    def lines(self) -> bytes:
        """The event lines, each ended by LF; raises Damaged."""
        return unpack(self.packed) if self.packed else b""

    @property
    def event_lines(self) -> list[bytes]:
        """The event lines without their LF, in order; raises Damaged."""
        return split_packed(self.packed, self.index)

    def type_at(self, position: int) -> str:
        """The type of the event at a position, from 0."""
        return self.types[0] if len(self.types) == 1 else self.types[position]


class StreamHead(msgspec.Struct, frozen=True):
    """The last event of a stream: its version, its leaf hash, the entry that holds it."""

    stream: str
    version: int
    leaf: LeafHash
    index: int


class EventPlace(msgspec.Struct, frozen=True):
    """Where an event is: entry of the log, position in its batch from 0."""

    index: int
    position: int


# ------------------------------------------------------------------------------ appending


async def lock(conn: Connection) -> None:
    """Wait until nobody else appends. Holds to the end of the transaction, which must be open."""
    await conn.execute(query("log", "lock"))


class Beginning:
    """What was asked for together with the lock: how far the log goes, and these streams."""

    def __init__(
        self, head: AsyncCursor[TupleRow], ends: AsyncCursor[TupleRow], names: Iterable[str]
    ) -> None:
        self._head = head
        self._ends = ends
        self._names = names

    async def head(self) -> Head:
        """How far the log goes, once the lock is held; raises Damaged if nobody can say."""
        return _log_head(await self._head.fetchone())

    async def ends(self) -> dict[str, StreamHead | None]:
        """The ends of the streams that were named; None for one without events."""
        found = {row[0]: _head(row) for row in await self._ends.fetchall()}
        return {name: found.get(name) for name in self._names}


async def begin(conn: Connection, names: Collection[str]) -> Beginning:
    """Wait until nobody else appends, then read how far the log and these streams go.

    In an open transaction in pipeline mode: all that is sent before somebody asks for an answer goes
    in one round trip.
    """
    await lock(conn)
    head, ends = conn.cursor(binary=True), conn.cursor(binary=True)
    await head.execute(query("log", "read_head"))
    await ends.execute(query("log", "stream_heads"), {"streams": sorted(names)})
    return Beginning(head, ends, names)


async def ensure_partitions(conn: Connection, upto: int) -> int:
    """Make the partitions that entries up to this index need; how many were made."""
    rows = await (await conn.execute(query("log", "ensure_partitions"), {"upto": upto})).fetchall()
    return int(rows[0][0])


async def read_head(conn: Connection) -> Head:
    """How far the log goes; raises Damaged if nobody can say."""
    async with conn.cursor(binary=True) as cur:
        return _log_head(await (await cur.execute(query("log", "read_head"))).fetchone())


async def read_head_and_leaves(
    conn: Connection, first: int, limit: int
) -> tuple[Head, list[LeafHash]]:
    """How far the log goes, and the leaf hashes of stored entries from an index on, in one trip.

    They are computed from what is stored now; entries behind the head may be among them.
    """
    bounds = {"first": first, "until": first + limit}
    async with conn.pipeline():
        head, leaves = conn.cursor(binary=True), conn.cursor(binary=True)
        await head.execute(query("log", "read_head"))
        await leaves.execute(query("log", "leaf_hashes"), bounds)
        found = [LeafHash(row[0]) for row in await leaves.fetchall()]
        return _log_head(await head.fetchone()), found


def _log_head(row: TupleRow | None) -> Head:
    if row is None:
        raise Damaged("the log has lost its head", expected="one row in log_head", found="none")
    size, root, edge, next_notification = row
    hashes = tuple(Hash(edge[at : at + _HASH_BYTES]) for at in range(0, len(edge), _HASH_BYTES))
    return Head(size, RootHash(root), hashes, next_notification)


async def append_entries(conn: Connection, head: Head, entries: Sequence[NewEntry]) -> Head:
    """Append a group and return the new head. The caller holds the lock and an open transaction.

    Raises Conflict, and leaves the transaction to be rolled back, if a stream would not go on at
    its next version or if `head` is not where the log stands.
    """
    if not entries:
        return head
    # Every half partition: so the next one is there long before it is needed.
    if head.size // PARTITIONS_AHEAD != (head.size + len(entries)) // PARTITIONS_AHEAD:
        await ensure_partitions(conn, head.size + len(entries) + PARTITIONS_AHEAD)
    leaves = [leaf_hash(entry.jws) for entry in entries]
    tree = CompactRange(head.size, head.edge).extend(leaves)
    notifications = [head.next_notification]
    for entry in entries:
        notifications.append(notifications[-1] + entry.count)
    new = Head(head.size + len(entries), tree.root(), tree.edge, notifications[-1])
    heads = _stream_heads(head.size, entries)
    tiles = await completed_tiles(conn, head.size, leaves)
    parameters = {
        "entries": as_json(
            {
                "index": index,
                "stream": entry.stream,
                "first": entry.first,
                "count": entry.count,
                "first_notification": notification,
                "types": "\n".join(entry.types),
            }
            for index, (entry, notification) in enumerate(
                zip(entries, notifications, strict=False), start=head.size
            )
        ),
        "jws": [entry.jws for entry in entries],
        "packed": [entry.packed for entry in entries],
        "tiles": as_json(
            {
                "level": tile.level,
                "number": tile.number,
                "root": tile.root.hex(),
                "hashes": tile.hashes.hex(),
            }
            for tile in tiles
        ),
        "heads": as_json(
            {
                "stream": moved.head.stream,
                "first": moved.first,
                "version": moved.head.version,
                "leaf": moved.head.leaf.hex(),
                "index": moved.head.index,
            }
            for moved in heads
        ),
        "size": new.size,
        "root": new.root,
        "edge": b"".join(new.edge),
        "next_notification": new.next_notification,
        "old_size": head.size,
        "old_next_notification": head.next_notification,
    }
    try:
        rows = await (await conn.execute(query("log", "append"), parameters)).fetchall()
    except psycopg.errors.UniqueViolation as error:
        raise _head_moved(head) from error
    heads_moved, head_moved, _ = rows[0]
    if head_moved != 1:
        raise _head_moved(head)
    if heads_moved != len(heads):
        raise Conflict(
            "a stream does not go on at its next version",
            found=", ".join(f"{m.head.stream}@{m.first}" for m in heads[:5]),
            advice="Nothing was written. Read the stream's head and sign for the next version.",
        )
    return new


class _Moved(msgspec.Struct, frozen=True):
    first: int
    head: StreamHead


def _stream_heads(size: int, entries: Sequence[NewEntry]) -> list[_Moved]:
    """Per stream of a group: its first version there, and its head after it."""
    moved: dict[str, _Moved] = {}
    for index, entry in enumerate(entries, start=size):
        before = moved.get(entry.stream)
        if before is not None and entry.first != before.head.version + 1:
            raise Conflict(
                f"{entry.stream} does not go on at its next version",
                expected=str(before.head.version + 1),
                found=str(entry.first),
            )
        last = StreamHead(entry.stream, entry.first + entry.count - 1, entry.leaf, index)
        moved[entry.stream] = _Moved(entry.first if before is None else before.first, last)
    return list(moved.values())


# ------------------------------------------------------------------------------ reading


async def entry(conn: Connection, index: int) -> StoredEntry:
    """The entry with its event lines; raises NotFound."""
    async with conn.cursor(binary=True) as cur:
        row = await (await cur.execute(query("log", "entry"), {"index": index})).fetchone()
    if row is None:
        raise NotFound(f"there is no entry {index}")
    return read_entry(row)


async def entries(
    conn: Connection, first: int = 0, limit: int | None = None
) -> AsyncIterator[StoredEntry]:
    """Entries in order from an index on, to the end or at most `limit`, a few megabytes at a time.

    Raises Damaged where one is missing; who wants to go on asks again from the next index.
    The connection is free between two chunks, and nothing else may run on it inside one.
    """
    end = (await read_head(conn)).size
    if limit is not None:
        end = min(end, first + limit)
    while first < end:
        bounds = {"first": first, "until": min(first + CHUNK_ENTRIES, end)}
        async with conn.cursor(binary=True) as cur:
            rows = await (await cur.execute(query("log", "entries"), bounds)).fetchall()
        if not rows:
            raise _missing(first)
        for row in rows:
            if row[0] != first:
                raise _missing(first)
            yield read_entry(row)
            first += 1


async def stream_entries(
    conn: Connection, stream: str, *, first: int = 0, size: int | None = None
) -> AsyncIterator[StoredEntry]:
    """The entries of a stream whose first version is `first` or later, in order.

    With `size`, only those among the first `size` entries of the log.
    """
    until = (await read_head(conn)).size if size is None else size
    while True:
        bounds = {"stream": stream, "first": first, "until": until, "limit": 8}
        async with conn.cursor(binary=True) as cur:
            rows = await (await cur.execute(query("log", "stream_entries"), bounds)).fetchall()
        for row in rows:
            yield (stored := read_entry(row))
            first = stored.first + stored.count
        if len(rows) < 8:
            return


async def count_events(
    conn: Connection,
    until: int,
    most: int,
    streams: Sequence[str] | None = None,
    first: int = 0,
) -> int:
    """How many events the entries from `first` up to `until` hold, of all streams or of these.

    Where they are more than `most`, some number above that: nothing is loaded for it.
    """
    bounds = {"first": first, "until": until, "limit": most + 1}
    if streams is None:
        found = await conn.execute(query("log", "events_below"), bounds)
    else:
        named = {**bounds, "streams": list(streams)}
        found = await conn.execute(query("log", "events_of_streams"), named)
    row = await found.fetchone()
    return 0 if row is None else int(row[0])


async def find_entry(conn: Connection, stream: str, version: int) -> EventPlace | None:
    """Where an event is, or None."""
    wanted = {"stream": stream, "version": version}
    row = await (await conn.execute(query("log", "find"), wanted)).fetchone()
    if row is None or version >= row[1] + row[2]:
        return None
    return EventPlace(row[0], version - row[1])


async def entry_holding(conn: Connection, stream: str, version: int) -> StoredEntry | None:
    """The entry that holds a version of a stream, with its event lines, or None."""
    wanted = {"stream": stream, "version": version}
    async with conn.cursor(binary=True) as cur:
        row = await (await cur.execute(query("log", "holding"), wanted)).fetchone()
    if row is None or version >= row[2] + row[3]:
        return None
    return read_entry(row)


async def jws(conn: Connection, index: int) -> bytes:
    """The signed statement of an entry; raises NotFound."""
    async with conn.cursor(binary=True) as cur:
        row = await (await cur.execute(query("log", "jws"), {"index": index})).fetchone()
    if row is None:
        raise NotFound(f"there is no entry {index}")
    return bytes(row[0])


async def find_jws(conn: Connection, stream: str, version: int) -> tuple[int, bytes] | None:
    """Index and JWS of the entry that holds a version of a stream, or None.

    A submission whose JWS is byte-identical to it is a repetition; any other is a conflict.
    """
    place = await find_entry(conn, stream, version)
    return None if place is None else (place.index, await jws(conn, place.index))


async def find_notification(conn: Connection, notification: int) -> int | None:
    """Index of the entry that holds a notification id or begins last before it, or None."""
    wanted = {"notification": notification}
    row = await (await conn.execute(query("log", "find_notification"), wanted)).fetchone()
    return None if row is None else int(row[0])


async def stream_head(conn: Connection, stream: str) -> StreamHead | None:
    """Where a stream stands, or None if nothing was ever logged in it."""
    async with conn.cursor(binary=True) as cur:
        row = await (await cur.execute(query("log", "stream_head"), {"stream": stream})).fetchone()
    return None if row is None else _head(row)


async def streams(conn: Connection, prefix: str = "") -> AsyncIterator[StreamHead]:
    """Heads of all streams whose name begins with a prefix, in the order of their names."""
    # In collation "C", U+10FFFF sorts after every character that a name may have.
    bounds = {"first": prefix, "until": prefix + "\U0010ffff", "limit": 1000}
    while True:
        async with conn.cursor(binary=True) as cur:
            rows = await (await cur.execute(query("log", "streams"), bounds)).fetchall()
        for row in rows:
            yield _head(row)
        if len(rows) < 1000:
            return
        bounds["first"] = rows[-1][0] + " "  # the least name that follows


async def last_statements(conn: Connection, size: int) -> AsyncIterator[tuple[str, bytes]]:
    """Each stream that has an entry below a size, in order, with the JWS of its last one there."""
    async with conn.cursor(binary=True) as cur:
        await cur.execute(query("log", "last_statements"), {"size": size})
        async for stream, jws in cur:
            yield stream, bytes(jws)


def read_entry(row: TupleRow) -> StoredEntry:
    """The entry in a row of any query that selects entries, in their columns' usual order."""
    index, stream, first, count, first_notification, types, signed, packed = row
    return StoredEntry(
        index, signed, stream, first, count, first_notification, tuple(types), packed or b""
    )


def _head(row: TupleRow) -> StreamHead:
    stream, version, leaf, index = row
    return StreamHead(stream, version, LeafHash(leaf), index)


def _head_moved(head: Head) -> Conflict:
    return Conflict(
        "the log's head moved while a group was appended",
        expected=f"{head.size} entries",
        advice="Nothing was written. Take the lock, read the head, and decide again.",
    )


def _missing(index: int) -> Damaged:
    return Damaged(f"entry {index} of the log is missing", expected="every index below the head's")

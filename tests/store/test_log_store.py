"""The log's rows, tiles and heads against an in-memory tree, and its look-ups without scans."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import pytest

from ledger.errors import Conflict, Damaged, NotFound
from ledger.log.hashes import EMPTY_ROOT, Hash, leaf_hash
from ledger.log.proof import verify_consistency, verify_inclusion
from ledger.log.tree import path_of, root_of
from ledger.store import log_store, tile_store
from ledger.store.database import Connection, Database
from ledger.store.log_store import EventPlace, Head, NewEntry
from ledger.store.packing import pack, unpack
from ledger.store.queries import query
from tests.store.batches import Streams
from tests.store.conftest import Runner

NOISE = random.Random(1).randbytes(900_000)  # noqa: S311  (bytes that do not pack)


async def append(conn: Connection, group: Sequence[NewEntry]) -> Head:
    async with conn.transaction():
        await log_store.lock(conn)
        return await log_store.append_entries(conn, await log_store.read_head(conn), group)


def plain_entries(count: int, stream: str = "acme/plain") -> list[NewEntry]:
    """Entries in a form that the tables take, quick to make."""
    return [
        NewEntry(
            jws=b"eyJ%d" % n,
            stream=stream,
            first=n,
            count=1,
            types=("Said",),
            packed=pack(b"%d\n" % n),
            leaf=leaf_hash(b"%d" % n),
        )
        for n in range(1, count + 1)
    ]


def test_an_empty_log_has_the_empty_root(as_server: Runner):
    async def work(conn: Connection) -> None:
        assert await log_store.read_head(conn) == Head(0, EMPTY_ROOT, (), 1)
        assert [e async for e in log_store.entries(conn)] == []
        assert await tile_store.root_at(conn, 0) == EMPTY_ROOT

    as_server(work)


def test_what_is_appended_is_read_back_byte_for_byte(as_server: Runner):
    async def work(conn: Connection) -> None:
        streams = Streams()
        group = [
            streams.batch("acme/plant/gas", 3),
            streams.batch("acme/plant/gas", 2, ("Said", "Withdrawn")),
            streams.batch("bravo/plant", 1),
        ]
        head = await append(conn, group)
        found = [e async for e in log_store.entries(conn)]
        assert [(e.index, e.first_notification) for e in found] == [(0, 1), (1, 4), (2, 6)]
        for stored, given in zip(found, group, strict=True):
            assert (stored.jws, stored.packed) == (given.jws, given.packed)
            assert stored.lines == unpack(given.packed)
            assert (stored.stream, stored.first, stored.count) == (
                given.stream,
                given.first,
                given.count,
            )
            assert stored.types == given.types
            assert await log_store.entry(conn, stored.index) == stored
        assert [found[1].type_at(position) for position in range(2)] == ["Said", "Withdrawn"]
        assert [found[0].type_at(position) for position in range(3)] == ["Said"] * 3
        assert head == await log_store.read_head(conn)
        assert (head.size, head.events, head.next_notification) == (3, 6, 7)

    as_server(work)


def test_head_tiles_paths_and_roots_equal_those_of_a_tree_in_memory(as_server: Runner):
    async def work(conn: Connection) -> None:
        draw = random.Random(20261122)  # noqa: S311  (which places are looked at)
        entries = plain_entries(66_300)
        leaves = [leaf_hash(entry.jws) for entry in entries]
        at, sizes = 0, [0]
        for group in (1, 1, 253, 1, 1, 700, 64_500, 120, 723):
            head = await append(conn, entries[at : at + group])
            at += group
            sizes.append(at)
            assert (head.size, head.root) == (at, root_of(leaves[:at]))
        assert at == len(entries)

        # Every full tile of every level, and partial ones at any width.
        for level, number in [*((0, n) for n in range(258)), (1, 0)]:
            hashes = _level(leaves, level)[number * 256 : number * 256 + 256]
            found = await tile_store.read_tile(conn, at, level, number)
            assert found == b"".join(hashes)
        for level, number, width in [(0, 258, 252), (0, 3, 7), (1, 1, 2), (1, 0, 255), (2, 0, 1)]:
            hashes = _level(leaves, level)[number * 256 : number * 256 + width]
            assert await tile_store.read_tile(conn, at, level, number, width) == b"".join(hashes)
        for level, number, width in [(0, 258, 253), (0, 259, 1), (1, 1, 3), (3, 0, 1), (0, -1, 1)]:
            with pytest.raises(NotFound):
                await tile_store.read_tile(conn, at, level, number, width)

        for size in [*sizes, *(draw.randrange(1, at) for _ in range(4))]:
            root = root_of(leaves[:size])
            assert await tile_store.root_at(conn, size) == root
            if size:
                index = draw.randrange(size)
                path = await tile_store.inclusion_path(conn, size, index)
                assert path == path_of(leaves[:size], index)
                verify_inclusion(leaves[index], index, size, path, root)
                consistency = await tile_store.consistency_path(conn, size, at)
                verify_consistency(size, root, at, root_of(leaves), consistency)

    as_server(work)


def _level(leaves: Sequence[bytes], level: int) -> list[bytes]:
    row = list(leaves)
    for _ in range(level):
        row = [root_of(row[at : at + 256]) for at in range(0, len(row) - 255, 256)]
    return row


def test_an_event_is_found_by_stream_and_version(as_server: Runner):
    async def work(conn: Connection) -> None:
        streams = Streams()
        group = [streams.batch(f"acme/m{n % 3}", 1 + n % 4) for n in range(30)]
        await append(conn, group)
        for index, given in enumerate(group):
            for position in range(given.count):
                version = given.first + position
                place = await log_store.find_entry(conn, given.stream, version)
                assert place == EventPlace(index, position)
                entry = await log_store.entry_holding(conn, given.stream, version)
                assert entry is not None
                line = entry.event_lines[version - entry.first]
                assert line == unpack(given.packed).split(b"\n")[position]
                assert await log_store.find_jws(conn, given.stream, version) == (index, given.jws)
        for stream, version in (("acme/m0", 10_000), ("acme/m0", 0), ("acme/m", 1)):
            assert await log_store.find_entry(conn, stream, version) is None
            assert await log_store.entry_holding(conn, stream, version) is None
        assert await log_store.find_jws(conn, "acme/m9", 1) is None

    as_server(work)


def test_stream_heads_are_listed_by_prefix_in_order_of_bytes(as_server: Runner):
    async def work(conn: Connection) -> None:
        streams = Streams()
        names = ["acme/a", "acme/a/b", "acme/a-b", "acme/b", "acmes/a", "z/z"]
        await append(conn, [streams.batch(name) for name in names])
        assert [h.stream async for h in log_store.streams(conn)] == sorted(names)
        assert [h.stream async for h in log_store.streams(conn, "acme/")] == [
            "acme/a",
            "acme/a-b",
            "acme/a/b",
            "acme/b",
        ]
        last = streams.batch("acme/a")
        head = await append(conn, [last])
        found = await log_store.stream_head(conn, "acme/a")
        assert found is not None
        assert (found.version, found.leaf, found.index) == (6, last.leaf, head.size - 1)
        async with conn.pipeline(), conn.transaction():
            beginning = await log_store.begin(conn, ["acme/a", "no/ne"])
            assert await beginning.head() == head
            assert await beginning.ends() == {"acme/a": found, "no/ne": None}
        assert await log_store.stream_head(conn, "no/ne") is None

    as_server(work)


def test_the_entries_of_a_stream_come_in_order_and_only_up_to_a_size(as_server: Runner):
    async def work(conn: Connection) -> None:
        streams = Streams()
        await append(conn, [streams.batch(f"acme/m{n % 2}", 2) for n in range(40)])
        found = [e.first async for e in log_store.stream_entries(conn, "acme/m1")]
        assert found == list(range(1, 41, 2))
        early = [e.index async for e in log_store.stream_entries(conn, "acme/m1", size=10)]
        assert early == [1, 3, 5, 7, 9]
        late = [e.first async for e in log_store.stream_entries(conn, "acme/m1", first=30)]
        assert late == [31, 33, 35, 37, 39]

    as_server(work)


def test_reading_the_log_stops_where_an_entry_is_missing(as_server: Runner, as_owner: Runner):
    async def write(conn: Connection) -> None:
        await append(conn, plain_entries(10))

    async def damage(conn: Connection) -> None:
        await conn.execute("ALTER TABLE ledger.log_entries_000000 DISABLE TRIGGER append_only")
        await conn.execute("ALTER TABLE ledger.log_entries DISABLE TRIGGER append_only")
        await conn.execute("DELETE FROM ledger.log_entries WHERE index = 4")

    async def read(conn: Connection) -> None:
        assert [e.index async for e in log_store.entries(conn, 0, 4)] == [0, 1, 2, 3]
        with pytest.raises(Damaged, match="entry 4"):
            _ = [e async for e in log_store.entries(conn)]
        assert [e.index async for e in log_store.entries(conn, 5, 2)] == [5, 6]
        with pytest.raises(Damaged):
            await tile_store.hashes(conn, 0, 0, 10)

    as_server(write)
    as_owner(damage)
    as_server(read)


@pytest.mark.parametrize(
    ("count", "packed", "in_a_chunk"),
    [
        (1, pack(b"\n" + NOISE), 3),  # 2 MiB, and what reached over it
        (10_000, pack(b"the same\n" * 10_000), 7),  # 65 536 events, and what reached over them
    ],
    ids=["bytes", "events"],
)
def test_large_entries_are_streamed_in_small_chunks(
    as_server: Runner, count: int, packed: bytes, in_a_chunk: int
):
    async def work(conn: Connection) -> None:
        big = [
            NewEntry(
                jws=b"eyJ%d" % n,
                stream="acme/big",
                first=1 + n * count,
                count=count,
                types=("Said",),
                packed=packed,
                leaf=leaf_hash(b"%d" % n),
            )
            for n in range(10)
        ]
        await append(conn, big)
        async with conn.cursor(binary=True) as cur:
            bounds = {"first": 0, "until": 10}
            await cur.execute(query("log", "entries"), bounds)
            assert cur.rowcount == in_a_chunk
        assert [e.index async for e in log_store.entries(conn)] == list(range(10))

    as_server(work)


@pytest.mark.parametrize("group", [(5,), (2, 3), (1, 3)])
def test_a_stream_that_does_not_go_on_at_its_next_version_is_refused(
    as_server: Runner, group: tuple[int, ...]
):
    async def work(conn: Connection) -> None:
        before = await append(conn, plain_entries(1, "acme/other"))
        by_version = {entry.first: entry for entry in plain_entries(5)}
        with pytest.raises(Conflict):
            await append(conn, [by_version[version] for version in group])
        assert await log_store.read_head(conn) == before
        assert await log_store.stream_head(conn, "acme/plain") is None
        assert [e.index async for e in log_store.entries(conn)] == [0]

    as_server(work)


def test_a_group_decided_on_another_head_is_refused(as_server: Runner):
    async def work(conn: Connection) -> None:
        old = await log_store.read_head(conn)
        now = await append(conn, plain_entries(1, "acme/first"))
        # As after a restore: what the caller remembers is ahead of what is stored.
        lost = Head(2, root_of([]), (Hash(b"lost" * 8),), now.next_notification)
        for head in (old, lost):
            with pytest.raises(Conflict, match="head moved"):
                async with conn.transaction():
                    await log_store.append_entries(conn, head, plain_entries(1, "acme/second"))
        assert await log_store.read_head(conn) == now
        assert [e.index async for e in log_store.entries(conn)] == [0]

    as_server(work)


def test_connections_that_append_at_once_leave_no_gap_and_lose_nothing(database: Database):
    async def writer(name: str) -> None:
        async with database.server() as conn:
            for entry in plain_entries(40, name):
                await append(conn, [entry])

    async def work() -> None:
        await asyncio.gather(*(writer(f"acme/w{n}") for n in range(4)))
        async with database.server() as conn:
            found = [e async for e in log_store.entries(conn)]
            head = await log_store.read_head(conn)
        assert [e.index for e in found] == list(range(160))
        assert [e.first_notification for e in found] == list(range(1, 161))
        assert head.root == root_of([leaf_hash(e.jws) for e in found])
        for n in range(4):
            assert [e.first for e in found if e.stream == f"acme/w{n}"] == list(range(1, 41))

    asyncio.run(work())


LOOKUPS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "entry": ("log", "entry", {"index": 7}),
    "entries": ("log", "entries", {"first": 100, "until": 110}),
    "event": ("log", "find", {"stream": "acme/plain", "version": 7}),
    "stream's entries": (
        "log",
        "stream_entries",
        {"stream": "acme/plain", "first": 7, "until": 2000, "limit": 8},
    ),
    "notification": ("log", "find_notification", {"notification": 7}),
    "notified": ("recorder", "notified", {"first": 7, "last": 9, "topics": [], "limit": 32}),
    "up": ("recorder", "entries_up", {"stream": "acme/plain", "gt": 7, "lte": 9, "limit": 32}),
    "down": ("recorder", "entries_down", {"stream": "acme/plain", "gt": 7, "lte": 9, "limit": 32}),
    "leaf hashes": ("log", "leaf_hashes", {"first": 1, "until": 9}),
    "tile": ("log", "tile", {"log": 0, "level": 0, "number": 1}),
    "tile roots": ("log", "tile_roots", {"log": 0, "level": 0, "first": 0, "until": 2}),
    "stream head": ("log", "stream_head", {"stream": "acme/plain"}),
    "streams": ("log", "streams", {"first": "acme/", "until": "acme0", "limit": 10}),
}


@pytest.mark.parametrize("lookup", LOOKUPS)
def test_no_lookup_scans_the_log(as_server: Runner, as_owner: Runner, lookup: str):
    file, name, values = LOOKUPS[lookup]

    async def write(conn: Connection) -> None:
        for n in range(8):
            await append(conn, plain_entries(300, f"acme/m{n}"))
        await append(conn, plain_entries(300))

    async def analyze(conn: Connection) -> None:
        await conn.execute("ANALYZE ledger.log_entries, ledger.entry_events, ledger.stream_heads")

    async def explain(conn: Connection) -> list[str]:
        statement = b"EXPLAIN " + query(file, name).as_bytes(conn)
        rows = await (await conn.execute(statement, values)).fetchall()
        return [line for (line,) in rows]

    as_server(write)
    as_owner(analyze)
    plan = as_server(explain)
    # A table that fits on one page is read at once; the log does not.
    small = ("stream_heads", "log_tiles")
    scans = [line for line in plan if "Seq Scan" in line and not any(t in line for t in small)]
    assert not scans, "\n".join(plan)

"""Tiles of the log's tree: full ones are stored once, partial ones follow from what is below them.

A tile of level L holds 256 hashes of subtrees of 256^L entries. Beside each full tile stands its
root, which is its place in the tile above: so a partial tile of any level is one range read, of
leaf hashes computed from the entries or of such roots, and never more than 255 of them.
Source: C2SP tlog-tiles; formats, section 6.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from ledger.errors import Damaged, NotFound
from ledger.log import tiles
from ledger.log.hashes import HASH_BYTES, Hash, LeafHash, RootHash
from ledger.log.tiles import TileEdge
from ledger.log.tree import CompactRange
from ledger.store.queries import query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ledger.store.database import Connection

TILE_WIDTH: Final = tiles.WIDTH

T = TypeVar("T")


class Tile(msgspec.Struct, frozen=True):
    """A full tile: 256 hashes in a row, and the root over them."""

    level: int
    number: int
    root: Hash
    hashes: bytes


async def completed_tiles(conn: Connection, size: int, leaves: Sequence[LeafHash]) -> list[Tile]:
    """The full tiles of all levels that these leaves complete behind the first `size` entries.

    Reads what already stands in each tile from the database; for most groups there is none to read.
    """
    completed: list[Tile] = []
    level, here, new = 0, size, [Hash(leaf) for leaf in leaves]
    while new and here // TILE_WIDTH != (here + len(new)) // TILE_WIDTH:
        number = here // TILE_WIDTH
        row = await hashes(conn, level, number * TILE_WIDTH, here % TILE_WIDTH) + new
        roots = []
        for at in range(0, len(row) - TILE_WIDTH + 1, TILE_WIDTH):
            content = b"".join(row[at : at + TILE_WIDTH])
            root = tiles.full_tile_root(content)
            completed.append(Tile(level, number + at // TILE_WIDTH, root, content))
            roots.append(root)
        level, here, new = level + 1, number, roots
    return completed


async def read_tile(
    conn: Connection, size: int, level: int, number: int, width: int = TILE_WIDTH, log: int = 0
) -> bytes:
    """The hashes of a tile of the log of this size, `width` times 32 bytes in a row.

    `log` is the index of the log's entry 0: less than 0 for one that this log continues.

    Raises NotFound for a tile that is not in this log, Damaged for one that should be.
    """
    entries_needed = (number * TILE_WIDTH + width) << (8 * level)
    if level < 0 or number < 0 or not 0 < width <= TILE_WIDTH or entries_needed > size:
        raise NotFound(f"a log of {size} entries has no tile {level}/{number} of width {width}")
    if width < TILE_WIDTH:
        return b"".join(await hashes(conn, level, number * TILE_WIDTH, width, log))
    place = {"log": log, "level": level, "number": number}
    async with conn.cursor(binary=True) as cur:
        row = await (await cur.execute(query("log", "tile"), place)).fetchone()
    if row is None:
        raise Damaged(f"tile {level}/{number} of the log is missing", expected="256 hashes")
    return bytes(row[0])


async def hashes(conn: Connection, level: int, first: int, count: int, log: int = 0) -> list[Hash]:
    """Consecutive hashes of one level of the tree; raises Damaged if any is missing.

    `log` is the index of the log's entry 0.
    """
    if count == 0:
        return []
    at = log + first if level == 0 else first
    bounds = {"first": at, "until": at + count, "level": level - 1, "log": log}
    name = "leaf_hashes" if level == 0 else "tile_roots"
    async with conn.cursor(binary=True) as cur:
        found = [Hash(row[0]) async for row in await cur.execute(query("log", name), bounds)]
    if len(found) != count:
        raise Damaged(
            f"hashes {first} to {first + count - 1} of level {level} of the log are not all there",
            expected=str(count),
            found=str(len(found)),
        )
    return found


async def root_at(conn: Connection, size: int, log: int = 0) -> RootHash:
    """The root over the first `size` entries, from tiles and what is behind the last full one.

    `log` is the index of the log's entry 0.
    """
    cache = TileCache(conn, size, log=log)
    return await cache.prove(lambda read: tiles.root_from_tiles(size, read))


async def edge_at(conn: Connection, size: int) -> TileEdge:
    """The partial tiles at the right edge of the tree over the first `size` entries."""
    return await TileCache(conn, size).prove(lambda read: tiles.edge_from_tiles(size, read))


def range_of(edge: TileEdge) -> CompactRange:
    """The tree whose partial tiles these are, as its right edge: what an append goes on from."""
    nodes: tuple[Hash, ...] = ()
    for partial in edge.partial:
        row = [LeafHash(partial[at : at + 32]) for at in range(0, len(partial), 32)]
        nodes = (*CompactRange().extend(row).edge, *nodes)
    return CompactRange(edge.size, nodes)


async def inclusion_path(conn: Connection, size: int, index: int) -> tuple[Hash, ...]:
    """The path of an entry in the log of this size."""
    return await TileCache(conn, size).prove(lambda read: tiles.inclusion_path(size, index, read))


async def consistency_path(conn: Connection, size1: int, size2: int) -> tuple[Hash, ...]:
    """The path that shows that the log of the greater size begins with the one of the smaller."""
    return await TileCache(conn, size2).prove(
        lambda read: tiles.consistency_path(size1, size2, read)
    )


class TileCache:
    """Answers a prover that reads tiles one by one, from the database, without waiting inside it.

    The prover is a pure function; where it asks for a tile that is not in memory, it is stopped,
    the tile is loaded, and it starts again. A proof needs a handful.
    """

    def __init__(
        self,
        conn: Connection,
        size: int,
        at_hand: dict[tuple[int, int], bytes] | None = None,
        log: int = 0,
    ) -> None:
        """`at_hand` has hashes of some tiles by level and number, which are not asked for.

        `log` is the index of the log's entry 0.
        """
        self._conn = conn
        self._log = log
        self._size = size
        self._at_hand = at_hand or {}
        self._tiles: dict[tuple[int, int, int], bytes] = {}

    def read(self, level: int, number: int, width: int) -> bytes:
        """A tile that is in memory, as a prover asks for it."""
        at_hand = self._at_hand.get((level, number), b"")
        if len(at_hand) >= width * HASH_BYTES:
            return at_hand[: width * HASH_BYTES]
        try:
            return self._tiles[level, number, width]
        except KeyError:
            raise _Wanted(level, number, width) from None

    async def prove(self, prover: Callable[[tiles.TileReader], T]) -> T:
        """What the prover returns when it is given `read`."""
        while True:
            try:
                return prover(self.read)
            except _Wanted as wanted:
                await self._load(wanted.level, wanted.number, wanted.width)

    async def prove_many(self, indexes: Iterable[int]) -> dict[int, tuple[Hash, ...]]:
        """The paths of some entries of the log, by index, hashed outside the event loop.

        Their own tiles are loaded first, so that the prover starts again for those above alone.
        """
        wanted = sorted(indexes)
        for number in sorted({index // TILE_WIDTH for index in wanted}):
            width = min(TILE_WIDTH, self._size - number * TILE_WIDTH)
            if width > 0 and len(self._at_hand.get((0, number), b"")) < width * HASH_BYTES:
                await self._load(0, number, width)

        def paths() -> dict[int, tuple[Hash, ...]] | _Wanted:
            try:
                return tiles.inclusion_paths(self._size, wanted, self.read)
            except _Wanted as more:
                return more

        while isinstance(found := await asyncio.to_thread(paths), _Wanted):
            await self._load(found.level, found.number, found.width)
        return found

    async def _load(self, level: int, number: int, width: int) -> None:
        place = (level, number, width)
        self._tiles[place] = await read_tile(self._conn, self._size, *place, self._log)


class _Wanted(Exception):
    def __init__(self, level: int, number: int, width: int) -> None:
        super().__init__(level, number, width)
        self.level = level
        self.number = number
        self.width = width

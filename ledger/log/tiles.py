"""The tree as static files: tiles of up to 256 hashes, from which anybody computes any proof.

    <origin>/tile/<level>/<number>            a full tile, 8 192 bytes, never changes again
    <origin>/tile/<level>/<number>.p/<width>  a partial one, 1 to 255 hashes
    <origin>/tile/entries/<number>            entries, each behind its length as 16 bits

Level 0 holds leaf hashes; a hash of level n + 1 is the root of a full tile of level n, so partial
tiles are never hashed upwards. Numbers are written as x001/x234/067. A tile of a tree of size s has
width min(256, ⌊s / 256^level⌋ - 256·number). Source: C2SP tlog-tiles; formats, section 6.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from ledger.errors import BadName, BadValue, Damaged
from ledger.log.hashes import EMPTY_ROOT, HASH_BYTES, Hash, LeafHash, RootHash, node_hash
from ledger.log.tree import parents, path_through, root_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HEIGHT: Final = 8
WIDTH: Final = 256
ENTRIES: Final = -1
"""The "level" of tiles that hold entries instead of hashes."""
MAX_LEVEL: Final = 63
MAX_ENTRY_BYTES: Final = 65_535

_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/"
    r"(?P<number>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


class TileReader(Protocol):
    """Whatever can fetch tiles: rows, files, HTTP."""

    def __call__(self, level: int, number: int, width: int) -> bytes:
        """The first `width` hashes (32 bytes each) of a tile, or more of them."""


class TileName(msgspec.Struct, frozen=True, gc=False):
    """Which tile: its level (or ENTRIES), its number in the level, how many items it has."""

    level: int
    number: int
    width: int


class FullTile(msgspec.Struct, frozen=True, gc=False):
    """A tile that is complete, and so will never change."""

    level: int
    number: int
    hashes: bytes
    """8 192 bytes: 256 hashes."""


class TileEdge(msgspec.Struct, frozen=True):
    """The partial tiles at the right edge of a tree: all that is needed to write its tiles."""

    size: int = 0
    partial: tuple[bytes, ...] = ()
    """From level 0 upwards, 0 to 255 hashes each; no empty one at the top."""

    def extend(self, leaves: Iterable[LeafHash]) -> tuple[TileEdge, tuple[FullTile, ...]]:
        """The edge with these leaves appended, and the tiles that became full, in order."""
        size, partial, full = self.size, [bytearray(row) for row in self.partial], []
        for leaf in leaves:
            node: bytes = leaf
            size += 1
            level = 0
            while True:
                if level == len(partial):
                    partial.append(bytearray())
                partial[level] += node
                if len(partial[level]) < WIDTH * HASH_BYTES:
                    break
                hashes = bytes(partial[level])
                full.append(FullTile(level, (size >> HEIGHT * (level + 1)) - 1, hashes))
                partial[level].clear()
                node = full_tile_root(hashes)
                level += 1
        return TileEdge(size, tuple(bytes(row) for row in partial)), tuple(full)


def tile_path(level: int, number: int, width: int = WIDTH) -> str:
    """`tile/0/x001/x234/067.p/5`; raises BadValue for a tile that cannot be."""
    if not (ENTRIES <= level <= MAX_LEVEL and number >= 0 and 1 <= width <= WIDTH):
        raise BadValue("there is no such tile", found=f"level {level}, {number}, width {width}")
    digits = str(number)
    digits = digits.rjust(-(-len(digits) // 3) * 3, "0")
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    name = "/".join(["x" + group for group in groups[:-1]] + groups[-1:])
    partial = "" if width == WIDTH else f".p/{width}"
    return f"tile/{'entries' if level == ENTRIES else level}/{name}{partial}"


def parse_tile_path(path: str) -> TileName:
    """Which tile a path names, in its one spelling; raises BadName."""
    match = _PATH.fullmatch(path)
    if match is not None:
        level = ENTRIES if match["level"] == "entries" else int(match["level"])
        number = int(match["number"].replace("/", "").replace("x", ""))
        width = int(match["width"] or WIDTH)
        # Writing again refuses leading groups of zeros and the width 256.
        if level <= MAX_LEVEL and width <= WIDTH and tile_path(level, number, width) == path:
            return TileName(level, number, width)
    raise BadName(
        "not the path of a tile", expected="such as tile/0/x001/234.p/5", found=repr(path[:200])
    )


def tile_width(size: int, level: int, number: int) -> int:
    """How many hashes a tile has in a tree of this size: 0 to 256; ENTRIES counts as level 0."""
    row = size >> HEIGHT * max(level, 0)
    return max(0, min(WIDTH, row - number * WIDTH))


def new_full_tiles(old_size: int, new_size: int) -> tuple[tuple[int, int], ...]:
    """(level, number) of the tiles that are full at the new size and were not at the old one."""
    found = []
    level = 0
    while new_size >> HEIGHT * (level + 1):
        shift = HEIGHT * (level + 1)
        found += [(level, number) for number in range(old_size >> shift, new_size >> shift)]
        level += 1
    return tuple(found)


def full_tile_root(hashes: bytes) -> Hash:
    """The root over a full tile's hashes: the hash that stands for it one level up."""
    if len(hashes) != WIDTH * HASH_BYTES:
        raise BadValue("not a full tile", expected="8192 bytes", found=f"{len(hashes)}")
    return Hash(root_of(_split(hashes)))


def entry_bundle(entries: Iterable[bytes]) -> bytes:
    """Entries as served under tile/entries: each behind its length in two bytes, big-endian."""
    parts = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise BadValue("an entry is too long to be served", found=f"{len(entry)} bytes")
        parts += [len(entry).to_bytes(2, "big"), entry]
    return b"".join(parts)


def split_entry_bundle(bundle: bytes) -> tuple[bytes, ...]:
    """The entries of an entry bundle; raises BadValue when it ends in the middle of one."""
    entries, at = [], 0
    while at < len(bundle):
        start = at + 2
        at = start + int.from_bytes(bundle[at:start], "big")
        if start > len(bundle) or at > len(bundle):
            raise BadValue("an entry bundle ends in the middle of an entry")
        entries.append(bundle[start:at])
    return tuple(entries)


def edge_from_tiles(size: int, read: TileReader) -> TileEdge:
    """The right edge of a tree, read from its partial tiles."""
    partial = []
    level = 0
    while size >> HEIGHT * level:
        row = size >> HEIGHT * level
        width = row % WIDTH
        partial.append(_read(read, level, row // WIDTH, width) if width else b"")
        level += 1
    return TileEdge(size, tuple(partial))


def subtree_hash(size: int, start: int, end: int, read: TileReader) -> Hash:
    """Root over the leaves from start to end (end not included) in a tree of this size.

    The range must be one that RFC 6962 forms, as in its proofs: otherwise BadValue.
    """
    return _Tiles(size, read).subtree(start, end)


def root_from_tiles(size: int, read: TileReader) -> RootHash:
    """The root of the tree of this size."""
    return RootHash(subtree_hash(size, 0, size, read)) if size else EMPTY_ROOT


def inclusion_path(size: int, index: int, read: TileReader) -> tuple[Hash, ...]:
    """RFC 6962, section 2.1.1: the path of a leaf, from its sibling upwards."""
    return _inclusion_path(_Tiles(size, read), size, index)


def inclusion_paths(
    size: int, indexes: Iterable[int], read: TileReader
) -> dict[int, tuple[Hash, ...]]:
    """The paths of some leaves by their index; what several of them need is hashed once."""
    tiles = _Tiles(size, read)
    return {index: _inclusion_path(tiles, size, index) for index in indexes}


def _inclusion_path(tiles: _Tiles, size: int, index: int) -> tuple[Hash, ...]:
    if not 0 <= index < size:
        raise BadValue("no leaf stands there", expected=f"0 to {size - 1}", found=f"{index}")
    number, position = divmod(index, WIDTH)
    return path_through(tiles.all_rows(number), position) + tiles.path_above(number)


def consistency_path(size1: int, size2: int, read: TileReader) -> tuple[Hash, ...]:
    """RFC 6962, section 2.1.2: what shows that the tree of size2 begins with that of size1."""
    if not 0 < size1 <= size2:
        raise BadValue(
            "no such pair of trees", expected="0 < size1 ≤ size2", found=f"{size1}, {size2}"
        )
    tiles = _Tiles(size2, read)
    path = []
    start, end = 0, size2
    while size1 != end:
        middle = start + _largest_power_below(end - start)
        if size1 <= middle:
            path.append(tiles.subtree(middle, end))
            end = middle
        else:
            path.append(tiles.subtree(start, middle))
            start = middle
    if start > 0:
        path.append(tiles.subtree(start, end))
    return tuple(reversed(path))


class _Tiles:
    """The tiles of one tree, each fetched once."""

    def __init__(self, size: int, read: TileReader) -> None:
        self._size = size
        self._read = read
        self._known: dict[tuple[int, int], list[Sequence[bytes]]] = {}
        self._subtrees: dict[tuple[int, int], Hash] = {}
        self._above: dict[int, tuple[Hash, ...]] = {}

    def all_rows(self, number: int) -> list[Sequence[bytes]]:
        """The hashes of a tile of leaves, and all rows above them up to the tile's one root."""
        rows = self._rows(0, number)
        while len(rows[-1]) > 1:
            rows.append(parents(rows[-1]))
        return rows

    def path_above(self, number: int) -> tuple[Hash, ...]:
        """The path of a tile of leaves, whole or at the right edge, from its sibling upwards."""
        if number not in self._above:
            path = []
            start, end = 0, self._size
            # Every split of more than a tile falls between tiles, so each tile is a subtree.
            while end - start > WIDTH:
                middle = start + _largest_power_below(end - start)
                if number * WIDTH < middle:
                    path.append(self.subtree(middle, end))
                    end = middle
                else:
                    path.append(self.subtree(start, middle))
                    start = middle
            self._above[number] = tuple(reversed(path))
        return self._above[number]

    def subtree(self, start: int, end: int) -> Hash:
        known = self._subtrees.get((start, end))
        if known is None:
            known = self._subtrees[start, end] = self._hash(start, end)
        return known

    def _hash(self, start: int, end: int) -> Hash:
        count = end - start
        if not 0 <= start < end <= self._size:
            raise BadValue("no such leaves", expected=f"0 to {self._size}", found=f"{start}, {end}")
        if count & (count - 1) == 0:
            return self._full_subtree(start, count.bit_length() - 1)
        middle = start + _largest_power_below(count)
        return node_hash(self.subtree(start, middle), self.subtree(middle, end))

    def _full_subtree(self, start: int, height: int) -> Hash:
        if start % (1 << height):
            raise BadValue("not a subtree of this tree", found=f"{1 << height} leaves at {start}")
        level, rest = divmod(height, HEIGHT)
        at = start >> HEIGHT * level
        rows = self._rows(level, at // WIDTH)
        while len(rows) <= rest:
            rows.append(parents(rows[-1]))
        return Hash(rows[rest][at % WIDTH >> rest])

    def _rows(self, level: int, number: int) -> list[Sequence[bytes]]:
        """The hashes of a tile, and the rows above them as far as somebody has asked for them."""
        place = (level, number)
        if place not in self._known:
            width = tile_width(self._size, level, number)
            self._known[place] = [_split(_read(self._read, level, number, width))]
        return self._known[place]


def _read(read: TileReader, level: int, number: int, width: int) -> bytes:
    hashes = read(level, number, width)
    if len(hashes) < width * HASH_BYTES or len(hashes) % HASH_BYTES:
        raise Damaged(
            f"tile {tile_path(level, number, width)} is incomplete",
            expected=f"{width * HASH_BYTES} bytes",
            found=f"{len(hashes)}",
        )
    return hashes[: width * HASH_BYTES]


def _split(hashes: bytes) -> Sequence[bytes]:
    return [hashes[i : i + HASH_BYTES] for i in range(0, len(hashes), HASH_BYTES)]


def _largest_power_below(count: int) -> int:
    """The largest power of two smaller than count (count ≥ 2)."""
    return 1 << ((count - 1).bit_length() - 1)

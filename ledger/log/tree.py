"""The Merkle tree of RFC 6962 as its owner builds it: roots, paths, and growing by the right edge.

    root(d0)        = d0                                  (d are leaf hashes)
    root(d0…dn-1)   = node(root(d0…dk-1), root(dk…dn-1))  k = largest power of two below n

A CompactRange is all that must be kept to grow a tree: the roots of its full subtrees, largest
first, one for each bit that is set in its size. Source: RFC 6962, section 2.1; formats, section 6.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from ledger.errors import BadValue
from ledger.log.hashes import EMPTY_ROOT, Hash, LeafHash, RootHash, node_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def root_of(leaves: Sequence[bytes]) -> RootHash:
    """The root over leaf hashes, in order."""
    if not leaves:
        return EMPTY_ROOT
    row: Sequence[bytes] = leaves
    while len(row) > 1:
        row = parents(row)
    return RootHash(row[0])


def path_of(leaves: Sequence[bytes], position: int) -> tuple[Hash, ...]:
    """The inclusion path of one leaf, from its sibling to the root's child; raises BadValue."""
    return paths_of(leaves, (position,))[position]


def paths_of(leaves: Sequence[bytes], positions: Iterable[int]) -> dict[int, tuple[Hash, ...]]:
    """The inclusion paths of some leaves, by position; each hash is computed once."""
    rows: list[Sequence[bytes]] = [leaves]
    while len(rows[-1]) > 1:
        rows.append(parents(rows[-1]))
    return {position: path_through(rows, position) for position in positions}


def path_through(rows: Sequence[Sequence[bytes]], position: int) -> tuple[Hash, ...]:
    """The inclusion path of one leaf through all rows of its tree, the leaves first."""
    if not 0 <= position < len(rows[0]):
        raise BadValue(
            "no leaf stands there", expected=f"0 to {len(rows[0]) - 1}", found=f"{position}"
        )
    path: list[Hash] = []
    for row in rows[:-1]:
        sibling = position ^ 1
        # RFC 6962, section 2.1: a lone right edge moves up unpaired.
        if sibling < len(row):
            path.append(Hash(row[sibling]))
        position >>= 1
    return tuple(path)


class CompactRange(msgspec.Struct, frozen=True):
    """The right edge of a tree; appending returns a new one, so a refused append needs no undo."""

    size: int = 0
    """Leaves in the tree."""
    edge: tuple[Hash, ...] = ()
    """Roots of the full subtrees, largest first: one for each set bit of the size."""

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.edge) != self.size.bit_count():
            raise BadValue(
                "not a tree's right edge",
                expected=f"{max(self.size, 0).bit_count()} hashes for size {self.size}",
                found=f"{len(self.edge)}",
            )

    def append(self, leaf: LeafHash) -> CompactRange:
        """The tree with one more leaf."""
        return self.extend((leaf,))

    def extend(self, leaves: Iterable[LeafHash]) -> CompactRange:
        """The tree with these leaves behind its own."""
        size, edge = self.size, list(self.edge)
        for leaf in leaves:
            node = Hash(leaf)
            rest = size
            while rest & 1:
                node = node_hash(edge.pop(), node)
                rest >>= 1
            edge.append(node)
            size += 1
        return CompactRange(size, tuple(edge))

    def root(self) -> RootHash:
        """The root of the tree."""
        if not self.edge:
            return EMPTY_ROOT
        node = self.edge[-1]
        for left in reversed(self.edge[:-1]):
            node = node_hash(left, node)
        return RootHash(node)


def parents(row: Sequence[bytes]) -> list[bytes]:
    """The row above a row of hashes; a lone right edge moves up as it is."""
    # Written out instead of node_hash: this is the third hash of every event on the bulk path.
    above = [
        sha256(b"\x01" + left + right).digest()
        for left, right in zip(row[0::2], row[1::2], strict=False)
    ]
    if len(row) % 2:
        above.append(row[-1])
    return above

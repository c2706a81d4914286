"""Checking a Merkle proof, written apart from the code that makes proofs.

A verifier knows a leaf or an earlier root and a root that it trusts; these functions return the
root that they verified, or raise ProofFailed. They share nothing with tree.py and tiles.py but the
hash itself, so a mistake would have to be made twice.
Source: RFC 9162, sections 2.1.3.2 and 2.1.4.2 (the same trees and proofs as RFC 6962).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.errors import ProofFailed
from ledger.log.hashes import HASH_BYTES, LeafHash, RootHash, node_hash

if TYPE_CHECKING:
    from collections.abc import Sequence


def verify_inclusion(
    leaf: LeafHash, index: int, size: int, path: Sequence[bytes], root: RootHash
) -> RootHash:
    """The root, if the leaf stands at this index of the tree of this size; raises ProofFailed."""
    found = root_from_path(leaf, index, size, path)
    if found != root:
        raise ProofFailed("the path leads to another root", expected=root.hex(), found=found.hex())
    return found


def root_from_path(leaf: LeafHash, index: int, size: int, path: Sequence[bytes]) -> RootHash:
    """The root of the only tree in which this path is the leaf's; raises ProofFailed."""
    _check_lengths(leaf, *path)
    if not 0 <= index < size:
        raise ProofFailed(
            "the index is outside the tree", expected=f"0 to {size - 1}", found=f"{index}"
        )
    first, last = index, size - 1
    node: bytes = leaf
    for sibling in path:
        if last == 0:
            raise ProofFailed("the path is too long")
        if first & 1 or first == last:
            node = node_hash(sibling, node)
            while first & 1 == 0 and first != 0:
                first >>= 1
                last >>= 1
        else:
            node = node_hash(node, sibling)
        first >>= 1
        last >>= 1
    if last != 0:
        raise ProofFailed("the path is too short")
    return RootHash(node)


def verify_consistency(
    size1: int, root1: RootHash, size2: int, root2: RootHash, path: Sequence[bytes]
) -> RootHash:
    """The later root, if its tree begins with the earlier one, which must not be empty.

    Raises ProofFailed.
    """
    _check_lengths(*path)
    if not 0 <= size1 <= size2:
        raise ProofFailed("a tree does not shrink", expected=f"at least {size1}", found=f"{size2}")
    if size1 == 0:
        # Every tree begins with the empty one, so nothing about root2 would have been verified.
        raise ProofFailed("nothing can be proven from an empty tree")
    if size1 == size2:
        if path or root1 != root2:
            raise ProofFailed("two trees of one size must be the same, with an empty path")
        return root2
    return _walk(size1, root1, size2, root2, path)


def _walk(
    size1: int, root1: RootHash, size2: int, root2: RootHash, path: Sequence[bytes]
) -> RootHash:
    nodes = list(path)
    if size1 & (size1 - 1) == 0:
        nodes.insert(0, root1)  # A full tree is a node of the later one; the path leaves it out.
    if not nodes:
        raise ProofFailed("the path is too short")
    first, last = size1 - 1, size2 - 1
    while first & 1:
        first >>= 1
        last >>= 1
    old = new = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            raise ProofFailed("the path is too long")
        if first & 1 or first == last:
            old, new = node_hash(node, old), node_hash(node, new)
            while first & 1 == 0 and first != 0:
                first >>= 1
                last >>= 1
        else:
            new = node_hash(new, node)
        first >>= 1
        last >>= 1
    if last != 0:
        raise ProofFailed("the path is too short")
    if old != root1 or new != root2:
        raise ProofFailed(
            "the earlier tree is not the beginning of the later one",
            expected=f"{root1.hex()}, {root2.hex()}",
            found=f"{old.hex()}, {new.hex()}",
        )
    return root2


def _check_lengths(*values: bytes) -> None:
    if any(len(value) != HASH_BYTES for value in values):
        raise ProofFailed("a hash of a proof has 32 bytes")

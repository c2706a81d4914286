"""Prover and verifier, rows and edges, leaves and tiles: each pair was written apart and agrees."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import ProofFailed
from ledger.log import proof, tiles, tree
from ledger.log.hashes import Hash, LeafHash, RootHash, leaf_hash

LEAVES = [leaf_hash(number.to_bytes(4, "big")) for number in range(1_200)]
SIZES = st.integers(1, len(LEAVES))


class Store:
    """Tiles of a tree, kept as a log keeps them."""

    def __init__(self, size: int) -> None:
        self.edge, full = tiles.TileEdge().extend(LEAVES[:size])
        self.full = {(tile.level, tile.number): tile.hashes for tile in full}

    def __call__(self, level: int, number: int, width: int) -> bytes:
        return self.full.get((level, number)) or self.edge.partial[level][: width * 32]


STORE = Store(len(LEAVES))


@given(SIZES, st.data())
def test_a_path_from_leaves_and_one_from_tiles_are_equal_and_hold(size: int, data: st.DataObject):
    index = data.draw(st.integers(0, size - 1))
    path = tree.path_of(LEAVES[:size], index)
    assert tiles.inclusion_path(size, index, STORE) == path
    root = tree.root_of(LEAVES[:size])
    assert proof.verify_inclusion(LEAVES[index], index, size, path, root) == root
    assert tiles.root_from_tiles(size, STORE) == root


@given(SIZES, st.data())
def test_a_flipped_bit_of_an_inclusion_proof_is_refused(size: int, data: st.DataObject):
    index = data.draw(st.integers(0, size - 1))
    root = tree.root_of(LEAVES[:size])
    parts = [LEAVES[index], *tree.path_of(LEAVES[:size], index), root]
    which = data.draw(st.integers(0, len(parts) - 1))
    parts[which] = LeafHash(flipped(parts[which], data.draw(st.integers(0, 255))))
    path = [Hash(node) for node in parts[1:-1]]
    with pytest.raises(ProofFailed):
        proof.verify_inclusion(LeafHash(parts[0]), index, size, path, RootHash(parts[-1]))


@given(SIZES, st.data())
def test_a_leaf_is_found_in_one_place_only(size: int, data: st.DataObject):
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1).filter(lambda other: other != index) | st.just(size))
    path = tree.path_of(LEAVES[:size], index)
    with pytest.raises(ProofFailed):
        proof.verify_inclusion(LEAVES[index], other, size, path, tree.root_of(LEAVES[:size]))


@given(SIZES, SIZES)
def test_of_two_trees_the_smaller_is_proven_to_be_the_beginning(one: int, other: int):
    size1, size2 = sorted((one, other))
    root1, root2 = tree.root_of(LEAVES[:size1]), tree.root_of(LEAVES[:size2])
    path = tiles.consistency_path(size1, size2, STORE)
    assert proof.verify_consistency(size1, root1, size2, root2, path) == root2


@given(SIZES, SIZES, st.data())
def test_a_flipped_bit_of_a_consistency_proof_is_refused(one: int, other: int, data: st.DataObject):
    size1, size2 = sorted((one, other))
    roots = [tree.root_of(LEAVES[:size1]), tree.root_of(LEAVES[:size2])]
    parts: list[bytes] = [*roots, *tiles.consistency_path(size1, size2, STORE)]
    which = data.draw(st.integers(0, len(parts) - 1))
    parts[which] = flipped(parts[which], data.draw(st.integers(0, 255)))
    root1, root2, *path = parts
    with pytest.raises(ProofFailed):
        proof.verify_consistency(size1, RootHash(root1), size2, RootHash(root2), path)


@given(st.lists(st.integers(0, 300), max_size=5))
def test_growing_in_any_steps_gives_the_same_tree(steps: list[int]):
    edge, tile_edge, full, size = tree.CompactRange(), tiles.TileEdge(), list[tiles.FullTile](), 0
    for step in steps:
        leaves = LEAVES[size : size + step]
        edge = edge.extend(leaves)
        tile_edge, more = tile_edge.extend(leaves)
        full += more
        size += len(leaves)
    assert edge.root() == tree.root_of(LEAVES[:size])
    assert (tile_edge, tuple(full)) == tiles.TileEdge().extend(LEAVES[:size])
    assert sorted((t.level, t.number) for t in full) == list(tiles.new_full_tiles(0, size))


@given(st.integers(-1, 63), st.integers(0, 2**53), st.integers(1, 256))
def test_a_tile_is_found_by_its_path(level: int, number: int, width: int):
    name = tiles.TileName(level, number, width)
    assert tiles.parse_tile_path(tiles.tile_path(level, number, width)) == name


def flipped(value: bytes, bit: int) -> bytes:
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)

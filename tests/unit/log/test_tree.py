import pytest

from ledger.errors import BadValue
from ledger.log import tree
from ledger.log.hashes import EMPTY_ROOT, Hash, LeafHash, leaf_hash, node_hash

LEAVES = [leaf_hash(bytes([i])) for i in range(40)]


def naive_root(leaves: list[LeafHash]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(naive_root(leaves[:k]), naive_root(leaves[k:]))


def naive_path(leaves: list[LeafHash], m: int) -> list[bytes]:
    """RFC 6962, section 2.1.1, word for word."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*naive_path(leaves[:k], m), naive_root(leaves[k:])]
    return [*naive_path(leaves[k:], m - k), naive_root(leaves[:k])]


@pytest.mark.parametrize("size", range(41))
def test_roots_are_those_of_the_definition(size: int):
    assert tree.root_of(LEAVES[:size]) == naive_root(LEAVES[:size])


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 11, 40])
def test_paths_are_those_of_the_definition(size: int):
    for position in range(size):
        assert list(tree.path_of(LEAVES[:size], position)) == naive_path(LEAVES[:size], position)


def test_a_tree_grows_by_its_right_edge_alone():
    edge = tree.CompactRange()
    assert edge.root() == EMPTY_ROOT
    for size, leaf in enumerate(LEAVES, start=1):
        edge = edge.append(leaf)
        assert edge.size == size
        assert len(edge.edge) == size.bit_count()
        assert edge.root() == naive_root(LEAVES[:size])


def test_growing_at_once_and_one_by_one_is_the_same():
    assert tree.CompactRange().extend(LEAVES[:7]).extend(LEAVES[7:]) == tree.CompactRange().extend(
        LEAVES
    )


def test_appending_leaves_the_earlier_tree_as_it_was():
    before = tree.CompactRange().extend(LEAVES[:5])
    before.append(LEAVES[5])
    assert before == tree.CompactRange().extend(LEAVES[:5])


def test_an_edge_that_does_not_fit_its_size_is_refused():
    for size, edge in ((1, ()), (0, (Hash(LEAVES[0]),)), (-1, ())):
        with pytest.raises(BadValue):
            tree.CompactRange(size, edge)


def test_there_is_no_path_outside_the_tree():
    for position in (-1, 3):
        with pytest.raises(BadValue):
            tree.path_of(LEAVES[:3], position)

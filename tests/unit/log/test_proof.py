import pytest

from ledger.errors import ProofFailed
from ledger.log import proof, tree
from ledger.log.hashes import EMPTY_ROOT, Hash, LeafHash, RootHash, leaf_hash

LEAVES = [leaf_hash(bytes([i])) for i in range(20)]
ROOT = tree.root_of(LEAVES)
PATH = tree.path_of(LEAVES, 13)


def test_every_leaf_of_every_small_tree_is_found():
    for size in range(1, 21):
        root = tree.root_of(LEAVES[:size])
        for index in range(size):
            path = tree.path_of(LEAVES[:size], index)
            assert proof.verify_inclusion(LEAVES[index], index, size, path, root) == root


@pytest.mark.parametrize(
    ("leaf", "index", "size", "path"),
    [
        (LEAVES[12], 13, 20, PATH),
        (LEAVES[13], 12, 20, PATH),
        (LEAVES[13], 13, 40, PATH),
        (LEAVES[13], 13, 20, PATH[:-1]),
        (LEAVES[13], 13, 20, (*PATH, PATH[0])),
        (LEAVES[13], 13, 20, PATH[::-1]),
        (LEAVES[13], -1, 20, PATH),
        (LEAVES[13], 20, 20, PATH),
        (LEAVES[13], 13, 0, PATH),
        (LEAVES[13], 13, 20, (PATH[0][:31], *PATH[1:])),
        (LEAVES[13][:31], 13, 20, PATH),
    ],
    ids=[
        "wrong-leaf", "wrong-index", "wrong-size", "short", "long", "reversed", "negative",
        "outside", "empty-tree", "cut-hash", "cut-leaf",
    ],
)  # fmt: skip
def test_a_wrong_inclusion_proof_is_refused(
    leaf: LeafHash, index: int, size: int, path: tuple[Hash, ...]
):
    with pytest.raises(ProofFailed):
        proof.verify_inclusion(leaf, index, size, path, ROOT)


def test_a_wrong_root_is_refused():
    with pytest.raises(ProofFailed):
        proof.verify_inclusion(LEAVES[13], 13, 20, PATH, RootHash(EMPTY_ROOT))


def test_trees_of_one_size_are_the_same_or_not():
    assert proof.verify_consistency(20, ROOT, 20, ROOT, ()) == ROOT
    with pytest.raises(ProofFailed):
        proof.verify_consistency(20, ROOT, 20, EMPTY_ROOT, ())
    with pytest.raises(ProofFailed):
        proof.verify_consistency(20, ROOT, 20, ROOT, (PATH[0],))


def test_a_tree_does_not_shrink_and_nothing_follows_from_an_empty_one():
    for size1, size2 in ((20, 19), (0, 20), (0, 0), (-1, 20)):
        with pytest.raises(ProofFailed):
            proof.verify_consistency(size1, EMPTY_ROOT, size2, ROOT, ())


def test_a_path_of_another_length_leads_to_no_root():
    with pytest.raises(ProofFailed, match="too long"):
        proof.root_from_path(LEAVES[13], 13, 20, (*PATH, PATH[0]))
    with pytest.raises(ProofFailed, match="too short"):
        proof.root_from_path(LEAVES[13], 13, 20, PATH[:-1])

import pytest

from ledger.errors import BadName, BadValue, Damaged, ProofFailed
from ledger.log import proof, tiles, tree
from ledger.log.hashes import EMPTY_ROOT, RootHash, leaf_hash

LEAVES = [leaf_hash(number.to_bytes(4, "big")) for number in range(70_000)]
EDGE, FULL = tiles.TileEdge().extend(LEAVES)
STORED = {(tile.level, tile.number): tile.hashes for tile in FULL}
SIZE = len(LEAVES)


def read(level: int, number: int, width: int) -> bytes:
    """What a store does: full tiles from their rows, partial ones from the right edge."""
    if (level, number) in STORED:
        return STORED[level, number]
    assert number == SIZE >> 8 * (level + 1)
    return EDGE.partial[level][: width * 32]


def test_a_tree_of_70000_has_the_tiles_that_the_specification_counts():
    assert sum(1 for tile in FULL if tile.level == 0) == 273
    assert sum(1 for tile in FULL if tile.level == 1) == 1
    assert [len(row) // 32 for row in EDGE.partial] == [112, 17, 1]
    assert [tiles.tile_width(SIZE, level, SIZE >> 8 * (level + 1)) for level in range(4)] == [
        112, 17, 1, 0,
    ]  # fmt: skip


def test_a_tree_of_256_has_a_full_tile_and_a_partial_one_above():
    edge, full = tiles.TileEdge().extend(LEAVES[:256])
    assert [(tile.level, tile.number) for tile in full] == [(0, 0)]
    assert edge.partial == (b"", tiles.full_tile_root(full[0].hashes))


@pytest.mark.parametrize(
    ("level", "number", "width", "path"),
    [
        (0, 0, 256, "tile/0/000"),
        (0, 7, 5, "tile/0/007.p/5"),
        (1, 1_234_067, 256, "tile/1/x001/x234/067"),
        (63, 999, 255, "tile/63/999.p/255"),
        (2, 1_000, 1, "tile/2/x001/000.p/1"),
        (tiles.ENTRIES, 12, 112, "tile/entries/012.p/112"),
    ],
)
def test_a_tile_has_one_path(level: int, number: int, width: int, path: str):
    assert tiles.tile_path(level, number, width) == path
    assert tiles.parse_tile_path(path) == tiles.TileName(level, number, width)


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/0", "tile/0/x000/000", "tile/0/001.p/0", "tile/0/001.p/256", "tile/0/001.p/01",
        "tile/00/001", "tile/64/001", "tile/-1/001", "tile/0/001/", "tile/0/x001/x002",
        "tile/0/001\n", "/tile/0/001", "tile/entries/1", "tile/0/001/002", "tile/0/\u0660\u0660\u0661",
    ],
)  # fmt: skip
def test_another_spelling_of_a_path_is_refused(path: str):
    with pytest.raises(BadName):
        tiles.parse_tile_path(path)


def test_a_tile_that_cannot_be_has_no_path():
    for level, number, width in ((-2, 0, 1), (64, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257)):
        with pytest.raises(BadValue):
            tiles.tile_path(level, number, width)


def test_an_append_completes_the_tiles_that_it_says():
    for old, new in ((0, 255), (0, 256), (255, 256), (256, 256), (100, 70_000), (65_535, 65_536)):
        before, _ = tiles.TileEdge().extend(LEAVES[:old])
        _, full = before.extend(LEAVES[old:new])
        assert sorted((t.level, t.number) for t in full) == list(tiles.new_full_tiles(old, new))
        for tile in full:
            assert tile.hashes == STORED[tile.level, tile.number]


def test_the_edge_is_read_back_from_the_tiles():
    assert tiles.edge_from_tiles(SIZE, read) == EDGE
    assert tiles.edge_from_tiles(0, read) == tiles.TileEdge()


def test_the_root_is_that_of_the_leaves():
    assert tiles.root_from_tiles(SIZE, read) == tree.root_of(LEAVES)
    assert tiles.root_from_tiles(0, read) == EMPTY_ROOT


@pytest.mark.parametrize("index", [0, 1, 255, 256, 65_535, 65_536, 69_631, 69_632, 69_888, 69_999])
def test_a_leaf_is_proven_from_a_handful_of_tiles(index: int):
    fetched = []

    def counting(level: int, number: int, width: int) -> bytes:
        fetched.append((level, number))
        return read(level, number, width)

    path = tiles.inclusion_path(SIZE, index, counting)
    proof.verify_inclusion(LEAVES[index], index, SIZE, path, tree.root_of(LEAVES))
    assert len(fetched) == len(set(fetched)) <= 5


@pytest.mark.parametrize("size1", [1, 2, 255, 256, 257, 65_535, 65_536, 65_537, 69_999, 70_000])
def test_every_earlier_tree_is_proven_to_be_a_beginning(size1: int):
    path = tiles.consistency_path(size1, SIZE, read)
    root1, root2 = tree.root_of(LEAVES[:size1]), tree.root_of(LEAVES)
    proof.verify_consistency(size1, root1, SIZE, root2, path)
    if size1 < SIZE:
        with pytest.raises(ProofFailed):
            proof.verify_consistency(size1, RootHash(EMPTY_ROOT), SIZE, root2, path)


def test_a_smaller_tree_is_proven_from_the_same_tiles():
    path = tiles.inclusion_path(300, 299, read)
    proof.verify_inclusion(LEAVES[299], 299, 300, path, tree.root_of(LEAVES[:300]))


def test_there_is_no_proof_of_what_is_not_there():
    for index in (-1, SIZE):
        with pytest.raises(BadValue):
            tiles.inclusion_path(SIZE, index, read)
    for size1, size2 in ((0, 5), (6, 5), (-1, 5)):
        with pytest.raises(BadValue):
            tiles.consistency_path(size1, size2, read)
    for start, end in ((3, 3), (1, 3), (0, SIZE + 1), (-1, 1)):
        with pytest.raises(BadValue):
            tiles.subtree_hash(SIZE, start, end, read)


def test_a_tile_that_is_cut_short_is_noticed():
    with pytest.raises(Damaged):
        tiles.inclusion_path(SIZE, 5, lambda level, number, width: read(level, number, width)[:-1])
    with pytest.raises(Damaged):
        tiles.inclusion_path(SIZE, 69_999, lambda *_: b"")


def test_a_full_tile_is_8192_bytes():
    with pytest.raises(BadValue):
        tiles.full_tile_root(b"\0" * 8_160)


def test_entries_stand_behind_their_length():
    bundle = tiles.entry_bundle([b"ab", b"", b"c" * 300])
    assert bundle == b"\x00\x02ab\x00\x00\x01\x2c" + b"c" * 300
    assert tiles.split_entry_bundle(bundle) == (b"ab", b"", b"c" * 300)
    for cut in (bundle[:-1], bundle + b"\x00"):
        with pytest.raises(BadValue):
            tiles.split_entry_bundle(cut)
    with pytest.raises(BadValue):
        tiles.entry_bundle([b"a" * 65_536])

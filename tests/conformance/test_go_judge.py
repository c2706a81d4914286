"""The Go project's own code accepts our checkpoint, tiles and proofs, and refuses changed ones.

`tests/oracles/judge_log.go` knows nothing of ours. The folder that it reads has the tiles as the log
serves them, one file each.

The size of the tree has one bit in each level's eight. With more, the tile reader of Debian 12's
golang.org/x/mod leaves as many tiles unchecked, and a changed one would not be noticed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path

import pytest

from ledger.log import checkpoint, note, tiles, tree
from ledger.log.hashes import leaf_hash
from ledger.log.keys import PrivateKey

JUDGE = Path(__file__).parents[1] / "oracles" / "judge_log.go"
GO_SOURCES = Path("/usr/share/gocode")
ORIGIN = "ledger.example/log"
KEY = PrivateKey.from_seed(bytes(range(32)))
VKEY = note.log_vkey(ORIGIN, KEY.public)
SIZE = 65_536 + 16 * 256 + 64
INDICES = (0, 1, 255, 256, 65_535, 65_536, SIZE - 65, SIZE - 64, SIZE - 1)
OLDER = (1, 2, 255, 256, 257, 65_535, 65_536, 65_537, SIZE - 1, SIZE)


@pytest.fixture(scope="session")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The judge's program, compiled."""
    go = shutil.which("go")
    if go is None or not (GO_SOURCES / "src/golang.org/x/mod/sumdb").is_dir():
        pytest.skip("needs Debian's packages golang-go and golang-golang-x-mod-dev")
    folder = tmp_path_factory.mktemp("go")
    program = folder / "judge_log"
    environment = os.environ | {
        "GO111MODULE": "off",
        "GOPATH": str(GO_SOURCES),
        "GOCACHE": str(folder / "cache"),
        "GOFLAGS": "",
        "CGO_ENABLED": "0",
    }
    subprocess.run([go, "build", "-o", program, JUDGE], env=environment, check=True, timeout=300)
    return program


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of 69 696 entries as files, and claims about it."""
    folder = tmp_path_factory.mktemp("log")
    leaves = [leaf_hash(_entry(index)) for index in range(SIZE)]
    edge, full = tiles.TileEdge().extend(leaves)
    stored = {(tile.level, tile.number): tile.hashes for tile in full}
    for level, hashes in enumerate(edge.partial):
        if hashes:
            stored[level, SIZE >> 8 * (level + 1)] = hashes
    for (level, number), hashes in stored.items():
        path = folder / tiles.tile_path(level, number, len(hashes) // 32)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(hashes)

    def read(level: int, number: int, width: int) -> bytes:
        return stored[level, number][: width * 32]

    signed = checkpoint.Checkpoint(ORIGIN, SIZE, tiles.root_from_tiles(SIZE, read))
    (folder / "checkpoint").write_bytes(checkpoint.sign_checkpoint(KEY, signed))
    _claim(folder, "entries", ((index, [_entry(index)]) for index in INDICES))
    _claim(
        folder,
        "inclusion",
        ((index, tiles.inclusion_path(SIZE, index, read)) for index in INDICES),
    )
    _claim(
        folder,
        "consistency",
        (
            (size, [tree.root_of(leaves[:size]), *tiles.consistency_path(size, SIZE, read)])
            for size in OLDER
        ),
    )
    return folder


def test_checkpoint_tiles_and_proofs_are_accepted(judge: Path, published: Path):
    ended = _judged(judge, published)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("69696 entries, root ")


@pytest.mark.parametrize(
    "name",
    ["checkpoint", "tile/0/000", "tile/0/272.p/64", "tile/1/000", "tile/1/001.p/16"],
)
def test_a_changed_file_is_refused(judge: Path, published: Path, tmp_path: Path, name: str):
    copy = shutil.copytree(published, tmp_path / "log")
    data = bytearray((copy / name).read_bytes())
    data[25] ^= 1
    (copy / name).write_bytes(data)
    assert _judged(judge, copy).returncode == 1


@pytest.mark.parametrize("name", ["entries", "inclusion", "consistency"])
def test_a_claim_about_another_place_is_refused(
    judge: Path, published: Path, tmp_path: Path, name: str
):
    copy = shutil.copytree(published, tmp_path / "log")
    first, second, *others = (copy / name).read_text().splitlines()
    number, rest = first.split(" ", 1)
    moved = second.split(" ", 1)[0]
    assert number != moved
    (copy / name).write_text("\n".join([f"{moved} {rest}", second, *others]) + "\n")
    assert _judged(judge, copy).returncode == 1


def test_another_log_of_the_same_name_is_refused(judge: Path, published: Path):
    other = note.log_vkey(ORIGIN, PrivateKey.from_seed(bytes(32)).public)
    assert _judged(judge, published, other).returncode == 1


def _entry(index: int) -> bytes:
    return b"entry %d" % index


def _claim(folder: Path, name: str, claims: Iterable[tuple[int, Iterable[bytes]]]) -> None:
    lines = (
        " ".join([str(number), *(b64encode(item).decode() for item in items)])
        for number, items in claims
    )
    (folder / name).write_text("\n".join(lines) + "\n")


def _judged(judge: Path, folder: Path, vkey: str = VKEY) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [judge, folder, vkey], capture_output=True, text=True, check=False, timeout=60
    )

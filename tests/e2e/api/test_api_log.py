"""The log as an outsider sees it: files and one key, from which every proof follows."""

from __future__ import annotations

import time
from typing import Final

import pytest

from ledger.log import proof, tiles
from ledger.log.checkpoint import Checkpoint, open_checkpoint
from ledger.log.hashes import LeafHash, RootHash, leaf_hash
from ledger.log.receipt import parse_receipt, verify_receipt
from tests.e2e.api.park import INSPECTORATE, METER, ORIGIN, TOWER, Park, reading

TEXT: Final = "text/plain; charset=utf-8"


def checkpoint_of(park: Park) -> Checkpoint:
    """The newest checkpoint, checked with the log's key alone."""
    answer = park.get("/log/checkpoint")
    assert answer.headers["content-type"] == TEXT
    return open_checkpoint(answer.content, park.log)


def fetch(park: Park, level: int, number: int, width: int) -> bytes:
    """A tile, as any monitor fetches it."""
    answer = park.get(f"/log/{tiles.tile_path(level, number, width)}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/octet-stream"
    return answer.content


def entries_of(park: Park, size: int) -> list[bytes]:
    """All entries of the log, from its entry tiles."""
    found: list[bytes] = []
    for number in range(-(-size // tiles.WIDTH)):
        width = tiles.tile_width(size, tiles.ENTRIES, number)
        found += tiles.split_entry_bundle(fetch(park, tiles.ENTRIES, number, width))
    return found


def test_the_checkpoint_is_that_of_the_status(park: Park):
    checkpoint = checkpoint_of(park)
    status = park.get("/v1/status").json()
    assert checkpoint.origin == status["origin"] == ORIGIN
    assert (checkpoint.size, checkpoint.root.hex()) == (status["size"], status["root"])
    assert status["log_key"] == park.log


def test_every_entry_is_included_as_its_tiles_prove(park: Park):
    checkpoint = checkpoint_of(park)

    def read(level: int, number: int, width: int) -> bytes:
        return fetch(park, level, number, width)

    for index, entry in enumerate(entries_of(park, checkpoint.size)):
        path = tiles.inclusion_path(checkpoint.size, index, read)
        proof.verify_inclusion(leaf_hash(entry), index, checkpoint.size, path, checkpoint.root)


def test_an_earlier_checkpoint_is_consistent_with_a_later_one(park: Park):
    earlier = checkpoint_of(park)
    park.post(METER, park.new_source(), reading("2018-02-01", 0))
    later = checkpoint_of(park)
    assert later.size == earlier.size + 2

    path = tiles.consistency_path(
        earlier.size, later.size, lambda level, number, width: fetch(park, level, number, width)
    )

    proof.verify_consistency(earlier.size, earlier.root, later.size, later.root, path)


def test_a_receipt_of_any_entry_holds(park: Park):
    size = checkpoint_of(park).size
    entries = entries_of(park, size)
    for index in (0, size // 2, size - 1):
        answer = park.get(f"/v1/receipts/{index}")
        assert answer.headers["content-type"] == TEXT
        receipt = parse_receipt(answer.content)
        assert receipt.index == index
        assert verify_receipt(receipt, entries[index], park.log).size >= size


def test_the_entries_say_nothing_of_what_was_read(park: Park):
    for entry in entries_of(park, checkpoint_of(park).size):
        assert entry.startswith(b"eyJ")
        assert entry.count(b".") == 2
        assert b"\n" not in entry


@pytest.mark.parametrize("index", ["999999", "9007199254740991"])
def test_an_entry_that_is_not_there_has_no_receipt(park: Park, index: str):
    assert park.get(f"/v1/receipts/{index}").json()["code"] == "not-found"


@pytest.mark.parametrize("index", ["-1", "x", "1.5", "9007199254740992", "1e3"])
def test_an_index_out_of_form_is_refused(park: Park, index: str):
    assert park.get(f"/v1/receipts/{index}").json()["code"] == "bad-value"


@pytest.mark.parametrize(
    "path",
    [
        "/log/tile/0/000",
        "/log/tile/0/000.p/255",
        "/log/tile/0/000.p/0",
        "/log/tile/0/000.p/256",
        "/log/tile/0/0",
        "/log/tile/0/x000/000.p/1",
        "/log/tile/00/000.p/1",
        "/log/tile/64/000.p/1",
        "/log/tile/5/000.p/1",
        "/log/tile/entries/001.p/1",
        "/log/tile/entries/x999/999/999",
        "/log/tile/-1/000",
        "/log/tile/",
        "/log/tile",
        "/other/tile/0/000.p/1",
        "/other/checkpoint",
        "/checkpoint",
        "//log/checkpoint",
        "/log/log/checkpoint",
    ],
)
def test_a_file_that_the_log_does_not_have_is_not_found(park: Park, path: str):
    answer = park.client.get(f"{park.url}{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def test_a_checkpoint_is_kept_for_a_moment_and_a_partial_tile_for_a_while(park: Park):
    kept = {
        path: park.get(path).headers["cache-control"]
        for path in ("/log/checkpoint", "/log/tile/0/000.p/1", "/log/tile/entries/000.p/1")
    }
    assert list(kept.values()) == ["public, max-age=5"] + ["public, max-age=3600"] * 2


def test_a_full_tile_is_kept_for_ever(park: Park):
    stream = park.new_source()
    day = 0
    deadline = time.monotonic() + 60
    while (size := park.get("/v1/status").json()["size"]) < tiles.WIDTH:
        day += 1
        park.post(METER, stream, reading(f"2021-{1 + day // 28:02d}-{1 + day % 28:02d}", 0))
        assert time.monotonic() < deadline
    for level in (0, tiles.ENTRIES):
        answer = park.get(f"/log/{tiles.tile_path(level, 0)}")
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        again = park.get(f"/log/{tiles.tile_path(level, 0)}")
        assert again.content == answer.content
    hashes = fetch(park, 0, 0, tiles.WIDTH)
    first = LeafHash(hashes[:32])
    assert first == leaf_hash(entries_of(park, size)[0])
    read = lambda level, number, width: fetch(park, level, number, width)  # noqa: E731
    checkpoint = checkpoint_of(park)
    assert tiles.root_from_tiles(checkpoint.size, read) == RootHash(checkpoint.root)


def test_a_token_changes_nothing_of_what_is_public(park: Park):
    for path in (
        "/log/checkpoint",
        "/v1/parties",
        "/v1/factors",
        "/v1/streams/operator/ledger/head",
    ):
        assert (
            park.get(path).content
            == park.get(path, TOWER).content
            == park.get(path, INSPECTORATE).content
        )

"""Packed event lines come back byte for byte, or not at all."""

from __future__ import annotations

import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zstandard import ZstdCompressor

from ledger.errors import Damaged, TooLarge
from ledger.log.batch import split_submission
from ledger.store.packing import MAX_LINES_BYTES, pack, unpack
from tests.store.batches import LOG
from tests.workload import Workload


def lines_of(events: int) -> bytes:
    workload = Workload(LOG)
    list(workload.preparation())
    return b"".join(line + b"\n" for line in split_submission(workload.batch(0, events))[1])


def sealed(frame: bytes) -> bytes:
    """A frame with the checksum that belongs to it."""
    return frame + crc32(frame).to_bytes(4, "big")


@given(st.binary())
def test_any_bytes_come_back_as_they_were(lines: bytes):
    assert unpack(pack(lines)) == lines


def test_a_thousand_readings_take_a_fifth_of_their_bytes():
    lines = lines_of(1000)
    assert len(pack(lines)) < 0.2 * len(lines)


@pytest.mark.parametrize("events", [1, 3, 20])
def test_any_flipped_bit_is_refused_also_one_that_decodes_to_the_same_lines(events: int):
    packed = pack(lines_of(events))
    for bit in range(8 * len(packed)):
        flipped = bytearray(packed)
        flipped[bit // 8] ^= 1 << (bit % 8)
        with pytest.raises(Damaged):
            unpack(bytes(flipped))


@pytest.mark.parametrize("length", [0, 1, 3, 4, 5, 20, -5, -4, -1])
def test_packed_lines_that_end_early_are_refused(length: int):
    with pytest.raises(Damaged):
        unpack(pack(lines_of(1))[:length])


FRAME = ZstdCompressor().compress(b"{}\n")
SKIPPABLE = bytes.fromhex("502a4d1801000000") + b"x"


@pytest.mark.parametrize(
    "frame",
    [
        FRAME + b"x",
        FRAME + FRAME,
        FRAME + SKIPPABLE,
        SKIPPABLE + FRAME,
        SKIPPABLE,
        FRAME[:-1],
        b"",
        b"{}\n",
        ZstdCompressor(write_content_size=False).compress(b"{}\n"),
        ZstdCompressor().compress(bytes(MAX_LINES_BYTES + 1)),
    ],
    ids=[
        "trailing-garbage",
        "two-frames",
        "skippable-frame-behind",
        "skippable-frame-before",
        "skippable-frame-alone",
        "truncated",
        "empty",
        "not-packed",
        "without-size",
        "too-large",
    ],
)
def test_anything_but_one_whole_frame_of_known_size_is_refused(frame: bytes):
    with pytest.raises(Damaged, match="do not unpack"):
        unpack(sealed(frame))


def test_a_frame_that_understates_its_size_is_refused():
    frame = bytearray(ZstdCompressor().compress(bytes(200)))
    assert frame[5] == 200  # RFC 8878 §3.1.1.1.4: one byte of content size
    frame[5] = 100
    with pytest.raises(Damaged):
        unpack(sealed(bytes(frame)))


def test_as_much_as_the_longest_submission_is_packed_and_no_more():
    lines = random.Random(1).randbytes(MAX_LINES_BYTES)  # noqa: S311  (bytes that do not pack)
    assert unpack(pack(lines)) == lines
    with pytest.raises(TooLarge):
        pack(lines + b"\n")


def test_threads_that_pack_at_once_do_not_disturb_each_other():
    all_lines = [lines_of(200) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda lines: unpack(pack(lines)), all_lines * 20)) == all_lines * 20


def test_packing_needs_no_database():
    """A worker process that packs shall start quickly."""
    program = (
        "import sys, ledger.store.packing;"
        "print(sorted({'psycopg', 'asyncio', 'eventsourcing'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert run.stdout.strip() == b"[]"

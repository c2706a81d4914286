"""Event lines as they lie on the disk: one Zstandard frame, and four bytes that tell a flipped bit.

What is hashed and signed are the lines; how they are packed is nobody's claim and may change with a
release. So the packed form promises only this: it unpacks to exactly the lines that were packed, or
`unpack` raises. One frame, nothing behind it, at most 16 MiB of lines.

    packed = frame || crc32(frame), big-endian        frame: RFC 8878, level 1, with content size

The checksum lies over the frame, not over the lines: a frame has a few bits (reserved, padding)
that decode to the same lines whether they are 0 or 1, and none of what is stored may change unseen.
"""

from __future__ import annotations

from threading import local
from typing import Final
from zlib import crc32

from zstandard import ZstdCompressor, ZstdDecompressor, ZstdError, frame_content_size

from ledger.errors import Damaged, TooLarge

MAX_LINES_BYTES: Final = 16 * 1024 * 1024
"""As long as the longest submission: no packed row makes a reader hold more."""

_LEVEL: Final = 1
_CHECKSUM_BYTES: Final = 4


class _Tools(local):
    """A compressor and a decompressor for each thread: neither may be used by two at once."""

    def __init__(self) -> None:
        self.compressor = ZstdCompressor(level=_LEVEL, write_checksum=False)
        self.decompressor = ZstdDecompressor(max_window_size=MAX_LINES_BYTES)


_tools = _Tools()


def pack(lines: bytes) -> bytes:
    """The lines as they are stored; raises TooLarge over 16 MiB."""
    if len(lines) > MAX_LINES_BYTES:
        raise TooLarge(
            "the event lines of one entry",
            expected=f"at most {MAX_LINES_BYTES} bytes",
            found=str(len(lines)),
        )
    frame = _tools.compressor.compress(lines)
    return frame + crc32(frame).to_bytes(_CHECKSUM_BYTES, "big")


def unpack(packed: bytes) -> bytes:
    """The lines that were packed; raises Damaged if these bytes are not what `pack` wrote."""
    frame, checksum = packed[:-_CHECKSUM_BYTES], packed[-_CHECKSUM_BYTES:]
    if crc32(frame).to_bytes(_CHECKSUM_BYTES, "big") != checksum:
        raise _damaged("other bytes than were written", "bytes that fit their checksum")
    try:
        size = frame_content_size(frame)
        # -1: a frame that does not say how much it holds.
        if not 0 <= size <= MAX_LINES_BYTES:
            raise _damaged(f"{size} bytes of lines", f"0 to {MAX_LINES_BYTES}")
        return _tools.decompressor.decompress(frame, allow_extra_data=False)
    except ZstdError as error:
        raise _damaged(str(error), "one whole Zstandard frame") from error


def unpacked_bytes(packed: bytes) -> int:
    """How many bytes of lines a frame says that it holds, without unpacking; raises Damaged."""
    try:
        return max(frame_content_size(packed[:-_CHECKSUM_BYTES]), 0) if packed else 0
    except ZstdError as error:
        raise _damaged(str(error), "one whole Zstandard frame") from error


def split_packed(packed: bytes, index: int) -> list[bytes]:
    """The event lines of an entry, without their LF, in order; raises Damaged.

    None where nothing is stored: an audit names what is missing.
    """
    lines = (unpack(packed) if packed else b"").split(b"\n")
    if lines.pop():
        raise Damaged(f"the event lines of entry {index}", expected="LF at their end")
    return lines


def _damaged(found: str, expected: str) -> Damaged:
    return Damaged("the packed event lines do not unpack", expected=expected, found=found)

"""The bytes that a witness signs: it has checked that this checkpoint continues all it saw before.

Both kinds state the time in seconds since the epoch. Ed25519 (0x04) signs the note's text:

    cosignature/v1
    time 1679315147
    <the note's text>

ML-DSA-44 (0x06) signs a structure, which also binds the witness's name, and no extension lines:

    label "subtree/v1" LF NUL ‖ name (length 1 byte) ‖ time (8) ‖ origin (length 1 byte)
    ‖ start (8, zero) ‖ end (8, the size) ‖ root (32)

Source: C2SP tlog-cosignature.
"""

from __future__ import annotations

import re
from typing import Final

from ledger.errors import BadNote, BadValue
from ledger.log import hashes

MAX_TIME_S: Final = 2**63 - 1

_LABEL: Final = b"subtree/v1\n\0"
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


def ed25519_message(text: str, time_s: int) -> bytes:
    """Two header lines, then the note's text; raises BadNote for no time."""
    _check_time(time_s)
    return f"cosignature/v1\ntime {time_s}\n{text}".encode()


def ml_dsa_message(name: str, text: str, time_s: int) -> bytes:
    """The `cosigned_message` of the checkpoint that is this note's text; raises BadNote.

    Time 0 says nothing of the time, nor that this is the largest tree seen.
    """
    _check_time(time_s)
    lines = text.split("\n")
    if len(lines) < 4 or _SIZE.fullmatch(lines[1]) is None or int(lines[1]) >= 2**63:
        raise BadNote("an ML-DSA-44 cosignature is over a checkpoint", found=repr(text[:120]))
    try:
        root = hashes.parse_base64(lines[2])
    except BadValue as error:
        raise BadNote("not the root of a log", found=str(error)) from error
    size = int(lines[1])
    return b"".join(
        (
            _LABEL,
            _short(name, "the name of a witness"),
            time_s.to_bytes(8, "big"),
            _short(lines[0], "the origin of a log"),
            bytes(8),
            size.to_bytes(8, "big"),
            root,
        )
    )


def _check_time(time_s: int) -> None:
    if not 0 <= time_s <= MAX_TIME_S:
        raise BadNote("not a time of a cosignature", found=f"{time_s}")


def _short(text: str, what: str) -> bytes:
    data = text.encode()
    if not 0 < len(data) < 256:
        raise BadNote(f"{what} is too long", expected="1 to 255 bytes", found=f"{len(data)}")
    return bytes([len(data)]) + data

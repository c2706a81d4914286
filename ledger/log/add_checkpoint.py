"""A request to a witness: the size that it knows, the way from there, and the new checkpoint.

    old 812
    PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=        RFC 6962 consistency proof, 0 to 63 lines
    …

    ledger.example/log                                  the checkpoint's note, verbatim
    …

Source: C2SP tlog-witness, add-checkpoint.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from ledger.errors import BadNote, BadValue
from ledger.log import hashes
from ledger.log.hashes import Hash
from ledger.log.names import MAX_INTEGER

PATH: Final = "/add-checkpoint"
SIZE_TYPE: Final = "text/x.tlog.size"
"""Media type of a witness's answer that says which size it knows."""
MAX_PROOF: Final = 63
MAX_BYTES: Final = 256 * 1024
"""64 signature lines with the longest signatures in use, and room."""

_OLD = re.compile(r"old (0|[1-9][0-9]{0,15})")
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,15})\n")


class AddCheckpoint(msgspec.Struct, frozen=True):
    """A request in form; nothing is verified yet."""

    old: int
    """Size of the last checkpoint that the witness has cosigned, 0 for none."""
    proof: tuple[Hash, ...]
    checkpoint: bytes
    """The note, verbatim."""


def format_request(request: AddCheckpoint) -> bytes:
    """The body of a request."""
    lines = [f"old {request.old}", *map(hashes.format_base64, request.proof), "", ""]
    return "\n".join(lines).encode() + request.checkpoint


def parse_request(body: bytes) -> AddCheckpoint:
    """The request of a body, in its one spelling; raises BadNote."""
    head, gap, checkpoint = body.partition(b"\n\n")
    try:
        first, *rest = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise BadNote("not a request to a witness", found=str(error)) from error
    match = _OLD.fullmatch(first)
    if not gap or match is None or int(match[1]) > MAX_INTEGER:
        raise BadNote(
            "not a request to a witness",
            expected="old <size>, the lines of a proof, an empty line, a checkpoint",
            found=repr(first[:80]),
        )
    if len(rest) > MAX_PROOF:
        raise BadNote("a proof is too long", expected=f"{MAX_PROOF} lines", found=f"{len(rest)}")
    try:
        proof = tuple(hashes.parse_base64(line) for line in rest)
    except BadValue as error:
        raise BadNote("not a proof of hashes", found=str(error)) from error
    return AddCheckpoint(int(match[1]), proof, checkpoint)


def format_size(size: int) -> bytes:
    """The body of an answer that says which size the witness knows."""
    return b"%d\n" % size


def parse_size(body: bytes) -> int:
    """The size of such an answer; raises BadNote."""
    match = _SIZE.fullmatch(body)
    if match is None or int(match[1]) > MAX_INTEGER:
        raise BadNote("not a size", expected="a decimal and LF", found=repr(body[:40]))
    return int(match[1])

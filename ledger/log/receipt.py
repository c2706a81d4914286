"""A receipt shows that a batch is in the log: its place, its path, and the signed checkpoint.

    c2sp.org/tlog-proof@v1
    index 7
    gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=        path, leaf's sibling first
    …

    ledger.example/log                                  the checkpoint's note, verbatim
    …

The format allows a line of extra data, which nothing authenticates; this ledger writes none and
refuses one, so no bit of a receipt can change unseen (lines of unknown cosigners apart).
Source: C2SP tlog-proof; formats, section 7.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from ledger.errors import BadNote, BadValue
from ledger.log import hashes, proof
from ledger.log.checkpoint import Checkpoint, open_checkpoint
from ledger.log.hashes import Hash, leaf_hash
from ledger.log.names import MAX_INTEGER

HEADER: Final = "c2sp.org/tlog-proof@v1"
MAX_PATH: Final = 64

_INDEX = re.compile(r"index (0|[1-9][0-9]{0,15})")


class Receipt(msgspec.Struct, frozen=True):
    """A proof in form; `verify_receipt` says whether it holds."""

    index: int
    """Of the entry in the log, from zero."""
    path: tuple[Hash, ...]
    checkpoint: bytes
    """The note, verbatim."""


def format_receipt(receipt: Receipt) -> bytes:
    """The receipt as it is sent and kept; raises BadNote for one that cannot be."""
    if not 0 <= receipt.index <= MAX_INTEGER:
        raise BadNote("an index of no log", found=f"{receipt.index}")
    if len(receipt.path) > MAX_PATH:
        raise BadNote("a path is too long", found=f"{len(receipt.path)}")
    if not receipt.checkpoint:
        raise BadNote("a receipt without a checkpoint")
    lines = [HEADER, f"index {receipt.index}", *map(hashes.format_base64, receipt.path), "", ""]
    return "\n".join(lines).encode() + receipt.checkpoint


def parse_receipt(data: bytes) -> Receipt:
    """The receipt in its one spelling; raises BadNote. Nothing is verified yet."""
    head, gap, checkpoint = data.partition(b"\n\n")
    try:
        first, *rest = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise BadNote("not a receipt", found=str(error)) from error
    if not gap or not checkpoint or first != HEADER or not rest:
        raise BadNote("not a receipt", expected=f"{HEADER}, index, path, checkpoint")
    match = _INDEX.fullmatch(rest[0])
    if match is None or int(match[1]) > MAX_INTEGER:
        raise BadNote("the second line names the index", found=repr(rest[0][:80]))
    if len(rest) - 1 > MAX_PATH:
        raise BadNote("a path is too long", found=f"{len(rest) - 1}")
    try:
        path = tuple(hashes.parse_base64(line) for line in rest[1:])
    except BadValue as error:
        raise BadNote("not a path of hashes", found=str(error)) from error
    return Receipt(int(match[1]), path, checkpoint)


def verify_receipt(receipt: Receipt, jws: bytes, vkey: str) -> Checkpoint:
    """The checkpoint that covers this batch's JWS; raises BadNote, BadSignature, ProofFailed."""
    checkpoint = open_checkpoint(receipt.checkpoint, vkey)
    leaf = leaf_hash(jws)
    proof.verify_inclusion(leaf, receipt.index, checkpoint.size, receipt.path, checkpoint.root)
    return checkpoint

"""What somebody has kept of a log, outside of it: signed checkpoints, and leaves at their places.

A file is one of these:

    checkpoint   the note; or, as the program of a party keeps it, a vkey, LF, the note
    receipt      a C2SP tlog-proof; or, as an outbox keeps it, the statement, LF, the receipt
    proof        what `prove` wrote
    evidence     of two histories, with the checkpoint of each

Nothing is verified here but that each checkpoint is one in form.
Source: formats, sections 7 and 8; specification, monitoring.
"""

from __future__ import annotations

from typing import Final

import msgspec

from ledger.errors import BadNote
from ledger.log import note
from ledger.log import receipt as receipts
from ledger.log.checkpoint import Checkpoint, parse_checkpoint
from ledger.log.evidence import is_evidence, read_evidence
from ledger.log.hashes import LeafHash, leaf_hash
from ledger.log.receipt import Receipt

_VKEY_PLUSES: Final = 2
"""An origin has no plus sign, a vkey two or more."""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What a file has of a log."""

    kind: str
    """checkpoint, receipt, proof, evidence, or what else somebody calls it."""
    notes: tuple[bytes, ...]
    """Signed checkpoints, verbatim."""
    leaves: tuple[tuple[int, LeafHash], ...] = ()
    """(index, leaf hash) of entries; less than 0 counts back from the log of the checkpoint."""
    receipt: Receipt | None = None

    def __post_init__(self) -> None:
        for one in self.notes:
            head_of(one)


class _Entry(msgspec.Struct):
    index: int
    jws: str


class _Proof(msgspec.Struct):
    checkpoint: str
    entries: tuple[_Entry, ...] = ()


def held_in(data: bytes) -> Held:
    """What a file has of a log, by its form. Raises BadNote for one that holds no checkpoint."""
    if is_evidence(data):
        found = read_evidence(data)
        return Held(kind="evidence", notes=(found.first, found.second))
    if data.startswith(b"{"):
        return _in_proof(data)
    header = receipts.HEADER.encode()
    first, _, rest = data.partition(b"\n")
    if data.startswith(header):
        return _in_receipt(data, None)
    if rest.startswith(header):
        return _in_receipt(rest, leaf_hash(first))
    return Held(kind="checkpoint", notes=(rest if first.count(b"+") >= _VKEY_PLUSES else data,))


def head_of(signed: bytes) -> Checkpoint:
    """The checkpoint of a note, whoever has signed it. Raises BadNote."""
    try:
        return parse_checkpoint(note.read_note(signed.decode()).text)
    except UnicodeDecodeError as error:
        raise BadNote("a note is UTF-8", found=str(error)) from error


def _in_proof(data: bytes) -> Held:
    try:
        proof = msgspec.json.decode(data, type=_Proof)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadNote(
            "no checkpoint is in it",
            expected="a checkpoint, a receipt, what prove wrote, or evidence",
            found=str(error),
        ) from error
    leaves = tuple((one.index, leaf_hash(one.jws.encode())) for one in proof.entries)
    return Held(kind="proof", notes=(proof.checkpoint.encode(),), leaves=leaves)


def _in_receipt(data: bytes, leaf: LeafHash | None) -> Held:
    receipt = receipts.parse_receipt(data)
    leaves = () if leaf is None else ((receipt.index, leaf),)
    return Held(kind="receipt", notes=(receipt.checkpoint,), leaves=leaves, receipt=receipt)

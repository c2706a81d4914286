"""A checkpoint is the log's signed word for all of its entries up to a size.

    ledger.example/log                                  origin
    812                                                 size, no leading zeros
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=        root, standard base64

    — ledger.example/log Az3grlgt…                      Ed25519 by the log; other lines may follow

Exactly three lines: no extension lines, since witnesses may refuse them. The key's name is the
origin. Source: C2SP tlog-checkpoint, signed-note; formats, section 7.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from ledger.errors import BadNote, BadValue, refusing
from ledger.log import hashes, note
from ledger.log.hashes import EMPTY_ROOT, RootHash
from ledger.log.names import MAX_INTEGER, is_origin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.log.keys import PrivateKey
    from ledger.log.mldsa import MlDsaPrivateKey

_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")


class Checkpoint(msgspec.Struct, frozen=True):
    """How many entries a log has, and the root over them."""

    origin: str
    size: int
    root: RootHash


class OpenedCheckpoint(msgspec.Struct, frozen=True):
    """A checkpoint that its log has signed, and who else has."""

    checkpoint: Checkpoint
    cosignatures: tuple[note.NoteSignature, ...]


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """The three lines that are signed; raises BadNote for a checkpoint that cannot be."""
    text = f"{checkpoint.origin}\n{checkpoint.size}\n{hashes.format_base64(checkpoint.root)}\n"
    parse_checkpoint(text)
    return text


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint of a note's text, in its one spelling; raises BadNote."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise BadNote("not a checkpoint", expected="three lines", found=f"{len(lines) - 1}")
    if not is_origin(lines[0]):
        raise BadNote("not the origin of a log", found=repr(lines[0][:300]))
    if _SIZE.fullmatch(lines[1]) is None or int(lines[1]) > MAX_INTEGER:
        raise BadNote("not the size of a log", found=repr(lines[1][:40]))
    try:
        root = RootHash(hashes.parse_base64(lines[2]))
    except BadValue as error:
        raise BadNote("not the root of a log", found=str(error)) from error
    size = int(lines[1])
    if size == 0 and root != EMPTY_ROOT:
        raise BadNote("an empty log has the empty root", found=lines[2])
    return Checkpoint(lines[0], size, root)


def sign_checkpoint(key: PrivateKey, checkpoint: Checkpoint) -> bytes:
    """The note of a checkpoint, signed by the log's key under the log's origin."""
    return note.sign_note(format_checkpoint(checkpoint), key, checkpoint.origin).encode()


def cosign_checkpoint(
    signed: bytes, key: PrivateKey | MlDsaPrivateKey, name: str, time_s: int
) -> bytes:
    """The note with one more line: a witness's cosignature at a time in seconds."""
    return note.cosign_note(_text(signed), key, name, time_s).encode()


def open_checkpoint(signed: bytes, vkey: str) -> Checkpoint:
    """The checkpoint, if the log of this vkey signed it; raises BadNote, BadSignature."""
    return open_cosigned(signed, vkey, ()).checkpoint


def open_cosigned(signed: bytes, vkey: str, witnesses: Iterable[note.Verifier]) -> OpenedCheckpoint:
    """The checkpoint and the cosignatures of these witnesses, if the log of this vkey signed it.

    Whether the witnesses are enough is the caller's policy. Raises BadNote, BadSignature; the
    defect of those about a witness's line is `cosignature`.
    """
    log = note.parse_vkey(vkey)
    if log.kind != note.ED25519:
        raise BadNote("not the vkey of a log", expected="kind 0x01", found=f"0x{log.kind:02x}")
    read = note.read_note(_text(signed))
    # Asked alone first: a witness's line must never stand in for the log's own.
    read.opened_by((log,))
    checkpoint = parse_checkpoint(read.text)
    if checkpoint.origin != log.name:
        raise BadNote("a checkpoint of another log", expected=log.name, found=checkpoint.origin)
    with refusing("cosignature"):
        return OpenedCheckpoint(checkpoint, read.signatures_of(w for w in witnesses if w != log))


def _text(signed: bytes) -> str:
    try:
        return signed.decode()
    except UnicodeDecodeError as error:
        raise BadNote("a note is UTF-8", found=str(error)) from error

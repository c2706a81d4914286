"""Evidence that a log has two histories: two checkpoints that it signed and that exclude each other.

    {"checkpoints":["<note>","<note>"],"kind":"two-histories","path":["<base64>",…],"root":"<hex>","v":1}

The first checkpoint is of the smaller size. `root` is that of the tree of this size with which the
second one's tree begins, as the consistency path shows; and the first checkpoint has another root.
So no list of entries has both. With equal sizes the path is empty, `root` is the second's own, and
the lesser root stands first. Who holds the log's vkey needs nothing else to be sure.
Source: specification, monitoring; RFC 6962, section 2.1.2; C2SP tlog-checkpoint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from ledger.errors import BadNote, LedgerError, ProofFailed
from ledger.log import canonical, hashes
from ledger.log.checkpoint import Checkpoint, OpenedCheckpoint, open_checkpoint, open_cosigned
from ledger.log.hashes import Hash, RootHash
from ledger.log.proof import verify_consistency

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ledger.log.note import Verifier

MEDIA_TYPE: Final = "application/vnd.carbon-ledger.evidence+json"
KIND: Final = "two-histories"
MAX_BYTES: Final = 1024 * 1024
"""Two notes of 64 lines with the longest signatures in use, a path, and room."""

_BEGINNING: Final = b'{"checkpoints":['


class Evidence(msgspec.Struct, frozen=True):
    """Evidence in form; `open_evidence` says whether it holds."""

    first: bytes
    """The note of the smaller size, verbatim."""
    second: bytes
    root: RootHash
    """Of the tree with which that of `second` begins, at the size of `first`."""
    path: tuple[Hash, ...]
    """The consistency path from there to `second`."""


class TwoHistories(msgspec.Struct, frozen=True):
    """Two checkpoints of one log that exclude each other, and who else has signed each."""

    first: OpenedCheckpoint
    second: OpenedCheckpoint
    root: RootHash
    """What `second` has where `first` has its own root."""


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    checkpoints: tuple[str, str]
    kind: Literal["two-histories"]
    path: tuple[str, ...]
    root: str
    v: Literal[1]


def is_evidence(data: bytes) -> bool:
    """Whether a file begins as evidence does; nothing else of it is looked at."""
    return data.startswith(_BEGINNING)


def evidence_of(
    one: bytes, other: bytes, root: RootHash, path: Sequence[Hash], vkey: str
) -> Evidence:
    """The evidence of two notes; of equal sizes they are put in order.

    `root` and `path` are what the later one's tree has at the earlier one's size. Raises what
    `open_evidence` raises, so what it returns holds.
    """
    heads = [open_checkpoint(note, vkey) for note in (one, other)]
    if heads[0].size == heads[1].size and heads[0].root > heads[1].root:
        one, other, root = other, one, heads[0].root
    found = Evidence(one, other, root, tuple(path))
    open_evidence(found, vkey)
    return found


def write_evidence(evidence: Evidence) -> bytes:
    """The file: canonical JSON and LF; raises BadNote for evidence that cannot be."""
    value = {
        "checkpoints": [_text(evidence.first), _text(evidence.second)],
        "kind": KIND,
        "path": [hashes.format_base64(node) for node in evidence.path],
        "root": evidence.root.hex(),
        "v": 1,
    }
    data = canonical.encode(value, max_bytes=None) + b"\n"
    read_evidence(data)
    return data


def read_evidence(data: bytes) -> Evidence:
    """The evidence of a file in its one spelling; raises BadNote. Nothing is proven yet."""
    if not data.endswith(b"\n") or len(data) > MAX_BYTES:
        raise BadNote(
            "evidence is one line and LF",
            expected=f"at most {MAX_BYTES} bytes",
            found=f"{len(data)}",
        )
    try:
        value = canonical.decode(data[:-1], max_bytes=None)
        file = msgspec.convert(value, _File, strict=True)
        return Evidence(
            file.checkpoints[0].encode(),
            file.checkpoints[1].encode(),
            RootHash(hashes.parse_hex(file.root)),
            tuple(hashes.parse_base64(node) for node in file.path),
        )
    except (LedgerError, msgspec.ValidationError) as error:
        raise BadNote("not evidence of two histories", found=str(error)) from error


def open_evidence(
    evidence: Evidence, vkey: str, witnesses: Iterable[Verifier] = ()
) -> TwoHistories:
    """The two histories, if the log of this vkey has signed both and they exclude each other.

    Raises BadNote, BadSignature; ProofFailed where the two can belong to one history.
    """
    known = tuple(witnesses)
    first, second = (open_cosigned(note, vkey, known) for note in (evidence.first, evidence.second))
    a, b = first.checkpoint, second.checkpoint
    if _place(a) >= _place(b):
        raise ProofFailed(
            "two checkpoints stand in order of size, and of root where that is equal",
            expected=f"after size {a.size}",
            found=f"size {b.size}",
        )
    verify_consistency(a.size, evidence.root, b.size, b.root, evidence.path)
    if evidence.root == a.root:
        raise ProofFailed(
            "these checkpoints show one history: the later continues the earlier",
            expected=f"another root at size {a.size}",
            found=a.root.hex(),
        )
    return TwoHistories(first, second, evidence.root)


def _place(head: Checkpoint) -> tuple[int, bytes]:
    return head.size, head.root


def _text(note: bytes) -> str:
    try:
        return note.decode()
    except UnicodeDecodeError as error:
        raise BadNote("a note is UTF-8", found=str(error)) from error

"""Whether a ledger holds what somebody has kept of it: the one look of an audit beyond the ledger.

Whoever has all keys and the database can write every entry anew and sign it, and an audit finds
nothing: all of it follows from what is stored. A checkpoint that was signed before is beyond his
reach. So each is put beside the tree that the audit derives, at its size, in the log whose key has
signed it; and each entry of a receipt or proof beside the one that stands at its index.
Source: formats, sections 6 and 7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from ledger.errors import LedgerError
from ledger.log.checkpoint import Checkpoint, open_checkpoint
from ledger.log.hashes import LeafHash
from ledger.log.held import Held, head_of
from ledger.log.note import parse_vkey
from ledger.log.proof import verify_inclusion
from ledger.log.tree import CompactRange

CONTRADICTS: Final = (
    "The checkpoint in the file is this log's, so the file contradicts itself: carbon-ledger verify "
    "refuses it."
)


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint that was kept outside, and whether the ledger holds that history."""

    file: str
    kind: str
    """checkpoint, receipt, proof, evidence, monitor."""
    contained: bool
    origin: str
    size: int
    root: str
    log: str | None
    """Key of the log that has signed it; None where none of this ledger's has."""
    entries: int
    """How many entries of the file were put beside those of the ledger."""
    what: str = ""
    expected: str = ""
    found: str = ""
    advice: str = ""


class _No(msgspec.Struct, frozen=True):
    """Why a checkpoint is not contained."""

    what: str
    expected: str
    found: str
    advice: str


_YES: Final = _No("", "", "", "")


class _Claim:
    """One checkpoint, and the log that has signed it."""

    def __init__(
        self, file: str, held: Held, signed: bytes, logs: Sequence[tuple[int, str]]
    ) -> None:
        self.file = file
        self.held = held
        self.head = head_of(signed)
        self.opened = 0
        """Index of the log's entry 0."""
        self.log: str | None = None
        self.refused = ""
        for opened, log in logs:
            try:
                open_checkpoint(signed, log)
            except LedgerError as error:
                if parse_vkey(log).name == self.head.origin:
                    self.refused = str(error)
            else:
                self.opened, self.log = opened, log

    def leaves(self) -> list[tuple[int, LeafHash]]:
        """By their index in this ledger."""
        return [(self.opened + index, leaf) for index, leaf in self.held.leaves]


class Against:
    """What was kept outside, put beside what an audit derives as it goes."""

    def __init__(
        self, outside: Sequence[tuple[str, Held]], logs: Sequence[tuple[int, str]]
    ) -> None:
        """`outside` by names for people; of each log the index of its entry 0, and its vkey."""
        self._claims = [
            _Claim(file, held, note, logs) for file, held in outside for note in held.notes
        ]
        self._logs = [log for _, log in logs]
        self._roots: dict[tuple[int, int], str] = {}
        self._leaves: dict[int, LeafHash] = {}
        ours = [one for one in self._claims if one.log is not None]
        self._sizes = {(one.opened, one.head.size) for one in ours}
        self._indexes = {index for one in ours for index, _ in one.leaves()}
        self._indexes |= {one.opened + r.index for one in ours if (r := one.held.receipt)}

    def grown(self, opened: int, tree: CompactRange) -> None:
        """The log whose entry 0 has this index has come to this tree."""
        if (opened, tree.size) in self._sizes:
            self._roots[opened, tree.size] = tree.root().hex()

    def entry(self, index: int, leaf: LeafHash) -> None:
        """This entry stands at an index."""
        if index in self._indexes:
            self._leaves[index] = leaf

    def compared(self, sizes: Mapping[int, int]) -> list[Compared]:
        """Each checkpoint, in order; `sizes` of the logs by the index of their entry 0."""
        return [self._compared(one, sizes) for one in self._claims]

    def _compared(self, claim: _Claim, sizes: Mapping[int, int]) -> Compared:
        head, no = claim.head, self._no(claim, sizes) or _YES
        return Compared(
            file=claim.file,
            kind=claim.held.kind,
            contained=no is _YES,
            origin=head.origin,
            size=head.size,
            root=head.root.hex(),
            log=claim.log,
            entries=0 if claim.log is None else len(claim.held.leaves),
            what=no.what,
            expected=no.expected,
            found=no.found,
            advice=no.advice,
        )

    def _no(self, claim: _Claim, sizes: Mapping[int, int]) -> _No | None:
        head = claim.head
        if claim.log is None:
            return self._of_another_log(claim)
        root = self._roots.get((claim.opened, head.size))
        if root is None:
            return _lost(claim, sizes[claim.opened])
        differing = [at for at, leaf in claim.leaves() if self._leaves.get(at) != leaf]
        if root != head.root.hex():
            return _rewritten(head, root, differing)
        if differing:
            return _No(
                f"entry {differing[0]} is another one",
                expected=dict(claim.leaves())[differing[0]].hex(),
                found=self._shown(differing[0]),
                advice=CONTRADICTS,
            )
        return self._receipt(claim)

    def _of_another_log(self, claim: _Claim) -> _No:
        return _No(
            "no log of this ledger has signed it",
            expected=f"the key {', or '.join(self._logs)}",
            found=claim.refused or f"a checkpoint of {claim.head.origin}",
            advice="If the file is of another ledger, audit that one. If it is of this one, its log "
            "key was exchanged: compare it with the key that you have of it otherwise.",
        )

    def _receipt(self, claim: _Claim) -> _No | None:
        """Whether the receipt's path leads from the entry that stands here to its checkpoint."""
        receipt, head = claim.held.receipt, claim.head
        leaf = None if receipt is None else self._leaves.get(claim.opened + receipt.index)
        if receipt is None:
            return None
        try:
            if leaf is not None and receipt.index < head.size:
                verify_inclusion(leaf, receipt.index, head.size, receipt.path, head.root)
                return None
        except LedgerError:
            pass
        return _No(
            f"the receipt is not one of entry {receipt.index}",
            expected="a path from that entry to the checkpoint",
            found="another one",
            advice=CONTRADICTS,
        )

    def _shown(self, index: int) -> str:
        leaf = self._leaves.get(index)
        return "none" if leaf is None else leaf.hex()


def _lost(claim: _Claim, size: int) -> _No:
    advice = (
        "Ask for the newest copy of the database. If none has them, entries are lost that the log "
        "had signed, and it has to end: carbon-ledger continue opens one that says so."
    )
    if claim.opened < 0:
        advice = (
            "If entries were lost when this log was continued, the next one's entry 0 says how many: "
            "carbon-ledger status shows it to everybody. If it says less, or none, either more was "
            "lost, or the earlier key was used after the end: ask the operator which, and for a file "
            "of the log that goes on."
        )
    return _No(
        "the ledger has fewer entries than the log had signed",
        expected=f"at least {claim.head.size} entries",
        found=str(size),
        advice=advice,
    )


def _rewritten(head: Checkpoint, root: str, differing: Sequence[int]) -> _No:
    entries = "".join(f", and another entry {index}" for index in differing[:1])
    return _No(
        f"the ledger has another history than the log had signed at size {head.size}",
        expected=f"root {head.root.hex()}",
        found=f"root {root}{entries}",
        advice="Keep the file: signed with the log's key, it shows that what stands here was written "
        "anew, or that the key signs elsewhere too. carbon-ledger watch --against, at the ledger's "
        "address, makes evidence of both histories that anybody can verify.",
    )

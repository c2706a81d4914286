"""What a witness has seen of one log: the last checkpoint that it cosigned, and never an earlier one.

The file holds the checkpoint as the log signed it, so a changed or torn byte is noticed when it is
read: the log's signature does not verify any more. A state that was written is on the disk before
anybody is told of it.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ledger.errors import Damaged, LedgerError
from ledger.log import note
from ledger.log.checkpoint import Checkpoint, open_checkpoint
from ledger.log.evidence import evidence_of, write_evidence
from ledger.log.hashes import EMPTY_ROOT
from ledger.witness.home import write_file

if TYPE_CHECKING:
    from ledger.witness.home import WitnessHome


class LogState:
    """One log and its last checkpoint; `lock` is held from comparing to having written."""

    def __init__(self, home: WitnessHome, vkey: str) -> None:
        """Read what is there. Raises Damaged for a state that was lost or changed, BadNote, BadKey."""
        self.vkey = vkey
        self.origin = note.parse_vkey(vkey).name
        self.lock = threading.Lock()
        self.known = Checkpoint(self.origin, 0, EMPTY_ROOT)
        """Size 0 before the first."""
        self._home = home
        self._listed = self.origin in home.witnessed()
        try:
            self.signed = home.state(self.origin).read_bytes()
        except FileNotFoundError:
            if self._listed:
                raise self._damaged("none") from None
            self.signed = b""
            return
        try:
            self.known = open_checkpoint(self.signed, vkey)
        except LedgerError as error:
            raise self._damaged(str(error)) from error

    def advance(self, signed: bytes, head: Checkpoint) -> None:
        """Know this checkpoint from now on; it is on the disk when this returns. Raises OSError."""
        if head.size < self.known.size:
            raise AssertionError("a witness never goes back")
        if not self.signed or head != self.known:
            write_file(self._home.state(self.origin), signed, 0o644)
        if not self._listed:
            self._home.add_witnessed(self.origin)
            self._listed = True
        if not self.signed or head != self.known:
            self.signed, self.known = signed, head

    def keep_evidence(self, signed: bytes) -> None:
        """Keep evidence of the log's two checkpoints of one size, the first time that it happens."""
        path = self._home.evidence(self.origin)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        if not path.exists():
            root = open_checkpoint(signed, self.vkey).root
            found = evidence_of(self.signed, signed, root, (), self.vkey)
            write_file(path, write_evidence(found), 0o644)

    def _damaged(self, found: str) -> Damaged:
        return Damaged(
            f"what this witness has seen of {self.origin} is lost or damaged",
            expected=f"the last checkpoint that it cosigned, in {self._home.state(self.origin)}",
            found=found,
            advice="Bring back the newest copy: an older one could cosign a second history. If there "
            "is none, ask everybody who has a cosignature of this witness for the newest, write that "
            "checkpoint into the file; or end this witness and make a new one with another name.",
        )

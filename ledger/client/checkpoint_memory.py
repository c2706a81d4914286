"""What a party has verified of a log once, it holds the log to.

A file keeps the log's vkey (fixed at first use) and the newest checkpoint whose signature was
checked. A log that later shows another key, or another root for the same size, is refused: that is
a second history. Every batch names this checkpoint as `seen`, so its author vouches for it.
That a larger checkpoint extends a smaller one takes a consistency proof, which is not asked here.

    <vkey>
    <the checkpoint's note, verbatim>

Source: formats, sections 4 and 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ledger.carbon.info import EarlierInfo
from ledger.client import durable_file
from ledger.client.succession import another_log
from ledger.errors import BadFile, LedgerError, OtherHistory
from ledger.log import note
from ledger.log.batch import Seen
from ledger.log.checkpoint import Checkpoint, open_checkpoint


class CheckpointMemory:
    """The log's key and newest verified checkpoint, in one file."""

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        self._vkey: str | None = None
        self._newest: Checkpoint | None = None
        self._load()

    @property
    def newest(self) -> Checkpoint | None:
        """The newest checkpoint that was verified here."""
        return self._newest

    @property
    def seen(self) -> Seen | None:
        """The same, as a batch's statement names it."""
        newest = self._newest
        return Seen(root=newest.root.hex(), size=newest.size) if newest else None

    def check_log(self, vkey: str, earlier: Sequence[EarlierInfo] = ()) -> str:
        """The vkey, if it is the one of before; the first one is kept. Raises ProofFailed.

        `earlier` are the logs that this one continues, as the ledger says: they change what is
        advised, and never what is taken.
        """
        if self._vkey is None:
            note.parse_vkey(vkey)
            self._write(vkey, b"")
            self._vkey = vkey
        if vkey != self._vkey:
            raise another_log(self._vkey, vkey, earlier, self.path)
        return vkey

    def remember(self, checkpoint: bytes) -> Checkpoint:
        """The checkpoint of this note, verified; kept when it is the newest. Raises ProofFailed."""
        if self._vkey is None:
            raise AssertionError("check_log comes first")
        opened = open_checkpoint(checkpoint, self._vkey)
        newest = self._newest
        if newest is not None and opened.size == newest.size and opened.root != newest.root:
            raise OtherHistory(
                f"the log has signed two histories of size {opened.size}",
                expected=newest.root.hex(),
                found=opened.root.hex(),
                advice=f"Keep {self.path} and this checkpoint: together they prove it",
            )
        if newest is None or opened.size > newest.size:
            self._write(self._vkey, checkpoint)
            self._newest = opened
        return opened

    def require(self, size: int, verified: Checkpoint | None) -> None:
        """Raise OtherHistory if the log is smaller than what was verified before it was asked."""
        if verified is not None and size < verified.size:
            raise OtherHistory(
                "the ledger has lost entries that it had signed",
                expected=f"at least {verified.size} entries, as in a checkpoint that it signed",
                found=str(size),
                advice=f"Keep {self.path} and the receipts in the outbox: they prove it. "
                "Tell the operator, and post nothing before it is explained",
            )

    def _write(self, vkey: str, checkpoint: bytes) -> None:
        durable_file.replace(self.path, vkey.encode() + b"\n" + checkpoint)

    def _load(self) -> None:
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return
        vkey, gap, checkpoint = data.partition(b"\n")
        try:
            self._vkey = vkey.decode("ascii")
            note.parse_vkey(self._vkey)
            if checkpoint:
                self._newest = open_checkpoint(checkpoint, self._vkey)
        except (LedgerError, UnicodeDecodeError) as error:
            raise BadFile(
                f"{self.path} is damaged",
                expected="the vkey of a log and a checkpoint by it",
                found=str(error) if gap else "no first line",
            ) from error

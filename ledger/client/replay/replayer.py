"""Folds a ledger elsewhere from its entries, and says whether a checkpoint is what they make.

Everything is derived again: every entry is checked and folded as the ledger itself does it, seals
included, and the root of the log is computed from what was folded. The entries are kept, so what was
folded once is not asked for again; at the start they are folded again from the first, and nothing
that lies on the disk is believed. Of a log that continues another one, everything is folded from the
oldest log's entry 0: the ledger has those entries too, below index 0. Source: formats, section 8,
"audited".
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final, Protocol

from ledger.client.replay.entry_file import EntryFile
from ledger.errors import Damaged, LedgerError, OtherHistory, ProofFailed, Unavailable
from ledger.log import note
from ledger.log.names import MAX_INTEGER
from ledger.log.page import read_entries
from ledger.machine import read_event
from ledger.parties.events import LedgerOpened
from ledger.whole.ledger import WholeLedger

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.log.checkpoint import Checkpoint
    from ledger.witness.home import WitnessHome

MOST_LOGS: Final = 1000
"""That follow each other; asking how far back they go has an end."""


class Source(Protocol):
    """A ledger that lets this witness read everything."""

    async def log_page(self, first: int) -> bytes:
        """The page of the log that begins with an index, below 0 in an earlier log."""


def silent(done: int, total: int) -> None:
    """Shows no progress."""


class Replayer:
    """One log, folded as far as its entries are here."""

    def __init__(self, home: WitnessHome, vkey: str) -> None:
        """The entries of earlier runs are read by `restore`."""
        name = sha256(note.parse_vkey(vkey).name.encode()).hexdigest()[:32]
        self._file = EntryFile(home.path / "entries" / name)
        self.whole = WholeLedger(vkey, self._file, first=self._file.first)
        self._checked = 0

    @property
    def size(self) -> int:
        """How many entries of the log are folded; 0 or less while those of earlier logs are."""
        return self.whole.size

    def close(self) -> None:
        """Close its file."""
        self._file.close()

    def restore(self, known: Checkpoint, progress: Callable[[int, int], None] = silent) -> None:
        """Fold what is here from earlier runs; `known` is what was cosigned last.

        Entries behind that which do not hold are dropped and asked for again. Raises Damaged where
        what was cosigned cannot be folded again.
        """
        for jws, lines in self._file.read():
            if self.whole.lacks(jws, lines):
                for kept, said in self._file.scan():
                    self.whole.look_at(kept, said)
            try:
                self.whole.add(jws, lines)
            except LedgerError as error:
                if 0 < known.size > self.size:
                    raise self._lost(known, str(error)) from error
                break
            progress(self.size - self.whole.first, max(known.size, self.size) - self.whole.first)
        if 0 < known.size > self.size:
            raise self._lost(known, f"{max(self.size, 0)} whole entries")
        try:
            self.whole.check(known)
        except OtherHistory as error:
            raise self._lost(known, str(error)) from error
        self._file.cut(self.size)
        self._checked = known.size

    async def advance(
        self, source: Source, head: Checkpoint, progress: Callable[[int, int], None] = silent
    ) -> None:
        """Fold all entries of this checkpoint, whose signature the caller has checked.

        Before them those of the logs that this one continues, if it does. They are on the disk when this returns. Raises ProofFailed where an entry does not hold or
        the root is another; what was not under a checkpoint is forgotten by the next start then.
        Raises Unavailable where the source does not have the entries, or where data is gone from one
        and its redaction is not under this checkpoint.
        """
        page = await self._begin(source) if self.size == self.whole.first else b""
        while self.size < head.size:
            page = page or await source.log_page(self.size)
            before = self.size
            for entry in read_entries(page):
                if self.size == head.size:
                    break
                if self.whole.lacks(entry.signed.jws.raw, entry.lines):
                    await self._look_ahead(source, head)
                self._take(entry.signed.jws.raw, entry.lines)
                progress(self.size - self.whole.first, head.size - self.whole.first)
            page = b""
            if self.size == before:
                raise Unavailable(
                    "the ledger does not give the entries of its own checkpoint",
                    expected=f"entry {before} of {head.size}",
                    found="none",
                )
        try:
            self.whole.check(head)
        except OtherHistory:
            self._forget()
            raise
        self._file.sync()
        self._checked = max(self._checked, head.size)

    async def _begin(self, source: Source) -> bytes:
        """Learn from the openings how far back the logs go, and begin there; the first page.

        Nothing is taken for granted by it: from elsewhere the fold would come to another end than the
        next opening names.
        """
        first = 0
        for _ in range(MOST_LOGS):
            page = await source.log_page(first)
            before = _continues(page)
            if not before:
                break
            first -= before
            if first < -MAX_INTEGER:
                raise ProofFailed(
                    "a log that goes on from too many entries",
                    expected=f"at most {MAX_INTEGER} before it",
                    found=str(-first),
                )
        else:
            raise ProofFailed(
                "a log that goes on from too many others",
                expected=f"at most {MOST_LOGS}, each named by the opening of the next one",
                found="more",
            )
        if first != self.whole.first:
            self._file.begin(first)
            self.whole = WholeLedger(self.whole.log, self._file, first=first)
        return page

    def _forget(self) -> None:
        """Let the next start begin with what was under a checkpoint."""
        if self._checked:
            self._file.cut(self._checked)
        else:
            self._file.begin(0)

    async def _look_ahead(self, source: Source, head: Checkpoint) -> None:
        """Read all redactions up to a checkpoint, since the data of an entry that comes next is gone.

        What they say is folded when it is their turn, and asked for by the checkpoint. Raises
        Unavailable where one is not under the checkpoint.
        """
        at = self.size
        while at < head.size:
            before = at
            for entry in read_entries(await source.log_page(at)):
                if at == head.size:
                    break
                self.whole.look_at(entry.signed.jws.raw, entry.lines)
                at += 1
            if at == before:
                raise Unavailable(
                    "the ledger does not give the entries of its own checkpoint",
                    expected=f"entry {before} of {head.size}",
                    found="none",
                )
        awaited = self.whole.fold.redactions.awaited
        if awaited:
            raise Unavailable(
                f"the data of {awaited[0]} is gone",
                expected=f"its redaction among the {head.size} entries of the checkpoint",
                found="none there",
                advice="A later checkpoint may cover it. If none does, somebody has taken it out of "
                "the database: ask the operator.",
            )

    def _take(self, jws: bytes, lines: list[bytes]) -> None:
        try:
            self.whole.add(jws, lines)
        except LedgerError as error:
            if self.size <= 0:
                self._forget()  # it may be wrong from where it began
            raise ProofFailed(
                f"entry {self.size} does not hold: {error.what}",
                expected=error.expected,
                found=error.found,
                advice="This witness cosigns nothing from here on. Ask the operator, and tell others.",
            ) from error
        self._file.append(jws, lines)

    def _lost(self, known: Checkpoint, found: str) -> Damaged:
        return Damaged(
            f"the entries that this witness has folded are damaged: {self._file.path}",
            expected=f"the {known.size} entries of the checkpoint that it cosigned",
            found=found,
            advice="Delete the file: the entries are fetched and folded again.",
        )


def _continues(page: bytes) -> int:
    """How many entries the log had that this page's first entry continues; 0 where it continues none."""
    first = next(read_entries(page), None)
    if first is None or first.signed.statement.count != 1:
        return 0
    try:
        event = read_event(first.lines[0])
    except LedgerError:
        return 0  # the fold says what is wrong with it
    if not isinstance(event, LedgerOpened) or event.continues is None:
        return 0
    return event.continues.size

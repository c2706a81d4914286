"""A group of batches, from those that wait to what becomes of each.

Plain containers of the sequencer: they decide nothing.
"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from ledger.carbon.info import Posted
from ledger.carbon.rows import EntryRows
from ledger.carbon.seal.pieces import SealContent
from ledger.errors import LedgerError
from ledger.intake import Checked
from ledger.log.batch import SignedStatement
from ledger.service.checker import Known
from ledger.service.engine import Folded
from ledger.service.publisher import Accepted
from ledger.store.log_store import Head, NewEntry, StreamHead

STREAMS_REMEMBERED: Final = 20_000


class Waiting(msgspec.Struct, eq=False):
    """A batch that waits for its place, and the future of whoever waits for it.

    `checked` is None while it is being checked. `derived` is what the seals in it say, by the keys
    of their grounds; while `deriving`, it has no turn.
    """

    signed: SignedStatement
    answer: asyncio.Future[Posted]
    known: Known | None = None
    checked: Checked | None = None
    deriving: bool = False
    derived: dict[str, SealContent] = {}

    @property
    def ready(self) -> bool:
        """Whether it may have its turn."""
        return self.checked is not None and not self.deriving

    @property
    def stream(self) -> str:
        """Where the batch wants to go on."""
        return self.signed.statement.stream

    @property
    def done(self) -> Checked:
        """What its checks have found; it has its turn only after them."""
        if self.checked is None:
            raise AssertionError("a batch had its turn before it was checked")
        return self.checked

    def accepted(self, index: int, *, repeated: bool = False) -> Accepted:
        """The batch with its place in the log, to be answered."""
        return Accepted(self.signed.statement, index, self.answer, repeated)


class Ends:
    """How far the log goes, and where some streams end, as this process has left them."""

    def __init__(self) -> None:
        self.head: Head | None = None
        self.of: dict[str, StreamHead | None] = {}

    def go_on(self, head: Head, moved: dict[str, StreamHead]) -> None:
        """The log goes so far now, and these streams."""
        self.head = head
        if len(self.of) > STREAMS_REMEMBERED:
            self.of = {}
        self.of.update(moved)


class Outcome:
    """What becomes of a group."""

    def __init__(self) -> None:
        self.accepted: list[Accepted] = []
        self.refused: list[tuple[Waiting, LedgerError]] = []
        self.later: list[Waiting] = []
        self.to_derive: tuple[Waiting, str] | None = None
        """The first of `later`, if it is put off for a seal in it; and the key of that one's ground."""
        self.new: list[NewEntry] = []
        self.rows: list[tuple[int, EntryRows]] = []
        self.moved: dict[str, StreamHead] = {}

    def add(self, waiting: Waiting, folded: Folded) -> None:
        """A batch that goes on."""
        entry = _new_entry(waiting)
        last = waiting.signed.statement.last
        self.accepted.append(waiting.accepted(folded.index))
        self.new.append(entry)
        self.rows.append((folded.index, folded.rows))
        self.moved[entry.stream] = StreamHead(entry.stream, last, entry.leaf, folded.index)


def _new_entry(waiting: Waiting) -> NewEntry:
    statement, checked = waiting.signed.statement, waiting.done
    return NewEntry(
        jws=waiting.signed.jws.raw,
        stream=statement.stream,
        first=statement.first,
        count=statement.count,
        types=checked.types,
        packed=checked.packed,
        leaf=checked.leaf,
    )

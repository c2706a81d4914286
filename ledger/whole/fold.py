"""Folds entries, one after the other, into state, figures and what was recorded.

All that a `Known` or the ground of a seal is made from, at the size of the log now and at every
earlier one. An entry that is refused leaves no trace. Whether its bytes are what was signed and
logged is asked by whoever brings it; here the key must be valid, the signature its own, and the
rules must admit every event. Entries of a log that is continued come first, at indexes below 0.
Pure.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from ledger.carbon.events import ActivityCorrected, ActivityWithdrawn, FactorAssigned, SourceAmended
from ledger.carbon.known import Known
from ledger.carbon.pieces import HistoryPiece
from ledger.carbon.rows import Correction, EntryRows
from ledger.carbon.seal.pieces import SealGround
from ledger.carbon.summary import admit, basis_of, encode_basis, ground_from, summarise
from ledger.errors import refusing
from ledger.fold.event import Event
from ledger.fold.state import Overlay
from ledger.log.batch import SignedStatement
from ledger.log.hashes import RootHash
from ledger.log.names import event_ref, party_of
from ledger.log.redacted import Redacted
from ledger.log.seals import Head, heads_root
from ledger.machine import Entry, authorise, fold
from ledger.parties.pieces import EndPiece, LedgerPiece
from ledger.parties.pieces import ledger as ledger_of
from ledger.parties.rules import place_of
from ledger.whole.deltas import Deltas
from ledger.whole.knowing import known_at, seal_ground
from ledger.whole.pieces import WholeState
from ledger.whole.readings import InMemory, Kept, Recorded
from ledger.whole.redactions import Redactions

_READINGS: Final = frozenset({"source", "corrections"})


class Fold:
    """What the entries so far come to."""

    def __init__(
        self,
        kept: Kept | None = None,
        *,
        whole: bool = True,
        redactions: Redactions | None = None,
    ) -> None:
        """`kept` keeps the lines of readings, in memory if it is not given.

        Where it is not the `whole` log, what the entries left out would show is taken for the word of
        whoever said it: a seal for the operator's. `redactions` is told of confirmed redactions before
        the events that they are about are added.
        """
        self.redactions = Redactions() if redactions is None else redactions
        self._recorded = Recorded(InMemory() if kept is None else kept)
        self._deltas = Deltas()
        self._heads: dict[str, list[tuple[int, int, str]]] = {}
        self._salts: dict[str, tuple[int, str]] = {}
        self._changing: list[Correction] = []
        self._grounds: dict[tuple[tuple[str, str], int], SealGround] = {}
        self.state = WholeState(self._recorded, self.redactions, self.ground if whole else None)

    @property
    def about(self) -> LedgerPiece:
        """The ledger itself; not before entry 0."""
        return ledger_of(self.state)

    def add(self, entry: Entry, signed: SignedStatement, lines: Sequence[bytes]) -> None:
        """Take an entry whose bytes have been checked; `lines` are those of its events.

        Raises Refused, BadSignature, InvalidInput, each with its defect, and changes nothing.
        """
        overlay, rows = Overlay(self.state), EntryRows()
        with refusing("key"):
            key = authorise(overlay, entry)
        with refusing("signature"):
            signed.jws.verify(key)
        with refusing("rule"):
            if not _admitted(entry, overlay, rows):
                overlay, rows = Overlay(self.state), EntryRows()
                fold(overlay, entry, rows)
        if place_of(entry.stream) in _READINGS:
            self._recorded.add(entry.stream, entry.first, entry.index, lines)
        self.state.keep(entry.index, overlay.changes)
        self._deltas.add(entry.index, rows)
        self._remember(entry)
        head = entry.index, signed.statement.last, signed.statement.head
        self._heads.setdefault(entry.stream, []).append(head)

    def end(self, size: int, root: RootHash) -> None:
        """The log so far, of this size and root, has come to its end: another one continues it.

        The next entry opens that one, and must say so much.
        """
        heads = self.heads(self.state.size)
        self.state.end = EndPiece(
            size=size,
            root=root.hex(),
            heads_root=heads_root(heads).hex(),
            heads_count=len(heads),
        )

    def head(self, stream: str) -> tuple[int, str] | None:
        """Version and leaf hash of a stream's last event, or None before its first.

        Of the stream that each log begins anew, that of the log at hand.
        """
        heads = self._heads.get(stream)
        return heads[-1][1:] if heads else None

    def heads(self, size: int) -> tuple[Head, ...]:
        """The head of each stream that has an entry below a size, in order of their names.

        Of the stream that each log begins anew with its first entry, that of the log of that size.
        """
        found = []
        for stream, heads in sorted(self._heads.items()):
            at = bisect_left(heads, size, key=lambda head: head[0])
            if at:
                _, version, leaf = heads[at - 1]
                found.append(Head(head=leaf, stream=stream, version=version))
        return tuple(found)

    def known(self, period: tuple[str, str], size: int, party: str | None = None) -> Known:
        """What is known of a party, or (None) of the whole area, over [first, end) at a log size.

        Raises NotFound for a party that is not registered by then.
        """
        return known_at(self.about, self.state, self._deltas, self._changing, period, size, party)

    def ground(self, period: tuple[str, str], size: int) -> SealGround:
        """What a seal of a period follows from at a size."""
        found = self._grounds.get((period, size))
        if found is None:
            known, heads = self.known(period, size), self.heads(size)
            found = seal_ground(known, self._recorded, heads, self._salts)
            self._grounds = {(period, size): found}  # seals of several views follow each other
        return found

    def history(self, stream: str, size: int) -> HistoryPiece:
        """All bodies of a source's stream as they stood at a log size."""
        return self._recorded.history(stream, size)

    def _remember(self, entry: Entry) -> None:
        for position, event in zip(entry.positions, entry.events, strict=True):
            if isinstance(
                event, ActivityCorrected | ActivityWithdrawn | FactorAssigned | SourceAmended
            ):
                found = Correction(
                    index=entry.index,
                    event=event_ref(entry.stream, entry.first + position),
                    type=type(event).__name__,
                    reason=event.reason,
                    corrects=event.event
                    if isinstance(event, ActivityCorrected | ActivityWithdrawn)
                    else None,
                )
                self._changing.append(found)
            elif (
                isinstance(event, Event)
                and entry.first + position == 1
                and place_of(entry.stream) == "register"
            ):
                self._salts[party_of(entry.stream)] = entry.index, event.salt


def _admitted(entry: Entry, overlay: Overlay, rows: EntryRows) -> bool:
    """Take readings together that need nothing but their source, where that can be."""
    if place_of(entry.stream) != "source" or len(entry.events) != entry.count:
        return False
    if any(isinstance(event, Redacted) for event in entry.events):
        return False
    basis = basis_of(overlay, entry.stream)
    if basis is None:
        return False
    summary = summarise(ground_from(encode_basis(basis)), entry.events)
    return summary is not None and admit(overlay, entry.stream, summary, rows)

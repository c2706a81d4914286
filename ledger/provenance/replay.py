"""The entries of a file, folded through the same machine as the ledger folded them.

Over an empty state: keys are authorised by the file's own key events, signatures are checked with
them, and what an event gives follows from its source, factors and corrections.
Source: specification, bundles, step 6.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar, cast

import msgspec

from ledger.carbon.events import ActivityCorrected, ActivityWithdrawn, Body
from ledger.carbon.pieces import (
    FACTOR,
    HISTORY,
    RECORDED,
    SITE,
    SOURCE,
    HistoryPiece,
    RecordedPiece,
)
from ledger.carbon.redaction.pieces import ERASED, UNREAD
from ledger.carbon.rows import EntryRows
from ledger.carbon.seal.events import FootprintSealed
from ledger.carbon.seal.pieces import SEAL_GROUND, UNSEEN
from ledger.errors import LedgerError, ProofFailed, refusing
from ledger.fold.state import Kind, Memory, State
from ledger.log.bundle_proof import OpenedBundle, OpenedEntry, OpenedEvent
from ledger.machine import Entry, authorise, fold
from ledger.parties.pieces import END, KEY, PARTY, UNSEEN_END, ledger
from ledger.parties.rules import place_of
from ledger.standing import needs

P = TypeVar("P", bound=msgspec.Struct)

ALWAYS = ("keys", "ledger", "seals")
"""The places of events that are folded even where others are withheld."""


_UNSEEN = {SEAL_GROUND.name: UNSEEN, END.name: UNSEEN_END, ERASED.name: UNREAD}
"""What a few entries do not show: the operator's or the author's word is taken for it."""


class Flagged(msgspec.Struct, frozen=True):
    """Indexes of entries, and sentences about them."""

    disputed: tuple[int, ...]
    recovered: tuple[int, ...]
    notes: tuple[str, ...]


class FileState(Memory):
    """State over the events of one file: recorded events are those shown so far.

    The only history is that of the one reading asked about, so no other can add to its figure. A
    seal is taken for the operator's word: what it follows from is not at hand.
    """

    def __init__(self, reading: str | None = None) -> None:
        super().__init__()
        self.reading = reading
        self._history: tuple[tuple[str, Body, int], ...] = ()

    def get(self, kind: Kind[P], key: str) -> P | None:
        """The piece; the history of a stream is that of the reading asked about."""
        if kind.name == HISTORY.name:
            own = tuple(item for item in self._history if item[0].startswith(f"{key}@"))
            return HistoryPiece(own)  # type: ignore[return-value]
        unseen = _UNSEEN.get(kind.name)
        return super().get(kind, key) if unseen is None else unseen  # type: ignore[return-value]

    def show(self, name: str, event: object, index: int) -> None:
        """An event was folded: later ones may refer to it."""
        if isinstance(event, ActivityWithdrawn):
            if event.event == self.reading:
                self._history = ()
            return
        body = event.body if isinstance(event, ActivityCorrected) else event
        if not isinstance(body, Body):
            return
        self.put(RECORDED, name, RecordedPiece(type(event).__name__, body, index))
        of = event.event if isinstance(event, ActivityCorrected) else name
        if of == self.reading:
            self._history = ((of, body, index),)


def replay(
    opened: OpenedBundle, reading: str | None = None, *, accounting: bool = True
) -> tuple[FileState, EntryRows]:
    """Authorise every entry, and fold what the file shows; the state, and what the reading adds.

    Without `accounting` only keys, rules and seals are folded: data is withheld that others
    stand on. Raises ProofFailed, with its defect.
    """
    state, rows = FileState(reading), EntryRows()
    shown: set[str] = set()
    for entry in opened.entries:
        whole = _entry(entry)
        with _of_entry(entry), refusing("key"):
            key = authorise(state, whole)
        with _of_entry(entry), refusing("signature"):
            entry.signed.jws.verify(key)
        for item in entry.events:
            if item.data is None:
                continue
            if not accounting and place_of(item.stream) not in ALWAYS:
                continue
            with _of_entry(entry):
                _check_references(state, item, shown)
                _fold(state, whole, item, rows)
            state.show(item.name, item.said, entry.index)
            shown.add(item.name)
    return state, rows


def _entry(entry: OpenedEntry) -> Entry:
    statement = entry.signed.statement
    shown = [item for item in entry.events if item.data is not None]
    return Entry(
        index=entry.index,
        kid=entry.signed.kid,
        stream=statement.stream,
        first=statement.first,
        types=tuple(item.type for item in entry.events),
        events=tuple(cast("msgspec.Struct", item.said) for item in shown),
        positions=tuple(item.version - statement.first for item in shown),
        count=statement.count,
        log=statement.log,
        opens=entry.place == 0,
    )


def _fold(state: FileState, whole: Entry, item: OpenedEvent, rows: EntryRows) -> None:
    """Rows are kept of the reading asked about alone: another must hold, and adds nothing."""
    event, most = item.said, whole.index
    if isinstance(event, FootprintSealed):
        most -= ledger(state).opened
    if isinstance(event, FootprintSealed) and not 0 < event.size <= most:
        raise ProofFailed(
            f"{item.name} covers more than there was",
            expected=f"a size from 1 to {most}",
            found=str(event.size),
            defect="seal",
        )
    one = msgspec.structs.replace(whole, events=(event,), positions=(item.version - whole.first,))
    with refusing("rule"):
        fold(state, one, rows if _counts(item.name, event, state.reading) else EntryRows())


def _counts(name: str, event: object, reading: str | None) -> bool:
    """Whether this event's rows are of the reading asked about.

    They are if it is that event, a correction of it, or said about its source in the register.
    """
    if isinstance(event, ActivityCorrected | ActivityWithdrawn):
        return event.event == reading
    return not isinstance(event, Body) or name == reading


def _check_references(state: State, item: OpenedEvent, shown: Container[str]) -> None:
    """Raise ProofFailed if the event refers to something that the file has not said before."""
    for what in _missing(state, item, shown):
        raise ProofFailed(
            f"{item.name} refers to what is not in the file",
            expected=what,
            advice="Ask for a complete file.",
            defect="left-out",
        )


def _missing(state: State, item: OpenedEvent, shown: Container[str]) -> Iterator[str]:
    needed = needs(item.stream, item.version, item.said)
    yield from (f"source {s}" for s in needed.sources if state.get(SOURCE, s) is None)
    yield from (f"factor {ref}" for ref in needed.factors if state.get(FACTOR, ref) is None)
    yield from (f"site {site}" for site in needed.sites if state.get(SITE, site) is None)
    yield from (f"party {party}" for party in needed.parties if state.get(PARTY, party) is None)
    named = {*needed.statements, *needed.corrected} - {item.name}
    named |= {name for name in (getattr(item.said, "supersedes", None),) if name is not None}
    yield from sorted(name for name in named if name not in shown)


@contextmanager
def _of_entry(entry: OpenedEntry) -> Iterator[None]:
    """An error inside says which entry of the file does not hold."""
    try:
        yield
    except LedgerError as error:
        raise ProofFailed(
            f"{entry.words} of the file does not hold: {error.what}",
            expected=error.expected,
            found=error.found,
            advice=error.advice or "Ask for a complete file.",
            defect=error.defect,
        ) from error


def entry_words(opened: OpenedBundle, entry: OpenedEntry) -> str:
    """Which entry of which log this is, for people."""
    if entry.index < 0:
        return f"{entry.words.removeprefix('entry ')}, which this log continues"
    return f"{entry.index} of a log of {opened.checkpoint.size}"


def flagged(state: State, entries: Iterable[OpenedEntry]) -> Flagged:
    """Entries that are disputed, and those that rest on a recovery, with what to say of them."""
    disputed, recovered, notes = [], [], []
    for entry in entries:
        key = state.get(KEY, entry.signed.kid)
        if key is None:
            continue
        if key.recovered:
            recovered.append(entry.index)
            notes.append(
                f"{entry.words} is signed with a key of {key.party} that the operator "
                f"recovered in {key.by}"
            )
        if key.disputed_at(entry.index):
            disputed.append(entry.index)
            since = (
                f" from entry {key.compromised_from} on" if (key.compromised_from or 0) >= 0 else ""
            )
            notes.append(
                f"{entry.words} is disputed: its key was declared compromised{since}, in "
                f"{key.compromised_by or key.revoked_by}"
            )
    return Flagged(tuple(disputed), tuple(recovered), tuple(notes))

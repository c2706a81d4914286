"""Which events' data may be gone from a log, read from its entries before anything else is.

A redaction stands later in the log than the event that it is about, so whoever folds the log from
its beginning looks it up first. Whether these events may say what they say is decided where they
stand, like of any other; what was read too early is asked for again. Pure.
Source: formats, section 10; specification, redactions.
"""

from __future__ import annotations

from collections.abc import Sequence

from ledger.carbon.redaction.events import DataRedacted, RedactionConfirmed
from ledger.carbon.redaction.pieces import REDACTED
from ledger.errors import LedgerError, ProofFailed
from ledger.fold.state import State
from ledger.log.names import event_ref, split_event
from ledger.log.redacted import read_redacted
from ledger.machine import read_event
from ledger.parties.rules import place_of


class Redactions:
    """What authors said of events whose data is given up, and which of that was confirmed."""

    def __init__(self) -> None:
        self._said: dict[str, DataRedacted] = {}
        self._confirmed: dict[str, DataRedacted] = {}
        self._gone: dict[str, None] = {}

    @property
    def awaited(self) -> list[str]:
        """The events whose data was gone in what has been read, and whose confirmation was not in it."""
        return [event for event in self._gone if event not in self._confirmed]

    def read(self, stream: str, first: int, lines: Sequence[bytes]) -> None:
        """Take note of what an entry says of redactions, and of data that is gone from it.

        Entries come in the order of the log; what else is in them, and lines that are no event, are
        passed by: who folds them says so.
        """
        self._gone.update(dict.fromkeys(gone(stream, first, lines)))
        try:
            if place_of(stream) != "redactions":
                return
            events = [read_event(line) for line in lines]
        except LedgerError:
            return
        for version, event in enumerate(events, start=first):
            if isinstance(event, DataRedacted):
                self._said[event_ref(stream, version)] = event
            elif isinstance(event, RedactionConfirmed) and event.event in self._said:
                said = self._said[event.event]
                self._confirmed.setdefault(said.event, said)

    def of(self, event: str) -> DataRedacted | None:
        """What the confirmed redaction of an event says of it, None where none has been read."""
        return self._confirmed.get(event)


def gone(stream: str, first: int, lines: Sequence[bytes]) -> list[str]:
    """The names of the events of an entry whose data was taken out."""
    return [
        event_ref(stream, version)
        for version, line in enumerate(lines, start=first)
        if read_redacted(line) is not None
    ]


def check_confirmed(state: State, events: Sequence[str]) -> None:
    """Raise ProofFailed unless the redaction of each of these events was folded and confirmed."""
    for event in events:
        stream, _ = split_event(event)
        known = state.get(REDACTED, stream)
        if known is None or event not in known.readings:
            raise ProofFailed(
                f"the data of {event} is gone",
                expected="its DataRedacted and the operator's confirmation, both in the log so far",
                found="not both",
                advice="Ask for all entries up to the confirmation.",
                defect="left-out",
            )

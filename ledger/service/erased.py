"""Which events' data may be gone, read from the log before anything else is.

A redaction stands later in the log than the event it is about, so whoever folds the log from its
beginning looks it up first. Both events are among a few in streams of their own; they are read once
for each party. Whether they may say what they say is decided where they stand, like of any other.
Source: formats, section 10.
"""

from __future__ import annotations

from ledger.carbon.redaction.events import DataRedacted, RedactionConfirmed
from ledger.carbon.redaction.pieces import ErasedPiece
from ledger.log.names import event_ref, party_of, split_event
from ledger.machine import read_event
from ledger.parties.pieces import LedgerPiece
from ledger.store import log_store
from ledger.store.database import Connection


class Erased:
    """Looks up confirmed redactions, party by party, and keeps what it found."""

    def __init__(self) -> None:
        self._said: dict[str, dict[str, DataRedacted]] = {}

    def forget(self) -> None:
        """Read everything again when it is asked for."""
        self._said.clear()

    async def of(self, conn: Connection, event: str, about: LedgerPiece) -> ErasedPiece | None:
        """The entry of an event and its confirmed redaction, None if the log holds none."""
        stream, version = split_event(event)
        party = party_of(stream)
        if event not in self._said.get(party, {}):
            self._said[party] = await _confirmed(conn, party, about.operator)
        said = self._said[party].get(event)
        place = await log_store.find_entry(conn, stream, version)
        return None if said is None or place is None else ErasedPiece(place.index, said)


async def _confirmed(conn: Connection, party: str, operator: str) -> dict[str, DataRedacted]:
    """What a party said of each of its events whose redaction the operator has confirmed."""
    confirmed = {
        event.event
        for _, event in await _events(conn, f"{operator}/redactions")
        if isinstance(event, RedactionConfirmed)
    }
    return {
        event.event: event
        for name, event in await _events(conn, f"{party}/redactions")
        if isinstance(event, DataRedacted) and name in confirmed
    }


async def _events(conn: Connection, stream: str) -> list[tuple[str, object]]:
    return [
        (event_ref(stream, version), read_event(line))
        async for entry in log_store.stream_entries(conn, stream)
        for version, line in enumerate(entry.event_lines, start=entry.first)
    ]

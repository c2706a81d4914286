"""Recorded events read back from the entries that carry them, as the rules and views ask for them.

Bodies are not kept: an entry's lines are asked for again from whoever keeps them, so that memory
grows with sources and months and not with readings.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from ledger.carbon.events import ActivityCorrected, ActivityWithdrawn, Body
from ledger.carbon.pieces import HistoryPiece, RecordedPiece
from ledger.log.names import event_ref, split_event
from ledger.log.redacted import Redacted, read_redacted
from ledger.machine import read_event, read_stored


class Kept(Protocol):
    """Keeps the event lines of entries."""

    def keep(self, index: int, lines: Sequence[bytes]) -> None:
        """Keep an entry's lines."""

    def lines(self, index: int) -> Sequence[bytes]:
        """The lines of an entry that were kept."""


class InMemory:
    """Keeps all lines in memory."""

    def __init__(self) -> None:
        self._lines: dict[int, Sequence[bytes]] = {}

    def keep(self, index: int, lines: Sequence[bytes]) -> None:
        """Keep an entry's lines."""
        self._lines[index] = lines

    def lines(self, index: int) -> Sequence[bytes]:
        """The lines of an entry that were kept."""
        return self._lines[index]


class _Place(msgspec.Struct, frozen=True, gc=False):
    first: int
    count: int
    index: int


class Recorded:
    """Where the events of readings and corrections stand, and what they say."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._places: dict[str, list[_Place]] = {}
        self._unpacked: tuple[int, Sequence[msgspec.Struct]] = (-1, ())

    def add(self, stream: str, first: int, index: int, lines: Sequence[bytes]) -> None:
        """Keep a whole entry of a stream of readings, or of its corrections."""
        self._kept.keep(index, lines)
        self._places.setdefault(stream, []).append(_Place(first, len(lines), index))

    def index(self, ref: str) -> int | None:
        """The index of the entry that carries an event, whether or not its data is gone."""
        place = self._place(ref)
        return None if place is None else place.index

    def event(self, ref: str) -> RecordedPiece | None:
        """An event as it was recorded, or None, also where its data is gone."""
        _, version = split_event(ref)
        place = self._place(ref)
        if place is None:
            return None
        if self._unpacked[0] != place.index:
            # The next correction is often of the same batch.
            self._unpacked = place.index, read_stored(list(self._kept.lines(place.index)))
        event = self._unpacked[1][version - place.first]
        if isinstance(event, Redacted):
            return None
        body = event.body if isinstance(event, ActivityCorrected) else event
        return RecordedPiece(type(event).__name__, _body(body), place.index)

    def history(self, stream: str, size: int) -> HistoryPiece:
        """All bodies of a stream as they stand after the first `size` entries of the log.

        Events whose data is gone are left out: nobody counts them again.
        """
        bodies: dict[str, tuple[Body, int]] = {}
        for index, version, event in self._events(stream, size):
            bodies[event_ref(stream, version)] = _body(event), index
        for index, _, event in self._events(f"{stream}/corrections", size):
            if isinstance(event, ActivityCorrected):
                bodies[event.event] = event.body, index
            elif isinstance(event, ActivityWithdrawn):
                del bodies[event.event]
        return HistoryPiece(tuple((name, body, index) for name, (body, index) in bodies.items()))

    def _place(self, ref: str) -> _Place | None:
        stream, version = split_event(ref)
        places = self._places.get(stream, [])
        at = bisect_right(places, version, key=lambda place: place.first) - 1
        if at < 0 or version >= places[at].first + places[at].count:
            return None
        return places[at]

    def _events(self, stream: str, size: int) -> Iterator[tuple[int, int, object]]:
        for place in self._places.get(stream, []):
            if place.index < size:
                for version, line in enumerate(self._kept.lines(place.index), start=place.first):
                    if read_redacted(line) is None:
                        yield place.index, version, read_event(line)


def _body(event: object) -> Body:
    if not isinstance(event, Body):
        raise TypeError(f"{type(event).__name__} in a stream of readings")
    return event

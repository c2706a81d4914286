"""Eight bytes that name one reading of a profile, so that it is recognised in another profile.

A mark is made of the quantity and of what is said about it: unit, factors, quality, whether it is
estimated. Time and length stand beside it; documents and the reason for an unusual value are no part
of it, since they are said for a whole file or profile. So the same reading has the same mark in a
profile that begins elsewhere, and as an event of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Final

import msgspec

from ledger.carbon.events import ActivityRecorded, ProfileRecorded
from ledger.log.values import parse_time

MARK_BYTES: Final = 8
_GAP: Final = bytes(MARK_BYTES)
_encoder = msgspec.json.Encoder(order="sorted")


class Marks(msgspec.Struct, frozen=True):
    """The marks of one profile, by position; zeros for a gap."""

    start_s: int
    step_s: int
    marks: bytes

    @property
    def until_s(self) -> int:
        """Where the last interval ends."""
        return self.start_s + self.step_s * (len(self.marks) // MARK_BYTES)


def marks_of(events: Iterable[msgspec.Struct]) -> list[Marks]:
    """The marks of those events that are profiles."""
    return [_marks(event) for event in events if isinstance(event, ProfileRecorded)]


def marks_in(marks: bytes) -> Iterator[tuple[int, bytes]]:
    """(position, mark) of the readings that are there."""
    for at in range(len(marks) // MARK_BYTES):
        mark = marks[at * MARK_BYTES : (at + 1) * MARK_BYTES]
        if mark != _GAP:
            yield at, mark


def mark_of_reading(event: ActivityRecorded) -> tuple[tuple[int, int], bytes]:
    """((start, length), mark) of a reading that is an event of its own."""
    start_s, end_s = parse_time(event.period[0]), parse_time(event.period[1])
    mark = _mark(_terms(event), event.quantity, estimated=event.estimated)
    return (start_s, end_s - start_s), mark


def _marks(event: ProfileRecorded) -> Marks:
    terms, estimated = _terms(event), set(event.estimated)
    marks = b"".join(
        _GAP if quantity is None else _mark(terms, quantity, estimated=at in estimated)
        for at, quantity in enumerate(event.quantities)
    )
    return Marks(parse_time(event.start), event.interval_s, marks)


def _terms(event: ActivityRecorded | ProfileRecorded) -> bytes:
    return _encoder.encode((event.unit, event.factors, event.quality))


def _mark(terms: bytes, quantity: str, *, estimated: bool) -> bytes:
    return sha256(b"%s %d %s" % (quantity.encode(), estimated, terms)).digest()[:MARK_BYTES]

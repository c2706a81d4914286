"""Readings become events: each its own, or runs of them as load profiles.

An item is an event with the lines of the file that it came from. A profile covers one local day or
month, with readings of one length; a reading that is not there is a gap. Rows may stand in any
order within the day or month: they are put in that of time. A new profile begins after a gap of more
than `MAX_GAP` intervals, where the length of a reading changes, and where an event is full.
Source: accounting rules, section 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

import msgspec

from ledger.carbon.events import MAX_READINGS, ActivityRecorded, ProfileRecorded
from ledger.client.importer.mapfile import ImportMap
from ledger.client.importer.rows import Reading
from ledger.client.importer.table import RowRefused
from ledger.client.writer import UNSALTED
from ledger.log.values import later

Recorded = ActivityRecorded | ProfileRecorded

MAX_GAP: Final = 96
"""Intervals, a day of quarter-hours: beyond that the nulls are longer than an event of their own."""
MAX_BYTES: Final = 56 * 1024
"""Of the quantities and estimated positions of a profile, so that its line fits in 65 536 bytes."""
_MAX_SORTED: Final = 100_000
"""Rows that are put in order at once: more than a month of minutes."""


class Item(msgspec.Struct, frozen=True):
    """An event that the file gives."""

    lines: tuple[int, ...]
    """Of its readings, in their order; gaps have none."""
    event: Recorded
    day: date
    """The local day in which it starts."""

    @property
    def line(self) -> int:
        """The first of its lines."""
        return min(self.lines)

    @property
    def readings(self) -> int:
        """How many readings it has."""
        return len(self.lines)

    @property
    def where(self) -> str:
        """Its place in the file, in words."""
        first, last = min(self.lines), max(self.lines)
        return f"line {first}" if first == last else f"lines {first} to {last}"

    def only(self, keep: Iterable[int]) -> Item:
        """The profile with the readings at these positions alone; the others become gaps."""
        event = self._profile()
        kept = sorted(keep)
        wanted, first = set(kept), kept[0]
        line_of = dict(zip(self._filled(), self.lines, strict=True))
        quantities = tuple(
            event.quantities[at] if at in wanted else None for at in range(first, kept[-1] + 1)
        )
        part = msgspec.structs.replace(
            event,
            start=later(event.start, first * event.interval_s),
            quantities=quantities,
            estimated=tuple(at - first for at in event.estimated if at in wanted),
        )
        return Item(tuple(line_of[at] for at in kept), part, self.day)

    def halves(self) -> list[Item]:
        """The profile in two, each with half of its readings."""
        filled = self._filled()
        middle = len(filled) // 2
        return [self.only(filled[:middle]), self.only(filled[middle:])]

    def _filled(self) -> list[int]:
        """The positions of its readings."""
        quantities = self._profile().quantities
        return [at for at, quantity in enumerate(quantities) if quantity is not None]

    def _profile(self) -> ProfileRecorded:
        if isinstance(self.event, ProfileRecorded):
            return self.event
        raise AssertionError("a single reading has no parts")


def single_items(readings: Iterable[Reading | RowRefused]) -> Iterator[Item | RowRefused]:
    """Each reading as an event of its own."""
    for one in readings:
        if isinstance(one, RowRefused):
            yield one
        else:
            yield Item((one.line,), one.event, one.period.day)


def profile_items(
    readings: Iterable[Reading | RowRefused], mapping: ImportMap
) -> Iterator[Item | RowRefused]:
    """Runs of readings as profiles of a local day or month."""
    by_month = mapping.profile is not None and mapping.profile.by == "month"
    group: list[Reading] = []
    for one in readings:
        if isinstance(one, RowRefused):
            yield one
            continue
        if group and (
            _group(one, by_month=by_month) != _group(group[0], by_month=by_month)
            or len(group) >= _MAX_SORTED
        ):
            yield from _profiles(group)
            group = []
        group.append(one)
    yield from _profiles(group)


def _group(one: Reading, *, by_month: bool) -> object:
    day = one.period.day
    return (day.year, day.month) if by_month else day


def _profiles(group: list[Reading]) -> Iterator[Item]:
    """The profiles of one day or month."""
    group.sort(key=lambda one: one.period.start_s)
    run: _Run | None = None
    for one in group:
        if run is not None and not run.takes(one):
            yield run.item()
            run = None
        if run is None:
            run = _Run(one)
        run.add(one)
    if run is not None:
        yield run.item()


class _Run:
    """The readings of one profile so far."""

    def __init__(self, first: Reading) -> None:
        self.first: Final = first
        self.step_s: Final = first.period.end_s - first.period.start_s
        self.next_s = first.period.start_s
        self.quantities: list[str | None] = []
        self.estimated: list[int] = []
        self.lines: list[int] = []
        self.confirm: str | None = None
        self.bytes = 0

    def takes(self, one: Reading) -> bool:
        """Whether a reading continues the run, perhaps after a gap."""
        gap, rest = divmod(one.period.start_s - self.next_s, self.step_s)
        return (
            0 <= gap <= MAX_GAP
            and rest == 0
            and one.period.end_s - one.period.start_s == self.step_s
            and len(self.quantities) + gap < MAX_READINGS
            and self.bytes + _length(one, gap) <= MAX_BYTES
        )

    def add(self, one: Reading) -> None:
        """Take a reading, with the gap before it."""
        gap = (one.period.start_s - self.next_s) // self.step_s
        self.quantities += [None] * gap
        if one.event.estimated:
            self.estimated.append(len(self.quantities))
        self.quantities.append(one.event.quantity)
        self.lines.append(one.line)
        self.confirm = self.confirm or one.event.confirm
        self.next_s = one.period.end_s
        self.bytes += _length(one, gap)

    def item(self) -> Item:
        """The profile."""
        event = self.first.event
        return Item(
            tuple(self.lines),
            ProfileRecorded(
                salt=UNSALTED,
                start=event.period[0],
                interval_s=self.step_s,
                quantities=tuple(self.quantities),
                unit=event.unit,
                factors=event.factors,
                evidence=event.evidence,
                quality=event.quality,
                estimated=tuple(self.estimated),
                confirm=self.confirm,
            ),
            self.first.period.day,
        )


def _length(one: Reading, gap: int) -> int:
    """Bytes that a reading and the gap before it take in an event's line."""
    return len(one.event.quantity) + 3 + gap * len("null,") + 5 * one.event.estimated

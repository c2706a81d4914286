"""Readings become events: each its own, or runs of them as load profiles.

An item is an event with the lines of the file that it came from. A profile covers one local day or
month at the interval of the map; a reading that is not there is a gap. Readings of a profile come
in the order of time; one that does not is refused, since its place is taken.
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

Recorded = ActivityRecorded | ProfileRecorded


class Item(msgspec.Struct, frozen=True):
    """An event that the file gives."""

    line: int
    """Of its first reading."""
    last_line: int
    readings: int
    event: Recorded
    day: date
    """The local day in which it starts."""

    @property
    def where(self) -> str:
        """Its place in the file, in words."""
        same = self.line == self.last_line
        return f"line {self.line}" if same else f"lines {self.line} to {self.last_line}"


def single_items(readings: Iterable[Reading | RowRefused]) -> Iterator[Item | RowRefused]:
    """Each reading as an event of its own."""
    for one in readings:
        if isinstance(one, RowRefused):
            yield one
        else:
            yield Item(one.line, one.line, 1, one.event, one.period.day)


def profile_items(
    readings: Iterable[Reading | RowRefused], mapping: ImportMap
) -> Iterator[Item | RowRefused]:
    """Runs of readings as profiles of a local day or month."""
    by_month = mapping.profile is not None and mapping.profile.by == "month"
    run: _Run | None = None
    for one in readings:
        if isinstance(one, RowRefused):
            yield one
            continue
        if run is not None and not run.takes(one, by_month=by_month):
            if one.period.start_s < run.next_s:
                yield RowRefused(
                    line=one.line,
                    column=" and ".join(mapping.time_columns),
                    what="a reading that does not follow the one before it",
                    expected="the readings of a profile in the order of time, each once",
                    found=one.period.start,
                    advice='Sort the file by time, or use form = "readings".',
                )
                continue
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
        self.last = first
        self.step_s: Final = first.period.end_s - first.period.start_s
        self.next_s = first.period.start_s
        self.quantities: list[str | None] = []
        self.estimated: list[int] = []
        self.confirm: str | None = None
        self.readings = 0

    def takes(self, one: Reading, *, by_month: bool) -> bool:
        """Whether a reading continues the run, perhaps after a gap."""
        day, first = one.period.day, self.first.period.day
        same = (day.year, day.month) == (first.year, first.month) if by_month else day == first
        ahead_s = one.period.start_s - self.first.period.start_s
        return (
            same
            and one.period.end_s - one.period.start_s == self.step_s
            and one.period.start_s >= self.next_s
            and ahead_s % self.step_s == 0
            and ahead_s // self.step_s < MAX_READINGS
        )

    def add(self, one: Reading) -> None:
        """Take a reading, with the gap before it."""
        gap = (one.period.start_s - self.next_s) // self.step_s
        self.quantities += [None] * gap
        if one.event.estimated:
            self.estimated.append(len(self.quantities))
        self.quantities.append(one.event.quantity)
        self.confirm = self.confirm or one.event.confirm
        self.next_s = one.period.end_s
        self.last = one
        self.readings += 1

    def item(self) -> Item:
        """The profile."""
        event = self.first.event
        return Item(
            self.first.line,
            self.last.line,
            self.readings,
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

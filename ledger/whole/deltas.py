"""What every entry of a log added to the figures, so that any size's figures are a sum over a prefix.

The same as the read models of a ledger keep, in memory: rows are [index, …] lists by key, in the
order of the log. Source: architecture, "As of".
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import TypeVar

from ledger.carbon.exact import TINY
from ledger.carbon.rows import (
    ActivityKey,
    ActivityRow,
    EntryRows,
    LineRow,
    MassKey,
    MassRow,
    QualityKey,
    QualityRow,
)

K = TypeVar("K", bound=tuple[object, ...])

Period = tuple[str, str]
"""[first month, month after the last)."""


class Deltas:
    """What entries have added, by what they added it to."""

    def __init__(self) -> None:
        self._lines: dict[tuple[str, int], LineRow] = {}
        self._masses: dict[MassKey, list[tuple[int, ...]]] = {}
        self._activity: dict[ActivityKey, list[tuple[int, ...]]] = {}
        self._quality: dict[QualityKey, list[tuple[int, ...]]] = {}

    def add(self, index: int, rows: EntryRows) -> None:
        """Keep what an entry adds; indexes ascend."""
        for line in rows.lines:
            self._lines[line.stream, line.line] = line
        for mass_key, mass in rows.masses.items():
            self._masses.setdefault(mass_key, []).append((index, *mass))
        for activity_key, use in rows.activity.items():
            self._activity.setdefault(activity_key, []).append((index, *use))
        for quality_key, readings in rows.quality.items():
            self._quality.setdefault(quality_key, []).append((index, readings))

    def masses(self, sources: Collection[str], period: Period, size: int) -> list[MassRow]:
        """Masses of these streams in a period, as known at a log size."""
        return [
            MassRow(self._lines[key[0], key[1]], key[2], key[3], key[4], total[0], total[1])
            for key, total in _sums(self._masses, sources, period, size)
        ]

    def activity(self, sources: Collection[str], period: Period, size: int) -> list[ActivityRow]:
        """Quantities of these streams in a period, as known at a log size."""
        return [
            ActivityRow(self._lines[key[0], key[1]], key[2], _quantity(total[0]), *total[1:])
            for key, total in _sums(self._activity, sources, period, size)
        ]

    def quality(self, sources: Collection[str], period: Period, size: int) -> list[QualityRow]:
        """Readings of each grade of these streams in a period, as known at a log size."""
        return [
            QualityRow(self._lines[key[0], key[1]], key[2], key[3], total[0])
            for key, total in _sums(self._quality, sources, period, size)
        ]

    def added(
        self, sources: Collection[str], period: Period, indexes: Collection[int]
    ) -> list[tuple[int, MassRow]]:
        """What entries of these indexes added to masses of these streams, in the log's order."""
        found = [
            (row[0], key, row)
            for key, rows in self._masses.items()
            if key[0] in sources and period[0] <= key[2] < period[1]
            for row in rows
            if row[0] in indexes
        ]
        return [
            (index, MassRow(self._lines[key[0], key[1]], key[2], key[3], key[4], row[1], row[2]))
            for index, key, row in sorted(found)
        ]

    def touching(self, sources: Collection[str], period: Period, size: int) -> set[int]:
        """The entries below a size that added to masses of these streams in a period."""
        return {
            row[0]
            for key, rows in self._masses.items()
            if key[0] in sources and period[0] <= key[2] < period[1]
            for row in rows
            if row[0] < size
        }


def _sums(
    deltas: dict[K, list[tuple[int, ...]]], sources: Collection[str], period: Period, size: int
) -> Iterator[tuple[K, list[int]]]:
    """Each key of these streams and months with the sums of its columns below a size, in order."""
    for key in sorted(key for key in deltas if key[0] in sources):
        month = str(key[2])
        if not period[0] <= month < period[1]:
            continue
        below = [row[1:] for row in deltas[key] if row[0] < size]
        if below:
            yield key, [sum(column) for column in zip(*below, strict=True)]


def _quantity(tiny: int) -> Decimal:
    """A quantity of 10^-12 units, without zeros at its end."""
    whole, part = divmod(abs(tiny), TINY)
    text = f"{whole}.{part:012d}".rstrip("0").rstrip(".")
    return Decimal(f"-{text}" if tiny < 0 else text)

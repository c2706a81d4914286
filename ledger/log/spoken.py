"""Entries and sizes in words: people read the number that one has in its own log, and of which log.

Entry i of an earlier log of N entries has the index i - N in the log that continues it, and sizes of
that log count in the same way; programs are told these numbers. Source: decision 0024.

    -4, behind ledger.example/log of 16 entries: entry 12 of the earlier log ledger.example/log
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Ended(Protocol):
    """A log that came to its end and is continued."""

    @property
    def origin(self) -> str:
        """Host and path of the log."""

    @property
    def size(self) -> int:
        """Its entries that are here."""


def entry_words(index: int, earlier: Sequence[Ended]) -> str:
    """The entry of an index, such as `entry 812`; `earlier` are the ledger's earlier logs, oldest first."""
    place, origin = _place(index, earlier)
    return f"entry {place} of the earlier log {origin}" if origin else f"entry {place}"


def number_words(number: int, earlier: Sequence[Ended]) -> str:
    """A size or an index alone, such as `812`, or `12 of ledger.example/log` in an earlier log."""
    place, origin = _place(number, earlier)
    return f"{place} of {origin}" if origin else str(place)


def _place(number: int, earlier: Sequence[Ended]) -> tuple[int, str]:
    """The number in its own log, and that log's origin; none for the log at hand."""
    opened = 0
    for log in reversed(earlier):
        opened -= log.size
        if opened <= number < 0:
            return number - opened, log.origin
    return number, ""

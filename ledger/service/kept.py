"""The entries that a file is made from, each kept once, and found by an event that they hold.

A file about a company with many corrections asks for as many events as it has: so an entry is found
among those of its stream by bisection, and its lines are unpacked once.
"""

from __future__ import annotations

from bisect import bisect_right, insort

from ledger.store.log_store import StoredEntry


class Kept:
    """Entries, by index and by stream."""

    def __init__(self) -> None:
        self.entries: dict[int, StoredEntry] = {}
        self.lines: dict[int, list[bytes]] = {}
        """The event lines of each entry, without their LF."""
        self._firsts: dict[str, list[tuple[int, int]]] = {}
        """Of each stream, ascending: the first version of an entry, and its index."""

    def add(self, entry: StoredEntry) -> None:
        """Keep an entry. Raises Damaged where its lines do not unpack."""
        if entry.index not in self.entries:
            self.lines[entry.index] = entry.event_lines
            self.entries[entry.index] = entry
            insort(self._firsts.setdefault(entry.stream, []), (entry.first, entry.index))

    def holding(self, stream: str, version: int) -> StoredEntry | None:
        """The kept entry that holds a version of a stream, or None."""
        firsts = self._firsts.get(stream, [])
        at = bisect_right(firsts, version, key=_first)
        if at == 0:
            return None
        entry = self.entries[firsts[at - 1][1]]
        return entry if version < entry.first + entry.count else None


def _first(place: tuple[int, int]) -> int:
    return place[0]

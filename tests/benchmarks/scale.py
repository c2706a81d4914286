"""How much each slice does, from the number of events that the run is asked for.

At full size slices are long enough to be steady and short enough to alternate often; a small run
shows in seconds that everything works, and its figures mean nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

BULK_STREAMS: Final = range(20)
"""Meters that post batches of readings."""
CLIENT_STREAMS: Final = range(20, 84)
"""One meter for each of 64 clients."""
PROFILE_STREAMS: Final = range(84, 104)
"""Meters that post load profiles."""
STREAMS: Final = 104
JOBS: Final = 2

NORMAL: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes of one run. Batches and events are those of one client in one slice."""

    events: int
    """Of the ledger on which audit, proofs and reads are measured: full size."""
    slices: int
    bulk_batches: int
    hundreds: int
    profile_batches: int
    singles: int
    stock_batches: int
    stock_singles: int
    posts: int
    """One after the other, to an idle server."""
    reads: int
    bundles: int
    checks: int
    """Files of single events that are verified."""

    @classmethod
    def of(cls, events: int, slices: int) -> Scale:
        """The sizes that fit this many events."""

        def some(count: int) -> int:
            return max(1, min(count, count * events // NORMAL))

        return cls(
            events=events,
            slices=slices,
            bulk_batches=some(8),
            hundreds=some(8),
            profile_batches=some(4),
            singles=some(24),
            stock_batches=some(8),
            stock_singles=some(400),
            posts=some(60),
            reads=some(200),
            bundles=some(60),
            checks=some(20),
        )

    @property
    def small_events(self) -> int:
        """Of the ledger that growth is measured against: a tenth of full size."""
        return self.events // 10

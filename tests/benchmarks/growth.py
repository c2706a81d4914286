"""How cost grows with the log: the same work at full size and at a tenth of it, in turns."""

from __future__ import annotations

import random
import time
from collections.abc import Collection

from tests.benchmarks.clients import post_from
from tests.benchmarks.figure import Figure, Pairs
from tests.benchmarks.filled import Filled
from tests.benchmarks.scale import BULK_STREAMS
from tests.workload import stream

NAMES = ("grow.append", "grow.read")
YEAR = 12
ROUNDS = 20
"""Each reads a company's figures, the area's and the bundle of one event."""


class Growth:
    """Two ledgers of one kind and different size."""

    def __init__(self, full: Filled, small: Filled, wanted: Collection[str]) -> None:
        self._full = full
        self._small = small
        self._wanted = wanted
        self._append = Pairs("grow.append", "events/s", f"the same at {small.events:,} events")
        self._read = Pairs("grow.read", "reads/s", f"the same at {small.events:,} events")
        self._random = random.Random(2)  # noqa: S311  (which events, no secret)
        # What is read must be alike in both: as many months as the small one has, up to a year.
        self._months = small.months(YEAR)

    @property
    def figures(self) -> list[Figure]:
        """Those that are wanted."""
        return [f for f in (self._append, self._read) if f.name in self._wanted]

    async def slice(self) -> None:
        """Everything that is wanted, once, in both."""
        if "grow.append" in self._wanted:
            peer = await _append_rate(self._small)
            self._append.add(await _append_rate(self._full), peer)
        if "grow.read" in self._wanted:
            peer = await self._read_rate(self._small)
            self._read.add(await self._read_rate(self._full), peer)

    async def _read_rate(self, filled: Filled) -> float:
        events = [
            f"{stream(self._random.choice(BULK_STREAMS))}@{self._random.randint(1, filled.versions)}"
            for _ in range(ROUNDS)
        ]
        began = time.perf_counter()
        for event in events:
            await filled.ledger.footprint("company", *self._months)
            await filled.ledger.area(*self._months)
            await filled.ledger.bundle(event)
        return 3 * ROUNDS / (time.perf_counter() - began)


async def _append_rate(filled: Filled) -> float:
    clients = [[filled.workload.batch(number, 1000)] for number in BULK_STREAMS]
    return 1000 * len(clients) / await post_from(filled.ledger, clients)

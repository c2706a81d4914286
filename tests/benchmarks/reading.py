"""What readers wait for at full size: figures and a report of a year, the proof of one event."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Awaitable, Callable, Collection

from tests.benchmarks.figure import Figure, Times, rounded
from tests.benchmarks.filled import Filled
from tests.benchmarks.growth import YEAR
from tests.benchmarks.scale import BULK_STREAMS, Scale
from tests.workload import stream

NAMES = ("prove.event", "read.company", "read.area", "read.report")
REPORTS = 5
"""So many in a slice: one takes as long as dozens of figures."""


class Reading:
    """One reader of a ledger at full size, who asks for one thing after the other."""

    def __init__(self, full: Filled, scale: Scale, wanted: Collection[str]) -> None:
        self._full = full
        self._scale = scale
        self._wanted = wanted
        self._prove = Times("prove.event", "median")
        self._company = Times("read.company", "p99")
        self._area = Times("read.area", "p99")
        self._report = Times("read.report", "p99")
        self._random = random.Random(3)  # noqa: S311  (which events, no secret)
        self._sizes: list[int] = []

    @property
    def figures(self) -> list[Figure]:
        """Those that are wanted."""
        if self._sizes:
            size = statistics.median(self._sizes)
            self._prove.extra = {"kb": rounded(size / 1000), "kb_max": max(self._sizes) / 1000}
        every = (self._prove, self._company, self._area, self._report)
        return [figure for figure in every if figure.name in self._wanted]

    async def slice(self) -> None:
        """Everything that is wanted, once."""
        ledger, year = self._full.ledger, self._full.months(YEAR)
        if "prove.event" in self._wanted:
            self._prove.add([await _time_ms(self._bundle) for _ in range(self._scale.bundles)])
        if "read.company" in self._wanted:
            reads = range(self._scale.reads)
            self._company.add(
                [await _time_ms(lambda: ledger.footprint("company", *year)) for _ in reads]
            )
        if "read.area" in self._wanted:
            reads = range(self._scale.reads)
            self._area.add([await _time_ms(lambda: ledger.area(*year)) for _ in reads])
        if "read.report" in self._wanted:
            self._report.add(
                [
                    await _time_ms(lambda: ledger.report("area-views", None, year))
                    for _ in range(REPORTS)
                ]
            )

    async def _bundle(self) -> None:
        version = self._random.randint(1, self._full.versions)
        event = f"{stream(self._random.choice(BULK_STREAMS))}@{version}"
        self._sizes.append(len(await self._full.ledger.bundle(event)))


async def _time_ms(call: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await call()
    return (time.perf_counter() - began) * 1000

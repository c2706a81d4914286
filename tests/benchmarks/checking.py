"""Audit and rebuild of the whole ledger at full size, with two jobs, beside the floor.

The floor reads its batches from memory, in one process; audit and rebuild read theirs from the
database. It is measured before and after each pass, which may take long.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from tests.benchmarks.append import FLOOR, floor_rate
from tests.benchmarks.clients import seconds_of
from tests.benchmarks.figure import Figure, Pairs
from tests.benchmarks.filled import Filled
from tests.benchmarks.scale import BULK_STREAMS, JOBS
from tests.workload import Workload

NAMES = ("audit", "rebuild")


class Checking:
    """An auditor of a ledger at full size."""

    def __init__(self, full: Filled, wanted: Collection[str]) -> None:
        self._full = full
        self._wanted = wanted
        self._audit = Pairs("audit", "events/s", FLOOR)
        self._rebuild = Pairs("rebuild", "events/s", FLOOR)
        other = Workload(full.ledger.log, seed=9)
        self._bodies = [other.batch(number, 1000) for number in BULK_STREAMS for _ in range(2)]

    @property
    def figures(self) -> list[Figure]:
        """Those that are wanted."""
        return [f for f in (self._audit, self._rebuild) if f.name in self._wanted]

    async def slice(self) -> None:
        """Everything that is wanted, once."""
        ledger = self._full.ledger
        if "audit" in self._wanted:
            await self._pass(self._audit, ledger.audit)
        if "rebuild" in self._wanted:
            await self._pass(self._rebuild, ledger.rebuild)

    async def _pass(self, figure: Pairs, check: Callable[..., Awaitable[Any]]) -> None:
        jobs = {"jobs": JOBS} if "jobs" in inspect.signature(check).parameters else {}
        figure.extra = {"jobs": JOBS if jobs else 1}
        reports: list[Any] = []

        async def work() -> None:
            reports.append(await check(**jobs))

        before = self._floor()
        seconds = await seconds_of(work)
        if not reports[0].ok:
            raise RuntimeError(f"{figure.name}: {reports[0]}")
        figure.add(reports[0].events / seconds, (before + self._floor()) / 2)

    def _floor(self) -> float:
        return floor_rate(self._bodies, 1000 * len(self._bodies))

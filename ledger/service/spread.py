"""Where ranges of the log are checked: here, on a process pool, or on a Dask cluster.

It is the same function everywhere (`ranges.check_range`), and what comes back is merged in the same
order, so the answer is the same. Workers are believed: who audits runs them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from ledger.ranges import Found, Range, check_range
from ledger.service.workers import Workers

AHEAD = 2
"""Ranges on their way for each job: one that is checked, one that waits to be."""


class Spread(Protocol):
    """Checks ranges; several at a time may be on their way."""

    @property
    def ahead(self) -> int:
        """How many ranges may be on their way."""

    async def check(self, part: Range) -> Found:
        """What follows from a range; raises Unavailable where nobody can say."""


class Here:
    """Checks one range after the other, in this process."""

    ahead = 1

    async def check(self, part: Range) -> Found:
        """What follows from a range."""
        return check_range(part)


class Pool:
    """Checks as many ranges at a time as it has processes."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self.ahead = AHEAD * workers.jobs

    async def check(self, part: Range) -> Found:
        """What follows from a range; raises Unavailable."""
        return await self._workers.run(check_range, part)


@asynccontextmanager
async def spread(jobs: int = 1, dask: str | None = None) -> AsyncIterator[Spread]:
    """Over so many processes, or over the Dask cluster of this address.

    One job is done in this process. Raises InvalidInput, Unavailable.
    """
    if dask is not None:
        from ledger.service.on_dask import on_dask  # noqa: PLC0415  (an extra, and slow to load)

        async with on_dask(dask) as cluster:
            yield cluster
        return
    if jobs <= 1:
        yield Here()
        return
    workers = Workers(jobs)
    try:
        yield Pool(workers)
    finally:
        await workers.close()

"""A ledger that is filled before it is measured: with bodies from other processes, in bulk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from ledger.service import Ledger
from tests.benchmarks.bodies import Bodies
from tests.benchmarks.clients import post_from
from tests.benchmarks.disk import table_bytes
from tests.benchmarks.neighbours import neighbours
from tests.benchmarks.place import Place
from tests.benchmarks.scale import BULK_STREAMS
from tests.workload import QUARTER, START, Workload

Told = Callable[[int, int], None]
"""Is told how many events of how many are there."""


@dataclass
class Filled:
    """A ledger of twenty meters, and their readings over as many months as they fill."""

    ledger: Ledger
    workload: Workload
    events: int
    data_bytes: int
    disk_bytes: int
    """That the readings added to the tables and indexes."""

    def months(self, count: int) -> tuple[str, str]:
        """The last `count` months, or fewer if there are no more."""
        version, _ = self.workload.head(BULK_STREAMS[0])
        last = START + version * QUARTER
        first = max(START, last - timedelta(days=30.5 * (count - 1)))
        return f"{first:%Y-%m}", f"{last:%Y-%m}"

    @property
    def versions(self) -> int:
        """Readings of each meter."""
        return self.workload.head(BULK_STREAMS[0])[0]


async def fill(place: Place, ledger: Ledger, events: int, told: Told) -> Filled:
    """Post a company with its meters, its neighbours with their bills, and so many readings."""
    workload = Workload(ledger.log)
    for body in workload.preparation():
        await ledger.post(body)
    days = events * QUARTER.total_seconds() / len(BULK_STREAMS) / 86_400
    for body in neighbours(workload, 1 + int(days / 30)):
        await ledger.post(body)
    before = table_bytes(place)
    bodies, done = Bodies(ledger.log, events), 0
    for chunk in bodies.chunks():
        await post_from(ledger, chunk)
        done += 1000 * sum(map(len, chunk))
        told(done, events)
    for number, (version, leaf) in bodies.heads.items():
        workload.go_on(number, version, leaf)
    return Filled(ledger, workload, done, bodies.data_bytes, table_bytes(place) - before)

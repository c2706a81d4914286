"""Many signed bodies, made by worker processes ahead of whoever posts them.

Each worker has meters of its own and hands over some bodies at a time; at most two such chunks wait
for each, so memory is the same for a million events and for ten.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.queues import Queue
from typing import Any, Final

from tests.benchmarks.scale import BULK_STREAMS
from tests.workload import Workload

WORKERS: Final = 2
BATCH: Final = 1000
TIMEOUT_S: Final = 120
"""For one chunk: a worker that died is noticed."""
CHUNK_ROUNDS: Final = 2
"""Batches of each meter in a chunk."""

Chunk = list[list[bytes]]
"""Bodies of each meter, in order."""


@dataclass
class Bodies:
    """Bodies of `events` readings, spread over the meters, for one log."""

    log: str
    events: int
    heads: dict[int, tuple[int, str]] = field(default_factory=dict)
    """Where the meters stand after the last chunk."""
    data_bytes: int = 0
    """Event lines, each with its LF."""

    def chunks(self) -> Iterator[Chunk]:
        """All of them."""
        context = multiprocessing.get_context("spawn")
        queues: list[Queue[Any]] = [context.Queue(2) for _ in range(WORKERS)]
        rounds = -(-self.events // (len(BULK_STREAMS) * BATCH))
        processes = [
            context.Process(
                target=_sign,
                args=(queue, self.log, list(BULK_STREAMS)[number::WORKERS], rounds, number),
                daemon=True,
            )
            for number, queue in enumerate(queues)
        ]
        for process in processes:
            process.start()
        try:
            for _ in range(0, rounds, CHUNK_ROUNDS):
                chunk: Chunk = []
                for queue in queues:
                    chunk += queue.get(timeout=TIMEOUT_S)
                for body in (body for meter in chunk for body in meter):
                    self.data_bytes += len(body) - body.index(b"\n") - 1
                yield chunk
            for queue in queues:
                self.heads |= queue.get(timeout=TIMEOUT_S)
        finally:
            for process in processes:
                process.terminate()
                process.join()


def _sign(queue: Queue[Any], log: str, meters: list[int], rounds: int, seed: int) -> None:
    workload = Workload(log, seed=100 + seed)
    for begin in range(0, rounds, CHUNK_ROUNDS):
        count = min(CHUNK_ROUNDS, rounds - begin)
        queue.put([[workload.batch(meter, BATCH) for _ in range(count)] for meter in meters])
    queue.put({meter: workload.head(meter) for meter in meters})

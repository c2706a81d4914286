"""`make bench`: append rates beside the bare limit and the stock recorder, in the same run.

Subject, floor and peer take turns in short slices, because machines are noisy: the median of the
slices is reported with its spread, and what counts is the ratio. Everything is durable: fsync is
on, and PostgreSQL's own count of WAL syncs is printed. Results: a table, and build/bench.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder
from rich.console import Console
from rich.table import Table

from ledger.service import Ledger, Settings, initialise, open_ledger
from ledger.store.embedded import EmbeddedServer
from tests.benchmarks.floor import process
from tests.benchmarks.stock import stock_recorder, stored_events
from tests.workload import OPERATOR, RECOVERY, Workload

RESULTS = Path("build/bench.json")
SINGLE_CLIENTS = 64


@dataclass
class Figure:
    """Rates (events a second) of a subject and its peer, a pair per slice."""

    name: str
    unit: str
    peer: str
    values: list[float] = field(default_factory=list)
    peers: list[float] = field(default_factory=list)

    def result(self) -> dict[str, object]:
        value, peer = statistics.median(self.values), statistics.median(self.peers)
        ratios = [a / b for a, b in zip(self.values, self.peers, strict=True)]
        return {
            "name": self.name,
            "value": round(value),
            "unit": self.unit,
            "peer": self.peer,
            "peer_value": round(peer),
            "ratio": round(statistics.median(ratios), 3),
            "ratio_min": round(min(ratios), 3),
            "ratio_max": round(max(ratios), 3),
            "slices": len(ratios),
        }


async def rate(events: int, work: Callable[[], Awaitable[object]]) -> float:
    """Events a second of some work."""
    began = time.perf_counter()
    await work()
    return events / (time.perf_counter() - began)


async def append_all(ledger: Ledger, bodies: list[bytes]) -> None:
    """Post every body at once, as clients that do not wait for each other do."""
    await asyncio.gather(*(ledger.post(body) for body in bodies))


async def measure(ledger: Ledger, server: EmbeddedServer, slices: int) -> list[dict[str, object]]:
    work = Workload(ledger.log)
    for body in work.preparation():
        await ledger.post(body)
    bulk = Figure("append.bulk", "events/s", "floor: decode and hash alone, one process")
    stock = Figure("append.bulk_vs_stock", "events/s", "stock recorder, batches of 1 000")
    hundred = Figure("append.batch100", "events/s", "floor: decode and hash alone, one process")
    single = Figure("append.single", "events/s", "stock recorder, one by one")
    with stock_recorder(server.conninfo("ledger_owner")) as recorder:
        for number in range(slices + 1):
            bodies = work.batches(10, 1000)
            mine = await rate(10_000, lambda b=bodies: append_all(ledger, b))  # type: ignore[misc]
            floor = await rate(10_000, lambda b=bodies: _floor(b))  # type: ignore[misc]
            theirs = [stored_events(body) for body in bodies[:4]]
            peer = await rate(4_000, lambda t=theirs: _stock(recorder, t))  # type: ignore[misc]
            small = work.batches(40, 100)
            small_mine = await rate(4_000, lambda b=small: append_all(ledger, b))  # type: ignore[misc]
            small_floor = await rate(4_000, lambda b=small: _floor(b))  # type: ignore[misc]
            ones = [_groups_of_one(work) for _ in range(4)]
            one_mine = await rate(
                4 * SINGLE_CLIENTS,
                lambda o=ones: _one_after_the_other(ledger, o),  # type: ignore[misc]
            )
            singles = [stored_events(body) for group in ones for body in group][:100]
            one_peer = await rate(len(singles), lambda s=singles: _stock(recorder, s))  # type: ignore[misc]
            if number == 0:
                continue  # the first slice warms everything up
            for figure, value, other in (
                (bulk, mine, floor),
                (stock, mine, peer),
                (hundred, small_mine, small_floor),
                (single, one_mine, one_peer),
            ):
                figure.values.append(value)
                figure.peers.append(other)
    return [figure.result() for figure in (bulk, stock, hundred, single)]


def _groups_of_one(work: Workload) -> list[bytes]:
    return work.batches(SINGLE_CLIENTS, 1)


async def _one_after_the_other(ledger: Ledger, groups: list[list[bytes]]) -> None:
    for group in groups:
        await append_all(ledger, group)


async def _floor(bodies: list[bytes]) -> None:
    for body in bodies:
        process(body)


async def _stock(recorder: PostgresApplicationRecorder, batches: list[list[StoredEvent]]) -> None:
    for events in batches:
        recorder.insert_events(events)


def wal_syncs(server: EmbeddedServer) -> int:
    """How often PostgreSQL has synced its write-ahead log since its statistics began."""
    with psycopg.connect(server.conninfo("ledger_owner")) as conn:
        row = conn.execute("SELECT sum(fsyncs) FROM pg_stat_io WHERE object = 'wal'").fetchone()
    return int(row[0] or 0) if row else 0


async def run(folder: Path, slices: int) -> dict[str, object]:
    settings = Settings(home=folder / "home")
    await initialise(
        settings,
        origin="bench.example/log",
        area="Synthetic bench",
        timezone="Asia/Shanghai",
        operator="operator",
        operator_key=OPERATOR,
        recovery_key=RECOVERY,
    )
    with EmbeddedServer(settings.home) as server:
        async with open_ledger(settings) as ledger:
            before = wal_syncs(server)
            results = await measure(ledger, server, slices)
            synced = wal_syncs(server) - before
    return {"machine": machine(), "wal_syncs": synced, "results": results}


def machine() -> dict[str, object]:
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.system(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=5, help="how often each figure is measured")
    slices = parser.parse_args().slices
    folder = Path(tempfile.mkdtemp(prefix="carbon-ledger-bench-"))
    folder.chmod(0o755)  # as root, the database's own user must reach its home
    try:
        report = asyncio.run(run(folder, slices))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    table = Table(title=f"append rates, durable ({report['wal_syncs']} WAL syncs)")
    for column in ("figure", "events/s", "beside", "events/s", "ratio", "spread"):
        table.add_column(column, justify="left" if column in ("figure", "beside") else "right")
    for result in report["results"]:  # type: ignore[attr-defined]
        table.add_row(
            result["name"],
            f"{result['value']:,}",
            result["peer"],
            f"{result['peer_value']:,}",
            f"{result['ratio']:.2f}",
            f"{result['ratio_min']:.2f}-{result['ratio_max']:.2f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()

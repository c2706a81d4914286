"""`make bench`: how fast the ledger is, each figure beside its limit or peer in the same run.

Subject, floor and peer take turns in short slices, because machines are noisy: the median of the
slices is reported with its spread, and what counts is the ratio. Everything is durable: fsync is
on, and PostgreSQL's own count of WAL syncs is told. Results: a table, and build/bench.json.
What each figure means stands in docs/reference/performance.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import uvloop
from rich.console import Console

from ledger.store.embedded import stop_on_signals
from tests.benchmarks import append, checking, growth, over_http, proving, reading
from tests.benchmarks.append import appending
from tests.benchmarks.checking import Checking
from tests.benchmarks.figure import Figure, Pairs, Result
from tests.benchmarks.filled import Filled, fill
from tests.benchmarks.growth import Growth
from tests.benchmarks.machine import IN_MEMORY, machine
from tests.benchmarks.over_http import serving_young
from tests.benchmarks.place import Place
from tests.benchmarks.proving import Proving
from tests.benchmarks.reading import Reading
from tests.benchmarks.resident import memory_of_audit, memory_of_service
from tests.benchmarks.scale import NORMAL, Scale
from tests.benchmarks.screen import Screen, table
from tests.benchmarks.target import TARGETS

RESULTS = Path("build/bench.json")
SLICES = 5


class Run:
    """One run: the figures that are wanted, in a folder of its own."""

    def __init__(self, folder: Path, scale: Scale, wanted: Sequence[str], screen: Screen) -> None:
        self._folder = folder
        self._scale = scale
        self._wanted = set(wanted)
        self._screen = screen
        self._places: list[Place] = []
        self._figures: list[Figure] = []
        self.not_measured: dict[str, str] = {}
        """Why, by the names of figures that this machine lacks something for."""

    @property
    def wal_syncs(self) -> int:
        """Over all databases of the run."""
        return sum(place.wal_syncs for place in self._places)

    @property
    def results(self) -> list[Result]:
        """Of the figures that were measured, in the order of the table."""
        found = {figure.name: figure.result() for figure in self._figures}
        return [found[name] for name in TARGETS if name in found]

    async def measure(self) -> None:
        """Everything that is wanted."""
        if self._wanted & {*append.NAMES, *over_http.NAMES}:
            await self._append()
        if self._wanted - {*append.NAMES, *over_http.NAMES}:
            await self._at_full_size()

    async def _append(self) -> None:
        async with AsyncExitStack() as stack:
            place = await self._place("young")
            posting = await stack.enter_async_context(
                appending(place, self._folder, self._scale, self._wanted)
            )
            service = None
            if self._wanted & set(over_http.NAMES):
                other = await self._place("served")
                await stack.enter_async_context(other.running())
                service = stack.enter_context(
                    serving_young(other, self._folder, self._scale, self._wanted)
                )
            figures = [posting.bulk, *posting.figures, *(service.figures if service else ())]
            for number in self._screen.steps("appending", self._scale.slices + 1):
                await posting.slice()
                if service is not None:
                    service.slice(posting.bulk.values[-1] if posting.bulk.values else None)
                if number == 0:  # it warms everything up
                    for figure in figures:
                        figure.forget()
            self._figures += posting.figures + (service.figures if service else [])

    async def _at_full_size(self) -> None:
        place = await self._place("full")
        async with place.opened() as ledger:
            with self._screen.part("filling a ledger") as part:
                full = await fill(place, ledger, self._scale.events, part.told)
            if "disk" in self._wanted:
                self._figures.append(_disk(full))
            if self._wanted & set(growth.NAMES):
                await self._growth(full)
            if self._wanted & set(reading.NAMES):
                reader = Reading(full, self._scale, self._wanted)
                for number in self._screen.steps("reading", self._scale.slices + 1):
                    await reader.slice()
                    if number == 0:
                        for figure in reader.figures:
                            figure.forget()
                self._figures += reader.figures
            if self._wanted & set(checking.NAMES):
                auditor = Checking(full, self._wanted)
                for _ in self._screen.steps("audit and rebuild", self._scale.slices):
                    await auditor.slice()
                self._figures += auditor.figures
        if "memory.audit" in self._wanted:
            with self._screen.part("memory of an audit"):
                async with place.running():
                    self._figures.append(memory_of_audit(place))
        if "memory.serve" in self._wanted:
            with self._screen.part("memory of the service"):
                async with place.running():
                    self._figures.append(memory_of_service(place, full, self._scale))

        if self._wanted & set(proving.NAMES):
            # Last, because it adds a company to the ledger and seals it.
            async with place.opened() as ledger:
                await self._prove(replace(full, ledger=ledger))

    async def _prove(self, full: Filled) -> None:
        with self._screen.part("a company of one year"):
            prover = await Proving.begin(full, self._scale, self._wanted)
        for number in self._screen.steps("proving", self._scale.slices + 1):
            await prover.slice()
            if number == 0:
                prover.forget()
        self._figures += prover.figures
        self.not_measured |= prover.not_measured

    async def _growth(self, full: Filled) -> None:
        place = await self._place("small")
        async with place.opened() as ledger:
            with self._screen.part("filling a smaller ledger") as part:
                small = await fill(place, ledger, self._scale.small_events, part.told)
            both = Growth(full, small, self._wanted)
            for number in self._screen.steps("growing", self._scale.slices + 1):
                await both.slice()
                if number == 0:
                    for figure in both.figures:
                        figure.forget()
            self._figures += both.figures

    async def _place(self, name: str) -> Place:
        place = Place(self._folder, name)
        await place.initialise()
        self._places.append(place)
        return place


def _disk(full: Filled) -> Pairs:
    figure = Pairs("disk", "bytes/event", "event lines as they arrive")
    figure.add(full.disk_bytes / full.events, full.data_bytes / full.events)
    return figure


def arguments() -> argparse.Namespace:
    """What the user asks for."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=TARGETS, default=[*TARGETS])
    parser.add_argument("--events", type=int, default=NORMAL, help="full size (default: 1000000)")
    parser.add_argument(
        "--slices", type=int, default=SLICES, help="how often each figure is measured (default: 5)"
    )
    parser.add_argument("--folder", type=Path, default=None, help="where the ledgers are made")
    parser.add_argument("--results", type=Path, default=RESULTS, help=f"default: {RESULTS}")
    return parser.parse_args()


def main() -> None:
    """Measure, write, show."""
    asked = arguments()
    folder = Path(tempfile.mkdtemp(prefix="carbon-ledger-bench-", dir=asked.folder))
    folder.chmod(0o755)  # as root, the database's own user must reach its home
    began = time.monotonic()
    try:
        about = machine(folder)
        if about["file_system"] in IN_MEMORY:
            print(
                f"{folder} is in memory: nothing there is durable. Use --folder.", file=sys.stderr
            )
            sys.exit(2)
        screen = Screen()
        run = Run(folder, Scale.of(asked.events, asked.slices), asked.only, screen)
        try:
            # The loop that the service runs on.
            loop = asyncio.Runner(loop_factory=uvloop.new_event_loop)
            with stop_on_signals(), screen.shown(), loop as runner:
                runner.run(run.measure())
        except Exception:
            print(json.dumps(run.results, indent=1))  # what was measured until then
            raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report = {
        "machine": {**about, "load_after": round(os.getloadavg()[0], 2)},
        "events": asked.events,
        "seconds": round(time.monotonic() - began),
        "wal_syncs": run.wal_syncs,
        "not_measured": run.not_measured,
        "results": run.results,
    }
    asked.results.parent.mkdir(exist_ok=True)
    asked.results.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    Console().print(table(report, run.results))


if __name__ == "__main__":
    main()

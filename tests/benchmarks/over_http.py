"""Append rates and latency over HTTP, to a real service on a home of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.service.home import Home
from tests.benchmarks.disk_sync import sync_times_ms
from tests.benchmarks.figure import Figure, Pairs, Times
from tests.benchmarks.place import Place
from tests.benchmarks.scale import BULK_STREAMS, CLIENT_STREAMS, STREAMS, Scale
from tests.benchmarks.serving import LoadGenerator, load_generator, serving

BULK_CONNECTIONS = 16
NAMES = ("append.http_bulk", "append.http_single", "append.latency")


class OverHttp:
    """A young ledger behind a service."""

    def __init__(
        self, load: LoadGenerator, folder: Path, scale: Scale, wanted: Collection[str]
    ) -> None:
        self._load = load
        self._folder = folder
        self._scale = scale
        self._wanted = wanted
        self._bulk = Pairs("append.http_bulk", "events/s", "append.bulk, in process")
        self._single = Pairs("append.http_single", "events/s")
        self._latency = Times("append.latency", "median", "write and fsync of 4 kB")

    @property
    def figures(self) -> list[Figure]:
        """Those that are wanted."""
        every = (self._bulk, self._single, self._latency)
        return [figure for figure in every if figure.name in self._wanted]

    def slice(self, in_process: float | None) -> None:
        """Everything that is wanted, once; `in_process` is the rate of `append.bulk` just now."""
        if "append.http_bulk" in self._wanted and in_process is not None:
            rate = self._load.rate(BULK_STREAMS, BULK_CONNECTIONS, self._scale.bulk_batches, 1000)
            self._bulk.add(rate, in_process)
        if "append.http_single" in self._wanted:
            connections = len(CLIENT_STREAMS)
            self._single.add(self._load.rate(CLIENT_STREAMS, connections, self._scale.singles, 1))
        if "append.latency" in self._wanted:
            posts = self._scale.posts
            answer = self._load.ask("latency", meter=CLIENT_STREAMS[0], posts=posts)
            self._latency.add(answer["times_ms"], sync_times_ms(self._folder, posts))


@contextmanager
def serving_young(
    place: Place, folder: Path, scale: Scale, wanted: Collection[str]
) -> Iterator[OverHttp]:
    """A service with its company and meters, and a load generator."""
    log = Home(place.home).ledger().log
    with serving(place) as service, load_generator(service, log, STREAMS) as load:
        load.ask("prepare")
        yield OverHttp(load, folder, scale, wanted)

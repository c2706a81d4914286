"""Append rates in one process, beside the floor, the stock recorder and UmaDB.

A slice of each in turn: floor, ledger, stock recorder, UmaDB. What is posted is signed before the
clock starts, and the clock stops at the last receipt: parsed, checked, folded, durable, in the tree,
under a signed checkpoint.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder

from ledger.service import Ledger
from tests.benchmarks.clients import Client, post_from, seconds_of_call
from tests.benchmarks.figure import Figure, Pairs
from tests.benchmarks.floor import process
from tests.benchmarks.place import Place
from tests.benchmarks.scale import (
    BULK_STREAMS,
    CLIENT_STREAMS,
    PROFILE_STREAMS,
    STREAMS,
    Scale,
)
from tests.benchmarks.stock import stock_recorder, stored_events
from tests.benchmarks.umadb_peer import UmaDB, umadb_server
from tests.workload import PROFILE_READINGS, Workload

FLOOR = "floor: decoding and hashing alone, one process"
STOCK_BATCHES = "stock recorder: batches of 1 000"
STOCK_SINGLE = "stock recorder: one by one"
UMADB = "UmaDB: one client, batches of 1 000"

NAMES = (
    "append.bulk",
    "append.bulk_vs_stock",
    "append.bulk_vs_umadb",
    "append.batch100",
    "append.profile",
    "append.single",
)


class Appending:
    """A young ledger in this process, and its peers."""

    def __init__(
        self,
        ledger: Ledger,
        workload: Workload,
        stock: PostgresApplicationRecorder | None,
        umadb: UmaDB | None,
        scale: Scale,
        wanted: Collection[str],
    ) -> None:
        self._ledger = ledger
        self._workload = workload
        self._stock = stock
        self._umadb = umadb
        self._scale = scale
        self._wanted = wanted
        self.bulk = Pairs("append.bulk", "events/s", FLOOR)
        self._vs_stock = Pairs("append.bulk_vs_stock", "events/s", STOCK_BATCHES)
        self._vs_umadb = Pairs("append.bulk_vs_umadb", "events/s", UMADB)
        self._hundred = Pairs("append.batch100", "events/s", FLOOR)
        self._profile = Pairs("append.profile", "readings/s", f"{UMADB}, events/s")
        self._single = Pairs("append.single", "events/s", STOCK_SINGLE)

    @property
    def figures(self) -> list[Figure]:
        """Those that are wanted."""
        every = (
            self.bulk,
            self._vs_stock,
            self._vs_umadb,
            self._hundred,
            self._profile,
            self._single,
        )
        return [figure for figure in every if figure.name in self._wanted]

    async def slice(self) -> None:
        """Everything that is wanted, once."""
        wanted, bulk_figures = self._wanted, {"append.bulk", "append.http_bulk", *NAMES[1:3]}
        if bulk_figures & set(wanted) or "append.profile" in wanted:
            clients = self._bulk_clients()
            bodies = [body for client in clients for body in client]
            uma = self._umadb_rate(bodies)
            if bulk_figures & set(wanted):
                await self._bulk_slice(clients, bodies, uma)
            if "append.profile" in wanted and uma is not None:
                await self._profile_slice(uma)
        if "append.batch100" in wanted:
            await self._hundred_slice()
        if "append.single" in wanted and self._stock is not None:
            await self._single_slice(self._stock)

    async def _bulk_slice(
        self, clients: Sequence[Client], bodies: Sequence[bytes], uma: float | None
    ) -> None:
        events = 1000 * len(bodies)
        floor = floor_rate(bodies, events)
        rate = events / await post_from(self._ledger, clients)
        self.bulk.add(rate, floor)
        if self._stock is not None and "append.bulk_vs_stock" in self._wanted:
            batches = [stored_events(body) for body in bodies[: self._scale.stock_batches]]
            self._vs_stock.add(rate, _stock_rate(self._stock, batches))
        if uma is not None:
            self._vs_umadb.add(rate, uma)

    async def _hundred_slice(self) -> None:
        clients = [
            [self._workload.batch(number, 100) for _ in range(self._scale.hundreds)]
            for number in CLIENT_STREAMS
        ]
        bodies = [body for client in clients for body in client]
        floor = floor_rate(bodies, 100 * len(bodies))
        self._hundred.add(100 * len(bodies) / await post_from(self._ledger, clients), floor)

    async def _profile_slice(self, uma: float) -> None:
        clients = [
            [self._workload.profiles(number, 100) for _ in range(self._scale.profile_batches)]
            for number in PROFILE_STREAMS
        ]
        readings = len(clients) * self._scale.profile_batches * 100 * PROFILE_READINGS
        self._profile.add(readings / await post_from(self._ledger, clients), uma)

    async def _single_slice(self, stock: PostgresApplicationRecorder) -> None:
        count = self._scale.singles
        clients = [
            [self._workload.batch(number, 1) for _ in range(count)] for number in CLIENT_STREAMS
        ]
        bodies = [body for client in clients for body in client]
        theirs = [stored_events(body) for body in bodies[: self._scale.stock_singles]]
        peer = _stock_rate(stock, theirs)
        self._single.add(len(bodies) / await post_from(self._ledger, clients), peer)

    def _bulk_clients(self) -> list[list[bytes]]:
        count = self._scale.bulk_batches
        return [
            [self._workload.batch(number, 1000) for _ in range(count)] for number in BULK_STREAMS
        ]

    def _umadb_rate(self, bodies: Iterable[bytes]) -> float | None:
        if self._umadb is None:
            return None
        batches, peer = [self._umadb.events(body) for body in bodies], self._umadb
        return sum(map(len, batches)) / seconds_of_call(lambda: peer.append(batches))


@asynccontextmanager
async def appending(
    place: Place, folder: Path, scale: Scale, wanted: Collection[str]
) -> AsyncIterator[Appending]:
    """A young ledger with its company and meters, and the peers that are wanted."""
    async with place.opened() as ledger:
        workload = Workload(ledger.log, streams=STREAMS)
        for body in workload.preparation():
            await ledger.post(body)
        with ExitStack() as stack:
            stock = umadb = None
            if {"append.bulk_vs_stock", "append.single"} & set(wanted):
                conninfo = place.server.conninfo("ledger_owner")
                stock = stack.enter_context(stock_recorder(conninfo))
            if {"append.bulk_vs_umadb", "append.profile"} & set(wanted):
                umadb = stack.enter_context(umadb_server(folder / "umadb"))
            yield Appending(ledger, workload, stock, umadb, scale, wanted)


def floor_rate(bodies: Iterable[bytes], events: int) -> float:
    """Events a second of the floor, over bodies that lie in memory."""

    def work() -> None:
        for body in bodies:
            process(body)

    return events / seconds_of_call(work)


def _stock_rate(recorder: PostgresApplicationRecorder, batches: list[list[StoredEvent]]) -> float:
    def work() -> None:
        for events in batches:
            recorder.insert_events(events)

    return sum(map(len, batches)) / seconds_of_call(work)

"""Service and database are killed with SIGKILL at random moments under load, again and again.

Afterwards every acknowledged batch is there with a receipt that holds, nothing is half there, no two
checkpoints contradict each other, and the audit is clean. A few rounds here; `make faults` asks for
a hundred with CARBON_LEDGER_FAULT_ROUNDS. However slow the machine, it ends after
CARBON_LEDGER_FAULT_MINUTES, and fails when less than a quarter of the rounds was done by then.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from ledger.service import Settings, initialise, open_ledger
from tests.e2e.cli_program import Program
from tests.faults.clients import LONGEST_WAIT_S, Client, Known, Served, everybody
from tests.faults.embedded_land import postmaster, server_processes, temporary_home
from tests.workload import OPERATOR, RECOVERY, Workload

ROUNDS: Final = int(os.environ.get("CARBON_LEDGER_FAULT_ROUNDS", "3"))
MINUTES: Final = float(os.environ.get("CARBON_LEDGER_FAULT_MINUTES", "15"))
TESTS: Final = 2
"""That share the minutes."""
LONGEST_LIFE_S: Final = 1.5
AUDIT_EVERY: Final = 20


class Place:
    """A ledger with its meters, and everybody who posts to it."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.home = home
        self.said = folder / "said"
        self.program = Program(home, folder, here=False)
        self.log = str(json.loads((home / "ledger.json").read_text())["log"])
        # A thousand a batch, a hundred rounds: more readings than fifty years have quarter-hours.
        self.workload = Workload(self.log, interval=timedelta(minutes=1))

    async def prepare(self) -> None:
        bodies = list(self.workload.preparation())
        async with open_ledger(Settings(home=self.home)) as ledger:
            for body in bodies:
                await ledger.post(body)
        self.known = Known(self.log, bodies)
        self.clients = everybody(self.known, self.workload)

    def serve(self) -> Served:
        return Served(self.home, self.said)

    def audited(self) -> None:
        report = self.program("audit")
        assert (report["ok"], report["damages"]) == (True, [])
        assert (report["size"], report["events"]) == (self.known.size, self.known.events)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with temporary_home() as home:
        settings = Settings(home=home, database_url=None, server_database_url=None)
        asyncio.run(
            initialise(
                settings,
                origin="ledger.example/log",
                area="Synthetic park",
                timezone="Asia/Shanghai",
                operator="operator",
                operator_key=OPERATOR,
                recovery_key=RECOVERY,
            )
        )
        place = Place(home, tmp_path)
        asyncio.run(place.prepare())
        yield place


class Rounds:
    """Numbers of rounds, for as long as there is time; tells how many were done."""

    def __init__(self, what: str, capfd: pytest.CaptureFixture[str]) -> None:
        self.done = 0
        self._what = what
        self._capfd = capfd
        self._until_s = time.monotonic() + 60 * MINUTES / TESTS

    def __iter__(self) -> Iterator[int]:
        for number in range(ROUNDS):
            if time.monotonic() > self._until_s:
                break
            yield number
            self.done += 1
        with self._capfd.disabled():
            print(f"\n{self._what}: {self.done} times of {ROUNDS}")
        assert self.done >= ROUNDS / 4, "the machine is too slow to tell"


@contextlib.asynccontextmanager
async def load(clients: Sequence[Client], url: str, *, until_lost: bool) -> AsyncIterator[None]:
    """All of them post meanwhile; what one of them finds wrong ends the test."""
    tasks = [asyncio.create_task(client.post(url, until_lost=until_lost)) for client in clients]
    try:
        yield
    finally:
        if not until_lost:
            for task in tasks:
                task.cancel()
        for one in await asyncio.gather(*tasks, return_exceptions=True):
            # It is the reason, also where the test has noticed only that one of them is silent.
            if isinstance(one, BaseException) and not isinstance(one, asyncio.CancelledError):
                raise one


def test_what_a_killed_service_has_acknowledged_is_there(
    place: Place, capfd: pytest.CaptureFixture[str]
):
    chance = random.Random("service")  # noqa: S311  (moments, not secrets)

    async def killed_at_work(service: Served) -> None:
        async with load(place.clients, service.url, until_lost=True):
            await asyncio.sleep(chance.uniform(0.02, LONGEST_LIFE_S))
            service.end(signal.SIGKILL)

    rounds = Rounds("the service was killed under load", capfd)
    for number in rounds:
        if chance.random() < 0.2:
            starting = place.serve()
            time.sleep(chance.uniform(0, LONGEST_LIFE_S))
            starting.kill()
        service = place.serve().ready()
        try:
            asyncio.run(place.known.compare(service.url))
            if number % AUDIT_EVERY == AUDIT_EVERY - 1:
                place.audited()
            asyncio.run(killed_at_work(service))
        finally:
            service.kill()

    service = place.serve().ready()
    asyncio.run(place.known.compare(service.url))
    assert service.end() == 0
    assert service.descendants == []
    assert server_processes(place.home) == []
    place.known.compare_file(place.home / "checkpoints")
    place.audited()
    assert all(client.acknowledged for client in place.clients), "no round was long enough"


def test_what_was_acknowledged_before_the_database_was_killed_is_there(
    place: Place, capfd: pytest.CaptureFixture[str]
):
    """The service goes on: it says 503 until it has brought its database back."""
    chance = random.Random("database")  # noqa: S311
    rounds = Rounds("the database was killed under load", capfd)

    async def work(service: Served) -> None:
        async with load(place.clients, service.url, until_lost=False):
            await everybody_acknowledged(place.clients)
            for number in rounds:
                await asyncio.sleep(chance.uniform(0, LONGEST_LIFE_S / 3))
                others = set(server_processes(place.home)) - {postmaster(place.home)}
                victim = chance.choice([*others]) if number % 2 else postmaster(place.home)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)
                await everybody_acknowledged(place.clients)
        await place.known.compare(service.url)

    service = place.serve().ready()
    try:
        asyncio.run(work(service))
        assert service.end() == 0
    finally:
        service.kill()
    assert server_processes(place.home) == []
    place.known.compare_file(place.home / "checkpoints")
    place.audited()
    assert sum(client.put_off for client in place.clients), "nobody noticed"


def test_nothing_that_a_service_has_started_outlives_it(place: Place):
    """But the database, which the next command takes over."""

    async def work(service: Served) -> None:
        async with load(place.clients, service.url, until_lost=True):
            await everybody_acknowledged(place.clients)
            service.kill()

    asyncio.run(work(place.serve().ready()))
    assert server_processes(place.home)


async def everybody_acknowledged(clients: Sequence[Client]) -> None:
    """Each has had one more answer for a batch that it sent after now."""
    before = [client.acknowledged for client in clients]
    deadline = time.monotonic() + LONGEST_WAIT_S
    while any(client.acknowledged < then + 2 for client, then in zip(clients, before, strict=True)):
        assert time.monotonic() < deadline, "the service did not come back"
        await asyncio.sleep(0.02)

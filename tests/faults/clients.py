"""Clients of a service that is killed under them, and what they hold it to afterwards.

A client keeps the batch that it has sent until it is answered, and sends the same bytes again until
then, as any client shall. What they all have seen is compared with a copy of the public log that
only ever grows: a receipt or checkpoint that the log does not lead up to is found, whoever got it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import httpx

from ledger.log import batch, tiles
from ledger.log.checkpoint import Checkpoint, open_checkpoint
from ledger.log.hashes import EMPTY_ROOT, RootHash, leaf_hash
from ledger.log.receipt import parse_receipt, verify_receipt
from ledger.log.tree import CompactRange
from ledger.store.checkpoint_file import CheckpointFile
from tests.faults.embedded_land import server_processes, until
from tests.workload import Workload

ROOT: Final = Path(__file__).resolve().parents[2]
LONGEST_WAIT_S: Final = 60.0
HEADERS: Final = {"Content-Type": batch.MEDIA_TYPE}
_MARK: Final = "CARBON_LEDGER_TEST_MARK"


class Served:
    """`carbon-ledger serve` as a process; `ready` waits for its address."""

    def __init__(self, home: Path, log: Path, *options: str) -> None:
        self.home = home
        self._mark = secrets.token_hex(16)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("CARBON_LEDGER_")}
        with log.open("ab") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ledger.cli", "serve", "--json", *(options or _ANY_PORT)],
                cwd=ROOT,
                env={**environment, "CARBON_LEDGER_HOME": str(home), _MARK: self._mark},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )
        self.url = ""

    def ready(self) -> Served:
        """Wait until it listens; it is ended when it does not."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        try:
            self.url = str(json.loads(line or "{}")["url"])
        except KeyError:
            self.kill()
            raise AssertionError(f"the service ended instead of listening: {line}") from None
        return self

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; its exit status."""
        assert self.process.stdout is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
        status = self.process.wait(LONGEST_WAIT_S)
        self.process.stdout.close()
        return status

    @property
    def descendants(self) -> list[int]:
        """Every living process that it, or one of these, has started; not the database's.

        They are found by their environment: an orphan has no parent that would tell.
        """
        database = server_processes(self.home)
        found = []
        mark = f"{_MARK}={self._mark}".encode()
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == self.process.pid:
                continue
            with contextlib.suppress(OSError):
                if mark in (entry / "environ").read_bytes() and int(entry.name) not in database:
                    found.append(int(entry.name))
        return found

    def kill(self) -> None:
        """SIGKILL; and nothing that it has started may outlive it, but the database."""
        self.end(signal.SIGKILL)
        until(lambda: not self.descendants)


_ANY_PORT: Final = ("--port", "0")


class Known:
    """What clients were told, compared with the log as it shows itself."""

    def __init__(self, log: str, made: Sequence[bytes]) -> None:
        self.log = log
        self.path = "/" + log.partition("+")[0].partition("/")[2]
        self.events = 0
        self.acknowledged: dict[int, bytes] = {}
        """JWS by index."""
        self._fresh: list[int] = []
        self._made = {body.partition(b"\n")[0] for body in made}
        self._seen: dict[int, RootHash] = {}
        self._entries: list[bytes] = []
        self._tree = CompactRange()
        self._roots = [EMPTY_ROOT]

    @property
    def size(self) -> int:
        """Entries of the log, as it showed itself last."""
        return len(self._entries)

    # --- what a client is told ----------------------------------------------------------------

    def made(self, body: bytes) -> bytes:
        """A body that somebody is going to send."""
        self._made.add(body.partition(b"\n")[0])
        return body

    def answered(self, body: bytes, posted: dict[str, Any]) -> None:
        """The receipt must hold, offline, for exactly this batch."""
        statement, index = body.partition(b"\n")[0], posted["index"]
        receipt = parse_receipt(posted["receipt"].encode())
        assert receipt.index == index
        self.saw(verify_receipt(receipt, statement, self.log))
        assert self.acknowledged.setdefault(index, statement) == statement
        self._fresh.append(index)

    def saw(self, checkpoint: Checkpoint) -> None:
        """Two roots of one size would be two logs."""
        assert self._seen.setdefault(checkpoint.size, checkpoint.root) == checkpoint.root

    # --- what the log shows -------------------------------------------------------------------

    async def compare(self, url: str) -> None:
        """Follow the log to its newest checkpoint; everything known so far must be in it."""
        async with httpx.AsyncClient(base_url=url, timeout=LONGEST_WAIT_S) as client:
            latest = time.monotonic() + LONGEST_WAIT_S
            while True:
                note = (await _get(client, f"{self.path}/checkpoint")).content
                checkpoint = open_checkpoint(note, self.log)
                self.saw(checkpoint)
                await self._follow(client, checkpoint.size)
                status = (await _get(client, "/v1/status")).json()
                # What a client sent before it was ended may be appended after that checkpoint.
                if status["size"] <= self.size or time.monotonic() > latest:
                    break
            for size, root in self._seen.items():
                assert self._roots[size] == root, f"another tree at size {size}"
            for index, statement in self.acknowledged.items():
                assert self._entries[index] == statement, f"entry {index} is another one"
            for index in self._fresh:
                text = (await _get(client, f"/v1/receipts/{index}")).content
                receipt = parse_receipt(text)
                assert receipt.index == index
                self.saw(verify_receipt(receipt, self.acknowledged[index], self.log))
            self._fresh.clear()
            assert (status["size"], status["events"]) == (self.size, self.events)

    def compare_file(self, path: Path) -> None:
        """Every checkpoint that anybody has seen stands in the log's own file."""
        with CheckpointFile(path) as file:
            lines = {record.size: record.root for record in file.records()}
        assert lines.items() >= self._seen.items()
        assert all(self._roots[size] == root for size, root in lines.items())

    async def _follow(self, client: httpx.AsyncClient, size: int) -> None:
        assert size >= len(self._entries), "the log has become shorter"
        for number in range(len(self._entries) // tiles.WIDTH, -(-size // tiles.WIDTH)):
            width = tiles.tile_width(size, tiles.ENTRIES, number)
            path = f"{self.path}/{tiles.tile_path(tiles.ENTRIES, number, width)}"
            found = tiles.split_entry_bundle((await _get(client, path)).content)
            assert len(found) == width
            known = self._entries[number * tiles.WIDTH :]
            assert list(found[: len(known)]) == known, "an entry has changed"
            for statement in found[len(known) :]:
                self._add(statement)

    def _add(self, statement: bytes) -> None:
        # Entry 0 is the operator's, from the opening of the ledger.
        assert statement in self._made or not self._entries, "nobody has sent this"
        self._entries.append(statement)
        self._tree = self._tree.append(leaf_hash(statement))
        self._roots.append(self._tree.root())
        self.events += batch.parse_statement(statement).statement.count


async def _get(client: httpx.AsyncClient, path: str) -> httpx.Response:
    """The answer, asked for again while the service says that it cannot now, as it asks one to.

    A batch can still be acknowledged by what is left of a database whose end is a moment away.
    """
    latest = time.monotonic() + LONGEST_WAIT_S
    while True:
        answer = await client.get(path)
        if answer.status_code != HTTPStatus.SERVICE_UNAVAILABLE or time.monotonic() > latest:
            return answer.raise_for_status()
        await asyncio.sleep(0.1)


class Client:
    """One meter's gateway: it sends batch after batch, each until it is acknowledged."""

    def __init__(self, known: Known, make: Callable[[], bytes]) -> None:
        self._known = known
        self._make = make
        self._pending: bytes | None = None
        self.acknowledged = 0
        self.put_off = 0
        """Answers that said: later."""

    async def post(self, url: str, *, until_lost: bool) -> None:
        """Post until cancelled; or, `until_lost`, until the connection to the service is lost."""
        limits = httpx.Limits(max_connections=1)
        while True:
            try:
                async with httpx.AsyncClient(
                    base_url=url, timeout=LONGEST_WAIT_S, limits=limits
                ) as client:
                    while True:
                        await self._send(client)
            except httpx.TransportError:
                if until_lost:
                    return
                await asyncio.sleep(0.05)

    async def _send(self, client: httpx.AsyncClient) -> None:
        if self._pending is None:
            self._pending = self._known.made(self._make())
        answer = await client.post("/v1/batches", content=self._pending, headers=HEADERS)
        if answer.status_code in (429, 503):
            assert int(answer.headers["retry-after"]) > 0
            self.put_off += 1
            await asyncio.sleep(0.05)
            return
        assert answer.is_success, answer.text
        self._known.answered(self._pending, answer.json())
        self._pending = None
        self.acknowledged += 1
        if self.acknowledged % 5 == 0:
            seen = await client.get(f"{self._known.path}/checkpoint")
            if seen.is_success:
                self._known.saw(open_checkpoint(seen.content, self._known.log))


def everybody(known: Known, workload: Workload) -> list[Client]:
    """Meters that send one event, twenty or a thousand at a time, and one that sends profiles."""
    sizes = [1, 1, 1, 20, 1000, 1000]
    clients = [
        Client(known, lambda number=number, size=size: workload.batch(number, size))  # type: ignore[misc]
        for number, size in enumerate(sizes)
    ]
    return [*clients, Client(known, lambda: workload.profiles(len(sizes), 5))]

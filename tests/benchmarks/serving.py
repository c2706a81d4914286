"""A real `carbon-ledger serve` on 127.0.0.1, and the load generator beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.place import Place

ROOT: Final = Path(__file__).resolve().parents[2]


class Service:
    """A running service; `pid` is that of its process."""

    def __init__(self, url: str, pid: int) -> None:
        self.url = url
        self.pid = pid


class LoadGenerator:
    """The other side of `tests.benchmarks.load`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, do: str, **arguments: object) -> dict[str, Any]:
        """What it answers; blocks."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(_line(self._process, "the load generator"))
        return answer

    def rate(self, meters: range, connections: int, batches: int, events: int) -> float:
        """Events a second over HTTP, of bodies signed before the clock starts."""
        self.ask(
            "sign",
            meters=list(meters),
            connections=connections,
            batches=batches,
            events=events,
        )
        answer = self.ask("send")
        return float(answer["events"] / answer["seconds"])


@contextmanager
def serving(place: Place) -> Iterator[Service]:
    """The service of a home; its log of requests goes to a file, as in use."""
    command = [*PROGRAM, "serve", "--port", "0", "--json", "--home", str(place.home)]
    with (place.home / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT, env=own_environment()
        )
    with _ended(process):
        try:
            url = json.loads(_line(process, "carbon-ledger serve"))["url"]
        except RuntimeError as error:
            raise RuntimeError((place.home / "serve.log").read_text()[-2000:]) from error
        yield Service(url, process.pid)


@contextmanager
def load_generator(service: Service, log: str, streams: int) -> Iterator[LoadGenerator]:
    """A load generator for this service."""
    command = [sys.executable, "-m", "tests.benchmarks.load", service.url, log, str(streams)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    with _ended(process):
        yield LoadGenerator(process)


PROGRAM: Final = (sys.executable, "-m", "ledger.cli")


@contextmanager
def _ended(process: subprocess.Popen[str]) -> Iterator[None]:
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _line(process: subprocess.Popen[str], name: str) -> str:
    assert process.stdout
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"{name} ended with status {process.wait()}")
    return line


def own_environment() -> dict[str, str]:
    """Without settings of a ledger of the user's own."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith("CARBON_LEDGER_")
    }

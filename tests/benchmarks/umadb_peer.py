"""The peer: UmaDB, an event store in Rust, as a server of its own, with one client.

Every event carries its stream as a tag, because an event without one could not be read back by its
stream. Events are made before the clock starts. An append returns when it is on disk.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import umadb

START_TIMEOUT_S: Final = 30


class UmaDB:
    """A running server and its one client."""

    def __init__(self, url: str) -> None:
        import umadb  # here, because it takes SIGINT when it is imported

        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._event = umadb.Event
        self._client = umadb.Client(url)
        self._client.head()

    def events(self, body: bytes) -> list[umadb.Event]:
        """The lines of a submission as its events; the body's JWS tells it nothing."""
        _, *lines = body[:-1].split(b"\n")
        return [self._event("ActivityRecorded", line, ["company/plant/meter"]) for line in lines]

    def append(self, batches: Sequence[list[umadb.Event]]) -> None:
        """One batch after the other."""
        for batch in batches:
            self._client.append(batch)


@contextmanager
def umadb_server(folder: Path) -> Iterator[UmaDB]:
    """A server whose data lie in this folder, on the disk that the ledger uses."""
    folder.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = "import sys; from umadb.umadb_server_cli import main; sys.argv[0] = 'umadb'; main()"
    arguments = ["--listen", f"127.0.0.1:{port}", "--db-path", str(folder)]
    log = folder.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", program, *arguments], stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield _connect(f"http://127.0.0.1:{port}", process, log)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _connect(url: str, process: subprocess.Popen[bytes], log: Path) -> UmaDB:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            return UmaDB(url)
        except (OSError, RuntimeError) as error:  # TransportError is a RuntimeError
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"UmaDB does not answer: {log.read_text()[-2000:]}") from error
            time.sleep(0.05)

"""A few processes for work that would hold up the loop: one busy thread slows every other down.

They are started when they are first needed, and end with the process that owns them, however that
ends. A worker that dies takes its task down, not the service: another one is started, and the task
is done once more. Functions and arguments must be picklable and must not depend on the process.
Why not the standard library's pool: decision 0009.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Final, TypeVar, cast

import msgspec

from ledger.errors import Unavailable
from ledger.worker import LENGTH_BYTES, frame

A = TypeVar("A")
R = TypeVar("R")

END_S: Final = 10.0
"""For a worker that was told to end."""


class Workers:
    """At most `jobs` processes; whoever asks waits for a free one."""

    def __init__(self, jobs: int | None = None) -> None:
        self.jobs = jobs or cores()
        self._idle: list[_Worker] = []
        self._ended: list[_Worker] = []
        self._free = asyncio.Semaphore(self.jobs)

    async def run(self, function: Callable[[A], R], argument: A) -> R:
        """What the function returns in another process; its errors are raised here.

        Raises Unavailable when the process ends twice before it has answered.
        """
        task = frame((function, argument))
        async with self._free:
            for _ in range(2):
                worker = self._idle.pop() if self._idle else await _Worker.start()
                try:
                    done, value = await worker.do(task)
                except (EOFError, OSError):
                    self._end(worker)
                    continue
                except BaseException:
                    self._end(worker)  # its answer, which nobody waits for, would be the next one's
                    raise
                self._idle.append(worker)
                if done:
                    return cast("R", value)
                raise cast("Exception", value)
        raise Unavailable(
            "a worker process ended before it had answered",
            advice="Try again; if it happens again, this machine lacks memory.",
        )

    async def close(self) -> None:
        """End the processes, those at work when they have answered."""
        for _ in range(self.jobs):
            await self._free.acquire()
        while self._idle:
            self._end(self._idle.pop())
        ended, self._ended = self._ended, []
        for worker in ended:
            await asyncio.to_thread(worker.wait)

    def _end(self, worker: _Worker) -> None:
        worker.writer.close()
        self._ended = [one for one in self._ended if one.process.poll() is None]
        self._ended.append(worker)


class _Worker(msgspec.Struct):
    process: subprocess.Popen[bytes]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def start(cls) -> _Worker:
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.to_thread(_spawn, theirs.fileno())
        reader, writer = await asyncio.open_connection(sock=ours, limit=2**20)
        return cls(process, reader, writer)

    async def do(self, task: bytes) -> tuple[bool, object]:
        self.writer.write(task)
        length = int.from_bytes(await self.reader.readexactly(LENGTH_BYTES), "big")
        return cast(
            "tuple[bool, object]",
            pickle.loads(await self.reader.readexactly(length)),  # noqa: S301  (our own process)
        )

    def wait(self) -> None:
        try:
            self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _spawn(end: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  (our own program)
        [sys.executable, "-m", "ledger.worker", str(end)], pass_fds=[end], stdin=subprocess.DEVNULL
    )

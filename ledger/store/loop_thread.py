"""An event loop in a background thread, for callers that cannot wait asynchronously.

The program has one event loop; the recorder's contract is synchronous, and its methods run there.
Where no loop runs yet (a projection, a notebook, the library's tests), this one does. At its end,
whoever still waits for something is told that it will not come.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from threading import Thread
from typing import TYPE_CHECKING, Any, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")


class LoopThread:
    """Runs its loop from `with` to the end of it."""

    loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        self._started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        self._thread = Thread(target=self._run, name="event-loop", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.loop, self._ending = self._started.result()
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self._ending.set)
        self._thread.join()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for a coroutine on the loop, from another thread."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def _run(self) -> None:
        asyncio.run(self._until_the_end())

    async def _until_the_end(self) -> None:
        ending = asyncio.Event()
        self._started.set_result((asyncio.get_running_loop(), ending))
        await ending.wait()

"""Long work that many may ask for: each piece done once for all who ask for it, one after the other.

Whoever waits holds no connection to the database, so others are answered meanwhile; and where too
many pieces wait, the next one is refused at once. A piece that has begun is finished for whoever
still asks, also when the first who asked has gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar, cast

from ledger.errors import LedgerError, Overloaded, Unavailable

T = TypeVar("T")

MOST_WAITING: Final = 8
"""Pieces that wait or are at work at once, however many ask for each of them."""


class Turns:
    """Pieces of work by name, one of them at work at a time."""

    def __init__(self, what: str, most: int = MOST_WAITING) -> None:
        """`what` is being made, for people."""
        self._what = what
        self._most = most
        self._tasks: dict[str, asyncio.Task[object]] = {}
        self._one_at_a_time = asyncio.Lock()
        self._stopped = False

    async def of(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        """What the work of this name leads to, or its error. Raises Overloaded, Unavailable."""
        task = self._tasks.get(name)
        if task is None:
            self._check()
            task = asyncio.create_task(self._turn(work), name=f"{self._what} {name}")
            self._tasks[name] = task
            task.add_done_callback(lambda done: self._over(name, done))
        try:
            return cast("T", await asyncio.shield(task))
        except LedgerError as error:
            raise error.again() from error  # each who waits has an error of his own

    async def stop(self) -> None:
        """Begin nothing more, and wait for what is at work; what waits is refused."""
        self._stopped = True
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _turn(self, work: Callable[[], Awaitable[T]]) -> T:
        async with self._one_at_a_time:
            if self._stopped:
                raise _stopping()
            return await work()

    def _over(self, name: str, done: asyncio.Task[object]) -> None:
        del self._tasks[name]
        if not done.cancelled():
            done.exception()  # seen, even where nobody waits any more

    def _check(self) -> None:
        if self._stopped:
            raise _stopping()
        if len(self._tasks) >= self._most:
            raise Overloaded(
                f"too many {self._what} are being made",
                expected=f"at most {self._most} at once",
                found=f"{len(self._tasks)} before this one",
                advice="Ask again in a few seconds.",
            )


def _stopping() -> Unavailable:
    return Unavailable("the ledger is stopping", advice="Ask again in a minute.")

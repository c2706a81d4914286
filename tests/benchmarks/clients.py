"""Clients in this process: each posts its bodies one after the other, and waits only for its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from ledger.service import Ledger

Client = Sequence[bytes]
"""The bodies of one client, in order."""


async def post_from(ledger: Ledger, clients: Sequence[Client]) -> float:
    """Seconds until the last receipt."""

    async def post(bodies: Client) -> None:
        for body in bodies:
            await ledger.post(body)

    return await seconds_of(lambda: asyncio.gather(*map(post, clients)))


async def seconds_of(work: Callable[[], Awaitable[object]]) -> float:
    """How long some work takes."""
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


def seconds_of_call(work: Callable[[], object]) -> float:
    """How long a call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began

"""A migrated database for each test, and plain events and batches to put into it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from ledger.store.database import Connection, Database

RoleToConninfo = Callable[[Any], str]
Runner = Callable[[Callable[[Connection], Awaitable[Any]]], Any]


@pytest.fixture
def unmigrated(fresh_database: RoleToConninfo) -> Database:
    """A database without any table, not opened."""
    return Database(fresh_database("ledger_owner"), fresh_database("ledger_server"))


@pytest.fixture
def database(unmigrated: Database) -> Database:
    """A migrated database, not opened."""
    asyncio.run(unmigrated.migrate())
    return unmigrated


@pytest.fixture
def as_server(database: Database) -> Runner:
    """Runs an async function with one connection of the serving role, on a loop of its own."""

    def run(work: Callable[[Connection], Awaitable[Any]]) -> Any:
        async def connected() -> Any:
            async with database.server() as conn:
                return await work(conn)

        return asyncio.run(connected())

    return run


@pytest.fixture
def as_owner(database: Database) -> Runner:
    """The same as the owner of the schema."""

    def run(work: Callable[[Connection], Awaitable[Any]]) -> Any:
        async def connected() -> Any:
            async with database.owner() as conn:
                return await work(conn)

        return asyncio.run(connected())

    return run


@pytest.fixture
def loop() -> Iterator[Any]:
    """An event loop in a background thread."""
    from ledger.store.loop_thread import LoopThread

    with LoopThread() as thread:
        yield thread

"""A ledger on the real PostgreSQL, in a home and a database of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ledger.service import Ledger, Settings, initialise, open_ledger
from ledger.store.embedded import EmbeddedServer, create_database
from tests.conftest import RoleToConninfo
from tests.workload import OPERATOR, RECOVERY, Workload

T = TypeVar("T")
Work = Callable[[Ledger, Workload], Awaitable[T]]


class Place:
    """Where a ledger lies, and the bodies that continue it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.workload: Workload | None = None

    def run(self, work: Work[T], *, writing: bool = True) -> T:
        """Open the ledger, work with it, close it."""

        async def opened() -> T:
            async with open_ledger(self.settings, writing=writing) as ledger:
                if self.workload is None:
                    self.workload = Workload(ledger.log)
                    for body in self.workload.preparation():
                        await ledger.post(body)
                return await work(ledger, self.workload)

        return asyncio.run(opened())


def settings_for(home: Path, fresh_database: RoleToConninfo) -> Settings:
    return Settings(
        home=home,
        database_url=fresh_database("ledger_owner"),
        server_database_url=fresh_database("ledger_server"),
    )


@pytest.fixture
def place(tmp_path: Path, fresh_database: RoleToConninfo) -> Place:
    """A ledger with one company and twenty meters, and no readings yet."""
    settings = settings_for(tmp_path / "home", fresh_database)
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
    return Place(settings)


@pytest.fixture
def second(embedded: EmbeddedServer, tmp_path: Path) -> Iterator[Settings]:
    """The settings of another home, with a database of its own."""
    name = f"test_{tmp_path.name.replace('-', '_')[:40]}_second"
    with psycopg.connect(embedded.conninfo("ledger_owner"), autocommit=True) as connection:
        create_database(connection, name)
        yield Settings(
            home=tmp_path / "second",
            database_url=make_conninfo(embedded.conninfo("ledger_owner"), dbname=name),
            server_database_url=make_conninfo(embedded.conninfo("ledger_server"), dbname=name),
        )
        drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
        connection.execute(drop)

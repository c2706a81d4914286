"""A ledger on the real PostgreSQL, in a home and a database of its own."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from psycopg.conninfo import conninfo_to_dict

from ledger.service import Ledger, Settings, initialise, open_ledger
from ledger.store.embedded import EmbeddedServer
from tests.conftest import RoleToConninfo, new_database
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


@pytest.fixture(scope="session")
def made_place(
    embedded: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """A new ledger, to be copied: nobody works with it."""
    with new_database(embedded) as conninfo:
        settings = settings_for(tmp_path_factory.mktemp("made") / "home", conninfo)
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
        yield settings


@pytest.fixture
def place(made_place: Settings, embedded: EmbeddedServer, tmp_path: Path) -> Iterator[Place]:
    """A ledger with one company and twenty meters, and no readings yet."""
    with copied(made_place, embedded, tmp_path / "home") as settings:
        yield Place(settings)


@pytest.fixture
def second(fresh_database: RoleToConninfo, tmp_path: Path) -> Settings:
    """The settings of another home, with a database of its own."""
    return settings_for(tmp_path / "second", fresh_database)


@contextlib.contextmanager
def copied(made: Settings, embedded: EmbeddedServer, home: Path) -> Iterator[Settings]:
    """A copy of a ledger that is closed, with its keys, in a home and a database of its own."""
    shutil.copytree(made.home, home)
    name = conninfo_to_dict(made.database_url or "")["dbname"]
    with new_database(embedded, like=str(name)) as conninfo:
        yield settings_for(home, conninfo)


def settings_for(home: Path, conninfo: RoleToConninfo) -> Settings:
    return Settings(
        home=home,
        database_url=conninfo("ledger_owner"),
        server_database_url=conninfo("ledger_server"),
    )

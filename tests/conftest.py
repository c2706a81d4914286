"""One real PostgreSQL for the whole run, and an empty database for each test that asks for one."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ledger.store.embedded import EmbeddedServer, Role, create_database

RoleToConninfo = Callable[[Role], str]

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_home() -> Iterator[Path]:
    """A short path, which the system user can reach when the tests run as root."""
    home = Path(tempfile.mkdtemp(prefix="ledger-", dir="/tmp"))
    if os.geteuid() == 0:
        home.chmod(0o755)
    yield home
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def embedded(postgres_home: Path) -> Iterator[EmbeddedServer]:
    """The embedded server, shared by all tests of a run."""
    with EmbeddedServer(postgres_home) as server:
        yield server


@pytest.fixture
def fresh_database(embedded: EmbeddedServer) -> Iterator[RoleToConninfo]:
    """A new and empty database; gives for a role what libpq needs to connect to it."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(embedded.conninfo("ledger_owner"), autocommit=True) as connection:
        create_database(connection, name)
        try:
            yield lambda role: make_conninfo(embedded.conninfo(role), dbname=name)
        finally:
            connection.execute(
                sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            )

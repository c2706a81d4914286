"""One real PostgreSQL for the whole run, and an empty database for each test that asks for one."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ledger.store.embedded import EmbeddedServer, Role, create_database
from ledger.store.embedded_cluster import _INSTALLED, _LIBRARIES, _PACKAGE, _runs, _site_packages
from ledger.store.embedded_user import SYSTEM_USER, user_for
from tests.faults.embedded_land import TEMPORARY, Place, roomy_memory, temporary_home

HERE = Path(__file__).parent

RoleToConninfo = Callable[[Role], str]

# Whom the commands of a test run as. For root the ordinary user is the system user.
AS_WE_ARE = "as the user of this run"
AS_ANOTHER = "as an ordinary user"

# Under nohup a run ignores SIGHUP, and in the background of a script SIGINT; and so would every
# program that it starts and ends.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)

_numbers = itertools.count(1)

# A property is not broken by a busy machine: no example has to end within a fifth of a second.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
# More of the same: pytest --hypothesis-profile=thorough tests/properties
settings.register_profile(
    "thorough", parent=settings.get_profile("any machine"), max_examples=5_000
)
settings.load_profile("any machine")

# Where several processes share the files out, these are begun first, in this order: a file of
# minutes that is begun last would leave all processes but one without work.
LONGEST_FIRST = (
    "docs/test_guides.py", "faults", "e2e", "service", "conformance", "docs", "properties", "store",
)  # fmt: skip


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In one process, tests run in the order of their files."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _turn(item.path.relative_to(HERE)))


def _turn(file: Path) -> int:
    """The place among those that come first, or behind all of them."""
    for place, first in enumerate(LONGEST_FIRST):
        if file.is_relative_to(first):
            return place
    return len(LONGEST_FIRST)


@pytest.fixture(scope="session")
def postgres_home() -> Iterator[Path]:
    """A short path, which the system user can reach when the tests run as root; in memory, if it can be."""
    home = Path(tempfile.mkdtemp(prefix="ledger-", dir=roomy_memory() or TEMPORARY))
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
    with new_database(embedded) as conninfo:
        yield conninfo


@contextlib.contextmanager
def new_database(embedded: EmbeddedServer, like: str | None = None) -> Iterator[RoleToConninfo]:
    """A database for as long as the block lasts: empty, or with what is in the one that it is like.

    Nobody may be connected to that one.
    """
    name = f"test_{os.getpid()}_{next(_numbers)}"
    made = sql.Identifier(name)
    with psycopg.connect(embedded.conninfo("ledger_owner"), autocommit=True) as connection:
        if like is None:
            create_database(connection, name)
        else:
            copied = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
            connection.execute(copied.format(made, sql.Identifier(like)))
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(made))
            # A copy has nothing of what was granted on the database as a whole.
            granted = sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO ledger_server")
            connection.execute(granted.format(made))
    try:
        yield lambda role: make_conninfo(embedded.conninfo(role), dbname=name)
    finally:
        with psycopg.connect(embedded.conninfo("ledger_owner"), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(made))


@pytest.fixture(scope="session")
def reachable_packages() -> Iterator[Path]:
    """Where the system user finds the PostgreSQL binaries: a copy, if those installed are closed."""
    installed = _site_packages()
    if os.geteuid() != 0 or _runs(user_for(Path("/nonexistent")), installed / _INSTALLED / "bin"):
        yield installed
        return
    with tempfile.TemporaryDirectory(prefix="ledger-packages-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        for part in (_PACKAGE, _LIBRARIES):
            shutil.copytree(installed / part, Path(name, part))
        yield Path(name)


@pytest.fixture(scope="session")
def made_homes(reachable_packages: Path) -> Iterator[Callable[[str], Place]]:
    """A home with a database in it, made once for each kind of user."""
    with contextlib.ExitStack() as stack:

        @functools.cache
        def made(kind: str) -> Place:
            place = stack.enter_context(_empty_place(kind, reachable_packages))
            with place.command() as command:
                command.ready()
                assert command.end() == 0
            return place

        yield made


@pytest.fixture
def empty_place(reachable_packages: Path) -> Iterator[Place]:
    """An empty home."""
    with _empty_place(AS_WE_ARE, reachable_packages) as place:
        yield place


@pytest.fixture
def place(made_homes: Callable[[str], Place], reachable_packages: Path) -> Iterator[Place]:
    """A home with a database."""
    with _empty_place(AS_WE_ARE, reachable_packages) as place:
        place.fill_from(made_homes(AS_WE_ARE))
        yield place


@pytest.fixture(params=[AS_WE_ARE, AS_ANOTHER])
def each_place(
    request: pytest.FixtureRequest,
    made_homes: Callable[[str], Place],
    reachable_packages: Path,
) -> Iterator[Place]:
    """A home with a database, for root and then for an ordinary user, when we are root."""
    with _empty_place(request.param, reachable_packages) as place:
        place.fill_from(made_homes(request.param))
        yield place


@contextlib.contextmanager
def _empty_place(kind: str, packages: Path) -> Iterator[Place]:
    if kind == AS_WE_ARE:
        with temporary_home() as home:
            yield Place(home)
    elif os.geteuid() == 0:
        with temporary_home(SYSTEM_USER) as home:
            yield Place(home, "--as", SYSTEM_USER, "--packages", str(packages))
    else:
        pytest.skip("already an ordinary user")

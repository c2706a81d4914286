"""A database that is behind, or that is another one, stops the log from signing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ledger.errors import LedgerError, LogStopped
from ledger.service import Ledger, Settings, open_ledger
from tests.service.conftest import Place
from tests.workload import Workload


def copy_database(settings: Settings, name: str) -> Settings:
    """A backup of the ledger's database, as it is now, that can be served in its place."""
    assert settings.database_url
    assert settings.server_database_url
    parts = conninfo_to_dict(settings.database_url)
    maintenance = make_conninfo(settings.database_url, dbname="postgres")
    with psycopg.connect(maintenance, autocommit=True) as conn:
        conn.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(str(parts["dbname"]))
            )
        )
        conn.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO ledger_server").format(sql.Identifier(name))
        )
    return Settings(
        home=settings.home,
        database_url=make_conninfo(settings.database_url, dbname=name),
        server_database_url=make_conninfo(settings.server_database_url, dbname=name),
    )


def drop_database(settings: Settings) -> None:
    assert settings.database_url
    name = str(conninfo_to_dict(settings.database_url)["dbname"])
    maintenance = make_conninfo(settings.database_url, dbname="postgres")
    with psycopg.connect(maintenance, autocommit=True) as conn:
        conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


async def post_one(ledger: Ledger, workload: Workload) -> None:
    await ledger.post(workload.batch(0, 2))


def post_meter(number: int) -> Callable[[Ledger, Workload], Awaitable[None]]:
    async def post(ledger: Ledger, workload: Workload) -> None:
        await ledger.post(workload.batch(number, 2))

    return post


def open_only(settings: Settings) -> None:
    async def opened() -> None:
        async with open_ledger(settings):
            pass

    asyncio.run(opened())


def test_a_restored_old_backup_stops_the_log_with_advice(place: Place):
    place.run(post_one)
    backup = copy_database(place.settings, "restored_backup")
    try:
        place.run(post_one)
        with pytest.raises(LogStopped, match="behind") as stopped:
            open_only(backup)
        assert "bring back the database" in stopped.value.advice
    finally:
        drop_database(backup)


def test_a_history_that_went_on_differently_stops_the_log(place: Place):
    place.run(post_one)
    fork = copy_database(place.settings, "forked_history")
    try:
        file = place.settings.home / "checkpoints"
        before = file.read_bytes()
        place.run(post_meter(1))
        signed = file.read_bytes()
        # The dishonest operator lets the copy go on, with the outside file as it was before.
        file.write_bytes(before)
        other = Place(fork)
        other.workload = place.workload
        other.run(post_meter(2))
        file.write_bytes(signed)
        with pytest.raises(LogStopped, match="disagrees"):
            open_only(fork)
    finally:
        drop_database(fork)


def test_a_ledger_without_its_checkpoint_file_is_not_signed_on(place: Place):
    place.run(post_one)
    (place.settings.home / "checkpoints").unlink()
    with pytest.raises(LogStopped, match="checkpoint file"):
        open_only(place.settings)


def test_a_torn_last_line_means_that_nothing_was_signed(place: Place):
    place.run(post_one)
    path = place.settings.home / "checkpoints"
    whole = path.read_bytes()
    path.write_bytes(whole + b"99 abc")
    place.run(post_one)
    assert path.read_bytes().startswith(whole)
    assert b"99 abc" not in path.read_bytes()


def test_an_exchanged_log_key_is_noticed(place: Place):
    place.run(post_one)
    key = place.settings.home / "log.key"
    key.write_bytes(b"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\n")
    with pytest.raises(LedgerError, match=r"log\.key"):
        open_only(place.settings)


def test_after_a_crash_between_commit_and_signature_the_next_start_signs(place: Place):
    """The database is ahead of the file: that is what a crash leaves, and it is no damage."""
    place.run(post_one)
    path: Path = place.settings.home / "checkpoints"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    open_only(place.settings)
    assert path.read_bytes() == b"".join(lines)


def test_a_checkpoint_file_of_an_older_backup_is_caught_up_with(place: Place):
    """It says less than the database, and nothing else: what it says still binds."""
    place.run(post_one)
    path = place.settings.home / "checkpoints"
    older = path.read_bytes()
    for _ in range(3):
        place.run(post_one)
    newest = path.read_bytes()
    path.write_bytes(older)

    async def post_and_audit(ledger: Ledger, workload: Workload) -> None:
        await post_one(ledger, workload)
        report = await ledger.audit()
        assert report.ok, report.damages

    place.run(post_and_audit)
    assert path.read_bytes().startswith(older + newest.splitlines(keepends=True)[-1])


def test_an_older_file_that_belongs_to_another_history_stops_the_log(place: Place):
    place.run(post_one)
    path = place.settings.home / "checkpoints"
    size, root = path.read_bytes().splitlines()[-1].split()
    place.run(post_one)
    other = bytes.fromhex(root.decode())[::-1].hex().encode()
    path.write_bytes(size + b" " + other + b"\n")
    with pytest.raises(LogStopped, match="disagrees") as stopped:
        open_only(place.settings)
    assert "bring back the database" in stopped.value.advice

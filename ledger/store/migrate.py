"""A database has exactly the migrations that this program knows, each with the bytes it knows.

Migrations are numbered files, `migrations/0001_initial.sql` and so on. They are applied in order,
under a lock, all in one transaction, by the role that owns the schema, and remembered by number,
name and SHA-256. A database that is newer than the program is refused, and so is one whose past
differs. Applying them all gives exactly `schema.sql`.
"""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files
from typing import Any

import msgspec
import psycopg
from psycopg import AsyncConnection, sql

from ledger.errors import DatabaseUnavailable
from ledger.store.queries import query


class Migration(msgspec.Struct, frozen=True, gc=False):
    """One numbered file."""

    number: int
    name: str
    text: str

    @property
    def sha256(self) -> str:
        """SHA-256 of the file's bytes, in hexadecimal."""
        return sha256(self.text.encode("utf-8")).hexdigest()


def known_migrations() -> tuple[Migration, ...]:
    """All that this program knows, in order, numbered from 1 without gaps."""
    found = []
    for file in (files("ledger.store") / "migrations").iterdir():
        number, _, name = file.name.removesuffix(".sql").partition("_")
        if file.name.endswith(".sql"):
            found.append(Migration(int(number), name, file.read_text("utf-8")))
    return tuple(sorted(found, key=lambda migration: migration.number))


async def migrate(
    conn: AsyncConnection[Any], migrations: tuple[Migration, ...] | None = None
) -> tuple[Migration, ...]:
    """Bring the database up to date as its owner; the migrations that were applied now.

    Raises DatabaseUnavailable if the database is newer than the program, if its past differs, if
    what it holds cannot be brought over, or if the connection's role may not do it.
    """
    known = known_migrations() if migrations is None else migrations
    await _ensure_role(conn)
    async with conn.transaction():
        await conn.execute(query("migrate", "lock"))
        await conn.execute(query("migrate", "allow_scratch"))
        missing = await _missing(conn, known)
        for migration in missing:
            await _apply(conn, migration)
            await conn.execute(
                query("migrate", "record"), (migration.number, migration.name, migration.sha256)
            )
    return missing


async def check_migrated(
    conn: AsyncConnection[Any], migrations: tuple[Migration, ...] | None = None
) -> None:
    """Raise DatabaseUnavailable unless the database is exactly as this program knows it."""
    missing = await _missing(conn, known_migrations() if migrations is None else migrations)
    if missing:
        raise DatabaseUnavailable(
            "the database is older than this program",
            expected=f"schema {missing[-1].number}",
            found=f"schema {missing[0].number - 1}",
            advice="Run the program once with the rights of the database's owner.",
        )


async def _apply(conn: AsyncConnection[Any], migration: Migration) -> None:
    try:
        await conn.execute(sql.SQL(migration.text))
    except psycopg.errors.ObjectNotInPrerequisiteState as error:
        raise DatabaseUnavailable(
            f"migration {migration.number} cannot be applied",
            found=error.diag.message_primary or str(error),
            advice=error.diag.message_hint or "",
        ) from error


async def _missing(
    conn: AsyncConnection[Any], known: tuple[Migration, ...]
) -> tuple[Migration, ...]:
    exists = await (await conn.execute(query("migrate", "table_exists"))).fetchone()
    if exists is None or not exists[0]:
        return known
    applied = await (await conn.execute(query("migrate", "applied"))).fetchall()
    if len(applied) > len(known):
        raise DatabaseUnavailable(
            "the database is newer than this program",
            expected=f"schema {len(known)} at most",
            found=f"schema {len(applied)}",
            advice="Use the release that last worked with this database, or a later one.",
        )
    for (number, name, digest), migration in zip(applied, known, strict=False):
        if (number, name, digest) != (migration.number, migration.name, migration.sha256):
            raise DatabaseUnavailable(
                f"the database's migration {number} is not the one this program knows",
                expected=f"{migration.number:04}_{migration.name}, sha256 {migration.sha256}",
                found=f"{number:04}_{name}, sha256 {digest}",
                advice="It was made by another program or an altered release. Restore it, or"
                " use the release that made it.",
            )
    return known[len(applied) :]


async def _ensure_role(conn: AsyncConnection[Any]) -> None:
    found = await (await conn.execute(query("migrate", "role_exists"))).fetchone()
    if found is not None and found[0]:
        return
    try:
        async with conn.transaction():
            await conn.execute(query("migrate", "create_role"))
            await conn.execute(query("migrate", "join_role"))
    except psycopg.errors.DuplicateObject:
        pass  # another ledger of the same server made it just now
    except psycopg.errors.InsufficientPrivilege as error:
        raise DatabaseUnavailable(
            "the serving role ledger_server is missing and may not be made by this login",
            advice="As an administrator: CREATE ROLE ledger_server;"
            ' GRANT ledger_server TO "<login>".',
        ) from error

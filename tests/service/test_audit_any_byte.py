"""A bit that flips anywhere in what is stored is found, and its place is named.

`test_audit.py` changes the first and last byte of every column. Here chance chooses table, row,
column and byte, so that no form in between (base64, JSON, arrays, numbers) hides a spare bit.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import Any, Final

import psycopg
import pytest
from psycopg import sql

from ledger.errors import Damaged
from ledger.service import open_ledger
from tests.service.conftest import Place
from tests.service.test_audit import PLACES, UNSEEN, disarm, enough_for_a_tile, restored
from tests.service.test_proving import prepared

FLIPS: Final = 40
Row = tuple[Any, ...]


def flipped(chance: random.Random, value: Any) -> Any:
    """The value with one bit flipped somewhere; None where that is no value of its kind."""
    if isinstance(value, bytes | memoryview):
        found = bytearray(value)
        if found:
            found[chance.randrange(len(found))] ^= 1 << chance.randrange(8)
        return bytes(found)
    if isinstance(value, str) and value:
        found = bytearray(value.encode())
        found[chance.randrange(len(found))] ^= 1 << chance.randrange(7)
        try:
            text = found.decode()
        except UnicodeDecodeError:
            return None
        return None if "\0" in text else text
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value ^ (1 << chance.randrange(15))
    return None


def cells(conn: psycopg.Connection[Row], table: str) -> tuple[list[str], list[Row]]:
    found = conn.execute(f"SELECT * FROM ledger.{table}".encode())  # noqa: S608
    return [column.name for column in found.description or ()], found.fetchall()


@pytest.mark.parametrize(
    "tables",
    [
        ("log_entries", "entry_events", "checkpoints"),
        ("log_tiles", "log_head", "stream_heads"),
        ("state_view", "source_lines", "mass_delta", "mass_total"),
    ],
    ids=["what was signed", "the tree", "the views"],
)
def test_any_flipped_bit_of_any_stored_row_is_found_and_its_place_named(
    place: Place, tables: tuple[str, ...]
):
    place.run(enough_for_a_tile if "log_tiles" in tables else prepared)
    chance = random.Random(2026)  # noqa: S311  (places, not secrets)
    unseen, flips = [], 0

    async def audited() -> None:
        nonlocal flips
        async with open_ledger(place.settings, writing=False) as ledger:
            with psycopg.connect(place.settings.database_url or "", autocommit=True) as conn:
                disarm(conn)
                stored = {table: cells(conn, table) for table in tables}
                while flips < FLIPS:
                    table = chance.choice(tables)
                    names, rows = stored[table]
                    row = chance.choice(rows)
                    at = chance.randrange(len(names))
                    value = flipped(chance, row[at])
                    if value is None or value == row[at] or (table, names[at]) in UNSEEN:
                        continue
                    with restored(conn, table):
                        same = sql.SQL(" AND ").join(
                            sql.SQL("{} IS NOT DISTINCT FROM %s").format(sql.Identifier(name))
                            for name in names
                        )
                        change = sql.SQL("UPDATE ledger.{} SET {} = %s WHERE {}").format(
                            sql.Identifier(table), sql.Identifier(names[at]), same
                        )
                        try:
                            done = conn.execute(change, (value, *row))
                        except (psycopg.IntegrityError, psycopg.DataError):
                            continue  # the database itself does not let it stand
                        assert done.rowcount == 1
                        flips += 1
                        report = await ledger.audit()
                        named = [d.place for d in report.damages]
                        if report.ok or not any(one.startswith(PLACES[table]) for one in named):
                            unseen.append((table, names[at], row[at], value, named[:3]))
            assert (await ledger.audit()).ok

    asyncio.run(audited())
    assert unseen == []


@pytest.mark.parametrize("table", ["entry_events", "log_entries"])
def test_audit_goes_on_behind_any_damaged_entry_whatever_rests_on_it(place: Place, table: str):
    """A correction that has lost its reading, a source its site, everybody a key."""
    place.run(prepared)
    column = {"entry_events": "packed", "log_entries": "jws"}[table]

    async def audited() -> None:
        async with open_ledger(place.settings, writing=False) as ledger:
            size = await ledger.size()
            with psycopg.connect(place.settings.database_url or "", autocommit=True) as conn:
                disarm(conn)
                for index in range(size):
                    with restored(conn, table):
                        conn.execute(
                            f"UPDATE ledger.{table} SET {column} = set_byte({column}, 50, "  # noqa: S608
                            f"get_byte({column}, 50) # 1) WHERE index = %s".encode(),
                            (index,),
                        )
                        report = await ledger.audit()
                        assert f"entry {index}" in {damage.place for damage in report.damages}
                        # A salt counts in no view; any other damage is named, never a crash.
                        with contextlib.suppress(Damaged):
                            await ledger.rebuild()

    asyncio.run(audited())

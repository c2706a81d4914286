"""What an audit reads as it is stored, without asking the rows that could be wrong themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ledger.errors import DatabaseUnavailable
from ledger.store.migrate import check_migrated
from ledger.store.queries import query

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ledger.store.database import Connection

_PAGE: Final = 5000


async def stored_size(conn: Connection) -> int:
    """One more than the greatest index of a stored entry."""
    row = await (await conn.execute(query("audit", "bounds"))).fetchone()
    return 0 if row is None else int(row[0])


async def next_index(conn: Connection, index: int) -> int:
    """The first stored index from this one on; the caller knows that there is one."""
    row = await (await conn.execute(query("audit", "next_index"), {"index": index})).fetchone()
    return index if row is None or row[0] is None else int(row[0])


async def stored_tile(conn: Connection, level: int, number: int) -> tuple[bytes, bytes] | None:
    """Root and hashes of a tile, or None where none is stored."""
    values = {"level": level, "number": number}
    async with conn.cursor(binary=True) as cur:
        row = await (await cur.execute(query("audit", "tile"), values)).fetchone()
    return None if row is None else (bytes(row[0]), bytes(row[1]))


async def tile_names(conn: Connection) -> set[tuple[int, int]]:
    """(level, number) of every stored tile."""
    rows = await (await conn.execute(query("audit", "tile_names"))).fetchall()
    return {(int(level), int(number)) for level, number in rows}


async def all_checkpoints(conn: Connection) -> AsyncIterator[tuple[int, str]]:
    """(size, note) of every signed checkpoint, by size."""
    first = 0
    while True:
        values = {"first": first, "limit": _PAGE}
        rows = await (await conn.execute(query("audit", "checkpoints"), values)).fetchall()
        for size, note in rows:
            yield int(size), str(note)
        if len(rows) < _PAGE:
            return
        first = int(rows[-1][0]) + 1


async def migration_problem(conn: Connection) -> str | None:
    """What is wrong with the record of migrations, or None."""
    try:
        await check_migrated(conn)
    except DatabaseUnavailable as error:
        return str(error)
    return None

"""What an audit reads as it is stored, without asking the rows that could be wrong themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ledger.errors import DatabaseUnavailable
from ledger.store.log_store import read_entry
from ledger.store.migrate import check_migrated
from ledger.store.queries import query

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from ledger.store.database import Connection
    from ledger.store.log_store import StoredEntry

RANGE_ENTRIES: Final = 1024
RANGE_EVENTS: Final = 16_384
RANGE_BYTES: Final = 1_048_576
"""Packed: so that a range is checked in a tenth of a second, and memory stays small."""

EVERY_SIZE: Final = 2**63 - 1

_PAGE: Final = 5000
_TILES_NAMED: Final = 1000


async def stored_size(conn: Connection) -> int:
    """One more than the greatest index of a stored entry."""
    row = await (await conn.execute(query("audit", "bounds"))).fetchone()
    return 0 if row is None else int(row[0])


async def stored_entries(conn: Connection, first: int, until: int) -> list[StoredEntry]:
    """The next entries from an index on, as many as are checked in one go; none are left out.

    Where one is missing, the next one follows. The list is empty only where none is left.
    """
    bounds = {
        "first": first,
        "until": until,
        "entries": RANGE_ENTRIES,
        "bytes": RANGE_BYTES,
        "events": RANGE_EVENTS,
    }
    async with conn.cursor(binary=True) as cur:
        rows = await (await cur.execute(query("audit", "entries"), bounds)).fetchall()
    return [read_entry(row) for row in rows]


async def stored_tile(
    conn: Connection, level: int, number: int, log: int = 0
) -> tuple[bytes, bytes] | None:
    """Root and hashes of a tile of the log whose entry 0 has this index; None where none is stored."""
    values = {"log": log, "level": level, "number": number}
    async with conn.cursor(binary=True) as cur:
        row = await (await cur.execute(query("audit", "tile"), values)).fetchone()
    return None if row is None else (bytes(row[0]), bytes(row[1]))


async def other_tiles(
    conn: Connection, counts: Sequence[int], log: int = 0
) -> list[tuple[int, int]]:
    """(level, number) of stored tiles that are not among the first `counts[level]` of their level.

    Of the log whose entry 0 has this index; a thousand at most.
    """
    values = {"log": log, "counts": list(counts), "limit": _TILES_NAMED}
    rows = await (await conn.execute(query("audit", "other_tiles"), values)).fetchall()
    return [(int(level), int(number)) for level, number in rows]


async def checkpoints(
    conn: Connection, first: int, until: int = EVERY_SIZE
) -> AsyncIterator[tuple[int, str]]:
    """(size, note) of the signed checkpoints of sizes from one up to another, by size."""
    while True:
        bounds = {"first": first, "until": until, "limit": _PAGE}
        rows = await (await conn.execute(query("audit", "checkpoints"), bounds)).fetchall()
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

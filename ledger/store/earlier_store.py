"""Earlier logs in the database of the log that continues them, below its entry 0.

Entry *i* of an earlier log of *N* entries, the last one before this log, stands at index *i* − *N*;
an older one stands below that. Their `<operator>/ledger` streams begin again in each log, so in the
tables those of earlier logs are called `<operator>/ledger#1`, `#2`, … in their order: no stream has
such a name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import psycopg

from ledger.errors import Damaged
from ledger.log.names import begins_anew
from ledger.store.queries import query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.store.database import Connection
    from ledger.store.log_store import StoredEntry, StreamHead
    from ledger.store.redaction_store import RedactionRow


class EarlierRow(msgspec.Struct, frozen=True, kw_only=True):
    """An earlier log: `first` is the index of its entry 0 here.

    `note` is the newest checkpoint over entries that are here, with its cosignatures, if there is one.
    """

    first: int
    size: int
    log: str
    root: bytes
    heads_root: bytes
    heads_count: int
    note: str | None

    @property
    def until(self) -> int:
        """The index behind its last entry: where the next log begins."""
        return self.first + self.size


async def earlier_logs(conn: Connection) -> list[EarlierRow]:
    """The earlier logs as they are written down, oldest first. Raises Damaged for gaps between them."""
    async with conn.cursor(binary=True) as cur:
        rows = await (await cur.execute(query("earlier", "logs"))).fetchall()
    names = EarlierRow.__struct_fields__
    found = [EarlierRow(**dict(zip(names, row, strict=True))) for row in rows]
    for one, following in zip(found, [*(row.first for row in found[1:]), 0], strict=False):
        if one.until != following:
            raise Damaged(
                f"the earlier log at index {one.first}",
                expected=f"{following - one.first} entries, up to the next log",
                found=str(one.size),
                advice="Run carbon-ledger audit.",
            )
    return found


async def insert_earlier_log(conn: Connection, row: EarlierRow) -> None:
    """Write down an earlier log."""
    await conn.execute(query("earlier", "insert_log"), msgspec.structs.asdict(row))


async def ensure_earlier_partitions(conn: Connection, first: int) -> None:
    """Make the partitions for entries from this index, below 0, on."""
    await conn.execute(query("earlier", "ensure_partitions"), {"first": first})


async def insert_entries(conn: Connection, entries: Sequence[StoredEntry]) -> None:
    """Put entries of earlier logs where they say that they stand."""
    copy_entries, copy_events = query("earlier", "copy_entries"), query("earlier", "copy_events")
    async with conn.cursor() as cur:
        async with cur.copy(copy_entries) as copying:
            copying.set_types(["int8", "text", "int8", "int4", "int8", "text[]", "bytea"])
            for one in entries:
                place = (one.index, one.stream, one.first, one.count, one.first_notification)
                await copying.write_row((*place, list(one.types), one.jws))
        async with cur.copy(copy_events) as copying:
            copying.set_types(["int8", "bytea"])
            for one in entries:
                await copying.write_row((one.index, one.packed))


async def insert_tiles(
    conn: Connection, log: int, tiles: Sequence[tuple[int, int, bytes, bytes]]
) -> None:
    """Put full tiles (level, number, root, hashes) of the log whose entry 0 has this index."""
    async with conn.cursor() as cur, cur.copy(query("earlier", "copy_tiles")) as copying:
        copying.set_types(["int8", "int2", "int8", "bytea", "bytea"])
        for tile in tiles:
            await copying.write_row((log, *tile))


async def stored_tiles(
    conn: Connection, log: int, after: tuple[int, int]
) -> list[tuple[int, int, bytes, bytes]]:
    """The next full tiles (level, number, root, hashes) of a log, behind a level and number."""
    values = {"log": log, "level": after[0], "number": after[1]}
    async with conn.cursor(binary=True) as cur:
        rows = await (await cur.execute(query("earlier", "tiles"), values)).fetchall()
    return [(int(level), int(number), root, hashes) for level, number, root, hashes in rows]


async def insert_heads(conn: Connection, heads: Sequence[StreamHead]) -> None:
    """Where streams stand at the end of the earlier logs."""
    async with conn.cursor() as cur, cur.copy(query("earlier", "copy_heads")) as copying:
        copying.set_types(["text", "int8", "bytea", "int8"])
        for one in heads:
            await copying.write_row((one.stream, one.version, one.leaf, one.index))


async def insert_redaction(conn: Connection, row: RedactionRow) -> None:
    """Keep what says that the data of an event is gone. Raises Damaged where nothing allowed it."""
    try:
        await conn.execute(query("earlier", "insert_redaction"), msgspec.structs.asdict(row))
    except psycopg.errors.InsufficientPrivilege as error:
        raise Damaged(
            f"the redaction of {row.stream}@{row.version} in the earlier log",
            expected="its author's DataRedacted and the operator's RedactionConfirmed",
            found=error.diag.message_primary or str(error),
            advice="Run carbon-ledger audit in the earlier home.",
        ) from error


async def begin_notifications(conn: Connection, following: int) -> None:
    """Let the first event of this log have this notification id: those before are of earlier logs."""
    await conn.execute(query("earlier", "begin_notifications"), {"following": following})


async def stray_rows(conn: Connection, first: int, logs: Sequence[int]) -> list[str]:
    """What is stored below the first entry, and tiles of logs (by index of entry 0) that do not exist."""
    values = {"first": first, "logs": list(logs)}
    rows = await (await conn.execute(query("earlier", "stray"), values)).fetchall()
    return [str(row[0]) for row in rows]


async def number_at(conn: Connection, size: int) -> int | None:
    """The number of the earlier log that had come to this size, from 1; None for this log's sizes."""
    for number, row in enumerate(await earlier_logs(conn), start=1):
        if size <= row.until:
            return number
    return None


def column_of(stream: str, number: int | None) -> str:
    """What a stream of the earlier log of this number, from 1, is called; None: of this log."""
    return f"{stream}#{number}" if number is not None and begins_anew(stream) else stream


def stream_of(column: str) -> str:
    """The stream that is called so in the tables."""
    return column.partition("#")[0]


def number_of(column: str) -> int | None:
    """The number of the earlier log whose own stream is called so, or None."""
    number = column.partition("#")[2]
    return int(number) if number else None

"""The rows that say whose data was taken out of the log, and the one way to take it out.

The database itself looks for the two events that allow it, by the streams and types that it can see;
whoever calls has read what they say. Source: formats, section 10.
"""

from __future__ import annotations

import msgspec

from ledger.store.database import Connection
from ledger.store.queries import query


class RedactionRow(msgspec.Struct, frozen=True):
    """An event whose data is gone, the entry that held it, and the versions of the two events."""

    stream: str
    version: int
    index: int
    redacted: int
    confirmed: int


async def redactions(conn: Connection) -> list[RedactionRow]:
    """All of them, in the order of the log."""
    rows = await (await conn.execute(query("redaction", "redactions"))).fetchall()
    return [RedactionRow(*row) for row in rows]


async def redact(conn: Connection, row: RedactionRow, packed: bytes) -> None:
    """Put these packed lines in the place of the entry's; in an open transaction of the log's lock."""
    values = {
        "stream": row.stream,
        "version": row.version,
        "redacted": row.redacted,
        "confirmed": row.confirmed,
        "packed": packed,
    }
    await conn.execute(query("redaction", "redact"), values)

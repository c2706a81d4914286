"""Entries of a part of the log as they were signed, to look for those of one key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from ledger.store.earlier_store import stream_of
from ledger.store.queries import query

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from ledger.store.database import Connection

CHUNK_ENTRIES: Final = 1000


class SignedEntry(msgspec.Struct, frozen=True):
    """An entry without the data of its events."""

    index: int
    stream: str
    first: int
    count: int
    types: tuple[str, ...]
    """One when all events have the same type."""
    jws: bytes


async def signed_entries(
    conn: Connection, first: int, until: int, prefix: str
) -> AsyncGenerator[list[SignedEntry]]:
    """The entries from one index up to another of streams whose names begin with `prefix`.

    In order, at most CHUNK_ENTRIES at a time; the connection is free in between.
    """
    while True:
        values = {"first": first, "until": until, "prefix": prefix, "limit": CHUNK_ENTRIES}
        async with conn.cursor(binary=True) as cur:
            rows = await (await cur.execute(query("dispute", "statements"), values)).fetchall()
        found = [
            SignedEntry(index, stream_of(stream), version, count, tuple(types), bytes(jws))
            for index, stream, version, count, types, jws in rows
        ]
        if found:
            yield found
            first = found[-1].index + 1
        if len(rows) < CHUNK_ENTRIES:
            return

"""Entries of a part of the log as they were signed, to look for those of one key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from ledger.store.earlier_store import stream_of
from ledger.store.queries import query

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

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
) -> AsyncIterator[SignedEntry]:
    """The entries from one index up to another of streams whose names begin with `prefix`, in order.

    The connection is free between two of them.
    """
    while True:
        values = {"first": first, "until": until, "prefix": prefix, "limit": CHUNK_ENTRIES}
        async with conn.cursor(binary=True) as cur:
            rows = await (await cur.execute(query("dispute", "statements"), values)).fetchall()
        for index, stream, version, count, types, jws in rows:
            yield SignedEntry(index, stream_of(stream), version, count, tuple(types), bytes(jws))
            first = index + 1
        if len(rows) < CHUNK_ENTRIES:
            return

"""A stream's entries as they were posted, a page at a time: what a party reads back of its own.

Source: formats, section 4.
"""

from __future__ import annotations

from ledger.errors import NotFound
from ledger.log.names import event_ref
from ledger.log.note import parse_vkey
from ledger.log.page import PAGE_BYTES, write_page
from ledger.store import earlier_store, log_store
from ledger.store.database import Connection


async def column_in(conn: Connection, stream: str, log: str | None) -> str:
    """What a stream of the earlier log of this origin is called in the tables. Raises NotFound."""
    for number, row in enumerate(await earlier_store.earlier_logs(conn), start=1):
        if parse_vkey(row.log).name == log:
            return earlier_store.column_of(stream, number)
    raise NotFound(f"no log {log} stands before this one")


async def page_of(conn: Connection, stream: str, version: int) -> bytes:
    """The entry that holds a version, and those behind it, to about a megabyte. Raises NotFound."""
    place = await log_store.find_entry(conn, stream, version)
    if place is None:
        raise NotFound(f"there is no {event_ref(stream, version)}")
    found: list[tuple[bytes, bytes]] = []
    length = 0
    async for entry in log_store.stream_entries(conn, stream, first=version - place.position):
        lines = entry.lines
        found.append((entry.jws, lines))
        length += len(lines) + len(entry.jws)
        if length >= PAGE_BYTES:
            break
    return write_page(found)

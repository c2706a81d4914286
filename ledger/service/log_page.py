"""The log as it was posted, a page at a time, event data included: for who may read everything.

Source: formats, section 4.
"""

from __future__ import annotations

from ledger.errors import NotFound
from ledger.log.page import PAGE_BYTES, write_page
from ledger.store import earlier_store, log_store
from ledger.store.database import Connection


async def page_from(conn: Connection, first: int, size: int) -> bytes:
    """The entries from an index on, below a size, to about a megabyte; none behind the last.

    Those of logs that this one continues stand below 0. Raises NotFound before the oldest.
    """
    if first < 0:
        earlier = await earlier_store.earlier_logs(conn)
        oldest = earlier[0].first if earlier else 0
        if first < oldest:
            raise NotFound(
                f"there is no entry {first}",
                expected=f"an index from {oldest} on",
                found=str(first),
                advice="/v1/status names the logs that this one continues, and where each begins.",
            )
    found: list[tuple[bytes, bytes]] = []
    length = 0
    async for entry in log_store.entries(conn, first, max(size - first, 0)):
        lines = entry.lines
        found.append((entry.jws, lines))
        length += len(lines) + len(entry.jws)
        if length >= PAGE_BYTES:
            break
    return write_page(found)

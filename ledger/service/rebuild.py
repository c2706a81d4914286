"""Rebuild: fold from zero into fresh views and compare digests, bit for bit."""

from __future__ import annotations

import msgspec

from ledger.errors import Damaged, LedgerError
from ledger.service.replay import Progress, Replay
from ledger.store import log_store
from ledger.store.database import Connection, translated
from ledger.store.queries import query


class RebuildReport(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the stored read models are what the log says."""

    ok: bool
    size: int
    events: int
    digests: dict[str, str]
    """SHA-256 of each fresh read model."""
    differing: dict[str, list[str]]
    """Rows, by table, in which the stored read models differ; the first few of each."""


async def rebuild(conn: Connection, progress: Progress) -> RebuildReport:
    """Fold the whole log as it stands now. Raises Damaged where an entry cannot be folded."""
    async with translated(), conn.transaction():
        await conn.execute(query("session", "snapshot"))
        head = await log_store.read_head(conn)
        replay = await Replay.begin(conn)
        events = 0
        async for stored in log_store.entries(conn, 0, head.size):
            try:
                await replay.fold_stored(stored)
            except LedgerError as error:
                raise Damaged(
                    f"entry {stored.index} cannot be folded: {error}",
                    advice="Run carbon-ledger audit to see all damage.",
                ) from error
            events += stored.count
            progress(stored.index + 1, head.size)
        digests, differing = await replay.compare()
    return RebuildReport(
        ok=not differing, size=head.size, events=events, digests=digests, differing=differing
    )

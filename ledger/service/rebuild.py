"""Rebuild: fold from zero into fresh views and compare digests, bit for bit.

It asks whether the views follow from the entries as they are stored, by the rules: every line is in
its one spelling, every key may say what it says, every event is accepted. Whether these entries are
what was signed is the audit's question: no signature is verified here, and nothing is hashed, which
is half of the work.
"""

from __future__ import annotations

from contextlib import aclosing

import msgspec

from ledger.errors import Damaged, LedgerError
from ledger.service.ranging import steps
from ledger.service.replay import Progress, Replay
from ledger.service.spread import Spread
from ledger.store import earlier_store, log_store
from ledger.store.database import Connection, translated
from ledger.store.log_store import StoredEntry
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


async def rebuild(conn: Connection, log: str, progress: Progress, spread: Spread) -> RebuildReport:
    """Fold the whole log as it stands now. Raises Damaged where an entry cannot be folded."""
    async with translated(), conn.transaction():
        await conn.execute(query("session", "snapshot"))
        head = await log_store.read_head(conn)
        earlier = await earlier_store.earlier_logs(conn)
        first = earlier[0].first if earlier else 0
        progress(0, head.size - first)
        replay = await Replay.begin(conn)
        size, events = first, 0
        walk = steps(conn, spread, log, head.size, hashes=False, earlier=earlier)
        async with aclosing(walk):
            async for step in walk:
                await replay.prepare(step)
                for stored, found, basis in step.entries:
                    if stored.index != size:
                        break
                    if found.signed is None or found.damage:
                        raise _refused(stored, found.damage)
                    try:
                        await replay.fold(stored, found.signed, found, basis)
                    except LedgerError as error:
                        raise _refused(stored, str(error)) from error
                    size, events = size + 1, events + stored.count
                progress(step.size - first, head.size - first)
        if size != head.size:
            raise Damaged(f"entry {size} of the log is missing", advice="Run carbon-ledger audit.")
        digests, differing = await replay.compare()
    return RebuildReport(
        ok=not differing, size=size, events=events, digests=digests, differing=differing
    )


def _refused(stored: StoredEntry, why: str) -> Damaged:
    return Damaged(
        f"entry {stored.index} cannot be folded: {why}",
        advice="Run carbon-ledger audit to see all damage.",
    )

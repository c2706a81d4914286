"""The checkpoint that a receipt stands under: of the log itself, or of an earlier one that it continues.

An earlier log signs nothing any more. Its last checkpoint over entries that are here is kept and
proves them for ever, under that log's own key and in its own numbers.
"""

from __future__ import annotations

import msgspec

from ledger.errors import NotFound
from ledger.log.checkpoint import parse_checkpoint
from ledger.log.note import parse_vkey
from ledger.store.checkpoint_store import StoredCheckpoint
from ledger.store.database import Connection
from ledger.store.earlier_store import EarlierRow, earlier_logs


class Under(msgspec.Struct, frozen=True):
    """A checkpoint, and the index of entry 0 of the log whose it is."""

    stored: StoredCheckpoint
    opened: int


async def kept_checkpoint(conn: Connection, index: int) -> Under | None:
    """The checkpoint of the earlier log that an entry is of, None for an entry of no log.

    Raises NotFound for an entry that its log had not signed.
    """
    for row in await earlier_logs(conn):
        if row.first <= index < row.until:
            return Under(_stored(row, index - row.first), row.first)
    return None


def _stored(row: EarlierRow, place: int) -> StoredCheckpoint:
    size = 0 if row.note is None else parse_checkpoint(row.note.partition("\n\n")[0] + "\n").size
    if row.note is None or place >= size:
        raise NotFound(
            f"a checkpoint over entry {place} of {parse_vkey(row.log).name}",
            expected=f"an entry below {size}: so many that log had signed",
            found=str(place),
            advice="It is proven by entry 0 of the log that continues it, which names its root.",
        )
    return StoredCheckpoint(size, row.note, ())

"""The log's tree as it is served: receipts of entries, tiles of its hashes, tiles of its entries.

The trees of logs that it continues are served beside it, under their own origins' paths.
"""

from __future__ import annotations

from ledger.errors import NotFound
from ledger.log import tiles
from ledger.log.note import parse_vkey
from ledger.log.receipt import Receipt, format_receipt
from ledger.service.checkpoints import Checkpoints
from ledger.store import earlier_store, log_store, tile_store
from ledger.store.database import Connection
from ledger.store.earlier_store import EarlierRow


async def read_receipt(
    conn: Connection,
    checkpoints: Checkpoints,
    index: int,
    at_hand: dict[tuple[int, int], bytes],
) -> str:
    """The receipt of an entry under the newest cosigned checkpoint over it. Raises NotFound.

    Of an earlier log's entry, whose index is below 0, under that log's last checkpoint. `at_hand`
    are the newest tiles, by level and number, as far as they need not be read.
    """
    stored = await checkpoints.newest(conn)
    under = await checkpoints.under(conn, index)
    if not under.opened <= index < stored.size:
        raise NotFound(
            f"entry {index}",
            expected=f"an index from 0 to {stored.size - 1}",
            found=str(index),
        )
    place, size = index - under.opened, under.stored.size
    cache = tile_store.TileCache(conn, size, at_hand if index >= 0 else None, under.opened)
    path = await cache.prove(lambda read: tiles.inclusion_path(size, place, read))
    note = under.stored.cosigned_note.encode()
    return format_receipt(Receipt(place, tuple(path), note)).decode()


async def earlier_log(conn: Connection, path: str) -> EarlierRow:
    """The newest log with this path behind its host that this one continues. Raises NotFound."""
    for row in reversed(await earlier_store.earlier_logs(conn)):
        if parse_vkey(row.log).name.partition("/")[2] == path:
            return row
    raise NotFound("no log has this path", advice="/v1/status names the log's origin.")


async def read_tile(
    conn: Connection,
    checkpoints: Checkpoints,
    level: int,
    number: int,
    width: int,
    earlier: EarlierRow | None = None,
) -> bytes:
    """A tile of the log's tree under the newest checkpoint, or of an earlier log. Raises NotFound."""
    size = (await checkpoints.newest(conn)).size if earlier is None else earlier.size
    log = 0 if earlier is None else earlier.first
    return await tile_store.read_tile(conn, size, level, number, width, log)


async def read_entry_tile(
    conn: Connection,
    checkpoints: Checkpoints,
    number: int,
    width: int,
    earlier: EarlierRow | None = None,
) -> bytes:
    """The entries (batch statements, without event data) of a tile. Raises NotFound."""
    size = (await checkpoints.newest(conn)).size if earlier is None else earlier.size
    first = number * tiles.WIDTH
    if not 0 < width <= tiles.WIDTH or number < 0 or first + width > size:
        raise NotFound(f"a log of {size} entries has no entries tile {number}/{width}")
    at = first if earlier is None else earlier.first + first
    return tiles.entry_bundle([e.jws async for e in log_store.entries(conn, at, width)])

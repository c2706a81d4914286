"""Which events of a file are signed together: a local day, a month, or as many as fit.

The same file and map give the same batches each time. Limits of a batch: 10 000 events, 16 MiB;
and a quarter of a million readings in profiles, whose lines of the file are kept in memory.
Source: formats, section 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from ledger.client.importer.items import Item
from ledger.client.importer.mapfile import ImportMap

MAX_BATCH_BYTES: Final = 15 * 1024 * 1024
"""Of event lines, so that the JWS fits beside them."""
MAX_BATCH_READINGS: Final = 250_000
_SALT_BYTES: Final = 32
_encoder = msgspec.json.Encoder()


def batches(items: Iterable[Item], mapping: ImportMap) -> Iterator[list[Item]]:
    """Runs of items that are signed in one go: by local day, by month, or as many as fit."""
    by = mapping.batch.by or ("month" if mapping.form == "profile" else "day")
    batch: list[Item] = []
    bytes_so_far = readings = 0
    for item in items:
        length = len(_encoder.encode(item.event)) + _SALT_BYTES + 1
        full = (
            len(batch) >= mapping.batch.size
            or bytes_so_far + length > MAX_BATCH_BYTES
            or readings >= MAX_BATCH_READINGS
        )
        if batch and (full or _group(batch[-1], by) != _group(item, by)):
            yield batch
            batch, bytes_so_far, readings = [], 0, 0
        batch.append(item)
        bytes_so_far += length
        readings += item.readings
    if batch:
        yield batch


def _group(item: Item, by: str) -> object:
    match by:
        case "day":
            return item.day
        case "month":
            return item.day.year, item.day.month
        case _:
            return None

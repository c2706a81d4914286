"""Signed checkpoints and the witnesses' lines under them, kept for ever.

One note for each size that was signed; a cosignature that comes later is a row of its own, so that
nothing signed is ever changed. Source: formats, section 7.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from ledger.errors import Damaged
from ledger.log.note import signer_of
from ledger.store.queries import query

if TYPE_CHECKING:
    from collections.abc import Iterable

    from psycopg.rows import TupleRow

    from ledger.store.database import Connection


class StoredCheckpoint(msgspec.Struct, frozen=True):
    """A note as the log signed it, and the witnesses' lines (each without its LF)."""

    size: int
    note: str
    cosignatures: tuple[str, ...]

    @property
    def cosigned_note(self) -> str:
        """The note with the witnesses' lines behind the log's own."""
        return self.note + "".join(line + "\n" for line in self.cosignatures)


async def insert_checkpoint(conn: Connection, size: int, note: str) -> None:
    """Keep a signed note. Again is nothing new; another note for the same size raises Damaged."""
    done = await conn.execute(query("log", "insert_checkpoint"), {"size": size, "note": note})
    if done.rowcount == 1:
        return
    known = await checkpoint(conn, size)
    if known is None or known.note != note:
        raise Damaged(
            f"another checkpoint of size {size} was already signed",
            expected="" if known is None else known.note,
            found=note,
            advice="Stop the log: it must never sign two histories. Compare both with a witness.",
        )


async def checkpoint(conn: Connection, size: int) -> StoredCheckpoint | None:
    """The checkpoint of exactly this size, or None."""
    return await _one(conn, "checkpoint", {"size": size})


async def latest_checkpoint(conn: Connection) -> StoredCheckpoint | None:
    """The newest checkpoint, or None before the first."""
    return await _one(conn, "latest_checkpoint", {})


async def first_checkpoint_from(conn: Connection, size: int) -> StoredCheckpoint | None:
    """The oldest checkpoint of at least this size: what a receipt for entry size - 1 stands on."""
    return await _one(conn, "first_checkpoint_from", {"size": size})


async def latest_cosigned_checkpoint(conn: Connection) -> StoredCheckpoint | None:
    """The newest checkpoint that a witness has cosigned, or None."""
    return await _one(conn, "latest_cosigned_checkpoint", {})


async def recent_cosigned(conn: Connection, above: int, lines: int) -> list[StoredCheckpoint]:
    """The cosigned checkpoints above a size, newest first, of so many of the newest lines."""
    values = {"size": above, "lines": lines}
    rows = await (await conn.execute(query("log", "recent_cosignatures"), values)).fetchall()
    found: dict[int, tuple[str, list[str]]] = {}
    for size, note, line in rows:
        found.setdefault(size, (note, []))[1].append(line)
    return [StoredCheckpoint(size, note, one_each(lines)) for size, (note, lines) in found.items()]


def one_each(lines: Iterable[str]) -> tuple[str, ...]:
    """One line for each key: two processes may have asked a witness, and a key signs a note once."""
    first: dict[tuple[str, bytes], str] = {}
    for line in lines:
        first.setdefault(signer_of(line), line)
    return tuple(first.values())


async def insert_cosignature(conn: Connection, size: int, line: str) -> None:
    """Keep a witness's signature line (without LF) under the checkpoint of this size, once."""
    values = {"size": size, "line_sha256": sha256(line.encode()).digest(), "line": line}
    await conn.execute(query("log", "insert_cosignature"), values)


async def _one(conn: Connection, name: str, values: dict[str, int]) -> StoredCheckpoint | None:
    row = await (await conn.execute(query("log", name), values)).fetchone()
    return None if row is None else await _with_cosignatures(conn, row)


async def _with_cosignatures(conn: Connection, row: TupleRow) -> StoredCheckpoint:
    size, note = row
    lines = await (await conn.execute(query("log", "cosignatures"), {"size": size})).fetchall()
    return StoredCheckpoint(size, note, one_each(line for (line,) in lines))

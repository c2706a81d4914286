"""Signs checkpoints, and never against what was signed before.

The order is: compare the database with the checkpoint file outside it, hash again what was stored
behind the last hashed entry, append size and root to the file and sync it, sign, publish. One
signer at a time, always for the latest head, never for a smaller size; several processes take
turns through the file. Source: formats, section 7.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from ledger.errors import LogEnded, LogStopped
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.hashes import LeafHash
from ledger.log.keys import PrivateKey
from ledger.log.tiles import HEIGHT, FullTile, TileEdge
from ledger.log.tree import CompactRange
from ledger.store import checkpoint_store, log_store, tile_store
from ledger.store.checkpoint_file import CheckpointFile, Recorded
from ledger.store.database import Connection, translated
from ledger.store.log_store import Head

REHASH_ENTRIES: Final = 4096
"""Entries that are hashed again at a time."""


class Signer:
    """The log's key, and the tree over what this process has hashed itself."""

    def __init__(self, checkpoints: CheckpointFile, log_key: PrivateKey, origin: str) -> None:
        self._file = checkpoints
        self._log_key = log_key
        self._origin = origin
        self._tree = CompactRange()
        self._edge = TileEdge()
        self._full: dict[int, FullTile] = {}

    def check_end(self) -> None:
        """Raise LogEnded where another log continues this one."""
        if (ended := self._file.ended) is not None:
            raise log_ended(self._origin, ended)

    def forget(self) -> None:
        """Trust nothing that was hashed before: the next signature begins at the file's last line."""
        self._begin(TileEdge())

    def at_hand(self) -> dict[tuple[int, int], bytes]:
        """The tiles at the right edge of what was hashed, and the last full one of each level.

        By level and number: the proofs of new entries need no other.
        """
        tiles = {(tile.level, tile.number): tile.hashes for tile in self._full.values()}
        size = self._edge.size
        for level, row in enumerate(self._edge.partial):
            tiles[level, size >> HEIGHT * (level + 1)] = row
        return tiles

    def _begin(self, edge: TileEdge) -> None:
        self._edge = edge
        self._tree = tile_store.range_of(edge)
        self._full = {}

    def _grow(self, leaves: list[LeafHash]) -> None:
        self._tree = self._tree.extend(leaves)
        self._edge, full = self._edge.extend(leaves)
        self._full.update((tile.level, tile) for tile in full)

    async def sign(self, conn: Connection) -> bytes:
        """The note of a checkpoint that covers the database's head, published; b"" for an empty log.

        Raises LogStopped, and signs nothing, when database and checkpoint file disagree or the file
        cannot be written.
        """
        async with translated():
            # The file first: each of its lines stands for a commit that the database shows later.
            last = self._file.last
            head, leaves = await log_store.read_head_and_leaves(
                conn, self._tree.size, REHASH_ENTRIES
            )
            if last is not None and head.size < last.size:
                raise _behind(last.size, head.size)
            if last is None and await checkpoint_store.latest_checkpoint(conn) is not None:
                raise _file_lost(self._file.path)
            await self._rehash(conn, head, last, leaves)
            if head.size == 0:
                return b""
            note = sign_checkpoint(self._log_key, Checkpoint(self._origin, head.size, head.root))
            if await asyncio.to_thread(self._commit_to, head) > head.size:
                # Another process has signed a later head, which covers this one.
                stored = await checkpoint_store.first_checkpoint_from(conn, head.size)
                if stored is not None:
                    return stored.note.encode()
                # It has not published that yet, or was killed: the head is there by now, so sign it.
                return await self.sign(conn)
            await checkpoint_store.insert_checkpoint(conn, head.size, note.decode())
            return note

    def _commit_to(self, head: Head) -> int:
        """Append the head to the checkpoint file, unless a greater one stands there; its size.

        Raises LogEnded where the log has ended meanwhile.
        """
        with self._file.signing() as last:
            self.check_end()
            if last is not None and last.size > head.size:
                return last.size
            self._file.append(head.size, head.root)
            return head.size

    async def _rehash(
        self, conn: Connection, head: Head, last: Recorded | None, leaves: list[LeafHash]
    ) -> None:
        """Hash the stored entries behind what was hashed before, and compare with the head.

        `leaves` are the first of them, which came with the head.

        The first time, what the checkpoint file says of an earlier size is compared as well.
        """
        if self._tree.size > head.size:
            self._begin(TileEdge())
            leaves = []
        if self._tree.size == 0 and last is not None and last.size:
            self._begin(await tile_store.edge_at(conn, last.size))
            leaves = []
            if self._tree.root() != last.root:
                raise _disagrees(last.size, last.root.hex(), self._tree.root().hex())
        self._grow(leaves[: head.size - self._tree.size])
        while self._tree.size < head.size:
            count = min(REHASH_ENTRIES, head.size - self._tree.size)
            found = await tile_store.hashes(conn, 0, self._tree.size, count)
            self._grow([LeafHash(leaf) for leaf in found])
        if self._tree.root() != head.root or self._tree.edge != head.edge:
            raise _disagrees(head.size, self._tree.root().hex(), head.root.hex())


ELSEWHERE: Final = "Post to that log; its operator says at which address."


def log_ended(origin: str, continued_by: str, advice: str = ELSEWHERE) -> LogEnded:
    """What is told to whoever posts to this log, from near or far."""
    return LogEnded(
        f"the log {origin} has ended",
        expected="a log that goes on",
        found=f"it is continued by {continued_by}",
        advice=advice,
    )


def _behind(expected: int, found: int) -> LogStopped:
    return LogStopped(
        "the database is behind what this log has signed",
        expected=f"at least {expected} entries",
        found=str(found),
        advice="It was restored from an older copy. Nothing is signed with it: bring back the "
        "database that belongs to this home's checkpoint file. If that is lost, end this log: "
        "carbon-ledger continue opens one that goes on from what is there and says what was lost.",
    )


def _file_lost(path: Path) -> LogStopped:
    return LogStopped(
        f"the checkpoint file {path} is empty, and this log has signed checkpoints",
        expected="a line for each of them",
        found="none",
        advice="Bring the file back from where you keep it. If it is lost, write into it the "
        "size and root (hexadecimal) of the newest checkpoint that somebody else has kept.",
    )


def _disagrees(size: int, expected: str, found: str) -> LogStopped:
    return LogStopped(
        f"the database disagrees with what was signed, at size {size}",
        expected=f"root {expected}",
        found=found,
        advice="Nothing is signed any more. Run carbon-ledger audit, and bring back the database "
        "that belongs to this home's checkpoint file.",
    )

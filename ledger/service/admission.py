"""Whether a batch goes on where its stream ends, was logged before, or contradicts the log.

The byte-identical JWS again is a repetition and gets its receipt; anything else for a version that
exists is a conflict that carries the JWS already logged. Source: formats, section 4.
"""

from __future__ import annotations

from collections.abc import Mapping

from ledger.errors import BadBatch, Conflict, Damaged, OtherHistory
from ledger.log.batch import Seen, SignedStatement
from ledger.log.checkpoint import parse_checkpoint
from ledger.log.hashes import ZEROS_HEX
from ledger.store import checkpoint_store, log_store, tile_store
from ledger.store.database import Connection
from ledger.store.log_store import StreamHead


class Admission:
    """The ends of some streams while a group is put together, under the lock of the log."""

    def __init__(self, ends: Mapping[str, StreamHead | None], size: int) -> None:
        """With the ends of streams, the group's among them, in a log of this size."""
        self._ends = ends
        self._heads: dict[str, tuple[int, str]] = {}
        self._size = size
        self._accepted: dict[str, list[tuple[int, SignedStatement]]] = {}

    def accept(self, signed: SignedStatement, index: int) -> None:
        """The batch has its place in the group; its stream goes on behind it."""
        statement = signed.statement
        self._heads[statement.stream] = (statement.last, statement.head)
        self._accepted.setdefault(statement.stream, []).append((index, signed))

    async def repeated(self, conn: Connection, signed: SignedStatement) -> int | None:
        """The index of the same batch logged before, or None if it may be appended.

        Raises Conflict, BadBatch.
        """
        statement = signed.statement
        version, leaf = self._heads.get(statement.stream) or self._logged_end(statement.stream)
        if statement.first <= version:
            return await self._logged(conn, signed, version)
        if statement.first > version + 1:
            raise Conflict(
                f"gap in {statement.stream}",
                expected=f"version {version + 1}",
                found=f"version {statement.first}",
                advice="Send the earlier batches first.",
            )
        if statement.previous != leaf:
            raise BadBatch(
                f"previous of {statement.stream}@{statement.first}",
                expected=leaf,
                found=statement.previous,
                advice="Chain to the stream's head.",
            )
        await _check_seen(conn, statement.seen, self._size)
        return None

    def _logged_end(self, stream: str) -> tuple[int, str]:
        end = self._ends.get(stream)
        return (0, ZEROS_HEX) if end is None else (end.version, end.leaf.hex())

    async def _logged(self, conn: Connection, signed: SignedStatement, version: int) -> int:
        """The index of the batch that holds this version, if it is this very batch."""
        statement = signed.statement
        logged = await log_store.find_jws(conn, statement.stream, statement.first)
        for index, accepted in self._accepted.get(statement.stream, ()):
            if accepted.statement.first <= statement.first <= accepted.statement.last:
                logged = (index, accepted.jws.raw)
        if logged is None:
            raise Damaged(f"{statement.stream}@{statement.first} is missing")
        if logged[1] == signed.jws.raw:
            return logged[0]
        conflict = Conflict(
            f"version {statement.first} of {statement.stream}",
            expected=f"version {version + 1}, which is next",
            found="other content for a version that is logged",
            advice="What is logged stays. Read the stream's head and sign for its next version.",
        )
        conflict.logged_jws = logged[1]
        raise conflict


async def _check_seen(conn: Connection, seen: Seen | None, size: int) -> None:
    """The history that the author had verified is this log's own. Raises OtherHistory."""
    if seen is None:
        return
    root = None
    if seen.size <= size:
        stored = await checkpoint_store.checkpoint(conn, seen.size)
        root = (
            await tile_store.root_at(conn, seen.size)
            if stored is None
            else parse_checkpoint(stored.note.partition("\n\n")[0] + "\n").root
        )
    if root is None or root.hex() != seen.root:
        raise OtherHistory(
            f"seen, at size {seen.size}",
            expected="a checkpoint of this log" if root is None else f"root {root.hex()}",
            found=f"root {seen.root}",
            advice="You were shown another history than this log's. Keep that checkpoint: it is "
            "evidence. Compare it with those that others hold.",
        )

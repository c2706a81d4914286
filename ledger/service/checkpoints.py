"""Which checkpoint is published, and which one a proof about an entry stands under."""

from __future__ import annotations

from ledger.errors import NotFound
from ledger.service.under import Under, kept_checkpoint
from ledger.service.witnesses import Witnesses
from ledger.store import checkpoint_store
from ledger.store.checkpoint_store import StoredCheckpoint
from ledger.store.database import Connection
from ledger.store.earlier_store import EarlierRow


def last_checkpoint(earlier: EarlierRow) -> str:
    """The newest that is kept of an earlier log. Raises NotFound where that had signed none."""
    if earlier.note is None:
        raise NotFound("a checkpoint of that log", found="none was kept")
    return earlier.note


class Checkpoints:
    """The checkpoints of a log, with the witnesses that cosign them, if there are any."""

    def __init__(self, witnesses: Witnesses | None) -> None:
        self._witnesses = witnesses

    async def newest(self, conn: Connection) -> StoredCheckpoint:
        """The newest, cosigned or not. Raises NotFound in an empty log."""
        stored = await checkpoint_store.latest_checkpoint(conn)
        if stored is None:
            raise NotFound("checkpoint", expected="a log with an entry", found="none yet")
        return stored

    async def published(self, conn: Connection) -> StoredCheckpoint:
        """The newest that is published. Raises NotFound before the first.

        Where witnesses are configured, only what meets their policy is published.
        """
        if self._witnesses is None:
            return await self.newest(conn)
        found = await self._witnesses.witnessed(conn)
        if found is None:
            raise NotFound(
                "no checkpoint is published yet",
                expected=f"one that meets the policy {self._witnesses.policy}",
                found="too few cosignatures",
                advice="Ask again: witnesses are asked after each batch. /v1/status shows who is away.",
            )
        return found

    async def standing(self, conn: Connection, index: int) -> StoredCheckpoint:
        """The checkpoint for a proof about an entry: the newest over it that enough have cosigned.

        Where none is, the newest over it that anybody has cosigned, or else the newest: proofs wait
        for no witness. Raises NotFound in an empty log.
        """
        found = None if self._witnesses is None else await self._witnesses.witnessed(conn)
        if found is None or found.size <= index:
            found = await checkpoint_store.latest_cosigned_checkpoint(conn)
        if found is None or found.size <= index:
            return await self.newest(conn)
        return found

    async def under(self, conn: Connection, index: int) -> Under:
        """The checkpoint for a proof about an entry, also one of an earlier log. Raises NotFound."""
        earlier = await kept_checkpoint(conn, index) if index < 0 else None
        return earlier or Under(await self.standing(conn, index), 0)

"""How much an earlier log had signed, by all that can be known of it where another one continues it.

Its checkpoint file says so, what somebody has kept outside, and its witnesses. A checkpoint over
entries that are there must have their root: another history is not continued. The newest that speaks
of more is what entry 0 names as signed, and so says how much was lost. A witness tells the size that
it knows and nothing else, so where it knows of more, its checkpoint has to be brought.
Source: formats, section 5; C2SP tlog-witness, add-checkpoint.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from ledger.errors import BadFile, Damaged, LedgerError, ProofFailed
from ledger.log.add_checkpoint import AddCheckpoint
from ledger.log.checkpoint import open_checkpoint
from ledger.log.hashes import RootHash
from ledger.parties.events import Signed
from ledger.service.home import Home
from ledger.service.witness_client import WitnessClient
from ledger.service.witness_list import AskedWitness
from ledger.service.witnesses import START_TIMEOUT_S
from ledger.store import checkpoint_store, log_store, tile_store
from ledger.store.checkpoint_file import CheckpointFile
from ledger.store.checkpoint_store import StoredCheckpoint
from ledger.store.database import Database

Told = Callable[[str], None]


class _Said(msgspec.Struct, frozen=True):
    """That the log has signed this root at this size, and who says so."""

    size: int
    root: RootHash
    who: str


FILE: Final = "that home's checkpoint file"


class EarlierEnd:
    """The end of the log of a home, whose database is `source`."""

    def __init__(self, source: Database, home: Home, log: str) -> None:
        """`log` is its vkey."""
        self._source = source
        self._home = home
        self._log = log

    async def signed(self, outside: Sequence[tuple[str, bytes]]) -> Signed | None:
        """The newest checkpoint that the log has signed, if the database is behind it.

        `outside` are signed checkpoints that somebody has kept, by names for people. Raises Damaged
        if the database is not what was signed, BadFile for what this log has not signed.
        """
        others = [self._kept(who, note) for who, note in outside]
        file = await asyncio.to_thread(self._file)
        async with self._source.read() as conn:
            size = (await log_store.read_head(conn)).size
            # The newest line of the file stands for those before it.
            for one in (*[one for one in file if one.size <= size][-1:], *others):
                if one.size <= size:
                    _check(await tile_store.root_at(conn, one.size), one)
        said = (*file, *others)
        beyond = sorted((one for one in said if one.size > size), key=lambda one: one.size)
        if not beyond:
            return None
        newest = beyond[-1]
        for one in beyond:
            if one.size == newest.size and one.root != newest.root:
                raise Damaged(
                    f"the earlier log has signed two histories of size {one.size}",
                    expected=f"root {newest.root.hex()}, as {newest.who} says",
                    found=f"{one.root.hex()}, as {one.who} says",
                    advice="No continuation can mend that. Keep both, and say so openly.",
                )
        return Signed(size=newest.size, root=newest.root.hex())

    async def ask(
        self, witnesses: Sequence[AskedWitness], signed: Signed | None, told: Told
    ) -> None:
        """Ask its witnesses whether they have seen more than that; `told` of who does not answer.

        Raises Damaged where one has seen more, or another history.
        """
        async with self._source.read() as conn:
            stored = await checkpoint_store.latest_checkpoint(conn)
            size = (await log_store.read_head(conn)).size
        if stored is None:
            return
        most = max(size, 0 if signed is None else signed.size)

        async def ask(one: AskedWitness) -> None:
            client = WitnessClient(one.witness, one.url, self._log)
            try:
                async with asyncio.timeout(START_TIMEOUT_S):
                    await self._ask(client, stored, most)
            except Damaged:
                raise
            except (TimeoutError, LedgerError) as error:
                why = error.found if isinstance(error, LedgerError) else "no answer in time"
                told(
                    f"Witness {one.witness.name} of the earlier log could not be asked ({why}): it "
                    "may have seen more than is brought over."
                )
            finally:
                await client.close()

        for outcome in await asyncio.gather(*map(ask, witnesses), return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    # --- inside --------------------------------------------------------------------------------

    def _kept(self, who: str, note: bytes) -> _Said:
        """What somebody has kept. Raises BadFile."""
        try:
            head = open_checkpoint(note, self._log)
        except LedgerError as error:
            raise BadFile(
                f"{who} is not of the log that ends",
                expected=f"a checkpoint that {self._log} has signed",
                found=str(error),
                advice="Bring what this very log has signed.",
            ) from error
        return _Said(head.size, head.root, who)

    def _file(self) -> list[_Said]:
        if not self._home.checkpoints.exists():
            return []
        # Whoever signs holds the file: what a server signs now, it signs before this, or never.
        with CheckpointFile(self._home.checkpoints) as file:
            return [_Said(one.size, one.root, FILE) for one in file.records()]

    async def _ask(self, client: WitnessClient, stored: StoredCheckpoint, most: int) -> None:
        """Raise Damaged if this witness has seen more than `most`, or another history."""
        note = stored.note.encode()
        known = await client.add_checkpoint(AddCheckpoint(0, (), note))
        if not isinstance(known, int):
            return  # it had seen nothing
        if known > most:
            raise Damaged(
                f"witness {client.witness.name} has seen more of the earlier log than its home knows",
                expected=f"a checkpoint of size {known}, or the entries",
                found=f"{most} entries, in database and checkpoint file",
                advice="Bring the newest database, or the newest file checkpoints, into the earlier "
                "home. Or name with --against what somebody has: the witness keeps that checkpoint in "
                "its folder state. Only if the witness is at fault, take it out of the earlier "
                "home's witnesses.json, and say so openly.",
            )
        if not 0 < known <= stored.size:
            return
        async with self._source.read() as conn:
            path = () if known == stored.size else (
                await tile_store.consistency_path(conn, known, stored.size)
            )  # fmt: skip
        try:
            answer = await client.add_checkpoint(AddCheckpoint(known, path, note))
        except ProofFailed:
            answer = known
        if answer == known:
            raise Damaged(
                f"the earlier database is not what witness {client.witness.name} has seen",
                expected=f"a history that goes on from what it cosigned at size {known}",
                found="another one",
                advice="Another history is not continued. Bring back a database, however old, that "
                "belongs to what the witness has seen.",
            )


def _check(root: RootHash, said: _Said) -> None:
    """Raise Damaged unless the database has the root that was signed."""
    if root != said.root:
        raise Damaged(
            f"the earlier database is not what its log has signed at size {said.size}",
            expected=f"root {said.root.hex()}, as {said.who} says",
            found=root.hex(),
            advice="Another history is not continued. Bring back a database, however old, that "
            "belongs to it.",
        )

"""Disputes that are open: entries of a compromised key which its party has neither confirmed nor undone.

An event is undone where a correction, withdrawal or superseding statement that is not disputed itself
stands in its place. An entry stays in the list until all of its events are; what cannot be taken
back, such as a key, until it is confirmed. An entry of an earlier log, whose index is below 0, is
confirmed no more (decision 0024). Source: specification, keys; formats, section 5.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Final

import msgspec

from ledger.carbon.area.events import TransferRecorded
from ledger.carbon.area.pieces import TRANSFER, transfer_key
from ledger.carbon.events import ActivityCorrected
from ledger.carbon.info import DisputeInfo
from ledger.carbon.pieces import CHANGE
from ledger.errors import NotFound
from ledger.log.batch import SignedStatement, parse_statement
from ledger.log.bundle_proof import READINGS
from ledger.log.names import event_ref, split_event
from ledger.machine import read_event
from ledger.parties.pieces import KEY, KeyPiece
from ledger.service.about import read_about, require_party
from ledger.service.turns import Turns
from ledger.store import log_store
from ledger.store.database import Connection, Database
from ledger.store.dispute_store import SignedEntry, signed_entries
from ledger.store.view_store import ViewStore

LISTED: Final = 1000
"""The oldest so many: as they are settled, others take their place."""

_ABOUT_OTHERS: Final = {ActivityCorrected.__name__, TransferRecorded.__name__}
"""Types whose events say themselves under what the ledger knows them."""


class Disputes:
    """Lists the open disputes of a ledger, one list at a time. `stop` before the database is closed.

    All that was signed since a key was stolen is looked through, so who waits holds no connection.
    """

    def __init__(self, database: Database, views: ViewStore) -> None:
        self._database = database
        self._views = views
        self._turns = Turns("lists of disputes")

    async def of(self, party: str | None = None) -> list[DisputeInfo]:
        """The oldest open disputes of a party, or of all parties, in the order of the log.

        Raises NotFound for a party that is not registered, Overloaded.
        """
        async with self._database.read() as conn:
            if not (await _suspects(conn, self._views, party)).asked:
                return []
            size = (await log_store.read_head(conn)).size
        # Who asks after an entry was posted is not given a list from before it.
        return await self._turns.of(f"{party} at {size}", lambda: self._read(party))

    async def stop(self) -> None:
        """Wait for what is being listed."""
        await self._turns.stop()

    async def _read(self, party: str | None) -> list[DisputeInfo]:
        async with self._database.read() as conn:
            return await _listed(conn, self._views, await _suspects(conn, self._views, party))


class _Suspects(msgspec.Struct, frozen=True):
    """Keys that were declared compromised, and where the entries stand that they may have signed."""

    keys: dict[str, KeyPiece]
    """All keys of the ledger, by thumbprint."""
    asked: tuple[KeyPiece, ...]
    prefix: str
    """Of the streams that they may have signed in."""

    def disputed(self, chunk: Sequence[SignedEntry]) -> list[tuple[SignedEntry, SignedStatement]]:
        """Those of a part of the log that one of these keys has signed and nobody has confirmed."""
        wanted = {key.thumbprint for key in self.asked}
        read = [(entry, parse_statement(entry.jws)) for entry in chunk]
        return [
            (entry, signed)
            for entry, signed in read
            if signed.kid in wanted and self.keys[signed.kid].disputed_at(entry.index)
        ]


async def _suspects(conn: Connection, views: ViewStore, party: str | None) -> _Suspects:
    """The compromised keys of a party, or of all parties. Raises NotFound."""
    if party is not None:
        await require_party(conn, views, party)
    operator = (await read_about(conn, views)).operator
    keys = {
        piece.key: KEY.decode(piece.value)
        async for piece in views.pieces_of_kind(conn, KEY.name)
        if piece.value is not None
    }
    asked = tuple(
        key
        for key in keys.values()
        if key.compromised_from is not None and party in {None, key.party}
    )
    # Whoever runs the ledger also signs in the key streams of others.
    return _Suspects(keys, asked, "" if party in {None, operator} else f"{party}/")


async def _listed(conn: Connection, views: ViewStore, suspects: _Suspects) -> list[DisputeInfo]:
    first = min(key.compromised_from or 0 for key in suspects.asked)
    until = 1 + max(key.revoked or 0 for key in suspects.asked)
    undone = _Undone(conn, views, suspects.keys)
    found: list[DisputeInfo] = []
    async with aclosing(signed_entries(conn, first, until, suspects.prefix)) as chunks:
        async for chunk in chunks:
            for entry, signed in await asyncio.to_thread(suspects.disputed, chunk):
                settled = await undone.count(entry)
                if settled < entry.count:
                    found.append(_info(entry, signed, suspects.keys[signed.kid].party, settled))
                if len(found) == LISTED:
                    return found
    return found


def _info(entry: SignedEntry, signed: SignedStatement, party: str, settled: int) -> DisputeInfo:
    return DisputeInfo(
        party=party,
        key=signed.kid,
        index=entry.index,
        stream=entry.stream,
        first=entry.first,
        count=entry.count,
        types=tuple(dict.fromkeys(entry.types)),
        signed_at=signed.statement.signed_at,
        settled=settled,
    )


class _Undone:
    """What of an entry something undisputed has taken the place of."""

    def __init__(self, conn: Connection, views: ViewStore, keys: Mapping[str, KeyPiece]) -> None:
        self._conn = conn
        self._views = views
        self._keys = keys
        self._sound: dict[tuple[str, int], bool] = {}

    async def count(self, entry: SignedEntry) -> int:
        """How many events of an entry are undone."""
        if _ABOUT_OTHERS & set(entry.types):
            return await self._by_data(entry)
        if not set(entry.types) <= set(READINGS):
            return 0
        names = [
            event_ref(entry.stream, version)
            for version in range(entry.first, entry.first + entry.count)
        ]
        found = await self._views.load_pieces(self._conn, [(CHANGE.name, one) for one in names])
        latest = [CHANGE.decode(value).latest for value in found.values()]
        return sum([await self._is_sound(one) for one in latest])

    async def _by_data(self, entry: SignedEntry) -> int:
        lines = (await log_store.entry(self._conn, entry.index)).event_lines
        undone = 0
        for version, line in enumerate(lines, start=entry.first):
            said, name = read_event(line), event_ref(entry.stream, version)
            by = None
            if isinstance(said, ActivityCorrected):
                piece = (CHANGE.name, said.event)
                value = (await self._views.load_pieces(self._conn, [piece])).get(piece)
                by = None if value is None else CHANGE.decode(value).latest
            elif isinstance(said, TransferRecorded):
                piece = (TRANSFER.name, transfer_key(said.month, name))
                value = (await self._views.load_pieces(self._conn, [piece])).get(piece)
                by = None if value is None else TRANSFER.decode(value).voided_by
            undone += by is not None and by != name and await self._is_sound(by)
        return undone

    async def _is_sound(self, event: str) -> bool:
        """Whether the entry that holds an event is not disputed itself."""
        stream, version = split_event(event)
        place = await log_store.find_jws(self._conn, stream, version)
        if place is None:
            raise NotFound(f"event {event}", expected="an event of this ledger", found="none")
        index, jws = place
        if (stream, index) not in self._sound:
            key = self._keys.get(parse_statement(jws).kid)
            self._sound[stream, index] = key is None or not key.disputed_at(index)
        return self._sound[stream, index]

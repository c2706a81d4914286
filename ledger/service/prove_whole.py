"""Puts together the files that derive everything: a party's inventory, or any figure of a report.

A party's file holds all of its streams as of a seal, and of others what these stand on. A figure's
file holds the whole log up to its size, and all of each log that it continues; so it is for few readers
and for logs of a size that fits into memory. Source: specification, bundles, steps 13 and 14.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from ledger.carbon.reports.explain import origin_of
from ledger.carbon.reports.figure_id import parse_figure
from ledger.errors import BadValue, NotAuthorised
from ledger.log.bundle import write_bundle
from ledger.log.bundle_kinds import CompanyProof, FigureSubject, InventorySubject
from ledger.log.names import begins_anew, party_of
from ledger.log.redacted import read_redacted
from ledger.machine import read_event
from ledger.parties.pieces import LedgerPiece
from ledger.parties.rules import place_of
from ledger.service.reader import Reader
from ledger.service.report import read_report
from ledger.service.seal_ground import read_heads
from ledger.service.sight import Sight
from ledger.store import earlier_store, log_store
from ledger.store.checkpoint_store import StoredCheckpoint
from ledger.store.database import Database
from ledger.store.packing import unpacked_bytes
from ledger.store.tile_store import TileCache
from ledger.store.view_store import ViewStore
from ledger.whole.making import (
    Chosen,
    Given,
    Paths,
    choose_company,
    company_bundle,
    figure_bundle,
    given,
)
from ledger.whole.redactions import Redactions

if TYPE_CHECKING:
    from ledger.carbon.seal.pieces import SealPiece
    from ledger.log.hashes import Hash
    from ledger.store.database import Connection
    from ledger.store.earlier_store import EarlierRow
    from ledger.store.log_store import StoredEntry

MOST_EVENTS: Final = 1_000_000
"""Of one file; a figure of a longer log is for a replaying witness."""
MOST_BYTES: Final = 256 * 1024 * 1024
"""Of event lines and statements in one file."""
_SAID_ONCE: Final = frozenset({"keys", "ledger", "register", "factors", "seals", "redactions"})
"""Streams of other parties in which what an inventory stands on is looked for."""


class Whole(msgspec.Struct, frozen=True):
    """What such a file is made from: a ledger under one checkpoint, and whom the file is for.

    It is read over connections that are free again while anything is computed. `earlier` are the logs
    that this one continues, oldest first.
    """

    database: Database
    views: ViewStore
    about: LedgerPiece
    checkpoint: StoredCheckpoint
    at_hand: dict[tuple[int, int], bytes]
    reader: Reader | None
    earlier: Sequence[EarlierRow] = ()

    @property
    def first(self) -> int:
        """The index of the first entry: below 0, where this log continues another one."""
        return self.earlier[0].first if self.earlier else 0

    def opened(self, index: int) -> int:
        """The index of entry 0 of the log that an entry is of."""
        return next((one.first for one in self.earlier if one.first <= index < one.until), 0)

    async def paths(self, indexes: Iterable[int]) -> Paths:
        """The path of each of these entries in the tree of the checkpoint, or of its earlier log."""
        wanted = sorted(indexes)
        found: dict[int, tuple[Hash, ...]] = {}
        async with self.database.read() as conn:
            for log in self.earlier:
                places = [at - log.first for at in wanted if log.first <= at < log.until]
                paths = await TileCache(conn, log.size, log=log.first).prove_many(places)
                found |= {log.first + place: path for place, path in paths.items()}
            cache = TileCache(conn, self.checkpoint.size, self.at_hand)
            return found | await cache.prove_many(at for at in wanted if at >= 0)

    @property
    def note(self) -> bytes:
        """The checkpoint as it was signed."""
        return self.checkpoint.cosigned_note.encode()


class _Loaded:
    """The entries of a file, as many as may be in memory."""

    def __init__(self) -> None:
        self.entries: list[StoredEntry] = []
        self._events = 0
        self._bytes = 0

    def add(self, entry: StoredEntry) -> None:
        """Take one more. Raises BadValue where that is too much for one file."""
        self._events += entry.count
        self._bytes += unpacked_bytes(entry.packed) + len(entry.jws)
        _check_not_too_long(self._events)
        if self._bytes > MOST_BYTES:
            raise _too_much(f"{MOST_BYTES} bytes of events")
        self.entries.append(entry)


async def build_inventory(
    whole: Whole, subject: InventorySubject, seal: SealPiece, company: CompanyProof
) -> bytes:
    """The file that derives a party's sealed sums.

    Raises NotFound, BadValue, Damaged, and NotAuthorised where it would show private events of
    parties that its reader may not read: in it nothing can be withheld.
    """
    loaded = _Loaded()
    async with whole.database.read() as conn:
        streams = await _streams_asked(conn, whole, subject.party, seal)
        events = await log_store.count_events(
            conn, max(seal.index, 0) + 1, MOST_EVENTS, list(streams), first=whole.first
        )
        _check_not_too_long(events)
        for stream, until in streams.items():
            async for one in log_store.stream_entries(conn, stream, size=until):
                loaded.add(one)

    def choose() -> list[Chosen]:
        redactions = Redactions()
        for one in sorted(loaded.entries, key=lambda one: one.index):
            if one.index < seal.size:
                redactions.read(one.stream, one.first, one.event_lines)
        _check_confirmed(
            redactions, "Seal the period once more, carbon-ledger seal make, and ask for that seal."
        )
        entries = [
            given(one.index, one.jws, one.event_lines, whole.opened(one.index))
            for one in loaded.entries
        ]
        chosen = choose_company(entries, subject.party, subject.seal)
        _check_may_be_shown(Sight(whole.reader, whole.about.operator), chosen)
        return chosen

    chosen = await asyncio.to_thread(choose)
    paths = await whole.paths(one.given.index for one in chosen)
    return await asyncio.to_thread(
        lambda: write_bundle(company_bundle(chosen, paths, whole.note, subject, company))
    )


async def build_figure(whole: Whole, subject: FigureSubject) -> bytes:
    """The file that derives a figure. Raises BadName, NotFound, BadValue."""
    wanted = parse_figure(subject.figure)
    if wanted.size > whole.checkpoint.size:
        raise BadValue(
            "a figure of a size that is not published",
            expected=f"a log size up to {whole.checkpoint.size}",
            found=str(wanted.size),
            advice="Make the report again, as known at a published size.",
        )
    async with whole.database.read() as conn:
        events = await log_store.count_events(conn, wanted.size, MOST_EVENTS, first=whole.first)
        _check_not_too_long(events)
        report = await read_report(conn, whole.views, whole.about, wanted.whole)
    origin_of(report, subject.figure)
    loaded = await _up_to_confirmations(whole, wanted.size)

    def opened() -> list[Given]:
        return [given(one.index, one.jws, one.event_lines)[0] for one in loaded.entries]

    entries = await asyncio.to_thread(opened)
    paths = await whole.paths(one.index for one in entries)
    return await asyncio.to_thread(
        lambda: write_bundle(figure_bundle(entries, paths, whole.note, subject.figure))
    )


async def _up_to_confirmations(whole: Whole, size: int) -> _Loaded:
    """The entries below a size, and on to where all data that is gone of them was confirmed.

    From the oldest log's first one on; where that is an earlier one, entry 0 is among them, which says
    so.
    """
    loaded, redactions = _Loaded(), Redactions()
    until = size if whole.first == 0 else max(size, 1)
    async with whole.database.read() as conn:
        async for one in log_store.entries(conn, whole.first, until - whole.first):
            loaded.add(one)

    def read(entries: list[StoredEntry]) -> None:
        for one in entries:
            redactions.read(one.stream, one.first, one.event_lines)

    await asyncio.to_thread(read, loaded.entries)
    if redactions.awaited:
        async with whole.database.read() as conn:
            async for one in log_store.entries(conn, until, whole.checkpoint.size - until):
                loaded.add(one)
                await asyncio.to_thread(read, [one])
                if not redactions.awaited:
                    break
    _check_confirmed(redactions, "Ask again when the confirmation stands under a checkpoint.")
    return loaded


async def _streams_asked(
    conn: Connection, whole: Whole, party: str, seal: SealPiece
) -> dict[str, int]:
    """The streams in which a party's file is looked for, each with the index behind its last entry.

    What the operator has said of keys and rules is needed up to the opening of the log at hand, where
    the seal is of an earlier one.
    """
    operator, until = whole.about.operator, seal.index + 1
    streams = [
        head.stream
        for head in await read_heads(conn, until)
        if not begins_anew(head.stream)
        and (party_of(head.stream) == party or place_of(head.stream) in _SAID_ONCE)
    ]
    trust = {f"{operator}/ledger", f"{operator}/keys"}
    before = [
        earlier_store.column_of(f"{operator}/ledger", number)
        for number, _ in enumerate(whole.earlier, start=1)
    ]
    return {
        **dict.fromkeys((*before, *streams), until),
        **dict.fromkeys(sorted(trust), max(until, 1)),
    }


def _check_may_be_shown(sight: Sight, chosen: Iterable[Chosen]) -> None:
    for one in chosen:
        stream = one.given.signed.statement.stream
        if sight.covers(stream, None):
            continue
        places = range(len(one.given.lines)) if one.positions is None else one.positions
        for position in places:
            line = one.given.lines[position]
            event = None if read_redacted(line) is not None else read_event(line)
            if not sight.covers(stream, event):
                raise NotAuthorised(
                    "a file that derives everything",
                    expected="a party whose sums stand on nothing that others have said in private",
                    found=f"what {party_of(stream)} has said of a transfer, or of what it rests on",
                    advice="The operator or the regulator can make this file. For yourself ask for "
                    "what is sealed: carbon-ledger prove --seal SEAL --company PARTY --method location.",
                )


def _check_confirmed(redactions: Redactions, advice: str) -> None:
    if redactions.awaited:
        raise BadValue(
            "a file that derives everything",
            expected=f"the confirmed redaction of {redactions.awaited[0]}, whose data is gone, "
            "among the entries that the file may hold",
            found="it stands later",
            advice=advice,
        )


def _check_not_too_long(events: int) -> None:
    if events > MOST_EVENTS:
        raise _too_much(f"{MOST_EVENTS} events")


def _too_much(most: str) -> BadValue:
    return BadValue(
        "a file that derives everything",
        expected=f"at most {most}",
        found="more",
        advice="Ask a replaying witness, or run one: carbon-ledger witness replay.",
    )

"""Puts together the file that shows where one event comes from.

Entry 0, the keys of everybody who signs in the file, the event itself and, in turn, everything it
rests on: site, source, factors, corrections. Nothing else of a batch is shown.
Source: formats, section 8.
"""

from __future__ import annotations

from ledger.carbon.events import ActivityCorrected, ActivityWithdrawn
from ledger.carbon.organisation.pieces import METER, POPULATION
from ledger.carbon.pieces import CHANGE, FACTOR, REGISTER_LINK, SITE, SOURCE
from ledger.errors import NotFound
from ledger.log import tiles
from ledger.log.batch import leaves_of, parse_statement
from ledger.log.bundle import Bundle, BundleEntry, BundleEvent, WithheldEvent, write_bundle
from ledger.log.bundle_kinds import EventSubject
from ledger.log.names import event_ref, party_of, split_event
from ledger.log.redacted import holds_redacted, read_redacted, stored_leaves
from ledger.log.tree import paths_of
from ledger.machine import read_event
from ledger.parties.pieces import LEDGER
from ledger.standing import needs
from ledger.store import log_store
from ledger.store.checkpoint_store import StoredCheckpoint
from ledger.store.database import Connection
from ledger.store.log_store import StoredEntry
from ledger.store.tile_store import TileCache
from ledger.store.view_store import ViewStore


async def build_bundle(
    conn: Connection,
    views: ViewStore,
    checkpoint: StoredCheckpoint,
    cache: TileCache,
    subject: tuple[str, int],
) -> bytes:
    """The bundle of one event, (stream, version), under a checkpoint. Raises NotFound."""
    stream, version = subject
    gathering = _Gathering(conn, views, checkpoint.size, subject)
    if not await gathering.add(stream, version):
        raise NotFound(
            f"event {event_ref(stream, version)}",
            expected="an event of this ledger",
            found="none of that name",
            advice="See the stream's head for its latest version.",
        )
    await gathering.add_trust()
    indexes = sorted(gathering.positions)
    paths = await cache.prove(lambda read: tiles.inclusion_paths(checkpoint.size, indexes, read))
    entries = []
    for index in indexes:
        stored = gathering.entries[index]
        events = _events(stored, gathering.lines[index], sorted(gathering.positions[index]))
        entries.append(BundleEntry(events=events, index=index, jws=stored.jws, path=paths[index]))
    return write_bundle(
        Bundle(
            checkpoint=checkpoint.cosigned_note.encode(),
            entries=tuple(entries),
            subject=EventSubject(event=event_ref(stream, version)),
        )
    )


class _Gathering:
    """Events that belong into the file, by entry; each is looked at once."""

    def __init__(
        self, conn: Connection, views: ViewStore, size: int, subject: tuple[str, int]
    ) -> None:
        self._conn = conn
        self._views = views
        self._size = size
        self._stream, self._version = subject
        self.entries: dict[int, StoredEntry] = {}
        self.lines: dict[int, list[bytes]] = {}
        self.positions: dict[int, set[int]] = {}
        self._sources: set[str] = set()
        self._corrected: set[str] = set()
        self._parties: set[str] = set()

    async def add(self, stream: str, version: int) -> bool:
        """Take an event and everything it rests on; whether it exists.

        What is later than the subject in its own stream is left out: it cannot rest on that.
        """
        if stream == self._stream and version > self._version:
            return True
        entry = await self._entry(stream, version)
        if entry is None or entry.index >= self._size:
            return False
        position = version - entry.first
        positions = self.positions.setdefault(entry.index, set())
        if position in positions:
            return True
        positions.add(position)
        line = self.lines[entry.index][position]
        if read_redacted(line) is not None:
            return (
                True  # it stands in the file without its data, and what it rests on cannot be told
            )
        event = read_event(line)
        needed = needs(stream, version, event)
        for source in needed.sources:
            await self._add_source(source)
        for ref in needed.factors:
            await self._add_named(FACTOR.name, ref)
        for site in needed.sites:
            await self._add_named(SITE.name, site)
        for site in needed.people:
            await self._add_people(site)
        for meter in needed.meters:
            await self._add_meter(meter, event_ref(stream, version))
        for ref in needed.statements:
            await self.add(*split_event(ref))
        self._parties.update(needed.parties)
        for ref in needed.corrected:
            await self._add_corrections(ref)
        return True

    async def _entry(self, stream: str, version: int) -> StoredEntry | None:
        """The entry that holds an event, kept with its lines."""
        for known in self.entries.values():
            if known.stream == stream and known.first <= version < known.first + known.count:
                return known
        found = await log_store.entry_holding(self._conn, stream, version)
        if found is not None:
            self._keep(found)
        return found

    def _keep(self, entry: StoredEntry) -> None:
        self.entries[entry.index] = entry
        self.lines[entry.index] = entry.event_lines

    async def add_trust(self) -> None:
        """Entry 0, changes of rules, and the keys of the operator and of all authors so far."""
        operator = ""
        found = await self._views.load_pieces(self._conn, [(LEDGER.name, "")])
        for value in found.values():
            operator = LEDGER.decode(value).operator
        authors = {party_of(entry.stream) for entry in self.entries.values()} | self._parties
        await self._add_stream(f"{operator}/ledger")
        for party in sorted({operator, *authors}):
            await self._add_stream(f"{party}/keys")

    async def _add_stream(self, stream: str) -> None:
        async for entry in log_store.stream_entries(self._conn, stream, size=self._size):
            last = self._version if stream == self._stream else entry.first + entry.count
            shown = range(min(entry.count, last - entry.first + 1))
            if shown:
                self._keep(entry)
                self.positions.setdefault(entry.index, set()).update(shown)

    async def _add_source(self, stream: str) -> None:
        if stream in self._sources:
            return
        self._sources.add(stream)
        found = await self._views.load_pieces(self._conn, [(SOURCE.name, stream)])
        for value in found.values():
            for event in SOURCE.decode(value).events:
                await self.add(*split_event(event))

    async def _add_named(self, kind: str, key: str) -> None:
        found = await self._views.load_pieces(self._conn, [(kind, key)])
        for value in found.values():
            piece = FACTOR.decode(value) if kind == FACTOR.name else SITE.decode(value)
            await self.add(*split_event(piece.event))

    async def _add_people(self, site: str) -> None:
        """The first statement of how many people live there, if there is one."""
        found = await self._views.load_pieces(self._conn, [(POPULATION.name, site)])
        for value in found.values():
            await self.add(*split_event(POPULATION.decode(value).event))

    async def _add_meter(self, meter: str, removal: str) -> None:
        """The installation of the meter that an event removed, and its readings from the last back."""
        stream, _, name = meter.partition(" ")
        found = await self._views.load_pieces(self._conn, [(METER.name, stream)])
        for value in found.values():
            for one in METER.decode(value).meters:
                if one.meter == name and one.removed == removal:
                    await self.add(*split_event(one.installed))
                    await self._add_readings(one.last, one.installed)

    async def _add_readings(self, last: str | None, installed: str) -> None:
        while last is not None and last != installed:
            await self._add_corrections(last)
            found = await self._views.load_pieces(self._conn, [(REGISTER_LINK.name, last)])
            last = None
            for value in found.values():
                last = REGISTER_LINK.decode(value).follows

    async def _add_corrections(self, ref: str) -> None:
        """The event itself and all its corrections, from the latest back to the first."""
        if ref in self._corrected:
            return
        self._corrected.add(ref)
        await self.add(*split_event(ref))
        found = await self._views.load_pieces(self._conn, [(CHANGE.name, ref)])
        for value in found.values():
            latest: str | None = CHANGE.decode(value).latest
            while latest is not None:
                stream, version = split_event(latest)
                await self.add(stream, version)
                entry = await self._entry(stream, version)
                if entry is None:
                    raise NotFound(f"correction {latest}")
                event = read_event(self.lines[entry.index][version - entry.first])
                if not isinstance(event, ActivityCorrected | ActivityWithdrawn):
                    raise NotFound(f"correction {latest}", found=type(event).__name__)
                latest = event.supersedes


def _events(
    entry: StoredEntry, lines: list[bytes], positions: list[int]
) -> tuple[BundleEvent | WithheldEvent, ...]:
    """Those at these positions; without data where that was redacted."""
    statement = parse_statement(entry.jws).statement
    types = entry.types * len(lines) if len(entry.types) == 1 else entry.types
    leaves_from = stored_leaves if holds_redacted(lines) else leaves_of
    leaves = leaves_from(lines, types, entry.stream, entry.first, statement.previous)
    found: list[BundleEvent | WithheldEvent] = []
    for position, path in paths_of(leaves, positions).items():
        previous = leaves[position - 1].hex() if position else statement.previous
        gone = read_redacted(lines[position])
        if gone is None:
            found.append(BundleEvent(lines[position], path, position, previous))
        else:
            found.append(WithheldEvent(gone.data_hash, path, position, previous, gone.type))
    return tuple(found)

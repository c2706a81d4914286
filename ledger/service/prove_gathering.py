"""The events that belong into one file, by entry, each looked at once.

From an event it follows what that rests on, in turn: site, source, factors, corrections, the keys of
everybody who signs. Streams of which a file must hold everything stand there whole: what the claim
does not rest on stays without its data. Source: specification, bundles, "What an event stands on".
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from hashlib import sha256

from ledger.carbon.events import ActivityCorrected, ActivityWithdrawn
from ledger.carbon.organisation.pieces import METER, POPULATION
from ledger.carbon.pieces import CHANGE, FACTOR, REGISTER_LINK, SITE, SOURCE
from ledger.errors import BadValue, NotFound
from ledger.log import tiles
from ledger.log.batch import leaves_of, parse_statement
from ledger.log.bundle import BundleEntry, BundleEvent, WithheldEvent
from ledger.log.hashes import Hash
from ledger.log.names import event_ref, party_of, split_event
from ledger.log.redacted import Redacted, holds_redacted, read_redacted, stored_leaves
from ledger.log.tree import paths_of
from ledger.machine import read_event
from ledger.parties.rules import place_of
from ledger.service.kept import Kept
from ledger.service.sight import Sight
from ledger.standing import TRUST, needs
from ledger.store import earlier_store, log_store
from ledger.store.database import Connection
from ledger.store.earlier_store import EarlierRow
from ledger.store.log_store import StoredEntry
from ledger.store.tile_store import TileCache
from ledger.store.view_store import ViewStore


class Gathering:
    """Events below a size of the log, and those that are asked for by name.

    `ends` is an event behind which nothing of its stream belongs into the file. What is `withheld`,
    or not within `sight`, stands there without its data, and nothing is followed from it. `earlier`
    are the logs that this one continues, oldest first.
    """

    def __init__(
        self,
        conn: Connection,
        views: ViewStore,
        size: int,
        sight: Sight,
        *,
        ends: tuple[str, int] | None = None,
        withheld: Iterable[str] = (),
        earlier: Sequence[EarlierRow] = (),
    ) -> None:
        self._conn = conn
        self._views = views
        self._size = size
        self._sight = sight
        self._stream, self._version = ends or ("", 0)
        self._withheld = frozenset(withheld)
        self._earlier = earlier
        self._hidden: set[tuple[int, int]] = set()
        """Index and position of events that stand in the file and were not followed."""
        self._kept = Kept()
        self.positions: dict[int, set[int]] = {}
        self._sources: set[str] = set()
        self._corrected: set[str] = set()
        self._parties: set[str] = set()

    async def add_named(self, name: str) -> None:
        """Take an event that is asked for, whatever the size, with all that it rests on.

        Raises NotFound.
        """
        if not await self._add(*split_event(name), asked=True):
            stream, _ = split_event(name)
            last = await log_store.stream_head(self._conn, stream)
            raise NotFound(
                f"event {name}",
                expected="an event of this ledger",
                found="a stream without events"
                if last is None
                else f"a stream that ends with {stream}@{last.version}",
                advice="carbon-ledger source list PARTY names a party's streams of readings.",
            )

    async def add(self, stream: str, version: int) -> bool:
        """Take an event and everything it rests on; whether it exists.

        What is later than the subject in its own stream is left out: it cannot rest on that.
        """
        return await self._add(stream, version, asked=False)

    async def add_whole(self, stream: str, followed: Iterable[str] | None = None) -> None:
        """Take a stream whole; events of the types `followed` (None: of all) with what they rest on."""
        async for entry in log_store.stream_entries(self._conn, stream, size=self._size):
            self._kept.add(entry)
            types = entry.types * entry.count if len(entry.types) == 1 else entry.types
            for position, kind in enumerate(types):
                if followed is None or kind in followed:
                    await self.add(stream, entry.first + position)
                elif position not in self.positions.setdefault(entry.index, set()):
                    self.positions[entry.index].add(position)
                    self._hidden.add((entry.index, position))

    async def _add(self, stream: str, version: int, *, asked: bool) -> bool:
        if stream == self._stream and version > self._version:
            return True
        entry = await self._entry(stream, version)
        if entry is None or (entry.index >= self._size and not asked):
            return False
        position = version - entry.first
        positions = self.positions.setdefault(entry.index, set())
        place = entry.index, position
        if position in positions and place not in self._hidden:
            return True
        positions.add(position)
        line = self._kept.lines[entry.index][position]
        event = None if read_redacted(line) is not None else read_event(line)
        withheld = event_ref(stream, version) in self._withheld
        if withheld or not self._sight.covers(stream, event):
            self._hidden.add(place)
            return True
        self._hidden.discard(place)
        if event is None:
            return True  # it stands there without its data: what it rests on cannot be told
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
        known = self._kept.holding(stream, version)
        if known is not None:
            return known
        found = await log_store.entry_holding(self._conn, stream, version)
        if found is not None:
            self._kept.add(found)
        return found

    def parties(self) -> list[str]:
        """Everybody who has a stream in the file so far, or is handed something in it."""
        there = (party_of(self._kept.entries[index].name) for index in self.positions)
        return sorted({*there, *self._parties})

    async def add_trust(self, operator: str, size: int) -> None:
        """Entry 0, changes of rules, and the keys of the operator and of all parties so far.

        The operator's below `size`, those of others below the size of this file. Where anything so
        far stands in an earlier log, the same of that and of every log behind it.
        """
        others = [party for party in self.parties() if party != operator]
        await self._add_stream(f"{operator}/ledger", max(size, 1))
        await self._add_stream(f"{operator}/keys", max(size, 0))
        for party in others:
            await self._add_stream(f"{party}/keys", self._size)
        first = min(index for index, positions in self.positions.items() if positions)
        for number, log in enumerate(self._earlier, start=1):
            if first < log.until:
                await self._add_stream(earlier_store.column_of(f"{operator}/ledger", number), 0)

    async def _add_stream(self, stream: str, size: int) -> None:
        async for entry in log_store.stream_entries(self._conn, stream, size=size):
            last = self._version if stream == self._stream else entry.first + entry.count
            shown = range(min(entry.count, last - entry.first + 1))
            if shown:
                self._kept.add(entry)
                self.positions.setdefault(entry.index, set()).update(shown)

    async def bundled(self, cache: TileCache, size: int) -> tuple[BundleEntry, ...]:
        """The entries of the file, those of the log at hand under the checkpoint of a size.

        What shall be withheld must be in the file, and nothing of keys or rules may be: else it
        raises BadValue.
        """
        self._check_withheld()
        indexes = sorted(index for index, positions in self.positions.items() if positions)
        paths = await self._paths(indexes, cache, size)

        def built() -> tuple[BundleEntry, ...]:
            return tuple(
                BundleEntry(
                    events=self._events(index),
                    index=index,
                    jws=self._kept.entries[index].jws,
                    path=paths[index],
                )
                for index in indexes
            )

        return await asyncio.to_thread(built)

    async def _paths(
        self, indexes: Iterable[int], cache: TileCache, size: int
    ) -> dict[int, tuple[Hash, ...]]:
        """The path of each entry in the tree of its own log."""
        here = [index for index in indexes if index >= 0]
        paths = await cache.prove(lambda read: tiles.inclusion_paths(size, here, read))
        for log in self._earlier:
            places = [index - log.first for index in indexes if log.first <= index < log.until]
            if places:
                paths |= await _paths_before(self._conn, log, places)
        return paths

    def _check_withheld(self) -> None:
        there = {
            event_ref(self._kept.entries[index].name, self._kept.entries[index].first + position)
            for index, position in self._hidden
        }
        trust = {name for name in there if place_of(split_event(name)[0]) in TRUST}
        for name in sorted(self._withheld - (there - trust)):
            raise BadValue(
                f"withholding {name}",
                expected="an event that is in the file, and none of keys or rules",
                found=name,
                advice="Make the file without withholding to see what it holds.",
            )

    def _events(self, index: int) -> tuple[BundleEvent | WithheldEvent, ...]:
        """The events of an entry that belong into the file, with or without their data."""
        entry, lines = self._kept.entries[index], self._kept.lines[index]
        statement = parse_statement(entry.jws).statement
        types = entry.types * len(lines) if len(entry.types) == 1 else entry.types
        leaves_from = stored_leaves if holds_redacted(lines) else leaves_of
        leaves = leaves_from(lines, types, statement.stream, entry.first, statement.previous)
        found: list[BundleEvent | WithheldEvent] = []
        for position, path in paths_of(leaves, sorted(self.positions[index])).items():
            previous = leaves[position - 1].hex() if position else statement.previous
            line = lines[position]
            gone = read_redacted(line)
            if gone is None and (index, position) in self._hidden:
                gone = Redacted(sha256(line).hexdigest(), types[position])
            if gone is None:
                found.append(BundleEvent(line, path, position, previous))
            else:
                found.append(WithheldEvent(gone.data_hash, path, position, previous, gone.type))
        return tuple(found)

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
                event = read_event(self._kept.lines[entry.index][version - entry.first])
                if not isinstance(event, ActivityCorrected | ActivityWithdrawn):
                    raise NotFound(f"correction {latest}", found=type(event).__name__)
                latest = event.supersedes


async def _paths_before(
    conn: Connection, log: EarlierRow, places: Sequence[int]
) -> dict[int, tuple[Hash, ...]]:
    """The paths of entries of an earlier log, by their index here; their places are in that log."""
    cache = TileCache(conn, log.size, log=log.first)
    found = await cache.prove(lambda read: tiles.inclusion_paths(log.size, places, read))
    return {log.first + place: path for place, path in found.items()}

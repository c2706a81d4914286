"""Folds entries over a state of which only a part is in memory.

The rules ask for pieces; what is not in memory is loaded, and the event that asked is folded again.
Pieces of state come from the read models, recorded events and the history of a source from the log
itself. One engine serves the sequencer, another a rebuild over empty tables.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeVar, cast

import msgspec

from ledger.carbon.events import ActivityCorrected
from ledger.carbon.pieces import HISTORY, RECORDED, HistoryPiece, RecordedPiece
from ledger.carbon.redaction.pieces import ERASED
from ledger.carbon.rows import EntryRows
from ledger.carbon.seal.pieces import SEAL_GROUND, SealContent, SealGround, parse_ground_key
from ledger.carbon.summary import Basis, Summary, admit
from ledger.fold.state import Cache, Key, Kind, NotLoaded, Overlay
from ledger.log.keys import PublicKey
from ledger.log.names import split_event
from ledger.log.redacted import read_redacted
from ledger.machine import KINDS, Entry, authorise, fold, read_event
from ledger.parties.pieces import END, LEDGER, EndPiece, ledger
from ledger.service.erased import Erased
from ledger.service.history import body_of, history_at
from ledger.service.seal_deriving import NotDerived
from ledger.service.seal_ground import read_ground
from ledger.store import earlier_store, log_store
from ledger.store.database import Connection
from ledger.store.view_store import Piece, ViewStore

P = TypeVar("P", bound=msgspec.Struct)
T = TypeVar("T")

CACHED_PIECES: Final = 50_000
"""Pieces kept in memory before all are dropped and loaded again as they are needed."""


FORESEEN_ROUNDS: Final = 8
"""What a piece leads to is asked for in the next round; more than these are loaded one by one."""


class Folded(msgspec.Struct, frozen=True):
    """What one entry changes; nothing of it is kept before `Engine.keep`."""

    index: int
    key: PublicKey
    rows: EntryRows
    changes: dict[Key, msgspec.Struct | None]


class Engine:
    """A cache of state over one set of read models."""

    def __init__(self, views: ViewStore) -> None:
        self.views = views
        self._cache = Cache()
        self._pending: dict[Key, tuple[msgspec.Struct | None, int]] = {}
        self._from_log: set[Key] = set()
        self._log_until = 0
        self._unpacked: tuple[int, list[bytes]] = (-1, [])
        self._erased = Erased()
        self._derived: Mapping[str, SealContent] | None = None

    def forget(self) -> None:
        """Drop everything from memory, and what was kept and not written."""
        self._cache.pieces.clear()
        self._pending.clear()
        self._from_log.clear()
        self._unpacked = (-1, [])
        self._erased.forget()

    async def fold(
        self,
        conn: Connection,
        entry: Entry,
        *,
        until: int,
        derived: Mapping[str, SealContent] | None = None,
    ) -> Folded:
        """What this entry changes, or the error why it must not be appended.

        `until` is the size of the log in the database that loaded events may come from. `derived` is
        what seals say, by the keys of their grounds; where it is given, a seal that is not in it
        raises NotDerived, else it is derived here.
        """
        self._derived = derived
        if until != self._log_until:
            # What was read from a shorter log may lack readings and corrections.
            self._cache.forget(self._from_log)
            self._from_log.clear()
            self._log_until = until
        overlay, rows = Overlay(self._cache), EntryRows()
        try:
            key = authorise(overlay, entry)
            fold(overlay, entry, rows)
        except NotLoaded:
            return await self._fold_one_by_one(conn, entry, until)
        return Folded(entry.index, key, rows, overlay.changes)

    async def _fold_one_by_one(self, conn: Connection, entry: Entry, until: int) -> Folded:
        """The same where pieces are missing: loaded together as far as that can be foreseen.

        Only the event that asks for a piece is folded again when it is there, so the work grows
        with the number of events and not with its square.
        """
        for _ in range(FORESEEN_ROUNDS):
            foreseen = self._foreseen(entry)
            if not foreseen:
                break
            await self.prepare(conn, foreseen)
        overlay, rows = Overlay(self._cache), EntryRows()
        key = await self._loading(conn, until, lambda: authorise(overlay, entry))
        for event, position in zip(entry.events, entry.positions, strict=True):
            one = msgspec.structs.replace(entry, events=(event,), positions=(position,))

            def attempt(one: Entry = one) -> tuple[Overlay, EntryRows]:
                changed, added = Overlay(overlay), EntryRows()
                fold(changed, one, added)
                return changed, added

            changed, added = await self._loading(conn, until, attempt)
            changed.merge_into(overlay.changes)
            rows.add(added)
        return Folded(entry.index, key, rows, overlay.changes)

    def _foreseen(self, entry: Entry) -> set[Key]:
        """Stored pieces that the entry asks for and that are not in memory.

        Found by folding as if they did not exist, up to where that goes wrong, however it does.
        """
        asking = _Asking(self._cache)
        with contextlib.suppress(Exception):
            authorise(asking, entry)
            fold(asking, entry, EntryRows())
        return asking.missing

    async def _loading(self, conn: Connection, until: int, attempt: Callable[[], T]) -> T:
        """The outcome of an attempt, made again for each piece that it lacks."""
        while True:
            try:
                return attempt()
            except NotLoaded as missing:
                await self._load(conn, missing.kind, missing.key, until)

    async def add(
        self, conn: Connection, entry: Entry, basis: Basis, summary: Summary, *, until: int
    ) -> Folded | None:
        """What this entry of readings changes by its summary, None if it must be folded.

        Raises the error why its key may not say this here.
        """

        def attempt() -> Folded | None:
            overlay, rows = Overlay(self._cache), EntryRows()
            key = authorise(overlay, entry)
            if not basis.holds(overlay) or not admit(overlay, entry.stream, summary, rows):
                return None
            return Folded(entry.index, key, rows, overlay.changes)

        return await self._loading(conn, until, attempt)

    async def prepare(self, conn: Connection, keys: Iterable[Key]) -> None:
        """Load these stored pieces, those that are not in memory yet, together."""
        missing = [key for key in keys if key not in self._cache.pieces]
        if not missing:
            return
        values = await self.views.load_pieces(conn, missing)
        for key in missing:
            value = values.get(key)
            self._cache.pieces[key] = None if value is None else KINDS[key[0]].decode(value)

    def keep(self, folded: Folded) -> None:
        """Let the changes of an accepted entry be the state from now on."""
        for key, piece in folded.changes.items():
            self._cache.pieces[key] = piece
            if key[0] in KINDS:
                self._pending[key] = (piece, folded.index)
            else:
                self._from_log.add(key)

    def unwritten(self) -> list[Piece]:
        """The pieces that were kept since they were last written, as rows."""
        return [
            Piece(kind, key, None if piece is None else Kind.encode(piece), index)
            for (kind, key), (piece, index) in self._pending.items()
        ]

    def written(self) -> None:
        """What was kept is in the database; forget what must be read from the log again."""
        self._pending.clear()
        if len(self._cache.pieces) > CACHED_PIECES:
            self._cache.pieces.clear()
        self._cache.forget(self._from_log)
        self._from_log.clear()

    async def _load(
        self, conn: Connection, kind: Kind[msgspec.Struct], key: str, until: int
    ) -> None:
        found: msgspec.Struct | None
        if kind.name not in KINDS:
            self._from_log.add((kind.name, key))
        if kind.name == RECORDED.name:
            found = await self._recorded(conn, key, until)
        elif kind.name == HISTORY.name:
            found = HistoryPiece(await history_at(conn, key, until))
        elif kind.name == SEAL_GROUND.name:
            found = await self._ground(conn, key)
        elif kind.name == END.name:
            found = await _end_before(conn, until)
        elif kind.name == ERASED.name:
            about = await self._loading(conn, until, lambda: ledger(self._cache))
            found = await self._erased.of(conn, key, about)
        else:
            values = await self.views.load_pieces(conn, [(kind.name, key)])
            value = values.get((kind.name, key))
            found = None if value is None else kind.decode(value)
        self._cache.pieces[kind.name, key] = found

    async def _ground(self, conn: Connection, key: str) -> SealGround:
        """What a seal follows from; all that was folded below its size has been written."""
        if self._derived is not None:
            if key not in self._derived:
                raise NotDerived(key)
            return SealGround(known=None, content=self._derived[key])
        period, size = parse_ground_key(key)
        value = (await self.views.load_pieces(conn, [(LEDGER.name, "")]))[LEDGER.name, ""]
        return await read_ground(conn, self.views, LEDGER.decode(value), period, size)

    async def _recorded(self, conn: Connection, ref: str, until: int) -> RecordedPiece | None:
        stream, version = split_event(ref)
        place = await log_store.find_entry(conn, stream, version)
        if place is None or place.index >= until:
            return None
        if self._unpacked[0] != place.index:
            # The next correction is often of the same batch; an entry never changes.
            self._unpacked = place.index, (await log_store.entry(conn, place.index)).event_lines
        line = self._unpacked[1][place.position]
        if read_redacted(line) is not None:
            return None
        event = read_event(line)
        body = event.body if isinstance(event, ActivityCorrected) else event
        return RecordedPiece(type(event).__name__, body_of(body), place.index)


class _Asking:
    """A state in which what is not in memory is taken for absent, and written down."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._changes: dict[Key, msgspec.Struct | None] = {}
        self.missing: set[Key] = set()

    def get(self, kind: Kind[P], key: str) -> P | None:
        """The piece if it is in memory."""
        place = kind.name, key
        if place in self._changes:
            return cast("P | None", self._changes[place])
        if place not in self._cache.pieces and kind.name in KINDS:
            self.missing.add(place)
        return cast("P | None", self._cache.pieces.get(place))

    def put(self, kind: Kind[P], key: str, piece: P | None) -> None:
        """The piece from now on."""
        self._changes[kind.name, key] = piece


async def _end_before(conn: Connection, index: int) -> EndPiece | None:
    """What the earlier log that ends before this index has come to, as it is written down."""
    for row in await earlier_store.earlier_logs(conn):
        if row.until == index:
            return EndPiece(
                size=row.size,
                root=row.root.hex(),
                heads_root=row.heads_root.hex(),
                heads_count=row.heads_count,
            )
    return None

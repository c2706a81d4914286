"""Files that show claims, each under the checkpoint that fits, one that derives everything at a time.

What is put into a file is decided in `prove` and `prove_whole`; here it is decided which snapshot,
which checkpoint and which lists of a seal they work on, and who waits for whom.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from ledger.carbon.reports.figure_id import parse_figure
from ledger.carbon.seal.pieces import SealPiece
from ledger.log.bundle import named_by
from ledger.log.bundle_kinds import (
    NOTHING,
    CurrentSubject,
    EventSubject,
    FigureSubject,
    Further,
    InventorySubject,
    Subject,
    TargetSubject,
)
from ledger.log.names import split_event
from ledger.service.about import read_about
from ledger.service.checkpoints import Checkpoints
from ledger.service.prove import (
    Proving,
    build_bundle,
    build_whole,
    check_nothing_withheld,
    seal_named,
    sealed_part,
)
from ledger.service.prove_whole import Whole
from ledger.service.reader import Reader
from ledger.service.seal import Lists
from ledger.service.turns import Turns
from ledger.store import earlier_store, log_store, tile_store
from ledger.store.database import Database
from ledger.store.view_store import ViewStore

WHOLE_WAITING: Final = 4
"""Files that derive everything: so many wait or are being made, one at a time."""


class Bundles:
    """Makes the files of a ledger. `stop` before the database is closed."""

    def __init__(
        self,
        database: Database,
        views: ViewStore,
        lists: Lists,
        checkpoints: Checkpoints,
        tiles_at_hand: Callable[[], dict[tuple[int, int], bytes]],
    ) -> None:
        """`tiles_at_hand` are the newest tiles, as far as this process has hashed them itself."""
        self._database = database
        self._views = views
        self._lists = lists
        self._checkpoints = checkpoints
        self._tiles_at_hand = tiles_at_hand
        self._whole = Turns("files that derive everything", WHOLE_WAITING)

    async def stop(self) -> None:
        """Wait for what is being derived."""
        await self._whole.stop()

    async def of(self, subject: Subject, withheld: Sequence[str], reader: Reader | None) -> bytes:
        """The file that shows a claim; as `Ledger.prove`, and raises as it does."""
        if isinstance(subject, InventorySubject | FigureSubject):
            check_nothing_withheld(withheld)
            return await self._whole.of(
                f"{subject!r} for {reader!r}", lambda: self._prove_whole(subject, reader)
            )
        _, further = await self._further(subject)
        async with self._database.read() as conn:
            about = await read_about(conn, self._views)
            indexes = []
            for name in named_by(subject):
                place = await log_store.find_entry(conn, *split_event(name))
                indexes.append(0 if place is None else place.index)
            checkpoint = await self._checkpoints.standing(conn, max([0, *indexes]))
            cache = tile_store.TileCache(conn, checkpoint.size, self._tiles_at_hand())
            earlier = await earlier_store.earlier_logs(conn)
            proving = Proving(conn, self._views, about, further, checkpoint, cache, reader, earlier)
            return await build_bundle(proving, subject, withheld)

    async def _prove_whole(
        self, subject: InventorySubject | FigureSubject, reader: Reader | None
    ) -> bytes:
        """A file that derives everything; over connections that are free while it is computed."""
        async with self._database.read() as conn:
            about = await read_about(conn, self._views)
            earlier = await earlier_store.earlier_logs(conn)
            if isinstance(subject, FigureSubject):
                index = parse_figure(subject.figure).size - 1
            else:
                place = await log_store.find_entry(conn, *split_event(subject.seal))
                index = 0 if place is None else place.index
            stored = await self._checkpoints.standing(conn, max(index, 0))
        seal, further = await self._further(subject)
        at_hand = self._tiles_at_hand()
        whole = Whole(self._database, self._views, about, stored, at_hand, reader, earlier)
        return await build_whole(whole, subject, seal, further)

    async def _further(self, subject: Subject) -> tuple[SealPiece | None, Further]:
        """The seal that a claim is about, and what is shown of its lists; no connection waits.

        Raises NotFound, Damaged, Overloaded.
        """
        if isinstance(subject, EventSubject | CurrentSubject | TargetSubject | FigureSubject):
            return None, NOTHING
        async with self._database.read() as conn:
            about = await read_about(conn, self._views)
            seal = await seal_named(conn, self._views, subject.seal)
        return seal, await sealed_part(self._lists, about, seal, subject)

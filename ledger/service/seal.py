"""Seals: what the operator is about to sign, the seals there are, and the lists behind each.

The lists are not stored. They follow from the log at the seal's size, so they are derived when asked
for, held against the seal's roots and totals, and kept for the seals that were asked for last.
Source: formats, section 9.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from typing import Final

from ledger.carbon.rulepack import load
from ledger.carbon.seal.draft import draft_seal
from ledger.carbon.seal.info import SealDraft, SealInfo, draft_of, seal_info
from ledger.carbon.seal.lists import SealLists, seal_lists
from ledger.carbon.seal.pieces import SEAL, SealPiece
from ledger.carbon.seal.rules import check_lists
from ledger.errors import Damaged, NotFound, RuleBroken
from ledger.log.names import event_ref
from ledger.parties.pieces import LedgerPiece
from ledger.service.seal_ground import read_ground
from ledger.store.database import Connection
from ledger.store.view_store import ViewStore

_LOG: Final = logging.getLogger(__name__)

LISTS_KEPT: Final = 4
UNSALTED: Final = ""
"""Of an event whose salt its signer draws."""


async def read_draft(
    conn: Connection,
    views: ViewStore,
    about: LedgerPiece,
    view: str,
    period: tuple[str, str],
    size: int,
    gwp: str,
) -> SealDraft:
    """What seals [first month, month after the last) as known at a size.

    Raises BadValue for an unknown view or GWP set, RuleBroken for an amount below zero.
    """
    ground = await read_ground(conn, views, about, period, size)
    return draft_of(await asyncio.to_thread(draft_seal, ground, view, gwp, UNSALTED))


async def read_seals(conn: Connection, views: ViewStore) -> list[SealInfo]:
    """All seals, in the order of the log."""
    found = [
        seal_info(SEAL.decode(piece.value))
        async for piece in views.pieces_of_kind(conn, SEAL.name)
        if piece.value is not None
    ]
    return sorted(found, key=lambda seal: seal.number)


async def read_seal(
    conn: Connection, views: ViewStore, about: LedgerPiece, version: int
) -> SealPiece:
    """The seal `<operator>/seals@<version>`. Raises NotFound."""
    event = event_ref(f"{about.operator}/seals", version)
    value = (await views.load_pieces(conn, [(SEAL.name, event)])).get((SEAL.name, event))
    if value is None:
        raise NotFound(
            f"seal {version}",
            expected="the number of a seal",
            found=str(version),
            advice="See carbon-ledger seal list.",
        )
    return SEAL.decode(value)


class Lists:
    """The lists of seals, derived once for each of the seals that were asked for last."""

    def __init__(self, views: ViewStore) -> None:
        self._views = views
        self._found: OrderedDict[str, SealLists] = OrderedDict()
        self._one_at_a_time = asyncio.Lock()

    async def of(self, conn: Connection, about: LedgerPiece, seal: SealPiece) -> SealLists:
        """The lists behind a seal. Raises Damaged where the log no longer leads to it."""
        async with self._one_at_a_time:
            found = self._found.get(seal.event)
            if found is None:
                found = await self._derived(conn, about, seal)
                self._found[seal.event] = found
                if len(self._found) > LISTS_KEPT:
                    self._found.popitem(last=False)
            self._found.move_to_end(seal.event)
            return found

    async def _derived(self, conn: Connection, about: LedgerPiece, seal: SealPiece) -> SealLists:
        ground = await read_ground(conn, self._views, about, seal.period, seal.size)
        pack = load(seal.rules)
        try:
            found = await asyncio.to_thread(seal_lists, ground, pack, seal.view)
            check_lists(seal, found)
        except RuleBroken as error:
            # Anybody may ask: what the log leads to now are figures that nobody has sealed.
            _LOG.exception("the log does not lead to %s any more", seal.event)
            raise Damaged(
                f"the log does not lead to {seal.event} any more",
                expected="the lists that it commits to",
                found="others",
                advice="Its operator runs carbon-ledger audit, which says where they differ.",
            ) from error
        return found

"""Seals: what the operator is about to sign, the seals there are, and the lists behind each.

The lists are not stored. They follow from the log at the seal's size, so they are derived when asked
for, held against the seal's roots and totals, and kept for the seals that were asked for last.
Source: formats, section 9.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, TypeVar

from ledger.carbon.rulepack import load
from ledger.carbon.seal.draft import check_gwp, seal_of
from ledger.carbon.seal.info import SealDraft, SealInfo, draft_of, seal_info
from ledger.carbon.seal.lists import SealLists, seal_lists
from ledger.carbon.seal.pieces import SEAL, SealPiece, ground_key
from ledger.carbon.seal.rules import check_lists
from ledger.errors import Damaged, NotFound, RuleBroken
from ledger.log.names import event_ref
from ledger.log.seals import CompanyLine, Head, heads_root
from ledger.parties.pieces import LedgerPiece
from ledger.service.seal_deriving import Deriving
from ledger.service.seal_ground import read_ground, read_heads
from ledger.service.turns import Turns
from ledger.store.database import Connection, Database
from ledger.store.view_store import ViewStore

_LOG: Final = logging.getLogger(__name__)

T = TypeVar("T")

LISTS_KEPT: Final = 4
"""Seals whose lists are kept whole, with the private lines."""
LINES_KEPT: Final = 50_000
"""Lines that are kept of all public lists of companies together, and as many heads."""
UNSALTED: Final = ""
"""Of an event whose salt its signer draws."""


async def derive_draft(
    deriving: Deriving, about: LedgerPiece, view: str, period: tuple[str, str], size: int, gwp: str
) -> SealDraft:
    """What seals [first month, month after the last) as known at a size that the log has come to.

    Raises BadValue for an unknown view or GWP set, RuleBroken for an amount below zero, and what
    `Deriving.of` raises.
    """
    pack = load(about.rules_at(size))
    check_gwp(pack, gwp)
    content = await deriving.of(ground_key(period, size, view))
    return draft_of(seal_of(content, pack, view, period, size, gwp, UNSALTED))


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
    """The lists of seals, derived once for each of the seals that were asked for last.

    What is public of them is kept longer: a seal never changes. Derived is one at a time, over a
    connection of its own, so nobody holds one while waiting for another's.
    """

    def __init__(self, database: Database, views: ViewStore) -> None:
        self._database = database
        self._views = views
        self._turns = Turns("lists of seals")
        self._found: OrderedDict[str, SealLists] = OrderedDict()
        self._companies: OrderedDict[str, tuple[CompanyLine, ...]] = OrderedDict()
        self._heads: OrderedDict[str, tuple[Head, ...]] = OrderedDict()

    async def of(self, about: LedgerPiece, seal: SealPiece) -> SealLists:
        """The lists behind a seal.

        Raises Damaged where the log no longer leads to it, Overloaded.
        """
        found = self._found.get(seal.event)
        if found is None:
            found = await self._turns.of(seal.event, lambda: self._derived(about, seal))
            _keep(self._found, seal.event, found, LISTS_KEPT)
            _keep(self._companies, seal.event, found.companies, LINES_KEPT, len)
        else:
            self._found.move_to_end(seal.event)
        return found

    async def companies(self, about: LedgerPiece, seal: SealPiece) -> tuple[CompanyLine, ...]:
        """The public list of companies of a seal. Raises as `of` does."""
        kept = self._companies.get(seal.event)
        if kept is None:
            return (await self.of(about, seal)).companies
        self._companies.move_to_end(seal.event)
        return kept

    async def heads(self, seal: SealPiece) -> tuple[Head, ...]:
        """The public list of heads of a seal, read from signed statements alone. Raises as `of`."""
        kept = self._heads.get(seal.event)
        if kept is None:
            kept = await self._turns.of(f"heads of {seal.event}", lambda: self._read_heads(seal))
            _keep(self._heads, seal.event, kept, LINES_KEPT, len)
        else:
            self._heads.move_to_end(seal.event)
        return kept

    async def stop(self) -> None:
        """Wait for what is being derived."""
        await self._turns.stop()

    async def _read_heads(self, seal: SealPiece) -> tuple[Head, ...]:
        async with self._database.read() as conn:
            found = await read_heads(conn, seal.size)
        root = await asyncio.to_thread(lambda: heads_root(found).hex())
        if (len(found), root) != (seal.heads_count, seal.heads_root):
            raise Damaged(
                f"the log does not lead to {seal.event} any more: its heads",
                expected=f"{seal.heads_count} with the root {seal.heads_root}",
                found=f"{len(found)} with the root {root}",
                advice="Run carbon-ledger audit.",
            )
        return found

    async def _derived(self, about: LedgerPiece, seal: SealPiece) -> SealLists:
        async with self._database.read() as conn:
            ground = await read_ground(conn, self._views, about, seal.period, seal.size)
        pack = load(seal.rules)
        try:
            found = await asyncio.to_thread(seal_lists, ground, pack, seal.view)
            await asyncio.to_thread(check_lists, seal, found)
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


def _keep(
    kept: OrderedDict[str, T],
    name: str,
    value: T,
    most: int,
    weight: Callable[[T], int] = lambda _: 1,
) -> None:
    """Keep the newest, and of those before it as many as weigh no more than `most` together."""
    kept[name] = value
    kept.move_to_end(name)
    while len(kept) > 1 and sum(map(weight, kept.values())) > most:
        kept.popitem(last=False)

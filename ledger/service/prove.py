"""Puts together the one file that shows a claim: its events, what they rest on, lines of a seal.

Nothing else of a batch is shown. For a figure as of a seal, the register of its party and the
corrections of its source are in the file whole; of these only what can change a figure is shown.
Source: formats, section 8; specification, bundles.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

import msgspec

from ledger.carbon.area.events import TargetSet
from ledger.carbon.seal.lists import SealLists
from ledger.carbon.seal.pieces import SEAL, SealPiece
from ledger.errors import BadValue, NotFound
from ledger.log.bundle import Bundle, named_by, write_bundle
from ledger.log.bundle_kinds import (
    NOTHING,
    AreaSubject,
    CompanySubject,
    CurrentSubject,
    FigureSubject,
    Further,
    InventorySubject,
    LineSubject,
    PartSubject,
    Subject,
    TargetSubject,
)
from ledger.log.names import party_of, split_event
from ledger.parties.pieces import LedgerPiece
from ledger.parties.rules import place_of
from ledger.provenance.current import AMENDING, streams_asked
from ledger.provenance.showing import (
    company_among,
    company_shown,
    heads_shown,
    line_shown,
    lines_shown,
)
from ledger.service.prove_gathering import Gathering
from ledger.service.prove_whole import Whole, build_figure, build_inventory
from ledger.service.reader import Reader
from ledger.service.seal import Lists
from ledger.service.seal_ground import read_heads
from ledger.service.selecting import check_selected
from ledger.service.sight import Sight
from ledger.store import log_store
from ledger.store.checkpoint_store import StoredCheckpoint
from ledger.store.database import Connection
from ledger.store.earlier_store import EarlierRow
from ledger.store.tile_store import TileCache
from ledger.store.view_store import ViewStore


class Proving(msgspec.Struct, frozen=True):
    """What files are made from: one snapshot of a ledger, under one checkpoint.

    `reader` is whom a file is made for, None being anybody: it shows nothing that he may not read.
    `earlier` are the logs that this one continues, oldest first. `further` is what a claim about a
    seal's lists shows of them, read before: no connection waits for lists that are being derived.
    """

    conn: Connection
    views: ViewStore
    about: LedgerPiece
    further: Further
    checkpoint: StoredCheckpoint
    tiles: TileCache
    reader: Reader | None
    earlier: Sequence[EarlierRow] = ()

    @property
    def sight(self) -> Sight:
        """What the file may show."""
        return Sight(self.reader, self.about.operator)

    def gathering(
        self, size: int, hidden: frozenset[str], ends: tuple[str, int] | None = None
    ) -> Gathering:
        """An empty file of events below a size."""
        return Gathering(
            self.conn,
            self.views,
            size,
            self.sight,
            ends=ends,
            withheld=hidden,
            earlier=self.earlier,
        )


async def seal_named(conn: Connection, views: ViewStore, name: str) -> SealPiece:
    """The seal of this event. Raises NotFound."""
    value = (await views.load_pieces(conn, [(SEAL.name, name)])).get((SEAL.name, name))
    if value is None:
        raise NotFound(
            f"seal {name}",
            expected="the event of a seal",
            found=name,
            advice="carbon-ledger seal list names them.",
        )
    return SEAL.decode(value)


async def check_target(proving: Proving, name: str) -> None:
    """Raise NotFound unless the event is a target that the operator has set.

    Anybody may have a file about a target, and about no other event of a private stream.
    """
    stream, version = split_event(name)
    entry = None
    if stream == f"{proving.about.operator}/register":
        entry = await log_store.entry_holding(proving.conn, stream, version)
    kind = "" if entry is None else entry.types[0]
    if entry is not None and len(entry.types) > 1:
        kind = entry.types[version - entry.first]
    if kind != TargetSet.__name__:
        raise NotFound(
            f"target {name}",
            expected=f"an event TargetSet of {proving.about.operator}/register",
            found=name,
            advice="The operator sets targets of the area: carbon-ledger target set.",
        )


async def build_bundle(proving: Proving, subject: Subject, withheld: Iterable[str] = ()) -> bytes:
    """The file of a claim; `withheld` events stand in it without their data.

    So do events that its reader may not read, and on which the claim stands. Raises NotFound for what the ledger does not have, BadValue for what cannot be claimed or
    withheld, Damaged where the log no longer leads to a seal.
    """
    hidden = frozenset(withheld)
    seal_name = getattr(subject, "seal", None)
    if seal_name is None:
        return await _event(proving, subject, hidden)
    seal = await seal_named(proving.conn, proving.views, seal_name)
    for name in hidden & {seal_name, getattr(subject, "target", None)}:
        raise BadValue(
            f"withholding {name}", expected="an event that the claim is not read from", found=name
        )
    if isinstance(subject, TargetSubject):
        await check_target(proving, subject.target)
    if isinstance(subject, CurrentSubject):
        return await _current(proving, subject, seal, hidden)
    gathering = proving.gathering(proving.checkpoint.size, hidden)
    for name in named_by(subject):
        await gathering.add_named(name)
    await gathering.add_trust(proving.about.operator, proving.checkpoint.size)
    return await _written(proving, gathering, subject, proving.further)


async def _event(proving: Proving, subject: Subject, hidden: frozenset[str]) -> bytes:
    """The event and everything that it rests on, and nothing behind it in its own stream."""
    (name,) = named_by(subject)
    gathering = proving.gathering(proving.checkpoint.size, hidden, split_event(name))
    await gathering.add_named(name)
    await gathering.add_trust(proving.about.operator, proving.checkpoint.size)
    return await _written(proving, gathering, subject, NOTHING)


async def _current(
    proving: Proving, subject: CurrentSubject, seal: SealPiece, hidden: frozenset[str]
) -> bytes:
    """The same as of a seal, with whole streams and their heads."""
    stream, _ = split_event(subject.event)
    if place_of(stream) != "source":
        raise BadValue(
            "a figure as of a seal",
            expected="the event of a reading",
            found=subject.event,
            advice="Of another event, ask for its proof without a seal.",
        )
    gathering = proving.gathering(seal.size, hidden)
    if not await gathering.add(*split_event(subject.event)):
        raise NotFound(
            f"event {subject.event}",
            expected=f"an event below the seal's size, {seal.size}",
            found="none of that name",
        )
    await gathering.add_named(subject.seal)
    await gathering.add_whole(f"{party_of(stream)}/register", AMENDING)
    await gathering.add_whole(f"{stream}/corrections")
    await gathering.add_trust(proving.about.operator, seal.index)
    asked = streams_asked(proving.about.operator, gathering.parties(), stream)
    heads = await read_heads(proving.conn, seal.size)
    shown = await asyncio.to_thread(heads_shown, heads, asked)
    return await _written(proving, gathering, subject, Further(heads=shown))


async def sealed_part(
    lists: Lists, about: LedgerPiece, seal: SealPiece, subject: Subject
) -> Further:
    """What a claim shows of a seal's lists; its caller holds no connection.

    Raises NotFound for a party or line that is not there, BadValue for lines that the seal cannot
    have, Damaged, Overloaded.
    """
    if isinstance(subject, PartSubject):
        check_selected(seal, subject)
    match subject:
        case AreaSubject():
            return Further(companies=await lists.companies(about, seal))
        case CompanySubject(party=party):
            companies = await lists.companies(about, seal)
            return Further(company=await asyncio.to_thread(company_among, companies, party))
        case LineSubject() | PartSubject() | InventorySubject():
            whole = await lists.of(about, seal)
            return await asyncio.to_thread(_private_part, whole, subject)
        case _:
            return NOTHING


def _private_part(
    lists: SealLists, subject: LineSubject | PartSubject | InventorySubject
) -> Further:
    company = company_shown(lists, subject.party)
    match subject:
        case LineSubject():
            return Further(company=company, line=line_shown(lists, subject.party, subject.line))
        case PartSubject():
            return Further(company=company, lines=lines_shown(lists, subject.party))
        case InventorySubject():
            return Further(company=company)


async def build_whole(
    whole: Whole,
    subject: InventorySubject | FigureSubject,
    seal: SealPiece | None,
    further: Further,
) -> bytes:
    """The file that derives everything that a claim says. Raises as its kind says."""
    if isinstance(subject, FigureSubject):
        return await build_figure(whole, subject)
    if seal is None or further.company is None:
        raise AssertionError("an inventory is derived as of a seal")
    return await build_inventory(whole, subject, seal, further.company)


def check_nothing_withheld(withheld: Iterable[str]) -> None:
    """Raise BadValue where something shall be withheld from a file that derives everything."""
    hidden = sorted(set(withheld))
    if hidden:
        raise BadValue(
            "a file that derives everything",
            expected="nothing withheld",
            found=", ".join(hidden[:3]),
            advice="Ask for the sealed figure instead.",
        )


async def _written(
    proving: Proving, gathering: Gathering, subject: Subject, further: Further
) -> bytes:
    checkpoint = proving.checkpoint
    entries = await gathering.bundled(proving.tiles, checkpoint.size)
    bundle = Bundle(checkpoint.cosigned_note.encode(), entries, subject, further)
    return await asyncio.to_thread(write_bundle, bundle)

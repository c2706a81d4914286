"""Reads a `Known` from the database: one party, or the whole area, over months, at a log size.

All of it comes from the one snapshot of the caller's transaction. Statements that keep their log
index are cut at the size; masses are sums over a prefix of the log. A source keeps no index, so one
that changed at the size or later is folded again from its party's register, up to the size. A
published factor never changes, and a source of that size can only name one that stood by then; of
its confirmations those below the size count.
Source: architecture, "As of".
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final, TypeVar

import msgspec
from msgspec.structs import replace

from ledger.carbon.area.pieces import TARGET, TRANSFER, TargetPiece, TransferPiece
from ledger.carbon.events import (
    ActivityCorrected,
    ActivityWithdrawn,
    FactorAssigned,
    SiteRegistered,
    SourceAmended,
    SourceClosed,
    SourceRegistered,
)
from ledger.carbon.inventory.restatement import CHANGING
from ledger.carbon.known import (
    Known,
    KnownFigures,
    KnownPieces,
    known_of,
    known_parties,
    named_factors,
)
from ledger.carbon.organisation import views as organisation_views
from ledger.carbon.organisation.events import SiteTransferred
from ledger.carbon.organisation.months import month_after, month_before
from ledger.carbon.organisation.pieces import FACT, ORGANISATION, FactPiece, OrganisationPiece
from ledger.carbon.pieces import FACTOR, SOURCE, FactorPiece, SourcePiece
from ledger.carbon.rows import Correction, EntryRows
from ledger.carbon.views import apply
from ledger.fold.event import Place
from ledger.fold.state import Kind, Memory
from ledger.log.names import event_ref, party_of
from ledger.machine import read_event
from ledger.parties.pieces import LEDGER, PARTY, LedgerPiece
from ledger.store import log_store
from ledger.store.database import Connection
from ledger.store.view_store import ViewStore

P = TypeVar("P", bound=msgspec.Struct)

OF_SOURCES: Final = (
    SiteRegistered,
    SourceRegistered,
    SourceAmended,
    SourceClosed,
    FactorAssigned,
)
"""The events of a register that make a source what it is, beside `SiteTransferred`."""


async def read_known(
    conn: Connection,
    views: ViewStore,
    about: LedgerPiece,
    period: tuple[str, str],
    size: int,
    party: str | None = None,
) -> Known:
    """What is known of a party, or (None) of the whole area, at a log size.

    `period` is [first month, month after the last). The connection is in a transaction over one
    snapshot, whose log has at least `size` entries. Of a party: its own sources, masses, facts,
    targets, and the transfers that it sends or is named in. Raises NotFound for an unknown party.
    """
    head = (await log_store.read_head(conn)).size
    as_of = None if size == head else size
    registered = [
        (key, piece) async for key, piece, _ in _pieces(conn, views, PARTY) if piece.index < size
    ]
    parties = known_parties(registered, party)
    months = period[0], month_before(period[1])
    sources = await _sources(conn, views, about, size, party)
    transfers = await _transfers(conn, views, months, size, party)
    changing = (
        [] if party is None else await views.changing_entries(conn, party, *months, size, CHANGING)
    )
    pieces = KnownPieces(
        sources=sources,
        organisations=await _organisations(conn, views, size, party),
        facts=await _facts(conn, views, size, party),
        transfers=transfers,
        targets=await _targets(conn, views, size, party),
        factors=await _factors(conn, views, named_factors(sources.values(), transfers), size),
    )
    figures = KnownFigures(
        masses=await views.masses(conn, party, *months, as_of),
        activity=await views.activities(conn, party, *months, as_of),
        quality=await views.qualities(conn, party, *months, as_of),
        corrections=[one for index in changing for one in await _corrections(conn, index)],
        corrected=await views.changes(conn, party, *months, changing) if changing else [],
    )
    return known_of(about, parties, period, size, pieces, figures)


async def _pieces(
    conn: Connection, views: ViewStore, kind: Kind[P], prefix: str = ""
) -> AsyncIterator[tuple[str, P, int]]:
    """Each piece of a kind: its key, itself, the index of the entry that last changed it."""
    async for piece in views.pieces_of_kind(conn, kind.name, prefix):
        if piece.value is not None:
            yield piece.key, kind.decode(piece.value), piece.index


# --- sources ---------------------------------------------------------------------------------------


async def _sources(
    conn: Connection, views: ViewStore, about: LedgerPiece, size: int, party: str | None
) -> dict[str, SourcePiece]:
    found: dict[str, SourcePiece] = {}
    later: set[str] = set()
    async for key, piece, index in _pieces(conn, views, SOURCE, f"{party}/" if party else ""):
        if index < size:
            found[key] = piece
        else:
            later.add(key)
    for owner in sorted({party_of(stream) for stream in later}):
        earlier = await _register_at(conn, about, owner, size)
        found.update({key: piece for key, piece in earlier.items() if key in later})
    return dict(sorted(found.items()))


async def _register_at(
    conn: Connection, about: LedgerPiece, party: str, size: int
) -> dict[str, SourcePiece]:
    """A party's sources as its register had made them by a size."""
    state = Memory()
    state.put(LEDGER, "", about)
    async for entry in log_store.stream_entries(conn, f"{party}/register", size=size):
        for position, line in enumerate(entry.event_lines):
            event = read_event(line)
            place = Place(entry.index, position, entry.stream, entry.first + position, party, "")
            if isinstance(event, OF_SOURCES):
                # What was recorded is not at hand, and no mass is asked for.
                apply(state, place, event, EntryRows())
            elif isinstance(event, SiteTransferred):
                organisation_views.apply(state, place, event)
    return {
        key: piece
        for (kind, key), piece in state.pieces.items()
        if kind == SOURCE.name and isinstance(piece, SourcePiece)
    }


async def _factors(
    conn: Connection, views: ViewStore, refs: set[str], size: int
) -> dict[str, FactorPiece]:
    found = await views.load_pieces(conn, [(FACTOR.name, ref) for ref in sorted(refs)])
    factors = {ref: FACTOR.decode(value) for (_, ref), value in sorted(found.items())}
    return {
        ref: replace(piece, confirmed=tuple(one for one in piece.confirmed if one.index < size))
        for ref, piece in factors.items()
    }


async def _corrections(conn: Connection, index: int) -> list[Correction]:
    """What an entry says that changes what was recorded, with its reasons."""
    stored = await log_store.entry(conn, index)
    found = []
    for position, line in enumerate(stored.event_lines):
        event = read_event(line)
        if isinstance(
            event, ActivityCorrected | ActivityWithdrawn | FactorAssigned | SourceAmended
        ):
            found.append(
                Correction(
                    index=index,
                    event=event_ref(stored.stream, stored.first + position),
                    type=type(event).__name__,
                    reason=event.reason,
                    corrects=event.event
                    if isinstance(event, ActivityCorrected | ActivityWithdrawn)
                    else None,
                )
            )
    return found


# --- statements with an index ----------------------------------------------------------------------


async def _organisations(
    conn: Connection, views: ViewStore, size: int, party: str | None
) -> dict[str, OrganisationPiece]:
    found = {}
    async for key, piece, _ in _pieces(conn, views, ORGANISATION, party or ""):
        said = organisation_at(piece, size)
        if party in {None, key} and said != OrganisationPiece():
            found[key] = said
    return found


def organisation_at(piece: OrganisationPiece, size: int) -> OrganisationPiece:
    """What a party had said about itself by a size."""
    return OrganisationPiece(
        boundaries=tuple(one for one in piece.boundaries if one.index < size),
        left_sites=tuple(one for one in piece.left_sites if one.index < size),
        base_years=tuple(one for one in piece.base_years if one.index < size),
        declared=tuple(one for one in piece.declared if one.index < size),
        matchings=tuple(one for one in piece.matchings if one.index < size),
    )


async def _facts(
    conn: Connection, views: ViewStore, size: int, party: str | None
) -> list[FactPiece]:
    found = []
    async for _, piece, _ in _pieces(conn, views, FACT, f"{party} " if party else ""):
        stated = tuple(one for one in piece.stated if one.index < size)
        if stated:
            found.append(replace(piece, stated=stated))
    return found


async def _targets(
    conn: Connection, views: ViewStore, size: int, party: str | None
) -> list[TargetPiece]:
    found = []
    async for _, piece, _ in _pieces(conn, views, TARGET, f"{party} " if party else ""):
        stated = tuple(one for one in piece.stated if one.index < size)
        if stated:
            found.append(replace(piece, stated=stated))
    return found


async def _transfers(
    conn: Connection, views: ViewStore, months: tuple[str, str], size: int, party: str | None
) -> list[TransferPiece]:
    found = []
    bounds = months[0], month_after(months[1])
    async for stored in views.pieces_between(conn, TRANSFER.name, *bounds):
        if stored.value is not None:
            piece = transfer_at(TRANSFER.decode(stored.value), size)
            if piece is not None and _concerns(piece, party):
                found.append(piece)
    return found


def transfer_at(piece: TransferPiece, size: int) -> TransferPiece | None:
    """A transfer as it stood at a size; None if it was not recorded by then."""
    if piece.index >= size:
        return None
    voided = piece.voided is not None and piece.voided < size
    return replace(
        piece,
        acknowledged=tuple(one for one in piece.acknowledged if one.index < size),
        voided=piece.voided if voided else None,
        voided_by=piece.voided_by if voided else None,
    )


def _concerns(piece: TransferPiece, party: str | None) -> bool:
    return party is None or party in {piece.sender, piece.to}

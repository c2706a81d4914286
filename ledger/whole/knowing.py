"""What is known at a log size, put together from pieces and figures as they stood there.

Pieces stand as they were at the size, masses are sums over a prefix of the log; so the same events
give the same `Known` as a ledger reads from its database, and a test compares the two.
Source: architecture, "As of".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from ledger.carbon.area.pieces import TARGET, TRANSFER
from ledger.carbon.inventory.readings import readings_of
from ledger.carbon.known import (
    Known,
    KnownFigures,
    KnownPieces,
    known_of,
    known_parties,
    named_factors,
)
from ledger.carbon.organisation.pieces import FACT, ORGANISATION, OrganisationPiece
from ledger.carbon.pieces import FACTOR, SOURCE
from ledger.carbon.rows import Correction
from ledger.carbon.rulepack import load
from ledger.carbon.seal.draft import matched_streams
from ledger.carbon.seal.pieces import SealGround
from ledger.log.seals import Head
from ledger.parties.pieces import PARTY, LedgerPiece
from ledger.whole.deltas import Deltas
from ledger.whole.pieces import WholeState
from ledger.whole.readings import Recorded

_BEYOND = "\U0010ffff"


def known_at(
    about: LedgerPiece,
    state: WholeState,
    deltas: Deltas,
    changing: Iterable[Correction],
    period: tuple[str, str],
    size: int,
    party: str | None = None,
) -> Known:
    """What is known of a party, or (None) of the whole area, over [first, end) at a log size.

    `changing` are all events that changed what was recorded before. Raises NotFound for a party
    that is not registered by then.
    """
    parties = known_parties(state.at(PARTY, size), party)
    sources = dict(state.at(SOURCE, size, *_of(party, "/")))
    transfers = [
        piece
        for _, piece in state.at(TRANSFER, size, *period)
        if party in (None, piece.sender, piece.to)
    ]
    corrections = [] if party is None else _below(changing, deltas, sources, period, size)
    named = named_factors(sources.values(), transfers)
    pieces = KnownPieces(
        sources=sources,
        organisations={
            name: piece
            for name, piece in state.at(ORGANISATION, size)
            if party in (None, name) and piece != OrganisationPiece()
        },
        facts=[piece for _, piece in state.at(FACT, size, *_of(party, " "))],
        transfers=transfers,
        targets=[piece for _, piece in state.at(TARGET, size, *_of(party, " "))],
        factors={ref: piece for ref, piece in state.at(FACTOR, size) if ref in named},
    )
    figures = KnownFigures(
        masses=deltas.masses(sources, period, size),
        activity=deltas.activity(sources, period, size),
        quality=deltas.quality(sources, period, size),
        corrections=corrections,
        corrected=deltas.added(sources, period, {one.index for one in corrections}),
    )
    return known_of(about, parties, period, size, pieces, figures)


def seal_ground(
    known: Known,
    recorded: Recorded,
    heads: tuple[Head, ...],
    salts: Mapping[str, tuple[int, str]],
) -> SealGround:
    """What a seal follows from; `salts` are (index, salt) of each party's first register event."""
    pack = load(known.rules)
    return SealGround(
        known=known,
        readings={
            stream: readings_of(pack, known.sources[stream], recorded.history(stream, known.size))
            for stream in matched_streams(known)
        },
        heads=heads,
        salts={party: salt for party, (index, salt) in salts.items() if index < known.size},
    )


def _of(party: str | None, behind: str) -> tuple[str, str]:
    """Between which keys the pieces of a party stand, or all."""
    return ("", _BEYOND) if party is None else (f"{party}{behind}", f"{party}{behind}{_BEYOND}")


def _below(
    changing: Iterable[Correction],
    deltas: Deltas,
    sources: Collection[str],
    period: tuple[str, str],
    size: int,
) -> list[Correction]:
    """The corrections of entries below a size that changed masses of these streams in a period."""
    touching = deltas.touching(sources, period, size)
    return [one for one in changing if one.index in touching]

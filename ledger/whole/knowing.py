"""What is known at a log size, put together from pieces and figures as they stood there.

Pieces stand as they were at the size, masses are sums over a prefix of the log; so the same events
give the same `Known` as a ledger reads from its database, and a test compares the two.
Source: architecture, "As of".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from ledger.carbon.area.pieces import TARGET, TRANSFER, TransferPiece
from ledger.carbon.inventory.readings import readings_of
from ledger.carbon.known import Known, KnownParty
from ledger.carbon.organisation.pieces import FACT, ORGANISATION, OrganisationPiece
from ledger.carbon.pieces import FACTOR, SOURCE, FactorPiece, SourcePiece
from ledger.carbon.rows import Correction
from ledger.carbon.rulepack import load
from ledger.carbon.seal.draft import matched_streams
from ledger.carbon.seal.pieces import SealGround
from ledger.errors import NotFound
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
    parties = {
        name: KnownParty(party=name, name=piece.name, roles=piece.roles, region=piece.region)
        for name, piece in state.at(PARTY, size)
    }
    if party is not None and party not in parties:
        raise NotFound(
            f"party {party}", expected=f"one that is registered below size {size}", found=party
        )
    sources = dict(state.at(SOURCE, size, *_of(party, "/")))
    transfers = [
        piece
        for _, piece in state.at(TRANSFER, size, *period)
        if party in (None, piece.sender, piece.to)
    ]
    corrections = [] if party is None else _below(changing, deltas, sources, period, size)
    return Known(
        size=size,
        area=about.area,
        operator=about.operator,
        timezone=about.timezone,
        rules=about.rules_at(size),
        period=period,
        parties=parties,
        sources=sources,
        masses=deltas.masses(sources, period, size),
        activity=deltas.activity(sources, period, size),
        quality=deltas.quality(sources, period, size),
        organisations={
            name: piece
            for name, piece in state.at(ORGANISATION, size)
            if party in (None, name) and piece != OrganisationPiece()
        },
        facts=[piece for _, piece in state.at(FACT, size, *_of(party, " "))],
        transfers=transfers,
        targets=[piece for _, piece in state.at(TARGET, size, *_of(party, " "))],
        factors=_factors(state, sources, transfers, size),
        corrections=corrections,
        corrected=deltas.added(sources, period, {one.index for one in corrections}),
    )


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


def _factors(
    state: WholeState,
    sources: Mapping[str, SourcePiece],
    transfers: Sequence[TransferPiece],
    size: int,
) -> dict[str, FactorPiece]:
    named = {
        one.factor
        for source in sources.values()
        for timeline in source.factors.values()
        for one in timeline
    }
    named |= {ref for transfer in transfers for _, ref in transfer.factors}
    return {ref: piece for ref, piece in state.at(FACTOR, size) if ref in named}


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

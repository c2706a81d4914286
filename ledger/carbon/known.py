"""What is known of a period at a log size: all that a report is computed from.

Every inventory, area view, bridge, target and indicator is a pure function of a `Known` and of its
rule pack, so whoever has the same events computes the same figures. `service.known` reads one from
the database, `whole.knowing` from a log folded in memory, both through `known_of`; tests build one
from events.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from ledger.carbon.area.pieces import TargetPiece, TransferPiece
from ledger.carbon.organisation.pieces import FactPiece, OrganisationPiece
from ledger.carbon.pieces import FactorPiece, SourcePiece
from ledger.carbon.rows import ActivityRow, Correction, MassRow, QualityRow
from ledger.errors import NotFound
from ledger.parties.pieces import LedgerPiece, PartyPiece


class KnownParty(msgspec.Struct, frozen=True, kw_only=True):
    """A registered party."""

    party: str
    name: str
    roles: tuple[str, ...]
    region: str | None = None


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """One party, or the whole area, over [first month, month after the last), as known at a size.

    `masses`, `activity` and `quality` are of the period alone; pieces are whole, so that who reads them asks
    for what holds in a month and was said below `size`. `factors` are those that sources and
    transfers name.
    """

    size: int
    area: str
    operator: str
    timezone: str
    rules: str
    period: tuple[str, str]
    parties: dict[str, KnownParty]
    sources: dict[str, SourcePiece]
    masses: list[MassRow]
    activity: list[ActivityRow]
    organisations: dict[str, OrganisationPiece]
    facts: list[FactPiece]
    transfers: list[TransferPiece]
    targets: list[TargetPiece]
    factors: dict[str, FactorPiece]
    quality: list[QualityRow] = []
    corrections: list[Correction] = []
    """Of one party: the events that changed masses of the period after they were recorded."""
    corrected: list[tuple[int, MassRow]] = []
    """What the entries of these corrections added, with their index."""

    def roles_of(self, party: str) -> tuple[str, ...]:
        """The roles of a party."""
        return self.parties[party].roles


class KnownFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The sums of a `Known`, as its members of these names. None has a default: all are to be had."""

    masses: list[MassRow]
    activity: list[ActivityRow]
    quality: list[QualityRow]
    corrections: list[Correction]
    corrected: list[tuple[int, MassRow]]


class KnownPieces(msgspec.Struct, frozen=True, kw_only=True):
    """The pieces of a `Known`, as its members of these names, each as it stood at the size."""

    sources: dict[str, SourcePiece]
    organisations: dict[str, OrganisationPiece]
    facts: list[FactPiece]
    transfers: list[TransferPiece]
    targets: list[TargetPiece]
    factors: dict[str, FactorPiece]


def known_of(
    about: LedgerPiece,
    parties: Mapping[str, KnownParty],
    period: tuple[str, str],
    size: int,
    pieces: KnownPieces,
    figures: KnownFigures,
) -> Known:
    """Put together what is known over [first month, month after the last) at a log size."""
    return Known(
        size=size,
        area=about.area,
        operator=about.operator,
        timezone=about.timezone,
        rules=about.rules_at(size),
        period=period,
        parties=dict(parties),
        **msgspec.structs.asdict(pieces),
        **msgspec.structs.asdict(figures),
    )


def known_parties(
    registered: Iterable[tuple[str, PartyPiece]], party: str | None
) -> dict[str, KnownParty]:
    """The parties that are registered by a size. Raises NotFound where the one asked for is not."""
    found = {
        name: KnownParty(party=name, name=piece.name, roles=piece.roles, region=piece.region)
        for name, piece in registered
    }
    if party is not None and party not in found:
        raise NotFound(
            f"party {party}",
            expected="a registered party",
            found=party,
            advice="See carbon-ledger party list.",
        )
    return found


def named_factors(sources: Iterable[SourcePiece], transfers: Iterable[TransferPiece]) -> set[str]:
    """The factors that sources and transfers name."""
    found = {one.factor for s in sources for timeline in s.factors.values() for one in timeline}
    return found | {ref for transfer in transfers for _, ref in transfer.factors}

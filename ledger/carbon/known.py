"""What is known of a period at a log size: all that a report is computed from.

Every inventory, area view, bridge, target and indicator is a pure function of a `Known` and of its
rule pack, so whoever has the same events computes the same figures. `service.known` reads one from
the database; tests build one from events.
"""

from __future__ import annotations

import msgspec

from ledger.carbon.area.pieces import TargetPiece, TransferPiece
from ledger.carbon.organisation.pieces import FactPiece, OrganisationPiece
from ledger.carbon.pieces import FactorPiece, SourcePiece
from ledger.carbon.rows import ActivityRow, Correction, MassRow, QualityRow


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

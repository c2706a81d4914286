"""What the ledger tells about seals: the answers that service, API and client share.

The lines of the lists themselves are told as they are sealed (`log.seals`).
"""

from __future__ import annotations

import msgspec

from ledger.carbon.organisation.months import month_before
from ledger.carbon.seal.events import FootprintSealed
from ledger.carbon.seal.pieces import SealPiece
from ledger.log.seals import Sums
from ledger.parties.events import RulesRef


class SealInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A seal. Public."""

    number: int
    """Its version in `<operator>/seals`."""
    event: str
    index: int
    """Of the log entry that holds it."""
    view: str
    first_month: str
    last_month: str
    """Included."""
    gwp: str
    rules: str
    size: int
    """The log size that it covers."""
    totals: Sums
    heads_count: int
    heads_root: str
    companies_count: int
    companies_root: str


class SealDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator signs to seal a period: the event without its salt."""

    view: str
    period: tuple[str, str]
    gwp: str
    rules: RulesRef
    size: int
    totals: Sums
    heads_count: int
    heads_root: str
    companies_count: int
    companies_root: str

    def event(self, salt: str) -> FootprintSealed:
        """The event, with its salt."""
        members = {name: getattr(self, name) for name in self.__struct_fields__}
        return FootprintSealed(salt=salt, **members)


def seal_info(piece: SealPiece) -> SealInfo:
    """A seal as it is told."""
    members = {name: getattr(piece, name) for name in _SHARED}
    first, end = piece.period
    return SealInfo(
        number=piece.version, first_month=first, last_month=month_before(end), **members
    )


def draft_of(event: FootprintSealed) -> SealDraft:
    """An event as it is handed to the operator."""
    members = {name: getattr(event, name) for name in SealDraft.__struct_fields__}
    return SealDraft(**members)


_SHARED = tuple(set(SealInfo.__struct_fields__) & set(SealPiece.__struct_fields__))

"""What a company answers for: its sites, month by month, each with an exact share.

`BoundarySet` holds from its month until the next one's; of two from the same month, the later one
in the log. A site that it does not name is outside. Where none holds, all own sites count whole. A
site that was transferred is another party's from its month on. A share applies to the total of a
stream, month, role and gas: R(mass × share), half-even to a milligram; it is never applied to a
reading. Source: accounting rules, sections 1 and 3.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Protocol, TypeVar

import msgspec

from ledger.carbon.exact import divide_half_even
from ledger.carbon.known import Known
from ledger.carbon.organisation.pieces import Boundary, OrganisationPiece

WHOLE = Fraction(1)
NOTHING = Fraction(0)


class FromMonth(Protocol):
    """A statement that holds from a month on."""

    @property
    def index(self) -> int:
        """The entry of the log that it stands in."""

    @property
    def from_month(self) -> str:
        """The first month that it is about."""


S = TypeVar("S", bound=FromMonth)


def said(known: Known, party: str) -> OrganisationPiece:
    """What a party had said about itself at the size; nothing of it is of a later entry."""
    piece = known.organisations.get(party, OrganisationPiece())
    return OrganisationPiece(
        boundaries=below(piece.boundaries, known.size),
        left_sites=below(piece.left_sites, known.size),
        base_years=tuple(one for one in piece.base_years if one.index < known.size),
        declared=tuple(one for one in piece.declared if one.index < known.size),
        matchings=below(piece.matchings, known.size),
    )


def below(statements: Iterable[S], size: int) -> tuple[S, ...]:
    """Those that stand in the log at a size."""
    return tuple(one for one in statements if one.index < size)


def in_month(statements: Iterable[S], month: str) -> S | None:
    """The one that holds in a month: of the latest first month, the last that was said."""
    begun = [one for one in statements if one.from_month <= month]
    return max(begun, key=lambda one: (one.from_month, one.index), default=None)


class Held(msgspec.Struct, frozen=True):
    """The share of a site in a month, and the events that say so."""

    share: Fraction
    events: tuple[str, ...] = ()


class Shares:
    """The shares of a party's sites."""

    def __init__(self, known: Known, party: str) -> None:
        self._said = said(known, party)
        self._found: dict[tuple[str, str], Held] = {}

    def in_force(self, month: str) -> Boundary | None:
        """The boundary of a month; None where the company set none: all own sites count whole."""
        return in_month(self._said.boundaries, month)

    def of(self, site: str, month: str) -> Held:
        """The share of a site in a month, from 0 to 1."""
        found = self._found.get((site, month))
        if found is None:
            found = self._found[site, month] = self._find(site, month)
        return found

    def _find(self, site: str, month: str) -> Held:
        left = [
            one.event
            for one in self._said.left_sites
            if one.site == site and one.from_month <= month
        ]
        if left:
            return Held(NOTHING, (left[-1],))
        boundary = self.in_force(month)
        if boundary is None:
            return Held(WHOLE)
        for named, num, den in boundary.sites:
            if named == site:
                return Held(Fraction(int(num), int(den)), (boundary.event,))
        return Held(NOTHING, (boundary.event,))


def shared(mass_mg: int, share: Fraction) -> int:
    """The share of a mass, half-even to a milligram."""
    num, den = share.numerator, share.denominator
    return mass_mg if num == den else divide_half_even(mass_mg * num, den)

"""What is known of organisations.

Nothing is overwritten: each statement keeps its log index, so what was known at size N are the
statements with an index below N.
"""

from __future__ import annotations

import msgspec

from ledger.fold.state import Kind


class Boundary(msgspec.Struct, frozen=True, kw_only=True):
    """What `BoundarySet` said; `sites` are (site, numerator, denominator) in order."""

    index: int
    event: str
    from_month: str
    approach: str
    sites: tuple[tuple[str, str, str], ...]
    reason: str


class LeftSite(msgspec.Struct, frozen=True, kw_only=True):
    """A site that another party answers for from a month on."""

    index: int
    event: str
    from_month: str
    site: str
    to: str
    reason: str


class BaseYear(msgspec.Struct, frozen=True, kw_only=True):
    """A base year, as known at a log size."""

    index: int
    event: str
    year: int
    size: int
    threshold_percent: str
    reason: str


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """A line without a figure, over [first month, month after the last)."""

    index: int
    event: str
    line: str
    notation: str
    period: tuple[str, str]
    reason: str
    included_in: str | None = None


class Matching(msgspec.Struct, frozen=True, kw_only=True):
    """A supply that backs a source from a month on; None ends it."""

    index: int
    event: str
    from_month: str
    source: str
    supply: str | None
    interval: str
    reason: str


class OrganisationPiece(msgspec.Struct, frozen=True, kw_only=True):
    """All that a party has said about itself, in the order of the log, under its name."""

    boundaries: tuple[Boundary, ...] = ()
    left_sites: tuple[LeftSite, ...] = ()
    base_years: tuple[BaseYear, ...] = ()
    declared: tuple[Declared, ...] = ()
    matchings: tuple[Matching, ...] = ()


class Stated(msgspec.Struct, frozen=True):
    """One statement of a fact's value."""

    index: int
    event: str
    value: str
    unit: str


class FactPiece(msgspec.Struct, frozen=True, kw_only=True):
    """A fact, under `<party> <fact> <first month> <end month> <sub-area or nothing>`."""

    party: str
    fact: str
    period: tuple[str, str]
    stated: tuple[Stated, ...]
    sub_area: str | None = None


class PopulationPiece(msgspec.Struct, frozen=True):
    """(first month, end month, people) of every population fact of a sub-area, under its name.

    `event` is the first statement of any of them.
    """

    periods: tuple[tuple[str, str, str], ...]
    event: str


class Meter(msgspec.Struct, frozen=True, kw_only=True):
    """A cumulative meter, from its installation to its removal, after its last reading or none."""

    meter: str
    installed: str
    at_s: int
    digits: int
    multiplier: str
    removed: str | None = None
    removed_at_s: int | None = None
    last: str | None = None


class MeterPiece(msgspec.Struct, frozen=True):
    """All meters of a source in the order of the log, under its stream."""

    meters: tuple[Meter, ...]

    def latest(self, name: str) -> Meter | None:
        """The last meter of this name, or None."""
        return next((one for one in reversed(self.meters) if one.meter == name), None)


ORGANISATION = Kind("organisation", OrganisationPiece)
FACT = Kind("fact", FactPiece)
POPULATION = Kind("population", PopulationPiece)
METER = Kind("meter", MeterPiece)

KINDS = (ORGANISATION, FACT, POPULATION, METER)


def fact_key(party: str, fact: str, period: tuple[str, str], sub_area: str | None) -> str:
    """The key of a fact's piece."""
    return f"{party} {fact} {period[0]} {period[1]} {sub_area or ''}"

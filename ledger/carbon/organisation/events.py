"""The events about an organisation: what it answers for, its meters, and facts beside its masses.

All stand in `P/register`. A period of months is half-open: `["2026-01","2027-01"]` is the year 2026.
What is said again later holds from its entry on; what was known before stays readable as of then.
Source: accounting rules, sections 3 to 5.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from ledger.carbon.events import Number, UnitName
from ledger.errors import BadValue
from ledger.fold.event import Event
from ledger.log.values import (
    EventRef,
    HashHex,
    MonthText,
    NameText,
    PartyName,
    Quantity,
    SegmentName,
    Size,
    StreamName,
    TimeText,
)
from ledger.parties.events import require_sorted

Months = tuple[MonthText, MonthText]
"""[first month, month after the last)."""
FactName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9]*(?:-[a-z0-9]+)*(?!\n)$", max_length=64)]
LineName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9]*(?:[.-][a-z0-9]+)*(?!\n)$", max_length=64)]
Year = Annotated[int, Meta(ge=1900, le=2200)]


class BoundarySet(Event, frozen=True, kw_only=True):
    """From a month on, the company answers for these sites, each with a share.

    Pairs of site and share, from 0 to 1. A site that is not named is outside the boundary.
    """

    approach: Literal["equity", "financial", "operational"]
    from_: MonthText = field(name="from")
    sites: tuple[tuple[SegmentName, Number], ...]
    reason: NameText

    def __post_init__(self) -> None:
        require_sorted("sites", tuple(site for site, _ in self.sites))
        if not self.sites:
            raise BadValue(
                "sites",
                expected="at least one site",
                found="none",
                advice="Name a site that is no longer counted with the share 0.",
            )


class SiteTransferred(Event, frozen=True, kw_only=True):
    """From a month on, another party answers for a site; what it records is its own."""

    site: SegmentName
    to: PartyName
    from_: MonthText = field(name="from")
    reason: NameText


class BaseYearRestated(Event, frozen=True, kw_only=True):
    """The base year, and the log size as of which its figures are the ones to compare with.

    A change of more than `threshold_percent` (5 is usual) asks for a restatement.
    """

    year: Year
    size: Size
    reason: NameText
    threshold_percent: Quantity


class LineDeclared(Event, frozen=True, kw_only=True):
    """Why a line of the inventory has no figure: NO, NE, IE or C.

    `line` is an activity of the catalogue, or `scope3.1` to `scope3.15`, or a GPC line in small
    letters such as `iii.1.2`; in the operator's register also `indicator.` and a guiding indicator
    that is left out. IE names where it is included.
    """

    line: LineName
    notation: Literal["C", "IE", "NE", "NO"]
    period: Months
    reason: NameText
    included_in: NameText | None = None

    def __post_init__(self) -> None:
        require_months(self.period)


class CompanyFactRecorded(Event, frozen=True, kw_only=True):
    """A fact beside the masses: revenue, output, headcount and the like.

    The second statement about the same fact and period names the one it supersedes.
    """

    fact: FactName
    period: Months
    value: Quantity
    unit: UnitName
    evidence: tuple[HashHex, ...] = ()
    supersedes: EventRef | None = None

    def __post_init__(self) -> None:
        require_months(self.period)
        require_sorted("evidence", self.evidence)


class AreaFactRecorded(Event, frozen=True, kw_only=True):
    """The same about the area or one part of it: population and the like.

    `sub_area` is a part of the area: a site `<party>/<site>` of a guarded aggregate.
    """

    fact: FactName
    period: Months
    value: Quantity
    unit: UnitName
    sub_area: StreamName | None = None
    evidence: tuple[HashHex, ...] = ()
    supersedes: EventRef | None = None

    def __post_init__(self) -> None:
        require_months(self.period)
        require_sorted("evidence", self.evidence)


class MeterInstalled(Event, frozen=True, kw_only=True):
    """A cumulative meter begins to count for a source, at this register reading."""

    source: StreamName
    meter: SegmentName
    at: TimeText
    register: Quantity
    digits: Annotated[int, Meta(ge=1, le=18)]
    multiplier: Quantity


class MeterRemoved(Event, frozen=True, kw_only=True):
    """A meter ends, at this register reading; a later one of its name is another meter."""

    source: StreamName
    meter: SegmentName
    at: TimeText
    register: Quantity
    reason: NameText


class SupplyMatched(Event, frozen=True, kw_only=True):
    """From a month on, what `supply` delivers is claimed against what `source` uses.

    For the market-based figure: within each hour or month, as much as was delivered is free of the
    market factor. A supply backs one source at a time. `supply` null ends it.
    """

    source: StreamName
    supply: StreamName | None
    interval: Literal["hour", "month"]
    from_: MonthText = field(name="from")
    reason: NameText


EVENTS = (
    BoundarySet,
    SiteTransferred,
    BaseYearRestated,
    LineDeclared,
    CompanyFactRecorded,
    AreaFactRecorded,
    MeterInstalled,
    MeterRemoved,
    SupplyMatched,
)

PLACES = {event.__name__: "register" for event in EVENTS}


def require_months(period: Months) -> None:
    """Raise BadValue unless the second month comes after the first."""
    if period[0] >= period[1]:
        raise BadValue(
            "period",
            expected="the first month, then the month after the last",
            found=" to ".join(period),
            advice='The year 2026 is ["2026-01","2027-01"].',
        )

"""The events of the whole area: transfers between parties, and targets.

All stand in `P/register`. A transfer is a month's: who bills a quarter records three.
Source: accounting rules, section 5.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from msgspec import Meta, field

from ledger.carbon.events import FactorRef, Number, UnitName
from ledger.carbon.organisation.events import Year
from ledger.errors import BadValue
from ledger.fold.event import Event
from ledger.log.values import (
    AmountText,
    EventRef,
    HashHex,
    MemberName,
    MonthText,
    NameText,
    PartyName,
    Quantity,
    SegmentName,
    Size,
    StreamName,
)
from ledger.parties.events import require_sorted

View = Literal["companies", "gpc-basic", "gpc-basic-plus", "park", "territorial"]
GwpName = Annotated[str, Meta(pattern=r"^AR[4-9](?!\n)$")]


class TransferRecorded(Event, frozen=True, kw_only=True):
    """What one party handed to another, or (`to` null) out of the area, in a month.

    `stream` is the sender's: the purchase that is resold, or the source that makes the energy or
    carbon. `factors` price it: `direct`, what the sender emitted for one unit; `location`, what the
    park programme deducts for one unit that is exported.
    """

    kind: Literal["carbon-carrier", "energy", "pass-through"]
    month: MonthText
    stream: StreamName
    to: PartyName | None
    quantity: Quantity
    unit: UnitName
    factors: dict[Literal["direct", "location"], FactorRef] = field(default_factory=dict)
    reference: NameText | None = None
    evidence: tuple[HashHex, ...] = ()
    supersedes: EventRef | None = None

    def __post_init__(self) -> None:
        require_sorted("evidence", self.evidence)


class TransferAcknowledged(Event, frozen=True, kw_only=True):
    """The receiver's side: which of its streams received it, and how much.

    For another quantity than the sender's, the smaller counts and the rest stands open.
    """

    transfer: EventRef
    month: MonthText
    stream: StreamName
    quantity: Quantity
    unit: UnitName
    supersedes: EventRef | None = None


class TransferWithdrawn(Event, frozen=True, kw_only=True):
    """The sender takes a transfer back; it counts nowhere any more."""

    transfer: EventRef
    month: MonthText
    reason: NameText


class TargetSet(Event, frozen=True, kw_only=True):
    """Where the party, or for the operator the area, means to be.

    The base is the view's figure for `base_year` as known at log size `base_size`. `path` gives the
    gross figure that each later year may have, (year, milligrams of CO2e) in order. `credits_percent` caps what
    credits may take off, in per cent of the base. `gases` absent: all.
    """

    target: SegmentName
    view: View
    gwp: GwpName
    base_year: Year
    base_size: Size
    base_mg: AmountText
    path: tuple[tuple[Year, AmountText], ...]
    credits_percent: Number
    neutral_year: Year
    reason: NameText
    gases: tuple[MemberName, ...] = ()
    supersedes: EventRef | None = None

    def __post_init__(self) -> None:
        require_sorted("gases", self.gases)
        years = [year for year, _ in self.path]
        if not years or any(one >= other for one, other in pairwise(years)):
            raise BadValue(
                "path",
                expected="at least one year, in ascending order without repeats",
                found=", ".join(map(str, years)) or "none",
            )


EVENTS = (TransferRecorded, TransferAcknowledged, TransferWithdrawn, TargetSet)

PLACES = {event.__name__: "register" for event in EVENTS}

"""The two events that allow one event's data to be taken out of the log.

`DataRedacted` is said by the event's author in `P/redactions`, `RedactionConfirmed` by the operator in
`<operator>/redactions`. The first says what the event had contributed, and what later decisions need
to know of it, so that everything that follows from the log still follows when the data is gone.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from ledger.carbon.events import Quality, Role, UnitName
from ledger.errors import BadValue
from ledger.fold.event import Event
from ledger.log.values import (
    AMOUNT,
    QUANTITY,
    AmountText,
    EventRef,
    HashHex,
    MemberName,
    MonthText,
    NameText,
    Quantity,
    SegmentName,
    TimeText,
)

Above0 = Annotated[str, Meta(pattern=QUANTITY.replace("^(?:0|", "^(?:", 1))]
"""A quantity that is not 0: none at all is told by the member being absent, and in no other way."""
AmountAbove0 = Annotated[str, Meta(pattern=AMOUNT.replace("^(?:0|", "^(?:", 1))]
"""An amount that is not 0, likewise."""
NOTHING: Final = "0"
"""What such a member says by being absent; this very object, which encoders leave out."""
Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class RedactedMass(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Milligrams that the event added to one line of its source, in one month, role and gas.

    They stand in the column in which the gas of that activity counts; the others are 0. `zeroed`
    is how many products that were not zero were rounded to none of them.
    """

    month: MonthText
    role: Role
    gas: MemberName
    emitted: AmountText
    removed: AmountText
    biogenic: AmountText
    memo: AmountAbove0 = NOTHING
    line: Count = 0
    zeroed: Count = 0

    @property
    def mass_mg(self) -> int:
        """The milligrams, in whichever column they stand."""
        return sum(map(int, (self.emitted, self.removed, self.biogenic, self.memo)))


class RedactedActivity(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What it added to the activity of one line in one month.

    The quantity is in the source's unit; `readings`, `estimated` and `quality` count readings,
    `covered_s` the seconds that they cover.
    """

    month: MonthText
    quantity: Above0 = NOTHING
    readings: Count = 0
    line: Count = 0
    estimated: Count = 0
    covered_s: Count = 0
    quality: dict[Quality, Count] = {}


class RegisterEnds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a meter's register stood before and after the reading: the next one begins there."""

    meter: SegmentName
    from_: Quantity = msgspec.field(name="from")
    to: Quantity


class Effects(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What later decisions need of the event: its time, its reference as a hash, its register.

    `period` is the time that its readings cover; where that has gaps, `periods` are its stretches
    instead, in order, neighbours merged. `reference_sha256` is over the reference's UTF-8 bytes, of
    a discrete source. `unit` is the unit in which the event itself was recorded; absent, the
    source's.
    """

    period: tuple[TimeText, TimeText] | None = None
    periods: Annotated[tuple[tuple[TimeText, TimeText], ...], Meta(min_length=2)] | None = None
    reference_sha256: HashHex | None = None
    unit: UnitName | None = None
    register: RegisterEnds | None = None

    def __post_init__(self) -> None:
        if self.period is not None and self.periods is not None:
            raise BadValue(
                "time of a redacted event",
                expected="period, or periods where it has gaps",
                found="both",
            )

    @property
    def stretches(self) -> tuple[tuple[str, str], ...]:
        """The time that its readings cover, neighbours merged."""
        return (self.periods or ()) if self.period is None else (self.period,)


class DataRedacted(Event, frozen=True, kw_only=True):
    """The author gives the data of this event up: who asked for it, and on which legal basis."""

    event: EventRef
    who: NameText
    legal_basis: NameText
    data_hash: HashHex
    deltas: tuple[RedactedMass, ...]
    effects: Effects
    activity: tuple[RedactedActivity, ...] = ()


class RedactionConfirmed(Event, frozen=True, kw_only=True):
    """The operator confirms a `DataRedacted`, named by `event`: from here on the data may go."""

    event: EventRef
    reason: NameText


EVENTS = (DataRedacted, RedactionConfirmed)

PLACES = {event.__name__: "redactions" for event in EVENTS}

"""The two events that allow one event's data to be taken out of the log.

`DataRedacted` is said by the event's author in `P/redactions`, `RedactionConfirmed` by the operator in
`<operator>/redactions`. The first says what the event had contributed, and what later decisions need
to know of it, so that everything that follows from the log still follows when the data is gone.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from ledger.carbon.events import Quality, Role
from ledger.fold.event import Event
from ledger.log.values import (
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

Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class RedactedMass(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Milligrams that the event added to one line of its source, in one month, role and gas.

    `zeroed` is how many products that were not zero were rounded to none of them.
    """

    gas: MemberName
    mass_mg: AmountText
    month: MonthText
    role: Role
    line: Count = 0
    zeroed: Count = 0


class RedactedActivity(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What it added to the activity of one line in one month.

    The quantity is in the source's unit; `readings`, `estimated` and `quality` count readings,
    `covered_s` the seconds that they cover.
    """

    month: MonthText
    quantity: Quantity = "0"
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

    `periods` are the stretches of time that its readings cover, in order, neighbours merged.
    `reference_sha256` is over the reference's UTF-8 bytes, of a discrete source.
    """

    periods: tuple[tuple[TimeText, TimeText], ...]
    reference_sha256: HashHex | None = None
    register: RegisterEnds | None = None


class DataRedacted(Event, frozen=True, kw_only=True):
    """The author gives the data of this event up: who asked for it, and on which legal basis."""

    event: EventRef
    who: NameText
    legal_basis: NameText
    data_hash: HashHex
    deltas: tuple[RedactedMass, ...]
    activity: tuple[RedactedActivity, ...]
    effects: Effects


class RedactionConfirmed(Event, frozen=True, kw_only=True):
    """The operator confirms a `DataRedacted`, named by `event`: from here on the data may go."""

    event: EventRef
    reason: NameText


EVENTS = (DataRedacted, RedactionConfirmed)

PLACES = {event.__name__: "redactions" for event in EVENTS}

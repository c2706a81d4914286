"""The events of carbon accounting: sites, sources, factors, readings and their corrections.

Members exactly as in the reference of events. A source says once what its readings do not repeat;
a reading is as small as a period and a quantity. Bodies (`ActivityBody`, …) are shared by the
recording and by the correction that replaces it. Times and quantities of readings are checked by
their parsers in `rules`, where they are needed as numbers anyway, and their salts by
`machine.read_events`, for a whole batch at once.
Source: formats, section 3; accounting rules, section 3.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from ledger.errors import BadValue
from ledger.fold.event import Event, RegionCode
from ledger.log.values import (
    AmountText,
    DayText,
    EventRef,
    HashHex,
    MemberName,
    NameText,
    Quantity,
    SaltHex,
    SegmentName,
    Size,
    StreamName,
    TimeText,
    UncheckedQuantity,
    UncheckedSalt,
    UncheckedTime,
)
from ledger.parties.events import require_sorted

Role = Literal["direct", "location", "lifecycle", "market", "upstream"]
Quality = Literal["H", "M", "L"]
FactorRef = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?/"
        r"[a-z0-9](?:(?:[a-z0-9_-]|\.(?!\.)){0,61}[a-z0-9])?@"
        r"[a-z0-9](?:(?:[a-z0-9_-]|\.(?!\.)){0,61}[a-z0-9])?(?!\n)$"
    ),
]
"""`<publisher>/<id>@<version>`."""
ActivityName = Annotated[str, Meta(pattern=r"^[a-z0-9]+(?:[.-][a-z0-9]+)*(?!\n)$", max_length=64)]
UnitName = Annotated[str, Meta(min_length=1, max_length=32)]
PositiveInteger = Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,17}(?!\n)$")]
WholeNumber = Annotated[str, Meta(pattern=r"^(?:0|[1-9][0-9]{0,17})(?!\n)$")]
IntervalSeconds = Annotated[int, Meta(ge=1, le=366 * 86_400)]
MAX_READINGS = 4_000
"""Readings of one profile: what a line of 65 536 bytes can hold."""


class Ratio(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A number that no decimal of 12 places gives exactly: `num`/`den` in lowest terms."""

    num: WholeNumber
    den: PositiveInteger


Number = Quantity | Ratio


class Document(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """The document a factor was taken from; `sha256` is null when only its title is known."""

    title: NameText
    sha256: HashHex | None
    number: NameText | None = None


class SiteRegistered(Event, frozen=True, kw_only=True):
    """A place of the party, inside the area or not."""

    site: SegmentName
    region: RegionCode
    inside: bool = True
    name: NameText | None = None


class SourceRegistered(Event, frozen=True, kw_only=True):
    """What a stream of readings is about, said once for all of them."""

    stream: StreamName
    site: SegmentName
    activity: ActivityName
    unit: UnitName
    scope: Literal[1, 2, 3] | None
    key_area: str
    kind: Literal["continuous", "discrete"]
    factors: dict[Role, FactorRef]
    category: Annotated[int, Meta(ge=1, le=15)] | None = None
    flow: Literal["in", "out", "opening", "closing"] = "in"
    balance_group: SegmentName | None = None
    interval_s: IntervalSeconds | None = None
    gpc: str | None = None
    part_of: StreamName | None = None
    plausible: tuple[Quantity, Quantity] | None = None
    uncertainty_percent: Quantity | None = None
    name: NameText | None = None


class SourceAmended(Event, frozen=True, kw_only=True):
    """From a time on, these members of a source are different; at least one stands here."""

    source: StreamName
    from_: TimeText = msgspec.field(name="from")
    reason: NameText
    site: SegmentName | None = None
    category: Annotated[int, Meta(ge=1, le=15)] | None = None
    key_area: str | None = None
    interval_s: IntervalSeconds | None = None
    gpc: str | None = None
    part_of: StreamName | None = None
    plausible: tuple[Quantity, Quantity] | None = None
    uncertainty_percent: Quantity | None = None
    name: NameText | None = None


class SourceClosed(Event, frozen=True, kw_only=True):
    """The source has no readings after this time, and lacks none."""

    source: StreamName
    at: TimeText
    reason: NameText


class FactorPublished(Event, frozen=True, kw_only=True):
    """Masses of gases per unit of an activity, with the document they were taken from."""

    id: SegmentName
    version: SegmentName
    activity: ActivityName
    unit: UnitName
    kind: str
    region: RegionCode
    year: Annotated[int, Meta(ge=1900, le=2200)]
    valid: tuple[DayText, DayText]
    gases_kg_per_unit: dict[MemberName, Number]
    source: Document
    uncertainty_percent: Quantity | None = None
    properties: dict[MemberName, Number] = {}  # noqa: RUF012  (msgspec makes a new one each time)


class FactorConfirmed(Event, frozen=True, kw_only=True):
    """A certifier has checked a company's own factor and stands for it."""

    factor: FactorRef
    reason: NameText
    evidence: tuple[HashHex, ...] = ()

    def __post_init__(self) -> None:
        require_sorted("evidence", self.evidence)


class FactorAssigned(Event, frozen=True, kw_only=True):
    """From a time on, this factor fills this role of a source, for recorded periods too."""

    source: StreamName
    role: Role
    factor: FactorRef
    from_: TimeText = msgspec.field(name="from")
    reason: NameText


class RegisterReading(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What a cumulative meter showed at both ends: (to - from + rollover * 10^digits) * multiplier
    is the quantity.
    """  # noqa: D205  (the schema quotes it)

    meter: SegmentName
    from_: Quantity = msgspec.field(name="from")
    to: Quantity
    digits: Annotated[int, Meta(ge=1, le=18)]
    multiplier: Quantity
    rollover: Annotated[int, Meta(ge=0, le=9)] = 0


class ActivityBody(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A quantity over a period."""

    period: tuple[UncheckedTime, UncheckedTime]
    quantity: UncheckedQuantity
    unit: UnitName | None = None
    factors: dict[Role, FactorRef] = {}
    reference: NameText | None = None
    evidence: tuple[HashHex, ...] = ()
    quality: Quality | None = None
    estimated: bool = False
    confirm: NameText | None = None
    register: RegisterReading | None = None


class ProfileBody(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A run of readings at a fixed interval; null is a gap. `estimated` lists positions."""

    start: UncheckedTime
    interval_s: IntervalSeconds
    quantities: Annotated[
        tuple[UncheckedQuantity | None, ...], Meta(min_length=1, max_length=MAX_READINGS)
    ]
    unit: UnitName | None = None
    factors: dict[Role, FactorRef] = {}
    reference: NameText | None = None
    evidence: tuple[HashHex, ...] = ()
    quality: Quality | None = None
    estimated: tuple[Size, ...] = ()
    confirm: NameText | None = None


class EmissionBody(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Measured masses of gases over a period, in milligrams."""

    period: tuple[UncheckedTime, UncheckedTime]
    masses_mg: dict[MemberName, AmountText]
    method: NameText
    reference: NameText | None = None
    evidence: tuple[HashHex, ...] = ()
    quality: Quality | None = None
    estimated: bool = False
    confirm: NameText | None = None


Body = ActivityBody | ProfileBody | EmissionBody


class ActivityRecorded(ActivityBody, frozen=True, kw_only=True, tag_field="type", tag=True):
    """A reading, a bill, a receipt: a quantity over a period."""

    salt: UncheckedSalt

    def __post_init__(self) -> None:
        if self.evidence:
            require_sorted("evidence", self.evidence)


class ProfileRecorded(ProfileBody, frozen=True, kw_only=True, tag_field="type", tag=True):
    """A load profile: one event that stands for its readings one by one."""

    salt: UncheckedSalt

    def __post_init__(self) -> None:
        _check_profile(self)


class EmissionMeasured(EmissionBody, frozen=True, kw_only=True, tag_field="type", tag=True):
    """What a stack's meter, or a verified report, says was emitted."""

    salt: SaltHex

    def __post_init__(self) -> None:
        require_sorted("evidence", self.evidence)


class ActivityCorrected(Event, frozen=True, kw_only=True):
    """The full new body of an earlier event, in the place of the old one."""

    event: EventRef
    reason: NameText
    supersedes: EventRef | None = None
    activity: ActivityBody | None = None
    profile: ProfileBody | None = None
    emission: EmissionBody | None = None

    def __post_init__(self) -> None:
        bodies = [b for b in (self.activity, self.profile, self.emission) if b is not None]
        if len(bodies) != 1:
            raise BadValue(
                "correction",
                expected="exactly one of activity, profile and emission",
                found=f"{len(bodies)} of them",
            )
        if self.profile is not None:
            _check_profile(self.profile)
        else:
            require_sorted("evidence", bodies[0].evidence)

    @property
    def body(self) -> Body:
        """The one new body."""
        found = self.activity or self.profile or self.emission
        if found is None:
            raise AssertionError("a correction without a body")
        return found


class ActivityWithdrawn(Event, frozen=True, kw_only=True):
    """An earlier event shall not count; its interval is free again."""

    event: EventRef
    reason: NameText
    supersedes: EventRef | None = None


EVENTS = (
    SiteRegistered,
    SourceRegistered,
    SourceAmended,
    SourceClosed,
    FactorPublished,
    FactorConfirmed,
    FactorAssigned,
    ActivityRecorded,
    ProfileRecorded,
    EmissionMeasured,
    ActivityCorrected,
    ActivityWithdrawn,
)

PLACES = {
    "SiteRegistered": "register",
    "SourceRegistered": "register",
    "SourceAmended": "register",
    "SourceClosed": "register",
    "FactorAssigned": "register",
    "FactorConfirmed": "register",
    "FactorPublished": "factors",
    "ActivityRecorded": "source",
    "ProfileRecorded": "source",
    "EmissionMeasured": "source",
    "ActivityCorrected": "corrections",
    "ActivityWithdrawn": "corrections",
}
"""In which kind of stream each type stands."""


def _check_profile(body: ProfileBody) -> None:
    require_sorted("evidence", body.evidence)
    ascending = all(a < b for a, b in zip(body.estimated, body.estimated[1:], strict=False))
    if not ascending or (body.estimated and body.estimated[-1] >= len(body.quantities)):
        raise BadValue(
            "estimated",
            expected=f"ascending positions below {len(body.quantities)}",
            found=str(body.estimated)[:80],
        )
    for position in body.estimated:
        if body.quantities[position] is None:
            raise BadValue(
                "estimated", expected="positions of readings", found=f"the gap at {position}"
            )

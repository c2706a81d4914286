"""Redactions as they are answered, member by member.

These describe; they compute nothing. Source: formats, section 10.
"""

from __future__ import annotations

from pydantic import Field

from api.models import Answer, EventRef, HashHex, Role
from api.seals import Amount

_MONTH = Field(description="Month in the area's time zone.", examples=["2018-01"])
_LINE = Field(default=0, description="Number of the source's line, from 0.", examples=[0])


class Redaction(Answer):
    """A redaction that was asked for, and how far it has come."""

    redaction: EventRef = Field(description="Name of the DataRedacted.")
    index: int = Field(
        description="Index of the log entry that holds it, below 0 in an earlier log.",
        examples=[812],
    )
    event: EventRef = Field(description="Whose data goes.")
    event_index: int = Field(
        description="Index of its log entry, below 0 in an earlier log.", examples=[96]
    )
    who: str = Field(description="Who asked for it.", examples=["data protection officer"])
    legal_basis: str = Field(description="On which legal basis.", examples=["PIPL article 47"])
    data_hash: HashHex
    confirmed: EventRef | None = Field(description="The operator's confirmation, if it is there.")
    confirmed_index: int | None = Field(
        description="Index of its log entry, below 0 in an earlier log.", examples=[813]
    )
    erased: bool = Field(description="Whether this ledger's database holds the data no more.")


class RedactedMass(Answer):
    """Milligrams that the event added, in the column of their gas; the others are 0."""

    month: str = _MONTH
    role: Role = Field(description="Role of the factor.")
    gas: str = Field(description="The gas.", examples=["CO2"])
    emitted: Amount
    removed: Amount
    biogenic: Amount
    memo: Amount = Field(default="0", description="Milligrams of a gas outside every scope.")
    line: int = _LINE
    zeroed: int = Field(default=0, description="Products above zero that rounded to 0 mg.")


class RedactedActivity(Answer):
    """What the event added to its source's activity."""

    month: str = _MONTH
    quantity: str = Field(default="0", description="In the source's unit.", examples=["3.17"])
    readings: int = Field(default=0, description="Readings that start in the month.")
    line: int = _LINE
    estimated: int = Field(default=0, description="How many of them are estimates.")
    covered_s: int = Field(default=0, description="Seconds that they cover.", examples=[900])
    quality: dict[str, int] = Field(default={}, description="Readings by grade H, M, L.")


class RegisterEnds(Answer):
    """Where the meter's register stood."""

    meter: str = Field(description="The meter.", examples=["m-1"])
    from_: str = Field(alias="from", description="Before the reading.", examples=["100"])
    to: str = Field(description="After it.", examples=["150"])


class RedactionEffects(Answer):
    """What later decisions need to know of the event."""

    period: tuple[str, str] | None = Field(
        default=None,
        description="The time that its readings cover.",
        examples=[["2018-01-01T00:00:00+08:00", "2018-01-01T00:15:00+08:00"]],
    )
    periods: list[tuple[str, str]] | None = Field(
        default=None, description="Its stretches instead, where that time has gaps."
    )
    reference_sha256: HashHex | None = Field(
        default=None, description="Of its reference; a discrete source uses each once."
    )
    unit: str | None = Field(
        default=None,
        description="Unit in which the event was recorded; absent: the source's.",
        examples=["MWh"],
    )
    register_: RegisterEnds | None = Field(
        default=None, alias="register", description="Where the next reading of its meter begins."
    )


class RedactionDraft(Answer):
    """The members of a DataRedacted that follow from its event."""

    event: EventRef
    data_hash: HashHex
    deltas: list[RedactedMass]
    effects: RedactionEffects
    activity: list[RedactedActivity] = Field(
        default=[], description="What it added to activity; absent: nothing."
    )

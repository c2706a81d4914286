"""The rows that one log entry adds to the read models: exact deltas, never a recalculation.

Masses are kept per stream, line, month, factor role and gas; activity per stream, line and month,
with the time that its readings cover; readings of a stated quality are counted per grade.
A correction adds the difference between its body and the one it replaces, so the sum over any
prefix of the log is what was known at that size.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from ledger.carbon.pieces import SourcePiece

MassKey = tuple[str, int, str, str, str]
"""(stream, line, month, role, gas)"""
ActivityKey = tuple[str, int, str]
"""(stream, line, month)"""
QualityKey = tuple[str, int, str, str]
"""(stream, line, month, grade: H, M or L)"""


class LineRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a source, as footprints group it."""

    stream: str
    line: int
    party: str
    activity: str
    unit: str
    scope: int | None
    category: int | None
    key_area: str
    site: str
    region: str
    inside: bool
    flow: str
    balance_group: str | None
    part_of: str | None
    kind: str
    gpc: str | None


class MassRow(msgspec.Struct, frozen=True):
    """Milligrams of one gas, of one source line, in one month, under one factor role."""

    line: LineRow
    month: str
    role: str
    gas: str
    mass_mg: int
    zeroed: int


class ActivityRow(msgspec.Struct, frozen=True):
    """The quantity of one source line in one month, in the line's unit.

    `covered_s` is the time that its readings cover: of a continuous source, each second once; of a
    discrete one, whose receipts may overlap, nothing.
    """

    line: LineRow
    month: str
    quantity: Decimal
    readings: int
    estimated: int
    covered_s: int = 0


class QualityRow(msgspec.Struct, frozen=True):
    """How many readings of one source line in one month were recorded with this grade."""

    line: LineRow
    month: str
    quality: str
    readings: int


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """An event that changed what was recorded, as the log has it; `corrects` names the original."""

    index: int
    event: str
    type: str
    reason: str
    corrects: str | None = None


class EntryRows:
    """What one entry adds: masses in mg, activity in 10^-12 of the source's unit, new lines.

    A row of activity is [quantity, readings, estimates, seconds covered].
    """

    def __init__(self) -> None:
        self.masses: dict[MassKey, list[int]] = {}
        self.activity: dict[ActivityKey, list[int]] = {}
        self.quality: dict[QualityKey, int] = {}
        self.lines: list[LineRow] = []

    def add_mass(self, key: MassKey, mass_mg: int, zeroed: int) -> None:
        """Add milligrams, and how many non-zero products were rounded to none of them."""
        row = self.masses.get(key)
        if row is None:
            self.masses[key] = [mass_mg, zeroed]
        else:
            row[0] += mass_mg
            row[1] += zeroed

    def add_activity(
        self, key: ActivityKey, tiny: int, readings: int, estimated: int, covered_s: int = 0
    ) -> None:
        """Add a quantity in 10^-12 units, the numbers of readings and of estimates, and seconds."""
        row = self.activity.get(key)
        if row is None:
            self.activity[key] = [tiny, readings, estimated, covered_s]
        else:
            row[0] += tiny
            row[1] += readings
            row[2] += estimated
            row[3] += covered_s

    def add_quality(self, key: QualityKey, readings: int) -> None:
        """Add a number of readings of a grade."""
        self.quality[key] = self.quality.get(key, 0) + readings

    def add(self, other: EntryRows) -> None:
        """Add all that another one adds."""
        for mass_key, (mass_mg, zeroed) in other.masses.items():
            self.add_mass(mass_key, mass_mg, zeroed)
        for activity_key, (tiny, readings, estimated, covered_s) in other.activity.items():
            self.add_activity(activity_key, tiny, readings, estimated, covered_s)
        for quality_key, readings in other.quality.items():
            self.add_quality(quality_key, readings)
        self.lines += other.lines


def line_row(source: SourcePiece, line: int) -> LineRow:
    """A numbered line of a source."""
    key = source.lines[line]
    return LineRow(
        stream=source.stream,
        line=line,
        party=source.party,
        activity=source.activity,
        unit=source.unit,
        scope=source.scope,
        category=key.category,
        key_area=key.key_area,
        site=key.site,
        region=key.region,
        inside=key.inside,
        flow=source.flow,
        balance_group=source.balance_group,
        part_of=key.part_of,
        kind=source.kind,
        gpc=key.gpc,
    )

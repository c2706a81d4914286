"""What one reading contributed, as its redaction says it: computed from its body, added without it.

Both ways come to the same rows to the last milligram: `contribution` is what `evaluate` added, and
`add_contribution` adds that again when the body is gone. Source: formats, section 10.
"""

from __future__ import annotations

from hashlib import sha256
from typing import cast

import msgspec

from ledger.carbon.area.amounts import column_of
from ledger.carbon.evaluate import evaluate
from ledger.carbon.events import ActivityBody, Body, EmissionBody, Quality, Role
from ledger.carbon.exact import seconds, tiny
from ledger.carbon.ground import Ground, written
from ledger.carbon.redaction.events import (
    NOTHING,
    DataRedacted,
    Effects,
    RedactedActivity,
    RedactedMass,
    RegisterEnds,
)
from ledger.carbon.rows import EntryRows
from ledger.log.values import format_decimal


class Contribution(msgspec.Struct, frozen=True):
    """The members of a `DataRedacted` that follow from the body, each in its one order."""

    deltas: tuple[RedactedMass, ...]
    activity: tuple[RedactedActivity, ...]
    effects: Effects


def contribution(ground: Ground, body: Body) -> Contribution:
    """What a body contributes on the ground on which it was counted.

    Raises BadValue where a sum has more digits than a quantity may have.
    """
    rows = EntryRows()
    evaluate(ground, body, rows, 1)
    pack, source = ground.rule.pack, ground.source
    deltas = tuple(
        RedactedMass(
            month=month,
            role=cast("Role", role),
            gas=gas,
            line=line,
            zeroed=zeroed,
            **_in_column(column_of(pack, source.activity, gas), mass_mg),
        )
        for (_, line, month, role, gas), (mass_mg, zeroed) in sorted(rows.masses.items())
    )
    activity = tuple(
        RedactedActivity(
            month=month,
            quantity=format_decimal(quantity, 12) if quantity else NOTHING,
            readings=readings,
            line=line,
            estimated=estimated,
            covered_s=covered_s,
            quality=_grades(rows, stream, line, month),
        )
        for (stream, line, month), (quantity, readings, estimated, covered_s) in sorted(
            rows.activity.items()
        )
    )
    return Contribution(deltas, activity, _effects(ground, body))


def said_by(event: DataRedacted) -> Contribution:
    """What a redaction says that its event contributed."""
    return Contribution(event.deltas, event.activity, event.effects)


def add_contribution(rows: EntryRows, stream: str, said: DataRedacted) -> None:
    """Add what a redaction says that an event of this stream had added."""
    for mass in said.deltas:
        key = (stream, mass.line, mass.month, mass.role, mass.gas)
        rows.add_mass(key, mass.mass_mg, mass.zeroed)
    for row in said.activity:
        place = (stream, row.line, row.month)
        rows.add_activity(place, tiny(row.quantity), row.readings, row.estimated, row.covered_s)
        for grade, readings in row.quality.items():
            rows.add_quality((*place, grade), readings)


def runs_s(said: DataRedacted) -> list[tuple[int, int]]:
    """(start, end) of the time that the event covers, in epoch seconds. Raises BadValue."""
    return [(seconds(start), seconds(end)) for start, end in said.effects.stretches]


def reference_hash(reference: str) -> str:
    """What stands for a reference that may not be shown."""
    return sha256(reference.encode()).hexdigest()


def _effects(ground: Ground, body: Body) -> Effects:
    register = body.register if isinstance(body, ActivityBody) else None
    kept = ground.source.kind == "discrete" and body.reference is not None
    runs = tuple(
        (written(body, start_s), written(body, end_s))
        for start_s, end_s in ground.readings(body).runs
    )
    unit = None if isinstance(body, EmissionBody) else body.unit
    return Effects(
        period=runs[0] if len(runs) == 1 else None,
        periods=runs if len(runs) > 1 else None,
        reference_sha256=reference_hash(body.reference) if kept and body.reference else None,
        unit=None if unit == ground.source.unit else unit,
        register=None
        if register is None
        else RegisterEnds(meter=register.meter, from_=register.from_, to=register.to),
    )


def _in_column(column: str, mass_mg: int) -> dict[str, str]:
    """The members of a mass for its four columns: all but one are 0."""
    masses = {"emitted": "0", "removed": "0", "biogenic": "0", "memo": NOTHING}
    return masses | ({column: str(mass_mg)} if mass_mg else {})


def _grades(rows: EntryRows, stream: str, line: int, month: str) -> dict[Quality, int]:
    return {
        cast("Quality", grade): readings
        for (name, at, when, grade), readings in sorted(rows.quality.items())
        if (name, at, when) == (stream, line, month)
    }

"""What no pattern sees: days that the calendar lacks, and values that readers leave to rules.

Source: specification, names, "Single values".
"""

from __future__ import annotations

import msgspec
import pytest

from ledger.carbon.events import ActivityCorrected, EmissionMeasured, SourceClosed
from ledger.carbon.redaction.events import DataRedacted, Effects
from ledger.errors import BadValue
from ledger.fold.spelled import check_spelled
from ledger.log.values import DAY as DAY_FORM
from ledger.log.values import TIME
from ledger.machine import EVENTS
from tests.unit.world import body, factor, installed, profile, reading, salt, source

DAY = "2026-01-01T00:00:00+08:00"
NO_DAY = "2026-02-29T00:00:00+08:00"


def redacted(*periods: tuple[str, str]) -> DataRedacted:
    return DataRedacted(
        salt=salt(), event="acme/power@1", who="the officer", legal_basis="a law",
        data_hash="0" * 64, deltas=(), activity=(), effects=Effects(periods=periods),
    )  # fmt: skip


def corrected(new: msgspec.Struct) -> ActivityCorrected:
    return ActivityCorrected(salt=salt(), event="acme/power@1", reason="typing", activity=new)  # type: ignore[arg-type]


RIGHT = [
    reading(DAY, "P1D", "3.17"),
    profile(DAY, 900, ["0", None, "0.000000000001"]),
    corrected(body(DAY, "P1D", "0")),
    factor("grid", valid=("2024-02-29", "2026-01-01"), CO2={"num": "1", "den": "3"}),
    source("acme/power", plausible=("0", "1")),
    installed("acme/power", "m1", DAY, "0"),
    redacted((DAY, "2026-01-02T00:00:00+08:00"), ("2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z")),
]
WRONG = [
    reading(NO_DAY, NO_DAY, "1"),
    reading(DAY, NO_DAY, "1"),
    reading(DAY, "2026-01-02T00:00:00+00:00", "1"),
    reading(DAY, "P1D", "-5"),
    reading(DAY, "P1D", "5.10"),
    reading(DAY, "P1D", "1\n"),
    reading(DAY, "P1D", "1" * 19),
    profile(NO_DAY, 900, ["1"]),
    profile(DAY, 900, ["1", None, "x"]),
    corrected(body(DAY, "P1D", "01")),
    EmissionMeasured(salt=salt(), period=(DAY, NO_DAY), masses_mg={"CO2": "1"}, method="a probe"),
    factor("grid", valid=("2026-02-29", "2027-01-01"), CO2="1"),
    factor("grid", valid=("2026-02-01", "0000-01-01"), CO2="1"),
    SourceClosed(salt=salt(), source="acme/power", at=NO_DAY, reason="gone"),
    installed("acme/power", "m1", NO_DAY, "0"),
    redacted((DAY, DAY), (DAY, NO_DAY)),
]


@pytest.mark.parametrize("event", RIGHT)
def test_what_is_spelled_right_is_taken(event: msgspec.Struct):
    check_spelled(event)


@pytest.mark.parametrize("event", WRONG)
def test_what_is_not_is_refused(event: msgspec.Struct):
    with pytest.raises(BadValue):
        check_spelled(event)


def test_a_pair_with_a_time_or_a_day_is_a_pair_of_two():
    for kind in EVENTS:
        for pair in _pairs(msgspec.inspect.type_info(kind)):
            alike = len({repr(one) for one in pair.item_types}) == 1
            assert alike or not any(form in repr(pair) for form in (TIME, DAY_FORM)), kind


def _pairs(kind: object) -> list[msgspec.inspect.TupleType]:
    inspect = msgspec.inspect
    if isinstance(kind, inspect.TupleType):
        return [kind]
    inside: list[object] = []
    if isinstance(kind, inspect.StructType):
        inside = [field.type for field in kind.fields]
    elif isinstance(kind, inspect.UnionType):
        inside = list(kind.types)
    elif isinstance(kind, inspect.VarTupleType):
        inside = [kind.item_type]
    return [pair for one in inside for pair in _pairs(one)]

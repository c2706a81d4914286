"""Whatever somebody signs, a verifier takes it or refuses it by a name; it never fails."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import verify
from ledger.errors import LedgerError
from ledger.provenance import facts, verify_bundle
from tests.unit.hostile import payload_of, signed_again, spelled
from tests.unit.proof_file import Value
from tests.unit.world import LOG
from tests.vectors.write import FOLDER

FILES: list[Value] = [
    json.loads(case["bundle"])
    for case in json.loads((FOLDER / "bundle-kinds.json").read_bytes())["accepted"]
    if "witnesses" not in case and "replayed" not in case
]


def _nested(depth: int) -> object:
    found: object = []
    for _ in range(depth):
        found = [found]
    return found


TIMES = (
    "0001-01-01T00:00:00Z 0001-01-01T00:00:00+14:00 1999-12-31T23:59:59Z 2049-12-31T23:59:59Z"
    " 2050-01-01T00:00:00Z 9999-12-31T23:59:59Z 9999-12-31T23:59:59-14:00 0000-01-01T00:00:00Z"
    " 2026-02-30T00:00:00Z 0000-01 0001-01 1999-12 2049-12 2050-01 9999-12 0001-01-01 9999-12-31"
)
NAMES = (
    "acme acme/keys acme/plant/power acme/register@2 acme/keys/more a/b@9007199254740991"
    " operator/ledger@1 operator/factors@1 operator/grid@1 AR4 AR9 CO2 CO2e_AR6 kWh CNY@2020"
    " 10^9CNY@2049 USD@0000 figure LedgerOpened PartyRegistered TargetSet ../../etc/passwd"
    " America America/New_York + a+b+c = ==== AA=="
)
HOSTILE: tuple[object, ...] = (
    *(0, 1, -1, 2**31, 2**53 - 1, 2**53, -(2**53), 10**30, 10**400, True, False, None, 1.5),
    *("", "0", "1", "-1", "0.1", "1.0", "9" * 18, "9" * 30, "9" * 31, "9" * 5000, "x" * 70_000),
    *("\u00e9", "\u00b2", "\u0663", "\0", "\u202e", "\U0001f30d", "A" * 43, "A" * 44),
    *(*TIMES.split(), *NAMES.split()),
    *([], [[]], {}, {"a": 1}, ["a"], [1, 2], ["2026-01", "2027-01"], _nested(12), _nested(400)),
    *({"den": "0", "num": "1"}, {"den": "3", "num": "1"}, {"den": "9" * 18, "num": "9" * 18}),
)
MEMBERS = (
    *("activity", "confirm", "emission", "estimated", "event", "factors", "gases", "interval_s"),
    *("part_of", "period", "plausible", "profile", "quantities", "register", "size", "supersedes"),
    *("type", "unit", "v", "zz"),
)


def _paths(value: object, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [before] if before else []
    items: list[tuple[Any, object]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    for name, item in items:
        found += _paths(item, (*before, name))
    return found


@st.composite
def hostile_files(draw: st.DrawFn) -> bytes:
    """A good file of which one or two values are others: of events, statements or the file itself."""
    value = deepcopy(draw(st.sampled_from(FILES)))
    payloads: dict[int, dict[str, Any]] = {}
    where = draw(st.sampled_from(("events", "events", "events", "statement", "file")))
    for _ in range(draw(st.sampled_from((1, 1, 2)))):
        at = draw(st.integers(0, len(value["entries"]) - 1)) if where != "file" else 0
        if where == "events":
            entry = value["entries"][at]
            target = draw(st.sampled_from([one.get("data", {}) for one in entry["events"]]))
        elif where == "statement":
            target = payloads.setdefault(at, payload_of(value["entries"][at]))
        else:
            target = value
        _change(draw, target)
        if where == "file":
            return spelled(value) + b"\n"
    return spelled(signed_again(value, payloads)) + b"\n"


def _change(draw: st.DrawFn, target: Any) -> None:
    paths = _paths(target)
    if not paths:
        return
    path = draw(st.sampled_from(paths))
    for name in path[:-1]:
        target = target[name]
    new = deepcopy(draw(st.sampled_from(HOSTILE)))
    if isinstance(target, dict) and draw(st.integers(0, 4)) == 0:
        target[draw(st.sampled_from(MEMBERS))] = new
    else:
        target[path[-1]] = new


def test_the_files_hold_before_anything_is_changed_and_after_they_are_signed_again():
    for value in FILES:
        again = signed_again(deepcopy(value))
        found = verify.verify(spelled(again) + b"\n", verify.Trust.of(LOG)).facts
        assert found["kind"] == value["kind"]


@settings(max_examples=300, deadline=None)
@given(hostile_files())
def test_a_file_of_hostile_values_gives_a_verdict_or_a_defect(data: bytes):
    assert says(data)
    assert says_ours(data)


def says(data: bytes) -> str:
    """The verdict in words, or why there is none."""
    try:
        return verify.for_people(verify.verify(data, verify.Trust.of(LOG)))
    except verify.Refused as refused:
        return refused.defect
    except verify.NotDerived as error:
        return str(error)


def says_ours(data: bytes) -> object:
    try:
        return facts(verify_bundle(data, LOG))
    except LedgerError as error:
        return error.defect

"""The browser's schemas of events are those of the product: every small change is taken or refused alike."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from ledger.carbon.events import (
    ActivityCorrected,
    Body,
    FactorAssigned,
    FactorPublished,
    SourceAmended,
    SourceClosed,
)
from ledger.carbon.exact import seconds
from ledger.carbon.ground import parse
from ledger.carbon.organisation.events import MeterInstalled, MeterRemoved
from ledger.carbon.redaction.events import DataRedacted
from ledger.errors import LedgerError
from ledger.log.canonical import encode
from ledger.log.values import parse_day
from ledger.machine import TYPES, read_event
from tests.e2e.verifying.conftest import InBrowser

Data = dict[str, Any]
VECTORS = Path(__file__).resolve().parents[3] / "schemas" / "vectors"
SALT, HASH, KID = "0" * 32, "a" * 64, "A" * 43
JWK = {"crv": "Ed25519", "kty": "OKP", "x": "AAAA"}
RULES = {"sha256": HASH, "version": "2"}
TIME, LATER = "2026-01-01T00:00:00+08:00", "2026-02-01T00:00:00+08:00"
ENDED = {"heads_count": 1, "heads_root": HASH, "log": "l", "root": HASH, "size": 3}
SUMS = {"CO2": {"biogenic": "0", "emitted": "7", "removed": "0"}}
OTHERS: tuple[Data, ...] = (
    {"type": "LedgerOpened", "origin": "ledger.example/log", "log": "l", "operator": "op",
     "key": JWK, "proof": "p", "recovery_key": JWK, "recovery_proof": "p", "area": "Park",
     "timezone": "UTC", "rules": RULES,
     "continues": {**ENDED, "signed": {"root": HASH, "size": 4}}},
    {"type": "RulesActivated", "rules": RULES},
    {"type": "PartyRegistered", "name": "Acme", "roles": ["company", "registry"], "key": JWK,
     "proof": "p", "lei": "L", "uscc": "U", "region": "CN-JS"},
    {"type": "KeyAuthorized", "key": JWK, "proof": "p", "scope": ["acme/", "acme/plant/power"],
     "event_types": ["ActivityRecorded"], "admin": True, "read": True},
    {"type": "KeyRevoked", "key": KID, "reason": "lost", "compromised_from": 3},
    {"type": "KeyRecovered", "key": JWK, "proof": "p", "reason": "lost", "evidence": [HASH],
     "replaces": [KID]},
    {"type": "EntriesConfirmed", "key": KID, "reason": "ours", "entries": [3, 5]},
    {"type": "FactorConfirmed", "factor": "acme/own@1", "reason": "checked", "evidence": [HASH]},
    {"type": "SourceClosed", "source": "acme/plant/power", "at": TIME, "reason": "torn down"},
    {"type": "RedactionConfirmed", "event": "acme/redactions@1", "reason": "asked"},
    {"type": "DataRedacted", "event": "acme/plant/power@1", "who": "a person", "legal_basis": "law",
     "data_hash": HASH,
     "deltas": [{"gas": "CO2", "emitted": "7", "removed": "0", "biogenic": "0", "memo": "1",
                 "month": "2026-01", "role": "location", "line": 1, "zeroed": 1}],
     "activity": [{"month": "2026-01", "quantity": "2", "readings": 1, "line": 1,
                   "estimated": 1, "covered_s": 900, "quality": {"H": 1}}],
     "effects": {"period": [TIME, LATER], "reference_sha256": HASH, "unit": "MWh",
                 "register": {"meter": "m-1", "from": "1", "to": "2"}}},
    {"type": "FootprintSealed", "view": "park", "period": ["2026-01", "2027-01"], "gwp": "AR6",
     "rules": RULES, "size": 3, "totals": SUMS, "heads_root": HASH, "heads_count": 2,
     "companies_root": HASH, "companies_count": 1},
)  # fmt: skip
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 400, 2**53 - 1, "", "0", "x", "X", "-1", "1.50", "0.5", "a\n",
    "Ω" * 200, "Ω" * 201, "\u202e", [], ["b", "a"], ["a", "a"], {}, {"x": "1"}, "2026-13", "2026-01",
    "2026-02-30", "2026-02-28", "2026-02-29T00:00:00Z", "2026-02-28T00:00:00+00:00", TIME,
    "2026-02-28T24:00:00Z", "2026-02-28T23:59:60Z", "2026-02-28T00:00:00+14:01", "0000-01", "a/b",
    "a/b@1", "a/b@01", "a/b..c", "a-/b", "a/b/", "/", HASH, HASH.upper(), KID, SALT, "CN-JS", "1e3",
    {"den": "3", "num": "1"}, {"den": "0", "num": "1"}, {"den": "3", "num": 1}, [None], ["1", "2"],
    ["2026-01", "2026-01"], [["a", "1"], ["b", {"den": "3", "num": "1"}]], [[2026, "1"], [2025, "0"]],
)  # fmt: skip


def examples() -> list[Data]:
    """An event of every type, with as many of its members as can stand together."""
    found = [{"salt": SALT, **data} for data in OTHERS]
    statements = json.loads((VECTORS / "statement.json").read_bytes())["accepted"]
    found += [json.loads(case["data"]) for case in statements]
    for case in json.loads((VECTORS / "figures.json").read_bytes())["accepted"]:
        found += [{**one["data"], "salt": SALT} for one in case["events"]]
    # The largest of each type has the most members.
    largest = {one["type"]: one for one in sorted(found, key=lambda one: len(encode(one)))}
    gaps = {"periods": [[TIME, LATER], [LATER, "2026-03-01T00:00:00Z"]]}
    return [*largest.values(), {**largest["DataRedacted"], "effects": gaps}]


def variants(data: Data) -> Iterator[Data]:
    """The event, and with each of its values left out, or another one; and with one more member."""
    yield data
    yield {**data, "extra": "1"}
    for path in list(_places(data)):
        for value in (*ODD, _MISSING):
            changed = deepcopy(data)
            inner: Any = changed
            for step in path[:-1]:
                inner = inner[step]
            if value is _MISSING:
                del inner[path[-1]]
            else:
                inner[path[-1]] = value
            yield changed


def test_both_take_and_refuse_the_same_data(in_browser: InBrowser):
    assert {data["type"] for data in examples()} == set(TYPES)
    everything = [one for data in examples() for one in variants(data)]
    assert len(everything) > 10_000
    theirs = in_browser.run(
        """const isData = (data) => typeof data.type === "string" && inner.schema.isEventData(data);
        return JSON.parse(value).map(isData);""",
        json.dumps(everything),
    )
    differ = [
        (data, browser)
        for data, browser in zip(everything, theirs, strict=True)
        if browser != _is_read(data)
    ]
    assert not differ, str(differ[0])


_MISSING = object()


def _is_read(data: Data) -> bool:
    """The product checks times and quantities of readings, and that days exist, where it needs them."""
    try:
        event = read_event(encode(data))
        if isinstance(event, Body):
            parse(event)
        match event:
            case ActivityCorrected():
                parse(event.body)
            case SourceAmended() | FactorAssigned():
                seconds(event.from_)
            case SourceClosed() | MeterInstalled() | MeterRemoved():
                seconds(event.at)
            case FactorPublished():
                for day in event.valid:
                    parse_day(day)
            case DataRedacted():
                for time in (time for period in event.effects.stretches for time in period):
                    seconds(time)
    except LedgerError:
        return False
    return True


def _places(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield (*path, name)
            yield from _places(item, (*path, name))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield (*path, at)
            yield from _places(item, (*path, at))

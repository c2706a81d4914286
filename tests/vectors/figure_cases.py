"""Vectors of what an event comes to: events without their salts, and the masses of one reading.

A case names a time zone, events in the order of the log, and the reading; `masses` are milligrams by
month, role of factor and gas. A refused case has other masses, by a mistake that its name tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import msgspec

from ledger.carbon.events import (
    EmissionMeasured,
    FactorAssigned,
    Ratio,
    SourceAmended,
)
from ledger.errors import BadValue
from ledger.log.canonical import encode, encode_struct
from ledger.log.names import party_of
from ledger.machine import read_event
from ledger.provenance import facts, verify_bundle
from tests.unit.proof_file import ProofFiles, as_file
from tests.unit.world import (
    LOG,
    World,
    body,
    correction,
    factor,
    profile,
    reading,
    salt,
    site,
    source,
)
from tests.vectors.shape import Case, File, file_of

POWER = "acme/plant/power"
REGISTER, FACTORS = "acme/register", "operator/factors"
Said = Sequence[tuple[str, msgspec.Struct]]


def _assigned(ref: str, from_: str) -> FactorAssigned:
    return FactorAssigned(
        salt=salt(), source=POWER, role="location", factor=ref, from_=from_, reason="newer"
    )


def _stated() -> dict[str, tuple[str, Said]]:
    """By name: the time zone, and who says what."""
    power: Said = (
        (FACTORS, factor("grid", CO2="0.5827")),
        (REGISTER, site("plant")),
        (REGISTER, source(POWER, location="operator/grid@1")),
    )
    night = reading("2026-01-31T12:00:00+08:00", "P1D", "1000")
    thirds = profile("2026-01-31T23:00:00+08:00", 1200, ["0.1", "0.1", None, "0.1", "0.7"])
    later = factor("later", CO2=Ratio(num="1", den="3"))
    amended = SourceAmended(
        salt=salt(), source=POWER, from_="2026-02-01T00:15:00+08:00", reason="moved", gpc="I.3.2"
    )
    diesel = factor(
        "diesel",
        activity="fuel.diesel",
        unit="GJ",
        kind="combustion",
        properties={"density_kg_per_l": "0.84", "ncv_gj_per_t": "42.652"},
        CO2=Ratio(num="2221333", den="30000"),
    )
    fuel = source(
        "acme/plant/diesel", activity="fuel.diesel", unit="L", scope=1, direct="operator/diesel@1"
    )
    stack = source("acme/plant/stack", activity="measured.stack", unit="t", scope=1)
    measured = EmissionMeasured(
        salt=salt(),
        period=("2026-01-31T00:00:00+08:00", "2026-02-03T00:00:00+08:00"),
        masses_mg={"CO2": "1000001", "N2O": "1"},
        method="continuous",
    )
    fixed = correction(f"{POWER}@1", body("2026-01-31T12:00:00+08:00", "P1D", "11"))
    tiny = profile("2026-02-01T00:00:00+08:00", 300, ["0.000000858"] * 12)
    return {
        "half-in-each-month": ("Asia/Shanghai", (*power, (POWER, night))),
        "in-an-area-with-summer-time": (
            "Europe/Berlin",
            (*power, (POWER, reading("2026-02-27T00:00:00+01:00", "P40D", "1000"))),
        ),
        "rounded-once-a-month": ("Asia/Shanghai", (*power, (POWER, thirds))),
        "rounded-once-a-line": (
            "Asia/Shanghai",
            (*power, (REGISTER, amended), (POWER, tiny)),
        ),
        "a-factor-assigned-later": (
            "Asia/Shanghai",
            (
                *power,
                (POWER, thirds),
                (FACTORS, later),
                (REGISTER, _assigned("operator/later@1", "2026-02-01T00:00:00+08:00")),
            ),
        ),
        "litres-into-gigajoules": (
            "Asia/Shanghai",
            (
                (FACTORS, diesel),
                (REGISTER, site("plant")),
                (REGISTER, fuel),
                ("acme/plant/diesel", reading("2026-01-01T00:00:00+08:00", "P1D", "850.5")),
            ),
        ),
        "measured": (
            "Asia/Shanghai",
            ((REGISTER, site("plant")), (REGISTER, stack), ("acme/plant/stack", measured)),
        ),
        "corrected": (
            "Asia/Shanghai",
            (*power, (POWER, night), (f"{POWER}/corrections", fixed)),
        ),
        "withdrawn": (
            "Asia/Shanghai",
            (*power, (POWER, night), (f"{POWER}/corrections", correction(f"{POWER}@1", None))),
        ),
    }


def figures() -> File:
    """The file."""
    accepted = []
    for name, (zone, said) in _stated().items():
        events = [{"data": _unsalted(event), "stream": stream} for stream, event in said]
        stream = next(s for s, _ in said if s.count("/") == 2)
        case = {"name": name, "timezone": zone, "events": events, "reading": f"{stream}@1"}
        accepted.append({**case, "masses": masses_of(case)})
    by_name = {case["name"]: case for case in accepted}
    refused = [
        _wrong(by_name["half-in-each-month"], "all-in-the-month-of-the-beginning", "2026-02", None),
        _wrong(by_name["rounded-once-a-month"], "one-milligram-more", "2026-01", 1),
        _wrong(by_name["rounded-once-a-line"], "rounded-once-for-all-lines", "2026-02", 1),
        _wrong(by_name["measured"], "one-milligram-less", "2026-02", -1),
    ]
    return file_of("What an event comes to: milligrams by month, role and gas", accepted, refused)


def file_about(case: Case) -> bytes:
    """A bundle about the reading of a case."""
    world = World(case["timezone"])
    names = []
    for party in sorted({party_of(one["stream"]) for one in case["events"]} - {"operator"}):
        world.party(party)
    for one in case["events"]:
        event = read_event(encode({**one["data"], "salt": salt()}))
        logged = world.post(party_of(one["stream"]), one["stream"], [event])
        names.append(f"{one['stream']}@{logged.entry.first}")
    return as_file(ProofFiles(world).event(case["reading"], *names))


def masses_of(case: Case) -> Any:
    """What the reading of a case comes to."""
    claim = facts(verify_bundle(file_about(case), LOG))["claim"]
    assert isinstance(claim, dict)
    return claim["masses"]


def judge(case: Case) -> None:
    """Raise BadValue unless the reading comes to these masses."""
    found = masses_of(case)
    if found != case["masses"]:
        raise BadValue("masses", expected=str(found), found=str(case["masses"]))


def _unsalted(event: msgspec.Struct) -> dict[str, Any]:
    data: dict[str, Any] = msgspec.json.decode(encode_struct(event))
    del data["salt"]
    return data


def _wrong(case: Case, name: str, month: str, by: int | None) -> Case:
    wrong = {**deepcopy(case), "name": name}
    if by is None:
        del wrong["masses"][month]
        return wrong
    (role,) = wrong["masses"][month]
    mass = wrong["masses"][month][role]
    mass["CO2"] = str(int(mass["CO2"]) + by)
    return wrong

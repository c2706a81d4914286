"""Vectors of redactions: batches as they are stored when data is gone, and the events that allow it."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from ledger import machine
from ledger.carbon.events import Role
from ledger.carbon.redaction.events import (
    DataRedacted,
    Effects,
    RedactedActivity,
    RedactedMass,
    RedactionConfirmed,
    RegisterEnds,
)
from ledger.errors import ProofFailed
from ledger.log import batch, canonical
from ledger.log.redacted import stored_chain, write_redacted
from tests.vectors import example as ex
from tests.vectors.shape import Case, File, file_of, spell, unspell

SALT = sha256(b"redaction").hexdigest()[:32]
PERIOD = ("2018-01-01T00:15:00+08:00", "2018-01-01T00:30:00+08:00")
DELTA, USE = ("deltas", 0), ("activity", 0)
DAMAGES: tuple[tuple[str, tuple[str | int, ...], object], ...] = (
    ("line-spelled-out", (*DELTA, "line"), 0),
    ("zeroed-spelled-out", (*DELTA, "zeroed"), 0),
    ("memo-spelled-out", (*DELTA, "memo"), "0"),
    ("memo-of-null", (*DELTA, "memo"), None),
    ("mass-below-zero", (*DELTA, "emitted"), "-2330800"),
    ("mass-in-one-member", (*DELTA, "mass_mg"), "2330800"),
    ("column-left-out", (*DELTA, "biogenic"), ...),
    ("role-left-out", (*DELTA, "role"), ...),
    ("quantity-spelled-out", (*USE, "quantity"), "0"),
    ("readings-spelled-out", (*USE, "readings"), 0),
    ("covered-seconds-spelled-out", (*USE, "covered_s"), 0),
    ("estimated-spelled-out", (*USE, "estimated"), 0),
    ("line-of-activity-spelled-out", (*USE, "line"), 0),
    ("no-grades-spelled-out", (*USE, "quality"), {}),
    ("no-activity-spelled-out", ("activity",), []),
    ("no-reference-spelled-out", ("effects", "reference_sha256"), None),
    ("no-unit-spelled-out", ("effects", "unit"), None),
    ("no-register-spelled-out", ("effects", "register"), None),
    ("no-period-spelled-out", ("effects", "period"), None),
    ("no-periods-spelled-out", ("effects", "periods"), None),
    ("one-stretch-in-periods", ("effects",), {"periods": [list(PERIOD)]}),
    ("period-and-periods", ("effects", "periods"), [list(PERIOD), list(PERIOD)]),
    ("effects-left-out", ("effects",), ...),
)
"""What is wrong with the first redaction; a value of ... is left out."""


def redactions() -> File:
    """The file."""
    power, gas = list(ex.POWER_LINES), list(ex.GAS_LINES)
    gone = [write_redacted(line, ex.READING) for line in power]
    profile = write_redacted(gas[0], ex.PROFILE)

    def stored(jws: bytes, lines: list[bytes]) -> Case:
        return {"jws": spell(jws), "lines": [spell(line) for line in lines]}

    of_power, of_gas = ex.ENTRIES[0], ex.ENTRIES[1]
    said = DataRedacted(
        salt=SALT,
        event=f"{ex.POWER}@2",
        who="data protection officer",
        legal_basis="PIPL article 47",
        data_hash=sha256(power[1]).hexdigest(),
        deltas=(_mass("CO2", "2018-01", "location", emitted="2330800"),),
        activity=(RedactedActivity(month="2018-01", quantity="4", readings=1, covered_s=900),),
        effects=Effects(period=PERIOD),
    )
    every = DataRedacted(
        salt=SALT,
        event="acme/plant-7/bills@1",
        who="法务部",
        legal_basis="court order",
        data_hash="ab" * 32,
        deltas=(
            _mass("CH4_fossil", "2018-01", "direct", zeroed=1),
            _mass("CO2_bio", "2018-01", "direct", biogenic="5"),
            _mass("CFC-11", "2018-01", "direct", memo="3"),
            _mass("CO2", "2018-02", "direct", removed="7", line=2),
        ),
        activity=(
            RedactedActivity(month="2018-01", estimated=1, readings=1, quality={"L": 1}),
            RedactedActivity(month="2018-02", quantity="0.000000000001", line=2),
        ),
        effects=Effects(
            periods=(PERIOD, ("2018-02-01T00:00:00Z", "2018-02-02T00:00:00Z")),
            reference_sha256="cd" * 32,
            unit="MWh",
            register=RegisterEnds(meter="m-1", from_="100", to="150.5"),
        ),
    )
    fewest = DataRedacted(
        salt=SALT,
        event="acme/plant-7/gas@1",
        who="the company",
        legal_basis="a contract",
        data_hash="ef" * 32,
        deltas=(_mass("CO2", "2018-01", "direct", emitted="1"),),
        effects=Effects(),
    )
    confirmed = RedactionConfirmed(salt=SALT, event="acme/redactions@1", reason="looked at")
    right = canonical.encode_struct(said)
    return file_of(
        "Batches as they are stored when the data of events is gone, which lead to head and root of "
        "their statement; and events that allow it, in their one spelling.",
        [
            {"name": "nothing-gone", **stored(of_power, power)},
            {"name": "second-gone", **stored(of_power, [power[0], gone[1], power[2]])},
            {"name": "all-gone", **stored(of_power, gone)},
            {"name": "profile-gone", **stored(of_gas, [profile, *gas[1:]])},
            {"name": "of-a-reading", "data": spell(right), "type": "DataRedacted"},
            {
                "name": "with-every-member",
                "data": spell(canonical.encode_struct(every)),
                "type": "DataRedacted",
            },
            {
                "name": "with-the-fewest-members",
                "data": spell(canonical.encode_struct(fewest)),
                "type": "DataRedacted",
            },
            {
                "name": "confirmation",
                "data": spell(canonical.encode_struct(confirmed)),
                "type": "RedactionConfirmed",
            },
        ],
        [
            {"name": "hash-of-another", **stored(of_power, [power[0], gone[0], power[2]])},
            {
                "name": "another-type",
                **stored(of_power, [power[0], write_redacted(power[1], ex.PROFILE), power[2]]),
            },
            {"name": "line-left-out", **stored(of_power, [gone[0], power[2]])},
            {
                "name": "capital-digits",
                **stored(of_power, [gone[0].replace(*_capital(gone[0])), *power[1:]]),
            },
            {
                "name": "with-a-space",
                **stored(of_power, [gone[0].replace(b":", b": ", 1), *power[1:]]),
            },
            {
                "name": "members-in-another-order",
                **stored(of_power, [_turned(gone[0]), *power[1:]]),
            },
            {
                "name": "a-member-more",
                **stored(of_power, [gone[0].replace(b'"}', b'","v":1}'), *power[1:]]),
            },
            *(
                {"name": name, "data": spell(_changed(right, path, value)), "type": "DataRedacted"}
                for name, path, value in DAMAGES
            ),
        ],
    )


def judge(case: Case) -> None:
    """Returns where the case holds; raises what is wrong."""
    if "data" in case:
        data = unspell(case["data"])
        found = machine.read_event(data)
        if (type(found).__name__, canonical.encode_struct(found)) != (case["type"], data):
            raise ProofFailed("another event, or another spelling")
        return
    lines = [unspell(line) for line in case["lines"]]
    signed = batch.parse_statement(unspell(case["jws"]))
    types = machine.types_of(machine.read_stored(lines))
    stored_chain(lines, types * len(lines) if len(types) == 1 else types, signed.statement)


def _mass(gas: str, month: str, role: Role, **columns: Any) -> RedactedMass:
    masses = {"emitted": "0", "removed": "0", "biogenic": "0", **columns}
    return RedactedMass(month=month, role=role, gas=gas, **masses)


def _changed(data: bytes, path: tuple[str | int, ...], value: object) -> bytes:
    """The event with another value at a path, in canonical JSON."""
    event = json.loads(data)
    inner: Any = event
    for step in path[:-1]:
        inner = inner[step]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return canonical.encode(event)


def _capital(line: bytes) -> tuple[bytes, bytes]:
    digits = line.partition(b'":"')[2][:64]
    return digits, digits.upper()


def _turned(line: bytes) -> bytes:
    data_hash, _, kind = line.removeprefix(b"{").removesuffix(b"}").partition(b",")
    return b"{" + kind + b"," + data_hash + b"}"

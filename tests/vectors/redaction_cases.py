"""Vectors of redactions: batches as they are stored when data is gone, and the events that allow it."""

from __future__ import annotations

from hashlib import sha256

from ledger import machine
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
        deltas=(RedactedMass(gas="CO2", mass_mg="2330800", month="2018-01", role="location"),),
        activity=(RedactedActivity(month="2018-01", quantity="4", readings=1, covered_s=900),),
        effects=Effects(periods=(PERIOD,)),
    )
    every = DataRedacted(
        salt=SALT,
        event="acme/plant-7/bills@1",
        who="法务部",
        legal_basis="court order",
        data_hash="ab" * 32,
        deltas=(
            RedactedMass(gas="CO2", mass_mg="0", month="2018-01", role="direct", zeroed=1),
            RedactedMass(gas="CO2", mass_mg="7", month="2018-02", role="direct", line=2),
        ),
        activity=(
            RedactedActivity(month="2018-01", estimated=1, readings=1, quality={"L": 1}),
            RedactedActivity(month="2018-02", quantity="0.000000000001", line=2),
        ),
        effects=Effects(
            periods=(PERIOD, ("2018-02-01T00:00:00Z", "2018-02-02T00:00:00Z")),
            reference_sha256="cd" * 32,
            register=RegisterEnds(meter="m-1", from_="100", to="150.5"),
        ),
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
            {
                "name": "default-spelled-out",
                "data": spell(right.replace(b'"gas":', b'"line":0,"gas":', 1)),
                "type": "DataRedacted",
            },
            {
                "name": "mass-below-zero",
                "data": spell(right.replace(b'"2330800"', b'"-2330800"')),
                "type": "DataRedacted",
            },
            {
                "name": "without-periods",
                "data": spell(right.replace(b'"effects":{"periods":', b'"effects":{"time":')),
                "type": "DataRedacted",
            },
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


def _capital(line: bytes) -> tuple[bytes, bytes]:
    digits = line.partition(b'":"')[2][:64]
    return digits, digits.upper()


def _turned(line: bytes) -> bytes:
    data_hash, _, kind = line.removeprefix(b"{").removesuffix(b"}").partition(b",")
    return b"{" + kind + b"," + data_hash + b"}"

"""One bill, receipt, register reading or measured emission, recorded from the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256

import pytest

from ledger.store.embedded import EmbeddedServer
from tests.e2e.cli_program import Program, add_company, open_ledger
from tests.faults.embedded_land import temporary_home

POWER = "steelworks/plant/electricity"
DIESEL, STACK = "steelworks/plant/diesel", "steelworks/plant/stack"
FUEL = {
    "id": "diesel",
    "version": "1",
    "activity": "fuel.diesel",
    "unit": "L",
    "kind": "combustion",
    "region": "CN",
    "year": 2023,
    "valid": ["2018-01-01", "2027-01-01"],
    "gases_kg_per_unit": {"CO2": "2.60056409536"},
    "source": {"title": "Worked case 5", "sha256": None},
}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with temporary_home() as home, EmbeddedServer(home):
        program = Program(home, tmp_path_factory.mktemp("desk"))
        open_ledger(program)
        assert add_company(program, "steelworks") == POWER
        (program.folder / "diesel.json").write_text(json.dumps(FUEL))
        program("factor", "publish", "diesel.json")
        more = ("--scope", "1", "--key-area", "industry")
        program(
            "source", "add", DIESEL, "--activity", "fuel.diesel", "--unit", "L", "--discrete", *more,
            "--factor", "direct=diesel@1", "--plausible", "1", "5000",
        )  # fmt: skip
        program("source", "add", STACK, "--activity", "measured.stack", "--unit", "t", *more)
        yield program


def recorded(program: Program, stream: str, *more: str) -> str:
    return str(program("record", stream, "--period", *more)["event"])


def scopes(program: Program, month: str) -> dict[tuple[int, str], str]:
    found = program("footprint", "steelworks", "--period", month)
    return {(one["scope"], one["role"]): one["mass_mg"]["CO2"] for one in found["scopes"]}


def test_a_receipt_is_recorded_with_its_number_and_the_hash_of_its_scan(program: Program):
    (program.folder / "scan.pdf").write_bytes(b"a scan")
    day = ("2026-03-03", "2026-03-04")
    event = recorded(
        program, DIESEL, *day, "--quantity", "850", "--reference", "R-1", "--evidence", "scan.pdf"
    )
    assert event == f"{DIESEL}@1"
    assert scopes(program, "2026-03") == {(1, "direct"): "2210479481"}
    program("prove", event, "-o", "receipt.json")
    assert sha256(b"a scan").hexdigest() in (program.folder / "receipt.json").read_text()
    again = program.refused(
        "record", DIESEL, "--period", *day, "--quantity", "850", "--reference", "R-1", status=1
    )
    assert "R-1" in again["found"]
    far = (
        "record",
        DIESEL,
        "--period",
        *day,
        "--reference",
        "R-2",
        "--quantity",
        "6",
        "--unit",
        "m3",
    )
    assert "1 to 5000 L" in program.refused(*far, status=1)["expected"]
    program(*far, "--confirm", "the yearly filling")


def test_a_month_is_recorded_by_what_the_register_showed(program: Program):
    shown = ("--register", "m-1", "99950", "30", "--digits", "5", "--multiplier", "40")
    april = ("2026-04-01", "2026-05-01")
    backwards = program.refused("record", POWER, "--period", *april, *shown, status=2)
    assert "--rollover 1" in backwards["advice"]
    recorded(program, POWER, *april, *shown, "--rollover", "1")
    assert scopes(program, "2026-04")[2, "location"] == "1864640000"
    broken = ("--register", "m-1", "31", "40", "--digits", "5", "--multiplier", "40")
    gap = program.refused(
        "record", POWER, "--period", "2026-05-01", "2026-06-01", *broken, status=1
    )
    assert gap["expected"].startswith("a reading from 30")


def test_a_bill_that_is_estimated_and_in_another_unit(program: Program):
    june = ("2026-06-01", "2026-07-01")
    recorded(program, POWER, *june, "--quantity", "3.10", "--unit", "MWh", "--estimated")
    found = program("footprint", "steelworks", "--period", "2026-06")
    (line,) = found["sources"]
    assert (line["quantity"], line["estimated"]) == ("3100", 1)
    assert found["total"]["mass_mg"] == {"CO2": "1806370000"}


def test_a_measured_emission_says_how_it_was_measured(program: Program):
    day = ("2026-07-01", "2026-07-02")
    mass = ("--mass", "CO2=17400123456", "--mass", "N2O=12345")
    unsaid = program.refused("record", STACK, "--period", *day, *mass, status=2)
    assert "--method" in unsaid["expected"]
    recorded(program, STACK, *day, *mass, "--method", "CEMS")
    found = program("footprint", "steelworks", "--period", "2026-07")
    assert found["total"]["mass_mg"] == {"CO2": "17400123456", "N2O": "12345"}


@pytest.mark.parametrize(
    "more",
    [
        (),
        ("--quantity", "1", "--mass", "CO2=1", "--method", "x"),
        ("--quantity", "1,5"),
        ("--quantity", "-1"),
        ("--register", "m-1", "1", "2"),
        ("--mass", "CO2=1", "--mass", "CO2=2", "--method", "x"),
        ("--mass", "CO2=1.5", "--method", "x"),
    ],
)
def test_what_could_mean_two_things_is_refused(program: Program, more: tuple[str, ...]):
    program.refused("record", POWER, "--period", "2026-08-01", "2026-09-01", *more, status=2)

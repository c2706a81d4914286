"""Units as people write them: a known alias is signed in its one spelling, any other name is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from ledger.store.embedded import EmbeddedServer
from tests.e2e.cli_program import GRID, Program, add_company, open_ledger
from tests.faults.embedded_land import temporary_home

HOUSE, SHOP = "landlord/plant/electricity", "tenant/plant/electricity"
MARCH = ("2026-03-01", "2026-04-01")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with temporary_home() as home, EmbeddedServer(home):
        program = Program(home, tmp_path_factory.mktemp("desk"))
        open_ledger(program)
        for party, stream in (("landlord", HOUSE), ("tenant", SHOP)):
            assert add_company(program, party) == stream
            program("record", stream, "--period", *MARCH, "--quantity", "30", "--unit", "万kWh")
        yield program


def test_a_bill_is_recorded_and_corrected_in_the_unit_on_it(program: Program):
    def quantity() -> str:
        [source] = program("footprint", "tenant", "--period", "2026-03")["sources"]
        return str(source["quantity"])

    assert quantity() == "300000"
    program("correct", f"{SHOP}@1", "--quantity", "310", "--unit", "兆瓦时", "--reason", "misread")
    assert quantity() == "310000"


def test_a_source_is_registered_in_the_unit_of_its_meter(program: Program):
    gas = ("--activity", "fuel.natural-gas", "--scope", "1", "--key-area", "industry")
    program("source", "add", "tenant/plant/gas", *gas, "--unit", "万Nm³")
    units = {one["stream"]: one["unit"] for one in program("source", "list", "tenant")["sources"]}
    assert units["tenant/plant/gas"] == "10^4m3@0C"


def test_both_sides_of_a_transfer_write_their_own_unit(program: Program):
    kind = ("--kind", "pass-through", "--month", "2026-03", "--to", "tenant")
    sent = program("transfer", "record", HOUSE, *kind, "--quantity", "2", "--unit", "万千瓦时")
    said = ("--stream", SHOP, "--month", "2026-03", "--quantity", "20000", "--unit", "度")
    program("transfer", "acknowledge", sent["event"], *said)
    [found] = program("transfer", "list", "tenant")["transfers"]
    assert (found["unit"], found["acknowledged"]) == ("10^4kWh", ["20000", "kWh"])
    assert found["state"] == "acknowledged"


def test_a_fact_is_stated_in_the_unit_of_the_table_it_is_from(program: Program):
    value = ("energy-coal", "3", "百万千焦", "--period", "2026")
    assert program("fact", "company", "landlord", *value)["unit"] == "GJ"
    area = ("water-fresh", "12", "万立方米", "--period", "2026")
    assert program("fact", "area", *area)["unit"] == "10^4m3"


def test_a_factor_is_published_per_the_unit_of_its_document(program: Program):
    factor = {**GRID, "id": "grid-other", "unit": "兆瓦时", "gases_kg_per_unit": {"CO2": "582.7"}}
    (program.folder / "other.json").write_text(json.dumps(factor))
    program("factor", "publish", "other.json")
    units = {one["factor"]: one["unit"] for one in program("factor", "list")["factors"]}
    assert units["operator/grid-other@2023"] == "MWh"


def test_a_unit_that_nobody_knows_is_refused_with_those_that_are_like_it(program: Program):
    said = ("--period", "2026-04-01", "2026-05-01", "--quantity", "1", "--unit", "万kwhh")
    error = program.refused("record", SHOP, *said, status=2)
    assert (error["what"], error["found"]) == (f"{SHOP}@2: unknown unit", "万kwhh")
    assert "kWh" in error["expected"]

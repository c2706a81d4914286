"""China's electricity factors 2021 to 2024, as a table of one transcription, and the library beside it."""

from __future__ import annotations

import csv
import hashlib
from typing import TYPE_CHECKING

import msgspec
import pytest

from ledger.carbon import rulepack
from ledger.carbon.library.shelf import shelf
from ledger.carbon.tables import china_grid
from tests.unit.world import World, salt

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.carbon.tables.outcome import Outcome

FILE = "data/factors/china_grid_factors_2021_2024.csv"
PACK = rulepack.load("2")


@pytest.fixture(scope="module")
def data(shared: Path) -> bytes:
    return (shared / FILE).read_bytes()


@pytest.fixture(scope="module")
def outcome(data: bytes) -> Outcome:
    sha256 = hashlib.sha256(data).hexdigest()
    return china_grid.read(data.decode("utf-8"), PACK, salt(), sha256, gwp="AR6")


def test_the_whole_table_is_imported(outcome: Outcome, data: bytes) -> None:
    rows = list(csv.DictReader(data.decode("utf-8").splitlines()))
    assert (outcome.rows, outcome.imported, outcome.refused) == (len(rows), len(rows), ())
    world = World()
    events = [msgspec.structs.replace(one.event, salt=salt()) for one in outcome.found]
    world.post("operator", "operator/factors", events)


def test_without_a_gwp_set_only_the_life_cycle_is_refused(data: bytes) -> None:
    outcome = china_grid.read(data.decode("utf-8"), PACK, salt(), "ab" * 32)
    assert [row.name for row in outcome.refused] == ["2024 全国 lifecycle_carbon_footprint_factor"]


def test_the_numbers_of_the_table_are_those_of_the_rows(outcome: Outcome, data: bytes) -> None:
    rows = list(csv.DictReader(data.decode("utf-8").splitlines()))
    for one in outcome.found:
        row = rows[one.lines[0] - 2]
        (number,) = one.event.gases_kg_per_unit.values()
        assert float(str(number)) == float(row["value"])
        assert (str(one.event.year), one.event.source.number) == (row["data_year"], row["notice"])
        assert row["code"] in ("", one.event.region)


def test_the_library_agrees_with_the_table(outcome: Outcome) -> None:
    table = {
        (one.event.region, one.event.kind, one.event.year): one.event.gases_kg_per_unit
        for one in outcome.found
    }
    compared = 0
    for name in shelf().files["china-grid"][1]:
        event = shelf().event(shelf().factors[name], salt())
        assert table[event.region, event.kind, event.year] == event.gases_kg_per_unit, name
        compared += 1
    assert compared == 13


def test_jiangsus_grid_fell_by_9_7_percent_from_2021_to_2023(outcome: Outcome) -> None:
    js = {
        one.event.year: float(str(one.event.gases_kg_per_unit["CO2"]))
        for one in outcome.found
        if one.event.region == "CN-JS"
    }
    assert round(100 * (1 - js[2023] / js[2021]), 1) == 9.7

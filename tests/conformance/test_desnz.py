"""The UK government's conversion factors of 2023, all 6 477 rows of them.

Source: accounting rules, section 3 (importing DESNZ) and worked case 8.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING

import msgspec
import pytest

from ledger.carbon import rulepack
from ledger.carbon.library.shelf import fraction, shelf
from ledger.carbon.tables import desnz
from tests.unit.world import World, reading, salt

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.carbon.tables.outcome import Found, Outcome

FILE = "data/factors/desnz_2023_conversion_factors.csv"
ROWS = 6_477
T0 = "2023-06-01T00:00:00+08:00"
PACK = rulepack.load("2")
ROUNDING = Fraction(1, 2)
"""The table gives blends as whole numbers."""


@pytest.fixture(scope="module")
def data(shared: Path) -> bytes:
    return (shared / FILE).read_bytes()


@pytest.fixture(scope="module")
def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(data.decode("utf-8-sig").splitlines()))


@pytest.fixture(scope="module")
def outcome(data: bytes) -> Outcome:
    sha256 = hashlib.sha256(data).hexdigest()
    return desnz.read(data.decode("utf-8-sig"), PACK, salt(), sha256)


def titled(outcome: Outcome, *parts: str) -> Found:
    """The one factor whose title ends so."""
    ending = " / ".join(parts)
    found = [one for one in outcome.found if one.event.source.title.endswith(f": {ending}")]
    assert len(found) == 1
    return found[0]


def test_every_row_is_in_a_factor_or_refused_with_a_reason(outcome: Outcome) -> None:
    assert outcome.rows == ROWS
    assert outcome.imported + len(outcome.refused) == ROWS
    assert all(row.name and row.reason for row in outcome.refused)
    assert (outcome.imported, len(outcome.found)) == (4_480, 2_186)


def test_each_reason_stands_for_as_many_rows_as_the_table_has_of_them(outcome: Outcome) -> None:
    reasons = Counter(row.reason.partition(":")[0].partition(";")[0] for row in outcome.refused)
    assert reasons == {
        desnz.IN_PARTS: 1_120,
        "electricity of vehicles per distance": 496,
        "no emission at all": 138,
        "a blend, of which the row with only Kyoto products is taken": 129,
        "a product that is not in the list of gases": 60,
        "stands twice": 52,
        "kWh of a fuel, neither of its net nor of its gross calorific value": 2,
    }


def test_case_8_a_thousand_cubic_metres_of_gas(outcome: Outcome) -> None:
    event = titled(outcome, "Fuels", "Gaseous fuels", "Natural gas", "cubic metre").event
    world = World()
    world.party("acme")
    world.post("operator", "operator/factors", [event])
    gas = {"activity": "fuel.natural-gas", "unit": "m3", "scope": 1}
    world.source("acme/plant/gas", **gas, direct=f"operator/{event.id}@{event.version}")
    world.post("acme", "acme/plant/gas", [reading(T0, "P1D", "1000")])
    masses = {gas: world.total(gas) for gas in ("CO2", "CH4_fossil", "N2O")}
    assert masses == {"CO2": 2_034_370_000, "CH4_fossil": 109_643, "N2O": 3_585}
    potentials = PACK.gwp["AR5"].values
    assert sum(mass * int(potentials[gas]) for gas, mass in masses.items()) == 2_038_390_029


def test_every_factor_is_published_in_a_few_batches(outcome: Outcome) -> None:
    world = World()
    events = [msgspec.structs.replace(one.event, salt=salt()) for one in outcome.found]
    for start in range(0, len(events), 500):
        world.post("operator", "operator/factors", events[start : start + 500])
    assert world.heads["operator/factors"][0] == 2_186


def test_the_gases_of_a_thing_add_up_to_its_total_within_the_tables_rounding(
    outcome: Outcome, rows: list[dict[str, str]]
) -> None:
    potentials = PACK.gwp["AR5"].values
    total_lines = {row.line for row in outcome.refused if row.reason == desnz.IN_PARTS}
    totals = {
        rows[line - 2]["id_original"].rpartition("_")[0]: Fraction(rows[line - 2][desnz.VALUE])
        for line in total_lines
    }
    for one in outcome.found:
        key = one.event.id.removeprefix("desnz-")
        if key in totals:
            co2e = sum(
                fraction(number) * Fraction(potentials[gas])
                for gas, number in one.event.gases_kg_per_unit.items()
                if gas in potentials
            )
            assert abs(co2e - totals[key]) <= Fraction("0.00002")


def test_all_that_is_outside_of_scopes_is_biogenic_but_two_rows_of_no_unit(
    outcome: Outcome, rows: list[dict[str, str]]
) -> None:
    outside = {at for at, row in enumerate(rows, start=2) if row["Level 1"] == desnz.OUTSIDE}
    taken = {line for one in outcome.found for line in one.lines} & outside
    assert (len(outside), len(taken)) == (56, 54)
    for one in outcome.found:
        has = bool(set(one.lines) & outside)
        assert ("CO2_bio" in one.event.gases_kg_per_unit) == has


def test_the_grid_of_the_uk_has_its_biogenic_part_beside_it(outcome: Outcome) -> None:
    levels = ("UK electricity", "Electricity generated", "Electricity: UK", "kWh")
    event = titled(outcome, *levels, "kilowatt hour").event
    assert (event.kind, event.region) == ("grid-average", "GB")
    assert set(event.gases_kg_per_unit) == {"CO2", "CH4_fossil", "N2O", "CO2_bio"}


def test_blends_of_the_library_have_the_numbers_of_the_table(rows: list[dict[str, str]]) -> None:
    """Compositions against an independent table: the Kyoto part, in AR5, to the rounding of both."""
    potentials = PACK.gwp["AR5"].values
    table = {
        row["Level 3"]: Fraction(row[desnz.VALUE])
        for row in rows
        if row["Level 2"] == "Blends" and row["Column Text"] == desnz.KYOTO
    }
    compared = 0
    for one in shelf().factors.values():
        name = one.id.upper().replace("R-", "R")
        if name in table:
            ours = sum(
                fraction(value.value) * Fraction(potentials[gas])
                for gas, value in one.values.items()
                if PACK.gas(gas).kind == "ghg"
            )
            assert abs(ours - table[name]) <= ROUNDING, name
            compared += 1
    assert compared >= 25

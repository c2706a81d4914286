"""Worked case 8: a thousand cubic metres of gas by the rows of the UK government's table.

"kg CO2e of CH4" is not kg of CH4: the row is divided by the potential that it was multiplied with,
as a fraction. Source: accounting rules, sections 3 (importing DESNZ) and 9; the data: DESNZ 2023.
"""

from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path

import pytest

from ledger.carbon import rulepack
from ledger.carbon.gwp import co2e
from ledger.errors import LedgerError
from tests.unit.carbon.cases.factory import exactly, factory, total
from tests.unit.world import World, reading

FILE = "data/factors/desnz_2023_conversion_factors.csv"
GAS = {"activity": "fuel.natural-gas", "unit": "m3"}
AR5 = {"CO2": 1, "CH4_fossil": 28, "N2O": 265}


@pytest.fixture(scope="module")
def rows(shared: Path) -> dict[str, str]:
    """What the table says of a cubic metre of natural gas that is burnt, by its column `GHG/Unit`."""
    with (shared / FILE).open(encoding="utf-8-sig", newline="") as file:
        return {
            row["GHG/Unit"]: row["GHG Conversion Factor 2023"]
            for row in csv.DictReader(file)
            if (row["Scope"], row["Level 3"], row["UOM"])
            == ("Scope1", "Natural gas", "cubic metre")
        }


def world_with(gases: dict[str, Fraction]) -> World:
    world = factory("Europe/London")
    numbers = {gas: exactly(kg) for gas, kg in gases.items()}
    world.factor("gas", **GAS, kind="combustion", region="GB", gases_kg_per_unit=numbers)
    world.source("acme/plant/gas", **GAS, scope=1, direct="operator/gas@1")
    world.post("acme", "acme/plant/gas", [reading("2023-03-01T00:00:00Z", "P1D", "1000")])
    return world


def per_gas(rows: dict[str, str]) -> dict[str, Fraction]:
    return {
        "CO2": Fraction(rows["kg CO2e of CO2"]),
        "CH4_fossil": Fraction(rows["kg CO2e of CH4"]) / AR5["CH4_fossil"],
        "N2O": Fraction(rows["kg CO2e of N2O"]) / AR5["N2O"],
    }


def test_case_8_a_thousand_cubic_metres_by_gas_and_in_ar5(rows: dict[str, str]):
    masses = total(world_with(per_gas(rows)), ("2023-03", "2023-03"))
    assert masses == {"CO2": 2_034_370_000, "CH4_fossil": 109_643, "N2O": 3_585}
    pack = rulepack.load(rulepack.CURRENT_VERSION)
    assert co2e(pack, "AR5", masses).mg == 2_038_390_029
    assert sum(mass_mg * AR5[gas] for gas, mass_mg in masses.items()) == 2_038_390_029


def test_a_quotient_cut_to_twelve_places_would_move_a_large_total(rows: dict[str, str]):
    exact = per_gas(rows)["CH4_fossil"]
    cut = Fraction(int(exact * 10**12), 10**12)
    assert exact != cut
    cubic_metres = 10**9
    assert round(exact * cubic_metres * 10**6) - round(cut * cubic_metres * 10**6) == 143


def test_the_rows_of_a_gas_and_the_total_row_are_never_one_factor(rows: dict[str, str]):
    both = {**per_gas(rows), "CO2e_AR5": Fraction(rows["kg CO2e"])}
    with pytest.raises(LedgerError, match="never both"):
        world_with(both)


def test_the_total_row_alone_counts_in_its_own_set_and_stands_apart_in_another(
    rows: dict[str, str],
):
    masses = total(world_with({"CO2e_AR5": Fraction(rows["kg CO2e"])}), ("2023-03", "2023-03"))
    pack = rulepack.load(rulepack.CURRENT_VERSION)
    assert masses == {"CO2e_AR5": 2_038_390_000}
    assert co2e(pack, "AR5", masses).mg == 2_038_390_000
    other = co2e(pack, "AR6", masses)
    assert (other.mg, other.apart) == (0, {"CO2e_AR5": 2_038_390_000})

"""Every potential of the pack against the table of openclimatedata/globalwarmingpotentials."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from ledger.carbon import rulepack
from ledger.carbon.tables.gwp import compare

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.carbon.rulepack import RulePack

FILE = "data/factors/globalwarmingpotentials.csv"
COLUMNS = {"AR4": "AR4GWP100", "AR5": "AR5GWP100", "AR6": "AR6GWP100"}
OWN = {"CO2", "CO2_bio", "CH4_fossil", "CH4_bio", "CO2e_AR4", "CO2e_AR5", "CO2e_AR6"}


@pytest.fixture(scope="module")
def pack() -> RulePack:
    return rulepack.load("1")


@pytest.fixture(scope="module")
def table(shared: Path) -> dict[str, dict[str, str]]:
    """Rows by species, as the file spells it."""
    lines = [line for line in (shared / FILE).read_text().splitlines() if not line.startswith("#")]
    return {row["Species"]: row for row in csv.DictReader(lines)}


def test_every_potential_of_the_pack_stands_in_the_table(
    pack: RulePack, table: dict[str, dict[str, str]]
) -> None:
    compared = 0
    for name, column in COLUMNS.items():
        values = pack.gwp[name].values
        for gas in pack.gases:
            if gas not in OWN:
                assert values.get(gas, "") == table[_species(gas)][column], (gas, name)
                compared += 1
    assert compared > 150


def test_every_hfc_pfc_and_ozone_gas_of_the_table_stands_in_the_pack(
    pack: RulePack, table: dict[str, dict[str, str]]
) -> None:
    ours = {_species(gas) for gas in pack.gases if gas not in OWN}
    for species, row in table.items():
        wanted = species.startswith(("HFC", "CFC", "HCFC", "Halon")) or _is_perfluorocarbon(species)
        if wanted and any(row[column] for column in COLUMNS.values()):
            assert species in ours, species


def test_methane_of_ar6_is_the_value_for_inventories_and_not_that_of_the_table(
    pack: RulePack, table: dict[str, dict[str, str]]
) -> None:
    assert table["CH4"]["AR6GWP100"] == "27.9"
    values = pack.gwp["AR6"].values
    assert (values["CH4_fossil"], values["CH4_bio"]) == ("29.8", "27")
    for name in ("AR4", "AR5"):
        methane = table["CH4"][COLUMNS[name]]
        assert pack.gwp[name].values["CH4_fossil"] == pack.gwp[name].values["CH4_bio"] == methane


def _species(gas: str) -> str:
    """The table writes names without hyphens."""
    return gas.replace("-", "")


def _is_perfluorocarbon(species: str) -> bool:
    """Carbon and fluorine alone: CF4, C10F18, cC4F8."""
    rest = species.removeprefix("c").replace("C", "").replace("F", "")
    return "C" in species and "F" in species and rest.isdigit() and species[-1].isdigit()


def test_the_table_compared_differs_in_methane_and_the_corrected_sf6_of_ar6_alone(
    shared: Path,
) -> None:
    found = compare((shared / FILE).read_text(), rulepack.load("2"))
    assert len(found) > 200
    assert [(one.gwp, one.gas, one.table) for one in found if one.result == "different"] == [
        ("AR6", "CH4_fossil", "27.9"),
        ("AR6", "CH4_bio", "27.9"),
        ("AR6", "SF6", "25200"),
    ]

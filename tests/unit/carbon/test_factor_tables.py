"""Tables of factors: what each row becomes, and that every other row is named with its reason.

Source: accounting rules, section 3 (Factor; importing DESNZ). The real files stand in the
conformance tests.
"""

from __future__ import annotations

import csv
import io

import msgspec
import pytest

from ledger.carbon import rulepack
from ledger.carbon.events import FactorPublished, Ratio
from ledger.carbon.tables import china_grid, desnz, gwp, mapped
from ledger.carbon.tables.outcome import Found, Outcome, RefusedRow
from ledger.carbon.tables.value import Unusable, decimal
from ledger.client.writer import UNSALTED
from ledger.errors import BadFile
from tests.unit.world import World, factor, salt

PACK = rulepack.load("2")
HASH = "ab" * 32


def table(columns: tuple[str, ...], *rows: dict[str, str]) -> str:
    """A CSV text with these columns; a cell that is not given is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


# --- any table ---------------------------------------------------------------------------------


def test_a_row_that_is_lost_or_counted_twice_is_a_fault_of_ours():
    found = (Found(factor("grid"), (2,)),)
    Outcome(2, found, (RefusedRow(3, "x", "y"),)).check()
    for rows, refused in ((2, ()), (2, (RefusedRow(2, "x", "y"),)), (1, (RefusedRow(3, "", ""),))):
        with pytest.raises(AssertionError, match="lost or counted twice"):
            Outcome(rows, found, refused).check()


@pytest.mark.parametrize("text", ["", " ", "-1", "n/a", "1,5x", "NaN", "0x1", "\u0661"])
def test_a_cell_that_is_no_number_is_unusable(text: str):
    with pytest.raises(Unusable):
        decimal(text)


def test_a_number_is_read_as_it_is_written():
    assert decimal(" 1,234.50 ") * 2 == 2469
    assert decimal("1.5E-7") * 10**8 == 15


@pytest.mark.parametrize("read", [china_grid.read, desnz.read])
def test_another_table_than_the_one_that_was_named_is_refused(read: object):
    with pytest.raises(BadFile, match="not the table that was named"):
        read("a,b\n1,2\n", PACK, salt(), HASH)  # type: ignore[operator]


# --- China's grid ------------------------------------------------------------------------------

GRID = {
    "data_year": "2023", "level": "provincial", "code": "CN-JS", "name": "江苏",
    "kind": "average", "value": "0.5827", "unit": "kgCO2/kWh", "notice": "公告2025年第47号",
    "published": "2025-12-31",
}  # fmt: skip


def grid(*changes: dict[str, str], gwp: str | None = None, until: str | None = None) -> Outcome:
    rows = [{**GRID, **change} for change in changes or ({},)]
    text = table(china_grid.COLUMNS, *rows)
    return china_grid.read(text, PACK, salt(), HASH, gwp=gwp, until=until)


def one(outcome: Outcome) -> FactorPublished:
    assert len(outcome.found) == 1
    return outcome.found[0].event


def test_a_row_of_a_province_becomes_its_factor_with_document_and_hash():
    event = one(grid())
    assert (event.id, event.version, event.kind, event.region, event.year) == (
        "grid-cn-js", "2023", "grid-average", "CN-JS", 2023,
    )  # fmt: skip
    assert event.gases_kg_per_unit == {"CO2": "0.5827"}
    assert (event.source.number, event.source.sha256) == ("公告2025年第47号", HASH)
    assert event.valid == ("2023-01-01", "2028-01-01")
    World().post("operator", "operator/factors", [event])


def test_a_regional_grid_gets_the_region_of_the_rules():
    assert one(grid({"code": "", "name": "华东"})).region == "CN-ECN"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("average_excl_market_traded_nonfossil", ("residual-cn", "residual-mix")),
        ("fossil_only", ("fossil-cn", "fossil-only")),
    ],
)
def test_kinds_of_the_table_are_kinds_here(kind: str, expected: tuple[str, str]):
    event = one(grid({"kind": kind, "code": "CN"}))
    assert (event.id, event.kind) == expected


def test_until_when_a_factor_is_allowed_may_be_said():
    assert one(grid(until="2026-01-01")).valid == ("2023-01-01", "2026-01-01")


def test_an_equivalent_without_a_gwp_set_is_refused_until_it_is_named():
    change = {"unit": "kgCO2e/kWh", "kind": "lifecycle_carbon_footprint_factor"}
    assert "--gwp" in grid(change).refused[0].reason
    assert one(grid(change, gwp="AR6")).gases_kg_per_unit == {"CO2e_AR6": "0.5827"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"kind": "typical"}, "kind 'typical'"),
        ({"unit": "gCO2/kWh"}, "unit 'gCO2/kWh'"),
        ({"value": ""}, "no value"),
        ({"value": "-0.1"}, "not a number"),
        ({"code": "", "name": "火星"}, "region '火星'"),
        ({"data_year": "23"}, "data year '23'"),
    ],
)
def test_a_row_of_the_grid_table_that_cannot_be_used_says_why(change: dict[str, str], reason: str):
    outcome = grid({}, change)
    assert outcome.imported == 1
    assert [row.line for row in outcome.refused] == [3]
    assert reason in outcome.refused[0].reason


def test_a_factor_that_stands_twice_is_taken_once():
    outcome = grid({}, {})
    assert (outcome.imported, outcome.refused[0].line) == (1, 3)
    assert "line 2" in outcome.refused[0].reason


# --- DESNZ -------------------------------------------------------------------------------------

UK = {
    "Level 1": "Fuels", "Level 2": "Gaseous fuels", "Level 3": "Natural gas",
    "UOM": "cubic metre", "valid_from": "2023-01-01T00:00:00",
    "valid_to": "2023-12-31T23:59:59", "region": "United Kingdom",
}  # fmt: skip


def uk(*rows: tuple[str, str, str], **common: str) -> list[dict[str, str]]:
    """Rows of one thing: (part of it, measure, value)."""
    return [
        {
            **UK, "id": part, "id_original": f"{common.get('id', '1')}_{part}",
            "GHG/Unit": measure, desnz.VALUE: value,
            **{name.replace("_", " "): text for name, text in common.items() if name != "id"},
        }
        for part, measure, value in rows
    ]  # fmt: skip


GAS = (
    ("1", desnz.TOTAL, "2.03839"),
    ("2", desnz.CO2, "2.03437"),
    ("3", desnz.CH4, "0.00307"),
    ("4", desnz.N2O, "0.00095"),
)


def read_uk(*rows: list[dict[str, str]]) -> Outcome:
    every = [row for group in rows for row in group]
    return desnz.read(table(desnz.COLUMNS, *every), PACK, salt(), HASH)


def test_kilograms_of_co2e_of_methane_are_no_kilograms_of_methane():
    event = one(read_uk(uk(*GAS)))
    assert event.gases_kg_per_unit == {
        "CH4_fossil": Ratio(num="307", den="2800000"),
        "CO2": "2.03437",
        "N2O": Ratio(num="19", den="5300000"),
    }
    assert (event.activity, event.unit, event.kind) == ("fuel.natural-gas", "m3", "combustion")
    assert event.valid == ("2023-01-01", "2024-01-01")


def test_the_gases_are_taken_or_their_total_and_never_both():
    apart = read_uk(uk(*GAS))
    assert (apart.found[0].lines, [row.line for row in apart.refused]) == ((3, 4, 5), [2])
    assert apart.refused[0].reason == desnz.IN_PARTS
    total = read_uk(uk(GAS[0], Level_1="WTT- fuels"))
    assert one(total).gases_kg_per_unit == {"CO2e_AR5": "2.03839"}
    assert one(total).kind == "well-to-tank"


def test_what_is_outside_of_scopes_is_biogenic_co2_of_the_fuel_that_it_is_about():
    wood = {"Level_3": "Wood logs", "Level_2": "Biomass", "UOM": "tonne"}
    event = one(
        read_uk(
            uk(("1", desnz.TOTAL, "61.8"), Level_1="Bioenergy", **wood),
            uk(("2", desnz.CO2, "1435"), id="99", Level_1="Outside of scopes", **wood),
        )
    )
    assert event.gases_kg_per_unit == {"CO2_bio": "1435", "CO2e_AR5": "61.8"}
    assert event.activity == "fuel.biomass"


def test_biogenic_co2_of_nothing_is_refused():
    outcome = read_uk(uk(("2", desnz.CO2, "1"), Level_1="Outside of scopes"))
    assert "no factor of the table" in outcome.refused[0].reason


def product(text: str, value: str = "677", name: str = "HFC-32", level: str = "Kyoto") -> Outcome:
    level = level if level == "Blends" else f"{level} protocol products"
    return read_uk(
        uk(
            ("1", desnz.TOTAL, value),
            Level_1="Refrigerant & other",
            Level_2=level,
            Level_3=name,
            Column_Text=text,
            UOM="kilogram",
        )
    )


def test_a_gas_whose_number_is_its_potential_is_a_kilogram_of_that_gas():
    event = one(product(desnz.KYOTO))
    assert (event.gases_kg_per_unit, event.activity) == ({"HFC-32": "1"}, "fugitive.refrigerant")
    assert one(product(desnz.KYOTO, "23500", "Sulphur hexafluoride (SF6)")).activity == (
        "fugitive.sf6"
    )


def test_where_a_gas_stands_twice_the_kyoto_row_is_taken():
    for text in ("Total emissions including non-Kyoto products", desnz.MONTREAL):
        assert "Kyoto" in product(text).refused[0].reason


def test_a_gas_of_the_montreal_protocol_is_a_memo():
    name = "HCFC-22/R22 = chlorodifluoromethane"
    event = one(product(desnz.MONTREAL, "1760", name, "Montreal"))
    assert event.gases_kg_per_unit == {"HCFC-22": "1"}


def test_a_blend_is_an_equivalent_since_its_composition_is_not_said():
    event = one(product(desnz.KYOTO, "1924", "R410A", "Blends"))
    assert event.gases_kg_per_unit == {"CO2e_AR5": "1924"}
    assert "Kyoto" in product(desnz.MONTREAL, "1", "R406A", "Blends").refused[0].reason


def test_a_gas_whose_number_is_another_potential_is_refused():
    assert "675, where AR5 has 677" in product(desnz.KYOTO, "675").refused[0].reason


def test_a_product_outside_the_list_of_gases_is_refused():
    assert "not in the list of gases" in product(desnz.KYOTO, "12400", "HFE-125").refused[0].reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Level_1": "Rockets"}, "heading 'Rockets'"),
        ({"Level_3": "Peat"}, "fuel 'Peat'"),
        ({"UOM": "bushel"}, "unit 'bushel'"),
        ({"UOM": "kilometre"}, "is not counted in km"),
        ({"region": "Atlantis"}, "region 'Atlantis'"),
        ({"Level_1": "UK electricity for EVs"}, "charging is recorded in energy"),
        ({"Level_1": "Waste disposal"}, "treatment of waste"),
        ({"Level_1": "Freighting goods", "Level_2": "Balloon"}, "means of transport"),
    ],
)
def test_a_row_of_the_uk_table_that_cannot_be_used_says_why(change: dict[str, str], reason: str):
    outcome = read_uk(uk(*GAS[1:], **change))
    assert [row.line for row in outcome.refused] == [2, 3, 4]
    assert reason in outcome.refused[0].reason


def test_a_thing_without_any_emission_is_no_factor():
    outcome = read_uk(uk(("1", desnz.TOTAL, "0")))
    assert "no emission at all" in outcome.refused[0].reason


def test_gross_and_net_energy_are_two_units():
    for text, unit in (("Net CV", "kWh"), ("Gross CV", "kWh-gross")):
        event = one(read_uk(uk(*GAS, UOM="kilowatt hour ", Column_Text=text)))
        assert event.unit == unit


# --- potentials --------------------------------------------------------------------------------

GWP = (
    "# a comment,,,\nSpecies,AR4GWP100,AR5GWP100,AR6GWP100\n"
    "N2O,298,265,273\nHFC32,675,677,772\nH2O,,,1\nCH4,25,28,27.9\n"
)


def test_potentials_are_compared_and_never_imported():
    results = [(x.species, x.gwp, x.gas, x.result) for x in gwp.compare(GWP, PACK)]
    assert ("N2O", "AR6", "N2O", "equal") in results
    assert ("HFC32", "AR6", "HFC-32", "different") in results
    assert ("H2O", "AR6", None, "not in the pack") in results
    assert [r for r in results if r[0] == "CH4" and r[3] == "different"] == [
        ("CH4", "AR6", "CH4_fossil", "different"),
        ("CH4", "AR6", "CH4_bio", "different"),
    ]


# --- any other table ---------------------------------------------------------------------------

MAP = """
[document]
title = "Factors of our suppliers"
number = "2026-03"

[factor]
activity = "fuel.diesel"
kind = "combustion"
region = "CN"
version = "1"
valid = ["2026-01-01", "2027-01-01"]

[columns]
id = "code"
unit = "per"
year = "year"
uncertainty_percent = "plus-minus"

[gases]
CO2 = "kg"
HFC32 = "r32"

[properties]
density_kg_per_l = "density"
"""
COLUMNS = ("code", "per", "year", "plus-minus", "kg", "r32", "density")
DIESEL = {"code": "diesel", "per": "吨", "year": "2025", "kg": "3,095.9", "density": "0.840"}


def by_map(*rows: dict[str, str], text: str = MAP) -> Outcome:
    return mapped.read(table(COLUMNS, *rows), mapped.read_map(text), PACK, UNSALTED, HASH)


def test_a_map_says_which_column_means_what():
    event = one(by_map(DIESEL | {"plus-minus": "2"}))
    assert (event.id, event.unit, event.year) == ("diesel", "t", 2025)
    assert event.gases_kg_per_unit == {"CO2": "3095.9"}
    assert event.properties == {"density_kg_per_l": "0.84"}
    assert event.uncertainty_percent == "2"
    assert (event.source.title, event.source.sha256) == ("Factors of our suppliers", HASH)
    world = World()
    world.post("operator", "operator/factors", [msgspec.structs.replace(event, salt=salt())])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"code": ""}, "no id"),
        ({"code": "Diesel Öl"}, "id"),
        ({"per": "bucket"}, "unknown unit"),
        ({"year": "last"}, "year 'last'"),
        ({"kg": ""}, "no gas"),
        ({"kg": "NaN"}, "not a number"),
        ({"plus-minus": "-5"}, "uncertainty"),
    ],
)
def test_a_mapped_row_that_cannot_be_used_says_why(change: dict[str, str], reason: str):
    outcome = by_map(DIESEL, DIESEL | change)
    assert (outcome.imported, [row.line for row in outcome.refused]) == (1, [3])
    assert reason in outcome.refused[0].reason


def test_a_mapped_factor_that_stands_twice_is_taken_once():
    outcome = by_map(DIESEL, DIESEL)
    assert (outcome.imported, outcome.refused[0].line) == (1, 3)
    assert "diesel@1 stands in line 2 already" in outcome.refused[0].reason


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        MAP.replace("[gases]", "[gasses]"),
        MAP.replace('title = "Factors of our suppliers"', ""),
        MAP.replace('id = "code"', 'id = "code"\nvalid = ["a", "b"]'),
    ],
)
def test_a_map_out_of_form_is_refused(text: str):
    with pytest.raises(BadFile):
        mapped.read_map(text)


def test_a_map_of_a_column_that_is_not_there_is_refused():
    with pytest.raises(BadFile, match="no gas column"):
        by_map(DIESEL, text=MAP.replace('"kg"', '"gas column"'))

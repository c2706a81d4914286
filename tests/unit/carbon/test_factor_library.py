"""The factors that ship with the product: a source for every value, and the numbers of the rules.

Source: accounting rules, sections 2, 3 and 9.
"""

from __future__ import annotations

import json
from fractions import Fraction
from importlib import resources

import pytest

from ledger.carbon import rulepack
from ledger.carbon.events import FactorPublished
from ledger.carbon.library.shelf import Shelf, Shelved, fraction, shelf
from ledger.errors import InvalidInput, NotFound
from ledger.log.canonical import encode_struct
from tests.oracles.make_pack import layout
from tests.unit.world import World, reading, salt

PACK = rulepack.load("2")
SHELF = shelf()
EVERY = list(SHELF.factors.values())
T0 = "2023-06-01T00:00:00+08:00"


def event(name: str) -> FactorPublished:
    return SHELF.event(SHELF.factors[name], salt())


def co2(name: str) -> Fraction:
    return fraction(event(name).gases_kg_per_unit["CO2"])


# --- every factor ------------------------------------------------------------------------------


@pytest.mark.parametrize("one", EVERY, ids=lambda one: one.name)
def test_a_factor_of_the_library_is_published_as_it_stands(one: Shelved):
    world = World()
    published = SHELF.event(one, salt())
    world.post("operator", "operator/factors", [published])
    assert encode_struct(published)


@pytest.mark.parametrize("one", EVERY, ids=lambda one: one.name)
def test_every_value_has_a_source_with_a_title_and_a_mark(one: Shelved):
    assert one.values
    for name, value in one.values.items():
        origin = SHELF.origins[value.source]
        assert origin.title, name
        assert origin.mark in {"p", "s", "k"}, name
        assert name in PACK.gases or name in PACK.properties, name
    document = SHELF.document(one)
    for origin in SHELF.sources_of(one):
        assert f"{origin.title} [{origin.mark}]" in document.title


def test_no_file_repeats_a_name_and_each_is_laid_out_in_one_way():
    names = [name for _, names in SHELF.files.values() for name in names]
    assert len(names) == len(set(names)) == len(SHELF.factors)
    for file in SHELF.files:
        path = resources.files("ledger.carbon") / "library" / f"{file}.json"
        text = path.read_text(encoding="utf-8")
        assert layout(json.loads(text)) == text


def test_every_source_is_used():
    used = {value.source for one in EVERY for value in one.values.values()}
    assert used == set(SHELF.origins)


# --- the numbers of the rules ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kg", "kind", "region"),
    [
        ("grid-cn@2021", "0.5568", "grid-average", "CN"),
        ("grid-cn@2022", "0.5366", "grid-average", "CN"),
        ("grid-cn@2023", "0.5306", "grid-average", "CN"),
        ("grid-cn-ecn@2021", "0.5992", "grid-average", "CN-ECN"),
        ("grid-cn-ecn@2022", "0.5617", "grid-average", "CN-ECN"),
        ("grid-cn-ecn@2023", "0.5500", "grid-average", "CN-ECN"),
        ("grid-cn-js@2021", "0.6451", "grid-average", "CN-JS"),
        ("grid-cn-js@2022", "0.5978", "grid-average", "CN-JS"),
        ("grid-cn-js@2023", "0.5827", "grid-average", "CN-JS"),
        ("residual-cn@2022", "0.5856", "residual-mix", "CN"),
        ("residual-cn@2023", "0.6096", "residual-mix", "CN"),
        ("fossil-cn@2023", "0.8273", "fossil-only", "CN"),
        ("heat-cn@2015", "110", "default-heat", "CN"),
    ],
)
def test_the_table_of_grid_factors_and_heat_stands_in_the_library(
    name: str, kg: str, kind: str, region: str
):
    assert co2(name) == Fraction(kg)
    assert (event(name).kind, event(name).region) == (kind, region)


def test_the_life_cycle_of_electricity_is_for_products_and_names_its_gwp_set():
    found = event("lifecycle-cn@2024")
    assert (found.kind, found.gases_kg_per_unit) == ("lifecycle", {"CO2e_AR6": "0.5777"})


def test_natural_gas_and_diesel_follow_from_their_chains():
    gas = Fraction("389.31") / 10_000 * Fraction("0.99") * Fraction(44, 12)
    assert co2("natural-gas@1") == gas * Fraction("15.32")
    assert co2("natural-gas-15-3@1") == gas * Fraction("15.3")
    diesel = Fraction("42.652") * Fraction("20.2") * Fraction("0.98") * Fraction(44, 12)
    assert co2("diesel@1") == diesel


def test_fully_oxidised_natural_gas_is_1_64_tonnes_a_tonne_of_coal_equivalent():
    found = event("natural-gas-15-3@1")
    per_gj = co2("natural-gas-15-3@1") / fraction(found.properties["ncv_gj_per_m3"])
    per_tce = per_gj / Fraction("0.99") * Fraction("29.3076") / 1000
    assert round(float(per_tce), 2) == 1.64


@pytest.mark.parametrize(
    ("name", "ar5", "ar6"),
    [
        ("r-410a@1", "1923.5", "2255.5"),
        ("r-404a@1", "3942.8", "4728.0"),
        ("r-407c@1", "1624.21", "1907.93"),
    ],
)
def test_blends_have_the_potentials_of_the_rules(name: str, ar5: str, ar6: str):
    for gwp, expected in (("AR5", ar5), ("AR6", ar6)):
        values = PACK.gwp[gwp].values
        parts = event(name).gases_kg_per_unit.items()
        assert sum(fraction(n) * Fraction(values[g]) for g, n in parts) == Fraction(expected)


def test_case_6_a_top_up_of_two_refrigerants():
    world = World()
    world.party("acme")
    world.post("operator", "operator/factors", [event("r-410a@1"), event("r-22@1")])
    for name, quantity in (("r-410a", "12.5"), ("r-22", "5")):
        stream = f"acme/plant/{name}"
        gas = {"activity": "fugitive.refrigerant", "unit": "kg", "kind": "discrete"}
        world.source(stream, **gas, scope=1, direct=f"operator/{name}@1")
        world.post("acme", stream, [reading(T0, "P1D", quantity)])
    assert world.total("HFC-32") == world.total("HFC-125") == 6_250_000
    assert world.total("HCFC-22") == 5_000_000
    for gwp, co2e in (("AR5", 24_043_750_000), ("AR6", 28_193_750_000)):
        values = PACK.gwp[gwp].values
        counted = [gas for gas in PACK.gases.values() if gas.kind == "ghg" and gas.gas in values]
        total = sum(world.total(gas.gas) * Fraction(values[gas.gas]) for gas in counted)
        assert total == co2e


def test_case_5_by_the_librarys_diesel_in_litres():
    world = World()
    world.party("acme")
    world.post("operator", "operator/factors", [event("diesel@1")])
    fuel = {"activity": "mobile.diesel", "unit": "L", "kind": "discrete"}
    world.source(
        "acme/plant/cars", **fuel, scope=1, key_area="mobility", direct="operator/diesel@1"
    )
    world.post("acme", "acme/plant/cars", [reading(T0, "P1D", "850")])
    assert world.total() == 2_210_479_481


# --- finding -----------------------------------------------------------------------------------


def test_a_file_an_id_or_a_version_names_factors():
    assert len(SHELF.find("heat")) == 1
    assert [one.version for one in SHELF.find("grid-cn-js")] == ["2021", "2022", "2023"]
    assert [one.name for one in SHELF.find("grid-cn@2022")] == ["grid-cn@2022"]
    with pytest.raises(NotFound, match="china-grid"):
        SHELF.find("grid-mars")


def test_a_burnt_fuel_without_its_carbon_content_is_refused():
    file = {
        "title": "x",
        "sources": [{"source": "a", "title": "A", "mark": "k"}],
        "factors": [
            {
                "id": "peat", "version": "1", "title": "Peat", "activity": "fuel.other",
                "unit": "t", "kind": "combustion", "region": "CN", "year": 2020,
                "valid": ["2020-01-01", "2030-01-01"], "burnt": True,
                "values": {"ncv_gj_per_t": {"value": "10", "source": "a"}},
            }
        ],
    }  # fmt: skip
    known = Shelf({"x.json": layout(file).encode()})
    with pytest.raises(InvalidInput, match="no carbon_tc_per_tj, oxidation"):
        known.event(known.factors["peat@1"], salt())

"""What a quantity is in a factor's unit: by the rules within a dimension, by the factor across them.

Source: accounting rules, sections 1 and 3; worked cases 4 and 5.
"""

from __future__ import annotations

import re
from fractions import Fraction

import pytest

from ledger.carbon import rulepack
from ledger.carbon.conversion import conversion
from ledger.carbon.events import Ratio
from ledger.carbon.pieces import FactorPiece
from ledger.errors import BadValue, LedgerError
from tests.unit.world import World, opening, profile, reading, rules_ref

PACK = rulepack.load("2")
T0 = "2023-06-01T00:00:00+08:00"
DIESEL = {"ncv_gj_per_t": "42.652", "density_kg_per_l": "0.84"}


def piece(unit: str, properties: dict[str, str]) -> FactorPiece:
    return FactorPiece(
        ref="operator/fuel@1",
        activity="fuel.diesel",
        unit=unit,
        kind="combustion",
        region="CN",
        year=2023,
        valid=("2000-01-01", "2050-01-01"),
        valid_s=(0, 2**40),
        gases=(("CO2", "1", "1"),),
        event="operator/factors@1",
        title="Handbook",
        properties=tuple(
            (name, str(f.numerator), str(f.denominator))
            for name, value in sorted(properties.items())
            for f in [Fraction(value)]
        ),
    )


def burning(unit: str, per: str, properties: dict[str, str], co2: object) -> World:
    """A boiler whose readings are in one unit and whose factor is per another."""
    world = World()
    world.party("acme")
    fuel = {"activity": "fuel.diesel"}
    world.factor("fuel", **fuel, unit=per, kind="combustion", CO2=co2, properties=properties)
    world.source("acme/plant/fuel", **fuel, unit=unit, scope=1, direct="operator/fuel@1")
    return world


def test_within_a_dimension_the_rules_convert():
    assert conversion(PACK, piece("GJ", {}), "kWh") == Fraction(36, 10_000)


@pytest.mark.parametrize(
    ("unit", "per", "expected"),
    [
        ("L", "kg", "0.84"),
        ("kg", "L", "1/0.84"),
        ("L", "t", "0.00084"),
        ("t", "GJ", "42.652"),
        ("GJ", "t", "1/42.652"),
        ("kWh", "t", "0.0036/42.652"),
        ("L", "GJ", "0.84*0.042652"),
        ("10^4m3", "TJ", "8.4*42.652"),
    ],
)
def test_a_property_of_the_factor_converts_across_dimensions(unit: str, per: str, expected: str):
    product = Fraction(1)
    top, _, bottom = expected.partition("/")
    for one in top.split("*"):
        product *= Fraction(one)
    assert conversion(PACK, piece(per, DIESEL), unit) == product / Fraction(bottom or "1")


def test_a_direct_property_goes_before_a_chain_of_two():
    both = piece("GJ", {**DIESEL, "ncv_gj_per_m3": "36"})
    assert conversion(PACK, both, "m3") == 36


def test_there_and_back_is_one():
    for one, other in (("L", "GJ"), ("kg", "MJ"), ("m3", "t")):
        there = conversion(PACK, piece(other, DIESEL), one)
        assert there * conversion(PACK, piece(one, DIESEL), other) == 1


@pytest.mark.parametrize(
    ("unit", "per", "properties", "missing"),
    [
        ("L", "kg", {}, "density_kg_per_l"),
        ("t", "GJ", {"density_kg_per_l": "0.84"}, "ncv_gj_per_t"),
        ("L", "GJ", {"density_kg_per_l": "0.84"}, "ncv_gj_per_t"),
        ("kWh-gross", "GJ", {}, "net_per_gross"),
        ("m3", "m3@0C", {}, "nm3_per_m3"),
        ("km", "t.km", {}, "load_t"),
    ],
)
def test_a_conversion_without_its_property_is_refused_and_names_it(
    unit: str, per: str, properties: dict[str, str], missing: str
):
    with pytest.raises(BadValue, match=missing):
        conversion(PACK, piece(per, properties), unit)


def test_what_no_property_connects_is_refused():
    with pytest.raises(BadValue, match="unit of another dimension"):
        conversion(PACK, piece("kWh", DIESEL), "person")


def test_a_property_that_converts_nothing_converts_nothing():
    with pytest.raises(BadValue, match="ncv_gj_per_t"):
        conversion(PACK, piece("GJ", {"carbon_tc_per_tj": "20.2", "oxidation": "0.98"}), "t")


def test_money_of_another_year_or_currency_is_another_thing():
    for other in ("CNY@2022", "EUR@2023"):
        with pytest.raises(BadValue, match="another currency or price year"):
            conversion(PACK, piece("10^4CNY@2023", {}), other)
    assert conversion(PACK, piece("10^4CNY@2023", {}), "CNY@2023") == Fraction(1, 10_000)


@pytest.mark.parametrize("name", ["CNY", "CNY@1989", "CNY@2050", "XXX@2023", "10^2CNY@2023", "元"])
def test_money_without_a_known_currency_and_price_year_is_no_unit(name: str):
    with pytest.raises(BadValue, match="unknown unit"):
        PACK.unit(name)


@pytest.mark.parametrize("name", ["CNY", "10^4CNY"])
def test_money_without_its_price_year_is_told_how_it_is_written(name: str):
    with pytest.raises(BadValue) as refused:
        PACK.unit(name)
    assert f"{name}@2026" in str(refused.value)


@pytest.mark.parametrize(
    ("written", "unit"),
    [
        ("万kWh", "10^4kWh"),
        ("万m³", "10^4m3"),
        ("亿立方米", "10^8m3"),
        ("百万千焦", "GJ"),
        ("万吉焦", "10^4GJ"),
        ("吨标准煤", "tce"),
        ("吨公里", "t.km"),
        ("斤", "jin"),
    ],
)
def test_what_people_there_write_is_refused_with_the_spelling_of_the_rules(written: str, unit: str):
    with pytest.raises(BadValue, match=re.escape(f"It is written {unit} here")):
        PACK.unit(written)


@pytest.mark.parametrize(
    ("unit", "into", "ratio"),
    [
        ("10^4kWh", "GJ", "36"),
        ("tce", "GJ", "29.3076"),
        ("10^4m3@20C", "m3@0C", "54630000/5863"),
        ("m3@15C", "m3@0C", "1821/1921"),
        ("10^4CNY@2023", "CNY@2023", "10000"),
        ("jin", "kg", "0.5"),
        ("10^8t.km", "t.km", "100000000"),
    ],
)
def test_units_are_exact_ratios(unit: str, into: str, ratio: str):
    assert PACK.ratio(unit, into) == Fraction(ratio)


# --- through the whole ledger ------------------------------------------------------------------


def test_case_5_diesel_in_litres_reaches_a_factor_per_gigajoule_to_the_milligram():
    per_gj = Fraction("20.2") * Fraction("0.98") * Fraction(44, 12)
    co2 = Ratio(num=str(per_gj.numerator), den=str(per_gj.denominator))
    world = burning("L", "GJ", DIESEL, co2)
    world.post("acme", "acme/plant/fuel", [reading("2018-01-01T00:00:00+08:00", "P1D", "850")])
    assert world.total() == 2_210_479_481
    assert world.summed == 1


def test_a_profile_in_another_dimension_is_rounded_once():
    world = burning("L", "kg", {"density_kg_per_l": "0.84"}, "3.1")
    world.post("acme", "acme/plant/fuel", [profile(T0, 3600, ["0.1", None, "0.0000001"])])
    assert world.total() == 260_400  # 0.1000001 L × 0.84 × 3.1 kg = 260 400.2604 mg


def test_a_reading_in_another_unit_of_the_source_is_converted_by_the_factor():
    world = burning("L", "kg", {"density_kg_per_l": "0.84"}, "3")
    world.post("acme", "acme/plant/fuel", [reading(T0, "P1D", "1", unit="m3")])
    assert world.total() == 2_520_000_000


def test_a_source_whose_factor_lacks_the_property_is_refused():
    with pytest.raises(BadValue, match="operator/fuel@1 lacks the property"):
        burning("L", "kg", {}, "3")


def test_under_the_first_rules_nothing_converted_across_dimensions():
    world = World(opened=False)
    world.post("operator", "operator/ledger", [opening(rules=rules_ref("1"))])
    world.party("acme")
    fuel = {"activity": "fuel.diesel"}
    world.factor("fuel", **fuel, unit="kg", kind="combustion", properties=DIESEL)
    with pytest.raises(BadValue, match="unit of another dimension"):
        world.source("acme/plant/fuel", **fuel, unit="L", scope=1, direct="operator/fuel@1")


# --- publishing properties ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "properties",
    [{"ncv": "42"}, {"density_kg_per_l": "0"}, {"ncv_gj_per_t": Ratio(num="2", den="6")}],
)
def test_a_property_that_is_unknown_or_nothing_is_refused(properties: dict[str, object]):
    world = World()
    with pytest.raises(LedgerError):
        world.factor("fuel", properties=properties)


def test_an_unknown_property_is_refused_with_those_it_is_spelled_like():
    with pytest.raises(BadValue, match="ncv_gj_per_t"):
        World().factor("fuel", properties={"ncv_gj_t": "42"})

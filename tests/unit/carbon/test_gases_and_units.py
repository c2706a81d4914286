"""Gases, potentials and units of every rule pack. Oracle for units: pint, in exact fractions.

Source: accounting rules, sections 1 and 2.
"""

from __future__ import annotations

import re
from fractions import Fraction
from math import gcd
from typing import TYPE_CHECKING

import pint
import pytest

from ledger.carbon import rulepack
from ledger.errors import BadValue

if TYPE_CHECKING:
    from ledger.carbon.rulepack import RulePack

# Accounting rules, section 2; the order of the values is AR4, AR5, AR6.
GWP_TABLE = {
    "CO2": ("1", "1", "1"),
    "CH4_fossil": ("25", "28", "29.8"),
    "CH4_bio": ("25", "28", "27"),
    "N2O": ("298", "265", "273"),
    "SF6": ("22800", "23500", "25200"),
    "NF3": ("17200", "16100", "17400"),
    "HFC-23": ("14800", "12400", "14600"),
    "HFC-32": ("675", "677", "771"),
    "HFC-125": ("3500", "3170", "3740"),
    "HFC-134a": ("1430", "1300", "1530"),
    "HFC-143a": ("4470", "4800", "5810"),
    "HFC-152a": ("124", "138", "164"),
    "HFC-227ea": ("3220", "3350", "3600"),
    "HFC-245fa": ("1030", "858", "962"),
    "CF4": ("7390", "6630", "7380"),
    "C2F6": ("12200", "11100", "12400"),
    "HCFC-22": ("1810", "1760", "1960"),
}

# What pint calls the units that it knows under another name.
PINT_NAMES = {
    "kcal-th": "cal_th * 1000",
    "kcal-it": "cal_it * 1000",
    "Gcal-it": "cal_it * 1000000000",
    "kgoe": "cal_it * 10000000",
    "Btu-it": "Btu_it",
    "MMBtu-it": "Btu_it * 1000000",
    "t": "tonne",
    "short-ton": "short_ton",
    "gal-us": "gallon",
    "gal-imp": "imperial_gallon",
    "bbl": "oil_barrel",
    "ft3": "foot ** 3",
    "nmi": "nautical_mile",
    "t.km": "tonne * km",
    "kg.km": "kg * km",
    "t.mi": "tonne * mile",
    "t.nmi": "tonne * nautical_mile",
    "p.km": "km * 1000 / 1000",
    "p.mi": "mile",
    "ha": "hectare",
    "km2": "km ** 2",
    "m2": "m ** 2",
    "m3": "m ** 3",
    "d": "day",
    "kt": "kilotonne",
    "Mt": "megatonne",
    "h": "hour",
    "min": "minute",
    "mi": "mile",
}
# What one base unit of a dimension is to pint.
PINT_BASES = {
    "energy": "J",
    "energy-gross": "J",
    "mass": "kg",
    "volume": "m ** 3",
    "distance": "m",
    "freight": "tonne * km",
    "passenger": "km",
    "area": "m ** 2",
    "time": "s",
}
# Not in pint: the pack names a source of its own for each.
NOT_IN_PINT = {"gce", "kgce", "tce", "10^4tce", "mu", "jin"}


@pytest.fixture(scope="module", params=rulepack.versions())
def pack(request: pytest.FixtureRequest) -> RulePack:
    return rulepack.load(str(request.param))


@pytest.fixture(scope="module")
def registry() -> pint.UnitRegistry[Fraction]:
    """Pint in exact fractions."""
    return pint.UnitRegistry(non_int_type=Fraction)


def test_gas_names_are_member_names(pack: RulePack) -> None:
    for name in pack.gases:
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]{0,63}", name)


def test_an_alias_names_one_gas_and_is_no_gas_itself(pack: RulePack) -> None:
    aliases = [alias for gas in pack.gases.values() for alias in gas.aliases]
    assert len(aliases) == len(set(aliases))
    assert not set(aliases) & set(pack.gases)


@pytest.mark.parametrize(
    ("alias", "gas"),
    [("HFC32", "HFC-32"), ("R-32", "HFC-32"), ("R22", "HCFC-22"), ("PFC-14", "CF4")],
)
def test_another_spelling_of_a_gas_is_refused_with_the_right_one(
    pack: RulePack, alias: str, gas: str
) -> None:
    with pytest.raises(BadValue, match=rf"It is written {gas} here"):
        pack.gas(alias)


@pytest.mark.parametrize("name", ["CH4", "methane", "carbon dioxide", "CO2e"])
def test_a_name_that_could_be_two_gases_is_no_alias(pack: RulePack, name: str) -> None:
    assert name not in pack.gas_aliases
    with pytest.raises(BadValue, match="unknown gas"):
        pack.gas(name)


@pytest.mark.parametrize(("gas", "values"), GWP_TABLE.items())
def test_the_table_of_global_warming_potentials_stands_in_the_pack(
    pack: RulePack, gas: str, values: tuple[str, str, str]
) -> None:
    if gas == "SF6" and pack.version != "1":
        values = (*values[:2], "24300")  # as corrected; pack 1 keeps the value of before
    assert tuple(pack.gwp[one].values[gas] for one in ("AR4", "AR5", "AR6")) == values


@pytest.mark.parametrize(
    ("blend", "parts", "ar5", "ar6"),
    [
        ("R-410A", {"HFC-32": 50, "HFC-125": 50}, "1923.5", "2255.5"),
        ("R-404A", {"HFC-125": 44, "HFC-143a": 52, "HFC-134a": 4}, "3942.8", "4728.0"),
        ("R-407C", {"HFC-32": 23, "HFC-125": 25, "HFC-134a": 52}, "1624.21", "1907.93"),
    ],
)
def test_blends_follow_from_their_composition(
    pack: RulePack, blend: str, parts: dict[str, int], ar5: str, ar6: str
) -> None:
    for name, expected in (("AR5", ar5), ("AR6", ar6)):
        values = pack.gwp[name].values
        total = sum(
            (Fraction(values[gas]) * share / 100 for gas, share in parts.items()), Fraction()
        )
        assert total == Fraction(expected), blend


def test_biogenic_carbon_dioxide_has_no_potential_in_any_set(pack: RulePack) -> None:
    assert pack.gas("CO2_bio").kind == "biogenic"
    assert all("CO2_bio" not in one.values for one in pack.gwp.values())


def test_an_equivalent_counts_in_its_own_set_only(pack: RulePack) -> None:
    equivalents = {gas.gas: gas.gwp for gas in pack.gases.values() if gas.kind == "co2e"}
    assert equivalents == {"CO2e_AR4": "AR4", "CO2e_AR5": "AR5", "CO2e_AR6": "AR6"}
    for gas, own in equivalents.items():
        assert {name: one.values.get(gas) for name, one in pack.gwp.items()} == {
            name: "1" if name == own else None for name in pack.gwp
        }


def test_every_potential_is_a_canonical_decimal_of_a_known_gas(pack: RulePack) -> None:
    for one in pack.gwp.values():
        for gas, value in one.values.items():
            assert gas in pack.gases
            assert re.fullmatch(r"[1-9][0-9]*|(0|[1-9][0-9]*)\.[0-9]*[1-9]", value), (gas, value)


def test_every_gas_of_a_scope_total_has_a_potential_in_ar5(pack: RulePack) -> None:
    counted = {gas.gas for gas in pack.gases.values() if gas.kind == "ghg"}
    assert counted <= set(pack.gwp["AR5"].values)


def test_gases_of_the_montreal_protocol_are_memo(pack: RulePack) -> None:
    for name, gas in pack.gases.items():
        ozone = name.startswith(("CFC-", "HCFC-", "Halon-")) or name in {"CCl4", "CH3Br", "CH3CCl3"}
        assert (gas.kind == "memo") == ozone, name
        assert gas.kind in {"ghg", "biogenic", "memo", "co2e"}


def test_ratios_are_positive_and_in_lowest_terms(pack: RulePack) -> None:
    for unit in pack.units.values():
        num, den = int(unit.num), int(unit.den)
        assert (str(num), str(den)) == (unit.num, unit.den)
        assert num > 0
        assert den > 0
        assert gcd(num, den) == 1, unit.unit


def test_the_first_unit_of_a_dimension_is_its_base(pack: RulePack) -> None:
    seen = set()
    for unit in pack.units.values():
        if unit.dimension not in seen:
            assert unit.ratio == 1, unit.unit
        seen.add(unit.dimension)


def test_an_alias_names_one_unit_and_is_no_unit_itself(pack: RulePack) -> None:
    aliases = [alias for unit in pack.units.values() for alias in unit.aliases]
    assert len(aliases) == len(set(aliases))
    assert not set(aliases) & set(pack.units)


def test_ratios_equal_those_of_pint_exactly(
    pack: RulePack, registry: pint.UnitRegistry[Fraction]
) -> None:
    compared = 0
    for unit in pack.units.values():
        base = PINT_BASES.get(unit.dimension)
        if base is None or unit.unit in NOT_IN_PINT:
            continue
        assert _by_pint(registry, unit.unit, base) == unit.ratio, unit.unit
        compared += 1
    assert compared >= 50


def test_units_that_pint_does_not_know_name_a_source_of_their_own(pack: RulePack) -> None:
    for unit in pack.units.values():
        if unit.unit in NOT_IN_PINT or unit.dimension not in PINT_BASES:
            assert unit.source is not None, unit.unit


def test_coal_equivalents_are_29_3076_megajoules_a_kilogram(pack: RulePack) -> None:
    assert pack.ratio("kgce", "MJ") == Fraction("29.3076")
    assert pack.ratio("tce", "GJ") == Fraction("29.3076")
    assert pack.ratio("10^4tce", "GJ") == 293_076
    assert pack.ratio("kgce", "kcal-it") == 7000


def test_gas_volumes_convert_by_absolute_temperature(pack: RulePack) -> None:
    assert pack.ratio("m3@0C", "m3@20C") == Fraction("293.15") / Fraction("273.15")
    assert pack.ratio("m3@15C", "m3@20C") == Fraction("293.15") / Fraction("288.15")
    assert pack.ratio("10^4m3@20C", "m3@20C") == 10_000


def test_fifteen_mu_are_a_hectare(pack: RulePack) -> None:
    assert pack.ratio("ha", "mu") == 15


@pytest.mark.parametrize(
    ("alias", "unit"),
    [("万kWh", "10^4kWh"), ("百万千焦", "GJ"), ("万m³", "10^4m3"), ("吨", "t"), ("Nm3", "m3@0C")],
)
def test_another_spelling_of_a_unit_is_refused_with_the_right_one(
    pack: RulePack, alias: str, unit: str
) -> None:
    with pytest.raises(BadValue) as refusal:
        pack.unit(alias)
    assert f"It is written {unit} here" in str(refusal.value)


@pytest.mark.parametrize("name", ["ton", "kcal", "Btu", "gallon", "Mm3"])
def test_a_name_that_could_be_two_units_is_no_alias(pack: RulePack, name: str) -> None:
    assert name not in pack.unit_aliases
    with pytest.raises(BadValue, match="unknown unit"):
        pack.unit(name)


@pytest.mark.parametrize(
    ("unit", "into"),
    [("kWh", "kg"), ("m3", "m3@0C"), ("kWh", "kWh-gross"), ("km", "t.km"), ("person", "p.km")],
)
def test_nothing_converts_into_another_dimension(pack: RulePack, unit: str, into: str) -> None:
    with pytest.raises(BadValue, match="unit of another dimension"):
        pack.ratio(unit, into)


def _by_pint(registry: pint.UnitRegistry[Fraction], name: str, base: str) -> Fraction:
    """One unit in base units, according to pint."""
    name = name.removesuffix("-gross")
    power = re.match(r"10\^(\d+)", name)
    many = 10 ** int(power[1]) if power else 1
    name = name[power.end() :] if power else name
    one = registry.Quantity(Fraction(many), "dimensionless") * registry(PINT_NAMES.get(name, name))
    value = (one / registry(base)).to_base_units()
    assert value.dimensionless
    return Fraction(value.magnitude)

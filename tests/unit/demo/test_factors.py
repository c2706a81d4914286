"""The demo's factors give the worked cases of the accounting rules, and say where they are from."""

from __future__ import annotations

from fractions import Fraction

import pytest

from ledger.carbon.events import Ratio
from ledger.carbon.exact import divide_half_even
from ledger.carbon.rulepack import load
from ledger.demo.factors import FACTORS, STEAM, Factor, number_of

SALT = "0" * 32
BY_ID = {factor.id: factor for factor in FACTORS}


def mass_mg(factor: str, gas: str, quantity: str) -> int:
    exact = BY_ID[factor].gases[gas] * Fraction(quantity) * 10**6
    return divide_half_even(exact.numerator, exact.denominator)


def test_natural_gas_gives_worked_case_4() -> None:
    assert mass_mg("gas", "CO2", "12345.6") == 26_728_411_648


def test_diesel_gives_worked_case_5() -> None:
    assert mass_mg("diesel", "CO2", "850") == 2_210_479_481


def test_r_410a_gives_worked_case_6() -> None:
    assert mass_mg("r-410a", "HFC-32", "12.5") == 6_250_000
    assert mass_mg("r-410a", "HFC-125", "12.5") == 6_250_000


def test_the_grid_of_jiangsu_gives_worked_case_10() -> None:
    assert mass_mg("grid-jiangsu", "CO2", "959640.31") == 559_182_408_637


def test_a_factor_that_no_decimal_gives_exactly_is_a_ratio() -> None:
    burnt = BY_ID["incineration"].published(SALT).gases_kg_per_unit
    assert burnt["CO2"] == "271.7"
    assert burnt["CO2_bio"] == Ratio(num="12749", den="30")
    assert number_of(Fraction("2.1650151996")) == "2.1650151996"
    assert number_of(Fraction(110)) == "110"


def test_the_shares_of_a_blend_add_up() -> None:
    assert sum(BY_ID["r-404a"].gases.values()) == 1


@pytest.mark.parametrize("factor", [*FACTORS, STEAM], ids=lambda factor: factor.id)
def test_a_factor_names_its_source_and_what_the_rules_know(factor: Factor) -> None:
    pack = load("1")
    event = factor.published(SALT)
    assert event.source.title
    assert pack.unit(event.unit).dimension in pack.activity(event.activity).dimensions
    assert all(pack.gas(gas) for gas in event.gases_kg_per_unit)

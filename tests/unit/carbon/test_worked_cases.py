"""The worked cases of the accounting rules, to the milligram, through the whole ledger.

Source: accounting rules, section 9, cases 1 to 5. Cases 6 and 7 stand with the refrigerants and the arc
furnace in `cases`, those with real data in the tests of conformance.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from ledger.carbon.events import Number, Ratio, RegisterReading
from ledger.log.values import format_decimal
from tests.unit.world import World, reading


def number(value: Fraction) -> Number:
    """A fraction in its one spelling."""
    if (value * 10**12).denominator == 1:
        return format_decimal(int(value * 10**12), 12)
    return Ratio(num=str(value.numerator), den=str(value.denominator))


def fuel_world(unit: str, kg_per_unit: Fraction) -> World:
    world = World()
    world.party("acme")
    burnt = {"activity": "fuel.natural-gas" if unit == "m3" else "fuel.diesel", "unit": unit}
    world.factor("fuel", **burnt, kind="combustion", CO2=number(kg_per_unit))
    world.source("acme/plant/fuel", **burnt, scope=1, direct="operator/fuel@1")
    return world


@pytest.mark.parametrize(("quantity", "mass_mg"), [("0.5", 0), ("1.5", 2), ("2.5", 2), ("3.5", 4)])
def test_case_1_a_mass_is_rounded_half_even_to_one_milligram(quantity: str, mass_mg: int):
    world = World()
    world.party("acme")
    world.factor("tiny", CO2="0.000001")
    world.source("acme/plant/power", location="operator/tiny@1")
    posted = world.post(
        "acme", "acme/plant/power", [reading("2018-01-01T00:00:00Z", "PT15M", quantity)]
    )
    assert world.total() == mass_mg
    zeroed = [row[1] for row in posted.rows.masses.values()]
    assert zeroed == [1 if mass_mg == 0 else 0]


def test_case_2_a_bill_across_two_months_is_split_by_elapsed_seconds_in_the_areas_time_zone():
    world = World("Europe/Berlin")
    world.party("acme")
    world.factor("grid", CO2="0.38")
    world.source("acme/plant/power", location="operator/grid@1")
    bill = reading("2026-03-15T00:00:00+01:00", "2026-04-15T00:00:00+02:00", "743")
    world.post("acme", "acme/plant/power", [bill])
    # The clocks go forward on 29 March: 407 h fall into March, 336 h into April.
    assert world.months() == {"2026-03": 154_660_000, "2026-04": 127_680_000}


def test_case_3_a_register_turns_over_and_its_multiplier_gives_the_quantity():
    world = World()
    world.party("acme")
    world.factor("grid", CO2="0.5827")
    world.source("acme/plant/power", location="operator/grid@1")
    register = RegisterReading(
        meter="m-1", from_="99950", to="30", digits=5, multiplier="40", rollover=1
    )
    read = reading("2018-01-01T00:00:00+08:00", "P1D", "3200", register=register)
    world.post("acme", "acme/plant/power", [read])
    assert world.total() == 1_864_640_000


def test_case_4_gas_by_its_calorific_value_carbon_content_and_oxidation():
    kg = Fraction("389.31") / 10**4 * Fraction("15.32") * Fraction("0.99") * Fraction(44, 12)
    world = fuel_world("m3", kg)
    world.post("acme", "acme/plant/fuel", [reading("2018-01-01T00:00:00+08:00", "P1D", "12345.6")])
    assert world.total() == 26_728_411_648


def test_case_5_diesel_by_its_density_and_a_rounded_factor_would_be_wrong():
    per_tonne = Fraction("42.652") * Fraction("20.2") * Fraction("0.98") * Fraction(44, 12)
    per_litre = Fraction("0.84") / 1000 * per_tonne
    exact = fuel_world("L", per_litre)
    rounded = fuel_world("L", Fraction("0.84") * Fraction("3.09591"))
    for world in (exact, rounded):
        diesel = reading("2018-01-01T00:00:00+08:00", "P1D", "850")
        world.post("acme", "acme/plant/fuel", [diesel])
    assert exact.total() == 2_210_479_481
    assert rounded.total() == 2_210_479_740


def test_a_day_belongs_to_the_month_that_it_has_in_the_areas_time_zone():
    world = World("Asia/Shanghai")
    world.party("acme")
    world.factor("grid", CO2="1")
    world.source("acme/plant/power", location="operator/grid@1")
    # 16:00 UTC on 31 January is midnight in Shanghai.
    world.post(
        "acme",
        "acme/plant/power",
        [
            reading("2018-01-31T15:45:00Z", "PT15M", "1"),
            reading("2018-01-31T16:00:00Z", "PT15M", "2"),
        ],
    )
    assert world.months() == {"2018-01": 1_000_000, "2018-02": 2_000_000}


def test_a_year_is_split_over_twelve_months_whose_parts_add_up():
    world = World("America/St_Johns")
    world.party("acme")
    world.factor("grid", CO2="1")
    world.source("acme/plant/power", location="operator/grid@1")
    year = reading("2023-01-01T00:00:00-03:30", "2024-01-01T00:00:00-03:30", "1000000.000001")
    posted = world.post("acme", "acme/plant/power", [year])
    assert len(world.months()) == 12
    assert sum(row[0] for row in posted.rows.activity.values()) == 1_000_000_000_001 * 10**6
    assert [row[1] for row in posted.rows.activity.values()] == [1] + [0] * 11


def test_blends_follow_from_their_composition():
    world = World()
    world.party("acme")
    blend = {"HFC-32": "0.5", "HFC-125": "0.5"}
    gas = {"activity": "fugitive.refrigerant", "unit": "kg"}
    event = world.factor("r-410a", **gas, kind="fugitive", gases_kg_per_unit=blend)
    world.source("acme/plant/leaks", **gas, scope=1, kind="discrete", direct=event)
    world.post("acme", "acme/plant/leaks", [reading("2018-06-01T00:00:00+08:00", "P1D", "12.5")])
    assert world.total("HFC-32") == world.total("HFC-125") == 6_250_000

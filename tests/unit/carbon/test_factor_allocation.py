"""Heat and power of one plant share what it emitted, by a method that is named.

Source: accounting rules, sections 4 and 5 (plant A of the worked park).
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from ledger.carbon.allocation import (
    METHODS,
    Efficiency,
    EnergyContent,
    Exergy,
    HeatDefault,
    Method,
    PowerDefault,
    allocate,
)
from ledger.errors import BadValue, RuleBroken

EMITTED = {"CO2": Fraction(8_660_000)}
HEAT_GJ, POWER_KWH = Fraction(100_000), Fraction(10_000_000)
EVERY: list[Method] = [
    EnergyContent(),
    Efficiency(Fraction("0.9"), Fraction("0.5")),
    Exergy(Fraction("473.15"), Fraction("293.15")),
    HeatDefault(Fraction(60)),
    PowerDefault(Fraction("0.266")),
]


def test_plant_a_of_the_worked_park_leaves_its_power_266_grams_a_kilowatt_hour():
    shared = allocate(EMITTED, HEAT_GJ, POWER_KWH, HeatDefault(Fraction(60)))
    assert shared.heat_kg == {"CO2": 6_000_000}
    assert shared.power_kg == {"CO2": 2_660_000}
    assert shared.heat_kg_per_gj == {"CO2": 60}
    assert shared.power_kg_per_kwh == {"CO2": Fraction("0.266")}


def test_the_default_of_power_is_the_same_the_other_way_round():
    shared = allocate(EMITTED, HEAT_GJ, POWER_KWH, PowerDefault(Fraction("0.266")))
    assert shared.heat_kg_per_gj == {"CO2": 60}


def test_by_energy_content_a_gigajoule_of_heat_and_of_power_weigh_the_same():
    shared = allocate(EMITTED, HEAT_GJ, POWER_KWH, EnergyContent())
    per_gj = Fraction(8_660_000, 136_000)
    assert shared.heat_kg_per_gj["CO2"] == per_gj
    assert shared.power_kg_per_kwh["CO2"] == per_gj * Fraction("0.0036")


def test_by_efficiency_each_takes_the_fuel_of_a_plant_of_its_own():
    shared = allocate(EMITTED, HEAT_GJ, POWER_KWH, Efficiency(Fraction("0.8"), Fraction("0.4")))
    # 125 000 GJ of fuel for the heat, 90 000 GJ for the power.
    assert shared.heat_kg["CO2"] == Fraction(8_660_000 * 125, 215)


def test_by_exergy_heat_counts_for_the_work_it_could_do():
    shared = allocate(EMITTED, HEAT_GJ, POWER_KWH, Exergy(Fraction(400), Fraction(300)))
    # A quarter of 100 000 GJ beside 36 000 GJ of power.
    assert shared.heat_kg["CO2"] == Fraction(8_660_000 * 25, 61)


@pytest.mark.parametrize("method", EVERY, ids=str)
def test_whatever_the_method_the_two_add_up_to_what_was_emitted(method: Method):
    emitted = {"CO2": Fraction(8_660_000), "CH4_fossil": Fraction(1, 3), "N2O": Fraction(7, 11)}
    shared = allocate(emitted, HEAT_GJ, POWER_KWH, method)
    for gas, mass in emitted.items():
        assert shared.heat_kg[gas] + shared.power_kg[gas] == mass
        assert shared.heat_kg_per_gj[gas] * HEAT_GJ == shared.heat_kg[gas]
        assert shared.power_kg_per_kwh[gas] * POWER_KWH == shared.power_kg[gas]
        assert shared.heat_kg[gas] / mass == shared.heat_kg["CO2"] / emitted["CO2"]


@pytest.mark.parametrize(("method", "name"), list(zip(EVERY, METHODS, strict=True)))
def test_a_method_names_itself_first(method: Method, name: str):
    assert str(method).partition(":")[0] == name


def test_a_default_that_takes_more_than_was_emitted_is_refused():
    with pytest.raises(RuleBroken, match="at most the 8660000 kg CO2"):
        allocate(EMITTED, HEAT_GJ, POWER_KWH, HeatDefault(Fraction(110)))


@pytest.mark.parametrize(
    ("heat", "power", "method"),
    [
        (0, 1, EnergyContent()),
        (1, 0, EnergyContent()),
        (1, 1, Efficiency(Fraction(0), Fraction(1))),
        (1, 1, Exergy(Fraction(290), Fraction(300))),
        (1, 1, Exergy(Fraction(290), Fraction(0))),
        (1, 1, HeatDefault(Fraction(-1))),
    ],
    ids=str,
)
def test_an_amount_out_of_range_is_refused(heat: int, power: int, method: Method):
    with pytest.raises(BadValue):
        allocate(EMITTED, Fraction(heat), Fraction(power), method)


def test_a_plant_that_emitted_less_than_nothing_is_refused():
    with pytest.raises(BadValue, match="emitted CO2"):
        allocate({"CO2": Fraction(-1)}, HEAT_GJ, POWER_KWH, EnergyContent())


def test_a_default_needs_carbon_dioxide_to_be_taken_from():
    with pytest.raises(RuleBroken):
        allocate({"N2O": Fraction(1)}, HEAT_GJ, POWER_KWH, HeatDefault(Fraction(1)))

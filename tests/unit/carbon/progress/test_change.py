"""A change between two years is split into what was done and how, to the milligram."""

from __future__ import annotations

from fractions import Fraction

import pytest

from ledger.carbon import rulepack
from ledger.carbon.progress.change import LineChange, YearLine, change_between
from ledger.errors import BadValue

PACK = rulepack.load("2")
GWH = 1_000_000


def power(name: str, kwh: int, mg_per_kwh: int) -> YearLine:
    return YearLine(
        line=name, unit="kWh", quantity=Fraction(kwh), masses_mg={"CO2": kwh * mg_per_kwh}
    )


def test_the_same_power_from_a_cleaner_grid_is_a_factor_effect_of_9_7_percent():
    # Jiangsu: 0.6451 kg/kWh in 2021, 0.5827 in 2023.
    then, now = power("acme/plant/power", GWH, 645_100), power("acme/plant/power", GWH, 582_700)
    change = change_between(PACK, "AR5", [then], [now])
    assert change.activity_mg == {}
    assert change.factor_mg == {"CO2": -62_400 * GWH}
    assert change.co2e_factor_mg == change.co2e_change_mg == -62_400_000_000
    assert round(100 * change.co2e_factor_mg / then.masses_mg["CO2"], 1) == -9.7


def test_more_power_from_a_cleaner_grid_has_both_effects_and_they_add_up():
    then, now = power("p", GWH, 645_100), power("p", 2 * GWH, 582_700)
    change = change_between(PACK, "AR5", [then], [now])
    assert change.activity_mg == {"CO2": 645_100 * GWH}
    assert change.factor_mg == {"CO2": -62_400 * 2 * GWH}
    assert change.change_mg == {"CO2": 2 * 582_700 * GWH - 645_100 * GWH}


def test_the_mass_at_the_old_factor_is_rounded_half_even_once():
    then = YearLine(line="x", unit="t", quantity=Fraction(2), masses_mg={"CO2": 5})
    now = YearLine(line="x", unit="t", quantity=Fraction(1), masses_mg={"CO2": 5})
    found = change_between(PACK, "AR5", [then], [now])  # 2.5 mg at the old factor: 2
    assert (found.activity_mg, found.factor_mg) == ({"CO2": -3}, {"CO2": 3})
    assert found.change_mg == {}


def test_what_is_new_or_gone_is_activity():
    gone, new = power("gone", 100, 582_700), power("new", 10, 582_700)
    found = change_between(PACK, "AR5", [gone], [new])
    assert found.lines == (
        LineChange(
            line="gone",
            change_mg={"CO2": -58_270_000},
            activity_mg={"CO2": -58_270_000},
            factor_mg={},
            unsplit_mg={},
        ),
        LineChange(
            line="new",
            change_mg={"CO2": 5_827_000},
            activity_mg={"CO2": 5_827_000},
            factor_mg={},
            unsplit_mg={},
        ),
    )


def test_a_gas_that_the_new_factor_adds_is_a_factor_effect():
    then = YearLine(line="x", unit="t", quantity=Fraction(3), masses_mg={"CO2": 30})
    now = YearLine(line="x", unit="t", quantity=Fraction(3), masses_mg={"CO2": 30, "N2O": 2})
    found = change_between(PACK, "AR5", [then], [now])
    assert (found.activity_mg, found.factor_mg) == ({}, {"N2O": 2})
    assert found.co2e_factor_mg == 2 * 265


def test_a_measured_mass_cannot_be_split_and_stands_apart():
    then, now = (YearLine(line="stack", masses_mg={"CO2": mg}) for mg in (70, 90))
    found = change_between(PACK, "AR5", [then], [now])
    assert (found.activity_mg, found.factor_mg) == ({}, {})
    assert found.unsplit_mg == {"CO2": 20}
    assert found.co2e_unsplit_mg == 20


def test_a_quantity_that_came_to_a_mass_out_of_nothing_cannot_be_split():
    then = YearLine(line="x", unit="t", quantity=Fraction(0), masses_mg={"CO2": 4})
    now = YearLine(line="x", unit="t", quantity=Fraction(2), masses_mg={"CO2": 9})
    found = change_between(PACK, "AR5", [then], [now])
    assert found.unsplit_mg == {"CO2": 5}
    assert change_between(PACK, "AR5", [now], [then]).unsplit_mg == {"CO2": -5}


def test_co2e_of_another_set_stands_apart():
    now = YearLine(line="x", masses_mg={"CO2e_AR4": 9, "CO2": 1})
    found = change_between(PACK, "AR5", [], [now])
    assert (found.co2e_change_mg, found.apart_mg) == (1, {"CO2e_AR4": 9})


def test_a_line_that_stands_twice_is_refused():
    line = power("p", 1, 1)
    with pytest.raises(BadValue, match="p twice"):
        change_between(PACK, "AR5", [line, line], [])


def test_a_line_in_another_unit_is_refused():
    then = YearLine(line="p", unit="MWh", quantity=Fraction(1), masses_mg={"CO2": 1})
    with pytest.raises(BadValue, match="expected MWh, found kWh"):
        change_between(PACK, "AR5", [then], [power("p", 1000, 1)])

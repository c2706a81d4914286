"""Factors are exact whatever their numbers: conversions, allocations, and the one spelling of each.

Source: accounting rules, sections 1, 3 and 4.
"""

from __future__ import annotations

import contextlib
from fractions import Fraction

from hypothesis import given, reject, settings
from hypothesis import strategies as st

from ledger.carbon import rulepack
from ledger.carbon.allocation import (
    Efficiency,
    EnergyContent,
    Exergy,
    HeatDefault,
    Method,
    PowerDefault,
    allocate,
)
from ledger.carbon.conversion import conversion
from ledger.carbon.events import SourceAmended
from ledger.carbon.exact import divide_half_even, number_of
from ledger.carbon.library.shelf import fraction
from ledger.carbon.pieces import FactorPiece
from ledger.errors import BadValue, LedgerError
from ledger.log.values import format_decimal
from tests.unit.world import World, after, reading, salt, site

PACK = rulepack.load("2")
STREAM = "acme/plant/fuel"
T0 = "2023-06-01T00:00:00Z"
MEASURED = ("L", "m3", "kg", "t", "GJ", "kWh", "MJ")
bounded = settings(max_examples=60, deadline=None)
positive = st.integers(1, 10**9).map(lambda n: Fraction(n, 10**4))
shares = st.fractions(Fraction(1, 100), Fraction(99, 100), max_denominator=1000)


def piece(unit: str, properties: dict[str, Fraction]) -> FactorPiece:
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
        properties=tuple((n, str(v.numerator), str(v.denominator)) for n, v in properties.items()),
    )


@bounded
@given(st.sampled_from(MEASURED), st.sampled_from(MEASURED), positive, positive)
def test_a_conversion_there_and_back_is_one(
    one: str, other: str, density: Fraction, calorific: Fraction
):
    fuel = {"density_kg_per_l": density, "ncv_gj_per_t": calorific}
    there = conversion(PACK, piece(other, fuel), one)
    assert there > 0
    assert there * conversion(PACK, piece(one, fuel), other) == 1


@bounded
@given(st.lists(st.sampled_from(MEASURED), min_size=3, max_size=3), positive, positive)
def test_a_conversion_by_way_of_a_third_unit_is_the_same(
    units: list[str], density: Fraction, calorific: Fraction
):
    fuel = {"density_kg_per_l": density, "ncv_gj_per_t": calorific}
    one, third, other = units
    by_way = conversion(PACK, piece(third, fuel), one) * conversion(PACK, piece(other, fuel), third)
    assert conversion(PACK, piece(other, fuel), one) == by_way


@bounded
@given(
    st.dictionaries(st.sampled_from(["CO2", "CH4_fossil", "N2O"]), positive, min_size=1),
    positive,
    positive,
    st.one_of(
        st.just(EnergyContent()),
        st.builds(Efficiency, shares, shares),
        st.builds(Exergy, st.fractions(301, 900, max_denominator=100), st.just(Fraction(300))),
        st.builds(HeatDefault, shares),
        st.builds(PowerDefault, shares),
    ),
)
def test_heat_and_power_add_up_to_what_was_emitted(
    emitted: dict[str, Fraction], heat_gj: Fraction, power_kwh: Fraction, method: Method
):
    try:
        shared = allocate(emitted, heat_gj, power_kwh, method)
    except LedgerError:
        reject()
    for gas, mass in emitted.items():
        heat, power = shared.heat_kg_per_gj[gas], shared.power_kg_per_kwh[gas]
        assert heat >= 0
        assert power >= 0
        assert heat * heat_gj + power * power_kwh == mass


@bounded
@given(st.fractions(0, 10**6, max_denominator=10**9))
def test_a_number_is_read_back_as_it_was_written(value: Fraction):
    try:
        assert fraction(number_of(value)) == value
    except BadValue:
        assert value.numerator >= 10**18 or value * 10**12 >= 10**30


def hours() -> st.SearchStrategy[list[str | None]]:
    quantities = st.integers(1, 10**9).map(lambda n: format_decimal(n, 6))
    return st.lists(st.one_of(quantities, st.none()), min_size=1, max_size=6)


@bounded
@given(st.lists(hours(), min_size=1, max_size=4), st.integers(1, 10**5), st.integers(1, 10**6))
def test_readings_in_another_dimension_weigh_the_same_summed_and_one_by_one(
    batches: list[list[str | None]], density: int, calorific: int
):
    """The world compares every summary with the events one by one; here also with a plain sum."""
    world = World()
    world.party("acme")
    fuel = {"activity": "fuel.diesel"}
    properties = {
        "density_kg_per_l": format_decimal(density, 4),
        "ncv_gj_per_t": format_decimal(calorific, 3),
    }
    world.factor("fuel", **fuel, unit="GJ", kind="combustion", CO2="72.6", properties=properties)
    world.source(STREAM, **fuel, unit="L", scope=1, direct="operator/fuel@1")
    kg_per_l = Fraction(density, 10**4) / 1000 * Fraction(calorific, 1000) * Fraction("72.6")
    expected = hour = 0
    for batch in batches:
        events = []
        for quantity in batch:
            if quantity is not None:
                events.append(reading(after(T0, f"PT{hour}H"), "PT1H", quantity))
                mass = Fraction(quantity) * kg_per_l * 10**6
                expected += divide_half_even(mass.numerator, mass.denominator)
            hour += 1
        if events:
            world.post("acme", STREAM, events)
    assert world.total() == expected
    assert world.summed > 0 or not expected


@bounded
@given(st.lists(st.integers(0, 23), min_size=1, max_size=12, unique=True), st.integers(0, 23))
def test_a_source_that_moved_is_refused_alike_summed_and_one_by_one(started: list[int], moved: int):
    world = World()
    world.party("acme")
    world.factor("grid", CO2="0.5")
    world.source(STREAM, location="operator/grid@1")
    amended = SourceAmended(
        salt=salt(), source=STREAM, from_=after(T0, f"PT{moved}H"), reason="moved", site="office"
    )
    world.post("acme", "acme/register", [site("office", region="CN-SH"), amended])
    for hour in started:
        with contextlib.suppress(LedgerError):
            world.post("acme", STREAM, [reading(after(T0, f"PT{hour}H"), "PT1H", "1")])
    assert world.total() == 500_000 * sum(hour < moved for hour in started)

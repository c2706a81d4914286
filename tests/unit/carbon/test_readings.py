"""What a reading must be to be recorded, and what a source's coverage and references allow.

Source: accounting rules, section 3 (ActivityRecorded, ProfileRecorded); section 1.
"""

from __future__ import annotations

import pytest

from ledger.carbon.events import EmissionMeasured, ProfileRecorded
from ledger.carbon.pieces import COVER, CoverPiece
from ledger.errors import BadValue, Conflict, LedgerError, RuleBroken
from tests.unit.world import World, after, profile, reading, salt

POWER = "acme/plant/power"
RECEIPTS = "acme/plant/diesel"
STACK = "acme/plant/stack"
T0 = "2018-01-31T23:00:00+08:00"


@pytest.fixture
def world() -> World:
    world = World()
    world.party("acme")
    world.factor("grid", CO2="0.5", valid=("2000-01-01", "2049-01-01"))
    world.source(POWER, location="operator/grid@1", plausible=("0", "1000"))
    diesel = {"activity": "fuel.diesel", "unit": "L"}
    world.factor("diesel", **diesel, kind="combustion", CO2="2.6")
    world.source(RECEIPTS, **diesel, scope=1, kind="discrete", direct="operator/diesel@1")
    world.source(STACK, **diesel, scope=1)
    return world


def emission(start: str, length: str, **masses: str) -> EmissionMeasured:
    return EmissionMeasured(
        salt=salt(), period=(start, after(start, length)), masses_mg=masses, method="CEMS"
    )


# --- form --------------------------------------------------------------------------------------


def test_a_reading_of_an_unknown_source_is_refused(world: World):
    with pytest.raises(RuleBroken, match="unknown source"):
        world.post("acme", "acme/plant/water", [reading(T0, "PT15M", "1")])


@pytest.mark.parametrize(
    "quantity",
    [
        "-1",
        "1e3",
        "NaN",
        "Infinity",
        "1" * 40,
        "1.0",
        "01",
        "+1",
        "1.",
        ".5",
        "-0",
        "1\n",
        "",
        "\uff11",
    ],
)
def test_a_quantity_has_one_spelling_and_is_never_negative(world: World, quantity: str):
    with pytest.raises(BadValue):
        world.post("acme", POWER, [reading(T0, "PT15M", quantity)])
    with pytest.raises(BadValue):
        world.post("acme", POWER, [profile(T0, 900, ["1", quantity])])


@pytest.mark.parametrize(
    "time",
    [
        "2018-01-31T23:00:00",
        "2018-01-31T23:00:00+00:00",
        "2018-02-30T23:00:00+08:00",
        "2018-01-31T24:00:00+08:00",
        "2018-01-31T23:59:60+08:00",
        "2018-01-31T23:00:00.5+08:00",
        "2018-01-31 23:00:00+08:00",
        "2018-01-31T23:00:00+15:00",
        "31/01/2018",
    ],
)
def test_a_time_has_an_offset_and_one_spelling(world: World, time: str):
    with pytest.raises(BadValue, match="not a time"):
        world.post("acme", POWER, [reading(time, "2018-02-01T00:00:00+08:00", "1")])
    with pytest.raises(BadValue, match="not a time"):
        world.post("acme", POWER, [profile(time, 900, ["1"])])


@pytest.mark.parametrize("end", [T0, "2018-01-31T22:59:59+08:00", "2018-01-31T23:00:00+09:00"])
def test_a_period_ends_after_it_starts(world: World, end: str):
    with pytest.raises(RuleBroken, match="an end after the start"):
        world.post("acme", POWER, [reading(T0, end, "1")])
    with pytest.raises(RuleBroken, match="an end after the start"):
        world.post("acme", STACK, [emission(T0, end, CO2="1")])


@pytest.mark.parametrize(
    ("start", "length"),
    [("1999-12-31T23:00:00+08:00", "PT15M"), ("2050-01-01T00:00:00+08:00", "PT15M")],
)
def test_a_time_outside_the_calendar_of_the_rules_is_refused(world: World, start: str, length: str):
    with pytest.raises(LedgerError, match="outside the calendar"):
        world.post("acme", RECEIPTS, [reading(start, length, "1")])


def test_a_period_that_runs_out_of_the_calendar_is_refused(world: World):
    with pytest.raises(LedgerError, match="outside the calendar"):
        world.post("acme", STACK, [emission("2049-12-31T23:50:00+08:00", "PT15M", CO2="1")])


def test_a_unit_of_another_dimension_is_refused(world: World):
    with pytest.raises(BadValue, match="another dimension"):
        world.post("acme", POWER, [reading(T0, "PT15M", "1", unit="kg")])
    with pytest.raises(BadValue, match="unknown unit"):
        world.post("acme", POWER, [reading(T0, "PT15M", "1", unit="kwh")])


def test_a_reading_in_another_unit_counts_exactly_and_is_shown_in_the_sources(world: World):
    posted = world.post("acme", POWER, [reading(T0, "PT15M", "0.1", unit="MWh")])
    assert world.total() == 50_000_000
    assert [row[0] for row in posted.rows.activity.values()] == [100 * 10**12]


def test_a_quantity_of_a_third_is_rounded_only_where_it_is_shown(world: World):
    posted = world.post("acme", POWER, [reading(T0, "PT15M", "1", unit="MJ")])
    assert world.total() == 138_889  # 1/3.6 kWh × 0.5 kg
    assert [row[0] for row in posted.rows.activity.values()] == [277_777_777_778]


# --- plausible ---------------------------------------------------------------------------------


def test_a_quantity_outside_its_plausible_range_needs_a_reason(world: World):
    with pytest.raises(RuleBroken, match=r"0 to 1000 kWh, found 1000\.01 kWh"):
        world.post("acme", POWER, [reading(T0, "PT15M", "1000.01")])
    world.post("acme", POWER, [reading(T0, "PT15M", "1000.01", confirm="a test of the furnace")])


def test_the_bounds_of_the_range_are_plausible_and_in_the_sources_unit(world: World):
    world.post("acme", POWER, [reading(T0, "PT15M", "1", unit="MWh")])
    with pytest.raises(RuleBroken, match=r"found 1\.001 MWh"):
        world.post(
            "acme", POWER, [reading("2018-02-01T00:00:00+08:00", "PT15M", "1.001", unit="MWh")]
        )


def test_each_reading_of_a_profile_must_be_plausible(world: World):
    with pytest.raises(RuleBroken, match="confirm"):
        world.post("acme", POWER, [profile(T0, 900, ["1", "2000", "1"])])
    world.post("acme", POWER, [profile(T0, 900, ["1", "2000", "1"], confirm="read twice")])


# --- coverage ----------------------------------------------------------------------------------


def test_a_continuous_source_has_one_reading_for_a_time(world: World):
    world.post("acme", POWER, [reading(T0, "PT1H", "1")])
    for start, length in (
        (T0, "PT1H"),
        ("2018-01-31T23:30:00+08:00", "PT15M"),
        ("2018-01-31T23:59:59+08:00", "PT1H"),
        ("2018-01-31T22:30:00+08:00", "PT3H"),
        ("2018-01-31T15:00:00Z", "PT15M"),
    ):
        with pytest.raises(Conflict, match="no reading for"):
            world.post("acme", POWER, [reading(start, length, "1")])
        with pytest.raises(Conflict):
            world.post("acme", POWER, [profile(start, 3600, ["1", "1"])])


def test_readings_that_touch_do_not_overlap_and_gaps_may_be_filled_later(world: World):
    for start in ("2018-02-01T00:00:00+08:00", "2018-01-31T22:00:00+08:00", T0):
        world.post("acme", POWER, [reading(start, "PT1H", "1")])
    covers = [piece for (kind, _), piece in world.state.pieces.items() if kind == COVER.name]
    assert covers == [CoverPiece((1517407200, 1517418000))]


def test_two_readings_of_one_batch_may_not_overlap_either(world: World):
    with pytest.raises(Conflict, match=f"{POWER}@2"):
        world.post("acme", POWER, [reading(T0, "PT1H", "1"), reading(T0, "PT15M", "1")])
    assert world.rows() == {}


def test_a_refused_batch_leaves_no_trace(world: World):
    before = world.pieces()
    with pytest.raises(Conflict):
        world.post("acme", POWER, [reading(T0, "PT1H", "1"), reading(T0, "PT15M", "1")])
    assert world.pieces() == before
    world.post("acme", POWER, [reading(T0, "PT1H", "1")])


def test_a_long_reading_is_covered_over_all_its_time(world: World):
    world.post("acme", POWER, [reading(T0, "P366D", "1")])
    with pytest.raises(Conflict):
        world.post("acme", POWER, [reading("2018-07-01T00:00:00+08:00", "PT15M", "1")])
    with pytest.raises(Conflict):
        world.post("acme", POWER, [reading("2017-01-01T00:00:00+08:00", "P1000D", "1")])


def test_what_an_emission_covers_no_reading_covers(world: World):
    world.post("acme", STACK, [emission(T0, "PT1H", CO2="7")])
    with pytest.raises(Conflict):
        world.post("acme", STACK, [reading(T0, "PT1H", "1")])


def test_gaps_of_a_profile_stay_gaps(world: World):
    world.post("acme", POWER, [profile(T0, 900, ["1", None, None, "1"])])
    with pytest.raises(Conflict):
        world.post("acme", POWER, [profile(T0, 900, [None, "1", "1", "1"])])
    world.post("acme", POWER, [profile(T0, 900, [None, "2", "3", None])])
    assert world.total() == 7 * 500_000


# --- receipts ----------------------------------------------------------------------------------


def test_receipts_may_overlap_and_their_references_are_used_once(world: World):
    first, second = (reading(T0, "P1D", "10", reference=ref) for ref in ("R 1", "R 2"))
    world.post("acme", RECEIPTS, [first, second])
    with pytest.raises(Conflict, match=f"R 1, of {RECEIPTS}@1"):
        world.post("acme", RECEIPTS, [reading("2018-05-01T00:00:00Z", "P1D", "5", reference="R 1")])
    assert world.total() == 52_000_000


def test_a_reference_is_used_once_within_a_batch(world: World):
    with pytest.raises(Conflict, match=f"{RECEIPTS}@2"):
        world.post(
            "acme",
            RECEIPTS,
            [reading(T0, "P1D", "1", reference="R")] * 1 + [reading(T0, "P1D", "2", reference="R")],
        )


def test_the_same_reference_stands_in_two_sources(world: World):
    diesel = {"activity": "fuel.diesel", "unit": "L", "scope": 1, "kind": "discrete"}
    world.source("acme/depot/diesel", **diesel)
    for stream in (RECEIPTS, "acme/depot/diesel"):
        world.post("acme", stream, [reading(T0, "P1D", "1", reference="R")])


def test_receipts_without_reference_are_not_told_apart(world: World):
    world.post("acme", RECEIPTS, [reading(T0, "P1D", "1"), reading(T0, "P1D", "1")])
    assert world.total() == 5_200_000


# --- measured emissions ------------------------------------------------------------------------


def test_a_measured_mass_is_split_by_month_to_the_milligram(world: World):
    world.post("acme", STACK, [emission(T0, "PT4H", CO2="10", N2O="3")])
    assert world.masses() == {
        ("2018-01", "direct", "CO2"): 2,  # 2.5 half-even
        ("2018-02", "direct", "CO2"): 8,
        ("2018-01", "direct", "N2O"): 1,
        ("2018-02", "direct", "N2O"): 2,
    }


def test_a_mass_beyond_53_bits_stays_exact(world: World):
    world.post("acme", STACK, [emission(T0, "PT15M", CO2="9" * 30)])
    assert world.total() == 10**30 - 1


def test_bought_power_has_no_measured_emission(world: World):
    with pytest.raises(RuleBroken, match="measured emission"):
        world.post("acme", POWER, [emission(T0, "PT1H", CO2="1")])


def test_a_measured_emission_names_known_gases(world: World):
    for masses in ({}, {"CH4": "1"}):
        with pytest.raises(BadValue):
            world.post("acme", STACK, [emission(T0, "PT1H", **masses)])


# --- profiles ----------------------------------------------------------------------------------


def test_a_profile_is_rounded_once_per_role_gas_and_month(world: World):
    world.factor("tiny", CO2="0.000001")
    world.source("acme/plant/tiny", location="operator/tiny@1")
    world.post("acme", "acme/plant/tiny", [profile(T0, 900, ["0.4"] * 4)])
    assert world.total() == 2  # 1.6 mg, not four times 0


def test_a_profile_across_two_months_counts_each_reading_in_its_own(world: World):
    world.post("acme", POWER, [profile(T0, 900, ["1", "1", "1", "1", "2", "2"])])
    assert world.months() == {"2018-01": 2_000_000, "2018-02": 2_000_000}


def test_a_reading_of_a_profile_that_crosses_a_month_is_split(world: World):
    world.post("acme", POWER, [profile("2018-01-31T23:30:00+08:00", 3600, ["1", "10"])])
    assert world.months() == {"2018-01": 250_000, "2018-02": 5_250_000}


def test_a_profile_counts_its_readings_and_estimates(world: World):
    posted = world.post(
        "acme", POWER, [profile(T0, 900, ["1", None, "3", "4", "5"], estimated=(2, 4))]
    )
    assert {key[2]: row for key, row in posted.rows.activity.items()} == {
        "2018-01": [8 * 10**12, 3, 1, 3 * 900],
        "2018-02": [5 * 10**12, 1, 1, 900],
    }


def test_a_profile_of_gaps_only_is_refused(world: World):
    with pytest.raises(RuleBroken, match="gaps only"):
        world.post("acme", POWER, [profile(T0, 900, [None, None])])


@pytest.mark.parametrize("estimated", [(1,), (2,), (0, 0), (3, 0), (9,)])
def test_estimated_readings_of_a_profile_exist_and_ascend(estimated: tuple[int, ...]):
    if estimated == (2,):
        estimated = (2, 1)
    with pytest.raises(BadValue, match="estimated"):
        ProfileRecorded(
            salt=salt(),
            start=T0,
            interval_s=900,
            quantities=("1", None, "1", "1"),
            estimated=estimated,
        )

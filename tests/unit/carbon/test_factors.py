"""Which factors may be published, fill which role, and count for which time.

Source: accounting rules, section 3 (Factor).
"""

from __future__ import annotations

import pytest

from ledger.carbon.events import FactorAssigned, Ratio
from ledger.carbon.pieces import FACTOR
from ledger.errors import BadValue, Conflict, LedgerError, RuleBroken
from tests.unit.world import World, body, factor, reading, salt, source

POWER = "acme/plant/power"
T0 = "2023-06-01T00:00:00+08:00"


@pytest.fixture
def world() -> World:
    world = World()
    world.party("acme")
    world.factor("grid", CO2="0.5")
    world.source(POWER, location="operator/grid@1")
    return world


def assigned(ref: str, from_: str = T0, role: str = "location") -> FactorAssigned:
    return FactorAssigned(
        salt=salt(),
        source=POWER,
        role=role,  # type: ignore[arg-type]
        factor=ref,
        from_=from_,
        reason="the year's factor",
    )


# --- publishing --------------------------------------------------------------------------------


def test_a_published_factor_never_changes(world: World):
    with pytest.raises(Conflict, match="next version"):
        world.factor("grid", CO2="0.6")
    world.factor("grid", CO2="0.6", version="2")


def test_only_a_factor_publisher_publishes_averages(world: World):
    world.party("ministry", "factor-publisher")
    world.factor("grid", "ministry")
    for kind in ("grid-average", "residual-mix", "combustion"):
        with pytest.raises(RuleBroken, match="factor-publisher"):
            world.factor("own", "acme", kind=kind)


@pytest.mark.parametrize("kind", ["supplier", "measured"])
def test_a_company_publishes_supplier_and_measured_factors(world: World, kind: str):
    assert world.factor("own", "acme", kind=kind) == "acme/own@1"


@pytest.mark.parametrize("role", ["certifier", "regulator", "public-body", "aggregate"])
def test_another_party_publishes_no_factors(world: World, role: str):
    world.party("other", role)
    with pytest.raises(RuleBroken, match="factor-publisher"):
        world.factor("own", "other", kind="supplier")


def test_a_companys_own_factor_is_for_its_own_streams(world: World):
    own = world.factor("own", "acme", kind="supplier", CO2="0.1")
    world.source("acme/plant/green", market=own)
    world.party("other")
    with pytest.raises(RuleBroken, match="unknown factor"):
        world.source("other/plant/green", market=own)


REFUSED: dict[str, dict[str, object]] = {
    "no gas": {"gases_kg_per_unit": {}},
    "an unknown gas": {"CH4": "1"},
    "an alias of a gas": {"HFC32": "1"},
    "an unknown kind": {"kind": "average"},
    "an unknown activity": {"activity": "electricity.magic"},
    "a unit of another dimension": {"unit": "kg"},
    "an unknown unit": {"unit": "kwh"},
    "validity that ends before it starts": {"valid": ("2024-01-01", "2023-01-01")},
    "validity of no day": {"valid": ("2024-01-01", "2024-01-01")},
    "a day that does not exist": {"valid": ("2023-02-29", "2024-01-01")},
    "masses per gas beside CO2e": {"CO2": "1", "gases_kg_per_unit": {"CO2": "1", "CO2e_AR5": "1"}},
    "a ratio not in lowest terms": {"CO2": Ratio(num="2", den="6")},
    "a ratio that a decimal says": {"CO2": Ratio(num="1", den="8")},
    "a whole number as a ratio": {"CO2": Ratio(num="3", den="1")},
    "a property that is no number": {"properties": {"ncv": Ratio(num="2", den="6")}},
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_factor_cannot_have(world: World, name: str):
    with pytest.raises(LedgerError):
        world.factor("new", **REFUSED[name])


def test_the_right_spelling_of_an_alias_is_advised(world: World):
    with pytest.raises(BadValue, match="HFC-32"):
        world.factor("new", HFC32="1")


def test_a_number_that_no_decimal_gives_is_a_ratio(world: World):
    ref = world.factor("third", CO2=Ratio(num="1", den="3"))
    world.source("acme/plant/other", location=ref)
    world.post("acme", "acme/plant/other", [reading(T0, "P1D", "3000000000")])
    assert world.total() == 10**15


def test_biogenic_co2_stands_beside_co2e(world: World):
    world.factor("total", gases_kg_per_unit={"CO2e_AR5": "1", "CO2_bio": "0.2"})


# --- fitting -----------------------------------------------------------------------------------


def test_kinds_are_not_interchangeable(world: World):
    mix = world.factor("mix", kind="residual-mix", CO2="0.6096")
    with pytest.raises(RuleBroken, match="wrong kind of factor for the role location"):
        world.source("acme/plant/other", location=mix)
    world.source("acme/plant/other", market=mix)


def test_a_factor_of_another_activity_is_refused(world: World):
    heat = world.factor("heat", activity="heat.purchased", unit="GJ", kind="default-heat")
    with pytest.raises(RuleBroken, match="factor of another activity"):
        world.source("acme/plant/other", location=heat)


def test_a_citys_grid_factor_serves_the_charging_of_cars_too(world: World):
    charging = source("acme/cars", activity="electricity.charging", location="operator/grid@1")
    world.post("acme", "acme/register", [charging])


def test_a_factor_in_another_unit_of_the_dimension_is_converted_exactly(world: World):
    per_mwh = world.factor("per-mwh", unit="MWh", CO2="500")
    world.source("acme/plant/other", location=per_mwh)
    world.post("acme", "acme/plant/other", [reading(T0, "P1D", "2")])
    assert world.total() == 1_000_000


def test_a_factor_in_a_unit_of_another_dimension_is_refused(world: World):
    steam = {"activity": "steam.purchased"}
    per_tonne = world.factor("steam", **steam, unit="t", kind="default-heat", CO2="200")
    with pytest.raises(BadValue, match="another dimension"):
        world.source("acme/plant/steam", **steam, unit="GJ", location=per_tonne)


# --- validity ----------------------------------------------------------------------------------


def test_a_factor_counts_on_its_days_in_the_areas_time_zone_and_on_no_other(world: World):
    june = world.factor("june", valid=("2023-06-01", "2023-07-01"), CO2="1")
    world.source("acme/plant/other", location=june)
    first, last = "2023-05-31T16:00:00Z", "2023-06-30T15:45:00Z"
    world.post(
        "acme", "acme/plant/other", [reading(first, "PT15M", "1"), reading(last, "PT15M", "1")]
    )
    assert world.total() == 2_000_000
    for start in ("2023-05-31T15:45:00Z", "2023-06-30T16:00:00Z"):
        with pytest.raises(RuleBroken, match="an activity from 2023-06-01 to before 2023-07-01"):
            world.post("acme", "acme/plant/other", [reading(start, "PT15M", "1")])


def test_a_period_that_a_factors_days_cover_in_part_is_refused(world: World):
    june = world.factor("june", valid=("2023-06-01", "2023-07-01"), CO2="1")
    world.source("acme/plant/other", location=june)
    for start in ("2023-05-31T23:50:00+08:00", "2023-06-30T23:50:00+08:00"):
        with pytest.raises(RuleBroken, match="factor operator/june@1"):
            world.post("acme", "acme/plant/other", [reading(start, "PT15M", "1")])


# --- assigning ---------------------------------------------------------------------------------


def test_a_factor_that_comes_late_changes_recorded_periods_as_a_delta(world: World):
    world.post("acme", POWER, [reading("2023-05-31T00:00:00+08:00", "P1D", "10")])
    world.post("acme", POWER, [reading(T0, "P1D", "10")])
    known = world.size
    world.factor("grid", CO2="0.4", version="2")
    posted = world.post("acme", "acme/register", [assigned("operator/grid@2")])
    assert world.months() == {"2023-05": 5_000_000, "2023-06": 4_000_000}
    assert world.total(size=known) == 10_000_000
    changes = {key[2]: row[0] for key, row in posted.rows.masses.items() if row[0]}
    assert changes == {"2023-06": -1_000_000}


def test_an_assigned_factor_counts_for_later_readings_from_its_time_on(world: World):
    world.factor("grid", CO2="0.4", version="2")
    world.post("acme", "acme/register", [assigned("operator/grid@2")])
    world.post(
        "acme",
        POWER,
        [reading("2023-05-31T00:00:00+08:00", "P1D", "10"), reading(T0, "P1D", "10")],
    )
    assert world.months() == {"2023-05": 5_000_000, "2023-06": 4_000_000}


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2)])
def test_factors_that_change_within_a_month_count_in_any_order_of_one_batch(
    world: World, order: tuple[int, ...]
):
    world.factor("grid", CO2="0.4", version="2")
    world.factor("grid", CO2="0.3", version="3")
    for ref, day in (("operator/grid@2", "10"), ("operator/grid@3", "20")):
        event = assigned(ref, f"2023-06-{day}T00:00:00+08:00")
        world.post("acme", "acme/register", [event])
    days = [("09", "1"), ("10", "10"), ("19", "100"), ("20", "1000")]
    readings = [
        reading(f"2023-06-{day}T00:00:00+08:00", "P1D", quantity)
        for day, quantity in (days[at] for at in order)
    ]
    world.post("acme", POWER, readings)
    assert world.total() == 500_000 + 4_000_000 + 40_000_000 + 300_000_000


def test_a_new_role_is_filled_from_its_time_on(world: World):
    mix = world.factor("mix", kind="residual-mix", CO2="0.6096")
    world.post("acme", POWER, [reading(T0, "P1D", "10")])
    world.post("acme", "acme/register", [assigned(mix, role="market")])
    assert (world.total(role="location"), world.total(role="market")) == (5_000_000, 6_096_000)


def test_assigning_back_gives_the_first_figure(world: World):
    world.post("acme", POWER, [reading(T0, "P1D", "10")])
    original = world.rows()
    world.factor("grid", CO2="0.4", version="2")
    for ref in ("operator/grid@2", "operator/grid@1"):
        world.post("acme", "acme/register", [assigned(ref)])
    assert world.rows() == original


def test_a_factor_not_allowed_for_a_recorded_period_is_not_assigned(world: World):
    world.post("acme", POWER, [reading(T0, "P1D", "10")])
    world.factor("july", valid=("2023-07-01", "2024-01-01"))
    with pytest.raises(RuleBroken, match=f"{POWER}@1, recorded already"):
        world.post("acme", "acme/register", [assigned("operator/july@1")])
    world.post("acme", "acme/register", [assigned("operator/july@1", "2023-07-01T00:00:00+08:00")])


def test_a_corrected_reading_counts_with_the_factor_assigned_meanwhile(world: World):
    world.post("acme", POWER, [reading(T0, "P1D", "10")])
    world.factor("grid", CO2="0.4", version="2")
    world.post("acme", "acme/register", [assigned("operator/grid@2")])
    world.correct(f"{POWER}@1", body(T0, "P1D", "20"))
    assert world.total() == 8_000_000


def test_a_withdrawn_reading_is_not_counted_again_by_a_new_factor(world: World):
    world.post("acme", POWER, [reading(T0, "P1D", "10")])
    world.correct(f"{POWER}@1", None)
    world.factor("grid", CO2="0.4", version="2")
    world.post("acme", "acme/register", [assigned("operator/grid@2")])
    assert world.rows() == {}


def test_an_assignment_must_fit_as_at_registration(world: World):
    mix = world.factor("mix", kind="residual-mix")
    for event in (assigned("operator/none@1"), assigned(mix), assigned("operator/grid@1", "x")):
        with pytest.raises(LedgerError):
            world.post("acme", "acme/register", [event])


# --- a reading's own factors -------------------------------------------------------------------


def test_a_reading_names_a_factor_that_differs_from_its_sources(world: World):
    world.factor("grid", CO2="0.4", version="2")
    own = reading(T0, "P1D", "10", factors={"location": "operator/grid@2"})
    world.post("acme", POWER, [own])
    assert world.total() == 4_000_000


def test_a_readings_own_factor_must_fit_as_well(world: World):
    mix = world.factor("mix", kind="residual-mix")
    june = world.factor("old", valid=("2020-01-01", "2021-01-01"))
    for ref in ("operator/none@1", mix, june):
        with pytest.raises(RuleBroken):
            world.post("acme", POWER, [reading(T0, "P1D", "1", factors={"location": ref})])


def test_a_factor_is_kept_with_its_document(world: World):
    kept = world.state.get(FACTOR, "operator/grid@1")
    assert kept is not None
    assert (kept.event, kept.title, kept.year) == ("operator/factors@1", "Notice 2025-47", 2023)
    assert factor("x").source.sha256 is None

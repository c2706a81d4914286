"""A stack that is measured continuously (CEMS), beside the fuel meters behind it.

Source: accounting rules, sections 1 (a measured mass is split by elapsed seconds) and 3
(`EmissionMeasured`).
"""

from __future__ import annotations

import pytest

from ledger.carbon.events import ActivityCorrected, EmissionBody, EmissionMeasured
from ledger.errors import BadValue, Conflict, RuleBroken
from tests.unit.carbon.cases.factory import YEAR, factory, footprint, milligrams, total
from tests.unit.world import World, after, reading, salt

STACK, GAS = "acme/boiler/stack", "acme/boiler/gas"
MEASURED = {"activity": "measured.stack", "unit": "t", "scope": 1, "site": "boiler", "gpc": "I.3.1"}


@pytest.fixture
def world() -> World:
    world = factory()
    burnt = {"activity": "fuel.natural-gas", "unit": "m3"}
    world.factor("gas", **burnt, kind="combustion", CO2="2.165")
    world.source(STACK, **MEASURED)
    return world


def emission(start: str, length: str, **masses: str) -> EmissionMeasured:
    period = (start, after(start, length))
    return EmissionMeasured(salt=salt(), period=period, masses_mg=masses, method="CEMS, HJ 75")


def day(number: int, **masses: str) -> EmissionMeasured:
    return emission(f"2026-03-{number:02d}T00:00:00+08:00", "P1D", **masses)


def test_measured_masses_count_as_they_are(world: World):
    world.post("acme", STACK, [day(1, CO2="17400123456", N2O="12345"), day(2, CO2="17400123457")])
    assert total(world) == {"CO2": 34_800_246_913, "N2O": 12_345}


def test_a_stack_that_burns_waste_keeps_its_biogenic_part_apart(world: World):
    world.post("acme", STACK, [day(1, CO2="600000000", CO2_bio="400000000")])
    found = footprint(world)
    assert milligrams(found.total.mass_mg) == {"CO2": 600_000_000}
    assert milligrams(found.biogenic.mass_mg) == {"CO2_bio": 400_000_000}


def test_a_measured_mass_over_two_months_is_split_to_the_milligram(world: World):
    world.post("acme", STACK, [emission("2026-03-30T00:00:00+08:00", "P3D", CO2="100000000001")])
    # Two of three days: 66 666 666 667.33 mg.
    assert world.months() == {"2026-03": 66_666_666_667, "2026-04": 33_333_333_334}


def test_a_time_is_measured_once(world: World):
    world.post("acme", STACK, [day(1, CO2="5")])
    with pytest.raises(Conflict, match="no reading for"):
        world.post("acme", STACK, [emission("2026-03-01T12:00:00+08:00", "P1D", CO2="5")])


def test_the_gas_meter_behind_a_measured_stack_is_shown_and_not_added(world: World):
    world.source(
        GAS,
        activity="fuel.natural-gas",
        unit="m3",
        scope=1,
        site="boiler",
        part_of=STACK,
        direct="operator/gas@1",
    )
    world.post("acme", STACK, [emission("2026-03-01T00:00:00+08:00", "P31D", CO2="215000000000")])
    world.post("acme", GAS, [reading("2026-03-01T00:00:00+08:00", "P31D", "100000")])
    found = footprint(world)
    assert milligrams(found.total.mass_mg) == {"CO2": 215_000_000_000}
    shown = {one.stream: (one.counted, one.roles["direct"]["CO2"]) for one in found.sources}
    assert shown == {STACK: (True, "215000000000"), GAS: (False, "216500000000")}


def test_a_recalibrated_analyser_corrects_the_day_and_the_old_mass_stays_readable(world: World):
    world.post("acme", STACK, [day(1, CO2="500")])
    known = world.size
    fixed = EmissionBody(period=day(1).period, masses_mg={"CO2": "470"}, method="CEMS, HJ 75")
    fix = ActivityCorrected(salt=salt(), event=f"{STACK}@1", reason="span drift", emission=fixed)
    world.post("acme", f"{STACK}/corrections", [fix])
    assert total(world) == {"CO2": 470}
    assert total(world, YEAR, known) == {"CO2": 500}


@pytest.mark.parametrize(
    "masses", [{}, {"CH4": "1"}, {"CO2e": "1"}, {"SO2": "1"}], ids=["none", "CH4", "CO2e", "SO2"]
)
def test_a_measurement_names_gases_that_the_rules_know(world: World, masses: dict[str, str]):
    with pytest.raises(BadValue):
        world.post("acme", STACK, [day(1, **masses)])


@pytest.mark.parametrize("mass_mg", ["-1", "1.5", "1e9", "NaN", "01"])
def test_a_measured_mass_is_a_whole_number_of_milligrams(world: World, mass_mg: str):
    with pytest.raises(BadValue):
        world.post("acme", STACK, [day(1, CO2=mass_mg)])


def test_bought_power_has_no_stack(world: World):
    world.source("acme/boiler/power", site="boiler", location="operator/grid@1")
    with pytest.raises(RuleBroken, match="an activity with direct emissions"):
        world.post("acme", "acme/boiler/power", [day(1, CO2="1")])

"""A meter fails, its month is estimated, and the true value comes: both figures stay readable.

Source: accounting rules, sections 3 (corrections) and 4 (as known at log size N).
"""

from __future__ import annotations

import pytest

from ledger.carbon.events import ActivityCorrected, ProfileBody
from ledger.errors import Conflict, RuleBroken
from tests.unit.carbon.cases.factory import YEAR, factory, footprint, total
from tests.unit.world import World, body, profile, reading, salt

POWER = "acme/plant/power"
FIXES = f"{POWER}/corrections"
MARCH = ("2026-03-01T00:00:00+08:00", "2026-04-01T00:00:00+08:00")
MG_PER_KWH = 582_700


@pytest.fixture
def world() -> World:
    world = factory()
    world.source(POWER, location="operator/grid@1")
    february = reading("2026-02-01T00:00:00+08:00", MARCH[0], "2800")
    world.post("acme", POWER, [february, reading(*MARCH, "3000", estimated=True, quality="L")])
    return world


def estimates(world: World, size: int | None = None) -> tuple[int, int]:
    (line,) = footprint(world, YEAR, size).sources
    return line.readings, line.estimated


def test_an_estimate_counts_and_is_shown_as_one(world: World):
    assert total(world) == {"CO2": 5_800 * MG_PER_KWH}
    assert estimates(world) == (2, 1)


def test_the_true_value_replaces_the_estimate_and_both_stay_readable(world: World):
    estimated = world.size
    world.correct(f"{POWER}@2", body(*MARCH, "3123.4", quality="H"))
    assert world.months() == {"2026-02": 1_631_560_000, "2026-03": 1_820_005_180}
    assert estimates(world) == (2, 0)
    assert total(world, size=estimated) == {"CO2": 5_800 * MG_PER_KWH}
    assert estimates(world, size=estimated) == (2, 1)


def test_the_true_value_is_a_correction_and_not_another_reading(world: World):
    with pytest.raises(Conflict, match="no reading for"):
        world.post("acme", POWER, [reading(*MARCH, "3123.4")])
    assert total(world) == {"CO2": 5_800 * MG_PER_KWH}


def test_a_value_that_comes_a_third_time_names_the_second(world: World):
    world.correct(f"{POWER}@2", body(*MARCH, "3123.4"))
    second = world.size
    with pytest.raises(RuleBroken, match=f"expected {FIXES}@1, found none"):
        world.correct(f"{POWER}@2", body(*MARCH, "3100"))
    world.correct(f"{POWER}@2", body(*MARCH, "3100"), f"{FIXES}@1")
    assert total(world) == {"CO2": 5_900 * MG_PER_KWH}
    assert total(world, size=second) == {"CO2": 1_631_560_000 + 1_820_005_180}


def test_estimated_quarter_hours_of_a_day_are_replaced_at_once(world: World):
    start = "2026-04-01T00:00:00+08:00"
    world.post("acme", POWER, [profile(start, 21_600, ["10", "11", None, "13"], estimated=(1, 3))])
    assert estimates(world) == (5, 3)
    true = ProfileBody(start=start, interval_s=21_600, quantities=("10", "11.5", "12", "13"))
    fix = ActivityCorrected(salt=salt(), event=f"{POWER}@3", reason="read out", profile=true)
    world.post("acme", FIXES, [fix])
    assert estimates(world) == (6, 1)
    assert world.months()["2026-04"] == round(46.5 * MG_PER_KWH)

"""What is said otherwise now is shown beside what was said before, with its reason."""

from __future__ import annotations

from fractions import Fraction

import pytest

from ledger.carbon.events import FactorAssigned
from ledger.carbon.inventory.restatement import (
    BaseYearCompared,
    base_year,
    compare_base_year,
    restatements,
)
from ledger.errors import BadValue
from tests.unit.carbon.inventory.plants import KWH_MG, POWER, drawn, pack, use, works
from tests.unit.world import World, body, reading, salt
from tests.unit.world import base_year as restated

YEAR = ("2025-01", "2026-01")
JANUARY = "2025-01-01T00:00:00+08:00", "2025-02-01T00:00:00+08:00"


def based() -> World:
    """A company that recorded 1 000 kWh of 2025 and then named 2025 its base year."""
    world = works()
    use(world, POWER, "2025-01", "1000")
    world.say("acme", restated(2025, world.size))
    return world


def compared(world: World, size: int | None = None) -> BaseYearCompared:
    base = base_year(world.known(*YEAR, size=size), "acme")
    assert base is not None
    then = drawn(world, YEAR, size=base.size)
    now = drawn(world, YEAR, size=size)
    return compare_base_year(pack(), base, then, now, "AR5", "location")


def test_a_base_year_is_compared_with_itself_as_known_now():
    world = based()
    world.correct(f"{POWER}@1", body(*JANUARY, "1060"))
    found = compared(world)
    assert (found.then_mg, found.now_mg) == (1000 * KWH_MG, 1060 * KWH_MG)
    assert (found.change, found.passes) == (Fraction(6, 100), True)


@pytest.mark.parametrize(
    ("quantity", "passes"), [("1050", False), ("1050.01", True), ("949", True)]
)
def test_a_change_is_flagged_when_it_passes_the_threshold(quantity: str, passes: bool):  # noqa: FBT001
    world = based()
    world.correct(f"{POWER}@1", body(*JANUARY, quantity))
    assert compared(world).passes is passes


def test_the_company_says_its_threshold():
    world = works()
    use(world, POWER, "2025-01", "1000")
    world.say("acme", restated(2025, world.size, threshold_percent="1"))
    world.correct(f"{POWER}@1", body(*JANUARY, "1011"))
    assert compared(world).threshold_percent == 1
    assert compared(world).passes


def test_a_restated_base_year_is_compared_with_its_own_size():
    world = based()
    world.correct(f"{POWER}@1", body(*JANUARY, "1060"))
    flagged = world.size
    world.say("acme", restated(2025, world.size))
    assert compared(world).change == 0
    assert not compared(world).passes
    assert compared(world, flagged).passes is True


def test_a_company_that_named_no_base_year_has_none():
    assert base_year(works().known(*YEAR), "acme") is None


def test_another_period_is_refused():
    world = based()
    base = base_year(world.known(*YEAR), "acme")
    assert base is not None
    other = drawn(world, ("2025-01", "2025-07"))
    with pytest.raises(BadValue, match=r"expected the year 2025 as known at size"):
        compare_base_year(pack(), base, other, other, "AR5", "location")


def test_every_correction_is_listed_with_its_reason_and_what_it_changed():
    world = based()
    world.post("acme", POWER, [reading("2025-02-01T00:00:00+08:00", "P1D", "10")])
    world.correct(f"{POWER}@1", body(*JANUARY, "1060"))
    found = restatements(world.known(*YEAR), "acme")
    [one] = found
    assert (one.streams, one.months) == ((POWER,), ("2025-01",))
    assert one.change_mg == {("location", "CO2"): 60 * KWH_MG, ("market", "CO2"): 60 * 609_600}
    assert [(c.reason, c.corrects) for c in one.corrections] == [("typing error", f"{POWER}@1")]


def test_first_recordings_are_no_restatements():
    world = based()
    assert restatements(world.known(*YEAR), "acme") == []


def test_a_factor_that_came_late_restates_what_it_priced_again():
    world = based()
    world.factor("grid", CO2="0.6", version="2")
    before = world.size
    event = world.say("acme", FactorAssigned(
        salt=salt(), source=POWER, role="location", factor="operator/grid@2",
        from_="2025-01-01T00:00:00+08:00", reason="published two years late",
    ))  # fmt: skip
    [one] = restatements(world.known(*YEAR), "acme")
    assert one.change_mg == {("location", "CO2"): 1000 * (600_000 - KWH_MG)}
    assert [(c.event, c.type, c.reason) for c in one.corrections] == [
        (event, "FactorAssigned", "published two years late")
    ]
    assert restatements(world.known(*YEAR, size=before), "acme") == []


def test_a_correction_of_another_period_restates_nothing_here():
    world = based()
    use(world, POWER, "2026-01", "1000")
    world.correct(f"{POWER}@2", None)
    assert restatements(world.known(*YEAR), "acme") == []

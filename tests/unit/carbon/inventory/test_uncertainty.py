"""Uncertainty as approach 1 has it; a factor that is shared moves all of its sources together.

The three worked checks are those of the accounting rules, section 4.
"""

from __future__ import annotations

import pytest

from ledger.carbon.inventory.uncertainty import (
    Uncertain,
    Uncertainty,
    uncertain_parts,
    uncertainty,
)
from tests.unit.carbon.inventory.plants import POWER, drawn, pack, use, works
from tests.unit.world import World


def part(
    amount: float, activity: float | None, factor: float | None = 0.0, name: str | None = None
) -> Uncertain:
    part.count += 1  # type: ignore[attr-defined]
    return Uncertain(
        amount=amount,
        source_year=f"source {part.count} 2026",  # type: ignore[attr-defined]
        activity_percent=activity,
        factor=name,
        factor_percent=factor,
    )


part.count = 0  # type: ignore[attr-defined]


def test_activity_and_factor_multiply():
    assert uncertainty([part(1, 5, 10)]).percent == pytest.approx(11.18, abs=0.005)


def test_independent_sources_add_in_quadrature():
    found = uncertainty([part(1000, 5, 10, "a"), part(500, 20)])
    assert found.percent == pytest.approx(10.0, abs=0.005)
    assert found.half_width == pytest.approx(150, abs=0.05)


def test_a_shared_factor_is_fully_correlated():
    shared = [part(600, 2, 5, "grid"), part(400, 2, 5, "grid")]
    assert uncertainty(shared).percent == pytest.approx(5.20, abs=0.005)
    apart = [part(600, 2, 5, "one"), part(400, 2, 5, "other")]
    assert uncertainty(apart).percent == pytest.approx(3.88, abs=0.005)


def test_parts_of_one_source_and_year_share_their_activity():
    halves = [
        Uncertain(amount=500, source_year="meter 2026", activity_percent=5, factor_percent=0)
        for _ in range(2)
    ]
    assert uncertainty(halves).percent == pytest.approx(5)


def test_what_states_no_uncertainty_is_named_with_its_part():
    found = uncertainty([part(750, 2, None), part(250, None, 3)])
    assert (found.activity_unstated, found.factor_unstated) == (0.25, 0.75)


def test_a_total_of_nothing_has_no_percentage():
    found = uncertainty([part(100, 5), part(-100, 5)])
    assert (found.total, found.percent) == (0, None)
    assert found.half_width == pytest.approx(50**0.5)
    assert uncertainty([]).percent is None


def two_meters(**more: object) -> World:
    world = works(uncertainty_percent="2")
    world.factor("mix", CO2="0.5", uncertainty_percent="5", version="1")
    for name, quantity in (("a", "1200"), ("b", "800")):
        stream = f"acme/plant/{name}"
        world.source(stream, location="operator/mix@1", uncertainty_percent="2", **more)
        use(world, stream, "2026-01", quantity)
    return world


def of(world: World, gwp: str = "AR5") -> Uncertainty:
    period = ("2026-01", "2027-01")
    terms = drawn(world, period).select(scope=2, method="location")
    return uncertainty(uncertain_parts(world.known(*period), pack(), gwp, terms))


def test_the_worked_check_follows_from_posted_events():
    found = of(two_meters())
    assert found.total == pytest.approx(1.0)
    assert found.percent == pytest.approx(5.20, abs=0.005)
    assert (found.activity_unstated, found.factor_unstated) == (0, 0)


def test_months_of_one_year_do_not_average_a_meters_error_out():
    world = two_meters()
    once = of(world).percent
    for month in ("2026-02", "2026-03"):
        use(world, "acme/plant/a", month, "1200")
        use(world, "acme/plant/b", month, "800")
    assert of(world).percent == pytest.approx(once)


def test_a_factor_without_a_stated_uncertainty_is_named():
    world = works(uncertainty_percent="2")
    use(world, POWER, "2026-01", "100")
    assert of(world).factor_unstated == 1

"""A company answers for the sites of its boundary, each with its share, month by month."""

from __future__ import annotations

from fractions import Fraction

import pytest

from ledger.carbon.inventory.boundary import Shares, shared
from tests.unit.carbon.inventory.plants import KWH_MG, POWER, drawn, use, with_site, works
from tests.unit.world import World, site_transfer

YEAR = ("2026-01", "2027-01")


def shares(world: World, size: int | None = None) -> Shares:
    return Shares(world.known(*YEAR, size=size), "acme")


def test_without_a_boundary_all_own_sites_count_whole():
    world = works()
    assert shares(world).of("plant", "2026-05").share == 1
    assert shares(world).in_force("2026-05") is None


def test_a_site_that_the_boundary_does_not_name_is_outside():
    world = works()
    with_site(world, "office")
    event = world.boundary("acme", "2026-01", office="1")
    held = shares(world).of("plant", "2026-05")
    assert held.share == 0
    assert held.events == (event,)
    use(world, POWER, "2026-05", "10")
    found = drawn(world, YEAR)
    assert found.terms == []
    assert found.outside == [(POWER, "2026-05")]


def test_a_share_applies_to_the_total_of_a_month_and_is_rounded_once():
    world = works()
    world.boundary("acme", "2026-01", "equity", plant="0.3")
    use(world, POWER, "2026-01", "0.00001")
    use(world, POWER, "2026-02", "0.00001")
    found = drawn(world, YEAR)
    # 0.00001 kWh are 5.827 mg, so 6 mg are recorded; three tenths of these are 1.8 mg.
    assert [term.mass_mg for term in found.select(scope=2, method="location")] == [2, 2]
    assert [term.recorded_mg for term in found.select(scope=2, method="location")] == [6, 6]


@pytest.mark.parametrize(("mass_mg", "counts_mg"), [(1, 0), (3, 2), (5, 2), (-1, 0), (-3, -2)])
def test_a_share_rounds_half_to_even(mass_mg: int, counts_mg: int):
    assert shared(mass_mg, Fraction(1, 2)) == counts_mg


def test_a_boundary_holds_until_the_next_ones_month():
    world = works()
    world.boundary("acme", "2026-07", "equity", plant="0.25")
    world.boundary("acme", "2026-03", "equity", plant="0.5")
    found = [shares(world).of("plant", f"2026-{month:02}").share for month in (2, 3, 6, 7, 12)]
    assert found == [1, Fraction(1, 2), Fraction(1, 2), Fraction(1, 4), Fraction(1, 4)]


def test_of_two_boundaries_from_one_month_the_later_said_holds_and_the_first_stays_readable():
    world = works()
    world.boundary("acme", "2026-03", "equity", plant="0.5")
    before = world.size
    world.boundary("acme", "2026-03", "equity", plant="0.75")
    assert shares(world).of("plant", "2026-03").share == Fraction(3, 4)
    assert shares(world, before).of("plant", "2026-03").share == Fraction(1, 2)
    assert shares(world, before - 1).of("plant", "2026-03").share == 1


def test_a_transferred_site_leaves_from_its_month_on():
    world = works()
    world.party("beta")
    use(world, POWER, "2026-05", "100")
    world.say("acme", site_transfer("plant", "beta", "2026-06"))
    assert drawn(world, YEAR).masses("location", scope=2) == {"CO2": 100 * KWH_MG}
    assert [shares(world).of("plant", f"2026-0{month}").share for month in (5, 6, 7)] == [1, 0, 0]


def test_an_inventory_says_which_boundary_holds_from_when():
    world = works()
    event = world.boundary("acme", "2026-04", "financial", plant="1")
    found = [
        (month, one and (one.event, one.approach)) for month, one in drawn(world, YEAR).boundaries
    ]
    assert found == [("2026-01", None), ("2026-04", (event, "financial"))]

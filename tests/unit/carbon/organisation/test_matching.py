"""Which supply is claimed against which use: own sources of energy, one use for a supply at a time.

Source: accounting rules, section 4 (market-based, matching).
"""

from __future__ import annotations

import pytest

from ledger.carbon.organisation.pieces import ORGANISATION
from ledger.errors import Conflict, LedgerError, RuleBroken
from tests.unit.world import World, matched

USE, HALL = "acme/plant/power", "acme/plant/hall"
SUN, WIND = "acme/plant/sun", "acme/plant/wind"


@pytest.fixture
def world() -> World:
    world = World()
    for party in ("acme", "other"):
        world.party(party)
    world.factor("grid", CO2="0.5")
    own = {"activity": "electricity.generated-own-use", "scope": None, "key_area": "energy"}
    for stream in (USE, HALL, "other/plant/power"):
        world.source(stream, location="operator/grid@1")
    for stream in (SUN, WIND):
        world.source(stream, **own)
    world.source(
        "acme/plant/gas", activity="fuel.natural-gas", unit="m3@0C", scope=1, key_area="industry"
    )
    return world


def test_a_supply_backs_a_source_from_a_month_on(world: World):
    world.say("acme", matched(USE, SUN, "2026-01", "hour"))
    said = world.state.get(ORGANISATION, "acme")
    assert said is not None
    assert [(m.source, m.supply, m.interval) for m in said.matchings] == [(USE, SUN, "hour")]


@pytest.mark.parametrize(
    ("use", "supply", "error"),
    [
        (USE, USE, "another source as supply"),
        (USE, "other/plant/power", "registered source of acme"),
        ("other/plant/power", SUN, "registered source of acme"),
        (USE, "acme/plant/nothing", "registered source of acme"),
        (USE, "acme/plant/gas", "unit of energy"),
        ("acme/plant/gas", None, "unit of energy"),
    ],
)
def test_both_are_own_sources_of_energy(world: World, use: str, supply: str | None, error: str):
    with pytest.raises(RuleBroken, match=error):
        world.say("acme", matched(use, supply, "2026-01"))


def test_a_supply_backs_one_source_at_a_time(world: World):
    world.say("acme", matched(USE, SUN, "2026-01"))
    for month in ("2025-06", "2026-01", "2030-01"):
        with pytest.raises(Conflict, match=f"backs {USE}"):
            world.say("acme", matched(HALL, SUN, month))
    world.say("acme", matched(HALL, WIND, "2026-01"))


def test_a_supply_that_was_set_free_backs_another(world: World):
    world.say("acme", matched(USE, SUN, "2026-01"), matched(USE, None, "2026-07"))
    with pytest.raises(Conflict, match="to before 2026-07"):
        world.say("acme", matched(HALL, SUN, "2026-06"))
    world.say("acme", matched(HALL, SUN, "2026-07"))
    with pytest.raises(Conflict):
        world.say("acme", matched(USE, SUN, "2027-01"))


def test_a_supply_that_is_exchanged_is_free(world: World):
    world.say("acme", matched(USE, SUN, "2026-01"), matched(USE, WIND, "2026-03"))
    world.say("acme", matched(HALL, SUN, "2026-03"))


def test_a_statement_that_ends_in_time_does_not_conflict(world: World):
    world.say("acme", matched(HALL, None, "2026-01"), matched(USE, SUN, "2026-01"))
    world.say("acme", matched(HALL, SUN, "2025-06"))  # what was said of 2026-01 ends it


def test_of_two_statements_from_one_month_the_later_holds(world: World):
    world.say("acme", matched(USE, SUN, "2026-01"), matched(USE, None, "2026-01"))
    world.say("acme", matched(HALL, SUN, "2026-01"))


def test_a_month_outside_the_calendar_is_refused(world: World):
    with pytest.raises(LedgerError, match="outside the calendar"):
        world.say("acme", matched(USE, SUN, "2400-01"))

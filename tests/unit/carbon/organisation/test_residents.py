"""Residents appear as groups of a least size, and no difference shows a smaller one.

Source: accounting rules, section 5 (Residents); the least size is data of the rule pack.
"""

from __future__ import annotations

import pytest

from ledger.carbon.area.guard import minimum_people
from ledger.carbon.events import SourceAmended
from ledger.carbon.organisation.pieces import POPULATION
from ledger.carbon.rulepack import load
from ledger.errors import LedgerError, RuleBroken
from tests.unit.world import World, reading, salt

QUARTER = "north/quarter"
POWER = "north/quarter/power"
HOME = {
    "site": "quarter",
    "activity": "household.electricity",
    "key_area": "lifestyle",
    "location": "operator/grid@1",
}


@pytest.fixture
def world() -> World:
    world = World()
    world.factor("grid", CO2="0.5")
    return world


def test_the_least_size_is_data_with_its_source():
    assert minimum_people(load("2")) == 100
    assert minimum_people(load("1")) is None


# --- how many people -----------------------------------------------------------------------------


def test_a_group_of_the_least_size_may_be_stated(world: World):
    world.residents(QUARTER, "100")
    known = world.state.get(POPULATION, QUARTER)
    assert known is not None
    assert known.periods == (("2026-01", "2027-01", "100"),)


@pytest.mark.parametrize("people", ["0", "1", "99"])
def test_a_smaller_group_is_refused(world: World, people: str):
    with pytest.raises(RuleBroken, match="at least 100"):
        world.residents(QUARTER, people)


@pytest.mark.parametrize("people", ["999", "1001", "1099", "901"])
def test_a_small_difference_between_periods_is_refused(world: World, people: str):
    world.residents(QUARTER, "1000", "2026")
    for period in ("2027", "2026-03", "2025"):
        with pytest.raises(RuleBroken, match="or at least 100 more or fewer"):
            world.residents(QUARTER, people, period)


@pytest.mark.parametrize("people", ["1000", "1100", "900", "5000"])
def test_no_difference_or_a_large_one_is_fine(world: World, people: str):
    world.residents(QUARTER, "1000", "2026")
    world.residents(QUARTER, people, "2027")


def test_a_restatement_is_compared_with_other_periods(world: World):
    first = world.residents(QUARTER, "1000", "2026")
    world.residents(QUARTER, "1200", "2027")
    with pytest.raises(RuleBroken, match="expected 1200"):
        world.area_fact("population", "2026", "1150", "person", sub_area=QUARTER, supersedes=first)
    world.area_fact("population", "2026", "1001", "person", sub_area=QUARTER, supersedes=first)
    known = world.state.get(POPULATION, QUARTER)
    assert known is not None
    assert [people for *_, people in known.periods] == ["1001", "1200"]


def test_other_quarters_are_not_compared(world: World):
    world.residents(QUARTER, "1000")
    world.residents("north/harbour", "1001")


# --- who lives where -----------------------------------------------------------------------------


def test_a_sub_area_is_a_site_of_a_guarded_aggregate(world: World):
    world.party("acme")
    world.site("acme/plant")
    world.party("north", "aggregate")
    world.site("north/abroad", inside=False)
    for wrong in ("acme/plant", "north/nowhere", "north/abroad"):
        with pytest.raises(RuleBroken, match="of a party with the role aggregate"):
            world.area_fact("population", "2026", "1000", "person", sub_area=wrong)


def test_a_group_of_stated_size_has_sources(world: World):
    world.residents(QUARTER, "1000")
    world.source(POWER, **HOME)
    world.post("north", POWER, [reading("2026-01-01T00:00:00+08:00", "P1D", "10")])
    assert world.total() == 5_000_000


def test_a_group_of_unknown_size_has_none(world: World):
    world.party("north", "aggregate")
    with pytest.raises(RuleBroken, match="how many people live there"):
        world.source(POWER, **HOME)


def test_a_meter_of_a_part_would_show_a_smaller_group(world: World):
    world.residents(QUARTER, "1000")
    world.source(POWER, **HOME)
    with pytest.raises(RuleBroken, match="part_of"):
        world.source("north/quarter/stairs", **HOME, part_of=POWER)


@pytest.mark.parametrize("change", [{"site": "harbour"}, {"part_of": "north/quarter/main"}])
def test_an_amendment_does_not_get_around_the_guard(world: World, change: dict[str, str]):
    world.residents(QUARTER, "1000")
    world.site("north/harbour")
    world.source(POWER, **HOME)
    world.source("north/quarter/main", **HOME)
    with pytest.raises(LedgerError, match=r"how many people|part_of"):
        world.say(
            "north",
            SourceAmended(
                salt=salt(),
                source=POWER,
                from_="2026-01-01T00:00:00+08:00",
                reason="moved",
                **change,  # type: ignore[arg-type]
            ),
        )


def test_companies_are_not_guarded(world: World):
    world.party("acme")
    world.source("acme/plant/power", location="operator/grid@1")
    world.source("acme/plant/hall", location="operator/grid@1", part_of="acme/plant/power")


def test_rules_before_pack_2_know_no_guard():
    world = World(rules="1")
    world.party("north", "aggregate")
    world.factor("grid", CO2="0.5")
    world.source(POWER, **HOME)
    world.source("north/quarter/stairs", **HOME, part_of=POWER)

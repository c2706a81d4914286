"""Facts beside the masses: from a catalogue, in their unit, and never overwritten unseen.

Source: accounting rules, sections 3 to 5.
"""

from __future__ import annotations

import pytest

from ledger.carbon.organisation import catalogue
from ledger.carbon.organisation.pieces import FACT, FactPiece, fact_key
from ledger.carbon.rulepack import load
from ledger.errors import BadValue, InvalidInput, LedgerError, RuleBroken
from tests.unit.world import World, area_fact, fact, months

YEAR = ("2026-01", "2027-01")


@pytest.fixture
def world() -> World:
    world = World()
    world.party("acme")
    return world


def stated(world: World, party: str, name: str, sub_area: str | None = None) -> FactPiece:
    found = world.state.get(FACT, fact_key(party, name, YEAR, sub_area))
    assert found is not None
    return found


# --- the catalogue -------------------------------------------------------------------------------


def test_every_fact_has_a_source_and_units_that_the_pack_knows():
    pack = load("2")
    known = {unit.dimension for unit in pack.units.values()} | {"currency"}
    for one in catalogue.facts(pack).values():
        assert one.source.title
        assert one.source.mark in {"p", "s", "k"}
        assert set(one.dimensions) <= known, one.fact
        assert one.about


def test_rules_before_pack_2_know_no_facts():
    world = World(rules="1")
    world.party("acme")
    with pytest.raises(InvalidInput, match=r"facts\.json"):
        world.fact("acme", "headcount", "2026", "12", "person")
    assert catalogue.indicators(load("1")) == ()


# --- a company -----------------------------------------------------------------------------------


def test_a_fact_is_kept_with_its_value_and_unit(world: World):
    event = world.fact("acme", "revenue", "2026", "1200.5", "10^4CNY@2025")
    found = stated(world, "acme", "revenue")
    assert [(one.event, one.value, one.unit) for one in found.stated] == [
        (event, "1200.5", "10^4CNY@2025")
    ]
    assert found.stated[0].index == world.size - 1


def test_a_second_statement_names_the_one_in_force_and_leaves_it_readable(world: World):
    first = world.fact("acme", "headcount", "2026", "100", "person")
    second = world.fact("acme", "headcount", "2026", "101", "person", supersedes=first)
    world.fact("acme", "headcount", "2026", "102", "person", supersedes=second)
    assert [one.value for one in stated(world, "acme", "headcount").stated] == ["100", "101", "102"]


def test_a_statement_that_does_not_name_the_one_in_force_is_refused(world: World):
    first = world.fact("acme", "headcount", "2026", "100", "person")
    world.fact("acme", "headcount", "2026", "101", "person", supersedes=first)
    for wrong in ({}, {"supersedes": first}):
        with pytest.raises(RuleBroken, match="expected acme/register@2"):
            world.fact("acme", "headcount", "2026", "102", "person", **wrong)


def test_a_first_statement_names_none(world: World):
    first = world.fact("acme", "headcount", "2026", "100", "person")
    for period, name in (("2025", "headcount"), ("2026", "revenue")):
        with pytest.raises(LedgerError, match=r"no such member|unit"):
            world.fact("acme", name, period, "100", "person", supersedes=first)


@pytest.mark.parametrize(
    ("name", "unit", "error"),
    [
        ("happiness", "1", "unknown fact"),
        ("revenue", "kWh", "unit of revenue"),
        ("revenue", "CNY", "unknown unit"),
        ("solid-waste-used", "m3", "unit of solid-waste-used"),
        ("population", "person", "fact of a sub-area or an area"),
    ],
)
def test_a_fact_out_of_the_catalogue_is_refused(world: World, name: str, unit: str, error: str):
    with pytest.raises(LedgerError, match=error):
        world.fact("acme", name, "2026", "1", unit)


def test_a_period_lies_in_the_calendar(world: World):
    with pytest.raises(BadValue, match="outside the calendar"):
        world.fact("acme", "headcount", "2400", "1", "person")
    with pytest.raises(BadValue, match="month after the last"):
        fact("headcount", "2026-05/2026-04", "1", "person")


def test_the_calendars_last_month_may_end_a_period(world: World):
    last = load("2").last_month
    assert last.endswith("-12")
    world.fact("acme", "headcount", f"{last}/{months(last)[1]}", "1", "person")


# --- the area ------------------------------------------------------------------------------------


def test_the_operator_states_facts_of_the_area(world: World):
    world.area_fact("population", "2026", "150000", "person")
    world.area_fact("land-area", "2026", "12.5", "km2")
    assert stated(world, "operator", "population").stated[0].value == "150000"


def test_nobody_else_states_facts_of_the_area(world: World):
    with pytest.raises(RuleBroken, match="the operator, operator"):
        world.say("acme", area_fact("population", "2026", "150000", "person"))


def test_a_fact_of_companies_is_none_of_the_area(world: World):
    with pytest.raises(RuleBroken, match="fact of a company"):
        world.area_fact("revenue", "2026", "1", "CNY@2025")


def test_people_are_counted_whole(world: World):
    with pytest.raises(RuleBroken, match="a whole number"):
        world.area_fact("population", "2026", "150000.5", "person")


def test_the_order_of_independent_statements_does_not_matter():
    there, back = World(), World()
    said = [("revenue", "5", "CNY@2025"), ("headcount", "7", "person"), ("output", "3", "t")]
    for world, order in ((there, said), (back, said[::-1])):
        world.party("acme")
        for name, value, unit in order:
            world.fact("acme", name, "2026", value, unit)
    for name, *_ in said:
        one, other = stated(there, "acme", name), stated(back, "acme", name)
        assert [(s.value, s.unit) for s in one.stated] == [(s.value, s.unit) for s in other.stated]

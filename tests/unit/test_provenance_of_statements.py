"""A file about a statement holds what it rests on: sites, people, meters, factors, earlier statements.

Source: formats, section 8; accounting rules, sections 3 and 5.
"""

from __future__ import annotations

import pytest

from ledger.carbon.events import RegisterReading
from ledger.errors import ProofFailed
from ledger.provenance import verify_bundle
from tests.unit.world import (
    LOG,
    World,
    base_year,
    body,
    boundary,
    declared,
    installed,
    matched,
    reading,
    removed,
    site_transfer,
)

POWER, SUN = "acme/plant/power", "acme/plant/sun"
SITE, SOURCE, SUPPLY = (f"acme/register@{version}" for version in (1, 2, 3))
MILL = ("mill/register@1", "mill/register@2")
GRID, STEAM = "operator/factors@1", "acme/factors@1"
T0, T1, T2 = (f"2026-01-0{day}T00:00:00+08:00" for day in (1, 2, 3))


@pytest.fixture
def world() -> World:
    world = World()
    world.party("acme")
    world.party("mill")
    world.factor("grid", CO2="0.5")
    world.factor("steam", "acme", activity="steam.purchased", unit="GJ", kind="supplier", CO2="60")
    world.source(POWER, location="operator/grid@1")
    own = {"activity": "electricity.generated-own-use", "scope": None, "key_area": "energy"}
    world.source(SUN, **own)
    world.source("mill/plant/power", location="operator/grid@1")
    return world


NO_MILL = ["mill/keys@1"]


def test_a_boundary_rests_on_its_sites(world: World):
    event = world.say("acme", boundary("2026-01", {"plant": "1"}))
    verify_bundle(world.bundle(event, SITE, left_out=NO_MILL), LOG)
    for wrong in ([], [SITE, SOURCE, GRID]):
        with pytest.raises(ProofFailed):
            verify_bundle(world.bundle(event, *wrong, left_out=NO_MILL), LOG)


def test_what_rests_on_nothing_stands_alone(world: World):
    for statement in (base_year(2025, 1), declared("scope3.4", "NE")):
        event = world.say("acme", statement)
        verify_bundle(world.bundle(event, left_out=NO_MILL), LOG)
        with pytest.raises(ProofFailed, match="does not rest on it"):
            verify_bundle(world.bundle(event, SITE, left_out=NO_MILL), LOG)


def test_a_transferred_site_rests_on_the_party_that_takes_it(world: World):
    event = world.say("acme", site_transfer("plant", "mill", "2026-06"))
    verify_bundle(world.bundle(event, SITE), LOG)
    with pytest.raises(ProofFailed, match="refers to what is not in the file"):
        verify_bundle(world.bundle(event, SITE, left_out=["mill/keys@1"]), LOG)


def test_a_restated_fact_rests_on_what_was_stated_before(world: World):
    first = world.fact("acme", "headcount", "2026", "5", "person")
    second = world.fact("acme", "headcount", "2026", "6", "person", supersedes=first)
    third = world.fact("acme", "headcount", "2026", "7", "person", supersedes=second)
    verify_bundle(world.bundle(third, first, second, left_out=NO_MILL), LOG)
    with pytest.raises(ProofFailed):
        verify_bundle(world.bundle(third, second, left_out=NO_MILL), LOG)
    with pytest.raises(ProofFailed, match="does not rest on it"):
        verify_bundle(world.bundle(third, first, second, SITE, left_out=NO_MILL), LOG)


def test_residents_rest_on_how_many_they_are(world: World):
    people = world.residents("north/quarter", "1000")
    world.source(
        "north/quarter/power", site="quarter", activity="household.electricity",
        key_area="lifestyle", location="operator/grid@1",
    )  # fmt: skip
    world.post("north", "north/quarter/power", [reading(T0, "P1D", "10")])
    left_out = ["mill/keys@1", "acme/keys@1"]
    grounds = ("north/register@1", "north/register@2", GRID)
    bundle = world.bundle("north/quarter/power@1", *grounds, people, left_out=left_out)
    assert verify_bundle(bundle, LOG).claim["masses"] == {
        "2026-01": {"location": {"CO2": "5000000"}}
    }
    with pytest.raises(ProofFailed, match="how many people live there"):
        verify_bundle(world.bundle("north/quarter/power@1", *grounds, left_out=left_out), LOG)
    about_people = world.bundle(people, "north/register@1", left_out=left_out)
    assert verify_bundle(about_people, LOG).subject == {"event": people}


def register(from_: str, to: str) -> RegisterReading:
    return RegisterReading(meter="m1", from_=from_, to=to, digits=5, multiplier="1")


def test_a_removed_meter_rests_on_all_of_its_readings(world: World):
    begin = world.say("acme", installed(POWER, "m1", T0, "10"))
    first = reading(T0, "P1D", "10", register=register("10", "20"))
    second = reading(T1, "P1D", "5", register=register("20", "25"))
    world.post("acme", POWER, [first, second, reading(T2, "P1D", "5")])
    world.correct(f"{POWER}@2", body(T1, "P1D", "6", register=register("20", "26")))
    end = world.say("acme", removed(POWER, "m1", T2, "26"))
    source = (SITE, SOURCE, GRID)
    chain = (begin, f"{POWER}@1", f"{POWER}@2", f"{POWER}/corrections@1")
    verify_bundle(world.bundle(end, *source, *chain, left_out=NO_MILL), LOG)
    for missing in chain:
        shown = [one for one in chain if one != missing]
        with pytest.raises(ProofFailed):
            verify_bundle(world.bundle(end, *source, *shown, left_out=NO_MILL), LOG)
    with pytest.raises(ProofFailed, match="does not rest on it"):
        verify_bundle(world.bundle(end, *source, *chain, f"{POWER}@3", left_out=NO_MILL), LOG)
    verify_bundle(world.bundle(begin, *source, left_out=NO_MILL), LOG)


def test_a_matched_supply_rests_on_both_sources(world: World):
    event = world.say("acme", matched(POWER, SUN, "2026-01"))
    verify_bundle(world.bundle(event, SITE, SOURCE, SUPPLY, GRID, left_out=NO_MILL), LOG)
    with pytest.raises(ProofFailed):
        verify_bundle(world.bundle(event, SITE, SOURCE, GRID, left_out=NO_MILL), LOG)


def test_an_acknowledgement_rests_on_the_transfer_and_its_factors(world: World):
    sent = world.transfer(SUN, "mill", "2026-01", "3", "GJ", direct="acme/steam@1")
    told = world.acknowledge(sent, "mill/plant/power", "3", "GJ")
    again = world.acknowledge(sent, "mill/plant/power", "2", "GJ", supersedes=told)
    gone = world.withdraw_transfer(sent, "2026-01")
    sending = (sent, SITE, SUPPLY, STEAM)
    verify_bundle(world.bundle(*sending), LOG)
    verify_bundle(world.bundle(again, told, *sending, *MILL, GRID), LOG)
    verify_bundle(world.bundle(gone, *sending), LOG)
    for missing in (*sending, told):
        shown = [one for one in (told, *sending) if one != missing]
        with pytest.raises(ProofFailed):
            verify_bundle(world.bundle(again, *shown, *MILL, GRID), LOG)
    with pytest.raises(ProofFailed, match="does not rest on it"):
        verify_bundle(world.bundle(*sending, told, *MILL, GRID), LOG)


def test_a_target_rests_on_what_was_aimed_at_before(world: World):
    first = world.target("acme", "neutral")
    second = world.target("acme", "neutral", base_mg="5", supersedes=first)
    verify_bundle(world.bundle(second, first, left_out=NO_MILL), LOG)
    with pytest.raises(ProofFailed):
        verify_bundle(world.bundle(second, left_out=NO_MILL), LOG)

"""What a company answers for: its sites, its share of each, and what it hands over.

Source: accounting rules, sections 3 (Boundary) and 4.
"""

from __future__ import annotations

import msgspec
import pytest

from ledger.carbon.events import Ratio, SourceAmended
from ledger.carbon.organisation.pieces import ORGANISATION, OrganisationPiece
from ledger.errors import BadValue, Conflict, LedgerError, RuleBroken
from tests.unit.world import (
    World,
    base_year,
    body,
    boundary,
    declared,
    profile,
    reading,
    salt,
    site_transfer,
    source,
)

POWER = "acme/plant/power"
JUNE = "2026-06-01T00:00:00+08:00"


@pytest.fixture
def world() -> World:
    world = World()
    world.party("acme")
    world.party("buyer")
    world.factor("grid", CO2="0.5")
    world.source(POWER, location="operator/grid@1")
    world.site("acme/7-north")
    return world


def said(world: World, party: str = "acme") -> OrganisationPiece:
    found = world.state.get(ORGANISATION, party)
    assert found is not None
    return found


def refused(world: World, match: str, *events: object, party: str = "acme") -> LedgerError:
    """The refusal; and nothing was changed by it."""
    before = world.pieces()
    with pytest.raises(LedgerError, match=match) as caught:
        world.say(party, *events)  # type: ignore[arg-type]
    assert world.pieces() == before
    return caught.value


# --- boundary ------------------------------------------------------------------------------------


def test_a_boundary_keeps_each_site_with_its_exact_share(world: World):
    third = Ratio(num="1", den="3")
    event = world.say(
        "acme", boundary("2026-01", {"plant": third, "7-north": "0.5"}, approach="equity")
    )
    first = said(world).boundaries[0]
    assert first.sites == (("7-north", "5", "10"), ("plant", "1", "3"))
    assert (first.event, first.index, first.from_month) == (event, world.size - 1, "2026-01")


def test_a_later_boundary_leaves_the_earlier_one_readable(world: World):
    world.boundary("acme", "2026-01", plant="1")
    world.boundary("acme", "2026-07", "equity", plant="0.25")
    assert [one.approach for one in said(world).boundaries] == ["operational", "equity"]


@pytest.mark.parametrize("share", ["0", "1", "0.000000000001"])
def test_a_share_is_from_0_to_1(world: World, share: str):
    world.boundary("acme", "2026-01", "equity", plant=share)


@pytest.mark.parametrize("share", ["0.5", "0.000000000001", Ratio(num="1", den="3")])
def test_under_operational_control_a_site_counts_whole_or_not_at_all(
    world: World, share: str | Ratio
):
    event = boundary("2026-01", {"7-north": "0", "plant": share}, approach="operational")
    refusal = refused(world, "share of plant by operational control", event)
    assert "approaches equity" in refusal.advice
    world.say("acme", boundary("2026-01", {"7-north": "0", "plant": "1"}, approach="operational"))


def test_joint_financial_control_counts_by_share(world: World):
    world.say("acme", boundary("2026-01", {"plant": "0.5"}, approach="financial"))


@pytest.mark.parametrize("share", ["1.000000000001", "50", Ratio(num="4", den="3")])
def test_a_share_above_1_is_refused(world: World, share: str | Ratio):
    refusal = refused(world, "share of plant", boundary("2026-01", {"plant": share}))
    assert refusal.expected == "0 to 1"


def test_a_share_that_has_another_spelling_is_refused(world: World):
    refused(world, "lowest terms", boundary("2026-01", {"plant": Ratio(num="2", den="6")}))


def test_a_boundary_names_registered_sites_of_its_own_party(world: World):
    world.site("buyer/hall")
    for name in ("hall", "nowhere"):
        refused(world, "registered site of acme", boundary("2026-01", {name: "1"}))


def test_a_boundary_without_a_site_is_refused():
    with pytest.raises(BadValue, match="at least one site"):
        boundary("2026-01", {})


def test_a_boundary_names_a_site_once(world: World):
    with pytest.raises(BadValue, match="without repeats"):
        msgspec.structs.replace(
            boundary("2026-01", {"plant": "1"}), sites=(("plant", "1"), ("plant", "0.5"))
        )


@pytest.mark.parametrize("month", ["1899-12", "2301-01"])
def test_a_month_outside_the_calendar_is_refused(world: World, month: str):
    refused(world, "outside the calendar", boundary(month, {"plant": "1"}))


# --- sites that another party takes over ---------------------------------------------------------


def test_after_a_transfer_the_site_takes_no_reading_that_ends_later(world: World):
    world.say("acme", site_transfer("plant", "buyer", "2026-06"))
    world.post("acme", POWER, [reading("2026-05-31T00:00:00+08:00", "P1D", "10")])
    for start, length in ((JUNE, "PT1H"), ("2026-05-30T12:00:00+08:00", "P2D")):
        with pytest.raises(RuleBroken, match="before the site plant was transferred"):
            world.post("acme", POWER, [reading(start, length, "10")])
    for start in ("2026-05-29T23:30:00+08:00", JUNE):
        with pytest.raises(RuleBroken, match="transferred"):
            world.post("acme", POWER, [profile(start, 3600, ["1"] * 49)])
    assert world.total() == 5_000_000


def test_a_correction_does_not_reach_over_a_transfer_either(world: World):
    world.say("acme", site_transfer("plant", "buyer", "2026-06"))
    world.post("acme", POWER, [reading("2026-05-31T00:00:00+08:00", "P1D", "10")])
    with pytest.raises(RuleBroken, match="transferred"):
        world.correct(f"{POWER}@1", body("2026-05-31T00:00:00+08:00", "P2D", "10"))


def test_a_reading_that_ends_after_the_transfer_keeps_the_site(world: World):
    world.post("acme", POWER, [reading("2026-05-31T00:00:00+08:00", "P2D", "10")])
    refusal = refused(world, "transfer of plant", site_transfer("plant", "buyer", "2026-06"))
    assert refusal.found == f"{POWER}@1 ends later"
    world.correct(f"{POWER}@1", None)
    world.say("acme", site_transfer("plant", "buyer", "2026-06"))


def test_sources_of_other_sites_go_on(world: World):
    world.source("acme/7-north/power", site="7-north", location="operator/grid@1")
    world.say("acme", site_transfer("plant", "buyer", "2026-06"))
    world.post("acme", "acme/7-north/power", [reading(JUNE, "P1D", "10")])


def test_a_source_that_moved_away_before_goes_on(world: World):
    moved = SourceAmended(salt=salt(), source=POWER, from_=JUNE, site="7-north", reason="moved")
    world.say("acme", moved)
    world.say("acme", site_transfer("plant", "buyer", "2026-06"))
    world.post("acme", POWER, [reading("2026-05-31T00:00:00+08:00", "P2D", "10")])
    back = SourceAmended(
        salt=salt(), source=POWER, from_="2026-05-31T12:00:00+08:00", site="plant", reason="moved"
    )
    refused(world, "a site that acme answers for", back)


def test_a_source_registered_late_at_the_site_knows_the_transfer(world: World):
    world.say("acme", site_transfer("plant", "buyer", "2026-06"))
    world.say("acme", source("acme/plant/late", factors={"location": "operator/grid@1"}))
    world.post("acme", "acme/plant/late", [reading("2026-05-31T00:00:00+08:00", "P1D", "10")])
    with pytest.raises(RuleBroken, match="transferred"):
        world.post("acme", "acme/plant/late", [reading(JUNE, "P1D", "10")])


def test_what_the_other_party_records_is_its_own(world: World):
    world.say("acme", site_transfer("plant", "buyer", "2026-06"))
    world.source("buyer/plant/power", location="operator/grid@1")
    world.post("buyer", "buyer/plant/power", [reading(JUNE, "P1D", "10")])


def test_a_site_is_transferred_once(world: World):
    world.say("acme", site_transfer("plant", "buyer", "2026-06"))
    refusal = refused(world, "transfer of acme/plant", site_transfer("plant", "buyer", "2026-07"))
    assert isinstance(refusal, Conflict)


@pytest.mark.parametrize("to", ["acme", "nobody"])
def test_a_site_goes_to_another_registered_party(world: World, to: str):
    refused(world, "another registered party", site_transfer("plant", to, "2026-06"))


def test_only_ones_own_site_is_transferred(world: World):
    refused(world, "site of buyer", site_transfer("plant", "acme", "2026-06"), party="buyer")


# --- base year -----------------------------------------------------------------------------------


def test_a_base_year_names_figures_that_the_log_has_had(world: World):
    world.say("acme", base_year(2025, world.size))
    assert said(world).base_years[0].size == world.size - 1
    refused(world, "a size that the log has had", base_year(2025, world.size + 1))


def test_a_threshold_is_a_share_in_per_cent(world: World):
    world.say("acme", base_year(2025, 1))
    assert said(world).base_years[0].threshold_percent == "5"
    refused(world, "threshold_percent", base_year(2025, 1, threshold_percent="100.1"))


# --- lines without a figure ----------------------------------------------------------------------


@pytest.mark.parametrize("line", ["fuel.diesel", "scope3.1", "scope3.15", "iii.1.2", "vi"])
def test_a_line_is_an_activity_a_category_or_a_gpc_line(world: World, line: str):
    world.say("acme", declared(line, "NE"))
    assert said(world).declared[0].line == line


@pytest.mark.parametrize("line", ["scope3.0", "scope3.16", "scope3.01", "ix.1", "fuel.unheard-of"])
def test_another_line_is_refused(world: World, line: str):
    refused(world, "line of an inventory", declared(line, "NE"))


def test_what_is_included_elsewhere_says_where(world: World):
    world.say("acme", declared("scope3.4", "IE", included_in="scope3.1"))
    refused(world, "included_in", declared("scope3.4", "IE"))
    refused(world, "no included_in", declared("scope3.4", "NO", included_in="scope3.1"))


def test_a_period_of_lines_lies_in_the_calendar_and_ends_after_it_begins(world: World):
    with pytest.raises(BadValue, match="month after the last"):
        declared("scope3.4", "NE", "2026-05/2026-05")
    refused(world, "outside the calendar", declared("scope3.4", "NE", "2300-01/2400-01"))


def test_the_operator_leaves_out_a_guiding_indicator_with_a_reason(world: World):
    world.say("operator", declared("indicator.water-reuse", "NO"))
    assert said(world, "operator").declared[0].line == "indicator.water-reuse"
    refused(world, "leaving out", declared("indicator.water-reuse", "NO"))
    refused(world, "leaving out", declared("indicator.water-reuse", "NE"), party="operator")
    refused(world, "indicator", declared("indicator.beauty", "NO"), party="operator")


def test_order_of_statements_does_not_matter_to_what_is_known(world: World):
    other = World()
    other.party("acme")
    other.site("acme/plant")
    world.say("acme", boundary("2026-01", {"plant": "1"}), declared("scope3.4", "NE"))
    other.say("acme", declared("scope3.4", "NE"), boundary("2026-01", {"plant": "1"}))
    assert said(world).boundaries[0].sites == said(other).boundaries[0].sites
    assert said(world).declared[0].line == said(other).declared[0].line

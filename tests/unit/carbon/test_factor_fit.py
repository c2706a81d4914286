"""A factor fits the region and days of what it prices, and what differs is said beside the figure.

Source: accounting rules, section 3 (Factor).
"""

from __future__ import annotations

import pytest

from ledger.carbon import rulepack
from ledger.carbon.events import FactorAssigned, SourceAmended
from ledger.carbon.factor_fit import covers, lag_years, remarks
from ledger.carbon.pieces import FACTOR, FactorPiece
from ledger.errors import RuleBroken
from tests.unit.world import World, opening, reading, rules_ref, salt, site

PACK = rulepack.load("2")
T0 = "2025-06-01T00:00:00+08:00"
POWER = "acme/plant/power"


@pytest.fixture
def world() -> World:
    """A company with a plant in Jiangsu and an office in Shanghai."""
    world = World()
    world.party("acme")
    world.post("acme", "acme/register", [site("office", region="CN-SH")])
    world.factor("grid", CO2="0.5827")
    return world


def piece(world: World, ref: str) -> FactorPiece:
    found = world.state.get(FACTOR, ref)
    assert found is not None
    return found


# --- region ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("region", "other"),
    [("CN-JS", "CN-JS"), ("CN", "CN-JS"), ("CN-ECN", "CN-JS"), ("CN-ECN", "CN-SH")],
)
def test_a_region_covers_itself_its_parts_and_its_members(region: str, other: str):
    assert covers(PACK, region, other)


@pytest.mark.parametrize(
    ("region", "other"),
    [("CN-JS", "CN-SH"), ("CN-NCN", "CN-JS"), ("CN-JS", "CN"), ("C", "CN"), ("GB", "CN-JS")],
)
def test_a_region_covers_no_neighbour_and_no_whole(region: str, other: str):
    assert not covers(PACK, region, other)


def test_every_province_of_mainland_china_lies_in_a_regional_grid():
    members = [member for one in PACK.regions.values() for member in one.members]
    assert len(set(members)) == 31
    assert [one for one in members if members.count(one) > 1] == ["CN-NM", "CN-NM"]


@pytest.mark.parametrize("kind", ["grid-average", "default-heat"])
def test_an_average_of_another_region_is_refused(world: World, kind: str):
    ref = world.factor("other", kind=kind, region="CN-ZJ")
    with pytest.raises(RuleBroken, match="factor of another region"):
        world.source(POWER, location=ref)


def test_a_site_elsewhere_wants_its_own_grid(world: World):
    with pytest.raises(RuleBroken, match="for CN-SH, found operator/grid@1, for CN-JS"):
        world.source("acme/office/power", site="office", location="operator/grid@1")
    shanghai = world.factor("shanghai", region="CN-SH", CO2="0.5737")
    world.source("acme/office/power", site="office", location=shanghai)


def test_the_countrys_or_the_regional_grids_average_serves_each_of_its_provinces(world: World):
    for name, region in (("cn", "CN"), ("east", "CN-ECN")):
        ref = world.factor(name, region=region)
        world.source(f"acme/plant/{name}", location=ref)


def test_a_fuels_factor_may_come_from_elsewhere_and_that_is_said(world: World):
    fuel = {"activity": "fuel.diesel", "unit": "t"}
    ref = world.factor("diesel", **fuel, kind="combustion", region="GB", CO2="3000")
    world.source("acme/plant/fuel", **fuel, scope=1, direct=ref)
    assert remarks(PACK, piece(world, ref), "CN-JS", "2023-01") == ("of GB, used in CN-JS",)


def test_an_assignment_of_another_regions_factor_is_refused(world: World):
    world.source(POWER, location="operator/grid@1")
    ref = world.factor("shanghai", region="CN-SH")
    event = FactorAssigned(
        salt=salt(), source=POWER, role="location", factor=ref, from_=T0, reason="cheaper"
    )
    with pytest.raises(RuleBroken, match="factor of another region"):
        world.post("acme", "acme/register", [event])


def test_a_readings_own_factor_of_another_region_is_refused(world: World):
    world.source(POWER, location="operator/grid@1")
    ref = world.factor("shanghai", region="CN-SH")
    with pytest.raises(RuleBroken, match="factor of another region"):
        world.post("acme", POWER, [reading(T0, "P1D", "1", factors={"location": ref})])


def test_a_source_that_moves_takes_readings_once_it_has_the_factor_of_its_new_region(
    world: World,
):
    world.source(POWER, location="operator/grid@1")
    moved = SourceAmended(salt=salt(), source=POWER, from_=T0, reason="moved", site="office")
    world.post("acme", "acme/register", [moved])
    world.post("acme", POWER, [reading("2025-05-31T00:00:00+08:00", "P1D", "1")])
    with pytest.raises(RuleBroken, match="factor of another region"):
        world.post("acme", POWER, [reading(T0, "P1D", "1")])
    ref = world.factor("shanghai", region="CN-SH", CO2="0.5737")
    event = FactorAssigned(
        salt=salt(), source=POWER, role="location", factor=ref, from_=T0, reason="moved"
    )
    world.post("acme", "acme/register", [event])
    world.post("acme", POWER, [reading(T0, "P1D", "1")])
    assert world.months() == {"2025-05": 582_700, "2025-06": 573_700}


def test_the_first_rules_knew_no_regions(world: World):
    old = World(opened=False)
    old.post("operator", "operator/ledger", [opening(rules=rules_ref("1"))])
    old.party("acme")
    ref = old.factor("other", region="GB")
    old.source(POWER, location=ref)
    old.post("acme", POWER, [reading(T0, "P1D", "1")])
    assert old.total() == 582_700


# --- year --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("month", "lag", "said"),
    [
        ("2023-12", 0, ()),
        ("2024-01", 1, ("data of 2023, 1 year earlier",)),
        ("2026-06", 3, ("data of 2023, 3 years earlier",)),
        ("2021-06", -2, ("data of 2023, 2 years later",)),
    ],
)
def test_the_lag_of_a_factors_data_is_said(
    world: World, month: str, lag: int, said: tuple[str, ...]
):
    factor = piece(world, "operator/grid@1")
    assert lag_years(factor, month) == lag
    assert remarks(PACK, factor, "CN-JS", month) == said


def test_another_years_data_is_refused_outside_the_days_its_publisher_allows(world: World):
    ref = world.factor("old", year=2021, valid=("2021-01-01", "2024-01-01"))
    world.source(POWER, location=ref)
    world.post("acme", POWER, [reading("2023-06-01T00:00:00+08:00", "P1D", "1")])
    with pytest.raises(RuleBroken, match="an activity from 2021-01-01 to before 2024-01-01"):
        world.post("acme", POWER, [reading(T0, "P1D", "1")])


# --- a new year's factor -----------------------------------------------------------------------


def test_the_years_factor_that_comes_two_years_late_leaves_the_old_figure_readable(world: World):
    world.source(POWER, location="operator/grid@1")
    world.post("acme", POWER, [reading(T0, "P1D", "1000")])
    known = world.size
    world.factor("grid", CO2="0.5", version="2025", year=2025)
    event = FactorAssigned(
        salt=salt(),
        source=POWER,
        role="location",
        factor="operator/grid@2025",
        from_="2025-01-01T00:00:00+08:00",
        reason="published in 2027",
    )
    world.post("acme", "acme/register", [event])
    assert (world.total(size=known), world.total()) == (582_700_000, 500_000_000)
    assert remarks(PACK, piece(world, "operator/grid@2025"), "CN-JS", "2025-06") == ()

"""The area's years from posted events: figures, lines, and what nobody estimated."""

from __future__ import annotations

import pytest

from ledger.carbon import rulepack
from ledger.carbon.events import FactorAssigned
from ledger.carbon.known import Known
from ledger.carbon.progress.area_year import area_year, calendar_year, year_lines
from ledger.carbon.progress.change import change_between
from ledger.carbon.progress.estimated import not_estimated
from ledger.carbon.progress.target import target_report
from ledger.errors import BadValue
from tests.unit.carbon.area.park import worked_park
from tests.unit.world import World, declared, reading, salt

PACK = rulepack.load("2")
VIEWS = ("companies", "territorial", "gpc-basic", "gpc-basic-plus", "park")


@pytest.fixture(scope="module")
def park() -> Known:
    return worked_park().known("2026-01", "2027-01")


# --- figures and lines -------------------------------------------------------------------------


def test_the_year_of_the_worked_park_is_its_figure_in_the_view(park: Known):
    year = area_year(park, PACK, "territorial", full=True)
    assert (year.year, year.full) == (2026, True)
    assert year.emitted["CO2"] == 22_161_336_000_000
    assert year.removed == {"CO2": 200_000_000_000}


@pytest.mark.parametrize("view", VIEWS)
def test_the_lines_of_a_year_add_up_to_its_figure(park: Known, view: str):
    sums: dict[str, int] = {}
    for line in year_lines(park, PACK, view):
        for gas, mass_mg in line.masses_mg.items():
            sums[gas] = sums.get(gas, 0) + mass_mg
    assert {gas: mg for gas, mg in sums.items() if mg} == area_year(
        park, PACK, view, full=True
    ).emitted


def test_what_transfers_take_off_has_no_quantity(park: Known):
    lines = {one.line: one for one in year_lines(park, PACK, "park")}
    assert lines["b/works/steam location"].quantity == 90_000
    assert lines["b/works/steam location"].masses_mg == {"CO2": 9_900_000_000_000}
    handed = lines["b/works/steam location, handed on"]
    assert (handed.quantity, handed.masses_mg) == (None, {"CO2": -9_900_000_000_000})
    # A measured mass follows from no quantity.
    assert lines["b/works/kiln direct"].quantity is None


@pytest.mark.parametrize(
    "period", [("2026-01", "2026-12"), ("2026-02", "2027-02"), ("2026-01", "2028-01")]
)
def test_only_a_calendar_year_is_a_year(period: tuple[str, str]):
    with pytest.raises(BadValue, match="expected a calendar year"):
        calendar_year(period)


# --- years from events -------------------------------------------------------------------------


def two_years() -> World:
    """Power of a company: 1 GWh with the grid of 2021, 1 GWh with that of 2023."""
    world = World()
    world.party("acme")
    world.factor("grid-2021", year=2021, CO2="0.6451")
    world.factor("grid-2023", CO2="0.5827")
    world.source("acme/plant/power", kind="discrete", location="operator/grid-2021@1")
    assigned = FactorAssigned(
        salt=salt(),
        source="acme/plant/power",
        role="location",
        factor="operator/grid-2023@1",
        from_="2023-01-01T00:00:00+08:00",
        reason="the year of its data",
    )
    world.say("acme", assigned)
    days = [reading(f"{year}-06-01T00:00:00+08:00", "P1D", "1000000") for year in (2021, 2023)]
    world.post("acme", "acme/plant/power", days)
    return world


def test_the_grid_of_jiangsu_alone_fell_by_9_7_percent():
    world = two_years()
    then, now = (
        year_lines(world.known(f"{year}-01", f"{year + 1}-01"), PACK, "gpc-basic")
        for year in (2021, 2023)
    )
    change = change_between(PACK, "AR5", then, now)
    assert change.activity_mg == {}
    assert change.co2e_factor_mg == -62_400_000_000
    assert round(100 * change.co2e_factor_mg / 645_100_000_000, 1) == -9.7


def test_a_posted_target_is_compared_with_the_years_from_the_log():
    world = two_years()
    then = area_year(world.known("2021-01", "2022-01"), PACK, "gpc-basic", full=True)
    world.target(
        "operator",
        "neutral",
        view="gpc-basic",
        gwp="AR5",
        base_year=2021,
        base_mg="645100000000",
        path=((2023, "500000000000"), (2028, "0")),
        credits_percent="10",
        neutral_year=2028,
    )
    known = world.known("2023-01", "2024-01")
    now = area_year(known, PACK, "gpc-basic", full=True)
    report = target_report(PACK, known.targets[0], known.size, [then, now], base_then=then)
    assert report.base.misstated is False
    assert report.base.difference_mg == 0
    assert report.budget.remaining_mg == 500_000_000_000 - 582_700_000_000
    assert report.years[-1].cap_mg == 64_510_000_000
    assert report.sentence.startswith("Not enough years to say whether the area will be neutral")


# --- not estimated -----------------------------------------------------------------------------


def with_line(line: str, notation: str = "NE", period: str = "2026", party: str = "acme") -> World:
    world = World()
    world.party("acme")
    world.party("town", "public-body")
    world.say(party, declared(line, notation, period))
    return world


def found(world: World, view: str = "gpc-basic-plus", **more: str) -> tuple[str, ...]:
    return not_estimated(world.known("2026-01", "2027-01"), PACK, view, **more)


def test_a_line_that_is_not_estimated_is_named_with_its_party():
    assert found(with_line("fugitive.refrigerant")) == ("acme fugitive.refrigerant",)
    assert found(with_line("iv.2")) == ("acme iv.2",)


@pytest.mark.parametrize(
    ("line", "views"),
    [
        ("iv.2", {"companies", "territorial", "gpc-basic-plus"}),
        ("i.3.2", {"companies", "gpc-basic", "gpc-basic-plus", "park"}),
        ("scope3.5", {"gpc-basic", "gpc-basic-plus"}),
        ("scope3.1", set()),
        ("embodied.construction", set()),
    ],
)
def test_a_line_matters_to_the_views_that_would_count_it(line: str, views: set[str]):
    world = with_line(line)
    assert {view for view in VIEWS if found(world, view)} == views


def test_a_public_body_does_not_matter_to_the_views_of_companies():
    world = with_line("iv.2", party="town")
    assert {view for view in VIEWS if found(world, view)} == {"territorial", "gpc-basic-plus"}


def test_the_last_word_on_a_line_holds_month_by_month():
    world = with_line("iv.2")
    world.say("acme", declared("iv.2", "NO", "2026"))
    assert found(world) == ()
    world.say("acme", declared("iv.2", "NE", "2026-07"))
    assert found(world) == ("acme iv.2",)


def test_another_year_and_a_later_statement_do_not_matter():
    assert found(with_line("iv.2", period="2025")) == ()
    world = with_line("iv.2")
    earlier = world.known("2026-01", "2027-01", size=world.size - 1)
    assert not_estimated(earlier, PACK, "companies") == ()


def test_one_partys_lines_can_be_asked_for():
    world = with_line("iv.2")
    assert found(world, party="town") == ()
    assert found(world, party="acme") == ("acme iv.2",)

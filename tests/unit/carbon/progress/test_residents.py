"""Residents per head: by part of the area, beside a path, and never too few of them."""

from __future__ import annotations

import msgspec
import pytest

from ledger.carbon import rulepack
from ledger.carbon.known import Known
from ledger.carbon.organisation.pieces import FactPiece, Stated
from ledger.carbon.progress.path_data import PathFile
from ledger.carbon.progress.residents import (
    MONTH_HELD_BACK,
    Group,
    Residents,
    path_mg,
    residents,
)
from ledger.carbon.progress.shown_groups import ALL, CHANGED_TOO_LITTLE, NOBODY, TOO_FEW
from ledger.errors import InvalidInput
from tests.unit.carbon.area.park import emitted
from tests.unit.world import World, reading

PACK = rulepack.load("2")
PATH = PACK.part("paths.json", PathFile).lifestyle
MONTHS = ("2026-01", "2026-02")
HELD_BACK = "held back, since with it the rest of {} would be too few people to show"


def homes(**kwh_a_month: int) -> World:
    """Sites of the aggregates `north` and `south`, each with power in January and February."""
    world = World()
    world.factor("grid", CO2="0.5")
    for name, kwh in kwh_a_month.items():
        site = name.replace("_", "/")
        world.residents(site, "1000")
        at_home = {"activity": "household.electricity", "key_area": "lifestyle"}
        stream = f"{site}/power"
        place = {"site": site.partition("/")[2], "kind": "discrete"}
        world.source(stream, **at_home, **place, location="operator/grid@1")
        events = [reading(f"{month}-15T00:00:00+08:00", "P1D", str(kwh)) for month in MONTHS]
        world.post(site.partition("/")[0], stream, events)
    return world


def people(known: Known, **numbers: int | tuple[int, int]) -> Known:
    """The same with other numbers of people: of the year, or of January and of what follows."""
    facts = []
    for name, number in numbers.items():
        parts = [("2026-01", "2027-01")]
        if isinstance(number, tuple):
            parts = [("2026-01", "2026-02"), ("2026-02", "2027-01")]
        values = number if isinstance(number, tuple) else (number,)
        facts += [
            FactPiece(
                party="operator",
                fact="population",
                period=period,
                stated=(Stated(1, "operator/register@1", str(value), "person"),),
                sub_area=name.replace("_", "/"),
            )
            for period, value in zip(parts, values, strict=True)
        ]
    return msgspec.structs.replace(known, facts=facts)


def of(known: Known) -> Residents:
    return residents(known, PACK, "AR5")


def two_months(world: World) -> Known:
    return world.known("2026-01", "2026-03")


def group(found: Residents, name: str) -> Group:
    return next(one for one in found.groups if one.group == name)


def silent(found: Residents, month: int = 0) -> dict[str, str | None]:
    """Who is held back in a month, and why."""
    return {
        one.group: one.months[month].held_back
        for one in found.groups
        if one.months[month].held_back is not None
    }


# --- figures -----------------------------------------------------------------------------------


def test_per_head_is_the_mass_over_the_people_to_the_milligram():
    known = people(two_months(homes(north_east=900)), north_east=700)
    month = group(of(known), "north/east").months[0]
    assert (month.people, month.co2e_mg) == (700, 450_000_000)
    assert month.per_head_mg == 642_857  # 450 kg / 700 = 642 857.14 mg


def test_groups_are_sites_within_aggregates_within_all():
    found = of(two_months(homes(north_east=100, north_west=300, south_hill=200)))
    assert [(one.group, one.within) for one in found.groups] == [
        (ALL, None),
        ("north", ALL),
        ("north/east", "north"),
        ("north/west", "north"),
        ("south", ALL),
        ("south/hill", "south"),
    ]
    # 600 kWh of 3 000 people, in either month.
    everybody = group(found, ALL)
    assert [one.per_head_mg for one in everybody.months] == [100_000, 100_000]
    assert everybody.period.per_head_mg == 200_000
    assert group(found, "north").months[0].co2e_mg == 200_000_000
    assert group(found, "north").months[0].per_head_mg == 100_000


def test_the_people_of_a_period_are_the_mean_of_its_months():
    known = people(two_months(homes(north_east=600)), north_east=(1000, 1400))
    found = group(of(known), "north/east")
    assert [one.people for one in found.months] == [1000, 1400]
    assert found.period.people == 1200
    assert found.period.per_head_mg == 500_000  # 2 × 300 kg over 1 200 people


def test_all_greenhouse_gases_count_and_biogenic_carbon_does_not():
    world = World()
    world.residents("north/east", "1000")
    burnt = {"activity": "household.biomass", "unit": "kg"}
    gases = {"CO2_bio": "1.5", "CH4_bio": "0.001"}
    world.factor("wood", **burnt, kind="combustion", gases_kg_per_unit=gases)
    place = {"site": "east", "key_area": "lifestyle", "kind": "discrete", "scope": 1}
    world.source("north/east/wood", **burnt, **place, direct="operator/wood@1")
    world.post("north", "north/east/wood", [reading("2026-01-15T00:00:00+08:00", "P1D", "1000")])
    month = group(of(two_months(world)), "north/east").months[0]
    assert month.co2e_mg == 28_000_000


def test_what_others_do_with_their_waste_is_not_theirs_per_head():
    world = homes(north_east=100)
    waste = {"activity": "household.waste-landfill", "key_area": "lifestyle", "site": "east"}
    placed = {"scope": 3, "category": 5, "gpc": "III.1.2"}
    emitted(world, "north/east/waste", CH4_bio=10**9, **waste, **placed)
    assert group(of(two_months(world)), "north/east").months[0].co2e_mg == 50_000_000


def test_companies_and_public_bodies_are_no_residents():
    world = homes(north_east=100)
    world.party("acme")
    world.source("acme/plant/power", location="operator/grid@1")
    found = of(two_months(world))
    assert [one.group for one in found.groups] == [ALL, "north", "north/east"]


def test_the_operators_last_word_on_people_below_the_size_holds():
    known = two_months(homes(north_east=900))
    said = (Stated(1, "a", "1000", "person"), Stated(2, "b", "1500", "person"))
    fact = FactPiece(
        party="operator",
        fact="population",
        period=("2026-01", "2027-01"),
        stated=said,
        sub_area="north/east",
    )
    later = msgspec.structs.replace(known, facts=[fact])
    assert group(of(later), "north/east").months[0].people == 1500
    earlier = msgspec.structs.replace(later, size=2)
    assert group(of(earlier), "north/east").months[0].people == 1000


def test_months_in_which_a_site_has_nothing_recorded_are_named():
    world = homes(north_east=100)
    world.residents("north/west", "1000")
    found = of(world.known("2026-01", "2026-04"))
    assert group(found, "north/east").untold == ("2026-03",)
    assert group(found, "north/west").untold == ("2026-01", "2026-02", "2026-03")
    assert (
        group(found, "north").untold
        == group(found, ALL).untold
        == group(found, "north/west").untold
    )


# --- the path ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("year", "mg"),
    [
        (2017, 4_200_000_000),
        (2030, 2_500_000_000),
        (2035, 1_950_000_000),
        (2050, 700_000_000),
    ],
)
def test_the_path_goes_straight_from_point_to_point(year: int, mg: int):
    assert path_mg(PATH, year) == mg


@pytest.mark.parametrize("year", [2016, 2051])
def test_there_is_no_path_outside_its_years(year: int):
    assert path_mg(PATH, year) is None


def test_a_month_is_compared_with_a_twelfth_of_its_year():
    known = people(two_months(homes(north_east=1_000_000)), north_east=1000)
    found = group(of(known), "north/east")
    # 2026 lies 9 of 13 years from 4 200 to 2 500 kg: 3 023.0769… kg, of which a twelfth.
    assert found.months[0].path_mg == 251_923_077
    assert found.months[0].per_head_mg == 500_000_000
    assert found.months[0].above_path_mg == 248_076_923
    assert found.period.path_mg == 503_846_154


def test_what_the_path_covers_and_where_it_comes_from_stands_beside():
    found = of(two_months(homes(north_east=1)))
    assert found.path_covers == "consumption"
    assert "necessary, not sufficient" in found.path_note
    assert len(found.path_sources) == 4
    assert all(point.source.mark == "s" for point in PATH.points)


# --- the guard ---------------------------------------------------------------------------------


def test_a_group_of_too_few_is_held_back_with_the_reason():
    known = people(two_months(homes(north_east=100)), north_east=99)
    found = of(known)
    assert found.minimum_people == 100
    assert silent(found) == {ALL: TOO_FEW, "north": TOO_FEW, "north/east": TOO_FEW}
    month = group(found, "north/east").months[0]
    assert (month.people, month.co2e_mg, month.per_head_mg) == (None, None, None)


def test_a_group_of_just_enough_is_shown():
    known = people(two_months(homes(north_east=100)), north_east=100)
    assert silent(of(known)) == {}


def test_the_difference_of_a_whole_and_its_parts_never_shows_too_few():
    world = homes(north_east=1, north_west=1, north_hill=1)
    known = people(two_months(world), north_east=40, north_west=5000, north_hill=700)
    assert silent(of(known)) == {
        "north/east": TOO_FEW,
        "north/hill": HELD_BACK.format("north"),  # the smallest that makes the rest enough
    }


def test_parts_that_are_enough_together_hold_nobody_else_back():
    world = homes(north_east=1, north_west=1, north_hill=1)
    known = people(two_months(world), north_east=60, north_west=5000, north_hill=40)
    assert silent(of(known)) == {"north/east": TOO_FEW, "north/hill": TOO_FEW}


def test_an_aggregate_held_back_shows_none_of_its_parts():
    world = homes(north_east=1, south_hill=1, south_lake=1)
    known = people(two_months(world), north_east=40, south_hill=300, south_lake=500)
    reason = HELD_BACK.format(ALL)
    assert silent(of(known)) == {
        "north": TOO_FEW,
        "north/east": TOO_FEW,
        "south": reason,
        "south/hill": reason,
        "south/lake": reason,
    }


def test_where_nobody_stated_the_people_no_whole_is_shown():
    world = homes(north_east=1, north_west=1)
    known = people(two_months(world), north_west=5000)
    assert silent(of(known)) == {ALL: NOBODY, "north": NOBODY, "north/east": NOBODY}


def test_a_period_with_a_month_held_back_is_held_back_too():
    known = people(two_months(homes(north_east=1)), north_east=(1000, 50))
    found = group(of(known), "north/east")
    assert found.months[0].held_back is None
    assert found.months[1].held_back == TOO_FEW
    assert found.period.held_back == MONTH_HELD_BACK
    assert found.period.co2e_mg is None


def test_a_group_that_changes_by_a_few_people_shows_none_of_them():
    world = homes(north_east=1, north_west=1)
    known = people(two_months(world), north_east=(1000, 1001), north_west=5000)
    found = of(known)
    assert silent(found, 0) == {}
    # The whole is held back as well: it less the rest would show what the part would.
    assert silent(found, 1) == dict.fromkeys((ALL, "north", "north/east"), CHANGED_TOO_LITTLE)


def test_a_group_that_changes_by_enough_people_is_shown():
    known = people(two_months(homes(north_east=1)), north_east=(1000, 1100))
    assert silent(of(known), 1) == {}


def test_rules_without_a_guard_show_no_residents():
    known = two_months(homes(north_east=1))
    with pytest.raises(InvalidInput, match="rule pack 1 has no guard over residents"):
        residents(known, rulepack.load("1"), "AR5")


def test_an_area_without_residents_has_no_groups():
    assert of(World().known("2026-01", "2026-03")).groups == ()

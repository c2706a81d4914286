"""Beside every total stands what it lacks: gaps, declared lines, estimates."""

from __future__ import annotations

from ledger.carbon.events import EmissionMeasured, SourceAmended, SourceClosed
from ledger.carbon.inventory.completeness import Completeness, Gap, completeness
from ledger.carbon.reports.missing import missing
from tests.unit.carbon.inventory.plants import POWER, pack, use, with_site, works
from tests.unit.world import World, body, declared, profile, reading, salt, site_transfer

DAY_S = 86_400
JANUARY_S, FEBRUARY_S = 31 * DAY_S, 28 * DAY_S
TWO = ("2026-01", "2026-03")


def lacking(world: World, period: tuple[str, str] = TWO, size: int | None = None) -> Completeness:
    return completeness(world.known(*period, size=size), pack(), "acme")


def gaps(found: Completeness) -> dict[tuple[str, str], int]:
    return {(one.stream, one.month): one.gap_s for one in found.gaps}


def day(world: World, text: str, quantity: str = "24") -> None:
    world.post("acme", POWER, [reading(f"{text}T00:00:00+08:00", "P1D", quantity)])


def test_a_month_that_readings_cover_whole_has_no_gap():
    world = works()
    use(world, POWER, "2026-01", "100")
    assert gaps(lacking(world)) == {(POWER, "2026-02"): FEBRUARY_S}
    assert (lacking(world).expected_s, lacking(world).covered_s) == (
        JANUARY_S + FEBRUARY_S,
        JANUARY_S,
    )


def test_a_source_without_any_reading_is_one_gap():
    assert gaps(lacking(works())) == {
        (POWER, "2026-01"): JANUARY_S,
        (POWER, "2026-02"): FEBRUARY_S,
    }


def test_gaps_of_a_profile_stay_gaps_and_are_filled_later():
    world = works()
    world.post("acme", POWER, [profile("2026-01-01T00:00:00+08:00", 3600, ["1", None, "1"])])
    assert gaps(lacking(world))[POWER, "2026-01"] == JANUARY_S - 2 * 3600
    before = world.size
    world.post("acme", POWER, [profile("2026-01-01T01:00:00+08:00", 3600, ["1"])])
    assert gaps(lacking(world))[POWER, "2026-01"] == JANUARY_S - 3 * 3600
    assert gaps(lacking(world, size=before))[POWER, "2026-01"] == JANUARY_S - 2 * 3600


def test_a_reading_that_crosses_a_month_covers_its_part_of_each():
    world = works()
    world.post(
        "acme", POWER, [reading("2026-01-31T18:00:00+08:00", "2026-02-02T00:00:00+08:00", "30")]
    )
    assert gaps(lacking(world)) == {
        (POWER, "2026-01"): JANUARY_S - 6 * 3600,
        (POWER, "2026-02"): FEBRUARY_S - DAY_S,
    }


def test_a_reading_of_a_profile_that_crosses_a_month_does_so_too():
    world = works()
    world.post("acme", POWER, [profile("2026-01-31T23:00:00+08:00", 5400, ["1", None, "1"])])
    assert gaps(lacking(world)) == {
        (POWER, "2026-01"): JANUARY_S - 3600,
        (POWER, "2026-02"): FEBRUARY_S - 1800 - 5400,
    }


def test_a_withdrawn_reading_leaves_its_gap_and_a_corrected_one_covers_what_it_says_now():
    world = works()
    day(world, "2026-01-01")
    day(world, "2026-01-02")
    world.correct(f"{POWER}@1", None)
    world.correct(f"{POWER}@2", body("2026-01-02T00:00:00+08:00", "PT12H", "12"))
    assert gaps(lacking(world))[POWER, "2026-01"] == JANUARY_S - 12 * 3600


def test_a_withdrawn_profile_and_a_withdrawn_measurement_leave_no_time_behind():
    world = works()
    world.post("acme", POWER, [profile("2026-01-31T23:00:00+08:00", 5400, ["1", None, "1"])])
    world.correct(f"{POWER}@1", None)
    stack = "acme/plant/stack"
    world.source(stack, activity="measured.stack", unit="t", scope=1)
    measured = EmissionMeasured(
        salt=salt(),
        period=("2026-01-01T00:00:00+08:00", "2026-03-01T00:00:00+08:00"),
        masses_mg={"CO2": "1000"},
        method="continuous",
    )
    world.post("acme", stack, [measured])
    assert (stack, "2026-01") not in gaps(lacking(world))
    world.correct(f"{stack}@1", None)
    whole = {"2026-01": JANUARY_S, "2026-02": FEBRUARY_S}
    assert gaps(lacking(world)) == {
        (stream, month): gap_s for stream in (POWER, stack) for month, gap_s in whole.items()
    }


def test_a_closed_source_lacks_nothing_afterwards():
    world = works()
    day(world, "2026-01-01")
    world.say(
        "acme",
        SourceClosed(salt=salt(), source=POWER, at="2026-01-11T00:00:00+08:00", reason="gone"),
    )
    assert gaps(lacking(world)) == {(POWER, "2026-01"): 9 * DAY_S}


def test_a_site_outside_the_boundary_is_not_expected_to_have_readings():
    world = works()
    with_site(world, "office")
    world.boundary("acme", "2026-02", office="1")
    assert gaps(lacking(world)) == {(POWER, "2026-01"): JANUARY_S}


def test_a_transferred_site_is_not_either():
    world = works()
    world.party("beta")
    world.say("acme", site_transfer("plant", "beta", "2026-02"))
    assert gaps(lacking(world)) == {(POWER, "2026-01"): JANUARY_S}


def test_a_sub_meter_and_a_discrete_source_have_no_gaps_of_time():
    world = works()
    world.source("acme/plant/hall", location="operator/grid@1", part_of=POWER)
    world.source("acme/plant/bills", location="operator/grid@1", kind="discrete")
    use(world, "acme/plant/bills", "2026-01", "100")
    assert {stream for stream, _ in gaps(lacking(world))} == {POWER}
    [row] = [r for r in world.known(*TWO).activity if r.line.kind == "discrete"]
    assert row.covered_s == 0


BILLS = "acme/plant/bills"


def billed() -> World:
    world = works()
    world.source(BILLS, location="operator/grid@1", kind="discrete")
    return world


def test_a_discrete_source_without_any_reading_in_the_period_is_named():
    world = billed()
    use(world, BILLS, "2026-03", "100")
    assert lacking(world).unread == [BILLS]
    before = world.size
    use(world, BILLS, "2026-02", "100")
    assert lacking(world).unread == []
    assert lacking(world, size=before).unread == [BILLS]
    world.correct(f"{BILLS}@2", None)
    assert lacking(world).unread == [BILLS]


def test_a_bill_over_several_months_is_a_reading_of_each():
    world = billed()
    world.post(
        "acme", BILLS, [reading("2025-12-01T00:00:00+08:00", "2026-04-01T00:00:00+08:00", "100")]
    )
    assert lacking(world, ("2026-02", "2026-03")).unread == []


def test_a_bill_of_nothing_is_a_reading():
    world = billed()
    use(world, BILLS, "2026-01", "0")
    assert lacking(world).unread == []


def test_a_discrete_source_that_was_closed_before_the_period_is_not_named():
    world = billed()
    world.say(
        "acme",
        SourceClosed(salt=salt(), source=BILLS, at="2026-01-11T00:00:00+08:00", reason="gone"),
    )
    assert lacking(world).unread == [BILLS]
    assert lacking(world, ("2026-02", "2026-03")).unread == []


def test_bills_of_a_site_outside_the_boundary_are_not_missed():
    world = billed()
    with_site(world, "office")
    world.boundary("acme", "2026-01", office="1")
    assert lacking(world).unread == []


def test_a_declaration_for_all_months_excuses_a_discrete_source():
    for notation in ("NO", "NE"):
        world = billed()
        world.say("acme", declared("electricity.purchased", notation, "2026-01"))
        assert lacking(world).unread == [BILLS]
        world.say("acme", declared("electricity.purchased", notation, "2026-02"))
        assert lacking(world).unread == []
    confidential = billed()
    confidential.say("acme", declared("electricity.purchased", "C"))
    assert lacking(confidential).unread == [BILLS]


def test_the_first_page_says_that_there_was_no_reading():
    [said] = [one for one in missing(billed().known(*TWO), ["acme"]) if BILLS in one]
    assert said == f"no reading of {BILLS} in this period"


def test_a_source_that_moves_within_a_month_is_expected_where_it_is_answered_for():
    world = works()
    with_site(world, "yard")
    world.boundary("acme", "2026-01", plant="1")
    world.say("acme", SourceAmended(
        salt=salt(), source=POWER, from_="2026-01-11T00:00:00+08:00", reason="moved", site="yard",
    ))  # fmt: skip
    day(world, "2026-01-05")
    day(world, "2026-01-20")
    assert gaps(lacking(world)) == {(POWER, "2026-01"): 9 * DAY_S}


def test_a_declared_month_is_excused_and_shown_as_such():
    world = works()
    use(world, POWER, "2026-02", "100")
    world.say("acme", declared("electricity.purchased", "NO", "2026-01"))
    found = lacking(world)
    assert found.gaps == [
        Gap(
            stream=POWER,
            activity="electricity.purchased",
            month="2026-01",
            expected_s=JANUARY_S,
            covered_s=0,
            declared="NO",
        )
    ]
    assert (found.gap_s, found.expected_s) == (0, FEBRUARY_S)


def test_a_line_that_is_not_estimated_is_a_gap_with_a_name():
    world = works()
    world.say("acme", declared("electricity.purchased", "NE"), declared("scope3.7", "NE"))
    found = lacking(world)
    assert found.not_estimated == ["electricity.purchased", "scope3.7"]
    assert {one.declared for one in found.gaps} == {"NE"}
    assert found.gap_s == JANUARY_S + FEBRUARY_S


def test_a_line_that_was_declared_again_is_what_was_said_last():
    world = works()
    world.say("acme", declared("electricity.purchased", "NE"))
    before = world.size
    world.say("acme", declared("electricity.purchased", "NO"))
    assert [one.notation for one in lacking(world).declared] == ["NO"]
    assert [one.notation for one in lacking(world, size=before).declared] == ["NE"]


def test_estimates_are_counted_beside_primary_data():
    world = works()
    world.post("acme", POWER, [
        reading("2026-01-01T00:00:00+08:00", "P1D", "24"),
        reading("2026-01-02T00:00:00+08:00", "P1D", "24", estimated=True),
        profile("2026-01-03T00:00:00+08:00", 3600, ["1", "1"], estimated=(1,)),
    ])  # fmt: skip
    assert (lacking(world).readings, lacking(world).estimated) == (4, 2)


def test_bought_power_without_a_figure_by_location_is_named():
    world = works()
    wind = world.factor("wind", "acme", kind="supplier", CO2="0.01")
    world.source("acme/plant/second", market=wind)
    use(world, "acme/plant/second", "2026-01", "100")
    assert lacking(world).without_location == ["acme/plant/second"]

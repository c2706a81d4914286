"""Residents in reports: per head of the worked park, held back where too few, and the area's ratios."""

from __future__ import annotations

import pytest

from ledger.carbon.known import Known
from ledger.carbon.progress.shown_groups import NOBODY, TOO_FEW
from ledger.carbon.reports.catalogue import build, form_of, wanted
from ledger.carbon.reports.draft import HELD_BACK, Built
from ledger.carbon.reports.explain import WHY_HELD, explain, origin_of
from ledger.carbon.reports.table import Figure, Table
from tests.unit.carbon.area.park import worked_park
from tests.unit.carbon.progress.test_residents import homes, people
from tests.unit.world import World


def made(known: Known, name: str, first: str, last: str) -> Built:
    return build(form_of(name), known, wanted(name, None, (first, last), known.size, "AR5"))


def of_year(world: World, name: str) -> Built:
    return made(world.known("2026-01", "2027-01"), name, "2026-01", "2026-12")


def of_quarter(name: str, **numbers: int) -> Built:
    """January of three parts of `north`: 60 people use 100 kWh, 5 000 use 300, 700 use 500."""
    world = homes(north_east=100, north_west=300, north_hill=500)
    told = {"north_east": 60, "north_west": 5000, "north_hill": 700} | numbers
    known = people(world.known("2026-01", "2026-02"), **told)
    return made(known, name, "2026-01", "2026-01")


def row(table: Table, *labels: str) -> dict[str, str | None]:
    """A row's values by column, by its first labels."""
    [found] = [one for one in table.rows if one.labels[: len(labels)] == labels]
    return {
        column.name: None if figure is None else figure.value
        for column, figure in zip(table.columns, found.figures, strict=True)
    }


# --- the report --------------------------------------------------------------------------------


def test_the_worked_park_per_head():
    """Twice 3 247.5 t of gas, 17 481 of power, 2 500 of cars and 560 of waste; 150 000 people.

    2026 lies 9 of 13 years from 4 200 to 2 500 kg: 3 023.0769… kg.
    """
    report = of_year(worked_park(), "residents").report
    found = row(report.table("period"), "residents/homes", "residents")
    assert found == {
        "people": "150000",
        "CO2e": "47577000000000",
        "per-head": "317180000",
        "path": "3023076923",
        "above": "-2705896923",
    }
    assert row(report.table("period"), "all residents") == found
    january = row(report.table("months"), "residents/homes", "2026-01")
    assert (january["CO2e"], january["per-head"]) == ("23788500000000", "158590000")
    assert january["path"] == "251923077"


def test_months_with_nothing_recorded_are_named_on_the_face():
    report = of_year(worked_park(), "residents").report
    [untold] = report.table("nothing-recorded").rows
    assert untold.labels[0] == "residents/homes"
    assert untold.labels[1].split()[:2] == ["2026-02", "2026-03"]
    assert report.gaps[0].startswith("residents/homes has nothing recorded in 10 of 12 months: ")


def test_what_is_held_back_has_no_figure_and_says_why():
    table = of_quarter("residents").report.table("period")
    reasons = {one.labels[0]: one.labels[2] for one in table.rows}
    assert reasons["north/east"] == "a month of it is held back"
    assert set(row(table, "north/east").values()) == {None}
    assert reasons["all residents"] == reasons["north/west"] == ""
    months = of_quarter("residents").report.table("months")
    assert {one.labels[0]: one.labels[2] for one in months.rows}["north/east"] == TOO_FEW


# --- reports of the area -----------------------------------------------------------------------


def lines(built: Built) -> dict[tuple[str, ...], Figure]:
    found = {}
    for one in built.report.table("source-lines").rows:
        [figure] = one.figures
        assert figure is not None
        found[one.labels] = figure
    return found


@pytest.mark.parametrize(("name", "under"), [("area-views", "gpc-basic"), ("gpc", "I.1.2")])
def test_streams_held_back_are_one_row_that_still_adds_up(name: str, under: str):
    """The 60 people of `east` and, with them, the smallest other part, so that the rest is enough."""
    built = of_quarter(name)
    found = {labels: figure.value for labels, figure in lines(built).items() if labels[0] == under}
    assert found == {
        (under, "emitted", HELD_BACK, "-", "CO2"): "300000000",  # 600 kWh × 0.5 kg
        (under, "emitted", "north/west/power", "location", "CO2"): "150000000",
    }
    assert "north/east" not in str(built.report.table("source-lines"))


def test_nothing_is_held_back_where_all_groups_are_enough():
    streams = {labels[2] for labels in lines(of_year(worked_park(), "gpc"))}
    assert HELD_BACK not in streams
    assert "residents/homes/power" in streams


def test_where_the_whole_is_held_back_no_stream_is_named():
    """The one row would be 60 people alone, if the other parts were named beside it."""
    world = homes(north_east=100, north_west=300)
    known = people(world.known("2026-01", "2026-02"), north_west=5000)
    built = made(known, "area-views", "2026-01", "2026-01")
    assert {labels[2] for labels in lines(built)} == {HELD_BACK}
    reasons = made(known, "residents", "2026-01", "2026-01").report.table("months")
    assert {one.labels[0]: one.labels[2] for one in reasons.rows} == {
        "all residents": NOBODY,
        "north": NOBODY,
        "north/east": NOBODY,
        "north/west": "",
    }


@pytest.mark.parametrize("name", ["area-views", "gpc", "residents"])
def test_no_explanation_names_what_is_held_back(name: str):
    built = of_quarter(name)
    told = 0
    for figure in built.report.figures():
        _, origin = origin_of(built, figure.id)
        found = explain(built, figure.id, {})
        assert not any(one.stream.startswith("north/east") for one in found.terms)
        assert "north/east/" not in " ".join(found.prove)
        if any(one.stream == "north/east/power" for one in origin.terms):
            told += 1
            assert found.rule.endswith(WHY_HELD)
            counted = sum(int(one.counted) for one in found.terms)
            assert counted == sum(one.mass_mg for one in origin.terms)
            assert explain(built, figure.id, {}, "north/east/power").terms == ()
    assert told


# --- ratios ------------------------------------------------------------------------------------


def stated() -> World:
    world = worked_park()
    world.area_fact("population", "2026", "160000", "person")
    world.area_fact("value-added", "2026", "2000000000", "CNY@2026")
    return world


def test_ratios_of_the_worked_park():
    report = of_year(stated(), "area-views").report
    table = report.table("ratios")
    # 22 367.806 t, and of the park 17 768.92 t of CO2 (tests of the views).
    assert row(table, "territorial", "head") == {"quantity": "160000", "ratio": "139.798788"}
    assert row(table, "territorial", "value-added") == {"quantity": "200000", "ratio": "111.83903"}
    assert row(table, "park", "energy") == {"quantity": "7428.797108", "ratio": "2391.897334"}


def test_the_park_is_not_divided_by_money():
    table = of_year(stated(), "area-views").report.table("ratios")
    [found] = [one for one in table.rows if one.labels[:2] == ("park", "value-added")]
    assert found.figures == (None, None)
    assert found.labels[3] == (
        "refused: a unit of energy: the programme measures tonnes of CO2 per tce"
    )


@pytest.mark.parametrize("name", ["area-views", "gpc"])
def test_a_missing_fact_says_which_command_states_it(name: str):
    table = of_year(worked_park(), name).report.table("ratios")
    said = {one.labels[1]: one.labels[3] for one in table.rows if one.labels[0] == "gpc-basic"}
    assert said == {
        "head": "population not told for 2026-01 and 11 more months: carbon-ledger fact area "
        "population NUMBER person --period 2026-01..2026-12",
        "value-added": "value-added not told: carbon-ledger fact area value-added AMOUNT "
        "10^4CNY@2026 --period 2026-01..2026-12",
    }

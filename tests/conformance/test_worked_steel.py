"""Worked case 10: a steel plant's year of quarter-hours, to the milligram, through signed batches.

Source: accounting rules, section 9; the data: UCI data set 851.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ledger.provenance import verify_bundle
from tests.unit.world import LOG, World, body, profile, reading

POWER = "steelworks/plant/electricity"
QUARTER = timedelta(minutes=15)


def quarter_hours(shared: Path) -> Iterator[tuple[datetime, str]]:
    """(start, kWh): stamps end their interval, and a 00:00 row stands last and means 24:00."""
    file = shared / "data/meters/steel_industry_15min_2018.csv"
    with file.open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            end = datetime.strptime(row["date"] + "+08:00", "%d/%m/%Y %H:%M%z")
            if end.hour == end.minute == 0:
                end += timedelta(days=1)
            quantity = row["Usage_kWh"]
            if "." in quantity:
                quantity = quantity.rstrip("0").rstrip(".")
            yield end - QUARTER, quantity


def opened() -> World:
    world = World("Asia/Shanghai")
    world.party("steelworks")
    world.factor("grid-jiangsu", version="2023", CO2="0.5827")
    world.source(POWER, interval_s=900, location="operator/grid-jiangsu@2023")
    return world


@pytest.fixture(scope="module")
def days(shared: Path) -> list[list[tuple[str, str]]]:
    rows = [(start.isoformat(), quantity) for start, quantity in quarter_hours(shared)]
    assert len(rows) == 35_040
    return [rows[at : at + 96] for at in range(0, len(rows), 96)]


@pytest.fixture(scope="module")
def year(days: list[list[tuple[str, str]]]) -> World:
    world = opened()
    for day in days:
        readings = [reading(start, "PT15M", quantity) for start, quantity in day]
        world.post("steelworks", POWER, readings)
    return world


def test_case_10_the_steel_plants_year_is_exact_to_the_milligram(year: World):
    assert year.total() == 559_182_408_637
    uses = [row for key, row in year.rows().items() if key[0] == "use"]
    assert sum(row[0] for row in uses) == 95_964_031 * 10**10
    assert sum(row[1] for row in uses) == 35_040
    assert list(year.months()) == [f"2018-{month:02d}" for month in range(1, 13)]


def test_a_year_of_profiles_is_rounded_once_a_day(days: list[list[tuple[str, str]]]):
    world = opened()
    for day in days:
        run = profile(day[0][0], 900, [quantity for _, quantity in day])
        world.post("steelworks", POWER, [run])
    # 365 roundings of at most half a milligram around 959 640.31 kWh × 0.5827 kg.
    assert abs(world.total() - 559_182_408_637) <= 35_040
    exact = 95_964_031 * 5827
    assert abs(world.total() - exact) * 2 <= 365


def test_a_correction_changes_the_figure_and_leaves_the_old_one_readable(year: World):
    known = year.size
    start = "2018-01-01T10:15:00+08:00"
    year.correct(f"{POWER}@42", body(start, "PT15M", "1000"))
    assert year.total(size=known) == 559_182_408_637
    assert year.total() != year.total(size=known)
    grounds = ("steelworks/register@1", "steelworks/register@2", "operator/factors@1")
    bundle = year.bundle(f"{POWER}@42", *grounds, f"{POWER}/corrections@1")
    verdict = verify_bundle(bundle, LOG)
    assert verdict.claim["masses"] == {"2018-01": {"location": {"CO2": "582700000"}}}

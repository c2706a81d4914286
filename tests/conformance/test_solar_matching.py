"""The steel plant's year with panels on its roofs: hourly matching, beside a spreadsheet's arithmetic.

The plant's quarter-hours are UCI data set 851; the sun is PVGIS' typical year at 45° N, 8° E. For the
test, an array of 1 000 kW (at 1 000 W/m²) with a performance ratio of 0.8 lies flat, so an hour with a
global irradiance of G(h) W/m² gives G(h) × 0.8 kWh: exact decimals. The typical year's month, day and
hour are read as the plant's own time, in 2018. Market-based, each hour's rest takes the residual mix,
0.6096 kg/kWh, and is rounded half-even to a milligram by itself.
Source: accounting rules, sections 4 and 9 (case 10).
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import pytest

from ledger.carbon.inventory.completeness import completeness
from ledger.carbon.inventory.inventory import Inventory, hourly_streams, inventory
from ledger.carbon.inventory.readings import readings_of
from ledger.carbon.rulepack import load
from tests.conformance.test_worked_steel import POWER, quarter_hours
from tests.unit.carbon.inventory.plants import bodies
from tests.unit.world import World, matched, profile

SOLAR = "steelworks/plant/solar"
YEAR = ("2018-01", "2019-01")
RESIDUAL = Decimal("0.6096")
KWH_OF_W_M2 = Decimal("0.8")
HEADER_LINES = 17

Hourly = dict[datetime, Decimal]


def used(shared: Path) -> list[tuple[datetime, Decimal]]:
    return [(start, Decimal(quantity)) for start, quantity in quarter_hours(shared)]


def irradiance(shared: Path) -> Hourly:
    """kWh of the array in each hour of 2018."""
    file = shared / "data/meters/pvgis_tmy_45N_8E.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        for _ in range(HEADER_LINES):
            next(lines)
        found: Hourly = {}
        for row in csv.DictReader(lines):
            if not row["G(h)"]:
                break  # the legend under the table
            hour = datetime.strptime("2018" + row["time(UTC)"][4:] + "+08:00", "%Y%m%d:%H%M%z")
            found[hour] = Decimal(row["G(h)"]) * KWH_OF_W_M2
    return found


def plain(quantity: Decimal) -> str:
    text = f"{quantity:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def by_day(
    rows: Iterable[tuple[datetime, Decimal]],
) -> dict[datetime, list[tuple[datetime, Decimal]]]:
    days: dict[datetime, list[tuple[datetime, Decimal]]] = defaultdict(list)
    for start, quantity in rows:
        days[start.replace(hour=0, minute=0)].append((start, quantity))
    return days


def posted(
    world: World, stream: str, step: timedelta, rows: list[tuple[datetime, Decimal]]
) -> None:
    for day in by_day(rows).values():
        assert [start for start, _ in day] == [day[0][0] + step * at for at in range(len(day))]
        run = [plain(quantity) for _, quantity in day]
        world.post(
            "steelworks", stream, [profile(day[0][0].isoformat(), int(step.total_seconds()), run)]
        )


@pytest.fixture(scope="module")
def sun(shared: Path) -> Hourly:
    found = irradiance(shared)
    assert len(found) == 8760
    return found


@pytest.fixture(scope="module")
def year(shared: Path, sun: Hourly) -> World:
    world = World("Asia/Shanghai")
    world.party("steelworks")
    world.factor("grid-jiangsu", version="2023", CO2="0.5827")
    world.factor("residual", version="2023", CO2="0.6096", kind="residual-mix")
    factors = {"location": "operator/grid-jiangsu@2023", "market": "operator/residual@2023"}
    world.source(POWER, interval_s=900, **factors)
    world.source(SOLAR, interval_s=3600, activity="electricity.generated-own-use", scope=None)
    posted(world, POWER, timedelta(minutes=15), used(shared))
    posted(world, SOLAR, timedelta(hours=1), sorted(sun.items()))
    return world


def drawn(world: World) -> Inventory:
    known = world.known(*YEAR)
    readings = {
        stream: readings_of(load("2"), known.sources[stream], bodies(world, stream))
        for stream in hourly_streams(known, "steelworks")
    }
    return inventory(known, load("2"), "steelworks", readings)


def spreadsheet(uses: list[tuple[datetime, Decimal]], sun: Hourly) -> tuple[Decimal, Decimal]:
    """(milligrams, matched kWh), hour by hour, in decimals and by a rounding of their own."""
    hours: dict[datetime, Decimal] = defaultdict(Decimal)
    for start, quantity in uses:
        hours[start.replace(minute=0)] += quantity
    total, free = Decimal(0), Decimal(0)
    for hour, use in hours.items():
        own = min(use, sun[hour])
        free += own
        mass_mg = (use - own) * RESIDUAL * 1_000_000
        total += mass_mg.quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
    return total, free


def test_hourly_matching_is_what_a_spreadsheet_makes_of_it(shared: Path, year: World, sun: Hourly):
    year.say("steelworks", matched(POWER, SOLAR, "2018-01", "hour"))
    found = drawn(year)
    mass_mg, free = spreadsheet(used(shared), sun)
    assert found.masses("market", scope=2) == {"CO2": int(mass_mg)}
    assert sum(one.matched for one in found.market) == free
    assert {one.interval for one in found.market} == {"hour"}
    assert all(one.remarks == () for one in found.market)
    # Profiles are rounded once a day by location: at most half a milligram off the exact product.
    assert abs(found.masses("location", scope=2)["CO2"] - 95_964_031 * 5827) * 2 <= 365


def test_matched_by_the_month_more_would_seem_to_be_free(shared: Path, year: World, sun: Hourly):
    year.say("steelworks", matched(POWER, SOLAR, "2018-01", "month"))
    uses, suns = Counter[int](), Counter[int]()
    for start, quantity in used(shared):
        uses[start.month] += quantity  # type: ignore[assignment]
    for hour, quantity in sun.items():
        suns[hour.month] += quantity  # type: ignore[assignment]
    by_month = [one.matched for one in drawn(year).market]
    assert by_month == [min(uses[month], suns[month]) for month in range(1, 13)]
    assert sum(by_month) > 3 * spreadsheet(used(shared), sun)[1] / 2


def test_the_year_has_no_gap(year: World):
    found = completeness(year.known(*YEAR), load("2"), "steelworks")
    assert (found.gaps, found.gap_s) == ([], 0)
    assert found.covered_s == 2 * 365 * 86_400

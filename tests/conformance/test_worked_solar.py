"""The steel plant with a year of sun on its roof, matched hour by hour: the market-based figure.

What the roof delivered within an hour is free of the residual mix's factor in that hour, and never in
another: the rest of each hour × 0.6096 kg/kWh is rounded by itself. The expected figure is computed
here as a spreadsheet would, from the two files. Source: accounting rules, section 4 (Scope 2 by the
market); the data: UCI data set 851, and PVGIS, a typical year at 45° N, 8° E.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from copy import copy
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import pytest

from ledger.carbon import rulepack
from ledger.carbon.inventory.inventory import Inventory, hourly_streams, inventory
from ledger.carbon.inventory.readings import readings_of
from ledger.carbon.pieces import HISTORY, SOURCE
from tests.unit.world import World, matched, profile

POWER, ROOF = "steelworks/plant/electricity", "steelworks/plant/roof"
SHANGHAI = timezone(timedelta(hours=8))
KWH_PER_WATT_PER_M2 = Decimal("0.2")
"""A roof of 250 kWp at four fifths of its rating: G / 1000 × 250 × 0.8 kWh an hour."""
MG_PER_KWH = Decimal(609_600)

Quarters = dict[datetime, Decimal]
Hours = dict[datetime, Decimal]


@pytest.fixture(scope="module")
def used(shared: Path) -> Quarters:
    """kWh of each quarter-hour, by its start; a 00:00 row means 24:00."""
    found = {}
    file = shared / "data/meters/steel_industry_15min_2018.csv"
    with file.open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            end = datetime.strptime(row["date"] + "+0800", "%d/%m/%Y %H:%M%z").astimezone(SHANGHAI)
            if end.hour == end.minute == 0:
                end += timedelta(days=1)
            found[end - timedelta(minutes=15)] = Decimal(row["Usage_kWh"])
    assert len(found) == 35_040
    return found


@pytest.fixture(scope="module")
def sun(shared: Path) -> Hours:
    """kWh of each hour of the roof; the typical year's hours are put at the plant's clock of 2018."""
    found = {}
    lines = (shared / "data/meters/pvgis_tmy_45N_8E.csv").read_text().splitlines()
    first = next(at for at, line in enumerate(lines) if line.startswith("time(UTC)"))
    for row in csv.DictReader(lines[first:]):
        stamp = row["time(UTC)"]
        if not stamp or row["G(h)"] is None:
            break
        start = datetime.strptime(f"2018{stamp[4:]}+0800", "%Y%m%d:%H%M%z").astimezone(SHANGHAI)
        found[start] = Decimal(row["G(h)"]) * KWH_PER_WATT_PER_M2
    assert len(found) == 8_760
    return found


def by_day(values: dict[datetime, Decimal]) -> dict[datetime, list[str]]:
    days: dict[datetime, list[str]] = defaultdict(list)
    for start, quantity in sorted(values.items()):
        text = f"{quantity:f}"
        days[start.replace(hour=0, minute=0)].append(
            text.rstrip("0").rstrip(".") if "." in text else text
        )
    return days


@pytest.fixture(scope="module")
def world(used: Quarters, sun: Hours) -> World:
    world = World("Asia/Shanghai")
    world.party("steelworks")
    world.factor("grid", year=2023, CO2="0.5827")
    world.factor("mix", year=2023, kind="residual-mix", region="CN", CO2="0.6096")
    world.source(POWER, interval_s=900, location="operator/grid@1", market="operator/mix@1")
    world.source(ROOF, activity="electricity.generated-own-use", scope=None, interval_s=3600)
    for stream, step_s, values in ((POWER, 900, used), (ROOF, 3600, sun)):
        for day, quantities in by_day(values).items():
            world.post("steelworks", stream, [profile(day.isoformat(), step_s, quantities)])
    return world


def claiming(world: World, interval: str) -> World:
    """The same ledger, in which the plant also claims its roof's power."""
    other = copy(world)
    other.state = copy(world.state)
    other.state.pieces, other.log = dict(world.state.pieces), list(world.log)
    other.heads = dict(world.heads)
    other.say("steelworks", matched(POWER, ROOF, "2018-01", interval))
    return other


def report(world: World, *, hourly: bool) -> Inventory:
    known = world.known("2018-01", "2019-01", party="steelworks")
    pack = rulepack.load(known.rules)
    streams = hourly_streams(known, "steelworks") if hourly else set()
    readings = {}
    for stream in sorted(streams):
        source, history = world.state.get(SOURCE, stream), world.state.get(HISTORY, stream)
        assert source is not None
        assert history is not None
        readings[stream] = readings_of(pack, source, history)
    return inventory(known, pack, "steelworks", readings)


def market_mg(found: Inventory) -> int:
    return found.masses(scope=2, method="market")["CO2"]


def milligrams(kwh: Decimal) -> int:
    return int((kwh * MG_PER_KWH).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def test_without_a_claim_all_of_it_takes_the_residual_mix(world: World):
    found = report(world, hourly=True)
    # 365 profiles, each rounded once: 959 640.31 kWh × 0.6096 kg.
    assert abs(market_mg(found) - Decimal("959640.31") * MG_PER_KWH) * 2 <= 365
    assert hourly_streams(world.known("2018-01", "2019-01"), "steelworks") == set()


def test_hour_by_hour_the_figure_is_that_of_a_spreadsheet_to_the_milligram(
    world: World, used: Quarters, sun: Hours
):
    found = report(claiming(world, "hour"), hourly=True)
    hours: Hours = defaultdict(Decimal)
    for start, kwh in used.items():
        hours[start.replace(minute=0)] += kwh
    expected = sum(milligrams(max(kwh - sun[start], Decimal(0))) for start, kwh in hours.items())
    assert market_mg(found) == expected
    covered = sum(min(kwh, sun[start]) for start, kwh in hours.items())
    assert sum(one.matched for one in found.market) == covered
    assert 0 < covered < sum(sun.values())
    assert {one.interval for one in found.market} == {"hour"}
    # The location-based figure is what it was.
    location = found.masses(scope=2, method="location")["CO2"]
    assert abs(location - Decimal("959640.31") * 582_700) * 2 <= 365


def test_month_by_month_more_is_matched_than_hour_by_hour(world: World, used: Quarters, sun: Hours):
    hourly = market_mg(report(claiming(world, "hour"), hourly=True))
    found = report(claiming(world, "month"), hourly=False)
    expected = 0
    for month in range(1, 13):
        use = sum((kwh for start, kwh in used.items() if start.month == month), Decimal(0))
        roof = sum((kwh for start, kwh in sun.items() if start.month == month), Decimal(0))
        expected += milligrams(max(use - roof, Decimal(0)))
    assert market_mg(found) == expected < hourly

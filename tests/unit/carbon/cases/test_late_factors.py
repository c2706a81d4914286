"""The grid's factor of a year is published two years late, and the old figure stays readable.

China's grid, Jiangsu: 0.6451, 0.5978 and 0.5827 kg per kWh for 2021 to 2023, and a residual mix for
the market-based figure. Source: accounting rules, section 3 (`FactorAssigned`, table of factors).
"""

from __future__ import annotations

import pytest

from ledger.carbon.events import FactorAssigned
from ledger.errors import RuleBroken
from tests.unit.carbon.cases.factory import footprint, total
from tests.unit.world import World, reading, salt

POWER = "acme/plant/power"
JIANGSU = {2021: "0.6451", 2022: "0.5978", 2023: "0.5827"}


def publish(world: World, year: int) -> str:
    """A year's factor, which its publisher allows from that year on, until the next is there."""
    return world.factor(
        "jiangsu",
        version=str(year),
        year=year,
        valid=(f"{year}-01-01", "2030-01-01"),
        CO2=JIANGSU[year],
    )


def assign(world: World, factor: str, from_: str, role: str = "location") -> None:
    event = FactorAssigned(
        salt=salt(),
        source=POWER,
        role=role,  # type: ignore[arg-type]
        factor=factor,
        from_=f"{from_}-01T00:00:00+08:00",
        reason="the year's factor was published",
    )
    world.post("acme", "acme/register", [event])


@pytest.fixture
def world() -> World:
    """Three Junes of 1 GWh each, all recorded while only the factor of 2021 was known."""
    world = World()
    world.party("acme")
    world.source(POWER, location=publish(world, 2021))
    for year in JIANGSU:
        june = reading(f"{year}-06-01T00:00:00+08:00", "P30D", "1000000")
        world.post("acme", POWER, [june])
    return world


def test_each_new_factor_changes_its_years_as_a_delta_and_every_figure_stays_readable(world: World):
    sizes = [world.size]
    for year in (2022, 2023):
        assign(world, publish(world, year), f"{year}-01")
        sizes.append(world.size)
    per_year = [
        [sum(total(world, (f"{year}-01", f"{year}-12"), size).values()) for year in JIANGSU]
        for size in sizes
    ]
    assert per_year == [
        [645_100_000_000, 645_100_000_000, 645_100_000_000],
        [645_100_000_000, 597_800_000_000, 597_800_000_000],
        [645_100_000_000, 597_800_000_000, 582_700_000_000],
    ]


def test_the_grid_alone_fell_by_a_tenth(world: World):
    for year in (2022, 2023):
        assign(world, publish(world, year), f"{year}-01")
    first, last = (total(world, (f"{year}-01", f"{year}-12"))["CO2"] for year in (2021, 2023))
    assert f"{100 * (last - first) / first:.1f}" == "-9.7"


def test_a_factor_is_not_assigned_before_its_publisher_allows_it(world: World):
    late = publish(world, 2023)
    with pytest.raises(RuleBroken, match=f"{POWER}@1, recorded already"):
        assign(world, late, "2021-01")


def test_a_residual_mix_fills_the_market_role_of_recorded_years_and_no_other(world: World):
    mix = world.factor("residual", version="2023", year=2023, kind="residual-mix", CO2="0.6096")
    with pytest.raises(RuleBroken, match="wrong kind of factor for the role location"):
        assign(world, mix, "2023-01")
    assign(world, mix, "2023-01", role="market")
    shown = {
        (one.role, one.in_total): one.mass_mg["CO2"]
        for one in footprint(world, ("2023-01", "2023-12")).scopes
    }
    assert shown == {("location", True): "645100000000", ("market", False): "609600000000"}

"""The compliance report of the UK emissions trading scheme as an area of 1 341 companies.

Each row of the file is an installation or an aircraft operator; here each is a company with one
source, and each verified yearly figure an `EmissionMeasured`. A blank cell (not in operation, or
not reported) and EXCLUDED (small emitters and hospitals) are no figure at all and not zero: for
them nothing is posted.

The file gives one number of tonnes of CO2 equivalent for CO2, N2O and PFCs together, so the masses
are posted as `CO2e_AR5`: no figure per gas exists, and the scheme's monitoring rules use the
potentials of AR5 from 2021 on (N2O 265, CF4 6 630: Regulation (EU) 2018/2066, annex VI, as retained
and amended [k]). Source: UK ETS compliance report of 2025-06-11; accounting rules, section 9, case 9.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import pytest

from ledger.carbon import rulepack
from ledger.carbon.area.area import area_figure, area_terms
from ledger.carbon.area.bridge import bridge
from ledger.carbon.events import EmissionMeasured
from ledger.carbon.gwp import co2e
from ledger.carbon.known import Known
from tests.unit.world import World, salt, site, source

FILE = "data/facilities/ukets_compliance_20250611.csv"
YEARS = {
    "2021": 107_884_396,
    "2022": 110_619_562,
    "2023": 96_750_817,
    "2024": 85_634_344,
}
CUMULATIVE = 400_889_119
MG_PER_T = 10**9
PACK = rulepack.load("2")
GAS = "CO2e_AR5"

Row = dict[str, str]


@pytest.fixture(scope="module")
def rows(shared: Path) -> list[Row]:
    return list(csv.DictReader((shared / FILE).read_text(encoding="utf-8-sig").splitlines()))


@pytest.fixture(scope="module")
def world(rows: list[Row]) -> World:
    """All figures of the file, posted by the company that each row is."""
    world = World("Europe/London")
    for row in rows:
        company = name(row)
        world.party(company)
        world.say(company, site("installation", region="GB"), emitter(row))
        told = [
            measured(row, year) for year in YEARS if row[f"Recorded emissions {year}"].isdigit()
        ]
        if told:
            world.post(company, f"{company}/installation/emissions", told)
    return world


@pytest.fixture(scope="module")
def all_years(world: World) -> Known:
    return world.known("2021-01", "2025-01")


def name(row: Row) -> str:
    return f"ets-{row['Operator ID']}"


def is_aircraft(row: Row) -> bool:
    return row["Account type"].startswith("AIRCRAFT")


def emitter(row: Row):
    """A stack in its key area, or flights, which cross the boundary."""
    stream = f"{name(row)}/installation/emissions"
    members = {"site": "installation", "kind": "discrete", "unit": "t", "scope": 1}
    if is_aircraft(row):
        flights = {"activity": "mobile.jet-kerosene", "key_area": "mobility", "gpc": "II.4.3"}
        return source(stream, **members, **flights)
    key_area = "energy" if row["NACE Code"].startswith("35") else "industry"
    return source(stream, **members, activity="measured.stack", key_area=key_area)


def measured(row: Row, year: str) -> EmissionMeasured:
    tonnes = int(row[f"Recorded emissions {year}"])
    return EmissionMeasured(
        salt=salt(),
        period=(f"{year}-01-01T00:00:00Z", f"{int(year) + 1}-01-01T00:00:00Z"),
        masses_mg={GAS: str(tonnes * MG_PER_T)},
        method="verified annual emissions",
        reference=f"verified {year}",
    )


def test_the_file_is_the_one_that_the_figures_are_of(rows: list[Row]):
    assert len(rows) == 1_341
    assert sum(map(is_aircraft, rows)) == 584
    cells = [row[f"Recorded emissions {year}"] for row in rows for year in YEARS]
    assert (cells.count(""), cells.count("EXCLUDED"), cells.count("0")) == (693, 502, 25)


@pytest.mark.parametrize("year", YEARS)
def test_the_area_equals_the_files_own_sum_of_each_year(world: World, rows: list[Row], year: str):
    known = world.known(f"{year}-01", f"{int(year) + 1}-01")
    figure = area_figure(known, PACK, "companies")
    column = [row[f"Recorded emissions {year}"] for row in rows]
    assert sum(int(cell) for cell in column if cell.isdigit()) == YEARS[year]
    assert figure.total.emitted == {GAS: YEARS[year] * MG_PER_T}
    assert len(figure.months) == 12


def test_the_first_year_is_more_milligrams_than_a_float_can_count(world: World):
    figure = area_figure(world.known("2021-01", "2022-01"), PACK, "companies")
    mass_mg = figure.total.emitted[GAS]
    assert mass_mg > 2**53
    assert mass_mg == 107_884_396_000_000_000


def test_the_cumulative_column_is_reproduced_for_every_row(all_years: Known, rows: list[Row]):
    found: dict[str, int] = defaultdict(int)
    for term in area_terms(all_years, PACK, "companies"):
        found[term.party] += term.counted.mass_mg
    for row in rows:
        assert found[name(row)] == int(row["Cumulative emissions"]) * MG_PER_T, name(row)
    assert sum(found.values()) == CUMULATIVE * MG_PER_T


def test_blank_and_excluded_are_not_zero(all_years: Known, rows: list[Row]):
    told = {(use.line.party, use.month[:4]) for use in all_years.activity}
    for row in rows:
        for year in YEARS:
            cell = row[f"Recorded emissions {year}"]
            assert ((name(row), year) in told) == cell.isdigit(), (name(row), year, cell)
    nothing = [row for row in rows if not any((name(row), year) in told for year in YEARS)]
    assert len(nothing) == 62


def test_flights_cross_the_boundary_and_stacks_stand_inside(all_years: Known, rows: list[Row]):
    stacks = MG_PER_T * sum(int(r["Cumulative emissions"]) for r in rows if not is_aircraft(r))
    flights = MG_PER_T * CUMULATIVE - stacks
    assert area_figure(all_years, PACK, "territorial").total.emitted == {GAS: stacks}
    assert area_figure(all_years, PACK, "gpc-basic").total.emitted == {GAS: stacks}
    plus = area_figure(all_years, PACK, "gpc-basic-plus")
    assert plus.total.emitted == {GAS: stacks + flights}
    assert plus.lines["II.4.3"].emitted == {GAS: flights}
    assert len(plus.by_default) == len([r for r in rows if not is_aircraft(r)]) - silent(rows)


def silent(rows: list[Row]) -> int:
    """Installations without any figure."""
    return sum(
        not any(row[f"Recorded emissions {year}"].isdigit() for year in YEARS)
        for row in rows
        if not is_aircraft(row)
    )


@pytest.mark.parametrize(
    "view", ["companies", "gpc-basic", "gpc-basic-plus", "park", "territorial"]
)
def test_the_bridge_closes_over_all_of_them(all_years: Known, view: str):
    found = bridge(all_years, PACK, view)
    assert sum(line.mass.emitted.get(GAS, 0) for line in found.lines) == (
        found.area.total.emitted.get(GAS, 0)
    )


def test_an_equivalent_of_ar5_is_never_added_in_a_view_of_ar6(all_years: Known):
    figure = area_figure(all_years, PACK, "companies")
    ar5, ar6 = (co2e(PACK, gwp, figure.total.emitted) for gwp in ("AR5", "AR6"))
    assert (ar5.mg, ar5.apart) == (CUMULATIVE * MG_PER_T, {})
    assert (ar6.mg, ar6.apart) == (0, {GAS: CUMULATIVE * MG_PER_T})


def test_the_park_that_shows_carbon_dioxide_alone_names_equivalents_beside_it(all_years: Known):
    figure = area_figure(all_years, PACK, "park")
    assert figure.total.emitted == {}
    assert figure.not_shown == {GAS: CUMULATIVE * MG_PER_T}

"""Reports of the worked park of accounting rules, section 5: every figure, and what it is the sum of."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import msgspec
import pytest

from ledger.carbon.reports.catalogue import FORMS, build, form_of, wanted
from ledger.carbon.reports.draft import EQUIVALENT, SUM, Built
from ledger.carbon.reports.explain import AddedEntry, TermKey, explain, keys_of, origin_of
from ledger.carbon.reports.figure_id import parse_figure
from ledger.carbon.reports.table import MASS, Report
from ledger.carbon.reports.write_csv import write_csv
from ledger.carbon.reports.write_json import write_json
from ledger.errors import BadName, BadValue, Damaged, NotFound
from tests.unit.carbon.area.park import emitted, worked_park
from tests.unit.world import World

YEAR = ("2026-01", "2027-01")
MONTHS = ("2026-01", "2026-12")
T = 10**9


@cache
def park() -> World:
    world = worked_park()
    world.target("operator", "neutral")
    return world


def made(world: World, name: str, party: str | None = None, gwp: str = "AR5") -> Built:
    known = world.known(*YEAR, party=party)
    form = form_of(name)
    since = [world.known(*m, party=party, size=s) for m, s in form.earlier(known, party)]
    return build(form, known, wanted(name, party, MONTHS, known.size, gwp), since)


@cache
def of_park(name: str, party: str | None = None, gwp: str = "AR5") -> Built:
    return made(park(), name, party, gwp)


def value(report: Report, table: str, *labels: str, column: str = "CO2e") -> str | None:
    """A figure's value by its row's labels, however many of them are named."""
    found = report.table(table)
    at = [one.name for one in found.columns].index(column)
    [row] = [row for row in found.rows if row.labels[: len(labels)] == labels]
    figure = row.figures[at]
    return None if figure is None else figure.value


CASES = [
    (name, party)
    for name, form in FORMS.items()
    for party in (("a", "b", "c") if form.of_party and name != "progress" else (None,))
]


@pytest.mark.parametrize(("name", "party"), CASES)
def test_every_figure_has_an_identifier_of_its_own(name: str, party: str | None):
    built = of_park(name, party)
    names = [figure.id for figure in built.report.figures()]
    assert names
    assert len(set(names)) == len(names)
    assert set(built.origins) >= set(names)
    for one in names:
        figure = parse_figure(one)
        assert (figure.report, figure.party, figure.size) == (name, party, park().size)


@pytest.mark.parametrize(("name", "party"), CASES)
def test_every_figure_is_explained_by_entries_of_the_log_that_add_up_to_it(
    name: str, party: str | None
):
    built = of_park(name, party)
    for figure in built.report.figures():
        _, origin = origin_of(built, figure.id)
        found = explain(built, figure.id, entries_of(park(), keys_of(origin)))
        assert found.figure == figure
        for term in found.terms:
            if term.entries is not None:
                added = sum(Fraction(one.amount) for one in term.entries)
                assert added == Fraction(term.recorded)
        if figure.unit == MASS and origin.rule == SUM:
            assert sum(int(term.counted) for term in found.terms) == int(figure.value)
        if origin.rule == EQUIVALENT:
            assert set(found.gases_mg) >= set(found.potentials)
        of_rules = found.rule.startswith("of the rule pack's path")
        nothing = figure.value in {"0", "0.000000"}
        assert found.terms or found.figures or found.events or of_rules or nothing


def entries_of(world: World, keys: list[TermKey]) -> dict[TermKey, tuple[AddedEntry, ...]]:
    """What each entry added, from the log as it was folded."""
    found: dict[TermKey, list[AddedEntry]] = {key: [] for key in keys}
    for logged in world.log:
        amounts: dict[TermKey, Fraction] = {
            key: Fraction(row[0]) for key, row in logged.rows.masses.items()
        }
        amounts |= {
            (*key, "", ""): Fraction(row[0], 10**12) for key, row in logged.rows.activity.items()
        }
        for key, amount in amounts.items():
            if key in found and amount:
                found[key].append(
                    AddedEntry(
                        index=logged.index,
                        stream=logged.entry.stream,
                        first=logged.entry.first,
                        last=logged.entry.first + logged.entry.count - 1,
                        amount=str(amount),
                    )
                )
    return {key: tuple(added) for key, added in found.items()}


@pytest.mark.parametrize(("name", "party"), CASES)
def test_source_lines_add_up_to_the_totals(name: str, party: str | None):
    """Whoever adds up the rows of the export finds the report's own figures."""
    report = of_park(name, party).report
    if name in {"progress", "residents"}:
        return
    sums: dict[tuple[str, ...], int] = {}
    for row in report.table("source-lines").rows:
        *under, _, _, gas = row.labels
        [figure] = row.figures
        assert figure is not None
        sums[(*under, gas)] = sums.get((*under, gas), 0) + int(figure.value)
    for view in ("companies", "territorial", "gpc-basic", "gpc-basic-plus", "park"):
        if name == "area-views":
            shown = value(report, "views", view, column="CO2")
            assert str(sums[view, "emitted", "CO2"]) == shown
    if name == "ghg-protocol":
        for label, scope in (
            ("1", "Scope 1"),
            ("2 location-based", "Scope 2, location-based"),
            ("2 market-based", "Scope 2, market-based"),
        ):
            shown = value(report, "scopes", scope, column="CO2")
            assert str(sums.get((label, "emitted", "CO2"), 0)) == (shown or "0")


def test_the_five_views_stand_side_by_side_in_both_sets():
    """The table of the worked park, in tonnes."""
    expected = {
        "companies": ("34192.660", "34199.300"),
        "territorial": ("22367.806", "22368.446"),
        "gpc-basic": ("72412.736", "72349.736"),
        "gpc-basic-plus": ("75348.216", "75291.856"),
    }
    for at, gwp in enumerate(("AR5", "AR6")):
        report = of_park("area-views", None, gwp).report
        for view, tonnes in expected.items():
            assert value(report, "views", view) == str(Fraction(tonnes[at]) * T)
        assert value(report, "views", "park") is None
        assert value(report, "views", "park", column="CO2") == "17768920000000"


def test_each_bridge_adds_up_to_its_view():
    report = of_park("area-views").report
    columns = [one.name for one in report.table("bridge").columns]
    for view in ("companies", "territorial", "gpc-basic", "gpc-basic-plus", "park"):
        for gas in columns[:-1]:
            steps = [
                int(figure.value)
                for row in report.table("bridge").rows
                if row.labels[0] == view
                for figure in [row.figures[columns.index(gas)]]
                if figure is not None
            ]
            assert sum(steps) == int(value(report, "views", view, column=gas) or 0)


def test_removals_stand_apart():
    report = of_park("area-views").report
    for view in ("territorial", "gpc-basic-plus"):
        assert value(report, "beside", view, "removals", column="CO2") == str(200 * T)


def test_steam_that_is_priced_differently_is_a_memo():
    report = of_park("area-views").report
    columns = zip(*(row.figures for row in report.table("priced-differently").rows), strict=True)
    sums = [sum(int(figure.value) for figure in column if figure) for column in columns]
    assert sums == [9900 * T, 5400 * T, 4500 * T]


def test_the_gpc_table_has_both_levels():
    report = of_park("gpc").report
    assert value(report, "levels", "BASIC") == "72412736000000"
    assert value(report, "levels", "BASIC+") == "75348216000000"
    rows = {row.labels[0]: row for row in report.table("lines").rows}
    assert rows["II.1.3"].labels[1] == "BASIC+"
    assert rows["I.3.1"].labels[1] == "BASIC"


def test_the_park_indicator_has_its_inputs_and_no_verdict():
    report = of_park("park-indicators").report
    assert value(report, "core", "Energy", column="value") == "7428.797108463"
    assert value(report, "core", "CO2 per unit of energy", column="value") == "2.391897"
    assert "No verdict" in " ".join(report.notes)
    masses = [figure for row in report.table("carbon-inputs").rows for figure in row.figures]
    assert sum(int(figure.value) for figure in masses if figure) == 17_768_920_000_000


def test_scope_2_stands_twice_and_categories_meet_the_scopes():
    ghg, iso = of_park("ghg-protocol", "b").report, of_park("iso-14064-1", "b").report
    assert value(ghg, "scopes", "Scope 2, location-based") == "21728810000000"
    assert value(ghg, "scopes", "Scope 2, market-based") == "22274880000000"
    assert value(iso, "categories", "2", "imported energy", "location-based") == "21728810000000"
    assert value(iso, "totals", "all categories, imported energy location-based") == value(
        ghg, "totals", "Scope 1, 2 and 3, location-based"
    )


def test_energy_is_shown_by_source_in_mwh():
    """250 000 m3 a half-year at 38.931 MJ are 5 407.083 MWh a year; B has 45.3 GWh to buy."""
    report = of_park("esrs", "b").report
    rows = {row.labels[1]: row.figures[0] for row in report.table("e1-5").rows}

    def shown(name: str) -> str:
        figure = rows[name]
        assert figure is not None
        return figure.value

    assert shown("Fuel from natural gas") == "5407.083333"
    total = sum(
        Fraction(figure.value)
        for row in report.table("e1-5").rows
        for figure in row.figures
        if figure is not None and row.labels[1] not in {"in all", "total energy"}
    )
    assert Fraction(shown("total energy")) == total


def test_what_a_company_states_of_its_energy_makes_the_total():
    world = worked_park()
    world.fact("b", "energy-nuclear", "2026", "1000", "MWh")
    world.fact("b", "energy-natural-gas", "2026", "6", "GWh")
    before, after = of_park("esrs", "b").report, made(world, "esrs", "b").report
    changed = Fraction(1000) + 6000 - Fraction("5407.083333")
    one, other = (
        Fraction(value(report, "e1-5", "all", "total energy", column="energy") or 0)
        for report in (before, after)
    )
    assert other - one == changed
    assert value(after, "e1-5", "nuclear", "From nuclear sources", column="stated") == "1000"


def test_a_party_that_no_report_is_made_of_is_refused():
    with pytest.raises(BadValue, match="of the area"):
        wanted("gpc", "a", MONTHS, 7)
    with pytest.raises(BadValue, match="of a party"):
        wanted("ghg-protocol", None, MONTHS, 7)
    with pytest.raises(NotFound, match="carbon-diary"):
        wanted("carbon-diary", None, MONTHS, 7)


def test_a_gwp_set_that_the_rules_do_not_have_is_refused():
    with pytest.raises(BadValue, match="AR9"):
        made(park(), "gpc", None, "AR9")


def test_a_figure_that_the_report_does_not_have_is_not_found():
    built = of_park("gpc")
    figure = next(iter(built.report.figures())).id
    with pytest.raises(NotFound):
        explain(built, figure + "-x", {})
    with pytest.raises(BadName):
        explain(built, "gpc", {})


def test_entries_that_do_not_add_up_are_no_explanation():
    built = of_park("gpc")
    figure = next(figure for figure in built.report.figures() if built.origins[figure.id].terms)
    entries = entries_of(park(), keys_of(built.origins[figure.id]))
    key = next(key for key, added in entries.items() if added)
    entries[key] = entries[key][1:]
    with pytest.raises(Damaged, match="do not add up"):
        explain(built, figure.id, entries)


def test_the_same_known_gives_the_same_bytes():
    one, other = made(worked_park(), "area-views"), made(worked_park(), "area-views")
    assert write_csv(one.report) == write_csv(other.report)
    assert msgspec.json.decode(write_json(one.report), type=Report) == one.report


@pytest.mark.parametrize(("name", "party"), [("ghg-protocol", "acme"), ("gpc", None)])
def test_a_balance_group_below_zero_is_named_before_any_figure(name: str, party: str | None):
    world = World()
    world.party("acme")
    stock = {"activity": "fugitive.refrigerant", "balance_group": "chillers", "gpc": "IV.2"}
    emitted(world, "acme/plant/in", CO2=0, **stock, **{"HFC-32": 3})
    emitted(world, "acme/plant/out", CO2=0, flow="out", **stock, **{"HFC-32": 5})
    assert made(world, name, party).report.gaps == (
        "balance group chillers of acme is below zero, role direct: it counts in no figure",
    )


@pytest.mark.parametrize("months", [("1999-12", "2000-01"), ("2049-12", "2050-01")])
def test_a_month_that_the_rules_do_not_have_is_refused_and_not_empty(months: tuple[str, str]):
    known = World().known(*YEAR)
    with pytest.raises(BadValue, match="a month from 2000-01 to 2049-12"):
        build(form_of("gpc"), known, wanted("gpc", None, months, known.size))


def test_an_uncertainty_that_nobody_stated_is_not_shown_as_none_at_all():
    world = World()
    world.party("acme")
    emitted(world, "acme/plant/boiler", CO2=3, activity="measured.stack")
    rows = made(world, "ghg-protocol", "acme").report.table("uncertainty").rows
    assert [row.labels[1:] for row in rows] == [("not stated", "100.00 %", "0.00 %")] * 2

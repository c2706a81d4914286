"""The mapping table of the views: total, exact, and the rows of accounting rules, section 5."""

from __future__ import annotations

import json

import msgspec
import pytest

from ledger.carbon import rulepack
from ledger.carbon.area.assign import FILE, NO_LINE, ViewTable, matches, places_of, view_table
from ledger.carbon.rows import LineRow
from ledger.carbon.rulepack import RulePack
from ledger.errors import BadValue, InvalidInput
from tests.oracles import make_pack, make_views_page

PACK = rulepack.load("2")
TABLE = view_table(PACK)
LETTERS = {"C", "B", "+", "T", "K"}
COMPANY, RESIDENTS, TOWN = ("company",), ("aggregate",), ("public-body",)
VIEWS = {rule.letter: rule for rule in TABLE.file.views}


def line(activity: str, gpc: str | None, **more: object) -> LineRow:
    """A source of a company inside, of the scope that the activity comes first with."""
    known = PACK.activity(activity)
    members: dict[str, object] = {
        "stream": "acme/plant/source",
        "line": 0,
        "party": "acme",
        "activity": activity,
        "unit": "kWh",
        "scope": known.placements[0].scope,
        "category": None,
        "key_area": known.key_areas[0],
        "site": "plant",
        "region": "CN-JS",
        "inside": True,
        "flow": "in",
        "balance_group": None,
        "part_of": None,
        "kind": "discrete",
        "gpc": gpc,
    }
    return LineRow(**{**members, **more})  # type: ignore[arg-type]


def letters(row: LineRow, roles: tuple[str, ...]) -> str:
    """The views that count a source, in the order C B T + K; + is shown only without B."""
    found = {letter for letter, rule in VIEWS.items() if TABLE.counts(rule, row, roles)}
    assert "B" not in found or "+" in found  # basic-plus contains the lines of basic
    return " ".join(x for x in "CBT+K" if x in found and (x != "+" or "B" not in found))


# (activity, GPC line, whose, views), row by row as the table of section 5 has them
RULES = [
    ("fuel.natural-gas", "I.2.1", COMPANY, "C B T K"),
    ("electricity.purchased", "I.2.2", COMPANY, "C B K"),
    ("removal.trees", "V.2", COMPANY, "T +"),
    ("land.use-change", "V.2", COMPANY, "T +"),
    ("fuel.diesel", "I.2.1", COMPANY, "C B T K"),
    ("fugitive.fire-suppression", "IV.2", COMPANY, "C T +"),
    ("fuel.natural-gas", "I.4.4", COMPANY, "C T K"),
    ("fuel.natural-gas", "I.4.1", COMPANY, "C B T K"),
    ("fugitive.natural-gas", "I.8.1", COMPANY, "C B T"),
    ("electricity.losses", "I.3.3", COMPANY, "+"),
    ("waste.incineration", "I.4.4", COMPANY, "C T K"),
    ("waste.composting", "III.2.1", COMPANY, "C B T"),
    ("waste.composting", "III.2.3", COMPANY, "C T"),
    ("wastewater.municipal", "III.4.1", COMPANY, "C B T"),
    ("wastewater.municipal", "III.4.3", COMPANY, "C T"),
    ("fuel.coal.bituminous", "I.3.1", COMPANY, "C B T K"),
    ("machinery.diesel", "I.3.1", COMPANY, "C B T K"),
    ("electricity.purchased", "I.3.2", COMPANY, "C B K"),
    ("steam.purchased", "I.3.2", COMPANY, "C B K"),
    ("process.cement-clinker", "IV.1", COMPANY, "C T + K"),
    ("fugitive.refrigerant", "IV.2", COMPANY, "C T +"),
    ("fugitive.sf6", "IV.2", COMPANY, "C T +"),
    ("embodied.construction", "VI", COMPANY, ""),
    ("mobile.diesel", "II.1.1", COMPANY, "C B T K"),
    ("traffic.road", "II.1.1", RESIDENTS, "B T"),
    ("electricity.charging", "II.1.2", COMPANY, "C B K"),
    ("mobile.diesel", "II.1.3", COMPANY, "C + K"),
    ("traffic.road", "II.1.3", RESIDENTS, "+"),
    ("machinery.diesel", "II.5.1", COMPANY, "C B T K"),
    ("electricity.purchased", "II.5.2", COMPANY, "C B K"),
    ("household.gas", "I.1.1", RESIDENTS, "B T"),
    ("household.electricity", "I.1.2", RESIDENTS, "B"),
    ("household.waste-landfill", "III.1.2", RESIDENTS, "B"),
    ("household.goods", "VI", RESIDENTS, ""),
    ("household.food", "VI", RESIDENTS, ""),
]


@pytest.mark.parametrize(("activity", "gpc", "roles", "views"), RULES)
def test_a_row_of_the_rules(activity: str, gpc: str, roles: tuple[str, ...], views: str):
    order = " ".join(x for x in "CBT+K" if x in views.split())
    assert letters(line(activity, gpc), roles) == order


def test_waste_that_a_company_hands_over_counts_where_its_line_is():
    row = line("waste.landfill", "III.1.2", scope=3, category=5)
    assert letters(row, COMPANY) == "B"


def test_every_activity_has_exactly_one_assignment_under_every_line_it_allows():
    for activity in PACK.activities.values():
        for gpc in places_of(activity):
            rows = [
                row
                for row in TABLE.file.assignments
                if matches(row.activities, activity.activity) and gpc in row.lines
            ]
            assert len(rows) == 1, (activity.activity, gpc, [row.title for row in rows])
            assert TABLE.row(activity.activity, gpc) is rows[0]


def test_every_activity_has_exactly_one_default_in_every_key_area():
    for activity in PACK.activities.values():
        for key_area in activity.key_areas:
            found = [
                one
                for one in TABLE.file.defaults
                if matches(one.activities, activity.activity) and key_area in one.key_areas
            ]
            assert len(found) == 1, (activity.activity, key_area)
            for gpc in (found[0].line, found[0].scope_3_line):
                assert gpc == NO_LINE or gpc in activity.gpc, (activity.activity, key_area, gpc)


def test_every_source_that_the_catalogue_allows_is_placed():
    placed = 0
    for activity in PACK.activities.values():
        for placement in activity.placements:
            for key_area in activity.key_areas:
                for gpc in (None, *activity.gpc):
                    row = line(activity.activity, gpc, scope=placement.scope, key_area=key_area)
                    assert letters(row, COMPANY) is not None
                    placed += 1
    assert placed > 5_000


def test_no_row_is_idle_and_each_names_known_views_and_its_source():
    for row in TABLE.file.assignments:
        assert {*row.views, *row.scope_3} <= LETTERS
        assert row.source.title
        assert row.source.mark in "psk"
        for name in row.activities:
            assert any(matches((name,), activity) for activity in PACK.activities), name
        for gpc in row.lines:
            assert any(
                matches(row.activities, a.activity) and gpc in {*a.gpc, NO_LINE}
                for a in PACK.activities.values()
            ), (row.title, gpc)


def test_the_views_are_five_and_each_letter_stands_once():
    assert sorted(TABLE.views) == [
        "companies",
        "gpc-basic",
        "gpc-basic-plus",
        "park",
        "territorial",
    ]
    assert {rule.letter for rule in TABLE.file.views} == LETTERS


def test_the_file_is_laid_out_in_the_one_way():
    text = PACK.files[FILE].decode()
    assert make_pack.layout(json.loads(text)) == text


def test_every_line_has_a_title_of_its_own_and_no_title_is_without_a_line():
    file = TABLE.file
    used = {name for row in file.assignments for name in row.lines}
    used |= {name for row in file.defaults for name in (row.line, row.scope_3_line)}
    used |= {name for activity in PACK.activities.values() for name in activity.gpc}
    titles = {one.line: one.title for one in file.lines}
    assert set(titles) == used - {NO_LINE}
    assert len(set(titles.values())) == len(file.lines)
    assert titles["I.1.2"].startswith("Residential buildings: grid-supplied energy")
    assert (file.lines_source.mark, "GPC" in file.lines_source.title) == ("s", True)


def test_the_page_of_views_is_what_the_tool_writes():
    assert make_views_page.page() == make_views_page.PAGE.read_text()


@pytest.mark.parametrize("letter", sorted(LETTERS - {"C"}))
def test_a_site_outside_counts_in_no_view_of_the_area(letter: str):
    row = line("fuel.natural-gas", "I.3.1", inside=False)
    assert not TABLE.counts(VIEWS[letter], row, COMPANY)
    assert TABLE.counts(VIEWS["C"], row, COMPANY)


@pytest.mark.parametrize("roles", [RESIDENTS, TOWN, ("operator",)])
def test_residents_and_public_bodies_never_count_in_companies_and_park(roles: tuple[str, ...]):
    for activity in PACK.activities.values():
        for gpc in activity.gpc:
            row = line(activity.activity, gpc)
            assert not TABLE.counts(VIEWS["C"], row, roles)
            assert not TABLE.counts(VIEWS["K"], row, roles)


def test_territorial_has_no_scope_2_at_all():
    for activity in PACK.activities.values():
        for gpc in (None, *activity.gpc):
            row = line(activity.activity, gpc, scope=2)
            assert not TABLE.counts(VIEWS["T"], row, COMPANY)


def test_scope_3_is_never_part_of_companies_and_park_and_nothing_counts_without_a_scope():
    for activity in PACK.activities.values():
        for gpc in (None, *activity.gpc):
            beyond = line(activity.activity, gpc, scope=3)
            assert not {"C", "K"} & set(letters(beyond, COMPANY).split())
            assert letters(line(activity.activity, gpc, scope=None), COMPANY) == ""


def test_waste_burnt_by_another_inside_is_not_counted_at_both():
    for gpc in ("I.4.4", "III.3.1", "III.3.3"):
        assert letters(line("waste.incineration", gpc, scope=3, category=5), COMPANY) == ""


@pytest.mark.parametrize(
    ("activity", "key_area", "scope", "gpc"),
    [
        ("fuel.natural-gas", "industry", 1, "I.3.1"),
        ("fuel.natural-gas", "energy", 1, "I.4.1"),
        ("fuel.natural-gas", "lifestyle", 1, "I.2.1"),
        ("electricity.purchased", "digital-governance", 2, "I.2.2"),
        ("electricity.purchased", "construction", 2, "I.3.2"),
        ("machinery.diesel", "mobility", 1, "II.5.1"),
        ("household.waste-landfill", "lifestyle", 3, "III.1.2"),
        ("waste.landfill", "industry", 3, NO_LINE),
        ("electricity.purchased", "industry", 3, NO_LINE),
        ("freight.road", "mobility", 3, "VI"),
        ("removal.technical", "industry", 1, NO_LINE),
    ],
)
def test_a_source_without_a_line_stands_under_a_stated_default(
    activity: str, key_area: str, scope: int, gpc: str
):
    placed = TABLE.place(line(activity, None, key_area=key_area, scope=scope))
    assert (placed.gpc, placed.by_default) == (gpc, True)


def test_a_line_that_is_named_is_no_default():
    assert not TABLE.place(line("fuel.natural-gas", "I.3.1")).by_default


def test_an_unknown_view_is_refused_with_the_known_ones():
    with pytest.raises(BadValue, match=r"expected companies, gpc-basic, .* found consumption"):
        TABLE.view("consumption")


def test_a_line_that_the_table_does_not_know_is_refused():
    with pytest.raises(InvalidInput, match=r"a row for fuel.natural-gas under GPC line I.9.1"):
        TABLE.place(line("fuel.natural-gas", "I.9.1"))


def test_rules_without_a_table_are_refused():
    with pytest.raises(InvalidInput, match=r"rule pack 1 has no views.json"):
        view_table(rulepack.load("1"))


def test_a_table_with_two_rows_for_one_place_is_refused():
    table = json.loads(PACK.files[FILE])
    table["assignments"].append(table["assignments"][0])
    doubled = RulePack("2", {**PACK.files, FILE: msgspec.json.encode(table)})
    with pytest.raises(InvalidInput, match=r"one row for fuel\..* under I\..*found two"):
        ViewTable(doubled)

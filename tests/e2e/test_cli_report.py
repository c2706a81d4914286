"""Reports as people ask for them: text, JSON, CSV and a workbook, and where a figure comes from.

The company's day is 96 quarter-hours of 1.25 kWh, 728 375 mg each; its day weighs 69 924 000 mg.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import duckdb
import openpyxl
import pytest

from ledger.carbon.reports.catalogue import FORMS
from ledger.store.embedded import EmbeddedServer
from tests.e2e.cli_program import (
    DAY_MG,
    Program,
    add_company,
    import_day,
    open_ledger,
)
from tests.faults.embedded_land import temporary_home

OF_COMPANY = [name for name, form in FORMS.items() if form.of_party and name != "progress"]
OTHERS = {"progress", "residents"}
OF_AREA = [name for name, form in FORMS.items() if form.of_area and name not in OTHERS]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """Two companies with two days each of their meters."""
    with temporary_home() as home, EmbeddedServer(home):
        program = Program(home, tmp_path_factory.mktemp("desk"))
        open_ledger(program)
        for party in ("acme", "beta"):
            stream = add_company(program, party)
            for day in (1, 2):
                import_day(program, stream, day=day)
        yield program


def report(program: Program, name: str, *more: str) -> Any:
    return program("report", name, "--period", "2018-01", *more)


def table(found: Any, name: str) -> Any:
    return next(one for one in found["tables"] if one["name"] == name)


def figure(found: Any, name: str, *labels: str) -> Any:
    """The last figure of a row, which is CO2e where there is one."""
    row = next(row for row in table(found, name)["rows"] if tuple(row["labels"]) == labels)
    return row["figures"][-1]


@pytest.mark.parametrize("name", OF_COMPANY)
def test_a_company_report_holds_its_figures_and_no_other_company(program: Program, name: str):
    found = report(program, name, "--company", "acme")
    text = json.dumps(found)
    assert str(2 * DAY_MG) in text
    assert "beta" not in text
    ended = program.run("report", name, "--company", "acme", "--period", "2018-01")
    assert ended.status == 0
    assert "0.140" in ended.out
    assert "beta" not in ended.out


@pytest.mark.parametrize("name", OF_AREA)
def test_an_area_report_is_made(program: Program, name: str):
    found = report(program, name, "--area")
    assert found["who"] == "Example park"
    assert str(4 * DAY_MG) in json.dumps(found)
    assert program.run("report", name, "--area", "--period", "2018-01").status == 0


def test_residents_per_head_and_the_ratio_of_the_area(program: Program):
    """Nobody lives in the park when it begins, then 12 000 people without a meter."""
    before = report(program, "residents", "--area")
    assert table(before, "period")["rows"] == []
    ratio = table(report(program, "gpc", "--area"), "ratios")["rows"][0]
    assert ratio["labels"][3].endswith(
        "carbon-ledger fact area population NUMBER person --period 2018-01"
    )
    program("party", "add", "north", "--role", "aggregate", "--name", "North quarter")
    program("site", "add", "north/homes", "--region", "CN-JS")
    people = ("fact", "area", "population", "12000", "person", "--period", "2018")
    stated = program(*people, "--sub-area", "north/homes")
    program(*people)
    found = report(program, "residents", "--area")
    assert found["gaps"] == ["north/homes has nothing recorded in 1 of 1 months: 2018-01"]
    [_, _, homes] = table(found, "period")["rows"]
    assert homes["labels"] == ["north/homes", "north", ""]
    assert [one["value"] for one in homes["figures"][:3]] == ["12000", "0", "0"]
    assert program("report", "explain", homes["figures"][0]["id"])["events"] == [stated["event"]]
    ratio = table(report(program, "gpc", "--area"), "ratios")["rows"][0]
    assert [one["unit"] for one in ratio["figures"]] == ["person", "kg/person"]
    shown = program.run("report", "residents", "--area", "--period", "2018-01")
    assert "The path allows a head" in shown.out


def test_a_report_says_its_gaps_on_its_face(program: Program):
    """Two of thirty-one days are told of; the figures are given all the same."""
    ended = program.run("report", "ghg-protocol", "--company", "acme", "--period", "2018-01")
    assert "NOT COMPLETE:\n" in ended.out
    gap = "acme/plant/electricity has gaps in 1 of 1 months: 2018-01 (29 d)"
    assert gap in ended.out
    found = report(program, "ghg-protocol", "--company", "acme")
    assert found["complete"] is False
    assert found["gaps"] == [gap]
    said = program("report", "ghg-protocol", "--company", "acme", "--period", "2018", "-o", "y.csv")
    assert "12 of 12 months" in said["gaps"][0]


def test_every_figure_is_explained_by_events_that_add_up_to_it(program: Program):
    found = report(program, "ghg-protocol", "--company", "acme")
    wanted = figure(found, "totals", "Scope 1 and 2, location-based")
    explained = program("report", "explain", wanted["id"])
    assert explained["figure"] == wanted
    [term] = explained["terms"]
    entries = term["entries"]
    assert [one["amount"] for one in entries] == [str(DAY_MG)] * 2
    assert [(one["first"], one["last"]) for one in entries] == [(1, 96), (97, 192)]
    assert sum(int(one["amount"]) for one in entries) == int(wanted["value"])
    assert explained["prove"][0].startswith("carbon-ledger prove acme/plant/electricity@1 -o ")
    command = explained["prove"][0].partition("  #")[0].split()[1:]
    assert program(*command)["subject"] == {"event": "acme/plant/electricity@1"}


def test_an_explanation_is_for_reading_too(program: Program):
    found = report(program, "area-views", "--area")
    wanted = figure(found, "views", "companies", "The companies' own Scope 1 and Scope 2")
    ended = program.run("report", "explain", wanted["id"], "--stream", "beta/plant/electricity")
    assert ended.status == 0
    assert "beta/plant/electricity@1 to @96" in ended.out
    assert "carbon-ledger prove beta/plant/electricity@1 -o " in ended.out
    assert "# and so on to beta/plant/electricity@192\n" in ended.out


def test_a_figure_is_the_same_for_ever_while_the_log_grows(program: Program):
    before = report(program, "ghg-protocol", "--company", "acme")
    import_day(program, "acme/plant/electricity", day=3)
    after = report(program, "ghg-protocol", "--company", "acme")
    assert after["size"] > before["size"]
    assert after != before
    again = report(program, "ghg-protocol", "--company", "acme", "--as-of", str(before["size"]))
    assert again == before
    old = figure(before, "totals", "Scope 1 and 2, location-based")
    assert program("report", "explain", old["id"])["figure"] == old


def test_the_csv_of_source_lines_adds_up_in_another_database(program: Program):
    """DuckDB sums the export of the area to the same milligrams as the report."""
    found = report(program, "area-views", "--area")
    program("report", "area-views", "--area", "--period", "2018-01", "-o", "area.csv")
    lines = duckdb.read_csv(str(program.folder / "area.csv"), all_varchar=True, header=True)
    rows = (
        lines.filter("\"table\" = 'source-lines' AND label_2 = 'emitted' AND label_5 = 'CO2'")
        .aggregate("label_1, sum(value::hugeint)")
        .fetchall()
    )
    views = {
        row["labels"][0]: int(row["figures"][0]["value"])
        for row in table(found, "views")["rows"]
        if row["figures"][0] is not None
    }
    assert dict(rows) == views
    assert views["companies"] > 0


def test_a_file_is_written_as_its_name_says(program: Program):
    for suffix in ("json", "csv", "xlsx", "txt"):
        name = f"inventory.{suffix}"
        said = program(
            "report", "ghg-protocol", "--company", "acme", "--period", "2018-01", "-o", name
        )
        assert said["bytes"] == (program.folder / name).stat().st_size
    assert json.loads((program.folder / "inventory.json").read_text())["report"] == "ghg-protocol"
    lines = csv.DictReader(io.StringIO((program.folder / "inventory.csv").read_text()))
    assert {line["table"] for line in lines} >= {"about", "scopes", "source-lines"}
    book = openpyxl.load_workbook(program.folder / "inventory.xlsx")
    assert book.sheetnames[0] == "About"
    assert "GHG Protocol inventory of Acme" in (program.folder / "inventory.txt").read_text()


def test_a_file_that_is_called_as_no_format_is_refused(program: Program):
    asked = ("report", "ghg-protocol", "--company", "acme", "--period", "2018-01", "-o", "x.pdf")
    error = program.refused(*asked, status=2)
    assert (error["expected"], error["found"]) == (
        ".txt, .text, .json, .csv, .xlsx or none",
        ".pdf",
    )
    assert not (program.folder / "x.pdf").exists()
    program(*asked, "--format", "text")
    assert (program.folder / "x.pdf").is_file()


def test_another_gwp_set_changes_no_mass(program: Program):
    five = report(program, "ghg-protocol", "--company", "acme", "--gwp", "AR5")
    six = report(program, "ghg-protocol", "--company", "acme", "--gwp", "AR6")
    assert table(five, "source-lines")["rows"] != table(six, "source-lines")["rows"]  # the names
    masses = [
        [row["figures"][0]["value"] for row in table(one, "source-lines")["rows"]]
        for one in (five, six)
    ]
    assert masses[0] == masses[1]


def test_what_a_report_is_not_is_refused_with_what_it_is(program: Program):
    for arguments, code, says in (
        (("ghg-protocol", "--period", "2018"), "bad-value", "--company"),
        (("ghg-protocol", "--area", "--period", "2018"), "bad-value", "of a party"),
        (("gpc", "--company", "acme", "--period", "2018"), "bad-value", "of the area"),
        (("gpc", "--area", "--company", "acme", "--period", "2018"), "bad-value", "one of them"),
        (("esrs", "--company", "nobody", "--period", "2018"), "not-found", "nobody"),
        (("esrs", "--company", "acme", "--period", "2018", "--gwp", "AR4"), "", ""),
        (("esrs", "--company", "acme", "--period", "2018", "--gwp", "AR9"), "bad-value", "AR6"),
        (("progress", "--area", "--period", "2018"), "not-found", "TargetSet"),
    ):
        ended = program.run("report", *arguments, "--json")
        if not code:
            assert ended.status == 0
            continue
        assert ended.status in {1, 2}, ended.out
        error = ended.json["error"]
        assert error["code"] == code
        assert says in json.dumps(error)


def test_an_identifier_that_no_report_printed_is_refused(program: Program):
    found = report(program, "ghg-protocol", "--company", "acme")
    known = figure(found, "totals", "Scope 1 and 2, location-based")["id"]
    for wrong, status in (
        ("nonsense", 2),
        (known.replace("CO2e", "CO3"), 1),
        (known.replace(":inventory.", ":park."), 1),
        (known.replace(f":{found['size']}:", ":99999:"), 2),
        (known.replace("acme", "nobody"), 1),
        (known.replace("acme", "_area"), 2),
    ):
        program.refused("report", "explain", wrong, status=status)
    program.refused("report", "explain", known, "--stream", "beta/plant/electricity", status=1)

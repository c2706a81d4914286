"""The operator seals a month; a stranger lists it over HTTP and adds it up; a company reads its lines.

The company's day is 96 quarter-hours of 1.25 kWh, 728 375 mg each; its day weighs 69 924 000 mg.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import pytest

from tests.e2e.cli_program import DAY_MG, Program, add_company, import_day, open_ledger
from tests.e2e.test_cli_elsewhere import Service
from tests.faults.embedded_land import temporary_home

MONTH = ("--period", "2018-01")
SUMS = {"CO2": {"biogenic": "0", "emitted": str(DAY_MG), "removed": "0"}}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """Two companies with a day each, sealed in two views."""
    with temporary_home() as home:
        program = Program(home, tmp_path_factory.mktemp("desk"))
        open_ledger(program)
        for party in ("acme", "beta"):
            import_day(program, add_company(program, party))
        made = program("seal", "make", *MONTH, "--view", "companies", "--view", "park")
        assert [one["number"] for one in made["seals"]] == [1, 2]
        yield program


@pytest.fixture(scope="module")
def stranger(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """Somebody with the ledger's address and no key."""
    service = Service(program)
    folder = tmp_path_factory.mktemp("street")
    yield Program(folder / "home", folder, CARBON_LEDGER_URL=service.url)
    service.end()


def test_what_was_sealed_is_listed_with_its_view_period_and_total(program: Program) -> None:
    found = program("seal", "list")["seals"]
    assert [one["view"] for one in found] == ["companies", "park"]
    assert {(one["first_month"], one["last_month"]) for one in found} == {("2018-01", "2018-01")}
    assert found[0]["size"] == found[1]["size"] == found[0]["index"]
    assert found[0]["totals"]["CO2"]["emitted"] == str(2 * DAY_MG)
    shown = program.run("seal", "list").out.splitlines()
    assert shown[0].split("  ")[-1].strip() == "emitted, CO2e"
    assert shown[1].split()[-5:] == ["2", "1", "139.848", "kg", "AR6"]
    assert program("seal", "list", "--view", "park")["seals"] == found[1:]
    assert program("seal", "list", "--period", "2019")["seals"] == []


def test_the_audit_derives_seals_again(program: Program) -> None:
    assert program("audit")["ok"]


def test_a_stranger_reads_seals_and_adds_up_the_companies(stranger: Program) -> None:
    listed = stranger("seal", "show", "1", "--companies")["companies"]
    assert {one["party"]: one["sums"] for one in listed} == {"acme": SUMS, "beta": SUMS}
    shown = stranger.run("seal", "show", "1").out.splitlines()
    assert shown[-1].split() == ["CO2", "emitted", str(2 * DAY_MG), str(2 * DAY_MG), "0"]


def test_a_stranger_reads_where_every_stream_stood(stranger: Program) -> None:
    heads = {one["stream"]: one for one in stranger("seal", "show", "1", "--heads")["heads"]}
    assert heads["acme/plant/electricity"]["version"] == 96
    assert "operator/seals" not in heads


def test_lines_are_private(program: Program, stranger: Program) -> None:
    refused = stranger.refused("seal", "show", "1", "--lines", "acme", status=1)
    assert refused["code"] == "not-signed-in"
    unknown = program.refused("seal", "show", "1", "--lines", "nobody", status=1)
    assert "seal show 1 --companies" in unknown["advice"]
    lines = program("seal", "show", "1", "--lines", "acme")["lines"]
    assert [(one["method"], one["mass_mg"]) for one in lines] == [
        ("location", str(DAY_MG)),
        ("market", str(DAY_MG)),
    ]


def test_a_line_is_proven_as_it_is_shown_and_with_its_key_alone(program: Program) -> None:
    shown = program("seal", "show", "1", "--lines", "acme")["lines"][1]
    key = {name: one for name, one in shown.items() if name not in {"mass_mg", "salt"}}
    asked = ("prove", "--seal", "1", "--company", "acme", "-o", "line.json", "--line")
    for one in (json.dumps(shown), json.dumps(dict(reversed(key.items())), indent=1)):
        made = program(*asked, one)
        found = program("verify", "line.json", "--log-key", made["log_key"])
        assert found["claim"] == {**key, "mass_mg": shown["mass_mg"]}
    for wrong in ("{", "[]", '{"line":1.5}', '{"line":0}'):
        refused = program.refused(*asked, wrong, status=2)
        assert "carbon-ledger seal show 1 --lines acme --json" in refused["advice"]


def test_a_target_that_is_none_is_refused_with_those_there_are(
    program: Program, stranger: Program
) -> None:
    asked = ("prove", "--seal", "1", "-o", "target.json", "--target")
    refused = stranger.refused(*asked, "operator/seals@1", status=1)
    assert "there is none yet" in refused["expected"]
    assert stranger.run("target", "list").out == "No target is set.\n"
    aim = ("--view", "companies", "--gwp", "AR6", "--base-year", "2018", "--base", "1000",
           "--path", "2028=0", "--path", "2026=500.5", "--credits-percent", "10",
           "--neutral-year", "2028", "--reason", "promised")  # fmt: skip
    first = program("target", "set", "operator", "neutral", *aim)["event"]
    again = ("--supersedes", first)
    second = program("target", "set", "operator", "neutral", *aim, *again)["event"]
    own = program("target", "set", "acme", "own", *aim)["event"]
    listed = stranger("target", "list")["targets"]
    assert [(one["event"], one["stands"]) for one in listed] == [(first, False), (second, True)]
    assert listed[0]["path"] == [[2026, "500500000000"], [2028, "0"]]
    assert stranger("target", "list", "--view", "park")["targets"] == []
    shown = stranger.run("target", "list", "--year", "2027").out
    assert shown.splitlines()[2].split()[-2:] == ["500.500", "stands"]
    assert stranger.refused("target", "list", "acme", status=1)["code"] == "not-signed-in"
    assert [one["event"] for one in program("target", "list", "acme")["targets"]] == [own]
    for wrong in ("operator/seals@1", own):
        refused = stranger.refused(*asked, wrong, status=1)
        assert refused["expected"] == f"an event that sets a target: {first}, {second}"
        assert "target list" in refused["advice"]


def test_a_part_of_a_company_is_told_in_words_and_is_of_the_seals_months(program: Program) -> None:
    company = ("prove", "--seal", "1", "--company", "acme")
    made = program.run(*company, "--scope", "2", "-o", "part.json")
    assert "every line of the party's sealed inventory" in made.out
    assert "came after that beside its own" in made.out
    status = program("status")
    shown = program.run("verify", "part.json", "--log-key", status["log_key"]).out
    assert "1 of 2 lines of the seal: Scope 2 by location" in shown
    assert "another seal of the same months" in shown
    program.run(*company, "--scope", "1", "-o", "none.json")
    shown = program.run("verify", "none.json", "--log-key", status["log_key"]).out
    assert "0 of 2 lines of the seal: Scope 1" in shown
    assert "no line of this seal matches" in shown
    refused = program.refused(*company, "--months", "2031-01", "-o", "no.json", status=2)
    assert (refused["expected"], refused["found"]) == ("months within 2018-01", "2031-01")
    program.refused(*company, "--stream", "beta/plant/meter", "-o", "no.json", status=2)


def test_a_company_reads_its_own_lines_over_http_and_no_others(
    program: Program, stranger: Program
) -> None:
    url = stranger.environment["CARBON_LEDGER_URL"]
    company = Program(program.home, program.folder, CARBON_LEDGER_URL=url)
    asked = ("seal", "show", "1", "--as", "acme", "--lines")
    assert len(company(*asked, "acme")["lines"]) == 2
    assert company.refused(*asked, "beta", status=1)["code"] == "not-found"


def test_lists_are_written_as_csv(program: Program) -> None:
    ended = program.run("seal", "show", "1", "--companies", "--csv")
    rows = list(csv.DictReader(io.StringIO(ended.out)))
    assert [(one["party"], one["emitted mg"]) for one in rows] == [
        ("acme", str(DAY_MG)),
        ("beta", str(DAY_MG)),
    ]
    listed = list(csv.DictReader(io.StringIO(program.run("seal", "list", "--csv").out)))
    assert [one["view"] for one in listed] == ["companies", "park"]


def test_only_the_operator_seals(program: Program, stranger: Program) -> None:
    refused = stranger.refused("seal", "make", *MONTH, status=1)
    assert refused["code"] == "not-authorised"
    url = stranger.environment["CARBON_LEDGER_URL"]
    company = Program(program.home, program.folder, CARBON_LEDGER_URL=url)
    refused = company.refused("seal", "make", *MONTH, "--as", "acme", status=1)
    assert refused["code"] == "not-authorised"


def test_the_operator_seals_over_http_too(program: Program, stranger: Program) -> None:
    url = stranger.environment["CARBON_LEDGER_URL"]
    operator = Program(program.home, program.folder, CARBON_LEDGER_URL=url)
    [one] = operator("seal", "make", *MONTH, "--as", "operator", "--as-of", "3")["seals"]
    assert (one["size"], one["totals"]) == (3, {})


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("show", "99"), "not-found"),
        (("make", "--period", "2018-01", "--as-of", "99999"), "bad-value"),
        (("make", "--period", "2018-01", "--gwp", "AR9"), "bad-value"),
        (("make", "--period", "2018-01", "--view", "park", "--every-view"), "bad-value"),
        (("show", "1", "--heads", "--companies"), "bad-value"),
    ],
)
def test_what_cannot_be_is_refused(program: Program, arguments: tuple[str, ...], code: str) -> None:
    ended = program.run("seal", *arguments, "--json")
    assert ended.json["error"]["code"] == code

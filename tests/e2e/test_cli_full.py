"""Files that derive everything, by command: who gets them, and what a verifier says of them.

A company's day weighs 69 924 000 mg.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.cli_program import DAY_MG, Program, add_company, import_day, open_ledger
from tests.e2e.test_cli_elsewhere import Service
from tests.faults.embedded_land import temporary_home

SUMS = {"CO2": {"biogenic": "0", "emitted": str(DAY_MG), "removed": "0"}}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """Two companies with a day each, and a regulator; sealed."""
    with temporary_home() as home:
        program = Program(home, tmp_path_factory.mktemp("desk"))
        open_ledger(program)
        for party in ("acme", "beta"):
            import_day(program, add_company(program, party))
        program("party", "add", "bureau", "--role", "regulator", "--name", "Bureau")
        program("seal", "make", "--period", "2018-01", "--view", "companies")
        yield program


@pytest.fixture(scope="module")
def url(program: Program) -> Iterator[str]:
    service = Service(program)
    yield service.url
    service.end()


def elsewhere(program: Program, url: str, folder: Path, *parties: str) -> Program:
    """Somebody with the ledger's address and the keys of these parties."""
    folder.mkdir(exist_ok=True)
    for party in parties:
        shutil.copytree(program.home / "keys" / party, folder / "home" / "keys" / party)
    return Program(folder / "home", folder, CARBON_LEDGER_URL=url)


@pytest.fixture
def figure(program: Program) -> str:
    report = program("report", "ghg-protocol", "--company", "acme", "--period", "2018-01")
    rows = [row for table in report["tables"] for row in table["rows"]]
    figures = [one for row in rows for one in row["figures"]]
    return next(str(one["id"]) for one in figures if one and one["value"] == str(DAY_MG))


def test_a_company_takes_away_all_that_its_sums_follow_from(
    program: Program, url: str, tmp_path: Path
):
    company = elsewhere(program, url, tmp_path, "acme")
    made = company("prove", "--company", "acme", "--seal", "1", "--full", "-o", "all.json")
    assert made["kind"] == "company-inventory"
    found = company("verify", "all.json", "--log-key", made["log_key"])
    assert (found["strength"], found["claim"]) == ("re-derived", {"party": "acme", "sums": SUMS})
    told = company.run("prove", "--company", "acme", "--seal", "1", "--full", "-o", "all.json").out
    assert "verify.py and the page in a browser give no verdict" in told
    text = company.run("verify", "all.json", "--log-key", made["log_key"]).out
    assert "every stream of the party is in the file whole" in text
    assert "what other parties have said" in text
    assert b"beta" not in (tmp_path / "all.json").read_bytes()


def test_nobody_takes_away_the_events_of_another(program: Program, url: str, tmp_path: Path):
    company = elsewhere(program, url, tmp_path, "acme")
    refused = company.refused(
        "prove", "--company", "beta", "--seal", "1", "--full", "-o", "x.json", status=1
    )
    assert refused["code"] == "not-found"
    stranger = elsewhere(program, url, tmp_path / "street")
    refused = stranger.refused(
        "prove", "--company", "acme", "--seal", "1", "--full", "-o", "x.json", status=1
    )
    assert refused["code"] == "not-signed-in"


def test_a_regulator_takes_away_the_log_behind_a_figure_and_a_company_does_not(
    program: Program, url: str, tmp_path: Path, figure: str
):
    bureau = elsewhere(program, url, tmp_path, "bureau")
    made = bureau("prove", "--figure", figure, "-o", "figure.json")
    found = bureau("verify", "figure.json", "--log-key", made["log_key"])
    assert found["claim"] == {"figure": figure, "unit": "mg", "value": str(DAY_MG)}
    assert found["strength"] == "re-derived"
    company = elsewhere(program, url, tmp_path / "acme", "acme")
    refused = company.refused("prove", "--figure", figure, "-o", "x.json", status=1)
    assert refused["code"] == "not-found"
    stranger = elsewhere(program, url, tmp_path / "street")
    refused = stranger.refused("prove", "--figure", figure, "-o", "x.json", status=1)
    assert refused["code"] == "not-signed-in"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--full", "--seal", "1"),
        ("--full", "--company", "acme", "--seal", "1", "--scope", "2"),
        ("--figure", "no identifier"),
        ("--figure", "gpc:_area:gpc.AR6:2018-01..2018-01:3:x", "--seal", "1"),
        ("--figure", "gpc:_area:gpc.AR6:2018-01..2018-01:3:x", "--company", "acme"),
    ],
)
def test_what_makes_no_sense_together_is_refused(program: Program, arguments: tuple[str, ...]):
    program.refused("prove", *arguments, "-o", "x.json", status=2)

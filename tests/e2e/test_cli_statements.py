"""What a company and the operator state about organisations and the area, with the program.

Each kind of statement is posted to a real ledger, proven, and refused where it must be.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.store.embedded import EmbeddedServer
from tests.e2e.cli_program import Program, add_company, open_ledger
from tests.faults.embedded_land import temporary_home

STEAM = {
    "id": "steam",
    "version": "2018",
    "activity": "steam.purchased",
    "unit": "GJ",
    "kind": "supplier",
    "region": "CN-JS",
    "year": 2018,
    "valid": ["2018-01-01", "2019-01-01"],
    "gases_kg_per_unit": {"CO2": "60"},
    "source": {"title": "Own balance of the year", "sha256": None},
}
POWER, SUN, HEAT = "mill/plant/electricity", "mill/plant/sun", "works/plant/heat"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A ledger with two companies, of which one makes steam and sun and the other takes steam."""
    with temporary_home() as home, EmbeddedServer(home):
        program = Program(home, tmp_path_factory.mktemp("desk"))
        open_ledger(program)
        assert add_company(program, "mill") == POWER
        add_company(program, "works")
        (program.folder / "steam.json").write_text(json.dumps(STEAM))
        program("factor", "publish", "steam.json", "--as", "mill")
        own = ("--key-area", "energy", "--discrete")
        program("source", "add", SUN, "--activity", "electricity.generated-own-use",
                "--unit", "kWh", *own)  # fmt: skip
        program("source", "add", "mill/plant/steam", "--activity", "steam.exported",
                "--unit", "GJ", *own)  # fmt: skip
        program("source", "add", HEAT, "--activity", "steam.purchased", "--unit", "GJ",
                "--scope", "2", "--key-area", "industry", "--discrete")  # fmt: skip
        yield program


def proven(program: Program, posted: Any) -> Any:
    """What a proof of the event shows, checked from the file alone."""
    log_key = str(program("status")["log_key"])
    file = str(Path(program.folder) / "proof.json")
    program("prove", posted["event"], "-o", file)
    found = program("verify", file, "--log-key", log_key)
    assert found["ok"] is True
    return found["data"]


def refused(program: Program, *arguments: str, status: int = 1) -> str:
    """What the refusal says: what was wrong, expected, found and advised."""
    error = program.refused(*arguments, status=status)
    return " | ".join(str(part) for part in error.values())


def test_a_boundary_and_a_base_year(program: Program):
    set_ = program(
        "boundary", "set", "mill", "--from", "2018-01", "--approach", "equity",
        "--site", "plant=1/3", "--reason", "what we own",
    )  # fmt: skip
    assert proven(program, set_)["sites"] == [["plant", {"num": "1", "den": "3"}]]
    size = program("status")["size"]
    chosen = program("boundary", "base-year", "mill", "2018", "--reason", "first full year")
    data = proven(program, chosen)
    assert (data["year"], data["size"], data["threshold_percent"]) == (2018, size, "5")
    error = refused(
        program, "boundary", "set", "mill", "--from", "2018-01", "--approach", "equity",
        "--site", "plant=1.5", "--reason", "greed", status=2,
    )  # fmt: skip
    assert "0 to 1" in error


def test_a_site_that_another_company_takes_over(program: Program):
    program("site", "add", "mill/harbour", "--region", "CN-JS")
    stream = "mill/harbour/electricity"
    program("source", "add", stream, "--activity", "electricity.purchased", "--unit", "kWh",
            "--scope", "2", "--key-area", "industry", "--interval", "PT15M",
            "--factor", "location=grid-jiangsu@2023")  # fmt: skip
    bill = ("record", stream, "--quantity", "743", "--period", "2018-05-01")
    over = program(*bill, "2018-07-01")
    gone = ("boundary", "transfer-site", "mill/harbour", "--to", "works", "--from", "2018-06")
    early = refused(program, *gone, "--reason", "sold")
    assert f"{over['event']} ends later" in early
    program("correct", over["event"], "--withdraw", "--reason", "billed to the other")
    posted = program(*gone, "--reason", "sold")
    assert proven(program, posted)["to"] == "works"
    assert "before the site harbour was transferred" in refused(program, *bill, "2018-07-01")
    program(*bill, "2018-06-01")
    again = refused(program, *gone, "--reason", "sold twice")
    assert "transferred already" in again


def test_a_line_without_a_figure(program: Program):
    posted = program(
        "line", "declare", "mill", "III.1.2", "NE", "--period", "2018", "--reason", "no scales",
    )  # fmt: skip
    data = proven(program, posted)
    assert (data["line"], data["period"]) == ("iii.1.2", ["2018-01", "2019-01"])


def test_facts_of_a_company_and_their_restatement(program: Program):
    fact = ("fact", "company", "mill", "headcount")
    first = program(*fact, "1200", "person", "--period", "2018")
    assert proven(program, first)["value"] == "1200"
    error = refused(program, *fact, "1300", "person", "--period", "2018")
    assert first["event"] in error
    second = program(*fact, "1300", "person", "--period", "2018", "--supersedes", first["event"])
    assert proven(program, second)["supersedes"] == first["event"]
    known = [one["fact"] for one in program("fact", "list")["facts"]]
    assert {"headcount", "population", "revenue"} <= set(known)
    assert "Net revenue" in program.run("fact", "list").out


def test_residents_and_how_many_they_are(program: Program):
    program("party", "add", "north", "--role", "aggregate", "--name", "North quarter")
    program("site", "add", "north/homes", "--region", "CN-JS")
    source = ("source", "add", "north/homes/power", "--activity", "household.electricity",
              "--unit", "kWh", "--scope", "2", "--key-area", "lifestyle", "--interval", "PT1H",
              "--factor", "location=grid-jiangsu@2023")  # fmt: skip
    error = refused(program, *source)
    assert "fact area population --sub-area north/homes" in error
    people = ("fact", "area", "population")
    where = ("person", "--period", "2018", "--sub-area", "north/homes")
    few = refused(program, *people, "99", *where)
    assert "at least 100" in few
    stated = program(*people, "12000", *where)
    assert proven(program, stated)["sub_area"] == "north/homes"
    registered = program(*source)
    assert proven(program, registered)["site"] == "homes"


def test_a_meter_from_its_installation_to_its_removal(program: Program):
    stream = "works/plant/electricity"
    begun = program(
        "meter", "install", stream, "m1", "--at", "2018-03-01", "--register", "99950",
        "--digits", "5", "--multiplier", "40",
    )  # fmt: skip
    assert proven(program, begun)["at"] == "2018-03-01T00:00:00+08:00"
    program(
        "record", stream, "--period", "2018-03-01", "2018-04-01", "--register", "m1", "99950", "30",
        "--digits", "5", "--multiplier", "40", "--rollover", "1",
    )  # fmt: skip
    removal = ("meter", "remove", stream, "m1", "--at", "2018-04-01", "--reason", "worn out")
    wrong = refused(program, *removal, "--register", "31")
    assert f"30, where {stream}@1 ended" in wrong
    ended = program(*removal, "--register", "30")
    assert proven(program, ended)["register"] == "30"


def test_a_supply_that_backs_a_use(program: Program):
    begun = program(
        "supply", "match", POWER, SUN, "--interval", "month", "--from", "2018-01",
        "--reason", "panels",
    )  # fmt: skip
    assert proven(program, begun)["supply"] == SUN
    ended = program("supply", "end", POWER, "--from", "2018-07", "--reason", "sold")
    assert proven(program, ended)["supply"] is None


def test_a_transfer_is_recorded_acknowledged_and_withdrawn(program: Program):
    sent = program(
        "transfer", "record", "mill/plant/steam", "--to", "works", "--month", "2018-01",
        "--quantity", "90000.0", "--unit", "GJ", "--factor", "direct=steam",
    )  # fmt: skip
    assert proven(program, sent)["factors"] == {"direct": "mill/steam@2018"}
    answer = ("transfer", "acknowledge", sent["event"], "--month", "2018-01",
              "--stream", HEAT, "--unit", "GJ")  # fmt: skip
    told = program(*answer, "--quantity", "89000")
    assert proven(program, told)["transfer"] == sent["event"]
    twice = refused(program, *answer, "--quantity", "89500")
    assert told["event"] in twice
    other = refused(
        program, "transfer", "acknowledge", sent["event"], "--month", "2018-01", "--stream",
        "mill/plant/steam", "--unit", "GJ", "--quantity", "1",
    )  # fmt: skip
    assert "its receiver, works" in other
    gone = program(
        "transfer", "withdraw", sent["event"], "--month", "2018-01", "--reason", "billed twice"
    )
    assert proven(program, gone)["transfer"] == sent["event"]


def test_what_leaves_the_area_names_no_receiver(program: Program):
    out = ("transfer", "record", "mill/plant/steam", "--month", "2018-02", "--quantity", "10",
           "--unit", "GJ")  # fmt: skip
    assert proven(program, program(*out, "--out"))["to"] is None
    for both_or_none in ((), ("--out", "--to", "works")):
        error = refused(program, *out, *both_or_none, status=2)
        assert "either --to PARTY or --out" in error


def test_a_target_in_tonnes(program: Program):
    aim = ("target", "set", "operator", "neutral-2028", "--view", "park", "--base-year", "2023",
           "--base", "17768.92", "--path", "2028=0", "--path", "2026=9000.5",
           "--credits-percent", "10", "--neutral-year", "2028", "--reason", "promised")  # fmt: skip
    data = proven(program, program(*aim))
    assert data["base_mg"] == "17768920000000"
    assert data["path"] == [[2026, "9000500000000"], [2028, "0"]]
    early = refused(program, *(part.replace("2028=0", "2022=0") for part in aim), "--gas", "CO2")
    assert "after the base year" in early


def test_the_ledger_that_holds_them_all_is_whole(program: Program):
    assert program("audit")["ok"] is True
    assert program("rebuild")["ok"] is True


def test_a_year_that_no_event_may_name_is_refused_in_plain_words(program: Program):
    reason = ("--reason", "typed twice")
    said = refused(program, "boundary", "base-year", "mill", "20260", *reason, status=2)
    assert "from 1900 to 2200" in said
    assert "20260" in said
    target = ("--view", "park", "--gwp", "AR5", "--base-year", "2023", "--base", "1",
              "--credits-percent", "10", "--neutral-year", "2028")  # fmt: skip
    words = ("target", "set", "operator", "late", *target, "--path", "2201=0", *reason)
    assert "from 1900 to 2200" in refused(program, *words, status=2)

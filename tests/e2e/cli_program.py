"""The program as a person runs it: a process, its answer, how it ended; and a small company to run it on.

The company's day is 96 quarter-hours of 1.25 kWh. With 0.5827 kg a kWh each weighs 728 375 mg and
the day 69 924 000 mg.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from ledger.cli.program import run

ROOT: Final = Path(__file__).resolve().parents[2]
LONGEST_WAIT_S: Final = 120

GRID: Final = {
    "id": "grid-jiangsu",
    "version": "2023",
    "activity": "electricity.purchased",
    "unit": "kWh",
    "kind": "grid-average",
    "region": "CN-JS",
    "year": 2023,
    "valid": ["2018-01-01", "2027-01-01"],
    "gases_kg_per_unit": {"CO2": "0.5827"},
    "source": {"title": "Notice 2025-47", "sha256": None},
}
MAP: Final = """
[time]
column = "date"
format = "%d/%m/%Y %H:%M"
marks = "end"
midnight = "end-of-day"
interval = "PT15M"
[quantity]
column = "Usage_kWh"
unit = "kWh"
[batch]
by = "day"
"""
READING_MG: Final = 728_375
DAY_MG: Final = 96 * READING_MG


class Ended:
    """How a run of the program ended."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status = status
        self.out = out
        self.err = err

    @property
    def json(self) -> Any:
        """The one JSON object on stdout."""
        assert self.out.count("\n") == 1, self.out
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value


class Program:
    """The program in one home, run from a folder. `here` runs it inside this process: faster."""

    def __init__(self, home: Path, folder: Path, *, here: bool = True, **environment: str) -> None:
        self.home = home
        self.folder = folder
        self.here = here
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("CARBON_LEDGER_")},
            "PYTHONPATH": str(ROOT),
            "CARBON_LEDGER_HOME": str(home),
            **environment,
        }

    def run(self, *arguments: str) -> Ended:
        """Run it to its end, however that is; it must never show a traceback."""
        ended = self._run_here(arguments) if self.here else self._run_apart(arguments)
        assert "Traceback" not in ended.err or "--debug" in arguments, ended.err
        return ended

    def _run_here(self, arguments: tuple[str, ...]) -> Ended:
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        err = io.StringIO()
        before = dict(os.environ)
        try:
            os.environ.clear()
            os.environ.update(self.environment)
            with (
                contextlib.chdir(self.folder),
                contextlib.redirect_stdout(out),
                contextlib.redirect_stderr(err),
            ):
                status = run(arguments)
        finally:
            os.environ.clear()
            os.environ.update(before)
        out.seek(0)
        return Ended(status, out.read(), err.getvalue())

    def _run_apart(self, arguments: tuple[str, ...]) -> Ended:
        done = subprocess.run(
            [sys.executable, "-m", "ledger.cli", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST_WAIT_S,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def __call__(self, *arguments: str) -> Any:
        """What it answers as JSON; it must succeed."""
        ended = self.run(*arguments, "--json")
        assert ended.status == 0, (arguments, ended.out, ended.err)
        return ended.json

    def refused(self, *arguments: str, status: int) -> Any:
        """The error as JSON; it must end with this status."""
        ended = self.run(*arguments, "--json")
        assert ended.status == status, (arguments, ended.status, ended.out, ended.err)
        return ended.json["error"]


def open_ledger(program: Program) -> str:
    """A new ledger with the grid's factor; gives the log key."""
    opened = program(
        "init", "--origin", "ledger.example/log", "--area", "Example park",
        "--timezone", "Asia/Shanghai",
    )  # fmt: skip
    (program.folder / "grid.json").write_text(json.dumps(GRID))
    program("factor", "publish", "grid.json")
    return str(opened["log_key"])


def add_company(program: Program, party: str) -> str:
    """A company with a site and a meter, its key in the operator's home; gives the stream."""
    program("party", "add", party, "--role", "company", "--name", party.capitalize())
    return add_meter(program, party)


def add_meter(program: Program, party: str) -> str:
    """A site and a meter of a party that is registered; gives the stream."""
    program("site", "add", f"{party}/plant", "--region", "CN-JS")
    stream = f"{party}/plant/electricity"
    program(
        "source", "add", stream, "--activity", "electricity.purchased", "--unit", "kWh",
        "--scope", "2", "--key-area", "industry", "--interval", "PT15M",
        "--factor", "location=grid-jiangsu@2023",
    )  # fmt: skip
    return stream


def write_day(folder: Path, name: str = "day.csv", *, day: int = 1, wrong: str = "") -> None:
    """A day of readings, and the map for it; `wrong` stands in the place of the last quantity."""
    rows = ["date,Usage_kWh"]
    for quarter in range(1, 97):
        hour, minute = divmod(quarter % 96 * 15, 60)
        rows.append(f"{day:02d}/01/2018 {hour:02d}:{minute:02d},1.25")
    if wrong:
        rows[-1] = rows[-1].replace("1.25", wrong)
    (folder / name).write_text("\n".join(rows) + "\n")
    (folder / "map.toml").write_text(MAP)


def import_day(program: Program, stream: str, *, day: int = 1) -> Any:
    """Post a day; what the program answers."""
    write_day(program.folder, day=day)
    return program("import", "day.csv", "--stream", stream, "--map", "map.toml")


def mass_mg(footprint: Any) -> int:
    """The total's CO2."""
    return int(footprint["total"]["mass_mg"].get("CO2", "0"))

"""`make demo` shows a park from its meters to a checked proof, ends by itself and leaves nothing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

VIEWS = ("companies", "gpc-basic", "gpc-basic-plus", "park", "territorial")
ROOT = Path(__file__).resolve().parents[2]
KEY_AREAS = (
    "planning",
    "digital-governance",
    "energy",
    "recycling",
    "industry",
    "construction",
    "mobility",
    "lifestyle",
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path, which the database's system user can reach when the tests run as root."""
    path = Path(tempfile.mkdtemp(prefix="demo-", dir="/tmp"))
    if os.geteuid() == 0:
        path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "ledger.demo", *arguments]


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(ROOT), **more}


def run(
    folder: Path, *arguments: str, wait_s: int = 180, **more: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        cwd=folder,
        env=environment(folder, **more),
        capture_output=True,
        text=True,
        timeout=wait_s,
        check=False,
    )


def processes_that_name(folder: Path) -> list[str]:
    found = []
    for one in Path("/proc").glob("[0-9]*"):
        try:
            line = (one / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in line:
            found.append(line)
    return found


def test_the_whole_demo_ends_in_under_three_minutes_and_leaves_nothing(folder: Path) -> None:
    began = time.monotonic()
    done = run(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert time.monotonic() - began < 180
    assert "\x1b" not in done.stdout
    assert "40 companies and 5 public bodies" in done.stdout
    assert "150 000 residents" in done.stdout
    for area in KEY_AREAS:
        assert f"\n{area} " in done.stdout
    # The milligrams of the default seed, as tests/unit/demo folds them without a database.
    assert "876986042014591" in done.stdout
    assert "183297829273109" in done.stdout
    assert 876_986_042_014_591 + 183_297_829_273_109 == 1_060_283_871_287_700
    assert "accepts it (exit status 0)" in done.stdout
    assert "the copy is refused (exit status 1)" in done.stdout
    assert "they add up to 1 060 283.9 t CO2" in done.stdout
    assert "carbon-ledger serve --home" in done.stdout
    assert list(folder.iterdir()) == []
    assert processes_that_name(folder) == []


def test_json_is_one_object_from_a_database_of_its_own_whatever_the_environment_names(
    folder: Path,
) -> None:
    done = run(
        folder,
        *("--json", "--companies", "8", "--seed", "7", "--keep"),
        CARBON_LEDGER_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none",
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["ok"] is True
    assert answer["proof"] == {
        "event": "synthetic-steel-01/works/furnace@42",
        "verified": True,
        "forgery_refused": True,
    }
    assert answer["companies"] == 8
    assert answer["parties"] == 25
    assert answer["size"] == answer["batches"] + 1
    assert [area["key_area"] for area in answer["footprint"]["key_areas"]] == list(KEY_AREAS)
    assert [seal["view"] for seal in answer["seals"]] == list(VIEWS)
    assert {seal["companies_count"] for seal in answer["seals"]} == {25}
    assert {seal["index"] for seal in answer["seals"]} == {answer["size"] - 1}
    total_mg = int(answer["footprint"]["total"]["mass_mg"]["CO2"])
    assert total_mg != 264_246_526_013_374  # that of the default seed
    assert 100_000 * 10**9 < total_mg < 1_000_000 * 10**9
    home = Path(answer["home"])
    assert home.parent == folder
    assert (home / "ledger.json").exists()
    assert processes_that_name(folder) == []


def test_a_home_that_has_a_ledger_is_not_touched(folder: Path) -> None:
    home = folder / "park"
    home.mkdir()
    (home / "ledger.json").write_text('{"origin":"a.example/log","log":"…","operator":"a"}')
    done = run(folder, "--home", str(home), wait_s=30)
    assert done.returncode == 1
    assert "expected a folder without a ledger" in done.stderr
    assert [path.name for path in home.iterdir()] == ["ledger.json"]


def test_too_few_companies_are_refused_with_the_range(folder: Path) -> None:
    done = run(folder, "--companies", "7", wait_s=30)
    assert done.returncode == 2
    assert "8 to 400" in done.stderr


def test_sigterm_in_the_middle_leaves_nothing(folder: Path) -> None:
    with subprocess.Popen(
        command(), cwd=folder, env=environment(folder), stdout=subprocess.PIPE, text=True
    ) as demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            if line.startswith("2. "):
                break
        time.sleep(1)  # some months into the year
        assert processes_that_name(folder)
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(timeout=60) == 128 + signal.SIGTERM
    assert list(folder.iterdir()) == []
    assert processes_that_name(folder) == []

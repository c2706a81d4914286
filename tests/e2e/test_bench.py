"""The bench runs, and what it writes has the form that it promises; no time is asserted."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MEMBERS = {"name", "value", "unit", "peer", "peer_value", "ratio", "slices"}


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.benchmarks.run", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """One that the database's own user can reach, where root runs the tests."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_small_run_writes_its_figures_and_shows_them(open_folder: Path):
    results = open_folder / "bench.json"
    ran = bench(
        *("--only", "append.single", "append.latency", "--events", "2000", "--slices", "1"),
        *("--folder", str(open_folder), "--results", str(results)),
    )
    assert ran.returncode == 0, ran.stderr
    report = json.loads(results.read_text())
    found = {result["name"]: result for result in report["results"]}
    assert list(found) == ["append.single", "append.latency"]
    for result in found.values():
        assert result.keys() >= MEMBERS
        assert result["value"] > 0
        assert result["ratio"] > 0
        assert result["value_min"] <= result["value"] <= result["value_max"]
    assert found["append.latency"]["p99"] >= found["append.latency"]["median"]
    # The stock recorder alone synced for each of its events.
    assert report["wal_syncs"] > 0
    assert report["machine"]["cores"] > 0
    assert "append.single" in ran.stdout
    assert [path for path in open_folder.iterdir() if path != results] == []  # it cleans up


def test_proofs_are_measured_and_what_is_lacking_for_them_is_said(open_folder: Path):
    results = open_folder / "bench.json"
    names = ("prove.area", "verify.event", "verify.alone", "verify.browser", "verify.year")
    ran = bench(
        *("--only", *names, "seal.make", "--events", "2000", "--slices", "1"),
        *("--folder", str(open_folder), "--results", str(results)),
    )
    assert ran.returncode == 0, ran.stderr
    report = json.loads(results.read_text())
    found = {result["name"]: result for result in report["results"]}
    assert {*found, *report["not_measured"]} == {*names, "seal.make"}
    assert set(report["not_measured"]) <= {"verify.browser"}
    assert found["verify.year"]["readings"] == 35_040
    assert found["prove.area"]["first_ms"] > 0
    for name in ("verify.event", "verify.alone", "verify.year", "seal.make"):
        assert found[name]["ratio"] > 1  # none is faster than the least that it must do


def test_a_name_that_no_figure_has_is_refused():
    ran = bench("--only", "append.everything")
    assert ran.returncode == 2
    assert "append.everything" in ran.stderr

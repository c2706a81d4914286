"""Where skips are not allowed, one fails the run and is named, in whichever process it happened."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SKIPPING = """
import pytest

def test_that_is_skipped():
    pytest.skip("no browser here")

def test_that_runs():
    pass
"""
SKIPPED = 'import pytest\npytest.skip("no data here", allow_module_level=True)\n'


def ran(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """A run of pytest over what lies in a folder."""
    (folder / "pytest.ini").write_text(f"[pytest]\npythonpath = {ROOT}\n")
    (folder / "test_one.py").write_text(SKIPPING)
    (folder / "test_two.py").write_text(SKIPPED)
    call = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options, str(folder)]
    return subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_skip_fails_the_run_and_is_named(tmp_path: Path, workers: str):
    done = ran(tmp_path, "-p", "tests.plugins.no_skips", "-n", workers)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stderr
    assert "test_one.py::test_that_is_skipped: Skipped: no browser here" in done.stdout
    assert "test_two.py: Skipped: no data here" in done.stdout
    last = done.stdout.splitlines()[-1]
    assert "1 passed, 2 skipped" in last


def test_elsewhere_a_skip_is_an_ordinary_one(tmp_path: Path):
    assert ran(tmp_path, "-n", "2").returncode == pytest.ExitCode.OK

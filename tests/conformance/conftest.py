"""Where other people's data and vectors lie: a folder beside the project, or nowhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The shared folder; a test that needs it is skipped where there is none."""
    folder = PROJECT / os.environ.get("CARBON_LEDGER_SHARED", "../shared")
    if not folder.is_dir():
        pytest.skip(f"no shared vectors at {folder}: set CARBON_LEDGER_SHARED")
    return folder

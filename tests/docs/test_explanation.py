"""What the page of trust claims is shown by tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TRUST = (ROOT / "docs/explanation/trust.md").read_text()
NAMED = sorted(set(re.findall(r"`([\w/]+\.py(?:::\w+)?)`", TRUST)))


@pytest.mark.parametrize("name", NAMED)
def test_a_test_that_the_page_of_trust_names_exists(name: str):
    path, _, test = name.partition("::")
    file = ROOT / "tests" / path
    assert file.is_file(), name
    assert re.search(rf"^(?:async )?def {test or 'test_'}\b", file.read_text(), re.MULTILINE), name


def rows() -> list[list[str]]:
    found = []
    for line in TRUST.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 4 and cells[0] not in ("attempt", "---"):
            found.append(cells)
    return found


def test_a_row_names_a_test_or_says_what_remains():
    assert len(rows()) > 30
    assert [row[0] for row in rows() if not row[2] and "::" not in row[3]] == []


def test_a_row_without_a_test_says_that_nothing_in_the_ledger_catches_it():
    without = [row for row in rows() if "test_" not in row[3]]
    assert [row[0] for row in without if not re.match(r"nothing|the service speaks", row[1])] == []

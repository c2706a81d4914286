"""What the page of trust claims is shown by tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TRUST = (ROOT / "docs/explanation/trust.md").read_text()
NAMED = sorted(set(re.findall(r"`([\w/]+\.py::\w+)`", TRUST)))


@pytest.mark.parametrize("name", NAMED)
def test_a_test_that_the_page_of_trust_names_exists(name: str):
    path, _, test = name.partition("::")
    file = ROOT / "tests" / path
    assert file.is_file(), name
    assert re.search(rf"^(?:async )?def {test or 'test_'}\b", file.read_text(), re.MULTILINE), name


ATTEMPT, CAUGHT_BY, WHO_AND_WHEN, REMAINS, SHOWN_BY = range(5)
HEADING = ["attempt", "what catches it", "who finds out, and when", "what remains", "shown by"]
SOMEBODY = re.compile(
    r"\b(administrator|asker|asks?|audits?|audit|certifier|client|company|computer|everybody|ledger"
    r"|looks|monitor|nobody|operator|party|poster|program|reader|regulator|start|thief|user|whoever"
    r"|who|witness)\b"
)
PEOPLE = (
    "The operator",
    "The database's administrator",
    "A company",
    "A meter's gateway",
    "A certifier",
    "A witness",
    "A replaying witness",
    "A monitor",
    "The network",
)
DISHONEST = sorted((ROOT / "tests/service/dishonest").glob("test_*.py"))


def rows() -> list[list[str]]:
    found = []
    for line in TRUST.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 5 and cells not in (HEADING, ["---"] * 5):
            found.append(cells)
    return found


def test_every_row_of_a_table_of_attempts_has_five_cells():
    width = 0
    for line in TRUST.splitlines():
        cells = line.strip("|").split("|") if line.startswith("|") else []
        if not cells:
            width = 0
        elif width == 0:
            width = len(cells)
            assert width == 5 or line.startswith("| you are"), line
        assert len(cells) == width, line
    assert len(rows()) > 60


def test_a_row_names_a_test_or_says_what_remains():
    assert [row[ATTEMPT] for row in rows() if not row[REMAINS] and "::" not in row[SHOWN_BY]] == []


def test_a_row_without_a_test_says_that_nothing_in_the_ledger_catches_it():
    without = [row for row in rows() if "test_" not in row[SHOWN_BY]]
    said = re.compile(r"nothing|the service speaks")
    assert [row[ATTEMPT] for row in without if not said.match(row[CAUGHT_BY])] == []


def test_every_row_says_who_finds_out():
    assert [row[ATTEMPT] for row in rows() if not SOMEBODY.search(row[WHO_AND_WHEN])] == []


@pytest.mark.parametrize("who", PEOPLE)
def test_the_page_speaks_of_everybody_who_could_cheat(who: str):
    heading = re.search(rf"^##+ {re.escape(who)}\b.*$", TRUST, re.MULTILINE)
    assert heading
    body = TRUST[heading.end() :]
    assert body[: body.index("\n## ")].count("::") > 0


@pytest.mark.parametrize("path", DISHONEST, ids=lambda path: path.stem)
def test_every_attempt_that_is_played_through_stands_on_the_page(path: Path):
    """But for those that hold the others: the history written as it was."""
    played = re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
    place = f"service/dishonest/{path.name}::"
    missing = [one for one in played if place + one not in TRUST]
    assert missing == [one for one in missing if one.startswith("test_writing_everything_again")]

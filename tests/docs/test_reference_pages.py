"""The pages of events and settings say all that there is, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ledger.machine import EVENTS
from ledger.service.settings import Settings
from tests.oracles import make_events_page

ROOT = Path(__file__).resolve().parents[2]
EVENTS_PAGE = (ROOT / "docs/reference/events.md").read_text()
SETTINGS_PAGE = (ROOT / "docs/reference/settings.md").read_text()
INDEX = (ROOT / "docs/index.md").read_text()
VARIABLE = re.compile(r"\bCARBON_LEDGER_[A-Z][A-Z_]*[A-Z]\b")


def test_the_page_of_events_is_what_the_tool_writes():
    assert make_events_page.page() == EVENTS_PAGE


@pytest.mark.parametrize("event", [event.__name__ for event in EVENTS])
def test_every_event_type_has_a_section_and_a_place(event: str):
    assert f"\n## {event}\n" in EVENTS_PAGE
    assert f"[`{event}`](#{event.lower()})" in EVENTS_PAGE


def test_every_setting_of_a_ledger_is_on_the_page_in_its_own_words():
    prefix = str(Settings.model_config["env_prefix"])
    for name, field in Settings.model_fields.items():
        row = re.search(rf"^\| `{prefix}{name.upper()}` \|.*$", of_a_ledger(), re.MULTILINE)
        assert row, name
        assert str(field.description) in row[0]


def of_a_ledger() -> str:
    return SETTINGS_PAGE.partition("## Of a ledger that is run here")[2].partition("\n## ")[0]


def test_every_variable_that_the_product_names_is_on_the_page_and_no_other():
    prefix = str(Settings.model_config["env_prefix"])
    read = {prefix + name.upper() for name in Settings.model_fields}
    for folder in ("ledger", "api"):
        for file in (ROOT / folder).rglob("*.py"):
            read |= set(VARIABLE.findall(file.read_text()))
    assert set(VARIABLE.findall(SETTINGS_PAGE)) == read


def test_the_first_page_leads_to_every_other():
    pages = [
        path.relative_to(ROOT / "docs").as_posix()
        for path in (ROOT / "docs").rglob("*.md")
        if path.parent.name not in ("decisions", "specification") and path.name != "index.md"
    ]
    assert [page for page in sorted(pages) if f"({page})" not in INDEX] == []

"""What a file claims is said with its units, for every kind that is frozen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.claims import claim_lines

FILE = Path(__file__).parents[3] / "schemas" / "vectors" / "bundle-kinds.json"
CASES: Any = {case["name"]: case["verdict"] for case in json.loads(FILE.read_bytes())["accepted"]}


def said(name: str) -> str:
    verdict = CASES[name]
    return "\n".join(claim_lines(verdict["kind"], verdict["claim"], verdict["strength"]))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "event",
            "2026-01, location: 6.000 kg CO2, 12.000 g N2O (6 000 000 mg CO2, 12 000 mg N2O)",
        ),
        ("event", "Corrected in acme/plant/power/corrections@1"),
        ("company-total", "Sums of acme:"),
        ("company-part", "emitted:"),
        ("area-total", "Sum over the 2 parties of the list:"),
        ("target-progress", "of the base"),
        ("inventory-line", "The line:\n  2026-01, emitted: 14.000 kg CO2"),
    ],
)
def test_a_claim_is_said_with_its_units(name: str, words: str):
    assert words in said(name)


def test_a_claim_without_masses_says_none():
    assert "No figure is shown: data that it needs is withheld." in said("event-withheld")


def test_what_was_withdrawn_counts_no_more():
    claim = {**CASES["event"]["claim"], "withdrawn": True, "masses": {}}
    assert "it counts no more" in "\n".join(claim_lines("event", claim, "re-derived"))


def test_a_total_of_nothing_says_so():
    assert claim_lines("company-total", {"party": "idle", "sums": {}}, "sealed")[1:] == [
        "  nothing"
    ]

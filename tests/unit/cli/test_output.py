"""Figures are rounded once, for display; nothing that comes from elsewhere steers the terminal."""

from __future__ import annotations

import msgspec
import pytest

from ledger.cli.output import BAR_WIDTH, bar, clean, mass_text, show_error, unit_for
from ledger.errors import ProofFailed


@pytest.mark.parametrize(
    ("mass_mg", "unit", "text"),
    [
        (559_182_408_637, "t", "559.182"),
        (1_234_567_890_123_456, "t", "1 234 567.890"),
        (1_500, "g", "1.500"),
        (500_000, "t", "0.000"),
        (1_500_000, "t", "0.002"),
        (2_500_000, "t", "0.002"),
        (-2_161_817, "kg", "-2.162"),
        (-1, "t", "0.000"),
        (2_161_817, "mg", "2 161 817"),
        (0, "mg", "0"),
    ],
)
def test_a_mass_is_shown_to_three_places_half_to_even(mass_mg: int, unit: str, text: str):
    assert mass_text(mass_mg, unit) == text


@pytest.mark.parametrize(
    ("mass_mg", "unit"),
    [
        (0, "mg"),
        (999, "mg"),
        (1_000, "g"),
        (1_000_000, "kg"),
        (1_000_000_000, "t"),
        (-2 * 10**9, "t"),
    ],
)
def test_a_mass_is_shown_in_the_greatest_unit_that_it_fills(mass_mg: int, unit: str):
    assert unit_for(mass_mg) == unit


def test_a_bar_is_as_long_as_its_share():
    assert bar(10, 10) == "█" * BAR_WIDTH
    assert bar(5, 10) == "█" * (BAR_WIDTH // 2)
    assert bar(1, 1_000_000) == "▏"
    assert bar(0, 10) == ""
    assert bar(-3, 10) == ""
    assert bar(3, 0) == ""


def test_control_characters_are_shown_and_not_sent():
    assert clean("a\x1b[31mred\x07\u202e") == "a\\x1b[31mred\\x07\\u202e"
    assert clean("two\nlines, 钢铁, 0.5 °C") == "two\nlines, 钢铁, 0.5 °C"


def test_an_error_about_a_file_names_its_defect_and_no_other_error_has_one(
    capsys: pytest.CaptureFixture[str],
):
    error = ProofFailed("it does not hold", expected="one", found="another", defect="left-out")
    show_error(error, as_json=True)
    show_error(error, as_json=False)
    show_error(ProofFailed("it does not hold"), as_json=True)
    out, err = capsys.readouterr()
    named, unnamed = (msgspec.json.decode(line)["error"] for line in out.splitlines())
    assert named["defect"] == "left-out"
    assert "defect" not in unnamed
    assert err.splitlines()[-1] == "  defect    left-out"

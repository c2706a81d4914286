"""A mass is rounded once, for display, in the unit that fits it."""

from __future__ import annotations

import pytest

from ledger.carbon.mass_text import mass_text, unit_for


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

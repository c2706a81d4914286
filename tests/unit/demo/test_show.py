"""What the demo prints is what was computed."""

from __future__ import annotations

import pytest

from ledger.demo.show import tonnes


@pytest.mark.parametrize(
    ("mass_mg", "text"),
    [
        (876_986_042_014_591, "876 986.0"),
        (-13_810_060_599_932, "-13 810.1"),
        (-60_000_000, "-0.1"),
        (50_000_000, "0.0"),
        (-50_000_000, "0.0"),
        (0, "0.0"),
    ],
)
def test_tonnes_are_rounded_half_even_whatever_their_sign(mass_mg: int, text: str):
    assert tonnes(mass_mg) == text

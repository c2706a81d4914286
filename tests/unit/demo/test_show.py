"""The demo rounds for display only, and its forgery differs in one digit."""

from __future__ import annotations

import pytest

from ledger.demo.proving import Answer, tampered
from ledger.demo.show import grouped, tonnes

BUNDLE = b'{"entries":[{"data":{"quantity":"12.5","salt":"00"}},{"data":{"quantity":"7"}}]}'


@pytest.mark.parametrize(
    ("mass_mg", "text"),
    [
        (0, "0.0"),
        (876_986_042_014_591, "876 986.0"),
        (1_250_000_000, "1.2"),  # a tie goes to the even digit
        (1_350_000_000, "1.4"),
        (999_950_000_001, "1 000.0"),
    ],
)
def test_tonnes_are_rounded_half_even_to_one_place(mass_mg: int, text: str) -> None:
    assert tonnes(mass_mg) == text


def test_digits_stand_in_groups() -> None:
    assert grouped(1_234_567) == "1 234 567"


def test_a_forgery_differs_in_the_first_digit_of_the_first_quantity() -> None:
    changed, before, after = tampered(BUNDLE)
    assert (before, after) == ("12.5", "92.5")
    assert changed == BUNDLE.replace(b'"12.5"', b'"92.5"')


def test_a_quantity_that_begins_with_nine_is_changed_too() -> None:
    changed, _, after = tampered(BUNDLE.replace(b"12.5", b"92.5"))
    assert after == "82.5"
    assert b"92.5" not in changed


def test_a_crash_is_not_a_refusal() -> None:
    assert Answer(1, "Traceback (most recent call last):\n  …").crashed
    assert not Answer(1, "carbon-ledger: the path leads to another root").crashed

"""Exact arithmetic of masses: the only rounding between a meter and a total.

Quantities are integers of 10^-12 units, masses integers of milligrams. A quantity times a factor
is rounded half-even to one milligram, once; a period that crosses months is split in its quantity
first, by elapsed seconds, so that the parts add up to the whole. Source: accounting rules,
section 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

from ledger.carbon.events import Number, Ratio
from ledger.carbon.rulepack import Calendar
from ledger.errors import BadValue
from ledger.log import values

TINY = 10**12
"""Quantities are counted in units of 10^-12."""

MG_PER_KG = 10**6

MIDNIGHT_S = 946_684_800
"""2000-01-01T00:00:00Z."""

_SCALES: tuple[int, ...] = tuple(10 ** (values.DECIMAL_PLACES - scale) for scale in range(13))


def divide_half_even(numerator: int, denominator: int) -> int:
    """Numerator / denominator, to the nearest integer, ties to even; denominator > 0."""
    quotient, rest = divmod(numerator, denominator)
    doubled = 2 * rest
    if doubled > denominator or (doubled == denominator and quotient & 1):
        quotient += 1
    return quotient


def number_of(value: Fraction) -> Number:
    """The one spelling of a fraction of 0 or more: a decimal where 12 places are exact, or a ratio.

    Raises BadValue where neither has room for its digits.
    """
    scaled = value * TINY
    if scaled.denominator == 1:
        return values.format_decimal(scaled.numerator, values.DECIMAL_PLACES)
    if max(value.numerator, value.denominator) >= 10**18:
        raise BadValue(
            "this number fits neither a decimal nor a ratio",
            expected="numerator and denominator of at most 18 digits",
            found=str(value),
        )
    return Ratio(num=str(value.numerator), den=str(value.denominator))


@lru_cache(maxsize=40_000)
def seconds(text: str) -> int:
    """A time as seconds since 1970. Raises BadValue.

    Meters of one area write the same times, and a year of quarter-hours is remembered. Day and time
    of day are parsed apart, since a meter repeats both: each is parsed once.
    """
    try:
        return _day_s(text[:10]) + _clock_s(text[10:])
    except BadValue:
        return values.parse_time(text)  # says what is wrong with the whole


@lru_cache(maxsize=1024)
def _day_s(day: str) -> int:
    return values.parse_time(f"{day}T00:00:00Z")


@lru_cache(maxsize=8192)
def _clock_s(clock: str) -> int:
    """Seconds from midnight UTC to a time of day with its offset."""
    return values.parse_time(f"2000-01-01{clock}") - MIDNIGHT_S


@lru_cache(maxsize=8192)
def tiny(text: str) -> int:
    """A non-negative decimal as an integer of 10^-12. Raises BadValue."""
    coefficient, scale = values.decimal_parts(text)
    if coefficient < 0:
        raise BadValue(
            "negative quantity",
            expected="a decimal of 0 or more",
            found=text,
            advice="What flows out belongs to a source with flow out.",
        )
    return coefficient * _SCALES[scale]


def split_by_month(
    calendar: Calendar, start_s: int, end_s: int, amount: int
) -> Sequence[tuple[str, int]]:
    """The parts of an amount over [start, end) per month: R(a·t_k/T) − R(a·t_{k−1}/T).

    `amount` is in its smallest unit (10^-12 of a quantity, or a milligram) and so are the parts.
    """
    first, last = calendar.position(start_s), calendar.position(end_s - 1)
    if first == last:
        return ((calendar.months[first], amount),)
    parts, before, length_s = [], 0, end_s - start_s
    for month in range(first, last + 1):
        until_s = end_s if month == last else calendar.starts_s[month + 1]
        upto = divide_half_even(amount * (until_s - start_s), length_s)
        parts.append((calendar.months[month], upto - before))
        before = upto
    return parts

"""Decimals and times against Python's own arithmetic."""

import re
from datetime import datetime, timedelta, timezone
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import BadValue
from ledger.log import values

MINUTES = st.integers(-14 * 60, 14 * 60)


@given(st.integers(-(10**30) + 1, 10**30 - 1), st.integers(0, 12))
def test_a_number_has_one_decimal_spelling(coefficient: int, scale: int):
    try:
        text = values.format_decimal(coefficient, scale)
    except BadValue:
        assert abs(coefficient) >= 10 ** (18 + scale)
        return
    exact = Fraction(coefficient, 10**scale)
    assert Fraction(text) == exact
    back, places = values.decimal_parts(text)
    assert Fraction(back, 10**places) == exact
    assert values.format_decimal(back, places) == text


@given(st.text(st.sampled_from("0123456789.-+eE \n"), max_size=12))
def test_a_text_is_the_spelling_of_its_number_or_refused(text: str):
    try:
        parts = values.decimal_parts(text)
    except BadValue:
        return
    assert values.format_decimal(*parts) == text


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31)), MINUTES)  # noqa: DTZ001
def test_a_time_is_read_as_the_calendar_says(moment: datetime, minutes: int):
    zone = timezone(timedelta(minutes=minutes))
    aware = moment.replace(microsecond=0, tzinfo=zone)
    text = aware.isoformat()
    if minutes == 0:
        text = text.removesuffix("+00:00") + "Z"
    assert values.parse_time(text) == aware.timestamp()


@given(
    st.sampled_from(["2018-01-01T00:00:00+08:00", "2018-01-01T00:00:00Z"]),
    st.integers(0, 25),
    st.characters(max_codepoint=0x700),
    st.sampled_from(["replace", "insert", "remove"]),
)
def test_no_neighbour_of_a_time_passes_that_its_pattern_refuses(
    text: str, at: int, character: str, how: str
):
    changed = text[:at] + (character if how != "remove" else "") + text[at + (how != "insert") :]
    try:
        values.parse_time(changed)
    except BadValue:
        return
    assert re.match(values.TIME, changed)

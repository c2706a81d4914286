"""Months, shares and tonnes that people type become what statements say, or a refusal."""

from __future__ import annotations

from typing import get_args

import pytest

from ledger.carbon.events import Number, Ratio
from ledger.carbon.organisation.events import Year
from ledger.cli.stated import (
    FIRST_YEAR,
    LAST_YEAR,
    parse_event,
    parse_months,
    parse_number,
    parse_one_month,
    parse_path,
    parse_shares,
    parse_tonnes,
    parse_year,
)
from ledger.errors import BadName, BadValue


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("2026", ("2026-01", "2027-01")),
        ("2026-12", ("2026-12", "2027-01")),
        ("2026-Q1", ("2026-01", "2026-04")),
        ("2026-01..2026-06", ("2026-01", "2026-07")),
    ],
)
def test_a_period_ends_with_the_month_after_its_last(text: str, months: tuple[str, str]):
    assert parse_months(text) == months


def test_one_month_is_a_month():
    assert parse_one_month("2026-03") == "2026-03"
    for wrong in ("2026", "2026-13", "2026-03-01"):
        with pytest.raises(BadValue):
            parse_one_month(wrong)


def test_an_event_has_a_version():
    assert parse_event("acme/register@7") == "acme/register@7"
    with pytest.raises(BadName):
        parse_event("acme/register")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.50", "0.5"),
        ("1", "1"),
        ("1/2", "0.5"),
        ("3/3", "1"),
        ("0/7", "0"),
        ("2/6", Ratio(num="1", den="3")),
        ("1/8", "0.125"),
        ("999999999999/1000000000000", "0.999999999999"),
    ],
)
def test_a_number_has_one_spelling_however_it_was_typed(text: str, number: Number):
    assert parse_number(text) == number


@pytest.mark.parametrize("text", ["-1", "1/0", "a half", "1/3/4", ""])
def test_another_number_is_refused(text: str):
    with pytest.raises(BadValue):
        parse_number(text)


def test_shares_stand_in_order_of_their_sites():
    assert parse_shares(["acme/plant=1", "7-hall=1/3"], "acme") == (
        ("7-hall", Ratio(num="1", den="3")),
        ("plant", "1"),
    )


@pytest.mark.parametrize(
    "items",
    [["plant"], ["=1"], ["plant=1", "acme/plant=0.5"], ["plant=all"], ["mill/plant=1"]],
)
def test_another_share_is_refused(items: list[str]):
    with pytest.raises(BadValue):
        parse_shares(items, "acme")


def test_tonnes_are_whole_milligrams():
    assert parse_tonnes("17768.92") == "17768920000000"
    assert parse_tonnes("0.000000001") == "1"
    with pytest.raises(BadValue, match="whole milligrams"):
        parse_tonnes("0.0000000001")


def test_a_path_is_in_order_of_its_years():
    assert parse_path(["2028=0", "2026=9000.5"]) == ((2026, "9000500000000"), (2028, "0"))


@pytest.mark.parametrize(
    "items", [["2026"], ["26=1"], ["2026=1", "2026=2"], ["2026=much"], ["2201=1"]]
)
def test_another_path_is_refused(items: list[str]):
    with pytest.raises(BadValue):
        parse_path(items)


def test_years_are_those_that_an_event_may_name():
    (allowed,) = get_args(Year)[1:]
    assert (allowed.ge, allowed.le) == (FIRST_YEAR, LAST_YEAR)
    assert parse_year(2023) == 2023
    for year in (1899, 2201, 20260):
        with pytest.raises(BadValue, match=f"year: expected from 1900 to 2200, found {year}"):
            parse_year(year)

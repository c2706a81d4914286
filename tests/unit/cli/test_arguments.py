"""What people type becomes one spelling, or a refusal that shows how to type it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from ledger.carbon.info import FactorInfo
from ledger.cli.arguments import (
    check_log_size,
    find_factor,
    parse_evidence,
    parse_interval,
    parse_moment,
    parse_period,
    parse_quantity,
    parse_role,
    parse_site,
)
from ledger.cli.program import WRONG_CALL, run
from ledger.errors import BadFile, BadName, BadValue, NotFound


def test_a_size_below_0_is_asked_of_the_earlier_logs_own_home(capfd: pytest.CaptureFixture[str]):
    asked = ["footprint", "acme", "--period", "2018", "--as-of", "-4", "--json"]
    assert run(asked) == WRONG_CALL
    error = json.loads(capfd.readouterr().out)["error"]
    assert (error["what"], error["found"]) == ("--as-of", "-4")
    assert "own home" in error["advice"]
    assert check_log_size(0) == 0
    assert check_log_size(None) is None


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("2018", ("2018-01", "2018-12")),
        ("2018-03", ("2018-03", "2018-03")),
        ("2018-Q1", ("2018-01", "2018-03")),
        ("2018-q4", ("2018-10", "2018-12")),
        ("2018-01..2018-06", ("2018-01", "2018-06")),
        ("2018..2019", ("2018-01", "2019-12")),
        ("2018-Q4..2019-Q1", ("2018-10", "2019-03")),
    ],
)
def test_a_period_is_its_first_and_last_month(text: str, months: tuple[str, str]):
    assert parse_period(text) == months


@pytest.mark.parametrize(
    "text",
    ["", "18", "0000", "2018-13", "2018-Q5", "2018-01-01", "2018..", "..2018", "2018-06..2018-01"],
)
def test_what_is_no_period_is_refused(text: str):
    with pytest.raises(BadValue):
        parse_period(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("PT15M", 900), ("PT1H", 3600), ("P1D", 86_400), ("PT1H30M", 5400), ("PT10S", 10)],
)
def test_an_interval_is_its_seconds(text: str, seconds: int):
    assert parse_interval(text) == seconds


@pytest.mark.parametrize("text", ["", "P", "PT", "PT0M", "15M", "P1M", "PT-15M", "PT15M\n"])
def test_what_is_no_interval_is_refused(text: str):
    with pytest.raises(BadValue):
        parse_interval(text)


@pytest.mark.parametrize(
    ("typed", "spelled"), [("3.20", "3.2"), ("3.00", "3"), ("0", "0"), ("007.5", "7.5")]
)
def test_trailing_zeros_may_be_typed(typed: str, spelled: str):
    assert parse_quantity(typed) == spelled


@pytest.mark.parametrize("text", ["", "-1", "1e3", "1,5", ".5", "NaN", "٣", "1\n", "1" * 19])
def test_what_is_no_quantity_is_refused(text: str):
    with pytest.raises(BadValue):
        parse_quantity(text)


@pytest.mark.parametrize(
    ("typed", "timezone", "spelled"),
    [
        ("2018-01-01", "Asia/Shanghai", "2018-01-01T00:00:00+08:00"),
        ("2018-01-01T00:15", "Asia/Shanghai", "2018-01-01T00:15:00+08:00"),
        ("2018-01-01T00:15:00+01:00", "Asia/Shanghai", "2018-01-01T00:15:00+01:00"),
        ("2018-01-01", "UTC", "2018-01-01T00:00:00Z"),
        ("2018-01-01T00:00:00+00:00", "Asia/Shanghai", "2018-01-01T00:00:00Z"),
    ],
)
def test_a_time_without_offset_is_local(typed: str, timezone: str, spelled: str):
    assert parse_moment(typed, timezone) == spelled


@pytest.mark.parametrize("text", ["2026-03-29T02:30", "2026-10-25T02:30"])
def test_a_local_time_that_is_missing_or_double_is_refused(text: str):
    with pytest.raises(BadValue, match="exists once"):
        parse_moment(text, "Europe/Berlin")


@pytest.mark.parametrize("text", ["yesterday", "2018-02-30", "2018-01-01T00:00:00.5"])
def test_what_is_no_time_is_refused(text: str):
    with pytest.raises(BadValue):
        parse_moment(text, "UTC")


def test_a_factor_stands_in_a_role():
    assert parse_role("location=grid-jiangsu@2023") == ("location", "grid-jiangsu@2023")
    for text in ("grid-jiangsu@2023", "place=grid-jiangsu@2023", "location=", "=grid"):
        with pytest.raises(BadValue):
            parse_role(text)


def factors(*refs: str) -> list[FactorInfo]:
    return [
        FactorInfo(
            factor=ref,
            activity="electricity.purchased",
            unit="kWh",
            kind="grid-average",
            region="CN-JS",
            year=2023,
            valid=("2018-01-01", "2027-01-01"),
            gases_kg_per_unit={"CO2": "0.5827"},
            title="Notice 2025-47",
            event="operator/factors@1",
        )
        for ref in refs
    ]


@pytest.mark.parametrize("text", ["operator/grid@2023", "grid@2023", "operator/grid", "grid"])
def test_a_factor_may_be_named_in_short_while_that_is_unique(text: str):
    assert (
        find_factor(text, factors("operator/grid@2023", "operator/gas@1")) == "operator/grid@2023"
    )


def test_a_short_name_that_means_two_factors_is_refused_with_both():
    with pytest.raises(BadValue, match=r"acme/grid@2023, operator/grid@2023"):
        find_factor("grid@2023", factors("acme/grid@2023", "operator/grid@2023"))


def test_a_factor_that_nobody_published_is_not_found():
    with pytest.raises(NotFound):
        find_factor("wind@2023", factors("operator/grid@2023"))


def test_a_site_is_a_party_and_a_segment():
    assert parse_site("acme/plant-7") == ("acme", "plant-7")
    for text in ("acme", "acme/", "acme/plant/7"):
        with pytest.raises(BadValue):
            parse_site(text)
    with pytest.raises(BadName):
        parse_site("Acme/plant")


def test_evidence_is_the_hash_of_a_file_or_a_hash(tmp_path: Path):
    (tmp_path / "letter").write_bytes(b"lost")
    digest = hashlib.sha256(b"lost").hexdigest()
    other = "0" * 64
    letter = str(tmp_path / "letter")
    assert parse_evidence([letter, other, letter]) == tuple(sorted((digest, other)))
    with pytest.raises(BadFile):
        parse_evidence([str(tmp_path / "none")])

"""A report says the same in every format: exact amounts as text, nothing that acts as a formula."""

from __future__ import annotations

import csv
import io
from fractions import Fraction

import msgspec
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.carbon.reports.figure_id import parse_figure
from ledger.carbon.reports.table import (
    Column,
    Report,
    Row,
    Table,
    amount,
    decimal,
    known_at,
    mass,
    tonnes,
)
from ledger.carbon.reports.write_csv import HEADER, guarded, write_csv
from ledger.carbon.reports.write_json import write_json
from ledger.workbook import write_xlsx

WHOLE = parse_figure("ghg-protocol:acme:inventory.AR6:2018-01..2018-12:812")
PAST_FLOATS = 107_884_396_000_000_001
"""Milligrams beyond 2^53 that no float holds."""
BAD_NAME = '=HYPERLINK("http://x")'


def report() -> Report:
    rows = (
        Row(
            ("Scope 1", BAD_NAME),
            (
                mass(WHOLE.under("scope", "1", "CO2"), PAST_FLOATS),
                amount(WHOLE.under("scope", "1", "mwh"), Fraction(1, 3), "MWh"),
            ),
        ),
        Row(('Scope 2, a "quoted" name,\nin two lines', "-"), (mass(WHOLE.under("s2"), -5), None)),
    )
    return Report(
        report="ghg-protocol",
        title="GHG Protocol inventory",
        who="acme",
        name="Acme",
        view="inventory",
        gwp="AR6",
        first_month="2018-01",
        last_month="2018-12",
        size=812,
        timezone="Asia/Shanghai",
        rules="2",
        complete=False,
        gaps=("acme/plant/meter has no reading from 2018-03-01 to 2018-03-05",),
        notes=("Factors of another year: one.",),
        tables=(
            Table(
                name="scopes",
                title="Scopes",
                labels=("scope", "what"),
                columns=(Column("CO2", "CO2"), Column("energy", "Energy", "MWh")),
                rows=rows,
            ),
            Table(name="words", title="Words", labels=("line",), rows=(Row(("@SUM(1)",)),)),
        ),
    )


def lines(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def test_json_is_read_again_as_it_was_and_has_no_floats():
    data = write_json(report())
    assert msgspec.json.decode(data, type=Report) == report()
    assert data.count(b"\n") == 1
    assert b'"value":"107884396000000001"' in data


def test_csv_has_a_line_for_each_figure_with_its_identifier():
    found = [line for line in lines(write_csv(report())) if line["identifier"]]
    assert [line["identifier"] for line in found] == [f.id for f in report().figures()]
    assert [line["value"] for line in found] == ["107884396000000001", "0.333", "-5"]
    assert [line["unit"] for line in found] == ["mg", "MWh", "mg"]
    assert tuple(found[0]) == HEADER


def test_csv_says_first_what_is_missing():
    about = [line for line in lines(write_csv(report())) if line["table"] == "about"]
    said = {line["label_1"]: line["label_2"] for line in about}
    assert said["complete"] == "no"
    assert "2018-03-01" in said["gap"]
    assert said["as known at log size"] == "812"
    assert "AR6" in said["global warming potentials"]


def test_csv_is_rfc_4180():
    data = write_csv(report())
    assert data.endswith(b"\r\n")
    assert b'"Scope 2, a ""quoted"" name,\nin two lines"' in data
    assert not data.startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("text", ["=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "=", "-"])
def test_text_that_looks_like_a_formula_is_guarded(text: str):
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "-5", "0.25", "-0.25", "plain", "a=b"])
def test_numbers_and_plain_text_are_left_alone(text: str):
    assert guarded(text) == text


@given(st.text(max_size=20))
def test_no_cell_of_csv_can_begin_a_formula(text: str):
    assert guarded(text)[:1] not in {"=", "+", "@", "\t", "\r"}


def test_a_workbook_has_a_cover_a_sheet_for_each_table_and_all_figures():
    book = openpyxl.load_workbook(io.BytesIO(write_xlsx(report())))
    assert book.sheetnames == ["About", "scopes", "words", "Figures"]
    cover = {row[0]: row[1] for row in book["About"].iter_rows(min_row=3, values_only=True)}
    assert cover["complete"] == "no"
    assert "Acme" in str(cover["of"])
    figures = list(book["Figures"].iter_rows(min_row=3, values_only=True))
    assert figures == [(f.id, f.value, f.unit) for f in report().figures()]


def test_in_a_workbook_exact_amounts_are_text_and_tonnes_say_how_they_are_rounded():
    sheet = openpyxl.load_workbook(io.BytesIO(write_xlsx(report())))["scopes"]
    heads = [cell.value for cell in sheet[2]]
    assert heads == [
        "scope",
        "what",
        "CO2, t (rounded to 0.001)",
        "CO2, mg (exact)",
        "Energy, MWh",
    ]
    row = sheet[3]
    assert (row[2].value, row[2].number_format) == (107_884_396.0, "#,##0.000")
    assert (row[3].value, row[3].data_type) == (str(PAST_FLOATS), "s")
    assert (row[4].value, row[4].data_type) == ("0.333", "s")


def test_in_a_workbook_nothing_is_a_formula():
    book = openpyxl.load_workbook(io.BytesIO(write_xlsx(report())))
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    assert book["scopes"]["B3"].value == BAD_NAME


@pytest.mark.parametrize(
    ("mass_mg", "text"),
    [
        (0, "0.000"),
        (500_000, "0.000"),
        (500_001, "0.001"),
        (1_500_000, "0.002"),
        (-1_500_000, "-0.002"),
        (1_000_000_000, "1.000"),
        (PAST_FLOATS, "107884396.000"),
    ],
)
def test_tonnes_are_rounded_half_even_to_a_kilogram(mass_mg: int, text: str):
    assert tonnes(mass_mg) == text


def test_a_decimal_has_no_zeros_at_its_end():
    assert decimal(Fraction(5, 2), 3) == "2.5"
    assert decimal(Fraction(4), 3) == "4"
    assert decimal(Fraction(-1, 3), 3) == "-0.333"


def test_what_was_known_before_this_log_is_counted_back():
    assert [known_at(size) for size in (12, 0, -1, -40)] == [
        "as known at size 12",
        "as known at size 0",
        "as known 1 entry before this log",
        "as known 40 entries before this log",
    ]

"""A report as an Excel workbook (Office Open XML), written with openpyxl.

The first sheet says whose report it is, for when, how computed and what is missing; then one sheet a
table; the last lists every figure with its identifier. Exact amounts are text, so no spreadsheet
rounds them to 15 digits; beside each mass stand tonnes as a number, rounded half-even to 0.001 t,
as their heading says. Text is never a formula, whatever it begins with.
"""

from __future__ import annotations

import io
from typing import Final, cast

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from ledger.carbon.reports.table import MASS, Figure, Report, Table, about, tonnes

TONNES: Final = "#,##0.000"
TEXT: Final = "@"
_BOLD: Final = Font(bold=True)
_TITLE: Final = Font(bold=True, size=14)
_WRAP: Final = Alignment(wrap_text=True, vertical="top")
_RIGHT: Final = Alignment(horizontal="right")
_LONGEST_TITLE: Final = 31


def write_xlsx(report: Report) -> bytes:
    """The workbook's bytes."""
    book = Workbook(write_only=True)
    _cover(book, report)
    for table in report.tables:
        _sheet(book, table)
    _figures(book, report)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def _cover(book: Workbook, report: Report) -> None:
    sheet = _new(book, "About", (28, 110))
    sheet.append([_text(sheet, report.title, _TITLE)])
    sheet.append([])
    for name, value in about(report):
        said = _text(sheet, value)
        said.alignment = _WRAP
        sheet.append([_text(sheet, name, _BOLD), said])


def _sheet(book: Workbook, table: Table) -> None:
    widths = [30] * len(table.labels)
    for column in table.columns:
        widths += [18, 24] if column.unit == MASS else [24]
    sheet = _new(book, table.name, widths)
    sheet.append([_text(sheet, table.title, _TITLE)])
    for note in table.notes:
        sheet.append([_text(sheet, note)])
    heads = list(table.labels)
    for column in table.columns:
        if column.unit == MASS:
            heads += [f"{column.title}, t (rounded to 0.001)", f"{column.title}, mg (exact)"]
        else:
            heads.append(f"{column.title}, {column.unit}" if column.unit else column.title)
    sheet.append([_text(sheet, head, _BOLD) for head in heads])
    for row in table.rows:
        cells: list[Cell | None] = [_text(sheet, label) for label in row.labels]
        for column, figure in zip(table.columns, row.figures, strict=False):
            cells += _values(sheet, figure, split=column.unit == MASS)
        sheet.append(cells)


def _figures(book: Workbook, report: Report) -> None:
    sheet = _new(book, "Figures", (90, 30, 10))
    sheet.append([_text(sheet, "Every figure, with the identifier to ask for its origin", _TITLE)])
    sheet.append([_text(sheet, head, _BOLD) for head in ("identifier", "value (exact)", "unit")])
    for figure in report.figures():
        sheet.append([_text(sheet, part) for part in (figure.id, figure.value, figure.unit)])


def _values(sheet: WriteOnlyWorksheet, figure: Figure | None, *, split: bool) -> list[Cell | None]:
    if figure is None:
        return [None, None] if split else [None]
    exact = _text(sheet, figure.value)
    exact.alignment = _RIGHT
    if not split:
        return [exact]
    # A spreadsheet's number: the text of the rounded tonnes, never a product of floats.
    rounded = WriteOnlyCell(sheet, float(tonnes(int(figure.value))))
    rounded.number_format = TONNES
    return [rounded, exact]


def _text(sheet: WriteOnlyWorksheet, text: str, font: Font | None = None) -> Cell:
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", text))
    # Set after the value: openpyxl takes text that begins with "=" for a formula.
    cell.data_type = "s"
    cell.number_format = TEXT
    if font is not None:
        cell.font = font
    return cell


def _new(book: Workbook, title: str, widths: tuple[int, ...] | list[int]) -> WriteOnlyWorksheet:
    sheet = cast("WriteOnlyWorksheet", book.create_sheet(title[:_LONGEST_TITLE]))
    for number, width in enumerate(widths, start=1):
        column = sheet.column_dimensions[get_column_letter(number)]  # type: ignore[attr-defined]
        column.width = width
    return sheet

"""Files as people have them are read; what is out of form is named by line."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import openpyxl
import pytest

from ledger.client.importer.mapfile import FileMap
from ledger.client.importer.rows import read_number
from ledger.client.importer.table import Cell, RowRefused, Table
from ledger.errors import BadFile, BadValue

COLUMNS = ("date", "kWh")


def rows(path: Path, options: FileMap = FileMap()) -> list[tuple[int, list[Cell]]]:  # noqa: B008
    found = []
    for row in Table(path, options, COLUMNS).rows():
        assert not isinstance(row, RowRefused), row
        found.append((row.line, list(row.cells)))
    return found


def written(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "meter.csv"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    "data",
    [
        b"date,kWh\na,1\nb,2\n",
        b"date,kWh\r\na,1\r\nb,2\r\n",
        b"\xef\xbb\xbfdate,kWh\na,1\nb,2",
        b"kWh;date;more\n1;a;x\n2;b;\n",
        b"x\tdate\tkWh\n\ta\t1\n\tb\t2\n",
        b'"date"|"kWh"\n"a"|"1"\n"b"|"2"\n',
        "date,kWh\na,1\nb,2\n".encode("utf-16"),
        b"date,kWh,\na,1,\nb,2,\n",
    ],
)
def test_delimiter_order_of_columns_and_line_ends_are_found_out(data: bytes, tmp_path: Path):
    assert rows(written(tmp_path, data)) == [(2, ["a", "1"]), (3, ["b", "2"])]


def test_lines_are_counted_as_in_an_editor(tmp_path: Path):
    data = b'date,kWh\n\na,1\n,\n"b\nc",2\nd,3\n'
    assert [line for line, _ in rows(written(tmp_path, data))] == [3, 5, 7]


def test_a_header_may_stand_further_down(tmp_path: Path):
    data = b"Meter 7\nexported today\ndate;kWh\na;1\n"
    assert rows(written(tmp_path, data), FileMap(header=3)) == [(4, ["a", "1"])]


def test_another_encoding_is_named_in_the_map(tmp_path: Path):
    data = "date,kWh\n一月,1\n".encode("gb18030")
    assert rows(written(tmp_path, data), FileMap(encoding="gb18030")) == [(2, ["一月", "1"])]
    with pytest.raises(BadFile, match=r"line 2: not utf-8.*gb18030"):
        rows(written(tmp_path, data))


@pytest.mark.parametrize(
    ("data", "line", "what"),
    [
        (b"date,kWh\na,1,5\n", 2, "more values than the header"),
        (b"date,kWh\na,1\nb\n", 3, "ends before this column"),
    ],
)
def test_a_row_of_another_width_is_refused_by_line(
    data: bytes, line: int, what: str, tmp_path: Path
):
    *_, refused = Table(written(tmp_path, data), FileMap(), COLUMNS).rows()
    assert isinstance(refused, RowRefused)
    assert refused.line == line
    assert what in refused.what


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"date,power\na,1\n", "column 'kWh' stands 0 times"),
        (b"date,kWh,kWh\na,1,2\n", "column 'kWh' stands 2 times"),
        (b"", "stands 0 times"),
        (b'date,kWh\n"a,1\n', "not closed"),
        (b"date,kWh\ra,1\r", "CR alone"),
        (b"\xd0\xcf\x11\xe0....", "old kind"),
        (b"PK\x03\x04nonsense", "not a workbook"),
        (b"date,kWh\n" + b"x" * 2_000_000, "too long"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(data: bytes, message: str, tmp_path: Path):
    with pytest.raises(BadFile, match=message):
        rows(written(tmp_path, data))


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(BadFile, match=r"meter\.csv cannot be read"):
        Table(tmp_path / "meter.csv", FileMap(), COLUMNS)


def test_memory_does_not_grow_with_the_file(tmp_path: Path):
    def peak(lines: int) -> int:
        path = written(tmp_path, b"date,kWh\n" + b"2018-01-01 00:15,3.17\n" * lines)
        tracemalloc.start()
        count = sum(1 for _ in Table(path, FileMap(), COLUMNS).rows())
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert count == lines
        return most

    assert peak(40_000) < peak(400) + 100_000


def test_a_sheet_is_named_when_a_workbook_has_several(tmp_path: Path):
    book = openpyxl.Workbook()
    book.create_sheet("Meter").append(["date", "kWh"])
    book["Meter"].append(["a", 1])
    book["Meter"].append([None, None])
    book["Meter"].append(["b"])
    path = tmp_path / "meter.xlsx"
    book.save(path)
    with pytest.raises(BadFile, match=r"which sheet.*Sheet, Meter"):
        rows(path)
    assert rows(path, FileMap(sheet="Meter")) == [(2, ["a", 1]), (4, ["b", None])]


@pytest.mark.parametrize(
    ("cell", "mark", "expected"),
    [
        ("3.170", ".", "3.17"),
        ("003.17", ".", "3.17"),
        (" 4 ", ".", "4"),
        ("4.000", ".", "4"),
        (".5", ".", "0.5"),
        ("5.", ".", "5"),
        ("0", ".", "0"),
        ("0.000", ".", "0"),
        ("3,17", ",", "3.17"),
        ("0.000000000001", ".", "0.000000000001"),
        ("1.0000000000010", ".", "1.000000000001"),
        (3.17, ",", "3.17"),
        (0.1 + 0.2, ".", "0.3"),
        (1e-05, ".", "0.00001"),
        (1e15, ".", "1000000000000000"),
        (12, ".", "12"),
    ],
)
def test_a_quantity_gets_its_one_spelling(cell: str | float, mark: str, expected: str):
    assert read_number(cell, mark) == expected


@pytest.mark.parametrize(
    ("cell", "mark", "advice"),
    [
        ("", ".", 'empty = "skip"'),
        ("3,17", ".", 'decimal = ","'),
        ("1,234", ".", "thousands"),
        ("1,234.5", ".", "thousands separators"),
        ("1 234", ".", "thousands separators"),
        ("1'234.5", ".", "thousands separators"),
        ("1.234,5", ",", "thousands separators"),
        ("-3.17", ".", "never negative"),
        ("\u22123.17", ".", "never negative"),
        ("(3.17)", ".", "never negative"),
        (-3.17, ".", "never negative"),
        ("+3.17", ".", "without a sign"),
        ("3.17e2", ".", "without an exponent"),
        ("3.17 kWh", ".", "stands in the map"),
        ("NaN", ".", "no quantity"),
        ("#N/A", ".", "no quantity"),
        ("Infinity", ".", "no quantity"),
        ("\u0663.\u0661", ".", ""),
        ("1.0000000000001", ".", "round it in the file"),
        ("1234567890123456789", ".", "larger unit"),
        ("4" * 40, ".", "larger unit"),
        (True, ".", ""),
        (None, ".", ""),
    ],
)
def test_what_could_mean_two_things_or_nothing_is_refused_with_advice(
    cell: str | float | None, mark: str, advice: str
):
    with pytest.raises(BadValue) as caught:
        read_number(cell, mark)
    assert advice in caught.value.advice

"""A table row by row, with the number that a person sees in an editor, in constant memory.

CSV: UTF-8 with or without BOM, or the encoding that the map names; the delimiter is the one under
which all mapped columns stand in the header. XLSX: cells keep their kind, so dates come as dates
and numbers with the 15 digits that a spreadsheet shows. A row out of form is given as refused, not
skipped; rows without any value are no rows. Source: RFC 4180; ECMA-376.
"""

from __future__ import annotations

import codecs
import csv
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import BinaryIO, Final, Union, cast

import msgspec

from ledger.client.importer.mapfile import FileMap
from ledger.errors import BadFile

Cell = Union[str, int, float, bool, datetime, date, time, timedelta, None]  # noqa: UP007

MAX_LINE: Final = 1024 * 1024
MAX_UNPACKED: Final = 4 * 1024**3
_DELIMITERS: Final = (",", ";", "\t", "|")
_XLS: Final = b"\xd0\xcf\x11\xe0"
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class RowRefused(msgspec.Struct, frozen=True, kw_only=True):
    """A row that cannot become a reading, in words for the person who has the file."""

    line: int
    """As an editor or a spreadsheet counts, from 1."""
    column: str
    what: str
    expected: str = ""
    found: str = ""
    advice: str = ""

    def __str__(self) -> str:
        text = f"line {self.line}" + (f", column {self.column}" if self.column else "")
        text += f": {self.what}"
        if self.expected:
            text += f"; expected {self.expected}"
        if self.found:
            text += f"; found {self.found}"
        return text + (f". {self.advice}" if self.advice else "")


class TableRow(msgspec.Struct, frozen=True):
    """The mapped cells of a row, in the order in which the columns were asked for."""

    line: int
    cells: Sequence[Cell]


class Table:
    """The rows of one file; `done_bytes` of `total_bytes` have been read."""

    def __init__(self, path: Path, options: FileMap, columns: Sequence[str]) -> None:
        self.path: Final = path
        self.columns: Final = tuple(columns)
        self.done_bytes = 0
        self._options = options
        try:
            self.total_bytes: Final = path.stat().st_size
            if not path.is_file():
                raise BadFile(f"{path} cannot be imported", expected="a file")
            with path.open("rb") as file:
                magic = file.read(4)
        except OSError as error:
            raise BadFile(f"{path} cannot be read", found=str(error)) from error
        if magic == _XLS:
            raise BadFile(
                f"{path} is a workbook of the old kind",
                expected="CSV or XLSX",
                found="XLS",
                advice="Save it as XLSX or CSV",
            )
        is_workbook = magic[:2] == b"PK"
        self.format: Final = options.format or ("xlsx" if is_workbook else "csv")
        if (self.format == "xlsx") != is_workbook:
            raise BadFile(
                f"{path} is not what the map says", expected=self.format, found=repr(magic)
            )
        self._utf16 = magic[:2] in _UTF16

    def rows(self) -> Iterator[TableRow | RowRefused]:
        """All rows below the header, in order; raises BadFile."""
        return self._workbook_rows() if self.format == "xlsx" else self._csv_rows()

    # --- CSV -----------------------------------------------------------------------------------

    def _csv_rows(self) -> Iterator[TableRow | RowRefused]:
        with self.path.open("rb") as file:
            lines = self._lines(file)
            header_line = ""
            for _ in range(self._options.header):
                header_line = next(lines, "")
            if "\r" in header_line.rstrip("\r\n"):
                raise BadFile(f"{self.path}: lines end with CR alone", expected="LF or CR LF")
            delimiter = self._delimiter(header_line)
            header = next(csv.reader([header_line], delimiter=delimiter), [])
            places = self._places(header)
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            skipped = self._options.header
            while True:
                line = skipped + reader.line_num + 1
                try:
                    row = next(reader, None)
                except csv.Error as error:
                    raise BadFile(
                        f"{self.path}, line {line}: not CSV",
                        found=str(error),
                        advice="Look for a quotation mark that is not closed",
                    ) from error
                if row is None:
                    break
                if not any(cell.strip() for cell in row):
                    continue
                yield self._fit(line, row, places, len(header))
        self.done_bytes = self.total_bytes

    def _lines(self, file: BinaryIO) -> Iterator[str]:
        encoding = self._options.encoding or ("utf-16" if self._utf16 else "utf-8")
        try:
            decoder = codecs.getincrementaldecoder(encoding)()
        except LookupError as error:
            raise BadFile("encoding of the map", expected="a name such as gb18030",
                          found=repr(encoding)) from error  # fmt: skip
        rest, number = "", 0
        while True:
            data = file.readline(MAX_LINE)
            self.done_bytes = file.tell()
            try:
                text = rest + decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                raise BadFile(
                    f"{self.path}, line {number + 1}: not {encoding}",
                    found=str(error),
                    advice='Name the encoding in the map: [file] encoding = "gb18030" or "cp1252"',
                ) from error
            if number == 0:
                text = text.removeprefix("\ufeff")
            *whole, rest = text.split("\n")
            if len(rest) >= MAX_LINE:
                raise BadFile(
                    f"{self.path}, line {number + 1}: too long for a line",
                    expected=f"fewer than {MAX_LINE} characters and an end of line",
                )
            for line in whole:
                number += 1
                yield line + "\n"
            if not data:
                break
        if rest:
            yield rest

    def _delimiter(self, header_line: str) -> str:
        named = self._options.delimiter
        if named is not None:
            named = "\t" if named in {"tab", "\\t"} else named
            if len(named) != 1:
                raise BadFile("delimiter of the map", expected='one character, or "tab"',
                              found=repr(named))  # fmt: skip
            return named

        def found(delimiter: str) -> tuple[int, int]:
            names = [
                name.strip() for name in next(csv.reader([header_line], delimiter=delimiter), [])
            ]
            return len(set(self.columns) & set(names)), len(names)

        return max(_DELIMITERS, key=found)

    def _fit(
        self, line: int, row: Sequence[Cell], places: Sequence[int], width: int
    ) -> TableRow | RowRefused:
        if len(row) > width and any(row[width:]):
            return RowRefused(
                line=line,
                column="",
                what="more values than the header has columns",
                expected=f"{width}",
                found=f"{len(row)}",
                advice="A decimal comma in a file with commas stands in quotation marks",
            )
        if len(row) <= max(places):
            return RowRefused(
                line=line,
                column=next(c for c, p in zip(self.columns, places, strict=True) if p >= len(row)),
                what="the row ends before this column",
                expected=f"{width} values",
                found=f"{len(row)}",
            )
        return TableRow(line, [row[place] for place in places])

    def _places(self, header: Sequence[Cell]) -> list[int]:
        names = ["" if cell is None else str(cell).strip() for cell in header]
        for column in self.columns:
            if names.count(column) != 1:
                raise BadFile(
                    f"{self.path}: column {column!r} stands {names.count(column)} times in the header",
                    expected="once",
                    found=", ".join(name for name in names if name)[:400] or "no header",
                    advice="The map names columns by their header, letter by letter; "
                    "[file] header = 3 says that the header is line 3",
                )
        return [names.index(column) for column in self.columns]

    # --- XLSX ----------------------------------------------------------------------------------

    def _workbook_rows(self) -> Iterator[TableRow | RowRefused]:
        import openpyxl  # noqa: PLC0415  (a fifth of a second, for workbooks alone)

        try:
            with zipfile.ZipFile(self.path) as packed:
                if sum(one.file_size for one in packed.infolist()) > MAX_UNPACKED:
                    raise BadFile(f"{self.path} is too large unpacked", expected="4 GiB at most")
            book = openpyxl.load_workbook(self.path, read_only=True, data_only=True)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise BadFile(f"{self.path} is not a workbook", found=str(error)) from error
        try:
            names = book.sheetnames
            wanted = self._options.sheet or names[0]
            if wanted not in names or (self._options.sheet is None and len(names) > 1):
                raise BadFile(
                    f"{self.path}: which sheet",
                    expected="one of " + ", ".join(names),
                    found=self._options.sheet or "none named",
                    advice=f'Name it in the map: [file] sheet = "{names[0]}"',
                )
            sheet = book[wanted]
            last = sheet.max_row or 0
            rows = sheet.iter_rows(min_row=self._options.header, values_only=True)
            header = cast("Sequence[Cell]", next(rows, ()))
            places = self._places(header)
            for line, values in enumerate(rows, start=self._options.header + 1):
                self.done_bytes = self.total_bytes * min(line, last) // max(last, 1)
                row = cast("Sequence[Cell]", values)
                if any(cell is not None and cell != "" for cell in row):
                    # A workbook stores no empty cells at the end of a row.
                    row = (*row, *(None for _ in range(len(header) - len(row))))
                    yield self._fit(line, row, places, len(header))
        finally:
            book.close()
        self.done_bytes = self.total_bytes

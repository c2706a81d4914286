"""A report as one CSV table, a line for each figure, as RFC 4180 has it.

    table,label_1,…,label_6,column,unit,value,identifier

The labels are those of the figure's row, in the order of its table. What stands on the first page
comes first, as table `about`: label_1 names it and label_2 says it. A row of text alone has no
column and no value. Values are exact: milligrams as integers, anything else as decimals.

Text that a spreadsheet would take for a formula is written behind an apostrophe; values are not, since
they are numbers. Lines end with CRLF; UTF-8 without a byte order mark.
"""

from __future__ import annotations

import csv
import io
import re
from typing import Final

from ledger.carbon.reports.table import Report, about

LABELS: Final = 6
HEADER: Final = (
    "table",
    *(f"label_{number}" for number in range(1, LABELS + 1)),
    "column",
    "unit",
    "value",
    "identifier",
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def write_csv(report: Report) -> bytes:
    """The report's figures, one a line."""
    text = io.StringIO(newline="")
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow(HEADER)
    for name, value in about(report):
        lines.writerow(_line("about", (name, value)))
    for table in report.tables:
        for row in table.rows:
            for column, figure in zip(table.columns, row.figures, strict=True):
                if figure is not None:
                    lines.writerow(
                        _line(
                            table.name,
                            row.labels,
                            column.name,
                            figure.unit,
                            figure.value,
                            figure.id,
                        )
                    )
            if not row.figures:
                lines.writerow(_line(table.name, row.labels))
    return text.getvalue().encode()


def guarded(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text


def _line(
    table: str,
    labels: tuple[str, ...],
    column: str = "",
    unit: str = "",
    value: str = "",
    identifier: str = "",
) -> list[str]:
    if len(labels) > LABELS:
        raise AssertionError(f"table {table} has more than {LABELS} labels")
    padded = (*labels, *([""] * (LABELS - len(labels))))
    return [guarded(part) for part in (table, *padded, column, unit, value, identifier)]

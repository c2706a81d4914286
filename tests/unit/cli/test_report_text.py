"""A report on a terminal: every number in one piece, however narrow the terminal is."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from ledger.carbon.reports.table import Column, Figure, Row, Table
from ledger.cli.report import _body

LONG = "863175981000000000"  # 863 175 981.000 t


def wide(gases: int) -> Table:
    row = Row(("industry",), tuple(Figure(f"f:{n}", LONG, "mg") for n in range(gases)))
    return Table(
        name="wide",
        title="Wide",
        labels=("key area",),
        columns=tuple(Column(f"GAS{n}", f"GAS{n}") for n in range(gases)),
        rows=(row, row),
        notes=(),
    )


@pytest.mark.parametrize("gases", [1, 3, 6, 14])
@pytest.mark.parametrize("width", [80, 120])
def test_no_number_is_cut_or_broken(gases: int, width: int):
    out = io.StringIO()
    console = Console(file=out, width=width, markup=False, highlight=False)
    for part in _body(wide(gases), width):
        console.print(part)
    shown = out.getvalue().count("863 175 981.000")
    assert shown == 2 * gases


def test_a_table_that_would_be_too_long_names_the_other_formats():
    [line] = _body(wide(40), 80)
    assert "csv" in str(line)

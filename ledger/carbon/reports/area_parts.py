"""Parts that all reports of the area share: terms by heading, and the columns beside the total."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from ledger.carbon.area.area import AreaTerm
from ledger.carbon.area.assign import view_table
from ledger.carbon.counted import Counted
from ledger.carbon.reports.beside import word
from ledger.carbon.reports.draft import Draft, GasRow
from ledger.carbon.reports.table import Figure, Table

BESIDE: Final = {
    "biogenic": "biogenic CO2",
    "removed": "removals",
    "memo": "gases outside every scope",
}
"""The columns that are added to nothing, and their names for people."""


def emitted(terms: Iterable[AreaTerm]) -> list[Counted]:
    """The terms of the total."""
    return [term.counted for term in terms if term.column == "emitted"]


def emitted_by(
    terms: Iterable[AreaTerm], heading: Callable[[AreaTerm], str]
) -> dict[str, list[Counted]]:
    """The same by a heading."""
    found: dict[str, list[Counted]] = {}
    for term in terms:
        if term.column == "emitted":
            found.setdefault(heading(term), []).append(term.counted)
    return found


def beside_table(draft: Draft, views: dict[str, list[AreaTerm]]) -> Table:
    """Biogenic CO2, removals and gases outside every scope, of each view: added to nothing."""
    rows = []
    for view, terms in views.items():
        for column, title in BESIDE.items():
            kept = [term.counted for term in terms if term.column == column]
            if kept:
                rows.append(GasRow((view, title), (word(view), column), kept, equivalent=False))
    return draft.gas_table(
        "beside", "Beside the totals, added to nothing", ("view", "column"), rows
    )


def figures_of(
    totals: Table, views: Iterable[str], columns: Iterable[str | None] | None = None
) -> dict[str, Figure]:
    """Each view's figure in a table with a row for each; the last column's where none is named."""
    names = [one.name for one in totals.columns]
    wanted = [None] * len(totals.rows) if columns is None else list(columns)
    found: dict[str, Figure] = {}
    for view, row, column in zip(views, totals.rows, wanted, strict=True):
        at = len(names) - 1 if column is None else names.index(column) if column in names else None
        figure = None if at is None else row.figures[at]
        if figure is not None:
            found[view] = figure
    return found


def line_titles(draft: Draft) -> dict[str, str]:
    """The title of each GPC line."""
    return {one.line: one.title for one in view_table(draft.pack).file.lines}

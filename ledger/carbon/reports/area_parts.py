"""Parts that all reports of the area share: terms by heading, and the columns beside the total."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from ledger.carbon.area.area import AreaTerm
from ledger.carbon.area.assign import view_table
from ledger.carbon.counted import Counted
from ledger.carbon.reports.beside import word
from ledger.carbon.reports.draft import Draft, GasRow
from ledger.carbon.reports.table import Table

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


def line_titles(draft: Draft) -> dict[str, str]:
    """What stands under each line of the mapping table, in words."""
    found: dict[str, str] = {}
    for row in view_table(draft.pack).file.assignments:
        for line in row.lines:
            found.setdefault(line, row.title)
    return found

"""An inventory after ISO 14064-1: the six categories, Scope 2 by both methods, and what it lacks.

Category 1 is direct; 2 is imported energy; 3 to 6 are other indirect emissions.
Source: accounting rules, section 4; ISO 14064-1:2018.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ledger.carbon.known import Known
from ledger.carbon.reports.company_parts import (
    METHODS,
    common_tables,
    inventory_of,
    party_of,
    zeroed_note,
)
from ledger.carbon.reports.draft import Built, Draft, GasRow
from ledger.carbon.reports.missing import missing

NAME: Final = "iso-14064-1"
TITLE: Final = "ISO 14064-1 inventory"
CATEGORIES: Final = {
    1: "direct emissions",
    2: "imported energy",
    3: "transport",
    4: "goods and services used",
    5: "use of products of the organisation",
    6: "other sources",
}


def build(draft: Draft, since: Sequence[Known]) -> Built:
    """The report of a party. Raises InvalidInput under rules without tables for inventories."""
    found = inventory_of(draft)
    rows = []
    for number, title in CATEGORIES.items():
        if number == 2:
            rows += [
                GasRow(
                    (str(number), title, method),
                    (str(number), name),
                    list(found.select(iso=number, method=name)),
                )
                for name, method in METHODS.items()
            ]
        else:
            rows.append(
                GasRow((str(number), title, ""), (str(number),), list(found.select(iso=number)))
            )
    unplaced = list(found.select(iso=0))
    if unplaced:
        rows.append(GasRow(("none", "in no category of the catalogue", ""), ("none",), unplaced))
    totals = [
        GasRow(
            (f"all categories, imported energy {title}",), (name,), list(found.select(method=name))
        )
        for name, title in METHODS.items()
    ]
    tables = [
        draft.gas_table("categories", "By category", ("category", "what", "method"), rows),
        draft.gas_table("totals", "Totals", ("total",), totals),
        *common_tables(draft, found, since),
    ]
    return draft.finish(
        TITLE, tables, gaps=missing(draft.known, [party_of(draft)]), notes=zeroed_note(found)
    )

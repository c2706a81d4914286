"""The sum of China's general guideline for enterprises, term by term.

    E = combustion + process + net purchased electricity + net purchased heat − recovered

Each term has a figure by gas, with the sign that it has in the sum; what stands under none of them
is named. Source: accounting rules, section 4; GB/T 32150-2015.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ledger.carbon.inventory.national import national_sum
from ledger.carbon.known import Known
from ledger.carbon.reports.beside import declared_lines, source_lines
from ledger.carbon.reports.company_parts import (
    boundary_table,
    inventory_of,
    open_table,
    party_of,
    quality_tables,
    restatements_table,
    uncertainty_table,
)
from ledger.carbon.reports.draft import Built, Draft, GasRow
from ledger.carbon.reports.missing import missing

NAME: Final = "gb-t-32150"
TITLE: Final = "GB/T 32150 sum"
TERMS: Final = {
    "combustion": "Combustion of fuels",
    "process": "Processes",
    "electricity": "Net purchased electricity",
    "heat": "Net purchased heat",
    "recovered": "Recovered and used (deducted)",
}
TOTAL: Final = "Total"


def build(draft: Draft, _earlier: Sequence[Known]) -> Built:
    """The report of a party. Raises InvalidInput under rules without tables for inventories."""
    party, inventory = party_of(draft), inventory_of(draft)
    found = national_sum(draft.known, draft.pack, party)
    whole = [term for name in TERMS for term in found.heads[name]]
    tables = [
        draft.gas_table(
            "terms",
            "Terms of the sum, location-based",
            ("term",),
            [
                *(GasRow((title,), (name,), found.heads[name]) for name, title in TERMS.items()),
                GasRow((TOTAL,), ("total",), whole),
            ],
        ),
        uncertainty_table(draft, [(TOTAL, whole)]),
        restatements_table(draft),
        *quality_tables(draft),
        boundary_table(inventory),
        declared_lines(draft.known, [party]),
        open_table(inventory),
        source_lines(
            draft, ("term",), (((name,), term) for name in TERMS for term in found.heads[name])
        ),
    ]
    notes = [f"{name} stands under no term and is no part of this sum." for name in found.elsewhere]
    return draft.finish(TITLE, tables, gaps=missing(draft.known, [party]), notes=notes)

"""An inventory after the GHG Protocol Corporate Standard: scopes, Scope 2 twice, categories.

Source: accounting rules, section 4; GHG Protocol Corporate Standard, Scope 2 Guidance, Scope 3
Standard.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ledger.carbon.inventory.heading import LOCATION
from ledger.carbon.inventory.inventory import months_of
from ledger.carbon.known import Known
from ledger.carbon.reports.company_parts import (
    METHODS,
    both_scopes,
    by_activity,
    categories,
    common_tables,
    inventory_of,
    party_of,
    zeroed_note,
)
from ledger.carbon.reports.draft import Built, Draft, GasRow
from ledger.carbon.reports.missing import missing

NAME: Final = "ghg-protocol"
TITLE: Final = "GHG Protocol inventory"


def build(draft: Draft, since: Sequence[Known]) -> Built:
    """The report of a party. Raises InvalidInput under rules without tables for inventories."""
    found = inventory_of(draft)
    three = list(found.select(scope=3))
    scopes = [
        GasRow(("Scope 1",), ("1",), list(found.select(scope=1))),
        *(
            GasRow((f"Scope 2, {title}",), ("2", name), list(found.select(scope=2, method=name)))
            for name, title in METHODS.items()
        ),
        GasRow(("Scope 3",), ("3",), three),
    ]
    totals = [
        GasRow(heads, (scopes_, name), terms)
        for name, title in METHODS.items()
        for heads, scopes_, terms in (
            ((f"Scope 1 and 2, {title}",), "1-2", both_scopes(found, name)),
            ((f"Scope 1, 2 and 3, {title}",), "1-3", [*both_scopes(found, name), *three]),
        )
    ]
    tables = [
        draft.gas_table("scopes", "By scope", ("scope",), scopes),
        draft.gas_table("totals", "Totals", ("total",), totals),
        draft.gas_table(
            "categories",
            "Scope 3 by category",
            ("category",),
            [
                GasRow((str(number),), (str(number),), list(found.select(scope=3, category=number)))
                for number in categories(found, 3)
            ],
        ),
        draft.gas_table(
            "activities",
            "By scope and activity, Scope 2 location-based",
            ("scope", "activity"),
            [
                GasRow((str(scope), activity), (str(scope), activity), terms)
                for scope in (1, 2, 3)
                for activity, terms in by_activity(found, scope, LOCATION).items()
            ],
        ),
        draft.gas_table(
            "months",
            "Scope 1 and 2 by month",
            ("month", "method"),
            [
                GasRow(
                    (month, title),
                    (month, name),
                    [term for term in both_scopes(found, name) if term.month == month],
                )
                for month in months_of(found.period)
                for name, title in METHODS.items()
            ],
        ),
        *common_tables(draft, found, since),
    ]
    return draft.finish(
        TITLE, tables, gaps=missing(draft.known, [party_of(draft)]), notes=zeroed_note(found)
    )

"""The GPC table: the area's emissions by line, at the levels BASIC and BASIC+.

Lines and levels are those of the views `gpc-basic` and `gpc-basic-plus`; Scope 2 is location-based.
Biogenic CO2, removals and gases outside every scope stand in a table of their own.
Source: accounting rules, section 5; Global Protocol for Community-Scale Greenhouse Gas Inventories.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ledger.carbon.area.area import area_figure, area_terms
from ledger.carbon.area.basis import basis_of
from ledger.carbon.area.bridge import bridge
from ledger.carbon.known import Known
from ledger.carbon.reports.area_parts import (
    beside_table,
    emitted,
    emitted_by,
    figures_of,
    line_titles,
)
from ledger.carbon.reports.beside import declared_lines, open_transfers, source_lines, word
from ledger.carbon.reports.draft import Built, Draft, GasRow
from ledger.carbon.reports.missing import missing
from ledger.carbon.reports.ratios import ratios
from ledger.carbon.reports.residents import held_of

NAME: Final = "gpc"
TITLE: Final = "GPC table: BASIC and BASIC+"
LEVELS: Final = {"BASIC": "gpc-basic", "BASIC+": "gpc-basic-plus"}


def build(draft: Draft, _earlier: Sequence[Known]) -> Built:
    """The report of the area. Raises InvalidInput under rules without views."""
    known = draft.known
    basis = basis_of(known, draft.pack)
    levels = {level: area_terms(known, draft.pack, view, basis) for level, view in LEVELS.items()}
    whole = levels["BASIC+"]
    basic, titles = {term.gpc for term in levels["BASIC"]}, line_titles(draft)
    held, crossing = held_of(draft), bridge(known, draft.pack, LEVELS["BASIC+"], basis)
    areas = {
        "gpc-basic": area_figure(known, draft.pack, "gpc-basic", basis),
        "gpc-basic-plus": crossing.area,
    }
    totals = draft.gas_table(
        "levels",
        "Totals by level",
        ("level",),
        [GasRow((level,), (LEVELS[level],), emitted(terms)) for level, terms in levels.items()],
    )
    tables = [
        totals,
        draft.gas_table(
            "lines",
            "Lines at BASIC+",
            ("line", "level", "what"),
            [
                GasRow(
                    (line, "BASIC" if line in basic else "BASIC+", titles.get(line, "")),
                    (word(line),),
                    terms,
                )
                for line, terms in sorted(emitted_by(whole, lambda term: term.gpc).items())
            ],
        ),
        ratios(draft, areas, figures_of(totals, LEVELS.values())),
        beside_table(draft, {LEVELS["BASIC+"]: whole}),
        source_lines(
            draft,
            ("line", "column"),
            (((term.gpc, term.column), term.counted) for term in whole),
            held,
        ),
        declared_lines(known, known.parties),
        open_transfers(crossing.open),
    ]
    return draft.finish(TITLE, tables, gaps=missing(known), held=held)

"""The area in five views side by side, each bridged from the sum of its companies.

The views are made from the same events and never added to each other. A bridge begins at Σ companies
and names each step to the area; its sum is the view's own figure, which is made on another path.
Source: accounting rules, section 5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from ledger.carbon.area.amounts import column_of
from ledger.carbon.area.area import AreaTerm, area_terms
from ledger.carbon.area.assign import view_table
from ledger.carbon.area.basis import basis_of
from ledger.carbon.area.bridge import Bridge, bridge
from ledger.carbon.counted import Counted
from ledger.carbon.known import Known
from ledger.carbon.reports.area_parts import beside_table, emitted, emitted_by, figures_of
from ledger.carbon.reports.beside import (
    carbon_carriers,
    declared_lines,
    open_transfers,
    source_lines,
    word,
)
from ledger.carbon.reports.draft import Built, Draft, GasRow
from ledger.carbon.reports.missing import missing
from ledger.carbon.reports.ratios import ratios
from ledger.carbon.reports.residents import held_of
from ledger.carbon.reports.table import Column, Row, Table

NAME: Final = "area-views"
TITLE: Final = "The area in all views, with the bridge"
VIEWS: Final = ("companies", "territorial", "gpc-basic", "gpc-basic-plus", "park")
STEPS: Final = {
    "companies": "Σ companies: Scope 1 and Scope 2 location-based",
    "site-outside": "sites outside the area",
    "scope-2": "all Scope 2",
    "supplied": "energy supplied to others",
    "line": "lines not in the view",
    "internal": "energy made inside, the receiver's leg",
    "exported": "energy that leaves the area",
    "added": "lines that the view adds",
    "unallocated": "unallocated: residents and public bodies",
}


def build(draft: Draft, _earlier: Sequence[Known]) -> Built:
    """The report of the area. Raises InvalidInput under rules without views."""
    known, pack = draft.known, draft.pack
    rules = view_table(pack)
    basis = basis_of(known, pack)
    views = {view: area_terms(known, pack, view, basis) for view in VIEWS}
    # A view of CO2 alone has no CO2e.
    whole = {view: not rules.view(view).gases for view in VIEWS}
    bridges = {view: bridge(known, pack, view, basis) for view in VIEWS}
    held = held_of(draft)
    totals = draft.gas_table(
        "views",
        "The area in each view",
        ("view", "what it is"),
        [
            GasRow((view, rules.view(view).title), (view,), emitted(terms), whole[view])
            for view, terms in views.items()
        ],
    )
    tables = [
        totals,
        draft.gas_table(
            "bridge",
            "From the sum of the companies to the area",
            ("view", "step", "of"),
            [
                GasRow(
                    (view, STEPS[step.kind], step.name),
                    (view, step.kind, word(step.name)),
                    _emitted(draft, step.terms),
                    whole[view],
                )
                for view, found in bridges.items()
                for step in found.lines
            ],
        ),
        *(
            _by(draft, views, whole, name, title, heading)
            for name, title, heading in (
                ("key-areas", "By key area", lambda term: term.key_area),
                ("months", "By month", lambda term: term.counted.month),
                ("lines", "By GPC line", lambda term: term.gpc),
                ("groups", "By group of parties", lambda term: term.group),
            )
        ),
        ratios(
            draft,
            {view: one.area for view, one in bridges.items()},
            figures_of(totals, VIEWS, [None if whole[view] else "CO2" for view in VIEWS]),
        ),
        beside_table(draft, views),
        _priced(draft, bridges),
        source_lines(
            draft,
            ("view", "column"),
            (
                ((view, term.column), term.counted)
                for view, terms in views.items()
                for term in terms
            ),
            held,
        ),
        declared_lines(known, known.parties),
        open_transfers(bridges["companies"].open),
        carbon_carriers(bridges["companies"].carriers),
    ]
    return draft.finish(TITLE, tables, gaps=missing(known), notes=_notes(bridges), held=held)


def _emitted(draft: Draft, terms: Iterable[Counted]) -> list[Counted]:
    """The terms of the total; those of removals and other columns stand beside it."""
    known, pack = draft.known, draft.pack
    return [
        term
        for term in terms
        if column_of(pack, known.sources[term.stream].activity, term.gas) == "emitted"
    ]


def _by(
    draft: Draft,
    views: dict[str, list[AreaTerm]],
    whole: dict[str, bool],
    name: str,
    title: str,
    heading: Callable[[AreaTerm], str],
) -> Table:
    rows = [
        GasRow((view, label), (view, word(label)), kept, whole[view])
        for view, terms in views.items()
        for label, kept in sorted(emitted_by(terms, heading).items())
    ]
    return draft.gas_table(name, title, ("view", name.removesuffix("s").replace("-", " ")), rows)


def _priced(draft: Draft, bridges: dict[str, Bridge]) -> Table:
    """A memo of the park: what the receiver counts less what the sender prices, per transfer."""
    rows = []
    for one in bridges["park"].priced:
        heading = "priced", word(one.event), one.gas
        parts = [
            draft.derived(
                str(value),
                "mg",
                f"what the {side} counts for it",
                *heading,
                side,
                events=(one.event,),
            )
            for side, value in (("receiver", one.receiver_mg), ("sender", one.sender_mg))
        ]
        difference = draft.derived(
            str(one.difference_mg),
            "mg",
            "the receiver's leg less the sender's price",
            *heading,
            "difference",
            figures=parts,
            events=(one.event,),
        )
        rows.append(Row((one.event, one.gas), (*parts, difference)))
    return Table(
        name="priced-differently",
        title="Memo: energy that sender and receiver price differently",
        labels=("transfer", "gas"),
        columns=(
            Column("receiver", "Receiver's leg"),
            Column("sender", "Sender's price"),
            Column("difference", "Difference"),
        ),
        rows=tuple(rows),
    )


def _notes(bridges: dict[str, Bridge]) -> list[str]:
    placed = {stream for one in bridges.values() for stream in one.area.by_default}
    notes = [f"{stream} names no GPC line; the default places it." for stream in sorted(placed)]
    for (event, gas), mass_mg in sorted(bridges["park"].unfunded.items()):
        notes.append(f"{event} prices {mass_mg} mg {gas} beyond what its source emitted.")
    zeroed = max(one.area.rounded_to_zero for one in bridges.values())
    if zeroed:
        notes.append(f"{zeroed} products were less than half a milligram.")
    return notes

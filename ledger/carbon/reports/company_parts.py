"""Parts that all reports of a company share: its inventory, and what must stand beside it.

Source: accounting rules, section 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Final

from ledger.carbon.counted import Counted
from ledger.carbon.inventory.heading import LOCATION, MARKET
from ledger.carbon.inventory.inventory import EMITTED, Inventory, inventory
from ledger.carbon.inventory.quality import quality
from ledger.carbon.inventory.restatement import base_year, compare_base_year, restatements
from ledger.carbon.inventory.uncertainty import uncertain_parts, uncertainty
from ledger.carbon.known import Known
from ledger.carbon.reports.beside import declared_lines, open_labels, source_lines
from ledger.carbon.reports.draft import Draft, GasRow
from ledger.carbon.reports.table import Column, Row, Table, decimal, fixed, known_at

METHODS: Final = {LOCATION: "location-based", MARKET: "market-based"}
BESIDE: Final = {
    "biogenic": "biogenic CO2",
    "removed": "removals",
    "memo": "gases outside every scope",
}


def party_of(draft: Draft) -> str:
    """Whose report it is."""
    if draft.base.party is None:
        raise AssertionError("this report is of a party")
    return draft.base.party


def inventory_of(draft: Draft) -> Inventory:
    """The inventory that the report shows."""
    return inventory(draft.known, draft.pack, party_of(draft), draft.readings)


def both_scopes(found: Inventory, method: str) -> list[Counted]:
    """Scope 1, and Scope 2 by one method."""
    return [*found.select(scope=1), *found.select(scope=2, method=method)]


def beside_table(draft: Draft, found: Inventory) -> Table:
    """Biogenic CO2, removals and gases outside every scope: in columns of their own.

    Scope 2 stands once, by location.
    """
    rows = []
    for column, title in BESIDE.items():
        for scope in (1, 2, 3):
            terms = list(found.select(column=column, scope=scope, method=LOCATION))
            if terms:
                rows.append(
                    GasRow((title, str(scope)), (column, str(scope)), terms, equivalent=False)
                )
    return draft.gas_table(
        "beside", "Beside the totals, added to nothing", ("column", "scope"), rows
    )


def lines_table(draft: Draft, found: Inventory) -> Table:
    """Source lines under scope, method, category and column."""
    return source_lines(
        draft,
        ("scope", "column"),
        (
            ((_scope(term.heading.scope, term.heading.method), term.column), term.counted)
            for term in found.terms
        ),
    )


def _scope(scope: int, method: str) -> str:
    return f"{scope} {METHODS[method]}" if method else str(scope)


def market_table(found: Inventory) -> Table:
    """How each Scope 2 figure by the market came about."""
    return Table(
        name="market-based",
        title="How Scope 2 by the market came about",
        labels=(
            "stream",
            "month",
            "used",
            "matched with a supply",
            "factor of the rest",
            "remarks",
        ),
        rows=tuple(
            Row(
                (
                    one.line.stream,
                    one.month,
                    f"{decimal(one.used, 6)} {one.line.unit}",
                    ""
                    if one.supply is None
                    else f"{decimal(one.matched, 6)} from {one.supply}, by the {one.interval}",
                    f"{one.basis}: {one.factor or 'none'}",
                    "; ".join(one.remarks),
                )
            )
            for one in found.market
        ),
    )


def quality_tables(draft: Draft) -> list[Table]:
    """Grades of activity data, and the factors as they are used."""
    found = quality(draft.known, draft.pack, party_of(draft))
    return [
        Table(
            name="data-quality",
            title="Quality of activity data: readings by grade H, M, L",
            labels=("stream", "H", "M", "L", "without a grade", "estimated"),
            rows=tuple(
                Row(
                    (
                        one.stream,
                        *(str(one.grades.get(grade, 0)) for grade in ("H", "M", "L")),
                        str(one.unstated),
                        str(one.estimated),
                    )
                )
                for one in found.activity
            ),
        ),
        Table(
            name="factors",
            title="Factors as used, with their age",
            labels=("stream", "role", "factor", "kind and region", "data year and lag", "remarks"),
            rows=tuple(
                Row(
                    (
                        one.stream,
                        one.role,
                        one.factor,
                        f"{one.kind}, {one.region}",
                        f"{one.year}, lag {_lag(one.lag_years)} years",
                        f"grade {one.grade}" + (", unverified" if one.unverified else ""),
                    )
                )
                for one in found.factors
            ),
        ),
    ]


def _lag(lags: tuple[int, int]) -> str:
    return str(lags[0]) if lags[0] == lags[1] else f"{lags[0]} to {lags[1]}"


def uncertainty_table(draft: Draft, figures: Iterable[tuple[str, Sequence[Counted]]]) -> Table:
    """The half-width of the 95 % interval of figures in CO2e; no figure of the ledger."""
    rows = []
    for name, terms in figures:
        found = uncertainty(uncertain_parts(draft.known, draft.pack, draft.gwp, terms))
        unstated = not found.half_width and bool(found.activity_unstated or found.factor_unstated)
        rows.append(
            Row(
                (
                    name,
                    "none"
                    if found.percent is None
                    else "not stated"
                    if unstated
                    else f"± {_shown(found.percent)} %",
                    f"{_shown(100 * found.activity_unstated)} %",
                    f"{_shown(100 * found.factor_unstated)} %",
                )
            )
        )
    return Table(
        name="uncertainty",
        title=f"Uncertainty of CO2e {draft.gwp}: 95 % half-width, IPCC approach 1",
        labels=(
            "figure",
            "half-width",
            "of it without an uncertainty of activity",
            "of it without an uncertainty of factors",
        ),
        rows=tuple(rows),
    )


def _shown(value: float) -> str:
    return fixed(Fraction(value), 2)


def boundary_table(found: Inventory) -> Table:
    """What the company answers for, from which month on."""
    rows = []
    for month, boundary in found.boundaries:
        if boundary is None:
            rows.append(Row((month, "none set", "all own sites, whole", "")))
            continue
        shares = "; ".join(
            f"{site} {decimal(Fraction(int(num), int(den)) * 100, 6)} %"
            for site, num, den in boundary.sites
        )
        rows.append(Row((month, boundary.approach, shares, boundary.reason)))
    rows += [
        Row((month, "outside", stream, "the boundary leaves it out"))
        for stream, month in found.outside
    ]
    rows += [
        Row(("", "below zero", one.balance_group, f"role {one.role}: an error, in no figure"))
        for one in found.below_zero
    ]
    return Table(
        name="boundary",
        title="Boundary of the organisation",
        labels=("from", "approach", "sites and shares", "reason"),
        rows=tuple(rows),
    )


def open_table(found: Inventory) -> Table:
    """What was handed on and others did not acknowledge: it stays in this inventory."""
    return Table(
        name="open-transfers",
        title="Energy handed on that is not agreed: it stays with the sender",
        labels=("event", "month", "sent", "acknowledged", "counted"),
        rows=tuple(Row(open_labels(one)) for one in found.open),
    )


def restatements_table(draft: Draft) -> Table:
    """Every entry that changed what had been recorded of the period, why, and by how much.

    What Scope 2 changed by location and by the market stands side by side: roles are never added.
    """
    rows = []
    for one in restatements(draft.known, party_of(draft)):
        changes = "; ".join(
            f"{role} {gas} {mass_mg:+d} mg" for (role, gas), mass_mg in one.change_mg.items()
        )
        months = one.months[0] if len(one.months) == 1 else f"{one.months[0]} to {one.months[-1]}"
        rows += [
            Row(
                (
                    str(one.index),
                    said.event,
                    said.corrects or "",
                    said.reason,
                    ", ".join(one.streams),
                    months,
                    changes if at == 0 else "with the line above",
                )
            )
            for at, said in enumerate(one.corrections)
        ]
    return Table(
        name="restatements",
        title="What changed after it was recorded, in recorded masses, before any share",
        labels=("entry", "event", "corrects", "reason", "streams", "months", "change"),
        rows=tuple(rows),
    )


def earlier(known: Known, party: str) -> list[tuple[tuple[str, str], int]]:
    """The base year at the size that the party named, and the same year as known now."""
    base = base_year(known, party)
    if base is None:
        return []
    year = f"{base.year:04d}-01", f"{base.year + 1:04d}-01"
    return [(year, base.size), (year, known.size)]


def base_year_table(draft: Draft, since: Sequence[Known]) -> Table:
    """The base year as known at the size that the company named, and as known now."""
    party, rows = party_of(draft), []
    base = base_year(draft.known, party)
    if base is not None and len(since) == 2:
        then, now = (inventory(one, draft.pack, party) for one in since)
        for method, title in METHODS.items():
            found = compare_base_year(draft.pack, base, then, now, draft.gwp, method)
            change = "" if found.change is None else f"{decimal(found.change * 100, 3)} %"
            asks = "a restatement is called for" if found.passes else "within the threshold"
            rows.append(
                Row(
                    (
                        str(found.year),
                        f"Scope 1 and 2 {title}",
                        change,
                        f"{decimal(found.threshold_percent, 3)} %: {asks}",
                    ),
                    (
                        draft.derived(
                            str(found.then_mg),
                            "mg",
                            f"the year {found.year} {known_at(found.then_size)}",
                            "base-year",
                            method,
                            "then",
                            events=(base.event,),
                        ),
                        draft.derived(
                            str(found.now_mg),
                            "mg",
                            f"the year {found.year} as known now",
                            "base-year",
                            method,
                            "now",
                            terms=both_scopes(now, method),
                        ),
                    ),
                )
            )
    return Table(
        name="base-year",
        title=f"Base year, CO2e {draft.gwp}",
        labels=("year", "figure", "change", "threshold"),
        columns=(Column("then", "As known then"), Column("now", "As known now")),
        rows=tuple(rows),
    )


def common_tables(draft: Draft, found: Inventory, since: Sequence[Known]) -> list[Table]:
    """What stands beside the figures in every inventory."""
    party = party_of(draft)
    return [
        beside_table(draft, found),
        uncertainty_table(
            draft,
            [
                (f"Scope 1 and 2 {title}", both_scopes(found, name))
                for name, title in METHODS.items()
            ],
        ),
        base_year_table(draft, since),
        restatements_table(draft),
        market_table(found),
        *quality_tables(draft),
        boundary_table(found),
        declared_lines(draft.known, [party]),
        open_table(found),
        lines_table(draft, found),
    ]


def zeroed_note(found: Inventory) -> list[str]:
    """How many products were lost to rounding, if any."""
    if not found.rounded_to_zero:
        return []
    return [f"{found.rounded_to_zero} products were less than half a milligram."]


def categories(found: Inventory, scope: int) -> list[int]:
    """The categories of a scope that have terms."""
    return sorted(
        {
            term.heading.category
            for term in found.terms
            if term.heading.scope == scope and term.column == EMITTED
        }
    )


def by_activity(found: Inventory, scope: int, method: str) -> dict[str, list[Counted]]:
    """The terms of a scope by activity."""
    kept: dict[str, list[Counted]] = {}
    for term in found.terms:
        head = term.heading
        if head.scope == scope and term.column == EMITTED and head.method in ("", method):
            kept.setdefault(term.line.activity, []).append(term.counted)
    return dict(sorted(kept.items()))

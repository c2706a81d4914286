"""The indicators of the park programme, with every input that they are made of.

No verdict is given while the text of the counting method is not in the rule pack by hash.
Source: accounting rules, section 5.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Final

from ledger.carbon.area.area import AreaTerm, area_terms
from ledger.carbon.counted import Counted
from ledger.carbon.known import Known
from ledger.carbon.progress.indicators import ParkIndicators, park_indicators
from ledger.carbon.progress.park import CarbonInput
from ledger.carbon.reports.beside import source_lines, word
from ledger.carbon.reports.draft import Built, Draft, Used
from ledger.carbon.reports.missing import missing
from ledger.carbon.reports.table import Column, Figure, Row, Table

NAME: Final = "park-indicators"
TITLE: Final = "Indicators of the park programme"
VIEW: Final = "park"
ENERGY_RULE: Final = "the sum of the energy inputs, rounded half-even to 1 mg of standard coal"
RATIO_RULE: Final = "energy and process CO2 in tonnes over energy in tce, rounded half-even"


def build(draft: Draft, _earlier: Sequence[Known]) -> Built:
    """The report of the area. Raises InvalidInput under rules without a programme."""
    known = draft.known
    found = park_indicators(known, draft.pack)
    terms = [one for one in area_terms(known, draft.pack, VIEW) if one.column == "emitted"]
    energy = _energy(draft, found)
    carbon = _carbon(draft, found, terms)
    tables = [
        _core(draft, found, energy, carbon),
        _guiding(draft, found, energy),
        _parameters(found),
        energy,
        carbon,
        source_lines(draft, ("line",), (((one.gpc,), one.counted) for one in terms)),
    ]
    notes = [
        f"Programme: {found.source.title}. Counting method: {found.method_title}.",
        *([found.no_verdict[0].upper() + found.no_verdict[1:] + "."] if found.no_verdict else []),
    ]
    return draft.finish(TITLE, tables, gaps=[*found.missing, *missing(known)], notes=notes)


def _core(draft: Draft, found: ParkIndicators, energy: Table, carbon: Table) -> Table:
    inputs = _figures(energy)
    masses = _figures(carbon)
    used = draft.derived(found.energy_tce, "tce", ENERGY_RULE, "core", "energy", figures=inputs)
    mass = draft.derived(
        str(found.carbon_mg), "mg", "the sum of the carbon inputs", "core", "carbon", figures=masses
    )
    rows = [
        Row(("Energy", ""), (used,)),
        Row(("Energy and process CO2", ""), (mass,)),
    ]
    if found.t_per_tce is not None:
        ratio = draft.derived(
            found.t_per_tce, "tCO2/tce", RATIO_RULE, "core", "ratio", figures=(mass, used)
        )
        rows.append(Row(("CO2 per unit of energy", _verdict(found)), (ratio,)))
    return Table(
        name="core",
        title="Core indicator",
        labels=("what", "verdict"),
        columns=(Column("value", "Value", ""),),
        rows=tuple(rows),
    )


def _verdict(found: ParkIndicators) -> str:
    if found.met is None:
        return found.no_verdict or "no threshold for so little energy"
    return f"{'met' if found.met else 'not met'}: at most {found.most_t_per_tce}"


def _guiding(draft: Draft, found: ParkIndicators, energy: Table) -> Table:
    rows = []
    for one in found.guiding:
        figure = None
        if one.percent is not None:
            figure = draft.derived(
                one.percent,
                "%",
                "a share of what was stated or counted, rounded half-even",
                "guiding",
                one.indicator,
                events=[stated.event for stated in one.inputs],
                figures=() if one.inputs else _figures(energy),
            )
        said = {True: "met", False: "not met", None: ""}[one.met]
        why = one.excluded or "; ".join(one.missing)
        rows.append(Row((one.title, f"at least {one.at_least_percent} %", said, why), (figure,)))
    return Table(
        name="guiding",
        title="Guiding indicators",
        labels=("indicator", "asked for", "verdict", "excluded or missing"),
        columns=(Column("percent", "Share", "%"),),
        rows=tuple(rows),
    )


def _parameters(found: ParkIndicators) -> Table:
    return Table(
        name="parameters",
        title="What the programme leaves open",
        labels=("parameter", "choice", "the core indicator otherwise", "source"),
        rows=tuple(
            Row(
                (
                    one.title,
                    one.choice,
                    "; ".join(
                        f"{choice}: {value or 'cannot be given'}"
                        for choice, value in one.otherwise.items()
                    ),
                    one.source.title,
                )
            )
            for one in found.parameters
        ),
    )


def _energy(draft: Draft, found: ParkIndicators) -> Table:
    used = used_by_stream(draft.known)
    rows = []
    for number, one in enumerate(found.energy_inputs, start=1):
        figure = draft.derived(
            str(one.mgce),
            "mg of standard coal",
            f"{one.quantity} {one.unit} of {one.carrier}, by its energy content",
            "energy",
            str(number),
            events=_events(one.refs),
            used=used.get(one.refs[0], ()) if one.kind == "source" else (),
        )
        labels = (one.kind, " ".join(one.refs), one.carrier, f"{one.quantity} {one.unit}")
        rows.append(Row((*labels, "clean" if one.clean else ""), (figure,)))
    return Table(
        name="energy-inputs",
        title="Energy inputs",
        labels=("kind", "rests on", "carrier", "quantity", "clean"),
        columns=(Column("standard-coal", "Standard coal", "mg of standard coal"),),
        rows=tuple(rows),
    )


def used_by_stream(known: Known) -> dict[str, list[Used]]:
    """The quantities of each stream, as they were recorded."""
    found: dict[str, list[Used]] = {}
    for row in known.activity:
        recorded = Fraction(row.quantity)
        found.setdefault(row.line.stream, []).append(
            Used(
                stream=row.line.stream,
                line=row.line.line,
                month=row.month,
                amount=recorded,
                recorded=recorded,
                unit=row.line.unit,
            )
        )
    return found


def _carbon(draft: Draft, found: ParkIndicators, terms: Iterable[AreaTerm]) -> Table:
    by_ref: dict[str, list[Counted]] = {}
    for term in terms:
        by_ref.setdefault(term.counted.stream, []).append(term.counted)
    rows = []
    for number, one in enumerate(found.carbon_inputs, start=1):
        rows.append(
            Row(
                (one.kind, " ".join(one.refs)),
                (_carbon_figure(draft, one, by_ref, number),),
            )
        )
    return Table(
        name="carbon-inputs",
        title="Energy and process CO2",
        labels=("kind", "rests on"),
        columns=(Column("CO2", "CO2"),),
        rows=tuple(rows),
    )


def _carbon_figure(
    draft: Draft, one: CarbonInput, by_ref: dict[str, list[Counted]], number: int
) -> Figure:
    """With the terms of its stream, where they make the whole of it."""
    kept = [term for ref in one.refs for term in by_ref.get(ref, ())]
    heading = ("carbon", str(number), word(one.kind))
    if kept and sum(term.mass_mg for term in kept) == one.mass_mg:
        return draft.mass(kept, *heading)
    return draft.derived(
        str(one.mass_mg),
        "mg",
        "what the programme counts of it",
        *heading,
        events=_events(one.refs),
        terms=kept,
    )


def _events(refs: Iterable[str]) -> list[str]:
    return [ref for ref in refs if "@" in ref]


def _figures(table: Table) -> list[Figure]:
    return [figure for row in table.rows for figure in row.figures if figure is not None]

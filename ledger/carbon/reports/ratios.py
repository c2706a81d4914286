"""The area's ratios: per head, per value added, per unit of energy, each with what it is divided by.

The park programme measures per unit of energy: its view is not divided by money, and no other view
by the programme's energy. What nobody stated is named with the command that states it.
Source: accounting rules, sections 5 and 10.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Final

import msgspec

from ledger.carbon.area.area import AreaFigure
from ledger.carbon.area.intensity import (
    PERSON,
    POPULATION,
    VALUE_ADDED,
    Intensity,
    per_energy,
    per_head,
    per_value_added,
)
from ledger.carbon.progress.park import Park
from ledger.carbon.progress.stated import in_force
from ledger.carbon.reports.draft import Draft, Used
from ledger.carbon.reports.park import used_by_stream
from ledger.carbon.reports.table import Column, Figure, Row, Table, decimal
from ledger.errors import BadValue, RuleBroken

PARK: Final = "park"
TCE: Final = "tce"
PLACES: Final = 6
MANY: Final = "10^4"
RULE: Final = "the figure of the view over the quantity, rounded half-even to 0.000001 kg"
QUANTITY_RULES: Final = {
    "head": "the mean of the months' population, rounded half-even for showing alone",
    "value-added": "what was stated of the period, rounded half-even for showing alone",
    "energy": "the programme's energy, rounded half-even for showing alone",
}
_MG_PER_KG: Final = 1_000_000


class _Ratio(msgspec.Struct, frozen=True):
    """One row: what it is per, or why there is none; `used` are the quantities that it rests on."""

    per: str
    found: Intensity | None
    why: str = ""
    used: tuple[Used, ...] = ()


def ratios(draft: Draft, areas: Mapping[str, AreaFigure], shown: Mapping[str, Figure]) -> Table:
    """The ratios of views; `shown` is each view's figure in the report, none where it has none."""
    rows = []
    for view, area in areas.items():
        parts = [_head(draft, area), _value_added(draft, area)]
        if view == PARK:
            parts.append(_energy(draft, area))
        rows += [_row(draft, view, one, shown.get(view)) for one in parts]
    return Table(
        name="ratios",
        title="Ratios: CO2e, of the park CO2, over people, value added and energy",
        labels=("view", "per", "unit", "missing"),
        columns=(Column("quantity", "Quantity", ""), Column("ratio", "Ratio", "")),
        rows=tuple(rows),
    )


def _row(draft: Draft, view: str, one: _Ratio, mass: Figure | None) -> Row:
    found = one.found
    if found is None or found.quantity is None:
        return Row((view, one.per, "" if found is None else found.unit, one.why), (None, None))
    heading = ("ratios", view, one.per)
    quantity = draft.derived(
        decimal(found.quantity, PLACES),
        found.unit,
        QUANTITY_RULES[one.per],
        *heading,
        "quantity",
        events=found.events,
        used=one.used,
    )
    if mass is None:
        return Row((view, one.per, found.unit, "the view has no figure"), (quantity, None))
    ratio = draft.derived(
        decimal(Fraction(int(mass.value), _MG_PER_KG) / found.quantity, PLACES),
        f"kg/{found.unit}",
        RULE,
        *heading,
        "ratio",
        figures=(mass, quantity),
    )
    return Row((view, one.per, found.unit, ""), (quantity, ratio))


def _head(draft: Draft, area: AreaFigure) -> _Ratio:
    found = per_head(draft.known, area)
    return _Ratio("head", found, _why(draft, found, f"{POPULATION} NUMBER {PERSON}"))


def _value_added(draft: Draft, area: AreaFigure) -> _Ratio:
    unit = _money(draft)
    try:
        found = per_value_added(draft.known, draft.pack, area, unit)
    except RuleBroken as refused:
        return _Ratio("value-added", None, f"refused: {refused.expected}")
    except BadValue as refused:
        return _Ratio("value-added", None, str(refused))
    return _Ratio("value-added", found, _why(draft, found, f"{VALUE_ADDED} AMOUNT {unit}"))


def _money(draft: Draft) -> str:
    """Ten thousand of the money that value added is stated in, or of the period's own year."""
    known = draft.known
    said = [
        stated.unit
        for fact in known.facts
        if fact.fact == VALUE_ADDED
        and fact.sub_area is None
        and known.period[0] <= fact.period[0]
        and fact.period[1] <= known.period[1]
        and (stated := in_force(fact, known.size)) is not None
    ]
    unit = min(said, default=f"CNY@{draft.base.first_month[:4]}")
    return f"{MANY}{unit}" if unit.startswith("CNY") else unit


def _energy(draft: Draft, area: AreaFigure) -> _Ratio:
    park = Park(draft.known, draft.pack)
    energy = park.energy(park.rules.choices({}))
    if energy.missing or energy.total_tce <= 0:
        return _Ratio("energy", None, "; ".join(energy.missing) or "no energy is recorded")
    used = used_by_stream(draft.known)
    refs = [ref for one in energy.inputs for ref in one.refs]
    found = per_energy(draft.pack, area, energy.total_tce, TCE)
    events = tuple(dict.fromkeys(ref for ref in refs if "@" in ref))
    return _Ratio(
        "energy",
        msgspec.structs.replace(found, events=events),
        used=tuple(
            part
            for one in energy.inputs
            if one.kind == "source"
            for part in used.get(one.refs[0], ())
        ),
    )


def _why(draft: Draft, found: Intensity, fact: str) -> str:
    """What is missing, and the command that states it; nothing where nothing is."""
    if found.quantity is not None:
        return ""
    first, last = draft.base.first_month, draft.base.last_month
    period = first if first == last else f"{first}..{last}"
    return f"{_listed(found.gaps)}: carbon-ledger fact area {fact} --period {period}"


def _listed(gaps: Iterable[str]) -> str:
    first, *more = gaps or ("none of it",)
    return f"{first} and {len(more)} more months" if more else first

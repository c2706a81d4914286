"""An area's figure per head, per value added, per unit of energy: exact ratios, with their inputs.

The figure is divided, never stored divided. People are counted month by month and averaged over the
period, since a population is a level and no flow; value added and energy are flows and add up. A
month that nobody tells of, or that is told twice, is a gap, and a ratio with a gap is not given.
The park programme measures per unit of energy: its view per unit of money is refused.
Source: accounting rules, sections 5 and 10.
"""

from __future__ import annotations

from fractions import Fraction

import msgspec

from ledger.carbon.area.area import AreaFigure
from ledger.carbon.footprint import months_between
from ledger.carbon.known import Known
from ledger.carbon.organisation.pieces import FactPiece, Stated
from ledger.carbon.progress.stated import in_force, stated_sum
from ledger.carbon.rulepack import RulePack
from ledger.errors import BadValue, RuleBroken

POPULATION, VALUE_ADDED = "population", "value-added"
PERSON = "person"


class Intensity(msgspec.Struct, frozen=True, kw_only=True):
    """What a view emits, in milligrams by gas, and what it is divided by.

    `quantity` None: nothing, or not all, was told, and `gaps` says what. `events` are the
    statements that the quantity rests on.
    """

    view: str
    mass_mg: dict[str, int]
    quantity: Fraction | None
    unit: str
    events: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()

    def per_unit_mg(self, gas: str) -> Fraction | None:
        """Milligrams of a gas for one unit, exactly; None where the quantity is not told."""
        if self.quantity is None:
            return None
        return Fraction(self.mass_mg.get(gas, 0)) / self.quantity


def per_head(known: Known, figure: AreaFigure) -> Intensity:
    """Per person who lives in the area, on the average of the period's months."""
    first, end = known.period
    months = [month for month in months_between(first, end) if month < end]
    people, events, gaps = Fraction(0), [], []
    for month in months:
        told = _told(known, month)
        if len(told) != 1:
            gaps.append(f"{POPULATION} {'told twice' if told else 'not told'} for {month}")
            continue
        people += Fraction(told[0].value)
        events.append(told[0].event)
    return Intensity(
        view=figure.view,
        mass_mg=figure.total.emitted,
        quantity=people / len(months) if people and not gaps else None,
        unit=PERSON,
        events=tuple(dict.fromkeys(events)),
        gaps=tuple(gaps),
    )


def per_value_added(known: Known, pack: RulePack, figure: AreaFigure, unit: str) -> Intensity:
    """Per unit of value added, such as `10^4CNY@2023`; of the area, or else of its companies.

    Raises RuleBroken for the park, and BadValue for a unit that is no money.
    """
    dimension = pack.unit(unit).dimension
    if figure.view == "park":
        raise RuleBroken(
            "intensity of the park",
            expected="a unit of energy: the programme measures tonnes of CO2 per tce",
            found=f"{unit}, a unit of {dimension}",
            advice="Ask for the park per tce, or for another view per value added.",
        )
    if dimension != "currency":
        raise BadValue("unit of value added", expected="a unit of money", found=unit)
    stated = stated_sum(known, pack, VALUE_ADDED, unit)
    told = stated.value if stated.value and not stated.gaps else None
    return Intensity(
        view=figure.view,
        mass_mg=figure.total.emitted,
        quantity=told,
        unit=unit,
        events=tuple(one.event for one in stated.inputs),
        gaps=stated.gaps if stated.inputs else (f"{VALUE_ADDED} not told",),
    )


def per_energy(pack: RulePack, figure: AreaFigure, energy: Fraction, unit: str) -> Intensity:
    """Per unit of the energy that the caller has counted, such as tce.

    Raises BadValue for no energy, and for a unit that is not one of energy.
    """
    if pack.unit(unit).dimension != "energy":
        raise BadValue(
            "unit of energy",
            expected="a unit of energy, such as tce",
            found=f"{unit}, a unit of {pack.unit(unit).dimension}",
        )
    if energy <= 0:
        raise BadValue("energy", expected="more than none", found=f"{energy} {unit}")
    return Intensity(view=figure.view, mass_mg=figure.total.emitted, quantity=energy, unit=unit)


def _told(known: Known, month: str) -> list[Stated]:
    """What is stated of the whole area's population for a month, as known at the size."""
    found: list[Stated] = []
    for fact in known.facts:
        said = in_force(fact, known.size)
        if said is not None and _covers(known, fact, month):
            found.append(said)
    return found


def _covers(known: Known, fact: FactPiece, month: str) -> bool:
    return (
        fact.fact == POPULATION
        and fact.party == known.operator
        and fact.sub_area is None
        and fact.period[0] <= month < fact.period[1]
    )

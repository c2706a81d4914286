"""How many of a factor's unit are in one unit of a quantity, exactly.

Within a dimension the rule pack knows. From one dimension into another (litres into kilograms,
tonnes into gigajoules) only the fuel knows, so the number is a property of the factor: its density,
its calorific value. Properties chain, the fewest first and then in the pack's order, so that 850 L
reach a factor per GJ by density and calorific value. A conversion that the factor's properties do
not give is refused with the name of the property that is missing; nothing is assumed.
Source: accounting rules, sections 1 and 3; worked case 5.
"""

from __future__ import annotations

from fractions import Fraction

from ledger.carbon.pieces import FactorPiece
from ledger.carbon.rulepack import Property, RulePack
from ledger.errors import BadValue

MAX_STEPS = 3
"""Properties of one conversion: gross energy of a gas by volume, density and calorific value."""

Values = dict[str, Fraction]
"""A factor's properties by name."""


def conversion(pack: RulePack, factor: FactorPiece, unit: str) -> Fraction:
    """How many of the factor's unit are in one `unit`.

    Raises BadValue across dimensions that no property of the factor connects, and between money of
    different currencies or price years.
    """
    if pack.unit(unit).dimension == pack.unit(factor.unit).dimension:
        return pack.ratio(unit, factor.unit)
    values = {name: Fraction(int(num), int(den)) for name, num, den in factor.properties}
    steps = _steps(pack, unit, factor.unit, values)
    if steps is None:
        raise _missing(pack, factor, unit, values)
    ratio, at = Fraction(1), unit
    for step in steps:
        value = values[step.property]
        if step.per is None or step.unit is None:
            raise AssertionError(f"{step.property} converts nothing")
        if pack.unit(at).dimension == pack.unit(step.per).dimension:
            ratio, at = ratio * pack.ratio(at, step.per) * value, step.unit
        else:
            ratio, at = ratio * pack.ratio(at, step.unit) / value, step.per
    return ratio * pack.ratio(at, factor.unit)


def _steps(pack: RulePack, unit: str, into: str, known: Values) -> list[Property] | None:
    """The properties of which the shortest conversion is made, None if there is none."""
    ways = _ways(pack, unit, into, [p for p in pack.properties.values() if known.get(p.property)])
    return min(ways, key=len) if ways else None


def _ways(pack: RulePack, unit: str, into: str, usable: list[Property]) -> list[list[Property]]:
    """All chains of properties from a unit's dimension into another's, in the pack's order."""
    goal = pack.unit(into).dimension
    found: list[list[Property]] = []
    open_: list[tuple[tuple[str, ...], list[Property]]] = [((pack.unit(unit).dimension,), [])]
    while open_:
        passed, steps = open_.pop(0)
        if passed[-1] == goal:
            found.append(steps)
            continue
        if len(steps) == MAX_STEPS:
            continue
        for one in usable:
            ends = _ends(pack, one)
            for start, end in (ends, ends[::-1]):
                if start == passed[-1] and end not in passed:
                    open_.append(((*passed, end), [*steps, one]))
    return found


def _ends(pack: RulePack, one: Property) -> tuple[str, str]:
    """The two dimensions that a property connects; two empty names if it connects none."""
    if one.per is None or one.unit is None:
        return "", ""
    return pack.unit(one.per).dimension, pack.unit(one.unit).dimension


def _missing(pack: RulePack, factor: FactorPiece, unit: str, known: Values) -> BadValue:
    one, other = pack.unit(unit), pack.unit(factor.unit)
    ways = _ways(pack, unit, factor.unit, list(pack.properties.values()))
    lacking = [[step.property for step in way if not known.get(step.property)] for way in ways]
    fewest = min((len(names) for names in lacking), default=0)
    choices = dict.fromkeys(" and ".join(names) for names in lacking if len(names) == fewest)
    if not choices:
        return BadValue(
            "unit of another dimension",
            expected=f"a unit of {other.dimension}, such as {factor.unit}",
            found=f"{unit}, a unit of {one.dimension}",
            advice="Give the quantity in a unit of the factor's dimension.",
        )
    return BadValue(
        f"unit of another dimension: {factor.ref} lacks the property that converts it",
        expected=f"a unit of {other.dimension}, or a factor with " + " or ".join(choices),
        found=f"{unit}, a unit of {one.dimension}",
        advice="Publish the factor's next version with that property of its fuel or good.",
    )

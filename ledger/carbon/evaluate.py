"""What one body contributes: masses per line, month, role and gas, and activity per line and month.

A pure function of the body, its source and the factors in force. Corrections, amendments and new
factors are differences between two evaluations. A reading belongs to the line, and takes the
factors, of the instant that it starts at. Of a continuous source it covers its time, month by month;
its grade is counted, if it has one, in the month that it starts in.
Source: accounting rules, sections 1, 3 and 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from ledger.carbon.events import ActivityBody, Body, EmissionBody, ProfileBody
from ledger.carbon.exact import divide_half_even, seconds, split_by_month
from ledger.carbon.ground import Ground, Span
from ledger.carbon.pieces import FactorPiece
from ledger.carbon.rows import EntryRows

Parts = Sequence[tuple[str, int]]
"""(month, amount)"""


def evaluate(ground: Ground, body: Body, rows: EntryRows, sign: int) -> None:
    """Add (sign 1) or take away (sign -1) what this body contributes on this ground."""
    if isinstance(body, ActivityBody):
        _evaluate_activity(ground, body, rows, sign)
    elif isinstance(body, ProfileBody):
        _evaluate_profile(ground, body, rows, sign)
    else:
        _evaluate_emission(ground, body, rows, sign)


def _evaluate_activity(ground: Ground, body: ActivityBody, rows: EntryRows, sign: int) -> None:
    start_s, end_s, amount = ground.readings(body).items[0]
    span, stream, unit = ground.span_at(start_s), ground.source.stream, _unit(ground, body)
    parts = _parts(ground, span, start_s, end_s, amount)
    _add_activity(ground, span, unit, parts, rows, (sign, sign if body.estimated else 0, sign))
    _add_time(ground, span, (start_s, end_s), body, rows, sign)
    for rate in ground.rates(span, body, unit):
        for month, part in parts:
            product = part * rate.num
            mass_mg = divide_half_even(product, rate.den)
            zeroed = sign if product and not mass_mg else 0
            rows.add_mass((stream, span.line, month, rate.role, rate.gas), sign * mass_mg, zeroed)


def _evaluate_profile(ground: Ground, body: ProfileBody, rows: EntryRows, sign: int) -> None:
    """Once per event, role, gas and month: exact sums first, one rounding after."""
    unit, stream = _unit(ground, body), ground.source.stream
    months: dict[tuple[int, str], list[int]] = {}
    amounts: dict[tuple[int, str, str, str], tuple[FactorPiece, int]] = {}
    for span, parts, covered, readings, estimates in _portions(ground, body):
        row = months.setdefault((span.line, parts[0][0]), [0, 0, 0, 0])
        row[1] += readings
        row[2] += estimates
        for month, covered_s in covered:
            months.setdefault((span.line, month), [0, 0, 0, 0])[3] += covered_s
        for month, amount in parts:
            months.setdefault((span.line, month), [0, 0, 0, 0])[0] += amount
            for role, factor in ground.factors(span, body):
                key = (span.line, month, role, factor.ref)
                amounts[key] = (factor, amounts.get(key, (factor, 0))[1] + amount)
    for (line, month), (amount, readings, estimates, covered_s) in months.items():
        own = _own_unit(ground, unit, amount)
        place = (stream, line, month)
        rows.add_activity(place, sign * own, sign * readings, sign * estimates, sign * covered_s)
        if body.quality is not None and readings:
            rows.add_quality((*place, body.quality), sign * readings)
    exact: dict[tuple[str, int, str, str, str], Fraction] = {}
    for (line, month, role, _), (factor, amount) in amounts.items():
        for rate in ground.rates_in(role, factor, unit):
            mass_key = (stream, line, month, role, rate.gas)
            exact[mass_key] = exact.get(mass_key, Fraction(0)) + Fraction(
                amount * rate.num, rate.den
            )
    for mass_key, mass in exact.items():
        mass_mg = divide_half_even(mass.numerator, mass.denominator)
        rows.add_mass(mass_key, sign * mass_mg, sign if mass and not mass_mg else 0)


def _portions(ground: Ground, body: ProfileBody) -> list[tuple[Span, Parts, Parts, int, int]]:
    """The profile's readings added up per span: (span, parts by month, seconds by month, readings,
    estimates).

    A reading that crosses a month is a portion of its own, split as any other reading is.
    """  # noqa: D205  (one thought)
    counted_s = body.interval_s if ground.source.kind == "continuous" else 0
    start_s = seconds(body.start)
    estimated_s = {start_s + at * body.interval_s for at in body.estimated}
    portions: list[tuple[Span, Parts, Parts, int, int]] = []
    span: Span | None = None
    amount = readings = estimates = 0
    until_s = -1
    for start_s, end_s, quantity in ground.readings(body).items:
        if span is None or end_s > until_s:
            if span is not None and readings:
                portions.append(_portion(span, amount, readings * counted_s, readings, estimates))
            span, amount, readings, estimates = ground.span_at(start_s), 0, 0, 0
            until_s = span.until_s
            if end_s > span.month_ends_s:
                parts = _parts(ground, span, start_s, end_s, quantity)
                covered = _parts(ground, span, start_s, end_s, counted_s)
                portions.append((span, parts, covered, 1, int(start_s in estimated_s)))
                span = None
                continue
        amount += quantity
        readings += 1
        if estimated_s and start_s in estimated_s:
            estimates += 1
    if span is not None and readings:
        portions.append(_portion(span, amount, readings * counted_s, readings, estimates))
    return portions


def _portion(
    span: Span, amount: int, covered_s: int, readings: int, estimates: int
) -> tuple[Span, Parts, Parts, int, int]:
    return span, ((span.month, amount),), ((span.month, covered_s),), readings, estimates


def _evaluate_emission(ground: Ground, body: EmissionBody, rows: EntryRows, sign: int) -> None:
    start_s, end_s, _ = ground.readings(body).items[0]
    span, stream = ground.span_at(start_s), ground.source.stream
    parts = _parts(ground, span, start_s, end_s, 0)
    unit = ground.source.unit
    _add_activity(ground, span, unit, parts, rows, (sign, sign if body.estimated else 0, sign))
    _add_time(ground, span, (start_s, end_s), body, rows, sign)
    for gas, mass in body.masses_mg.items():
        for month, mass_mg in _parts(ground, span, start_s, end_s, int(mass)):
            rows.add_mass((stream, span.line, month, "direct", gas), sign * mass_mg, 0)


def _add_activity(
    ground: Ground,
    span: Span,
    unit: str,
    parts: Parts,
    rows: EntryRows,
    counts: tuple[int, int, int],
) -> None:
    """`counts`: readings, estimates and sign; a reading counts once, in the month it starts in."""
    readings, estimates, sign = counts
    for month, amount in parts:
        key = (ground.source.stream, span.line, month)
        rows.add_activity(key, sign * _own_unit(ground, unit, amount), readings, estimates)
        readings = estimates = 0


def _add_time(
    ground: Ground,
    span: Span,
    period_s: tuple[int, int],
    body: ActivityBody | EmissionBody,
    rows: EntryRows,
    sign: int,
) -> None:
    """The time that one reading covers, and its grade."""
    start_s, end_s = period_s
    stream = ground.source.stream
    if ground.source.kind == "continuous":
        for month, covered_s in _parts(ground, span, start_s, end_s, end_s - start_s):
            rows.add_activity((stream, span.line, month), 0, 0, 0, sign * covered_s)
    if body.quality is not None:
        rows.add_quality((stream, span.line, span.month, body.quality), sign)


def _parts(ground: Ground, span: Span, start_s: int, end_s: int, amount: int) -> Parts:
    if end_s <= span.month_ends_s:
        return ((span.month, amount),)
    return split_by_month(ground.rule.calendar, start_s, end_s, amount)


def _unit(ground: Ground, body: ActivityBody | ProfileBody) -> str:
    return ground.source.unit if body.unit is None else body.unit


def _own_unit(ground: Ground, unit: str, amount: int) -> int:
    """The amount in the source's unit, half-even: for showing activity, never for a mass."""
    if unit == ground.source.unit:
        return amount
    ratio = ground.rule.pack.ratio(unit, ground.source.unit)
    return divide_half_even(amount * ratio.numerator, ratio.denominator)

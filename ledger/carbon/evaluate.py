"""What one body contributes: masses per line, month, role and gas, and activity per line and month.

A pure function of the body, its source and the factors in force. Corrections, amendments and new
factors are differences between two evaluations. Source: accounting rules, sections 1 and 3.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from ledger.carbon.events import ActivityBody, Body, EmissionBody, ProfileBody
from ledger.carbon.exact import MG_PER_KG, TINY, divide_half_even, seconds, split_by_month, tiny
from ledger.carbon.pieces import FACTOR, SourcePiece
from ledger.carbon.rows import EntryRows
from ledger.carbon.rulepack import Calendar, RulePack, load
from ledger.fold.state import State


class Rules:
    """The pack and calendar that are in force, as `evaluate` and the rules use them."""

    __slots__ = ("calendar", "pack")

    def __init__(self, pack: RulePack, calendar: Calendar) -> None:
        self.pack = pack
        self.calendar = calendar


@lru_cache(maxsize=64)
def rules(version: str, timezone: str) -> Rules:
    """The rules of a version in a time zone. Raises InvalidInput or BadValue."""
    pack = load(version)
    return Rules(pack, pack.calendar(timezone))


def evaluate(
    state: State, rule: Rules, source: SourcePiece, body: Body, rows: EntryRows, sign: int
) -> None:
    """Add (sign 1) or take away (sign -1) what this body contributes under this source."""
    match body:
        case ActivityBody():
            _evaluate_activity(state, rule, source, body, rows, sign)
        case ProfileBody():
            _evaluate_profile(state, rule, source, body, rows, sign)
        case EmissionBody():
            _evaluate_emission(rule, source, body, rows, sign)


def factor_of(state: State, source: SourcePiece, body: Body, role: str, at_s: int) -> str | None:
    """The ref of the factor that fills a role for a reading that starts at an instant."""
    own = None if isinstance(body, EmissionBody) else body.factors.get(role)  # type: ignore[call-overload]
    return own or source.factor_at(role, at_s)


def roles_of(source: SourcePiece, body: Body) -> list[str]:
    """All roles that a factor fills, of the source or of the body, in order."""
    if isinstance(body, EmissionBody):
        return ["direct"]
    if not body.factors:
        return sorted(source.factors)
    return sorted({*source.factors, *body.factors})


def intervals(body: Body) -> list[tuple[int, int, int]]:
    """(start, end, quantity in 10^-12) of each reading of a body; a gap of a profile is left out,
    and a measured emission has the quantity 0."""
    match body:
        case ProfileBody():
            start_s, step_s = seconds(body.start), body.interval_s
            return [
                (start_s + at * step_s, start_s + (at + 1) * step_s, tiny(quantity))
                for at, quantity in enumerate(body.quantities)
                if quantity is not None
            ]
        case ActivityBody():
            return [(seconds(body.period[0]), seconds(body.period[1]), tiny(body.quantity))]
        case EmissionBody():
            return [(seconds(body.period[0]), seconds(body.period[1]), 0)]


def runs(body: Body) -> list[tuple[int, int]]:
    """The time of a body's readings, as half-open intervals, neighbours merged."""
    merged: list[tuple[int, int]] = []
    for start_s, end_s, _ in intervals(body):
        if merged and merged[-1][1] == start_s:
            merged[-1] = (merged[-1][0], end_s)
        else:
            merged.append((start_s, end_s))
    return merged


@lru_cache(maxsize=4096)
def mg_per_tiny(
    gases: tuple[tuple[str, str, str], ...], factor_unit: str, unit: str, version: str
) -> tuple[tuple[str, int, int], ...]:
    """(gas, numerator, denominator): milligrams per 10^-12 of `unit`, exactly."""
    ratio = load(version).ratio(unit, factor_unit)
    result = []
    for gas, num, den in gases:
        per = Fraction(int(num), int(den)) * ratio * MG_PER_KG / TINY
        result.append((gas, per.numerator, per.denominator))
    return tuple(result)


def _per_tiny(state: State, rule: Rules, ref: str, unit: str) -> tuple[tuple[str, int, int], ...]:
    factor = state.get(FACTOR, ref)
    if factor is None:
        raise AssertionError(f"factor {ref} was accepted and is not there")
    return mg_per_tiny(factor.gases, factor.unit, unit, rule.pack.version)


def _evaluate_activity(  # noqa: PLR0913  (the context of one reading)
    state: State,
    rule: Rules,
    source: SourcePiece,
    body: ActivityBody,
    rows: EntryRows,
    sign: int,
) -> None:
    start_s, end_s = seconds(body.period[0]), seconds(body.period[1])
    unit = body.unit or source.unit
    parts = split_by_month(rule.calendar, start_s, end_s, tiny(body.quantity))
    line, stream = source.terms_at(start_s).line, source.stream
    counted = sign
    for month, amount in parts:
        own = amount if unit == source.unit else _convert(rule, amount, unit, source.unit)
        rows.add_activity(
            (stream, line, month), sign * own, counted, counted if body.estimated else 0
        )
        counted = 0  # a reading counts once, in the month it starts in
    for role in roles_of(source, body):
        ref = factor_of(state, source, body, role, start_s)
        if ref is None:
            continue
        for gas, num, den in _per_tiny(state, rule, ref, unit):
            for month, amount in parts:
                mass_mg = divide_half_even(amount * num, den)
                zeroed = sign if mass_mg == 0 and amount and num else 0
                rows.add_mass((stream, line, month, role, gas), sign * mass_mg, zeroed)


def _evaluate_profile(  # noqa: PLR0913
    state: State,
    rule: Rules,
    source: SourcePiece,
    body: ProfileBody,
    rows: EntryRows,
    sign: int,
) -> None:
    unit, stream = body.unit or source.unit, source.stream
    estimated = frozenset(body.estimated)
    amounts: dict[tuple[int, str], list[int]] = {}
    exact: dict[tuple[int, str, str, str], Fraction | int] = {}
    by_factor: dict[tuple[int, str, str, str], int] = {}
    roles = roles_of(source, body)
    start_s, step_s = seconds(body.start), body.interval_s
    for at, quantity in enumerate(body.quantities):
        if quantity is None:
            continue
        from_s = start_s + at * step_s
        line = source.terms_at(from_s).line
        counted = 1
        for month, amount in split_by_month(rule.calendar, from_s, from_s + step_s, tiny(quantity)):
            row = amounts.setdefault((line, month), [0, 0, 0])
            row[0] += amount
            row[1] += counted
            row[2] += 1 if counted and at in estimated else 0
            counted = 0
            for role in roles:
                ref = factor_of(state, source, body, role, from_s)
                if ref is not None:
                    key = (line, month, role, ref)
                    by_factor[key] = by_factor.get(key, 0) + amount
    for (line, month), (amount, readings, estimates) in amounts.items():
        own = amount if unit == source.unit else _convert(rule, amount, unit, source.unit)
        rows.add_activity((stream, line, month), sign * own, sign * readings, sign * estimates)
    # Once per event, role, gas and month: exact sums first, one rounding after.
    for (line, month, role, ref), amount in by_factor.items():
        for gas, num, den in _per_tiny(state, rule, ref, unit):
            sum_key = (line, month, role, gas)
            exact[sum_key] = exact.get(sum_key, 0) + Fraction(amount * num, den)
    for (line, month, role, gas), mass in exact.items():
        fraction = Fraction(mass)
        mass_mg = divide_half_even(fraction.numerator, fraction.denominator)
        zeroed = sign if mass_mg == 0 and fraction else 0
        rows.add_mass((stream, line, month, role, gas), sign * mass_mg, zeroed)


def _evaluate_emission(
    rule: Rules, source: SourcePiece, body: EmissionBody, rows: EntryRows, sign: int
) -> None:
    start_s, end_s = seconds(body.period[0]), seconds(body.period[1])
    line, stream = source.terms_at(start_s).line, source.stream
    counted = sign
    for month, _ in split_by_month(rule.calendar, start_s, end_s, 0):
        rows.add_activity((stream, line, month), 0, counted, counted if body.estimated else 0)
        counted = 0
    for gas, amount in body.masses_mg.items():
        for month, mass_mg in split_by_month(rule.calendar, start_s, end_s, int(amount)):
            rows.add_mass((stream, line, month, "direct", gas), sign * mass_mg, 0)


def _convert(rule: Rules, amount: int, unit: str, into: str) -> int:
    """An amount in 10^-12 of another unit, half-even: for showing activity, never for a mass."""
    ratio = rule.pack.ratio(unit, into)
    return divide_half_even(amount * ratio.numerator, ratio.denominator)

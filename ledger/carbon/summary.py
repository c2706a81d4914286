"""What the readings of one batch come to on a given ground: time covered, activity, masses.

Most batches hold readings that need nothing but their source, its factors and the rules: no
register to chain, no reference to look for, no factor of their own. What such a batch adds is a
pure function of its lines and of a `Basis`, so another process can work it out; whoever owns the
state then asks only whether the basis is still in force and the time still free (`admit`).

A summary is made only where deciding and applying the events one by one (`rules`, `views`) would
accept every one, and it adds exactly the same; a property test compares the two. Where there is
none, fold the events one by one: that also finds the event to name in a refusal.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from math import gcd
from operator import attrgetter
from typing import Final

import msgspec

from ledger.carbon import coverage, reading_rules
from ledger.carbon.evaluate import evaluate
from ledger.carbon.events import ActivityRecorded, EmissionMeasured, ProfileRecorded
from ledger.carbon.exact import TINY, divide_half_even, seconds
from ledger.carbon.ground import Ground, Span, rules, runs_of
from ledger.carbon.pieces import (
    COVER,
    FACTOR,
    SOURCE,
    CoverPiece,
    FactorPiece,
    SourcePiece,
    cover_key,
)
from ledger.carbon.rows import EntryRows
from ledger.errors import LedgerError
from ledger.fold.state import Memory, State
from ledger.log.values import QUANTITY
from ledger.parties.pieces import ledger

_NUMBER: Final = QUANTITY[len("^") : -len(r"(?!\n)$")]
_NUMBERS: Final = re.compile(rf"(?:{_NUMBER}\n)*")
_QUALITY: Final = attrgetter("quality")
_SCALES: Final = tuple(TINY // 10**places for places in range(13))


class Basis(msgspec.Struct, frozen=True):
    """What a source's readings are evaluated on: the source, its factors, the rules."""

    version: str
    """Of the rule pack."""
    timezone: str
    source: SourcePiece
    factors: tuple[FactorPiece, ...]

    def holds(self, state: State) -> bool:
        """Whether this is what the state says now; factors never change once they are published."""
        source = state.get(SOURCE, self.source.stream)
        if source is not self.source and source != self.source:
            return False
        return self.version == ledger(state).rules_version


class Summary(msgspec.Struct, frozen=True):
    """What a batch adds, its source's stream aside."""

    runs: tuple[tuple[int, int], ...]
    """(start, end) of the time that the readings of a continuous source cover, in their order."""
    masses: tuple[tuple[int, str, str, str, int, int], ...]
    """(line, month, role, gas, mg, non-zero products rounded to 0)"""
    activity: tuple[tuple[int, str, int, int, int, int], ...]
    """(line, month, quantity in 10^-12 units, readings, estimated, seconds covered)"""
    quality: tuple[tuple[int, str, str, int], ...] = ()
    """(line, month, grade, readings); nothing where no reading states its quality"""


def basis_of(state: State, stream: str) -> Basis | None:
    """The basis of a stream's readings, None if it has no source. Asks the state for all of it."""
    source = state.get(SOURCE, stream)
    if source is None:
        return None
    opened = ledger(state)
    refs = sorted({a.factor for assigned in source.factors.values() for a in assigned})
    factors = tuple(piece for ref in refs if (piece := state.get(FACTOR, ref)) is not None)
    return Basis(opened.rules_version, opened.timezone, source, factors)


def encode_basis(basis: Basis) -> bytes:
    """A basis as bytes, for another process."""
    return msgspec.msgpack.encode(basis)


@lru_cache(maxsize=4096)
def ground_from(basis: bytes) -> Ground:
    """The ground that an encoded basis gives; it keeps what it has looked up for the next batch."""
    decoded = msgspec.msgpack.decode(basis, type=Basis)
    state = Memory()
    for factor in decoded.factors:
        state.put(FACTOR, factor.ref, factor)
    return Ground(state, rules(decoded.version, decoded.timezone), decoded.source)


def summarise(ground: Ground, events: Sequence[object]) -> Summary | None:
    """What these events add, or None where they must be folded one by one."""
    rows, runs = EntryRows(), _Runs()
    try:
        if not _add_all(ground, events, rows, runs):
            return None
    except LedgerError:
        return None
    return Summary(
        runs=() if ground.source.kind == "discrete" else tuple(runs.found),
        masses=tuple((*key[1:], mass, zeroed) for key, (mass, zeroed) in rows.masses.items()),
        activity=tuple(
            (line, month, values[0], values[1], values[2], values[3])
            for (_, line, month), values in rows.activity.items()
        ),
        quality=tuple((*key[1:], readings) for key, readings in rows.quality.items()),
    )


def admit(state: State, stream: str, summary: Summary, rows: EntryRows) -> bool:
    """Take the summary's time and add its rows, if all of that time is free; else change nothing."""
    pieces: dict[str, coverage.Bounds] = {}
    for start_s, end_s in summary.runs:
        for bucket, from_s, until_s in coverage.buckets(start_s, end_s):
            key = cover_key(stream, bucket)
            bounds = pieces.get(key)
            if bounds is None:
                piece = state.get(COVER, key)
                bounds = piece.bounds if piece else ()
            if coverage.overlap(bounds, from_s, until_s) is not None:
                return False
            pieces[key] = coverage.add(bounds, from_s, until_s)
    for key, bounds in pieces.items():
        state.put(COVER, key, CoverPiece(bounds))
    for line, month, role, gas, mass_mg, zeroed in summary.masses:
        rows.add_mass((stream, line, month, role, gas), mass_mg, zeroed)
    for line, month, quantity, readings, estimated, covered_s in summary.activity:
        rows.add_activity((stream, line, month), quantity, readings, estimated, covered_s)
    for line, month, grade, readings in summary.quality:
        rows.add_quality((stream, line, month, grade), readings)
    return True


def cover_keys(stream: str, summary: Summary) -> set[str]:
    """The keys of the pieces that `admit` asks for, so that they can be loaded together."""
    return {
        cover_key(stream, bucket)
        for start_s, end_s in summary.runs
        for bucket, _, _ in coverage.buckets(start_s, end_s)
    }


# --- one batch ---------------------------------------------------------------------------------


class _Runs:
    """Covered time in posting order, neighbours merged."""

    def __init__(self) -> None:
        self.found: list[tuple[int, int]] = []

    def add(self, start_s: int, end_s: int) -> None:
        if self.found and self.found[-1][1] == start_s:
            self.found[-1] = (self.found[-1][0], end_s)
        else:
            self.found.append((start_s, end_s))


def _add_all(ground: Ground, events: Sequence[object], rows: EntryRows, runs: _Runs) -> bool:
    """Add what all events come to; False where one of them needs more than the ground."""
    discrete = ground.source.kind == "discrete"
    at, count = 0, len(events)
    while at < count:
        event = events[at]
        if isinstance(event, ActivityRecorded):
            taken = _add_run(ground, events, at, rows, runs)
            if taken:
                at += taken
                continue
        elif isinstance(event, ProfileRecorded):
            if _add_profile(ground, event, rows, runs):
                at += 1
                continue
        elif not isinstance(event, EmissionMeasured):
            return False
        if discrete and event.reference is not None:
            return False
        if not _add_one(ground, event, rows, runs):
            return False
        at += 1
    return True


def _add_one(
    ground: Ground,
    event: ActivityRecorded | ProfileRecorded | EmissionMeasured,
    rows: EntryRows,
    runs: _Runs,
) -> bool:
    """One event by the rules and views that decide each event by itself."""
    if not reading_rules.stands_alone(event):
        return False
    reading_rules.check_alone(ground, event)
    evaluate(ground, event, rows, 1)
    for start_s, end_s in ground.readings(event).runs:
        runs.add(start_s, end_s)
    return True


def _add_run(
    ground: Ground, events: Sequence[object], first: int, rows: EntryRows, runs: _Runs
) -> int:
    """Add the readings from a position on that are plain and start and end in one span.

    How many they are: 0 where the first is not.
    """
    head = events[first]
    if not isinstance(head, ActivityRecorded) or ground.source.left_s:
        return 0
    start_text = head.period[0]
    start_s = until_s = seconds(start_text)
    span = ground.span_at(start_s)
    least_s = max(span.from_s, span.valid_s[0])
    most_s = min(span.until_s, span.month_ends_s, span.valid_s[1])
    closed_at_s = ground.source.closed_at_s
    if closed_at_s is not None:
        most_s = min(most_s, closed_at_s)
    discrete, plausible = ground.source.kind == "discrete", span.plausible
    texts: list[str] = []
    end_text, estimated, covered_s = start_text, 0, 0
    add, take = runs.add, texts.append
    run_s = start_s
    for at in range(first, len(events)):
        event = events[at]
        if (
            type(event) is not ActivityRecorded
            or event.unit is not None
            or event.factors
            or event.register is not None
            or (discrete and event.reference is not None)
            or (plausible is not None and event.confirm is not None)
        ):
            break
        start_text, ends = event.period
        # Most readings begin where the one before ended: then nothing is parsed twice.
        start_s = until_s if start_text == end_text else seconds(start_text)
        end_s = seconds(ends)
        if not least_s <= start_s < end_s <= most_s:
            break
        if start_s != until_s:
            if run_s != until_s:
                add(run_s, until_s)
                covered_s += until_s - run_s
            run_s = start_s
        until_s, end_text = end_s, ends
        take(event.quantity)
        if event.estimated:
            estimated += 1
    if not texts:
        return 0
    amounts = _amounts(texts)
    if amounts is None:
        return 0
    if plausible is not None and not plausible[0] <= min(amounts) <= max(amounts) <= plausible[1]:
        return 0
    if run_s != until_s:
        add(run_s, until_s)
        covered_s += until_s - run_s
    _add_amounts(ground, span, amounts, rows)
    key = (ground.source.stream, span.line, span.month)
    rows.add_activity(key, sum(amounts), len(amounts), estimated, 0 if discrete else covered_s)
    if any(map(_QUALITY, events[first : first + len(texts)])):  # quicker than one by one above
        grades = [_QUALITY(event) for event in events[first : first + len(texts)]]
        for grade in sorted({grade for grade in grades if grade is not None}):
            rows.add_quality((*key, grade), grades.count(grade))
    return len(amounts)


def _add_amounts(ground: Ground, span: Span, amounts: list[int], rows: EntryRows) -> None:
    """The masses of readings of one span, each product rounded by itself."""
    stream, whole, divisor = ground.source.stream, sum(amounts), gcd(*amounts)
    for rate in ground.span_rates(span, ground.source.unit):
        num, den = rate.num, rate.den
        zeroed = 0
        if divisor % den == 0:
            # Every product is a whole number of milligrams, as meters and factors mostly give.
            total = whole * num // den
        else:
            masses = [divide_half_even(amount * num, den) for amount in amounts]
            total = sum(masses)
            if 0 in masses:
                zeroed = (
                    sum(a > 0 and not m for a, m in zip(amounts, masses, strict=True)) if num else 0
                )
        rows.add_mass((stream, span.line, span.month, rate.role, rate.gas), total, zeroed)


def _add_profile(ground: Ground, event: ProfileRecorded, rows: EntryRows, runs: _Runs) -> bool:
    """Add a profile that is plain and lies in one span; False, and nothing added, where it is not."""
    if event.unit is not None or event.factors or ground.source.left_s:
        return False
    if ground.source.kind == "discrete" and event.reference is not None:
        return False
    quantities, step_s = event.quantities, event.interval_s
    start_s = seconds(event.start)
    # Leading and trailing gaps may reach out of the span and are left to the slower path.
    end_s = start_s + step_s * len(quantities)
    span = ground.span_at(start_s)
    closed_at_s = ground.source.closed_at_s
    if (
        start_s < span.valid_s[0]
        or end_s > min(span.until_s, span.month_ends_s, span.valid_s[1])
        or (closed_at_s is not None and end_s > closed_at_s)
    ):
        return False
    texts = [text for text in quantities if text is not None]
    amounts = _amounts(texts)
    if not amounts:
        return False
    plausible = span.plausible
    if (
        plausible is not None
        and event.confirm is None
        and not plausible[0] <= min(amounts) <= max(amounts) <= plausible[1]
    ):
        return False
    amount, stream = sum(amounts), ground.source.stream
    for rate in ground.span_rates(span, ground.source.unit):
        product = amount * rate.num
        mass_mg = divide_half_even(product, rate.den)
        key = (stream, span.line, span.month, rate.role, rate.gas)
        rows.add_mass(key, mass_mg, int(product > 0 and not mass_mg))
    covered_s = 0 if ground.source.kind == "discrete" else len(texts) * step_s
    activity_key = (stream, span.line, span.month)
    rows.add_activity(activity_key, amount, len(texts), len(event.estimated), covered_s)
    if event.quality is not None:
        rows.add_quality((*activity_key, event.quality), len(texts))
    if len(texts) == len(quantities):
        runs.add(start_s, end_s)
    else:
        for from_s, until_s in runs_of(quantities, start_s, step_s):
            runs.add(from_s, until_s)
    return True


def _amounts(texts: list[str]) -> list[int] | None:
    """Quantities in 10^-12 units; None if one of them is out of form."""
    joined = "\n".join(texts)
    if _NUMBERS.fullmatch(joined + "\n") is None or joined.count("\n") != len(texts) - 1:
        return None
    scales = _SCALES
    amounts = []
    for text in texts:
        whole, _, fraction = text.partition(".")
        amounts.append(int(whole + fraction) * scales[len(fraction)])
    return amounts

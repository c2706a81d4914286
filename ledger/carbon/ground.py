"""What the readings of one source stand on, looked up once for all readings of a batch.

Readings and corrections stand in streams where nothing else does, so within a batch neither the
source nor its factors nor the rules can change. A `Span` is a stretch of time within which nothing
changes either: one month of the area's calendar, one line, one factor for each role. A body is
parsed into numbers once; rules and views both read them here. Pure; nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

import msgspec

from ledger.carbon.conversion import conversion
from ledger.carbon.events import ActivityBody, Body, ProfileBody
from ledger.carbon.exact import MG_PER_KG, TINY, seconds, tiny
from ledger.carbon.factor_fit import fits
from ledger.carbon.pieces import FACTOR, SOURCE, FactorPiece, SourcePiece, cover_key
from ledger.carbon.rulepack import Calendar, RulePack, load
from ledger.fold.state import State
from ledger.log.values import later
from ledger.parties.pieces import ledger

CORRECTIONS = "/corrections"
NEVER_S = (0, -1)
"""No time at all, as a half-open range."""


class Rules:
    """A rule pack and the area's calendar in it."""

    __slots__ = ("calendar", "pack")

    def __init__(self, pack: RulePack, calendar: Calendar) -> None:
        self.pack = pack
        self.calendar = calendar


class Rate(msgspec.Struct, frozen=True, gc=False):
    """Milligrams of a gas per 10^-12 of a unit, exactly num/den, in a factor role."""

    role: str
    gas: str
    num: int
    den: int


class Span(msgspec.Struct, frozen=True):
    """[from_s, until_s): one month, one line of the source, one factor for each role.

    `factors` are (role, factor) in order of roles; `valid_s` is when all of them are allowed;
    `plausible` is in 10^-12 of the source's unit. The month itself ends at `month_ends_s`.
    """

    from_s: int
    until_s: int
    month: str
    month_ends_s: int
    line: int
    plausible: tuple[int, int] | None
    factors: tuple[tuple[str, FactorPiece], ...]
    valid_s: tuple[int, int]


class Readings(msgspec.Struct, frozen=True, gc=False):
    """A body's readings as numbers."""

    items: Sequence[tuple[int, int, int]]
    """(start, end, quantity in 10^-12) of each; gaps are left out, an emission has quantity 0."""
    runs: Sequence[tuple[int, int]]
    """(start, end) of the time that they cover, neighbours merged."""


class Ground:
    """One source under one set of rules, with what was looked up for it so far."""

    __slots__ = (
        "_body",
        "_cover_keys",
        "_factors",
        "_rated",
        "_rates",
        "_readings",
        "_span",
        "rule",
        "source",
        "state",
    )

    def __init__(self, state: State, rule: Rules, source: SourcePiece) -> None:
        self.state = state
        self.rule = rule
        self.source = source
        self._factors: dict[str, FactorPiece] = {}
        self._rates: dict[tuple[str, str, str], tuple[Rate, ...]] = {}
        self._cover_keys: dict[int, str] = {}
        self._span: Span | None = None
        self._rated: tuple[Span | None, str, tuple[Rate, ...]] = (None, "", ())
        self._body: Body | None = None
        self._readings: Readings | None = None

    def readings(self, body: Body) -> Readings:
        """The numbers of a body. Raises BadValue for a time or quantity out of form."""
        if self._readings is None or body is not self._body:
            self._readings = parse(body)
            self._body = body
        return self._readings

    def span_at(self, at_s: int) -> Span:
        """The span that an instant lies in. Raises BadValue outside the calendar of the rules."""
        span = self._span
        if span is None or not span.from_s <= at_s < span.until_s:
            span = self._span = self._find(at_s)
        return span

    def factor(self, ref: str) -> FactorPiece:
        """A factor that was accepted already."""
        found = self._factors.get(ref)
        if found is None:
            found = self.state.get(FACTOR, ref)
            if found is None:
                raise AssertionError(f"factor {ref} was accepted and is not there")
            self._factors[ref] = found
        return found

    def factors(
        self, span: Span, body: ActivityBody | ProfileBody
    ) -> tuple[tuple[str, FactorPiece], ...]:
        """(role, factor) for readings of a body that start in a span, in order of roles."""
        if not body.factors:
            return span.factors
        own = {role: self.factor(ref) for role, ref in body.factors.items()}
        inherited = [(role, factor) for role, factor in span.factors if role not in own]
        return tuple(sorted((*inherited, *own.items()), key=lambda filled: filled[0]))

    def rates(self, span: Span, body: ActivityBody | ProfileBody, unit: str) -> tuple[Rate, ...]:
        """What quantities of a body that start in a span are multiplied with, in all roles.

        Raises BadValue across dimensions that no property of a factor connects.
        """
        if body.factors:
            return self._rates_of(self.factors(span, body), unit)
        return self.span_rates(span, unit)

    def span_rates(self, span: Span, unit: str) -> tuple[Rate, ...]:
        """The same for readings that bring no factor of their own."""
        if span is not self._rated[0] or unit != self._rated[1]:
            self._rated = (span, unit, self._rates_of(span.factors, unit))
        return self._rated[2]

    def _rates_of(
        self, factors: tuple[tuple[str, FactorPiece], ...], unit: str
    ) -> tuple[Rate, ...]:
        return tuple(rate for role, factor in factors for rate in self.rates_in(role, factor, unit))

    def rates_in(self, role: str, factor: FactorPiece, unit: str) -> tuple[Rate, ...]:
        """The same for one factor in one role."""
        key = (role, factor.ref, unit)
        found = self._rates.get(key)
        if found is None:
            ratio = conversion(self.rule.pack, factor, unit)
            found = self._rates[key] = tuple(
                Rate(role, gas, per.numerator, per.denominator)
                for gas, num, den in factor.gases
                for per in [Fraction(int(num), int(den)) * ratio * MG_PER_KG / TINY]
            )
        return found

    def cover_key(self, bucket: int) -> str:
        """The key of the piece that holds a bucket of the source's coverage."""
        key = self._cover_keys.get(bucket)
        if key is None:
            key = self._cover_keys[bucket] = cover_key(self.source.stream, bucket)
        return key

    def validity(self, factors: tuple[tuple[str, FactorPiece], ...], line: int) -> tuple[int, int]:
        """When all of these may be used on a line of the source: never, if one is of elsewhere."""
        region = self.source.lines[line].region
        if all(fits(self.rule.pack, factor, region) for _, factor in factors):
            return common_validity(factors)
        return NEVER_S

    def _find(self, at_s: int) -> Span:
        calendar, source = self.rule.calendar, self.source
        month = calendar.position(at_s)
        from_s = calendar.starts_s[month]
        ends_s = until_s = calendar.ends_s(month)
        changes = [terms.from_s for terms in source.terms[1:]]
        changes += [a.from_s for timeline in source.factors.values() for a in timeline]
        for change_s in changes:
            if change_s <= at_s:
                from_s = max(from_s, change_s)
            else:
                until_s = min(until_s, change_s)
        terms = source.terms_at(at_s)
        factors = tuple(
            (role, self.factor(ref))
            for role in sorted(source.factors)
            if (ref := source.factor_at(role, at_s)) is not None
        )
        return Span(
            from_s=from_s,
            until_s=until_s,
            month=calendar.months[month],
            month_ends_s=ends_s,
            line=terms.line,
            plausible=None
            if terms.plausible is None
            else (tiny(terms.plausible[0]), tiny(terms.plausible[1])),
            factors=factors,
            valid_s=self.validity(factors, terms.line),
        )


def ground_of(state: State, stream: str) -> Ground | None:
    """The ground of a stream of readings or of its corrections; None if it has no source."""
    source = state.get(SOURCE, stream.removesuffix(CORRECTIONS))
    return None if source is None else Ground(state, rules_in_force(state), source)


def rules_in_force(state: State) -> Rules:
    """The rules that decide as of this state."""
    opened = ledger(state)
    return rules(opened.rules_version, opened.timezone)


def rules_at(state: State, index: int) -> Rules:
    """The rules that decided the entry of this index."""
    opened = ledger(state)
    return rules(opened.rules_at(index), opened.timezone)


@lru_cache(maxsize=64)
def rules(version: str, timezone: str) -> Rules:
    """The rules of a version in a time zone. Raises InvalidInput or BadValue."""
    pack = load(version)
    return Rules(pack, pack.calendar(timezone))


def common_validity(factors: tuple[tuple[str, FactorPiece], ...]) -> tuple[int, int]:
    """The half-open range of activity times for which all of these factors are allowed."""
    starts = [factor.valid_s[0] for _, factor in factors]
    ends = [factor.valid_s[1] for _, factor in factors]
    return max(starts, default=-(2**63)), min(ends, default=2**63)


def parse(body: Body) -> Readings:
    """The numbers of a body. Raises BadValue for a time or quantity out of form."""
    if isinstance(body, ProfileBody):
        return _parse_profile(body)
    start_s, end_s = seconds(body.period[0]), seconds(body.period[1])
    amount = tiny(body.quantity) if isinstance(body, ActivityBody) else 0
    return Readings(((start_s, end_s, amount),), ((start_s, end_s),))


def written(body: Body, at_s: int) -> str:
    """An instant as a body writes its times: at the offset of its first one."""
    start = body.start if isinstance(body, ProfileBody) else body.period[0]
    return later(start, at_s - seconds(start))


def _parse_profile(body: ProfileBody) -> Readings:
    start_s, step_s = seconds(body.start), body.interval_s
    items = [
        (at_s, at_s + step_s, tiny(quantity))
        for at_s, quantity in zip(
            range(start_s, start_s + step_s * len(body.quantities), step_s),
            body.quantities,
            strict=True,
        )
        if quantity is not None
    ]
    return Readings(items, runs_of(body.quantities, start_s, step_s))


def runs_of(quantities: Sequence[str | None], start_s: int, step_s: int) -> list[tuple[int, int]]:
    """(start, end) of the stretches of a profile that have readings, in order."""
    runs: list[tuple[int, int]] = []
    at, count = 0, len(quantities)
    while at < count:
        if quantities[at] is None:
            at += 1
            continue
        first = at
        while at < count and quantities[at] is not None:
            at += 1
        runs.append((start_s + first * step_s, start_s + at * step_s))
    return runs

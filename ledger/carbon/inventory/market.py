"""Scope 2 by the market: what instruments and contracts say about the energy that was bought.

In this order, for each source line and month: claimed attributes, the supplier's factor, the
residual mix of the data year that the location factor has, and otherwise the location factor, which
is disclosed. Claimed is what a supply delivered within the same interval as it was used: matched =
min(use, supply), and the rest × the factor is rounded half-even to a milligram for each gas and
interval. Hours are counted from the beginning of the month in the area's time zone; readings finer
than an hour are added up to hours. A reading that lies in more than one hour is never spread over
them: then the month is matched as a whole, and that is said. Source: accounting rules, section 4.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

import msgspec

from ledger.carbon.conversion import conversion
from ledger.carbon.exact import MG_PER_KG, TINY, divide_half_even
from ledger.carbon.inventory.boundary import in_month, said
from ledger.carbon.inventory.heading import LOCATION, MARKET
from ledger.carbon.inventory.readings import HOUR_S, Readings
from ledger.carbon.known import Known
from ledger.carbon.organisation.pieces import Matching
from ledger.carbon.pieces import FactorPiece, SourcePiece
from ledger.carbon.rows import LineRow
from ledger.carbon.rulepack import RulePack

Masses = dict[str, int]
Quantities = Mapping[tuple[str, str], Decimal]
"""By stream and month."""


class MarketMonth(msgspec.Struct, frozen=True, kw_only=True):
    """The market-based figure of a source line in a month, at 100 %, before anything is passed on.

    `basis` is the factor that the rest takes: `supplier`, `residual-mix`, `fossil-only` or
    `location`. `used` and `matched` are in the source's unit; `role` is that of the rest's factor.
    `remarks` say what a reader must know.
    """

    line: LineRow
    month: str
    role: str
    basis: str
    factor: str | None
    used: Fraction
    matched: Fraction
    interval: str | None
    supply: str | None
    mass_mg: Masses
    recorded_mg: Masses
    """What the read model has for the same line, month and role."""
    events: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


class Bought(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a Scope 2 line in a month: its quantity, and its masses by role and gas."""

    line: LineRow
    month: str
    quantity: Decimal
    readings: int
    roles: Mapping[str, Masses]


class Rest(msgspec.Struct, frozen=True, kw_only=True):
    """What of one interval no supply backs; `quantity` is in 10^-12/den of the source's unit."""

    at_s: int
    line: int
    quantity: int
    den: int


class Hour(msgspec.Struct):
    """What the readings of an hour add up to, and when the first of them begins."""

    first_s: int
    quantity: int = 0


class Hours(msgspec.Struct, frozen=True):
    """Quantities by hour of a month (hours from its beginning), or why there are none."""

    by_hour: dict[int, Hour]
    readings: int = 0
    why_not: str | None = None

    @property
    def quantity(self) -> int:
        """All hours together."""
        return sum(hour.quantity for hour in self.by_hour.values())


class _Choice(msgspec.Struct, frozen=True):
    """The role whose factor the rest takes, what it rests on, and what must be said."""

    role: str
    basis: str
    factor: FactorPiece | None
    steady: bool
    remarks: tuple[str, ...]


class Market:
    """The market-based method over what is known of a party."""

    def __init__(
        self,
        known: Known,
        pack: RulePack,
        party: str,
        supplied: Quantities,
        readings: Readings | None = None,
    ) -> None:
        self._known = known
        self._pack = pack
        self._calendar = pack.calendar(known.timezone)
        self._matchings = said(known, party).matchings
        self._readings = {} if readings is None else readings
        self._supplied = supplied

    def months(self, bought: Iterable[Bought]) -> list[MarketMonth]:
        """The figures of all lines of all streams, in order."""
        by_place: dict[tuple[str, str], list[Bought]] = defaultdict(list)
        for one in bought:
            by_place[one.line.stream, one.month].append(one)
        found = []
        for (stream, month), lines in sorted(by_place.items()):
            lines.sort(key=lambda one: one.line.line)
            found += self._stream_month(stream, month, lines)
        return found

    def _stream_month(self, stream: str, month: str, lines: list[Bought]) -> list[MarketMonth]:
        source = self._known.sources[stream]
        own = [one for one in self._matchings if one.source == stream]
        matching = in_month(own, month)
        choices = [self._choose(source, one) for one in lines]
        if matching is None or matching.supply is None:
            return [
                self._unmatched(one, choice) for one, choice in zip(lines, choices, strict=True)
            ]
        return self._matched(source, matching, lines, choices)

    # --- without a claim -----------------------------------------------------------------------

    def _unmatched(self, one: Bought, choice: _Choice) -> MarketMonth:
        return MarketMonth(
            line=one.line,
            month=one.month,
            role=choice.role,
            basis=choice.basis,
            factor=None if choice.factor is None else choice.factor.ref,
            used=Fraction(one.quantity),
            matched=Fraction(0),
            interval=None,
            supply=None,
            mass_mg=dict(one.roles.get(choice.role, {})),
            recorded_mg=dict(one.roles.get(choice.role, {})),
            remarks=choice.remarks,
        )

    def _choose(self, source: SourcePiece, one: Bought) -> _Choice:
        begins_s, ends_s = self._bounds(one.month)
        market = _within(source, MARKET, begins_s, ends_s)
        location = _within(source, LOCATION, begins_s, ends_s)
        at_location = self._factor(location[0])
        fallback = _Choice(LOCATION, LOCATION, at_location, len(location) == 1, ())
        if MARKET not in one.roles:
            return msgspec.structs.replace(
                fallback, remarks=("no market factor: the location factor is taken",)
            )
        if market == [None]:
            # Readings brought a factor of their own.
            return _Choice(MARKET, "supplier", None, steady=False, remarks=())
        if None in market:
            said_so = "a market factor for a part of the month alone: the location factor is taken"
            return msgspec.structs.replace(fallback, remarks=(said_so,))
        factors = [factor for ref in market if (factor := self._factor(ref)) is not None]
        factor, steady = factors[0], len(market) == 1
        kinds = {one.kind for one in factors}
        if "residual-mix" in kinds and at_location is not None:
            years = {one.year for one in factors if one.kind == "residual-mix"}
            if years != {at_location.year}:
                remark = (
                    f"the residual mix is of {', '.join(map(str, sorted(years)))} and the location "
                    f"factor of {at_location.year}: the location factor is taken"
                )
                return msgspec.structs.replace(fallback, remarks=(remark,))
        basis = (
            factor.kind if factor.kind in ("supplier", "residual-mix", "fossil-only") else LOCATION
        )
        remarks = ("the location factor is taken",) if basis == LOCATION else ()
        return _Choice(MARKET, basis, factor, steady, remarks)

    def _bounds(self, month: str) -> tuple[int, int]:
        return self._calendar.bounds_s(month)

    def _factor(self, ref: str | None) -> FactorPiece | None:
        return None if ref is None else self._known.factors.get(ref)

    # --- with one ------------------------------------------------------------------------------

    def _matched(
        self,
        source: SourcePiece,
        matching: Matching,
        lines: list[Bought],
        choices: list[_Choice],
    ) -> list[MarketMonth]:
        month, remark, rests, interval = lines[0].month, None, None, "month"
        if matching.interval == "hour":
            rests, remark = self._hourly(source, matching, lines)
            interval = "month" if rests is None else "hour"
        if rests is None:
            rests = self._monthly(source, matching, lines)
        found = []
        for one, choice in zip(lines, choices, strict=True):
            own = [rest for rest in rests if rest.line == one.line.line]
            left = sum((Fraction(rest.quantity, TINY * rest.den) for rest in own), Fraction(0))
            used = Fraction(one.quantity)
            masses, why = self._priced(source, one, choice, own, left, interval)
            found.append(
                MarketMonth(
                    line=one.line,
                    month=month,
                    role=choice.role,
                    basis=choice.basis,
                    factor=None if choice.factor is None else choice.factor.ref,
                    used=used,
                    matched=used - left,
                    interval=interval,
                    supply=matching.supply,
                    mass_mg=masses,
                    recorded_mg=dict(one.roles.get(choice.role, {})),
                    events=(matching.event,),
                    remarks=tuple(text for text in (*choice.remarks, remark, why) if text),
                )
            )
        return found

    def _priced(
        self,
        source: SourcePiece,
        one: Bought,
        choice: _Choice,
        rests: Sequence[Rest],
        left: Fraction,
        interval: str,
    ) -> tuple[Masses, str | None]:
        """The rest's masses: each interval rounded once, under the factor that its role has then."""
        one_factor = choice.steady or interval == "hour"
        if choice.factor is None or not one_factor or not self._is_recorded(source, one, choice):
            # The rest takes its part of what was recorded.
            recorded = one.roles.get(choice.role, {})
            part = left / Fraction(one.quantity) if one.quantity else Fraction(0)
            masses = {
                gas: divide_half_even(mass_mg * part.numerator, part.denominator)
                for gas, mass_mg in recorded.items()
            }
            return masses, "no one factor holds for all that was used: the rest takes its part"
        rates: dict[str | None, list[tuple[str, Fraction]]] = {}
        found: Masses = {}
        for rest in rests:
            ref = source.factor_at(choice.role, rest.at_s)
            if ref not in rates:
                rates[ref] = self._rates(source, ref)
            for gas, rate in rates[ref]:
                product = rest.quantity * rate.numerator
                mass_mg = divide_half_even(product, rate.denominator * rest.den)
                found[gas] = found.get(gas, 0) + mass_mg
        return found, None

    def _is_recorded(self, source: SourcePiece, one: Bought, choice: _Choice) -> bool:
        """Whether what was recorded follows from the source's factor, to half a milligram a reading.

        It does not where readings brought a factor of their own.
        """
        if not choice.steady or choice.factor is None:
            return True
        recorded = one.roles.get(choice.role, {})
        used = _tiny(one.quantity)
        return all(
            abs(used * rate - recorded.get(gas, 0)) <= one.readings
            for gas, rate in self._rates(source, choice.factor.ref)
        )

    def _rates(self, source: SourcePiece, ref: str | None) -> list[tuple[str, Fraction]]:
        """(gas, milligrams for 10^-12 of the source's unit)."""
        factor = self._factor(ref)
        if factor is None:
            return []
        ratio = conversion(self._pack, factor, source.unit) * MG_PER_KG / TINY
        return [(gas, Fraction(int(num), int(den)) * ratio) for gas, num, den in factor.gases]

    def _monthly(self, source: SourcePiece, matching: Matching, lines: list[Bought]) -> list[Rest]:
        """Month matching, from the totals; of several lines, the first takes what it needs first."""
        month = lines[0].month
        begins_s, _ = self._bounds(month)
        ratio = self._ratio(source, matching.supply or "")
        supplied = _tiny(self._supplied.get((matching.supply or "", month), Decimal(0)))
        there = supplied * ratio.numerator
        rests = []
        for one in lines:
            used = _tiny(one.quantity) * ratio.denominator
            matched = max(min(used, there), 0)
            there -= matched
            # Of several factors in the month, the line takes the one of its own first instant.
            at_s = max(begins_s, _line_from(source, one.line.line))
            rests.append(
                Rest(at_s=at_s, line=one.line.line, quantity=used - matched, den=ratio.denominator)
            )
        return rests

    def _hourly(
        self, source: SourcePiece, matching: Matching, lines: list[Bought]
    ) -> tuple[list[Rest] | None, str | None]:
        """Hour matching, from the readings; None, and why, where they do not allow it."""
        month, supply = lines[0].month, matching.supply or ""
        begins_s, ends_s = self._bounds(month)
        used = by_hours(source.stream, self._readings, begins_s, ends_s)
        there = by_hours(supply, self._readings, begins_s, ends_s)
        for hours, stream, total in (
            (used, source.stream, sum((one.quantity for one in lines), Decimal(0))),
            (there, supply, self._supplied.get((supply, month), Decimal(0))),
        ):
            why = hours.why_not
            # A reading in another unit was rounded by itself here, and with others there.
            if why is None and abs(hours.quantity - _tiny(total)) > hours.readings:
                why = f"the readings of {stream} do not add up to its total of {month}"
            if why is not None:
                return None, f"{why}: matched by month"
        ratio = self._ratio(source, supply)
        rests = []
        for number, hour in sorted(used.by_hour.items()):
            at_s = hour.first_s
            use = hour.quantity * ratio.denominator
            delivered = there.by_hour.get(number)
            matched = 0 if delivered is None else min(use, delivered.quantity * ratio.numerator)
            line = source.terms_at(at_s).line
            rests.append(Rest(at_s=at_s, line=line, quantity=use - matched, den=ratio.denominator))
        return rests, None

    def _ratio(self, source: SourcePiece, supply: str) -> Fraction:
        """How many of the source's unit are in one of the supply's."""
        delivers = self._known.sources.get(supply)
        return Fraction(1) if delivers is None else self._pack.ratio(delivers.unit, source.unit)


def by_hours(stream: str, readings: Readings, begins_s: int, ends_s: int) -> Hours:
    """A stream's quantities in each hour of a month that begins and ends then.

    An hour has all readings that lie in it; a reading that lies in two is never parted.
    """
    if stream not in readings:
        return Hours({}, 0, f"the readings of {stream} are not at hand")
    found: dict[int, Hour] = {}
    count = 0
    for one in readings[stream]:
        if one.end_s <= begins_s or one.start_s >= ends_s:
            continue
        hour, last = (one.start_s - begins_s) // HOUR_S, (one.end_s - 1 - begins_s) // HOUR_S
        if hour != last or one.start_s < begins_s:
            length_s = one.end_s - one.start_s
            return Hours({}, 0, f"{stream} has a reading of {length_s} s that is not of one hour")
        into = found.get(hour)
        if into is None:
            into = found[hour] = Hour(one.start_s)
        into.first_s = min(into.first_s, one.start_s)
        into.quantity += one.quantity
        count += 1
    return Hours(found, count)


def _within(source: SourcePiece, role: str, begins_s: int, ends_s: int) -> list[str | None]:
    """The factors that a role has within a time, in order; None where it has none."""
    timeline = source.factors.get(role, ())
    if len(timeline) == 1 and timeline[0].from_s <= begins_s:
        return [timeline[0].factor]
    found = [source.factor_at(role, begins_s)]
    found += [one.factor for one in timeline if begins_s < one.from_s < ends_s]
    return list(dict.fromkeys(found))


def _line_from(source: SourcePiece, line: int) -> int:
    return min((terms.from_s for terms in source.terms if terms.line == line), default=0)


def quantities(known: Known) -> Quantities:
    """What every stream comes to in every month, in its own unit."""
    found: dict[tuple[str, str], Decimal] = {}
    for row in known.activity:
        place = row.line.stream, row.month
        found[place] = found.get(place, Decimal(0)) + row.quantity
    return found


def _tiny(quantity: Decimal) -> int:
    """A quantity of at most 12 places in 10^-12 units."""
    return int(Fraction(quantity) * TINY)

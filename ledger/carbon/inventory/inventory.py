"""A company's inventory for a period, as known at a log size: all that it answers for, in terms.

Scopes 1, 2 and 3 with their categories, Scope 2 twice (by location and by the market), the ISO
14064-1 categories beside; removals, biogenic CO2 and memo gases in columns of their own. Every
figure is a sum of terms, and a term names the source line, month, role and gas that it comes from.
What passed through to others is off the sender's Scope 2; the boundary's share applies to what is
left of the total of a stream, month, role and gas. Sub-meters are added to nothing; a balance group
below zero is shown as an error and netted nowhere. Source: accounting rules, section 4.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction

import msgspec

from ledger.carbon.area.amounts import broken_groups, column_of, sign_of
from ledger.carbon.area.passing import OpenRest, Passed, passed_on
from ledger.carbon.counted import Counted, counted, sums
from ledger.carbon.exact import divide_half_even
from ledger.carbon.inventory.boundary import Held, Shares, shared
from ledger.carbon.inventory.heading import (
    BOUGHT_SCOPE,
    LOCATION,
    MARKET,
    Heading,
    heading,
    market_heading,
)
from ledger.carbon.inventory.market import Bought, Market, MarketMonth, Quantities, quantities
from ledger.carbon.inventory.readings import Readings
from ledger.carbon.known import Known
from ledger.carbon.organisation.pieces import Boundary
from ledger.carbon.rows import ActivityRow, LineRow, MassRow
from ledger.carbon.rulepack import RulePack

METHODS = (LOCATION, MARKET)
EMITTED = "emitted"


class Term(msgspec.Struct, frozen=True):
    """Milligrams under a heading and column, with the source line and row that they come from."""

    heading: Heading
    column: str
    line: LineRow
    counted: Counted


class BelowZero(msgspec.Struct, frozen=True, kw_only=True):
    """A balance group whose net over the period is below zero: an error, in no figure."""

    balance_group: str
    role: str


class Inventory(msgspec.Struct, frozen=True, kw_only=True):
    """One party's inventory; figures are sums of `terms`.

    `boundaries` are (month, boundary) where one begins to hold; `outside` are the source lines that
    the boundary leaves out, by (stream, month); `market` says how each Scope 2 figure by the market
    came about; `open` is what others did not acknowledge.
    """

    party: str
    period: tuple[str, str]
    size: int
    timezone: str
    rules: str
    terms: list[Term]
    market: list[MarketMonth]
    boundaries: list[tuple[str, Boundary | None]]
    outside: list[tuple[str, str]]
    below_zero: list[BelowZero]
    open: list[OpenRest]
    rounded_to_zero: int
    """Non-zero products of a quantity and a factor that are less than half a milligram."""

    def select(
        self,
        *,
        column: str = EMITTED,
        scope: int | None = None,
        method: str | None = None,
        category: int | None = None,
        iso: int | None = None,
        month: str | None = None,
    ) -> Iterator[Counted]:
        """The terms of a figure. Scope 2 stands twice: with a method, it stands once."""
        for term in self.terms:
            head = term.heading
            if (
                term.column == column
                and scope in (None, head.scope)
                and (method is None or head.method in ("", method))
                and category in (None, head.category)
                and iso in (None, head.iso)
                and month in (None, term.counted.month)
            ):
                yield term.counted

    def masses(
        self,
        method: str,
        *,
        column: str = EMITTED,
        scope: int | None = None,
        category: int | None = None,
        iso: int | None = None,
        month: str | None = None,
    ) -> dict[str, int]:
        """Milligrams by gas of a figure under one method of Scope 2: `location` or `market`."""
        return sums(
            self.select(
                column=column, scope=scope, method=method, category=category, iso=iso, month=month
            )
        )

    def scopes_1_and_2(self, method: str, column: str = EMITTED) -> dict[str, int]:
        """Milligrams by gas of Scope 1 and of Scope 2 by a method: what an area adds up."""
        return sums(
            counted
            for scope in (1, BOUGHT_SCOPE)
            for counted in self.select(column=column, scope=scope, method=method)
        )

    def headings(self) -> list[Heading]:
        """All headings that have terms, in order."""
        return sorted({term.heading for term in self.terms})


def inventory(
    known: Known,
    pack: RulePack,
    party: str,
    readings: Readings | None = None,
    passed: Passed | None = None,
) -> Inventory:
    """The inventory of a party over the period of what is known.

    `readings` are those of the streams that are matched by the hour (`hourly_streams`); without
    them the month is matched, and that is said. `passed`: what `passed_on(known)` found, where it
    was asked already. Raises InvalidInput for a rule pack without tables for inventories.
    """
    rows = [row for row in known.masses if row.line.party == party]
    activity = [row for row in known.activity if row.line.party == party]
    passed = passed_on(known) if passed is None else passed
    return _drawn(known, pack, party, (rows, activity), quantities(known), readings, passed)


def inventories(
    known: Known, pack: RulePack, readings: Readings | None = None
) -> dict[str, Inventory]:
    """The inventories of all parties that have masses, drawn up in one pass over the whole area."""
    rows: dict[str, list[MassRow]] = defaultdict(list)
    activity: dict[str, list[ActivityRow]] = defaultdict(list)
    for mass in known.masses:
        rows[mass.line.party].append(mass)
    for use in known.activity:
        activity[use.line.party].append(use)
    passed, supplied = passed_on(known), quantities(known)
    return {
        party: _drawn(
            known, pack, party, (rows[party], activity[party]), supplied, readings, passed
        )
        for party in sorted(rows)
    }


def _drawn(
    known: Known,
    pack: RulePack,
    party: str,
    own: tuple[Sequence[MassRow], Sequence[ActivityRow]],
    supplied: Quantities,
    readings: Readings | None,
    passed: Passed,
) -> Inventory:
    rows, activity = own
    shares = Shares(known, party)
    broken = broken_groups(pack, rows)
    added = [
        row
        for row in rows
        if is_added(row.line) and (row.line.party, row.line.balance_group, row.role) not in broken
    ]
    market = Market(known, pack, party, supplied, readings).months(_bought(activity, added))
    terms = [*_recorded(pack, added, shares, passed), *_by_market(pack, market, shares, passed)]
    terms.sort(key=_order)
    places = sorted({(row.line.stream, row.month, row.line.site) for row in added})
    return Inventory(
        party=party,
        period=known.period,
        size=known.size,
        timezone=known.timezone,
        rules=pack.version,
        terms=terms,
        market=market,
        boundaries=_boundaries(shares, months_of(known.period)),
        outside=[
            (stream, month) for stream, month, site in places if not shares.of(site, month).share
        ],
        below_zero=[
            BelowZero(balance_group=group or "", role=role)
            for _, group, role in sorted(broken, key=str)
        ],
        open=[one for one in passed.open if one.stream.partition("/")[0] == party],
        rounded_to_zero=sum(row.zeroed for row in rows),
    )


def hourly_streams(known: Known, party: str) -> set[str]:
    """The streams whose readings an inventory needs: both sides of what is matched by the hour."""
    said = known.organisations.get(party)
    found: set[str] = set()
    for one in said.matchings if said else ():
        if one.interval == "hour" and one.supply is not None and one.index < known.size:
            found |= {one.source, one.supply}
    return found


def is_added(line: LineRow) -> bool:
    """Whether a line is added to anything: no sub-meter, and no outflow outside a balance."""
    return line.part_of is None and (line.flow == "in" or line.balance_group is not None)


def months_of(period: tuple[str, str]) -> list[str]:
    """The months of [first, end), in order."""
    found, month = [], period[0]
    while month < period[1]:
        found.append(month)
        year, number = int(month[:4]), int(month[5:])
        month = f"{year + number // 12:04d}-{number % 12 + 1:02d}"
    return found


# --- terms -----------------------------------------------------------------------------------------


def _recorded(
    pack: RulePack, rows: Iterable[MassRow], shares: Shares, passed: Passed
) -> Iterator[Term]:
    """The terms of recorded masses: all but Scope 2 by the market."""
    roles: dict[tuple[str, int, str], set[str]] = defaultdict(set)
    listed = list(rows)
    for row in listed:
        roles[row.line.stream, row.line.line, row.month].add(row.role)
    heads: dict[tuple[str, int, str, str], Heading | None] = {}
    for row in listed:
        line = row.line
        place = line.stream, line.line, row.month, row.role
        if place not in heads:
            heads[place] = heading(pack, line, row.role, roles[place[:3]])
        head = heads[place]
        held = shares.of(line.site, row.month)
        if head is None or not held.share.numerator:
            continue
        falls_mg = passed.lowered.get((*place, row.gas), 0) if passed.lowered else 0
        mass_mg = sign_of(pack, line) * shared(row.mass_mg - falls_mg, held.share)
        events = _events(held, passed, row) if falls_mg or held.events else ()
        term = counted(row, mass_mg, *events)
        yield Term(head, column_of(pack, line.activity, row.gas), line, term)


def _events(held: Held, passed: Passed, row: MassRow) -> tuple[str, ...]:
    return (*passed.events.get((row.line.stream, row.month), ()), *held.events)


def _bought(activity: Iterable[ActivityRow], rows: Iterable[MassRow]) -> list[Bought]:
    """Scope 2 by line and month, with what is known of each."""
    roles: dict[tuple[str, int, str], dict[str, dict[str, int]]] = {}
    lines: dict[tuple[str, int, str], LineRow] = {}
    for row in rows:
        if row.line.scope == BOUGHT_SCOPE:
            place = row.line.stream, row.line.line, row.month
            lines[place] = row.line
            by_role = roles.setdefault(place, {})
            by_role.setdefault(row.role, {})[row.gas] = row.mass_mg
    used = {(row.line.stream, row.line.line, row.month): row for row in activity}
    return [
        Bought(
            line=lines[place],
            month=place[2],
            quantity=used[place].quantity if place in used else Decimal(0),
            readings=used[place].readings if place in used else 0,
            roles=roles[place],
        )
        for place in sorted(lines)
    ]


def _by_market(
    pack: RulePack, months: Iterable[MarketMonth], shares: Shares, passed: Passed
) -> Iterator[Term]:
    """The terms of Scope 2 by the market."""
    for one in months:
        line, held = one.line, shares.of(one.line.site, one.month)
        if not held.share.numerator:
            continue
        handed_on = passed.shares.get((line.stream, one.month), Fraction(0))
        events = (*one.events, *passed.events.get((line.stream, one.month), ()), *held.events)
        for gas, mass_mg in one.mass_mg.items():
            falls_mg = divide_half_even(mass_mg * handed_on.numerator, handed_on.denominator)
            term = Counted(
                stream=line.stream,
                line=line.line,
                month=one.month,
                role=one.role,
                gas=gas,
                mass_mg=sign_of(pack, line) * shared(mass_mg - falls_mg, held.share),
                recorded_mg=one.recorded_mg.get(gas, 0),
                events=events,
            )
            yield Term(market_heading(pack, line), column_of(pack, line.activity, gas), line, term)


def _order(term: Term) -> tuple[Heading, str, str, int, str, str, str]:
    one = term.counted
    return term.heading, term.column, one.stream, one.line, one.month, one.role, one.gas


def _boundaries(shares: Shares, months: Iterable[str]) -> list[tuple[str, Boundary | None]]:
    """The boundary of the first month, and of each month whose boundary is another one."""
    found: list[tuple[str, Boundary | None]] = []
    for month in months:
        boundary = shares.in_force(month)
        if not found or found[-1][1] != boundary:
            found.append((month, boundary))
    return found

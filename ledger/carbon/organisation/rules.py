"""May a party say this about itself? Boundary, sites, base year, lines and matched supplies.

Those for facts and for meters stand beside. They depend on state and event alone.
Source: accounting rules, sections 3 to 5.
"""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise
from typing import Final

import msgspec

from ledger.carbon.events import Number
from ledger.carbon.factor_rules import check_number
from ledger.carbon.ground import Rules, rules_in_force
from ledger.carbon.organisation.catalogue import indicators
from ledger.carbon.organisation.events import (
    AreaFactRecorded,
    BaseYearRestated,
    BoundarySet,
    CompanyFactRecorded,
    LineDeclared,
    MeterInstalled,
    MeterRemoved,
    SiteTransferred,
    SupplyMatched,
)
from ledger.carbon.organisation.fact_rules import decide_area_fact, decide_company_fact
from ledger.carbon.organisation.meter_rules import decide_installed, decide_removed
from ledger.carbon.organisation.months import month_start_s, period_s
from ledger.carbon.organisation.pieces import ORGANISATION, Matching
from ledger.carbon.pieces import SITE, SOURCE
from ledger.carbon.redaction.pieces import REDACTED
from ledger.carbon.redaction.remaining import times_s
from ledger.carbon.rules import check_site, own_source
from ledger.carbon.views import ratio
from ledger.errors import BadValue, Conflict, RuleBroken
from ledger.fold.event import Place
from ledger.fold.state import State
from ledger.parties.pieces import PARTY, ledger

_SCOPE_3: Final = re.compile(r"scope3\.(?:[1-9]|1[0-5])")
_INDICATOR: Final = "indicator."


def decide(state: State, place: Place, event: object) -> None:
    """Raise a named error if the rules do not allow this event here."""
    rule = rules_in_force(state)
    match event:
        case BoundarySet():
            _decide_boundary(state, rule, place, event)
        case SiteTransferred():
            _decide_transferred(state, rule, place, event)
        case BaseYearRestated():
            _decide_base_year(state, place, event)
        case LineDeclared():
            _decide_declared(state, rule, place, event)
        case CompanyFactRecorded():
            decide_company_fact(state, rule, place, event)
        case AreaFactRecorded():
            decide_area_fact(state, rule, place, event)
        case MeterInstalled():
            decide_installed(state, rule, place, event)
        case MeterRemoved():
            decide_removed(state, rule, place, event)
        case SupplyMatched():
            _decide_matched(state, rule, place, event)
        case _:
            raise AssertionError(type(event).__name__)


def check_at_most(what: str, number: Number, most: int, unit: str = "") -> None:
    """Raise BadValue unless a number is in its one spelling and from 0 to the most."""
    check_number(what, number)
    num, den = ratio(number)
    if Fraction(int(num), int(den)) > most:
        raise BadValue(
            what,
            expected=f"0 to {most}{unit}",
            found=number if isinstance(number, str) else f"{number.num}/{number.den}",
        )


def _decide_boundary(state: State, rule: Rules, place: Place, event: BoundarySet) -> None:
    month_start_s(rule, event.from_)
    for site, share in event.sites:
        check_site(state, place.party, site)
        check_at_most(f"share of {site}", share, 1)
        if event.approach == "operational":
            _check_whole(site, share)


def _check_whole(site: str, share: Number) -> None:
    """Raise RuleBroken unless a site is wholly operated, or not at all.

    Who operates answers for all of a site or for none of it; joint financial control counts by
    equity share (GHG Protocol Corporate Standard, chapter 3).
    """
    num, den = ratio(share)
    if Fraction(int(num), int(den)) not in {0, 1}:
        raise RuleBroken(
            f"share of {site} by operational control",
            expected="1 for a site that the company operates, 0 for one that it does not",
            found=share if isinstance(share, str) else f"{share.num}/{share.den}",
            advice="Who operates a site answers for all of it. Shares are for the approaches equity "
            "and, under joint control, financial.",
        )


def _decide_transferred(state: State, rule: Rules, place: Place, event: SiteTransferred) -> None:
    check_site(state, place.party, event.site)
    key = f"{place.party}/{event.site}"
    site = state.get(SITE, key)
    if site is not None and site.left_by is not None:
        raise Conflict(
            f"transfer of {key}",
            expected="a site that the party still answers for",
            found=f"transferred already by {site.left_by}",
            advice="The party that took it over registers it as its own and says what follows.",
        )
    if event.to == place.party or state.get(PARTY, event.to) is None:
        raise RuleBroken(
            f"transfer of {key}",
            expected="another registered party",
            found=event.to,
            advice="See carbon-ledger party list.",
        )
    at_s = month_start_s(rule, event.from_)
    for stream in site.sources if site is not None else ():
        _check_all_before(state, stream, event.site, at_s)


def _check_all_before(state: State, stream: str, site: str, at_s: int) -> None:
    """Raise RuleBroken if a reading of the source at this site ends after a time."""
    source = state.get(SOURCE, stream)
    if source is None:
        return
    left = msgspec.structs.replace(source, left_s={site: at_s})
    for name, start_s, end_s in times_s(state, stream):
        if left.left_site(start_s, end_s) is not None:
            raise RuleBroken(
                f"transfer of {site}",
                expected="a month before which all readings of its sources end",
                found=f"{name} ends later",
                advice="Transfer it later, or correct or withdraw that reading first.",
            )


def _decide_base_year(state: State, place: Place, event: BaseYearRestated) -> None:
    about = ledger(state)
    if about.index_of(event.size) > place.index:
        raise RuleBroken(
            "size of the base year's figures",
            expected=f"a size that the log has had, at most {place.index - about.opened}",
            found=str(event.size),
        )
    check_at_most("threshold_percent", event.threshold_percent, 100, " %")


def _decide_declared(state: State, rule: Rules, place: Place, event: LineDeclared) -> None:
    period_s(rule, event.period)
    if event.line.startswith(_INDICATOR):
        _check_indicator(state, rule, place, event)
    elif not (event.line in rule.pack.activities or _is_line(rule, event.line)):
        raise BadValue(
            "line of an inventory",
            expected="an activity of the catalogue, scope3.1 to scope3.15, or a GPC line in small "
            "letters such as iii.1.2",
            found=event.line,
        )
    if (event.included_in is not None) != (event.notation == "IE"):
        raise RuleBroken(
            f"notation {event.notation} of {event.line}",
            expected="included_in, to say where it is"
            if event.notation == "IE"
            else "no included_in: only IE is included elsewhere",
            found=event.included_in or "none",
        )


def _is_line(rule: Rules, line: str) -> bool:
    gpc = {name.lower() for activity in rule.pack.activities.values() for name in activity.gpc}
    return line in gpc or _SCOPE_3.fullmatch(line) is not None


def _check_indicator(state: State, rule: Rules, place: Place, event: LineDeclared) -> None:
    """An area may leave out a guiding indicator, with a reason."""
    known = indicators(rule.pack)
    if event.line.removeprefix(_INDICATOR) not in known:
        raise BadValue(
            "indicator",
            expected=", ".join(f"{_INDICATOR}{name}" for name in known) or "none in these rules",
            found=event.line,
        )
    if place.party != ledger(state).operator or event.notation != "NO":
        raise RuleBroken(
            f"leaving out {event.line}",
            expected=f"NO, said by {ledger(state).operator} for the area",
            found=f"{event.notation}, said by {place.party}",
        )


# --- matched supplies --------------------------------------------------------------------------


def _decide_matched(state: State, rule: Rules, place: Place, event: SupplyMatched) -> None:
    month_start_s(rule, event.from_)
    for stream in (event.source, *(() if event.supply is None else (event.supply,))):
        unit = rule.pack.unit(own_source(state, place.party, stream).unit)
        if unit.dimension != "energy":
            raise RuleBroken(
                f"matching of {stream}",
                expected="a source in a unit of energy, such as kWh",
                found=f"{unit.unit}, a unit of {unit.dimension}",
            )
        if event.interval == "hour":
            _check_readings_are_there(state, stream)
    if event.supply is None:
        return
    if event.supply == event.source:
        raise RuleBroken(
            f"matching of {event.source}", expected="another source as supply", found=event.supply
        )
    said = state.get(ORGANISATION, place.party)
    before = said.matchings if said else ()
    until = _until(before, event)
    for other in sorted({one.source for one in before} - {event.source}):
        for first, end in _matched_months(before, other, event.supply):
            if first < until and event.from_ < end:
                raise Conflict(
                    f"supply {event.supply}",
                    expected="a supply that backs one source at a time",
                    found=f"it backs {other} from {first}"
                    + ("" if end == _EVER else f" to before {end}"),
                    advice=f"End that first: SupplyMatched of {other} with supply null.",
                )


def _check_readings_are_there(state: State, stream: str) -> None:
    """Raise RuleBroken if a reading of the source was redacted: each hour would be needed."""
    redacted = state.get(REDACTED, stream)
    if redacted is not None:
        raise RuleBroken(
            f"matching of {stream} by the hour",
            expected="a source whose readings are all there",
            found=f"{next(iter(redacted.readings))}, whose data was redacted",
            advice="Match it by the month.",
        )


_EVER: Final = "9999-13"
"""After every month."""


def _until(before: tuple[Matching, ...], event: SupplyMatched) -> str:
    """The month from which another statement about the same source holds."""
    later = [m.from_month for m in before if m.source == event.source]
    return min((month for month in later if month > event.from_), default=_EVER)


def _matched_months(said: tuple[Matching, ...], source: str, supply: str) -> list[tuple[str, str]]:
    """[first month, month after the last) of each time that a supply backs a source."""
    # Of two statements from the same month the later one holds.
    holding = {one.from_month: one.supply for one in said if one.source == source}
    months = [*sorted(holding), _EVER]
    return [(one, other) for one, other in pairwise(months) if holding[one] == supply]

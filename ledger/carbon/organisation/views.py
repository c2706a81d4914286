"""What the events about an organisation change: pieces of state alone, never a mass.

Each statement is kept with the index of its entry beside those before it.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from ledger.carbon.exact import seconds
from ledger.carbon.ground import rules_in_force
from ledger.carbon.organisation.catalogue import PEOPLE
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
from ledger.carbon.organisation.months import month_start_s
from ledger.carbon.organisation.pieces import (
    FACT,
    METER,
    ORGANISATION,
    POPULATION,
    BaseYear,
    Boundary,
    Declared,
    FactPiece,
    LeftSite,
    Matching,
    Meter,
    MeterPiece,
    OrganisationPiece,
    PopulationPiece,
    Stated,
    fact_key,
)
from ledger.carbon.pieces import (
    REGISTER,
    REGISTER_LINK,
    SITE,
    SOURCE,
    RegisterLink,
    RegisterPiece,
)
from ledger.carbon.views import ratio
from ledger.fold.event import Place
from ledger.fold.state import State
from ledger.parties.pieces import ledger


def apply(state: State, place: Place, event: object) -> None:
    """Change the state as this event, already decided, says."""
    match event:
        case BoundarySet() | BaseYearRestated() | LineDeclared() | SupplyMatched():
            _say(state, place, event)
        case SiteTransferred():
            _leave(state, place, event)
        case CompanyFactRecorded():
            _state(state, place, event, None)
        case AreaFactRecorded():
            _state(state, place, event, event.sub_area)
        case MeterInstalled():
            _install(state, place, event)
        case MeterRemoved():
            _remove(state, place, event)
        case _:
            raise AssertionError(type(event).__name__)


def _say(
    state: State,
    place: Place,
    event: BoundarySet | BaseYearRestated | LineDeclared | SupplyMatched,
) -> None:
    """Keep what a party says about itself beside what it said before."""
    said: OrganisationPiece = state.get(ORGANISATION, place.party) or OrganisationPiece()
    add: Callable[..., OrganisationPiece] = msgspec.structs.replace
    match event:
        case BoundarySet():
            boundary = Boundary(
                index=place.index,
                event=place.event,
                from_month=event.from_,
                approach=event.approach,
                sites=tuple((site, *ratio(share)) for site, share in event.sites),
                reason=event.reason,
            )
            said = add(said, boundaries=(*said.boundaries, boundary))
        case BaseYearRestated():
            base_year = BaseYear(
                index=place.index,
                event=place.event,
                year=event.year,
                size=ledger(state).index_of(event.size),
                threshold_percent=event.threshold_percent,
                reason=event.reason,
            )
            said = add(said, base_years=(*said.base_years, base_year))
        case LineDeclared():
            declared = Declared(
                index=place.index,
                event=place.event,
                line=event.line,
                notation=event.notation,
                period=event.period,
                reason=event.reason,
                included_in=event.included_in,
            )
            said = add(said, declared=(*said.declared, declared))
        case SupplyMatched():
            matching = Matching(
                index=place.index,
                event=place.event,
                from_month=event.from_,
                source=event.source,
                supply=event.supply,
                interval=event.interval,
                reason=event.reason,
            )
            said = add(said, matchings=(*said.matchings, matching))
    state.put(ORGANISATION, place.party, said)


def _leave(state: State, place: Place, event: SiteTransferred) -> None:
    """Another party answers for the site: all sources that ever stood there know it."""
    said = state.get(ORGANISATION, place.party) or OrganisationPiece()
    left = LeftSite(
        index=place.index,
        event=place.event,
        from_month=event.from_,
        site=event.site,
        to=event.to,
        reason=event.reason,
    )
    state.put(
        ORGANISATION,
        place.party,
        msgspec.structs.replace(said, left_sites=(*said.left_sites, left)),
    )
    key = f"{place.party}/{event.site}"
    site = state.get(SITE, key)
    if site is None:
        raise AssertionError(f"site {key} was decided and is not there")
    at_s = month_start_s(rules_in_force(state), event.from_)
    state.put(SITE, key, msgspec.structs.replace(site, left_s=at_s, left_by=place.event))
    for stream in site.sources:
        source = state.get(SOURCE, stream)
        if source is None:
            raise AssertionError(f"source {stream} stands at {key} and is not there")
        left_s = dict(sorted({**source.left_s, event.site: at_s}.items()))
        state.put(SOURCE, stream, msgspec.structs.replace(source, left_s=left_s))


def _state(
    state: State,
    place: Place,
    event: CompanyFactRecorded | AreaFactRecorded,
    sub_area: str | None,
) -> None:
    """Keep a fact's value beside those stated before, and the people of a sub-area."""
    key = fact_key(place.party, event.fact, event.period, sub_area)
    before = state.get(FACT, key)
    stated = Stated(place.index, place.event, event.value, event.unit)
    piece = FactPiece(
        party=place.party,
        fact=event.fact,
        period=event.period,
        sub_area=sub_area,
        stated=(*(before.stated if before else ()), stated),
    )
    state.put(FACT, key, piece)
    if sub_area is not None and event.fact == PEOPLE:
        known = state.get(POPULATION, sub_area)
        others = [one for one in (known.periods if known else ()) if one[:2] != event.period]
        periods = tuple(sorted((*others, (*event.period, event.value))))
        first = known.event if known else place.event
        state.put(POPULATION, sub_area, PopulationPiece(periods, first))


def _install(state: State, place: Place, event: MeterInstalled) -> None:
    """A meter counts from here on: its register begins at this reading."""
    known = state.get(METER, event.source)
    meter = Meter(
        meter=event.meter,
        installed=place.event,
        at_s=seconds(event.at),
        digits=event.digits,
        multiplier=event.multiplier,
    )
    state.put(METER, event.source, MeterPiece((*(known.meters if known else ()), meter)))
    state.put(REGISTER_LINK, place.event, RegisterLink(event.register, event.register, None))
    state.put(REGISTER, f"{event.source} {event.meter}", RegisterPiece(place.event))


def _remove(state: State, place: Place, event: MeterRemoved) -> None:
    """A meter ends; what it showed last is the end of its register."""
    known = state.get(METER, event.source)
    meter = known.latest(event.meter) if known else None
    if known is None or meter is None:
        raise AssertionError(f"meter {event.meter} was decided and is not there")
    last = state.get(REGISTER, f"{event.source} {event.meter}")
    removed = msgspec.structs.replace(
        meter,
        removed=place.event,
        removed_at_s=seconds(event.at),
        last=None if last is None or last.event == meter.installed else last.event,
    )
    meters = tuple(removed if one is meter else one for one in known.meters)
    state.put(METER, event.source, MeterPiece(meters))

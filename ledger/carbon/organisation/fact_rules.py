"""May this fact be stated? Of whom, in which unit, and over what it was stated before.

Who states a fact and period again names the statement in force, so that nobody overwrites one
unseen. Residents stand in groups of a least size: how many live in a sub-area may not be fewer, and
two numbers of one sub-area are equal or differ by that many, so that no difference shows a smaller
group. Source: accounting rules, sections 3 and 5 (Residents).
"""

from __future__ import annotations

from ledger.carbon.area.guard import minimum_people
from ledger.carbon.exact import TINY, tiny
from ledger.carbon.ground import Rules
from ledger.carbon.organisation.catalogue import PEOPLE, About, fact
from ledger.carbon.organisation.events import AreaFactRecorded, CompanyFactRecorded
from ledger.carbon.organisation.months import period_s
from ledger.carbon.organisation.pieces import FACT, POPULATION, fact_key
from ledger.carbon.pieces import SITE
from ledger.errors import RuleBroken
from ledger.fold.event import Place
from ledger.fold.state import State
from ledger.log.names import party_of
from ledger.parties.pieces import PARTY, ledger


def decide_company_fact(
    state: State, rule: Rules, place: Place, event: CompanyFactRecorded
) -> None:
    """Raise a named error if a party may not state this about itself."""
    _check_fact(rule, event, "company")
    _check_latest(state, place, event, None)


def decide_area_fact(state: State, rule: Rules, place: Place, event: AreaFactRecorded) -> None:
    """Raise a named error if this may not be stated about the area or a part of it."""
    operator = ledger(state).operator
    if place.party != operator:
        raise RuleBroken(
            f"fact {event.fact} of the area",
            expected=f"the operator, {operator}",
            found=place.party,
            advice="A party states facts about itself as CompanyFactRecorded.",
        )
    _check_fact(rule, event, "area" if event.sub_area is None else "sub-area")
    _check_latest(state, place, event, event.sub_area)
    if event.sub_area is not None:
        _check_sub_area(state, event.sub_area)
    if event.fact == PEOPLE:
        _check_people(state, rule, event)


def _check_fact(rule: Rules, event: CompanyFactRecorded | AreaFactRecorded, about: About) -> None:
    known = fact(rule.pack, event.fact)
    if about not in known.about:
        raise RuleBroken(
            f"fact {event.fact}",
            expected="a fact of a " + " or an ".join(sorted(known.about, reverse=True)),
            found=f"one of a {about}",
        )
    unit = rule.pack.unit(event.unit)
    if unit.dimension not in known.dimensions:
        raise RuleBroken(
            f"unit of {event.fact}",
            expected="a unit of " + " or ".join(known.dimensions),
            found=f"{event.unit}, a unit of {unit.dimension}",
        )
    period_s(rule, event.period)


def _check_latest(
    state: State,
    place: Place,
    event: CompanyFactRecorded | AreaFactRecorded,
    sub_area: str | None,
) -> None:
    stated = state.get(FACT, fact_key(place.party, event.fact, event.period, sub_area))
    latest = stated.stated[-1].event if stated else None
    if event.supersedes != latest:
        raise RuleBroken(
            f"supersedes, in {event.fact} of {' to '.join(event.period)}",
            expected=latest or "no such member: nothing was stated for that period yet",
            found=event.supersedes or "none",
            advice="Name the statement in force, so that nobody overwrites one unseen.",
        )


def _check_sub_area(state: State, sub_area: str) -> None:
    site, party = state.get(SITE, sub_area), state.get(PARTY, party_of(sub_area))
    if site is None or not site.inside or party is None or "aggregate" not in party.roles:
        raise RuleBroken(
            "sub-area",
            expected="a registered site inside the area, of a party with the role aggregate",
            found=sub_area,
            advice=f"That party registers it first: carbon-ledger site add {sub_area}",
        )


def _check_people(state: State, rule: Rules, event: AreaFactRecorded) -> None:
    people = tiny(event.value)
    if people % TINY:
        raise RuleBroken("people", expected="a whole number", found=event.value)
    least = minimum_people(rule.pack)
    if event.sub_area is None or least is None:
        return
    if people < least * TINY:
        raise RuleBroken(
            f"people of {event.sub_area}",
            expected=f"at least {least}, so that nobody is seen alone",
            found=event.value,
            advice="Join it to a neighbouring group.",
        )
    known = state.get(POPULATION, event.sub_area)
    for first, end, other in known.periods if known else ():
        if (first, end) != event.period and 0 < abs(people - tiny(other)) < least * TINY:
            raise RuleBroken(
                f"people of {event.sub_area}",
                expected=f"{other}, as from {first} to before {end}, or at least {least} more or "
                "fewer",
                found=event.value,
                advice="The difference would show a small group; keep the number, or change the "
                "group by more.",
            )

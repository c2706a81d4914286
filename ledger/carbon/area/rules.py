"""May this be said of what flows between parties, or of what is aimed at?

Those for transfers stand beside. They depend on state and event alone.
Source: accounting rules, section 5.
"""

from __future__ import annotations

from ledger.carbon.area.events import (
    TargetSet,
    TransferAcknowledged,
    TransferRecorded,
    TransferWithdrawn,
)
from ledger.carbon.area.pieces import TARGET, target_key
from ledger.carbon.area.transfer_rules import (
    decide_acknowledged,
    decide_transfer,
    decide_withdrawn,
)
from ledger.carbon.ground import Rules, rules_in_force
from ledger.carbon.organisation.rules import check_at_most
from ledger.errors import BadValue, RuleBroken
from ledger.fold.event import Place
from ledger.fold.state import State
from ledger.parties.pieces import ledger

OWN_VIEW = "companies"
"""The view that a party other than the operator aims in: its own inventory."""


def decide(state: State, place: Place, event: object) -> None:
    """Raise a named error if the rules do not allow this event here."""
    rule = rules_in_force(state)
    match event:
        case TransferRecorded():
            decide_transfer(state, rule, place, event)
        case TransferAcknowledged():
            decide_acknowledged(state, rule, place, event)
        case TransferWithdrawn():
            decide_withdrawn(state, place, event)
        case TargetSet():
            _decide_target(state, rule, place, event)
        case _:
            raise AssertionError(type(event).__name__)


def _decide_target(state: State, rule: Rules, place: Place, event: TargetSet) -> None:
    what = f"target {event.target}"
    operator = ledger(state).operator
    if event.view != OWN_VIEW and place.party != operator:
        raise RuleBroken(
            f"view of {what}",
            expected=f"{OWN_VIEW}: the area's views are {operator}'s to aim in",
            found=event.view,
        )
    if event.gwp not in rule.pack.gwp:
        raise BadValue("GWP set", expected=", ".join(rule.pack.gwp), found=event.gwp)
    for gas in event.gases:
        rule.pack.gas(gas)
    first = min(event.path[0][0], event.neutral_year)
    if first <= event.base_year:
        raise RuleBroken(
            f"years of {what}",
            expected=f"years after the base year, {event.base_year}",
            found=str(first),
            advice="A target is compared with a base year that is over.",
        )
    about = ledger(state)
    if about.index_of(event.base_size) > place.index:
        raise RuleBroken(
            f"base of {what}",
            expected=f"a size that the log has had, at most {place.index - about.opened}",
            found=str(event.base_size),
        )
    check_at_most("credits_percent", event.credits_percent, 100, " %")
    stated = state.get(TARGET, target_key(place.party, event.target))
    latest = stated.stated[-1].event if stated else None
    if event.supersedes != latest:
        raise RuleBroken(
            f"supersedes, in {what}",
            expected=latest or f"no such member: {place.party} has no such target yet",
            found=event.supersedes or "none",
            advice="Name the statement in force, so that nobody overwrites one unseen.",
        )

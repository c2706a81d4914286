"""May this meter begin or end here?

An installed meter begins a chain of register readings: the next one starts where it stood. A removed
meter ends where its last reading ended.
Source: accounting rules, section 3 (ActivityRecorded).
"""

from __future__ import annotations

from ledger.carbon.exact import TINY, seconds, tiny
from ledger.carbon.ground import Rules, parse
from ledger.carbon.organisation.events import MeterInstalled, MeterRemoved
from ledger.carbon.organisation.pieces import METER
from ledger.carbon.pieces import CHANGE, RECORDED, REGISTER, REGISTER_LINK
from ledger.carbon.redaction.pieces import REDACTED
from ledger.carbon.rules import own_source
from ledger.errors import BadValue, Conflict, RuleBroken
from ledger.fold.event import Place
from ledger.fold.state import State
from ledger.log.names import split_event


def decide_installed(state: State, rule: Rules, place: Place, event: MeterInstalled) -> None:
    """Raise a named error if this meter may not begin here."""
    source = own_source(state, place.party, event.source)
    at_s = _moment(rule, event.at)
    if source.closed_at_s is not None and at_s >= source.closed_at_s:
        raise RuleBroken(
            f"meter {event.meter}", expected="a source that is open then", found=event.source
        )
    if tiny(event.multiplier) == 0:
        raise BadValue("multiplier", expected="more than 0", found=event.multiplier)
    if tiny(event.register) >= 10**event.digits * TINY:
        raise RuleBroken(
            f"register of {event.meter}",
            expected=f"a reading of at most {event.digits} digits",
            found=event.register,
        )
    known = state.get(METER, event.source)
    meters = known.meters if known else ()
    before = known.latest(event.meter) if known else None
    if before is None:
        last = state.get(REGISTER, f"{event.source} {event.meter}")
        if last is not None:
            raise Conflict(
                f"meter {event.meter}",
                expected="a meter without readings",
                found=f"{last.event}, a reading of its register",
                advice="Install it under a name of its own.",
            )
    for one in meters:
        if source.kind == "discrete" and one.meter != event.meter:
            continue  # receipts of several meters may stand side by side
        if one.removed_at_s is None:
            raise Conflict(
                f"meter of {event.source}",
                expected="no other meter that counts",
                found=f"{one.meter}, installed by {one.installed}",
                advice=f"Say first where it ended: carbon-ledger meter remove {event.source}",
            )
        if at_s < one.removed_at_s:
            raise RuleBroken(
                f"meter {event.meter}",
                expected=f"a time from the removal of {one.meter} on",
                found=event.at,
            )


def decide_removed(state: State, rule: Rules, place: Place, event: MeterRemoved) -> None:
    """Raise a named error if this meter may not end here."""
    own_source(state, place.party, event.source)
    at_s = _moment(rule, event.at)
    known = state.get(METER, event.source)
    meter = known.latest(event.meter) if known else None
    if meter is None or meter.removed is not None:
        raise RuleBroken(
            f"meter {event.meter} of {event.source}",
            expected="an installed meter",
            found="none of that name" if meter is None else f"removed already by {meter.removed}",
        )
    last = state.get(REGISTER, f"{event.source} {event.meter}")
    link = state.get(REGISTER_LINK, last.event) if last else None
    if last is None or link is None:
        raise AssertionError(f"meter {event.meter} was installed and its register is not there")
    if tiny(link.ends) != tiny(event.register):
        raise RuleBroken(
            f"register of {event.meter}",
            expected=f"{link.ends}, where {last.event} ended",
            found=event.register,
            advice="Record its last reading first.",
        )
    since_s = meter.at_s if last.event == meter.installed else _ends_s(state, last.event)
    if at_s < since_s:
        raise RuleBroken(
            f"meter {event.meter}",
            expected="a time after its installation and its last reading",
            found=event.at,
        )


def _ends_s(state: State, event: str) -> int:
    """When a reading ends, as it stands now."""
    redacted = state.get(REDACTED, split_event(event)[0])
    if redacted is not None and event in redacted.readings:
        return redacted.readings[event].ends_s
    change = state.get(CHANGE, event)
    recorded = state.get(RECORDED, change.latest if change else event)
    if recorded is None:
        raise AssertionError(f"{event} was accepted and is not there")
    return parse(recorded.body).items[-1][1]


def _moment(rule: Rules, at: str) -> int:
    """A time within the calendar, in epoch seconds. Raises BadValue."""
    at_s = seconds(at)
    rule.calendar.position(at_s)
    return at_s

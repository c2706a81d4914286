"""May this reading, correction or withdrawal be appended?

A reading fits its source: known, open, in a unit of its dimension, within its plausible range or
with a reason, with factors that are allowed for its time, and beside what is recorded already. A
correction names the latest one before it, and its body must fit as if the old one had never been.
Source: accounting rules, section 3 (ActivityRecorded).
"""

from __future__ import annotations

from fractions import Fraction
from hashlib import sha256

from ledger.carbon import coverage
from ledger.carbon.events import (
    ActivityBody,
    ActivityCorrected,
    ActivityRecorded,
    ActivityWithdrawn,
    Body,
    EmissionBody,
    EmissionMeasured,
    ProfileBody,
    ProfileRecorded,
    RegisterReading,
)
from ledger.carbon.exact import TINY, tiny
from ledger.carbon.factor_rules import check_factors, check_publisher, fit_factor
from ledger.carbon.ground import CORRECTIONS, Ground, Readings, written
from ledger.carbon.organisation.installed import check_meter, check_not_removed
from ledger.carbon.pieces import (
    CHANGE,
    COVER,
    RECORDED,
    REFERENCE,
    REGISTER,
    REGISTER_LINK,
    ChangePiece,
    RecordedPiece,
    SourcePiece,
)
from ledger.carbon.redaction.pieces import REDACTED
from ledger.carbon.views import release
from ledger.errors import BadValue, Conflict, RuleBroken
from ledger.fold.event import Place
from ledger.fold.state import Overlay, State
from ledger.log.values import format_decimal

TYPES = {
    ActivityBody: "ActivityRecorded",
    ProfileBody: "ProfileRecorded",
    EmissionBody: "EmissionMeasured",
}


def decide_recorded(
    state: State,
    place: Place,
    event: ActivityRecorded | ProfileRecorded | EmissionMeasured,
    ground: Ground | None,
) -> None:
    """Raise a named error if this reading may not be recorded here."""
    if ground is None:
        raise RuleBroken(
            "unknown source",
            expected="a registered source",
            found=place.stream,
            advice=f"Register it first: carbon-ledger source add {place.stream}",
        )
    _check_body(state, ground, event)
    _check_free(state, ground, event)


def decide_corrected(
    state: State, place: Place, event: ActivityCorrected, ground: Ground | None
) -> None:
    """Raise a named error if this body may not take the place of the one in force."""
    known, recorded, current = _target(state, place, event.event, event.supersedes, ground)
    body = event.body
    if TYPES[type(body)] != recorded.type:
        raise RuleBroken(
            f"correction of {event.event}",
            expected=f"the body of {recorded.type}",
            found=f"that of {TYPES[type(body)]}",
        )
    _check_same_register(state, known.source, event.event, current, body)
    _check_body(state, known, body, correcting=event.event)
    # The new body must fit beside everything but the one that it replaces.
    freed = Overlay(state)
    release(freed, known, current)
    _check_free(freed, known, body)


def decide_withdrawn(
    state: State, place: Place, event: ActivityWithdrawn, ground: Ground | None
) -> None:
    """Raise a named error if this event may not be withdrawn."""
    known, _, body = _target(state, place, event.event, event.supersedes, ground)
    _check_register_end(state, known.source, event.event, body)


def stands_alone(body: Body) -> bool:
    """Whether a reading needs nothing but its ground: no register, no factor of its own.

    What it takes of a continuous source's time, or a discrete one's references, is left out.
    """
    if isinstance(body, ActivityBody):
        return body.register is None and not body.factors
    return isinstance(body, EmissionBody) or not body.factors


def check_alone(ground: Ground, body: Body) -> None:
    """Raise a named error if a reading that stands alone does not fit its ground."""
    _check_body(ground.state, ground, body)


def _target(
    state: State, place: Place, ref: str, supersedes: str | None, ground: Ground | None
) -> tuple[Ground, RecordedPiece, Body]:
    """The ground, the original and the body in force of the event that a correction names."""
    stream = place.stream.removesuffix(CORRECTIONS)
    if ref.partition("@")[0] != stream:
        raise RuleBroken("correction", expected=f"an event of {stream}", found=ref)
    redacted = state.get(REDACTED, stream)
    if redacted is not None and ref in redacted.readings:
        raise RuleBroken(
            "correction",
            expected="a reading whose data is there",
            found=f"{ref}, redacted by {redacted.readings[ref].redaction}",
            advice="What it counted stays. Say what is missing in a reading of its own.",
        )
    recorded = None if ground is None else state.get(RECORDED, ref)
    if ground is None or recorded is None:
        raise RuleBroken("correction", expected=f"a recorded event of {stream}", found=ref)
    change = state.get(CHANGE, ref)
    if change is not None and change.withdrawn:
        raise RuleBroken(
            "correction", expected="an event that counts", found=f"{ref}, withdrawn already"
        )
    _check_supersedes(ref, supersedes, change)
    if change is None:
        return ground, recorded, recorded.body
    latest = state.get(RECORDED, change.latest)
    if latest is None:
        raise AssertionError(f"the correction {change.latest} was accepted and is not there")
    return ground, recorded, latest.body


def _check_supersedes(ref: str, supersedes: str | None, change: ChangePiece | None) -> None:
    latest = change.latest if change else None
    if supersedes != latest:
        raise RuleBroken(
            f"supersedes, in a correction of {ref}",
            expected=latest or "no such member: the event was not corrected yet",
            found=supersedes or "none",
            advice="Name the latest correction, so that nobody overwrites one unseen.",
        )


def _check_body(state: State, ground: Ground, body: Body, correcting: str | None = None) -> None:
    source, readings = ground.source, ground.readings(body)
    _check_times(ground, body, readings)
    if isinstance(body, EmissionBody):
        _check_emission(ground, body)
        return
    unit = source.unit
    if body.unit is not None:
        unit = body.unit
        ground.rule.pack.ratio(unit, source.unit)
    if body.factors:
        for role, ref in sorted(body.factors.items()):
            check_publisher(state, source.party, ref)
            fit_factor(state, ground.rule, source.activity, unit, role, ref)
    if body.confirm is None:
        _check_plausible(ground, unit, readings)
    check_factors(ground, body, "the reading")
    if isinstance(body, ActivityBody) and body.register is not None:
        check_meter(
            state, source, body.register, (readings.items[0][0], readings.items[0][1]), correcting
        )
        _check_register(state, source, body, body.register, correcting)


def _check_times(ground: Ground, body: Body, readings: Readings) -> None:
    items = readings.items
    if not items:
        raise RuleBroken("profile", expected="at least one reading", found="gaps only")
    start_s, end_s = items[0][0], items[-1][1]
    if not isinstance(body, ProfileBody) and start_s >= end_s:
        raise RuleBroken(
            "period",
            expected="an end after the start",
            found=" to ".join(body.period),
            advice="Give the start first; a reading covers some time.",
        )
    ground.span_at(start_s)  # refuses what lies outside the calendar
    if end_s > ground.rule.calendar.end_s:
        ground.rule.calendar.position(end_s - 1)
    closed_at_s = ground.source.closed_at_s
    if closed_at_s is not None and end_s > closed_at_s:
        raise RuleBroken(
            f"reading of {ground.source.stream}",
            expected="a period before the source was closed",
            found="one that ends after it",
        )
    _check_not_left(ground.source, start_s, end_s)


def _check_not_left(source: SourcePiece, start_s: int, end_s: int) -> None:
    """Raise RuleBroken for a time in which another party answers for the source's site."""
    site = source.left_site(start_s, end_s) if source.left_s else None
    if site is not None:
        raise RuleBroken(
            f"reading of {source.stream}",
            expected=f"a period before the site {site} was transferred",
            found="one that ends after it",
            advice="The party that took the site over records what follows.",
        )


def _check_emission(ground: Ground, body: EmissionBody) -> None:
    pack, activity = ground.rule.pack, ground.source.activity
    if "direct" not in pack.activity(activity).roles:
        raise RuleBroken(
            f"measured emission of {activity}",
            expected="an activity with direct emissions",
            found=activity,
        )
    if not body.masses_mg:
        raise BadValue("masses_mg", expected="at least one gas", found="none")
    for gas in body.masses_mg:
        pack.gas(gas)


def _check_plausible(ground: Ground, unit: str, readings: Readings) -> None:
    source = ground.source
    for start_s, _, amount in readings.items:
        plausible = ground.span_at(start_s).plausible
        if plausible is None:
            continue
        value: int | Fraction = amount
        if unit != source.unit:
            value = amount * ground.rule.pack.ratio(unit, source.unit)
        if not plausible[0] <= value <= plausible[1]:
            least, most = (format_decimal(bound, 12) for bound in plausible)
            raise RuleBroken(
                f"quantity of {source.stream}",
                expected=f"{least} to {most} {source.unit}",
                found=f"{format_decimal(amount, 12)} {unit}",
                advice="If it is right, give the reason in confirm.",
            )


def _check_free(state: State, ground: Ground, body: Body) -> None:
    """A continuous source has one reading for a time; a discrete one uses a reference once."""
    stream = ground.source.stream
    if ground.source.kind == "discrete":
        _check_reference(state, stream, body.reference)
        return
    for start_s, end_s in ground.readings(body).runs:
        for bucket, from_s, until_s in coverage.buckets(start_s, end_s):
            cover = state.get(COVER, ground.cover_key(bucket))
            met = coverage.overlap(cover.bounds, from_s, until_s) if cover else None
            if met is not None:
                raise Conflict(
                    f"period of a reading of {stream}",
                    expected="time that the source has no reading for",
                    found=f"{written(body, start_s)} to {written(body, end_s)}, of which "
                    f"{written(body, max(met[0], from_s))} to {written(body, min(met[1], until_s))} "
                    "is covered",
                    advice="Correct or withdraw the earlier reading.",
                )


def _check_reference(state: State, stream: str, reference: str | None) -> None:
    if reference is None:
        return
    used = state.get(REFERENCE, f"{stream} {reference}")
    event = used.event if used is not None else _redacted_reference(state, stream, reference)
    if event is not None:
        raise Conflict(
            f"reference in {stream}",
            expected="a reference that was not used yet",
            found=f"{reference}, of {event}",
            advice="Post each receipt once; correct the first if it was wrong.",
        )


def _redacted_reference(state: State, stream: str, reference: str) -> str | None:
    """The event whose data is gone that carried this reference, or None."""
    redacted = state.get(REDACTED, stream)
    if redacted is None:
        return None
    hashed = sha256(reference.encode()).hexdigest()
    events = (e for e, one in redacted.readings.items() if one.reference_sha256 == hashed)
    return next(events, None)


# --- registers ---------------------------------------------------------------------------------


def _check_register(
    state: State,
    source: SourcePiece,
    body: ActivityBody,
    register: RegisterReading,
    correcting: str | None,
) -> None:
    begins, ends = tiny(register.from_), tiny(register.to)
    full = 10**register.digits * TINY
    if begins >= full or ends >= full:
        raise RuleBroken(
            f"register of {register.meter}",
            expected=f"readings of at most {register.digits} digits",
            found=f"{register.from_} to {register.to}",
        )
    turned = ends - begins + register.rollover * full
    quantity = Fraction(turned * tiny(register.multiplier), TINY)
    if turned < 0 or quantity != tiny(body.quantity):
        computed = "less than 0" if turned < 0 else _shown(quantity)
        raise RuleBroken(
            f"quantity of a register reading of {register.meter}",
            expected=f"({register.to} - {register.from_} + {register.rollover} * "
            f"10^{register.digits}) * {register.multiplier} = {computed}",
            found=body.quantity,
            advice="State the rollover where the register passed its highest reading.",
        )
    link = state.get(REGISTER_LINK, correcting) if correcting else None
    if link is not None:
        before = link.follows
    else:
        last = state.get(REGISTER, f"{source.stream} {register.meter}")
        before = last.event if last else None
    previous = state.get(REGISTER_LINK, before) if before else None
    if previous is not None and previous.ends != register.from_:
        raise RuleBroken(
            f"register of {register.meter}",
            expected=f"a reading from {previous.ends}, where {before} ended",
            found=f"from {register.from_}",
        )


def _shown(tiny_units: Fraction) -> str:
    """A quantity for a message: a decimal, or a fraction where no decimal of 12 places is exact."""
    if tiny_units.denominator == 1 and tiny_units < 10**30:
        return format_decimal(tiny_units.numerator, 12)
    return str(tiny_units / TINY)


def _check_same_register(
    state: State, source: SourcePiece, ref: str, current: Body, body: Body
) -> None:
    """A correction keeps the meter, and moves the ends of its last reading only."""
    if not isinstance(current, ActivityBody) or not isinstance(body, ActivityBody):
        return
    old, new = current.register, body.register
    if old is None and new is None:
        return
    if old is None or new is None or old.meter != new.meter:
        raise RuleBroken(
            f"correction of {ref}",
            expected="the register of the same meter, or none where there was none",
            found="none" if new is None else new.meter,
        )
    if (old.from_, old.to) != (new.from_, new.to):
        _check_register_end(state, source, ref, current)


def _check_register_end(state: State, source: SourcePiece, ref: str, body: Body) -> None:
    """Only the last reading of a register may move its ends or go away."""
    if not isinstance(body, ActivityBody) or body.register is None:
        return
    last = state.get(REGISTER, f"{source.stream} {body.register.meter}")
    if last is None or last.event != ref:
        raise RuleBroken(
            f"register reading {ref}",
            expected="the last reading of its meter",
            found="one that a later reading chains to",
            advice=f"Withdraw the later readings back to it first{f': {last.event}' if last else ''}.",
        )
    check_not_removed(state, source, body.register.meter, ref)

"""May this be appended? The rules for sites, sources, factors, readings and corrections.

Each raises a named error or returns. They depend on state and event alone, so an auditor who
replays them reaches the same verdicts. Source: accounting rules, section 3; events, the table.
"""

from __future__ import annotations

from fractions import Fraction

from ledger.carbon import coverage
from ledger.carbon.evaluate import Rules, factor_of, intervals, roles_of, rules, runs
from ledger.carbon.events import (
    ActivityBody,
    ActivityCorrected,
    ActivityRecorded,
    ActivityWithdrawn,
    Body,
    EmissionBody,
    EmissionMeasured,
    FactorAssigned,
    FactorPublished,
    Number,
    ProfileBody,
    ProfileRecorded,
    Ratio,
    RegisterReading,
    SiteRegistered,
    SourceAmended,
    SourceClosed,
    SourceRegistered,
)
from ledger.carbon.exact import TINY, seconds, tiny
from ledger.carbon.pieces import (
    CHANGE,
    COVER,
    FACTOR,
    HISTORY,
    RECORDED,
    REFERENCE,
    REGISTER,
    REGISTER_LINK,
    SITE,
    SOURCE,
    Assigned,
    ChangePiece,
    FactorPiece,
    RecordedPiece,
    SourcePiece,
)
from ledger.carbon.views import assign, release
from ledger.errors import BadValue, Conflict, RuleBroken
from ledger.fold.event import Place
from ledger.fold.state import Overlay, State
from ledger.log.names import party_of
from ledger.log.values import parse_day
from ledger.parties.pieces import PARTY, ledger
from ledger.parties.rules import place_of

CORRECTIONS = "/corrections"
BODIES = {
    "ActivityBody": "ActivityRecorded",
    "ProfileBody": "ProfileRecorded",
    "EmissionBody": "EmissionMeasured",
}


def rules_in_force(state: State) -> Rules:
    """The rule pack and calendar of the ledger as of this state."""
    opened = ledger(state)
    return rules(opened.rules_version, opened.timezone)


def decide(state: State, place: Place, event: object) -> None:
    """Raise a named error if the accounting rules do not allow this event here."""
    match event:
        case ActivityRecorded() | ProfileRecorded() | EmissionMeasured():
            _decide_recorded(state, place, event)
        case ActivityCorrected():
            _decide_corrected(state, place, event)
        case ActivityWithdrawn():
            source, _, body = _target(state, place, event.event, event.supersedes)
            _check_register_end(state, source, event.event, body)
        case SiteRegistered():
            key = f"{place.party}/{event.site}"
            if state.get(SITE, key) is not None:
                raise Conflict("site", expected="a new site", found=f"{key}, registered already")
        case SourceRegistered():
            _decide_source(state, place, event)
        case SourceAmended():
            _decide_amended(state, place, event)
        case SourceClosed():
            source = _own_source(state, place.party, event.source)
            seconds(event.at)
            if source.closed_at_s is not None:
                raise RuleBroken("source", expected="an open source", found="closed already")
        case FactorPublished():
            _decide_factor(state, place, event)
        case FactorAssigned():
            _decide_assigned(state, place, event)
        case _:
            raise AssertionError(type(event).__name__)


# --- sources -----------------------------------------------------------------------------------


def _decide_source(state: State, place: Place, event: SourceRegistered) -> None:
    rule = rules_in_force(state)
    if party_of(event.stream) != place.party or place_of(event.stream) != "source":
        raise RuleBroken(
            "stream of a source",
            expected=f"a stream of {place.party}",
            found=event.stream,
        )
    if state.get(SOURCE, event.stream) is not None:
        raise Conflict(
            "source", expected="a new stream", found=f"{event.stream}, registered already"
        )
    activity = rule.pack.activity(event.activity)
    _check_placement(rule, event.activity, event.scope, event.category)
    unit = rule.pack.unit(event.unit)
    if unit.dimension not in activity.dimensions:
        raise RuleBroken(
            f"unit of {event.activity}",
            expected="a unit of " + " or ".join(activity.dimensions),
            found=f"{event.unit}, a unit of {unit.dimension}",
        )
    if event.flow in ("opening", "closing") and event.balance_group is None:
        raise RuleBroken(
            "flow",
            expected=f"a balance_group for the {event.flow} of a stock",
            found="none",
        )
    for role, ref in event.factors.items():
        _foreign_factor(state, place.party, ref)
        _fit_factor(state, rule, event.activity, event.unit, role, ref)
    _check_details(
        state,
        rule,
        place.party,
        event.activity,
        event.stream,
        site=event.site,
        key_area=event.key_area,
        gpc=event.gpc,
        part_of=event.part_of,
        plausible=event.plausible,
    )


def _decide_amended(state: State, place: Place, event: SourceAmended) -> None:
    rule = rules_in_force(state)
    source = _own_source(state, place.party, event.source)
    seconds(event.from_)
    terms = source.terms[-1]
    if event.category is not None:
        _check_placement(rule, source.activity, source.scope, event.category)
    if not any(getattr(event, name) is not None for name in AMENDABLE):
        raise RuleBroken(
            "amendment", expected="at least one of " + ", ".join(AMENDABLE), found="none"
        )
    _check_details(
        state,
        rule,
        place.party,
        source.activity,
        source.stream,
        site=event.site or terms.site,
        key_area=event.key_area or terms.key_area,
        gpc=event.gpc,
        part_of=event.part_of,
        plausible=event.plausible,
    )


AMENDABLE = (
    "category",
    "gpc",
    "interval_s",
    "key_area",
    "name",
    "part_of",
    "plausible",
    "site",
    "uncertainty_percent",
)


def _check_placement(rule: Rules, activity: str, scope: int | None, category: int | None) -> None:
    placements = rule.pack.activity(activity).placements
    for placement in placements:
        if placement.scope == scope and (category is None or category in placement.categories):
            return
    allowed = [
        "no scope"
        if p.scope is None
        else f"Scope {p.scope}"
        + (f" category {', '.join(map(str, p.categories))}" if p.categories else "")
        for p in placements
    ]
    raise RuleBroken(
        f"scope of {activity}",
        expected=" or ".join(allowed),
        found=("no scope" if scope is None else f"Scope {scope}")
        + (f" category {category}" if category else ""),
        advice="Choose the activity that the source is, or its scope.",
    )


def _check_details(  # noqa: PLR0913  (the members that may also be amended)
    state: State,
    rule: Rules,
    party: str,
    activity: str,
    stream: str,
    *,
    site: str,
    key_area: str,
    gpc: str | None,
    part_of: str | None,
    plausible: tuple[str, str] | None,
) -> None:
    if state.get(SITE, f"{party}/{site}") is None:
        raise RuleBroken(
            "site",
            expected=f"a registered site of {party}",
            found=site,
            advice=f"Register it first: carbon-ledger site add {party}/{site}",
        )
    if key_area not in rule.pack.key_areas:
        raise BadValue("key area", expected=", ".join(rule.pack.key_areas), found=key_area)
    lines = rule.pack.activity(activity).gpc
    if gpc is not None and gpc not in lines:
        raise BadValue(f"GPC line of {activity}", expected=", ".join(lines) or "none", found=gpc)
    if part_of is not None:
        parent = state.get(SOURCE, part_of)
        if parent is None or parent.party != party or part_of == stream:
            raise RuleBroken(
                "part_of", expected=f"another registered source of {party}", found=part_of
            )
        if parent.terms[-1].part_of == stream:
            raise RuleBroken("part_of", expected="no circle of meters", found=part_of)
    if plausible is not None and tiny(plausible[0]) > tiny(plausible[1]):
        raise BadValue(
            "plausible", expected="[least, greatest]", found=f"[{plausible[0]}, {plausible[1]}]"
        )


def _own_source(state: State, party: str, stream: str) -> SourcePiece:
    source = state.get(SOURCE, stream) if party_of(stream) == party else None
    if source is None:
        raise RuleBroken(
            "source",
            expected=f"a registered source of {party}",
            found=stream,
            advice=f"Register it first: carbon-ledger source add {stream}",
        )
    return source


# --- factors -----------------------------------------------------------------------------------


def _decide_factor(state: State, place: Place, event: FactorPublished) -> None:
    rule = rules_in_force(state)
    ref = f"{place.party}/{event.id}@{event.version}"
    if state.get(FACTOR, ref) is not None:
        raise Conflict(
            "factor",
            expected="a new version",
            found=f"{ref}, published already",
            advice="A published factor never changes: publish the next version.",
        )
    kind = rule.pack.factor_kind(event.kind)
    publisher = state.get(PARTY, place.party)
    if (publisher is None or "factor-publisher" not in publisher.roles) and not kind.company:
        own = [k for k, v in rule.pack.kinds.items() if v.company]
        raise RuleBroken(
            f"publishing a factor of kind {event.kind}",
            expected="a party with the role factor-publisher",
            found=place.party,
            advice="A company publishes " + " and ".join(own) + " for its own streams.",
        )
    activity = rule.pack.activity(event.activity)
    unit = rule.pack.unit(event.unit)
    if unit.dimension not in activity.dimensions:
        raise RuleBroken(
            f"unit of a factor for {event.activity}",
            expected="a unit of " + " or ".join(activity.dimensions),
            found=event.unit,
        )
    first, until = parse_day(event.valid[0]), parse_day(event.valid[1])
    if first >= until:
        raise BadValue(
            "valid", expected="[first day, day after the last]", found=", ".join(event.valid)
        )
    if not event.gases_kg_per_unit:
        raise BadValue("gases_kg_per_unit", expected="at least one gas", found="none")
    for gas, number in event.gases_kg_per_unit.items():
        rule.pack.gas(gas)
        check_number(f"factor of {gas}", number)
    for name, number in event.properties.items():
        check_number(f"property {name}", number)


def check_number(what: str, number: Number) -> None:
    """Raise BadValue unless a ratio is in lowest terms and no decimal says it exactly."""
    if not isinstance(number, Ratio):
        tiny(number)
        return
    fraction = Fraction(int(number.num), int(number.den))
    if str(fraction.denominator) != number.den:
        raise BadValue(
            what,
            expected=f"lowest terms, {fraction.numerator}/{fraction.denominator}",
            found=f"{number.num}/{number.den}",
        )
    if (fraction * TINY).denominator == 1:
        raise BadValue(
            what,
            expected="a decimal, since 12 places give it exactly",
            found=f"{number.num}/{number.den}",
        )


def _fit_factor(  # noqa: PLR0913
    state: State, rule: Rules, activity: str, unit: str, role: str, ref: str
) -> FactorPiece:
    """The factor, if it exists, is for this activity, and may fill this role."""
    factor = state.get(FACTOR, ref)
    if factor is None:
        raise RuleBroken(
            "unknown factor",
            expected="a published factor, <publisher>/<id>@<version>",
            found=ref,
            advice="See carbon-ledger factor list.",
        )
    if role not in rule.pack.activity(activity).roles:
        raise RuleBroken(
            f"role of a factor for {activity}",
            expected=", ".join(rule.pack.activity(activity).roles),
            found=role,
        )
    if role not in rule.pack.factor_kind(factor.kind).roles:
        fitting = [k for k, v in rule.pack.kinds.items() if role in v.roles]
        raise RuleBroken(
            f"wrong kind of factor for the role {role}",
            expected="a factor of kind " + " or ".join(fitting),
            found=f"{ref} of kind {factor.kind}",
        )
    if factor.activity not in (activity, *rule.pack.activity(activity).factors_from):
        raise RuleBroken(
            "factor of another activity",
            expected=f"a factor for {activity}",
            found=f"{ref}, for {factor.activity}",
        )
    rule.pack.ratio(unit, factor.unit)
    return factor


def _foreign_factor(state: State, party: str, ref: str) -> None:
    """A company's own factor is for its own streams."""
    publisher = party_of(ref)
    if publisher == party:
        return
    known = state.get(PARTY, publisher)
    if known is None or "factor-publisher" not in known.roles:
        raise RuleBroken(
            "unknown factor",
            expected=f"a factor of a factor-publisher, or of {party}",
            found=ref,
        )


def _valid_at(factor: FactorPiece, at_s: int, what: str) -> None:
    if not factor.valid_s[0] <= at_s < factor.valid_s[1]:
        raise RuleBroken(
            f"factor {factor.ref} for {what}",
            expected=f"an activity from {factor.valid[0]} to before {factor.valid[1]}",
            found=what,
            advice="Assign a factor whose publisher allows it for that time.",
        )


def _decide_assigned(state: State, place: Place, event: FactorAssigned) -> None:
    rule = rules_in_force(state)
    source = _own_source(state, place.party, event.source)
    _foreign_factor(state, place.party, event.factor)
    _fit_factor(state, rule, source.activity, source.unit, event.role, event.factor)
    changed = assign(source, event.role, Assigned(seconds(event.from_), event.factor, place.event))
    history = state.get(HISTORY, source.stream)
    for name, body in history.items if history else ():
        _check_factors(state, rule, changed, body, f"{name}, recorded already")


# --- readings ----------------------------------------------------------------------------------


def _decide_recorded(
    state: State,
    place: Place,
    event: ActivityRecorded | ProfileRecorded | EmissionMeasured,
) -> None:
    source = state.get(SOURCE, place.stream)
    if source is None:
        raise RuleBroken(
            "unknown source",
            expected="a registered source",
            found=place.stream,
            advice=f"Register it first: carbon-ledger source add {place.stream}",
        )
    _check_body(state, source, event)
    _check_free(state, source, event, place.event)


def _decide_corrected(state: State, place: Place, event: ActivityCorrected) -> None:
    source, recorded, current = _target(state, place, event.event, event.supersedes)
    body = event.body
    if BODIES[type(body).__name__] != recorded.type:
        raise RuleBroken(
            f"correction of {event.event}",
            expected=f"the body of {recorded.type}",
            found=f"that of {BODIES[type(body).__name__]}",
        )
    _check_body(state, source, body, correcting=event.event)
    if isinstance(current, ActivityBody) and isinstance(body, ActivityBody):
        old, new = current.register, body.register
        if (old is None) != (new is None) or (old and new and old.meter != new.meter):
            raise RuleBroken(
                f"correction of {event.event}",
                expected="the register of the same meter, or none where there was none",
                found="another",
            )
        if old and new and (old.from_, old.to) != (new.from_, new.to):
            _check_register_end(state, source, event.event, current)
    # The new body must fit beside everything but the one that it replaces.
    freed = Overlay(state)
    release(freed, source, current)
    _check_free(freed, source, body, event.event)


def _target(
    state: State, place: Place, ref: str, supersedes: str | None
) -> tuple[SourcePiece, RecordedPiece, Body]:
    """The source, the original and the body in force of the event that a correction names."""
    stream = place.stream.removesuffix(CORRECTIONS)
    if ref.partition("@")[0] != stream:
        raise RuleBroken("correction", expected=f"an event of {stream}", found=ref)
    source = state.get(SOURCE, stream)
    recorded = state.get(RECORDED, ref)
    if source is None or recorded is None:
        raise RuleBroken("correction", expected=f"a recorded event of {stream}", found=ref)
    change = state.get(CHANGE, ref)
    if change is not None and change.withdrawn:
        raise RuleBroken(
            "correction", expected="an event that counts", found=f"{ref}, withdrawn already"
        )
    _check_supersedes(ref, supersedes, change)
    if change is None:
        return source, recorded, recorded.body
    latest = state.get(RECORDED, change.latest)
    if latest is None:
        raise AssertionError(f"the correction {change.latest} was accepted and is not there")
    return source, recorded, latest.body


def _check_supersedes(ref: str, supersedes: str | None, change: ChangePiece | None) -> None:
    latest = change.latest if change else None
    if supersedes != latest:
        raise RuleBroken(
            f"supersedes, in a correction of {ref}",
            expected=latest or "no such member: the event was not corrected yet",
            found=supersedes or "none",
            advice="Name the latest correction, so that nobody overwrites one unseen.",
        )


def _check_body(
    state: State, source: SourcePiece, body: Body, correcting: str | None = None
) -> None:
    rule = rules_in_force(state)
    readings = intervals(body)
    _check_times(rule, source, body, readings)
    if isinstance(body, EmissionBody):
        _check_emission(rule, source, body)
    else:
        unit = body.unit or source.unit
        rule.pack.ratio(unit, source.unit)
        for role, ref in body.factors.items():
            _foreign_factor(state, source.party, ref)
            _fit_factor(state, rule, source.activity, unit, role, ref)
        _check_plausible(rule, source, unit, body.confirm, readings)
        _check_factors(state, rule, source, body, "the reading")
        if isinstance(body, ActivityBody) and body.register is not None:
            _check_register(state, source, body, body.register, correcting)


def _check_times(
    rule: Rules, source: SourcePiece, body: Body, readings: list[tuple[int, int, int]]
) -> None:
    if not readings:
        raise RuleBroken("profile", expected="at least one reading", found="gaps only")
    if not isinstance(body, ProfileBody) and readings[0][0] >= readings[0][1]:
        raise RuleBroken(
            "period",
            expected="an end after the start",
            found=" to ".join(body.period),
        )
    rule.calendar.position(readings[0][0])
    rule.calendar.position(readings[-1][1] - 1)
    if source.closed_at_s is not None and readings[-1][1] > source.closed_at_s:
        raise RuleBroken(
            f"reading of {source.stream}",
            expected="a period before the source was closed",
            found="one that ends after it",
        )


def _check_emission(rule: Rules, source: SourcePiece, body: EmissionBody) -> None:
    if "direct" not in rule.pack.activity(source.activity).roles:
        raise RuleBroken(
            f"measured emission of {source.activity}",
            expected="an activity with direct emissions",
            found=source.activity,
        )
    if not body.masses_mg:
        raise BadValue("masses_mg", expected="at least one gas", found="none")
    for gas in body.masses_mg:
        rule.pack.gas(gas)


def _check_plausible(
    rule: Rules,
    source: SourcePiece,
    unit: str,
    confirm: str | None,
    readings: list[tuple[int, int, int]],
) -> None:
    if confirm is not None:
        return
    for start_s, _, amount in readings:
        plausible = source.terms_at(start_s).plausible
        if plausible is None:
            continue
        value = amount if unit == source.unit else amount * rule.pack.ratio(unit, source.unit)
        if not tiny(plausible[0]) <= value <= tiny(plausible[1]):
            raise RuleBroken(
                f"quantity of {source.stream}",
                expected=f"{plausible[0]} to {plausible[1]} {source.unit}",
                found=f"{Fraction(value, TINY)} {source.unit}",
                advice="If it is right, give the reason in confirm.",
            )


def _check_factors(state: State, rule: Rules, source: SourcePiece, body: Body, what: str) -> None:
    if isinstance(body, EmissionBody):
        return
    unit = body.unit or source.unit
    for role in roles_of(source, body):
        checked = None
        for start_s, _, _ in intervals(body):
            ref = factor_of(state, source, body, role, start_s)
            if ref is None:
                continue
            factor = state.get(FACTOR, ref)
            if factor is None:
                raise AssertionError(f"factor {ref} was accepted and is not there")
            _valid_at(factor, start_s, what)
            if checked != ref:
                rule.pack.ratio(unit, factor.unit)
                checked = ref


def _check_free(state: State, source: SourcePiece, body: Body, event: str) -> None:
    """A continuous source has one reading for a time; a discrete one uses a reference once."""
    if source.kind == "discrete":
        if body.reference is not None:
            used = state.get(REFERENCE, f"{source.stream} {body.reference}")
            if used is not None:
                raise Conflict(
                    f"reference in {source.stream}",
                    expected="a reference that was not used yet",
                    found=f"{body.reference}, of {used.event}",
                    advice="Post each receipt once; correct the first if it was wrong.",
                )
        return
    for start_s, end_s in runs(body):
        for bucket, from_s, until_s in coverage.buckets(start_s, end_s):
            cover = state.get(COVER, f"{source.stream} {bucket}")
            met = coverage.overlap(cover.bounds, from_s, until_s) if cover else None
            if met is not None:
                raise Conflict(
                    f"period of {event}",
                    expected="time that the source has no reading for",
                    found=f"{until_s - from_s} s from {from_s} (seconds since 1970), of which "
                    f"{met[0]} to {met[1]} is covered",
                    advice="Correct or withdraw the earlier reading.",
                )


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
        raise RuleBroken(
            f"quantity of a register reading of {register.meter}",
            expected=f"({register.to} - {register.from_} + {register.rollover} * "
            f"10^{register.digits}) * {register.multiplier} = {quantity / TINY}",
            found=body.quantity,
            advice="State the rollover where the register passed its highest reading.",
        )
    link = state.get(REGISTER_LINK, correcting) if correcting else None
    if correcting and link is not None:
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

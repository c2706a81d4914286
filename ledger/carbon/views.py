"""What the events of carbon accounting change: pieces of state, and rows of the read models.

Nothing is recalculated in place: a correction, an amendment or a new factor adds the difference
between what counted and what counts now, at its own entry.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from ledger.carbon import coverage
from ledger.carbon.evaluate import evaluate
from ledger.carbon.events import (
    ActivityBody,
    ActivityCorrected,
    ActivityRecorded,
    ActivityWithdrawn,
    Body,
    EmissionMeasured,
    FactorAssigned,
    FactorConfirmed,
    FactorPublished,
    Number,
    ProfileRecorded,
    Ratio,
    SiteRegistered,
    SourceAmended,
    SourceClosed,
    SourceRegistered,
)
from ledger.carbon.exact import seconds
from ledger.carbon.ground import Ground, Rules, rules_at, rules_in_force
from ledger.carbon.pieces import (
    ALWAYS_S,
    CHANGE,
    COVER,
    FACTOR,
    NEVER,
    RECORDED,
    REFERENCE,
    REGISTER,
    REGISTER_LINK,
    SITE,
    SOURCE,
    Amended,
    Assigned,
    ChangePiece,
    Confirmation,
    CoverPiece,
    FactorPiece,
    LineKey,
    RecordedPiece,
    ReferencePiece,
    RegisterLink,
    RegisterPiece,
    SitePiece,
    SourcePiece,
    Terms,
)
from ledger.carbon.redaction.remaining import countable
from ledger.carbon.rows import EntryRows, line_row
from ledger.carbon.rulepack import Calendar
from ledger.fold.event import Place
from ledger.fold.state import State
from ledger.log.names import party_of
from ledger.log.values import DECIMAL_PLACES, format_decimal, parse_day

DAY_S = 86_400


def apply(
    state: State, place: Place, event: object, rows: EntryRows, ground: Ground | None = None
) -> None:
    """Change the state and add the rows, as this event, already decided, says.

    Readings and corrections come with the ground of their stream.
    """
    match event:
        case ActivityRecorded() | ProfileRecorded() | EmissionMeasured():
            known = _known(ground)
            occupy(state, known, place, event)
            chain_register(state, known.source, place, event)
            evaluate(known, event, rows, 1)
        case ActivityCorrected():
            _replace(state, _known(ground), place, event.event, event.body, rows)
        case ActivityWithdrawn():
            _replace(state, _known(ground), place, event.event, None, rows)
        case SiteRegistered():
            site = SitePiece(
                region=event.region, inside=event.inside, event=place.event, name=event.name
            )
            state.put(SITE, f"{place.party}/{event.site}", site)
        case SourceRegistered():
            _register(state, place, event, rows)
        case SourceAmended():
            _amend(state, place, event, rows)
        case SourceClosed():
            source = _source(state, event.source)
            closed = msgspec.structs.replace(
                source, closed_at_s=seconds(event.at), events=(*source.events, place.event)
            )
            state.put(SOURCE, event.source, closed)
        case FactorPublished():
            _publish(state, place, event)
        case FactorConfirmed():
            _confirm(state, place, event)
        case FactorAssigned():
            source = _source(state, event.source)
            assigned = Assigned(seconds(event.from_), event.factor, place.event)
            changed = msgspec.structs.replace(
                assign(source, event.role, assigned),
                events=(*source.events, place.event),
                counted_again=place.index,
            )
            state.put(SOURCE, event.source, changed)
            _evaluate_again(state, source, changed, rows)
        case _:
            raise AssertionError(type(event).__name__)


def assign(source: SourcePiece, role: str, assigned: Assigned) -> SourcePiece:
    """The source with this factor in this role from its time on, until the next one's time."""
    others = [a for a in source.factors.get(role, ()) if a.from_s != assigned.from_s]
    timeline = tuple(sorted((*others, assigned), key=lambda a: a.from_s))
    factors = dict(sorted({**source.factors, role: timeline}.items()))
    return msgspec.structs.replace(source, factors=factors)


def occupy(state: State, ground: Ground, place: Place, body: Body, event: str = "") -> None:
    """Take the body's time or reference, for the event of this place or another named one."""
    if ground.source.kind == "continuous":
        _cover(state, ground, body, coverage.add)
    elif body.reference is not None:
        key = f"{ground.source.stream} {body.reference}"
        state.put(REFERENCE, key, ReferencePiece(event or place.event))


def release(state: State, ground: Ground, body: Body) -> None:
    """Free the body's time or reference."""
    if ground.source.kind == "continuous":
        _cover(state, ground, body, coverage.remove)
    elif body.reference is not None:
        state.put(REFERENCE, f"{ground.source.stream} {body.reference}", None)


def chain_register(
    state: State, source: SourcePiece, place: Place, body: Body, event: str = ""
) -> None:
    """Make the body's register reading, if it has one, the last of its meter."""
    if not isinstance(body, ActivityBody) or body.register is None:
        return
    name = event or place.event
    key = f"{source.stream} {body.register.meter}"
    last = state.get(REGISTER, key)
    link = RegisterLink(body.register.from_, body.register.to, last.event if last else None)
    state.put(REGISTER_LINK, name, link)
    state.put(REGISTER, key, RegisterPiece(name))


def _unchain_register(state: State, source: SourcePiece, event: str, body: Body) -> bool:
    """Take the reading out of the chain if it is the last of its meter; whether it was."""
    if not isinstance(body, ActivityBody) or body.register is None:
        return False
    key = f"{source.stream} {body.register.meter}"
    last = state.get(REGISTER, key)
    if last is None or last.event != event:
        return False
    link = state.get(REGISTER_LINK, event)
    before = link.follows if link else None
    state.put(REGISTER, key, RegisterPiece(before) if before else None)
    state.put(REGISTER_LINK, event, None)
    return True


def _cover(
    state: State,
    ground: Ground,
    body: Body,
    change: Callable[[coverage.Bounds, int, int], coverage.Bounds],
) -> None:
    for start_s, end_s in ground.readings(body).runs:
        for bucket, from_s, until_s in coverage.buckets(start_s, end_s):
            key = ground.cover_key(bucket)
            piece = state.get(COVER, key)
            bounds = change(piece.bounds if piece else (), from_s, until_s)
            state.put(COVER, key, CoverPiece(bounds) if bounds else None)


def _replace(
    state: State, ground: Ground, place: Place, ref: str, body: Body | None, rows: EntryRows
) -> None:
    """Put another body, or none, in the place of the one that an event has now."""
    source = ground.source
    change = state.get(CHANGE, ref)
    recorded = state.get(RECORDED, change.latest if change else ref)
    if recorded is None:
        raise AssertionError(f"{ref} was decided and is not there")
    release(state, ground, recorded.body)
    evaluate(_counted_on(state, source, recorded.index), recorded.body, rows, -1)
    was_last = _unchain_register(state, source, ref, recorded.body)
    if body is not None:
        occupy(state, ground, place, body, ref)
        evaluate(ground, body, rows, 1)
        if was_last:
            chain_register(state, source, place, body, ref)
        # A later event of the same batch may correct this one once more.
        state.put(RECORDED, place.event, RecordedPiece("ActivityCorrected", body, place.index))
    state.put(CHANGE, ref, ChangePiece(place.event, body is None))


def _counted_on(state: State, source: SourcePiece, index: int) -> Ground:
    """The ground on which a body recorded at this entry was last counted.

    What is taken away must be what was added, under the rules of then.
    """
    return Ground(state, rules_at(state, max(index, source.counted_again)), source)


def _register(state: State, place: Place, event: SourceRegistered, rows: EntryRows) -> None:
    key = _line_key(
        state, place.party, event.site, event.key_area, event.category, event.gpc, event.part_of
    )
    terms = Terms(
        from_s=ALWAYS_S,
        line=0,
        site=event.site,
        key_area=event.key_area,
        category=event.category,
        interval_s=event.interval_s,
        gpc=event.gpc,
        part_of=event.part_of,
        plausible=event.plausible,
        uncertainty_percent=event.uncertainty_percent,
        name=event.name,
    )
    source = SourcePiece(
        stream=event.stream,
        party=place.party,
        activity=event.activity,
        unit=event.unit,
        scope=event.scope,
        kind=event.kind,
        flow=event.flow,
        balance_group=event.balance_group,
        terms=(terms,),
        amended=(),
        factors={
            role: (Assigned(ALWAYS_S, ref, place.event),)
            for role, ref in sorted(event.factors.items())
        },
        events=(place.event,),
        lines=(key,),
        # Entries of an earlier log stand below 0, where -1 would say that the last of them counted.
        counted_again=min(place.index, NEVER),
        left_s=_stand_at(state, event.stream, [event.site]),
    )
    state.put(SOURCE, event.stream, source)
    rows.lines.append(line_row(source, 0))


def _amend(state: State, place: Place, event: SourceAmended, rows: EntryRows) -> None:
    source = _source(state, event.source)
    members = {
        name: getattr(event, name)
        for name in event.__struct_fields__
        if name not in ("salt", "source", "from_", "reason") and getattr(event, name) is not None
    }
    amended = tuple(
        sorted((*source.amended, Amended(seconds(event.from_), members)), key=lambda a: a.from_s)
    )
    terms, lines = [source.terms[0]], list(source.lines)
    for change in amended:
        after = msgspec.structs.replace(terms[-1], from_s=change.from_s, **change.members)
        key = _line_key(
            state,
            source.party,
            after.site,
            after.key_area,
            after.category,
            after.gpc,
            after.part_of,
        )
        if key not in lines:
            lines.append(key)
        after = msgspec.structs.replace(after, line=lines.index(key))
        if terms[-1].from_s == change.from_s:
            terms.pop()
        terms.append(after)
    moved = [(t.from_s, t.line) for t in source.terms] != [(t.from_s, t.line) for t in terms]
    changed = msgspec.structs.replace(
        source,
        terms=tuple(terms),
        amended=amended,
        lines=tuple(lines),
        events=(*source.events, place.event),
        counted_again=place.index if moved else source.counted_again,
        left_s=_stand_at(state, source.stream, [one.site for one in terms]),
    )
    state.put(SOURCE, event.source, changed)
    rows.lines.extend(line_row(changed, at) for at in range(len(source.lines), len(lines)))
    if moved:
        _evaluate_again(state, source, changed, rows)


def _stand_at(state: State, stream: str, sites: list[str]) -> dict[str, int]:
    """Note a source at its sites; since when another party answers for some of them."""
    left_s = {}
    for name in sorted(set(sites)):
        key = f"{party_of(stream)}/{name}"
        site = state.get(SITE, key)
        if site is None:
            raise AssertionError(f"site {key} was decided and is not there")
        if stream not in site.sources:
            site = msgspec.structs.replace(site, sources=(*site.sources, stream))
            state.put(SITE, key, site)
        if site.left_s is not None:
            left_s[name] = site.left_s
    return left_s


def _evaluate_again(state: State, before: SourcePiece, after: SourcePiece, rows: EntryRows) -> None:
    ground = Ground(state, rules_in_force(state), after)
    was: dict[Rules, Ground] = {}
    for _, body, index in countable(state, before.stream):
        rule = rules_at(state, max(index, before.counted_again))
        if rule not in was:
            was[rule] = Ground(state, rule, before)
        evaluate(was[rule], body, rows, -1)
        evaluate(ground, body, rows, 1)


def _publish(state: State, place: Place, event: FactorPublished) -> None:
    ref = f"{place.party}/{event.id}@{event.version}"
    rule = rules_in_force(state)
    calendar = rule.calendar
    piece = FactorPiece(
        ref=ref,
        activity=event.activity,
        unit=event.unit,
        kind=event.kind,
        region=event.region,
        year=event.year,
        valid=event.valid,
        valid_s=(_day_start_s(calendar, event.valid[0]), _day_start_s(calendar, event.valid[1])),
        gases=tuple(
            (gas, *ratio(number)) for gas, number in sorted(event.gases_kg_per_unit.items())
        ),
        event=place.event,
        title=event.source.title,
        number=event.source.number,
        sha256=event.source.sha256,
        index=place.index,
        properties=tuple(
            (name, *ratio(number)) for name, number in sorted(event.properties.items())
        ),
        uncertainty_percent=event.uncertainty_percent,
        confirmable=rule.pack.factor_kind(event.kind).company,
    )
    state.put(FACTOR, ref, piece)


def _confirm(state: State, place: Place, event: FactorConfirmed) -> None:
    factor = state.get(FACTOR, event.factor)
    if factor is None:
        raise AssertionError(f"factor {event.factor} was decided and is not there")
    confirmation = Confirmation(
        index=place.index,
        event=place.event,
        certifier=place.party,
        reason=event.reason,
        evidence=event.evidence,
    )
    confirmed = (*factor.confirmed, confirmation)
    state.put(FACTOR, factor.ref, msgspec.structs.replace(factor, confirmed=confirmed))


def _day_start_s(calendar: Calendar, day: str) -> int:
    """Where a day begins: its month's first midnight in the area's calendar, and whole days on.

    Days outside the calendar lie at its ends, since no reading can lie beyond them.
    """
    parsed = parse_day(day)
    month = f"{parsed.year:04d}-{parsed.month:02d}"
    if month < calendar.months[0]:
        return calendar.starts_s[0]
    if month > calendar.months[-1]:
        return calendar.end_s
    return calendar.starts_s[calendar.months.index(month)] + (parsed.day - 1) * DAY_S


def ratio(number: Number) -> tuple[str, str]:
    """A number as numerator and denominator, both integer strings."""
    if isinstance(number, Ratio):
        return number.num, number.den
    whole, _, fraction = number.partition(".")
    return str(int(whole + fraction)), str(10 ** len(fraction))


def number(num: str, den: str) -> Number:
    """The one spelling of num/den: a decimal where 12 places are exact, else a ratio."""
    if set(den) <= {"0", "1"} and den[0] == "1" and len(den) - 1 <= DECIMAL_PLACES:
        return format_decimal(int(num), len(den) - 1)
    return Ratio(num=num, den=den)


def _source(state: State, stream: str) -> SourcePiece:
    source = state.get(SOURCE, stream)
    if source is None:
        raise AssertionError(f"source {stream} was decided and is not there")
    return source


def _known(ground: Ground | None) -> Ground:
    if ground is None:
        raise AssertionError("a reading was decided and its source is not there")
    return ground


def _line_key(
    state: State,
    party: str,
    site: str,
    key_area: str,
    category: int | None,
    gpc: str | None,
    part_of: str | None,
) -> LineKey:
    where = state.get(SITE, f"{party}/{site}")
    if where is None:
        raise AssertionError(f"site {party}/{site} was decided and is not there")
    return LineKey(site, where.region, where.inside, key_area, category, gpc, part_of)

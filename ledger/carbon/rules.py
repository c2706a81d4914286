"""May this be appended? The rules for sites, sources and factors; those for readings stand beside.

Each raises a named error or returns. They depend on state and event alone, so an auditor who
replays them reaches the same verdicts. Source: accounting rules, section 3; events, the table.
"""

from __future__ import annotations

from ledger.carbon import factor_rules, reading_rules
from ledger.carbon.area.guard import minimum_people
from ledger.carbon.events import (
    ActivityCorrected,
    ActivityRecorded,
    ActivityWithdrawn,
    EmissionBody,
    EmissionMeasured,
    FactorAssigned,
    FactorConfirmed,
    FactorPublished,
    ProfileRecorded,
    SiteRegistered,
    SourceAmended,
    SourceClosed,
    SourceRegistered,
)
from ledger.carbon.exact import seconds, tiny
from ledger.carbon.factor_fit import check_region
from ledger.carbon.factor_rules import check_factors, check_place, check_publisher, fit_factor
from ledger.carbon.ground import Ground, Rules, rules_in_force
from ledger.carbon.organisation.pieces import POPULATION
from ledger.carbon.pieces import SITE, SOURCE, Assigned, SitePiece, SourcePiece
from ledger.carbon.redaction.remaining import countable, times_s
from ledger.carbon.rulepack import Activity
from ledger.carbon.views import assign
from ledger.errors import BadValue, Conflict, RuleBroken
from ledger.fold.event import Place
from ledger.fold.state import State
from ledger.log.names import party_of
from ledger.parties.pieces import PARTY
from ledger.parties.rules import place_of

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
"""What `SourceAmended` may change; anything else is another source."""


def decide(state: State, place: Place, event: object, ground: Ground | None = None) -> None:
    """Raise a named error if the accounting rules do not allow this event here.

    Readings and corrections come with the ground of their stream, None if it has no source.
    """
    match event:
        case ActivityRecorded() | ProfileRecorded() | EmissionMeasured():
            reading_rules.decide_recorded(state, place, event, ground)
        case ActivityCorrected():
            reading_rules.decide_corrected(state, place, event, ground)
        case ActivityWithdrawn():
            reading_rules.decide_withdrawn(state, place, event, ground)
        case SiteRegistered():
            key = f"{place.party}/{event.site}"
            if state.get(SITE, key) is not None:
                raise Conflict("site", expected="a new site", found=f"{key}, registered already")
        case SourceRegistered():
            _decide_source(state, place, event)
        case SourceAmended():
            _decide_amended(state, place, event)
        case SourceClosed():
            _decide_closed(state, place, event)
        case FactorPublished():
            factor_rules.decide_factor(state, rules_in_force(state), place, event)
        case FactorConfirmed():
            factor_rules.decide_confirmed(state, place, event)
        case FactorAssigned():
            _decide_assigned(state, place, event)
        case _:
            raise AssertionError(type(event).__name__)


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
    _check_placement(activity, event.scope, event.category)
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
    where = check_site(state, place.party, event.site)
    _check_guarded(state, rule, place.party, event.site, event.part_of)
    for role, ref in sorted(event.factors.items()):
        check_publisher(state, place.party, ref)
        factor = fit_factor(state, rule, event.activity, event.unit, role, ref)
        check_region(rule.pack, factor, where.region)
    _check_line(rule, activity, event.key_area, event.gpc)
    _check_parent(state, place.party, event.stream, event.part_of)
    _check_range(event.plausible)


def _decide_amended(state: State, place: Place, event: SourceAmended) -> None:
    rule = rules_in_force(state)
    source = own_source(state, place.party, event.source)
    seconds(event.from_)
    if all(getattr(event, name) is None for name in AMENDABLE):
        raise RuleBroken(
            "amendment", expected="at least one of " + ", ".join(AMENDABLE), found="none"
        )
    activity = rule.pack.activity(source.activity)
    if event.category is not None:
        _check_placement(activity, source.scope, event.category)
    if event.site is not None:
        check_site(state, place.party, event.site)
        _check_not_left(state, source, event.site, seconds(event.from_))
    _check_guarded(state, rule, place.party, event.site, event.part_of)
    _check_line(rule, activity, event.key_area, event.gpc)
    _check_parent(state, place.party, source.stream, event.part_of)
    _check_range(event.plausible)


def _decide_closed(state: State, place: Place, event: SourceClosed) -> None:
    source = own_source(state, place.party, event.source)
    at_s = seconds(event.at)
    if source.closed_at_s is not None:
        raise RuleBroken("source", expected="an open source", found="closed already")
    for name, _, end_s in times_s(state, source.stream):
        if end_s > at_s:
            raise RuleBroken(
                f"closing of {source.stream}",
                expected="a time after all its readings",
                found=f"{event.at}, and {name} ends later",
                advice="Close it later, or correct or withdraw that reading first.",
            )


def _decide_assigned(state: State, place: Place, event: FactorAssigned) -> None:
    rule = rules_in_force(state)
    source = own_source(state, place.party, event.source)
    check_publisher(state, place.party, event.factor)
    factor = fit_factor(state, rule, source.activity, source.unit, event.role, event.factor)
    check_place(rule, factor, source, seconds(event.from_))
    changed = assign(source, event.role, Assigned(seconds(event.from_), event.factor, place.event))
    ground = Ground(state, rule, changed)
    for name, body, _ in countable(state, source.stream):
        if not isinstance(body, EmissionBody):
            check_factors(ground, body, f"{name}, recorded already")


def _check_placement(activity: Activity, scope: int | None, category: int | None) -> None:
    for placement in activity.placements:
        if placement.scope == scope and (category is None or category in placement.categories):
            return
    allowed = [
        "no scope"
        if p.scope is None
        else f"Scope {p.scope}"
        + (f" category {', '.join(map(str, p.categories))}" if p.categories else "")
        for p in activity.placements
    ]
    raise RuleBroken(
        f"scope of {activity.activity}",
        expected=" or ".join(allowed),
        found=("no scope" if scope is None else f"Scope {scope}")
        + (f" category {category}" if category else ""),
        advice="Choose the activity that the source is, or its scope.",
    )


def _check_not_left(state: State, source: SourcePiece, name: str, from_s: int) -> None:
    """A source does not move to where another party answers for what it recorded."""
    site = state.get(SITE, f"{source.party}/{name}")
    if site is None or site.left_s is None:
        return
    for event, _, end_s in times_s(state, source.stream):
        if end_s > max(from_s, site.left_s):
            raise RuleBroken(
                f"site of {source.stream}",
                expected=f"a site that {source.party} answers for",
                found=f"{name}, transferred by {site.left_by} before {event} ends",
            )


def _check_guarded(
    state: State, rule: Rules, party: str, site: str | None, part_of: str | None
) -> None:
    """Residents stand in groups whose size is stated, and no difference of meters shows fewer."""
    known = state.get(PARTY, party)
    guarded = known is not None and "aggregate" in known.roles
    if not guarded or minimum_people(rule.pack) is None:
        return
    if part_of is not None:
        raise RuleBroken(
            f"part_of of a source of {party}",
            expected="none: a main meter less its part would show a smaller group",
            found=part_of,
        )
    if site is not None and state.get(POPULATION, f"{party}/{site}") is None:
        raise RuleBroken(
            f"site of residents of {party}",
            expected="a site of which is stated how many people live there",
            found=f"{party}/{site}, of which nothing is stated",
            advice="The operator states it first: carbon-ledger fact area population "
            f"--sub-area {party}/{site}",
        )


def check_site(state: State, party: str, site: str) -> SitePiece:
    """The party's site of this name. Raises RuleBroken if it has none."""
    found = state.get(SITE, f"{party}/{site}")
    if found is None:
        raise RuleBroken(
            "site",
            expected=f"a registered site of {party}",
            found=site,
            advice=f"Register it first: carbon-ledger site add {party}/{site}",
        )
    return found


def _check_line(rule: Rules, activity: Activity, key_area: str | None, gpc: str | None) -> None:
    if key_area is not None and key_area not in rule.pack.key_areas:
        raise BadValue("key area", expected=", ".join(rule.pack.key_areas), found=key_area)
    if key_area is not None and key_area not in activity.key_areas:
        raise RuleBroken(
            f"key area of {activity.activity}",
            expected=", ".join(activity.key_areas),
            found=key_area,
        )
    if gpc is not None and gpc not in activity.gpc:
        raise BadValue(
            f"GPC line of {activity.activity}",
            expected=", ".join(activity.gpc) or "none",
            found=gpc,
        )


def _check_parent(state: State, party: str, stream: str, part_of: str | None) -> None:
    """The main meter is another source of the party, and no circle of meters leads back."""
    above = part_of
    while above is not None:
        if above == stream:
            raise RuleBroken("part_of", expected="no circle of meters", found=str(part_of))
        parent = state.get(SOURCE, above)
        if parent is None or parent.party != party:
            raise RuleBroken(
                "part_of", expected=f"another registered source of {party}", found=above
            )
        above = parent.terms[-1].part_of


def _check_range(plausible: tuple[str, str] | None) -> None:
    if plausible is not None and tiny(plausible[0]) > tiny(plausible[1]):
        raise BadValue(
            "plausible", expected="[least, greatest]", found=f"[{plausible[0]}, {plausible[1]}]"
        )


def own_source(state: State, party: str, stream: str) -> SourcePiece:
    """The party's source of this stream. Raises RuleBroken if it has none."""
    source = state.get(SOURCE, stream) if party_of(stream) == party else None
    if source is None:
        raise RuleBroken(
            "source",
            expected=f"a registered source of {party}",
            found=stream,
            advice=f"Register it first: carbon-ledger source add {stream}",
        )
    return source

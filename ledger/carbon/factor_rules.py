"""May this factor be published, and may it fill this role of this source at this time?

Kinds are not interchangeable: the rule pack says which kind may fill which role, and which party
may publish it. A published factor never changes. Source: accounting rules, section 3 (Factor).
"""

from __future__ import annotations

from difflib import get_close_matches
from fractions import Fraction

from ledger.carbon.conversion import conversion
from ledger.carbon.events import (
    ActivityBody,
    FactorConfirmed,
    FactorPublished,
    Number,
    ProfileBody,
    Ratio,
)
from ledger.carbon.exact import TINY, tiny
from ledger.carbon.factor_fit import check_region
from ledger.carbon.ground import Ground, Rules, rules_in_force, written
from ledger.carbon.pieces import FACTOR, FactorPiece, SourcePiece
from ledger.errors import BadValue, Conflict, RuleBroken
from ledger.fold.event import Place
from ledger.fold.state import State
from ledger.log.names import party_of
from ledger.log.values import parse_day
from ledger.parties.pieces import PARTY


def decide_factor(state: State, rule: Rules, place: Place, event: FactorPublished) -> None:
    """Raise a named error if this factor may not be published here."""
    ref = f"{place.party}/{event.id}@{event.version}"
    if state.get(FACTOR, ref) is not None:
        raise Conflict(
            "factor",
            expected="a new version",
            found=f"{ref}, published already",
            advice="A published factor never changes: publish the next version.",
        )
    _check_publisher_of(state, rule, place.party, event.kind)
    activity = rule.pack.activity(event.activity)
    unit = rule.pack.unit(event.unit)
    if unit.dimension not in activity.dimensions:
        raise RuleBroken(
            f"unit of a factor for {event.activity}",
            expected="a unit of " + " or ".join(activity.dimensions),
            found=f"{event.unit}, a unit of {unit.dimension}",
        )
    if parse_day(event.valid[0]) >= parse_day(event.valid[1]):
        raise BadValue(
            "valid", expected="[first day, day after the last]", found=", ".join(event.valid)
        )
    _check_gases(rule, event)
    for name, number in event.properties.items():
        check_number(f"property {name}", number)
    _check_properties(rule, event)


def decide_confirmed(state: State, place: Place, event: FactorConfirmed) -> None:
    """Raise a named error if this party may not confirm this factor."""
    factor = _factor(state, event.factor)
    party = state.get(PARTY, place.party)
    if party is None or "certifier" not in party.roles:
        raise RuleBroken(
            "confirming a factor",
            expected="a party with the role certifier",
            found=f"{place.party}, " + (", ".join(party.roles) if party else "unknown"),
        )
    if party_of(factor.ref) == place.party:
        raise RuleBroken(
            "confirming a factor",
            expected="a certifier that did not publish it",
            found=f"{factor.ref}, of {place.party} itself",
        )
    if not factor.confirmable:
        own = [k for k, v in rules_in_force(state).pack.kinds.items() if v.company]
        raise RuleBroken(
            "confirming a factor",
            expected="a factor of kind " + " or ".join(own),
            found=f"{factor.ref} of kind {factor.kind}, which needs no confirmation",
        )
    for one in factor.confirmed:
        if one.certifier == place.party:
            raise Conflict(
                f"confirmation of {factor.ref}",
                expected=f"none of {place.party} so far",
                found=one.event,
            )


def _check_properties(rule: Rules, event: FactorPublished) -> None:
    """From pack 2 on properties are named in the pack, and what converts is more than 0."""
    known = rule.pack.properties
    for name, number in event.properties.items() if known else ():
        if name not in known:
            near = get_close_matches(name, known, n=4, cutoff=0.4) or sorted(known)
            raise BadValue(
                "unknown property of a factor",
                expected="one of " + ", ".join(near),
                found=name,
                advice="docs/reference/rules.md lists all properties with their units.",
            )
        if known[name].per is not None and number == "0":
            raise BadValue(f"property {name}", expected="more than 0", found="0")


def _check_publisher_of(state: State, rule: Rules, party: str, name: str) -> None:
    kind = rule.pack.factor_kind(name)
    publisher = state.get(PARTY, party)
    roles = () if publisher is None else publisher.roles
    if "factor-publisher" in roles or ("company" in roles and kind.company):
        return
    own = [k for k, v in rule.pack.kinds.items() if v.company]
    raise RuleBroken(
        f"publishing a factor of kind {name}",
        expected="a party with the role factor-publisher",
        found=f"{party}, " + (", ".join(roles) or "unknown"),
        advice="A company publishes " + " and ".join(own) + " for its own streams.",
    )


def _check_gases(rule: Rules, event: FactorPublished) -> None:
    if not event.gases_kg_per_unit:
        raise BadValue("gases_kg_per_unit", expected="at least one gas", found="none")
    kinds: dict[str, str] = {}
    for gas, number in event.gases_kg_per_unit.items():
        kinds.setdefault(rule.pack.gas(gas).kind, gas)
        check_number(f"factor of {gas}", number)
    if "co2e" in kinds and "ghg" in kinds:
        raise RuleBroken(
            "gases of a factor",
            expected="masses per gas, or CO2e with its GWP set, never both",
            found=f"{kinds['ghg']} beside {kinds['co2e']}",
            advice="Take the rows per gas where there are some, else the total row.",
        )


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


def check_publisher(state: State, party: str, ref: str) -> None:
    """Raise RuleBroken unless the factor is a publisher's, or the party's own."""
    publisher = party_of(ref)
    if publisher == party:
        return
    known = state.get(PARTY, publisher)
    if known is None or "factor-publisher" not in known.roles:
        raise RuleBroken(
            "unknown factor",
            expected=f"a factor of a factor-publisher, or of {party}",
            found=ref,
            advice="See carbon-ledger factor list.",
        )


def fit_factor(
    state: State, rule: Rules, activity: str, unit: str, role: str, ref: str
) -> FactorPiece:
    """The factor, if it exists, is for this activity and unit, and may fill this role."""
    factor = _factor(state, ref)
    known = rule.pack.activity(activity)
    if role not in known.roles:
        raise RuleBroken(
            f"role of a factor for {activity}", expected=", ".join(known.roles), found=role
        )
    if role not in rule.pack.factor_kind(factor.kind).roles:
        fitting = [k for k, v in rule.pack.kinds.items() if role in v.roles]
        raise RuleBroken(
            f"wrong kind of factor for the role {role}",
            expected="a factor of kind " + " or ".join(fitting),
            found=f"{ref} of kind {factor.kind}",
            advice="Choose one of that kind: carbon-ledger factor list.",
        )
    if factor.activity not in (activity, *known.factors_from):
        raise RuleBroken(
            "factor of another activity",
            expected=f"a factor for {activity}",
            found=f"{ref}, for {factor.activity}",
            advice="Choose one for this activity: carbon-ledger factor list.",
        )
    conversion(rule.pack, factor, unit)
    return factor


def check_place(rule: Rules, factor: FactorPiece, source: SourcePiece, from_s: int) -> None:
    """Raise RuleBroken if the factor is of another region than a site of the source from then on."""
    until = [*(terms.from_s for terms in source.terms[1:]), None]
    for terms, until_s in zip(source.terms, until, strict=True):
        if until_s is None or until_s > from_s:
            check_region(rule.pack, factor, source.lines[terms.line].region)


def _factor(state: State, ref: str) -> FactorPiece:
    factor = state.get(FACTOR, ref)
    if factor is None:
        raise RuleBroken(
            "unknown factor",
            expected="a published factor, <publisher>/<id>@<version>",
            found=ref,
            advice="See carbon-ledger factor list.",
        )
    return factor


def check_factors(ground: Ground, body: ActivityBody | ProfileBody, what: str) -> None:
    """Raise unless every factor is allowed for the readings' time and site, and fits their unit."""
    unit = ground.source.unit if body.unit is None else body.unit
    for start_s, end_s, _ in ground.readings(body).items:
        span = ground.span_at(start_s)
        factors, valid_s = span.factors, span.valid_s
        if body.factors:
            factors = ground.factors(span, body)
            valid_s = ground.validity(factors, span.line)
        if not (valid_s[0] <= start_s and end_s <= valid_s[1]):
            for _, factor in factors:
                check_region(ground.rule.pack, factor, ground.source.lines[span.line].region)
            _refuse_time(factors, body, (start_s, end_s), what)
        ground.rates(span, body, unit)


def _refuse_time(
    factors: tuple[tuple[str, FactorPiece], ...],
    body: ActivityBody | ProfileBody,
    period_s: tuple[int, int],
    what: str,
) -> None:
    start_s, end_s = period_s
    for role, factor in factors:
        if not (factor.valid_s[0] <= start_s and end_s <= factor.valid_s[1]):
            raise RuleBroken(
                f"factor {factor.ref} for the role {role} of {what}",
                expected=f"an activity from {factor.valid[0]} to before {factor.valid[1]}",
                found=f"{written(body, start_s)} to {written(body, end_s)}",
                advice="Use or assign a factor whose publisher allows it for that time, and split "
                "a period that its first or last day lies in.",
            )

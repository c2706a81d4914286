"""May this transfer be recorded, acknowledged or withdrawn?

A transfer is its sender's word; the receiver named in it, and nobody else, says what it received.
Who says it again names what was said last. What was withdrawn or superseded stays as it was.
Source: accounting rules, section 5.
"""

from __future__ import annotations

from ledger.carbon.area.events import TransferAcknowledged, TransferRecorded, TransferWithdrawn
from ledger.carbon.area.pieces import TRANSFER, TransferPiece, transfer_key
from ledger.carbon.factor_rules import check_publisher
from ledger.carbon.ground import Rules
from ledger.carbon.organisation.months import month_after, month_start_s, period_s
from ledger.carbon.pieces import FACTOR, SourcePiece
from ledger.carbon.rules import own_source
from ledger.errors import BadValue, Conflict, RuleBroken
from ledger.fold.event import Place
from ledger.fold.state import State
from ledger.parties.pieces import PARTY

PASS_THROUGH, ENERGY, CARRIER = "pass-through", "energy", "carbon-carrier"


def decide_transfer(state: State, rule: Rules, place: Place, event: TransferRecorded) -> None:
    """Raise a named error if a sender may not record this transfer."""
    source = own_source(state, place.party, event.stream)
    month_start_s(rule, event.month)
    if event.to == place.party or (event.to is not None and state.get(PARTY, event.to) is None):
        raise RuleBroken(
            "receiver of a transfer",
            expected="another registered party, or null for out of the area",
            found=str(event.to),
            advice="See carbon-ledger party list.",
        )
    _check_stream(event, source)
    _check_unit(rule, event, source)
    for role, ref in sorted(event.factors.items()):
        _check_factor(state, rule, place, event, role, ref)
    if event.supersedes is not None:
        _own(state, place, event.month, event.supersedes)


def decide_acknowledged(
    state: State, rule: Rules, place: Place, event: TransferAcknowledged
) -> None:
    """Raise a named error if a party may not say this of what it received."""
    transfer = _live(state, place, event.month, event.transfer)
    if transfer.to != place.party:
        raise RuleBroken(
            f"acknowledgement of {event.transfer}",
            expected=f"its receiver, {transfer.to}"
            if transfer.to is not None
            else "none: it left the area",
            found=place.party,
        )
    latest = transfer.acknowledged[-1].event if transfer.acknowledged else None
    if event.supersedes != latest:
        raise Conflict(
            f"supersedes, in an acknowledgement of {event.transfer}",
            expected=latest or "no such member: it was not acknowledged yet",
            found=event.supersedes or "none",
            advice="A transfer is acknowledged once; name the acknowledgement that this one replaces.",
        )
    source = own_source(state, place.party, event.stream)
    rule.pack.ratio(event.unit, transfer.unit)
    if transfer.kind != CARRIER:
        rule.pack.ratio(event.unit, source.unit)


def decide_withdrawn(state: State, place: Place, event: TransferWithdrawn) -> None:
    """Raise a named error if a party may not take this transfer back."""
    _own(state, place, event.month, event.transfer)


def _check_stream(event: TransferRecorded, source: SourcePiece) -> None:
    """What is resold was bought; what is made and handed over was not."""
    scope = "no scope" if source.scope is None else f"Scope {source.scope}"
    if event.kind == PASS_THROUGH and (source.scope != 2 or event.to is None):
        raise RuleBroken(
            f"pass-through of {event.stream}",
            expected="energy that was bought, a Scope 2 stream, handed on to a party of the area",
            found=scope if source.scope != 2 else "a transfer out of the area",
            advice="What a party makes itself, and what leaves the area, is of kind energy.",
        )
    if event.kind == ENERGY and source.scope in (2, 3):
        raise RuleBroken(
            f"energy from {event.stream}",
            expected="the stream that makes it, Scope 1 or outside the scopes",
            found=scope,
            advice="Bought energy that is handed on is of kind pass-through.",
        )


def _check_unit(rule: Rules, event: TransferRecorded, source: SourcePiece) -> None:
    """Resold energy is counted as it was bought; made energy in energy, whatever it is made of."""
    unit, own = rule.pack.unit(event.unit), rule.pack.unit(source.unit)
    fitting = {
        PASS_THROUGH: (own.dimension,),
        ENERGY: ("energy",),
        CARRIER: ("mass", own.dimension),
    }[event.kind]
    if unit.dimension not in fitting:
        raise BadValue(
            f"unit of a transfer of kind {event.kind}",
            expected="a unit of " + " or ".join(dict.fromkeys(fitting)),
            found=f"{event.unit}, a unit of {unit.dimension}",
        )


def _check_factor(
    state: State, rule: Rules, place: Place, event: TransferRecorded, role: str, ref: str
) -> None:
    what = f"factor {ref} in the role {role} of a transfer"
    if event.kind == PASS_THROUGH:
        raise RuleBroken(
            what, expected="none: resold energy keeps the factor of its purchase", found=ref
        )
    if role == "location" and event.to is not None:
        raise RuleBroken(
            what,
            expected="direct: location prices what leaves the area",
            found=f"a transfer to {event.to}",
        )
    check_publisher(state, place.party, ref)
    factor = state.get(FACTOR, ref)
    if factor is None:
        raise RuleBroken(
            what,
            expected="a published factor, <publisher>/<id>@<version>",
            found=ref,
            advice="See carbon-ledger factor list.",
        )
    if role not in rule.pack.factor_kind(factor.kind).roles:
        fitting = [kind for kind, known in rule.pack.kinds.items() if role in known.roles]
        raise RuleBroken(
            what,
            expected="a factor of kind " + " or ".join(fitting),
            found=f"one of kind {factor.kind}",
            advice="Choose one of that kind: carbon-ledger factor list.",
        )
    rule.pack.ratio(event.unit, factor.unit)
    start_s, end_s = period_s(rule, (event.month, month_after(event.month)))
    if not factor.valid_s[0] <= start_s < end_s <= factor.valid_s[1]:
        raise RuleBroken(
            what,
            expected=f"an activity from {factor.valid[0]} to before {factor.valid[1]}",
            found=event.month,
            advice="Use a factor whose publisher allows it for that month.",
        )


def _own(state: State, place: Place, month: str, event: str) -> TransferPiece:
    """A transfer of this party that still counts. Raises RuleBroken for any other."""
    transfer = _live(state, place, month, event)
    if transfer.sender != place.party:
        raise RuleBroken(
            f"transfer {event}", expected=f"its sender, {transfer.sender}", found=place.party
        )
    return transfer


def _live(state: State, place: Place, month: str, event: str) -> TransferPiece:
    """The transfer of a month that an event recorded and that still counts.

    Whoever is neither its sender nor its receiver is told what is told of a transfer that is not
    there: who trades with whom is theirs.
    """
    transfer = state.get(TRANSFER, transfer_key(month, event))
    if transfer is None or place.party not in (transfer.sender, transfer.to):
        raise RuleBroken(
            "transfer",
            expected=f"a transfer recorded for {month}",
            found=event,
            advice="Name the event that recorded it, and its month.",
        )
    if transfer.voided_by is not None:
        raise RuleBroken(
            f"transfer {event}",
            expected="one that counts",
            found=f"withdrawn or superseded by {transfer.voided_by}",
        )
    return transfer

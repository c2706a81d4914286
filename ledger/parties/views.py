"""What the events of trust change: the ledger, its parties, their keys."""

from __future__ import annotations

import msgspec

from ledger.fold.event import Place
from ledger.fold.state import State
from ledger.log.keys import public_key
from ledger.log.names import party_of
from ledger.parties.events import (
    EntriesConfirmed,
    Jwk,
    KeyAuthorized,
    KeyRecovered,
    KeyRevoked,
    LedgerOpened,
    PartyRegistered,
    RulesActivated,
)
from ledger.parties.pieces import (
    KEY,
    LEDGER,
    PARTY,
    EarlierLog,
    KeyPiece,
    LedgerPiece,
    PartyPiece,
    ledger,
)


def apply(state: State, place: Place, event: object) -> None:
    """Change the state as this event, already decided, says."""
    match event:
        case LedgerOpened():
            _open(state, place, event)
        case RulesActivated():
            _activate(state, place, event)
        case PartyRegistered():
            party = party_of(place.stream)
            piece = PartyPiece(
                party=party,
                name=event.name,
                roles=event.roles,
                event=place.event,
                index=place.index,
                keys=(),
                lei=event.lei,
                uscc=event.uscc,
                region=event.region,
            )
            state.put(PARTY, party, piece)
            _add_key(state, place, event.key, scope=(f"{party}/",), admin=True, read=True)
        case KeyAuthorized():
            _add_key(
                state,
                place,
                event.key,
                scope=event.scope,
                event_types=event.event_types,
                admin=event.admin,
                read=event.read or event.admin,
            )
        case KeyRevoked():
            since = event.compromised_from
            _revoke(
                state, place, event.key, None if since is None else ledger(state).index_of(since)
            )
        case KeyRecovered():
            party = party_of(place.stream)
            for thumbprint in event.replaces:
                _revoke(state, place, thumbprint, None)
            _add_key(
                state,
                place,
                event.key,
                scope=(f"{party}/",),
                admin=True,
                read=True,
                recovered=True,
            )
        case EntriesConfirmed():
            _confirm(state, event)
        case _:
            raise AssertionError(type(event).__name__)


def _open(state: State, place: Place, event: LedgerOpened) -> None:
    recovery = public_key(event.recovery_key.members())
    before = state.get(LEDGER, "")
    # Both keys of entry 0 count as authorised before it (formats, section 5).
    eve = msgspec.structs.replace(place, index=place.index - 1)
    state.put(
        LEDGER,
        "",
        LedgerPiece(
            origin=event.origin,
            log=event.log,
            operator=event.operator,
            area=event.area,
            timezone=event.timezone,
            recovery_key=recovery.thumbprint,
            rules_version=event.rules.version,
            rules_sha256=event.rules.sha256,
            rules_since=eve.index,
            earlier_rules=()
            if before is None
            else (*before.earlier_rules, (before.rules_version, eve.index)),
            opened=place.index,
            earlier=() if before is None else (*before.earlier, _ended(before, place, event)),
        ),
    )
    if before is not None:
        _open_again(state, eve, event, before)
        return
    operator = event.operator
    state.put(
        PARTY,
        operator,
        PartyPiece(
            party=operator,
            name=event.area,
            roles=("factor-publisher", "operator"),
            event=place.event,
            index=place.index,
            keys=(),
        ),
    )
    _add_key(state, eve, event.key, scope=(f"{operator}/",), admin=True, read=True)
    _add_key(state, eve, event.recovery_key, scope=(), recovery=True)


def _ended(before: LedgerPiece, place: Place, event: LedgerOpened) -> EarlierLog:
    size = place.index - before.opened
    signed = None if event.continues is None else event.continues.signed
    return EarlierLog(
        log=before.log,
        opened=before.opened,
        size=size,
        signed=size if signed is None else signed.size,
    )


def _open_again(state: State, eve: Place, event: LedgerOpened, before: LedgerPiece) -> None:
    """The keys of a continuing log: those of the earlier one stay, but for its recovery key."""
    if state.get(KEY, public_key(event.key.members()).thumbprint) is None:
        scope = (f"{event.operator}/",)
        _add_key(state, eve, event.key, scope=scope, admin=True, read=True, recovered=True)
    if ledger(state).recovery_key != before.recovery_key:
        _revoke(state, eve, before.recovery_key, None)
        _add_key(state, eve, event.recovery_key, scope=(), recovery=True)


def _activate(state: State, place: Place, event: RulesActivated) -> None:
    before = ledger(state)
    after = msgspec.structs.replace(
        before,
        rules_version=event.rules.version,
        rules_sha256=event.rules.sha256,
        rules_since=place.index,
        earlier_rules=(*before.earlier_rules, (before.rules_version, place.index)),
    )
    state.put(LEDGER, "", after)


def _add_key(
    state: State,
    place: Place,
    jwk: Jwk,
    *,
    scope: tuple[str, ...],
    event_types: tuple[str, ...] | None = None,
    admin: bool = False,
    read: bool = False,
    recovery: bool = False,
    recovered: bool = False,
) -> None:
    key = public_key(jwk.members())
    party = party_of(place.stream)
    state.put(
        KEY,
        key.thumbprint,
        KeyPiece(
            thumbprint=key.thumbprint,
            x=jwk.x,
            party=party,
            by=place.event,
            authorised=place.index,
            scope=scope,
            event_types=event_types,
            admin=admin,
            read=read,
            recovery=recovery,
            recovered=recovered,
            given_by=place.key,
        ),
    )
    owner = state.get(PARTY, party)
    if owner is None:
        raise AssertionError(f"a key for {party}, which is not registered")
    changed = msgspec.structs.replace(owner, keys=(*owner.keys, key.thumbprint))
    if recovered:
        changed = msgspec.structs.replace(changed, recovered=(*owner.recovered, place.event))
    state.put(PARTY, party, changed)


def _revoke(state: State, place: Place, thumbprint: str, compromised_from: int | None) -> None:
    key = state.get(KEY, thumbprint)
    if key is None:
        raise AssertionError(f"revoking {thumbprint}, which is unknown")
    if key.revoked is None:
        key = msgspec.structs.replace(key, revoked=place.index, revoked_by=place.event)
    if compromised_from is not None:
        key = msgspec.structs.replace(
            key, compromised_from=compromised_from, compromised_by=place.event
        )
    state.put(KEY, thumbprint, key)


def _confirm(state: State, event: EntriesConfirmed) -> None:
    key = state.get(KEY, event.key)
    if key is None:
        raise AssertionError(f"confirming {event.key}, which is unknown")
    about = ledger(state)
    first, until = map(about.index_of, event.entries)
    confirmed = tuple(sorted((*key.confirmed, (first, until))))
    state.put(KEY, event.key, msgspec.structs.replace(key, confirmed=confirmed))

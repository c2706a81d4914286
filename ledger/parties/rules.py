"""May this key say this, here, now? And is what it says about parties and keys in order?

`authorise` judges a whole batch by the state before it: the key's life, its scope, the place and
type of every event. `decide` judges the events of trust one by one. Both depend on events and
state alone. Source: formats, section 5; events, "Who may post what, where".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

import stdnum.cn.uscc
import stdnum.lei
from stdnum.exceptions import ValidationError

from ledger.errors import BadKey, BadValue, Conflict, NotAuthorised, RuleBroken
from ledger.fold.event import Place
from ledger.fold.state import State
from ledger.log.jws import check_possession
from ledger.log.keys import PublicKey, public_key
from ledger.log.names import party_of, scope_covers
from ledger.log.note import ed25519_key, parse_vkey
from ledger.parties.continuing import check_continuation
from ledger.parties.events import (
    PARTY_ROLES,
    EntriesConfirmed,
    Jwk,
    KeyAuthorized,
    KeyRecovered,
    KeyRevoked,
    LedgerOpened,
    PartyRegistered,
    RulesActivated,
)
from ledger.parties.pieces import KEY, LEDGER, PARTY, KeyPiece, ledger

RESERVED = ("corrections", "factors", "keys", "ledger", "redactions", "register", "seals")
"""Segments that stand only where the table of events puts them."""

SOURCE_STREAM_MAX = 188
"""Characters of a source stream's name, so that its `/corrections` still fits 200."""

KEY_EVENTS = ("EntriesConfirmed", "KeyAuthorized", "KeyRecovered", "KeyRevoked")

_LEI = re.compile(r"[0-9A-Z]{18}[0-9]{2}")
_USCC = re.compile(r"[0-9]{8}[0-9A-HJ-NPQRTUWXY]{10}")


@lru_cache(maxsize=4096)
def place_of(stream: str) -> str:
    """What kind of stream this is; raises NotAuthorised for a reserved segment out of its place.

    `keys`, `ledger`, `register`, `factors`, `corrections`, `seals`, `redactions` or `source`.
    """
    segments = stream.split("/")[1:]
    if len(segments) == 1 and segments[0] in RESERVED and segments[0] != "corrections":
        return segments[0]
    place = "source"
    if segments[-1] == "corrections" and len(segments) > 1:
        segments, place = segments[:-1], "corrections"
    wrong = [segment for segment in segments if segment in RESERVED]
    if wrong:
        raise NotAuthorised(
            "reserved stream name",
            expected="none of " + ", ".join(RESERVED) + " inside the name of a source",
            found=f"{wrong[0]} in {stream}",
            advice="Choose another name for the stream.",
        )
    if place == "source" and len(stream) > SOURCE_STREAM_MAX:
        raise NotAuthorised(
            "stream name too long for a source",
            expected=f"at most {SOURCE_STREAM_MAX} characters",
            found=str(len(stream)),
        )
    return place


def authorise(
    state: State,
    index: int,
    kid: str,
    stream: str,
    first: int,
    types: tuple[str, ...],
    count: int,
) -> KeyPiece:
    """The key that may say these types in this stream at this index, or NotAuthorised.

    `types` are those of the events that are known, in order, `count` is how many events the batch
    has. Where a type may stand, and the signature, are not checked here.
    """
    key = state.get(KEY, kid)
    if key is None:
        raise NotAuthorised(
            "unknown key",
            expected="a key that is authorised on this ledger",
            found=kid,
            advice="Ask the party's admin, or the operator, to authorise it.",
        )
    if not key.valid_at(index):
        what = "revoked" if key.revoked is not None and key.revoked < index else "not yet valid"
        raise NotAuthorised(
            f"key {what}",
            expected=f"a key that is valid for entry {index}",
            found=f"{kid}, authorised at {key.authorised}, revoked at {key.revoked}",
            advice="Sign with a current key of the party.",
        )
    place = place_of(stream)
    if place == "keys":
        _authorise_keys(state, key, stream, first, types, count)
    else:
        _authorise_stream(state, key, stream, place)
    if key.event_types is not None:
        for name in types:
            if name not in key.event_types:
                raise NotAuthorised(
                    "event type out of the key's scope",
                    expected="one of " + ", ".join(key.event_types),
                    found=name,
                    advice="Sign with a key that may say this type of event.",
                )
    return key


def check_registration(roles: Iterable[str], lei: str | None, uscc: str | None) -> None:
    """Raise BadValue for a role that a party cannot have, or a code whose check digits do not fit."""
    for role in roles:
        if role not in PARTY_ROLES or role == "operator":
            raise BadValue(
                "role of a party",
                expected="one of " + ", ".join(r for r in PARTY_ROLES if r != "operator"),
                found=role,
            )
    if lei is not None:
        _check_code("LEI", _LEI, stdnum.lei.validate, lei)
    if uscc is not None:
        _check_code("unified social credit code", _USCC, stdnum.cn.uscc.validate, uscc)


def decide(state: State, place: Place, event: object) -> None:
    """Raise a named error if the rules of trust do not allow this event here."""
    match event:
        case LedgerOpened():
            _decide_opening(state, place, event)
        case RulesActivated():
            if event.rules.version == ledger(state).rules_version:
                raise RuleBroken(
                    "rules already in force",
                    expected=f"another version than {event.rules.version}",
                    found=event.rules.version,
                )
        case PartyRegistered():
            _decide_party(state, place, event)
        case KeyAuthorized():
            party = _registered(state, place)
            _new_key(state, party, event.key, event.proof)
            for item in event.scope:
                if not item.startswith(f"{party}/"):
                    raise RuleBroken(
                        "scope of a key",
                        expected=f"streams of {party}, such as {party}/",
                        found=item,
                    )
        case KeyRevoked():
            _decide_revocation(state, place, event)
        case KeyRecovered():
            party = _registered(state, place)
            _new_key(state, party, event.key, event.proof)
            for thumbprint in event.replaces:
                _unrevoked(_own_key(state, party, thumbprint))
        case EntriesConfirmed():
            _decide_confirmation(state, place, event)
        case _:
            raise AssertionError(type(event).__name__)


def _authorise_keys(
    state: State, key: KeyPiece, stream: str, first: int, types: tuple[str, ...], count: int
) -> None:
    party, operator = party_of(stream), ledger(state).operator
    if party != operator and first == 1:
        if types != ("PartyRegistered",) or count != 1:
            raise NotAuthorised(
                "first event of a party's key stream",
                expected="PartyRegistered, alone in its batch",
                found=f"{count} events, " + ", ".join(types[:3]),
                advice="Register the party first.",
            )
        if key.party == operator and key.admin:
            return
        raise NotAuthorised(
            "registration of a party",
            expected=f"an admin key of the operator, {operator}",
            found=f"a key of {key.party}",
        )
    for name in types:
        if name not in KEY_EVENTS:
            raise NotAuthorised(
                "event type out of place",
                expected=f"one of {', '.join(KEY_EVENTS)} in {stream}",
                found=name,
            )
    if key.recovery:
        if party == operator and all(n in ("KeyAuthorized", "KeyRevoked") for n in types):
            return
    elif key.admin:
        rescue = all(name in ("KeyRevoked", "KeyRecovered") for name in types)
        if key.party == party or (key.party == operator and rescue):
            return
    raise NotAuthorised(
        f"events about keys of {party}",
        expected=f"an admin key of {party} (the operator may only revoke and recover)",
        found=f"{'the recovery key' if key.recovery else f'a key of {key.party}'} for "
        + ", ".join(sorted(set(types))),
    )


def _authorise_stream(state: State, key: KeyPiece, stream: str, place: str) -> None:
    party = party_of(stream)
    if key.party != party or key.recovery:
        raise NotAuthorised(
            "stream of another party",
            expected=f"a key of {party}",
            found=f"a key of {key.party}",
            advice="A party posts only in streams that begin with its own name.",
        )
    if place in ("ledger", "seals"):
        if party != ledger(state).operator or not key.admin:
            raise NotAuthorised(
                f"stream {stream}",
                expected="an admin key of the ledger's operator",
                found=f"a key of {key.party}",
            )
        return
    if not any(scope_covers(item, stream) for item in key.scope):
        raise NotAuthorised(
            "stream out of the key's scope",
            expected="a stream under " + (", ".join(key.scope) or "nothing: the key only reads"),
            found=stream,
            advice="Sign with a key whose scope covers the stream, or authorise one.",
        )


def _decide_opening(state: State, place: Place, event: LedgerOpened) -> None:
    # Below 0 stand the entries of logs that were continued, and only where they are known.
    if place.index > 0 or (event.continues is None and state.get(LEDGER, "") is not None):
        raise RuleBroken("LedgerOpened", expected="entry 0 of a log", found=f"entry {place.index}")
    if place.stream != f"{event.operator}/ledger" or place.version != 1:
        raise RuleBroken(
            "LedgerOpened",
            expected=f"{event.operator}/ledger@1",
            found=place.event,
        )
    log = parse_vkey(event.log)
    if log.name != event.origin:
        raise RuleBroken("origin of the log", expected=log.name, found=event.origin)
    first, recovery = public_key(event.key.members()), public_key(event.recovery_key.members())
    if len({first.thumbprint, recovery.thumbprint, ed25519_key(event.log).thumbprint}) != 3:
        raise BadKey(
            "keys of the ledger",
            expected="three different keys: the log's, the operator's, the recovery key",
            found="the same key twice",
        )
    if first.thumbprint != place.key:
        raise NotAuthorised(
            "entry 0", expected="signed with the operator's first key", found=place.key
        )
    check_possession(event.proof, first, event.log, event.operator)
    check_possession(event.recovery_proof, recovery, event.log, event.operator)
    if event.continues is not None:
        check_continuation(state, place, event, event.continues)


def _decide_party(state: State, place: Place, event: PartyRegistered) -> None:
    party = party_of(place.stream)
    if state.get(PARTY, party) is not None:
        raise Conflict("party", expected="a new name", found=f"{party}, registered already")
    check_registration(event.roles, event.lei, event.uscc)
    _new_key(state, party, event.key, event.proof)


def _registered(state: State, place: Place) -> str:
    party = party_of(place.stream)
    if state.get(PARTY, party) is None:
        raise RuleBroken("party", expected="a registered party", found=party)
    return party


def _check_code(
    name: str, form: re.Pattern[str], validate: Callable[[str], str], code: str
) -> None:
    """The form is checked here: the library takes an LEI of any length, and spaces."""
    if form.fullmatch(code) is None:
        raise BadValue(name, expected=f"the form {form.pattern}", found=code[:80])
    try:
        validate(code)
    except ValidationError as error:
        raise BadValue(
            name,
            expected="a code whose check digits fit",
            found=code,
            advice=f"{error} Compare it with the register entry.",
        ) from error


def _new_key(state: State, party: str, jwk: Jwk, proof: str) -> PublicKey:
    """The key, if it is sound, new on this ledger, and somebody proved to hold it."""
    key = public_key(jwk.members())
    known = state.get(KEY, key.thumbprint)
    if known is not None:
        # Whose key it is stays unsaid: the asker learns only that it is taken.
        raise BadKey(
            "key already on the ledger",
            expected="a new key",
            found=key.thumbprint,
            advice="Make a new key pair; a key belongs to one party for ever.",
        )
    about = ledger(state)
    log = about.log
    logs = (log, *(one.log for one in about.earlier))
    if key.thumbprint in {ed25519_key(one).thumbprint for one in logs}:
        raise BadKey("key of the log", expected="a key of the party's own", found=key.thumbprint)
    check_possession(proof, key, log, party)
    return key


def _own_key(state: State, party: str, thumbprint: str) -> KeyPiece:
    key = state.get(KEY, thumbprint)
    if key is None or key.party != party or key.recovery:
        raise RuleBroken(
            "key",
            expected=f"a key of {party}",
            found=thumbprint,
            advice=f"See: carbon-ledger key list {party}",
        )
    return key


def _unrevoked(key: KeyPiece) -> KeyPiece:
    if key.revoked is not None:
        raise RuleBroken(
            "key", expected="a key that is not revoked", found=f"revoked at {key.revoked}"
        )
    return key


def _decide_revocation(state: State, place: Place, event: KeyRevoked) -> None:
    """Of a revoked key it may still be said that it was compromised, or from earlier on."""
    key = _own_key(state, party_of(place.stream), event.key)
    if event.compromised_from is None:
        _unrevoked(key)
        return
    last = place.index if key.revoked is None else key.revoked
    since = ledger(state).index_of(event.compromised_from)
    if since > last:
        raise RuleBroken(
            "compromised_from",
            expected=f"an index of the log up to {last}",
            found=str(event.compromised_from),
        )
    if key.compromised_from is not None and since >= key.compromised_from:
        raise RuleBroken(
            "compromised_from",
            expected=f"an index below {key.compromised_from}, from where it is disputed already",
            found=str(event.compromised_from),
            advice="To stand by entries of the key, confirm them.",
        )


def _decide_confirmation(state: State, place: Place, event: EntriesConfirmed) -> None:
    key = _own_key(state, party_of(place.stream), event.key)
    first, until = map(ledger(state).index_of, event.entries)
    if key.compromised_from is None or key.revoked is None:
        raise RuleBroken(
            "entries to confirm",
            expected="a key that was declared compromised",
            found=event.key,
            advice="What a sound key has signed is not disputed. A key is declared compromised with "
            "carbon-ledger key revoke --compromised-from.",
        )
    if first < key.compromised_from or until > key.revoked + 1:
        raise RuleBroken(
            "entries to confirm",
            expected=f"disputed ones, [{key.compromised_from}, {key.revoked + 1})",
            found=f"[{first}, {until})",
            advice="The key signed nothing that is disputed outside of them.",
        )
    for one, other in key.confirmed:
        if one < until and first < other:
            raise RuleBroken(
                "entries to confirm",
                expected="entries that are not confirmed yet",
                found=f"[{one}, {other}), confirmed already",
                advice="Leave these out; carbon-ledger key list --json has what is confirmed.",
            )
    _check_descent(state, place.key)


def _check_descent(state: State, kid: str) -> None:
    """A key that a thief could have given to himself does not confirm what the thief has signed."""
    key = state.get(KEY, kid)
    while key is not None and key.given_by != key.thumbprint:
        giver = state.get(KEY, key.given_by)
        if giver is not None and giver.disputed_at(key.authorised):
            raise NotAuthorised(
                "confirmation of disputed entries",
                expected="a key that no disputed entry has authorised",
                found=f"{key.thumbprint}, authorised in entry {key.authorised}, which is disputed",
                advice="Sign with an older admin key, or let the operator recover the party.",
            )
        key = giver

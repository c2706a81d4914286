"""The state machine whole: every event type, where it may stand, and its rules in one table.

`state = fold(apply, events)`. Whoever folds the same entries reaches the same state, the same rows
and the same refusals: the sequencer that appends, the auditor that replays, the verifier that has
a few entries in a file. Pure: no clock, no randomness, no I/O.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Union, cast

import msgspec

from ledger.carbon import events as carbon_events
from ledger.carbon import ground as carbon_ground
from ledger.carbon import pieces as carbon_pieces
from ledger.carbon import rules as carbon_rules
from ledger.carbon import views as carbon_views
from ledger.carbon.area import events as area_events
from ledger.carbon.area import pieces as area_pieces
from ledger.carbon.area import rules as area_rules
from ledger.carbon.area import views as area_views
from ledger.carbon.organisation import events as organisation_events
from ledger.carbon.organisation import pieces as organisation_pieces
from ledger.carbon.organisation import rules as organisation_rules
from ledger.carbon.organisation import views as organisation_views
from ledger.carbon.redaction import events as redaction_events
from ledger.carbon.redaction import pieces as redaction_pieces
from ledger.carbon.redaction import rules as redaction_rules
from ledger.carbon.redaction import views as redaction_views
from ledger.carbon.rows import EntryRows
from ledger.carbon.rulepack import RulePack, load
from ledger.carbon.seal import events as seal_events
from ledger.carbon.seal import pieces as seal_pieces
from ledger.carbon.seal import rules as seal_rules
from ledger.carbon.seal import views as seal_views
from ledger.errors import BadBatch, LedgerError, NotAuthorised, RuleBroken
from ledger.fold.event import Event, Place
from ledger.fold.state import Kind, State
from ledger.log.batch import SignedStatement, check_salts
from ledger.log.canonical import StructReader
from ledger.log.keys import PublicKey, public_key
from ledger.log.names import party_of
from ledger.log.redacted import Redacted, holds_redacted, read_redacted
from ledger.parties import events as parties_events
from ledger.parties import pieces as parties_pieces
from ledger.parties import rules as parties_rules
from ledger.parties import views as parties_views
from ledger.parties.events import LedgerOpened, RulesActivated, RulesRef
from ledger.parties.pieces import LEDGER, KeyPiece, ledger

EVENTS: Final = (
    *parties_events.EVENTS,
    *carbon_events.EVENTS,
    *organisation_events.EVENTS,
    *area_events.EVENTS,
    *seal_events.EVENTS,
    *redaction_events.EVENTS,
)
TYPES: Final = {event.__name__: event for event in EVENTS}
KINDS: Final = {
    kind.name: cast("Kind[msgspec.Struct]", kind)
    for kind in (
        *parties_pieces.KINDS,
        *carbon_pieces.KINDS,
        *organisation_pieces.KINDS,
        *area_pieces.KINDS,
        *seal_pieces.KINDS,
        *redaction_pieces.KINDS,
    )
}
"""Every kind of piece that is kept beside the log, by name."""

_READER: Final[StructReader[msgspec.Struct]] = StructReader(
    cast("type[msgspec.Struct]", Union[EVENTS])  # noqa: UP007  (a tuple of types)
)
_READERS: Final[dict[type, StructReader[msgspec.Struct]]] = {
    event: StructReader(event) for event in EVENTS
}
_TRUST: Final = frozenset[type](parties_events.EVENTS)
_CARBON: Final = frozenset[type](carbon_events.EVENTS)
_ORGANISATION: Final = frozenset[type](organisation_events.EVENTS)
_READINGS: Final = frozenset({"source", "corrections"})
_PLACES: Final = {
    "LedgerOpened": "ledger",
    "RulesActivated": "ledger",
    "PartyRegistered": "keys",
    "KeyAuthorized": "keys",
    "KeyRevoked": "keys",
    "KeyRecovered": "keys",
    "EntriesConfirmed": "keys",
    **carbon_events.PLACES,
    **organisation_events.PLACES,
    **area_events.PLACES,
    **seal_events.PLACES,
    **redaction_events.PLACES,
}


class Entry(msgspec.Struct, frozen=True):
    """One log entry as the machine takes it: who signed, where it stands, its events.

    `positions` tells which of the batch's `count` events are here: all of them in a fold of the
    log, a few in a proof. `types` are those of all events that are named, shown or withheld; `log`
    is the vkey that the batch was signed for. `opens` says that a log begins with it: the one at
    hand, or one that it continues.
    """

    index: int
    kid: str
    stream: str
    first: int
    types: tuple[str, ...]
    events: tuple[msgspec.Struct, ...]
    positions: tuple[int, ...]
    count: int
    log: str
    opens: bool = False


def read_event(line: bytes) -> msgspec.Struct:
    """The event of a line in its one spelling. Raises NotCanonical, BadValue, UnknownEventType.

    BadBatch for a salt out of form.
    """
    event = _READER.decode(line)
    check_salts([cast("Event", event).salt])
    return event


def read_events(lines: list[bytes]) -> tuple[msgspec.Struct, ...]:
    """The events of all lines of a batch, whose salts all differ. An error names its line."""
    events = _read_alike(lines)
    if events is None:
        events = [_read_at(position, line) for position, line in enumerate(lines)]
    check_salts([event.salt for event in cast("list[Event]", events)])
    return tuple(events)


def read_stored(lines: list[bytes]) -> tuple[msgspec.Struct, ...]:
    """The events of the lines of an entry as it is stored: data that was taken out is `Redacted`.

    The same as `read_events` where none was; a submission is never read with this.
    """
    if not holds_redacted(lines):
        return read_events(lines)
    events = [
        read_redacted(line) or _read_at(position, line) for position, line in enumerate(lines)
    ]
    check_salts([cast("Event", e).salt for e in events if not isinstance(e, Redacted)])
    return tuple(events)


def _read_alike(lines: list[bytes]) -> list[msgspec.Struct] | None:
    """All events at once if all are of the first one's type, as in most batches; else None."""
    if len(lines) < 2:
        return None
    reader = _READERS[type(_read_at(0, lines[0]))]
    return reader.decode_all(lines)


def _read_at(position: int, line: bytes) -> msgspec.Struct:
    try:
        return _READER.decode(line)
    except LedgerError as error:
        raise _at(error, f"event {position + 1} of the batch") from error


def types_of(events: Sequence[msgspec.Struct]) -> tuple[str, ...]:
    """The types of a batch's events: one if all are alike, else one for each."""
    kinds = {type(event) for event in events}
    if Redacted in kinds:
        names = tuple(e.type if isinstance(e, Redacted) else type(e).__name__ for e in events)
        return names[:1] if len(set(names)) == 1 else names
    if len(kinds) == 1:
        return (kinds.pop().__name__,)
    return tuple(type(event).__name__ for event in events)


def whole_entry(index: int, signed: SignedStatement, events: tuple[msgspec.Struct, ...]) -> Entry:
    """The entry of a batch of which every event is here."""
    types = types_of(events)
    return msgspec.structs.replace(
        summed_entry(index, signed, types),
        events=events,
        positions=tuple(range(len(events))),
        opens=index <= 0 and isinstance(events[0], LedgerOpened),
    )


def summed_entry(index: int, signed: SignedStatement, types: tuple[str, ...]) -> Entry:
    """The entry of a batch whose events stay where they are: enough for `authorise` and `admit`.

    `types` as `types_of` gives them.
    """
    statement = signed.statement
    return Entry(
        index=index,
        kid=signed.kid,
        stream=statement.stream,
        first=statement.first,
        types=types * statement.count if len(types) == 1 else types,
        events=(),
        positions=(),
        count=statement.count,
        log=statement.log,
    )


def authorise(state: State, entry: Entry) -> PublicKey:
    """The key that may sign this entry, judged on the state before it. Raises NotAuthorised.

    Checked: the log, the key's life, party and scope, the place of every type. The caller checks
    the signature with the key that it gets. Raises BadBatch for a batch for another log.
    """
    opened = state.get(LEDGER, "")
    if opened is None or entry.opens:
        return _opening_key(entry)
    check_log(entry.log, opened.log)
    key = parties_rules.authorise(
        state, entry.index, entry.kid, entry.stream, entry.first, entry.types, entry.count
    )
    place = parties_rules.place_of(entry.stream)
    for name in dict.fromkeys(entry.types):
        if _PLACES.get(name) != place:
            raise NotAuthorised(
                "event type out of place",
                expected=f"a type for a stream of kind {place}: "
                + (", ".join(sorted(n for n, p in _PLACES.items() if p == place)) or "none yet"),
                found=f"{name} in {entry.stream}",
                advice="docs/reference/events.md says in which stream each type stands.",
            )
    return public_key_of(key)


def public_key_of(key: KeyPiece) -> PublicKey:
    """The public key itself."""
    return public_key_from(key.x)


@lru_cache(maxsize=4096)
def public_key_from(x: str) -> PublicKey:
    """The public key whose JWK has this member `x`; the same few come again and again."""
    return public_key({"crv": "Ed25519", "kty": "OKP", "x": x})


def fold(state: State, entry: Entry, rows: EntryRows) -> None:
    """Decide and apply each event of an authorised entry in turn. An error names its event.

    On an error the state is half changed: fold into an overlay and drop that.
    """
    index, stream, first, kid = entry.index, entry.stream, entry.first, entry.kid
    party, ground = party_of(stream), None
    if parties_rules.place_of(stream) in _READINGS:
        ground = carbon_ground.ground_of(state, stream)
    for position, event in zip(entry.positions, entry.events, strict=True):
        place = Place(index, position, stream, first + position, party, kid)
        try:
            if type(event) in _TRUST:
                _check_rules_known(state, event)
                parties_rules.decide(state, place, event)
                parties_views.apply(state, place, event)
            elif type(event) in _CARBON:
                carbon_rules.decide(state, place, event, ground)
                carbon_views.apply(state, place, event, rows, ground)
            elif type(event) in _ORGANISATION:
                organisation_rules.decide(state, place, event)
                organisation_views.apply(state, place, event)
            elif isinstance(event, Redacted):
                redaction_views.apply_redacted(state, place, event, rows, ground)
            elif isinstance(
                event, redaction_events.DataRedacted | redaction_events.RedactionConfirmed
            ):
                redaction_rules.decide(state, place, event)
                redaction_views.apply(state, place, event)
            elif isinstance(event, seal_events.FootprintSealed):
                seal_rules.decide(state, place, event)
                seal_views.apply(state, place, event)
            else:
                area_rules.decide(state, place, event)
                area_views.apply(state, place, event)
        except LedgerError as error:
            raise _at(error, place.event) from error


def _check_rules_known(state: State, event: msgspec.Struct) -> None:
    """Rules must be those that this release ships, by version and hash, and know the time zone."""
    if isinstance(event, LedgerOpened):
        _check_pack(event.rules).calendar(event.timezone)
    elif isinstance(event, RulesActivated):
        _check_pack(event.rules).calendar(ledger(state).timezone)


def _check_pack(rules: RulesRef) -> RulePack:
    pack = load(rules.version)
    if pack.sha256 != rules.sha256:
        raise RuleBroken(
            f"hash of rule pack {rules.version}",
            expected=pack.sha256,
            found=rules.sha256,
            advice="Use the pack as it was released.",
        )
    return pack


def _opening_key(entry: Entry) -> PublicKey:
    event = entry.events[0] if entry.events else None
    if entry.index > 0 or not isinstance(event, LedgerOpened) or entry.count != 1:
        raise NotAuthorised(
            "first entry of a log",
            expected="LedgerOpened, alone in its batch",
            found=", ".join(entry.types[:3]),
        )
    check_log(entry.log, event.log)
    key = public_key(event.key.members())
    if key.thumbprint != entry.kid:
        raise NotAuthorised(
            "first entry of a log",
            expected="signed with the operator's first key",
            found=entry.kid,
        )
    return key


def check_log(statement_log: str, log: str) -> None:
    """Raise BadBatch unless a batch was signed for this log."""
    if statement_log != log:
        raise BadBatch(
            "batch for another log",
            expected=log,
            found=statement_log,
            advice="Sign for this log's verifier key; a signature holds for one log only.",
        )


def _at(error: LedgerError, where: str) -> LedgerError:
    """The same error, saying where."""
    return error.again(f"{where}: {error.what}")

"""What a redaction changes, and what an event whose data is gone adds in its place.

Source: formats, section 10.
"""

from __future__ import annotations

import msgspec

from ledger.carbon import coverage
from ledger.carbon.ground import Ground
from ledger.carbon.pieces import (
    COVER,
    RECORDED,
    REFERENCE,
    REGISTER,
    REGISTER_LINK,
    SOURCE,
    CoverPiece,
    RegisterLink,
    RegisterPiece,
)
from ledger.carbon.redaction.contribution import add_contribution, runs_s
from ledger.carbon.redaction.events import DataRedacted, RedactionConfirmed, RegisterEnds
from ledger.carbon.redaction.pieces import (
    ERASED,
    REDACTED,
    REDACTION,
    RedactedPiece,
    RedactedReading,
    RedactionPiece,
)
from ledger.carbon.redaction.rules import redacted_index
from ledger.carbon.rows import EntryRows
from ledger.errors import Damaged
from ledger.fold.event import Place
from ledger.fold.state import State
from ledger.log.names import split_event
from ledger.log.redacted import Redacted


def apply(state: State, place: Place, event: DataRedacted | RedactionConfirmed) -> None:
    """Keep what was asked for, or that it is confirmed, already decided."""
    if isinstance(event, RedactionConfirmed):
        _confirm(state, place, event)
        return
    runs, register = runs_s(event), event.effects.register
    asked = RedactionPiece(
        index=place.index,
        redacted=event.event,
        redacted_index=redacted_index(state, event),
        who=event.who,
        legal_basis=event.legal_basis,
        data_hash=event.data_hash,
        meter=register.meter if register else None,
        span_s=(runs[0][0], runs[-1][1]) if runs else (0, 0),
        reference_sha256=event.effects.reference_sha256,
    )
    state.put(REDACTION, place.event, asked)


def apply_redacted(
    state: State, place: Place, event: Redacted, rows: EntryRows, ground: Ground | None
) -> None:
    """Count an event whose data is gone as its confirmed redaction says.

    Raises Damaged where the log holds none for these very bytes, or one that cannot be.
    """
    gone = state.get(ERASED, place.event)
    said = None if gone is None else gone.said
    if said is None or ground is None:
        raise Damaged(
            "its data is gone",
            expected="a DataRedacted of its author, confirmed by the operator, in the log",
            found="none",
            advice="Somebody has taken it out of the database. Bring it back from a copy.",
        )
    if said.data_hash != event.data_hash:
        raise Damaged(
            "its data is gone", expected=f"the hash {said.data_hash}", found=event.data_hash
        )
    if ground.source.kind == "continuous":
        _cover(state, ground, runs_s(said))
    if said.effects.register is not None:
        _chain(state, ground, place, said.effects.register)
    add_contribution(rows, ground.source.stream, said)


def _confirm(state: State, place: Place, event: RedactionConfirmed) -> None:
    asked = state.get(REDACTION, event.event)
    if asked is None:
        raise AssertionError(f"{event.event} was decided and is not there")
    stream, _ = split_event(asked.redacted)
    known = state.get(REDACTED, stream)
    reading = RedactedReading(event.event, *asked.span_s, asked.reference_sha256)
    readings = {**(known.readings if known else {}), asked.redacted: reading}
    state.put(REDACTED, stream, RedactedPiece(dict(sorted(readings.items()))))
    confirmed = msgspec.structs.replace(asked, confirmed=place.event, confirmed_index=place.index)
    state.put(REDACTION, event.event, confirmed)
    # The reference in clear goes with the data; its hash stays in the piece of the stream.
    recorded, source = state.get(RECORDED, asked.redacted), state.get(SOURCE, stream)
    if recorded is not None and source is not None and source.kind == "discrete":
        reference = recorded.body.reference
        if reference is not None:
            state.put(REFERENCE, f"{stream} {reference}", None)


def _cover(state: State, ground: Ground, runs: list[tuple[int, int]]) -> None:
    for start_s, end_s in runs:
        for bucket, from_s, until_s in coverage.buckets(start_s, end_s):
            key = ground.cover_key(bucket)
            piece = state.get(COVER, key)
            bounds = piece.bounds if piece else ()
            if coverage.overlap(bounds, from_s, until_s) is not None:
                raise Damaged(
                    "its redaction names time that another reading covers",
                    expected="time that the source has no other reading for",
                )
            state.put(COVER, key, CoverPiece(coverage.add(bounds, from_s, until_s)))


def _chain(state: State, ground: Ground, place: Place, register: RegisterEnds) -> None:
    key = f"{ground.source.stream} {register.meter}"
    last = state.get(REGISTER, key)
    link = RegisterLink(register.from_, register.to, last.event if last else None)
    state.put(REGISTER_LINK, place.event, link)
    state.put(REGISTER, key, RegisterPiece(place.event))

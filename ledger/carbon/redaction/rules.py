"""May the data of this event be taken out of the log? Only where nothing would have to be asked again.

A reading that counts as it was posted: not corrected, not counted again since, its register not read
on, not matched by the hour. Then what it contributed is a few sums, and they are said before its data
goes. Events of trust, registers, factors and seals are what everything else follows from: they stay.
Source: formats, section 10.
"""

from __future__ import annotations

import msgspec

from ledger.carbon.organisation.installed import check_not_removed
from ledger.carbon.organisation.pieces import ORGANISATION
from ledger.carbon.pieces import CHANGE, RECORDED, REGISTER, SOURCE, RecordedPiece, SourcePiece
from ledger.carbon.redaction.contribution import said_by
from ledger.carbon.redaction.draft import draft_redaction
from ledger.carbon.redaction.events import DataRedacted, RedactionConfirmed
from ledger.carbon.redaction.pieces import ERASED, REDACTED, REDACTION, ErasedPiece
from ledger.errors import Conflict, LedgerError, RuleBroken
from ledger.fold.event import Place
from ledger.fold.state import State
from ledger.log.names import party_of, split_event
from ledger.parties.pieces import ledger
from ledger.parties.rules import place_of

_KEPT = (
    "Nobody but its party, the operator and the regulator reads it. Answer the request with the "
    "reason why it must stay."
)


def decide(state: State, place: Place, event: DataRedacted | RedactionConfirmed) -> None:
    """Raise a named error if the event's data may not be given up, or that not be confirmed."""
    if isinstance(event, DataRedacted):
        _decide_redacted(state, place, event)
    else:
        _decide_confirmed(state, place, event)


def check_untouched(
    state: State, source: SourcePiece, event: str, index: int, meter: str | None
) -> None:
    """Raise RuleBroken unless a reading counts as it was posted and nothing goes on from it.

    `index` is that of its entry, `meter` that of its register if it has one.
    """
    what = f"redaction of {event}"
    change = state.get(CHANGE, event)
    if change is not None:
        raise RuleBroken(
            what,
            expected="a reading that counts as it was posted",
            found=f"one that {change.latest} {'withdrew' if change.withdrawn else 'corrected'}",
            advice="What it counted is part of that change. " + _KEPT,
        )
    if source.counted_again > index:
        raise RuleBroken(
            what,
            expected="a reading that was counted once",
            found=f"one that entry {source.counted_again} counted again with the whole source",
            advice="That sum cannot be made again without it. " + _KEPT,
        )
    _check_register(state, source, event, meter)
    said = state.get(ORGANISATION, source.party)
    for matching in said.matchings if said else ():
        if matching.interval == "hour" and source.stream in (matching.source, matching.supply):
            raise RuleBroken(
                what,
                expected="a reading that is not matched with another one by the hour",
                found=f"one of {source.stream}, which is",
                advice="Each hour is needed for the market-based figure. " + _KEPT,
            )


def _decide_redacted(state: State, place: Place, event: DataRedacted) -> None:
    stream, _ = split_event(event.event)
    _check_source(place.party, stream, event.event)
    redacted = state.get(REDACTED, stream)
    if redacted is not None and event.event in redacted.readings:
        raise Conflict(
            f"redaction of {event.event}",
            expected="an event whose data is there",
            found=f"one that {redacted.readings[event.event].redaction} redacted",
        )
    recorded = state.get(RECORDED, event.event)
    if recorded is None:
        gone = state.get(ERASED, event.event)
        if gone is not None and gone.said is None:
            return
        _check_gone(place, event, gone)
    source = state.get(SOURCE, stream)
    if source is None:
        raise RuleBroken(
            f"redaction of {event.event}", expected="an event of a source", found=stream
        )
    index = redacted_index(state, event)
    register = event.effects.register
    check_untouched(state, source, event.event, index, register.meter if register else None)
    if recorded is not None:
        _check_said(state, source, event, recorded)


def _decide_confirmed(state: State, place: Place, event: RedactionConfirmed) -> None:
    operator = ledger(state).operator
    if place.party != operator:
        raise RuleBroken(
            "confirmation of a redaction",
            expected=f"the operator's, in {operator}/redactions",
            found=place.stream,
            advice="The operator confirms: carbon-ledger redact confirm.",
        )
    asked = state.get(REDACTION, event.event)
    if asked is None:
        raise RuleBroken(
            "confirmation of a redaction",
            expected="the name of a DataRedacted",
            found=event.event,
            advice="See carbon-ledger redact list.",
        )
    stream, _ = split_event(asked.redacted)
    redacted = state.get(REDACTED, stream)
    if redacted is not None and asked.redacted in redacted.readings:
        done = redacted.readings[asked.redacted].redaction
        raise Conflict(
            f"confirmation of {event.event}",
            expected="a redaction of a reading whose data is there",
            found="done already" if done == event.event else f"done already, by {done}",
            advice="Nothing is left to do.",
        )
    source = state.get(SOURCE, stream)
    if source is not None:
        check_untouched(state, source, asked.redacted, asked.redacted_index, asked.meter)


def redacted_index(state: State, event: DataRedacted) -> int:
    """The index of the entry that holds the event whose data is given up; -1 where it is unseen."""
    recorded = state.get(RECORDED, event.event)
    if recorded is not None:
        return recorded.index
    gone = state.get(ERASED, event.event)
    return -1 if gone is None else gone.index


def _check_source(party: str, stream: str, event: str) -> None:
    try:
        kind = place_of(stream)
    except LedgerError:
        kind = "no"
    if party_of(stream) != party or kind != "source":
        raise RuleBroken(
            "event of a redaction",
            expected=f"a reading in a source stream of {party}",
            found=event,
            advice="Other events are what keys, figures and proofs follow from; they stay. "
            + _KEPT,
        )


def _check_gone(place: Place, event: DataRedacted, gone: ErasedPiece | None) -> None:
    """The data is gone already: what is said must be what is counted in its place."""
    if gone is None or gone.said is None or gone.index >= place.index:
        raise RuleBroken(
            f"redaction of {event.event}",
            expected="an event that was recorded before",
            found="none of that name",
        )
    if (said_by(gone.said), gone.said.data_hash) != (said_by(event), event.data_hash):
        raise RuleBroken(
            f"redaction of {event.event}",
            expected="what the confirmed redaction says of it",
            found="something else",
        )


def _check_register(state: State, source: SourcePiece, event: str, meter: str | None) -> None:
    if meter is None:
        return
    last = state.get(REGISTER, f"{source.stream} {meter}")
    if last is None or last.event != event:
        raise RuleBroken(
            f"redaction of {event}",
            expected=f"the last reading of {meter}",
            found=f"one that {last.event} chains to" if last else "one of another meter",
            advice="The register's chain needs it. " + _KEPT,
        )
    check_not_removed(state, source, meter, event)


def _check_said(
    state: State, source: SourcePiece, event: DataRedacted, recorded: RecordedPiece
) -> None:
    """What is said of the event is what its data comes to, member by member."""
    found = draft_redaction(state, source, event.event, recorded)
    for member in ("data_hash", "deltas", "activity", "effects"):
        value, said = getattr(found, member), getattr(event, member)
        if said != value:
            raise RuleBroken(
                f"{member} of a redaction of {event.event}",
                expected=_text(value),
                found=_text(said),
                advice="carbon-ledger redact writes what follows from the event.",
            )


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()[:400]

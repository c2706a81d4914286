"""Redactions in a ledger in memory, and the ledger folded again when data is gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from ledger import machine
from ledger.carbon.pieces import RECORDED, SOURCE
from ledger.carbon.redaction.draft import draft_redaction
from ledger.carbon.redaction.events import DataRedacted, RedactionConfirmed
from ledger.carbon.redaction.pieces import ERASED, ErasedPiece
from ledger.carbon.rows import EntryRows
from ledger.fold.state import Kind, Overlay
from ledger.log.batch import parse_statement
from ledger.log.names import event_ref, party_of, split_event
from ledger.log.redacted import stored_chain, write_redacted
from tests.unit.world import Logged, WholeState, World, salt

P = TypeVar("P", bound=msgspec.Struct)


def drafted(world: World, event: str, /, **changed: object) -> DataRedacted:
    """The redaction that follows from an event; what is `changed` it says otherwise."""
    source = world.state.get(SOURCE, split_event(event)[0])
    recorded = world.state.get(RECORDED, event)
    assert source is not None
    assert recorded is not None
    draft = draft_redaction(world.state, source, event, recorded)
    right = draft.signed("the person", "PIPL article 47", salt())
    return msgspec.structs.replace(right, **changed)


def redact(world: World, event: str, /, **changed: object) -> str:
    """The author posts the redaction of an event; its name."""
    party = party_of(event)
    logged = world.post(party, f"{party}/redactions", [drafted(world, event, **changed)])
    return event_ref(f"{party}/redactions", logged.entry.first)


def confirm(world: World, redaction: str, by: str = "operator") -> str:
    """The operator confirms it; the name of that."""
    said = RedactionConfirmed(salt=salt(), event=redaction, reason="looked at")
    logged = world.post(by, f"{by}/redactions", [said])
    return event_ref(f"{by}/redactions", logged.entry.first)


class ErasedState(WholeState):
    """A state over a log in which the data of some events is gone."""

    def __init__(self, erased: dict[str, ErasedPiece]) -> None:
        super().__init__(lambda *_: (_ for _ in ()).throw(AssertionError("no seal is asked for")))
        self.erased = erased

    def get(self, kind: Kind[P], key: str) -> P | None:
        if kind.name == ERASED.name:
            return self.erased.get(key)  # type: ignore[return-value]
        return super().get(kind, key)


def erased_in(world: World) -> dict[str, ErasedPiece]:
    """All events of the log whose redaction is confirmed, as whoever reads them first finds them."""
    said: dict[str, DataRedacted] = {}
    found: dict[str, ErasedPiece] = {}
    for logged in world.log:
        for at, event in enumerate(logged.entry.events):
            if isinstance(event, DataRedacted):
                said[event_ref(logged.entry.stream, logged.entry.first + at)] = event
            elif isinstance(event, RedactionConfirmed):
                one = said[event.event]
                stream, version = split_event(one.event)
                index = next(
                    e.index
                    for e in world.log
                    if e.entry.stream == stream
                    and e.entry.first <= version < e.entry.first + e.entry.count
                )
                found[one.event] = ErasedPiece(index, one)
    return found


def without_data(logged: Logged, events: Sequence[str]) -> list[bytes]:
    """The lines of an entry as they are stored when the data of these events is gone."""
    return [
        write_redacted(line, machine.types_of([machine.read_event(line)])[0])
        if event_ref(logged.entry.stream, logged.entry.first + at) in events
        else line
        for at, line in enumerate(logged.lines)
    ]


def folded_again(world: World, *events: str, erased: dict[str, ErasedPiece] | None = None) -> World:
    """The ledger folded from its stored lines, in which the data of these events is gone."""
    again = World(opened=False)
    again.state = ErasedState(erased_in(world) if erased is None else erased)
    for logged in world.log:
        lines = without_data(logged, events)
        signed = parse_statement(logged.jws)
        shown = machine.read_stored(lines)
        types = machine.types_of(shown)
        leaves = stored_chain(
            lines, types * len(lines) if len(types) == 1 else types, signed.statement
        )
        entry = machine.whole_entry(logged.index, signed, shown)
        overlay, rows = Overlay(again.state), EntryRows()
        signed.jws.verify(machine.authorise(overlay, entry))
        machine.fold(overlay, entry, rows)
        again._keep(Logged(entry.index, logged.jws, tuple(lines), leaves, entry, rows), overlay)
    return again


def added(world: World) -> list[tuple[object, ...]]:
    """What each entry added to the read models."""
    return [
        (one.index, one.rows.masses, one.rows.activity, one.rows.quality, one.rows.lines)
        for one in world.log
    ]


def assert_the_same(one: World, other: World) -> None:
    """Both hold the same state and the same rows, so that all digests are the same."""
    assert one.pieces() == other.pieces()
    assert added(one) == added(other)

"""The readings of a stream that can still be counted again, and when all of them were.

A redacted reading keeps its time and what it contributed; nobody counts it again. Both are asked of
the state, never of the stored line, so the answer is the same before and after the data is gone.
"""

from __future__ import annotations

from collections.abc import Iterator

from ledger.carbon.events import Body
from ledger.carbon.ground import parse
from ledger.carbon.pieces import HISTORY
from ledger.carbon.redaction.pieces import REDACTED
from ledger.fold.state import State


def countable(state: State, stream: str) -> Iterator[tuple[str, Body, int]]:
    """(event, body as it stands, index of its entry) of every reading that is not redacted."""
    history = state.get(HISTORY, stream)
    items = history.items if history else ()
    redacted = state.get(REDACTED, stream) if items else None
    for item in items:
        if redacted is None or item[0] not in redacted.readings:
            yield item


def times_s(state: State, stream: str) -> Iterator[tuple[str, int, int]]:
    """(event, start, end) of every live reading, redacted ones too, in epoch seconds."""
    for event, body, _ in countable(state, stream):
        items = parse(body).items
        yield event, items[0][0], items[-1][1]
    redacted = state.get(REDACTED, stream)
    for event, reading in redacted.readings.items() if redacted else ():
        yield event, reading.starts_s, reading.ends_s

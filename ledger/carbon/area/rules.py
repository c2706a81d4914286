"""May this be appended?"""

from __future__ import annotations

from ledger.fold.event import Place
from ledger.fold.state import State


def decide(state: State, place: Place, event: object) -> None:
    """Raise a named error if this event is not allowed here."""

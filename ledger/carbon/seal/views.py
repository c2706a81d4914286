"""What a seal changes: it is kept under its name."""

from __future__ import annotations

from ledger.carbon.seal.events import FootprintSealed
from ledger.carbon.seal.pieces import SEAL, SealPiece
from ledger.fold.event import Place
from ledger.fold.state import State
from ledger.parties.pieces import ledger


def apply(state: State, place: Place, event: FootprintSealed) -> None:
    """Keep the seal, already decided."""
    seal = SealPiece(
        index=place.index,
        event=place.event,
        view=event.view,
        period=event.period,
        gwp=event.gwp,
        rules=event.rules.version,
        size=ledger(state).index_of(event.size),
        totals=event.totals,
        heads_root=event.heads_root,
        heads_count=event.heads_count,
        companies_root=event.companies_root,
        companies_count=event.companies_count,
    )
    state.put(SEAL, place.event, seal)

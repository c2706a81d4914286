"""What transfers and targets change: pieces of state alone, never a mass.

Each statement is kept with the index of its entry beside those before it.
"""

from __future__ import annotations

import msgspec

from ledger.carbon.area.events import (
    TargetSet,
    TransferAcknowledged,
    TransferRecorded,
    TransferWithdrawn,
)
from ledger.carbon.area.pieces import (
    TARGET,
    TRANSFER,
    Acknowledged,
    Target,
    TargetPiece,
    TransferPiece,
    target_key,
    transfer_key,
)
from ledger.carbon.views import ratio
from ledger.fold.event import Place
from ledger.fold.state import State
from ledger.parties.pieces import ledger


def apply(state: State, place: Place, event: object) -> None:
    """Change the state as this event, already decided, says."""
    match event:
        case TransferRecorded():
            _record(state, place, event)
        case TransferAcknowledged():
            key = transfer_key(event.month, event.transfer)
            transfer = _transfer(state, key)
            acknowledged = Acknowledged(
                index=place.index,
                event=place.event,
                stream=event.stream,
                quantity=event.quantity,
                unit=event.unit,
            )
            told = (*transfer.acknowledged, acknowledged)
            state.put(TRANSFER, key, msgspec.structs.replace(transfer, acknowledged=told))
        case TransferWithdrawn():
            _void(state, place, transfer_key(event.month, event.transfer))
        case TargetSet():
            _aim(state, place, event)
        case _:
            raise AssertionError(type(event).__name__)


def _record(state: State, place: Place, event: TransferRecorded) -> None:
    if event.supersedes is not None:
        _void(state, place, transfer_key(event.month, event.supersedes))
    piece = TransferPiece(
        index=place.index,
        event=place.event,
        month=event.month,
        kind=event.kind,
        sender=place.party,
        stream=event.stream,
        to=event.to,
        quantity=event.quantity,
        unit=event.unit,
        factors=tuple(sorted(event.factors.items())),
        reference=event.reference,
    )
    state.put(TRANSFER, transfer_key(event.month, place.event), piece)


def _void(state: State, place: Place, key: str) -> None:
    """From this entry on the transfer counts nowhere."""
    voided = msgspec.structs.replace(
        _transfer(state, key), voided=place.index, voided_by=place.event
    )
    state.put(TRANSFER, key, voided)


def _aim(state: State, place: Place, event: TargetSet) -> None:
    key = target_key(place.party, event.target)
    before = state.get(TARGET, key)
    target = Target(
        index=place.index,
        event=place.event,
        view=event.view,
        gwp=event.gwp,
        base_year=event.base_year,
        base_size=ledger(state).index_of(event.base_size),
        base_mg=event.base_mg,
        path=event.path,
        credits_percent=ratio(event.credits_percent),
        neutral_year=event.neutral_year,
        reason=event.reason,
        gases=event.gases,
    )
    stated = (*(before.stated if before else ()), target)
    state.put(TARGET, key, TargetPiece(party=place.party, target=event.target, stated=stated))


def _transfer(state: State, key: str) -> TransferPiece:
    found = state.get(TRANSFER, key)
    if found is None:
        raise AssertionError(f"transfer {key} was decided and is not there")
    return found

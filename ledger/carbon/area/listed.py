"""The transfers of a party as it may see them: what it sent, and what others say that it received.

A receiver needs the event, the month and the quantity to acknowledge; from which of its streams the
sender took it, and at what factors, is the sender's own matter. So `stream` is always one of the
party's own: the one that it sent from, or the one with which it acknowledged. Which stream the other
side acknowledged with, and in which event, is likewise the other side's.
Source: accounting rules, section 5; architecture, "Roles and reading".
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from ledger.carbon.area.pieces import Acknowledged, TransferPiece
from ledger.carbon.info import TransferInfo
from ledger.carbon.rulepack import RulePack


def transfers_of(
    pack: RulePack, party: str, transfers: Iterable[TransferPiece]
) -> list[TransferInfo]:
    """Those that the party sends or is named in, by month and then as they came into the log.

    `transfers` holds all of each month that it has any of, so that one which took the place of
    another is found.
    """
    known = sorted(transfers, key=lambda one: (one.month, one.index, one.event))
    events = {one.event for one in known}
    return [_seen(pack, party, one, events) for one in known if party in {one.sender, one.to}]


def _seen(pack: RulePack, party: str, transfer: TransferPiece, events: set[str]) -> TransferInfo:
    sent = transfer.sender == party
    said = transfer.acknowledged[-1] if transfer.acknowledged else None
    own = None if sent or said is None else said
    stream = transfer.stream if sent else None
    return TransferInfo(
        event=transfer.event,
        month=transfer.month,
        kind=transfer.kind,
        side="sent" if sent else "received",
        other=transfer.to if sent else transfer.sender,
        quantity=transfer.quantity,
        unit=transfer.unit,
        state=_state(pack, transfer, said, events),
        reference=transfer.reference,
        acknowledged=None if said is None else (said.quantity, said.unit),
        acknowledgement=None if own is None else own.event,
        stream=stream if own is None else own.stream,
    )


def _state(
    pack: RulePack, transfer: TransferPiece, said: Acknowledged | None, events: set[str]
) -> str:
    """The word for how it stands."""
    if transfer.voided_by is not None:
        return "superseded" if transfer.voided_by in events else "withdrawn"
    if transfer.to is None:
        return "out"
    if said is None:
        return "open"
    received = Fraction(said.quantity) * pack.ratio(said.unit, transfer.unit)
    return "acknowledged" if received == Fraction(transfer.quantity) else "differs"

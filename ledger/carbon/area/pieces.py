"""What is known of transfers and targets.

Nothing is overwritten: each statement keeps its log index, so what was known at size N are the
statements with an index below N.
"""

from __future__ import annotations

import msgspec

from ledger.fold.state import Kind


class Acknowledged(msgspec.Struct, frozen=True, kw_only=True):
    """What the receiver says it received."""

    index: int
    event: str
    stream: str
    quantity: str
    unit: str


class TransferPiece(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer, under `<month> <event>`.

    `factors` are (role, ref). `voided` is the index of the entry that withdrew or superseded it.
    Of the acknowledgements, the last one below a size is the one in force at that size.
    """

    index: int
    event: str
    month: str
    kind: str
    sender: str
    stream: str
    to: str | None
    quantity: str
    unit: str
    factors: tuple[tuple[str, str], ...]
    acknowledged: tuple[Acknowledged, ...] = ()
    voided: int | None = None
    voided_by: str | None = None
    reference: str | None = None


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """One statement of a target; members as in `TargetSet`."""

    index: int
    event: str
    view: str
    gwp: str
    base_year: int
    base_size: int
    base_mg: str
    path: tuple[tuple[int, str], ...]
    credits_percent: tuple[str, str]
    neutral_year: int
    reason: str
    gases: tuple[str, ...] = ()


class TargetPiece(msgspec.Struct, frozen=True, kw_only=True):
    """A target, under `<party> <target>`; the last statement below a size is in force there."""

    party: str
    target: str
    stated: tuple[Target, ...]


TRANSFER = Kind("transfer", TransferPiece)
TARGET = Kind("target", TargetPiece)

KINDS = (TRANSFER, TARGET)


def transfer_key(month: str, event: str) -> str:
    """The key of a transfer's piece: those of a month stand together."""
    return f"{month} {event}"


def target_key(party: str, target: str) -> str:
    """The key of a target's piece."""
    return f"{party} {target}"

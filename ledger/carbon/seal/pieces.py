"""What deciding about a seal needs, and what is kept of one."""

from __future__ import annotations

import msgspec

from ledger.carbon.inventory.readings import Reading
from ledger.carbon.known import Known
from ledger.fold.state import Kind
from ledger.log.names import split_event
from ledger.log.seals import Head, Sums


class SealContent(msgspec.Struct, frozen=True, kw_only=True):
    """What a seal says that follows from the log: totals by gas, and its public lists by their roots."""

    totals: Sums
    heads_root: str
    heads_count: int
    companies_root: str
    companies_count: int


class SealGround(msgspec.Struct, frozen=True, kw_only=True):
    """What a seal follows from: all that was known of its period at its size.

    `known` is of the whole area. `readings` are those of the streams that are matched by the hour;
    `heads` ascend by stream; `salts` are those of `P/register@1` by party. Whoever has derived the
    seal from all this before hands in the `content` alone. Without either nothing is at hand: a file
    of a few entries takes the seal for the operator's word.
    """

    known: Known | None
    readings: dict[str, list[Reading]] = {}
    heads: tuple[Head, ...] = ()
    salts: dict[str, str] = {}
    content: SealContent | None = None


UNSEEN = SealGround(known=None)


class SealPiece(msgspec.Struct, frozen=True, kw_only=True):
    """A seal, under its event's name."""

    index: int
    event: str
    view: str
    period: tuple[str, str]
    gwp: str
    rules: str
    size: int
    totals: Sums
    heads_root: str
    heads_count: int
    companies_root: str
    companies_count: int

    @property
    def version(self) -> int:
        """The seal's number: its version in `<operator>/seals`."""
        return split_event(self.event)[1]


SEAL = Kind("seal", SealPiece)
SEAL_GROUND = Kind("seal-ground", SealGround, stored=False)
"""Under `ground_key`; derived from the log by whoever holds the state."""

KINDS = (SEAL,)


def ground_key(period: tuple[str, str], size: int, view: str) -> str:
    """The key of a seal's ground. It is the same in every view, but for a content."""
    return f"{period[0]} {period[1]} {size} {view}"


def parse_ground_key(key: str) -> tuple[tuple[str, str], int]:
    """Period and size of a ground's key."""
    first, end, size, _ = key.split(" ", 3)
    return (first, end), int(size)


def view_of_key(key: str) -> str:
    """The view of a ground's key."""
    return key.split(" ", 3)[3]

"""What a sender hands on unchanged no longer counts as its own: pass-through transfers.

A landlord resells the power that it bought; the tenant counts it, so the landlord's Scope 2 falls in
every view, its own inventory too. Of a transfer, q = min(sent, acknowledged) counts, in the unit of
the sender's stream; with Q the stream's quantity of that month, each role and gas falls by
R(mass × q/Q), half-even to a milligram. Several transfers of one stream and month fall one after
another, in the order of the log, as R(mass × Q_k/Q) − R(mass × Q_(k−1)/Q) with Q_k the sum so far,
never beyond Q; so no mass falls below nothing. What was not acknowledged falls nowhere, and stands
open. Source: accounting rules, section 5.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import msgspec

from ledger.carbon.area.pieces import Acknowledged, TransferPiece
from ledger.carbon.exact import divide_half_even
from ledger.carbon.known import Known
from ledger.carbon.rows import MassKey, MassRow
from ledger.carbon.rulepack import RulePack, load

PASSES = "pass-through"


class OpenRest(msgspec.Struct, frozen=True, kw_only=True):
    """What of a pass-through transfer counts nowhere: quantities are in the sender's unit.

    `sent` and `acknowledged` as the two sides say, null where the receiver said nothing yet;
    `counted` is what fell. `beyond` is what they agreed on and the sender never had.
    """

    event: str
    month: str
    stream: str
    to: str | None
    unit: str
    sent: Fraction
    acknowledged: Fraction | None
    counted: Fraction
    beyond: Fraction


class Passed(msgspec.Struct, frozen=True):
    """What falls, and what does not.

    `lowered` are milligrams to take off a mass row of 100 %; `shares` is the part of a stream's
    month that was handed on, from 0 to 1, and `events` the transfers that did so.
    """

    lowered: dict[MassKey, int]
    shares: dict[tuple[str, str], Fraction]
    open: list[OpenRest]
    events: dict[tuple[str, str], tuple[str, ...]]


def passed_on(known: Known) -> Passed:
    """What pass-through transfers take off their senders' Scope 2, as known at the size."""
    transfers = [one for one in known.transfers if in_force(known, one)]
    passing = [one for one in transfers if one.kind == PASSES]
    if not passing:
        return Passed({}, {}, [], {})
    pack = load(known.rules)
    ordered = sorted(passing, key=lambda one: (one.index, one.event))
    shares, events, opened = _shares(pack, known, ordered)
    lowered = {}
    for row in known.masses:
        share = shares.get((row.line.stream, row.month))
        if share is not None and row.line.scope == 2:
            falls_mg = taken(row, share)
            if falls_mg:
                lowered[row.line.stream, row.line.line, row.month, row.role, row.gas] = falls_mg
    return Passed(lowered, shares, opened, events)


def in_force(known: Known, transfer: TransferPiece) -> bool:
    """Whether a transfer was recorded, and not yet taken back, at the size; in the period."""
    first, end = known.period
    return (
        transfer.index < known.size
        and (transfer.voided is None or transfer.voided >= known.size)
        and first <= transfer.month < end
    )


def acknowledgement(known: Known, transfer: TransferPiece) -> Acknowledged | None:
    """What the receiver last said about it by the size, or None."""
    said = [one for one in transfer.acknowledged if one.index < known.size]
    return said[-1] if said else None


def taken(row: MassRow, share: Fraction) -> int:
    """Milligrams of a mass that a share of it is, half-even."""
    return divide_half_even(row.mass_mg * share.numerator, share.denominator)


def _shares(
    pack: RulePack, known: Known, passing: Iterable[TransferPiece]
) -> tuple[dict[tuple[str, str], Fraction], dict[tuple[str, str], tuple[str, ...]], list[OpenRest]]:
    """The share of each stream's month that its transfers hand on, which ones, and what is open.

    The steps between R(mass × Q_k/Q) add up to the last one, so the last is all that is needed.
    """
    had: dict[tuple[str, str], Fraction] = {}
    for row in known.activity:
        place = row.line.stream, row.month
        had[place] = had.get(place, Fraction(0)) + Fraction(row.quantity)
    fallen: dict[tuple[str, str], Fraction] = {}
    events: dict[tuple[str, str], tuple[str, ...]] = {}
    opened = []
    for transfer in passing:
        place = transfer.stream, transfer.month
        unit = _unit_of(known, transfer)
        sent = Fraction(transfer.quantity) * pack.ratio(transfer.unit, unit)
        answer = acknowledgement(known, transfer)
        received = (
            None if answer is None else Fraction(answer.quantity) * pack.ratio(answer.unit, unit)
        )
        agreed = Fraction(0) if received is None else min(sent, received)
        before = fallen.get(place, Fraction(0))
        counted = max(min(agreed, had.get(place, Fraction(0)) - before), Fraction(0))
        fallen[place] = before + counted
        if counted:
            events[place] = (*events.get(place, ()), transfer.event)
        if received is None or sent != received or counted != agreed:
            opened.append(
                OpenRest(
                    event=transfer.event,
                    month=transfer.month,
                    stream=transfer.stream,
                    to=transfer.to,
                    unit=unit,
                    sent=sent,
                    acknowledged=received,
                    counted=counted,
                    beyond=agreed - counted,
                )
            )
    shares = {place: quantity / had[place] for place, quantity in fallen.items() if quantity}
    return shares, events, opened


def _unit_of(known: Known, transfer: TransferPiece) -> str:
    source = known.sources.get(transfer.stream)
    return transfer.unit if source is None else source.unit

"""Readings of a stream as numbers, for what must be matched hour by hour.

The bodies in force come from the log, since no read model keeps single readings. Quantities are in
10^-12 of the source's unit, rounded half-even once where a reading was in another unit, as the
activity totals have them. Source: accounting rules, sections 1 and 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from ledger.carbon.events import Body, EmissionBody
from ledger.carbon.exact import divide_half_even
from ledger.carbon.ground import parse
from ledger.carbon.pieces import HistoryPiece, SourcePiece
from ledger.carbon.rulepack import RulePack

HOUR_S = 3600


class Reading(msgspec.Struct, frozen=True, gc=False):
    """A quantity over [start, end), in 10^-12 of the source's unit."""

    start_s: int
    end_s: int
    quantity: int


Readings = Mapping[str, Iterable[Reading]]
"""Readings by stream; a stream that is not there was not asked for."""


def readings_of(pack: RulePack, source: SourcePiece, bodies: HistoryPiece) -> list[Reading]:
    """The live readings of a source, in order of time. Measured emissions have no quantity."""
    found = [reading for _, body, _ in bodies.items for reading in _of_body(pack, source, body)]
    return sorted(found, key=lambda one: one.start_s)


def _of_body(pack: RulePack, source: SourcePiece, body: Body) -> list[Reading]:
    if isinstance(body, EmissionBody):
        return []
    items = parse(body).items
    if body.unit is None or body.unit == source.unit:
        return [Reading(*item) for item in items]
    ratio = pack.ratio(body.unit, source.unit)
    return [
        Reading(start_s, end_s, divide_half_even(amount * ratio.numerator, ratio.denominator))
        for start_s, end_s, amount in items
    ]

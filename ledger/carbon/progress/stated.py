"""What companies and the operator stated of a period, added up, each statement by its event.

A fact that the operator states of the area stands for the whole; else the companies' statements
are added. Statements that overlap, and months that nobody tells of, are named as gaps: a sum with a
gap is no figure. Source: accounting rules, section 5.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction

import msgspec

from ledger.carbon.footprint import months_between
from ledger.carbon.known import Known
from ledger.carbon.organisation.pieces import FactPiece, Stated
from ledger.carbon.rulepack import RulePack


class StatedInput(msgspec.Struct, frozen=True, kw_only=True):
    """One statement that a sum rests on."""

    event: str
    party: str
    fact: str
    period: tuple[str, str]
    value: str
    unit: str


class StatedSum(msgspec.Struct, frozen=True):
    """A sum in the unit that was asked for; None where nobody stated anything."""

    value: Fraction | None
    inputs: tuple[StatedInput, ...]
    by_party: dict[str, Fraction]
    gaps: tuple[str, ...]


def in_force(fact: FactPiece, size: int) -> Stated | None:
    """The last statement of a fact below a log size."""
    said = [one for one in fact.stated if one.index < size]
    return said[-1] if said else None


def stated_sum(known: Known, pack: RulePack, fact: str, unit: str) -> StatedSum:
    """What was stated of a fact over the period, in a unit. Raises BadValue across dimensions."""
    first, end = known.period
    found: dict[str, list[tuple[FactPiece, Stated]]] = defaultdict(list)
    for piece in known.facts:
        said = in_force(piece, known.size)
        inside = first <= piece.period[0] and piece.period[1] <= end
        if said and inside and piece.fact == fact and piece.sub_area is None:
            found[piece.party].append((piece, said))
    if known.operator in found:
        found = defaultdict(list, {known.operator: found[known.operator]})
    gaps, by_party, inputs = [], {}, []
    for party, facts in sorted(found.items()):
        facts.sort(key=lambda one: one[0].period)
        gaps += _gaps(known, party, fact, [piece.period for piece, _ in facts])
        by_party[party] = sum(
            (Fraction(said.value) * pack.ratio(said.unit, unit) for _, said in facts), Fraction(0)
        )
        inputs += [
            StatedInput(
                event=said.event,
                party=party,
                fact=fact,
                period=piece.period,
                value=said.value,
                unit=said.unit,
            )
            for piece, said in facts
        ]
    value = sum(by_party.values(), Fraction(0)) if by_party else None
    return StatedSum(value, tuple(inputs), by_party, tuple(gaps))


def _gaps(known: Known, party: str, fact: str, periods: Iterable[tuple[str, str]]) -> list[str]:
    told: list[str] = []
    for first, end in periods:
        told += [month for month in months_between(first, end) if month < end]
    wanted = [m for m in months_between(*known.period) if m < known.period[1]]
    missing = [month for month in wanted if month not in told]
    twice = sorted({month for month in told if told.count(month) > 1})
    return [
        f"{party}: {fact} {word} {months[0]} to {months[-1]}"
        for word, months in (("not told for", missing), ("told twice for", twice))
        if months
    ]

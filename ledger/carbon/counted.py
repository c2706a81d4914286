"""One term of a figure: milligrams that count under a heading, and the recorded mass they come from.

A figure of a report is the sum of its terms, so whoever asks where it comes from is shown these,
and for each the log entries whose masses add up to what was recorded.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ledger.carbon.rows import MassRow


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """Milligrams of one gas that count, of one source line, in one month, under one factor role.

    `mass_mg` is what counts, with its sign: after a share, a pass-through or an outflow of a
    balance. `recorded_mg` is the mass of the same row as the read model has it; 0 where the term
    rests on no recorded mass, such as an export that a factor prices. `events` are the statements
    (transfers, matchings) that it rests on beside readings and their sources.
    """

    stream: str
    line: int
    month: str
    role: str
    gas: str
    mass_mg: int
    recorded_mg: int = 0
    events: tuple[str, ...] = ()


def counted(row: MassRow, mass_mg: int | None = None, *events: str) -> Counted:
    """The term that a row gives: as recorded, or another amount that these events make of it."""
    return Counted(
        stream=row.line.stream,
        line=row.line.line,
        month=row.month,
        role=row.role,
        gas=row.gas,
        mass_mg=row.mass_mg if mass_mg is None else mass_mg,
        recorded_mg=row.mass_mg,
        events=events,
    )


def sums(terms: Iterable[Counted]) -> dict[str, int]:
    """Milligrams by gas, in order of gases; none is zero."""
    found: dict[str, int] = {}
    for term in terms:
        found[term.gas] = found.get(term.gas, 0) + term.mass_mg
    return {gas: mass_mg for gas, mass_mg in sorted(found.items()) if mass_mg}

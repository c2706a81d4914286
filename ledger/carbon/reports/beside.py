"""What stands beside the figures of a report: source lines, lines without a figure, what is open.

Source lines are the same terms again, one row a source: their sum by heading is the report's figure,
so a reader adds them up and finds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ledger.carbon.area.passing import OpenRest
from ledger.carbon.area.transfers import Carrier, Open
from ledger.carbon.counted import Counted
from ledger.carbon.known import Known
from ledger.carbon.reports.draft import HELD_BACK, Draft
from ledger.carbon.reports.table import Column, Row, Table, decimal

Under = tuple[tuple[str, ...], Counted]
"""The labels that a term counts under, and the term."""


def source_lines(
    draft: Draft,
    labels: Sequence[str],
    terms: Iterable[Under],
    held: frozenset[str] = frozenset(),
) -> Table:
    """One row for each heading, source line, factor role and gas; figures are milligrams.

    `labels` name the parts of a heading; each part is a word that can stand in an identifier.
    Streams that are `held` back stand as one row for each heading and gas.
    """
    found: dict[tuple[tuple[str, ...], str, int, str, str], list[Counted]] = {}
    for under, term in terms:
        key = (under, term.stream, term.line, term.role, term.gas)
        if term.stream in held:
            key = (under, HELD_BACK, 0, "-", term.gas)
        found.setdefault(key, []).append(term)
    return Table(
        name="source-lines",
        title="Source lines, as they count",
        labels=(*labels, "stream", "role", "gas"),
        columns=(Column("mass", "Counted mass"),),
        rows=tuple(
            Row(
                (*under, stream, role, gas),
                (
                    draft.mass(
                        kept,
                        "source",
                        *map(word, under),
                        word(stream),
                        f"{line}",
                        word(role),
                        gas,
                    ),
                ),
            )
            for (under, stream, line, role, gas), kept in sorted(found.items())
        ),
    )


def declared_lines(known: Known, parties: Iterable[str]) -> Table:
    """Lines that parties declared to have no figure, where they touch the period."""
    first, end = known.period
    rows = [
        Row((party, one.line, one.notation, *one.period, _why(one.reason, one.included_in)))
        for party in sorted(parties)
        if party in known.organisations
        for one in known.organisations[party].declared
        if one.index < known.size and one.period[0] < end and first < one.period[1]
    ]
    return Table(
        name="declared-lines",
        title="Lines without a figure: NO not occurring, NE not estimated, IE included elsewhere, "
        "C confidential",
        labels=("party", "line", "notation", "from", "until", "reason"),
        rows=tuple(rows),
    )


def open_transfers(found: Iterable[Open]) -> Table:
    """Transfers, or their rest, that are taken off nowhere because the two sides do not agree."""
    return Table(
        name="open-transfers",
        title="Transfers that stand open: what is not agreed is eliminated nowhere",
        labels=("event", "month", "sent", "acknowledged", "counted", "why"),
        rows=tuple(Row((*open_labels(one), one.reason)) for one in found),
    )


def open_labels(rest: Open | OpenRest) -> tuple[str, ...]:
    """Event, month, and what was sent, acknowledged and counted of a transfer that stands open."""
    received = rest.acknowledged
    return (
        rest.event,
        rest.month,
        f"{decimal(rest.sent, 12)} {rest.unit}",
        "nothing" if received is None else f"{decimal(received, 12)} {rest.unit}",
        f"{decimal(rest.counted, 12)} {rest.unit}",
    )


def carbon_carriers(found: Iterable[Carrier]) -> Table:
    """Carbon that changed hands and is emitted once, at its receiver: listed only."""
    return Table(
        name="carbon-carriers",
        title="Carbon carriers handed on: listed, eliminated nowhere",
        labels=("event", "month", "from", "to", "quantity", "acknowledged"),
        rows=tuple(
            Row(
                (
                    one.event,
                    one.month,
                    one.stream,
                    one.to or "out of the area",
                    f"{one.quantity} {one.unit}",
                    "yes" if one.acknowledged else "no",
                )
            )
            for one in found
        ),
    )


def word(label: str) -> str:
    """A label as it can stand in an identifier; `-` and nothing are `none`."""
    return label.replace(" ", "-").replace(",", "") if label.strip("-") else "none"


def _why(reason: str, included_in: str | None) -> str:
    return reason if included_in is None else f"{reason} (included in {included_in})"

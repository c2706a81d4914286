"""Reports and explanations from the database: what is known is read once, the rest is computed.

A report is a pure function of what is known of a party or the area over its months at a size, so the
same identifier always leads to the same figure. For an explanation the report is made again and the
entries behind the figure's terms are read from the same snapshot.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ledger.carbon.inventory.inventory import hourly_streams
from ledger.carbon.inventory.readings import Readings, readings_of
from ledger.carbon.known import Known
from ledger.carbon.organisation.months import month_after
from ledger.carbon.pieces import HistoryPiece
from ledger.carbon.reports.catalogue import build, form_of
from ledger.carbon.reports.draft import Built
from ledger.carbon.reports.explain import (
    AddedEntry,
    Explanation,
    TermKey,
    explain,
    keys_of,
    origin_of,
)
from ledger.carbon.reports.figure_id import FigureId, parse_figure
from ledger.carbon.rulepack import load
from ledger.errors import NotFound
from ledger.parties.pieces import LedgerPiece
from ledger.service.history import history_at
from ledger.service.known import read_known
from ledger.store.database import Connection
from ledger.store.view_store import DeltaRow, ViewStore


async def read_report(
    conn: Connection, views: ViewStore, about: LedgerPiece, wanted: FigureId
) -> Built:
    """The report that an identifier names, heading aside; the log has at least its size.

    Raises NotFound for an unknown report or party, BadValue for one that is not made of a party or
    not of the area, InvalidInput under rules that lack what it needs.
    """
    form = form_of(wanted.report)
    form.check(wanted)
    period = wanted.first_month, month_after(wanted.last_month)
    known = await read_known(conn, views, about, period, wanted.size, wanted.party)
    since = [
        await read_known(conn, views, about, months, size, wanted.party)
        for months, size in form.earlier(known, wanted.party)
    ]
    readings = await _readings(conn, known, wanted.party)
    # Beside the loop, which goes on posting.
    return await asyncio.to_thread(build, form, known, wanted, since, readings)


async def read_explanation(
    conn: Connection,
    views: ViewStore,
    about: LedgerPiece,
    figure_id: str,
    stream: str | None = None,
) -> Explanation:
    """Where a figure comes from; with a stream, the entries of its terms alone.

    Raises BadName for no identifier, NotFound for a figure that its report does not have.
    """
    wanted = parse_figure(figure_id)
    built = await read_report(conn, views, about, wanted)
    _, origin = origin_of(built, figure_id)
    keys = keys_of(origin, stream)
    if stream is not None and not keys:
        raise NotFound(
            f"no term of this figure is of {stream}",
            expected="a stream that the figure's explanation names",
            found=stream,
        )
    masses = await views.mass_entries(conn, [key for key in keys if key[3]], wanted.size)
    quantities = await views.activity_entries(
        conn, [key[:3] for key in keys if not key[3]], wanted.size
    )
    entries = dict.fromkeys(keys, ()) | _by_key([*masses, *quantities])
    return explain(built, figure_id, entries, stream)


async def _readings(conn: Connection, known: Known, party: str | None) -> Readings:
    """The readings of a party's streams that are matched by the hour, as they stood at the size."""
    if party is None:
        return {}
    pack = load(known.rules)
    found = {}
    for stream in sorted(hourly_streams(known, party) & set(known.sources)):
        bodies = HistoryPiece(await history_at(conn, stream, known.size))
        found[stream] = readings_of(pack, known.sources[stream], bodies)
    return found


def _by_key(rows: Sequence[DeltaRow]) -> dict[TermKey, tuple[AddedEntry, ...]]:
    found: dict[TermKey, list[AddedEntry]] = {}
    for row in rows:
        entry = AddedEntry(
            index=row.index,
            stream=row.stream,
            first=row.first,
            last=row.first + row.count - 1,
            amount=f"{row.amount:f}",
        )
        found.setdefault(row.key, []).append(entry)
    return {key: tuple(entries) for key, entries in found.items()}

"""Reads from the database what a seal follows from: all that was known of its period at its size.

Heads of streams come from the signed statements themselves, not from the table of heads, so who
changes that table changes no seal. The same code reads for the sequencer, which decides about a
seal, and from the scratch tables of an audit, which decides about it again.
Source: formats, section 9.
"""

from __future__ import annotations

import asyncio

from ledger.carbon.inventory.readings import Reading, readings_of
from ledger.carbon.known import Known
from ledger.carbon.pieces import HistoryPiece
from ledger.carbon.rulepack import load
from ledger.carbon.seal.draft import matched_streams
from ledger.carbon.seal.lists import sealed_parties
from ledger.carbon.seal.pieces import SealGround
from ledger.fold.event import Event
from ledger.log.batch import parse_statement
from ledger.log.seals import Head
from ledger.machine import read_event
from ledger.parties.pieces import LedgerPiece
from ledger.service.history import history_at
from ledger.service.known import read_known
from ledger.store import earlier_store, log_store
from ledger.store.database import Connection
from ledger.store.view_store import ViewStore


async def read_ground(
    conn: Connection, views: ViewStore, about: LedgerPiece, period: tuple[str, str], size: int
) -> SealGround:
    """The ground of a period, [first month, month after the last), at a size.

    The connection is in a transaction over one snapshot, whose log has at least `size` entries; the
    read models tell at least these.
    """
    known = await read_known(conn, views, about, period, size)
    return SealGround(
        known=known,
        readings=await _readings(conn, known),
        heads=await read_heads(conn, size),
        salts=await _salts(conn, known),
    )


async def read_heads(conn: Connection, size: int) -> tuple[Head, ...]:
    """The head of each stream that has an entry below a size, in order of their names."""
    number = await earlier_store.number_at(conn, size)
    rows = [row async for row in log_store.last_statements(conn, size)]
    return await asyncio.to_thread(_heads, rows, number)


def _heads(rows: list[tuple[str, bytes]], number: int | None) -> tuple[Head, ...]:
    """The heads that these statements say, of all streams but those that opened another log."""
    found = []
    for column, jws in rows:
        if earlier_store.number_of(column) not in {None, number}:
            continue
        statement = parse_statement(jws).statement
        found.append(Head(head=statement.head, stream=statement.stream, version=statement.last))
    return tuple(found)


async def _readings(conn: Connection, known: Known) -> dict[str, list[Reading]]:
    pack, found = load(known.rules), {}
    for stream in matched_streams(known):
        bodies = HistoryPiece(await history_at(conn, stream, known.size))
        found[stream] = readings_of(pack, known.sources[stream], bodies)
    return found


async def _salts(conn: Connection, known: Known) -> dict[str, str]:
    """The salt of each party's first register event, of those that have said something by then."""
    found = {}
    for party in sealed_parties(known):
        stored = await log_store.entry_holding(conn, f"{party}/register", 1)
        if stored is not None and stored.index < known.size:
            event = read_event(stored.event_lines[0])
            if isinstance(event, Event):
                found[party] = event.salt
    return found

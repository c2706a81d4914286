"""Takes the data of confirmed redactions out of the database, now or when the ledger next starts.

The confirmation is an event like any other. Once it is durable, the line of the event that it is about
is put in order: hash and type instead of data. In between, a crash leaves the data where it was and
the confirmation in the log, and the next start completes it. Source: formats, section 10.
"""

from __future__ import annotations

import logging
from hashlib import sha256
from typing import Final

import psycopg

from ledger.carbon.events import ActivityBody
from ledger.carbon.organisation.pieces import METER, ORGANISATION
from ledger.carbon.pieces import CHANGE, FACTOR, REGISTER, SOURCE, RecordedPiece
from ledger.carbon.redaction.draft import RedactionDraft, draft_redaction
from ledger.carbon.redaction.info import RedactionInfo, redaction_info
from ledger.carbon.redaction.pieces import REDACTION, RedactionPiece
from ledger.carbon.redaction.rules import check_untouched
from ledger.errors import Damaged, LedgerError, NotFound, RuleBroken
from ledger.fold.state import Memory
from ledger.log.names import event_ref, party_of, split_event
from ledger.log.redacted import read_redacted, write_redacted
from ledger.machine import KINDS, read_event
from ledger.parties.pieces import LEDGER
from ledger.service.history import body_of
from ledger.store import log_store, redaction_store
from ledger.store.database import Connection, Database, translated
from ledger.store.packing import pack
from ledger.store.redaction_store import RedactionRow
from ledger.store.view_store import ViewStore

_LOG: Final = logging.getLogger(__name__)


async def read_redactions(
    conn: Connection, views: ViewStore, party: str | None = None
) -> list[RedactionInfo]:
    """All redactions that a party has asked for, or all parties, in the order of the log."""
    rows = {event_ref(row.stream, row.version) for row in await redaction_store.redactions(conn)}
    found = [
        redaction_info(name, piece, erased=piece.confirmed is not None and piece.redacted in rows)
        for name, piece in await _asked(conn, views, f"{party}/" if party else "")
    ]
    return sorted(found, key=lambda one: (one.index, one.redaction))


async def read_redaction_draft(conn: Connection, views: ViewStore, event: str) -> RedactionDraft:
    """What its author signs to redact a reading. Raises NotFound, RuleBroken."""
    stream, version = split_event(event)
    entry = await log_store.entry_holding(conn, stream, version)
    if entry is None:
        raise NotFound(
            f"event {event}", expected="an event of this ledger", found="none of that name"
        )
    line = entry.event_lines[version - entry.first]
    if read_redacted(line) is not None:
        raise RuleBroken(f"redaction of {event}", expected="data", found="a redacted event")
    state, said = Memory(), read_event(line)
    meter = _meter_of(said)
    about = [
        (LEDGER.name, ""),
        (SOURCE.name, stream),
        (CHANGE.name, event),
        (ORGANISATION.name, party_of(stream)),
        (METER.name, stream),
        (REGISTER.name, f"{stream} {meter}"),
    ]
    for place, value in (await views.load_pieces(conn, about)).items():
        state.pieces[place] = KINDS[place[0]].decode(value)
    source = state.get(SOURCE, stream)
    if source is None:
        raise RuleBroken(
            f"redaction of {event}",
            expected="a reading in a source stream",
            found=entry.type_at(version - entry.first),
            advice="Events of trust, registers, factors, corrections and seals stay.",
        )
    async for piece in views.pieces_of_kind(conn, FACTOR.name):
        if piece.value is not None:
            state.put(FACTOR, piece.key, FACTOR.decode(piece.value))
    check_untouched(state, source, event, entry.index, meter)
    recorded = RecordedPiece(type(said).__name__, body_of(said), entry.index)
    return draft_redaction(state, source, event, recorded)


def _meter_of(event: object) -> str | None:
    register = event.register if isinstance(event, ActivityBody) else None
    return register.meter if register else None


async def erase_confirmed(database: Database, views: ViewStore) -> list[str]:
    """Take out the data of every event whose redaction is confirmed; the events, in order.

    One that cannot be taken out keeps no other from it: the first reason is raised at the end,
    Damaged where the stored line is not what the redaction speaks of, or the database refuses.
    """
    refused: list[LedgerError] = []
    erased = []
    async with database.server() as conn:
        for name, piece in await read_waiting(conn, views):
            try:
                await _erase(conn, name, piece)
            except (Damaged, NotFound) as error:
                _LOG.error("the data of %s was not taken out: %s", piece.redacted, error)
                refused.append(error)
            else:
                erased.append(piece.redacted)
    if refused:
        raise refused[0]
    return erased


async def read_waiting(conn: Connection, views: ViewStore) -> list[tuple[str, RedactionPiece]]:
    """The redactions that are confirmed and whose data is still there, by name, in their order."""
    gone = {event_ref(row.stream, row.version) for row in await redaction_store.redactions(conn)}
    return [
        (name, piece)
        for name, piece in await _asked(conn, views, "")
        if piece.confirmed is not None and piece.redacted not in gone
    ]


async def _asked(
    conn: Connection, views: ViewStore, prefix: str
) -> list[tuple[str, RedactionPiece]]:
    return [
        (piece.key, REDACTION.decode(piece.value))
        async for piece in views.pieces_of_kind(conn, REDACTION.name, prefix)
        if piece.value is not None
    ]


async def _erase(conn: Connection, name: str, piece: RedactionPiece) -> None:
    """Put the line in order under the log's lock, so that nobody else changes the same entry."""
    stream, version = split_event(piece.redacted)
    async with translated(), conn.transaction():
        await log_store.lock(conn)
        done = {(row.stream, row.version) for row in await redaction_store.redactions(conn)}
        if (stream, version) in done:
            return
        stored = await log_store.entry(conn, piece.redacted_index)
        lines, at = stored.event_lines, version - stored.first
        if len(lines) != stored.count:
            raise Damaged(
                f"the event lines of entry {stored.index}",
                expected=f"{stored.count} lines",
                found=str(len(lines)),
                advice="Nothing was taken out. Run carbon-ledger audit.",
            )
        lines[at] = _without_data(lines[at], stored.type_at(at), piece)
        _, redacted = split_event(name)
        _, confirmed = split_event(piece.confirmed or "")
        row = RedactionRow(stream, version, stored.index, redacted, confirmed)
        packed = pack(b"".join(line + b"\n" for line in lines))
        try:
            await redaction_store.redact(conn, row, packed)
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.NoDataFound) as error:
            raise Damaged(
                f"the redaction of {piece.redacted}",
                expected="what the database itself finds of it in the log",
                found=error.diag.message_primary or str(error),
                advice="Nothing was taken out. Run carbon-ledger audit.",
            ) from error
    _LOG.info("the data of %s was taken out, as %s says", piece.redacted, name)


def _without_data(line: bytes, kind: str, piece: RedactionPiece) -> bytes:
    """The line that takes its place; the same where a copied log has it already."""
    gone = read_redacted(line)
    found = sha256(line).hexdigest() if gone is None else gone.data_hash
    if found != piece.data_hash:
        raise Damaged(
            f"the data of {piece.redacted}",
            expected=f"the hash {piece.data_hash}, which its redaction names",
            found=found,
            advice="Nothing was taken out. Run carbon-ledger audit.",
        )
    return line if gone is not None else write_redacted(line, kind)

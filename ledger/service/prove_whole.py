"""Puts together the files that derive everything: a party's inventory, or any figure of a report.

A party's file holds all of its streams as of a seal, and of others what these stand on. A figure's
file holds the whole log up to its size, so it is for few readers and for logs of a size that fits
into memory. Source: specification, bundles, steps 13 and 14.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from ledger.carbon.reports.explain import origin_of
from ledger.carbon.reports.figure_id import parse_figure
from ledger.errors import BadValue, NotAuthorised
from ledger.log import tiles
from ledger.log.bundle import write_bundle
from ledger.log.bundle_kinds import FigureSubject, InventorySubject
from ledger.log.names import party_of
from ledger.log.redacted import read_redacted
from ledger.machine import read_event
from ledger.parties.rules import place_of
from ledger.provenance.showing import company_shown
from ledger.service.report import read_report
from ledger.service.seal_ground import read_heads
from ledger.service.sight import Sight
from ledger.store import log_store
from ledger.whole.making import (
    Chosen,
    Given,
    Paths,
    choose_company,
    company_bundle,
    figure_bundle,
    given,
)
from ledger.whole.redactions import Redactions

if TYPE_CHECKING:
    from ledger.carbon.seal.pieces import SealPiece
    from ledger.service.prove import Proving
    from ledger.store.log_store import StoredEntry

MOST_EVENTS: Final = 1_000_000
"""Of one file; a figure of a longer log is for a replaying witness."""
_SAID_ONCE: Final = frozenset({"keys", "ledger", "register", "factors", "seals", "redactions"})
"""Streams of other parties in which what an inventory stands on is looked for."""


async def build_inventory(proving: Proving, subject: InventorySubject, seal: SealPiece) -> bytes:
    """The file that derives a party's sealed sums.

    Raises NotFound, BadValue, Damaged, and NotAuthorised where it would show private events of
    parties that its reader may not read: in it nothing can be withheld.
    """
    conn, party = proving.conn, subject.party
    _check_one_log(proving)
    lists = await proving.lists.of(conn, proving.about, seal)
    company = company_shown(lists, party)
    found: list[StoredEntry] = []
    for head in await read_heads(conn, seal.index + 1):
        own = party_of(head.stream) == party
        if own or place_of(head.stream) in _SAID_ONCE:
            found += [
                one
                async for one in log_store.stream_entries(conn, head.stream, size=seal.index + 1)
            ]
    _check_not_too_long(sum(one.count for one in found))

    redactions = Redactions()
    for one in sorted(found, key=lambda one: one.index):
        if one.index < seal.size:
            redactions.read(one.stream, one.first, one.event_lines)
    _check_confirmed(
        redactions, "Seal the period once more, carbon-ledger seal make, and ask for that seal."
    )

    def choose() -> list[Chosen]:
        entries = [given(one.index, one.jws, one.event_lines) for one in found]
        chosen = choose_company(entries, party, subject.seal)
        _check_may_be_shown(proving.sight, chosen)
        return chosen

    chosen = await asyncio.to_thread(choose)
    paths = await _paths(proving, (one.given.index for one in chosen))
    return await asyncio.to_thread(
        write_bundle, company_bundle(chosen, paths, _note(proving), subject, company)
    )


async def build_figure(proving: Proving, subject: FigureSubject) -> bytes:
    """The file that derives a figure. Raises BadName, NotFound, BadValue."""
    conn = proving.conn
    wanted = parse_figure(subject.figure)
    _check_one_log(proving)
    if wanted.size > proving.checkpoint.size:
        raise BadValue(
            "a figure of a size that is not published",
            expected=f"a log size up to {proving.checkpoint.size}",
            found=str(wanted.size),
            advice="Make the report again, as known at a published size.",
        )
    origin_of(await read_report(conn, proving.views, proving.about, wanted.whole), subject.figure)
    found: list[StoredEntry] = []
    events = 0
    redactions = Redactions()
    async for one in log_store.entries(conn, 0, proving.checkpoint.size):
        if len(found) >= wanted.size and not redactions.awaited:
            break
        events += one.count
        _check_not_too_long(events)
        found.append(one)
        redactions.read(one.stream, one.first, one.event_lines)
    _check_confirmed(redactions, "Ask again when the confirmation stands under a checkpoint.")

    def opened() -> list[Given]:
        return [given(one.index, one.jws, one.event_lines)[0] for one in found]

    entries = await asyncio.to_thread(opened)
    paths = await _paths(proving, range(len(entries)))
    return await asyncio.to_thread(
        write_bundle, figure_bundle(entries, paths, _note(proving), subject.figure)
    )


async def _paths(proving: Proving, indexes: Iterable[int]) -> Paths:
    wanted, size = sorted(indexes), proving.checkpoint.size
    return await proving.tiles.prove(lambda read: tiles.inclusion_paths(size, wanted, read))


def _note(proving: Proving) -> bytes:
    return proving.checkpoint.cosigned_note.encode()


def _check_one_log(proving: Proving) -> None:
    if proving.about.earlier:
        raise BadValue(
            "a file that derives everything",
            expected="a log that continues no other one",
            found="the log that continues " + proving.about.earlier[-1].log,
            advice="Ask for the sealed figure; its proof needs no earlier entries.",
        )


def _check_may_be_shown(sight: Sight, chosen: Iterable[Chosen]) -> None:
    for one in chosen:
        stream = one.given.signed.statement.stream
        if sight.covers(stream, None):
            continue
        places = range(len(one.given.lines)) if one.positions is None else one.positions
        for position in places:
            line = one.given.lines[position]
            event = None if read_redacted(line) is not None else read_event(line)
            if not sight.covers(stream, event):
                raise NotAuthorised(
                    "a file that derives everything",
                    expected="a party whose sums stand on nothing that others have said in private",
                    found=f"what {party_of(stream)} has said of a transfer, or of what it rests on",
                    advice="The operator or the regulator can make this file. For yourself ask for "
                    "what is sealed: carbon-ledger prove --seal SEAL --company PARTY --method location.",
                )


def _check_confirmed(redactions: Redactions, advice: str) -> None:
    if redactions.awaited:
        raise BadValue(
            "a file that derives everything",
            expected=f"the confirmed redaction of {redactions.awaited[0]}, whose data is gone, "
            "among the entries that the file may hold",
            found="it stands later",
            advice=advice,
        )


def _check_not_too_long(events: int) -> None:
    if events > MOST_EVENTS:
        raise BadValue(
            "a file that derives everything",
            expected=f"at most {MOST_EVENTS} events",
            found="more",
            advice="Ask a replaying witness, or run one: carbon-ledger witness replay.",
        )

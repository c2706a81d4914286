"""Makes the files that derive everything, from entries with all of their data.

What belongs into a file is chosen by what is asked of one: `company_file` says it for both. The
paths in the log's tree come from whoever holds that. Source: specification, bundles, steps 13, 14.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from ledger.carbon.seal.events import FootprintSealed
from ledger.errors import NotFound
from ledger.log.batch import SignedStatement, leaves_of, parse_statement
from ledger.log.bundle import Bundle, BundleEntry, BundleEvent, WholeEntry
from ledger.log.bundle_kinds import CompanyProof, FigureSubject, Further, InventorySubject
from ledger.log.bundle_proof import OpenedBundle, OpenedEntry, OpenedEvent
from ledger.log.checkpoint import Checkpoint
from ledger.log.hashes import EMPTY_ROOT, Hash, LeafHash
from ledger.log.names import begins_anew, event_ref, party_of
from ledger.log.redacted import Redacted
from ledger.log.tree import paths_of
from ledger.machine import read_stored
from ledger.parties.rules import place_of
from ledger.standing import TRUST
from ledger.whole.company_file import company_standing, is_of

NO_LEAF: Final = LeafHash(bytes(32))
"""Where what an event says is asked for, and not where it stands."""

Paths = Mapping[int, tuple[Hash, ...]]
"""The path of each entry in its log's tree, by index."""


class Given(msgspec.Struct, frozen=True):
    """An entry of the log as it is stored."""

    index: int
    """Below 0 in a log that the one at hand continues."""
    signed: SignedStatement
    lines: tuple[bytes, ...]
    types: tuple[str, ...]
    """Of each line."""


class Chosen(msgspec.Struct, frozen=True):
    """What of an entry belongs into a file: these positions, or (None) all of it, whole."""

    given: Given
    positions: tuple[int, ...] | None = None


def given(
    index: int, jws: bytes, lines: Sequence[bytes], opened: int = 0
) -> tuple[Given, OpenedEntry]:
    """An entry and what it says; `opened` is the index of its log's entry 0. Raises InvalidInput."""
    signed = parse_statement(jws)
    events = read_stored(list(lines))
    types = tuple(e.type if isinstance(e, Redacted) else type(e).__name__ for e in events)
    statement = signed.statement
    items = tuple(
        OpenedEvent(
            statement.stream,
            version,
            kind,
            NO_LEAF,
            None if isinstance(event, Redacted) else line,
            event,
        )
        for version, (kind, line, event) in enumerate(
            zip(types, lines, events, strict=True), start=statement.first
        )
    )
    entry = OpenedEntry(index, signed, items, whole=True, opened=opened)
    return Given(index, signed, tuple(lines), types), entry


def choose_company(
    entries: Iterable[tuple[Given, OpenedEntry]], party: str, seal: str
) -> list[Chosen]:
    """What a party's inventory stands on, of these entries: all of its own and of others' registers.

    Where that reaches back into earlier logs, the opening of each is among it, and what the operator
    has said of keys and rules up to the last one. Raises NotFound for an unknown seal.
    """
    ordered = sorted(entries, key=lambda one: one[0].index)
    opened = OpenedBundle(
        Checkpoint("", 0, EMPTY_ROOT),
        tuple(entry for _, entry in ordered),
        InventorySubject(party=party, seal=seal),
    )
    index, size = _seal(opened, seal)
    wanted = company_standing(opened, party, seal, size)
    operator = party_of(ordered[0][0].signed.statement.stream)
    until = max(index, *(entry.opened + 1 for _, entry in ordered))
    found = []
    for one, entry in ordered:
        stream = one.signed.statement.stream
        if one.index < size and is_of(entry, party):
            found.append(Chosen(one))
            continue
        trust = place_of(stream) in TRUST and party_of(stream) in wanted.authors
        if trust and (one.index < size or (party_of(stream) == operator and one.index < until)):
            found.append(Chosen(one, tuple(range(len(one.lines)))))
            continue
        names = [event_ref(stream, one.signed.statement.first + at) for at in range(len(one.lines))]
        positions = tuple(at for at, name in enumerate(names) if name in wanted.events)
        if positions:
            found.append(Chosen(one, positions))
    return _without_older_logs(found, {one.index: entry.opened for one, entry in ordered})


def _without_older_logs(chosen: list[Chosen], opened: Mapping[int, int]) -> list[Chosen]:
    """The same from the oldest log on that has more in it than how it began; by index, where each began."""
    found = [one.given for one in chosen if not begins_anew(one.given.signed.statement.stream)]
    oldest = min((opened[one.index] for one in found), default=0)
    return [one for one in chosen if opened[one.given.index] >= oldest]


def company_bundle(
    chosen: Iterable[Chosen],
    paths: Paths,
    checkpoint: bytes,
    subject: InventorySubject,
    company: CompanyProof,
) -> Bundle:
    """The file that derives a party's sealed inventory."""
    entries = tuple(_entry(one, paths) for one in chosen)
    return Bundle(checkpoint, entries, subject, Further(company=company))


def figure_bundle(entries: Iterable[Given], paths: Paths, checkpoint: bytes, figure: str) -> Bundle:
    """The file that derives a figure: all entries below its size, whole, and all of earlier logs."""
    whole = tuple(_entry(Chosen(one), paths) for one in entries)
    return Bundle(checkpoint, whole, FigureSubject(figure=figure))


def _seal(opened: OpenedBundle, seal: str) -> tuple[int, int]:
    """Index of a seal's entry, and the index behind the last entry that it covers."""
    for entry in opened.entries:
        for item in entry.events:
            if item.name == seal and isinstance(item.said, FootprintSealed):
                return entry.index, entry.opened + item.said.size
    raise NotFound(f"seal {seal}", advice="carbon-ledger seal list shows them.")


def _entry(chosen: Chosen, paths: Paths) -> BundleEntry | WholeEntry:
    one, statement = chosen.given, chosen.given.signed.statement
    jws, path = one.signed.jws.raw, paths[one.index]
    if chosen.positions is None:
        return WholeEntry(one.lines, one.types, one.index, jws, path)
    leaves = leaves_of(one.lines, one.types, statement.stream, statement.first, statement.previous)
    events = tuple(
        BundleEvent(
            data=one.lines[position],
            path=event_path,
            position=position,
            previous=leaves[position - 1].hex() if position else statement.previous,
        )
        for position, event_path in paths_of(leaves, chosen.positions).items()
    )
    return BundleEntry(events, one.index, jws, path)

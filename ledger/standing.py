"""What an event rests on: which other events a file about it must hold, and that it holds no others.

`needs` names what one event rests on directly; whoever makes a file follows it from event to event,
and whoever checks one does the same over what the file shows. The keys and rules under which
everything was said belong to every file, whole from their first event. Source: formats, section 8.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

import msgspec

from ledger.carbon.area.events import (
    TargetSet,
    TransferAcknowledged,
    TransferRecorded,
    TransferWithdrawn,
)
from ledger.carbon.events import (
    ActivityBody,
    ActivityCorrected,
    ActivityWithdrawn,
    EmissionBody,
    FactorAssigned,
    FactorConfirmed,
    FactorPublished,
    ProfileBody,
    SiteRegistered,
    SourceAmended,
    SourceClosed,
    SourceRegistered,
)
from ledger.carbon.organisation.catalogue import PEOPLE
from ledger.carbon.organisation.events import (
    AreaFactRecorded,
    BoundarySet,
    CompanyFactRecorded,
    MeterInstalled,
    MeterRemoved,
    SiteTransferred,
    SupplyMatched,
)
from ledger.carbon.redaction.events import RedactionConfirmed
from ledger.errors import ProofFailed, refusing
from ledger.log.bundle_proof import OpenedBundle, OpenedEntry, OpenedEvent, stream_of
from ledger.log.hashes import ZEROS_HEX
from ledger.log.names import event_ref, party_of
from ledger.parties.events import LedgerOpened
from ledger.parties.rules import place_of

TRUST: Final = ("keys", "ledger")
"""The places of events about keys and rules, which belong to every file whole."""


class Needed(msgspec.Struct, frozen=True):
    """What an event rests on.

    Sources by stream, factors by ref, sites by `<party>/<site>`, the people of a site by the same,
    meters by `<stream> <meter>` with all of their register readings, by name the events whose
    corrections matter and the statements that another one replaces or answers, and parties that
    must be registered.
    """

    sources: tuple[str, ...] = ()
    factors: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    meters: tuple[str, ...] = ()
    corrected: tuple[str, ...] = ()
    statements: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()


def needs(stream: str, version: int, event: object) -> Needed:
    """What the event of this place rests on directly, beside the ledger, parties and keys."""
    party = party_of(stream)
    match event:
        case ActivityCorrected():
            factors = () if isinstance(event.body, EmissionBody) else event.body.factors.values()
            return Needed((source_of(stream),), tuple(factors), corrected=(event.event,))
        case ActivityWithdrawn():
            return Needed((source_of(stream),), corrected=(event.event,))
        case SourceRegistered():
            return Needed(
                sources=(event.part_of,) if event.part_of else (),
                factors=tuple(event.factors.values()),
                sites=(f"{party}/{event.site}",),
                people=(f"{party}/{event.site}",),
            )
        case SourceAmended():
            sites = (f"{party}/{event.site}",) if event.site else ()
            return Needed(
                sources=(event.source, *((event.part_of,) if event.part_of else ())),
                sites=sites,
                people=sites,
            )
        case RedactionConfirmed():
            return Needed(statements=(event.event,))
        case FactorConfirmed():
            return Needed(factors=(event.factor,))
        case FactorAssigned():
            return Needed(sources=(event.source,), factors=(event.factor,))
        case SourceClosed():
            return Needed(sources=(event.source,))
        case EmissionBody():
            return Needed((stream,), corrected=(event_ref(stream, version),))
        case ActivityBody() | ProfileBody():
            return Needed(
                (stream,), tuple(event.factors.values()), corrected=(event_ref(stream, version),)
            )
        case _:
            return _needs_of_statement(party, event)


def _needs_of_statement(party: str, event: object) -> Needed:
    """What a statement in a register rests on, about an organisation or the area."""
    match event:
        case BoundarySet():
            return Needed(sites=tuple(f"{party}/{site}" for site, _ in event.sites))
        case SiteTransferred():
            return Needed(sites=(f"{party}/{event.site}",), parties=(event.to,))
        case CompanyFactRecorded() | TargetSet():
            return Needed(statements=_named(event.supersedes))
        case AreaFactRecorded():
            return Needed(sites=_named(event.sub_area), statements=_named(event.supersedes))
        case MeterInstalled():
            return Needed(sources=(event.source,))
        case MeterRemoved():
            return Needed(sources=(event.source,), meters=(f"{event.source} {event.meter}",))
        case SupplyMatched():
            return Needed(sources=(event.source, *_named(event.supply)))
        case TransferRecorded():
            return Needed(
                sources=(event.stream,),
                factors=tuple(event.factors.values()),
                statements=_named(event.supersedes),
                parties=_named(event.to),
            )
        case TransferAcknowledged():
            return Needed(
                sources=(event.stream,),
                statements=(event.transfer, *_named(event.supersedes)),
            )
        case TransferWithdrawn():
            return Needed(statements=(event.transfer,))
        case _:
            return Needed()


def _named(name: str | None) -> tuple[str, ...]:
    return () if name is None else (name,)


def source_of(stream: str) -> str:
    """The source whose corrections stream this is; any other stream is its own."""
    return stream.removesuffix("/corrections")


def check_opening(opened: OpenedBundle, log_key: str) -> None:
    """Raise ProofFailed unless entry 0 is in the file, of the log of this vkey and all before it.

    It is one `LedgerOpened`, alone in its batch, in the stream of the operator that it names.
    """
    _check_opens(opened.entries[0] if opened.entries else None, log_key)
    for before, entry in pairwise(opened.entries):
        if entry.opened != before.opened:
            _check_opens(entry, log_key)


def _check_opens(first: OpenedEntry | None, log_key: str) -> None:
    said = None if first is None or first.place else first.events[0].said
    if first is not None and first.opened:
        log_key = first.signed.statement.log  # which the opening of the next log has named
    if (
        first is None
        or not isinstance(said, LedgerOpened)
        or said.log != log_key
        or first.signed.statement.count != 1
        or first.events[0].name != f"{said.operator}/ledger@1"
    ):
        raise ProofFailed(
            "the file does not begin with the opening of the ledger",
            expected=f"entry 0, LedgerOpened of {log_key}",
            found=said.log if isinstance(said, LedgerOpened) else "another entry, or none",
            defect="opening",
        )


def check_trust_is_whole(entries: Iterable[OpenedEntry]) -> None:
    """Raise ProofFailed if an event in the midst of a stream of keys or of rules is left out.

    None of them may be withheld either: a hidden revocation would change what holds. What follows
    the last one in the file is not excluded.
    """
    heads: dict[tuple[int, str], tuple[int, str]] = {}
    for entry in entries:
        statement = entry.signed.statement
        if _place(statement.stream) not in TRUST:
            continue
        version, leaf = heads.get(stream_of(entry), (0, ZEROS_HEX))
        last = statement.first + len(entry.events) - 1
        whole = entry.events[-1].version == last  # nothing is missing before the last one named
        if not whole or (statement.first, statement.previous) != (version + 1, leaf):
            raise ProofFailed(
                f"events of {statement.stream} are left out of the file",
                expected=f"all from {statement.stream}@{version + 1} on",
                found=f"{len(entry.events)} of {statement.count} events, "
                f"from {statement.stream}@{statement.first} on",
                advice="Ask for a complete file; a key's history must be whole to be judged.",
                defect="left-out",
            )
        for item in entry.events:
            if item.data is None:
                raise ProofFailed(
                    f"{item.name} is withheld",
                    expected="every event about keys and rules, shown",
                    found="its hash alone",
                    advice="Ask for a complete file; a key's history must be whole to be judged.",
                    defect="left-out",
                )
        heads[stream_of(entry)] = (last, statement.head)


class Standing(msgspec.Struct, frozen=True):
    """What some events stand on, as far as a file shows it: events, and parties with their keys."""

    events: frozenset[str]
    authors: frozenset[str]


def standing(opened: OpenedBundle, *subjects: str, whole: bool = False) -> Standing:
    """What these events of the file stand on, themselves among it.

    Of `whole` entries nothing is withheld: what has no data there was redacted, and stands in the
    file for its party's sake alone.
    """
    places: dict[str, OpenedEvent] = {}
    about: dict[tuple[str, str], list[str]] = {}
    for item in (item for entry in opened.entries for item in entry.events):
        places[item.name] = item
        if item.data is not None:
            for what in _says_about(item.stream, item.name, item.said):
                about.setdefault(what, []).append(item.name)
    wanted: set[str] = set()
    parties: set[str] = set()
    waiting = list(subjects)
    while waiting:
        name = waiting.pop()
        found = places.get(name)
        if name in wanted or found is None:
            continue
        wanted.add(name)
        if found.data is not None:
            needed = needs(found.stream, found.version, found.said)
            parties.update(needed.parties)
            for kind in needed.__struct_fields__:
                for key in getattr(needed, kind):
                    waiting += about.get((kind, key), ())
    operators = {party_of(e.signed.statement.stream) for e in opened.entries if e.place == 0}
    # Whoever said something that is withheld has signed an entry of the file too.
    authors = {party_of(name) for name, one in places.items() if one.data is None and not whole}
    authors |= {*operators, *parties, *(party_of(places[name].stream) for name in wanted)}
    return Standing(frozenset(wanted), frozenset(authors))


def check_nothing_else(
    opened: OpenedBundle, wanted: Standing, later_than: OpenedEvent | None = None
) -> None:
    """Raise ProofFailed if the file shows an event that its subject does not rest on.

    So the subject cannot be exchanged for another event of the file. Data that is withheld may
    have been about the subject; the verdict names it. Nothing follows `later_than` in its stream.
    """
    own = None if later_than is None else stream_of(opened.place(later_than.name)[0])
    for stands, item in ((one, item) for one in opened.entries for item in one.events):
        trust = _place(item.stream) in TRUST and party_of(item.stream) in wanted.authors
        later = (
            later_than is not None
            and stream_of(stands) == own
            and item.version > later_than.version
        )
        if later or not (trust or item.name in wanted.events or item.data is None):
            raise ProofFailed(
                f"{item.name} is in the file, and what it claims does not rest on it",
                expected="what the claim rests on, and nothing else",
                found=item.name,
                advice="Ask for a file about this event.",
                defect="foreign",
            )


def _place(stream: str) -> str:
    """What kind of stream this is; one with a reserved segment out of place has no author."""
    with refusing("key"):
        return place_of(stream)


def _says_about(stream: str, name: str, event: object) -> Iterator[tuple[str, str]]:
    """What an event is about, as members of `Needed` and their values."""
    match event:
        case SourceRegistered():
            yield "sources", event.stream
        case SourceAmended() | SourceClosed() | FactorAssigned():
            yield "sources", event.source
        case FactorPublished():
            yield "factors", f"{party_of(stream)}/{event.id}@{event.version}"
        case SiteRegistered():
            yield "sites", f"{party_of(stream)}/{event.site}"
        case ActivityCorrected() | ActivityWithdrawn():
            yield "corrected", event.event
        case ActivityBody() | ProfileBody() | EmissionBody():
            yield "corrected", name
            if isinstance(event, ActivityBody) and event.register is not None:
                yield "meters", f"{stream} {event.register.meter}"
        case MeterInstalled():
            yield "meters", f"{event.source} {event.meter}"
        case AreaFactRecorded():
            yield "statements", name
            if event.fact == PEOPLE and event.sub_area is not None:
                yield "people", event.sub_area
        case _:
            yield "statements", name

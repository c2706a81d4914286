"""Kind `event`: what an event gives, by month, role and gas, derived again from the file.

The file holds the event and everything that it stands on, and nothing else. What it cannot show,
that nothing later changes the figure, the verdict says. Source: specification, bundles.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from ledger.carbon.events import ActivityCorrected, ActivityWithdrawn, Body
from ledger.carbon.rows import EntryRows
from ledger.errors import BadBundle
from ledger.log.bundle_proof import OpenedBundle, OpenedEntry, OpenedEvent
from ledger.log.names import party_of
from ledger.parties.pieces import PARTY, ledger
from ledger.provenance.replay import FileState, entry_words, flagged, replay
from ledger.provenance.trusted import Trusted
from ledger.provenance.verdict import LATER_CHANGE, LOGGED, RE_DERIVED, Finding
from ledger.standing import check_nothing_else, check_opening, check_trust_is_whole, standing

CHECKED = (
    "every event shown is in its signed batch, unchanged, and follows the one before it",
    "the ledger's rules admit every event, and give the masses below",
)
CHECKED_BARE = (CHECKED[0], "the ledger's rules admit every event")
CHECKED_LOGGED = (
    "every event shown is in its signed batch, unchanged, and follows the one before it",
    "what the withheld data would give is not derived",
)


def event(opened: OpenedBundle, trusted: Trusted) -> Finding:
    """What the file's event comes to. Raises ProofFailed, with its defect."""
    check_opening(opened, trusted.log_key)
    check_trust_is_whole(opened.entries)
    subject = opened.event
    check_nothing_else(opened, standing(opened, subject.name), later_than=subject)
    whole = all(item.data is not None for entry in opened.entries for item in entry.events)
    replayed = replay(opened, reading_of(subject), accounting=whole)
    return found(opened, replayed, whole=whole, not_excluded=(LATER_CHANGE,))


def found(
    opened: OpenedBundle,
    replayed: tuple[FileState, EntryRows],
    *,
    whole: bool,
    not_excluded: tuple[str, ...],
) -> Finding:
    """The claim about the subject; `whole` says that all is shown that its figure stands on."""
    state, rows = replayed
    entry, item = opened.place(opened.event.name)
    changes = list(_changes(opened.entries, item.name))
    about = ledger(state)
    author = party_of(item.stream)
    party = state.get(PARTY, author)
    if party is None:
        raise BadBundle(
            "the author's registration is not in the file", expected=author, defect="key"
        )
    flags = flagged(state, opened.entries)
    given = masses(rows) if whole and state.reading is not None else {}
    shown = CHECKED if given else CHECKED_BARE
    return Finding(
        strength=RE_DERIVED if whole else LOGGED,
        claim={
            "corrected_by": changes[-1].name if changes else None,
            "index": entry.index,
            "key": entry.signed.kid,
            "masses": given,
            "party": author,
            "signed_at": entry.signed.statement.signed_at,
            "type": item.type,
            "withdrawn": bool(changes) and changes[-1].type == "ActivityWithdrawn",
        },
        area=about.area,
        about={
            "event": f"{item.name}, {item.type}",
            "author": f"{party.name} ({author})",
            "key": entry.signed.kid,
            "signed at": f"{entry.signed.statement.signed_at}, as the author says",
            "entry": entry_words(opened, entry),
        },
        checked=shown if whole else CHECKED_LOGGED,
        not_excluded=not_excluded,
        disputed=flags.disputed,
        recovered=flags.recovered,
        notes=flags.notes,
        data=None if item.data is None else msgspec.Raw(item.data),
    )


def reading_of(subject: OpenedEvent) -> str | None:
    """The reading whose figure is derived: the event asked about, or the one that it corrects."""
    said = subject.said
    if isinstance(said, ActivityCorrected | ActivityWithdrawn):
        return said.event
    return subject.name if isinstance(said, Body) else None


def masses(rows: EntryRows) -> dict[str, dict[str, dict[str, str]]]:
    """Milligrams by month, role and gas; what comes to zero is left out."""
    sums: dict[tuple[str, str, str], int] = {}
    for (_, _, month, role, gas), (mass_mg, _) in rows.masses.items():
        sums[month, role, gas] = sums.get((month, role, gas), 0) + mass_mg
    found: dict[str, dict[str, dict[str, str]]] = {}
    for (month, role, gas), mass_mg in sorted(sums.items()):
        if mass_mg:
            found.setdefault(month, {}).setdefault(role, {})[gas] = str(mass_mg)
    return found


def _changes(entries: Iterable[OpenedEntry], name: str) -> Iterator[OpenedEvent]:
    for entry in entries:
        for item in entry.events:
            said = item.said
            if isinstance(said, ActivityCorrected | ActivityWithdrawn) and said.event == name:
                yield item

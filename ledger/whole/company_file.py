"""Which events a party's inventory stands on: all of its own, and of others what these refer to.

Of others also what they acknowledged of the party's transfers, since that lowers its Scope 2. Whoever
makes a file chooses with this from all that there is, and whoever checks one holds it against this.
Source: specification, bundles, step 13.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ledger.carbon.area.events import TransferAcknowledged
from ledger.carbon.events import ActivityRecorded, ProfileRecorded
from ledger.carbon.redaction.events import DataRedacted, RedactionConfirmed
from ledger.errors import ProofFailed
from ledger.log.bundle_proof import OpenedBundle, OpenedEntry, OpenedEvent, stream_of
from ledger.log.names import party_of
from ledger.log.redacted import Redacted
from ledger.standing import Standing, standing


def company_standing(opened: OpenedBundle, party: str, seal: str, size: int) -> Standing:
    """What the party's inventory at a log size stands on, of what is there, and what its seal does.

    `size` is an index: of a seal in an earlier log it may be 0 or less.
    """
    below = tuple(entry for entry in opened.entries if entry.index < size)
    own = [item for entry in below if is_of(entry, party) for item in entry.events]
    answers = [
        item.name
        for entry in below
        for item in entry.events
        if isinstance(item.said, TransferAcknowledged) and party_of(item.said.transfer) == party
    ]
    answers += _confirmations(below, own)
    # What is said later is not stood on, though it may be about the same sources.
    then = msgspec.structs.replace(opened, entries=(*below, opened.place(seal)[0]))
    asking = [item.name for item in own if not _stands_on_own(item.said)]
    found = standing(then, seal, *asking, *answers, whole=True)
    return Standing(found.events | {item.name for item in own}, found.authors | {party})


def _confirmations(below: Iterable[OpenedEntry], own: Iterable[OpenedEvent]) -> list[str]:
    """The confirmations of the redactions of those of its events whose data is gone."""
    events = list(own)
    gone = {item.name for item in events if isinstance(item.said, Redacted)}
    redactions = {
        item.name
        for item in events
        if isinstance(item.said, DataRedacted) and item.said.event in gone
    }
    return [
        item.name
        for entry in below
        for item in entry.events
        if isinstance(item.said, RedactionConfirmed) and item.said.event in redactions
    ]


def _stands_on_own(event: object) -> bool:
    """Whether it is a reading that stands on nothing but its source: that is the party's own too."""
    return isinstance(event, ActivityRecorded | ProfileRecorded) and not event.factors


def is_of(entry: OpenedEntry, party: str) -> bool:
    """Whether an entry stands in a stream of the party."""
    return party_of(entry.signed.statement.stream) == party


def check_streams_whole(opened: OpenedBundle, party: str, size: int) -> None:
    """Raise ProofFailed unless the party's streams in the file are whole from version 1 on.

    In whole entries, without a gap. What is later than the last of them is not excluded.
    """
    ends: dict[tuple[int, str], int] = {}
    for entry in opened.entries:
        if entry.index >= size or not is_of(entry, party):
            continue
        statement = entry.signed.statement
        version = ends.get(stream_of(entry), 0) + 1
        if not entry.whole or statement.first != version:
            raise ProofFailed(
                f"events of {statement.stream} are left out of the file",
                expected=f"{statement.stream}@{version}, in a whole entry",
                found=f"{'a whole' if entry.whole else 'a part of an'} entry from "
                f"{statement.stream}@{statement.first} on",
                advice="Ask for a complete file.",
                defect="left-out",
            )
        ends[stream_of(entry)] = statement.last

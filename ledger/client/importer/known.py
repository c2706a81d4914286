"""What of a file stands in the ledger already, as far as this home's journal knows.

Rules: an event is recognised by its content. Of a profile that is not there as a whole, each reading
is recognised by its time, its length and its mark, whichever profile carried it; what is left is
posted with gaps in the place of the others. A reading that may stand in the other form (posted alone,
now in a profile, or the other way round) is looked for when the ledger has refused it: `thorough`.
Only a continuous source has one reading for a time, so only its readings are recognised by theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ledger.carbon.events import ActivityRecorded, ProfileRecorded
from ledger.client.importer.batches import batches
from ledger.client.importer.check import Check
from ledger.client.importer.imported_file import ImportedFile
from ledger.client.importer.items import MAX_GAP, Item
from ledger.client.importer.journal import Journal, content_digest
from ledger.client.importer.marks import mark_of_reading, marks_in, marks_of
from ledger.log.values import later


class Known:
    """Tells the items of one file that are new from those that are posted, and counts both."""

    def __init__(self, journal: Journal, file: ImportedFile) -> None:
        self._journal = journal
        self._file = file
        self._by_time = file.source.kind == "continuous"
        self.events = 0
        """Events that were there as a whole."""
        self.readings = 0
        """Readings that were there."""

    def fresh(self, items: Sequence[Item], *, thorough: bool = False) -> list[Item]:
        """What is not posted yet; a profile of which some is posted comes in parts."""
        digests = [self._file.digest(item) for item in items]
        known = self._journal.known(self._file.stream, digests)
        found: list[Item] = []
        for item, digest in zip(items, digests, strict=True):
            parts = [] if digest in known else self._unposted(item, thorough=thorough)
            self.events += not parts
            self.readings += item.readings - sum(part.readings for part in parts)
            found += parts
        return found

    def all_of_the_file(self) -> None:
        """Count what is there of the whole file."""
        good = (one for one in self._file.items(Check(self._file.source)) if isinstance(one, Item))
        for batch in batches(good, self._file.mapping):
            self.fresh(batch)

    def _unposted(self, item: Item, *, thorough: bool) -> list[Item]:
        if not self._by_time:
            return [item]
        if isinstance(item.event, ProfileRecorded):
            return self._unposted_parts(item, item.event, thorough=thorough)
        if not thorough:
            return [item]
        (start_s, length_s), mark = mark_of_reading(item.event)
        there = self._journal.marks(self._file.stream, start_s, start_s + length_s)
        return [] if there.get((start_s, length_s)) == mark else [item]

    def _unposted_parts(self, item: Item, event: ProfileRecorded, *, thorough: bool) -> list[Item]:
        """The profile; or parts with the readings that are not there, those that clash apart."""
        (own,) = marks_of([event])
        there = self._journal.marks(self._file.stream, own.start_s, own.until_s)
        alone = self._posted_alone(event) if thorough else set()
        new: list[int] = []
        clashing: list[int] = []
        for at, mark in marks_in(own.marks):
            other = there.get((own.start_s + at * own.step_s, own.step_s))
            if other == mark or at in alone:
                continue
            (new if other is None else clashing).append(at)
        if len(new) == item.readings or len(clashing) == item.readings:
            return [item]
        return [item.only(run) for part in (new, clashing) for run in _runs(part)]

    def _posted_alone(self, event: ProfileRecorded) -> set[int]:
        """Positions of the readings that are posted as events of their own."""
        digests = {
            content_digest(_alone(event, at, quantity)): at
            for at, quantity in enumerate(event.quantities)
            if quantity is not None
        }
        known = self._journal.known(self._file.stream, list(digests))
        return {digests[digest] for digest in known}


def _alone(event: ProfileRecorded, at: int, quantity: str) -> ActivityRecorded:
    """A reading of a profile as the event that it would be in a file of single readings."""
    return ActivityRecorded(
        salt=event.salt,
        period=(
            later(event.start, at * event.interval_s),
            later(event.start, (at + 1) * event.interval_s),
        ),
        quantity=quantity,
        unit=event.unit,
        factors=event.factors,
        evidence=event.evidence,
        quality=event.quality,
        estimated=at in event.estimated,
        confirm=event.confirm,
    )


def _runs(positions: Iterable[int]) -> list[list[int]]:
    """The positions in order, apart where a gap is long."""
    runs: list[list[int]] = []
    for at in positions:
        if runs and at - runs[-1][-1] - 1 <= MAX_GAP:
            runs[-1].append(at)
        else:
            runs.append([at])
    return runs

"""The entries that a file is made from are found without looking through them all."""

from __future__ import annotations

from ledger.service.kept import Kept
from ledger.store.log_store import StoredEntry
from ledger.store.packing import pack

FIXES = "acme/main/corrections"
CORRECTIONS = 2_000


class Counted(int):
    """A version that counts how often versions are compared."""

    comparisons = 0

    def __lt__(self, other: int) -> bool:
        Counted.comparisons += 1
        return int(self) < int(other)

    def __le__(self, other: int) -> bool:
        Counted.comparisons += 1
        return int(self) <= int(other)

    def __gt__(self, other: int) -> bool:
        Counted.comparisons += 1
        return int(self) > int(other)


def entry(index: int, stream: str, first: int, count: int = 1) -> StoredEntry:
    lines = pack(b"{}\n" * count)
    return StoredEntry(index, b"", stream, Counted(first), count, 1, ("ActivityCorrected",), lines)


def test_an_event_is_found_in_the_entry_that_holds_it_and_in_no_other():
    kept = Kept()
    kept.add(entry(9, FIXES, 6, 2))
    kept.add(entry(4, FIXES, 1, 3))
    kept.add(entry(5, "acme/main", 4, 2))
    found = [kept.holding(FIXES, version) for version in range(9)]
    assert [one and one.index for one in found] == [None, 4, 4, 4, None, None, 9, 9, None]
    assert kept.holding("acme/other", 1) is None
    assert len(kept.lines[4]) == 3


def test_the_name_of_the_stream_that_opens_a_log_means_the_log_at_hand():
    kept = Kept()
    kept.add(entry(-7, "operator/ledger#1", 1))
    assert kept.holding("operator/ledger", 1) is None
    kept.add(entry(0, "operator/ledger", 1))
    found = kept.holding("operator/ledger", 1)
    assert found is not None
    assert found.index == 0


def test_a_company_with_many_corrections_is_gathered_in_few_steps_for_each():
    kept = Kept()
    Counted.comparisons = 0
    for version in range(CORRECTIONS, 0, -1):  # from the latest back, as they are followed
        kept.add(entry(version, FIXES, version))
    for version in range(1, CORRECTIONS + 1):
        found = kept.holding(FIXES, version)
        assert found is not None
        assert found.index == version
    # Two bisections of at most eleven steps, and whether the entry reaches that far.
    assert 0 < Counted.comparisons < CORRECTIONS * 50

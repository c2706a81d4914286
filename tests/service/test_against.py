"""What was kept outside, put beside what an audit derives: is it the history that was shown before?"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ledger.log.evidence import evidence_of, write_evidence
from ledger.log.hashes import leaf_hash
from ledger.log.held import Held, held_in
from ledger.log.receipt import Receipt, format_receipt
from ledger.log.tree import CompactRange, path_of
from ledger.service import Settings
from ledger.service.against import Against, Compared
from ledger.service.audit import AuditReport
from tests.service.conftest import Place
from tests.service.test_continuing import continued, in_ledger, readings
from tests.small_log import SmallLog

LOG = SmallLog()
FORK = LOG.forked(3)
EARLIER = SmallLog("ledger.example/earlier")


def compared(*files: bytes, log: SmallLog = LOG, size: int = 9) -> list[Compared]:
    """These files beside a log of this size, which continues another one of six entries."""
    against = Against(
        [("file", held_in(one)) for one in files], [(-6, EARLIER.vkey), (0, LOG.vkey)]
    )
    for opened, leaves in ((-6, EARLIER.leaves(6)), (0, log.leaves(size))):
        tree = CompactRange()
        against.grown(opened, tree)
        for number, leaf in enumerate(leaves):
            against.entry(opened + number, leaf)
            tree = tree.append(leaf)
            against.grown(opened, tree)
    return against.compared({-6: 6, 0: size})


def receipt(log: SmallLog, index: int, size: int, *, of: int | None = None) -> bytes:
    path = path_of(log.leaves(size), index if of is None else of)
    return format_receipt(Receipt(index, path, log.signed(size)))


@pytest.mark.parametrize("size", range(10))
def test_a_checkpoint_of_this_history_is_contained(size: int):
    [found] = compared(LOG.signed(size))
    assert (found.contained, found.size, found.log, found.what) == (True, size, LOG.vkey, "")


@pytest.mark.parametrize("size", range(4, 10))
def test_a_checkpoint_of_another_history_is_not(size: int):
    [found] = compared(FORK.signed(size))
    assert not found.contained
    assert "another history" in found.what
    assert found.expected == f"root {FORK.head(size).root.hex()}"
    assert found.found == f"root {LOG.head(size).root.hex()}"
    assert "watch --against" in found.advice
    # Before the two part there is one history.
    assert compared(FORK.signed(3))[0].contained


def test_a_receipt_names_the_entry_that_is_another():
    [found] = compared(b"other 4\n" + receipt(FORK, 4, 7))
    assert found.found.endswith("and another entry 4")
    assert found.entries == 1


@pytest.mark.parametrize("index", range(7))
def test_a_receipt_of_this_history_is_contained(index: int):
    for one in (receipt(LOG, index, 7), b"entry %d\n" % index + receipt(LOG, index, 7)):
        assert compared(one)[0].contained


def test_a_receipt_that_does_not_hold_by_itself_is_not_taken():
    [strange] = compared(b"other 4\n" + receipt(LOG, 4, 7))
    assert "entry 4 is another one" in strange.what
    assert strange.expected == leaf_hash(b"other 4").hex()
    assert strange.found == leaf_hash(b"entry 4").hex()
    [path] = compared(receipt(LOG, 4, 7, of=5))
    assert "not one of entry 4" in path.what
    behind = format_receipt(Receipt(8, path_of(LOG.leaves(9), 8), LOG.signed(7)))
    assert "not one of entry 8" in compared(behind)[0].what


def test_entries_that_the_log_had_signed_and_has_no_more_are_missed():
    [found] = compared(LOG.signed(10))
    assert not found.contained
    assert (found.expected, found.found) == ("at least 10 entries", "9")
    assert "continue" in found.advice


def test_an_earlier_log_is_compared_under_its_own_key():
    whole, lost, other, own = compared(
        EARLIER.signed(6), EARLIER.signed(7), EARLIER.forked(2).signed(5), receipt(EARLIER, 2, 6)
    )
    assert whole.contained
    assert whole.log == EARLIER.vkey
    assert (lost.contained, lost.found) == (False, "6")
    assert "status" in lost.advice
    assert "or the earlier key was used after the end" in lost.advice  # a thief's file looks so too
    assert "another history" in other.what
    assert own.contained


def test_a_proof_that_reaches_back_is_compared_in_both_logs():
    note = LOG.signed(5).decode().replace("\n", "\\n")
    for earlier, contained in ((b"entry 5", True), (b"other 5", False)):
        entries = b'[{"index":-1,"jws":"%s"},{"index":2,"jws":"entry 2"}]' % earlier
        [found] = compared(b'{"checkpoint":"%s","entries":%s}' % (note.encode(), entries))
        assert (found.contained, found.entries) == (contained, 2)


def test_of_evidence_one_history_at_most_is_here():
    evidence = write_evidence(
        evidence_of(LOG.signed(8), FORK.signed(8), FORK.head(8).root, (), LOG.vkey)
    )
    assert sorted(one.contained for one in compared(evidence)) == [False, True]


def test_what_no_log_of_this_ledger_has_signed_says_so():
    stranger = SmallLog("elsewhere.example/log")
    [found] = compared(stranger.signed(4))
    assert (found.contained, found.log, found.found) == (
        False, None, "a checkpoint of elsewhere.example/log"
    )  # fmt: skip
    forged = LOG.signed(4).replace(b"\n4\n", b"\n5\n")
    [found] = compared(forged)
    assert not found.contained
    assert found.log is None
    assert "signature" in found.found


# --- on the real PostgreSQL ------------------------------------------------------------------------


def audited(settings: Settings, outside: Sequence[tuple[str, Held]]) -> AuditReport:
    return in_ledger(settings, lambda ledger: ledger.audit(outside=outside))


def test_a_ledger_that_goes_on_holds_what_the_earlier_log_has_signed(
    place: Place, second: Settings
):
    place.run(readings)

    def kept(settings: Settings, event: str, index: int) -> list[tuple[str, Held]]:
        proof = in_ledger(settings, lambda ledger: ledger.bundle(event))
        receipt = in_ledger(settings, lambda ledger: ledger.receipt(index)).encode()
        note = in_ledger(settings, lambda ledger: ledger.checkpoint()).encode()
        return [(name, held_in(data)) for name, data in
                (("proof", proof), ("receipt", receipt), ("note", note))]  # fmt: skip

    stream = "company/plant/meter-00"
    earlier = kept(place.settings, f"{stream}@1", 3)
    later = continued(place, second)
    later.run(lambda ledger, workload: ledger.post(workload.batch(0, 7)))
    report = audited(second, [*earlier, *kept(second, f"{stream}@1", 1)])
    assert report.ok, [*report.damages[:3], *report.against]
    logs = [one.log for one in report.against]
    assert len(set(logs)) == 2
    assert logs[:3] == logs[:1] * 3
    # The earlier home has not the later log: that is said, whatever else it holds.
    ended = audited(place.settings, [*earlier, *kept(second, f"{stream}@1", 1)])
    assert [one.contained for one in ended.against] == [True] * 3 + [False] * 3
    assert not ended.ok
    assert ended.damages == []

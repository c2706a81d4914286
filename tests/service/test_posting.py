"""What a party that posts may rely on."""

from __future__ import annotations

import asyncio

import pytest

from ledger.carbon.info import Posted
from ledger.errors import (
    BadBatch,
    Conflict,
    LedgerError,
    NotAuthorised,
    OtherHistory,
    RuleBroken,
)
from ledger.log import batch
from ledger.log.batch import Seen, split_submission
from ledger.log.checkpoint import open_checkpoint
from ledger.log.hashes import ZEROS_HEX
from ledger.log.keys import PrivateKey
from ledger.log.note import log_vkey
from ledger.log.receipt import parse_receipt, verify_receipt
from ledger.service import Ledger
from tests.service.conftest import Place
from tests.workload import COMPANY, SIGNED_AT, STREAMS, Workload, stream


def jws_of(body: bytes) -> bytes:
    return split_submission(body)[0]


def test_a_receipt_proves_the_batch_under_the_log_key(place: Place):
    async def work(ledger: Ledger, workload: Workload) -> tuple[str, bytes, Posted]:
        body = workload.batch(0, 10)
        return ledger.log, body, await ledger.post(body)

    log, body, posted = place.run(work)
    checkpoint = verify_receipt(parse_receipt(posted.receipt.encode()), jws_of(body), log)
    assert checkpoint.size == posted.index + 1
    assert (posted.stream, posted.first, posted.count, posted.repeated) == (stream(0), 1, 10, False)


def test_the_same_bytes_again_get_their_receipt_and_are_not_posted_twice(place: Place):
    async def work(ledger: Ledger, workload: Workload) -> None:
        body = workload.batch(0, 3)
        first = await ledger.post(body)
        size = await ledger.size()
        again = await ledger.post(body)
        assert (again.index, again.repeated) == (first.index, True)
        assert await ledger.size() == size
        verify_receipt(parse_receipt(again.receipt.encode()), jws_of(body), ledger.log)

    place.run(work)


def test_other_content_for_an_existing_version_is_a_conflict_that_carries_what_is_logged(
    place: Place,
):
    async def work(ledger: Ledger, workload: Workload) -> None:
        logged = workload.batch(0, 3)
        await ledger.post(logged)
        other = Workload(ledger.log, seed=2).batch(0, 3)
        with pytest.raises(Conflict) as refused:
            await ledger.post(other)
        assert refused.value.logged_jws == jws_of(logged)

    place.run(work)


def test_a_gap_is_refused(place: Place):
    async def work(ledger: Ledger, workload: Workload) -> None:
        workload.batch(0, 3)  # built, and not posted
        with pytest.raises(Conflict, match="gap"):
            await ledger.post(workload.batch(0, 3))

    place.run(work)


def test_a_wrong_previous_is_refused(place: Place):
    async def work(ledger: Ledger, workload: Workload) -> None:
        await ledger.post(workload.batch(0, 3))
        _, lines = split_submission(workload.batch(0, 1))
        body = batch.build(
            COMPANY,
            ledger.log,
            stream(0),
            4,
            "ab" * 32,
            [("ActivityRecorded", lines[0])],
            None,
            SIGNED_AT,
        )
        with pytest.raises(BadBatch, match="previous"):
            await ledger.post(body)

    place.run(work)


def test_a_batch_for_another_log_of_the_same_name_is_refused(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        other = log_vkey("ledger.example/log", PrivateKey.from_seed(bytes([66]) * 32).public)
        with pytest.raises(BadBatch, match="another log"):
            await ledger.post(Workload(other).batch(0, 1))

    place.run(work)


def test_an_unknown_key_is_refused(place: Place):
    async def work(ledger: Ledger, workload: Workload) -> None:
        _, lines = split_submission(workload.batch(0, 1))
        stranger = PrivateKey.from_seed(bytes([77]) * 32)
        body = batch.build(
            stranger,
            ledger.log,
            stream(0),
            1,
            ZEROS_HEX,
            [("ActivityRecorded", lines[0])],
            None,
            SIGNED_AT,
        )
        with pytest.raises(NotAuthorised, match="unknown key"):
            await ledger.post(body)

    place.run(work)


def test_a_refused_batch_takes_no_other_of_its_group_down(place: Place):
    async def work(ledger: Ledger, workload: Workload) -> None:
        good = [workload.batch(number, 5) for number in range(1, STREAMS)]
        await ledger.post(workload.batch(0, 5))
        # The same quarter-hours again, as the next versions of the same stream.
        again = Workload(ledger.log, seed=3)
        _, lines = split_submission(again.batch(0, 5))
        head = await ledger.head(stream(0))
        assert head is not None
        overlapping = batch.build(
            COMPANY,
            ledger.log,
            stream(0),
            head.version + 1,
            head.leaf,
            [("ActivityRecorded", line) for line in lines],
            None,
            SIGNED_AT,
        )
        answers = await asyncio.gather(
            *(ledger.post(body) for body in (*good[:9], overlapping, *good[9:])),
            return_exceptions=True,
        )
        refused = [answer for answer in answers if isinstance(answer, BaseException)]
        assert len(refused) == 1
        assert isinstance(refused[0], Conflict)
        posted = [answer for answer in answers if isinstance(answer, Posted)]
        assert len({one.index for one in posted}) == len(good)
        report = await ledger.audit()
        assert report.ok, report.damages

    place.run(work)


def test_batches_of_one_stream_that_arrive_together_are_appended_in_order(place: Place):
    async def work(ledger: Ledger, workload: Workload) -> None:
        bodies = [workload.batch(0, 4) for _ in range(10)]
        answers = await asyncio.gather(*(ledger.post(body) for body in bodies))
        assert [one.first for one in answers] == list(range(1, 41, 4))
        assert [one.index for one in answers] == sorted(one.index for one in answers)

    place.run(work)


def test_an_author_who_was_shown_another_history_is_told_so(place: Place):
    async def work(ledger: Ledger, workload: Workload) -> None:
        _, lines = split_submission(workload.batch(0, 1))

        def body(seen: Seen) -> bytes:
            return batch.build(
                COMPANY,
                ledger.log,
                stream(0),
                1,
                ZEROS_HEX,
                [("ActivityRecorded", lines[0])],
                seen,
                SIGNED_AT,
            )

        note = await ledger.checkpoint()
        checkpoint = open_checkpoint(note.encode(), ledger.log)
        with pytest.raises(OtherHistory, match="seen"):
            await ledger.post(body(Seen(root="ab" * 32, size=checkpoint.size)))
        with pytest.raises(OtherHistory, match="seen"):
            await ledger.post(body(Seen(root=checkpoint.root.hex(), size=checkpoint.size + 5)))
        await ledger.post(body(Seen(root=checkpoint.root.hex(), size=checkpoint.size)))

    place.run(work)


def test_commands_that_only_read_cannot_append(place: Place):
    async def work(ledger: Ledger, workload: Workload) -> bytes:
        return workload.batch(0, 1)

    body = place.run(work)

    async def read_only(ledger: Ledger, _: Workload) -> None:
        with pytest.raises(LedgerError, match="reading only"):
            await ledger.post(body)

    place.run(read_only, writing=False)


def test_a_rule_names_the_event_that_breaks_it(place: Place):
    async def work(ledger: Ledger, workload: Workload) -> None:
        _, lines = split_submission(workload.batch(0, 1))
        body = batch.build(
            COMPANY,
            ledger.log,
            "company/plant/unknown-meter",
            1,
            ZEROS_HEX,
            [("ActivityRecorded", lines[0])],
            None,
            SIGNED_AT,
        )
        with pytest.raises(RuleBroken, match=r"company/plant/unknown-meter@1: unknown source"):
            await ledger.post(body)

    place.run(work)


def test_the_same_bytes_twice_at_once_are_posted_once(place: Place):
    async def work(ledger: Ledger, workload: Workload) -> None:
        body = workload.batch(0, 3)
        size = await ledger.size()
        answers = await asyncio.gather(*(ledger.post(body) for _ in range(5)))
        assert {one.index for one in answers} == {size}
        assert sorted(one.repeated for one in answers) == [False, True, True, True, True]
        assert await ledger.size() == size + 1

    place.run(work)


def test_a_batch_for_the_middle_of_one_that_arrives_with_it_is_a_conflict(place: Place):
    async def work(ledger: Ledger, workload: Workload) -> None:
        whole = workload.batch(0, 4)
        _, lines = split_submission(whole)
        part = batch.build(
            COMPANY,
            ledger.log,
            stream(0),
            3,
            "ab" * 32,
            [("ActivityRecorded", line) for line in lines[2:]],
            None,
            SIGNED_AT,
        )
        posted, refused = await asyncio.gather(
            ledger.post(whole), ledger.post(part), return_exceptions=True
        )
        assert isinstance(posted, Posted)
        assert isinstance(refused, Conflict)
        assert refused.logged_jws == jws_of(whole)

    place.run(work)


def test_batches_of_one_stream_keep_the_order_in_which_they_came(place: Place):
    async def work(ledger: Ledger, workload: Workload) -> None:
        sizes = [2000, 1, 700, 1, 1, 1500, 3, 1, 40, 1]
        bodies = [workload.batch(0, size) for size in sizes]
        others = [workload.batch(number, 300) for number in range(1, 6)]
        posted = await asyncio.gather(*(ledger.post(body) for body in [*bodies, *others]))
        indexes = [one.index for one in posted[: len(bodies)]]
        assert indexes == sorted(indexes)
        assert (await ledger.audit()).ok

    place.run(work)


def test_a_long_batch_that_is_refused_holds_up_no_later_one_of_its_stream(place: Place):
    async def work(ledger: Ledger, workload: Workload) -> None:
        body = workload.batch(0, 1000)
        wrong = body[:-60] + (b"1" if body[-60:-59] == b"0" else b"0") + body[-59:]
        refused, posted = await asyncio.gather(
            ledger.post(wrong), ledger.post(body), return_exceptions=True
        )
        assert isinstance(refused, LedgerError)
        assert isinstance(posted, Posted)
        assert not posted.repeated

    place.run(work)

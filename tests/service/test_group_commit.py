"""Groups of batches: one round trip while nobody else appends, and right when somebody does."""

from __future__ import annotations

import asyncio

from ledger.service import Ledger, open_ledger
from ledger.service.sequencer import Sequencer
from tests.service.conftest import Place
from tests.workload import Workload, stream


def sequencer_of(ledger: Ledger) -> Sequencer:
    assert ledger.sequencer is not None
    return ledger.sequencer


async def head_of(ledger: Ledger, number: int) -> tuple[int, str]:
    head = await ledger.head(stream(number))
    assert head is not None
    return head.version, head.leaf


def test_what_this_process_has_appended_need_not_be_read_again(place: Place):
    async def work(ledger: Ledger, workload: Workload) -> None:
        await ledger.post(workload.batch(0, 1))
        sequencer = sequencer_of(ledger)
        before = sequencer._ends
        for size in (1, 20, 1):
            await ledger.post(workload.batch(0, size))
        assert sequencer._ends is before
        assert before.head is not None
        assert before.head.size == await ledger.size()

    place.run(work)


def test_a_process_goes_on_behind_what_another_has_appended(place: Place):
    async def work(ledger: Ledger, workload: Workload) -> None:
        async with open_ledger(place.settings) as other:
            for turn in range(6):
                writer = (ledger, other)[turn % 2]
                bodies = [workload.batch(number, 1 + turn) for number in (0, 1, turn + 2)]
                posted = await asyncio.gather(*(writer.post(body) for body in bodies))
                assert not any(one.repeated for one in posted)
            assert await head_of(ledger, 0) == await head_of(other, 0)
        assert (await ledger.audit()).ok

    place.run(work)


def test_the_same_bytes_in_two_processes_at_once_are_logged_once(place: Place):
    async def work(ledger: Ledger, workload: Workload) -> None:
        await ledger.post(workload.batch(0, 1))
        async with open_ledger(place.settings) as other:
            await other.post(workload.batch(0, 1))
            for _ in range(5):
                body = workload.batch(0, 3)
                one, two = await asyncio.gather(ledger.post(body), other.post(body))
                assert one.index == two.index
                assert one.repeated != two.repeated
        assert (await ledger.audit()).ok

    place.run(work)


def test_a_refusal_holds_when_the_log_has_moved_meanwhile(place: Place):
    """What is refused by what this process remembers is judged again by what the log says."""

    async def work(ledger: Ledger, workload: Workload) -> None:
        await ledger.post(workload.batch(0, 1))
        async with open_ledger(place.settings) as other:
            await other.post(workload.batch(0, 5))
            # This process remembers version 1; its next batch begins at 7.
            posted = await ledger.post(workload.batch(0, 2))
            assert posted.first == 7
            repeated = await other.post(workload.batch(0, 1))
            assert repeated.first == 9
        assert (await ledger.audit()).ok

    place.run(work)

"""A seal takes long to derive: the log grows and answers meanwhile, and the seal is judged in its turn."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec
import psutil
import pytest

from ledger.carbon.events import ActivityRecorded
from ledger.carbon.info import Posted
from ledger.carbon.seal import rules
from ledger.carbon.seal.events import FootprintSealed
from ledger.carbon.seal.info import SealDraft
from ledger.carbon.seal.lists import SealLists
from ledger.carbon.seal.pieces import SealContent
from ledger.errors import Conflict, NotAuthorised, RuleBroken, Unavailable
from ledger.service import Ledger, open_ledger, seal_deriving
from ledger.service.group import Waiting
from ledger.service.seal_deriving import Deriving, Task, derive
from ledger.service.sequencer import Sequencer
from ledger.store.log_store import Head
from tests.service.conftest import Place
from tests.service.test_privacy import KEYS, NEXT, post
from tests.service.test_sealing import YEAR, furnished
from tests.workload import OPERATOR, Workload, salt

AT_MOST_S: Final = 20.0
"""For what takes a few milliseconds where nothing blocks it: then the test fails, and does not hang."""
SEALS: Final = "operator/seals"
LATER: Final = ("2018-03-03T00:00:00+08:00", "2018-03-04T00:00:00+08:00")


class Gate(msgspec.Struct, frozen=True):
    """Holds up the first who derives a seal, in whatever process, until it is opened.

    The process that serves may not derive at all.
    """

    folder: str

    def open(self) -> None:
        self._file("open").touch()

    async def came(self) -> None:
        async with asyncio.timeout(AT_MOST_S):
            while not self._file("came").exists():  # noqa: ASYNC110  (another process makes it)
                await asyncio.sleep(0.01)

    @property
    def passed(self) -> int:
        """How many seals were derived behind it."""
        return len(list(Path(self.folder).glob("passed *")))

    def derive(self, task: Task) -> SealContent:
        first = not self._file("came").exists()
        self._file("came").touch()
        until = time.monotonic() + AT_MOST_S
        while first and not self._file("open").exists():
            if time.monotonic() > until:
                raise TimeoutError("nobody opened the gate: who should have is blocked")
            time.sleep(0.01)
        self._file(f"passed {len(list(Path(self.folder).iterdir()))}").touch()
        return derive(task)

    def _file(self, name: str) -> Path:
        return Path(self.folder) / name


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], Gate]:
    """Sets one up in front of everything that derives seals while a ledger serves."""

    def set_up() -> Gate:
        folder = tmp_path / "gate"
        folder.mkdir()
        found = Gate(str(folder))
        monkeypatch.setattr(seal_deriving, "derive", found.derive)
        monkeypatch.setattr(rules, "seal_lists", derived_here)
        return found

    return set_up


def derived_here(*_: object) -> SealLists:
    raise AssertionError("a seal was derived in the process that serves")


def broken(_: Task) -> SealContent:
    raise MemoryError


def ended(_: Task) -> SealContent:
    os._exit(3)


async def drafted(ledger: Ledger, **changed: object) -> FootprintSealed:
    draft = await ledger.seal_draft("companies", YEAR, None, "AR6")
    return msgspec.structs.replace(draft.event(salt()), **changed)


def reading(period: tuple[str, str] = NEXT) -> ActivityRecorded:
    return ActivityRecorded(salt=salt(), period=period, quantity="5")


@asynccontextmanager
async def posted(ledger: Ledger, body: bytes) -> AsyncIterator[asyncio.Task[Posted]]:
    """The post of a body, under way; ended when the block ends, whatever has become of it."""
    task = asyncio.create_task(ledger.post(body))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_others_are_acknowledged_and_answered_while_a_seal_is_derived(
    place: Place, gate: Callable[[], Gate], monkeypatch: pytest.MonkeyPatch
):
    async def work(ledger: Ledger, workload: Workload) -> None:
        await furnished(ledger)
        seal = await drafted(ledger)
        held = gate()
        async with posted(ledger, workload.body(OPERATOR, SEALS, [seal])) as sealing:
            await held.came()
            async with asyncio.timeout(AT_MOST_S / 2):
                await post(ledger, KEYS["acme"], "acme/main", reading())
                assert (await ledger.status()).size == seal.size + 1
            assert held.passed == 0
            assert not sealing.done()
            held.open()
            answer = await sealing
        assert answer.index == seal.size + 1
        assert (await ledger.seal(1)).totals == seal.totals
        assert held.passed == 1
        monkeypatch.undo()
        assert (await ledger.audit()).ok

    place.run(work)


def test_a_draft_keeps_nobody_waiting_either(place: Place, gate: Callable[[], Gate]):
    async def work(ledger: Ledger, _: Workload) -> None:
        await furnished(ledger)
        size, held = await ledger.size(), gate()
        drafting = asyncio.create_task(drafted(ledger))
        await held.came()
        async with asyncio.timeout(AT_MOST_S / 2):
            await post(ledger, KEYS["acme"], "acme/main", reading())
        held.open()
        assert (await drafting).size == size

    place.run(work)


def test_the_next_seal_waits_for_the_one_before_it(
    place: Place, gate: Callable[[], Gate], monkeypatch: pytest.MonkeyPatch
):
    async def work(ledger: Ledger, workload: Workload) -> None:
        await furnished(ledger)
        bodies = [workload.body(OPERATOR, SEALS, [await drafted(ledger)]) for _ in range(3)]
        held = gate()
        posting = asyncio.gather(*map(ledger.post, bodies))
        await held.came()
        held.open()
        first, second, third = await posting
        assert (first.first, second.first, third.first) == (1, 2, 3)
        assert first.index < second.index < third.index
        monkeypatch.undo()
        assert (await ledger.audit()).ok

    place.run(work)


def test_a_batch_of_two_seals_is_taken_when_both_are_derived(place: Place):
    async def work(ledger: Ledger, workload: Workload) -> None:
        await furnished(ledger)
        first = await drafted(ledger)
        await post(ledger, KEYS["acme"], "acme/main", reading())
        second = await drafted(ledger)
        assert first.totals != second.totals
        await ledger.post(workload.body(OPERATOR, SEALS, [first, second]))
        assert [one.totals for one in await ledger.seals()] == [first.totals, second.totals]
        assert (await ledger.audit()).ok

    place.run(work)


def test_what_is_refused_for_another_reason_is_not_derived(place: Place, gate: Callable[[], Gate]):
    async def work(ledger: Ledger, workload: Workload) -> None:
        await furnished(ledger)
        seal = await drafted(ledger)
        held = gate()
        held.open()
        with pytest.raises(NotAuthorised):
            await post(ledger, KEYS["acme"], SEALS, seal)
        with pytest.raises(RuleBroken, match="size of a seal"):
            await post(ledger, OPERATOR, SEALS, msgspec.structs.replace(seal, size=seal.size + 1))
        await ledger.post(workload.body(OPERATOR, SEALS, [seal]))
        with pytest.raises(Conflict):
            await ledger.post(
                Workload(ledger.log).body(
                    OPERATOR, SEALS, [msgspec.structs.replace(seal, salt=salt())]
                )
            )
        assert held.passed == 1

    place.run(work)


def test_a_seal_is_judged_again_when_it_has_been_derived(place: Place, gate: Callable[[], Gate]):
    """What speaks against it by then does so: here, another one that took its version."""

    async def work(ledger: Ledger, workload: Workload) -> None:
        await furnished(ledger)
        seal = await drafted(ledger)
        mine = workload.body(OPERATOR, SEALS, [seal])
        other = Workload(ledger.log).body(
            OPERATOR, SEALS, [msgspec.structs.replace(seal, salt=salt())]
        )
        held = gate()
        async with posted(ledger, mine) as sealing:
            await held.came()
            async with open_ledger(place.settings) as elsewhere:
                await elsewhere.post(other)
            held.open()
            with pytest.raises(Conflict):
                await sealing
        assert len(await ledger.seals()) == 1

    place.run(work)


FAULTS: Final = {"an error of ours": (broken, "failed"), "a process that ends": (ended, "ended")}


@pytest.mark.parametrize(("fault", "told"), FAULTS.values(), ids=FAULTS)
def test_a_fault_while_deriving_is_told_and_stops_nobody(
    place: Place, monkeypatch: pytest.MonkeyPatch, fault: Callable[[Task], SealContent], told: str
):
    async def work(ledger: Ledger, workload: Workload) -> None:
        await furnished(ledger)
        body = workload.body(OPERATOR, SEALS, [await drafted(ledger)])
        with monkeypatch.context() as patch:
            patch.setattr(seal_deriving, "derive", fault)
            with pytest.raises(Unavailable, match=told):
                await ledger.post(body)
        await post(ledger, KEYS["acme"], "acme/main", reading())
        assert (await ledger.post(body)).first == 1

    place.run(work)


def test_the_process_that_derived_is_let_go_when_nothing_follows(
    place: Place, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(seal_deriving, "KEPT_S", 0.2)

    async def work(ledger: Ledger, _: Workload) -> None:
        await furnished(ledger)
        before = children()
        await drafted(ledger)
        (process,) = children() - before
        await asyncio.to_thread(process.wait, AT_MOST_S)
        await drafted(ledger)

    place.run(work)


def children() -> set[psutil.Process]:
    return set(psutil.Process().children())


def test_whoever_gives_up_waiting_may_send_the_same_seal_again(
    place: Place, gate: Callable[[], Gate]
):
    async def work(ledger: Ledger, workload: Workload) -> None:
        await furnished(ledger)
        body = workload.body(OPERATOR, SEALS, [await drafted(ledger)])
        held = gate()
        async with posted(ledger, body):
            await held.came()
        async with posted(ledger, body) as again:
            held.open()
            assert not (await again).repeated

    place.run(work)


def test_a_seal_that_is_being_derived_when_the_ledger_stops_is_refused(
    place: Place, gate: Callable[[], Gate]
):
    async def work(ledger: Ledger, workload: Workload) -> asyncio.Task[Posted]:
        await furnished(ledger)
        body = workload.body(OPERATOR, SEALS, [await drafted(ledger)])
        held = gate()
        sealing = asyncio.create_task(ledger.post(body))
        await held.came()
        asyncio.get_running_loop().call_later(0.2, held.open)
        return sealing

    async def seals(ledger: Ledger, _: Workload) -> int:
        return len(await ledger.seals())

    sealing = place.run(work)
    with pytest.raises(Unavailable, match="stopping"):
        sealing.result()
    assert place.run(seals) == 0


def test_of_drafts_before_a_seal_only_the_one_at_work_is_derived_when_the_ledger_stops(
    place: Place, gate: Callable[[], Gate]
):
    held = list[Gate]()

    async def work(ledger: Ledger, workload: Workload) -> list[asyncio.Task[SealDraft | Posted]]:
        await furnished(ledger)
        body = workload.body(OPERATOR, SEALS, [await drafted(ledger)])
        held.append(gate())
        tasks = list[asyncio.Task[SealDraft | Posted]]()
        for view in ("territorial", "park", "gpc-basic"):
            tasks.append(asyncio.create_task(ledger.seal_draft(view, YEAR, None, "AR6")))
            await held[0].came()
        tasks.append(asyncio.create_task(ledger.post(body)))
        async with asyncio.timeout(AT_MOST_S / 2):
            while len(ledger.deriving._turns._tasks) < len(tasks):  # noqa: ASYNC110  (they get there)
                await asyncio.sleep(0.01)
        asyncio.get_running_loop().call_soon(held[0].open)  # when the stop has begun
        return tasks

    first, *others = place.run(work)
    assert isinstance(first.result(), SealDraft)
    assert held[0].passed == 1
    for other in others:
        with pytest.raises(Unavailable, match="stopping"):
            other.result()


class Failing:
    """Derives no seal: whoever asks is refused, but not before the end is set."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.begun = 0
        self.end = asyncio.Event()
        patch.setattr(Deriving, "of", self.of)

    async def of(self, _: str) -> SealContent:
        self.begun += 1
        await self.end.wait()
        raise RuleBroken("an amount below zero")


def nothing() -> None:
    pass


def turns(
    patch: pytest.MonkeyPatch,
    before: Callable[[], object] = nothing,
    after: Callable[[], object] = nothing,
) -> list[str]:
    """Let something happen in the loop step before each turn, and in the one after its commit.

    The streams of the batches that had a turn since.
    """
    real, taken = Sequencer._append_to, list[str]()

    async def turn(self: Sequencer, expected: Head | None, group: list[Waiting]) -> None:
        taken.extend(waiting.stream for waiting in group)
        before()
        await asyncio.sleep(0)
        await real(self, expected, group)
        after()
        await asyncio.sleep(0)

    patch.setattr(Sequencer, "_append_to", turn)
    return taken


async def nothing_left(ledger: Ledger) -> None:
    """After another batch's turn nobody's batch is in the queue, and none is derived."""
    assert ledger.sequencer is not None
    await post(ledger, KEYS["acme"], "acme/main", reading(LATER))
    assert [waiting.stream for waiting in ledger.sequencer._queue] == []
    assert not ledger.sequencer._deriving


def test_a_seal_that_fails_while_a_commit_ends_is_derived_once_and_leaves_the_queue(
    place: Place, monkeypatch: pytest.MonkeyPatch
):
    async def work(ledger: Ledger, workload: Workload) -> None:
        await furnished(ledger)
        body = workload.body(OPERATOR, SEALS, [await drafted(ledger)])
        with monkeypatch.context() as patch:
            failing = Failing(patch)
            async with posted(ledger, body) as sealing:
                async with asyncio.timeout(AT_MOST_S / 2):
                    while not failing.begun:  # noqa: ASYNC110  (its first turn comes)
                        await asyncio.sleep(0.01)
                taken = turns(patch, after=failing.end.set)
                await post(ledger, KEYS["acme"], "acme/main", reading())
                with pytest.raises(RuleBroken, match="below zero"):
                    await sealing
            await nothing_left(ledger)
            assert failing.begun == 1
            assert taken == ["acme/main", "acme/main"]
        async with asyncio.timeout(AT_MOST_S):
            assert (await ledger.post(body)).first == 1

    place.run(work)


def test_a_seal_whose_sender_goes_in_its_first_turn_is_not_derived_and_leaves_the_queue(
    place: Place, monkeypatch: pytest.MonkeyPatch
):
    async def work(ledger: Ledger, workload: Workload) -> None:
        await furnished(ledger)
        body = workload.body(OPERATOR, SEALS, [await drafted(ledger)])
        with monkeypatch.context() as patch:
            failing = Failing(patch)
            failing.end.set()
            async with posted(ledger, body) as sealing:
                taken = turns(patch, before=sealing.cancel)
                with pytest.raises(asyncio.CancelledError):
                    await sealing
            await nothing_left(ledger)
            assert failing.begun == 0
            assert taken == [SEALS, "acme/main"]
        async with asyncio.timeout(AT_MOST_S):
            assert (await ledger.post(body)).first == 1

    place.run(work)

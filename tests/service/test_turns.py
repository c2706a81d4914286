"""Who asks for long work waits without a connection, and no more of it begins than can be done."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ledger.errors import BadValue, NotFound, Overloaded, Unavailable
from ledger.log.bundle_kinds import AreaSubject, CompanySubject, FigureSubject, InventorySubject
from ledger.service import Ledger, bundles, prove_whole
from ledger.service import seal as seals
from ledger.service.seal import LISTS_KEPT
from ledger.service.turns import MOST_WAITING, Turns
from tests.service.conftest import Place
from tests.service.test_sealing import furnished, sealed
from tests.workload import Workload

READERS = 4
"""Connections of the pool."""


def test_work_of_one_name_is_done_once_for_all_who_ask():
    done = Counter[str]()

    async def asked() -> list[str]:
        turns = Turns("answers")

        async def work() -> str:
            await asyncio.sleep(0)
            done["work"] += 1
            return "answer"

        return await asyncio.gather(*(turns.of("one", work) for _ in range(100)))

    assert asyncio.run(asked()) == ["answer"] * 100
    assert done["work"] == 1


def test_one_piece_of_work_is_done_at_a_time_and_one_too_many_is_refused():
    at_work = list[int]()

    async def asked() -> None:
        turns, now = Turns("answers"), 0

        async def work() -> None:
            nonlocal now
            now += 1
            at_work.append(now)
            await asyncio.sleep(0)
            now -= 1

        tasks = [asyncio.create_task(turns.of(str(n), work)) for n in range(MOST_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded, match="too many answers"):
            await turns.of("one too many", work)
        await asyncio.gather(*tasks)
        await turns.of("again", work)

    asyncio.run(asked())
    assert at_work == [1] * (MOST_WAITING + 1)


def test_each_who_asks_is_told_why_and_who_leaves_takes_nobodys_answer():
    async def asked() -> None:
        turns = Turns("answers")
        go = asyncio.Event()

        async def refuse() -> None:
            await go.wait()
            raise NotFound("nothing")

        first, second, third = (asyncio.create_task(turns.of("one", refuse)) for _ in range(3))
        await asyncio.sleep(0)
        first.cancel()
        go.set()
        found = await asyncio.gather(second, third, return_exceptions=True)
        assert [str(one) for one in found] == ["nothing", "nothing"]
        assert found[0] is not found[1]

    asyncio.run(asked())


def test_what_waits_when_the_ledger_stops_is_refused():
    async def asked() -> None:
        turns = Turns("answers")
        go = asyncio.Event()

        async def work() -> str:
            await go.wait()
            return "answer"

        first = asyncio.create_task(turns.of("one", work))
        second = asyncio.create_task(turns.of("two", work))
        await asyncio.sleep(0)
        stopping = asyncio.create_task(turns.stop())
        await asyncio.sleep(0)
        go.set()
        assert await first == "answer"
        with pytest.raises(Unavailable, match="stopping"):
            await second
        await stopping
        with pytest.raises(Unavailable, match="stopping"):
            await turns.of("three", work)

    asyncio.run(asked())


def held_up(patch: pytest.MonkeyPatch, module: Any, name: str, go: asyncio.Event) -> Counter[str]:
    """Let a function wait until `go`; how often it was called."""
    called = Counter[str]()
    real: Callable[..., Awaitable[object]] = getattr(module, name)

    async def slow(*arguments: Any) -> object:
        called[name] += 1
        await go.wait()
        return await real(*arguments)

    patch.setattr(module, name, slow)
    return called


async def begun(called: Counter[str]) -> None:
    """Until the function that is held up was called."""
    while not called:  # noqa: ASYNC110  (it is called by the code under test)
        await asyncio.sleep(0.01)


def test_readers_who_wait_for_lists_of_seals_keep_nobody_from_the_status(
    place: Place, monkeypatch: pytest.MonkeyPatch
):
    async def work(ledger: Ledger, _: Workload) -> None:
        await furnished(ledger)
        await sealed(ledger)
        await sealed(ledger)
        go = asyncio.Event()
        called = held_up(monkeypatch, seals, "read_ground", go)
        asked = [
            ask
            for number in (1, 2)
            for _ in range(READERS)
            for ask in (
                ledger.seal_companies(number),
                ledger.prove(CompanySubject(party="acme", seal=f"operator/seals@{number}")),
                ledger.prove(AreaSubject(seal=f"operator/seals@{number}")),
                ledger.prove(InventorySubject(party="acme", seal=f"operator/seals@{number}")),
            )
        ]
        tasks = [asyncio.create_task(one) for one in asked]
        await asyncio.wait_for(begun(called), 60)
        async with asyncio.timeout(3):  # less than a reader waits for a connection
            assert (await ledger.status()).size == await ledger.size()
        go.set()
        await asyncio.gather(*tasks)
        assert called["read_ground"] == 2

    place.run(work)


def test_who_goes_round_over_old_seals_lets_each_be_derived_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
):
    async def work(ledger: Ledger, _: Workload) -> None:
        await furnished(ledger)
        numbers = range(1, LISTS_KEPT + 3)
        for _number in numbers:
            await sealed(ledger)
        go = asyncio.Event()
        go.set()
        called = held_up(monkeypatch, seals, "read_ground", go)
        heads = held_up(monkeypatch, seals, "read_heads", go)
        for _round in range(3):
            for number in numbers:
                await ledger.seal_companies(number)
                await ledger.seal_heads(number)
                await ledger.prove(AreaSubject(seal=f"operator/seals@{number}"))
        assert called["read_ground"] == len(numbers)
        assert heads["read_heads"] == len(numbers)

    place.run(work)


def test_heads_need_no_lists_and_are_held_against_the_seal(
    place: Place, monkeypatch: pytest.MonkeyPatch
):
    async def work(ledger: Ledger, _: Workload) -> None:
        await furnished(ledger)
        await sealed(ledger)
        called = held_up(monkeypatch, seals, "read_ground", asyncio.Event())
        heads = await ledger.seal_heads(1)
        assert called["read_ground"] == 0
        assert len(heads) == (await ledger.seal(1)).heads_count

    place.run(work)


def test_of_files_that_derive_everything_one_is_made_at_a_time_and_few_wait(
    place: Place, monkeypatch: pytest.MonkeyPatch
):
    async def work(ledger: Ledger, _: Workload) -> None:
        await furnished(ledger)
        report = await ledger.report("ghg-protocol", "acme", ("2018-01", "2018-12"))
        figures = [one.id for one in report.figures()][: bundles.WHOLE_WAITING + 1]
        go = asyncio.Event()
        called = held_up(monkeypatch, prove_whole, "read_report", go)
        *some, last = [FigureSubject(figure=one) for one in figures]
        tasks = [asyncio.create_task(ledger.prove(one)) for one in some]
        await asyncio.wait_for(begun(called), 60)
        with pytest.raises(Overloaded, match="files that derive everything"):
            await ledger.prove(last)
        assert called["read_report"] == 1
        assert (await ledger.status()).size > 0
        go.set()
        await asyncio.gather(*tasks)

    place.run(work)


@pytest.mark.parametrize("most", ["MOST_EVENTS", "MOST_BYTES"])
def test_a_file_that_would_be_too_long_is_refused(
    place: Place, monkeypatch: pytest.MonkeyPatch, most: str
):
    async def work(ledger: Ledger, _: Workload) -> None:
        await furnished(ledger)
        await sealed(ledger)
        report = await ledger.report("ghg-protocol", "acme", ("2018-01", "2018-12"))
        figure = FigureSubject(figure=next(iter(report.figures())).id)
        inventory = InventorySubject(party="acme", seal="operator/seals@1")
        for subject in (figure, inventory):
            assert await ledger.prove(subject)
        monkeypatch.setattr(prove_whole, most, 3)
        if most == "MOST_EVENTS":  # known before anything is loaded
            monkeypatch.setattr(prove_whole._Loaded, "add", None)
        for subject in (figure, inventory):
            with pytest.raises(BadValue, match="at most 3"):
                await ledger.prove(subject)

    place.run(work)

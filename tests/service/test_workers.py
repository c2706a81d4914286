"""Work in other processes: errors come back, a dead worker costs nothing, none is left over."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from ledger.errors import BadBatch, Unavailable
from ledger.service.workers import Workers

OWNER = """
import asyncio, os
from ledger.service.workers import Workers

async def main():
    workers = Workers(2)
    await asyncio.gather(*(workers.run(os.getenv, "HOME") for _ in range(2)))
    print("ready", flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def refuse(what: str) -> None:
    raise BadBatch(what, expected="this", found="that", advice="Do so.")


def end(_: object) -> None:
    os._exit(3)


def end_once(marker: str) -> int:
    """Ends its process the first time, and answers with its number the second."""
    path = Path(marker)
    if not path.exists():
        path.touch()
        os._exit(3)
    return os.getpid()


def number(_: object) -> int:
    time.sleep(0.05)
    return os.getpid()


def wait_for(process: psutil.Process) -> bool:
    try:
        process.wait(timeout=10)
    except psutil.TimeoutExpired:
        return False
    return True


def test_work_is_done_in_as_many_other_processes_as_there_are_jobs():
    async def ask() -> set[int]:
        workers = Workers(2)
        found = await asyncio.gather(*(workers.run(number, None) for _ in range(6)))
        await workers.close()
        return set(found)

    found = asyncio.run(ask())
    assert len(found) == 2
    assert os.getpid() not in found


def test_an_error_comes_back_whole_and_the_worker_goes_on():
    async def ask() -> tuple[BadBatch, int, int]:
        workers = Workers(1)
        before = await workers.run(number, None)
        with pytest.raises(BadBatch) as raised:
            await workers.run(refuse, "not so")
        after = await workers.run(number, None)
        await workers.close()
        return raised.value, before, after

    error, before, after = asyncio.run(ask())
    assert str(error) == "not so: expected this, found that. Do so."
    assert before == after


def test_the_task_of_a_worker_that_died_is_done_by_another(tmp_path: Path):
    async def ask() -> int:
        workers = Workers(1)
        found = await workers.run(end_once, str(tmp_path / "died"))
        await workers.close()
        return found

    assert asyncio.run(ask()) != os.getpid()


def test_a_task_that_ends_every_worker_is_given_up_and_the_next_one_is_done():
    async def ask() -> int:
        workers = Workers(1)
        with pytest.raises(Unavailable, match="ended before it had answered"):
            await workers.run(end, None)
        found = await workers.run(number, None)
        await workers.close()
        return found

    assert asyncio.run(ask()) != os.getpid()


def test_an_answer_that_nobody_waits_for_is_never_anothers():
    async def ask() -> list[int]:
        workers = Workers(1)
        slow = asyncio.create_task(workers.run(number, None))
        await asyncio.sleep(0.5)
        slow.cancel()
        found = [await workers.run(len, "x" * size) for size in range(5)]
        await workers.close()
        return found

    assert asyncio.run(ask()) == [0, 1, 2, 3, 4]


def test_a_worker_that_is_at_work_when_all_are_closed_answers_and_ends():
    async def ask() -> int:
        workers = Workers(1)
        slow = asyncio.create_task(workers.run(number, None))
        await asyncio.sleep(0.3)
        await workers.close()
        assert slow.done()
        return await slow

    assert not psutil.pid_exists(asyncio.run(ask()))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_no_worker_outlives_its_owner(how: signal.Signals):
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"ready\n"
        workers = psutil.Process(owner.pid).children()
        assert len(workers) == 2
        owner.send_signal(how)
        assert all(wait_for(worker) for worker in workers)
    finally:
        owner.kill()
        owner.wait()
        assert owner.stdout is not None
        owner.stdout.close()

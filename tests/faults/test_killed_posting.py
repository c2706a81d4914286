"""Whoever holds a receipt finds the batch, whatever was killed in between."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.log import batch
from ledger.log.tiles import split_entry_bundle
from ledger.service import Ledger, Settings, initialise, open_ledger
from ledger.store.embedded import EmbeddedServer
from tests.workload import OPERATOR, RECOVERY, Workload

ROOT = Path(__file__).parents[2]
ROUNDS = int(os.environ.get("CARBON_LEDGER_FAULT_ROUNDS", "3"))
METERS = "0,1,2,3,4,5,6,7"
LONGEST_S = 2.0


@pytest.fixture
def settings() -> Iterator[Settings]:
    """A ledger on an embedded server of its own, which may be killed."""
    folder = Path(tempfile.mkdtemp(prefix="ledger-", dir="/tmp"))
    folder.chmod(0o755)
    made = Settings(home=folder / "home")

    async def prepare() -> None:
        await initialise(
            made,
            origin="ledger.example/log",
            area="Synthetic park",
            timezone="Asia/Shanghai",
            operator="operator",
            operator_key=OPERATOR,
            recovery_key=RECOVERY,
        )
        async with open_ledger(made) as ledger:
            for body in Workload(ledger.log).preparation():
                await ledger.post(body)

    asyncio.run(prepare())
    yield made
    shutil.rmtree(folder)


def posting(settings: Settings, out: Path) -> subprocess.Popen[bytes]:
    with out.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.faults.poster", str(settings.home), "", "", METERS],
            stdout=file,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
        )


def wait_ready(out: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while b"ready" not in out.read_bytes():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)


async def check(settings: Settings, acknowledged: list[str]) -> None:
    """Every acknowledged batch is there with a valid receipt, and everything verifies."""
    async with open_ledger(settings) as ledger:
        report = await ledger.audit()
        assert report.ok, report.damages[:5]
        assert report.checkpoints > 0
        for line in acknowledged:
            await _check_acknowledged(ledger, line)


async def _check_acknowledged(ledger: Ledger, line: str) -> None:
    index, stream, first, count = line.split()
    receipt = await ledger.receipt(int(index))
    assert receipt.startswith(f"c2sp.org/tlog-proof@v1\nindex {index}\n")
    tile = await ledger.entry_tile(int(index) // 256, int(index) % 256 + 1)
    statement = batch.parse_statement(split_entry_bundle(tile)[-1]).statement
    assert (statement.stream, statement.first, statement.count) == (stream, int(first), int(count))


def acknowledgements(out: Path) -> list[str]:
    """Whole lines; the last one may be torn by the kill."""
    lines = out.read_text().split("\n")[:-1]
    return [line for line in lines if line != "ready"]


@pytest.mark.parametrize("victim", ["program", "database"])
def test_what_was_acknowledged_survives_sigkill(settings: Settings, tmp_path: Path, victim: str):
    chance = random.Random(victim)  # noqa: S311  (moments, not secrets)
    survived = 0
    for number in range(ROUNDS):
        out = tmp_path / f"{victim}-{number}"
        out.touch()
        process = posting(settings, out)
        try:
            wait_ready(out, process)
            time.sleep(chance.uniform(0.05, LONGEST_S))
            if victim == "program":
                process.kill()
            else:
                pid = EmbeddedServer(settings.home).status().pid
                assert pid
                os.kill(pid, signal.SIGKILL)
            process.wait(timeout=60)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        acknowledged = acknowledgements(out)
        asyncio.run(check(settings, acknowledged))
        survived += len(acknowledged)
    assert survived, "no round was long enough for a receipt"

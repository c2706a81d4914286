"""A command that is told to end unwinds: it closes its database, loses nothing, and says how it ended."""

from __future__ import annotations

import fcntl
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.e2e.cli_program import (
    LONGEST_WAIT_S,
    MAP,
    Program,
    add_company,
    open_ledger,
)
from tests.faults.embedded_land import server_processes, temporary_home


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A ledger with a company, and a file that takes a while."""
    with temporary_home() as home:
        program = Program(home, tmp_path_factory.mktemp("desk"))
        open_ledger(program)
        add_company(program, "steelworks")
        (program.folder / "map.toml").write_text(MAP)
        rows = ["date,Usage_kWh"]
        for month in range(1, 12):
            rows += [
                f"{day:02d}/{month:02d}/2018 {hour:02d}:{minute:02d},1.25"
                for day in range(1, 28)
                for hour in range(24)
                for minute in (15, 30, 45)
            ]
        (program.folder / "long.csv").write_text("\n".join(rows) + "\n")
        yield program


WORDS = ("import", "long.csv", "--stream", "steelworks/plant/electricity", "--map", "map.toml")


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGKILL, -9)],
    ids=["SIGTERM", "SIGINT", "SIGKILL"],
)
def test_an_import_that_is_ended_leaves_nothing_running_and_goes_on_later(
    program: Program, number: signal.Signals, status: int
):
    process = subprocess.Popen(
        [sys.executable, "-m", "ledger.cli", *WORDS],
        cwd=program.folder,
        env=program.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    receipts = program.home / "outbox" / "steelworks" / "receipts"
    before = len(list(receipts.glob("*.receipt")))
    deadline = time.monotonic() + LONGEST_WAIT_S
    while len(list(receipts.glob("*.receipt"))) < before + 5:
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(number)
    out, err = process.communicate(timeout=LONGEST_WAIT_S)
    assert process.returncode == status, err
    assert "Traceback" not in err
    assert out == ""
    if number is not signal.SIGKILL:
        assert server_processes(program.home.parent) == []


def test_the_import_ends_with_every_reading_posted_once(program: Program):
    done = program(*WORDS)
    rows = 11 * 27 * 72
    assert done["rows"] == rows
    assert done["events_posted"] + done["skipped"] == rows
    assert done["skipped"] >= 3 * 5 * 72
    source = program("footprint", "steelworks", "--period", "2018")["sources"][0]
    assert source["readings"] == rows
    assert program("audit")["ok"] is True
    assert server_processes(program.home.parent) == []


def test_commands_at_once_in_one_home_post_one_after_the_other(program: Program):
    before = program("status")["events"]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "ledger.cli", "site", "add", site, "--region", "CN-JS"],
            cwd=program.folder,
            env=program.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for site in (f"steelworks/shed-{number}" for number in range(5))
    ]
    for process in processes:
        _, err = process.communicate(timeout=LONGEST_WAIT_S)
        assert process.returncode == 0, err
    assert program("status")["events"] == before + 5
    assert program("audit")["ok"] is True


def test_a_command_waits_for_its_turn_and_says_so(program: Program):
    lock = program.home / "outbox" / "steelworks" / "turn.lock"
    with lock.open("rb+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        waiting = subprocess.Popen(
            [sys.executable, "-m", "ledger.cli", "site", "add", "steelworks/hut", "--region", "CN"],
            cwd=program.folder,
            env=program.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert waiting.stderr is not None
        assert "posts for steelworks; waiting" in waiting.stderr.readline()
    out, err = waiting.communicate(timeout=LONGEST_WAIT_S)
    assert waiting.returncode == 0, err
    assert "Registered site steelworks/hut" in out

"""The memory that is reported is what a process and its children hold."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.benchmarks.memory import PeakMemory

HOLD = "x = bytearray({bytes}); print(flush=True); input()"
CHILD = (
    "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', sys.argv[1]], "
    "stdin=subprocess.PIPE, stdout=subprocess.PIPE); p.stdout.readline(); print(flush=True); input();"
    " p.communicate(b'\\n')"
)


def peak_of(*arguments: str) -> PeakMemory:
    with subprocess.Popen(
        [sys.executable, "-c", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        process.stdout.readline()
        with PeakMemory(process.pid, None) as peak:
            peak.wait_for_one_look()
        process.communicate(b"\n")
    return peak


def test_what_a_process_holds_is_counted_once_and_in_full():
    assert 200 < peak_of(HOLD.format(bytes=200_000_000)).ours_mb < 300


def test_a_child_counts_too():
    peak = peak_of(CHILD, HOLD.format(bytes=150_000_000))
    assert peak.processes == 2
    assert 150 < peak.ours_mb < 250


def test_a_database_is_counted_apart():
    with PeakMemory(os.getpid(), os.getpid()) as peak:
        peak.wait_for_one_look()
    assert peak.ours_mb == 0
    assert peak.postgres_mb > 0

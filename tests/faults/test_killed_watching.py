"""A watcher that is killed at any moment has lost nothing, and every entry is reported at least once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.cli_program import Ended, Program
from tests.watched_log import VKEY, LogServer, WatchedLog

STREAM: Final = "acme/plant/electricity"
LONGEST_WAIT_S: Final = 30.0
DYING: Final = """
import os, signal, sys
from contextlib import contextmanager
from ledger.cli import watch
from ledger.cli.program import run
from ledger.client.monitor.kept import Kept

left = int(sys.argv[1])

def moment() -> None:
    global left
    left -= 1
    if not left:
        sys.stdout.flush()
        os.kill(os.getpid(), signal.SIGKILL)

change = Kept._change

@contextmanager
def dying(kept):
    with change(kept) as db:
        yield db
        moment()  # all is written, nothing is committed
    moment()  # all is committed

tell = print

def telling(*arguments, **options):
    tell(*arguments, **options)
    moment()  # somebody was told, and nobody has noted it

Kept._change = dying
watch.print = telling
sys.exit(run(sys.argv[2:]))
"""


def log_of(size: int) -> WatchedLog:
    log = WatchedLog()
    log.register("acme")
    log.readings(STREAM, 3)
    log.seal([log.company("acme", len(log.bodies))])
    log.readings(STREAM, size - len(log.bodies))
    return log


def told(out: str) -> set[int]:
    """Indexes of the entries that were reported; the last line may be torn."""
    whole = out[: out.rfind("\n") + 1].splitlines()
    return {int(line.split()[1]) for line in whole if line.startswith("entry ")}


@pytest.mark.parametrize("moment", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 400, 10_000])
def test_a_watcher_killed_at_any_moment_goes_on_where_it_was(tmp_path: Path, moment: int):
    program = Program(tmp_path / "home", tmp_path)
    call = ("watch", "", "--once", "--log-key", VKEY, "--party", "acme")
    with LogServer(log_of(400)) as server:
        arguments = [server.url if one == "" else one for one in call]
        killed = subprocess.run(
            [sys.executable, "-c", DYING, str(moment), *arguments],
            cwd=tmp_path, env=program.environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=LONGEST_WAIT_S, check=False,
        )  # fmt: skip
        assert killed.returncode == (0 if moment == 10_000 else -signal.SIGKILL), killed.stderr
        after = program.run(*arguments)
        assert after.status == 0, after.err
        assert "followed to size 400" in after.out
        assert told(killed.stdout) | told(after.out) == set(range(1, 400)) - {5}
        again: Ended = program.run(*arguments)
        assert (again.status, told(again.out)) == (0, set())


def test_a_watcher_killed_while_it_writes_evidence_finds_it_again(tmp_path: Path):
    program = Program(tmp_path / "home", tmp_path)
    log = log_of(8)
    with LogServer(log) as server:
        arguments = ["watch", server.url, "--once", "--log-key", VKEY]
        assert program.run(*arguments).status == 0
        server.log = log.fork(4)
        server.log.readings(STREAM, 9)
        dying = DYING.replace("Kept._change = dying", "os.fsync = lambda _: moment()")
        for moment in (1, 2):  # before the file has its name, and after
            killed = subprocess.run(
                [sys.executable, "-c", dying, str(moment), *arguments],
                cwd=tmp_path, env=dict(os.environ) | program.environment,
                stdin=subprocess.DEVNULL, capture_output=True, timeout=LONGEST_WAIT_S, check=False,
            )  # fmt: skip
            assert killed.returncode == -signal.SIGKILL, killed.stderr
        refused = program.refused(*arguments, status=1)
        assert refused["code"] == "other-history"
        assert json.loads(Path(refused["found"]).read_bytes())["kind"] == "two-histories"

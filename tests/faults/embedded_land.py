"""Homes to break and commands to kill: what the tests of the embedded server share."""

from __future__ import annotations

import contextlib
import functools
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Self

from ledger.errors import LedgerError
from ledger.store.embedded import EmbeddedServer

PROGRAM: Final = Path(__file__).with_name("embedded_command.py")
TEMPORARY: Final = Path("/tmp")  # noqa: S108, short, and open to the system user
LONGEST_WAIT_S: Final = 30.0


class Command:
    """A running command; killed at the end of its block, or when it takes far too long."""

    def __init__(self, home: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(PROGRAM), str(home), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._deadline = threading.Timer(LONGEST_WAIT_S, self.process.kill)
        self._deadline.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._deadline.cancel()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()

    def ready(self) -> Self:
        """Wait until the command has its server."""
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        line = self.process.stdout.readline()
        assert line == "ready\n", self.process.stderr.read()
        return self

    def sql(self, statement: str) -> str:
        """What the command's server answers."""
        self.begin_sql(statement)
        return self.line()

    def line(self) -> str:
        """The next line that the command prints."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def begin_sql(self, statement: str) -> None:
        """Send a statement without waiting for its answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(statement + "\n")
        self.process.stdin.flush()

    def kill(self, number: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        return self.process.wait(LONGEST_WAIT_S)

    def end(self) -> int:
        """Let the command end in order."""
        self.process.communicate(timeout=LONGEST_WAIT_S)
        return self.process.returncode

    def refusal(self) -> str:
        """What it said when it would not start; exit status 3."""
        _, said = self.process.communicate(timeout=LONGEST_WAIT_S)
        assert self.process.returncode == 3, said
        return said


class Place:
    """A home, and the user whose commands use it."""

    def __init__(self, home: Path, *options: str) -> None:
        self.home = home
        self._options = options

    def command(self) -> Command:
        """Start a command on the home; use it in a `with`."""
        return Command(self.home, *self._options)

    def copy_to(self, home: Path) -> Place:
        """Copy the home as it is, for the same user."""
        subprocess.run(["cp", "-a", self.home, home], check=True)
        return Place(home, *self._options)

    def fill_from(self, made: Place) -> None:
        """Make the empty home a copy of another, whose server is stopped."""
        self.home.rmdir()
        made.copy_to(self.home)

    @property
    def processes(self) -> list[int]:
        """The server's processes that live."""
        return server_processes(self.home)


@contextlib.contextmanager
def temporary_home(owner: str | None = None, under: Path | None = None) -> Iterator[Path]:
    """A folder that is gone afterwards, with every server process that was left in it."""
    outer = Path(tempfile.mkdtemp(prefix="ledger-", dir=under or roomy_memory() or TEMPORARY))
    try:
        outer.chmod(0o755)
        home = outer / "home"
        home.mkdir(0o700)
        if owner is not None:
            entry = pwd.getpwnam(owner)
            os.chown(home, entry.pw_uid, entry.pw_gid)
        yield home
    finally:
        for pid_file in outer.glob("**/postgres/data/postmaster.pid"):
            # A killed server leaves shared memory, which only another start of it takes away.
            with contextlib.suppress(LedgerError), EmbeddedServer(pid_file.parents[2]):
                pass
        for pid in server_processes(outer):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        until(lambda: not server_processes(outer))
        shutil.rmtree(outer)


@functools.cache
def roomy_memory() -> Path | None:
    """A file system in memory that takes a few databases: files are made ten times faster there.

    Enough for tests that kill processes; none of them cuts the power.
    """
    memory = Path("/dev/shm")  # noqa: S108, a random folder in it
    if not memory.is_dir() or not os.access(memory, os.W_OK):
        return None
    return memory if shutil.disk_usage(memory).free > 2_000_000_000 else None


def server_processes(folder: Path) -> list[int]:
    """Processes of PostgreSQL that work somewhere in the folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            works_in = (entry / "cwd").readlink()
            if works_in.is_relative_to(folder.resolve()):
                found.append(int(entry.name))
    return sorted(found)


def postmaster(home: Path) -> int:
    """What the pid file says."""
    return int((home / "postgres/data/postmaster.pid").read_text().splitlines()[0])


def times_started(home: Path) -> int:
    """How often the server came up, by its own log."""
    logs = (home / "postgres" / "log").glob("*")
    return sum(log.read_text().count("ready to accept connections") for log in logs)


def permissions(*paths: Path) -> dict[str, tuple[int, int, int]]:
    """Mode and owners of the folders on the way to these paths, without the paths themselves."""
    found = {}
    for path in paths:
        for folder in path.parents:
            status = folder.lstat()
            found[str(folder)] = (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)
    return found


def until(happened: Callable[[], object]) -> None:
    """Wait for something that happens by itself."""
    end = time.monotonic() + LONGEST_WAIT_S
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)

"""The disk under the checkpoint file fails in every way: no signature leaves for what is not on it.

strace makes single system calls fail, on this one file, each in turn. What counts as durable is read
from the same trace: a line that was written whole and then synced without an error. After each fault
the program is started again, and the log goes on.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from ledger.service import Settings, initialise, open_ledger
from ledger.store.embedded import EmbeddedServer, create_database
from tests.conftest import RoleToConninfo
from tests.e2e.cli_program import Program
from tests.workload import OPERATOR, RECOVERY, Workload

ROOT: Final = Path(__file__).resolve().parents[2]
LONGEST_WAIT_S: Final = 60
BATCHES: Final = 3
CALLS: Final = "write,writev,pwrite64,fsync,fdatasync,sync_file_range,ftruncate,/rename"

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")

_LINE = re.compile(r'(?:write|pwrite64)\(\d+, "(\d+) [0-9a-f]{32}')
_RESULT = re.compile(r"^(?:\[pid +\d+\] |\d+ +)?(\w+)\(.*\) += (-?\d+)")


class Ran(NamedTuple):
    """What a run of the program said, and what the kernel was asked on the file."""

    said: list[str]
    trace: list[str]

    def sizes(self, word: str) -> list[int]:
        """Of the lines that begin with this word."""
        return [int(line.split()[1]) for line in self.said if line.split()[0] == word]

    @property
    def refusals(self) -> list[str]:
        return [line.split()[1] for line in self.said if line.startswith("refused")]

    @property
    def injected(self) -> list[str]:
        return [line for line in self.trace if "(INJECTED)" in line]

    @property
    def durable(self) -> set[int]:
        """The sizes whose line was written, and then synced."""
        durable: set[int] = set()
        written: set[int] = set()
        for line in self.trace:
            called = _RESULT.match(line)
            assert called, line
            name, result = called[1], int(called[2])
            size = _LINE.search(line)
            if size is not None and result > 0 and "(INJECTED)" not in line:
                written.add(int(size[1]))
            if name in ("fsync", "fdatasync"):
                durable |= written if result == 0 else set()
                written.clear()
        return durable


class Place:
    """A ledger in a database of its own, and its home on the disk that fails."""

    def __init__(self, settings: Settings) -> None:
        assert settings.database_url
        self.settings = settings
        self.owner = settings.database_url
        self.file = settings.home / "checkpoints"

    def run(self, inject: str = "", *, file_bytes: int | None = None) -> Ran:
        """Post some batches while the disk does what it is told."""
        trace = self.settings.home.parent / "trace"
        command = ["strace", "-f", "-qq", "-o", str(trace), "-P", str(self.file)]
        command += ["-s", "100", "-e", f"trace={CALLS}"]
        command += ["-e", f"inject={inject}"] if inject else []
        command += [sys.executable, "-m", "tests.faults.one_by_one", str(self.settings.home)]
        command += [self.owner, str(self.settings.server_database_url), str(BATCHES)]

        command += [] if file_bytes is None else [str(file_bytes)]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            capture_output=True,
            text=True,
            timeout=LONGEST_WAIT_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        lines = [line for line in trace.read_text().splitlines() if "(" in line]
        return Ran(done.stdout.splitlines(), lines)

    def stored(self) -> set[int]:
        """The sizes whose checkpoint stands in the database, where others may read it."""
        return stored(self.owner)


def stored(owner: str) -> set[int]:
    """The sizes of the checkpoints in a database."""
    with psycopg.connect(owner) as conn:
        if conn.execute("SELECT to_regclass('ledger.checkpoints')").fetchone() == (None,):
            return set()
        return {row[0] for row in conn.execute("SELECT size FROM ledger.checkpoints")}


@pytest.fixture(scope="module")
def place(embedded: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A ledger with a meter."""
    name = "disk_fails"
    with psycopg.connect(embedded.conninfo("ledger_owner"), autocommit=True) as conn:
        create_database(conn, name)
    settings = Settings(
        home=tmp_path_factory.mktemp("disk") / "home",
        database_url=make_conninfo(embedded.conninfo("ledger_owner"), dbname=name),
        server_database_url=make_conninfo(embedded.conninfo("ledger_server"), dbname=name),
    )

    async def prepare() -> None:
        await initialise(
            settings,
            origin="ledger.example/log",
            area="Synthetic park",
            timezone="Asia/Shanghai",
            operator="operator",
            operator_key=OPERATOR,
            recovery_key=RECOVERY,
        )
        async with open_ledger(settings) as ledger:
            for body in Workload(ledger.log).preparation():
                await ledger.post(body)

    asyncio.run(prepare())
    yield Place(settings)
    with psycopg.connect(embedded.conninfo("ledger_owner"), autocommit=True) as conn:
        conn.execute("DROP DATABASE disk_fails WITH (FORCE)")


def left_only_what_is_durable(place: Place, ran: Ran, before: set[int]) -> None:
    assert set(ran.sizes("signed")) <= ran.durable
    assert set(ran.sizes("shown")) <= ran.durable | before
    assert place.stored() <= ran.durable | before


def goes_on(place: Place) -> None:
    """Started again, it posts; and it relies on no line that it has not seen to the disk itself."""
    before = place.stored()
    ran = place.run()
    assert (ran.refusals, len(ran.sizes("signed"))) == ([], BATCHES)
    left_only_what_is_durable(place, ran, before)

    async def audited() -> None:
        async with open_ledger(place.settings, writing=False) as ledger:
            report = await ledger.audit()
            assert report.ok, report.damages

    asyncio.run(audited())


def test_a_disk_that_works_takes_a_write_and_a_sync_for_each_signature(place: Place):
    """So the numbers below reach every call that is made."""
    before = place.stored()
    ran = place.run()
    calls = [_RESULT.match(line)[1] for line in ran.trace]  # type: ignore[index]
    assert calls == ["pwrite64", "fsync", *["write", "fsync"] * BATCHES]
    assert len(ran.sizes("signed")) == BATCHES
    left_only_what_is_durable(place, ran, before)


@pytest.mark.parametrize(
    "fault",
    [
        "pwrite64:error=EIO:when=1",
        "pwrite64:retval=9:when=1",
        "write:error=EIO:when=1",
        "write:error=ENOSPC:when=2",
        "write:error=EIO:when=3",
        "write:retval=9:when=2",
        "write:retval=0:when=1",
        "fsync:error=EIO:when=1",
        "fsync:error=EIO:when=2",
        "fsync:error=ENOSPC:when=3",
        "fsync:error=EDQUOT:when=4",
    ],
)
def test_no_signature_leaves_for_what_is_not_on_the_disk(place: Place, fault: str):
    before = place.stored()

    ran = place.run(fault)

    assert len(ran.injected) == 1, "and never asked again"
    assert ran.trace[-1] == ran.injected[0], "nothing is written after that"
    assert set(ran.refusals) == {"log-stopped"}
    left_only_what_is_durable(place, ran, before)
    goes_on(place)


def test_a_line_that_was_torn_by_a_full_disk_is_cut_off_at_the_next_start(place: Place):
    before = place.stored()
    whole = place.file.read_bytes()

    ran = place.run(file_bytes=len(whole) + 30)

    assert ran.refusals
    assert ran.sizes("signed") == []
    assert len(place.file.read_bytes()) == len(whole) + 30
    left_only_what_is_durable(place, ran, before)
    goes_on(place)
    assert place.file.read_bytes().startswith(whole)


@pytest.mark.parametrize("fault", ["ftruncate:error=EIO:when=1", "fsync:error=EIO:when=1"])
def test_a_torn_line_that_cannot_be_cut_off_stops_the_log(place: Place, fault: str):
    before = place.stored()
    whole = place.file.read_bytes()
    place.file.write_bytes(whole + b"999 abc")

    ran = place.run(fault)

    assert ran.refusals == ["log-stopped"]
    assert ran.sizes("signed") == ran.sizes("shown") == []
    left_only_what_is_durable(place, ran, before)
    goes_on(place)


def test_a_new_file_that_is_not_on_the_disk_opens_no_log(
    fresh_database: RoleToConninfo, tmp_path: Path
):
    """Neither the file itself, nor the folder that it stands in, nor its first line."""
    home = tmp_path / "home"
    owner = fresh_database("ledger_owner")
    program = Program(
        home,
        tmp_path,
        here=False,
        CARBON_LEDGER_DATABASE_URL=owner,
        CARBON_LEDGER_SERVER_DATABASE_URL=fresh_database("ledger_server"),
    )
    words = ["init", "--origin", "ledger.example/log", "--area", "Example park"]
    words += ["--timezone", "Asia/Shanghai"]
    for path, number in ((home / "checkpoints", 1), (home, 1), (home / "checkpoints", 2)):
        strace = ["strace", "-f", "-qq", "-y", "-o", str(tmp_path / "trace"), "-P", str(path)]
        strace += ["-e", "trace=fsync", "-e", f"inject=fsync:error=EIO:when={number}"]
        done = subprocess.run(
            [*strace, sys.executable, "-m", "ledger.cli", *words, "--json"],
            cwd=tmp_path,
            env=program.environment,
            capture_output=True,
            text=True,
            timeout=LONGEST_WAIT_S,
            check=False,
        )
        trace = (tmp_path / "trace").read_text()
        assert trace.count("(INJECTED)") == 1, trace
        assert (done.returncode, "Traceback" in done.stderr) == (3, False), done.stderr
        assert '"code":"log-stopped"' in done.stdout
        assert stored(owner) == set()

    program("party", "add", "steelworks", "--role", "company", "--name", "Steel works")
    assert program("status")["size"] == 2
    assert stored(owner) == {1, 2}
    assert program("audit")["ok"] is True

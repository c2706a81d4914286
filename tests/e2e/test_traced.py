"""What the system calls of the program say: it writes in its home and asks no other host.

Read with strace, over all processes of `init`, the embedded server's among them. Outside the home
only memory that processes share is made: /dev/shm, by PostgreSQL, and gone with it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ledger.store.embedded import EmbeddedServer
from tests.e2e.cli_program import Program
from tests.faults.embedded_land import temporary_home

PERMISSIONS = ("chmod", "fchmod", "fchmodat", "chown", "fchown", "lchown", "fchownat")
CHANGES = (
    "creat", "link", "linkat", "mkdir", "mkdirat", "open", "openat", "rename", "renameat",
    "renameat2", "rmdir", "symlink", "symlinkat", "truncate", "unlink", "unlinkat",
)  # fmt: skip
NETWORK = ("bind", "connect", "sendto")
WRITING = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND")
CALL = re.compile(r"^\d+ +(?P<name>\w+)\((?P<arguments>.*)\) += (?P<result>-?\d+)")
ABSOLUTE = re.compile(r'"(/[^"]*)"|<(/[^>]*)>')
SHARED_MEMORY = ("/dev/shm/PostgreSQL.", "/dev/null")  # noqa: S108  # nothing is made here


@dataclass(frozen=True)
class Call:
    """One system call that succeeded."""

    name: str
    arguments: str

    @property
    def paths(self) -> list[str]:
        """The absolute paths that it names, those of its descriptors among them."""
        return [named or opened for named, opened in ABSOLUTE.findall(self.arguments)]


@dataclass(frozen=True)
class Traced:
    """A run of `init`."""

    home: Path
    folder: Path
    calls: list[Call]

    def outside(self, calls: list[Call]) -> list[Call]:
        """The calls that name a place outside the home, apart from the empty folder of the run."""
        inside = (f"{self.home}/", *SHARED_MEMORY)
        return [
            call
            for call in calls
            if any(
                not path.startswith(inside) and Path(path) not in (self.home, self.folder)
                for path in call.paths
            )
        ]


@pytest.fixture(scope="module")
def traced(embedded: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traced]:
    """For root, the test's own server has made the system user before: that is another story."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("needs Debian's package strace")
    if subprocess.run([strace, "-qq", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("strace may not trace here")
    folder = tmp_path_factory.mktemp("empty")
    trace = tmp_path_factory.mktemp("trace") / "calls"
    with temporary_home() as home:
        program = Program(home, folder, here=False, PYTHONDONTWRITEBYTECODE="1")
        names = ",".join((*PERMISSIONS, *CHANGES, *NETWORK, "chdir"))
        subprocess.run(
            [
                *(strace, "-f", "-y", "-qq", "-s", "500", "-o", trace, "-e", f"trace={names}"),
                *(sys.executable, "-m", "ledger.cli", "init", "--origin", "ledger.example/log"),
                *("--area", "Example park", "--timezone", "Asia/Shanghai"),
            ],
            cwd=folder,
            env=program.environment,
            capture_output=True,
            check=True,
            timeout=120,
        )
        calls = [
            Call(call["name"], call["arguments"])
            for call in map(CALL.match, _whole(trace.read_text()))
            if call is not None and call["result"] != "-1"
        ]
        yield Traced(home, folder, calls)


def test_no_permission_and_no_owner_outside_the_home_is_changed(traced: Traced):
    changed = [call for call in traced.calls if call.name in PERMISSIONS]
    assert changed, "the home itself is closed to others"
    assert traced.outside(changed) == []


def test_no_file_outside_the_home_is_made_or_changed(traced: Traced):
    changes = [
        call
        for call in traced.calls
        if call.name in CHANGES
        and (call.name not in {"open", "openat"} or WRITING.search(call.arguments))
    ]
    assert len(changes) > 100
    assert traced.outside(changes) == []
    assert [*traced.folder.iterdir()] == []


def test_relative_paths_are_those_of_the_server_in_its_data(traced: Traced):
    moved = [call for call in traced.calls if call.name == "chdir" and call.paths != ["/"]]
    assert moved
    assert traced.outside(moved) == []


def test_no_other_host_is_asked_and_no_port_is_opened(traced: Traced):
    network = [call for call in traced.calls if call.name in NETWORK]
    assert any("AF_UNIX" in call.arguments for call in network)
    assert [call for call in network if "AF_INET" in call.arguments] == []


def _whole(trace: str) -> Iterator[str]:
    """The lines of a trace, with calls that others interrupted put together again."""
    begun: dict[str, str] = {}
    for line in trace.splitlines():
        process = line.partition(" ")[0]
        if line.endswith("<unfinished ...>"):
            begun[process] = line.removesuffix("<unfinished ...>")
        elif "resumed>" in line and process in begun:
            yield begun.pop(process) + line.partition("resumed>")[2]
        else:
            yield line

"""Every command that the README and the guides show is run, in order, and says what the page says.

How a page is written, and so how it is run:

- `<!-- file: NAME -->` before a fenced block: the block is the content of that file.
- A block of kind `console`: a line that begins with `$ ` is a command, lines behind it that begin
  with `> ` go on with it, and all other lines are its output. A second word (`console operator`) is
  the name of a terminal: each has a shell of its own, all stand in one empty folder.
- `…` in shown output stands for any text of that line, and a line that is `…` alone for any lines.
  Several spaces count as one. A command without output shown may say anything.
- Every command ends with status 0. What ends otherwise says so: `; echo "exit status $?"`.

Port 8000 stands for one that is free here, the database at `db.example` for an empty one.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from tests.faults.embedded_land import TEMPORARY, roomy_memory

ROOT = Path(__file__).resolve().parents[2]
GUIDES = ROOT / "docs" / "guides"
PAGES = [ROOT / "README.md", *sorted(GUIDES.glob("*.md"))]
ROLES = ("company", "operator", "certifier", "regulator")

BLOCK = re.compile(
    r"(?:^<!-- file: (?P<file>[\w./-]+) -->\n+)?^```(?P<info>[^\n]*)\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
ANY = "…"
PORT = ("--port 8000", "127.0.0.1:8000")
DATABASES = {"carbon_owner": "ledger_owner", "carbon_server": "ledger_server"}
"""The logins of the operator's guide, and the roles of the tests' own server in their place."""
WAIT_S = 120
DEMO = {"make demo": "python -m ledger.demo"}
"""What make does once everything is installed."""


@dataclass(frozen=True)
class File:
    """A small input file that a page spells out."""

    name: str
    content: str


@dataclass(frozen=True)
class Command:
    """A command of a page, and what the page says that it prints."""

    terminal: str
    text: str
    shown: tuple[str, ...]


def steps(page: str) -> Iterator[File | Command]:
    """The files and commands of a page, in order."""
    for block in BLOCK.finditer(page):
        if block["file"]:
            yield File(block["file"], block["body"])
            continue
        kind, _, terminal = block["info"].partition(" ")
        if kind == "console":
            yield from _commands(terminal.strip(), block["body"])


def _commands(terminal: str, body: str) -> Iterator[Command]:
    text, shown = "", list[str]()
    for line in body.splitlines():
        if line.startswith("$ "):
            if text:
                yield Command(terminal, text, tuple(shown))
            text, shown = line[2:], []
        elif line.startswith("> ") and not shown:
            text += "\n" + line[2:]
        else:
            assert text, f"output before the first command: {line}"
            shown.append(line.rstrip())
    if text:
        yield Command(terminal, text, tuple(shown))


class Terminal:
    """A shell that runs one command after the other, as a person's does."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._shell = subprocess.Popen(
            ["bash", "--norc", "--noprofile"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, text: str) -> tuple[int, list[str]]:
        """The exit status of a command and the lines that it printed."""
        assert self._shell.stdin
        assert self._shell.stdout
        end = "--- that was the command, and its status is"
        # The blank line before the end must not take the place of the command's own status.
        self._shell.stdin.write(f"{{ {text}\n}} </dev/null\ns=$?; echo; echo '{end}' $s\n")
        self._shell.stdin.flush()
        alarm = threading.Timer(WAIT_S, self.close)
        alarm.start()
        lines: list[str] = []
        try:
            for line in self._shell.stdout:
                if line.startswith(end):
                    if lines and not lines[-1]:
                        lines.pop()
                    return int(line[len(end) :]), lines
                lines.append(line.rstrip())
        finally:
            alarm.cancel()
        raise AssertionError(f"{text} did not end in {WAIT_S} s:\n" + "\n".join(lines))

    def close(self) -> None:
        """End the shell and whatever it left running."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._shell.pid, number)
                self._shell.wait(20)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
        for pipe in (self._shell.stdin, self._shell.stdout):
            if pipe:
                pipe.close()


@dataclass
class Desk:
    """One empty folder, and the terminals that stand in it."""

    folder: Path
    terminals: dict[str, Terminal]
    instead: dict[str, str]

    def say(self, command: Command) -> tuple[int, list[str]]:
        """Run a command in its terminal."""
        if command.terminal not in self.terminals:
            self.terminals[command.terminal] = Terminal(self.folder, self._environment())
        text = command.text
        for written, here in self.instead.items():
            text = text.replace(written, here)
        status, lines = self.terminals[command.terminal].run(text)
        for written in PORT:
            lines = [line.replace(self.instead[written], written) for line in lines]
        return status, lines

    def _environment(self) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("CARBON_LEDGER_")}
        return {
            **inherited,
            "CARBON_LEDGER_HOME": str(self.folder / "ledger"),
            "COLUMNS": "100",
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }


@pytest.fixture
def desk(fresh_database: Callable[[Any], str]) -> Iterator[Desk]:
    """A short path, which the database's system user can reach when the tests run as root."""
    folder = Path(tempfile.mkdtemp(prefix="guide-", dir=roomy_memory() or TEMPORARY))
    folder.chmod(0o755)
    with socket.socket() as asking:
        asking.bind(("127.0.0.1", 0))
        port = str(asking.getsockname()[1])
    instead = DEMO | {written: written.replace("8000", port) for written in PORT}
    for login, role in DATABASES.items():
        instead[f"postgresql://{login}@db.example/carbon"] = _url(fresh_database(role))
    desk = Desk(folder, {}, instead)
    yield desk
    for terminal in desk.terminals.values():
        terminal.close()
    shutil.rmtree(folder)


def _url(conninfo: str) -> str:
    parts = conninfo_to_dict(conninfo)
    user, name, host = (quote(str(parts[part]), safe="") for part in ("user", "dbname", "host"))
    rest = {k: str(v) for k, v in parts.items() if k not in ("user", "dbname", "host")}
    return f"postgresql://{user}@/{name}?{urlencode({'host': unquote(host), **rest})}"


def difference(shown: tuple[str, ...], found: list[str]) -> str | None:
    """Why output is not what a page shows, or None. Blank lines at both ends do not count."""
    wanted, printed = _plain(shown), _plain(found)
    pattern = ""
    for line in wanted:
        if line == ANY:
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*?".join(re.escape(part) for part in line.split(ANY)) + "\n"
    if re.fullmatch(pattern, "".join(f"{line}\n" for line in printed)):
        return None
    return "\n".join(["shown:", *wanted, "", "printed:", *printed])


def _plain(lines: Iterable[str]) -> list[str]:
    text = "\n".join(re.sub(r" {2,}", " ", line.rstrip()) for line in lines)
    return text.strip("\n").splitlines()


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_every_command_of_a_page_runs_and_prints_what_the_page_shows(page: Path, desk: Desk):
    for step in steps(page.read_text()):
        if isinstance(step, File):
            (desk.folder / step.name).write_text(step.content)
            continue
        status, printed = desk.say(step)
        assert status == 0, f"$ {step.text}\n" + "\n".join(printed)
        wrong = difference(step.shown, printed) if step.shown else None
        assert wrong is None, f"$ {step.text}\n{wrong}"


def test_the_roles_of_the_operators_guide_are_understood_by_postgresql(
    fresh_database: Callable[[Any], str],
):
    page = (GUIDES / "operator.md").read_text()
    files = [step for step in steps(page) if isinstance(step, File) and step.name == "roles.sql"]
    made = []
    with psycopg.connect(fresh_database("ledger_owner"), autocommit=True) as connection:
        try:
            for statement in files[0].content.strip().split(";\n"):
                try:
                    connection.execute(sql.SQL(statement))
                except psycopg.errors.DuplicateObject:
                    assert "ledger_server NOLOGIN" in statement  # the tests' own server has it
                made.append(statement.split()[2])
            assert made == ["ledger_server", "carbon_owner", "carbon_server", "carbon"]
        finally:
            connection.execute("DROP DATABASE IF EXISTS carbon")
            connection.execute("DROP ROLE IF EXISTS carbon_owner, carbon_server")


def test_there_is_a_guide_for_every_role():
    assert {page.stem for page in GUIDES.glob("*.md")} >= set(ROLES)


@pytest.mark.parametrize("page", PAGES[1:], ids=[page.name for page in PAGES[1:]])
def test_a_guide_has_commands_and_says_that_its_data_is_invented(page: Path):
    text = page.read_text()
    assert [step for step in steps(text) if isinstance(step, Command)]
    assert "synthetic" in text


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_a_command_of_the_program_stands_nowhere_but_where_it_is_run(page: Path):
    for block in BLOCK.finditer(page.read_text()):
        if not block["info"].startswith("console"):
            assert not re.search(r"^\s*\$ ", block["body"], re.MULTILINE), block[0]


def test_a_command_that_fails_is_noticed(desk: Desk):
    assert desk.say(Command("", "true", ()))[0] == 0
    assert desk.say(Command("", "(exit 3)", ()))[0] == 3
    assert desk.say(Command("", "false; true", ()))[0] == 0


def test_a_shown_line_that_was_not_printed_is_noticed():
    assert difference(("total 3",), ["total 3"]) is None
    assert difference(("total 3",), ["total 4"]) is not None
    assert difference(("total 3",), ["total 3", "and more"]) is not None
    assert difference(("key …, new", "…", "end"), ["key abc, new", "a", "b", "end"]) is None
    assert difference(("key …, new",), ["key abc, old"]) is not None

"""The tutorial runs: every command of it, in order, in one shell, prints what the page says it prints.

In what a page shows, `…` stands for anything within a line, and alone on a line for any lines.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.embedded_land import server_processes, temporary_home

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "tutorial.md").read_text()
MARK = "--- end of a block ---"


def blocks() -> list[tuple[str, str | None]]:
    """Each block of commands, with the block behind it that shows what they print."""
    fences = re.findall(r"^```(sh|text)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    found: list[tuple[str, str | None]] = []
    for kind, text in fences:
        if kind == "sh":
            found.append((text, None))
        else:
            found[-1] = (found[-1][0], text)
    return found


def pattern_of(shown: str) -> str:
    """The lines of a page as an expression: `…` is anything."""
    lines = []
    for line in shown.splitlines():
        if line == "…":
            lines.append(r"(?:.*\n)*?")
        else:
            lines.append(".*".join(re.escape(part) for part in line.split("…")) + r" *\n")
    return "".join(lines)


@pytest.fixture(scope="module")
def printed() -> Iterator[list[str]]:
    """What each block printed."""
    with temporary_home() as home:
        folder = home.parent
        (folder / "bin").mkdir()
        program = folder / "bin" / "carbon-ledger"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m ledger.cli "$@"\n')
        program.chmod(0o755)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("CARBON_LEDGER_")}
        script = f"\necho '{MARK}'\n".join(commands for commands, _ in blocks())
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=folder,
            env={
                **environment,
                "PATH": f"{program.parent}:{environment['PATH']}",
                "PYTHONPATH": str(ROOT),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert server_processes(folder) == []
        yield done.stdout.split(f"{MARK}\n")


@pytest.mark.parametrize("number", range(len(blocks())))
def test_a_block_prints_what_the_page_shows(printed: list[str], number: int):
    _, shown = blocks()[number]
    if shown is not None:
        assert re.fullmatch(pattern_of(shown), printed[number]), printed[number]


def test_the_page_shows_what_each_block_prints():
    assert len(blocks()) >= 10
    assert all(shown is not None for _, shown in blocks())


def test_a_page_that_shows_something_else_is_noticed():
    assert re.fullmatch(pattern_of("a … c\n…\nd\n"), "a b c\nx\ny\nd\n")
    assert not re.fullmatch(pattern_of("a … c\n"), "a b d\n")
    assert not re.fullmatch(pattern_of("a\n"), "a\nb\n")

"""The page of the command line is what the program says of itself; every command has its example."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from ledger.cli.program import NAME, build
from ledger.cli.reference import OPERATORS, example_of, leaves, write_page

ROOT = Path(__file__).resolve().parents[2]
ROOT_COMMAND: Any = get_command(build())
COMMANDS = dict(leaves(ROOT_COMMAND))
NAMED = (
    "init", "continue", "party add", "party list", "key new", "key list", "key add", "key rotate", "key revoke",
    "key recover", "key confirm", "key disputes", "factor publish", "factor list", "factor confirm",
    "factor used", "factor import", "factor chp", "factor library list",
    "factor library publish", "site add", "site list", "source add",
    "source list", "source amend", "source close", "source assign-factor", "import", "record", "correct",
    "footprint", "area", "prove", "verify", "verify-page", "audit", "rebuild", "status", "serve",
    "meter install", "meter remove", "boundary set", "boundary transfer-site", "boundary base-year",
    "fact company", "fact area", "fact list", "line declare", "supply match", "supply end",
    "report ghg-protocol", "report iso-14064-1", "report esrs", "report gb-t-32150", "report gpc",
    "report area-views", "report residents", "report park-indicators", "report progress",
    "report explain",
    "transfer record", "transfer acknowledge", "transfer withdraw", "transfer list",
    "redact ask", "redact confirm", "redact list",
    "seal make", "seal list", "seal show",
    "target set", "target list",
    "watch",
    "witness init", "witness replay", "witness serve", "witness show",
)  # fmt: skip


def test_the_page_is_what_the_program_writes():
    page = (ROOT / "docs" / "reference" / "cli.md").read_text()
    assert page == write_page(), "run: python -m ledger.cli.reference > docs/reference/cli.md"


def test_the_program_has_the_commands_that_were_asked_for():
    assert {" ".join(words) for words in COMMANDS} == set(NAMED)


def test_the_page_names_the_commands_that_refuse_an_address():
    asked = [
        name
        for path in (ROOT / "ledger" / "cli").glob("*.py")
        for name in re.findall(r'\bhere_only\(call, "(.*)"\)', path.read_text())
    ]
    assert sorted(asked) == sorted(OPERATORS)


def test_the_page_has_a_heading_for_every_command():
    page = write_page()
    for words in COMMANDS:
        assert f"\n## {' '.join(words)}\n" in page


@pytest.mark.parametrize("words", [" ".join(words) for words in COMMANDS])
def test_the_example_of_a_command_is_a_call_of_it(words: str):
    example = shlex.split(example_of(COMMANDS[tuple(words.split())]))
    assert example[: 1 + len(words.split())] == [NAME, *words.split()]
    command, rest = ROOT_COMMAND, example[1:]
    context = command.make_context(NAME, rest)
    for word in words.split():
        rest = [*context._protected_args, *context.args]
        name, command, rest = command.resolve_command(context, rest)
        assert name == word
        context = command.make_context(name, rest, parent=context)


@pytest.mark.parametrize("words", [" ".join(words) for words in COMMANDS])
def test_help_is_broken_by_the_terminal_and_not_within_a_paragraph(words: str):
    for paragraph in COMMANDS[tuple(words.split())].help.split("\n\n"):
        assert paragraph
        assert "\n" not in paragraph


@pytest.mark.parametrize("words", [" ".join(words) for words in COMMANDS])
def test_every_option_is_described(words: str):
    for parameter in COMMANDS[tuple(words.split())].params:
        if parameter.name != "help":
            assert parameter.help, f"{words}: {parameter.name}"

"""Writes docs/reference/cli.md from the program itself, so that the page says what the program does.

    python -m ledger.cli.reference > docs/reference/cli.md

A test compares the page with this, byte for byte.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Final

from typer.main import get_command

from ledger.cli.call import PANEL
from ledger.cli.program import NAME, build

WIDTH: Final = 100
KINDS: Final = ("argument", "option")
OPERATORS: Final = ("init", "continue", "party add", "key recover", "audit", "rebuild", "serve")
"""Commands that work on the home itself, and refuse --url."""
WITHOUT: Final = ("verify", "verify-page", "watch", "witness", "factor library list")
"""Commands that ask no ledger, or the one whose address they are given."""

HEAD: Final = f"""# The program `{NAME}`

For whoever runs it. This page is made from the program by `python -m ledger.cli.reference`.

Results go to stdout, everything else to stderr; with `--json` the result is one JSON object, and so
is an error: `{{"error":{{"code":…,"what":…,"expected":…,"found":…,"advice":…}}}}`.

| exit status | meaning |
| --- | --- |
| 0 | done |
| 1 | the answer is no: a proof fails, an audit finds something, the ledger's rules refuse, or there is no such thing |
| 2 | the call was wrong |
| 3 | the ledger could not do it now; a call that posts can be made again |
| 130, 143 | ended by Ctrl-C, by SIGTERM |

Commands that do not post never change the log. With `--url` a command works against a ledger
elsewhere, signed and read with the keys of the home; so do all lists (`party list`, `seal list`,
`target list`, …). But these are the operator's and work on the home itself:
{"; ".join(OPERATORS)}.
And these ask no ledger, or the one whose address they are given:
{"; ".join(WITHOUT)}.
"""


def write_page() -> str:
    """The page."""
    root = get_command(build())
    parts = [
        HEAD,
        "## Options of every command\n",
        "They may stand before the command or behind it.\n",
    ]
    parts += ["\n".join(_table(_options(root, shared=True))) + "\n"]
    for words, command in leaves(root):
        parts.append(f"## {' '.join(words)}\n")
        parts.append(_wrapped(command.help or "") + "\n")
        parts.append(f"```\n{usage(words, command)}\n```\n")
        rows = [*_arguments(command), *_options(command, shared=False)]
        if rows:
            parts.append("\n".join(_table(rows)) + "\n")
        parts.append(f"Example:\n\n```\n{example_of(command)}\n```\n")
    return "\n".join(parts)


def leaves(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with its words, in the order of the program's help."""
    children: Mapping[str, Any] = getattr(command, "commands", {})
    if not children:
        yield words, command
    for name, child in children.items():
        yield from leaves(child, (*words, name))


def example_of(command: Any) -> str:
    """The one example of a command's help."""
    return str(command.epilog).removeprefix("Example: ")


def usage(words: tuple[str, ...], command: Any) -> str:
    """How a command is called."""
    kinds = {kind: [one for one in command.params if one.param_type_name == kind] for kind in KINDS}
    needed = [f"{one.opts[0]} {_metavar(one)}" for one in kinds["option"] if one.required]
    parts = [NAME, *words, *(_metavar(one) for one in kinds["argument"]), *needed]
    return " ".join([*parts, "[OPTIONS]"])


def _wrapped(text: str) -> str:
    """Paragraphs in lines of at most WIDTH characters; none is broken within a word."""
    found = (
        textwrap.fill(one, WIDTH, break_long_words=False, break_on_hyphens=False)
        for one in text.split("\n\n")
    )
    return "\n\n".join(found)


def _arguments(command: Any) -> Iterator[tuple[str, str]]:
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            yield f"`{_metavar(parameter)}`", parameter.help or ""


def _options(command: Any, *, shared: bool) -> Iterator[tuple[str, str]]:
    for parameter in command.params:
        if parameter.param_type_name != "option":
            continue
        if (parameter.rich_help_panel == PANEL) is not shared:
            continue
        names = ", ".join([*parameter.opts, *parameter.secondary_opts])
        value = _metavar(parameter)
        yield f"`{names}{' ' if value else ''}{value}`", _about(parameter)


def _about(parameter: Any) -> str:
    text = parameter.help or ""
    if parameter.required:
        text += " Required."
    shown = parameter.show_default
    default = parameter.default
    if isinstance(shown, str):
        text += f" Default: {shown}."
    elif shown and default not in (None, False, (), []):
        text += f" Default: `{default}`."
    return text.replace("|", "\\|")


def _metavar(parameter: Any) -> str:
    if parameter.metavar is not None:
        return str(parameter.metavar)
    choices = parameter.type_descriptor.choices
    if choices:
        return "\\|".join(str(choice) for choice in choices)
    return str(parameter.name).upper().rstrip("_")


def _table(rows: Iterator[tuple[str, str]] | list[tuple[str, str]]) -> list[str]:
    return ["| | |", "| --- | --- |", *(f"| {name} | {about} |" for name, about in rows)]


if __name__ == "__main__":
    sys.stdout.write(write_page())

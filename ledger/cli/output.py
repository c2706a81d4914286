"""Answers to stdout, as text for a person or as one JSON object for a program; the rest to stderr.

Rules: a name from the ledger or an error from elsewhere may hold anything, so nothing is taken as
markup and control characters are shown, not sent to the terminal.
"""

from __future__ import annotations

import contextlib
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from ledger.cli.call import Call
from ledger.errors import LedgerError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


class Progress(Protocol):
    """Told how far long work has come."""

    def __call__(self, done: int, total: int) -> None:
        """Show it."""


BAR_WIDTH: Final = 24
WIDE: Final = 160
"""Columns where the output is no terminal, so that a file is not folded at 80."""

_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"


def show(call: Call, value: object, *text: RenderableType) -> None:
    """Answer: the value as JSON, or the text."""
    if call.json:
        write_json(value)
        return
    screen = console()
    for one in text:
        if isinstance(one, str):
            screen.print(clean(one), soft_wrap=True)
        else:
            screen.print(one)


def write_json(value: object) -> None:
    """One JSON object on one line, UTF-8 whatever the locale."""
    write_bytes(msgspec.json.encode(value) + b"\n")


def write_bytes(data: bytes) -> None:
    """Bytes as they are, to stdout."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def hint(text: str) -> None:
    """Tell something that is not the answer."""
    print(clean(text), file=sys.stderr, flush=True)


def show_error(error: LedgerError, *, as_json: bool) -> None:
    """What was refused and what a person can do about it; of a file, its defect by name."""
    if as_json:
        parts = ["code", "what", "expected", "found", "advice"]
        if error.defect:
            parts.append("defect")
        write_json({"error": {part: getattr(error, part) for part in parts}})
        return
    lines = [f"carbon-ledger: {error.what}"]
    if error.expected:
        lines.append(f"  expected  {error.expected}")
    if error.found:
        lines.append(f"  found     {error.found}")
    if error.defect:
        lines.append(f"  defect    {error.defect}")
    if error.advice:
        lines.append(f"  {error.advice}")
    hint("\n".join(lines))


def console() -> Console:
    """Where text goes: stdout, as wide as its terminal."""
    from rich.console import Console  # noqa: PLC0415  (not needed for JSON)

    width = None if sys.stdout.isatty() else WIDE
    return Console(markup=False, highlight=False, emoji=False, width=width)


def table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()
) -> RenderableType:
    """A plain table; `right` lists the columns that are set flush right."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    found = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for at, name in enumerate(columns):
        number = at in right
        found.add_column(
            name,
            justify="right" if number else "left",
            overflow="fold",
            vertical="top",
            no_wrap=number,
        )
    for row in rows:
        found.add_row(*(Text(clean(cell)) for cell in row))
    return found


def pairs(items: Mapping[str, object]) -> str:
    """Names and values, one a line; no line is folded, so a key can be copied."""
    width = max(len(name) for name in items)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in items.items())


def bar(value: int, greatest: int) -> str:
    """A small bar; as long as its share of the greatest."""
    if value <= 0 or greatest <= 0:
        return ""
    eighths = max(1, value * BAR_WIDTH * 8 // greatest)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def clean(text: str) -> str:
    """The text without control characters: they are shown as escapes."""
    return "".join(
        one if one == "\n" or unicodedata.category(one) not in {"Cc", "Cf"} else repr(one)[1:-1]
        for one in text
    )


@contextlib.contextmanager
def progress(call: Call, what: str, *, bytes_: bool = False) -> Iterator[Progress]:
    """A bar on stderr while something long runs; silent where that is no terminal."""
    if not sys.stderr.isatty() or call.json:
        yield _silent
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar  # noqa: PLC0415

    count = DownloadColumn() if bytes_ else MofNCompleteColumn()
    columns = (TextColumn("{task.description}"), BarColumn(), count, TimeRemainingColumn())
    screen = Console(stderr=True, markup=False, highlight=False)
    with Bar(*columns, console=screen, transient=True) as shown:
        task = shown.add_task(what, total=None)

        def update(done: int, total: int) -> None:
            shown.update(task, completed=done, total=total)

        yield update


def _silent(done: int, total: int) -> None:
    """Show nothing."""

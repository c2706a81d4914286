"""What became of a table: factors with the rows they are from, and every other row with a reason.

No row is lost: each is in a factor or is refused by name, and `check` says so. Rows are numbered as
a person sees them in the file, the header being the first line.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable

import msgspec

from ledger.carbon.events import FactorPublished
from ledger.carbon.tables.value import Unusable
from ledger.errors import BadFile

FIRST_LINE = 2
"""The line of a file's first row, below its header."""


class Found(msgspec.Struct, frozen=True):
    """A factor and the lines of the file that it is made of."""

    event: FactorPublished
    lines: tuple[int, ...]


class RefusedRow(msgspec.Struct, frozen=True):
    """A row that becomes no factor: its line, what it is called there, and why."""

    line: int
    name: str
    reason: str


class Outcome(msgspec.Struct, frozen=True):
    """All rows of a table."""

    rows: int
    found: tuple[Found, ...]
    refused: tuple[RefusedRow, ...]

    @property
    def imported(self) -> int:
        """Rows that are in a factor."""
        return sum(len(one.lines) for one in self.found)

    def check(self) -> Outcome:
        """The same, or AssertionError if a row is lost or counted twice."""
        lines = [line for one in self.found for line in one.lines]
        lines += [row.line for row in self.refused]
        if sorted(lines) != list(range(FIRST_LINE, FIRST_LINE + self.rows)):
            raise AssertionError("a row of the table is lost or counted twice")
        return self


class Names:
    """The factors of a table so far, so that none is made twice."""

    def __init__(self) -> None:
        self._lines: dict[str, int] = {}

    def take(self, event: FactorPublished, line: int) -> None:
        """Note a factor's name. Raises Unusable where another line has it already."""
        name = f"{event.id}@{event.version}"
        if name in self._lines:
            raise Unusable(f"{name} stands in line {self._lines[name]} already")
        self._lines[name] = line


class Told:
    """Told how far the reading of a table has come; a bar shows it."""

    def __init__(self, tell: Callable[[int, int], None] | None = None) -> None:
        self._tell = tell

    def __call__(self, done: int, total: int) -> None:
        """So many rows of the total are read."""
        if self._tell is not None:
            self._tell(done, total)


def rows_of(text: str, columns: Iterable[str]) -> list[dict[str, str]]:
    """The rows of a CSV text, by column. Raises BadFile if it lacks one of these columns."""
    reader = csv.DictReader(text.removeprefix("\ufeff").splitlines())
    missing = [name for name in columns if name not in (reader.fieldnames or ())]
    if missing:
        raise BadFile(
            "not the table that was named",
            expected="the columns " + ", ".join(columns),
            found="no " + ", ".join(missing),
            advice="Name the table's own format, or describe its columns in a map: --map.",
        )
    return [{name: value or "" for name, value in row.items() if name} for row in reader]

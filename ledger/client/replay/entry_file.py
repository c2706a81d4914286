"""All entries of a log in one file, as they were posted, one behind the other.

    file  = ["from " index LF] *entry
    entry = jws LF *(line LF)          as many lines as the statement of the jws counts

The first line stands where the log continues another one: then the entries begin with those of the
oldest log, at this index below 0. Entries are only appended, and are on the disk after `sync`. What a
killed process left half written ends what is read, and is cut off. Where each entry begins is kept in
memory, 8 bytes each.
"""

from __future__ import annotations

import fcntl
import os
import re
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from ledger.client import durable_file
from ledger.errors import LedgerError, Unavailable
from ledger.log.batch import parse_statement

_FROM: Final = re.compile(rb"from (-[1-9][0-9]{0,15})\n")


class EntryFile:
    """The entries of one log; keeps the lines that a fold asks for again."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it, for this process alone; it is not read before `read`.

        Raises Unavailable while another process has it.
        """
        durable_file.make_folder(path.parent)
        self.path = path
        self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise Unavailable(
                "another process replays this log here",
                expected=f"{path} for this one alone",
                found="its lock is held",
                advice="Stop the other process first.",
            ) from None
        durable_file.flush_folder(path.parent)
        found = _FROM.fullmatch(self._file.readline())
        self.first = int(found[1]) if found else 0
        """The index of the first entry."""
        self._starts = array("Q", [self._file.tell() if found else 0])
        self._written = True

    @property
    def size(self) -> int:
        """The index behind the last entry that was read or appended."""
        return self.first + len(self._starts) - 1

    def begin(self, first: int) -> None:
        """Let the first entry have this index, 0 or less; the file is emptied."""
        self._file.seek(0)
        self._file.truncate()
        self._file.write(b"from %d\n" % first if first else b"")
        self.first, self._starts = first, array("Q", [self._file.tell()])
        self.sync()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def read(self) -> Iterator[tuple[bytes, list[bytes]]]:
        """All entries from the first one on: JWS and lines; once, before anything is appended.

        Ends before the first that is not whole: `cut` there before appending.
        """
        self._file.seek(self._starts[0])
        while (entry := _entry(self._file)) is not None:
            self._starts.append(self._file.tell())
            yield entry

    def scan(self) -> Iterator[tuple[bytes, list[bytes]]]:
        """The same once more, from the disk, beside whatever is being read."""
        self._file.flush()
        with self.path.open("rb") as file:
            file.seek(self._starts[0])
            while (entry := _entry(file)) is not None:
                yield entry

    def append(self, jws: bytes, lines: Sequence[bytes]) -> None:
        """Put an entry behind the last one; durable after `sync`."""
        entry = b"\n".join((jws, *lines, b""))
        self._file.seek(self._starts[-1])
        self._file.write(entry)
        self._starts.append(self._starts[-1] + len(entry))
        self._written = False

    def sync(self) -> None:
        """Have all entries on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._written = True

    def cut(self, size: int) -> None:
        """Keep the entries below an index, and none behind them."""
        del self._starts[size - self.first + 1 :]
        self._file.flush()
        self._file.truncate(self._starts[-1])
        self.sync()

    def keep(self, index: int, lines: Sequence[bytes]) -> None:
        """The lines of an entry need no other place than this file."""

    def lines(self, index: int) -> list[bytes]:
        """The event lines of an entry."""
        if not self._written:
            self._file.flush()
            self._written = True
        start, end = self._starts[index - self.first], self._starts[index - self.first + 1]
        return os.pread(self._file.fileno(), end - start, start).split(b"\n")[1:-1]


def _entry(file: BinaryIO) -> tuple[bytes, list[bytes]] | None:
    """The next entry, or None where there is none that is whole."""
    jws = file.readline()
    if not jws.endswith(b"\n"):
        return None
    try:
        count = parse_statement(jws[:-1]).statement.count
    except LedgerError:
        return None
    lines = [file.readline() for _ in range(count)]
    if not lines[-1].endswith(b"\n"):
        return None
    return jws[:-1], [line[:-1] for line in lines]

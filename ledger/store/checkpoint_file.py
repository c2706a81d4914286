"""What the log has signed, in a file outside the database: it never signs against this file.

    812 5f0c…                      (size, space, root in 64 hexadecimal digits, LF)

A line is on the disk before the checkpoint of that size is signed. So a database that was rolled
back or exchanged is noticed: its size is smaller than the last line's, or its root is another. A
last line without LF was torn by a crash before anything was signed, and is cut off with a notice.
A failed write or fsync stops the log for good: what the disk holds then is unknown, and asking
again can answer "yes" to bytes that are lost. For the same reason a last line that another process
has left is written over with the same bytes, and synced, before it is relied on: who wrote it may
have been killed before it was on the disk. Processes that share the file take turns.
Source: formats, section 7.
"""

from __future__ import annotations

import fcntl
import os
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import msgspec

from ledger.errors import Damaged, LogStopped
from ledger.log.hashes import RootHash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LINE = re.compile(rb"(0|[1-9][0-9]{0,15}) ([0-9a-f]{64})\n")
_LONGEST_LINE: Final = 16 + 1 + 64 + 1
ENDED: Final = "ended"
"""A file beside it, in which a log that came to its end names the one that continues it."""
_ADVICE: Final = (
    "The database was restored from an older copy, or is another one. Do not sign with it: bring"
    " back the database that belongs to this file, or end this log and open one that continues it:"
    " carbon-ledger continue."
)


class Recorded(msgspec.Struct, frozen=True):
    """A size and root that the log has committed itself to."""

    size: int
    root: RootHash


class CheckpointFile:
    """Opened once per process; blocking, so an event loop calls it from a worker thread.

    `notice` is told in one sentence when a torn line was cut off.
    """

    def __init__(self, path: Path, notice: Callable[[str], None] = lambda _: None) -> None:
        self.path = path
        self._notice = notice
        self._stopped: LogStopped | None = None
        self._durable: Recorded | None = None
        """The last line that this process has seen to the disk."""
        self._handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if os.fstat(self._handle).st_size == 0:  # new, or whoever made it did not come further
                self._sync_folder()
            with self.signing():
                pass  # heals a torn line, and refuses a damaged file before anybody relies on it
        except BaseException:
            os.close(self._handle)
            raise

    def close(self) -> None:
        """Close the file."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def signing(self) -> Iterator[Recorded | None]:
        """Hold the file while one checkpoint is made: one signer at a time, over all processes.

        Gives the last line, or None. Raises LogStopped, or Damaged if the file is not as written.
        """
        self._refuse_if_stopped()
        fcntl.flock(self._handle, fcntl.LOCK_EX)
        try:
            yield self._heal()
        finally:
            fcntl.flock(self._handle, fcntl.LOCK_UN)

    def append(self, size: int, root: RootHash) -> None:
        """Commit to a size and root, on the disk when this returns. Call it inside `signing`.

        The last line again is nothing new. Raises LogStopped for a smaller size, for another root
        of the same size, and, from then on always, when the disk fails.
        """
        self._refuse_if_stopped()
        self.check(size, root)
        last = self._last()
        committed = Recorded(size, root)
        if last == committed == self._durable:
            return
        try:
            if last is not None and last != self._durable:
                self._write_again(last)
            if last != committed:
                line = _line(committed)
                if os.write(self._handle, line) != len(line):
                    raise OSError("only a part of the line was written")  # noqa: TRY301
            os.fsync(self._handle)
        except OSError as error:
            raise self._stop(error) from error
        self._durable = committed

    def check(self, size: int, root: RootHash) -> None:
        """Raise LogStopped if a log of this size and root contradicts the last line.

        A greater size says nothing here: the caller compares its root at the last line's size.
        """
        last = self._last()
        if last is None or size > last.size:
            return
        if size < last.size:
            raise LogStopped(
                "the database is behind what this log has signed",
                expected=f"at least {last.size} entries",
                found=f"{size}",
                advice=_ADVICE,
            )
        if root != last.root:
            raise LogStopped(
                f"the database disagrees with what this log has signed at size {size}",
                expected=f"root {last.root.hex()}",
                found=root.hex(),
                advice=_ADVICE,
            )

    @property
    def ended(self) -> str | None:
        """The vkey of the log that continues this one, or None while this one goes on."""
        return read_ended(self.path.parent)

    @property
    def last(self) -> Recorded | None:
        """The last size and root that the log has committed itself to, or None."""
        return self._last()

    def length(self) -> int:
        """How many bytes are written."""
        return os.fstat(self._handle).st_size

    def records(self, length: int | None = None) -> Iterator[Recorded]:
        """All lines, or those that begin in so many bytes, oldest first.

        Raises Damaged where sizes do not grow.
        """
        last, at = -1, 0
        with self.path.open("rb") as file:
            for line in file:
                if length is not None and at >= length:
                    return
                at += len(line)
                record = self._parse(line)
                if record.size <= last:
                    raise self._damaged(f"size {record.size} after {last}")
                last = record.size
                yield record

    # ------------------------------------------------------------------------------ below

    def _heal(self) -> Recorded | None:
        """Cut off a torn last line; the last whole one. The caller holds the file."""
        size = os.fstat(self._handle).st_size
        tail = os.pread(self._handle, _LONGEST_LINE, max(0, size - _LONGEST_LINE))
        torn = len(tail) - (tail.rfind(b"\n") + 1)
        if torn == _LONGEST_LINE:
            raise self._damaged("a line that no log has written")
        if torn:
            try:
                os.ftruncate(self._handle, size - torn)
                os.fsync(self._handle)
            except OSError as error:
                raise self._stop(error) from error
            self._notice(
                f"the last line of {self.path} was not finished, so nothing was signed with it;"
                " it was cut off"
            )
        return self._last()

    def _write_again(self, last: Recorded) -> None:
        """The same bytes in their place: a page that the kernel has given up is to be written anew."""
        line = _line(last)
        flags = fcntl.fcntl(self._handle, fcntl.F_GETFL)
        # pwrite(2): with O_APPEND, Linux writes at the end wherever it is told to.
        fcntl.fcntl(self._handle, fcntl.F_SETFL, flags & ~os.O_APPEND)
        try:
            at = os.fstat(self._handle).st_size - len(line)
            if os.pwrite(self._handle, line, at) != len(line):
                raise OSError("only a part of the line was written")
        finally:
            fcntl.fcntl(self._handle, fcntl.F_SETFL, flags)

    def _last(self) -> Recorded | None:
        # Read every time: another process may have signed meanwhile.
        size = os.fstat(self._handle).st_size
        if size == 0:
            return None
        tail = os.pread(self._handle, 2 * _LONGEST_LINE, max(0, size - 2 * _LONGEST_LINE))
        return self._parse(tail[tail.rfind(b"\n", 0, -1) + 1 :])

    def _parse(self, line: bytes) -> Recorded:
        found = _LINE.fullmatch(line)
        if found is None:
            raise self._damaged(repr(line[:100]))
        return Recorded(int(found[1]), RootHash(bytes.fromhex(found[2].decode())))

    def _damaged(self, found: str) -> Damaged:
        return Damaged(
            f"the checkpoint file {self.path} is damaged",
            expected="lines of a growing size and a root",
            found=found,
            advice="Restore it from a backup, or compare the log with its witnesses first.",
        )

    def _sync_folder(self) -> None:
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(self._handle)
            os.fsync(folder)
        except OSError as error:
            raise self._stop(error) from error
        finally:
            os.close(folder)

    def _refuse_if_stopped(self) -> None:
        if self._stopped is not None:
            raise self._stopped

    def _stop(self, error: OSError) -> LogStopped:
        # Never retried: after a failed fsync the kernel may forget the page and report success.
        self._stopped = LogStopped(
            f"the checkpoint file {self.path} could not be written, so nothing more is signed",
            found=str(error),
            advice="Check the disk, then start the program again; nothing acknowledged is lost.",
        )
        return self._stopped


def read_ended(folder: Path) -> str | None:
    """What the file `ended` in the folder of a checkpoint file says; None without it."""
    try:
        return (folder / ENDED).read_text("utf-8").strip()
    except FileNotFoundError:
        return None


def _line(recorded: Recorded) -> bytes:
    return b"%d %s\n" % (recorded.size, recorded.root.hex().encode())

"""An attempt to continue a log: what it writes into two homes, and takes away where it is refused.

    continuing      {"earlier":…,"found":[…],"origin":…}        in the new home, until entry 0 is signed

The new home has nothing of anybody in it, or is that of the same attempt, which was killed. Whatever
says that no entry 0 was written ends the attempt: the earlier log goes on, and the new home is as it
was before. Whatever leaves that open (a kill, a connection that is lost while entry 0 is posted) keeps
all of it, for the same call again.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from ledger.errors import BadFile, BadValue, Conflict
from ledger.log.note import log_vkey
from ledger.service.home import Home, LedgerFile, write_file

_SOMEBODYS: Final = (
    "ledger.json",
    "log.key",
    "keys",
    "recovery",
    "outbox",
    "journal",
    "checkpoints",
)
"""What stands in no new home."""

_WRITTEN: Final = ("ledger.json", "log.key", "keys", "recovery", "checkpoints", "postgres")


class Begun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the file `continuing` says."""

    earlier: str
    """Verifier key of the log that ends."""
    origin: str
    found: list[str] | None
    """Names that were in the home before; None where there was no home."""


class Attempt:
    """To continue the log of one home in another one."""

    def __init__(self, home: Home, earlier: Home, origin: str) -> None:
        """`origin` is the new log's. Raises BadFile where no log is in the earlier home."""
        if not earlier.opened:
            raise BadFile(
                f"no ledger in {earlier.path}",
                expected="the home of the log that ends",
                found="no folder" if not earlier.path.is_dir() else "a folder without ledger.json",
                advice="Name the folder in which that log was opened.",
            )
        self.home = home
        self.earlier = earlier
        self.about = earlier.ledger()
        self._origin = origin
        self._log = ""
        self._unopened = False
        """Whether it is certain that entry 0 was not written."""

    def check(self) -> None:
        """Raise BadValue or Conflict where this cannot be begun here; nothing is written."""
        begun = self._begun()
        if begun is None:
            self._check_new()
            self.earlier.check_end("")
            return
        if (begun.earlier, begun.origin) != (self.about.log, self._origin):
            raise Conflict(
                f"continuing a log in {self.home.path}",
                expected=f"{begun.origin}, to continue {begun.earlier}, as it was begun",
                found=f"{self._origin}, to continue {self.about.log}",
                advice="Run again what was begun there, or choose another folder with --home.",
            )
        self.earlier.check_end(self._vkey() if self.home.log_key_made else "")

    @contextmanager
    def made(self) -> Iterator[None]:
        """All that writes; the new home is as it was before where no entry 0 can have come of it."""
        path = self.home.path
        found = sorted(one.name for one in path.iterdir()) if path.is_dir() else None
        self.home.make()
        with _alone(path):
            self.check()
            self._begin(found)
            try:
                yield
            except Exception:
                if self._unopened:
                    self._take_away()
                raise
            self.opened()

    def open_home(self) -> None:
        """The new log's key, made now or by the attempt that was killed, and whose home this is."""
        self.home.make_log_key()
        self._log = self._vkey()
        self.earlier.check_end(self._log)
        if not self.home.opened:
            self.home.write_ledger(
                LedgerFile(origin=self._origin, log=self._log, operator=self.about.operator)
            )

    def end_earlier(self) -> None:
        """The earlier log signs nothing from here on; the new one has no entry 0 so far."""
        self._unopened = True
        self.earlier.end(self._log)

    def posting(self) -> None:
        """From here on entry 0 may be written."""
        self._unopened = False

    def opened(self) -> None:
        """Entry 0 is signed."""
        self.home.continuing.unlink(missing_ok=True)

    @contextmanager
    def over_where(self, error: type[Exception]) -> Iterator[None]:
        """Let the earlier log go on after such an error, which says that no entry 0 was written."""
        try:
            yield
        except error:
            self.earlier.go_on(self._log)
            self._unopened = True
            raise

    # --- inside --------------------------------------------------------------------------------

    def _check_new(self) -> None:
        home = self.home
        if home.opened:
            raise BadValue(
                "--home",
                expected="a new folder",
                found=f"{home.path}, which has {home.ledger().origin}",
                advice="A ledger is never overwritten: name another folder with --home.",
            )
        there = [name for name in _SOMEBODYS if _has(home, name)]
        if there:
            raise BadValue(
                "--home",
                expected="a new folder",
                found=f"{home.path}, which has {', '.join(there)}",
                advice="It is somebody's home. Name another folder with --home; the operator's keys "
                "are brought over from the earlier home.",
            )

    def _begun(self) -> Begun | None:
        try:
            return msgspec.json.decode(self.home.continuing.read_bytes(), type=Begun)
        except FileNotFoundError:
            return None
        except msgspec.MsgspecError as error:
            raise BadFile(
                str(self.home.continuing), expected="what continue wrote", found=str(error)
            ) from error

    def _begin(self, found: list[str] | None) -> None:
        if self._begun() is not None:
            return
        begun = Begun(earlier=self.about.log, origin=self._origin, found=found)
        write_file(self.home.continuing, msgspec.json.encode(begun, order="sorted") + b"\n", 0o644)
        self._unopened = True

    def _take_away(self) -> None:
        """Remove what was written; what says so comes last, so that it can be done again."""
        begun = self._begun()
        for name in _WRITTEN:
            path = self.home.path / name
            if begun is None or name in (begun.found or ()):
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        self.opened()
        if begun is not None and begun.found is None and not any(self.home.path.iterdir()):
            self.home.path.rmdir()

    def _vkey(self) -> str:
        return log_vkey(self._origin, self.home.log_key().public)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Raise Conflict while another process is at it: one would take away what the other has made."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                f"continuing a log in {folder}",
                expected="one attempt at a time",
                found="another one that runs",
                advice="Wait for its end.",
            ) from None
        yield
    finally:
        os.close(handle)


def _has(home: Home, name: str) -> bool:
    """Whether there is such a file, or such a folder with something in it."""
    path = home.path / name
    return any(path.iterdir()) if path.is_dir() else path.exists()

"""The embedded server's folder, `postgres` in the ledger's home: its few files, and its locks.

Promise: whoever holds the folder holds one that belongs to the server's user and to nobody else, and
no symbolic link put into it makes us write elsewhere, even when root works here.

```
postgres/           0700, of the server's user
  start.lock        held while somebody starts or stops the server
  users.lock        shared by every command that uses the server: the last one out stops it
  server.lock       held by the server's own processes: free means that none of them lives
  socket/           0700: the socket, unless its path would be too long for the system
  socket.path       then: where it is instead
  pg_hba.conf, pg_ident.conf    written anew at every start
  start.log, log/   what the server says
  bin-<version>/    a copy of the binaries, when the user cannot reach the installed ones
  data/             PostgreSQL's own
```

The locks are flock(2): they belong to an open file, so the system releases them when the last process
that has it open dies, however it dies, and no number of a process is ever trusted for it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ledger.errors import DatabaseUnavailable
from ledger.store.embedded_user import ServerUser, require_reach, user_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType
    from typing import Self

SOCKET_NAME: Final = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH: Final = 90
"""Bytes. The system's limit is 107 (Linux, sockaddr_un); some tools stop earlier."""

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_WORLD_TEMPORARY: Final = Path("/tmp")  # noqa: S108, a random 0700 folder in it, verified at every use


class Lock:
    """An open lock file, held until `release`; closed in forked children, whose parent holds it."""

    def __init__(self, handle: int) -> None:
        self.handle = handle
        _HELD.add(self)
        _close_in_forked_children()

    def release(self) -> None:
        """Let go, also on behalf of processes that inherited the file."""
        if self.handle >= 0:
            with contextlib.suppress(OSError):
                fcntl.flock(self.handle, fcntl.LOCK_UN)
            self.close()

    def close(self) -> None:
        """Close the file; the lock stays with those who inherited it."""
        handle, self.handle = self.handle, -1
        _HELD.discard(self)
        if handle >= 0:
            os.close(handle)


class ServerFolder:
    """The opened folder; a context manager. Everything in it is reached through its handle."""

    def __init__(self, path: Path, user: ServerUser, handle: int) -> None:
        self.path = path
        self.user = user
        self._handle = handle
        found = os.fstat(handle)
        # A folder that was copied is another folder: it never meets the server of the first.
        self.tag: Final = f"carbon-ledger-{found.st_dev:x}-{found.st_ino:x}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._handle)

    @contextlib.contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Alone, for as long as it takes; waits for the others."""
        lock = Lock(self._open_file(name))
        try:
            fcntl.flock(lock.handle, fcntl.LOCK_EX)
            yield
        finally:
            lock.release()

    def share(self, name: str) -> Lock:
        """Take a share of a lock that nobody holds alone."""
        lock = Lock(self._open_file(name))
        fcntl.flock(lock.handle, fcntl.LOCK_SH)
        return lock

    def claim(self, name: str) -> Lock | None:
        """Take a lock alone if it is free at this moment."""
        lock = Lock(self._open_file(name))
        try:
            fcntl.flock(lock.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return None
        return lock

    def write(self, name: str, text: str) -> None:
        """Replace a small file at once."""
        new = f"{name}.new"
        self.remove(new)
        handle = self._open_file(new, os.O_EXCL)
        with os.fdopen(handle, "wb") as file:
            file.write(os.fsencode(text))
        os.replace(new, name, src_dir_fd=self._handle, dst_dir_fd=self._handle)

    def read(self, name: str) -> str | None:
        """The text of a small file, None without one."""
        try:
            handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=self._handle)
        except FileNotFoundError:
            return None
        with os.fdopen(handle, "rb") as file:
            return os.fsdecode(file.read(1_000_000))

    def remove(self, name: str) -> None:
        """Remove a file, or nothing."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._handle)

    def emptied(self, name: str) -> int:
        """A handle on an empty file to write to; the caller closes it."""
        return self._open_file(name, os.O_TRUNC | os.O_APPEND)

    def names(self) -> list[str]:
        """What is in the folder."""
        return os.listdir(self._handle)  # noqa: PTH208, by handle

    def rename(self, old: str, new: str) -> None:
        """Rename within the folder, durably."""
        os.rename(old, new, src_dir_fd=self._handle, dst_dir_fd=self._handle)
        os.fsync(self._handle)

    def subfolder(self, name: str) -> int | None:
        """A handle on a real folder in this one; None without it. The caller closes it."""
        try:
            return os.open(name, _DIRECTORY, dir_fd=self._handle)
        except FileNotFoundError:
            return None

    def socket_folder(self) -> Path | None:
        """Where the socket is, or was last: a folder of the server's user alone, else None."""
        recorded = self.read("socket.path")
        folder = self.path / "socket" if recorded is None else Path(recorded)
        ours = _fits(folder) if recorded is None else folder.name.startswith(f"{self.tag}-")
        if not ours:
            return None
        try:
            found = folder.lstat()
        except FileNotFoundError:
            return None
        private = stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == 0o700
        return folder if private and found.st_uid == self.user.uid else None

    def make_socket_folder(self) -> Path:
        """The socket's folder, made where it is missing or not private any more."""
        folder = self.socket_folder()
        if folder is not None:
            return folder
        self.forget_socket_folder()
        folder = self.path / "socket"
        if _fits(folder):
            with contextlib.suppress(FileExistsError):
                os.mkdir("socket", 0o700, dir_fd=self._handle)
            self._give(os.open("socket", _DIRECTORY, dir_fd=self._handle), 0o700)
            return folder
        folder = Path(tempfile.mkdtemp(prefix=f"{self.tag}-", dir=_WORLD_TEMPORARY))
        self._give(os.open(folder, _DIRECTORY), 0o700)
        self.write("socket.path", str(folder))
        return folder

    def forget_socket_folder(self) -> None:
        """Remove the private folder outside the home, if there is one; the server is not running."""
        folder = self.socket_folder()
        if folder is not None and self.read("socket.path") is not None:
            with contextlib.suppress(OSError):  # something lies in it that is not ours
                folder.rmdir()
        self.remove("socket.path")

    def _open_file(self, name: str, how: int = 0) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | how
        handle = os.open(name, flags, 0o600, dir_fd=self._handle)
        if self.user.is_another and os.fstat(handle).st_uid != self.user.uid:
            os.fchown(handle, self.user.uid, self.user.gid)
        return handle

    def _give(self, handle: int, mode: int) -> None:
        _give(handle, self.user, mode)
        os.close(handle)


def open_server_folder(home: Path) -> ServerFolder:
    """Open the server's folder of a home; both are made when missing.

    Raises:
        DatabaseUnavailable: it is another user's, or out of reach for the server's user.
    """
    path = home / "postgres"
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        user = user_for(path)
        require_reach(user, home)
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
        handle = os.open(path, _DIRECTORY)
        try:
            _give(handle, user, 0o700)
            return ServerFolder(path, user, handle)
        except BaseException:
            os.close(handle)
            raise
    except OSError as error:
        raise DatabaseUnavailable(
            "the ledger's home cannot be used",
            expected=f"a folder that this user may write: {home}",
            found=error.strerror or str(error),
            advice="Choose another one with CARBON_LEDGER_HOME",
        ) from error


def _fits(folder: Path) -> bool:
    """Whether a socket may be here. A comma would end the name for libpq, which takes lists of hosts."""
    return len(os.fsencode(folder / SOCKET_NAME)) <= LONGEST_SOCKET_PATH and "," not in str(folder)


def remove_files(handle: int, names: Iterable[str]) -> None:
    """Remove these files of an opened folder as far as they exist, and close it."""
    try:
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name, dir_fd=handle)
    finally:
        os.close(handle)


def _give(handle: int, user: ServerUser, mode: int) -> None:
    found = os.fstat(handle)
    if user.is_another and found.st_uid != user.uid:
        os.fchown(handle, user.uid, user.gid)
    if stat.S_IMODE(found.st_mode) != mode:
        os.fchmod(handle, mode)


# A forked child (a process pool's worker) would keep its parent's share of the server alive.
_HELD: Final[weakref.WeakSet[Lock]] = weakref.WeakSet()
_registered = False


def _close_in_forked_children() -> None:
    global _registered  # noqa: PLW0603, os.register_at_fork cannot be undone, so once
    if not _registered:
        _registered = True
        os.register_at_fork(after_in_child=_close_all)


def _close_all() -> None:
    for lock in list(_HELD):
        lock.close()

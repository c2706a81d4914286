"""The operating-system user who runs the embedded PostgreSQL, and what that user can reach.

Promise: the server never runs as root, and nothing outside the home changes its permissions.

- An ordinary user runs the server as himself.
- Root runs it as whoever owns the server's folder; in a new folder that is the system user
  `carbon-ledger`, which is created when it is missing.
- A home that this user cannot reach is refused, and the message names the folder that blocks. Only
  the home itself may be opened, and only when it is root's alone: its group becomes that of the
  user, who may then pass through it (0710). Its content stays unlisted and unread.

Source: PostgreSQL 18, chapter 18.1 "The PostgreSQL User Account" (the server refuses to run as root).
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import time
from typing import TYPE_CHECKING, Final

import msgspec

from ledger.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SYSTEM_USER: Final = "carbon-ledger"
ROOT_HOME: Final = f"/var/lib/{SYSTEM_USER}"

# Nothing of the caller's environment may steer the server (PGPORT, LD_PRELOAD, a foreign locale).
_ENVIRONMENT: Final = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
_WAYS_OUT: Final = (
    "run the command as an ordinary user, or name a PostgreSQL in CARBON_LEDGER_DATABASE_URL"
)


class ServerUser(msgspec.Struct, frozen=True):
    """Who runs the server. `groups` is None when that is the user of this very process."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...] | None

    @property
    def is_another(self) -> bool:
        """Root acts for this user, so what root creates must be given to him."""
        return self.groups is not None

    def run(
        self,
        arguments: Sequence[str | os.PathLike[str]],
        *,
        cwd: Path,
        stdin: bytes = b"",
        stdout: int = subprocess.PIPE,
        stderr: int = subprocess.PIPE,
        keep: Sequence[int] = (),
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a program as this user: in its own session, deaf to the terminal, with a clean environment.

        Of our open files it gets those in `keep` and no others.
        """
        return subprocess.run(  # noqa: S603, our own arguments
            arguments,
            cwd=cwd,
            input=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=keep,
            env=_ENVIRONMENT,
            start_new_session=True,
            umask=0o077,
            check=False,
            user=self.uid if self.is_another else None,
            group=self.gid if self.is_another else None,
            extra_groups=self.groups,
        )


def user_for(folder: Path) -> ServerUser:
    """The user who runs the server of this folder; creates the system user when root needs it.

    Raises:
        DatabaseUnavailable: the folder is another user's, or there is nobody to run the server.
    """
    own = os.geteuid()
    owner = _owner(folder)
    if own != 0:
        if owner not in (None, own):
            raise DatabaseUnavailable(
                "this ledger belongs to another user",
                expected=f"{folder} owned by {_name(own)}",
                found=f"owner {_name(owner or 0)}",
                advice="Run the command as that user, or choose another CARBON_LEDGER_HOME",
            )
        return _entry(own, another=False)
    return _entry(owner, another=True) if owner else _system_user()


def require_reach(user: ServerUser, home: Path) -> None:
    """Let the user pass through every folder down to the home, or say which one blocks.

    Raises:
        DatabaseUnavailable: a folder blocks; nothing was changed.
    """
    if not user.is_another:
        return
    blocked = _first_blocked(user, home)
    if blocked == str(home) and _open_home(user, home):
        blocked = _first_blocked(user, home)
    if blocked:
        raise DatabaseUnavailable(
            f"the database runs as the system user {user.name}, who cannot reach the ledger's home",
            expected=f"a way through to {home}",
            found=f"{blocked} is closed to {user.name}",
            advice=f"Choose a home that is open on the way, such as CARBON_LEDGER_HOME={ROOT_HOME},"
            f" or open that folder yourself: chmod o+x {blocked}",
        )


def _owner(folder: Path) -> int | None:
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return None
    if not stat.S_ISDIR(found.st_mode):
        raise DatabaseUnavailable(
            "the database's folder is not a folder", found=str(folder), advice="Move it away"
        )
    return found.st_uid


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user id {uid}"


def _entry(uid: int, *, another: bool) -> ServerUser:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        # The server looks its own name up, and so does peer authentication.
        raise DatabaseUnavailable(
            "PostgreSQL needs a user with a name",
            found=f"user id {uid} without an entry in /etc/passwd",
            advice="Add one (in a container: useradd in the image), or name a PostgreSQL in "
            "CARBON_LEDGER_DATABASE_URL",
        ) from None
    groups = tuple(os.getgrouplist(entry.pw_name, entry.pw_gid)) if another else None
    return ServerUser(entry.pw_name, entry.pw_uid, entry.pw_gid, groups)


def _system_user() -> ServerUser:
    uid = _system_uid()
    if uid is None:
        _create_system_user()
        uid = _system_uid()
    if not uid:
        raise DatabaseUnavailable(
            "PostgreSQL does not run as root",
            expected=f"an unprivileged system user {SYSTEM_USER}",
            found="user id 0" if uid == 0 else "none",
            advice=f"Create it (useradd --system {SYSTEM_USER}), {_WAYS_OUT}",
        )
    return _entry(uid, another=True)


def _system_uid() -> int | None:
    try:
        return pwd.getpwnam(SYSTEM_USER).pw_uid
    except KeyError:
        return None


def _create_system_user() -> None:
    program = shutil.which("useradd", path=_ENVIRONMENT["PATH"])
    if program is None:
        raise DatabaseUnavailable(
            f"PostgreSQL does not run as root, and the system user {SYSTEM_USER} is missing",
            found="no useradd on this system",
            advice=f"Create a system user {SYSTEM_USER}, {_WAYS_OUT}",
        )
    arguments = [program, "--system", "--user-group", "--no-create-home"]
    arguments += ["--home-dir", ROOT_HOME, "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    said = ""
    for _ in range(20):  # another command may be creating it, or hold the lock of /etc/passwd
        done = subprocess.run(  # noqa: S603, our own arguments
            arguments, env=_ENVIRONMENT, capture_output=True, text=True, check=False
        )
        if done.returncode == 0 or _system_uid() is not None:
            return
        said = done.stderr.strip()
        if "lock" not in said:
            break
        time.sleep(0.1)
    raise DatabaseUnavailable(
        f"PostgreSQL does not run as root, and the system user {SYSTEM_USER} cannot be created",
        found=said,
        advice=f"Create it by hand, {_WAYS_OUT}",
    )


def _first_blocked(user: ServerUser, home: Path) -> str:
    """The folder nearest the root that the user cannot pass through; empty when none.

    Asked of the system, as that user: mode bits are not all there is (ACLs, mounts, other guards).
    """
    script = 'for folder; do test -x "$folder" || { printf %s "$folder"; exit 1; }; done'
    way = [str(folder) for folder in (*reversed(home.parents), home)]
    # Stands in / because the folder that we stand in may itself be closed to him.
    asked = user.run(["/bin/sh", "-c", script, "sh", *way], cwd=home.parents[-1])
    return os.fsdecode(asked.stdout)


def _open_home(user: ServerUser, home: Path) -> bool:
    """Let the user's group pass through a home that is root's alone. False when it is not."""
    handle = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        found = os.fstat(handle)
        if found.st_uid != os.geteuid() or found.st_mode & 0o077:
            return False
        os.fchown(handle, -1, user.gid)
        os.fchmod(handle, stat.S_IMODE(found.st_mode) | stat.S_IXGRP)
    finally:
        os.close(handle)
    return True

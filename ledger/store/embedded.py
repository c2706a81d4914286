"""The embedded PostgreSQL of a ledger's home: started by the first user, stopped by the last.

Promise: between `start` and `stop` a server answers, the home's own and nobody else's. However
programs and server end, no committed byte is lost, and the next command finds its way:

- several commands share one server; the last one out stops it (fast shutdown) and waits for its end;
- after SIGKILL of the program the server goes on; the next command takes it over and stops it;
- after SIGKILL of the server the next `start` recovers, whatever its pid file says by then;
- while a program still has its share, `revive` brings a server back that was killed or crashed: programs
  that notice at the same moment take turns, and the first one starts it for all;
- nothing takes too long: recovery lasts as long as it lasts. But a server that died is noticed at once,
  and its last words are in the error.

Alive means "answers a connection". Dead means that no process holds the server's lock file open.

    with stop_on_signals(), EmbeddedServer(home) as server:
        psycopg.connect(server.conninfo("ledger_server"))

Only for systems with flock(2) and /proc (Linux). Source: architecture, "PostgreSQL, one engine
everywhere"; PostgreSQL 18, chapter 18.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import logging
import os
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec
import platformdirs
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ledger.errors import DatabaseUnavailable
from ledger.store import embedded_cluster as cluster
from ledger.store.embedded_folder import SOCKET_NAME, Lock, ServerFolder, open_server_folder
from ledger.store.embedded_user import ROOT_HOME, SYSTEM_USER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType, TracebackType
    from typing import Self

Role = Literal["ledger_owner", "ledger_server"]

DATABASE: Final = "ledger"

_PING_TIMEOUT_S: Final = 5
_FIRST_PAUSE_S: Final = 0.01
_LONGEST_PAUSE_S: Final = 0.2
_FIRST_NOTICE_S: Final = 15.0

# What the environment may say (PGHOSTADDR, PGOPTIONS, PGCHANNELBINDING...) is about other servers.
_CONNECTION: Final = {
    "hostaddr": "",
    "port": cluster.PORT,
    "options": "",
    "sslmode": "disable",
    "gssencmode": "disable",
    "channel_binding": "disable",
    "target_session_attrs": "any",
}

_log = logging.getLogger(__name__)


class ServerStatus(msgspec.Struct, frozen=True):
    """What answers on the home's socket; all None when nothing does."""

    pid: int | None = None
    version: str | None = None
    socket_folder: Path | None = None

    @property
    def running(self) -> bool:
        """Whether a server answers."""
        return self.version is not None


class EmbeddedServer:
    """A share in the home's server; a context manager. One owner at a time, from any thread."""

    def __init__(self, home: Path) -> None:
        self._home = home.absolute()
        self._share: Lock | None = None
        self._sockets: Path | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Take a share in the server; start, take over or recover it. Again: only see that it answers.

        Raises:
            DatabaseUnavailable: the home cannot be used, or the server ends instead of answering.
        """
        with (
            _translated(self._home),
            open_server_folder(self._home.resolve()) as folder,
            folder.locked("start.lock"),
        ):
            cluster.check_version(folder)
            if not self._shares:
                self._share = folder.share("users.lock")
                atexit.register(self.stop)
            try:
                self._sockets = _bring_up(folder)
                _complete(self._conninfo(cluster.OWNER, "postgres"))
            except BaseException:
                self._leave(folder)
                raise

    def revive(self) -> None:
        """See that the server answers, and start it again if it has ended. Not started: nothing to do.

        Blocks, as long as recovery lasts; from any thread, also while another one calls `stop`.

        Raises:
            DatabaseUnavailable: as `start`; the share is kept, so that it can be tried again.
        """
        home = self._home.resolve()
        if not (home / "postgres").is_dir():  # removed under us
            return
        with (
            _translated(home),
            open_server_folder(home) as folder,
            folder.locked("start.lock"),
        ):
            if not self._shares:  # `stop` came first
                return
            if self._sockets is not None and _answers(self._sockets):
                return
            self._sockets = _bring_up(folder)
            _log.warning("the database of %s had ended, and was started again", home)

    def stop(self) -> None:
        """Give the share back; the last one stops the server and waits until it has ended."""
        if not self._shares:
            return
        home = self._home.resolve()
        if not (home / "postgres").is_dir():  # removed under us: the server notices and ends itself
            self._give_up_share()
            return
        with (
            _translated(home),
            open_server_folder(home) as folder,
            folder.locked("start.lock"),
        ):
            self._leave(folder)

    def conninfo(self, role: Role) -> str:
        """How libpq connects to the ledger's database under this role, while started."""
        return self._conninfo(role, DATABASE)

    def status(self) -> ServerStatus:
        """What answers now; starts nothing, and needs no share."""
        home = self._home.resolve()
        if not (home / "postgres").is_dir():
            return ServerStatus()
        with open_server_folder(home) as folder:
            sockets = folder.socket_folder()
            if sockets is None:
                return ServerStatus()
            try:
                with psycopg.connect(_conninfo(sockets, cluster.OWNER, "postgres")) as connection:
                    row = connection.execute("SHOW server_version").fetchone()
            except psycopg.OperationalError:
                return ServerStatus()
            found = cluster.postmaster(folder)
            return ServerStatus(found[0] if found else None, row[0] if row else "", sockets)

    def _conninfo(self, role: str, database: str) -> str:
        if self._sockets is None:
            raise DatabaseUnavailable("the embedded database was not started, or is stopped")
        return _conninfo(self._sockets, role, database)

    @property
    def _shares(self) -> bool:
        """Started and not stopped; never true in a forked child, whose parent has the share."""
        return self._share is not None and self._share.handle >= 0

    def _give_up_share(self) -> None:
        share, self._share, self._sockets = self._share, None, None
        atexit.unregister(self.stop)
        if share is not None:
            share.release()

    def _leave(self, folder: ServerFolder) -> None:
        self._give_up_share()
        last = folder.claim("users.lock")
        if last is not None:
            try:
                _shut_down(folder)
            finally:
                last.release()


@contextlib.contextmanager
def stop_on_signals() -> Iterator[None]:
    """Turn the first SIGTERM or SIGHUP into SystemExit, so that `with` blocks unwind; main thread only.

    Further ones are ignored while they do: a shutdown that was begun is not cut short. A signal that
    was ignored before (nohup) stays ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("signals are the main thread's business")
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    taken = [number for number, handler in before.items() if handler != signal.SIG_IGN]

    def leave(number: int, _frame: FrameType | None) -> None:
        for each in taken:
            signal.signal(each, signal.SIG_IGN)
        raise SystemExit(128 + number)

    for number in taken:
        signal.signal(number, leave)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, before[number] or signal.SIG_DFL)


def default_home() -> Path:
    """Where a ledger lives when nobody says otherwise."""
    if os.geteuid() == 0:
        return Path(ROOT_HOME)
    return platformdirs.user_data_path(SYSTEM_USER, appauthor=False)


def create_database(connection: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    """An empty database of the owner's, that `ledger_server` may enter and nobody else."""
    database, server = sql.Identifier(name), sql.Identifier(cluster.SERVER)
    connection.execute(sql.SQL("CREATE DATABASE {}").format(database))
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, server))


@contextlib.contextmanager
def _translated(home: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DatabaseUnavailable(
            "the embedded PostgreSQL cannot be run",
            found=str(error),
            advice=f"See that there is room in {home} and that it may be written",
        ) from error


def _conninfo(sockets: Path, role: str, database: str) -> str:
    return make_conninfo(host=str(sockets), user=role, dbname=database, **_CONNECTION)


def _bring_up(folder: ServerFolder) -> Path:
    """The socket folder of a server that answers. Under start.lock."""
    sockets = folder.make_socket_folder()
    launched = False
    patience = _Patience(f"the database in {folder.path} to answer")
    while not _answers(sockets):
        lock = folder.claim("server.lock")
        if lock is None:
            _hurry_out(folder, sockets)
            patience.pause()
        elif launched:
            lock.release()
            raise DatabaseUnavailable(
                "the embedded PostgreSQL ended instead of answering",
                found=f"at the end of its log:\n{cluster.last_words(folder)}",
                advice=f"The whole log is in {folder.path / 'start.log'} and {folder.path / 'log'}",
            )
        else:
            try:
                cluster.launch(folder, sockets, lock)
            finally:
                lock.close()  # not released: the server has it now
            launched = True
    return sockets


def _answers(sockets: Path) -> bool:
    ping = _conninfo(sockets, cluster.OWNER, "postgres") + f" connect_timeout={_PING_TIMEOUT_S}"
    return psycopg.pq.PGconn.ping(ping.encode()) == psycopg.pq.Ping.OK


def _hurry_out(folder: ServerFolder, sockets: Path) -> None:
    """Ask a server to end that is of no use: one that is stopping, or whose socket is gone.

    One that was told to stop may otherwise wait for its clients as long as these like.
    """
    found = cluster.postmaster(folder)
    if found is None:
        return
    pid, state = found
    unreachable = state == "ready" and not (sockets / SOCKET_NAME).exists()
    if state == "stopping" or unreachable:
        _ask_to_stop(pid)


def _shut_down(folder: ServerFolder) -> None:
    """Fast shutdown, until none of the server's processes lives. Under start.lock."""
    asked = None
    patience = _Patience(f"the database in {folder.path} to stop")
    while (lock := folder.claim("server.lock")) is None:
        found = cluster.postmaster(folder)
        if found is not None and found[0] != asked:
            asked = found[0]
            _ask_to_stop(asked)
        patience.pause()
    lock.release()
    folder.forget_socket_folder()


def _ask_to_stop(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGINT)  # PostgreSQL, 18.5: SIGINT is the fast shutdown


def _complete(conninfo: str) -> None:
    """The database and the serving role, made at the first start or after one that was killed."""
    try:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            row = connection.execute(
                "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s),"
                " EXISTS (SELECT FROM pg_database WHERE datname = %s)",
                (cluster.SERVER, DATABASE),
            ).fetchone()
            has_role, has_database = row or (False, False)
            if not has_role:
                role = sql.Identifier(cluster.SERVER)
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
            if not has_database:
                create_database(connection, DATABASE)
    except psycopg.Error as error:
        full = os.strerror(errno.ENOSPC) in str(error)
        raise DatabaseUnavailable(
            "the embedded PostgreSQL answers, but refuses its owner",
            found=str(error).strip(),
            advice="Make room on the disk of this home; nothing that was acknowledged is lost."
            if full
            else "Stop all commands that use this home, then try again",
        ) from error


class _Patience:
    """Waits without an end, in growing pauses, and says so now and then."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._pause_s = _FIRST_PAUSE_S
        self._since = time.monotonic()
        self._next_notice_s = _FIRST_NOTICE_S

    def pause(self) -> None:
        time.sleep(self._pause_s)
        self._pause_s = min(self._pause_s * 1.5, _LONGEST_PAUSE_S)
        waited_s = time.monotonic() - self._since
        if waited_s >= self._next_notice_s:
            self._next_notice_s *= 2
            _log.warning("waiting for %s, %d seconds so far", self._what, waited_s)

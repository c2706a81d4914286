"""Connections to one PostgreSQL, 15 or later: as the schema's owner, and as the serving role.

Every part of a connection string or URL is honoured (it is libpq that reads it). Server connections
work under the role `ledger_server`, whatever the login is, and so may add to the log but not change
it. Connections are in autocommit: a transaction is where the program says so. What the database
cannot do now is reported as DatabaseUnavailable, with advice.

A database that went away is used again as soon as it is back. Where the program runs it itself, it
says with `revive` how to bring it back; that is called once at a time, whoever has noticed, and in
a thread, so nobody waits for it who has not asked for it: callers get DatabaseUnavailable meanwhile.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, Self

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from ledger.errors import DatabaseUnavailable
from ledger.store.migrate import Migration, migrate
from ledger.store.queries import query

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import TracebackType

Connection = AsyncConnection[TupleRow]
Configure = Callable[[Connection], Awaitable[None]]

OLDEST_VERSION: Final = 15
SERVING_ROLE: Final = "ledger_server"
CONNECT_TIMEOUT_S: Final = 10
RECONNECT_S: Final = 2.0
"""How long the pool tries in the background; after that, the next reader makes it try at once."""
REVIVAL_PAUSE_S: Final = 2.0
"""Between two attempts to bring the database back."""

_log = logging.getLogger(__name__)

_ADVICE = "Check that the database runs and that the connection settings are right, then try again."


class Database:
    """Opens connections; owns a small pool of them for readers, from `open` to `close`.

    `owner_conninfo` may be empty where nothing is migrated.
    """

    def __init__(
        self,
        owner_conninfo: str,
        server_conninfo: str,
        *,
        application_name: str = "carbon-ledger",
        readers: int = 4,
        wait_s: float = 5.0,
        revive: Callable[[], None] | None = None,
    ) -> None:
        self._owner_conninfo = _complete(owner_conninfo, application_name)
        self._server_conninfo = _complete(server_conninfo, application_name)
        self._readers = readers
        self._wait_s = wait_s
        self._gone = False
        self._revive = revive
        self._reviving: asyncio.Task[None] | None = None
        self._pool: AsyncConnectionPool[Connection] | None = None

    @property
    def server_conninfo(self) -> str:
        """How to connect under the serving role, complete with its password."""
        return self._server_conninfo

    async def open(self) -> Self:
        """Open the pool; raises DatabaseUnavailable at once when nothing answers."""
        # The pool would try in the background and hide why: so ask once in the open.
        async with self.server():
            pass
        self._pool = AsyncConnectionPool(
            self._server_conninfo,
            connection_class=AsyncConnection[TupleRow],
            kwargs={"autocommit": True},
            configure=_serve,
            check=self._check,
            min_size=1,
            max_size=self._readers,
            timeout=self._wait_s,
            reconnect_timeout=RECONNECT_S,
            name="readers",
            open=False,
        )
        async with translated():
            await self._pool.open()
        return self

    async def close(self) -> None:
        """Close the pool; connections that are out are closed when they come back.

        A revival that runs is waited for: it would start what the caller is about to stop.
        """
        self._revive = None
        if self._reviving is not None:
            await self._reviving
        if self._pool is not None:
            await self._pool.close()
            self._pool = None

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def migrate(self) -> tuple[Migration, ...]:
        """Bring the schema up to date as its owner; the migrations that were applied now."""
        async with self.owner() as conn:
            return await migrate(conn)

    async def connect_owner(self) -> Connection:
        """A new connection as the schema's owner; the caller closes it."""
        return await self._connect(self._owner_conninfo, _prepare)

    async def connect_server(self) -> Connection:
        """A new connection under the serving role; the caller closes it."""
        return await self._connect(self._server_conninfo, _serve)

    @asynccontextmanager
    async def owner(self) -> AsyncIterator[Connection]:
        """A connection as the schema's owner, closed at the end."""
        async with translated(), await self.connect_owner() as conn:
            yield conn

    @asynccontextmanager
    async def server(self) -> AsyncIterator[Connection]:
        """A connection under the serving role, closed at the end."""
        async with translated(), await self.connect_server() as conn:
            yield conn

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """A connection of the pool in a read-only transaction over one snapshot."""
        if self._pool is None:
            raise DatabaseUnavailable("the database was not opened, or is closed")
        if self._gone:
            # Nobody waits for the pool then: it tries now and then, and this tells at once.
            async with self.read_apart() as conn:
                self._gone = False
                yield conn
            return
        async with translated():
            try:
                async with self._pool.connection() as conn, conn.transaction():
                    await conn.execute(query("session", "read_only"))
                    yield conn
            except PoolTimeout:
                self._noticed()
                raise

    @asynccontextmanager
    async def read_apart(self) -> AsyncIterator[Connection]:
        """The same over a connection of its own, closed at the end; also without `open`."""
        async with self.server() as conn, conn.transaction():
            await conn.execute(query("session", "read_only"))
            yield conn

    # ------------------------------------------------------------------------------ below

    async def _connect(self, conninfo: str, configure: Configure) -> Connection:
        async with translated():
            try:
                conn = await AsyncConnection.connect(conninfo, autocommit=True)
                return await _configured(conn, configure)
            except psycopg.OperationalError:
                self._noticed()
                raise

    async def _check(self, conn: Connection) -> None:
        """Whether a pooled connection still works; raises when it does not."""
        try:
            await AsyncConnectionPool.check_connection(conn)
        except psycopg.OperationalError:
            self._noticed()
            raise

    def _noticed(self) -> None:
        """The database is gone: bring it back, unless somebody is at it already."""
        self._gone = True
        if self._revive is not None and self._reviving is None:
            self._reviving = asyncio.create_task(self._bring_back(self._revive), name="revival")

    async def _bring_back(self, revive: Callable[[], None]) -> None:
        try:
            await asyncio.to_thread(revive)
        except DatabaseUnavailable as error:
            _log.error("the database cannot be brought back: %s", error)
            if self._revive is not None:
                await asyncio.sleep(REVIVAL_PAUSE_S)
        finally:
            self._reviving = None


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """What the database cannot do now becomes DatabaseUnavailable; other errors stay."""
    try:
        yield
    except (PoolTimeout, PoolClosed, TooManyRequests) as error:
        raise DatabaseUnavailable(
            "no connection to the database became free", found=str(error), advice=_ADVICE
        ) from error
    except psycopg.errors.InvalidPassword as error:
        raise DatabaseUnavailable(
            "the database refuses this login",
            found=_first_line(error),
            advice="Check user and password of the connection settings.",
        ) from error
    except psycopg.OperationalError as error:
        # A server that has no room for a new connection says so in its text only.
        if isinstance(error, psycopg.errors.DiskFull) or os.strerror(errno.ENOSPC) in str(error):
            raise DatabaseUnavailable(
                "the database has no space left",
                found=_first_line(error),
                advice="Make room on its disk; nothing that was acknowledged is lost.",
            ) from error
        raise DatabaseUnavailable(
            "the database does not answer", found=_first_line(error), advice=_ADVICE
        ) from error


def _complete(conninfo: str, application_name: str) -> str:
    given = conninfo_to_dict(conninfo)
    # Encoding is not a matter of taste: what is hashed is UTF-8.
    return make_conninfo(
        conninfo,
        application_name=str(given.get("application_name") or application_name),
        connect_timeout=str(given.get("connect_timeout") or CONNECT_TIMEOUT_S),
        client_encoding="UTF8",
    )


async def _configured(conn: Connection, configure: Configure) -> Connection:
    try:
        await configure(conn)
    except BaseException:
        await conn.close()
        raise
    return conn


async def _prepare(conn: Connection) -> None:
    version = conn.info.server_version // 10_000
    if version < OLDEST_VERSION:
        raise DatabaseUnavailable(
            "this PostgreSQL is too old",
            expected=f"{OLDEST_VERSION} or later",
            found=str(version),
            advice="Upgrade it (pg_upgrade keeps the data), or use the embedded one.",
        )
    await conn.execute(query("session", "settings"))


async def _serve(conn: Connection) -> None:
    await _prepare(conn)
    row = await (await conn.execute(query("session", "current_user"))).fetchone()
    if row is not None and row[0] == SERVING_ROLE:
        return
    try:
        await conn.execute(query("session", "serve"))
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidParameterValue) as error:
        raise DatabaseUnavailable(
            "this login may not serve the ledger",
            expected=f"the role {SERVING_ROLE}, or a login that may take it",
            found=f"{'' if row is None else row[0]}: {_first_line(error)}",
            advice="Migrate the database as its owner first; then, as an administrator:"
            f' GRANT {SERVING_ROLE} TO "<login>".',
        ) from error


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__

"""A ledger in a home of its own for one run: opened, measured, closed, and its WAL syncs counted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg

from ledger.service import Ledger, Settings, initialise, open_ledger
from ledger.store.embedded import EmbeddedServer
from tests.workload import OPERATOR, RECOVERY

ORIGIN = "bench.example/log"


class Place:
    """One home. Its database runs between `open` and the end of the block, whoever uses it."""

    def __init__(self, folder: Path, name: str) -> None:
        self.settings = Settings(home=folder / name)
        self.server = EmbeddedServer(self.settings.home)
        self.wal_syncs = 0
        """How often PostgreSQL has synced its write-ahead log, by its own count."""

    @property
    def home(self) -> Path:
        """The folder."""
        return self.settings.home

    async def initialise(self) -> None:
        """Open a new ledger here."""
        await initialise(
            self.settings,
            origin=ORIGIN,
            area="Synthetic bench",
            timezone="Asia/Shanghai",
            operator="operator",
            operator_key=OPERATOR,
            recovery_key=RECOVERY,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """With its database, for other programs that serve the ledger."""
        with self.server:
            before = self._count_wal_syncs()
            try:
                yield
            finally:
                self.wal_syncs += self._count_wal_syncs() - before

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Ledger]:
        """The ledger, in this process."""
        async with self.running(), open_ledger(self.settings) as ledger:
            yield ledger

    def connect(self) -> psycopg.Connection:
        """To its database, as the owner; autocommit."""
        return psycopg.connect(self.server.conninfo("ledger_owner"), autocommit=True)

    def _count_wal_syncs(self) -> int:
        with self.connect() as conn:
            row = conn.execute("SELECT sum(fsyncs) FROM pg_stat_io WHERE object = 'wal'").fetchone()
        return int(row[0] or 0) if row else 0

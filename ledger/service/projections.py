"""The ledger as an application of the eventsourcing library, for projections beside the core.

Webhooks, exports, a data lake: whatever may lag reads here, with the library's notification log,
subscriptions and tracking. Nothing is appended here: batches are appended by the sequencer alone,
which applies the views in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ledger.errors import NotAuthorised
from ledger.log.batch import SignedStatement
from ledger.machine import TYPES
from ledger.service.settings import Settings
from ledger.store.application import CarbonLedger
from ledger.store.database import Database
from ledger.store.embedded import EmbeddedServer
from ledger.store.loop_thread import LoopThread
from ledger.store.mapper import LedgerMapper
from ledger.store.recorder import LedgerRecorder


@contextmanager
def open_application(settings: Settings) -> Iterator[CarbonLedger]:
    """The application over the ledger of this home, in a synchronous program.

    Events come as `LedgerEvent`, validated again as they are read. Raises DatabaseUnavailable.
    """
    if settings.external:
        with _application(Database("", settings.serving_url)) as application:
            yield application
    else:
        with (
            EmbeddedServer(settings.home) as embedded,
            _application(Database("", embedded.conninfo("ledger_server"))) as application,
        ):
            yield application


@contextmanager
def _application(database: Database) -> Iterator[CarbonLedger]:
    with LoopThread() as loop:
        loop.run(database.open())
        recorder = LedgerRecorder(database, loop.loop, _refuse)
        try:
            with CarbonLedger(recorder, LedgerMapper(TYPES)) as application:
                yield application
        finally:
            recorder.close()
            loop.run(database.close())


def _refuse(signed: SignedStatement) -> None:
    raise NotAuthorised(
        "appending through the library's application",
        expected="a batch that is posted to the ledger",
        found=f"a batch of {signed.statement.stream}",
        advice="Post it: the service decides it and applies the views in the same transaction.",
    )

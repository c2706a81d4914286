"""A ledger is opened: the wiring from the settings of a home to a running ledger, and its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from ledger.errors import LogStopped
from ledger.service.home import Home
from ledger.service.ledger import Ledger
from ledger.service.sequencer import Sequencer
from ledger.service.settings import Settings
from ledger.service.signer import log_ended
from ledger.service.witness_list import read_witness_list
from ledger.service.witnesses import Witnesses
from ledger.store.checkpoint_file import CheckpointFile
from ledger.store.database import Database
from ledger.store.embedded import EmbeddedServer
from ledger.store.migrate import check_migrated

_LOG: Final = logging.getLogger(__name__)


@asynccontextmanager
async def open_ledger(
    settings: Settings, *, opening: bool = False, writing: bool = True
) -> AsyncIterator[Ledger]:
    """The ledger of a home, ready to serve; closed, with its embedded database, at the end.

    `opening` says that entry 0 may be missing. Without `writing` nothing is appended or signed, and
    a database that disagrees with the checkpoint file is opened all the same, so that it can be
    audited: no key is needed for that, and nothing is made. Raises NotFound, LogStopped,
    DatabaseUnavailable.
    """
    home = Home(settings.home)
    about = home.ledger()
    if writing and (ended := home.ended) is not None:
        raise log_ended(
            about.origin,
            ended,
            "Post to that log. This home can still be read and audited. If no log was opened "
            f"with that key, remove the file {home.path / 'ended'}.",
        )
    key = home.checked_log_key() if writing else None
    async with AsyncExitStack() as stack:
        database = await open_database(settings, stack, migrate=writing)
        checkpoints = None
        if writing or home.checkpoints.exists():
            checkpoints = await asyncio.to_thread(CheckpointFile, home.checkpoints, _LOG.warning)
            stack.callback(checkpoints.close)
        listed = await asyncio.to_thread(read_witness_list, settings.witness_file)
        witnesses = None if listed is None else Witnesses(database, about.log, listed)
        if witnesses is not None:
            stack.push_async_callback(witnesses.stop)
        ledger = Ledger(
            database, checkpoints, about.origin, about.log, witnesses, lambda: home.ended
        )
        stack.push_async_callback(ledger.stop)
        if not opening and await ledger.size() == 0:
            begun = "continue" if home.continuing.exists() else "init"
            raise LogStopped(
                f"the database of {about.origin} is empty",
                expected="the entries of this ledger",
                found="none",
                advice=f"Run carbon-ledger {begun} again if it was interrupted, or bring back the "
                "database that belongs to this home.",
            )
        if key is not None and checkpoints is not None:
            sequencer = Sequencer(
                database,
                checkpoints,
                key,
                about.origin,
                about.log,
                ledger.deriving,
                (lambda: None) if witnesses is None else witnesses.published,
            )
            if witnesses is not None:
                await witnesses.check()
            stack.push_async_callback(sequencer.stop)
            await sequencer.start()
            if witnesses is not None:
                witnesses.start(sequencer.stop_growing)
            ledger.sequencer = sequencer
            await ledger.erase_confirmed()
        yield ledger


async def open_database(settings: Settings, stack: AsyncExitStack, *, migrate: bool) -> Database:
    """The database of a home, open until the stack is closed; brought up to date with `migrate`."""
    if settings.external:
        owner, server = settings.database_url or "", settings.serving_url
        database = Database(owner, server)
    else:
        embedded = EmbeddedServer(settings.home)
        await asyncio.to_thread(embedded.start)
        stack.push_async_callback(asyncio.to_thread, embedded.stop)
        owner, server = embedded.conninfo("ledger_owner"), embedded.conninfo("ledger_server")
        database = Database(owner, server, revive=embedded.revive)
    if migrate and owner:
        await database.migrate()
    await stack.enter_async_context(database)
    if migrate and not owner:
        async with database.server() as conn:
            await check_migrated(conn)
    return database

"""Keeps up with a ledger beside whatever else runs, and tells whether a checkpoint was replayed.

A thread of its own fetches and folds, since folding takes the processor. Whoever asks waits a while
for it. What the log breaks is remembered, and nothing is allowed any more; nor is it where this machine
fails, as with a full disk, until the next start. A ledger that is away is asked again.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import TYPE_CHECKING, Final, Protocol, Self, cast

from ledger.client.replay.replayer import Replayer, Source
from ledger.errors import LedgerError, NotFound, Unavailable
from ledger.log.checkpoint import open_checkpoint

if TYPE_CHECKING:
    from types import TracebackType

    from ledger.log.checkpoint import Checkpoint

POLL_S: Final = 5.0
"""How often the ledger is asked for a newer checkpoint when nobody asks this witness."""
PATIENCE_S: Final = 8.0
"""How long whoever asks for a cosignature waits; a ledger waits for ten seconds."""

_LOG: Final = logging.getLogger(__name__)


class Followed(Source, Protocol):
    """A ledger elsewhere, over one connection."""

    async def checkpoint(self) -> str:
        """The newest checkpoint that is published."""


Connect = Callable[[], AbstractAsyncContextManager[Followed]]


class Following:
    """Follows while it is entered."""

    def __init__(
        self,
        replayer: Replayer,
        connect: Connect,
        *,
        poll_s: float = POLL_S,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """`connect` opens a connection to the ledger whose log the replayer folds."""
        self._replayer = replayer
        self._connect = connect
        self._poll_s = poll_s
        self._patience_s = patience_s
        self._condition = threading.Condition()
        self._wanted: Checkpoint | None = None
        self._ended: Unavailable | None = None
        self._begun = threading.Event()
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop
        self._task: asyncio.Task[None]
        self._thread = threading.Thread(target=self._run, name="replay", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._begun.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._tell(self._task.cancel)
        self._thread.join()

    def allow(self, head: Checkpoint) -> None:
        """Return when all of this checkpoint's entries were folded and make its root.

        Raises Unavailable while they are not, or where the log broke a rule; OtherHistory for
        another root.
        """
        with self._condition:
            if self._wanted is None or self._wanted.size < head.size:
                self._wanted = head
            self._tell(self._wake.set)
            self._condition.wait_for(
                lambda: self._ended or self._replayer.size >= head.size, self._patience_s
            )
            if self._ended is not None:
                raise self._ended
        if self._replayer.size < head.size:
            raise Unavailable(
                "this witness is still replaying",
                expected=f"{head.size} entries",
                found=f"{max(self._replayer.size, 0)} so far",
                advice="Ask again later.",
            )
        self._replayer.whole.check(head)

    def _tell(self, what: Callable[[], object]) -> None:
        """Have the thread do this, if it still runs."""
        with suppress(RuntimeError):  # its loop is closed
            self._loop.call_soon_threadsafe(what)

    # --- in the thread -------------------------------------------------------------------------

    def _run(self) -> None:
        with suppress(asyncio.CancelledError):
            asyncio.run(self._follow())

    async def _follow(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = cast("asyncio.Task[None]", asyncio.current_task())
        self._begun.set()
        while True:
            try:
                async with self._connect() as source:
                    await self._keep_up(source)
            except Unavailable as error:
                _LOG.warning("the ledger is away: %s", error)
            except LedgerError as error:
                _LOG.error("nothing is cosigned any more: %s", error)
                self._end(_refused(error))
                return
            except Exception as error:  # noqa: BLE001  (whoever asks must know)
                _LOG.exception("nothing is cosigned until the witness is started again")
                self._end(_stopped(error))
                return
            await asyncio.sleep(self._poll_s)

    def _end(self, why: Unavailable) -> None:
        with self._condition:
            self._ended = why
            self._condition.notify_all()

    async def _keep_up(self, source: Followed) -> None:
        while True:
            self._wake.clear()
            heads: list[Checkpoint] = []
            with suppress(NotFound):  # none is published yet
                published = (await source.checkpoint()).encode()
                heads.append(open_checkpoint(published, self._replayer.whole.log))
            with self._condition:
                heads += [] if self._wanted is None else [self._wanted]
            for head in heads:
                await self._replayer.advance(source, head)
                with self._condition:
                    self._condition.notify_all()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll_s):
                    await self._wake.wait()


def _refused(error: LedgerError) -> Unavailable:
    return Unavailable(
        "this witness has refused the log",
        expected="entries that follow from each other and from the rules",
        found=str(error),
        advice="Nothing is cosigned any more; whoever runs the witness knows why.",
    )


def _stopped(error: Exception) -> Unavailable:
    why = error.strerror if isinstance(error, OSError) else None
    return Unavailable(
        "this witness has stopped replaying",
        expected="a machine that goes on, with room on its disk",
        found=why or type(error).__name__,
        advice="Nothing is cosigned until whoever runs the witness has started it again; what it "
        "has folded is kept.",
    )

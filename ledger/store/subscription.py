"""A subscription hears of every committed group at once, through PostgreSQL's LISTEN."""

from __future__ import annotations

import asyncio
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING

from eventsourcing.persistence import ApplicationRecorder, ListenNotifySubscription

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from ledger.store.recorder import BatchRecorder


class LedgerSubscription(ListenNotifySubscription[ApplicationRecorder]):
    """Iterates over notifications after `gt`, until stopped or with the error that ended it."""

    def __init__(
        self, recorder: BatchRecorder, gt: int | None = None, topics: Sequence[str] = ()
    ) -> None:
        super().__init__(recorder, gt=gt, topics=topics)
        self._listening: Future[None] = recorder.start(recorder.listen(self._has_been_notified.set))
        self._listening.add_done_callback(self._ended)

    def stop(self) -> None:
        """Stop; the iteration ends."""
        super().stop()
        # The library may stop from its own thread before this one has begun to listen.
        listening = getattr(self, "_listening", None)
        if listening is not None:
            listening.cancel()

    def _ended(self, listening: Future[None]) -> None:
        if self._has_been_stopped:
            return
        try:
            error = listening.exception()
        except (CancelledError, asyncio.CancelledError):
            return
        if error is not None and self._thread_error is None:
            self._thread_error = error
        self.stop()

"""A connection that says nothing, or says it too slowly, is closed.

The server limits how many connections there are, so whoever holds one without asking keeps others
out. A request's head has to be there in time: after the connection is made, and after the first
byte of each later request. Bodies have their own limits.
"""

from __future__ import annotations

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_TIMEOUT_S: Final = 15.0


class PromptProtocol(HttpToolsProtocol):
    """HTTP/1.1 by httptools, for those who come to the point."""

    head_timeout_s = HEAD_TIMEOUT_S
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first request has to begin now."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """A request that begins has to come to the end of its head."""
        # There is no cycle before the first request, whatever its type says.
        answering = not getattr(self.cycle, "response_complete", True)
        if self._waiting is None and not answering:
            self._wait()
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """The request may be answered."""
        self._stop_waiting()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is waited for any more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(self.head_timeout_s, self._give_up)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        self._waiting = None
        if not self.transport.is_closing():
            self.transport.close()

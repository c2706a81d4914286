"""A connection that says nothing, says it too slowly, or does not listen, is closed.

The server limits how many connections there are, so whoever holds one without using it keeps
others out. A request's head has to be there in time: after the connection is made, and after the
first byte of each later request. Bodies have their own limits. An answer has to be taken in time: a
client that reads nothing, or next to nothing, is cut off. One connection too many is answered that
it shall come again.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from api.errors import problem
from ledger.errors import Overloaded

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

HEAD_TIMEOUT_S: Final = 15.0
ANSWER_TIMEOUT_S: Final = 30.0
"""For what a full buffer holds (64 KiB), and for any byte at all."""
CONNECTIONS: Final = 1000


class PromptProtocol(HttpToolsProtocol):
    """HTTP/1.1 by httptools, for those who come to the point."""

    head_timeout_s = HEAD_TIMEOUT_S
    answer_timeout_s = ANSWER_TIMEOUT_S
    most_connections = CONNECTIONS
    app: ASGI3Application
    _waiting: asyncio.TimerHandle | None = None
    _writing: asyncio.TimerHandle | None = None
    _answering: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first request has to begin now."""
        super().connection_made(transport)
        _limit_unread(transport.get_extra_info("socket"), self.answer_timeout_s)
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
        usual = self.app
        if len(self.connections) > self.most_connections:
            self.app = _too_many_connections
        try:
            super().on_headers_complete()
        finally:
            self.app = usual

    def pause_writing(self) -> None:
        """The buffer is full: whoever asked has to read it now."""
        super().pause_writing()
        if self._writing is None:
            self._writing = self.loop.call_later(self.answer_timeout_s, self.transport.abort)

    def resume_writing(self) -> None:
        """It was read."""
        self._stop_writing()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is waited for any more."""
        self._stop_waiting()
        self._stop_writing()
        if self._answering is not None:
            # Of requests that came at once, uvicorn tells the last one only.
            self._answering.disconnected = True
            self._answering.message_event.set()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(self.head_timeout_s, self._give_up)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _stop_writing(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None

    def _give_up(self) -> None:
        self._waiting = None
        if not self.transport.is_closing():
            self.transport.close()


def _limit_unread(connection: socket.socket | None, seconds: float) -> None:
    """Let the kernel end a connection whose other side takes nothing of what is sent to it."""
    # tcp(7): Linux only; counts too while the other side's window is shut.
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is not None and connection is not None:
        connection.setsockopt(socket.IPPROTO_TCP, option, int(seconds * 1000))


async def _too_many_connections(scope: Any, receive: Any, send: Any) -> None:
    refusal = problem(
        Overloaded(
            "too many connections at once",
            advice="Send the same bytes again in a second; nothing is logged twice.",
        )
    )
    refusal.headers["Connection"] = "close"
    await refusal(scope, receive, send)

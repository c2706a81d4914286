"""Runs the service: one process, one loop, from an open ledger to a closed one.

The socket is bound before the ledger is opened, so a port that is taken costs nothing. On SIGTERM
or SIGINT no new request is taken, those that run are answered, and then the ledger is closed and
with it its embedded database. Source: architecture, "How a batch flows".
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import signal
import socket
from typing import TYPE_CHECKING, Final

import structlog
import uvicorn
import uvloop

from api import journal
from api.connection import CONNECTIONS, PromptProtocol
from api.main import create_app
from ledger.errors import Unavailable
from ledger.service.opening import open_ledger
from ledger.service.witnesses import ALONE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi import FastAPI

    from ledger.service.settings import Settings

FINISH_TIMEOUT_S: Final = 30
"""How long requests that run may take after the signal."""
KEEP_ALIVE_S: Final = 30
BACKLOG: Final = 1024
FILES: Final = CONNECTIONS + 200
"""Each connection is one."""

_log = structlog.get_logger("carbon-ledger.api")


def serve(
    settings: Settings, host: str, port: int, ready: Callable[[str], None] | None = None
) -> None:
    """Serve a ledger until a signal ends it; port 0 takes a free one. `ready` is told the address.

    Blocks; only in the main thread. Raises Unavailable when the port cannot be had, and what
    opening a ledger raises.
    """
    journal.configure()
    _allow_files()
    with bound(host, port) as listener:
        url = url_of(listener)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(settings, listener, lambda: _started(url, ready)))
    _log.info("stopped", url=url)


async def _serve(settings: Settings, listener: socket.socket, started: Callable[[], None]) -> None:
    async with open_ledger(settings) as ledger:
        if ledger.witnesses is None:
            _log.warning("no-witness", note=ALONE)
        await answer_requests(create_app(ledger), listener, started)


async def answer_requests(
    app: FastAPI, listener: socket.socket, started: Callable[[], None]
) -> None:
    """Answer what comes to this socket, until a signal ends it."""
    await _Server(_config(app), started).serve(sockets=[listener])


def _started(url: str, ready: Callable[[str], None] | None) -> None:
    _log.info("listening", url=url)
    if ready is not None:
        ready(url)


def _config(app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=PromptProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        # Ours says the route's template instead of the address, and no client's address.
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=FINISH_TIMEOUT_S,
    )


class _Server(uvicorn.Server):
    """Ends in peace: a signal that was obeyed is not raised again."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._tell()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {
            number: signal.signal(number, self.handle_exit)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _allow_files() -> None:
    """As many open files as connections need, if this user may; often only 1024 are to begin with."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < FILES:
        most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


@contextlib.contextmanager
def bound(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens there. Raises Unavailable."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        raise Unavailable(
            f"cannot listen on {host} port {port}",
            found=error.strerror or str(error),
            advice="Choose another --host or --port, or stop what listens there.",
        ) from error
    with listener:
        listener.listen(BACKLOG)
        yield listener


def url_of(listener: socket.socket) -> str:
    """The address of a socket that listens."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

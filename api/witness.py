"""A witness over HTTP: `POST /add-checkpoint`, and whether it works.

Its answers are those of C2SP tlog-witness; what it refuses has problem details as a body, which
that format leaves open. No media type is asked for: its clients name various ones.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

import structlog
import uvloop
from fastapi import FastAPI, Request, Response

from api import errors, journal
from api.envelope import Envelope
from api.limits import Room, body_of
from api.metrics import MEDIA_TYPE, Metrics
from api.server import answer_requests, bound, url_of
from ledger.errors import LedgerError
from ledger.log.add_checkpoint import MAX_BYTES, PATH, SIZE_TYPE, format_size
from ledger.witness.witness import Known, Witness

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.log.checkpoint import Checkpoint
    from ledger.witness.home import WitnessHome

TEXT: Final = "text/plain; charset=utf-8"
ROOM_BYTES: Final = 16 * 1024 * 1024
BODY_TIMEOUT_S: Final = 15.0

_log = structlog.get_logger("carbon-ledger.witness")


def serve(
    home: WitnessHome,
    vkeys: Sequence[str],
    host: str,
    port: int,
    ready: Callable[[str], None] | None = None,
    now_s: Callable[[], int] = lambda: int(time.time()),
    allow: Callable[[Checkpoint], None] = lambda _head: None,
) -> None:
    """Serve a witness until a signal ends it; port 0 takes a free one. `ready` is told the address.

    `allow` raises why a checkpoint is not cosigned yet.
    Blocks; only in the main thread. Raises Unavailable when the port or the folder cannot be had,
    NotFound, BadFile and Damaged for what is missing or changed in the folder.
    """
    journal.configure()
    with home.serving(), bound(host, port) as listener:
        witness = Witness(home, vkeys, now_s, allow)
        url = url_of(listener)

        def started() -> None:
            _log.info("listening", url=url, witness=witness.name, logs=len(witness.logs))
            if ready is not None:
                ready(url)

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(answer_requests(create_app(witness), listener, started))
    _log.info("stopped", url=url)


def create_app(witness: Witness) -> FastAPI:
    """The application around a witness."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    metrics, room = Metrics(), Room(ROOM_BYTES)

    @app.post(PATH, response_class=Response)
    async def add_checkpoint(request: Request) -> Response:
        async with body_of(request, None, MAX_BYTES, room, body_timeout_s=BODY_TIMEOUT_S) as body:
            # In a thread, where nothing cuts it short between comparing and having written.
            return await asyncio.to_thread(_answer, witness, body)

    @app.get("/health")
    async def health() -> dict[str, object]:
        return {"ok": True, "witness": witness.name, "logs": len(witness.logs)}

    @app.get("/metrics", response_class=Response)
    async def measures() -> Response:
        return Response(metrics.text(), media_type=MEDIA_TYPE)

    errors.install(app)
    app.add_middleware(Envelope, metrics=metrics)
    return app


def _answer(witness: Witness, body: bytes) -> Response:
    try:
        found = witness.add_checkpoint(body)
    except LedgerError as error:
        _log.warning("refused", code=error.code, what=error.what)
        raise
    if isinstance(found, Known):
        if found.contradicts:
            _log.error("two-histories", origin=found.origin, size=found.size)
        return Response(format_size(found.size), 409, headers={"Content-Type": SIZE_TYPE})
    _log.info("cosigned", origin=found.origin, size=found.size)
    return Response(found.lines, media_type=TEXT)

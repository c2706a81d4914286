"""What goes around every answer: its safety headers, one line in the log, its count and duration.

The line has the method, the template of the route (`/v1/footprints/companies/{party}`, never the
address itself: names and periods of a query say who looks at whom), the status and the duration.
No token, no body, no address of a client. A fault that nobody foresaw is answered here, so that no
server above prints its message. Pure ASGI: bodies stream through untouched.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import structlog

from api import errors

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from api.metrics import Metrics

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
NOTHING_KEPT: Final = "no-store"
"""For every answer whose route does not say otherwise: most are private, or true for one moment."""
FOR_EVER: Final = "public, max-age=31536000, immutable"
FOR_A_WHILE: Final = "public, max-age=3600"
FOR_A_MOMENT: Final = "public, max-age=5"

_HEADERS: Final = [
    (name.lower().encode(), value.encode())
    for name, value in {**HEADERS, "Cache-Control": NOTHING_KEPT}.items()
]

_UNKNOWN: Final = "(unknown)"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_log = structlog.get_logger("carbon-ledger.api")


class Envelope:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def send_wrapped(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message.get("headers", ())]
                given = {name for name, _ in headers}
                headers += [header for header in _HEADERS if header[0] not in given]
                message["headers"] = headers
            await send(message)

        method = scope["method"]
        # The server itself leaves the body out: RFC 9110 §9.3.2.
        inner = {**scope, "method": "GET"} if method == "HEAD" else scope
        try:
            await self._app(inner, receive, send_wrapped)
        except Exception as error:  # noqa: BLE001  (this is where the service ends)
            if status:
                errors.log_unexpected(error)
            else:
                await errors.unexpected(error)(inner, receive, send_wrapped)
        duration_s = time.perf_counter() - began
        template = getattr(inner.get("route"), "path", _UNKNOWN)
        named = method if method in _METHODS else _UNKNOWN
        self._metrics.count(named, template, status, duration_s)
        _log.info(
            "request",
            method=named,
            route=template,
            status=status,
            duration_ms=round(duration_s * 1000, 1),
        )

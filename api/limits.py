"""A body is read while it is measured, so a stranger's body costs no more memory than its limit.

Rules: one media type, no Content-Encoding, at most `max_bytes`, and all of it in time. A length
that is announced too large is refused before a byte is read; one that lies is refused at the first
byte too many. Of what comes after that, as much again is read and thrown away: a client that sends
everything before it listens then hears why. Source: formats, section 4.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from starlette.requests import ClientDisconnect

from ledger.errors import InvalidInput, TooLarge, TooSlow, WrongMediaType

if TYPE_CHECKING:
    from starlette.requests import Request

BODY_TIMEOUT_S: Final = 60.0
"""For a whole body: 16 MiB in a minute is 2.2 Mbit/s."""
PAUSE_TIMEOUT_S: Final = 15.0
"""Between two pieces of a body."""


async def read_body(
    request: Request,
    media_type: str,
    max_bytes: int,
    *,
    body_timeout_s: float = BODY_TIMEOUT_S,
    pause_timeout_s: float = PAUSE_TIMEOUT_S,
) -> bytes:
    """The body; raises WrongMediaType, TooLarge, TooSlow, InvalidInput."""
    _check_headers(request, media_type, max_bytes)
    body = bytearray()
    size = 0
    stream = request.stream()
    try:
        async with asyncio.timeout(body_timeout_s):
            while True:
                async with asyncio.timeout(pause_timeout_s):
                    piece = await anext(stream, None)
                if piece is None or size > 2 * max_bytes:
                    break
                size += len(piece)
                if size <= max_bytes:
                    body += piece
                else:
                    body.clear()
    except TimeoutError as error:
        raise TooSlow(
            "the body did not arrive in time",
            expected=f"all of it in {body_timeout_s:g} s, without a pause of {pause_timeout_s:g} s",
            found=f"{size} bytes",
            advice="Send it again: the same bytes are never logged twice. Smaller batches are faster.",
        ) from error
    except ClientDisconnect as error:
        raise InvalidInput("the body ended early", found=f"{size} bytes") from error
    if size > max_bytes:
        raise _too_large(max_bytes, f"more than {max_bytes}")
    return bytes(body)


def _check_headers(request: Request, media_type: str, max_bytes: int) -> None:
    encoding = request.headers.get("content-encoding")
    if encoding is not None:
        raise WrongMediaType(
            "the body is encoded",
            expected="no Content-Encoding",
            found=encoding[:80],
            advice="Send the plain bytes: what is hashed is what is sent.",
        )
    found = request.headers.get("content-type", "")
    if found.partition(";")[0].strip().lower() != media_type:
        raise WrongMediaType(
            "a body of another media type", expected=media_type, found=found[:80] or "none"
        )
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length[:20]) > max_bytes:
        raise _too_large(max_bytes, length[:20])


def _too_large(max_bytes: int, found: str) -> TooLarge:
    return TooLarge(
        "the body is too large",
        expected=f"at most {max_bytes} bytes",
        found=found,
        advice="Send it as several batches.",
    )

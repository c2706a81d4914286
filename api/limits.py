"""A body is read while it is measured, so a stranger's body costs no more memory than its limit.

Rules: one media type, no Content-Encoding, at most `max_bytes`, and all of it in time. A length
that is announced too large is refused before a byte is read; one that lies is refused at the first
byte too many. Of what comes after that, as much again is read and thrown away: a client that sends
everything before it listens then hears why. All bodies together have a limit too, so that many
senders cost no more than a known amount: what is above it is refused at once with "come again".
Of a body that is not small the first line is checked as soon as it is there, so nobody holds that
memory who has no key: only that much is read of a stranger's body. Source: formats, section 4.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from starlette.requests import ClientDisconnect

from ledger.errors import InvalidInput, Overloaded, TooLarge, TooSlow, WrongMediaType
from ledger.log import jws

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.requests import Request

    CheckHead = Callable[[bytes], Awaitable[None]]

BODY_TIMEOUT_S: Final = 60.0
"""For a whole body: 16 MiB in a minute is 2.2 Mbit/s."""
ALL_BODIES_BYTES: Final = 64 * 1024 * 1024
"""From the first byte to the answer; what waits in the ledger is among it."""
SMALL_BODY_BYTES: Final = 64 * 1024
"""Up to this a body is whole before its first line could be refused."""
PAUSE_TIMEOUT_S: Final = 15.0
"""Between two pieces of a body."""


class Room:
    """The memory that all bodies of a service may take together."""

    def __init__(self, max_bytes: int = ALL_BODIES_BYTES) -> None:
        self._free_bytes = max_bytes

    def take(self, size: int) -> None:
        """Use some of it; raises Overloaded when it is not there."""
        if size > self._free_bytes:
            raise Overloaded(
                "too many bodies at once",
                advice="Send the same bytes again in a second; nothing is logged twice.",
            )
        self._free_bytes -= size

    def give_back(self, size: int) -> None:
        """Use it no longer."""
        self._free_bytes += size


@asynccontextmanager
async def body_of(
    request: Request,
    media_type: str | None,
    max_bytes: int,
    room: Room,
    *,
    check_head: CheckHead | None = None,
    body_timeout_s: float = BODY_TIMEOUT_S,
    pause_timeout_s: float = PAUSE_TIMEOUT_S,
) -> AsyncIterator[bytes]:
    """The body, for as long as it is needed.

    A body of any media type is taken where none is named. `check_head` is given the first line of
    a body that is not announced to be small, once, and raises what it is refused with; of a line
    without end it is given the beginning.

    Raises WrongMediaType, TooLarge, TooSlow, Overloaded, and InvalidInput for one that breaks off.
    """
    _check_headers(request, media_type, max_bytes)
    if 0 <= _length(request) <= SMALL_BODY_BYTES:
        check_head = None
    body = bytearray()
    taken = size = 0
    stream = request.stream()
    try:
        try:
            async with asyncio.timeout(body_timeout_s):
                while True:
                    async with asyncio.timeout(pause_timeout_s):
                        piece = await anext(stream, None)
                    if piece is None or size > 2 * max_bytes:
                        break
                    size += len(piece)
                    if size <= max_bytes:
                        room.take(len(piece))
                        taken += len(piece)
                        body += piece
                    else:
                        body.clear()
                    if check_head is not None and (head := _head(body)) is not None:
                        await check_head(head)
                        check_head = None
        except TimeoutError as error:
            raise _too_slow(body_timeout_s, pause_timeout_s, size) from error
        except ClientDisconnect as error:
            raise InvalidInput("the body ended early", found=f"{size} bytes") from error
        if size > max_bytes:
            raise _too_large(max_bytes, f"more than {max_bytes}")
        whole = bytes(body)
        body.clear()
        yield whole
    finally:
        room.give_back(taken)


def _check_headers(request: Request, media_type: str | None, max_bytes: int) -> None:
    encoding = request.headers.get("content-encoding")
    if encoding is not None:
        raise WrongMediaType(
            "the body is encoded",
            expected="no Content-Encoding",
            found=encoding[:80],
            advice="Send the plain bytes: what is hashed is what is sent.",
        )
    found = request.headers.get("content-type", "")
    if media_type is not None and found.partition(";")[0].strip().lower() != media_type:
        raise WrongMediaType(
            "a body of another media type", expected=media_type, found=found[:80] or "none"
        )
    length = _length(request)
    if length > max_bytes:
        raise _too_large(max_bytes, str(length))


def _length(request: Request) -> int:
    """The length that is announced; -1 when none is."""
    length = request.headers.get("content-length", "")
    return int(length[:20]) if length.isascii() and length.isdigit() else -1


def _head(body: bytearray) -> bytes | None:
    """The first line, without its LF, or too much of it; None while it is not there."""
    end = body.find(b"\n", 0, jws.MAX_BYTES + 1)
    if end < 0 and len(body) <= jws.MAX_BYTES:
        return None
    return bytes(body[:end] if end >= 0 else body[: jws.MAX_BYTES + 1])


def _too_large(max_bytes: int, found: str) -> TooLarge:
    return TooLarge(
        "the body is too large",
        expected=f"at most {max_bytes} bytes",
        found=found,
        advice="Send it as several batches.",
    )


def _too_slow(body_timeout_s: float, pause_timeout_s: float, size: int) -> TooSlow:
    return TooSlow(
        "the body did not arrive in time",
        expected=f"all of it in {body_timeout_s:g} s, without a pause of {pause_timeout_s:g} s",
        found=f"{size} bytes",
        advice="Send it again: the same bytes are never logged twice. Smaller batches are faster.",
    )

"""A whole answer over HTTP, that ends in bytes and in time whatever the other side does.

A timeout of httpx is one of each read, so a server that sends a byte now and then would hold whoever
asks for ever. Nothing compressed is asked for or taken: a few bytes could stand for any number.
"""

from __future__ import annotations

import asyncio
from typing import Final

import httpx
import msgspec

from ledger.log.batch import MAX_BODY_BYTES
from ledger.log.page import PAGE_BYTES

_MIB: Final = 1024 * 1024


class Most(msgspec.Struct, frozen=True):
    """How large an answer may be, and how long asking for it may last from the first byte sent."""

    bytes: int
    seconds: float


SMALL: Final = Most(4 * _MIB, 120.0)
"""One thing: a status, a checkpoint, a receipt, a draft."""
PAGE: Final = Most(2 * (PAGE_BYTES + MAX_BODY_BYTES), 300.0)
"""A page of entries: it is full with the first that reaches the size of a page."""
LIST: Final = Most(64 * _MIB, 600.0)
"""The list of companies, say: 100 000 of them with sums of ten gases."""
FILE: Final = Most(1024 * _MIB, 3600.0)
"""A file that shows a figure with every reading that it follows from."""


class Endless(httpx.StreamError):
    """An answer that is larger than it may be, or compressed."""


async def receive(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    most: Most,
    *,
    content: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    """The answer with its body read. Raises httpx.ReadTimeout, Endless and what httpx raises."""
    headers = {"Accept-Encoding": "identity", **(headers or {})}
    request = client.build_request(method, url, content=content, headers=headers)
    try:
        async with asyncio.timeout(most.seconds):
            return await _read(client, request, most.bytes)
    except TimeoutError as error:
        found = f"no whole answer within {most.seconds:g} s"
        raise httpx.ReadTimeout(found, request=request) from error


async def _read(client: httpx.AsyncClient, request: httpx.Request, limit: int) -> httpx.Response:
    answer = await client.send(request, stream=True)
    try:
        encoding = answer.headers.get("content-encoding", "identity")
        if encoding.lower() != "identity":
            raise Endless(f"an answer in the encoding {encoding[:40]!r}, which was not asked for")
        body = bytearray()
        async for piece in answer.aiter_raw():
            body += piece
            if len(body) > limit:
                raise Endless(f"an answer without end: more than {limit} bytes")
    finally:
        await answer.aclose()
    headers = [one for one in answer.headers.raw if one[0].lower() != b"transfer-encoding"]
    return httpx.Response(answer.status_code, headers=headers, content=bytes(body), request=request)

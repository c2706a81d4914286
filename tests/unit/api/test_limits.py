"""A body is measured while it is read: size, encoding and time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.requests import Request

from api.limits import Room, body_of
from ledger.errors import (
    InvalidInput,
    NotAuthorised,
    Overloaded,
    TooLarge,
    TooSlow,
    WrongMediaType,
)
from ledger.log import jws

TYPE = "application/x-test"


class Stranger:
    """Who sends a body piece by piece; counts the pieces that were taken."""

    def __init__(self, *pieces: bytes, pause_s: float = 0.0, ends: bool = True) -> None:
        self._pieces = pieces
        self._pause_s = pause_s
        self._ends = ends
        self.taken = 0

    async def __call__(self) -> dict[str, Any]:
        await asyncio.sleep(self._pause_s)
        if self.taken == len(self._pieces):
            if not self._ends:
                await asyncio.sleep(60)
            return {"type": "http.disconnect"}
        self.taken += 1
        more = self.taken < len(self._pieces) or not self._ends
        return {"type": "http.request", "body": self._pieces[self.taken - 1], "more_body": more}


def request(receive: Callable[[], Awaitable[dict[str, Any]]], **headers: str) -> Request:
    fields = {"content_type": TYPE, **headers}
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": raw}
    return Request(scope, receive)


def read(
    stranger: Stranger,
    max_bytes: int = 8,
    room: Room | None = None,
    check_head: Callable[[bytes], Awaitable[None]] | None = None,
    **headers: str,
) -> bytes:
    async def reading() -> bytes:
        async with body_of(
            request(stranger, **headers),
            TYPE,
            max_bytes,
            room or Room(),
            check_head=check_head,
            body_timeout_s=0.3,
            pause_timeout_s=0.1,
        ) as body:
            return body

    return asyncio.run(reading())


def test_a_body_comes_whole():
    assert read(Stranger(b"abcd", b"", b"efgh")) == b"abcdefgh"
    assert read(Stranger(b"")) == b""


def test_a_body_of_one_byte_too_many_is_refused():
    with pytest.raises(TooLarge):
        read(Stranger(b"abcd", b"efghi"))


def test_an_announced_length_is_refused_before_a_byte_is_read():
    stranger = Stranger(b"a" * 9)
    with pytest.raises(TooLarge):
        read(stranger, content_length="9")
    assert stranger.taken == 0


def test_a_body_without_end_is_left_after_twice_the_limit():
    stranger = Stranger(*[b"abcd"] * 1_000)
    with pytest.raises(TooLarge):
        read(stranger)
    assert stranger.taken <= 6


@pytest.mark.parametrize("encoding", ["gzip", "identity", ""])
def test_an_encoded_body_is_refused_before_a_byte_is_read(encoding: str):
    stranger = Stranger(b"a")
    with pytest.raises(WrongMediaType):
        read(stranger, content_encoding=encoding)
    assert stranger.taken == 0


@pytest.mark.parametrize(
    "media_type", ["", "text/plain", "application/x-test2", "x application/x-test"]
)
def test_another_media_type_is_refused(media_type: str):
    with pytest.raises(WrongMediaType):
        read(Stranger(b"a"), content_type=media_type)


@pytest.mark.parametrize("media_type", [TYPE.upper(), f"{TYPE}; charset=utf-8", f" {TYPE} "])
def test_the_media_type_may_be_written_as_http_allows(media_type: str):
    assert read(Stranger(b"a"), content_type=media_type) == b"a"


def test_a_body_that_stops_is_given_up():
    with pytest.raises(TooSlow):
        read(Stranger(b"a", ends=False))


def test_a_body_that_trickles_is_given_up():
    stranger = Stranger(*[b"a"] * 8, pause_s=0.06)
    with pytest.raises(TooSlow):
        read(stranger)
    assert 0 < stranger.taken < 8


def test_a_sender_who_leaves_is_not_waited_for():
    class Leaver(Stranger):
        async def __call__(self) -> dict[str, Any]:
            return {"type": "http.disconnect"}

    with pytest.raises(InvalidInput):
        read(Leaver())


def test_all_bodies_together_have_a_limit_and_what_is_done_with_is_given_back():
    room = Room(10)

    async def two_at_once() -> None:
        async with body_of(request(Stranger(b"a" * 8)), TYPE, 8, room) as body:
            assert body == b"a" * 8
            with pytest.raises(Overloaded):
                async with body_of(request(Stranger(b"b", b"b" * 7)), TYPE, 8, room):
                    raise AssertionError("there was no room")

    asyncio.run(two_at_once())
    room.take(10)
    room.give_back(10)


@pytest.mark.parametrize(
    "stranger",
    [Stranger(b"abcd", b"efghi"), Stranger(b"abcd", ends=False)],
    ids=["too large", "too slow"],
)
def test_a_refused_body_gives_its_room_back(stranger: Stranger):
    room = Room(8)
    with pytest.raises((TooLarge, TooSlow)):
        read(stranger, room=room)
    room.take(8)


def test_the_first_line_is_checked_once_and_before_the_rest_is_read():
    heads: list[bytes] = []

    async def check(head: bytes) -> None:
        heads.append(head)
        raise NotAuthorised("unknown key")

    stranger = Stranger(b"abc", b"def\ngh", b"i\nj")
    with pytest.raises(NotAuthorised):
        read(stranger, 100, check_head=check)
    assert (heads, stranger.taken) == ([b"abcdef"], 2)


def test_a_first_line_without_an_end_is_checked_as_far_as_it_may_be_long():
    heads: list[bytes] = []

    async def check(head: bytes) -> None:
        heads.append(head)

    body = b"a" * (jws.MAX_BYTES + 100)
    assert read(Stranger(body[:9], body[9:], b"\nb"), 2**20, check_head=check) == body + b"\nb"
    assert heads == [body[: jws.MAX_BYTES + 1]]


@pytest.mark.parametrize(("announced", "checks"), [("6", 0), ("70000", 1), ("-1", 1), ("x", 1)])
def test_a_body_that_is_announced_small_is_not_checked_before_it_is_whole(
    announced: str, checks: int
):
    heads: list[bytes] = []

    async def check(head: bytes) -> None:
        heads.append(head)

    read(Stranger(b"abc\nd\n"), 2**20, check_head=check, content_length=announced)
    assert len(heads) == checks

"""A ledger over HTTP is asked again when it cannot answer, and believed nothing that it can prove."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from ledger.carbon.events import ActivityRecorded
from ledger.carbon.info import SourceInfo
from ledger.client import http
from ledger.client.answer import Most
from ledger.client.checkpoint_memory import CheckpointMemory
from ledger.client.http import HttpConnection
from ledger.client.keyring import utc_now
from ledger.client.outbox import Outbox
from ledger.client.writer import UNSALTED, Writer
from ledger.errors import (
    BadSignature,
    BadValue,
    Conflict,
    LedgerError,
    LogStopped,
    NotFound,
    NotSignedIn,
    OtherHistory,
    Overloaded,
    ProofFailed,
    Unavailable,
)
from ledger.log import batch, note
from ledger.log.checkpoint import sign_checkpoint
from ledger.log.receipt import Receipt, format_receipt, parse_receipt
from ledger.parties.token import read_token
from tests.unit.client.memory import (
    OPERATOR,
    ORIGIN,
    STEEL,
    STREAM,
    VKEY,
    MemoryConnection,
)

READING = ActivityRecorded(
    salt=UNSALTED,
    period=("2018-01-01T00:00:00+08:00", "2018-01-01T00:15:00+08:00"),
    quantity="3.17",
)


class Server:
    """A small server over a ledger in memory, which can be told to misbehave."""

    def __init__(self) -> None:
        self.ledger = MemoryConnection()
        self.failures: list[Response] = []
        """Answers to give before any other."""
        self.lose_answers = 0
        """How many batches to take without answering."""
        self.requests: list[str] = []
        self.forged_receipt = False

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/status", self.status),
                Route("/v1/batches", self.post, methods=["POST"]),
                Route("/v1/streams/{stream:path}/head", self.head),
                Route("/v1/parties/{party}/sources", self.sources),
                Route("/v1/receipts/{index:int}", self.receipt),
                Route("/log/checkpoint", self.checkpoint),
            ]
        )

    async def status(self, request: Request) -> Response:
        return self._first_failure(request) or encoded(await self.ledger.status())

    async def head(self, request: Request) -> Response:
        head = await self.ledger.head(request.path_params["stream"])
        return self._first_failure(request) or (
            encoded(head) if head else refusal(NotFound("no"), 404)
        )

    async def sources(self, request: Request) -> Response:
        _, _, token = request.headers.get("authorization", "").partition(" ")
        read_token(token, lambda _: STEEL.public, utc_now(), ORIGIN)
        return encoded(await self.ledger.sources(request.path_params["party"]))

    async def receipt(self, request: Request) -> Response:
        return Response(await self.ledger.receipt(request.path_params["index"]))

    async def checkpoint(self, _: Request) -> Response:
        return Response(await self.ledger.checkpoint())

    async def post(self, request: Request) -> Response:
        failure = self._first_failure(request)
        if failure is not None:
            return failure
        assert request.headers["content-type"] == batch.MEDIA_TYPE
        try:
            posted = await self.ledger.post(await request.body())
        except LedgerError as error:
            return refusal(error, 409)
        if self.lose_answers:
            self.lose_answers -= 1
            return Response(b"the gateway gave up", 502)
        if self.forged_receipt:
            receipt = parse_receipt(posted.receipt.encode())
            signed = sign_checkpoint(OPERATOR, self.ledger.checkpoint_now())
            forged = format_receipt(Receipt(receipt.index, receipt.path, signed)).decode()
            posted = msgspec.structs.replace(posted, receipt=forged)
        return encoded(posted, 200 if posted.repeated else 201)

    def _first_failure(self, request: Request) -> Response | None:
        self.requests.append(f"{request.method} {request.url.path}")
        return self.failures.pop(0) if self.failures else None


Served = tuple[Server, str]


def encoded(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def refusal(error: LedgerError, status: int, retry_after: str | None = None) -> Response:
    members = {
        "type": f"urn:carbon-ledger:problem:{error.code}", "title": "t", "status": status,
        "detail": error.what, "code": error.code, "expected": error.expected,
        "found": error.found, "advice": error.advice,
    }  # fmt: skip
    if isinstance(error, Conflict):
        members["logged_jws"] = error.logged_jws.decode()
    headers = {"Retry-After": retry_after} if retry_after else {}
    return Response(
        msgspec.json.encode(members), status, headers, media_type="application/problem+json"
    )


@pytest.fixture
def server() -> Iterator[tuple[Server, str]]:
    server = Server()
    with contextlib.closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(server.app(), log_level="critical", lifespan="off", ws="none")
        running = uvicorn.Server(config)
        thread = threading.Thread(target=running.run, args=([listener],), daemon=True)
        thread.start()
        yield server, f"http://127.0.0.1:{listener.getsockname()[1]}"
        running.should_exit = True
        thread.join(10)
        assert not thread.is_alive()


async def post_reading(url: str, home: Path, **options: float):
    async with HttpConnection(url, STEEL, "steelworks", **options) as connection:  # type: ignore[arg-type]
        writer = Writer(connection, STEEL, "steelworks", Outbox(home))
        return await writer.post(STREAM, [READING])


def test_a_reading_is_posted_with_its_receipt_verified(server: Served, tmp_path: Path):
    behind, url = server
    posted = asyncio.run(post_reading(url, tmp_path))
    assert (posted.index, posted.first, posted.repeated) == (4, 1, False)
    assert len(behind.ledger.events(STREAM)) == 1


def test_a_busy_ledger_is_asked_again_after_the_pause_that_it_names(server: Served, tmp_path: Path):
    behind, url = server
    behind.failures = [refusal(Overloaded("busy"), 503, "1"), refusal(Overloaded("busy"), 429)]
    posted = asyncio.run(post_reading(url, tmp_path))
    assert posted.index == 4
    assert behind.requests[:3] == ["GET /v1/status"] * 3


def test_a_batch_whose_answer_was_lost_is_sent_again_and_stands_once(
    server: Served, tmp_path: Path
):
    behind, url = server
    behind.lose_answers = 2
    posted = asyncio.run(post_reading(url, tmp_path))
    assert posted.repeated
    assert behind.requests.count("POST /v1/batches") == 3
    assert len(behind.ledger.events(STREAM)) == 1


def test_a_pause_longer_than_the_callers_patience_ends_with_the_ledgers_own_error(
    server: Served, tmp_path: Path
):
    behind, url = server
    behind.failures = [
        refusal(LogStopped("stopped", advice="Restore the newest backup"), 503, "60")
    ]
    with pytest.raises(LogStopped, match="Restore the newest backup"):
        asyncio.run(post_reading(url, tmp_path))
    assert len(behind.requests) == 1


def test_a_ledger_that_is_not_there_is_unavailable_and_the_batch_waits(
    server: Served, tmp_path: Path
):
    _, url = server

    async def lose_the_ledger() -> None:
        async with HttpConnection(url, STEEL, patience_s=0.3) as connection:
            writer = Writer(connection, STEEL, "steelworks", Outbox(tmp_path))
            await writer.log_key()
            await writer.resume()
            connection._calls.url = "http://127.0.0.1:1"  # type: ignore[misc]
            writer._heads[STREAM] = None
            await writer.post(STREAM, [READING])

    with pytest.raises(Unavailable, match="cannot be reached"):
        asyncio.run(lose_the_ledger())
    assert [one.signed.statement.first for one in Outbox(tmp_path).pending()] == [1]


def test_who_waits_for_a_ledger_is_told_so_after_a_moment(server: Served):
    behind, url = server
    behind.failures = [refusal(Overloaded("busy"), 429)] * 3
    told: list[str] = []

    async def ask() -> None:
        async with HttpConnection(url, notice_s=0.1, told=told.append) as connection:
            await connection.status()
            await connection.status()

    asyncio.run(ask())
    assert len(told) == 1
    assert f"Waiting for {url} (busy)" in told[0]


def test_a_quick_answer_tells_nothing(server: Served):
    _, url = server
    told: list[str] = []

    async def ask() -> None:
        async with HttpConnection(url, notice_s=0.1, told=told.append) as connection:
            await connection.status()
            await asyncio.sleep(0.2)

    asyncio.run(ask())
    assert told == []


def test_a_ledger_that_never_answered_is_given_up_sooner(
    server: Served, monkeypatch: pytest.MonkeyPatch
):
    _, url = server
    monkeypatch.setattr("ledger.client.calls.FIRST_PATIENCE_S", 0.2)

    async def ask(*, answered: bool) -> float:
        async with HttpConnection(url, patience_s=3.0) as connection:
            if answered:
                await connection.status()
            connection._calls.url = "http://127.0.0.1:1"  # type: ignore[misc]
            began = time.monotonic()
            with pytest.raises(Unavailable, match="cannot be reached"):
                await connection.status()
            return time.monotonic() - began

    # One beside the other, since a busy machine is slow with both.
    assert 2 * asyncio.run(ask(answered=False)) < asyncio.run(ask(answered=True))


def test_a_refusal_comes_back_as_the_error_that_it_was(server: Served, tmp_path: Path):
    behind, url = server
    body = behind.ledger.build(STEEL, STREAM, [READING])
    behind.ledger.append(STEEL, STREAM, msgspec.structs.replace(READING, quantity="4"))

    async def post() -> None:
        async with HttpConnection(url) as connection:
            await connection.post(body)

    with pytest.raises(Conflict) as caught:
        asyncio.run(post())
    assert caught.value.expected == "first 2"
    assert caught.value.logged_jws == behind.ledger.entries[-1].signed.jws.raw


def test_a_receipt_that_the_log_did_not_sign_is_refused(server: Served, tmp_path: Path):
    behind, url = server
    behind.forged_receipt = True
    with pytest.raises(BadSignature):
        asyncio.run(post_reading(url, tmp_path))
    assert len(Outbox(tmp_path).pending()) == 1


def test_the_connection_itself_verifies_what_it_hands_on(server: Served):
    behind, url = server
    behind.forged_receipt = True

    async def post() -> None:
        async with HttpConnection(url) as connection:
            await connection.post(behind.ledger.build(STEEL, STREAM, [READING]))

    with pytest.raises(BadSignature):
        asyncio.run(post())


def test_another_log_than_the_expected_one_is_refused(server: Served, tmp_path: Path):
    behind, url = server
    behind.ledger.log_key = note.log_vkey(ORIGIN, OPERATOR.public)

    async def ask(connection: HttpConnection) -> None:
        async with connection:
            await connection.status()

    with pytest.raises(ProofFailed, match="another log"):
        asyncio.run(ask(HttpConnection(url, log_key=VKEY)))
    memory = CheckpointMemory(tmp_path / "checkpoint")
    memory.check_log(VKEY)
    with pytest.raises(ProofFailed, match="another log"):
        asyncio.run(ask(HttpConnection(url, memory=memory)))


def test_private_data_is_asked_for_with_a_token(server: Served):
    _, url = server

    async def ask() -> tuple[SourceInfo | None, SourceInfo | None]:
        async with HttpConnection(url, STEEL, "steelworks") as connection:
            return await connection.source(STREAM), await connection.source("steelworks/x/y")

    found, missing = asyncio.run(ask())
    assert found is not None
    assert found.unit == "kWh"
    assert missing is None


def test_private_data_without_a_key_is_not_even_asked_for(server: Served):
    behind, url = server

    async def ask() -> None:
        async with HttpConnection(url) as connection:
            await connection.sources("steelworks")

    with pytest.raises(NotSignedIn):
        asyncio.run(ask())
    assert behind.requests == []


def test_checkpoints_and_receipts_are_verified_and_remembered(server: Served, tmp_path: Path):
    behind, url = server
    memory = CheckpointMemory(tmp_path / "checkpoint")

    async def ask() -> tuple[str, str]:
        async with HttpConnection(url, memory=memory) as connection:
            return await connection.checkpoint(), await connection.receipt(2)

    checkpoint, receipt = asyncio.run(ask())
    assert checkpoint.startswith("ledger.example/log\n4\n")
    assert "\nindex 2\n" in receipt
    assert CheckpointMemory(tmp_path / "checkpoint").newest == behind.ledger.checkpoint_now()


def test_a_log_that_became_smaller_is_refused(server: Served, tmp_path: Path):
    served, url = server
    memory = CheckpointMemory(tmp_path / "checkpoint")

    async def asked_twice() -> None:
        async with HttpConnection(url, None, None, memory=memory) as connection:
            await connection.status()
            await connection.checkpoint()
            served.ledger = MemoryConnection()
            del served.ledger.entries[-1]
            with pytest.raises(OtherHistory, match="lost entries"):
                await connection.status()

    asyncio.run(asked_twice())


def test_an_answer_without_end_is_not_read(server: Served, monkeypatch: pytest.MonkeyPatch):
    ledger, url = server
    monkeypatch.setattr(http.HttpConnection._get, "__defaults__", (Most(3000, 5.0),))
    ledger.failures = [Response(b" " * 3001)]

    async def ask() -> None:
        async with HttpConnection(url) as connection:
            with pytest.raises(Unavailable, match="does not answer as a ledger") as refused:
                await connection.status()
            assert "more than 3000 bytes" in refused.value.found
            assert (await connection.status()).log_key == VKEY

    asyncio.run(ask())


def test_an_answer_that_takes_too_long_as_a_whole_is_asked_for_again(
    server: Served, monkeypatch: pytest.MonkeyPatch
):
    ledger, url = server
    monkeypatch.setattr(http.HttpConnection._get, "__defaults__", (Most(3000, 0.5),))
    ended = []

    async def dripping() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b" "
                await asyncio.sleep(0.05)
        finally:
            ended.append(True)

    ledger.failures = [StreamingResponse(dripping())]

    async def ask() -> None:
        async with HttpConnection(url) as connection:
            assert (await connection.status()).log_key == VKEY

    asyncio.run(ask())
    assert ended == [True]
    assert ledger.requests == ["GET /v1/status"] * 2


def test_what_is_no_ledger_is_said_to_be_none(server: Served):
    behind, url = server
    behind.failures = [Response("<html>", 200)]

    async def ask() -> None:
        async with HttpConnection(url) as connection:
            await connection.status()

    with pytest.raises(Unavailable, match="does not answer as a ledger"):
        asyncio.run(ask())


@pytest.mark.parametrize("url", ["ledger.example", "ftp://ledger.example", "https://", ""])
def test_what_is_no_url_is_refused(url: str):
    with pytest.raises(BadValue, match="not the URL of a ledger"):
        HttpConnection(url)

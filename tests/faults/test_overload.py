"""More than the service can take is answered with 429, before memory grows; strangers hold none of it.

A real service with room for few bodies, and clients that hold theirs open on real sockets.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Self

import httpx
import pytest

from ledger.log import batch
from ledger.log.hashes import ZEROS_HEX
from tests.e2e.api.park import LONGEST_WAIT_S, RUN, UNKNOWN, Process, opened
from tests.faults.embedded_land import temporary_home
from tests.workload import SIGNED_AT, Workload, stream

ROOM_BYTES: Final = 4 * 2**20
SMALL_ROOM: Final = f"""
from api import limits, main
main.Room = lambda: limits.Room({ROOM_BYTES})
"""
FEW_CONNECTIONS: Final = """
from api.connection import PromptProtocol
PromptProtocol.most_connections = 20
"""
HEADERS: Final = {"Content-Type": batch.MEDIA_TYPE}


class Service:
    """A running service, and bodies for it."""

    def __init__(self, process: Process, workload: Workload) -> None:
        self.process = process
        self.workload = workload
        self.client = httpx.Client(base_url=process.url, timeout=LONGEST_WAIT_S)

    def post(self, body: bytes) -> httpx.Response:
        return self.client.post("/v1/batches", content=body, headers=HEADERS)

    def post_until_taken(self, body: bytes) -> httpx.Response:
        """As a client does: again after the pause that the answer asks for."""
        deadline = time.monotonic() + LONGEST_WAIT_S
        while (answer := self.post(body)).status_code == 429:
            assert time.monotonic() < deadline
            time.sleep(int(answer.headers["retry-after"]))
        return answer

    @property
    def most_memory_bytes(self) -> int:
        """The most that the process ever had resident."""
        status = Path(f"/proc/{self.process.process.pid}/status").read_text()
        found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
        assert found
        return 1024 * int(found[1])


@contextlib.contextmanager
def serving(program: str) -> Iterator[Service]:
    with temporary_home() as home:
        log = opened(home)
        process = Process(home, program + RUN)
        try:
            service = Service(process, Workload(log))
            with service.client:
                for body in service.workload.preparation():
                    assert service.post(body).status_code == 201
                yield service
                assert [line for line in process.log if line["event"] == "unexpected"] == []
        finally:
            assert process.end() == 0


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with serving(SMALL_ROOM) as running:
        yield running


class Held:
    """A post on a socket of its own, sent up to where the caller says."""

    def __init__(self, service: Service, body: bytes, upto: int) -> None:
        host, port = service.process.url.removeprefix("http://").split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=LONGEST_WAIT_S)
        self.socket.sendall(
            b"POST /v1/batches HTTP/1.1\r\nHost: ledger\r\n"
            + f"Content-Type: {batch.MEDIA_TYPE}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        )
        self._rest = body[upto:]
        self.socket.sendall(body[:upto])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def finish(self) -> None:
        """Send what was held back."""
        self.socket.sendall(self._rest)

    def answered(self, within_s: float) -> bool:
        """Whether an answer is there already."""
        self.socket.settimeout(within_s)
        try:
            return bool(self.socket.recv(1, socket.MSG_PEEK))
        except TimeoutError:
            return False
        finally:
            self.socket.settimeout(LONGEST_WAIT_S)

    def answer(self) -> tuple[int, dict[str, str], Any]:
        """Status, headers and JSON."""
        with self.socket.makefile("rb") as file:
            status = int(file.readline().split()[1])
            headers = {}
            while line := file.readline().strip():
                name, _, value = line.decode().partition(":")
                headers[name.lower()] = value.strip()
            return status, headers, json.loads(file.read(int(headers["content-length"])))


def test_too_many_bodies_are_put_off_and_memory_does_not_grow_with_them(service: Service):
    """A hundred bodies of over a megabyte; the room takes a few."""
    bodies = [service.workload.batch(number, 8_000) for number in range(4)]
    assert min(map(len, bodies)) > 2**20
    service.client.get("/health")
    before = service.most_memory_bytes
    with contextlib.ExitStack() as stack:
        held = []
        for number in range(100):
            body = bodies[number % 4]
            held.append(stack.enter_context(Held(service, body, len(body) - 1)))
        began = time.monotonic()
        assert service.client.get("/health").status_code == 200
        assert time.monotonic() - began < 5

        put_off = [one for one in held if one.answered(0.05)]
        inside = [one for one in held if one not in put_off]
        assert len(put_off) >= 95
        assert inside
        for one in put_off:
            status, headers, problem = one.answer()
            assert (status, problem["code"]) == (429, "overloaded")
            assert headers["retry-after"] == "1"
            assert "again" in problem["advice"]
        # Each body twice over, what the checks of a few cost, and the buffers of the connections.
        assert service.most_memory_bytes - before < 2 * ROOM_BYTES + 40 * 2**20

        for one in inside:
            one.finish()
        assert {one.answer()[0] for one in inside} <= {200, 201}
    for body in bodies:
        assert service.post_until_taken(body).status_code in (200, 201)


def test_whoever_was_put_off_is_taken_when_the_others_are_done(service: Service):
    large, small = service.workload.batch(5, 9_000), service.workload.batch(6, 1)
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(Held(service, large, len(large) - 1)) for _ in range(6)]
        assert any(one.answered(0.2) for one in held)
        for one in held:
            one.socket.close()
    assert service.post_until_taken(large).status_code == 201
    assert service.post(small).status_code == 201


@pytest.mark.parametrize(
    ("stranger", "code"), [("unknown", "not-authorised"), ("forged", "bad-signature")]
)
def test_a_strangers_body_is_refused_before_it_is_sent(service: Service, stranger: str, code: str):
    body = service.workload.batch(7, 8_000)
    statement, _, lines = body.partition(b"\n")
    if stranger == "unknown":
        line = ("ActivityRecorded", lines.partition(b"\n")[0])
        log = service.workload.log
        made = batch.build(UNKNOWN, log, stream(7), 1, ZEROS_HEX, [line], None, SIGNED_AT)
        statement = made.partition(b"\n")[0]
    else:
        statement = statement[:-9] + (b"A" if statement[-9:-8] != b"A" else b"B") + statement[-8:]
    body = statement + b"\n" + lines
    with contextlib.ExitStack() as stack:
        for _ in range(8):
            held = stack.enter_context(Held(service, body, 2**17))
            status, _, problem = held.answer()
            assert (status, problem["code"]) == (403, code)
        # Together they have announced more than there is room for; they hold none of it.
        own = service.workload.batch(8, 8_000)
        assert service.post(own).status_code == 201


def test_a_first_line_without_an_end_is_refused_before_it_is_sent(service: Service):
    with Held(service, b"e" * 2**20, 2**17) as held:
        status, _, problem = held.answer()
        assert status in (400, 413)
        assert problem["advice"]


def test_more_connections_than_there_may_be_are_told_to_come_again():
    with serving(FEW_CONNECTIONS) as service, contextlib.ExitStack() as stack:
        body = service.workload.batch(0, 1)
        held = [stack.enter_context(Held(service, body, 10)) for _ in range(30)]
        put_off = [one for one in held if one.answered(0.2)]
        assert 5 <= len(put_off) <= 15
        for one in put_off:
            status, headers, problem = one.answer()
            assert (status, problem["code"]) == (429, "overloaded")
            assert (headers["retry-after"], headers["connection"]) == ("1", "close")
        for one in held:
            one.socket.close()
        assert service.post_until_taken(body).status_code == 201

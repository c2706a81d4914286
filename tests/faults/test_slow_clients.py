"""Clients that dawdle, leave in the middle or never listen: nobody else waits for them.

A real service on real sockets, with its time limits shortened so that their end can be seen.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator
from typing import Final

import pytest

from tests.faults.test_overload import ROOM_BYTES, SMALL_ROOM, Held, Service, serving

BODY_TIMEOUT_S: Final = 4.0
ANSWER_TIMEOUT_S: Final = 2.0
HURRIED: Final = f"""
from api.connection import PromptProtocol
PromptProtocol.answer_timeout_s = {ANSWER_TIMEOUT_S}
limits.body_of.__wrapped__.__kwdefaults__["body_timeout_s"] = {BODY_TIMEOUT_S}
"""
PROMPTLY_S: Final = 2.0
"""How long an answer may take while others dawdle; alone it takes some milliseconds."""


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with serving(SMALL_ROOM + HURRIED) as running:
        yield running


def served_promptly(service: Service, number: int) -> None:
    """A post and a read, at once."""
    for _ in range(5):
        began = time.monotonic()
        assert service.post(service.workload.batch(number, 1)).status_code == 201
        assert service.client.get("/v1/status").status_code == 200
        assert time.monotonic() - began < PROMPTLY_S


def test_bodies_that_come_byte_by_byte_hold_nobody_up_and_are_given_up(service: Service):
    body = service.workload.batch(0, 100)
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(Held(service, body, 10)) for _ in range(50)]
        ended = threading.Event()

        def trickle() -> None:
            sent = 10
            while not ended.wait(0.5):
                for one in slow:
                    with contextlib.suppress(OSError):
                        one.socket.send(body[sent : sent + 1])
                sent += 1

        sender = threading.Thread(target=trickle)
        sender.start()
        began = time.monotonic()
        try:
            served_promptly(service, 1)
            answers = [one.answer() for one in slow]
        finally:
            ended.set()
            sender.join()
        assert time.monotonic() - began < BODY_TIMEOUT_S + 5
        assert {(status, problem["code"]) for status, _, problem in answers} == {(408, "too-slow")}
    assert service.post(body).status_code == 201


@pytest.mark.parametrize("how", ["in order", "with a reset"])
def test_who_leaves_in_the_middle_of_a_body_leaves_its_room(service: Service, how: str):
    body = service.workload.batch(2, 6_000)
    assert 3 * len(body) < ROOM_BYTES
    for _ in range(3):
        leaving = [Held(service, body, len(body) - 1) for _ in range(3)]
        for one in leaving:
            if how == "with a reset":
                linger = struct.pack("ii", 1, 0)
                one.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            one.socket.close()
    served_promptly(service, 3)
    assert service.post_until_taken(body).status_code == 201


def test_who_never_reads_its_answers_is_cut_off_and_holds_nobody_up(service: Service):
    host, port = service.process.url.removeprefix("http://").split(":")
    page = len(service.client.get("/openapi.json").content)
    asked = 100 * 2**20 // page
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.settimeout(0.5)
        deaf.connect((host, int(port)))
        request = b"GET /openapi.json HTTP/1.1\r\nHost: ledger\r\n\r\n" * asked
        with contextlib.suppress(TimeoutError):
            deaf.sendall(request)
        before = service.most_memory_bytes
        began = time.monotonic()
        served_promptly(service, 4)
        assert cut_off(deaf, ANSWER_TIMEOUT_S + 5)
        assert time.monotonic() - began >= ANSWER_TIMEOUT_S / 2
        assert service.most_memory_bytes - before < 32 * 2**20
    assert service.client.get("/health").status_code == 200


def cut_off(connection: socket.socket, within_s: float) -> bool:
    """Whether the other side ends the connection while nothing is read from it."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            return True
        try:
            connection.send(b"G")
        except TimeoutError:
            continue
        except OSError:
            return True
        time.sleep(0.05)
    return False

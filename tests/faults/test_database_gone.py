"""A service whose database goes away says so with 503, and works again when it is back."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import httpx
import pytest

from ledger.log import batch, jws
from ledger.log.canonical import encode_struct
from ledger.log.hashes import ZEROS_HEX
from ledger.parties.events import Jwk, PartyRegistered
from ledger.service import Settings, initialise
from ledger.store.embedded import EmbeddedServer
from tests.e2e.api.park import (
    LONGEST_WAIT_S,
    OPERATOR,
    ORIGIN,
    RECOVERY,
    SIGNED_AT,
    STEELWORKS,
    Process,
    opened,
    salt,
)
from tests.faults.embedded_land import (
    Place,
    postmaster,
    server_processes,
    temporary_home,
    times_started,
    until,
)

HEADERS: Final = {"Content-Type": batch.MEDIA_TYPE}
KEEP: Final = "INSERT INTO kept VALUES ({})"


@pytest.fixture
def homes(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, Path]]:
    """The home of a service, and that of the database that it is pointed to by a URL."""
    with temporary_home() as database_home, temporary_home() as home:
        with EmbeddedServer(database_home) as server:
            monkeypatch.setenv("CARBON_LEDGER_DATABASE_URL", server.conninfo("ledger_owner"))
            monkeypatch.setenv(
                "CARBON_LEDGER_SERVER_DATABASE_URL", server.conninfo("ledger_server")
            )
            asyncio.run(
                initialise(
                    Settings(home=home),
                    origin=ORIGIN,
                    area="Example park",
                    timezone="Asia/Shanghai",
                    operator="operator",
                    operator_key=OPERATOR,
                    recovery_key=RECOVERY,
                )
            )
        yield home, database_home


def registration(log: str, party: str) -> bytes:
    event = PartyRegistered(
        salt=salt(),
        name="Steel works",
        roles=("company",),
        key=Jwk(**STEELWORKS.public.jwk),
        proof=jws.possession_proof(STEELWORKS, log, party),
    )
    lines = [("PartyRegistered", encode_struct(event))]
    return batch.build(OPERATOR, log, f"{party}/keys", 1, ZEROS_HEX, lines, None, SIGNED_AT)


def test_a_service_outlives_its_database_and_goes_on_when_it_is_back(homes: tuple[Path, Path]):
    home, database_home = homes
    body = registration(json.loads((home / "ledger.json").read_text())["log"], "steelworks")
    with EmbeddedServer(database_home):
        process = Process(home)
    try:
        with httpx.Client(base_url=process.url, timeout=LONGEST_WAIT_S) as client:
            for answer in (
                client.post("/v1/batches", content=body, headers=HEADERS),
                client.get("/v1/status"),
                client.get("/health"),
                client.get("/log/checkpoint"),
            ):
                assert (answer.status_code, answer.json()["code"]) == (503, "database-unavailable")
                assert answer.headers["retry-after"]
                assert answer.json()["advice"]
                # What a stranger is told is not where the database is and who logs in there.
                assert str(database_home) not in answer.text
                assert "ledger_server" not in answer.text

            with EmbeddedServer(database_home):
                posted = until_posted(client, body)
                assert (posted["index"], posted["first"]) == (1, 1)
                assert client.get("/v1/status").json()["size"] == 2
                assert client.get("/health").status_code == 200
                again = client.post("/v1/batches", content=body, headers=HEADERS)
                assert (again.status_code, again.json()["repeated"]) == (200, True)
                assert process.end() == 0
    finally:
        if process.process.poll() is None:
            process.end(signal.SIGKILL)


def test_a_service_whose_embedded_server_was_killed_says_so_and_starts_it_again():
    with temporary_home() as home:
        body = registration(opened(home), "steelworks")
        process = Process(home)
        try:
            with httpx.Client(base_url=process.url, timeout=LONGEST_WAIT_S) as client:
                assert client.post("/v1/batches", content=body, headers=HEADERS).status_code == 201
                killed = postmaster(home)
                os.kill(killed, signal.SIGKILL)
                answer = client.post("/v1/batches", content=body, headers=HEADERS)
                assert (answer.status_code, answer.json()["code"]) == (503, "database-unavailable")
                assert answer.headers["retry-after"]

                again = until_posted(client, body)
                assert (again["index"], again["repeated"]) == (1, True)
                assert client.get("/v1/status").json()["size"] == 2
                assert postmaster(home) != killed
            assert process.end() == 0
            assert server_processes(home) == []
        finally:
            if process.process.poll() is None:
                process.end(signal.SIGKILL)


def test_a_reader_is_enough_to_bring_the_embedded_server_back():
    with temporary_home() as home:
        opened(home)
        process = Process(home)
        try:
            for _ in range(2):
                os.kill(postmaster(home), signal.SIGKILL)
                until(lambda: httpx.get(f"{process.url}/health").status_code == 200)
        finally:
            assert process.end() == 0


def test_programs_that_revive_one_server_at_once_get_one(place: Place):
    """Two programs, and four threads of one of them: one starts it, the others find it."""
    with place.command() as other, EmbeddedServer(place.home) as server:
        assert other.ready().sql("CREATE TABLE kept (value bigint PRIMARY KEY)") == "done"
        before = times_started(place.home)
        for number in range(3):
            os.kill(postmaster(place.home), signal.SIGKILL)
            with ThreadPoolExecutor(4) as threads:
                other.begin_sql("revive")
                for done in [threads.submit(server.revive) for _ in range(4)]:
                    done.result()
            assert other.line() == "revived"
            assert other.sql(KEEP.format(number)) == "done"
        assert other.sql("SELECT count(*) FROM kept") == "3"
        assert times_started(place.home) == before + 3
        assert other.end() == 0
    assert place.processes == []


def test_a_server_that_was_stopped_is_not_revived(place: Place):
    server = EmbeddedServer(place.home)
    server.start()
    server.stop()
    server.revive()
    assert place.processes == []


def until_posted(client: httpx.Client, body: bytes) -> dict[str, int]:
    """Send the same bytes until the service takes them, as a client does after a 503."""
    deadline = time.monotonic() + LONGEST_WAIT_S
    while True:
        answer = client.post("/v1/batches", content=body, headers=HEADERS)
        if answer.is_success:
            found: dict[str, int] = answer.json()
            return found
        assert answer.status_code == 503, answer.text
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.2)

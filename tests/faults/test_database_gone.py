"""A service whose database goes away says so with 503, and works again when it is back."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Iterator
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
from tests.faults.embedded_land import postmaster, temporary_home

HEADERS: Final = {"Content-Type": batch.MEDIA_TYPE}


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


def test_a_service_whose_embedded_server_was_killed_says_so_and_a_restart_recovers():
    with temporary_home() as home:
        body = registration(opened(home), "steelworks")
        process = Process(home)
        try:
            with httpx.Client(base_url=process.url, timeout=LONGEST_WAIT_S) as client:
                assert client.post("/v1/batches", content=body, headers=HEADERS).status_code == 201
                os.kill(postmaster(home), signal.SIGKILL)
                answer = client.get("/v1/status")
                assert (answer.status_code, answer.json()["code"]) == (503, "database-unavailable")
        finally:
            process.end()
        process = Process(home)
        try:
            again = httpx.post(f"{process.url}/v1/batches", content=body, headers=HEADERS)
            assert (again.status_code, again.json()["index"]) == (200, 1)
        finally:
            assert process.end() == 0


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

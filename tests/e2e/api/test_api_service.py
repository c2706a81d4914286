"""The service as a process: what it says of itself, what it writes down, and how it ends."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger.log import batch, jws
from ledger.log.canonical import encode_struct
from ledger.log.checkpoint import open_checkpoint
from ledger.log.hashes import ZEROS_HEX, RootHash
from ledger.log.receipt import parse_receipt, verify_receipt
from ledger.parties.events import Jwk, PartyRegistered
from ledger.service.home import Home
from ledger.store.checkpoint_file import CheckpointFile
from tests.e2e.api.park import (
    LONGEST_WAIT_S,
    METER,
    OPERATOR,
    ROOT,
    RUN,
    SIGNED_AT,
    STEELWORKS,
    TOWER,
    Park,
    Process,
    reading,
    salt,
)
from tests.faults.embedded_land import server_processes

PAGES = ["/", "/docs"]


# ------------------------------------------------------------------ headers and pages


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/style.css", "/health", "/log/checkpoint", "/nothing", "/openapi.json"]
)
def test_every_answer_carries_the_safety_headers(park: Park, path: str):
    headers = park.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    assert "server" not in headers


@pytest.mark.parametrize(
    "path", ["/v1/status", "/v1/parties/steelworks/sites", "/v1/nothing", "/health"]
)
def test_what_is_private_or_passing_is_not_kept(park: Park, path: str):
    assert park.get(path, STEELWORKS).headers["cache-control"] == "no-store"


def test_head_answers_like_get_without_a_body(park: Park):
    for path in ("/log/checkpoint", "/v1/status", "/"):
        head = park.client.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(park.get(path).content))


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "POST"])
def test_another_method_is_refused_and_the_allowed_one_named(park: Park, method: str):
    answer = park.client.request(method, "/v1/status")
    assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")
    assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_no_script_and_no_other_host(park: Park, page: str):
    answer = park.get(page)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<script" not in answer.text
    assert re.findall(r"(?:src|href)=[\"']?(?:https?:)?//", answer.text) == []
    assert " style=" not in answer.text


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_page_leads_somewhere(park: Park, page: str):
    links = set(re.findall(r'href="(/[^"]*)"', park.get(page).text))
    assert links
    for link in links:
        assert park.get(link).status_code == 200, link


def test_the_home_page_names_the_area_and_the_key_to_compare(park: Park):
    text = park.get("/").text
    assert "Example park" in text
    assert f"<pre>{park.log}</pre>" in text.replace("&#43;", "+")


def test_the_list_of_routes_has_every_route(park: Park):
    document = park.get("/openapi.json").json()
    text = park.get("/docs").text
    for path in document["paths"]:
        assert f"<code>{path}</code>" in text


def test_the_description_for_programs_is_the_published_one(park: Park):
    published = json.loads((ROOT / "schemas" / "openapi.json").read_text())
    assert park.get("/openapi.json").json() == published


def test_health_says_that_the_ledger_works(park: Park):
    assert park.get("/health").json() == {"ok": True, "size": park.get("/v1/status").json()["size"]}


def test_metrics_count_by_route_and_never_by_address(park: Park):
    park.get("/v1/parties/steelworks/sites", STEELWORKS)
    park.get("/v1/made-up/steelworks")
    text = park.get("/metrics").text
    assert 'route="/v1/parties/{party}/sites",status="200"' in text
    assert 'route="(unknown)",status="404"' in text
    assert "steelworks" not in text


# ------------------------------------------------------------------ the log of the process


def test_a_request_is_logged_without_anything_private(service: tuple[Process, Park]):
    process, park = service
    token = park.token(STEELWORKS)
    park.client.get(
        "/v1/footprints/companies/steelworks?period=2018-07&as_of=3",
        headers={"Authorization": f"Bearer {token}", "User-Agent": "a-certain-client"},
    )
    park.send(
        park.body(
            METER, "steelworks/plant-1/electricity", reading("2019-05-05", 0, "-77.123456789")
        )
    )
    park.client.get("/v1/secret-looking-path/9f8e")

    wanted = {
        "method": "GET",
        "route": "/v1/footprints/companies/{party}",
        "status": 200,
        "event": "request",
        "level": "info",
    }
    requests = [line for line in process.log if line["event"] == "request"]
    found = [line for line in requests if wanted.items() <= line.items()]
    assert found[-1]["duration_ms"] >= 0
    assert set(found[-1]) == {*wanted, "duration_ms", "timestamp"}
    written = "\n".join(process.lines)
    for secret in (
        token,
        token.split(".")[1],
        "2018-07",
        "77.123456789",
        "a-certain-client",
        "9f8e",
    ):
        assert secret not in written
    assert "127.0.0.1" not in json.dumps(requests)
    assert "steelworks" not in json.dumps(requests)


def test_nothing_unexpected_was_logged(service: tuple[Process, Park]):
    process, _ = service
    assert [line for line in process.lines if not line.startswith("{")] == []
    assert [line for line in process.log if line["event"] == "unexpected"] == []


# ------------------------------------------------------------------ limits


def test_headers_without_a_body_do_not_stop_the_service(park: Park):
    host, port = park.url.removeprefix("http://").split(":")
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            connection = stack.enter_context(socket.create_connection((host, int(port))))
            connection.sendall(
                b"POST /v1/batches HTTP/1.1\r\nHost: ledger\r\n"
                b"Content-Type: application/vnd.carbon-ledger.batch+x-ndjson\r\n"
                b"Content-Length: 16777216\r\n\r\neyJ"
            )
        assert park.get("/health").status_code == 200


@pytest.mark.parametrize(
    ("asked", "said"),
    [(b"", b""), (b"", b"GET / HT"), (b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HT")],
    ids=["silent", "slow", "slow at the second request"],
)
def test_who_does_not_come_to_the_point_is_cut_off(opened_home: Path, asked: bytes, said: bytes):
    hurried = "from api.connection import PromptProtocol as p\np.head_timeout_s = 0.5\n" + RUN
    process = Process(opened_home, hurried)
    try:
        host, port = process.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(asked)
            if asked:
                assert connection.recv(65_536).startswith(b"HTTP/1.1 200 OK")
            connection.sendall(said)
            began = time.monotonic()
            while connection.recv(65_536):
                pass
            assert time.monotonic() - began < 5
    finally:
        assert process.end() == 0


def test_a_large_body_costs_the_service_no_more_than_its_limit(service: tuple[Process, Park]):
    process, park = service
    before_kib = _resident_kib(process)
    body = park.body(METER, "steelworks/plant-1/electricity", reading("2019-05-06", 0))

    def endless() -> Any:
        yield body
        for _ in range(200):
            yield b"x" * 2**20

    with contextlib.suppress(httpx.TransportError):
        answer = park.client.post(
            "/v1/batches", content=endless(), headers={"Content-Type": batch.MEDIA_TYPE}
        )
        assert answer.status_code == 413
    assert _resident_kib(process) - before_kib < 64 * 1024
    assert park.get("/health").status_code == 200


def _resident_kib(process: Process) -> int:
    status = Path(f"/proc/{process.process.pid}/status").read_text()
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    assert found
    return int(found[1])


# ------------------------------------------------------------------ how it ends


def registration(log: str, party: str = "steelworks") -> bytes:
    """The first batch after entry 0."""
    event = PartyRegistered(
        salt=salt(),
        name="Steel works",
        roles=("company",),
        key=Jwk(**STEELWORKS.public.jwk),
        proof=jws.possession_proof(STEELWORKS, log, party),
    )
    return batch.build(
        OPERATOR,
        log,
        f"{party}/keys",
        1,
        ZEROS_HEX,
        [("PartyRegistered", encode_struct(event))],
        None,
        SIGNED_AT,
    )


def log_of(home: Path) -> str:
    return str(json.loads((home / "ledger.json").read_text())["log"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_service_and_its_database_in_peace(
    opened_home: Path, number: signal.Signals
):
    process = Process(opened_home)
    assert server_processes(opened_home)
    assert process.end(number) == 0
    assert process.log[-1]["event"] == "stopped"
    assert server_processes(opened_home) == []


def test_a_request_that_runs_is_answered_before_the_end(opened_home: Path):
    log = log_of(opened_home)
    process = Process(opened_home)
    body = registration(log)
    held = threading.Event()
    answers: list[httpx.Response] = []

    def slowly() -> Any:
        yield body[:100]
        held.set()
        time.sleep(1)
        yield body[100:]

    def post() -> None:
        headers = {"Content-Type": batch.MEDIA_TYPE}
        url = f"{process.url}/v1/batches"
        answers.append(httpx.post(url, content=slowly(), headers=headers, timeout=LONGEST_WAIT_S))

    sender = threading.Thread(target=post)
    sender.start()
    assert held.wait(LONGEST_WAIT_S)
    # Whoever came later was served: so the request before it runs.
    assert httpx.get(f"{process.url}/health").status_code == 200
    assert process.end() == 0
    sender.join()
    assert answers[0].status_code == 201
    receipt = parse_receipt(answers[0].json()["receipt"].encode())
    assert verify_receipt(receipt, body.partition(b"\n")[0], log).size == 2


def test_what_was_acknowledged_is_there_after_sigkill(opened_home: Path):
    body = registration(log_of(opened_home))
    headers = {"Content-Type": batch.MEDIA_TYPE}
    process = Process(opened_home)
    answer = httpx.post(f"{process.url}/v1/batches", content=body, headers=headers)
    assert answer.status_code == 201
    assert process.end(signal.SIGKILL) == -signal.SIGKILL

    process = Process(opened_home)
    again = httpx.post(f"{process.url}/v1/batches", content=body, headers=headers)
    assert (again.status_code, again.json()["index"]) == (200, 1)
    assert process.end() == 0
    assert server_processes(opened_home) == []


def test_a_log_that_has_stopped_says_so_and_can_still_be_read(opened_home: Path):
    process = Process(opened_home)
    try:
        with CheckpointFile(Home(opened_home).checkpoints) as elsewhere, elsewhere.signing():
            elsewhere.append(99, RootHash(bytes(32)))
        with httpx.Client(base_url=process.url, timeout=LONGEST_WAIT_S) as client:
            assert client.get("/health").status_code == 200
            answer = client.post(
                "/v1/batches",
                content=registration(log_of(opened_home)),
                headers={"Content-Type": batch.MEDIA_TYPE},
            )
            assert (answer.status_code, answer.json()["code"]) == (503, "log-stopped")
            assert answer.headers["retry-after"] == "60"
            assert answer.json()["advice"]
            assert client.get("/health").json()["code"] == "log-stopped"
            assert client.get("/v1/status").status_code == 200
            assert (
                open_checkpoint(client.get("/log/checkpoint").content, log_of(opened_home)).size
                == 1
            )
    finally:
        assert process.end() == 0


def test_a_port_that_is_taken_is_told_before_anything_is_started(opened_home: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-c", RUN.replace(", 0)", f", {port})")],
            cwd=ROOT,
            env={**os.environ, "CARBON_LEDGER_HOME": str(opened_home)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1 port {port}" in done.stderr
    assert server_processes(opened_home) == []


def test_any_asgi_server_can_load_the_application_by_its_name(opened_home: Path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "uvicorn", "--factory", "api.main:app"),
                *("--fd", str(listener.fileno()), "--log-level", "warning"),
            ],
            cwd=ROOT,
            env={**os.environ, "CARBON_LEDGER_HOME": str(opened_home)},
            pass_fds=[listener.fileno()],
        )
        try:
            answer = httpx.get(f"http://127.0.0.1:{port}/health", timeout=LONGEST_WAIT_S)
            assert answer.json() == {"ok": True, "size": 1}
        finally:
            process.terminate()
            process.wait(LONGEST_WAIT_S)
    assert server_processes(opened_home) == []


def test_another_company_learns_nothing_from_the_whole_service(park: Park):
    """Whatever is asked with its token: no answer has a reading, a site or a sum of another."""
    document = park.get("/openapi.json").json()
    values = {
        "{stream}": "steelworks/plant-1/electricity",
        "{version}": "42",
        "{party}": "steelworks",
        "{index}": "6",
        "{log_path}": "log",
        "{tile}": "entries/000.p/6",
    }
    for path, methods in document["paths"].items():
        if "get" not in methods:
            continue
        for name, value in values.items():
            path = path.replace(name, value)  # noqa: PLW2901  (filled in place)
        answer = park.get(f"{path}?period=2018", TOWER)
        sums = () if path.startswith("/v1/seals") else ("581243250",)  # sealed sums are public
        for secret in (*sums, '"997.5"', '"10.5"', '"plant"'):
            assert secret not in answer.text, path

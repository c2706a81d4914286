"""Witnesses as programs: what they answer over HTTP, and what a ledger and a verifier make of it."""

from __future__ import annotations

import concurrent.futures
import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger.log import note
from ledger.log.checkpoint import open_cosigned
from tests.e2e.api.park import Park, Process, opened
from tests.e2e.cli_program import Program
from tests.faults.embedded_land import temporary_home
from tests.small_log import SmallLog
from tests.witness_process import WitnessProcess

LOG = SmallLog()
LONGEST_WAIT_S = 20.0


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[WitnessProcess]:
    with WitnessProcess(tmp_path / "w", "witness.example/w1", [LOG.vkey], ml_dsa=True) as process:
        yield process.start()


def ask(witness: WitnessProcess, body: bytes) -> httpx.Response:
    return httpx.post(f"{witness.url}/add-checkpoint", content=body, timeout=LONGEST_WAIT_S)


def test_a_witness_that_follows_no_log_says_so_and_how_to_name_one(tmp_path: Path):
    with WitnessProcess(tmp_path / "w", "witness.example/w1") as process:
        process.start()
        said = (tmp_path / "w" / "log").read_text()
    assert f"{process.home.logs} names no log" in said
    assert "log_key of carbon-ledger status" in said


def test_a_witness_answers_as_the_protocol_says(witness: WitnessProcess):
    first = ask(witness, LOG.request(0, 3))
    assert first.status_code == 200
    verifiers = [note.parse_vkey(vkey) for vkey in witness.about.vkeys]
    assert len(open_cosigned(LOG.signed(3) + first.content, LOG.vkey, verifiers).cosignatures) == 2

    behind = ask(witness, LOG.request(0, 5))
    assert (behind.status_code, behind.content) == (409, b"3\n")
    assert behind.headers["content-type"] == "text/x.tlog.size"
    assert ask(witness, LOG.request(3, 5)).status_code == 200
    assert ask(witness, LOG.request(5, 5)).status_code == 200

    fork = LOG.forked(4)
    split = ask(witness, fork.request(5, 5))
    assert (split.status_code, split.content) == (409, b"5\n")
    assert ask(witness, fork.request(5, 9)).status_code == 422
    assert ask(witness, LOG.request(5, 3)).status_code == 400
    assert ask(witness, b"old 5\n").status_code == 400
    assert ask(witness, SmallLog("other.example/log").request(0, 3)).status_code == 404
    forged = LOG.request(5, 9)[:-8] + b"AAAAAA=\n"
    assert ask(witness, forged).status_code in {400, 403}
    stranger = SmallLog()
    stranger.key = type(stranger.key).from_seed(b"\x44" * 32)
    assert ask(witness, stranger.request(5, 9)).status_code == 403
    assert ask(witness, b"old 0\n\n" + b"x" * 300_000).status_code == 413
    assert httpx.get(f"{witness.url}/add-checkpoint").status_code == 405
    assert httpx.get(f"{witness.url}/health").json()["witness"] == "witness.example/w1"
    assert "carbon_ledger_http_requests" in httpx.get(f"{witness.url}/metrics").text


def test_of_many_requests_at_once_exactly_one_is_cosigned(witness: WitnessProcess):
    assert ask(witness, LOG.request(0, 1)).status_code == 200
    bodies = [LOG.request(1, size) for size in range(2, 34)]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda body: ask(witness, body), bodies))
    assert sorted(one.status_code for one in answers) == [200] + [409] * 31
    (cosigned,) = [at + 2 for at, one in enumerate(answers) if one.status_code == 200]
    assert {one.content for one in answers if one.status_code == 409} == {b"%d\n" % cosigned}


def test_a_witness_killed_between_writing_and_answering_has_not_forgotten(
    witness: WitnessProcess,
):
    assert ask(witness, LOG.request(0, 3)).status_code == 200
    witness.end()
    witness.start(dying=True)
    with pytest.raises(httpx.HTTPError):
        ask(witness, LOG.request(3, 5))
    assert witness.ended() == -signal.SIGKILL
    witness.start()
    assert ask(witness, LOG.forked(3).request(3, 5)).content == b"5\n"
    assert ask(witness, LOG.request(5, 5)).status_code == 200


def test_a_witness_ends_in_peace_and_says_what_it_has_seen(witness: WitnessProcess):
    ask(witness, LOG.request(0, 3))
    ask(witness, LOG.forked(2).request(3, 3))
    assert witness.end() == 0
    events = [json.loads(line)["event"] for line in (witness.folder / "log").read_text().split("\n")
              if line.startswith("{")]  # fmt: skip
    assert {"listening", "cosigned", "two-histories", "stopped"} <= set(events)
    (shown,) = Program(witness.folder, witness.folder)("witness", "show")["logs"]
    assert (shown["origin"], shown["size"], shown["evidence"]) == (LOG.origin, 3, True)
    assert shown["root"] == LOG.head(3).root.hex()
    evidence = str(witness.home.evidence(LOG.origin))
    verdict = Program(witness.folder, witness.folder)("verify", evidence, "--log-key", LOG.vkey)
    assert verdict["kind"] == "two-histories"


def test_a_witness_without_its_state_does_not_serve(witness: WitnessProcess):
    ask(witness, LOG.request(0, 3))
    witness.end()
    witness.home.state(LOG.origin).unlink()
    program = Program(witness.folder, witness.folder, here=False)
    refused = program.refused("witness", "serve", "--port", "0", status=1)
    assert refused["code"] == "damaged"
    assert "newest copy" in refused["advice"]


def test_one_process_serves_a_witness(witness: WitnessProcess):
    program = Program(witness.folder, witness.folder, here=False)
    refused = program.refused("witness", "serve", "--port", "0", status=3)
    assert "another process" in refused["what"]


def test_a_ledger_is_witnessed_and_a_verifier_names_who_has_cosigned(tmp_path: Path):
    with temporary_home() as home:
        log = opened(home)
        first = WitnessProcess(tmp_path / "1", "certifier.example/w", [log], ml_dsa=True)
        second = WitnessProcess(tmp_path / "2", "regulator.example/w", [log])
        listed = {
            "policy": "certifier=1,regulator=1",
            "witnesses": [first.entry("certifier"), second.entry("regulator")],
        }
        with first, second:
            first.start()
            (home / "witnesses.json").write_text(json.dumps(listed))
            service = Process(home)
            try:
                assert "no-witness" not in {line.get("event") for line in service.log}
                park = Park(service.url, log)
                with park.client:
                    park.register_everybody()
                    status = until(service.url, lambda found: found["witnesses"][1]["state"] == "away"
                                   and found["witnesses"][0]["state"] == "cosigned")  # fmt: skip
                    assert status["witnessed_size"] is None
                    refused = park.client.get("/log/checkpoint")
                    assert (refused.status_code, refused.json()["code"]) == (404, "not-found")
                    away = 'carbon_ledger_witness_away{witness="regulator.example/w"} 1.0'
                    assert away in park.client.get("/metrics").text
                    second.start()
                    until(service.url, lambda found: found["witnessed_size"] == found["size"])
                    published = park.client.get("/log/checkpoint").text
                    assert "regulator.example/w" in published
                    size = park.client.get("/v1/status").json()["size"]
                    metrics = park.client.get("/metrics").text
                    assert f"carbon_ledger_witnessed_size {float(size)}" in metrics
                    text = Program(tmp_path, tmp_path).run("status", "--url", service.url).out
                    assert f"size {size} (policy certifier=1,regulator=1)" in text
                    assert f"regulator, cosigned, size {size}" in text
                    receipt = park.client.get("/v1/receipts/1").text
                    entries = park.client.get(f"/log/tile/entries/000.p/{size}").content
            finally:
                assert service.end() == 0
        verify_the_receipt(tmp_path, log, receipt, entries, first, second)


def test_a_ledger_without_witnesses_says_what_cannot_be_noticed_then():
    with temporary_home() as home:
        opened(home)
        service = Process(home)
        service.end()
        (said,) = [line for line in service.log if line.get("event") == "no-witness"]
        assert "only partial restores" in said["note"]


def verify_the_receipt(
    folder: Path,
    log: str,
    receipt: str,
    entries: bytes,
    first: WitnessProcess,
    second: WitnessProcess,
) -> None:
    (folder / "receipt").write_text(receipt)
    after = 2 + int.from_bytes(entries[:2], "big")
    length = int.from_bytes(entries[after : after + 2], "big")
    (folder / "entry").write_bytes(entries[after + 2 : after + 2 + length])
    program = Program(folder, folder)
    trusted = [
        *(("--witness", f"certifier={vkey}") for vkey in first.about.vkeys),
        *(("--witness", f"regulator={vkey}") for vkey in second.about.vkeys),
    ]
    options = [part for pair in trusted for part in pair]
    call = ["verify", "receipt", "--entry", "entry", "--log-key", log]
    found = program(*call, *options, "--policy", "certifier=1,regulator=1")
    assert found["index"] == 1
    assert [(one["witness"], one["algorithm"]) for one in found["cosigned"]] == [
        ("certifier.example/w", "Ed25519"),
        ("certifier.example/w", "ML-DSA-44"),
        ("regulator.example/w", "Ed25519"),
    ]
    assert found["not_excluded"] == []
    text = program.run(*call, *options).out
    assert "certifier.example/w (certifier), 20" in text
    without = program(*call)
    assert "no witness was named" in without["not_excluded"][0]
    program.refused(*call, *options[:2], "--policy", "2", status=1)
    program.refused("verify", "receipt", "--log-key", log, status=2)
    (folder / "kept").write_bytes((folder / "entry").read_bytes() + b"\n" + receipt.encode())
    assert program("verify", "kept", "--log-key", log)["index"] == 1


def until(url: str, fits: Any) -> Any:
    deadline = time.monotonic() + LONGEST_WAIT_S
    while True:
        found = httpx.get(f"{url}/v1/status").json()
        if fits(found):
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.05)

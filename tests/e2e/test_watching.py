"""Watching by command: logs behind real servers, honest and dishonest, and two services with one key."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.client.monitor.kept import Kept
from ledger.log.checkpoint import open_checkpoint
from ledger.log.hashes import EMPTY_ROOT, leaf_hash
from ledger.log.receipt import Receipt, format_receipt
from ledger.log.tree import path_of
from tests.e2e.api.park import METER, Park, Process, opened, reading
from tests.e2e.cli_program import Ended, Program, add_company, import_day, open_ledger
from tests.e2e.test_cli_elsewhere import Service
from tests.faults.embedded_land import temporary_home
from tests.watched_log import VKEY, LogServer, WatchedLog

STREAM = "acme/plant/electricity"
LONGEST_WAIT_S = 30.0


@pytest.fixture
def log() -> WatchedLog:
    log = WatchedLog()
    log.register("acme")
    log.readings(STREAM, 3)
    return log


@pytest.fixture
def server(log: WatchedLog) -> Iterator[LogServer]:
    with LogServer(log) as server:
        yield server


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path / "home", tmp_path)


def lines(ended: Ended, kind: str) -> list[Any]:
    found = [json.loads(line) for line in ended.out.splitlines()]
    return [one for one in found if one.get("kind") == kind]


def test_a_look_reports_the_entries_of_a_party_once_and_says_how_far_it_came(
    server: LogServer, program: Program
):
    call = ("watch", server.url, "--once", "--party", "acme", "--log-key", VKEY)
    first = program.run(*call)
    assert first.status == 0, first.err
    assert first.err == ""
    assert first.out.splitlines()[1].startswith(f"entry 2  {STREAM}@1  key ")
    assert first.out.splitlines()[-1].startswith("followed to size 5, root ")
    server.log.post(STREAM, {"a": 1}, {"b": 2})
    second = program.run(*call, "--json")
    assert [(one["index"], one["first"], one["last"]) for one in lines(second, "entry")] == [
        (5, 4, 5)
    ]
    assert lines(second, "followed")[0]["size"] == 6
    assert lines(program.run(*call, "--json"), "entry") == []
    other = program.run("watch", server.url, "--once", "--stream", STREAM, "--json")
    assert len(lines(other, "entry")) == 4


def test_the_first_key_that_is_shown_is_said_and_kept(server: LogServer, program: Program):
    first = program.run("watch", server.url, "--once")
    assert f"Log key {VKEY}, as the ledger itself says" in first.err
    assert program.run("watch", server.url, "--once").err == ""
    stranger = program.refused("watch", server.url, "--once", "--log-key", VKEY.replace(
        "ledger.example", "other.example"), status=2)  # fmt: skip
    assert stranger["code"] == "bad-note"


def test_what_is_wrong_in_the_log_is_a_no_and_what_cannot_be_asked_is_not_now(
    server: LogServer, program: Program
):
    size = len(server.log.bodies)
    server.log.seal([server.log.company("acme", size)])
    lists, server.log.companies = server.log.companies, {}
    withheld = program.run("watch", server.url, "--once")
    assert withheld.status == 3
    assert "the seals of entry 5 cannot be checked" in withheld.err
    server.log.companies = lists
    assert program.run("watch", server.url, "--once").status == 0
    server.log.seal([])
    wrong = program.run("watch", server.url, "--once", "--json")
    assert wrong.status == 1
    assert [one["what"] for one in lines(wrong, "finding")] == ["seal 2: its list leaves out acme"]
    text = program.run("watch", server.url, "--once")
    assert (text.status, "WRONG  entry 6: seal 2: its list leaves out acme" in text.out) == (
        1,
        True,
    )


def test_a_ledger_that_is_away_is_not_now(program: Program):
    with LogServer(WatchedLog()) as server:
        pass
    refused = program.refused("watch", server.url, "--once", "--log-key", VKEY, status=3)
    assert refused["code"] == "unavailable"


@pytest.mark.parametrize("kind", ["checkpoint", "receipt", "proof", "outbox", "memory"])
def test_the_log_is_held_to_what_somebody_else_has(
    log: WatchedLog, server: LogServer, program: Program, kind: str
):
    other = log.fork(4)
    other.readings("acme/plant/gas", 1)
    path = path_of([leaf_hash(entry) for entry in other.entries], 4)
    receipt = format_receipt(Receipt(4, path, other.signed()))
    content = {
        "checkpoint": other.signed(),
        "receipt": receipt,
        "proof": json.dumps({"checkpoint": other.signed().decode(), "entries": []}).encode(),
        "outbox": other.entries[4] + b"\n" + receipt,
        "memory": VKEY.encode() + b"\n" + other.signed(),
    }
    (program.folder / "theirs").write_bytes(content[kind])
    call = ("watch", server.url, "--once", "--log-key", VKEY, "--against", "theirs")
    refused = program.refused(*call, status=1)
    assert refused["code"] == "other-history"
    check(program, Path(refused["found"]), VKEY)


def test_a_file_that_the_log_did_not_sign_is_refused(server: LogServer, program: Program):
    for content, code in (
        (b"ledger.example/log\n5\n", "bad-file"),
        (b'{"entries":[]}', "bad-file"),
        (server.log.signed().replace(b"\n5\n", b"\n6\n"), "bad-signature"),
    ):
        (program.folder / "theirs").write_bytes(content)
        call = ("watch", server.url, "--once", "--log-key", VKEY, "--against", "theirs")
        refused = program.run(*call, "--json")
        assert (refused.status, refused.json["error"]["code"]) == (
            1 if code == "bad-signature" else 2, code
        )  # fmt: skip


def check(program: Program, evidence: Path, log_key: str) -> None:
    """What `verify` says of evidence, of good and of broken."""
    found = program("verify", str(evidence), "--log-key", log_key)
    assert (found["ok"], found["kind"]) == (True, "two-histories")
    first, second = found["checkpoints"]
    assert first["size"] <= second["size"]
    assert found["root_in_second"] != first["root"]
    text = program.run("verify", str(evidence), "--log-key", log_key).out
    assert "the log of this key has two histories" in text
    assert "Not shown: which of the two is right" in text
    (program.folder / "broken").write_bytes(evidence.read_bytes().replace(b'"v":1', b'"v":2'))
    refused = program.refused("verify", "broken", "--log-key", log_key, status=1)
    assert "proves nothing" in refused["what"]


def test_following_goes_on_through_an_outage_and_ends_at_a_fork(
    log: WatchedLog, server: LogServer, program: Program
):
    process = subprocess.Popen(
        [sys.executable, "-m", "ledger.cli", "watch", server.url, "--json", "--every", "0.1",
         "--party", "acme", "--log-key", VKEY],
        cwd=program.folder, env=program.environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        said = (json.loads(line) for line in process.stdout)
        assert next(one for one in said if one["kind"] == "followed")["size"] == 5
        log.change = lambda _path, _right: b"<html>maintenance</html>"
        time.sleep(0.5)
        log.change = lambda _path, right: right
        log.readings(STREAM, 1)
        assert next(said)["index"] == 5
        other = log.fork(5)
        other.readings("acme/plant/gas", 2)
        server.log = other
        rest = list(said)
        assert rest[-1]["error"]["code"] == "other-history"
        assert process.wait(LONGEST_WAIT_S) == 1
        assert process.stderr is not None
        assert "does not answer as a log does" in process.stderr.read()
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ({"log": "garbage"}, "it continues what is no log: not a verifier key"),
        (
            {"size": 0, "root": EMPTY_ROOT.hex()},
            "it continues ledger.example/log at size 0, and every log has an opening",
        ),
    ],
    ids=["log", "size"],
)
def test_an_opening_against_the_rules_is_a_no_and_following_goes_on(
    log: WatchedLog, server: LogServer, program: Program, said: dict[str, Any], what: str
):
    server.log = WatchedLog(origin="ledger.example/second", before=log, **said)
    call = ("watch", server.url, "--log-key", server.log.vkey, "--json")
    for _ in range(2):
        ended = program.run(*call, "--once")
        assert (ended.status, ended.err) == (1, "")
        (found,) = lines(ended, "finding")
        assert (found["index"], found["what"][: len(what)]) == (0, what)
    process = subprocess.Popen(
        [sys.executable, "-m", "ledger.cli", *call, "--every", "0.1"],
        cwd=program.folder, env=program.environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        told = (json.loads(line) for line in process.stdout)
        assert (next(told)["kind"], next(told)["size"]) == ("finding", 1)
        server.log.readings(STREAM, 1)
        assert next(told)["size"] == 2
        process.send_signal(signal.SIGINT)
        assert process.wait(LONGEST_WAIT_S) == 130
    finally:
        process.kill()
        process.communicate()


def test_following_ends_in_peace(server: LogServer, program: Program):
    process = subprocess.Popen(
        [sys.executable, "-m", "ledger.cli", "watch", server.url, "--log-key", VKEY],
        cwd=program.folder, env=program.environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline().startswith("followed to size 5")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=LONGEST_WAIT_S)
    assert (process.returncode, "Traceback" in err) == (130, False)


def test_two_services_with_one_log_key_and_two_histories_are_caught(tmp_path: Path):
    """A dishonest operator keeps two copies of its ledger, and shows each to others."""
    program = Program(tmp_path / "watcher", tmp_path)
    with temporary_home() as home:
        log_key = opened(home)
        service = Process(home)
        park = Park(service.url, log_key)
        with park.client:
            park.register_everybody()
        assert service.end() == 0
        twin = home.parent / "twin"
        subprocess.run(["cp", "-a", str(home), str(twin)], check=True)
        one, other = Process(home), Process(twin)
        try:
            call = ("watch", one.url, "--once", "--log-key", log_key, "--also", other.url)
            alike = program.run(*call, "--party", "steelworks", "--json")
            assert (alike.status, alike.err) == (0, "")
            found = lines(alike, "entry")
            assert [entry["stream"] for entry in found][-1] == "steelworks/plant-1/electricity"
            for service, quantity in ((one, "1"), (other, "2")):
                park = Park(service.url, log_key)
                with park.client:
                    body = (reading("2018-01-02", 0, quantity),)
                    park.post(METER, "steelworks/plant-1/electricity", *body)
            refused = program.refused(*call, status=1)
            assert refused["code"] == "other-history"
        finally:
            one.end()
            other.end()
    check(program, Path(refused["found"]), log_key)
    first, second = json.loads(Path(refused["found"]).read_bytes())["checkpoints"]
    sizes = [open_checkpoint(note.encode(), log_key).size for note in (first, second)]
    assert sizes[0] == sizes[1] == lines(alike, "followed")[0]["size"] + 1


def test_the_seals_of_a_real_service_are_checked_by_a_stranger(tmp_path: Path):
    with temporary_home() as home:
        operator = Program(home, tmp_path)
        log_key = open_ledger(operator)
        for party in ("acme", "beta"):
            import_day(operator, add_company(operator, party))
        operator("seal", "make", "--period", "2018-01", "--view", "companies", "--view", "park")
        stranger = Program(tmp_path / "stranger", tmp_path)
        service = Service(operator)
        try:
            call = ("watch", service.url, "--once", "--log-key", log_key, "--state", "kept")
            ended = stranger.run(*call)
        finally:
            service.end()
    assert (ended.status, ended.err) == (0, "")
    with Kept(tmp_path / "kept") as kept:
        assert list(kept.checked_seals().values()) == [""]
        assert set(kept.parties()) == {"acme", "beta"}

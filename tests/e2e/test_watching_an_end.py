"""Watching a log that has ended, by command: the ledger goes on in another one, and that is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cli_program import Ended, Program
from tests.watched_log import VKEY, LogServer, WatchedLog

SECOND = "ledger.example/second"


@pytest.fixture
def first() -> WatchedLog:
    log = WatchedLog()
    log.register("acme")
    return log


@pytest.fixture
def server(first: WatchedLog) -> Iterator[LogServer]:
    with LogServer(first) as server:
        yield server


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path / "home", tmp_path)


def findings(ended: Ended) -> list[Any]:
    found = [json.loads(line) for line in ended.out.splitlines()]
    return [one for one in found if one["kind"] == "finding"]


def test_a_watch_of_a_log_that_ended_says_that_the_ledger_goes_on_elsewhere(
    server: LogServer, first: WatchedLog, program: Program
):
    call = ("watch", server.url, "--once", "--log-key", VKEY)
    assert program.run(*call).status == 0
    server.log = second = WatchedLog(origin=SECOND, before=first)
    blind = program.run(*call, "--json")
    assert blind.status == 1
    [one] = findings(blind)
    assert "this log has ended, as the ledger says" in one["what"]
    assert second.vkey in one["what"]
    assert "WRONG  this log has ended" in program.run(*call).out
    followed = program.run(*call[:-1], second.vkey, "--state", "second")
    assert (followed.status, "WRONG" in followed.out) == (0, False)


def test_a_log_that_says_that_it_has_ended_is_told_with_the_one_that_continues_it(
    server: LogServer, first: WatchedLog, program: Program
):
    second = WatchedLog(origin=SECOND, before=first)
    said = json.dumps({"log_key": VKEY, "continued_by": second.vkey}).encode()
    first.change = lambda path, right: said if path == "/v1/status" else right
    told = program.run("watch", server.url, "--once", "--log-key", VKEY, "--json")
    assert told.status == 1
    assert second.vkey in findings(told)[0]["what"]


def test_another_log_that_does_not_continue_this_one_is_told_too(
    server: LogServer, first: WatchedLog, program: Program
):
    server.log = WatchedLog(origin=SECOND, before=first)
    server.log.change = lambda path, right: (
        json.dumps({"log_key": server.log.vkey}).encode() if path == "/v1/status" else right
    )
    told = program.run("watch", server.url, "--once", "--log-key", VKEY, "--json")
    assert told.status == 1
    assert "does not say that it continues this one" in findings(told)[0]["what"]


def test_a_ledger_that_does_not_say_which_log_is_its_own_is_not_now(
    server: LogServer, program: Program
):
    server.log.change = lambda path, right: b"{}" if path == "/v1/status" else right
    told = program.run("watch", server.url, "--once", "--log-key", VKEY)
    assert told.status == 3
    assert "whether the ledger goes on in another log cannot be asked" in told.err


def test_what_an_earlier_log_has_signed_is_refused_by_its_file_and_an_audit_is_advised(
    server: LogServer, first: WatchedLog, program: Program
):
    server.log = second = WatchedLog(origin=SECOND, before=first)
    (program.folder / "theirs").write_bytes(first.signed())
    call = ("watch", server.url, "--once", "--log-key", second.vkey, "--against", "theirs")
    error = program.refused(*call, status=1)
    assert error["what"].startswith("theirs: ")
    assert "ledger.example/log" in error["found"]
    assert "carbon-ledger audit --against theirs" in error["advice"]

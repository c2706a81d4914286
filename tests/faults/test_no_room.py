"""A disk that is full, or may only be read: the command says so, ends with 3, and nothing is half done.

The company's home is on another machine than the ledger, as it will be. Its disk takes only so many
bytes a file (a limit of the process, so that any user can run this). The ledger's own disk, with the
database on it, is really full where this run may mount one.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e.cli_program import (
    DAY_MG,
    LONGEST_WAIT_S,
    Program,
    add_company,
    add_meter,
    mass_mg,
    open_ledger,
    write_day,
)
from tests.faults.embedded_land import temporary_home

IMPORT: Final = (
    *("import", "day.csv", "--stream", "steelworks/plant/electricity"),
    *("--map", "map.toml"),
)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A company that has only its home and the URL of a ledger that is served elsewhere."""
    with temporary_home() as home:
        operator = Program(home, tmp_path_factory.mktemp("office"))
        open_ledger(operator)
        served = subprocess.Popen(
            [sys.executable, "-m", "ledger.cli", "serve", "--port", "0", "--json"],
            cwd=operator.folder,
            env=operator.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert served.stdout is not None
        url = str(json.loads(served.stdout.readline())["url"])
        try:
            folder = tmp_path_factory.mktemp("company")
            company = Program(folder / "home", folder, CARBON_LEDGER_URL=url)
            company("key", "new", "steelworks", "-o", "request.json")
            words = ("party", "add", "steelworks", "--role", "company", "--name", "Steel works")
            operator(*words, "--request", str(folder / "request.json"))
            add_meter(company, "steelworks")
            yield company
        finally:
            served.terminate()
            served.wait(LONGEST_WAIT_S)
            served.stdout.close()


def limited(program: Program, file_bytes: int, *words: str) -> tuple[int, Any]:
    """Run a command whose files may not grow beyond so many bytes; status and answer."""
    done = subprocess.run(
        [sys.executable, "-m", "ledger.cli", *words, "--json"],
        cwd=program.folder,
        env=program.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST_WAIT_S,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes)),
    )
    assert "Traceback" not in done.stderr
    return done.returncode, json.loads(done.stdout)


def check_refusal(status: int, answer: Any) -> None:
    error = answer["error"]
    assert status == 3, answer
    assert error["code"] in ("unavailable", "database-unavailable"), error
    assert error["found"], error
    assert "fault of the program" not in error["advice"], error
    assert "again" in error["advice"] or "room" in error["advice"], error


@pytest.mark.parametrize("file_bytes", [0, 1_000, 8_000, 40_000])
def test_an_import_without_room_posts_nothing_twice_and_goes_on_later(
    company: Program, file_bytes: int
):
    """From no room at all, over the journal's, to that of the signed batch."""
    shutil.rmtree(company.home / "outbox", ignore_errors=True)
    day = 1 + [0, 1_000, 8_000, 40_000].index(file_bytes)
    write_day(company.folder, day=day)
    before = company("status")["size"]

    status, answer = limited(company, file_bytes, *IMPORT)

    if status != 0:
        check_refusal(status, answer)
    assert company("status")["size"] - before in (0, 1)
    assert list(company.home.rglob("*.part")) == []
    later = company(*IMPORT)
    assert later["ok"] is True
    assert mass_mg(company("footprint", "steelworks", "--period", "2018")) == day * DAY_MG
    assert company("status")["size"] == before + 1


def test_there_is_a_limit_that_stops_an_import(company: Program):
    """Or the test above would show nothing."""
    write_day(company.folder, day=20)
    status, answer = limited(company, 1_000, *IMPORT)
    check_refusal(status, answer)


def test_a_key_without_room_is_not_half_there(company: Program):
    words = ("key", "new", "acme", "-o", "acme.json")
    check_refusal(*limited(company, 0, *words))
    assert list((company.home / "keys").glob("acme/*")) == []
    assert not (company.folder / "acme.json").exists()
    assert company(*words)


# ------------------------------------------------------------------ disks that are mounted


@contextlib.contextmanager
def disk(folder: Path, *options: str) -> Iterator[None]:
    subprocess.run(["mount", *options, str(folder)], check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def may_mount() -> bool:
    """Whether this run may mount a disk; containers often may not, and ordinary users never."""
    with temporary_home() as home:
        mount = ["mount", "-t", "tmpfs", "none", str(home)]
        if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
            return False
        subprocess.run(["umount", str(home)], check=True)
        return True


if may_mount():

    def test_a_full_disk_under_the_database_stops_the_import_and_loses_nothing(tmp_path: Path):
        with temporary_home() as home, disk(home, "-t", "tmpfs", "-o", "size=200m", "none"):
            program = Program(home, tmp_path)
            open_ledger(program)
            add_company(program, "steelworks")
            write_day(tmp_path)
            with (home / "filling").open("wb", 0) as filling, contextlib.suppress(OSError):
                while True:
                    filling.write(bytes(2**16))

            check_refusal(3, {"error": program.refused(*IMPORT, status=3)})

            (home / "filling").unlink()
            assert program(*IMPORT)["ok"] is True
            assert mass_mg(program("footprint", "steelworks", "--period", "2018")) == DAY_MG
            assert program("audit")["ok"] is True
            assert list(home.rglob("*.part")) == []

    def test_a_home_that_may_only_be_read_says_so(tmp_path: Path):
        with temporary_home() as home, disk(home, "-t", "tmpfs", "-o", "size=200m", "none"):
            program = Program(home, tmp_path)
            log = open_ledger(program)
            subprocess.run(["mount", "-o", "remount,ro", str(home)], check=True)
            for words in (
                ("site", "add", "steelworks/plant", "--region", "CN-JS"),
                ("status",),
                ("key", "new", "acme", "--log-key", log, "-o", "request.json"),
            ):
                ended = program.run(*words, "--json")
                assert ended.status == 3, ended.out
                assert "fault of the program" not in ended.out
                assert ended.json["error"]["advice"], words
            subprocess.run(["mount", "-o", "remount,rw", str(home)], check=True)
            assert program("audit")["ok"] is True

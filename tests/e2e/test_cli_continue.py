"""The end of a log, with the program: its key lost, its database restored, its operator's key gone."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.errors import Damaged
from ledger.service import continuing
from ledger.store.embedded import EmbeddedServer
from tests.e2e.cli_program import (
    DAY_MG,
    Program,
    add_company,
    import_day,
    mass_mg,
    open_ledger,
    write_day,
)
from tests.faults.embedded_land import temporary_home

STREAM = "steelworks/plant/electricity"
SECOND = "ledger.example/second"


@pytest.fixture
def ended(tmp_path: Path) -> Iterator[Program]:
    """A ledger with a company and a day of readings, which will not go on."""
    with temporary_home() as home:
        program = Program(home, tmp_path)
        with EmbeddedServer(home):
            open_ledger(program)
            add_company(program, "steelworks")
            import_day(program, STREAM, day=1)
        yield program


@pytest.fixture
def new(tmp_path: Path) -> Iterator[Program]:
    """An empty home."""
    with temporary_home() as home:
        yield Program(home, tmp_path)


def footprint(program: Program, *words: str) -> int:
    return mass_mg(program("footprint", "steelworks", "--period", "2018-01", *words))


def test_a_log_whose_key_is_lost_is_continued_and_everything_goes_on(ended: Program, new: Program):
    before = footprint(ended)
    old = ended("status")
    (ended.home / "log.key").unlink()
    error = ended.refused("site", "add", "steelworks/b", "--region", "CN-JS", status=1)
    assert "carbon-ledger continue" in error["advice"]
    told = new("continue", str(ended.home), "--origin", SECOND)
    assert (told["earlier_log_key"], told["index"]) == (old["log_key"], 0)
    with EmbeddedServer(new.home):
        status = new("status")
        assert (status["origin"], status["size"], status["area"]) == (SECOND, 1, old["area"])
        assert footprint(new) == before
        import_day(new, STREAM, day=2)
        assert new("site", "add", "steelworks/annex", "--region", "CN-JS")["site"]
        assert footprint(new, "--as-of", "0") == before == DAY_MG
        assert footprint(new) == 2 * DAY_MG
        report = new("audit")
        assert (report["ok"], report["earlier"]) == (True, old["size"])
        assert new("rebuild")["ok"] is True
        recovery = next((new.home / "recovery" / "operator").iterdir()).stem
        assert told["recovery_key"] == recovery


def test_the_home_that_ended_says_which_log_goes_on(ended: Program, new: Program):
    told = new("continue", str(ended.home), "--origin", SECOND)
    assert ended("status")["continued_by"] == told["log_key"]
    assert f"continued by {told['log_key']}" in " ".join(ended.run("status").out.split())
    assert f"continued by {told['log_key']}" in " ".join(ended.run("audit").out.split())
    write_day(ended.folder, day=2)
    words = ("import", "day.csv", "--stream", STREAM, "--map", "map.toml")
    error = ended.refused(*words, status=3)
    assert "has ended" in error["what"]
    assert told["log_key"] in error["found"]
    assert ended("audit")["ok"] is True
    # Nobody's keys are left in the folder that was named for another attempt.
    victim = ended.home.parent / "victim"
    words = ("continue", str(ended.home), "--origin", "ledger.example/third", "--home", str(victim))
    assert "it is continued by" in ended.refused(*words, status=1)["found"]
    assert not victim.exists()


def test_a_restored_database_goes_on_in_a_new_log_that_says_what_was_lost(
    ended: Program, new: Program
):
    backup = ended.home.parent / "backup"
    subprocess.run(["cp", "-a", ended.home / "postgres", backup], check=True)
    size = ended("status")["size"]
    before = footprint(ended)
    import_day(ended, STREAM, day=2)
    shutil.rmtree(ended.home / "postgres")
    backup.rename(ended.home / "postgres")
    error = ended.refused("serve", "--port", "0", status=3)
    assert "carbon-ledger continue" in error["advice"]
    # Its checkpoint file is lost too; what the company has kept says as much.
    (ended.home / "checkpoints").unlink()
    kept = str(ended.home / "outbox" / "steelworks" / "checkpoint")
    new("continue", str(ended.home), "--origin", SECOND, "--against", kept)
    with EmbeddedServer(new.home):
        [earlier] = new("status")["earlier"]
        assert (earlier["size"], earlier["signed_size"]) == (size, size + 1)
        assert f"{size} of {size + 1} entries" in new.run("status").out
        assert footprint(new) == before
        # What was lost can be said again.
        import_day(new, STREAM, day=2)
        assert new("audit")["ok"] is True


def test_an_operator_without_keys_goes_on_with_the_key_that_was_moved_away(
    ended: Program, new: Program, tmp_path: Path
):
    moved = tmp_path / next((ended.home / "recovery" / "operator").iterdir()).name
    shutil.move(next((ended.home / "recovery" / "operator").iterdir()), moved)
    shutil.rmtree(ended.home / "keys" / "operator")
    (ended.home / "log.key").unlink()
    words = ("continue", str(ended.home), "--origin", SECOND)
    assert "no private key of operator" in new.refused(*words, status=1)["what"]
    new("key", "new", "operator", "--home", "stranger", "--log-key", ended("status")["log_key"],
        "-o", "request.json")  # fmt: skip
    [wrong] = (ended.folder / "stranger" / "keys" / "operator").iterdir()
    error = new.refused(*words, "--recovery-key", str(wrong), status=1)
    assert moved.stem in error["expected"]
    assert list(new.home.iterdir()) == []
    told = new(*words, "--recovery-key", str(moved))
    with EmbeddedServer(new.home):
        keys = new("key", "list", "operator")["keys"]
        [mine] = [one for one in keys if one["key"] == told["operator_key"]]
        assert mine["recovered"] is True
        new("party", "add", "mill", "--role", "company", "--name", "Mill")
        assert new("audit")["ok"] is True


def test_the_same_home_or_origin_again_is_refused(ended: Program, new: Program):
    words = ("continue", str(ended.home))
    assert "--home" in ended.refused(*words, "--origin", SECOND, status=2)["what"]
    origin = ended("status")["origin"]
    assert "origin" in new.refused(*words, "--origin", origin, status=1)["what"]
    assert not (ended.home / "ended").exists()
    nowhere = ended.refused("continue", "nowhere", "--origin", SECOND, "--home", "new", status=2)
    assert "in which that log was opened" in nowhere["advice"]
    error = new.refused("audit", status=2)
    assert error["what"].startswith("no ledger in")
    company = str(ended.folder / "company")
    new("key", "new", "acme", "--home", company, "--log-key", ended("status")["log_key"], "-o", "r")
    error = new.refused(*words, "--origin", SECOND, "--home", company, status=2)
    assert "which has keys" in error["found"]


def test_a_late_refusal_takes_keys_and_database_away_again(
    ended: Program, new: Program, monkeypatch: pytest.MonkeyPatch
):
    async def damaged(*_: object) -> None:
        raise Damaged("the earlier log is damaged")

    monkeypatch.setattr(continuing, "_check_whole", damaged)
    words = ("continue", str(ended.home), "--origin", SECOND)
    assert "is damaged" in new.refused(*words, status=1)["what"]
    assert list(new.home.iterdir()) == []
    assert not (ended.home / "ended").exists()
    folder = new.home / "deeper"
    new.refused(*words, "--home", str(folder), status=1)
    assert not folder.exists()

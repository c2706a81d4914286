"""A database that was rolled back, met as its operator meets it: the program will not sign with it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest

from ledger.store.embedded import EmbeddedServer
from tests.e2e.cli_program import Program, add_company, import_day, open_ledger, write_day
from tests.faults.embedded_land import temporary_home


@pytest.fixture
def rolled_back(tmp_path: Path):
    """A home whose database is the backup from before its newest day."""
    with temporary_home() as home:
        program = Program(home, tmp_path)
        open_ledger(program)
        stream = add_company(program, "steelworks")
        import_day(program, stream, day=1)
        backup = home.parent / "backup"
        subprocess.run(["cp", "-a", home / "postgres", backup], check=True)
        import_day(program, stream, day=2)
        shutil.rmtree(home / "postgres")
        backup.rename(home / "postgres")
        yield program


def test_nothing_is_posted_to_it_and_the_error_says_what_to_do(rolled_back: Program):
    checkpoints = (rolled_back.home / "checkpoints").read_bytes()
    write_day(rolled_back.folder, day=3)
    for words in (
        ("import", "day.csv", "--stream", "steelworks/plant/electricity", "--map", "map.toml"),
        ("site", "add", "steelworks/other", "--region", "CN-JS"),
        ("serve", "--port", "0"),
    ):
        error = rolled_back.refused(*words, status=3)
        assert error["code"] == "log-stopped", words
        assert (error["expected"], error["found"]) == ("at least 7 entries", "6")
        assert "bring back the database" in error["advice"]
    assert (rolled_back.home / "checkpoints").read_bytes() == checkpoints


@pytest.mark.parametrize("how", ["gone", "empty"])
def test_without_its_checkpoint_file_nothing_is_signed_and_the_error_says_what_to_do(
    tmp_path: Path, how: str
):
    with temporary_home() as home:
        program = Program(home, tmp_path)
        open_ledger(program)
        lost = (home / "checkpoints").read_bytes()
        if how == "gone":
            (home / "checkpoints").unlink()
        else:
            (home / "checkpoints").write_bytes(b"")
        for words in (
            ("party", "add", "mill", "--role", "company", "--name", "Mill"),
            ("serve", "--port", "0"),
        ):
            error = program.refused(*words, status=3)
            assert error["code"] == "log-stopped"
            assert "Bring the file back" in error["advice"]
        assert program("status")["size"] == 2

        newest = lost.splitlines(keepends=True)[-1]
        (home / "checkpoints").write_bytes(newest)
        program("party", "add", "mill", "--role", "company", "--name", "Mill")
        assert (home / "checkpoints").read_bytes().startswith(newest)
        assert program("audit")["ok"] is True


def test_it_can_be_looked_at_and_audit_names_what_is_missing(rolled_back: Program):
    assert rolled_back("status")["size"] == 6
    ended = rolled_back.run("audit", "--json")
    assert ended.status == 1
    assert any("line 7" in damage["place"] for damage in ended.json["damages"])


def test_whoever_holds_the_database_is_told_why_a_change_is_refused(rolled_back: Program):
    with EmbeddedServer(rolled_back.home) as server:
        for role in ("ledger_owner", "ledger_server"):
            for change in (
                "UPDATE ledger.entry_events SET packed = packed",
                "DELETE FROM ledger.log_entries",
                "TRUNCATE ledger.mass_delta",
            ):
                with (
                    psycopg.connect(server.conninfo(role), autocommit=True) as conn,
                    pytest.raises(psycopg.errors.InsufficientPrivilege) as refused,
                ):
                    conn.execute(change.encode())
                if role == "ledger_owner":
                    assert "append" in str(refused.value)
                    assert refused.value.diag.message_hint

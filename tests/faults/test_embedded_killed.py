"""Programs and servers are killed in every way; no committed row is lost and nothing is left behind."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.faults.embedded_land import Place, postmaster, until

KEEP = "CREATE TABLE IF NOT EXISTS kept (value bigint PRIMARY KEY)"
INSERT = "INSERT INTO kept VALUES ({})"
COUNT = "SELECT count(*) FROM kept"


def test_two_commands_at_once_make_one_database_and_share_its_server(empty_place: Place):
    with empty_place.command() as one, empty_place.command() as two, empty_place.command() as three:
        commands = [command.ready() for command in (one, two, three)]
        for command in commands:
            assert command.sql("SELECT system_identifier > 0 FROM pg_control_system()") == "True"
        assert one.sql(KEEP) == "done"
        assert two.sql("INSERT INTO kept VALUES (1)") == "done"
        assert three.sql(COUNT) == "1"
        assert [command.end() for command in commands] == [0, 0, 0]
    assert empty_place.processes == []
    left = {"data", "socket", "log", "start.log", "pg_hba.conf", "pg_ident.conf"}
    left |= {"start.lock", "users.lock", "server.lock"}
    assert {path.name for path in (empty_place.home / "postgres").iterdir()} == left


def test_the_last_one_out_stops_the_server_and_not_the_first(place: Place):
    with place.command() as first:
        first.ready()
        with place.command() as second:
            second.ready()
            served = postmaster(place.home)
            assert first.end() == 0
            assert second.sql("SELECT 1") == "1"
            assert postmaster(place.home) == served
            assert second.end() == 0
    assert place.processes == []


def test_after_sigkill_of_the_program_the_next_command_takes_the_server_over(each_place: Place):
    with each_place.command() as killed:
        killed.ready().sql(KEEP)
        killed.sql("INSERT INTO kept VALUES (1)")
        served = postmaster(each_place.home)
        killed.kill()
    assert served in each_place.processes
    with each_place.command() as following:
        following.ready()
        assert postmaster(each_place.home) == served
        assert following.sql(COUNT) == "1"
        assert following.end() == 0
    assert each_place.processes == []


@pytest.mark.parametrize(
    ("number", "exit_status"),
    [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)],
    ids=["SIGTERM", "SIGHUP", "SIGINT"],
)
def test_a_signal_to_end_leaves_nothing_running(
    each_place: Place, number: signal.Signals, exit_status: int
):
    with each_place.command() as command:
        command.ready()
        assert each_place.processes != []
        assert command.kill(number) == exit_status
    assert each_place.processes == []


def test_ctrl_c_at_the_terminal_reaches_the_program_and_not_the_server(place: Place):
    with place.command() as waiting, place.command() as interrupted:
        waiting.ready()
        interrupted.ready()
        served = postmaster(place.home)
        group = os.getpgid(interrupted.process.pid)
        assert os.getpgid(served) != group
        assert os.getsid(served) != os.getsid(interrupted.process.pid)
        os.killpg(group, signal.SIGINT)
        assert interrupted.process.wait(30) == 130
        assert waiting.sql("SELECT 1") == "1"
        assert postmaster(place.home) == served


def test_a_program_that_is_told_to_end_while_it_starts_leaves_nothing_running(empty_place: Place):
    for wait_s in (0.2, 0.6, 1.0):
        with empty_place.command() as command:
            time.sleep(wait_s)
            command.kill(signal.SIGTERM)
        until(lambda: not empty_place.processes)
    with empty_place.command() as command:
        assert command.ready().sql("SELECT 1") == "1"


def test_a_program_that_is_killed_while_it_starts_leaves_nothing_half_made(empty_place: Place):
    for wait_s in (0.3, 0.6, 1.0):
        with empty_place.command() as command:
            time.sleep(wait_s)
            command.kill()
    with empty_place.command() as command:
        command.ready()
        role = "SELECT count(*) FROM pg_roles WHERE rolname = 'ledger_server' AND rolcanlogin"
        assert command.sql(role) == "1"
        assert command.end() == 0
    assert empty_place.processes == []
    assert not [p.name for p in (empty_place.home / "postgres").iterdir() if "new" in p.name]


def test_initdb_that_is_killed_leaves_no_data_folder(empty_place: Place):
    with empty_place.command() as command:
        folder = empty_place.home / "postgres"
        until(lambda: [*folder.glob("data.new-*/global")])
        command.kill()
    assert not (folder / "data").exists()
    with empty_place.command() as command:
        assert command.ready().sql("SELECT current_database()") == "ledger"
        assert [*folder.glob("data.new-*")] == []


def test_after_sigkill_of_the_server_the_next_command_recovers(each_place: Place):
    with each_place.command() as using:
        using.ready().sql(KEEP)
        using.sql("INSERT INTO kept VALUES (1)")
        killed = postmaster(each_place.home)
        os.kill(killed, signal.SIGKILL)
        with each_place.command() as following:
            following.ready()
            assert postmaster(each_place.home) != killed
            assert following.sql(COUNT) == "1"
            assert following.end() == 0
        assert using.sql(COUNT) == "1"
        assert using.end() == 0
    assert each_place.processes == []


def test_a_program_whose_server_was_killed_still_ends_in_order(place: Place):
    with place.command() as using:
        using.ready()
        os.kill(postmaster(place.home), signal.SIGKILL)
        until(lambda: not place.processes)
        assert using.end() == 0


def test_a_killed_server_whose_backend_still_works_is_waited_for(place: Place):
    with place.command() as using:
        using.ready().sql(KEEP)
        using.sql("INSERT INTO kept VALUES (1)")
        # Works without looking around, so it outlives its server for a moment.
        using.begin_sql("SELECT count(*) FROM generate_series(1, 12000000)")
        time.sleep(0.3)
        os.kill(postmaster(place.home), signal.SIGKILL)
        assert place.processes != []
        with place.command() as following:
            assert following.ready().sql(COUNT) == "1"


def test_after_sigterm_of_the_server_the_next_command_gets_one(each_place: Place):
    with each_place.command() as using:
        using.ready().sql(KEEP)
        using.sql("INSERT INTO kept VALUES (1)")
        # A client that stays would make this shutdown wait for ever.
        using.begin_sql("SELECT pg_sleep(60)")
        until(lambda: "SELECT" in command_lines(each_place))
        stopped = postmaster(each_place.home)
        os.kill(stopped, signal.SIGTERM)
        with each_place.command() as following:
            following.ready()
            assert postmaster(each_place.home) != stopped
            assert following.sql(COUNT) == "1"


def test_a_stale_pid_file_that_names_an_unrelated_process_is_overcome(each_place: Place):
    with each_place.command() as killed:
        killed.ready().sql(KEEP)
        killed.sql("INSERT INTO kept VALUES (1)")
        server = postmaster(each_place.home)
        owner = Path(f"/proc/{server}").stat()
        os.kill(server, signal.SIGKILL)
        killed.kill()
    until(lambda: not each_place.processes)
    pid_file = each_place.home / "postgres/data/postmaster.pid"
    lines = pid_file.read_text().splitlines(keepends=True)
    bystander = subprocess.Popen(
        ["/bin/sleep", "60"],
        cwd="/",
        user=owner.st_uid if os.geteuid() == 0 else None,
        group=owner.st_gid if os.geteuid() == 0 else None,
    )
    try:
        pid_file.write_text("".join([f"{bystander.pid}\n", *lines[1:]]))
        with each_place.command() as following:
            assert following.ready().sql(COUNT) == "1"
            assert following.end() == 0
        assert bystander.poll() is None, "the unrelated process was touched"
    finally:
        bystander.kill()
        bystander.wait()
    assert each_place.processes == []


@pytest.mark.parametrize("content", ["", "not a number\n", "999999999\n", "-1\n"])
def test_a_pid_file_of_nonsense_is_overcome(place: Place, content: str):
    with place.command() as command:
        command.ready().sql(KEEP)
        assert command.end() == 0
    pid_file = place.home / "postgres/data/postmaster.pid"
    pid_file.write_text(content)
    os.chown(pid_file, *owners(pid_file.parent))
    with place.command() as command:
        assert command.ready().sql(COUNT) == "0"


def test_a_pid_file_that_was_removed_from_under_the_server_does_not_start_a_second_one(
    place: Place,
):
    with place.command() as command:
        command.ready().sql(KEEP)
        served = postmaster(place.home)
        (place.home / "postgres/data/postmaster.pid").unlink()
        with place.command() as following:
            assert following.ready().sql(COUNT) == "0"
            assert served in place.processes
            # Once a minute the server looks for its pid file, and ends without it: not waited for.
            os.kill(served, signal.SIGKILL)


def test_a_home_that_was_copied_from_under_its_server_gets_its_own(place: Place):
    copied = place.home.with_name("copy")
    with place.command() as command:
        command.ready().sql(KEEP)
        with place.copy_to(copied).command() as other:
            other.ready().sql("INSERT INTO kept VALUES (1)")
            assert command.sql(COUNT) == "0"
            assert postmaster(copied) != postmaster(place.home)
            assert other.end() == 0
        assert command.sql(COUNT) == "0"
        assert command.end() == 0


def test_no_committed_row_is_lost_over_many_kills(place: Place):
    chance = random.Random(2018)  # noqa: S311, repeatable
    kept = 0
    for _ in range(6):
        with place.command() as command:
            command.ready().sql(KEEP)
            assert command.sql(COUNT) == str(kept)
            for _ in range(chance.randint(1, 20)):
                kept += 1
                assert command.sql(INSERT.format(kept)) == "done"
            victims = [postmaster(place.home), command.process.pid, *place.processes]
            for pid in chance.sample(victims, chance.randint(1, 3)):
                with contextlib.suppress(ProcessLookupError):  # went with one before it
                    os.kill(pid, signal.SIGKILL)
            command.kill()
    with place.command() as command:
        assert command.ready().sql(COUNT) == str(kept)
        assert command.sql("SELECT sum(value) FROM kept") == str(kept * (kept + 1) // 2)
        assert command.end() == 0
    assert place.processes == []


def test_a_home_that_is_removed_while_it_is_used_does_not_hang_its_user(place: Place):
    with place.command() as command:
        command.ready()
        shutil.rmtree(place.home / "postgres")
        assert command.end() == 0


def command_lines(place: Place) -> str:
    """What the server's processes say that they do."""
    said = []
    for pid in place.processes:
        with contextlib.suppress(OSError):  # ended just now
            said.append(Path(f"/proc/{pid}/cmdline").read_text())
    return "\n".join(said)


def owners(path: Path) -> tuple[int, int]:
    """User and group of a path."""
    found = path.stat()
    return found.st_uid, found.st_gid

"""The embedded server: whose it is, where its socket is, what it refuses, what it leaves alone."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import platformdirs
import psycopg
import pytest

from ledger.errors import DatabaseUnavailable
from ledger.store.embedded import EmbeddedServer, default_home, stop_on_signals
from ledger.store.embedded_cluster import _LIBRARIES, _PACKAGE
from ledger.store.embedded_folder import LONGEST_SOCKET_PATH, SOCKET_NAME
from ledger.store.embedded_user import SYSTEM_USER
from tests.faults.embedded_land import (
    TEMPORARY,
    Place,
    permissions,
    postmaster,
    server_processes,
    temporary_home,
    until,
)

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has other users to act for")


def ask(server: EmbeddedServer, statement: str) -> object:
    """The first value that the owner gets."""
    with psycopg.connect(server.conninfo("ledger_owner"), autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
    return row and row[0]


# ------------------------------------------------------------------ what a first start makes


def test_a_first_start_makes_the_database_and_a_serving_role_with_no_other_right(
    embedded: EmbeddedServer,
):
    with psycopg.connect(embedded.conninfo("ledger_server")) as connection:
        row = connection.execute("SELECT current_user, current_database()").fetchone()
        assert row == ("ledger_server", "ledger")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine ()")
        connection.rollback()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TEMPORARY TABLE mine ()")
    with psycopg.connect(embedded.conninfo("ledger_owner")) as connection:
        rights = connection.execute(
            "SELECT rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls"
            " FROM pg_roles WHERE rolname = 'ledger_server'"
        ).fetchone()
    assert rights == (True, False, False, False, False, False)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("listen_addresses", ""),
        ("unix_socket_permissions", "0700"),
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("data_checksums", "on"),
        ("huge_pages", "off"),
        ("wal_compression", "pglz"),
        ("server_encoding", "UTF8"),
        ("lc_messages", "C"),
        ("logging_collector", "on"),
        ("log_truncate_on_rotation", "on"),
        ("TimeZone", "UTC"),
    ],
)
def test_the_server_runs_with_this_setting(embedded: EmbeddedServer, setting: str, value: str):
    assert ask(embedded, f"SHOW {setting}") == value


def test_the_operator_may_change_sizes_but_not_safety(place: Place):
    with EmbeddedServer(place.home) as server:
        ask(server, "ALTER SYSTEM SET fsync = off")
        ask(server, "ALTER SYSTEM SET listen_addresses = '*'")
        ask(server, "ALTER SYSTEM SET shared_buffers = '64MB'")
    with EmbeddedServer(place.home) as server:
        assert ask(server, "SHOW fsync") == "on"
        assert ask(server, "SHOW listen_addresses") == ""
        assert ask(server, "SHOW shared_buffers") == "64MB"


# ------------------------------------------------------------------ start and stop


def test_starting_and_stopping_twice_is_starting_and_stopping_once(place: Place):
    server = EmbeddedServer(place.home)
    server.start()
    served = server.status().pid
    server.start()
    assert server.status().pid == served == postmaster(place.home)
    server.stop()
    assert place.processes == []
    server.stop()
    with pytest.raises(DatabaseUnavailable, match="not started"):
        server.conninfo("ledger_server")


def test_starting_again_revives_a_server_that_was_killed(place: Place):
    with EmbeddedServer(place.home) as server:
        os.kill(postmaster(place.home), signal.SIGKILL)
        until(lambda: not server.status().running)
        server.start()
        assert ask(server, "SELECT 1") == 1
    assert place.processes == []


def test_status_says_what_runs_and_starts_nothing(place: Place):
    server = EmbeddedServer(place.home)
    assert not server.status().running
    assert place.processes == []
    with server:
        status = EmbeddedServer(place.home).status()
        assert status.running
        assert status.pid == postmaster(place.home)
        assert status.version == "18.4"
        assert status.socket_folder == place.home / "postgres/socket"
    assert not server.status().running


def test_status_of_a_home_that_does_not_exist_makes_none(tmp_path: Path):
    assert not EmbeddedServer(tmp_path / "none").status().running
    assert not (tmp_path / "none").exists()


def test_threads_of_one_program_share_the_server_like_programs_do(place: Place):
    answers = []

    def use() -> None:
        with EmbeddedServer(place.home) as server:
            answers.append(ask(server, "SELECT 1"))

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [1, 1, 1, 1]
    assert place.processes == []


def test_a_program_that_forgets_to_stop_stops_at_its_end(place: Place):
    program = (
        "import sys; from pathlib import Path; from ledger.store.embedded import EmbeddedServer; "
        "server = EmbeddedServer(Path(sys.argv[1])); server.start(); print(server.status().pid)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, place.home], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) > 0
    assert place.processes == []


def test_a_forked_child_that_outlives_its_killed_parent_does_not_keep_the_server(place: Place):
    # A process pool's worker is such a child. Forked apart from pytest, which has threads.
    program = (
        "import os, signal, sys, time; from pathlib import Path\n"
        "from ledger.store.embedded import EmbeddedServer\n"
        "EmbeddedServer(Path(sys.argv[1])).start()\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    os.close(1); os.close(2); time.sleep(60); os._exit(0)\n"
        "print(child, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, place.home], capture_output=True, text=True, check=False
    )
    child = int(done.stdout)
    try:
        assert place.processes != []
        with EmbeddedServer(place.home):
            pass
        assert place.processes == []
    finally:
        os.kill(child, signal.SIGKILL)


def test_the_server_keeps_no_file_of_its_starter_open(place: Place):
    with place.command() as command:
        command.ready()
        server = postmaster(place.home)
        starter = Path(f"/proc/{command.process.pid}/fd")
        ours = {str((starter / number).readlink()) for number in "012"}
        open_files = [path.readlink() for path in Path(f"/proc/{server}/fd").iterdir()]
        assert not ours & {str(path) for path in open_files}
        inside = [path for path in open_files if path.is_relative_to(place.home)]
        assert inside == [place.home / "postgres/server.lock"]
        # SIGKILL closes our pipes although the server goes on: nobody else has them open.
        command.process.kill()
        command.process.communicate(timeout=10)
        assert server in place.processes


def test_a_server_that_dies_at_its_start_is_noticed_and_its_last_words_are_told(place: Place):
    with (place.home / "postgres/data/postgresql.conf").open("a") as file:
        file.write("shared_buffers = 'a lot'\n")
    begun = time.monotonic()
    with pytest.raises(DatabaseUnavailable, match='invalid value for parameter "shared_buffers"'):
        EmbeddedServer(place.home).start()
    assert time.monotonic() - begun < 10
    assert place.processes == []


def test_the_environment_leads_to_no_other_server(
    embedded: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PGHOST", "db.example")
    monkeypatch.setenv("PGHOSTADDR", "192.0.2.1")
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGUSER", "mallory")
    monkeypatch.setenv("PGDATABASE", "elsewhere")
    monkeypatch.setenv("PGOPTIONS", "-c default_transaction_read_only=on")
    monkeypatch.setenv("PGSSLMODE", "require")
    monkeypatch.setenv("PGCHANNELBINDING", "require")
    assert ask(embedded, "SHOW default_transaction_read_only") == "off"
    assert embedded.status().running


# ------------------------------------------------------------------ signals


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=["SIGTERM", "SIGHUP"]
)
def test_a_signal_unwinds_with_blocks_and_a_second_one_does_not_disturb(
    number: signal.Signals, status: int
):
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGHUP)
    unwound = []

    def serve() -> None:
        with stop_on_signals():
            try:
                os.kill(os.getpid(), number)
            finally:
                os.kill(os.getpid(), signal.SIGTERM)
                unwound.append("in full")

    with pytest.raises(SystemExit) as left:
        serve()
    assert left.value.code == status
    assert unwound == ["in full"]
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGHUP)) == before


def test_a_hangup_that_was_ignored_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stop_on_signals():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


# ------------------------------------------------------------------ paths


def long_home(place: Place, length: int = 150) -> Place:
    """The same home at a path of so many characters."""
    short = place.home
    name = "n" * (length - len(str(short)) - 1)
    long = short / name
    moved = short.with_name("moved")
    short.rename(moved)
    short.mkdir()
    if os.geteuid() == 0:
        found = moved.stat()
        os.chown(short, found.st_uid, found.st_gid)
        short.chmod(0o755)
    moved.rename(long)
    assert len(str(long)) == length
    place.home = long
    return place


def test_a_path_of_150_characters_works_and_every_command_finds_the_socket(each_place: Place):
    place = long_home(each_place)
    with place.command() as first:
        first.ready()
        sockets = Path((place.home / "postgres/socket.path").read_text())
        assert len(str(sockets / SOCKET_NAME)) <= LONGEST_SOCKET_PATH
        found = sockets.lstat()
        assert stat.S_IMODE(found.st_mode) == 0o700
        assert found.st_uid == (place.home / "postgres").stat().st_uid
        with place.command() as second:
            assert second.ready().sql("SHOW unix_socket_directories") == f'"{sockets}"'
            assert first.sql("SELECT 1") == "1"
            assert first.end() == 0
            assert second.sql("SELECT 1") == "1"
            assert second.end() == 0
    assert place.processes == []
    assert not sockets.exists(), "the folder outside the home is removed with the server"


def test_after_sigkill_the_socket_of_a_long_path_is_found_again(place: Place):
    place = long_home(place)
    with place.command() as killed:
        killed.ready()
        served = postmaster(place.home)
        killed.kill()
    with EmbeddedServer(place.home) as server:
        assert server.status().pid == served
    assert place.processes == []


@pytest.mark.parametrize("change", ["opened", "replaced", "removed"])
def test_a_socket_folder_that_is_not_private_any_more_is_not_used(place: Place, change: str):
    place = long_home(place)
    with place.command() as killed:
        killed.ready()
        served = postmaster(place.home)
        killed.kill()
    sockets = Path((place.home / "postgres/socket.path").read_text())
    away = sockets.with_name(sockets.name + "-away")
    if change == "opened":
        sockets.chmod(0o755)
    elif change == "replaced":
        sockets.rename(away)
        sockets.symlink_to(away)
    else:
        shutil.rmtree(sockets)
    try:
        with EmbeddedServer(place.home) as server:
            found = server.status()
            assert found.socket_folder not in (None, sockets)
            assert found.pid != served, "the server that listened there is of no use"
            assert ask(server, "SELECT 1") == 1
        assert place.processes == []
    finally:
        if sockets.is_symlink():
            sockets.unlink()
        shutil.rmtree(sockets, ignore_errors=True)
        shutil.rmtree(away, ignore_errors=True)


@pytest.mark.parametrize("name", ["a b", "a,b", "a'b", 'a"b', "a$b`c", "a%b\\c", "碳账本", "-D"])
def test_a_home_may_have_any_name(place: Place, name: str):
    home = place.home.with_name(name)
    place.home.rename(home)
    with EmbeddedServer(home) as server:
        assert ask(server, "SELECT 1") == 1
        assert EmbeddedServer(home).status().pid == postmaster(home)
    assert server_processes(home) == []


def test_a_home_given_as_a_relative_path_is_the_same_home(
    place: Place, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(place.home.parent)
    with EmbeddedServer(Path("home")):
        assert EmbeddedServer(place.home).status().running


def test_the_default_home_is_the_platforms_and_for_root_that_of_a_service():
    if os.geteuid() == 0:
        assert default_home() == Path("/var/lib/carbon-ledger")
    else:
        assert default_home() == platformdirs.user_data_path("carbon-ledger")


# ------------------------------------------------------------------ other versions, damage


def test_another_major_version_is_refused_with_instructions_and_left_as_it_is(place: Place):
    version = place.home / "postgres/data/PG_VERSION"
    version.write_text("17\n")
    with pytest.raises(
        DatabaseUnavailable, match=r"expected version 18.*found version 17.*pg_dump"
    ):
        EmbeddedServer(place.home).start()
    assert version.read_text() == "17\n"
    assert place.processes == []


def test_a_data_folder_without_a_database_is_refused_and_not_overwritten(place: Place):
    (place.home / "postgres/data/PG_VERSION").unlink()
    with pytest.raises(DatabaseUnavailable, match=r"holds no database.*Restore it from a backup"):
        EmbeddedServer(place.home).start()


# ------------------------------------------------------------------ logs


def test_log_files_that_are_old_or_large_are_removed_at_a_start(place: Place):
    logs = place.home / "postgres/log"
    old, large, recent = (logs / f"postgresql-{day}.log" for day in ("Aaa", "Bbb", "Ccc"))
    for path in (old, large, recent):
        path.write_text("said\n")
    os.truncate(large, 20_000_000)
    long_ago = time.time() - 8 * 86_400
    os.utime(old, (long_ago, long_ago))
    with EmbeddedServer(place.home):
        assert (old.exists(), large.exists(), recent.exists()) == (False, False, True)


def test_the_log_tells_of_an_error_but_not_the_private_value_that_caused_it(place: Place):
    with EmbeddedServer(place.home) as server:
        ask(
            server, "CREATE TABLE private (value text PRIMARY KEY CHECK (value <> 'kWh 959640.31'))"
        )
        with pytest.raises(psycopg.errors.CheckViolation):
            ask(server, "INSERT INTO private VALUES ('kWh 959640.31')")
    said = "".join(path.read_text() for path in (place.home / "postgres/log").iterdir())
    assert "violates check constraint" in said
    assert "959640.31" not in said


# ------------------------------------------------------------------ who may, and what is left alone


def test_nobody_but_the_servers_user_can_look_into_its_folder(each_place: Place):
    with each_place.command() as command:
        command.ready()
        for name in ("", "data", "socket", "log"):
            mode = (each_place.home / "postgres" / name).stat().st_mode
            assert stat.S_IMODE(mode) == 0o700, name
        for path in (each_place.home / "postgres").rglob("*"):
            if not path.is_symlink():
                assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
                assert path.owner() == (each_place.home / "postgres").owner(), path


@as_root
def test_another_user_cannot_connect_even_where_the_folders_are_opened(place: Place):
    program = "import psycopg, sys; psycopg.connect(sys.argv[1])"
    with EmbeddedServer(place.home) as server:
        conninfo = server.conninfo("ledger_server")
        assert "Permission denied" in as_nobody(program, conninfo)
        for folder in ("", "postgres", "postgres/socket"):
            (place.home / folder).chmod(0o755)
        (place.home / "postgres/socket" / SOCKET_NAME).chmod(0o777)
        assert "Peer authentication failed" in as_nobody(program, conninfo)
        assert "Peer authentication failed" in as_nobody(program, server.conninfo("ledger_owner"))


def as_nobody(program: str, argument: str) -> str:
    """What a program of the user nobody complains about."""
    entry = pwd.getpwnam("nobody")
    become = (
        "import os, psycopg\n"
        "try: psycopg.connect('host=/nonexistent')\n"
        "except psycopg.Error: pass\n"
        f"os.setgroups([]); os.setgid({entry.pw_gid}); os.setuid({entry.pw_uid})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", become + program, argument],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    assert done.returncode != 0
    return done.stderr


def test_no_permission_outside_the_home_is_changed(each_place: Place):
    before = permissions(each_place.home)
    with each_place.command() as command:
        command.ready()
        assert permissions(each_place.home) == before
        assert command.end() == 0
    assert permissions(each_place.home) == before


@as_root
def test_for_root_the_server_runs_as_the_system_user(place: Place):
    with EmbeddedServer(place.home):
        server = Path(f"/proc/{postmaster(place.home)}")
        assert server.owner() == SYSTEM_USER
        groups = next(
            line for line in (server / "status").read_text().splitlines() if "Groups" in line
        )
        assert groups.split()[1:] == [str(pwd.getpwnam(SYSTEM_USER).pw_gid)]
    assert pwd.getpwnam(SYSTEM_USER).pw_shell == "/usr/sbin/nologin"


@as_root
def test_a_home_that_is_roots_alone_lets_the_system_user_pass_and_nobody_else(place: Place):
    place.home.chmod(0o700)
    os.chown(place.home, 0, 0)
    with EmbeddedServer(place.home):
        pass
    found = place.home.stat()
    assert stat.S_IMODE(found.st_mode) == 0o710
    assert (found.st_uid, found.st_gid) == (0, pwd.getpwnam(SYSTEM_USER).pw_gid)


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    """A folder that only root may pass through."""
    with temporary_home() as folder:
        folder.chmod(0o700)
        yield folder


@as_root
def test_a_home_behind_a_closed_folder_is_refused_and_the_folder_named(closed_folder: Path):
    home = closed_folder / "between" / "home"
    home.mkdir(parents=True)
    before = permissions(home)
    with pytest.raises(DatabaseUnavailable) as refused:
        EmbeddedServer(home).start()
    assert refused.value.found == f"{closed_folder} is closed to {SYSTEM_USER}"
    assert f"chmod o+x {closed_folder}" in refused.value.advice
    assert permissions(home) == before
    assert [*home.iterdir()] == []


@as_root
def test_a_home_that_a_group_uses_is_refused_and_not_given_to_another_group(place: Place):
    os.chown(place.home, 0, pwd.getpwnam("nobody").pw_gid)
    place.home.chmod(0o750)
    with pytest.raises(DatabaseUnavailable, match=f"{place.home} is closed to {SYSTEM_USER}"):
        EmbeddedServer(place.home).start()
    assert stat.S_IMODE(place.home.stat().st_mode) == 0o750


@as_root
def test_root_runs_the_server_of_a_users_home_as_that_user(reachable_packages: Path):
    with temporary_home("nobody") as home:
        options = ("--as", "nobody", "--packages", str(reachable_packages))
        with Place(home, *options).command() as command:
            command.ready().sql("CREATE TABLE kept ()")
            assert command.end() == 0
        with EmbeddedServer(home) as server:
            assert Path(f"/proc/{postmaster(home)}").owner() == "nobody"
            assert ask(server, "SELECT count(*) FROM kept") == 0
        with Place(home, *options).command() as command:
            assert command.ready().sql("SELECT count(*) FROM kept") == "0"


@as_root
def test_the_home_of_another_user_is_refused(reachable_packages: Path):
    with temporary_home("nobody") as home:
        options = ("--packages", str(reachable_packages))
        with Place(home, "--as", "nobody", *options).command() as command:
            command.ready()
            assert command.end() == 0
        home.chmod(0o755)
        with Place(home, "--as", SYSTEM_USER, *options).command() as command:
            said = command.refusal()
    assert "belongs to another user" in said
    assert "owner nobody" in said


@as_root
def test_a_user_without_a_name_is_refused_with_advice(reachable_packages: Path):
    with temporary_home() as home:
        os.chown(home, 54321, 54321)
        options = ("--as", "54321", "--packages", str(reachable_packages))
        with Place(home, *options).command() as command:
            said = command.refusal()
    assert "user id 54321 without an entry in /etc/passwd" in said
    assert "CARBON_LEDGER_DATABASE_URL" in said


def test_a_home_that_cannot_be_made_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseUnavailable, match="cannot be used"):
        EmbeddedServer(tmp_path / "file" / "home").start()


# ------------------------------------------------------------------ binaries


@as_root
def test_binaries_that_the_system_user_cannot_reach_are_copied_into_the_home_once(
    reachable_packages: Path, tmp_path: Path
):
    closed = tmp_path / "venv"
    closed.mkdir(0o700)
    for part in (_PACKAGE, _LIBRARIES):
        ignore = shutil.ignore_patterns("pginstall", "include")
        shutil.copytree(reachable_packages / part, closed / part, ignore=ignore)
    before = permissions(closed / _PACKAGE)
    made = []
    with temporary_home(under=TEMPORARY) as home:  # where programs may run
        for _ in range(2):
            with Place(home, "--packages", str(closed)).command() as command:
                command.ready()
                program = Path(f"/proc/{postmaster(home)}/exe").readlink()
                assert command.end() == 0
            (copy,) = (home / "postgres").glob("bin-*")
            assert program.is_relative_to(copy)
            assert program.owner() == SYSTEM_USER
            made.append(program.stat().st_ino)
            (home / "postgres/bin-0.0.1").mkdir(exist_ok=True)  # of a release before
    assert made[0] == made[1]
    assert permissions(closed / _PACKAGE) == before


def test_a_half_made_copy_of_the_binaries_is_cleared_away(place: Place):
    half = place.home / "postgres/bin-0.6.0.new-123"
    half.mkdir()
    (half / "postgres").write_text("half")
    with EmbeddedServer(place.home):
        assert not half.exists()

"""What a watch has kept is read without a right to write, beside whoever watches with it."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from ledger.client.monitor.kept import FILE, Kept, KeptNotes, read_notes
from ledger.client.monitor.served import Served
from ledger.client.monitor.watcher import Watcher
from ledger.errors import BadFile
from tests.watched_log import VKEY, LogServer, WatchedLog


@pytest.fixture
def log() -> WatchedLog:
    log = WatchedLog()
    log.readings("acme/plant/electricity", 3)
    return log


@pytest.fixture
def folder(tmp_path: Path, log: WatchedLog) -> Path:
    """The folder of a watch that has followed three of four entries, and has seen the fourth."""
    folder = tmp_path / "what they have #1?"
    log.shown = 3
    with LogServer(log) as server, Kept(folder) as kept, Served(server.url) as served:
        watcher = Watcher(kept, served, (), VKEY)
        watcher.hold_to(log.signed(4), "a friend")
        watcher.look(lambda _done, _total: None)
    return folder


def noted(log: WatchedLog) -> KeptNotes:
    return KeptNotes(VKEY, (log.signed(3), log.signed(4)))


def test_its_checkpoints_are_read_and_nothing_is_written(folder: Path, log: WatchedLog):
    (folder / "lock").unlink()
    before = (folder / FILE).stat()
    assert read_notes(folder) == noted(log)
    assert [one.name for one in folder.iterdir()] == [FILE]
    assert (folder / FILE).stat().st_mtime_ns == before.st_mtime_ns


def test_a_folder_where_nobody_may_write_is_read(folder: Path, log: WatchedLog):
    for path in (*folder.iterdir(), folder):
        path.chmod(0o555)
    try:
        assert read_notes(folder) == noted(log)
    finally:
        folder.chmod(0o755)


def test_a_folder_that_is_watched_with_is_read_as_it_was_kept_last(folder: Path, log: WatchedLog):
    with Kept(folder) as kept:
        assert read_notes(folder) == noted(log)
        with kept._change() as db:
            db.execute("DELETE FROM notes")
            assert read_notes(folder) == noted(log)
        assert read_notes(folder).notes == (log.signed(3),)


def test_a_watch_that_has_not_begun_has_no_checkpoints(tmp_path: Path, log: WatchedLog):
    with Kept(tmp_path / "kept") as kept:
        assert read_notes(tmp_path / "kept") == KeptNotes(None, ())
        kept.check_log(VKEY)
        assert read_notes(tmp_path / "kept") == KeptNotes(VKEY, ())


def test_what_a_killed_watch_left_half_written_is_not_read(tmp_path: Path, folder: Path):
    torn = tmp_path / "torn"
    with Kept(folder) as kept:
        kept._db.execute("PRAGMA cache_size = 1")
        with kept._change() as db:
            db.executemany(
                "INSERT INTO notes VALUES (?, '')", [(b"%d" % at * 900,) for at in range(100)]
            )
            shutil.copytree(folder, torn)
    with pytest.raises(BadFile, match="cannot be read") as refused:
        read_notes(torn)
    assert "copy the folder" in refused.value.advice
    with Kept(torn):
        pass  # puts it in order
    assert read_notes(torn) == read_notes(torn)
    assert len(read_notes(torn).notes) == 2


def test_what_is_no_file_of_a_watch_is_refused_and_left_as_it_is(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        read_notes(tmp_path)
    (tmp_path / FILE).write_bytes(b"no database" * 100)
    with pytest.raises(BadFile, match="cannot be read"):
        read_notes(tmp_path)
    (tmp_path / FILE).unlink()
    other = sqlite3.connect(tmp_path / FILE)
    other.execute("CREATE TABLE log (vkey TEXT)")
    other.close()
    whole = (tmp_path / FILE).read_bytes()
    with pytest.raises(BadFile, match="cannot be read"):
        read_notes(tmp_path)
    assert (tmp_path / FILE).read_bytes() == whole


def test_a_folder_with_too_long_a_path_is_refused(tmp_path: Path):
    """SQLite opens no file whose path is longer than 512 bytes."""
    with pytest.raises(BadFile, match="cannot be used"):
        Kept(tmp_path / "/".join(["long" * 50] * 3))

"""What somebody names with --against is read whatever it is, or refused with what to do."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ledger.cli.outside import read_held
from ledger.client.monitor.kept import FILE, Kept
from ledger.errors import BadFile
from tests.small_log import SmallLog

LOG = SmallLog()
NOBODY = 65534


@pytest.fixture
def watched(tmp_path: Path) -> Path:
    """The folder of a watch that has a checkpoint to wait for."""
    folder = tmp_path / "state"
    with Kept(folder) as kept:
        kept.check_log(LOG.vkey)
        kept.add_note(LOG.signed(5), "somebody")
    return folder


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Callable[[Path], None]]:
    """Takes the rights to a folder from this process."""
    folders: list[Path] = []

    def close(folder: Path) -> None:
        folders.append(folder)
        folder.chmod(0)
        if not os.getuid():  # whom nothing is closed to
            os.seteuid(NOBODY)

    yield close
    os.seteuid(os.getuid())
    for folder in folders:
        folder.chmod(0o700)


def refused(path: Path) -> BadFile:
    with pytest.raises(BadFile) as found:
        read_held(path)
    assert found.value.expected
    assert found.value.found
    assert found.value.advice
    return found.value


def test_a_file_and_the_folder_of_a_watch_are_read(tmp_path: Path, watched: Path):
    (tmp_path / "checkpoint").write_bytes(LOG.signed(3))
    assert read_held(tmp_path / "checkpoint").kind == "checkpoint"
    for path in (watched, watched / FILE):
        found = read_held(path)
        assert (found.kind, found.notes) == ("monitor", (LOG.signed(5),))


def test_the_folder_of_a_watch_that_is_running_is_read_and_left_as_it_is(watched: Path):
    with Kept(watched):
        before = sorted(path.name for path in watched.iterdir())
        assert read_held(watched).notes == (LOG.signed(5),)
        assert sorted(path.name for path in watched.iterdir()) == before


@pytest.mark.parametrize("name", ["", FILE, "receipt"])
def test_what_is_another_users_alone_is_refused_with_what_to_do(
    watched: Path, closed: Callable[[Path], None], name: str
):
    (watched / "receipt").write_bytes(LOG.signed(3))
    closed(watched)
    error = refused(watched / name)
    assert error.what == f"{watched / name} cannot be read"
    assert error.found == "Permission denied"
    assert "the right to read it" in error.advice


def test_what_is_not_there_or_holds_nothing_is_refused_with_what_to_do(tmp_path: Path):
    assert refused(tmp_path / "nothing").found == "No such file or directory"
    folder = tmp_path / "folder"
    folder.mkdir()
    for path in (folder, folder / FILE):
        assert refused(path).what == f"{folder} holds no checkpoint"
    with Kept(folder):
        pass
    assert refused(folder).what == f"{folder} holds no checkpoint"
    (tmp_path / "text").write_text("a shopping list\n")
    assert refused(tmp_path / "text").what == f"{tmp_path / 'text'} holds no checkpoint"


def test_what_is_no_checkpoint_in_a_watch_is_refused(watched: Path):
    with Kept(watched) as kept:
        kept.add_note(b"a shopping list\n", "somebody")
    assert "holds no checkpoint" in refused(watched).what

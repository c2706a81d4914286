"""The file outside the database: what it refuses, what it heals, and that it never tries again."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from ledger.errors import Damaged, LogStopped
from ledger.log.hashes import RootHash
from ledger.store.checkpoint_file import CheckpointFile, Recorded

ROOT_A = RootHash(b"\xaa" * 32)
ROOT_B = RootHash(b"\xbb" * 32)


def record(path: Path, *sizes: int) -> None:
    with CheckpointFile(path) as file:
        for size in sizes:
            with file.signing():
                file.append(size, ROOT_A)


def test_each_commitment_is_one_line_that_another_program_can_read(tmp_path: Path):
    path = tmp_path / "checkpoints"
    record(path, 0, 7, 812)
    assert path.read_text() == "".join(f"{size} {'aa' * 32}\n" for size in (0, 7, 812))
    assert path.stat().st_mode & 0o777 == 0o600
    with CheckpointFile(path) as file:
        assert file.last == Recorded(812, ROOT_A)
        assert [r.size for r in file.records()] == [0, 7, 812]


def test_a_new_file_has_nothing_to_say(tmp_path: Path):
    with CheckpointFile(tmp_path / "checkpoints") as file, file.signing() as last:
        assert last is None
        file.check(0, ROOT_A)


def test_the_same_commitment_again_is_not_written_twice(tmp_path: Path):
    record(tmp_path / "checkpoints", 7, 7)
    assert (tmp_path / "checkpoints").read_text().count("\n") == 1


def test_a_smaller_size_is_refused_because_the_database_was_rolled_back(tmp_path: Path):
    record(tmp_path / "checkpoints", 7)
    with CheckpointFile(tmp_path / "checkpoints") as file, file.signing():
        with pytest.raises(LogStopped, match="behind what this log has signed") as refused:
            file.append(6, ROOT_A)
        assert "restored from an older copy" in refused.value.advice
        assert file.last == Recorded(7, ROOT_A)


def test_another_root_for_the_same_size_is_refused(tmp_path: Path):
    record(tmp_path / "checkpoints", 7)
    with CheckpointFile(tmp_path / "checkpoints") as file, file.signing():
        with pytest.raises(LogStopped, match="disagrees"):
            file.append(7, ROOT_B)
        with pytest.raises(LogStopped, match="disagrees"):
            file.check(7, ROOT_B)


@pytest.mark.parametrize("torn", ["8", "8 ", "8 bbbb", "8 " + "bb" * 32])
def test_a_torn_last_line_is_cut_off_with_a_notice_since_nothing_was_signed(
    tmp_path: Path, torn: str
):
    path = tmp_path / "checkpoints"
    record(path, 7)
    whole = path.read_bytes()
    path.write_bytes(whole + torn.encode())
    notices: list[str] = []
    with CheckpointFile(path, notices.append) as file:
        assert file.last == Recorded(7, ROOT_A)
        assert len(notices) == 1
        assert "nothing was signed" in notices[0]
        assert path.read_bytes() == whole
        with file.signing():
            file.append(8, ROOT_B)
    assert path.read_bytes() == whole + f"8 {'bb' * 32}\n".encode()


def test_a_file_that_holds_only_a_torn_line_becomes_empty(tmp_path: Path):
    (tmp_path / "checkpoints").write_bytes(b"7 aaaa")
    with CheckpointFile(tmp_path / "checkpoints") as file:
        assert file.last is None
    assert (tmp_path / "checkpoints").read_bytes() == b""


@pytest.mark.parametrize(
    "line",
    [
        "7 " + "AA" * 32,
        "07 " + "aa" * 32,
        "-7 " + "aa" * 32,
        "7  " + "aa" * 32,
        "7 " + "aa" * 31,
        "7 " + "aa" * 32 + "\r",
        "",
        "x" * 200,
    ],
)
def test_a_whole_line_in_another_spelling_is_damage(tmp_path: Path, line: str):
    path = tmp_path / "checkpoints"
    path.write_text(f"5 {'aa' * 32}\n{line}\n", newline="\n")
    with pytest.raises(Damaged, match="checkpoint file"), CheckpointFile(path) as file:
        _ = file.last


def test_a_long_tail_without_an_end_is_damage_and_is_not_cut_off(tmp_path: Path):
    path = tmp_path / "checkpoints"
    content = f"5 {'aa' * 32}\n".encode() + b"\0" * 4096
    path.write_bytes(content)
    with pytest.raises(Damaged):
        CheckpointFile(path)
    assert path.read_bytes() == content


def test_sizes_that_do_not_grow_are_damage(tmp_path: Path):
    path = tmp_path / "checkpoints"
    path.write_text(f"7 {'aa' * 32}\n5 {'aa' * 32}\n")
    with CheckpointFile(path) as file, pytest.raises(Damaged, match="size 5 after 7"):
        list(file.records())


def test_lines_that_were_added_behind_a_length_are_not_read(tmp_path: Path):
    path = tmp_path / "checkpoints"
    record(path, 3, 10)
    with CheckpointFile(path) as file:
        length = file.length()
        record(path, 12)
        assert [one.size for one in file.records(length)] == [3, 10]
        assert [one.size for one in file.records()] == [3, 10, 12]
        assert list(file.records(0)) == []


@pytest.mark.parametrize("call", ["fsync", "write"])
def test_a_disk_that_fails_stops_the_log_for_good_and_is_not_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
):
    asked = []

    def fails(*_: object) -> int:
        asked.append(call)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with CheckpointFile(tmp_path / "checkpoints") as file:
        with file.signing(), monkeypatch.context() as broken:
            broken.setattr(f"ledger.store.checkpoint_file.os.{call}", fails)
            with pytest.raises(LogStopped, match="nothing more is signed"):
                file.append(1, ROOT_A)
        # The disk works again; what it holds is unknown all the same.
        with pytest.raises(LogStopped):
            file.append(1, ROOT_A)
        with pytest.raises(LogStopped), file.signing():
            pass
    assert asked == [call]


def test_a_full_disk_that_takes_half_a_line_stops_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    really_write = os.write

    def takes_ten_bytes(handle: int, line: bytes) -> int:
        return really_write(handle, line[:10])

    with CheckpointFile(tmp_path / "checkpoints") as file, file.signing():
        monkeypatch.setattr("ledger.store.checkpoint_file.os.write", takes_ten_bytes)
        with pytest.raises(LogStopped):
            file.append(1, ROOT_A)
    monkeypatch.undo()
    notices: list[str] = []
    with CheckpointFile(tmp_path / "checkpoints", notices.append) as file:
        assert file.last is None
        assert len(notices) == 1


def test_signers_take_turns_and_see_what_the_other_has_signed(tmp_path: Path):
    path = tmp_path / "checkpoints"

    def sign() -> None:
        with CheckpointFile(path) as file:
            for _ in range(50):
                with file.signing() as last:
                    file.append(1 if last is None else last.size + 1, ROOT_A)

    signers = [threading.Thread(target=sign) for _ in range(4)]
    for signer in signers:
        signer.start()
    for signer in signers:
        signer.join()
    with CheckpointFile(path) as file:
        assert [r.size for r in file.records()] == list(range(1, 201))

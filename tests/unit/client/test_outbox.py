"""Whatever kills the program, each batch is posted once and keeps its receipt."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.carbon.events import ActivityRecorded
from ledger.carbon.info import Posted
from ledger.client.outbox import Outbox
from ledger.client.writer import UNSALTED, Writer
from ledger.errors import (
    BadBatch,
    BadFile,
    Conflict,
    ProofFailed,
    RuleBroken,
    Unavailable,
)
from ledger.log import note
from ledger.log.receipt import parse_receipt, verify_receipt
from tests.unit.client.memory import OPERATOR, STEEL, STREAM, VKEY, MemoryConnection


class Crash(BaseException):
    """The process is gone: nothing after this line runs."""


def reading(hour: int, quantity: str = "3.17") -> ActivityRecorded:
    return ActivityRecorded(
        salt=UNSALTED,
        period=(f"2018-01-01T{hour:02d}:00:00+08:00", f"2018-01-01T{hour + 1:02d}:00:00+08:00"),
        quantity=quantity,
    )


def post(connection: MemoryConnection, home: Path, *events: ActivityRecorded) -> Posted:
    writer = Writer(connection, STEEL, "steelworks", Outbox(home))
    return asyncio.run(writer.post(STREAM, events))


def resume(connection: MemoryConnection, home: Path) -> list[Posted]:
    return asyncio.run(Writer(connection, STEEL, "steelworks", Outbox(home)).resume())


def dead(error: BaseException | None = None) -> MemoryConnection:
    connection = MemoryConnection()
    connection.dies_before = error or Unavailable("the line is dead")
    return connection


def test_a_posted_batch_leaves_a_receipt_that_holds_and_nothing_pending(tmp_path: Path):
    connection = MemoryConnection()
    posted = post(connection, tmp_path, reading(0), reading(1))
    outbox = Outbox(tmp_path)
    assert (posted.first, posted.last, posted.index) == (1, 2, 4)
    assert outbox.pending() == []
    [(jws, receipt)] = outbox.receipts()
    assert verify_receipt(parse_receipt(receipt.encode()), jws, VKEY).size == 5


def test_salts_are_drawn_for_each_event(tmp_path: Path):
    connection = MemoryConnection()
    post(connection, tmp_path, reading(0), reading(1))
    one, other = connection.events(STREAM)
    assert one.salt != other.salt  # type: ignore[attr-defined]


def test_a_batch_says_what_its_author_had_verified(tmp_path: Path):
    connection = MemoryConnection()
    post(connection, tmp_path, reading(0))
    first = connection.checkpoint_now()
    post(connection, tmp_path, reading(1))
    assert connection.entries[-2].signed.statement.seen is None
    seen = connection.entries[-1].signed.statement.seen
    assert seen is not None
    assert (seen.size, seen.root) == (first.size, first.root.hex())


def test_what_lies_on_disk_is_for_its_owner_alone(tmp_path: Path):
    post(MemoryConnection(), tmp_path / "home", reading(0))
    for path in (tmp_path / "home").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


@pytest.fixture
def crash_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let the nth step that reaches the disk be the last one of this process."""

    def arm(step: int) -> None:
        steps = iter(range(1, 1_000))

        def counted(call: Callable[..., object]) -> Callable[..., object]:
            def step_or_crash(*arguments: object, **named: object) -> object:
                if next(steps) == step:
                    raise Crash
                return call(*arguments, **named)

            return step_or_crash

        monkeypatch.setattr(os, "fsync", counted(os_fsync))
        monkeypatch.setattr(Path, "replace", counted(path_replace))
        monkeypatch.setattr(Path, "unlink", counted(path_unlink))

    os_fsync, path_replace, path_unlink = os.fsync, Path.replace, Path.unlink
    return arm


def test_a_crash_at_any_step_of_the_disk_posts_nothing_twice(
    tmp_path: Path, crash_at: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
):
    for step in range(1, 100):
        home, connection = tmp_path / f"{step}", MemoryConnection()
        crash_at(step)
        try:
            post(connection, home, reading(0))
        except Crash:
            pass
        else:
            break
        finally:
            monkeypatch.undo()
        resume(connection, home)
        stands = len(connection.events(STREAM))
        assert stands == len(list(Outbox(home).receipts()))
        assert Outbox(home).pending() == []
        if stands == 0:  # The crash came before the batch was kept: nothing was promised.
            post(connection, home, reading(0))
        assert len(connection.events(STREAM)) == 1
    assert 10 < step < 99


def test_a_batch_that_was_kept_but_not_sent_is_sent_as_it_was_signed(tmp_path: Path):
    with pytest.raises(Crash):
        post(dead(Crash()), tmp_path, reading(0))
    [pending] = Outbox(tmp_path).pending()
    connection = MemoryConnection()
    [posted] = resume(connection, tmp_path)
    assert connection.entries[posted.index].signed.jws.raw == pending.signed.jws.raw


def test_a_batch_whose_answer_was_lost_is_repeated_and_stands_once(tmp_path: Path):
    connection = MemoryConnection()
    connection.dies_after = Unavailable("the line is dead")
    with pytest.raises(Unavailable):
        post(connection, tmp_path, reading(0))
    connection.dies_after = None
    [posted] = resume(connection, tmp_path)
    assert posted.repeated
    assert len(connection.events(STREAM)) == 1


def test_posting_sends_what_is_pending_first(tmp_path: Path):
    with pytest.raises(Unavailable):
        post(dead(), tmp_path, reading(0, "1"))
    connection = MemoryConnection()
    posted = post(connection, tmp_path, reading(1, "2"))
    assert posted.first == 2
    assert [e.quantity for e in connection.events(STREAM)] == ["1", "2"]  # type: ignore[attr-defined]


def test_a_batch_is_signed_anew_when_somebody_else_was_faster(tmp_path: Path):
    class Busy(MemoryConnection):
        async def post(self, body: bytes) -> Posted:
            if self.posts == 0:
                self.append(STEEL, STREAM, reading(5, "5"))
            return await super().post(body)

    connection = Busy()
    posted = post(connection, tmp_path, reading(0))
    assert posted.first == 2
    assert len(connection.events(STREAM)) == 2
    assert Outbox(tmp_path).pending() == []


def test_a_leftover_whose_versions_were_taken_is_put_aside_with_advice(tmp_path: Path):
    with pytest.raises(Unavailable):
        post(dead(), tmp_path, reading(0))
    connection = MemoryConnection()
    connection.append(STEEL, STREAM, reading(5))
    with pytest.raises(Conflict, match="Run the command of then again"):
        resume(connection, tmp_path)
    assert resume(connection, tmp_path) == []
    assert len(list((tmp_path / "refused").glob("*.batch"))) == 1
    assert len(list((tmp_path / "refused").glob("*.reason"))) == 1


def test_a_batch_that_breaks_a_rule_does_not_block_the_outbox(tmp_path: Path):
    connection = MemoryConnection()
    with pytest.raises(RuleBroken, match="0 to 1000 kWh"):
        post(connection, tmp_path, reading(0, "1000.5"))
    assert Outbox(tmp_path).pending() == []
    assert post(connection, tmp_path, reading(0)).first == 1


def test_a_batch_for_another_log_is_not_sent(tmp_path: Path):
    with pytest.raises(Unavailable):
        post(dead(), tmp_path, reading(0))
    (tmp_path / "checkpoint").unlink()
    connection = MemoryConnection()
    connection.log_key = note.log_vkey("other.example/log", OPERATOR.public)
    with pytest.raises(BadBatch, match="pending for another log"):
        resume(connection, tmp_path)


def test_a_log_that_changes_its_key_is_refused(tmp_path: Path):
    connection = MemoryConnection()
    post(connection, tmp_path, reading(0))
    connection.log_key = note.log_vkey("ledger.example/log", OPERATOR.public)
    with pytest.raises(ProofFailed, match="another log than before"):
        post(connection, tmp_path, reading(1))


def test_a_log_with_two_histories_of_one_size_is_refused(tmp_path: Path):
    post(MemoryConnection(), tmp_path, reading(0))
    other = MemoryConnection()  # Other salts, so another root of the same size.
    with pytest.raises(ProofFailed, match="two histories of size 5"):
        post(other, tmp_path, reading(0))


def test_a_receipt_for_another_batch_is_refused(tmp_path: Path):
    class Liar(MemoryConnection):
        async def post(self, body: bytes) -> Posted:
            posted = await super().post(body)
            return self._posted(posted.index - 1, repeated=False)

    with pytest.raises(ProofFailed, match="acknowledges something else"):
        post(Liar(), tmp_path, reading(0))
    assert len(Outbox(tmp_path).pending()) == 1


def test_a_damaged_leftover_is_named(tmp_path: Path):
    outbox = Outbox(tmp_path)
    connection = MemoryConnection()
    pending = outbox.prepare(connection.build(STEEL, STREAM, [reading(0)]))
    outbox.keep(pending)
    path = tmp_path / "pending" / f"{pending.name}.batch"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(BadFile, match=pending.name):
        outbox.pending()

"""What a party is told when its ledger goes on in another log: nothing goes on without its own act."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from ledger.carbon.info import EarlierInfo, LedgerStatus
from ledger.client.outbox import Outbox
from ledger.client.writer import Writer
from ledger.errors import BadBatch, ProofFailed, Unavailable
from ledger.log import note
from tests.unit.client.memory import OPERATOR, ORIGIN, STEEL, STREAM, VKEY, MemoryConnection
from tests.unit.client.test_outbox import post, reading, resume

NEXT = note.log_vkey("ledger.example/second", OPERATOR.public)


class Ending(MemoryConnection):
    """A ledger whose log comes to its end, after which another one has all that this one held."""

    ended = False

    async def status(self) -> LedgerStatus:
        found = await super().status()
        if not self.ended:
            return found
        earlier = EarlierInfo(
            origin=ORIGIN, log_key=VKEY, size=found.size, root=found.root, signed_size=found.size
        )
        return msgspec.structs.replace(found, log_key=NEXT, earlier=[earlier])


@pytest.fixture
def connection() -> Ending:
    return Ending()


def pending(connection: Ending, home: Path, *, logged: bool) -> Path:
    """Leave a batch behind that was never acknowledged; its file."""
    error = Unavailable("the line is dead")
    connection.dies_before, connection.dies_after = (None, error) if logged else (error, None)
    with pytest.raises(Unavailable):
        post(connection, home, reading(1))
    connection.dies_before = connection.dies_after = None
    [file] = (home / "pending").iterdir()
    return file


def test_a_log_that_continues_the_one_of_before_is_refused_until_the_party_has_moved_its_memory(
    connection: Ending, tmp_path: Path
):
    home = tmp_path / "steelworks"
    post(connection, home, reading(0))
    before = (home / "checkpoint").read_bytes()
    connection.ended = True
    for _ in range(2):
        with pytest.raises(ProofFailed, match="has ended, as the ledger says") as caught:
            post(connection, home, reading(1))
        assert (caught.value.expected, caught.value.found) == (VKEY, NEXT)
        assert "ledger.example/second continues it" in caught.value.what
        assert "Compare the key" in caught.value.advice
        assert f"move {home} away" in caught.value.advice
        assert "never acknowledged" not in caught.value.advice
        assert (home / "checkpoint").read_bytes() == before
    home.rename(tmp_path / "steelworks-of-the-first-log")
    writer = Writer(connection, STEEL, "steelworks", Outbox(home))
    assert asyncio.run(writer.log_key()) == NEXT


def test_the_refusal_names_what_was_never_acknowledged(connection: Ending, tmp_path: Path):
    post(connection, tmp_path, reading(0))
    file = pending(connection, tmp_path, logged=False)
    connection.ended = True
    with pytest.raises(ProofFailed) as caught:
        resume(connection, tmp_path)
    assert "events 2 to 2 of steelworks/plant/electricity" in caught.value.advice
    assert str(file) in caught.value.advice
    file.write_bytes(b"torn")
    with pytest.raises(ProofFailed, match="is damaged"):
        resume(connection, tmp_path)


@pytest.mark.parametrize("logged", [False, True])
def test_a_batch_of_the_log_that_ended_is_not_sent_and_it_is_said_what_to_do(
    connection: Ending, tmp_path: Path, *, logged: bool
):
    file = pending(connection, tmp_path, logged=logged)
    (tmp_path / "checkpoint").unlink()
    connection.ended = True
    posts = connection.posts
    with pytest.raises(BadBatch, match="which has ended") as caught:
        resume(connection, tmp_path)
    said = "The ledger has it" if logged else "The ledger has nothing of it"
    assert said in caught.value.advice
    assert str(file) in caught.value.advice
    assert connection.posts == posts


def test_a_batch_whose_versions_others_have_by_now_is_to_be_compared(
    connection: Ending, tmp_path: Path
):
    pending(connection, tmp_path, logged=False)
    connection.append(STEEL, STREAM, reading(5))
    (tmp_path / "checkpoint").unlink()
    connection.ended = True
    with pytest.raises(BadBatch, match="compare them first"):
        resume(connection, tmp_path)


def test_a_pending_batch_of_a_log_that_the_ledger_does_not_name_stays_for_that_ledger(
    connection: Ending, tmp_path: Path
):
    pending(connection, tmp_path, logged=False)
    (tmp_path / "checkpoint").unlink()
    connection.log_key = NEXT
    with pytest.raises(BadBatch, match="Use the home of that ledger"):
        resume(connection, tmp_path)

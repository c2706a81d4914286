"""A replaying witness vouches for what it has folded itself, and for nothing else."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ledger.client.replay.entry_file import EntryFile
from ledger.client.replay.following import Following
from ledger.client.replay.replayer import Replayer
from ledger.errors import Damaged, LedgerError, OtherHistory, ProofFailed, Unavailable
from ledger.log import batch
from ledger.log.add_checkpoint import AddCheckpoint, format_request
from ledger.log.canonical import encode_struct
from ledger.log.checkpoint import Checkpoint, open_cosigned, sign_checkpoint
from ledger.log.hashes import EMPTY_ROOT, RootHash, leaf_hash
from ledger.log.note import parse_vkey
from ledger.log.page import write_page
from ledger.log.tree import root_of
from ledger.whole.ledger import WholeLedger
from ledger.witness.home import WitnessHome
from ledger.witness.witness import Lines, Witness
from tests.unit.carbon.redaction.erasing import confirm, redact, without_data
from tests.unit.world import LOG, LOG_KEY, ORIGIN, SIGNED_AT, World, key_of, reading

NAME = "regulator.example/replay"
READING = "acme/plant/power@1"
NOTHING = Checkpoint(ORIGIN, 0, EMPTY_ROOT)


class Served:
    """A ledger's entries as it serves them, a few to a page; `changed` puts others in their place."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.changed: dict[int, tuple[bytes, tuple[bytes, ...]]] = {}
        self.asked: list[int] = []
        self.away = False

    def entry(self, index: int) -> tuple[bytes, tuple[bytes, ...]]:
        logged = self.world.log[index]
        return self.changed.get(index, (logged.jws, logged.lines))

    async def log_page(self, first: int) -> bytes:
        self.asked.append(first)
        if self.away:
            raise Unavailable("away")
        entries = [self.entry(at) for at in range(first, min(first + 3, self.world.size))]
        return write_page((jws, b"".join(line + b"\n" for line in lines)) for jws, lines in entries)

    async def checkpoint(self) -> str:
        return self.signed().decode()

    def head(self, size: int | None = None) -> Checkpoint:
        leaves = [leaf_hash(self.entry(at)[0]) for at in range(self.world.size)][:size]
        return Checkpoint(ORIGIN, len(leaves), root_of(leaves))

    def signed(self, size: int | None = None) -> bytes:
        return sign_checkpoint(LOG_KEY, self.head(size))

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Served]:
        yield self


@pytest.fixture
def served() -> Served:
    world = World()
    world.party("acme")
    world.source("acme/plant/power", location=world.factor("grid", CO2="0.5"))
    world.post("acme", "acme/plant/power", [reading("2026-01-05T00:00:00+08:00", "P1D", "8")])
    world.seal("companies", "2026")
    return Served(world)


@pytest.fixture
def home(tmp_path: Path) -> WitnessHome:
    made = WitnessHome(tmp_path / "replay")
    made.make(NAME, ml_dsa=False)
    return made


@pytest.fixture
def opened(home: WitnessHome) -> Iterator[Callable[[], Replayer]]:
    """Opens the replaying witness of this home, once more each time."""
    found: list[Replayer] = []

    def open_() -> Replayer:
        found.append(Replayer(home, LOG))
        return found[-1]

    yield open_
    for replayer in found:
        replayer.close()


Open = Callable[[], Replayer]


def advance(replayer: Replayer, served: Served, head: Checkpoint | None = None) -> None:
    asyncio.run(replayer.advance(served, head or served.head()))


def test_all_entries_of_a_checkpoint_are_fetched_and_folded(served: Served, opened: Open):
    replayer = opened()
    shown: list[tuple[int, int]] = []
    asyncio.run(
        replayer.advance(served, served.head(), lambda done, total: shown.append((done, total)))
    )
    size = served.world.size
    assert replayer.size == size
    assert shown == [(at, size) for at in range(1, size + 1)]
    assert served.asked == [0, 3]
    known = replayer.whole.known(("2026-01", "2027-01"))
    assert sum(row.mass_mg for row in known.masses) == 4_000_000


@pytest.fixture
def erased(served: Served) -> Served:
    """The same, once a reading was redacted and its data is gone."""
    confirm(served.world, redact(served.world, READING))
    served.changed = {
        at: (logged.jws, tuple(without_data(logged, [READING])))
        for at, logged in enumerate(served.world.log)
    }
    return served


def test_a_witness_that_begins_anew_replays_past_data_that_was_redacted(
    erased: Served, opened: Open
):
    replayer = opened()
    advance(replayer, erased)
    assert replayer.size == erased.world.size
    assert replayer.whole.gone() == [READING]
    known = replayer.whole.known(("2026-01", "2027-01"))
    assert sum(row.mass_mg for row in known.masses) == 4_000_000
    replayer.close()
    again = opened()
    again.restore(erased.head())
    assert again.whole.gone() == [READING]


@pytest.mark.parametrize("back", [1, 2])
def test_a_checkpoint_before_the_confirmation_waits_for_a_later_one(
    erased: Served, opened: Open, back: int
):
    replayer = opened()
    with pytest.raises(Unavailable, match=f"the data of {READING} is gone"):
        advance(replayer, erased, erased.head(erased.world.size - back))
    advance(replayer, erased)
    assert replayer.size == erased.world.size


def test_only_the_entries_of_the_checkpoint_are_taken(served: Served, opened: Open):
    replayer = opened()
    advance(replayer, served, served.head(2))
    assert replayer.size == 2
    advance(replayer, served)
    assert replayer.size == served.world.size


def test_what_was_folded_once_is_not_fetched_again(served: Served, opened: Open):
    first = opened()
    advance(first, served)
    first.close()
    served.asked = []
    again = opened()
    again.restore(served.head())
    advance(again, served)
    assert again.size == served.world.size
    assert served.asked == []
    assert again.whole.root == served.head().root


def test_a_torn_end_is_cut_off_and_fetched_again(home: WitnessHome, served: Served, opened: Open):
    first = opened()
    advance(first, served)
    first.close()
    (file,) = (home.path / "entries").iterdir()
    whole = file.read_bytes()
    for kept in (len(whole) - 1, len(whole) - 400, 1):
        file.write_bytes(whole[:kept])
        again = opened()
        again.restore(NOTHING)
        assert again.size < served.world.size
        advance(again, served)
        again.close()
        assert file.read_bytes() == whole


def test_entries_that_were_cosigned_and_are_damaged_are_named(
    home: WitnessHome, served: Served, opened: Open
):
    first = opened()
    advance(first, served)
    first.close()
    (file,) = (home.path / "entries").iterdir()
    whole = file.read_bytes()
    for damaged in (whole[:-1], whole.replace(b'"quantity":"8"', b'"quantity":"9"')):
        file.write_bytes(damaged)
        again = opened()
        with pytest.raises(Damaged, match="fetched and folded again"):
            again.restore(served.head())
        again.close()
    file.write_bytes(b"")
    fresh = opened()
    with pytest.raises(Damaged):
        fresh.restore(served.head())


def test_entries_are_for_one_process(served: Served, opened: Open):
    replayer = opened()
    with pytest.raises(Unavailable, match="another process"):
        opened()
    replayer.close()
    opened()


def wrong_seal(served: Served) -> tuple[bytes, tuple[bytes, ...]]:
    """The seal with other totals, signed by the operator all the same."""
    logged = served.world.log[-1]
    event = logged.entry.events[0]
    line = encode_struct(event).replace(b'"emitted":"4000000"', b'"emitted":"3999999"')
    body = batch.build(
        key_of("operator"),
        LOG,
        "operator/seals",
        1,
        "0" * 64,
        [("FootprintSealed", line)],
        None,
        SIGNED_AT,
    )
    jws, lines = batch.split_submission(body)
    return jws, tuple(lines)


def test_a_wrong_seal_is_refused_and_not_folded(served: Served, opened: Open):
    served.changed[served.world.size - 1] = wrong_seal(served)
    replayer = opened()
    with pytest.raises(ProofFailed, match="totals of a seal"):
        advance(replayer, served)
    assert replayer.size == served.world.size - 1


def test_entries_that_make_another_root_are_another_history(served: Served, opened: Open):
    replayer = opened()
    signed = Checkpoint(ORIGIN, served.world.size, RootHash(b"\x01" * 32))
    with pytest.raises(OtherHistory):
        advance(replayer, served, signed)
    replayer.close()
    again = opened()
    again.restore(NOTHING)
    assert again.size == 0


def test_a_ledger_that_withholds_entries_is_not_waited_for(served: Served, opened: Open):
    replayer = opened()
    beyond = Checkpoint(ORIGIN, served.world.size + 1, RootHash(b"\x01" * 32))
    with pytest.raises(Unavailable, match="does not give"):
        advance(replayer, served, beyond)


# --- following -------------------------------------------------------------------------------------


def followed(
    home: WitnessHome, served: Served, work: Callable[[Following, Replayer], None], **more: float
) -> None:
    replayer = Replayer(home, LOG)
    with Following(
        replayer, served.connect, **{"poll_s": 0.01, "patience_s": 5.0, **more}
    ) as found:
        work(found, replayer)
    assert "replay" not in {thread.name for thread in threading.enumerate()}
    replayer.close()


def request(served: Served, old: int = 0) -> bytes:
    return format_request(AddCheckpoint(old, (), served.signed()))


def test_a_checkpoint_is_cosigned_when_it_was_replayed(home: WitnessHome, served: Served):
    def work(following: Following, replayer: Replayer) -> None:
        witness = Witness(home, [LOG], lambda: 7, following.allow)
        answer = witness.add_checkpoint(request(served))
        assert isinstance(answer, Lines)
        cosigned = served.signed() + answer.lines.encode()
        verifiers = [parse_vkey(vkey) for vkey in home.about().vkeys]
        (found,) = open_cosigned(cosigned, LOG, verifiers).cosignatures
        assert (found.verifier.name, found.time_s) == (NAME, 7)
        assert replayer.size == served.world.size

    followed(home, served, work)


def test_what_was_not_replayed_yet_is_not_cosigned(home: WitnessHome, served: Served):
    served.away = True

    def work(following: Following, _: Replayer) -> None:
        witness = Witness(home, [LOG], lambda: 7, following.allow)
        with pytest.raises(Unavailable, match="still replaying"):
            witness.add_checkpoint(request(served))
        assert witness.logs[ORIGIN].known.size == 0
        served.away = False
        following._patience_s = 5.0
        assert isinstance(witness.add_checkpoint(request(served)), Lines)

    followed(home, served, work, patience_s=0.05)


def test_a_log_that_broke_a_rule_is_never_cosigned_again(home: WitnessHome, served: Served):
    served.changed[served.world.size - 1] = wrong_seal(served)

    def work(following: Following, _: Replayer) -> None:
        witness = Witness(home, [LOG], lambda: 7, following.allow)
        for _attempt in range(2):
            with pytest.raises(Unavailable, match="refused the log"):
                witness.add_checkpoint(request(served))

    followed(home, served, work)


def test_a_witness_whose_disk_is_full_says_so_and_cosigns_nothing(
    home: WitnessHome, served: Served, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "entries")

    monkeypatch.setattr(EntryFile, "append", full)

    def work(following: Following, _: Replayer) -> None:
        witness = Witness(home, [LOG], lambda: 7, following.allow)
        for _attempt in range(2):
            with pytest.raises(Unavailable, match="has stopped replaying") as refused:
                witness.add_checkpoint(request(served))
            assert refused.value.found == os.strerror(errno.ENOSPC)
        assert witness.logs[ORIGIN].known.size == 0

    followed(home, served, work)
    monkeypatch.undo()
    followed(home, served, lambda following, _: following.allow(served.head()))


def test_a_checkpoint_of_another_history_is_not_cosigned(home: WitnessHome, served: Served):
    def work(following: Following, _: Replayer) -> None:
        with pytest.raises(OtherHistory):
            following.allow(Checkpoint(ORIGIN, 2, RootHash(b"\x01" * 32)))

    followed(home, served, work)


def test_it_keeps_up_while_nobody_asks(home: WitnessHome, served: Served):
    def work(following: Following, replayer: Replayer) -> None:
        following.allow(served.head())
        served.world.party("later")
        with following._condition:
            assert following._condition.wait_for(
                lambda: replayer.size == served.world.size, timeout=10
            )

    followed(home, served, work)


# --- the file --------------------------------------------------------------------------------------


def test_lines_are_read_back_before_and_after_they_are_on_the_disk(tmp_path: Path, served: Served):
    file = EntryFile(tmp_path / "entries")
    for logged in served.world.log:
        file.append(logged.jws, logged.lines)
    assert file.lines(2) == list(served.world.log[2].lines)
    file.sync()
    file.close()
    again = EntryFile(tmp_path / "entries")
    assert [jws for jws, _ in again.read()] == [logged.jws for logged in served.world.log]
    assert again.lines(4) == list(served.world.log[4].lines)
    again.cut(2)
    assert again.size == 2
    again.close()
    last = EntryFile(tmp_path / "entries")
    assert len(list(last.read())) == 2
    last.close()


def test_corrections_are_folded_over_readings_that_lie_on_the_disk(served: Served, opened: Open):
    from tests.unit.world import body

    served.world.correct("acme/plant/power@1", body("2026-01-05T00:00:00+08:00", "P1D", "2"))
    replayer = opened()
    advance(replayer, served)
    memory = WholeLedger(LOG)
    for logged in served.world.log:
        memory.add(logged.jws, list(logged.lines))
    year = ("2026-01", "2027-01")
    assert replayer.whole.known(year) == memory.known(year)
    assert sum(row.mass_mg for row in memory.known(year).masses) == 1_000_000


def test_an_error_is_one_of_the_products(served: Served, opened: Open):
    class Garbage(Served):
        async def log_page(self, first: int) -> bytes:
            return b"not a page %d\n" % first

    with pytest.raises(LedgerError):
        advance(opened(), Garbage(served.world))

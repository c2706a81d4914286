"""A replaying witness of a log that continues others folds all of them, from the oldest entry on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ledger.client.replay import replayer as replaying
from ledger.client.replay.replayer import Replayer
from ledger.errors import OtherHistory, ProofFailed, Unavailable
from ledger.log.checkpoint import Checkpoint
from ledger.log.hashes import EMPTY_ROOT, RootHash
from ledger.log.names import MAX_INTEGER
from ledger.log.page import write_page
from ledger.log.tree import root_of
from ledger.witness.home import WitnessHome
from tests.unit.client.test_replay import NAME
from tests.unit.whole.test_continued import POWER, day, second_log, third_log
from tests.unit.world import reading
from tests.vectors.continued.chain import Chain
from tests.vectors.continued.logs import Continuing

YEAR = ("2026-01", "2027-01")


class Served:
    """The entries of a chain of logs as its ledger serves them, three to a page."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.asked: list[int] = []
        self.least = chain.begins(0)
        self.entries = {
            chain.begins(number) + at: logged
            for number, log in enumerate(chain.logs)
            for at, logged in enumerate(log.entries)
        }

    async def log_page(self, first: int) -> bytes:
        self.asked.append(first)
        found = [self.entries[at] for at in range(first, first + 3) if at in self.entries]
        return write_page(
            (one.jws, b"".join(b"%b\n" % line for line in one.lines)) for one in found
        )

    def head(self) -> Checkpoint:
        last = self.chain.last
        return Checkpoint(last.origin, len(last.entries), root_of(last.leaves))


Open = Callable[[Served], Replayer]


@pytest.fixture
def home(tmp_path: Path) -> WitnessHome:
    made = WitnessHome(tmp_path / "replay")
    made.make(NAME, ml_dsa=False)
    return made


@pytest.fixture
def opened(home: WitnessHome) -> Iterator[Open]:
    """Opens the replaying witness of this home, once more each time."""
    found: list[Replayer] = []

    def open_(served: Served) -> Replayer:
        for one in found:
            one.close()
        found.append(Replayer(home, served.chain.last.vkey))
        return found[-1]

    yield open_
    for one in found:
        one.close()


def advance(replayer: Replayer, served: Served, head: Checkpoint | None = None) -> None:
    asyncio.run(replayer.advance(served, head or served.head()))


@pytest.mark.parametrize("log", [second_log, third_log])
def test_all_entries_of_all_logs_are_fetched_and_folded(
    log: Callable[[], Continuing], opened: Open
):
    world = log()
    served = Served(Chain.of(world))
    replayer, shown = opened(served), list[tuple[int, int]]()
    asyncio.run(
        replayer.advance(served, served.head(), lambda done, total: shown.append((done, total)))
    )
    count = world.before + world.size
    assert (replayer.size, len(replayer.whole.about.earlier)) == (
        world.size,
        len(served.chain.logs) - 1,
    )
    assert shown == [(at, count) for at in range(1, count + 1)]
    openings = [served.chain.begins(n) for n in reversed(range(len(served.chain.logs)))]
    assert served.asked[: len(openings)] == openings
    assert served.asked[len(openings)] == openings[-1] + 3
    assert sum(row.mass_mg for row in replayer.whole.known(YEAR).masses) == 6_000_000


def test_what_was_folded_once_is_not_fetched_again(opened: Open):
    world = second_log()
    served = Served(Chain.of(world))
    advance(opened(served), served)
    served.asked = []
    again = opened(served)
    again.restore(served.head())
    advance(again, served)
    assert (again.size, served.asked) == (world.size, [])
    world.correct(f"{POWER}@2", None)
    world.post("acme", POWER, [reading(day(5), "P1D", "2")])
    more = Served(Chain.of(world))
    advance(again, more)
    assert more.asked == [world.size - 2]
    assert sum(row.mass_mg for row in again.whole.known(YEAR).masses) == 6_000_000


@pytest.mark.parametrize("kept", [0.3, 0.7])
def test_a_torn_file_goes_on_where_it_ends(home: WitnessHome, opened: Open, kept: float):
    """In the earlier log, or in the one that continues it."""
    served = Served(Chain.of(second_log()))
    advance(opened(served), served)
    (file,) = (home.path / "entries").iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * kept)])
    again = opened(served)
    again.restore(Checkpoint("", 0, EMPTY_ROOT))
    assert served.least < again.size < served.head().size
    assert (again.size < 0) == (kept < 0.5)
    served.asked, size = [], again.size
    advance(again, served)
    assert served.asked[0] == size
    again.close()
    assert file.read_bytes() == whole


def test_a_false_end_is_refused_and_forgotten(opened: Open):
    true = Served(Chain.of(second_log()))
    chain = Chain.of(second_log().earlier)
    chain.open("ledger.example/second", end={"heads_count": 9})
    false = Served(chain)
    with pytest.raises(ProofFailed, match=r"entry 0 does not hold: .*heads_count of the earlier"):
        advance(opened(false), false)
    again = opened(true)
    again.restore(Checkpoint("", 0, EMPTY_ROOT))
    advance(again, true)
    assert again.size == true.head().size


def test_another_root_than_the_entries_make_is_another_history_and_forgotten(opened: Open):
    served = Served(Chain.of(second_log()))
    head = Checkpoint("", served.head().size, RootHash(b"\x01" * 32))
    with pytest.raises(OtherHistory):
        advance(opened(served), served, head)
    again = opened(served)
    assert again.whole.first == 0
    again.restore(Checkpoint("", 0, EMPTY_ROOT))
    advance(again, served)
    assert again.size == served.head().size


def test_a_ledger_that_withholds_the_earlier_entries_is_not_believed(opened: Open):
    served = Served(Chain.of(second_log()))
    served.entries = {index: one for index, one in served.entries.items() if index >= 0}
    with pytest.raises(Unavailable, match="does not give"):
        advance(opened(served), served)


def test_going_back_has_an_end(opened: Open, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(replaying, "MOST_LOGS", 2)
    served = Served(Chain.of(third_log()))
    with pytest.raises(ProofFailed, match="too many others"):
        advance(opened(served), served)


@pytest.mark.parametrize("size", [MAX_INTEGER, 2**52])
def test_going_back_further_than_an_index_can_say_is_refused(opened: Open, size: int):
    """Every page it shows begins with the same opening."""
    chain = Chain.of(second_log().earlier)
    chain.open("ledger.example/second", end={"size": size})
    served = Served(chain)
    honest = served.log_page

    async def log_page(first: int) -> bytes:
        return await honest(0 if first < served.least else first)

    served.log_page = log_page  # type: ignore[method-assign]
    with pytest.raises(ProofFailed, match="too many entries") as refused:
        advance(opened(served), served)
    assert (refused.value.expected, refused.value.found) == (
        f"at most {MAX_INTEGER} before it",
        str(2 * size),
    )
    assert opened(served).whole.first == 0

"""A log that continues others is folded from the oldest one's entry 0, and every end is compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from ledger.errors import BadBatch, LedgerError, OtherHistory, RuleBroken
from ledger.log.checkpoint import Checkpoint
from ledger.log.hashes import EMPTY_ROOT, RootHash
from ledger.parties.events import RulesActivated
from ledger.whole.ledger import WholeLedger
from tests.unit.world import LOG, Logged, World, body, reading, rules_ref, salt
from tests.vectors.continued.chain import Chain
from tests.vectors.continued.logs import LEDGER, SECOND, THIRD, Continuing, end_of, vkey_of

YEAR = ("2026-01", "2027-01")
POWER = "acme/plant/power"


def day(number: int) -> str:
    return f"2026-01-{number:02d}T00:00:00+08:00"


def first_log() -> World:
    world = World()
    world.party("acme")
    world.source(POWER, location=world.factor("grid", CO2="0.5"))
    world.post("acme", POWER, [reading(day(1), "P1D", "8"), reading(day(2), "P1D", "2")])
    world.seal()
    return world


def second_log() -> Continuing:
    world = Continuing(first_log(), SECOND)
    world.open()
    world.correct(f"{POWER}@1", body(day(1), "P1D", "6"))
    world.post("acme", POWER, [reading(day(3), "P1D", "4")])
    world.seal()
    return world


def third_log() -> Continuing:
    world = Continuing(second_log(), THIRD)
    world.open()
    world.party("bolt")
    world.seal()
    return world


def folded(chain: Chain, first: int | None = None, drop: int | None = None) -> WholeLedger:
    """All logs of a chain, without the entry at `drop`, from the oldest one's index, or from `first`."""
    entries = [logged for log in chain.logs for logged in log.entries]
    if drop is not None:
        del entries[drop]
    whole = WholeLedger(chain.last.vkey, first=chain.begins(0) if first is None else first)
    add(whole, entries)
    return whole


def add(whole: WholeLedger, entries: Iterable[Logged]) -> None:
    for logged in entries:
        whole.add(logged.jws, list(logged.lines))


@pytest.mark.parametrize("log", [second_log, third_log])
def test_what_a_chain_of_logs_comes_to_is_what_its_ledger_knows(log: Callable[[], Continuing]):
    world = log()
    whole = folded(Chain.of(world))
    assert (whole.size, whole.first) == (world.size, -world.before)
    assert whole.known(YEAR).masses == world.known(*YEAR).masses
    assert sum(row.mass_mg for row in whole.known(YEAR).masses) == 6_000_000
    end = end_of(world)
    assert (whole.root.hex(), whole.root_at(0)) == (end.root, EMPTY_ROOT)
    whole.check(Checkpoint("", world.size, RootHash(bytes.fromhex(end.root))))
    assert whole.about.earlier[-1].size == world.earlier.size


def test_what_was_known_in_an_earlier_log_is_known_below_zero():
    second = second_log()
    whole = folded(Chain.of(second))
    assert sum(row.mass_mg for row in whole.known(YEAR, 0).masses) == 5_000_000
    assert sum(row.mass_mg for row in whole.known(YEAR, -second.before + 2).masses) == 0
    for size in (0, 1):
        (head,) = [one for one in whole.heads(size) if one.stream == "operator/ledger"]
        assert head.version == 1
    before, after = ({one.stream: one for one in whole.heads(size)} for size in (0, 1))
    assert before.keys() == after.keys()
    assert {name for name in before if before[name] != after[name]} == {"operator/ledger"}


def test_an_author_has_seen_sizes_of_the_log_that_he_posts_to():
    second = second_log()
    for of, fits in ((second, True), (second.earlier, False)):
        chain = Chain.of(second)
        root = folded(Chain.of(of)).root_at(2).hex()
        chain.lie("acme", POWER, reading(day(9), "P1D", "1"), seen={"root": root, "size": 2})
        if fits:
            assert folded(chain).size == second.size + 1
            continue
        with pytest.raises(OtherHistory, match="another history"):
            folded(chain)


@pytest.mark.parametrize(
    "changed",
    [
        {"root": "0" * 64},
        {"heads_root": "0" * 64},
        {"heads_count": 1},
        {"log": vkey_of(THIRD)},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_an_opening_that_names_another_end_than_the_entries_make_is_refused(
    changed: dict[str, object],
):
    chain = Chain.of(first_log())
    chain.open(SECOND, end=changed)
    with pytest.raises(RuleBroken, match="of the earlier log") as refused:
        folded(chain)
    assert refused.value.defect == "rule"


def test_an_entry_that_is_left_out_of_an_earlier_log_is_missed():
    chain = Chain.of(second_log())
    count = len(chain.logs[0].entries)
    for drop in range(count):
        with pytest.raises(LedgerError):
            folded(chain, drop=drop, first=chain.begins(0) + 1)
    last = count - 1  # nothing in the earlier log misses its seal
    with pytest.raises(RuleBroken, match="size of the earlier log"):
        folded(chain, drop=last, first=chain.begins(0) + 1)


def test_a_continuing_log_is_not_folded_without_the_one_before_it():
    chain = Chain.of(second_log())
    alone = Chain([chain.last], {})
    with pytest.raises(RuleBroken, match="continuing an earlier log"):
        folded(alone)


def test_entries_that_are_said_to_stand_before_the_log_open_it():
    whole = WholeLedger(LOG, first=-2)
    chain = Chain.of(first_log())
    with pytest.raises(RuleBroken, match="entry 0 of the log") as refused:
        add(whole, chain.last.entries)
    assert (refused.value.defect, whole.size) == ("opening", 0)


def test_the_last_log_is_the_one_that_was_asked_for():
    chain = Chain.of(second_log())
    whole = WholeLedger(vkey_of(THIRD), first=chain.begins(0))
    with pytest.raises(BadBatch, match="another log"):
        add(whole, [one for log in chain.logs for one in log.entries])
    assert whole.size == 0


def test_an_opening_that_is_refused_changes_nothing():
    second = second_log()
    chain = Chain.of(second.earlier)
    whole = WholeLedger(vkey_of(SECOND), first=-second.before)
    add(whole, chain.last.entries)
    wrong = Chain.of(second.earlier)
    wrong.open(SECOND, end={"heads_count": 9})
    with pytest.raises(RuleBroken):
        add(whole, wrong.last.entries)
    add(whole, Chain.of(second).last.entries)
    assert whole.size == second.size


def test_the_stream_of_an_opening_goes_on_in_its_own_log_alone():
    second = second_log()
    activated = RulesActivated(salt=salt(), rules=rules_ref("1"))
    chain = Chain.of(second)
    chain.lie("operator", LEDGER, activated)
    assert folded(chain).about.rules_version == "1"
    other = Chain.of(second)
    other.lie("operator", LEDGER, activated, previous=second.earlier.heads[LEDGER])
    with pytest.raises(BadBatch, match="does not go on"):
        folded(other)

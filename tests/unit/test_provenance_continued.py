"""Files that derive everything reach back over the ends of logs, as far as what they hold does."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from ledger.carbon import rulepack
from ledger.carbon.reports.catalogue import build, form_of, wanted
from ledger.carbon.seal.lists import seal_lists
from ledger.errors import LedgerError
from ledger.log.bundle import Bundle, read_bundle, write_bundle
from ledger.log.bundle_kinds import InventorySubject
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.hashes import Hash
from ledger.log.tree import paths_of, root_of
from ledger.provenance import Verdict, facts, verify_bundle
from ledger.provenance.showing import company_shown
from ledger.whole.making import choose_company, company_bundle, figure_bundle, given
from tests.unit.whole.test_continued import POWER, day, folded, second_log, third_log
from tests.unit.whole_files import Entries, sealed
from tests.unit.world import World, reading
from tests.vectors.continued.chain import Chain
from tests.vectors.continued.logs import Continuing

MONTHS = ("2026-01", "2026-12")


def paths_in(chain: Chain) -> tuple[bytes, dict[int, tuple[Hash, ...]]]:
    """A checkpoint over all of the last log, and every entry's path in its own."""
    last = chain.last
    found: dict[int, tuple[Hash, ...]] = {}
    for number, log in enumerate(chain.logs):
        paths = paths_of(log.leaves, range(len(log.entries)))
        found |= {chain.begins(number) + place: path for place, path in paths.items()}
    head = Checkpoint(last.origin, len(last.entries), root_of(last.leaves))
    return sign_checkpoint(last.key, head), found


def entries_of(chain: Chain) -> list[tuple[int, bytes, tuple[bytes, ...], int]]:
    """Index, JWS and lines of every entry, and where its log begins."""
    return [
        (chain.begins(number) + place, one.jws, one.lines, chain.begins(number))
        for number, log in enumerate(chain.logs)
        for place, one in enumerate(log.entries)
    ]


def company_file(world: World, party: str, seal: str, of: World | None = None) -> bytes:
    """The file that derives a party's inventory, as of a seal that was made in the world `of`."""
    chain = Chain.of(world)
    checkpoint, paths = paths_in(chain)
    event = sealed(world, seal)
    ground = (of or world).ground(event.period, event.size)
    lists = seal_lists(ground, rulepack.load(event.rules.version), event.view)
    chosen = choose_company([given(*one) for one in entries_of(chain)], party, seal)
    subject = InventorySubject(party=party, seal=seal)
    made = company_bundle(chosen, paths, checkpoint, subject, company_shown(lists, party))
    return write_bundle(made)


def figure_file(
    chain: Chain,
    figure: str,
    size: int,
    changed: Callable[[Entries], Entries] = lambda entries: entries,
) -> bytes:
    """The file that derives a figure as known at a size of the last log."""
    checkpoint, paths = paths_in(chain)
    whole = [given(*one)[0] for one in entries_of(chain) if one[0] < size]
    made = figure_bundle(whole, paths, checkpoint, figure)
    return write_bundle(Bundle(made.checkpoint, changed(made.entries), made.subject, made.further))


def a_figure(chain: Chain, size: int) -> tuple[str, str]:
    """Identifier and value of a figure of acme's report as known at a size."""
    whole = folded(chain)
    known = whole.known(("2026-01", "2027-01"), size, "acme")
    named = wanted("ghg-protocol", "acme", MONTHS, size)
    report = build(form_of("ghg-protocol"), known, named, [], {}).report
    return next((one.id, one.value) for one in report.figures() if one.value not in {"", "0"})


def verified(data: bytes, chain: Chain) -> Verdict:
    return verify_bundle(data, chain.last.vkey)


def defect(data: bytes, chain: Chain) -> str:
    with pytest.raises(LedgerError) as caught:
        verified(data, chain)
    return caught.value.defect


def indexes(data: bytes) -> list[int]:
    return [entry.index for entry in read_bundle(data).entries]


# --- company-inventory -----------------------------------------------------------------------------


@pytest.mark.parametrize("log", [second_log, third_log])
def test_a_partys_sums_are_derived_from_its_events_in_all_logs(log: Callable[[], Continuing]):
    world = log()
    seal = f"operator/seals@{world.heads['operator/seals'][0]}"
    data = company_file(world, "acme", seal)
    found = facts(verified(data, Chain.of(world)))
    assert found["strength"] == "re-derived"
    assert found["claim"] == {
        "party": "acme",
        "sums": {"CO2": {"biogenic": "0", "emitted": "6000000", "removed": "0"}},
    }
    assert found["not_excluded"] == [
        "another-history",
        "earlier-history",
        "later-seal",
        "other-parties",
    ]
    assert (indexes(data)[0], 0 in indexes(data)) == (-world.before, True)


def test_a_seal_of_an_earlier_log_is_derived_under_the_checkpoint_of_the_log_at_hand():
    world = second_log()
    data = company_file(world, "acme", "operator/seals@1", world.earlier)
    found = facts(verified(data, Chain.of(world)))
    assert found["strength"] == "re-derived"
    assert "5000000" in str(found["claim"])
    assert indexes(data)[-1] == 0


def test_a_party_that_came_later_needs_nothing_of_the_earlier_logs():
    world = third_log()
    world.source("bolt/yard/power", location="operator/grid@1")
    world.factor("own", CO2="0.1")
    world.seal()
    seal = f"operator/seals@{world.heads['operator/seals'][0]}"
    assert min(indexes(company_file(world, "bolt", seal))) == -world.before  # for its factor
    late = Continuing(second_log(), world.origin)
    late.open()
    late.party("bolt")
    late.factor("late", CO2="0.1")
    late.source("bolt/yard/power", location="operator/late@1")
    late.post("bolt", "bolt/yard/power", [reading(day(1), "P1D", "10")])
    late.seal()
    seal = f"operator/seals@{late.heads['operator/seals'][0]}"
    data = company_file(late, "bolt", seal)
    found = facts(verified(data, Chain.of(late)))
    assert (indexes(data)[0], found["strength"]) == (0, "re-derived")
    assert "earlier-history" not in str(found["not_excluded"])


@pytest.mark.parametrize(
    ("stream", "missed"),
    [(POWER, "left-out"), ("acme/keys", "key"), ("acme/register", "foreign")],
)
def test_an_entry_of_an_earlier_log_that_is_left_out_is_missed(stream: str, missed: str):
    world = second_log()
    chain = Chain.of(world)
    data = msgspec.json.decode(company_file(world, "acme", "operator/seals@2"))
    gone = next(one.index for one in world.log if one.entry.stream == stream)
    data["entries"] = [one for one in data["entries"] if one["index"] != gone]
    assert defect(msgspec.json.encode(data, order="sorted") + b"\n", chain) == missed


def test_an_entry_of_an_earlier_log_stands_under_the_root_that_its_successor_names():
    world = second_log()
    chain = Chain.of(world)
    data = msgspec.json.decode(company_file(world, "acme", "operator/seals@2"))
    entry = next(one for one in data["entries"] if one["index"] == -2)
    entry["path"][0] = entry["path"][0][::-1].lstrip("=") + "="
    assert defect(msgspec.json.encode(data, order="sorted") + b"\n", chain) in {"log-path", "form"}


# --- figure ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("log", [second_log, third_log])
def test_a_figure_is_derived_from_every_entry_of_every_log(log: Callable[[], Continuing]):
    world = log()
    chain = Chain.of(world)
    figure, value = a_figure(chain, world.size)
    data = figure_file(chain, figure, world.size)
    found = facts(verified(data, chain))
    assert found["strength"] == "re-derived"
    assert found["claim"] == {"figure": figure, "unit": "mg", "value": value}
    assert found["not_excluded"] == ["another-history", "earlier-history", "later-change"]
    assert indexes(data) == list(range(-world.before, world.size))


def test_a_figure_of_size_0_is_that_of_the_earlier_logs_end():
    world = second_log()
    chain = Chain.of(world)
    figure, value = a_figure(chain, 0)
    assert value == "5000000"
    found = facts(verified(figure_file(chain, figure, 1), chain))
    assert found["claim"] == {"figure": figure, "unit": "mg", "value": value}
    assert defect(figure_file(chain, figure, 2), chain) == "foreign"


def drop(index: int) -> Callable[[Entries], Entries]:
    return lambda entries: tuple(one for one in entries if one.index != index)


def test_a_figure_needs_every_entry_of_every_log():
    world = third_log()
    chain = Chain.of(world)
    figure, _ = a_figure(chain, world.size)
    for index in range(-world.before, world.size):
        opening = index in {chain.begins(number) for number in range(3)}
        found = defect(figure_file(chain, figure, world.size, drop(index)), chain)
        assert found == ("opening" if opening else "left-out"), index


@pytest.mark.parametrize("log", [0, 1])
def test_a_file_that_does_not_reach_back_to_the_oldest_log_is_not_whole(log: int):
    world = third_log()
    chain = Chain.of(world)
    figure, _ = a_figure(chain, world.size)
    begins = chain.begins(log + 1)
    data = figure_file(
        chain, figure, world.size, lambda all_: tuple(one for one in all_ if one.index >= begins)
    )
    assert defect(data, chain) == "left-out"


@pytest.mark.parametrize("member", ["heads_root", "heads_count"])
def test_what_an_opening_says_of_the_heads_before_it_is_compared(member: str):
    """Other kinds take this for the operator's word; here all that it follows from is at hand."""
    chain = Chain.of(second_log().earlier)
    size = 1
    figure, _ = a_figure(chain, len(chain.last.entries))
    figure = figure.replace(f":{len(chain.last.entries)}:", f":{size}:")
    wrong = 1 if member == "heads_count" else "0" * 64
    chain.open("ledger.example/second", end={member: wrong})
    assert defect(figure_file(chain, figure, size), chain) == "rule"

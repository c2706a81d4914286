"""Files that derive everything: a party's inventory from all of its events, a figure from all entries."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from ledger.carbon.reports.catalogue import build, form_of, wanted
from ledger.errors import LedgerError
from ledger.log.bundle import BundleEntry, BundleEvent, WholeEntry
from ledger.log.hashes import Hash
from ledger.log.names import party_of
from ledger.log.tree import paths_of
from ledger.provenance import Verdict, facts, verify_bundle
from tests.unit.whole.test_ledger import world
from tests.unit.whole_files import Entries, company_file, entry_of, figure_file
from tests.unit.world import LOG, World, after, key_of, reading

__all__ = ["world"]  # a fixture

SEAL = "operator/seals@3"


def verified(data: bytes) -> Verdict:
    return verify_bundle(data, LOG)


def defect(data: bytes) -> str:
    with pytest.raises(LedgerError) as caught:
        verify_bundle(data, LOG)
    return caught.value.defect


# --- company-inventory -----------------------------------------------------------------------------


@pytest.mark.parametrize("party", ["acme", "bolt", "park-homes"])
@pytest.mark.parametrize("seal", ["operator/seals@1", "operator/seals@2", SEAL])
def test_a_partys_sealed_sums_are_derived_from_its_events(world: World, party: str, seal: str):
    verdict = verified(company_file(world, party, seal))
    found = facts(verdict)
    assert found["kind"] == "company-inventory"
    assert found["strength"] == "re-derived"
    assert found["not_excluded"] == ["another-history", "later-seal", "other-parties"]
    claim = found["claim"]
    assert isinstance(claim, dict)
    assert claim["party"] == party
    assert bool(claim["sums"]) == (party != "park-homes")


def test_the_file_shows_no_reading_of_another_party(world: World):
    data = company_file(world, "acme", SEAL)
    assert b'"bolt/plant/power/' not in data
    streams = {
        entry_of(world, msgspec.structs.replace(NOWHERE, index=index)).stream
        for index in indexes(data)
    }
    assert {party_of(stream) for stream in streams} == {"acme", "bolt", "operator"}
    assert "bolt/plant/power" not in streams
    assert "acme/plant/power/corrections" in streams


NOWHERE = BundleEntry((), 0, b"", ())


def indexes(data: bytes) -> list[int]:
    return [entry["index"] for entry in msgspec.json.decode(data)["entries"]]


def without(stream: str, at: int = 0) -> Callable[[Entries], Entries]:
    """The file without one entry of a stream; -1 is the last one."""

    def changed(entries: Entries) -> Entries:
        named = [e for e in entries if streams[e.index] == stream]
        return tuple(e for e in entries if e is not named[at])

    return changed


streams: dict[int, str] = {}


@pytest.fixture(autouse=True)
def _streams(world: World) -> None:
    streams.clear()
    streams.update({logged.index: logged.entry.stream for logged in world.log})


def test_a_reading_that_is_left_out_in_the_midst_is_noticed(world: World):
    assert defect(company_file(world, "acme", SEAL, without("acme/plant/power"))) == "left-out"


@pytest.mark.parametrize("stream", ["acme/plant/power", "acme/plant/power/corrections"])
def test_a_last_entry_that_is_left_out_is_noticed_by_the_heads(world: World, stream: str):
    assert defect(company_file(world, "acme", SEAL, without(stream, -1))) == "seal"


def test_a_transfer_that_nothing_shown_answers_is_foreign(world: World):
    """The last entry of the register acknowledges it."""
    assert defect(company_file(world, "acme", SEAL, without("acme/register", -1))) == "foreign"


def test_a_stream_that_is_left_out_whole_is_noticed_by_the_heads(world: World):
    assert defect(company_file(world, "acme", SEAL, without("acme/plant/own"))) == "seal"


def test_an_entry_that_the_inventory_does_not_stand_on_is_refused(world: World):
    leaves = [logged for logged in world.log if logged.entry.stream == "bolt/plant/power"]
    other = leaves[0]

    def changed(entries: Entries) -> Entries:
        path = whole_paths(world)[other.index]
        extra = WholeEntry(other.lines, other.entry.types, other.index, other.jws, path)
        return tuple(sorted((*entries, extra), key=lambda one: one.index))

    assert defect(company_file(world, "acme", SEAL, changed)) == "foreign"


def test_a_part_of_an_entry_of_the_party_is_not_enough(world: World):
    def changed(entries: Entries) -> Entries:
        return tuple(
            cut(world, e) if streams[e.index] == "acme/plant/power" else e for e in entries
        )

    assert defect(company_file(world, "acme", SEAL, changed)) == "left-out"


def cut(world: World, entry: BundleEntry | WholeEntry) -> BundleEntry:
    """The first event of an entry alone."""
    logged = world.log[entry.index]
    (path,) = paths_of(logged.leaves, [0]).values()
    previous = "0" * 64 if logged.entry.first == 1 else logged.leaves[0].hex()
    if logged.entry.first > 1:
        before = [one for one in world.log if one.entry.stream == logged.entry.stream]
        previous = before[before.index(logged) - 1].leaves[-1].hex()
    event = BundleEvent(logged.lines[0], path, 0, previous)
    return BundleEntry((event,), entry.index, entry.jws, entry.path)


def whole_paths(world: World) -> dict[int, tuple[Hash, ...]]:
    from tests.unit.whole_files import paths_in

    return paths_in(world)[1]


def test_a_line_that_was_changed_is_noticed(world: World):
    data = company_file(world, "acme", SEAL).replace(b'"quantity":"1.25"', b'"quantity":"2.25"')
    assert defect(data) == "event-path"


def test_lines_that_change_places_are_noticed(world: World):
    def changed(entries: Entries) -> Entries:
        return tuple(
            msgspec.structs.replace(e, lines=e.lines[::-1])
            if isinstance(e, WholeEntry) and len(e.lines) > 1
            else e
            for e in entries
        )

    assert defect(company_file(world, "acme", SEAL, changed)) == "event-path"


def test_sums_that_the_operator_sealed_otherwise_are_noticed(world: World):
    """The line of another party is in the list too: it is not this one's."""
    data = msgspec.json.decode(company_file(world, "acme", SEAL))
    other = msgspec.json.decode(company_file(world, "bolt", SEAL))
    data["company"] = other["company"]
    assert defect(as_file(data)) == "subject"


def as_file(value: object) -> bytes:
    return msgspec.json.encode(value, order="sorted") + b"\n"


@pytest.mark.parametrize("member", ["data", "index", "jws", "path"])
def test_a_whole_entry_has_exactly_its_members(world: World, member: str):
    data = msgspec.json.decode(company_file(world, "acme", SEAL))
    entry = next(one for one in data["entries"] if "data" in one)
    del entry[member]
    assert defect(as_file(data)) == "form"
    entry[member] = 7
    assert defect(as_file(data)) == "form"


def test_other_kinds_hold_no_whole_entries(world: World):
    data = msgspec.json.decode(company_file(world, "acme", SEAL))
    data["kind"] = "company-total"
    assert defect(as_file(data)) == "form"


# --- figure ----------------------------------------------------------------------------------------


def figures(world: World, report: str, party: str | None, size: int) -> dict[str, str]:
    """Every figure of a report as known at a size, by identifier."""
    whole = wanted(report, party, ("2018-01", "2018-12"), size)
    form = form_of(report)
    known = world.at(size).known("2018-01", "2019-01", party=party)
    since = [world.at(at).known(*months, party=party) for months, at in form.earlier(known, party)]
    ground = world.ground(("2018-01", "2019-01"), size)
    built = build(form, known, whole, since, ground.readings if party else {})
    return {one.id: one.value for one in built.report.figures()}


@pytest.mark.parametrize(
    ("report", "party"),
    [("ghg-protocol", "acme"), ("iso-14064-1", "acme"), ("area-views", None), ("gpc", None)],
)
def test_figures_of_reports_are_derived_from_all_entries(
    world: World, report: str, party: str | None
):
    size = world.size - 2
    found = figures(world, report, party, size)
    assert found
    for figure in [*found][:: max(len(found) // 5, 1)]:
        verdict = verified(figure_file(world, figure, size))
        assert verdict.strength == "re-derived"
        assert verdict.claim["figure"] == figure
        assert verdict.claim["value"] == found[figure]
        assert verdict.not_excluded == ("another-history", "later-change")


@pytest.fixture
def figure(world: World) -> str:
    return next(iter(figures(world, "ghg-protocol", "acme", world.size)))


@pytest.mark.parametrize("at", [1, 7, -1])
def test_an_entry_that_is_left_out_is_noticed(world: World, figure: str, at: int):
    def changed(entries: Entries) -> Entries:
        left = list(entries)
        del left[at]
        return tuple(left)

    assert defect(figure_file(world, figure, world.size, changed)) == "left-out"


def test_a_file_without_the_opening_is_refused(world: World, figure: str):
    assert defect(figure_file(world, figure, world.size, lambda entries: entries[1:])) == "opening"


def test_more_entries_than_the_figure_knew_are_refused(world: World):
    figure = next(iter(figures(world, "ghg-protocol", "acme", world.size - 1)))
    assert defect(figure_file(world, figure, world.size)) == "foreign"


def test_a_figure_that_no_report_has_is_refused(world: World, figure: str):
    for other in (figure + ":x", figure.replace("acme", "nobody"), figure.replace("ghg", "abc")):
        assert defect(figure_file(world, other, world.size)) == "subject"
    assert defect(figure_file(world, "no identifier", world.size)) == "form"


def test_a_file_in_which_an_author_saw_another_history_is_refused(world: World, figure: str):
    from ledger.log import batch
    from ledger.log.batch import Seen
    from ledger.log.canonical import encode_struct
    from tests.unit.world import SIGNED_AT, Logged

    version, leaf = world.heads["acme/plant/power"]
    start = "2018-03-01T00:00:00+08:00"
    event = reading(start, after(start, "PT1H"), "1")
    body = batch.build(
        key_of("acme"),
        LOG,
        "acme/plant/power",
        version + 1,
        leaf,
        [("ActivityRecorded", encode_struct(event))],
        Seen(root="0" * 64, size=3),
        SIGNED_AT,
    )
    logged: Logged = world.submit(body)
    assert logged.index == world.size - 1
    later = figure.replace(f":{world.size - 1}:", f":{world.size}:")
    assert defect(figure_file(world, later, world.size)) == "statement"

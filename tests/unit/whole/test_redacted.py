"""A log is folded from its stored lines when data was taken out of it, and comes to the same.

Source: formats, section 10; specification, redactions and bundles.
"""

from __future__ import annotations

import json

import msgspec
import pytest

from ledger.carbon.reports.catalogue import wanted
from ledger.errors import Damaged, LedgerError, ProofFailed
from ledger.log.checkpoint import Checkpoint
from ledger.provenance import Verdict, facts, verify_bundle
from ledger.whole.ledger import WholeLedger
from ledger.whole.report import report_of
from tests.unit.carbon.redaction.erasing import confirm, redact, without_data
from tests.unit.test_provenance_witnesses import KEY, NAME, TRUSTED, cosigned
from tests.unit.whole_files import Entries, company_file, figure_file
from tests.unit.world import LOG, ORIGIN, World, reading

POWER, OTHER = "acme/plant/power", "bolt/plant/power"
QUARTER = f"{POWER}@2"
YEAR = ("2026-01", "2027-01")
Stored = list[tuple[bytes, list[bytes]]]


def at(hour: int) -> str:
    return f"2026-01-01T{hour:02d}:00:00+08:00"


@pytest.fixture
def world() -> World:
    """Two parties, a seal before the redaction of a reading of the first, and one after it."""
    world = World()
    world.factor("grid", CO2="0.5827")
    for party, stream in (("acme", POWER), ("bolt", OTHER)):
        world.party(party)
        world.source(stream, location="operator/grid@1")
        world.post(party, stream, [reading(at(hour), "PT1H", "3.17") for hour in range(4)])
    world.seal("companies", "2026")
    confirm(world, redact(world, QUARTER))
    world.post("acme", POWER, [reading(at(4), "PT1H", "1")])
    world.seal("companies", "2026")
    return world


def stored(world: World, *events: str) -> Stored:
    """The entries as they are stored when the data of these events is gone."""
    return [(logged.jws, without_data(logged, events)) for logged in world.log]


def folded(entries: Stored, read_first: Stored | None = None) -> WholeLedger:
    """The ledger of these entries, their redactions read first, or those of other entries."""
    whole = WholeLedger(LOG)
    for jws, lines in entries if read_first is None else read_first:
        whole.look_at(jws, lines)
    for jws, lines in entries:
        whole.add(jws, lines)
    return whole


def erase(world: World, *events: str) -> None:
    """Let the world's own log hold the lines as they are stored."""
    world.log[:] = [
        msgspec.structs.replace(logged, lines=tuple(without_data(logged, events)))
        for logged in world.log
    ]


def test_the_same_is_known_at_every_size_whether_or_not_the_data_is_there(world: World):
    whole, again = folded(stored(world)), folded(stored(world, QUARTER))
    for size in range(2, whole.size + 1):
        assert again.known(YEAR, size) == whole.known(YEAR, size)
    assert dict(again.fold.state.stored()) == dict(whole.fold.state.stored())
    assert again.root == whole.root
    assert (again.gone(), whole.gone()) == ([QUARTER], [])
    again.check(Checkpoint(ORIGIN, again.size, again.root))


def test_data_that_is_gone_without_a_redaction_is_not_folded(world: World):
    with pytest.raises(Damaged, match=f"{POWER}@3: its data is gone"):
        folded(stored(world, f"{POWER}@3"))
    with pytest.raises(Damaged, match=f"{QUARTER}: its data is gone"):
        folded(stored(world, QUARTER), read_first=[])


def test_a_checkpoint_before_the_confirmation_is_not_vouched_for(world: World):
    entries = stored(world, QUARTER)
    whole = WholeLedger(LOG)
    for jws, lines in entries:
        whole.look_at(jws, lines)
    for index, (jws, lines) in enumerate(entries):
        if index == world.size - 3:  # the confirmation
            break
        whole.add(jws, lines)
    with pytest.raises(ProofFailed, match=f"the data of {QUARTER} is gone"):
        whole.check(Checkpoint(ORIGIN, whole.size, whole.root))


def test_what_was_read_ahead_must_be_what_the_log_says(world: World):
    entries = stored(world, QUARTER)
    other = World()
    other.factor("grid", CO2="0.5827")
    other.party("acme")
    other.source(POWER, location="operator/grid@1")
    other.post("acme", POWER, [reading(at(hour), "PT1H", "3.18") for hour in range(4)])
    confirm(other, redact(other, QUARTER))
    with pytest.raises(LedgerError):
        folded(entries, read_first=stored(other))


# --- files that derive everything -------------------------------------------------------------------


def verified(data: bytes) -> Verdict:
    return verify_bundle(data, LOG)


def defect(data: bytes) -> str:
    with pytest.raises(LedgerError) as caught:
        verified(data)
    return caught.value.defect


def figures(world: World, party: str, size: int) -> dict[str, str]:
    """Every figure of a party's report as known at a size, by identifier."""
    asked = wanted("ghg-protocol", party, ("2026-01", "2026-12"), size)
    report = report_of(folded(stored(world)).fold, asked).report
    return {one.id: one.value for one in report.figures()}


@pytest.mark.parametrize("back", [0, 4])
def test_a_figure_is_derived_over_a_redacted_reading_and_says_so(world: World, back: int):
    size = world.size - back
    found, others = figures(world, "acme", size), figures(world, "bolt", size)
    erase(world, QUARTER)
    confirmed = world.size - 2
    held = max(size, confirmed)
    for figure, value in [*found.items()][:: max(len(found) // 5, 1)]:
        verdict = verified(figure_file(world, figure, held))
        assert (verdict.strength, verdict.withheld) == ("sealed", (QUARTER,))
        assert verdict.claim["value"] == value
        assert any(QUARTER in note for note in verdict.notes)
    assert verified(figure_file(world, next(iter(others)), held)).strength == "re-derived"


def test_a_figures_file_ends_with_the_confirmation_of_what_is_gone_from_it(world: World):
    size = world.size - 4
    figure = next(iter(figures(world, "acme", size)))
    erase(world, QUARTER)
    assert defect(figure_file(world, figure, size)) == "left-out"
    assert defect(figure_file(world, figure, world.size - 3)) == "left-out"
    assert defect(figure_file(world, figure, world.size - 1)) == "foreign"


def test_a_partys_inventory_is_derived_over_a_redacted_reading_and_says_so(world: World):
    before = verified(company_file(world, "acme", "operator/seals@2"))
    erase(world, QUARTER)
    after = verified(company_file(world, "acme", "operator/seals@2"))
    assert (before.strength, after.strength) == ("re-derived", "sealed")
    assert after.claim == before.claim
    assert facts(after)["withheld"] == [QUARTER]
    assert any(QUARTER in note for note in after.notes)
    unconcerned = verified(company_file(world, "bolt", "operator/seals@2"))
    assert (unconcerned.strength, unconcerned.withheld) == ("re-derived", ())


def test_a_witness_that_replays_need_not_have_read_what_is_gone(world: World):
    erase(world, QUARTER)
    data = cosigned(company_file(world, "acme", "operator/seals@2"), KEY, NAME)
    replaying = TRUSTED[:1]
    verdict = verify_bundle(data, LOG, replayed=replaying)
    assert [one.witness for one in verdict.replayed] == [replaying[0].name]
    assert verdict.strength == "sealed"


def test_a_file_of_an_inventory_without_the_confirmation_is_refused(world: World):
    erase(world, QUARTER)

    def without(entries: Entries) -> Entries:
        return tuple(one for one in entries if one.index != world.size - 3)

    assert defect(company_file(world, "acme", "operator/seals@2", without)) in ("left-out", "rule")


def test_a_redacted_line_in_a_file_is_that_of_its_very_data(world: World):
    erase(world, QUARTER)
    value = json.loads(company_file(world, "acme", "operator/seals@2"))
    line = next(
        data for entry in value["entries"] for data in entry.get("data", ()) if "salt" not in data
    )
    assert list(line) == ["data_hash", "type"]
    line["data_hash"] = "0" * 64
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True) + "\n"
    assert defect(data.encode()) == "event-path"

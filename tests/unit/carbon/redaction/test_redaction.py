"""The data of a reading goes; what it came to, its time and its place in the log stay.

Source: formats, section 10.
"""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from ledger import machine, verify
from ledger.carbon.events import (
    ActivityRecorded,
    EmissionMeasured,
    FactorAssigned,
    RegisterReading,
    SourceClosed,
)
from ledger.carbon.redaction.events import DataRedacted
from ledger.carbon.redaction.pieces import REDACTED, REDACTION, ErasedPiece
from ledger.errors import (
    BadBatch,
    BadValue,
    Conflict,
    Damaged,
    LedgerError,
    NotAuthorised,
    ProofFailed,
    RuleBroken,
)
from ledger.log.canonical import encode_struct
from ledger.log.redacted import Redacted, read_redacted, write_redacted
from ledger.machine import read_event
from ledger.provenance import facts, verify_bundle
from tests.unit.carbon.redaction.erasing import (
    assert_the_same,
    confirm,
    drafted,
    erased_in,
    folded_again,
    redact,
)
from tests.unit.proofs import Proofs
from tests.unit.world import LOG, World, body, installed, matched, profile, reading, removed, salt

POWER = "acme/plant/power"
BILLS = "acme/plant/bills"
QUARTER = f"{POWER}@2"


def at(hour: int, month: int = 1) -> str:
    return f"2026-{month:02d}-01T{hour:02d}:00:00+08:00"


@pytest.fixture
def world() -> World:
    world = World()
    world.party("acme")
    world.factor("grid", CO2="0.5827", N2O="0.0000000001")
    world.source(POWER, location="operator/grid@1")
    world.source(BILLS, kind="discrete", location="operator/grid@1")
    hours = [reading(at(hour), "PT1H", "3.17", quality="H") for hour in range(4)]
    world.post("acme", POWER, hours)
    return world


# --- what goes and what stays ----------------------------------------------------------------------


def test_a_ledger_folded_without_the_data_of_a_reading_is_the_same_to_the_last_milligram(
    world: World,
):
    confirm(world, redact(world, QUARTER))
    world.post("acme", POWER, [reading(at(4), "PT1H", "1")])
    assert_the_same(folded_again(world, QUARTER), world)


@pytest.mark.parametrize("gone", [[], [QUARTER], [QUARTER, f"{POWER}@4"]])
def test_the_data_may_go_at_any_time_after_the_confirmation(world: World, gone: list[str]):
    for event in (QUARTER, f"{POWER}@4"):
        confirm(world, redact(world, event))
    assert_the_same(folded_again(world, *gone), world)


def test_a_profile_over_two_months_keeps_its_sums_its_gaps_and_its_estimates(world: World):
    quantities = ["1.5", None, "2", "0", None, "4.25"]
    late = profile("2026-01-31T22:00:00+08:00", 3600, quantities, estimated=(2, 3), quality="L")
    world.post("acme", POWER, [late])
    confirm(world, redact(world, f"{POWER}@5"))
    said = drafted(world, f"{POWER}@5")
    assert [(one.month, one.quantity, one.readings) for one in said.activity] == [
        ("2026-01", "1.5", 1),
        ("2026-02", "6.25", 3),
    ]
    assert said.effects.period is None
    assert said.effects.periods is not None
    assert len(said.effects.periods) == 3
    assert_the_same(folded_again(world, f"{POWER}@5"), world)
    # A gap of the profile is free, also when nobody can read the profile any more.
    world.post("acme", POWER, [reading("2026-01-31T23:00:00+08:00", "PT1H", "7")])
    assert_the_same(folded_again(world, f"{POWER}@5"), world)


def test_a_quantity_of_nothing_is_left_out_and_has_no_other_spelling(world: World):
    world.post("acme", POWER, [reading(at(9), "PT1H", "0")])
    said = drafted(world, f"{POWER}@5")
    line = encode_struct(said)
    assert b'"month":"2026-01","readings":1' in line
    assert read_event(line) == said
    spelled_out = line.replace(b'"readings":1', b'"quantity":"0","readings":1')
    with pytest.raises(BadValue):
        read_event(spelled_out)


def test_masses_that_are_rounded_to_nothing_are_counted_as_before(world: World):
    world.post("acme", POWER, [reading(at(9), "PT1H", "0.001")])
    confirm(world, redact(world, f"{POWER}@5"))
    said = drafted(world, f"{POWER}@5")
    assert [(one.gas, one.emitted, one.zeroed) for one in said.deltas] == [
        ("CO2", "583", 0),
        ("N2O", "0", 1),
    ]
    assert_the_same(folded_again(world, f"{POWER}@5"), world)


FIXED = {"biogenic", "emitted", "gas", "month", "removed", "role"}


def test_a_redaction_has_the_members_of_the_table_and_further_ones_only_where_they_say_something(
    world: World,
):
    said = json.loads(encode_struct(drafted(world, QUARTER)))
    assert set(said) - {"salt", "type", "activity"} == {
        "event", "who", "legal_basis", "data_hash", "deltas", "effects"
    }  # fmt: skip
    assert said["deltas"] == [
        {"biogenic": "0", "emitted": "1847159", "gas": "CO2", "month": "2026-01",
         "removed": "0", "role": "location"},
        {"biogenic": "0", "emitted": "0", "gas": "N2O", "month": "2026-01",
         "removed": "0", "role": "location", "zeroed": 1},
    ]  # fmt: skip
    assert said["effects"] == {"period": [at(1), at(2)]}


def test_a_mass_stands_in_the_column_in_which_its_gas_counts(world: World):
    stack, trees = "acme/plant/stack", "acme/plant/trees"
    world.source(stack, activity="process.lime", scope=1, unit="t")
    world.source(trees, activity="removal.trees", scope=1, unit="t", key_area="planning")
    masses = {"CFC-11": "3", "CH4_fossil": "0", "CO2": "5", "CO2_bio": "7"}
    for stream, amounts in ((stack, masses), (trees, {"CO2": "11"})):
        measured = EmissionMeasured(
            salt=salt(), period=(at(0), at(1)), masses_mg=amounts, method="stack meter"
        )
        world.post("acme", stream, [measured])
        confirm(world, redact(world, f"{stream}@1"))
    columns = [
        (one.gas, one.emitted, one.removed, one.biogenic, one.memo)
        for stream in (stack, trees)
        for one in drafted(world, f"{stream}@1").deltas
    ]
    assert columns == [
        ("CFC-11", "0", "0", "0", "3"),
        ("CH4_fossil", "0", "0", "0", "0"),
        ("CO2", "5", "0", "0", "0"),
        ("CO2_bio", "0", "0", "7", "0"),
        ("CO2", "0", "11", "0", "0"),
    ]
    line = encode_struct(drafted(world, f"{stack}@1").deltas[0])
    assert set(json.loads(line)) == FIXED | {"memo"}
    assert_the_same(folded_again(world, f"{stack}@1", f"{trees}@1"), world)


def test_another_unit_than_the_sources_is_said(world: World):
    units = ("MWh", "kWh", None)
    readings = [
        reading(at(hour), "PT1H", "0.001", **({"unit": unit} if unit else {}))
        for hour, unit in enumerate(units, start=8)
    ]
    world.post("acme", POWER, readings)
    said = [drafted(world, f"{POWER}@{version}") for version in (5, 6, 7)]
    assert [one.effects.unit for one in said] == ["MWh", None, None]
    assert [one.activity[0].quantity for one in said] == ["1", "0.001", "0.001"]
    with pytest.raises(RuleBroken, match="effects of a redaction"):
        redact(world, f"{POWER}@5", effects=msgspec.structs.replace(said[0].effects, unit=None))
    confirm(world, redact(world, f"{POWER}@5"))
    assert_the_same(folded_again(world, f"{POWER}@5"), world)


CASES = json.loads((Path(__file__).parents[4] / "schemas/vectors/redaction.json").read_bytes())


@pytest.mark.parametrize(
    ("case", "accepted"),
    [
        pytest.param(case, outcome == "accepted", id=case["name"])
        for outcome in ("accepted", "refused")
        for case in CASES[outcome]
        if "data" in case
    ],
)
def test_each_redaction_has_one_spelling_for_the_verifier_that_stands_alone_too(
    case: dict[str, str], *, accepted: bool
):
    data = json.loads(case["data"])
    members = verify.PLACES["redactions"][data["type"]]
    wrong = verify.wrong_member(f"salt:salt type:type {members}", data)
    assert (not wrong) == accepted
    if not accepted:
        with pytest.raises(LedgerError):
            read_event(case["data"].encode())


def test_a_reference_is_kept_as_a_hash_and_cannot_be_used_again(world: World):
    bill = reading(at(0), "P1D", "40", reference="MR-LI-2026-1")
    world.post("acme", BILLS, [bill])
    confirm(world, redact(world, f"{BILLS}@1"))
    assert not any("MR-LI-2026-1" in key for _, key in world.pieces())
    assert not any(b"MR-LI-2026-1" in value for value in world.pieces().values())
    with pytest.raises(Conflict, match=f"MR-LI-2026-1, of {BILLS}@1"):
        world.post("acme", BILLS, [msgspec.structs.replace(bill, salt=salt())])
    again = folded_again(world, f"{BILLS}@1")
    assert_the_same(again, world)
    with pytest.raises(Conflict, match=f"of {BILLS}@1"):
        again.post("acme", BILLS, [msgspec.structs.replace(bill, salt=salt())])


def test_time_of_a_reading_whose_data_is_gone_stays_covered(world: World):
    confirm(world, redact(world, QUARTER))
    again = folded_again(world, QUARTER)
    with pytest.raises(Conflict, match="is covered"):
        again.post("acme", POWER, [reading(at(1), "PT1H", "1")])


def test_a_register_goes_on_where_the_redacted_reading_ended(world: World):
    world.post("acme", POWER, [_metered(4, "100", "150"), _metered(5, "150", "210")])
    confirm(world, redact(world, f"{POWER}@6"))
    for ledger in (world, folded_again(world, f"{POWER}@6")):
        with pytest.raises(RuleBroken, match=f"from 210, where {POWER}@6 ended"):
            ledger.post("acme", POWER, [_metered(6, "211", "220")])
    world.post("acme", POWER, [_metered(6, "210", "220")])
    assert_the_same(folded_again(world, f"{POWER}@6"), world)


def test_a_meter_may_be_removed_after_its_last_reading_was_redacted(world: World):
    world.say("acme", installed(POWER, "m-1", at(4), "100"))
    world.post("acme", POWER, [_metered(5, "100", "150")])
    confirm(world, redact(world, f"{POWER}@5"))
    again = folded_again(world, f"{POWER}@5")
    with pytest.raises(RuleBroken, match="a time after its installation and its last reading"):
        again.say("acme", removed(POWER, "m-1", at(5), "150"))
    world.say("acme", removed(POWER, "m-1", at(7), "150"))
    assert_the_same(folded_again(world, f"{POWER}@5"), world)


def test_a_new_factor_counts_all_but_the_redacted_reading_again(world: World):
    confirm(world, redact(world, QUARTER))
    before = world.total()
    world.factor("lower", CO2="0.1")
    world.say("acme", _assigned("operator/lower@1"))
    one = 3_170 * 5_827 // 10
    assert before == 4 * one
    assert world.total() == one + 3 * 317_000  # only three of the four are counted anew
    assert_the_same(folded_again(world, QUARTER), world)


def test_a_source_cannot_be_closed_before_a_redacted_reading_ends(world: World):
    world.post("acme", POWER, [reading(at(9), "PT1H", "1")])
    confirm(world, redact(world, f"{POWER}@5"))
    for ledger in (world, folded_again(world, f"{POWER}@5")):
        with pytest.raises(RuleBroken, match=f"{POWER}@5 ends later"):
            ledger.say("acme", _closed(at(9)))


def test_what_was_asked_and_confirmed_is_kept_without_the_data(world: World):
    name = redact(world, QUARTER)
    assert world.state.get(REDACTED, POWER) is None
    confirmed = confirm(world, name)
    asked = world.state.get(REDACTION, name)
    assert asked is not None
    assert (asked.redacted, asked.confirmed, asked.who) == (QUARTER, confirmed, "the person")
    assert asked.legal_basis == "PIPL article 47"
    known = world.state.get(REDACTED, POWER)
    assert known is not None
    assert list(known.readings) == [QUARTER]


# --- what may not go -------------------------------------------------------------------------------


def test_a_redaction_that_nobody_confirmed_does_not_let_data_go(world: World):
    redact(world, QUARTER)
    with pytest.raises(Damaged, match=f"{QUARTER}: its data is gone"):
        folded_again(world, QUARTER)


def test_data_that_goes_without_any_redaction_is_noticed(world: World):
    with pytest.raises(Damaged, match="confirmed by the operator"):
        folded_again(world, QUARTER)


def test_a_redaction_of_one_event_does_not_let_another_go(world: World):
    confirm(world, redact(world, QUARTER))
    with pytest.raises(Damaged, match=f"{POWER}@3: its data is gone"):
        folded_again(world, f"{POWER}@3")


def test_only_the_hash_of_the_very_data_may_stand_in_its_place(world: World):
    confirm(world, redact(world, QUARTER))
    erased = erased_in(world)
    said = erased[QUARTER].said
    assert said is not None
    other = msgspec.structs.replace(said, data_hash="0" * 64)
    erased[QUARTER] = ErasedPiece(erased[QUARTER].index, other)
    with pytest.raises(Damaged, match="expected the hash 00"):
        folded_again(world, QUARTER, erased=erased)


def test_a_redacted_line_is_refused_in_a_submission():
    line = write_redacted(b'{"type":"ActivityRecorded"}', "ActivityRecorded")
    with pytest.raises(LedgerError):
        machine.read_events([line])
    assert machine.read_stored([line]) == (read_redacted(line),)


@pytest.mark.parametrize(
    "event", ["acme/keys@1", "acme/register@1", "operator/factors@1", "operator/ledger@1"]
)
def test_events_of_trust_registers_and_factors_stay(world: World, event: str):
    party = event.partition("/")[0]
    right = drafted(world, QUARTER, event=event)
    with pytest.raises(RuleBroken, match="a reading in a source stream"):
        world.post(party, f"{party}/redactions", [right])


def test_nobody_redacts_the_reading_of_another_party(world: World):
    world.party("other")
    with pytest.raises(RuleBroken, match="a source stream of other"):
        world.post("other", "other/redactions", [drafted(world, QUARTER)])
    with pytest.raises(NotAuthorised, match="another party"):
        world.post("other", "acme/redactions", [drafted(world, QUARTER)])


def test_a_corrected_reading_stays_and_so_does_its_correction(world: World):
    right = drafted(world, QUARTER)
    world.correct(QUARTER, body(at(1), "PT1H", "4"))
    with pytest.raises(RuleBroken, match=f"{POWER}/corrections@1 corrected"):
        world.post("acme", "acme/redactions", [right])
    of_correction = msgspec.structs.replace(right, event=f"{POWER}/corrections@1")
    with pytest.raises(RuleBroken, match="a source stream of acme"):
        world.post("acme", "acme/redactions", [of_correction])


def test_a_withdrawn_reading_stays(world: World):
    right = drafted(world, QUARTER)
    world.correct(QUARTER, None)
    with pytest.raises(RuleBroken, match=f"{POWER}/corrections@1 withdrew"):
        world.post("acme", "acme/redactions", [right])


def test_a_reading_that_was_counted_again_stays(world: World):
    world.factor("lower", CO2="0.1")
    world.say("acme", _assigned("operator/lower@1"))
    with pytest.raises(RuleBroken, match=f"entry {world.size - 1} counted again"):
        redact(world, QUARTER)


def test_a_register_reading_that_a_later_one_chains_to_stays(world: World):
    world.post("acme", POWER, [_metered(4, "100", "150"), _metered(5, "150", "210")])
    with pytest.raises(RuleBroken, match=f"{POWER}@6 chains to"):
        redact(world, f"{POWER}@5")


def test_the_register_at_which_a_meter_was_removed_stays(world: World):
    world.say("acme", installed(POWER, "m-1", at(4), "100"))
    world.post("acme", POWER, [_metered(5, "100", "150")])
    world.say("acme", removed(POWER, "m-1", at(7), "150"))
    with pytest.raises(RuleBroken, match="removed by acme/register@"):
        redact(world, f"{POWER}@5")


def test_a_reading_that_is_matched_by_the_hour_stays(world: World):
    world.source("acme/roof/solar", location="operator/grid@1")
    world.say("acme", matched(POWER, "acme/roof/solar", "2026-01", "hour"))
    with pytest.raises(RuleBroken, match="matched with another one by the hour"):
        redact(world, QUARTER)


def test_a_stream_with_a_redacted_reading_is_not_matched_by_the_hour(world: World):
    world.source("acme/roof/solar", location="operator/grid@1")
    confirm(world, redact(world, QUARTER))
    with pytest.raises(RuleBroken, match="whose data was redacted"):
        world.say("acme", matched(POWER, "acme/roof/solar", "2026-01", "hour"))
    world.say("acme", matched(POWER, "acme/roof/solar", "2026-01"))


def test_an_event_that_was_never_recorded_cannot_be_redacted(world: World):
    with pytest.raises(RuleBroken, match="recorded before"):
        world.post("acme", "acme/redactions", [drafted(world, QUARTER, event=f"{POWER}@9")])


@pytest.mark.parametrize("member", ["data_hash", "deltas", "activity", "effects"])
def test_a_redaction_says_exactly_what_follows_from_the_event(world: World, member: str):
    other = drafted(world, f"{POWER}@3")
    wrong = {
        "data_hash": other.data_hash,
        "deltas": (msgspec.structs.replace(other.deltas[0], emitted="1"),),
        "activity": (),
        "effects": other.effects,
    }[member]
    with pytest.raises(RuleBroken, match=f"{member} of a redaction of {QUARTER}"):
        redact(world, QUARTER, **{member: wrong})


def test_a_redacted_reading_is_not_redacted_or_confirmed_twice(world: World):
    first, second = redact(world, QUARTER), redact(world, QUARTER)
    confirm(world, second)
    with pytest.raises(Conflict, match=f"done already, by {second}"):
        confirm(world, first)
    with pytest.raises(Conflict, match=f"confirmation of {second}.*done already"):
        confirm(world, second)
    with pytest.raises(Conflict, match=f"{second} redacted"):
        redact(world, QUARTER)
    assert_the_same(folded_again(world, QUARTER), world)


def test_a_redacted_reading_is_not_corrected(world: World):
    confirm(world, redact(world, QUARTER))
    for ledger in (world, folded_again(world, QUARTER)):
        with pytest.raises(RuleBroken, match="a reading whose data is there"):
            ledger.correct(QUARTER, body(at(1), "PT1H", "4"))


# --- who confirms ----------------------------------------------------------------------------------


def test_only_the_operator_confirms(world: World):
    name = redact(world, QUARTER)
    with pytest.raises(RuleBroken, match="the operator's, in operator/redactions"):
        confirm(world, name, by="acme")


def test_only_a_redaction_is_confirmed(world: World):
    redact(world, QUARTER)
    with pytest.raises(RuleBroken, match="the name of a DataRedacted"):
        confirm(world, QUARTER)


def test_what_changed_since_it_was_asked_for_is_not_confirmed(world: World):
    name = redact(world, QUARTER)
    world.correct(QUARTER, body(at(1), "PT1H", "4"))
    with pytest.raises(RuleBroken, match="corrections@1 corrected"):
        confirm(world, name)


# --- the line --------------------------------------------------------------------------------------


def test_the_line_is_that_of_the_formats():
    data = encode_struct(reading(at(0), "PT1H", "1"))
    line = write_redacted(data, "ActivityRecorded")
    assert list(json.loads(line)) == ["data_hash", "type"]
    assert read_redacted(line) == Redacted(json.loads(line)["data_hash"], "ActivityRecorded")


def test_an_event_that_redacts_is_no_redacted_line(world: World):
    line = encode_struct(drafted(world, QUARTER))
    assert line.startswith(b'{"activity":')
    assert isinstance(machine.read_stored([line])[0], DataRedacted)


def test_lines_that_follow_from_another_hash_do_not_chain(world: World):
    confirm(world, redact(world, QUARTER))
    logged = world.log[5]
    assert logged.entry.stream == POWER
    forged = [write_redacted(b"{}", "ActivityRecorded"), *logged.lines[1:]]
    world.log[5] = msgspec.structs.replace(logged, lines=tuple(forged))
    with pytest.raises(BadBatch, match="the lines do not give the signed head"):
        folded_again(world)


def _metered(hour: int, from_: str, to: str) -> ActivityRecorded:
    register = RegisterReading(meter="m-1", from_=from_, to=to, digits=5, multiplier="1")
    return reading(at(hour), "PT1H", str(int(to) - int(from_)), register=register)


def _assigned(factor: str) -> FactorAssigned:

    return FactorAssigned(
        salt=salt(), source=POWER, role="location", factor=factor, from_=at(0), reason="better"
    )


def _closed(when: str) -> SourceClosed:

    return SourceClosed(salt=salt(), source=POWER, at=when, reason="taken down")


# --- proofs ----------------------------------------------------------------------------------------


def test_the_removal_of_a_meter_is_proven_without_its_last_reading_and_says_so(world: World):
    world.say("acme", installed(POWER, "m-1", at(4), "100"))
    world.post("acme", POWER, [_metered(5, "100", "150")])
    last = f"{POWER}@5"
    confirm(world, redact(world, last))
    removal = world.say("acme", removed(POWER, "m-1", at(7), "150"))
    shown = verify_bundle(Proofs(world).event(removal), LOG)
    hidden = Proofs(world, withheld=[last], extra=[last]).event(removal)
    verdict = verify_bundle(hidden, LOG)
    assert (shown.strength, shown.withheld) == ("re-derived", ())
    assert (verdict.strength, verdict.withheld) == ("logged", (last,))
    assert verify.verify(hidden, verify.Trust.of(LOG)).facts == facts(verdict)
    # Whoever leaves it out of the file altogether shows a meter that ends where none has stood.
    with pytest.raises(ProofFailed, match="register of m-1"):
        verify_bundle(Proofs(world, left_out=[last]).event(removal), LOG)

"""A bundle's figure is derived again from its entries, and is that of the event asked about alone.

Source: formats, section 8.
"""

from __future__ import annotations

from typing import Any

import pytest

from ledger.carbon.events import FactorAssigned
from ledger.errors import BadBundle, LedgerError, ProofFailed
from ledger.log.jws import possession_proof
from ledger.parties.events import KeyRecovered, KeyRevoked
from ledger.provenance import Verdict, says, verify_bundle
from tests.unit.world import LOG, World, authorisation, body, correction, jwk, key_of, reading, salt

POWER = "acme/plant/power"
FIXES = f"{POWER}/corrections"
T0 = "2018-01-01T00:00:00+08:00"
T1 = "2018-01-02T00:00:00+08:00"
GROUNDS = ("acme/register@1", "acme/register@2", "operator/factors@1")


@pytest.fixture
def world() -> World:
    world = World()
    world.party("acme")
    world.factor("grid", CO2="0.5")
    world.source(POWER, location="operator/grid@1")
    world.post("acme", POWER, [reading(T0, "P1D", "10"), reading(T1, "P1D", "70")])
    return world


def masses(verdict: Verdict) -> dict[str, int]:
    claimed: Any = verdict.claim
    return {
        f"{month} {role} {gas}": int(mg)
        for month, roles in claimed["masses"].items()
        for role, gases in roles.items()
        for gas, mg in gases.items()
    }


def test_the_figure_of_a_reading_is_derived_again(world: World):
    verdict = verify_bundle(world.bundle(f"{POWER}@1", *GROUNDS), LOG)
    assert masses(verdict) == {"2018-01 location CO2": 5_000_000}
    assert (verdict.strength, verdict.claim["party"], verdict.claim["type"]) == (
        "re-derived",
        "acme",
        "ActivityRecorded",
    )
    assert verdict.finding.about["author"] == "Acme (acme)"
    assert (verdict.claim["index"], verdict.size) == (world.size - 1, world.size)
    assert verdict.not_excluded == ("another-history", "later-change")
    assert "later correction or revocation" in says(verdict, "later-change")


def test_an_event_that_the_subject_does_not_rest_on_is_refused(world: World):
    world.factor("other")
    world.party("beta")
    for extra in (f"{POWER}@2", "operator/factors@2", "beta/keys@1"):
        left_out = [] if extra == "beta/keys@1" else ["beta/keys@1"]
        with pytest.raises(ProofFailed, match="does not rest on it"):
            verify_bundle(world.bundle(f"{POWER}@1", extra, *GROUNDS, left_out=left_out), LOG)


@pytest.mark.parametrize("other", [*GROUNDS, "acme/keys@1", "operator/ledger@1"])
def test_another_event_of_the_file_cannot_be_made_its_subject(world: World, other: str):
    data = world.bundle(f"{POWER}@1", *GROUNDS)
    changed = data.replace(f'{{"event":"{POWER}@1"}}'.encode(), f'{{"event":"{other}"}}'.encode())
    assert changed != data
    with pytest.raises(ProofFailed, match="does not rest on it"):
        verify_bundle(changed, LOG)


def test_a_factor_that_came_late_counts(world: World):
    world.factor("grid", CO2="0.4", version="2")
    world.post("acme", "acme/register", [late_factor()])
    shown = (*GROUNDS, "operator/factors@2", "acme/register@3")
    verdict = verify_bundle(world.bundle(f"{POWER}@1", *shown), LOG)
    assert masses(verdict) == {"2018-01 location CO2": 4_000_000}


def late_factor() -> FactorAssigned:
    return FactorAssigned(
        salt=salt(),
        source=POWER,
        role="location",
        factor="operator/grid@2",
        from_=T0,
        reason="late",
    )


def test_corrections_count_and_are_named(world: World):
    world.correct(f"{POWER}@1", body(T0, "P1D", "12"))
    world.correct(f"{POWER}@1", body(T0, "P1D", "14"), f"{FIXES}@1")
    shown = (*GROUNDS, f"{FIXES}@1", f"{FIXES}@2")
    verdict = verify_bundle(world.bundle(f"{POWER}@1", *shown), LOG)
    assert masses(verdict) == {"2018-01 location CO2": 7_000_000}
    assert verdict.claim["corrected_by"] == f"{FIXES}@2"
    of_correction = verify_bundle(world.bundle(f"{FIXES}@2", f"{POWER}@1", *shown), LOG)
    assert masses(of_correction) == masses(verdict)


def test_two_corrections_in_one_batch_are_followed(world: World):
    first = correction(f"{POWER}@1", body(T0, "P1D", "12"))
    second = correction(f"{POWER}@1", body(T0, "P1D", "14"), f"{FIXES}@1")
    world.post("acme", FIXES, [first, second])
    shown = (*GROUNDS, f"{FIXES}@1", f"{FIXES}@2")
    assert masses(verify_bundle(world.bundle(f"{POWER}@1", *shown), LOG)) == {
        "2018-01 location CO2": 7_000_000
    }


def test_a_withdrawal_leaves_no_mass(world: World):
    world.correct(f"{POWER}@1", None)
    verdict = verify_bundle(world.bundle(f"{POWER}@1", *GROUNDS, f"{FIXES}@1"), LOG)
    assert verdict.claim["withdrawn"]
    assert masses(verdict) == {}


def test_a_correction_in_the_midst_cannot_be_left_out(world: World):
    world.correct(f"{POWER}@1", body(T0, "P1D", "12"))
    world.correct(f"{POWER}@1", body(T0, "P1D", "14"), f"{FIXES}@1")
    with pytest.raises(ProofFailed, match="refers to what is not in the file"):
        verify_bundle(world.bundle(f"{POWER}@1", *GROUNDS, f"{FIXES}@2"), LOG)


@pytest.mark.parametrize("missing", GROUNDS)
def test_what_a_reading_rests_on_cannot_be_left_out(world: World, missing: str):
    shown = [name for name in GROUNDS if name != missing]
    with pytest.raises(ProofFailed, match=r"does not hold|does not rest on it"):
        verify_bundle(world.bundle(f"{POWER}@1", *shown), LOG)


def test_withheld_data_weakens_the_verdict_and_is_named(world: World):
    world.factor("grid", CO2="0.4", version="2")
    world.post("acme", "acme/register", [late_factor()])
    bundle = world.bundle(f"{POWER}@1", *GROUNDS, withheld=["acme/register@3"])
    verdict = verify_bundle(bundle, LOG)
    assert (verdict.strength, verdict.withheld) == ("logged", ("acme/register@3",))
    assert verdict.claim["masses"] == {}
    hidden = verify_bundle(world.bundle(f"{POWER}@1", withheld=[f"{POWER}@1"]), LOG)
    assert (hidden.strength, hidden.finding.data, hidden.claim["masses"]) == ("logged", None, {})


def test_a_bundle_for_another_log_is_refused(world: World):
    other = LOG.replace("ledger.example/log", "ledger.example/other")
    with pytest.raises(LedgerError):
        verify_bundle(world.bundle(f"{POWER}@1", *GROUNDS), other)


def test_entry_0_cannot_be_left_out(world: World):
    bundle = world.bundle(f"{POWER}@1", *GROUNDS, left_out=["operator/ledger@1"])
    with pytest.raises(ProofFailed):
        verify_bundle(bundle, LOG)


def test_the_registration_of_a_party_cannot_be_left_out(world: World):
    bundle = world.bundle(f"{POWER}@1", *GROUNDS, left_out=["acme/keys@1"])
    with pytest.raises(LedgerError):
        verify_bundle(bundle, LOG)


# --- keys --------------------------------------------------------------------------------------


def revocation(name: str, compromised_from: int | None = None) -> KeyRevoked:
    return KeyRevoked(
        salt=salt(),
        key=key_of(name).public.thumbprint,
        reason="lost",
        compromised_from=compromised_from,
    )


def test_a_key_event_in_the_midst_of_its_stream_cannot_be_left_out(world: World):
    world.key("acme", "meter", "acme/")
    world.post("acme", "acme/keys", [revocation("meter")])
    world.key("acme", "second", "acme/")
    bundle = world.bundle(f"{POWER}@1", *GROUNDS, left_out=["acme/keys@3"])
    with pytest.raises(ProofFailed, match="left out of the file"):
        verify_bundle(bundle, LOG)


def test_the_first_event_of_a_batch_of_keys_cannot_be_left_out(world: World):
    both = [authorisation("acme", "meter", "acme/"), authorisation("acme", "second", "acme/")]
    world.post("acme", "acme/keys", both)
    bundle = world.bundle(f"{POWER}@1", *GROUNDS, left_out=["acme/keys@2"])
    with pytest.raises(ProofFailed, match="left out of the file"):
        verify_bundle(bundle, LOG)


def test_a_file_about_a_key_event_ends_with_it(world: World):
    world.key("acme", "meter", "acme/")
    others = [f"acme/keys@{version}" for version in (1, 2)]
    assert verify_bundle(world.bundle(others[1]), LOG).subject == {"event": others[1]}
    with pytest.raises(ProofFailed, match="does not rest on it"):
        verify_bundle(world.bundle(others[0]), LOG)


def test_a_withheld_registration_does_not_pass_for_one_that_stands_alone(world: World):
    bundle = world.bundle(f"{POWER}@1", *GROUNDS, withheld=["acme/keys@1"])
    with pytest.raises(ProofFailed):
        verify_bundle(bundle, LOG)


def test_a_disputed_entry_is_noted_and_its_figure_stays(world: World):
    world.post("operator", "acme/keys", [revocation("acme", compromised_from=world.size - 1)])
    verdict = verify_bundle(world.bundle(f"{POWER}@1", *GROUNDS), LOG)
    assert masses(verdict) == {"2018-01 location CO2": 5_000_000}
    assert any(f"entry {world.size - 2} is disputed" in note for note in verdict.notes)


def test_an_entry_before_the_compromise_is_not_disputed(world: World):
    world.post("operator", "acme/keys", [revocation("acme", compromised_from=world.size)])
    assert verify_bundle(world.bundle(f"{POWER}@1", *GROUNDS), LOG).notes == ()


def test_a_verdict_that_rests_on_a_recovery_says_so(world: World):
    again = key_of("acme again")
    recovered = KeyRecovered(
        salt=salt(),
        key=jwk(again),
        proof=possession_proof(again, LOG, "acme"),
        reason="the safe burnt down",
        evidence=("a" * 64,),
    )
    world.post("operator", "acme/keys", [recovered])
    world.post("acme again", POWER, [reading("2018-01-03T00:00:00+08:00", "P1D", "1")])
    verdict = verify_bundle(world.bundle(f"{POWER}@3", *GROUNDS), LOG)
    assert any("recovered in acme/keys@2" in note for note in verdict.notes)
    assert verify_bundle(world.bundle(f"{POWER}@1", *GROUNDS), LOG).notes == ()


def test_an_event_that_is_not_in_the_file_is_not_its_subject(world: World):
    bundle = world.bundle(f"{POWER}@1", *GROUNDS)
    with pytest.raises(BadBundle, match="not in the file"):
        verify_bundle(
            bundle.replace(f'"event":"{POWER}@1"'.encode(), f'"event":"{POWER}@2"'.encode()), LOG
        )

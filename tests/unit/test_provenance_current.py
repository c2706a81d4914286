"""A file that shows what holds as of a seal: nothing later is left out, and nothing is hidden unnamed.

Source: specification, bundles, step 11.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ledger.carbon.events import FactorAssigned
from ledger.errors import LedgerError
from ledger.log.bundle import read_bundle, write_bundle
from ledger.log.bundle_kinds import HeadAbsent, HeadShown
from ledger.parties.events import KeyRevoked
from ledger.provenance import Verdict, verify_bundle
from ledger.provenance.showing import heads_shown
from tests.unit.proof_file import forge
from tests.unit.proofs import Proofs
from tests.unit.world import LOG, World, body, key_of, reading, salt

POWER, OTHER = "acme/plant/power", "acme/plant/other"
FIXES = f"{POWER}/corrections"
T0, T1, T2 = (f"2026-01-0{day}T00:00:00+08:00" for day in (1, 2, 3))


@pytest.fixture
def world() -> World:
    world = World()
    for party in ("acme", "mill"):
        world.party(party)
    world.factor("grid", CO2="0.5")
    world.source(POWER, location="operator/grid@1")
    world.source(OTHER, location="operator/grid@1")
    world.source("mill/plant/power", location="operator/grid@1")
    world.post("acme", POWER, [reading(T0, "P1D", "10"), reading(T1, "P1D", "70")])
    world.post("mill", "mill/plant/power", [reading(T0, "P1D", "1")])
    return world


def verified(data: bytes) -> Verdict:
    return verify_bundle(data, LOG)


def refused(data: bytes) -> str:
    with pytest.raises(LedgerError) as caught:
        verify_bundle(data, LOG)
    return caught.value.defect


def masses(verdict: Verdict) -> Any:
    return verdict.claim["masses"]


def late_factor(source: str = POWER) -> FactorAssigned:
    return FactorAssigned(
        salt=salt(),
        source=source,
        role="location",
        factor="operator/grid@2",
        from_=T0,
        reason="late",
    )


def test_nothing_later_is_left_open_but_another_history(world: World):
    verdict = verified(Proofs(world).current(f"{POWER}@1", world.seal()))
    assert verdict.strength == "re-derived"
    assert masses(verdict) == {"2026-01": {"location": {"CO2": "5000000"}}}
    assert verdict.not_excluded == ("after-seal", "another-history")
    # Sites and sources of others stand in the register without their data.
    assert verdict.withheld == ("acme/register@3",)


def test_a_correction_as_of_the_seal_counts_and_a_later_one_does_not(world: World):
    world.correct(f"{POWER}@1", body(T0, "P1D", "12"))
    seal = world.seal()
    world.correct(f"{POWER}@1", body(T0, "P1D", "14"), f"{FIXES}@1")
    verdict = verified(Proofs(world).current(f"{POWER}@1", seal))
    assert masses(verdict) == {"2026-01": {"location": {"CO2": "6000000"}}}
    assert verdict.claim["corrected_by"] == f"{FIXES}@1"


def test_corrections_of_other_readings_are_shown_with_what_they_stand_on(world: World):
    world.correct(f"{POWER}@2", body(T1, "P1D", "12"))
    verdict = verified(Proofs(world).current(f"{POWER}@1", world.seal()))
    assert masses(verdict) == {"2026-01": {"location": {"CO2": "5000000"}}}
    assert verdict.claim["corrected_by"] is None


def test_an_assignment_of_a_factor_as_of_the_seal_counts(world: World):
    world.factor("grid", CO2="0.4", version="2")
    world.say("acme", late_factor())
    world.say("acme", late_factor(OTHER))
    verdict = verified(Proofs(world).current(f"{POWER}@1", world.seal()))
    assert masses(verdict) == {"2026-01": {"location": {"CO2": "4000000"}}}


def test_a_hidden_correction_or_assignment_is_noticed(world: World):
    world.factor("grid", CO2="0.4", version="2")
    world.correct(f"{POWER}@1", body(T0, "P1D", "12"))
    assigned = world.say("acme", late_factor())
    seal = world.seal()
    for hidden in ([f"{FIXES}@1"], [assigned, "operator/factors@2"]):
        assert refused(Proofs(world, left_out=hidden).current(f"{POWER}@1", seal)) == "left-out"


def test_a_withheld_change_is_named_as_undisclosed(world: World):
    world.factor("grid", CO2="0.4", version="2")
    world.correct(f"{POWER}@1", body(T0, "P1D", "12"))
    assigned = world.say("acme", late_factor())
    hidden = (f"{FIXES}@1", assigned)
    proofs = Proofs(world, withheld=hidden)
    verdict = verified(proofs.current(f"{POWER}@1", world.seal()))
    assert verdict.strength == "re-derived"
    assert verdict.not_excluded == (
        "after-seal",
        "another-history",
        f"undisclosed:{FIXES}@1",
        f"undisclosed:{assigned}",
    )


def test_a_hidden_revocation_is_noticed(world: World):
    revoked = KeyRevoked(
        salt=salt(), key=key_of("acme").public.thumbprint, reason="lost", compromised_from=0
    )
    world.post("operator", "acme/keys", [revoked])
    seal = world.seal()
    assert (
        refused(Proofs(world, left_out=["acme/keys@2"]).current(f"{POWER}@1", seal)) == "left-out"
    )
    assert (
        refused(Proofs(world, withheld=["acme/keys@2"]).current(f"{POWER}@1", seal)) == "left-out"
    )
    verdict = verified(Proofs(world).current(f"{POWER}@1", seal))
    assert verdict.finding.disputed


def test_an_entry_that_the_seal_does_not_cover_is_foreign(world: World):
    seal = world.seal()
    world.correct(f"{POWER}@1", body(T0, "P1D", "12"))
    assert refused(Proofs(world, extra=[f"{FIXES}@1"]).current(f"{POWER}@1", seal)) == "foreign"


def test_an_event_that_the_claim_does_not_stand_on_is_foreign(world: World):
    seal = world.seal()
    for extra in ("mill/register@1", f"{POWER}@2"):
        assert refused(Proofs(world, extra=[extra]).current(f"{POWER}@1", seal)) == "foreign"


def test_keys_of_a_party_are_not_in_the_file_without_their_head(world: World):
    seal = world.seal()
    proofs = Proofs(world, extra=["mill/keys@1"])
    assert refused(proofs.current(f"{POWER}@1", seal)) == "left-out"


def test_a_head_that_is_missing_or_too_many_is_refused(world: World):
    seal = world.seal()
    proofs = Proofs(world)
    bundle = read_bundle(proofs.current(f"{POWER}@1", seal))
    heads = bundle.further.heads or ()
    assert len(heads) == 5

    def with_heads(*heads: object) -> bytes:
        further = msgspec.structs.replace(bundle.further, heads=heads)
        return write_bundle(msgspec.structs.replace(bundle, further=further))

    for at in range(len(heads)):
        assert refused(with_heads(*heads[:at], *heads[at + 1 :])) == "left-out"
    more = heads_shown(proofs.lists(seal).heads, ["mill/register"])
    together = sorted((*heads, *more), key=lambda one: one.stream)
    assert refused(with_heads(*together)) == "foreign"


def test_heads_that_do_not_lead_to_the_seal_are_refused(world: World):
    seal = world.seal()
    bundle = read_bundle(Proofs(world).current(f"{POWER}@1", seal))
    heads = list(bundle.further.heads or ())
    for at, one in enumerate(heads):
        if isinstance(one, HeadShown):
            line = msgspec.structs.replace(one.line, version=one.line.version + 1)
            wrong: list[object] = [
                msgspec.structs.replace(one, line=line),
                msgspec.structs.replace(one, position=one.position + 1),
                msgspec.structs.replace(one, path=one.path[1:]),
            ]
        else:
            wrong = [
                HeadAbsent(after=one.after, before=None, stream=one.stream),
                HeadAbsent(after=None, before=one.before, stream=one.stream),
                HeadAbsent(after=one.before, before=one.after, stream=one.stream),
            ]
        for changed in wrong:
            further = msgspec.structs.replace(
                bundle.further, heads=(*heads[:at], changed, *heads[at + 1 :])
            )
            data = write_bundle(msgspec.structs.replace(bundle, further=further))
            assert refused(data) == "seal"


def test_a_stream_with_corrections_cannot_pass_for_one_without(world: World):
    """The proof of absence for one place is put under the name of a stream that exists."""
    world.correct(f"{POWER}@1", body(T0, "P1D", "12"))
    seal = world.seal()
    proofs = Proofs(world, left_out=[f"{FIXES}@1"])
    bundle = read_bundle(proofs.current(f"{POWER}@1", seal))
    (absent,) = heads_shown(proofs.lists(seal).heads, [f"{POWER}/correctiont"])
    assert isinstance(absent, HeadAbsent)
    heads = tuple(
        msgspec.structs.replace(absent, stream=FIXES) if one.stream == FIXES else one
        for one in bundle.further.heads or ()
    )
    further = msgspec.structs.replace(bundle.further, heads=heads)
    assert refused(write_bundle(msgspec.structs.replace(bundle, further=further))) == "seal"


@pytest.mark.parametrize("wrong", [{"head": "ab" * 32}, {"version": 1}])
def test_a_seal_whose_heads_are_not_where_the_streams_end_is_refused(
    world: World, wrong: dict[str, Any]
):
    """The operator seals heads that hide the end of a register, or name another event there."""
    seal = world.seal()
    proofs = Proofs(world)
    honest = proofs.lists(seal)
    heads = tuple(
        msgspec.structs.replace(one, **wrong) if one.stream == "acme/register" else one
        for one in honest.heads
    )
    lists = msgspec.structs.replace(honest, heads=heads)
    false = msgspec.structs.replace(proofs.sealed(seal), salt=salt(), heads_root=lists.heads_root)
    name = forge(world, "operator", "operator/seals", [false])
    proofs.lists = lambda seal: lists  # type: ignore[method-assign]  # noqa: ARG005
    assert refused(proofs.current(f"{POWER}@1", name)) == "seal"


def test_a_withheld_subject_is_logged_and_gives_no_masses(world: World):
    proofs = Proofs(world, withheld=[f"{POWER}@1"])
    verdict = verified(proofs.current(f"{POWER}@1", world.seal()))
    assert (verdict.strength, masses(verdict)) == ("logged", {})


def test_what_is_no_reading_has_no_current_figure(world: World):
    seal = world.seal()
    data = Proofs(world).current(f"{POWER}@1", seal)
    other = data.replace(
        f'"event":"{POWER}@1","seal"'.encode(), b'"event":"acme/register@1","seal"'
    )
    assert other != data
    assert refused(other) == "subject"


def test_a_key_of_the_operator_that_came_after_the_sealed_size_may_sign_the_seal(world: World):
    size = world.size
    world.key("operator", "operator-2", "operator/", admin=True)
    seal = world.seal(size=size)
    assert verified(Proofs(world).current(f"{POWER}@1", seal)).strength == "re-derived"

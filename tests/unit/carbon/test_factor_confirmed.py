"""A company's own factor is unverified until a certifier stands for it.

Source: accounting rules, section 3 (Factor).
"""

from __future__ import annotations

import pytest

from ledger.carbon import rulepack
from ledger.carbon.events import FactorConfirmed
from ledger.carbon.factor_fit import remarks
from ledger.carbon.pieces import FACTOR, FactorPiece
from ledger.errors import BadValue, Conflict, LedgerError, NotAuthorised, RuleBroken
from ledger.fold.state import Kind
from tests.unit.world import World, reading, salt

PACK = rulepack.load("2")
UNVERIFIED = "unverified: no certifier has confirmed it"
HASH = "ab" * 32


@pytest.fixture
def world() -> World:
    world = World()
    world.party("acme")
    world.party("tuv", "certifier")
    world.factor("own", "acme", kind="supplier", CO2="0.1")
    return world


def confirmed(factor: str = "acme/own@1", **more: object) -> FactorConfirmed:
    members: dict[str, object] = {"salt": salt(), "factor": factor, "reason": "meters checked"}
    return FactorConfirmed(**{**members, **more})  # type: ignore[arg-type]


def own(world: World, ref: str = "acme/own@1") -> FactorPiece:
    found = world.state.get(FACTOR, ref)
    assert found is not None
    return found


@pytest.mark.parametrize("kind", ["supplier", "measured"])
def test_a_companys_own_factor_is_unverified(world: World, kind: str):
    ref = world.factor("other", "acme", kind=kind, activity="heat.purchased", unit="GJ")
    assert own(world, ref).unverified()
    assert UNVERIFIED in remarks(PACK, own(world, ref), "CN-JS", "2023-01")


def test_a_published_average_needs_no_confirmation(world: World):
    ref = world.factor("grid")
    assert not own(world, ref).unverified()
    with pytest.raises(RuleBroken, match="needs no confirmation"):
        world.post("tuv", "tuv/register", [confirmed(ref)])


def test_a_certifier_confirms_it_and_before_it_was_unverified(world: World):
    before = world.size
    world.post("tuv", "tuv/register", [confirmed(evidence=(HASH,))])
    factor = own(world)
    assert (factor.unverified(), factor.unverified(before)) == (False, True)
    one = factor.confirmed[0]
    assert (one.certifier, one.event, one.index, one.reason, one.evidence) == (
        "tuv",
        "tuv/register@1",
        before,
        "meters checked",
        (HASH,),
    )


def test_two_certifiers_may_confirm_one_factor_each_once(world: World):
    world.party("ccci", "certifier")
    for certifier in ("tuv", "ccci"):
        world.post(certifier, f"{certifier}/register", [confirmed()])
    assert [one.certifier for one in own(world).confirmed] == ["tuv", "ccci"]
    with pytest.raises(Conflict, match="confirmation of acme/own@1"):
        world.post("tuv", "tuv/register", [confirmed()])


@pytest.mark.parametrize("role", ["company", "regulator", "factor-publisher", "public-body"])
def test_nobody_but_a_certifier_confirms(world: World, role: str):
    world.party("other", role)
    with pytest.raises(RuleBroken, match="a party with the role certifier"):
        world.post("other", "other/register", [confirmed()])


def test_nobody_confirms_a_factor_of_their_own(world: World):
    world.party("both", "certifier", "company")
    ref = world.factor("own", "both", kind="supplier")
    with pytest.raises(RuleBroken, match="did not publish it"):
        world.post("both", "both/register", [confirmed(ref)])


def test_a_factor_that_does_not_exist_is_not_confirmed(world: World):
    with pytest.raises(RuleBroken, match="unknown factor"):
        world.post("tuv", "tuv/register", [confirmed("acme/none@1")])


def test_a_confirmation_stands_in_the_certifiers_register(world: World):
    with pytest.raises(NotAuthorised, match="out of place"):
        world.post("tuv", "tuv/factors", [confirmed()])
    with pytest.raises(LedgerError):
        world.post("tuv", "acme/register", [confirmed()])


def test_evidence_is_sorted_and_without_repeats():
    with pytest.raises(BadValue):
        confirmed(evidence=(HASH, HASH))


def test_a_confirmation_changes_no_mass_and_no_reading(world: World):
    world.source("acme/plant/green", market="acme/own@1")
    world.post("acme", "acme/plant/green", [reading("2023-06-01T00:00:00+08:00", "P1D", "10")])
    before = world.rows()
    world.post("tuv", "tuv/register", [confirmed()])
    world.post("acme", "acme/plant/green", [reading("2023-06-02T00:00:00+08:00", "P1D", "10")])
    assert world.rows(world.size - 2) == before
    assert world.total() == 2_000_000


def test_a_factor_keeps_all_that_was_said_of_it(world: World):
    ref = world.factor(
        "full",
        uncertainty_percent="5",
        properties={"oxidation": "0.98", "density_kg_per_l": "0.84"},
    )
    kept = own(world, ref)
    assert kept.properties == (("density_kg_per_l", "84", "100"), ("oxidation", "98", "100"))
    assert (kept.uncertainty_percent, kept.number, kept.sha256) == ("5", None, None)
    assert kept.index == world.size - 1
    assert FACTOR.decode(Kind.encode(kept)) == kept

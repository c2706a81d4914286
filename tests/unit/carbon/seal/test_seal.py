"""A seal says what follows from the log at its size, or is refused."""

from __future__ import annotations

import pytest

from ledger.carbon.seal.pieces import SEAL
from ledger.errors import RuleBroken
from tests.unit.world import World, reading


@pytest.fixture
def world() -> World:
    world = World()
    world.party("acme")
    world.party("bolt")
    world.factor("grid", CO2="0.5")
    for party in ("acme", "bolt"):
        world.source(f"{party}/plant/power", location="operator/grid@1")
    world.post("acme", "acme/plant/power", [reading("2026-01-05T00:00:00+08:00", "P1D", "8")])
    world.post("bolt", "bolt/plant/power", [reading("2026-02-05T00:00:00+08:00", "P1D", "3")])
    return world


def test_a_seal_that_follows_from_the_log_is_kept_under_its_name(world: World) -> None:
    size = world.size
    name = world.seal("companies", "2026")
    piece = world.state.get(SEAL, name)
    assert piece is not None
    assert (piece.size, piece.view, piece.companies_count) == (size, "companies", 2)
    assert piece.totals["CO2"].emitted == "5500000"


def test_a_seal_of_an_earlier_size_says_what_was_known_then(world: World) -> None:
    size = world.size - 1
    world.party("late")
    piece = world.state.get(SEAL, world.seal(size=size))
    assert piece is not None
    assert piece.totals["CO2"].emitted == "4000000"
    assert piece.companies_count == 2


@pytest.mark.parametrize("member", ["heads_root", "companies_root"])
def test_another_root_is_refused(world: World, member: str) -> None:
    with pytest.raises(RuleBroken, match=member):
        world.seal(**{member: "0" * 64})  # type: ignore[arg-type]

"""What a party sees of the transfers that it has a part in."""

from __future__ import annotations

import pytest

from ledger.carbon import rulepack
from ledger.carbon.area.listed import transfers_of
from ledger.carbon.area.pieces import TransferPiece
from ledger.carbon.info import TransferInfo
from tests.unit.world import World

HOUSE, SHOP = "house/plant/power", "shop/plant/power"
MONTH = "2026-01"
PACK = rulepack.load("2")


@pytest.fixture
def world() -> World:
    """A house that resells power to a shop, and a third party beside them."""
    world = World()
    for party in ("house", "shop", "third"):
        world.party(party)
    world.factor("grid", CO2="0.5827")
    for stream in (HOUSE, SHOP):
        world.source(stream, location="operator/grid@1")
    return world


def resold(world: World, quantity: str = "300", **more: object) -> str:
    return world.transfer(HOUSE, "shop", MONTH, quantity, "kWh", kind="pass-through", **more)


def listed(world: World, party: str) -> list[TransferInfo]:
    pieces = [one for one in world.state.pieces.values() if isinstance(one, TransferPiece)]
    return transfers_of(PACK, party, pieces)


def states(world: World) -> list[str]:
    assert [one.state for one in listed(world, "house")] == [
        one.state for one in listed(world, "shop")
    ]
    return [one.state for one in listed(world, "shop")]


def test_a_receiver_finds_the_event_to_acknowledge_and_not_the_senders_stream(world: World):
    event = resold(world, reference="INV-3")
    (found,) = listed(world, "shop")
    assert (found.event, found.month, found.kind) == (event, MONTH, "pass-through")
    assert (found.side, found.other, found.quantity, found.unit) == (
        "received", "house", "300", "kWh",
    )  # fmt: skip
    assert (found.reference, found.stream, found.acknowledged) == ("INV-3", None, None)


def test_each_side_sees_its_own_stream_alone(world: World):
    said = world.acknowledge(resold(world), SHOP, "0.3", "MWh")
    (sent,), (received,) = listed(world, "house"), listed(world, "shop")
    assert (sent.side, sent.other, sent.stream, sent.acknowledgement) == (
        "sent", "shop", HOUSE, None,
    )  # fmt: skip
    assert (received.stream, received.acknowledgement) == (SHOP, said)
    assert sent.acknowledged == received.acknowledged == ("0.3", "MWh")
    assert states(world) == ["acknowledged"]


def test_a_third_party_sees_nothing(world: World):
    world.acknowledge(resold(world), SHOP, "300", "kWh")
    assert listed(world, "third") == []


def test_a_transfer_is_open_until_both_sides_say_the_same(world: World):
    event = resold(world)
    assert states(world) == ["open"]
    said = world.acknowledge(event, SHOP, "280", "kWh")
    assert states(world) == ["differs"]
    world.acknowledge(event, SHOP, "300", "kWh", supersedes=said)
    assert states(world) == ["acknowledged"]


def test_what_was_taken_back_and_what_was_replaced_are_told_apart(world: World):
    first = resold(world)
    world.withdraw_transfer(resold(world, "20", supersedes=first), MONTH)
    assert states(world) == ["superseded", "withdrawn"]


def test_what_left_the_area_waits_for_nobody(world: World):
    gas = {"activity": "fuel.natural-gas", "unit": "m3@0C", "scope": 1, "key_area": "energy"}
    world.factor("gas", activity="fuel.natural-gas", unit="m3@0C", kind="combustion", CO2="2")
    world.source("house/plant/gas", **gas, direct="operator/gas@1")
    world.transfer("house/plant/gas", None, MONTH, "9", "MWh")
    assert [(one.other, one.state) for one in listed(world, "house")] == [(None, "out")]

"""What one party hands to another: said by the sender, acknowledged by the receiver it names.

Source: accounting rules, section 5.
"""

from __future__ import annotations

import pytest

from ledger.carbon.area.events import TransferWithdrawn
from ledger.carbon.area.pieces import TRANSFER, TransferPiece, transfer_key
from ledger.errors import BadValue, Conflict, LedgerError, RuleBroken
from tests.unit.world import World, salt, transfer

STEAM, GAS = "chp/plant/steam", "chp/plant/gas"
POWER, HEAT = "mill/plant/power", "mill/plant/heat"
RESOLD = "tower/plant/power"
MONTH = "2026-01"


@pytest.fixture
def world() -> World:
    """A power plant, a mill that it heats, and a tower whose power the mill shares."""
    world = World()
    for party in ("chp", "mill", "tower"):
        world.party(party)
    world.factor("grid", CO2="0.5827")
    world.factor("gas", activity="fuel.natural-gas", unit="m3@0C", kind="combustion", CO2="2")
    steam = {"activity": "steam.purchased", "unit": "GJ"}
    world.factor("steam", "chp", **steam, kind="supplier", CO2="60")
    world.factor("heat", **steam, kind="default-heat", CO2="110")
    gas = {"activity": "fuel.natural-gas", "unit": "m3@0C", "scope": 1, "key_area": "energy"}
    world.source(GAS, **gas, gpc="I.4.1", direct="operator/gas@1")
    world.source(
        STEAM, activity="steam.exported", unit="GJ", scope=None, key_area="energy",
    )  # fmt: skip
    for stream in (POWER, RESOLD):
        world.source(stream, location="operator/grid@1")
    world.source(HEAT, **steam, key_area="industry", location="operator/heat@1")
    return world


def found(world: World, event: str, month: str = MONTH) -> TransferPiece:
    piece = world.state.get(TRANSFER, transfer_key(month, event))
    assert piece is not None
    return piece


# --- recorded ------------------------------------------------------------------------------------


def test_made_energy_is_priced_by_its_maker(world: World):
    event = world.transfer(GAS, "mill", MONTH, "90000", "GJ", direct="chp/steam@1")
    piece = found(world, event)
    assert (piece.kind, piece.sender, piece.to) == ("energy", "chp", "mill")
    assert (piece.quantity, piece.unit, piece.factors) == (
        "90000",
        "GJ",
        (("direct", "chp/steam@1"),),
    )
    assert (piece.index, piece.voided, piece.acknowledged) == (world.size - 1, None, ())


def test_what_leaves_the_area_may_have_both_prices(world: World):
    both = {"direct": "chp/steam@1", "location": "operator/heat@1"}
    assert found(world, world.transfer(STEAM, None, MONTH, "10", "GJ", **both)).to is None
    world.transfer(STEAM, None, MONTH, "10", "GJ")


def test_bought_power_is_handed_on_in_a_unit_of_its_purchase(world: World):
    world.transfer(RESOLD, "mill", MONTH, "0.3", "GWh", kind="pass-through")
    with pytest.raises(BadValue, match="unit of a transfer of kind pass-through"):
        world.transfer(RESOLD, "mill", MONTH, "3", "t", kind="pass-through")


def test_carbon_that_is_handed_on_is_counted_by_mass_or_as_its_stream(world: World):
    for unit in ("t", "m3@0C"):
        world.transfer(GAS, "mill", MONTH, "3", unit, kind="carbon-carrier")
    with pytest.raises(BadValue, match="unit of mass or gas-volume"):
        world.transfer(GAS, "mill", MONTH, "3", "kWh", kind="carbon-carrier")


def test_energy_is_counted_in_energy(world: World):
    with pytest.raises(BadValue, match="expected a unit of energy"):
        world.transfer(GAS, "mill", MONTH, "3", "m3@0C")


@pytest.mark.parametrize("stream", ["mill/plant/power", "chp/plant/nothing"])
def test_the_stream_is_a_source_of_the_sender(world: World, stream: str):
    with pytest.raises(RuleBroken, match="a registered source of chp"):
        world.say("chp", transfer(stream, "tower", MONTH, "3", "kWh"))


@pytest.mark.parametrize("to", ["chp", "nobody"])
def test_the_receiver_is_another_registered_party(world: World, to: str):
    with pytest.raises(RuleBroken, match="another registered party"):
        world.transfer(GAS, to, MONTH, "3", "GJ")


def test_only_what_was_bought_is_passed_through_and_only_inside_the_area(world: World):
    with pytest.raises(RuleBroken, match=r"a Scope 2 stream.*found Scope 1"):
        world.transfer(GAS, "mill", MONTH, "3", "m3@0C", kind="pass-through")
    with pytest.raises(RuleBroken, match="out of the area"):
        world.transfer(RESOLD, None, MONTH, "3", "kWh", kind="pass-through")


def test_bought_energy_is_not_made_energy(world: World):
    with pytest.raises(RuleBroken, match="the stream that makes it"):
        world.transfer(RESOLD, "mill", MONTH, "3", "kWh")


def test_a_month_outside_the_calendar_is_refused(world: World):
    with pytest.raises(BadValue, match="outside the calendar"):
        world.transfer(GAS, "mill", "2400-01", "3", "GJ")


# --- its factors ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("factors", "to", "error"),
    [
        ({"direct": "chp/other@1"}, "mill", "a published factor"),
        ({"direct": "tower/steam@1"}, "mill", "unknown factor"),
        ({"direct": "operator/heat@1"}, "mill", "of kind supplier"),
        ({"direct": "operator/gas@1"}, "mill", "another dimension"),
        ({"direct": "operator/old@1"}, "mill", "from 2020-01-01 to before 2026-01-31"),
        ({"location": "operator/heat@1"}, "mill", "location prices what leaves"),
        ({"location": "chp/steam@1"}, None, "of kind grid-average"),
    ],
)
def test_a_factor_that_does_not_fit_is_refused(
    world: World, factors: dict[str, str], to: str | None, error: str
):
    steam = {"activity": "steam.purchased", "unit": "GJ", "kind": "supplier", "CO2": "60"}
    world.factor("steam", "tower", **steam)
    world.factor("old", **steam, valid=("2020-01-01", "2026-01-31"))
    with pytest.raises(LedgerError, match=error):
        world.transfer(GAS, to, MONTH, "3", "GJ", **factors)


def test_resold_power_keeps_the_factor_of_its_purchase(world: World):
    with pytest.raises(RuleBroken, match="keeps the factor of its purchase"):
        world.transfer(
            RESOLD, "mill", MONTH, "3", "kWh", kind="pass-through", direct="operator/gas@1"
        )


# --- acknowledged --------------------------------------------------------------------------------


def test_the_receiver_says_which_stream_received_how_much(world: World):
    event = world.transfer(RESOLD, "mill", MONTH, "300", "MWh", kind="pass-through")
    said = world.acknowledge(event, POWER, "0.3", "GWh")
    told = found(world, event).acknowledged
    assert [(one.event, one.stream, one.quantity, one.unit) for one in told] == [
        (said, POWER, "0.3", "GWh")
    ]


def test_another_amount_is_taken_and_the_difference_stands(world: World):
    event = world.transfer(RESOLD, "mill", MONTH, "300", "kWh", kind="pass-through")
    world.acknowledge(event, POWER, "299", "kWh")
    assert found(world, event).quantity == "300"
    assert found(world, event).acknowledged[0].quantity == "299"


def test_nobody_else_acknowledges(world: World):
    event = world.transfer(GAS, "mill", MONTH, "3", "GJ")
    with pytest.raises(RuleBroken, match="expected its receiver, mill"):
        world.acknowledge(event, STEAM, "3", "GJ")
    with pytest.raises(RuleBroken, match="expected a transfer recorded for"):
        world.acknowledge(event, RESOLD, "3", "GJ")


def test_what_left_the_area_is_acknowledged_by_nobody(world: World):
    event = world.transfer(GAS, None, MONTH, "3", "GJ")
    with pytest.raises(RuleBroken, match="it left the area"):
        world.acknowledge(event, STEAM, "3", "GJ")
    with pytest.raises(RuleBroken, match="expected a transfer recorded for"):
        world.acknowledge(event, HEAT, "3", "GJ")


def test_a_transfer_is_acknowledged_once(world: World):
    event = world.transfer(GAS, "mill", MONTH, "3", "GJ")
    first = world.acknowledge(event, HEAT, "3", "GJ")
    for wrong in ({}, {"supersedes": event}):
        with pytest.raises(Conflict, match=f"expected {first}"):
            world.acknowledge(event, HEAT, "2", "GJ", **wrong)
    world.acknowledge(event, HEAT, "2", "GJ", supersedes=first)
    assert [one.quantity for one in found(world, event).acknowledged] == ["3", "2"]


def test_a_first_acknowledgement_replaces_none(world: World):
    event = world.transfer(GAS, "mill", MONTH, "3", "GJ")
    with pytest.raises(Conflict, match="no such member"):
        world.acknowledge(event, HEAT, "3", "GJ", supersedes="mill/register@1")


def test_the_month_is_that_of_the_transfer(world: World):
    event = world.transfer(GAS, "mill", MONTH, "3", "GJ")
    with pytest.raises(RuleBroken, match="recorded for 2026-02"):
        world.acknowledge(event, HEAT, "3", "GJ", month="2026-02")


@pytest.mark.parametrize(
    ("stream", "unit", "error"),
    [
        (RESOLD, "GJ", "a transfer recorded for"),
        ("mill/plant/nothing", "GJ", "a registered source of mill"),
        (HEAT, "t", "another dimension"),
        ("mill/plant/coal", "GJ", "another dimension"),
    ],
)
def test_the_receiving_stream_is_the_receivers_and_of_its_kind(
    world: World, stream: str, unit: str, error: str
):
    world.source("mill/plant/coal", activity="fuel.coke", unit="t", scope=1)
    event = world.transfer(GAS, "mill", MONTH, "3", "GJ")
    with pytest.raises(LedgerError, match=error):
        world.acknowledge(event, stream, "3", unit)


def test_received_carbon_may_stand_beside_any_stream_of_the_receiver(world: World):
    event = world.transfer(GAS, "mill", MONTH, "3", "t", kind="carbon-carrier")
    with pytest.raises(BadValue, match="another dimension"):
        world.acknowledge(event, POWER, "3000", "kWh")
    world.acknowledge(event, POWER, "3000", "kg")


# --- withdrawn and superseded --------------------------------------------------------------------


def test_a_withdrawn_transfer_stays_and_counts_nowhere(world: World):
    event = world.transfer(GAS, "mill", MONTH, "3", "GJ")
    gone = world.withdraw_transfer(event, MONTH)
    assert (found(world, event).voided, found(world, event).voided_by) == (world.size - 1, gone)
    with pytest.raises(RuleBroken, match=f"withdrawn or superseded by {gone}"):
        world.withdraw_transfer(event, MONTH)
    with pytest.raises(RuleBroken, match=f"withdrawn or superseded by {gone}"):
        world.acknowledge(event, HEAT, "3", "GJ")
    with pytest.raises(RuleBroken, match=f"withdrawn or superseded by {gone}"):
        world.transfer(GAS, "mill", MONTH, "4", "GJ", supersedes=event)


def test_a_superseded_transfer_gives_way_and_is_acknowledged_anew(world: World):
    old = world.transfer(GAS, "mill", MONTH, "3", "GJ")
    said = world.acknowledge(old, HEAT, "3", "GJ")
    new = world.transfer(GAS, "mill", MONTH, "4", "GJ", supersedes=old)
    assert found(world, old).voided_by == new
    assert found(world, new).acknowledged == ()
    with pytest.raises(RuleBroken, match="superseded"):
        world.acknowledge(old, HEAT, "4", "GJ", supersedes=said)
    world.acknowledge(new, HEAT, "4", "GJ")


def test_an_acknowledged_transfer_may_be_withdrawn(world: World):
    event = world.transfer(GAS, "mill", MONTH, "3", "GJ")
    world.acknowledge(event, HEAT, "3", "GJ")
    world.withdraw_transfer(event, MONTH)
    assert found(world, event).voided is not None


def test_only_the_sender_takes_a_transfer_back(world: World):
    event = world.transfer(GAS, "mill", MONTH, "3", "GJ")
    taken = TransferWithdrawn(salt=salt(), transfer=event, month=MONTH, reason="not so")
    with pytest.raises(RuleBroken, match="expected its sender, chp"):
        world.say("mill", taken)
    other = transfer(RESOLD, "mill", MONTH, "3", "kWh", kind="pass-through", supersedes=event)
    with pytest.raises(RuleBroken, match="expected a transfer recorded for"):
        world.say("tower", other)


def test_what_was_never_recorded_is_neither_taken_back_nor_superseded(world: World):
    with pytest.raises(RuleBroken, match="a transfer recorded for"):
        world.withdraw_transfer("chp/register@99", MONTH)
    event = world.transfer(GAS, "mill", MONTH, "3", "GJ")
    with pytest.raises(RuleBroken, match="recorded for 2026-02"):
        world.transfer(GAS, "mill", "2026-02", "3", "GJ", supersedes=event)


def test_transfers_of_a_month_stand_together_in_any_order(world: World):
    amounts = ("3", "4", "5")
    for quantity in amounts:
        world.transfer(GAS, "mill", MONTH, quantity, "GJ")
    known = world.known(MONTH, "2026-02")
    assert sorted(one.quantity for one in known.transfers) == sorted(amounts)

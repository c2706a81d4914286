"""Solar power on the own roof: used, exported, and never netted on one meter.

What the roof gives and the factory uses emits nothing and is shown; what it exports lowers nothing
that the factory emits; what it buys counts in full. Source: accounting rules, sections 3 (net
metering is two streams) and 5.
"""

from __future__ import annotations

import pytest

from ledger.errors import BadValue, RuleBroken
from tests.unit.carbon.cases.factory import factory, footprint, milligrams, total
from tests.unit.world import World, body, profile, reading

BOUGHT, OWN, EXPORTED = "acme/plant/bought", "acme/roof/own-use", "acme/roof/exported"
JULY = ("2026-07-01T00:00:00+08:00", "2026-08-01T00:00:00+08:00")
OUTSIDE = {"scope": None, "site": "roof"}


@pytest.fixture
def world() -> World:
    world = factory()
    world.source(BOUGHT, location="operator/grid@1")
    world.source(OWN, **OUTSIDE, activity="electricity.generated-own-use")
    world.source(
        EXPORTED, **OUTSIDE, activity="electricity.exported", flow="out", location="operator/grid@1"
    )
    return world


def test_own_use_emits_nothing_and_export_lowers_nothing(world: World):
    for stream, quantity in ((BOUGHT, "600000"), (OWN, "400000"), (EXPORTED, "100000")):
        world.post("acme", stream, [reading(*JULY, quantity)])
    found = footprint(world)
    assert milligrams(found.total.mass_mg) == {"CO2": 349_620_000_000}
    shown = {one.stream: (one.scope, one.quantity, one.counted, one.roles) for one in found.sources}
    assert shown == {
        BOUGHT: (2, "600000", True, {"location": {"CO2": "349620000000"}}),
        OWN: (None, "400000", True, {}),
        EXPORTED: (None, "100000", False, {"location": {"CO2": "58270000000"}}),
    }


def test_a_meter_that_runs_backwards_is_two_streams(world: World):
    # On a sunny Sunday the connection took 20 kWh and gave 50 kWh back.
    with pytest.raises(BadValue) as refused:
        world.post("acme", BOUGHT, [reading("2026-07-05T00:00:00+08:00", "P1D", "-30")])
    assert "What flows out belongs to a source with flow out" in str(refused.value.advice)
    with pytest.raises(BadValue):
        world.post("acme", BOUGHT, [profile("2026-07-05T00:00:00+08:00", 43_200, ["20", "-50"])])
    for stream, quantity in ((BOUGHT, "20"), (EXPORTED, "50")):
        world.post("acme", stream, [reading("2026-07-05T00:00:00+08:00", "P1D", quantity)])
    assert total(world) == {"CO2": 20 * 582_700}


def test_exported_power_is_not_bought_power_whatever_its_flow(world: World):
    # Who marks the export as an outflow of a balance group of Scope 2 would net it away.
    with pytest.raises(RuleBroken, match=r"scope of electricity\.exported"):
        world.source(
            "acme/roof/trick",
            activity="electricity.exported",
            site="roof",
            scope=2,
            flow="out",
            balance_group="net-meter",
        )


def test_what_the_inverter_reported_late_is_filled_in_where_it_was_missing(world: World):
    morning = "2026-07-05T06:00:00+08:00"
    world.post("acme", OWN, [profile(morning, 3600, ["1.5", None, "4.25", None])])
    world.post("acme", OWN, [profile(morning, 3600, [None, "3", None, "5.5"])])
    (line,) = footprint(world).sources
    assert (line.quantity, line.readings) == ("14.25", 4)


def test_less_own_use_than_thought_is_a_correction_and_changes_no_mass(world: World):
    world.post("acme", OWN, [reading(*JULY, "400000")])
    before = world.rows()
    world.correct(f"{OWN}@1", body(*JULY, "390000"))
    assert total(world) == {}
    assert world.rows() != before
    assert footprint(world).sources[0].quantity == "390000"

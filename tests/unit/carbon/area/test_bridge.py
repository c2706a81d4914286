"""What a transfer eliminates, what stands open, and that no figure is shown unless two paths meet.

`maker` burns 2 000 m³ of gas (4 330 kg of CO2) and sells steam at 60 kg/GJ; `user` takes in 20 GJ of
steam at the default of 110 kg/GJ (2 200 kg). Half of it is in January. Source: accounting rules,
section 5.
"""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest

from ledger.carbon import rulepack
from ledger.carbon.area.amounts import Columns
from ledger.carbon.area.area import area_figure
from ledger.carbon.area.assign import view_table
from ledger.carbon.area.bridge import Bridge, _compare, _Steps, bridge
from tests.unit.carbon.area.park import GRID, HALVES, KG, emitted, used
from tests.unit.world import World

PACK = rulepack.load("2")
JANUARY = HALVES[0]
STEAM = "operator/steam-price@1"
PERIOD = ("2026-01", "2027-01")
MADE, BOUGHT = 4_330 * KG, 2_200 * KG


def pair(maker: str = "company", user: str = "company", *, inside: bool = True) -> World:
    """Two parties of these roles; the maker's site lies inside or not."""
    world = World()
    world.party("maker", maker)
    world.party("user", user)
    world.site("maker/plant", inside=inside)
    world.factor("grid", CO2="0.5827")
    world.factor("gas", activity="fuel.natural-gas", unit="m3", kind="combustion", CO2="2.165")
    world.factor("heat", activity="heat.purchased", unit="GJ", kind="default-heat", CO2="110")
    price = {"activity": "steam.exported", "unit": "GJ", "kind": "supplier"}
    world.factor("steam-price", **price, CO2="60")
    fuel = {"activity": "fuel.natural-gas", "unit": "m3", "scope": 1, "key_area": "energy"}
    used(world, "maker/plant/gas", "1000", **fuel, gpc="I.4.1", direct="operator/gas@1")
    steam = {"activity": "steam.purchased", "unit": "GJ", "gpc": "I.3.2"}
    used(world, "user/plant/steam", "10", **steam, location="operator/heat@1")
    return world


def sold(world: World, quantity: str, **more: object) -> str:
    """Steam of January, from maker to user."""
    members = {"direct": STEAM, **more}
    return world.transfer("maker/plant/gas", "user", JANUARY, quantity, "GJ", **members)


def of(world: World, view: str, size: int | None = None) -> Bridge:
    return bridge(world.known(*PERIOD, size=size), PACK, view)


def co2(found: Bridge) -> dict[str, int]:
    """Milligrams of CO2 by kind of line."""
    return {line.kind: line.mass.emitted.get("CO2", 0) for line in found.lines}


def test_an_unacknowledged_transfer_is_eliminated_nowhere_and_stands_open():
    world = pair()
    event = sold(world, "10")
    for view in ("companies", "gpc-basic", "gpc-basic-plus", "park", "territorial"):
        found = of(world, view)
        total = MADE if view == "territorial" else MADE + BOUGHT
        assert found.area.total.emitted == {"CO2": total}
        assert [
            (one.event, one.kind, str(one.counted), one.acknowledged) for one in found.open
        ] == [(event, "energy", "0", None)]
        assert found.open[0].reason == "nobody has acknowledged it"


def test_what_both_sides_agree_on_leaves_the_view_at_one_of_them():
    world = pair()
    world.acknowledge(sold(world, "10"), "user/plant/steam", "10", "GJ")
    assert co2(of(world, "park")) == {"companies": MADE + BOUGHT, "internal": -1_100 * KG}
    assert co2(of(world, "gpc-basic")) == {"companies": MADE + BOUGHT, "supplied": -600 * KG}
    assert co2(of(world, "companies")) == {"companies": MADE + BOUGHT}
    assert co2(of(world, "territorial")) == {"companies": MADE + BOUGHT, "scope-2": -BOUGHT}


@pytest.mark.parametrize(("sent", "received"), [("10", "4"), ("4", "10")])
def test_if_the_two_sides_differ_the_smaller_is_eliminated_and_the_rest_stands_open(
    sent: str, received: str
):
    world = pair()
    world.acknowledge(sold(world, sent), "user/plant/steam", received, "GJ")
    found = of(world, "park")
    assert co2(found)["internal"] == -440 * KG
    assert co2(of(world, "gpc-basic"))["supplied"] == -240 * KG
    (rest,) = found.open
    assert (rest.sent, rest.acknowledged, rest.counted) == (
        Fraction(sent),
        Fraction(received),
        Fraction(4),
    )
    assert rest.reason == "the two sides differ in quantity"


def test_the_two_sides_may_count_in_different_units():
    world = pair()
    world.acknowledge(sold(world, "10"), "user/plant/steam", "10000", "MJ")
    assert co2(of(world, "park"))["internal"] == -1_100 * KG


def test_the_last_acknowledgement_counts_and_the_first_stays_readable():
    world = pair()
    event = sold(world, "10")
    first = world.acknowledge(event, "user/plant/steam", "10", "GJ")
    size = world.size
    world.acknowledge(event, "user/plant/steam", "3", "GJ", supersedes=first)
    assert co2(of(world, "park"))["internal"] == -330 * KG
    assert co2(of(world, "park", size))["internal"] == -1_100 * KG


def test_a_withdrawn_transfer_counts_nowhere_from_then_on():
    world = pair()
    event = sold(world, "10")
    world.acknowledge(event, "user/plant/steam", "10", "GJ")
    size = world.size
    world.withdraw_transfer(event, JANUARY)
    assert co2(of(world, "park")) == {"companies": MADE + BOUGHT}
    assert of(world, "park").open == []
    assert co2(of(world, "park", size))["internal"] == -1_100 * KG


def test_a_receiver_cannot_drop_more_than_it_took_in():
    world = pair()
    world.acknowledge(sold(world, "16"), "user/plant/steam", "16", "GJ")
    found = of(world, "park")
    assert co2(found)["internal"] == -1_100 * KG
    (rest,) = found.open
    assert (str(rest.counted), str(rest.beyond)) == ("10", "6")
    assert rest.reason == "user/plant/steam took in less in that month"


def test_two_transfers_into_one_stream_drop_no_more_than_its_mass():
    world = pair()
    for quantity in ("7", "5"):
        world.acknowledge(sold(world, quantity), "user/plant/steam", quantity, "GJ")
    found = of(world, "park")
    assert co2(found)["internal"] == -1_100 * KG
    assert [(str(one.sent), str(one.counted)) for one in found.open] == [("5", "3")]


def test_a_sender_cannot_hand_on_more_than_its_source_emitted():
    world = pair()
    world.acknowledge(sold(world, "40"), "user/plant/steam", "40", "GJ")
    found = of(world, "gpc-basic")
    assert co2(found)["supplied"] == -2_165 * KG
    assert list(found.unfunded.values()) == [(2_400 - 2_165) * KG]


def test_steam_that_a_public_body_makes_stays_with_its_user_in_the_park():
    world = pair(maker="public-body")
    world.acknowledge(sold(world, "10"), "user/plant/steam", "10", "GJ")
    # The park never counts the maker: without the user's leg nobody would answer for the steam.
    assert co2(of(world, "park")) == {"companies": BOUGHT}


def test_steam_from_a_site_outside_stays_with_its_user_in_the_park():
    world = pair(inside=False)
    world.acknowledge(sold(world, "10"), "user/plant/steam", "10", "GJ")
    assert co2(of(world, "park")) == {"companies": MADE + BOUGHT, "site-outside": -MADE}
    # Nor does the maker's share leave a view that never had it.
    assert "supplied" not in co2(of(world, "gpc-basic"))


def test_power_of_the_neighbours_roof_is_dropped_in_the_park():
    world = pair()
    sun = {"activity": "electricity.generated-own-use", "scope": None, "key_area": "energy"}
    used(world, "maker/plant/sun", "100", **sun)
    used(world, "user/plant/power", "500", gpc="I.3.2", location=GRID)
    event = world.transfer("maker/plant/sun", "user", JANUARY, "100", "kWh")
    world.acknowledge(event, "user/plant/power", "100", "kWh")
    found = of(world, "park")
    (line,) = [line for line in found.lines if line.kind == "internal"]
    assert (line.name, line.mass.emitted) == ("electricity", {"CO2": -58_270_000})
    assert found.priced == []  # the sender prices nothing, so there is nothing to compare
    assert "supplied" not in co2(of(world, "gpc-basic"))


def test_exports_are_deducted_in_the_park_and_leave_the_gpc_views_as_supplied():
    world = pair()
    world.transfer("maker/plant/gas", None, JANUARY, "5", "GJ", direct=STEAM)
    assert co2(of(world, "park"))["exported"] == -300 * KG
    assert co2(of(world, "gpc-basic"))["supplied"] == -300 * KG
    assert of(world, "park").open == []


def test_a_carbon_carrier_is_listed_and_eliminated_nowhere():
    world = pair()
    gas = {"activity": "carbon.supplied", "scope": None, "unit": "t", "key_area": "industry"}
    used(world, "maker/plant/by-product", "5", **gas)
    event = world.transfer(
        "maker/plant/by-product", "user", JANUARY, "5", "t", kind="carbon-carrier"
    )
    burnt = {"activity": "process.other", "gpc": "IV.1"}
    emitted(world, "user/plant/burner", CO2=7 * KG, **burnt)
    world.acknowledge(event, "user/plant/burner", "5", "t")
    for view, total in (("companies", MADE + BOUGHT), ("territorial", MADE)):
        found = of(world, view)
        assert found.area.total.emitted["CO2"] == total + 14 * KG
        assert [(one.event, one.to, one.acknowledged) for one in found.carriers] == [
            (event, "user", True)
        ]


def test_resold_power_falls_at_the_sender_in_every_view_by_what_was_acknowledged():
    world = pair()
    used(world, "maker/plant/power", "1000", gpc="I.3.2", location=GRID)
    used(world, "user/plant/power", "300", gpc="I.3.2", location=GRID)
    event = world.transfer("maker/plant/power", "user", JANUARY, "300", "kWh", kind="pass-through")
    before = of(world, "companies").area.total.emitted["CO2"]
    world.acknowledge(event, "user/plant/power", "200", "kWh")
    found = of(world, "companies")
    assert before - found.area.total.emitted["CO2"] == 116_540_000
    assert found.passed_on == Columns(emitted={"CO2": 116_540_000})
    assert [(one.kind, str(one.sent), str(one.counted)) for one in found.open] == [
        ("pass-through", "300", "200")
    ]
    # It is no internal supply: the park keeps the tenant's power as bought.
    assert "internal" not in co2(of(world, "park"))


def test_a_sub_meter_and_an_outflow_are_on_neither_path():
    world = pair()
    steam = {"activity": "steam.purchased", "unit": "GJ", "location": "operator/heat@1"}
    used(world, "user/plant/hall", "6", **steam, part_of="user/plant/steam")
    used(world, "user/plant/sold", "6", **steam, flow="out")
    assert of(world, "companies").area.total.emitted == {"CO2": MADE + BOUGHT}


def test_every_line_names_the_events_that_it_rests_on():
    world = pair()
    event = sold(world, "10")
    world.acknowledge(event, "user/plant/steam", "10", "GJ")
    (line,) = [line for line in of(world, "park").lines if line.kind == "internal"]
    (term,) = line.terms
    assert (term.stream, term.month, term.events) == ("user/plant/steam", JANUARY, (event,))
    assert (term.mass_mg, term.recorded_mg) == (-1_100 * KG, 1_100 * KG)


def test_a_bridge_that_does_not_close_is_never_shown():
    known = pair().known(*PERIOD)
    table = view_table(PACK)
    figure = area_figure(known, PACK, "companies")
    other = msgspec.structs.replace(figure, total=Columns(emitted={"CO2": 1}))
    with pytest.raises(AssertionError, match="the bridge of companies does not close"):
        _compare(_Steps(table, table.view("companies"), known), other)

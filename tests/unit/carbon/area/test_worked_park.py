"""The worked park of accounting rules, section 5: five views, every line of the bridge, exactly.

Tonnes of the table are given here as the table prints them, and compared as milligrams.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest

from ledger.carbon import rulepack
from ledger.carbon.area.amounts import Columns
from ledger.carbon.area.area import area_figure
from ledger.carbon.area.bridge import Bridge, bridge
from ledger.carbon.gwp import co2e
from ledger.carbon.inventory.inventory import inventory
from ledger.carbon.known import Known
from ledger.carbon.organisation.events import SupplyMatched
from tests.unit.carbon.area.park import GRID, HALVES, KG, STEAM, T, used, worked_park
from tests.unit.world import World, salt

PACK = rulepack.load("2")
VIEWS = ("companies", "territorial", "gpc-basic", "gpc-basic-plus", "park")


def mg(tonnes: str) -> int:
    """A figure of the table, in milligrams."""
    exact = Fraction(tonnes.replace(" ", "")) * T
    assert exact.denominator == 1
    return int(exact)


@pytest.fixture(scope="module")
def known() -> Known:
    return worked_park().known("2026-01", "2027-01")


@pytest.fixture(scope="module")
def bridges(known: Known) -> dict[str, Bridge]:
    return {view: bridge(known, PACK, view) for view in VIEWS}


BRIDGES = {
    "companies": {("companies", ""): "34154.190"},
    "territorial": {
        ("companies", ""): "34154.190",
        ("scope-2", ""): "-23302.100",
        ("line", "II.1.3"): "-185.754",
        ("unallocated", ""): "11495.000",
    },
    "gpc-basic": {
        ("companies", ""): "34154.190",
        ("site-outside", ""): "-582.700",
        ("supplied", "I.4.4"): "-8394.000",
        ("line", "IV.1"): "-800.000",
        ("line", "II.1.3"): "-185.754",
        ("unallocated", ""): "46457.000",
    },
    "gpc-basic-plus": {
        ("companies", ""): "34154.190",
        ("site-outside", ""): "-582.700",
        ("supplied", "I.4.4"): "-8394.000",
        ("added", "losses of transmission and distribution"): "1911.256",
        ("unallocated", ""): "46457.000",
    },
    "park": {
        ("companies", ""): "34154.190",
        ("site-outside", ""): "-582.700",
        ("internal", "steam"): "-9900.000",
        ("exported", "electricity"): "-5302.570",
        ("exported", "steam"): "-600.000",
    },
}


@pytest.mark.parametrize("view", VIEWS)
def test_every_line_of_the_bridge_in_co2(bridges: dict[str, Bridge], view: str):
    found = {
        (line.kind, line.name): line.mass.emitted["CO2"]
        for line in bridges[view].lines
        if "CO2" in line.mass.emitted
    }
    assert found == {step: mg(tonnes) for step, tonnes in BRIDGES[view].items()}


AREAS = {
    "companies": {"CO2": mg("34154.190"), "HFC-125": 10 * KG, "HFC-32": 10 * KG},
    "territorial": {
        "CH4_bio": 6_000 * KG,
        "CO2": mg("22161.336"),
        "HFC-125": 10 * KG,
        "HFC-32": 10 * KG,
    },
    "gpc-basic": {"CH4_bio": 63_000 * KG, "CO2": mg("70648.736")},
    "gpc-basic-plus": {
        "CH4_bio": 63_000 * KG,
        "CO2": mg("73545.746"),
        "HFC-125": 10 * KG,
        "HFC-32": 10 * KG,
    },
    "park": {"CO2": mg("17768.920")},
}


@pytest.mark.parametrize("view", VIEWS)
def test_the_area_per_gas(known: Known, view: str):
    assert area_figure(known, PACK, view).total.emitted == AREAS[view]


CO2E = {
    ("companies", "AR5"): "34192.660",
    ("companies", "AR6"): "34199.300",
    ("territorial", "AR5"): "22367.806",
    ("territorial", "AR6"): "22368.446",
    ("gpc-basic", "AR5"): "72412.736",
    ("gpc-basic", "AR6"): "72349.736",
    ("gpc-basic-plus", "AR5"): "75348.216",
    ("gpc-basic-plus", "AR6"): "75291.856",
}


@pytest.mark.parametrize(("view", "gwp"), CO2E)
def test_the_area_as_co2_equivalent(known: Known, view: str, gwp: str):
    found = co2e(PACK, gwp, area_figure(known, PACK, view).total.emitted)
    assert (found.mg, found.apart, found.without) == (mg(CO2E[view, gwp]), {}, {})


def test_the_park_shows_carbon_dioxide_alone(known: Known):
    figure = area_figure(known, PACK, "park")
    assert figure.gases == ("CO2",)


def test_the_trees_stand_apart_in_the_two_views_that_know_them(known: Known):
    removed = {view: area_figure(known, PACK, view).total.removed for view in VIEWS}
    trees = {"CO2": mg("200")}
    assert removed == {
        "companies": {},
        "territorial": trees,
        "gpc-basic": {},
        "gpc-basic-plus": trees,
        "park": {},
    }


def test_waste_treated_outside_is_added_to_the_views_that_have_its_line(
    bridges: dict[str, Bridge],
):
    for view in ("gpc-basic", "gpc-basic-plus"):
        methane = {
            (line.kind, line.name): line.mass.emitted["CH4_bio"]
            for line in bridges[view].lines
            if "CH4_bio" in line.mass.emitted
        }
        assert methane == {
            ("added", "waste treated outside"): 58_000 * KG,
            ("unallocated", ""): 5_000 * KG,
        }


def test_gases_of_products_leave_where_their_line_is_not(bridges: dict[str, Bridge]):
    (line,) = [line for line in bridges["gpc-basic"].lines if line.name == "IV.2"]
    assert line.mass.emitted == {"HFC-125": -10 * KG, "HFC-32": -10 * KG}


@pytest.mark.parametrize("view", VIEWS)
def test_steam_that_the_two_sides_price_differently_is_a_memo(
    bridges: dict[str, Bridge], view: str
):
    memos = bridges[view].priced
    assert [memo.gas for memo in memos] == ["CO2", "CO2"]
    assert sum(memo.receiver_mg for memo in memos) == mg("9900")
    assert sum(memo.sender_mg for memo in memos) == mg("5400")
    assert sum(memo.difference_mg for memo in memos) == mg("4500")


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_stands_open_and_what_c_resold_is_off_its_scope_2(
    bridges: dict[str, Bridge], view: str
):
    found = bridges[view]
    assert (found.open, found.carriers, found.unfunded) == ([], [], {})
    assert found.passed_on == Columns(emitted={"CO2": mg("174.810")})


def test_each_heading_adds_up_to_the_total(known: Known):
    for view in VIEWS:
        figure = area_figure(known, PACK, view)
        for headings in (figure.key_areas, figure.months, figure.lines, figure.groups):
            for gas, mass_mg in figure.total.emitted.items():
                assert sum(one.emitted.get(gas, 0) for one in headings.values()) == mass_mg


def test_the_basic_view_by_line_key_area_month_and_group(known: Known):
    figure = area_figure(known, PACK, "gpc-basic")
    assert {line: one.emitted.get("CO2") for line, one in figure.lines.items()} == {
        "I.1.1": mg("6495"),
        "I.1.2": mg("34962"),
        "I.2.2": mg("990.59"),
        "I.3.1": mg("1082.5"),
        "I.3.2": mg("21728.81"),
        "I.4.1": mg("266"),
        "II.1.1": mg("5123.836"),
        "III.1.2": None,
        "III.4.1": None,
    }
    assert {area: one.emitted.get("CO2") for area, one in figure.key_areas.items()} == {
        "planning": mg("990.59"),
        "energy": mg("266"),
        "recycling": None,
        "industry": mg("22811.31"),
        "mobility": mg("5123.836"),
        "lifestyle": mg("41457"),
    }
    assert {month: one.emitted["CO2"] for month, one in figure.months.items()} == dict.fromkeys(
        HALVES, mg("35324.368")
    )
    assert {group: one.emitted.get("CO2") for group, one in figure.groups.items()} == {
        "company": mg("24191.736"),
        "public-body": None,
        "aggregate": mg("46457"),
    }


def test_the_terms_of_each_bridge_line_add_up_to_it(bridges: dict[str, Bridge]):
    for found in bridges.values():
        for line in found.lines:
            for gas, mass_mg in line.mass.emitted.items():
                emitted = [t.mass_mg for t in line.terms if t.gas == gas and "tree" not in t.stream]
                assert sum(emitted) == mass_mg


def test_a_month_alone_is_half_of_it():
    known = worked_park().known("2026-07", "2026-08")
    assert area_figure(known, PACK, "park").total.emitted == {"CO2": mg("8884.460")}


def test_the_companies_inventories_add_up_to_where_the_bridge_begins(
    known: Known, bridges: dict[str, Bridge]
):
    (first,) = bridges["companies"].lines
    total: Counter[str] = Counter()
    for company in ("a", "b", "c"):
        total.update(inventory(known, PACK, company).scopes_1_and_2("location"))
    assert total == first.mass.emitted


def test_certificates_lower_the_market_based_sum_and_change_no_area_view(known: Known):
    claimed = certified().known("2026-01", "2027-01")
    assert claimed.size > known.size
    assert market_based(claimed)["CO2"] == mg("31724.890")
    # Without them the 5 GWh take the residual mix, as the rest does.
    assert market_based(known)["CO2"] == mg("31724.890") + mg("3048")
    for view in VIEWS:
        assert area_figure(claimed, PACK, view).total == area_figure(known, PACK, view).total


def certified() -> World:
    """The park in which b retires 5 000 certificates of 1 000 kWh against its power."""
    world = worked_park()
    sun = {"activity": "electricity.generated-own-use", "scope": None, "key_area": "energy"}
    used(world, "b/works/certified", "2500000", **sun)
    claim = SupplyMatched(
        salt=salt(),
        source="b/works/power",
        supply="b/works/certified",
        interval="month",
        from_="2026-01",
        reason="5 000 certificates of 1 000 kWh",
    )
    world.say("b", claim)
    return world


def market_based(known: Known) -> Counter[str]:
    """Scopes 1 and 2 by the market of all companies, at 100 %."""
    total: Counter[str] = Counter()
    for company in ("a", "b", "c"):
        total.update(inventory(known, PACK, company).scopes_1_and_2("market"))
    return total


def test_what_is_said_later_changes_nothing_that_was_known_before(known: Known):
    world = worked_park()
    size = world.size
    event = world.transfer("a/plant/gas", None, "2026-03", "10", "GJ", direct=STEAM)
    world.withdraw_transfer("a/register@3", "2026-01")
    then = world.known("2026-01", "2027-01", size=size)
    assert any(one.event == event for one in then.transfers)
    for view in VIEWS:
        assert bridge(then, PACK, view).lines == bridge(known, PACK, view).lines


def test_a_later_grid_factor_leaves_the_old_figure_readable(known: Known):
    world, before = worked_park(), known.size
    _assign(world, world.factor("grid", version="2", CO2="0.5"))
    now = area_figure(world.known("2026-01", "2027-01"), PACK, "gpc-basic")
    then = area_figure(world.known("2026-01", "2027-01", size=before), PACK, "gpc-basic")
    assert then == area_figure(known, PACK, "gpc-basic")
    # 60 GWh of homes at 0.5 instead of 0.5827
    assert then.total.emitted["CO2"] - now.total.emitted["CO2"] == mg("4962")


def _assign(world: World, factor: str) -> None:
    from ledger.carbon.events import FactorAssigned

    assert factor != GRID
    world.say(
        "residents",
        FactorAssigned(
            salt=salt(),
            source="residents/homes/power",
            role="location",
            factor=factor,
            from_="2026-01-01T00:00:00+08:00",
            reason="the year's factor came out",
        ),
    )

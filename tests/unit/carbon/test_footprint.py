"""What a footprint adds, what it sets beside, and what it nets in a group.

Source: accounting rules, sections 1, 3 and 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from ledger.carbon import rulepack
from ledger.carbon.exact import TINY
from ledger.carbon.footprint import Footprint, area_footprint, company_footprint
from ledger.carbon.rows import ActivityRow, MassRow
from ledger.parties.pieces import PARTY
from tests.unit.world import World, body, reading

T0 = "2018-01-31T12:00:00+08:00"
PACK = rulepack.load("1")


def masses(world: World, size: int | None) -> Iterator[MassRow]:
    lines = {(line.stream, line.line): line for line in world.lines}
    for key, row in world.rows(size).items():
        if key[0] == "mass":
            _, stream, line, month, role, gas = key
            yield MassRow(lines[stream, int(line)], month, role, gas, row[0], row[1])


def uses(world: World, size: int | None) -> Iterator[ActivityRow]:
    lines = {(line.stream, line.line): line for line in world.lines}
    for key, row in world.rows(size).items():
        if key[0] == "use":
            quantity = Decimal(row[0]) / TINY
            yield ActivityRow(lines[key[1], int(key[2])], key[3], quantity, row[1], row[2])


def company(world: World, size: int | None = None) -> Footprint:
    period = ("2018-01", "2018-02")
    found, used = [*masses(world, size)], [*uses(world, size)]
    return company_footprint(PACK, "acme", period, size or world.size, found, used, "Asia/Shanghai")


def area(world: World) -> Footprint:
    period, found = ("2018-01", "2018-02"), [*masses(world, None)]
    companies = [
        name
        for name in ("acme", "town", "other")
        if (party := world.state.get(PARTY, name)) is not None and "company" in party.roles
    ]
    return area_footprint(
        PACK,
        "Example park",
        period,
        world.size,
        [row for row in found if row.line.party in companies],
        [row for row in found if row.line.party not in companies],
        "Asia/Shanghai",
    )


@pytest.fixture
def world() -> World:
    world = World()
    world.party("acme")
    world.factor("grid", CO2="0.5")
    world.factor("mix", kind="residual-mix", CO2="0.6")
    return world


def use(world: World, stream: str, quantity: str) -> None:
    world.post(stream.partition("/")[0], stream, [reading(T0, "P1D", quantity)])


def test_the_total_is_scope_1_and_scope_2_location_based_by_month(world: World):
    gas = {"activity": "fuel.natural-gas", "unit": "m3"}
    world.factor("gas", **gas, kind="combustion", CO2="2", CH4_fossil="0.001")
    world.source("acme/plant/gas", **gas, scope=1, direct="operator/gas@1")
    world.source("acme/plant/power", location="operator/grid@1", market="operator/mix@1")
    use(world, "acme/plant/gas", "100")
    use(world, "acme/plant/power", "40")
    found = company(world)
    assert found.total.mass_mg == {"CH4_fossil": "100000", "CO2": "220000000"}
    assert [(m.month, m.mass_mg.get("CO2")) for m in found.months] == [
        ("2018-01", "110000000"),
        ("2018-02", "110000000"),
    ]
    shown = {(s.scope, s.role): (s.in_total, s.mass_mg["CO2"]) for s in found.scopes}
    assert shown == {
        (1, "direct"): (True, "200000000"),
        (2, "location"): (True, "20000000"),
        (2, "market"): (False, "24000000"),
    }


def test_scope_3_stands_beside_the_total(world: World):
    world.source("acme/plant/losses", scope=3, category=3, location="operator/grid@1")
    use(world, "acme/plant/losses", "10")
    found = company(world)
    assert found.total.mass_mg == {}
    assert found.scopes[0].category == 3


def test_a_sub_meter_is_shown_and_not_added_to_its_parent(world: World):
    world.source("acme/plant/main", location="operator/grid@1")
    world.source("acme/plant/hall", location="operator/grid@1", part_of="acme/plant/main")
    use(world, "acme/plant/main", "10")
    use(world, "acme/plant/hall", "4")
    found = company(world)
    assert found.total.mass_mg == {"CO2": "5000000"}
    assert [(s.stream, s.counted, s.quantity) for s in found.sources] == [
        ("acme/plant/hall", False, "4"),
        ("acme/plant/main", True, "10"),
    ]


def test_biogenic_memo_and_removed_masses_have_columns_of_their_own(world: World):
    leak = {"activity": "fugitive.refrigerant", "unit": "kg"}
    gases = {"HFC-32": "1", "HCFC-22": "0.5", "CO2_bio": "0.25"}
    world.factor("blend", **leak, kind="fugitive", gases_kg_per_unit=gases)
    world.source("acme/plant/leak", **leak, scope=1, kind="discrete", direct="operator/blend@1")
    use(world, "acme/plant/leak", "4")
    found = company(world)
    assert found.total.mass_mg == {"HFC-32": "4000000"}
    assert found.memo.mass_mg == {"HCFC-22": "2000000"}
    assert found.biogenic.mass_mg == {"CO2_bio": "1000000"}


STOCK = {"kind": "discrete", "activity": "fugitive.refrigerant", "unit": "kg", "scope": 1}


def stock(world: World, party: str, **flows: str) -> None:
    """A stock of gas: what was there, came, went and is left."""
    for flow, quantity in flows.items():
        stream = f"{party}/plant/{flow}"
        members = {**STOCK, "flow": flow, "balance_group": "chillers"}
        world.source(stream, **members, direct="operator/gas@1")
        use(world, stream, quantity)


@pytest.fixture
def cooled(world: World) -> World:
    gases = {"HFC-32": "1", "CO2_bio": "1"}
    world.factor(
        "gas", activity="fugitive.refrigerant", unit="kg", kind="fugitive", gases_kg_per_unit=gases
    )
    return world


def test_a_balance_group_is_netted_as_a_whole(cooled: World):
    stock(cooled, "acme", opening="10", **{"in": "5"}, out="1", closing="12")
    found = company(cooled)
    assert found.total.mass_mg == {"HFC-32": "2000000"}
    assert found.biogenic.mass_mg == {"CO2_bio": "2000000"}
    assert [(g.balance_group, g.ok) for g in found.balance_groups] == [("chillers", True)]


def test_a_negative_group_is_an_error_and_netted_nowhere(cooled: World):
    stock(cooled, "acme", opening="10", closing="12")
    found = company(cooled)
    assert found.total.mass_mg == {}
    assert found.biogenic.mass_mg == {}
    assert all(scope.mass_mg == {} for scope in found.scopes)
    assert [(g.ok, g.mass_mg["HFC-32"]) for g in found.balance_groups] == [(False, "-2000000")]


def test_a_negative_group_of_a_public_body_is_netted_nowhere_either(cooled: World):
    cooled.party("town", "public-body")
    stock(cooled, "town", opening="10", closing="12")
    found = area(cooled)
    assert found.unallocated.mass_mg == {}
    assert [(g.party, g.ok) for g in found.balance_groups] == [("town", False)]


def test_an_outflow_outside_a_group_is_not_added(world: World):
    world.source("acme/plant/sold", flow="out", location="operator/grid@1")
    use(world, "acme/plant/sold", "10")
    assert company(world).total.mass_mg == {}


def test_the_area_is_the_sum_of_companies_with_the_others_beside(world: World):
    world.party("town", "public-body")
    world.party("other")
    for party, quantity in (("acme", "10"), ("other", "20"), ("town", "40")):
        world.source(f"{party}/plant/power", location="operator/grid@1")
        use(world, f"{party}/plant/power", quantity)
    found = area(world)
    assert found.total.mass_mg == {"CO2": "15000000"}
    assert found.unallocated.mass_mg == {"CO2": "20000000"}
    (line,) = found.key_areas
    assert (line.key_area, line.mass_mg["CO2"], line.unallocated_mg["CO2"]) == (
        "industry",
        "15000000",
        "20000000",
    )


def test_a_footprint_is_readable_as_known_at_an_earlier_size(world: World):
    world.source("acme/plant/power", location="operator/grid@1")
    use(world, "acme/plant/power", "10")
    before, size = company(world), world.size
    world.correct("acme/plant/power@1", body(T0, "P1D", "30"))
    assert company(world).total.mass_mg == {"CO2": "15000000"}
    assert company(world, size) == before

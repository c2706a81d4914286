"""Activities, kinds of factors and flows of rule pack 1.

Source: accounting rules, sections 3 to 5; events, the table of roles and key areas.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from ledger.carbon import rulepack
from ledger.errors import BadValue

if TYPE_CHECKING:
    from ledger.carbon.rulepack import RulePack

GPC_LINES = {
    *(f"I.{sector}.{scope}" for sector in range(1, 7) for scope in (1, 2, 3)),
    *("I.4.4", "I.7.1", "I.8.1"),
    *(f"II.{sector}.{scope}" for sector in range(1, 6) for scope in (1, 2, 3)),
    *(f"III.{sector}.{scope}" for sector in range(1, 5) for scope in (1, 2, 3)),
    *("IV.1", "IV.2", "V.1", "V.2", "V.3", "VI"),
}

# ISO 14064-1:2018 category of each Scope 3 category: transport, products used, use of products.
ISO_OF_CATEGORY = (
    dict.fromkeys((4, 6, 7, 9), 3)
    | dict.fromkeys((1, 2, 3, 5, 8), 4)
    | dict.fromkeys((10, 11, 12, 13, 14, 15), 5)
)

# Accounting rules, section 5: key area, activity, GPC line, scope of the poster (None: memo).
MAPPING_TABLE = [
    ("planning", "fuel.natural-gas", "I.2.1", 1),
    ("planning", "electricity.purchased", "I.2.2", 2),
    ("planning", "removal.trees", "V.2", 1),
    ("planning", "land.use-change", "V.2", 1),
    ("digital-governance", "electricity.purchased", "I.2.2", 2),
    ("digital-governance", "fuel.diesel", "I.2.1", 1),
    ("digital-governance", "fugitive.refrigerant", "IV.2", 1),
    ("digital-governance", "fugitive.fire-suppression", "IV.2", 1),
    ("energy", "fuel.natural-gas", "I.4.4", 1),
    ("energy", "electricity.exported", "I.4.4", None),
    ("energy", "steam.exported", "I.4.4", None),
    ("energy", "fuel.natural-gas", "I.4.1", 1),
    ("energy", "fugitive.natural-gas", "I.8.1", 1),
    ("energy", "electricity.losses", "I.3.3", 3),
    ("recycling", "waste.incineration", "I.4.4", 1),
    ("recycling", "waste.landfill", "III.1.2", 3),
    ("recycling", "waste.composting", "III.2.1", 1),
    ("recycling", "waste.composting", "III.2.3", 1),
    ("recycling", "wastewater.municipal", "III.4.1", 1),
    ("recycling", "wastewater.industrial", "III.4.3", 1),
    ("industry", "fuel.coal.bituminous", "I.3.1", 1),
    ("industry", "machinery.diesel", "I.3.1", 1),
    ("industry", "electricity.purchased", "I.3.2", 2),
    ("industry", "steam.purchased", "I.3.2", 2),
    ("industry", "process.cement-clinker", "IV.1", 1),
    ("industry", "process.steel-carbon-balance", "IV.1", 1),
    ("industry", "fugitive.refrigerant", "IV.2", 1),
    ("industry", "fugitive.sf6", "IV.2", 1),
    ("construction", "machinery.diesel", "I.3.1", 1),
    ("construction", "fuel.natural-gas", "I.2.1", 1),
    ("construction", "electricity.purchased", "I.2.2", 2),
    ("construction", "embodied.construction", "VI", None),
    ("mobility", "mobile.diesel", "II.1.1", 1),
    ("mobility", "electricity.charging", "II.1.2", 2),
    ("mobility", "mobile.diesel", "II.1.3", 1),
    ("mobility", "machinery.diesel", "II.5.1", 1),
    ("mobility", "electricity.purchased", "II.5.2", 2),
    ("mobility", "traffic.road", "II.1.1", 1),
    ("lifestyle", "household.gas", "I.1.1", 1),
    ("lifestyle", "household.electricity", "I.1.2", 2),
    ("lifestyle", "household.waste-landfill", "III.1.2", 3),
    ("lifestyle", "household.goods", "VI", 3),
    ("lifestyle", "household.food", "VI", 3),
]


@pytest.fixture(scope="module", params=rulepack.versions())
def pack(request: pytest.FixtureRequest) -> RulePack:
    return rulepack.load(str(request.param))


def test_key_areas_roles_and_flows_are_those_of_the_events(pack: RulePack) -> None:
    assert pack.key_areas == (
        "planning",
        "digital-governance",
        "energy",
        "recycling",
        "industry",
        "construction",
        "mobility",
        "lifestyle",
    )
    assert pack.flows == {"in": 1, "out": -1, "opening": 1, "closing": -1}


def test_everything_an_activity_names_is_known(pack: RulePack) -> None:
    dimensions = {unit.dimension for unit in pack.units.values()}
    if pack.currencies:
        dimensions.add("currency")
    for one in pack.activities.values():
        assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", one.activity)
        assert one.dimensions
        assert set(one.dimensions) <= dimensions, one.activity
        assert set(one.key_areas) <= set(pack.key_areas), one.activity
        assert set(one.gpc) <= GPC_LINES, one.activity
        assert set(one.roles) <= set(rulepack.ROLES), one.activity
        assert set(one.factors_from) <= set(pack.activities) - {one.activity}, one.activity


def test_an_activity_lists_everything_once_and_in_the_order_of_the_rules(pack: RulePack) -> None:
    for one in pack.activities.values():
        assert list(one.roles) == [role for role in rulepack.ROLES if role in one.roles]
        assert list(one.key_areas) == [area for area in pack.key_areas if area in one.key_areas]
        assert one.key_areas, one.activity
        for items in (one.dimensions, one.gpc, one.placements, one.factors_from):
            assert len(set(items)) == len(items), one.activity


def test_every_dimension_and_every_role_is_used(pack: RulePack) -> None:
    used = {name for one in pack.activities.values() for name in one.dimensions}
    money = {"currency"} if pack.currencies else set()
    assert used == {unit.dimension for unit in pack.units.values()} | money
    assert {role for one in pack.activities.values() for role in one.roles} == set(rulepack.ROLES)


def test_scope_3_has_categories_and_nothing_else_has(pack: RulePack) -> None:
    for one in pack.activities.values():
        assert one.placements, one.activity
        for placement in one.placements:
            assert placement.scope in {1, 2, 3, None}
            assert bool(placement.categories) == (placement.scope == 3), one.activity
            if placement.scope in {1, 2}:
                assert placement.iso == placement.scope
            elif placement.scope is None:
                assert placement.iso is None
            for category in placement.categories:
                assert placement.iso == ISO_OF_CATEGORY[category], one.activity


def test_all_fifteen_categories_of_scope_3_have_an_activity(pack: RulePack) -> None:
    placements = [p for one in pack.activities.values() for p in one.placements]
    assert {c for p in placements for c in p.categories} == set(range(1, 16))


def test_a_boiler_cannot_be_posted_as_scope_3(pack: RulePack) -> None:
    for name, one in pack.activities.items():
        if name.startswith(("fuel.", "mobile.", "machinery.", "process.", "fugitive.")):
            assert [placement.scope for placement in one.placements] == [1], name


def test_scope_2_always_has_both_roles(pack: RulePack) -> None:
    for one in pack.activities.values():
        if any(placement.scope == 2 for placement in one.placements):
            assert {"location", "market"} <= set(one.roles), one.activity


def test_scope_1_always_has_the_direct_role(pack: RulePack) -> None:
    for one in pack.activities.values():
        if any(placement.scope == 1 for placement in one.placements):
            assert "direct" in one.roles, one.activity


def test_only_removals_are_removals(pack: RulePack) -> None:
    removals = {name for name, one in pack.activities.items() if one.removal}
    assert removals == {name for name in pack.activities if name.startswith("removal.")}


@pytest.mark.parametrize(("area", "activity", "gpc", "scope"), MAPPING_TABLE)
def test_the_mapping_table_of_the_accounting_rules_is_covered(
    pack: RulePack, area: str, activity: str, gpc: str, scope: int | None
) -> None:
    one = pack.activity(activity)
    assert area in one.key_areas
    assert gpc in one.gpc
    assert scope in {placement.scope for placement in one.placements}


def test_every_gpc_line_of_the_basic_levels_has_an_activity(pack: RulePack) -> None:
    used = {line for one in pack.activities.values() for line in one.gpc}
    assert used == GPC_LINES


def test_an_activity_shares_factors_only_where_it_has_their_roles_and_dimensions(
    pack: RulePack,
) -> None:
    for one in pack.activities.values():
        for name in one.factors_from:
            other = pack.activity(name)
            assert set(one.roles) & set(other.roles), one.activity
            assert set(one.dimensions) & set(other.dimensions), one.activity


def test_one_grid_factor_serves_homes_and_chargers(pack: RulePack) -> None:
    for name in ("household.electricity", "electricity.charging", "electricity.losses"):
        assert pack.activity(name).factors_from == ("electricity.purchased",)


def test_an_unknown_activity_is_refused_with_its_neighbours(pack: RulePack) -> None:
    with pytest.raises(BadValue, match=r"electricity\.purchased") as refusal:
        pack.activity("electricity.bought")
    assert "fuel.diesel" not in str(refusal.value)


def test_kinds_of_factors_are_not_interchangeable(pack: RulePack) -> None:
    roles = {kind.kind: set(kind.roles) for kind in pack.kinds.values()}
    assert roles["grid-average"] == {"location", "market"}
    assert roles["default-heat"] == {"location", "market"}
    assert roles["residual-mix"] == roles["fossil-only"] == {"market"}
    assert roles["lifecycle"] == {"upstream", "lifecycle"}
    assert roles["combustion"] == roles["process"] == roles["fugitive"] == {"direct"}
    assert roles["measured"] == {"direct"}
    assert "location" not in roles["supplier"]


def test_only_supplier_and_measured_factors_come_from_companies(pack: RulePack) -> None:
    assert {k.kind for k in pack.kinds.values() if k.company} == {"supplier", "measured"}


def test_every_role_can_be_filled_by_a_published_average(pack: RulePack) -> None:
    filled = {role for kind in pack.kinds.values() if not kind.company for role in kind.roles}
    assert filled == set(rulepack.ROLES)


def test_an_unknown_kind_of_factor_is_refused(pack: RulePack) -> None:
    with pytest.raises(BadValue, match="unknown kind of factor"):
        pack.factor_kind("average")

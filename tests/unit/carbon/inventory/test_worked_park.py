"""The companies of the worked park: what each answers for, and their sum by both methods.

Source: accounting rules, section 5, in tonnes of CO2.
"""

from __future__ import annotations

from ledger.carbon.inventory.inventory import Inventory, inventories
from tests.unit.carbon.area.park import HALVES, KG, T, used, worked_park
from tests.unit.carbon.inventory.plants import pack
from tests.unit.world import World, matched

YEAR = ("2026-01", "2027-01")
COMPANIES = ("a", "b", "c")
CERTIFIED = "b/works/certified"


def drawn(world: World) -> dict[str, Inventory]:
    return inventories(world.known(*YEAR), pack())


def sum_kg(world: World, method: str) -> int:
    """The three companies' Scope 1 and 2, whole kilograms of CO2."""
    found = drawn(world)
    kilograms, rest = divmod(
        sum(found[party].scopes_1_and_2(method)["CO2"] for party in COMPANIES), KG
    )
    assert rest == 0
    return kilograms


def test_each_company_has_its_own_scope_1_and_2():
    found = drawn(worked_park())
    assert {
        party: [found[party].masses("location", scope=scope).get("CO2", 0) for scope in (1, 2)]
        for party in COMPANIES
    } == {
        "a": [8_660 * T, 0],
        "b": [2_192_090_000_000, 11_828_810_000_000 + 9_900 * T],
        "c": [0, 990_590_000_000 + 582_700_000_000],
    }


def test_the_companies_sum_is_the_one_of_the_bridge():
    assert sum_kg(worked_park(), "location") == 34_154_190


def test_what_c_resold_is_off_c_in_both_methods():
    [tower] = [one for one in drawn(worked_park())["c"].market if one.month == HALVES[0]][1:]
    assert tower.line.stream == "c/tower/power"
    left = drawn(worked_park())["c"].masses("market", month=HALVES[0], scope=2)["CO2"]
    assert left == (850_000 + 500_000) * 609_600


def test_with_5_000_certificates_at_b_the_market_based_sum_falls_and_the_other_does_not():
    world = worked_park()
    generated = {"activity": "electricity.generated-own-use", "scope": None}
    used(world, CERTIFIED, "2500000", **generated, key_area="industry")
    world.say("b", matched("b/works/power", CERTIFIED, "2026-01"))
    assert sum_kg(world, "market") == 31_724_890
    assert sum_kg(world, "location") == 34_154_190


def test_waste_outside_is_scope_3_and_in_no_sum_of_scopes_1_and_2():
    found = drawn(worked_park())["b"]
    assert found.masses("location", scope=3, category=5) == {"CH4_bio": 18_000_000_000}
    assert "CH4_bio" not in found.scopes_1_and_2("location")

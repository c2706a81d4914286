"""Diesel by the receipt: litres by density and calorific value, and receipts that come once.

Source: accounting rules, sections 3 (discrete sources) and 9 (case 5).
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from ledger.errors import BadValue, Conflict, RuleBroken
from tests.unit.carbon.cases.factory import C_TO_CO2, exactly, factory, footprint, total
from tests.unit.world import World, body, reading

DIESEL = "acme/yard/diesel"
BURNT = {"activity": "machinery.diesel", "unit": "L", "site": "yard", "scope": 1}
NCV_GJ_PER_T, CARBON_KG_PER_GJ = Fraction("42.652"), Fraction("20.2")
OXIDATION, DENSITY_KG_PER_L = Fraction("0.98"), Fraction("0.84")
KG_PER_T = NCV_GJ_PER_T * CARBON_KG_PER_GJ * OXIDATION * C_TO_CO2
KG_PER_L = DENSITY_KG_PER_L / 1000 * KG_PER_T


def yard(kg_per_l: Fraction = KG_PER_L) -> World:
    world = factory()
    made = {"activity": "machinery.diesel", "unit": "L", "kind": "combustion"}
    world.factor("diesel", **made, CO2=exactly(kg_per_l))
    world.source(
        DIESEL, **BURNT, kind="discrete", direct="operator/diesel@1", plausible=("1", "20000")
    )
    return world


@pytest.fixture
def world() -> World:
    return yard()


def receipt(litres: str, number: str | None = None, day: int = 3, **more: object) -> object:
    return reading(f"2026-03-{day:02d}T00:00:00+08:00", "P1D", litres, reference=number, **more)


def post(world: World, *receipts: object) -> None:
    world.post("acme", DIESEL, receipts)  # type: ignore[arg-type]


def test_case_5_a_receipt_of_850_litres_is_exact(world: World):
    post(world, receipt("850", "R-1"))
    assert exactly(KG_PER_L) == "2.60056409536"
    assert total(world) == {"CO2": 2_210_479_481}
    assert round(850 * KG_PER_L * 10**6) == 2_210_479_481


def test_case_5_a_factor_rounded_beforehand_gives_another_number():
    world = yard(DENSITY_KG_PER_L * Fraction("3.09591"))
    post(world, receipt("850", "R-1"))
    assert total(world) == {"CO2": 2_210_479_740}


def test_receipts_of_one_day_all_count_and_each_is_rounded_once(world: World):
    litres = ["850", "33.3", "120.07", "419.55"]
    post(world, *(receipt(quantity, f"R-{at}") for at, quantity in enumerate(litres)))
    singly = [round(Fraction(quantity) * KG_PER_L * 10**6) for quantity in litres]
    assert singly == [2_210_479_481, 86_598_784, 312_249_731, 1_091_066_666]
    assert total(world) == {"CO2": sum(singly)}


def test_a_receipt_comes_once_even_on_another_day(world: World):
    post(world, receipt("850", "R-1"))
    with pytest.raises(Conflict, match=f"R-1, of {DIESEL}@1") as refused:
        post(world, receipt("850", "R-1", day=9))
    assert "Post each receipt once" in str(refused.value.advice)
    assert total(world) == {"CO2": 2_210_479_481}


def test_a_corrected_receipt_keeps_its_number_and_a_withdrawn_one_frees_it(world: World):
    post(world, receipt("580", "R-1"))
    typo = world.size
    world.correct(f"{DIESEL}@1", body("2026-03-03T00:00:00+08:00", "P1D", "850", reference="R-1"))
    assert total(world) == {"CO2": 2_210_479_481}
    assert total(world, size=typo) == {"CO2": round(580 * KG_PER_L * 10**6)}
    with pytest.raises(Conflict, match="R-1"):
        post(world, receipt("850", "R-1"))
    world.correct(f"{DIESEL}@1", None, f"{DIESEL}/corrections@1")
    assert total(world) == {}
    post(world, receipt("850", "R-1"))
    assert total(world) == {"CO2": 2_210_479_481}


def test_litres_are_not_kilograms(world: World):
    with pytest.raises(BadValue, match="a unit of volume"):
        post(world, receipt("714", unit="kg"))


def test_a_receipt_of_a_tanker_needs_a_reason(world: World):
    # 850 L, in millilitres: what a unit left out of a table does.
    with pytest.raises(RuleBroken, match=r"1 to 20000 L, found 850000 L"):
        post(world, receipt("850000", "R-1"))
    post(world, receipt("25000", "R-2", confirm="the yearly filling of the tank"))
    assert total(world) == {"CO2": round(25_000 * KG_PER_L * 10**6)}
    assert footprint(world).sources[0].quantity == "25000"


# --- by what the factor says about its fuel --------------------------------------------------------


def by_properties(unit: str = "L", **properties: str) -> World:
    """Litres, unless said otherwise, with a factor per GJ: its density and calorific value are properties of the factor."""
    world = factory()
    made = {"activity": "machinery.diesel", "unit": "GJ", "kind": "combustion"}
    kg_per_gj = CARBON_KG_PER_GJ * OXIDATION * C_TO_CO2
    world.factor("diesel", **made, CO2=exactly(kg_per_gj), properties=properties)
    world.source(DIESEL, **BURNT | {"unit": unit}, kind="discrete", direct="operator/diesel@1")
    return world


def test_case_5_litres_reach_a_factor_per_gigajoule_by_density_and_calorific_value():
    world = by_properties(density_kg_per_l="0.84", ncv_gj_per_t="42.652")
    post(world, receipt("850", "R-1"))
    assert total(world) == {"CO2": 2_210_479_481}


def test_case_5_a_weighed_delivery_needs_no_density():
    world = by_properties(ncv_gj_per_t="42.652", unit="kg")
    post(world, receipt("714", "R-1"))
    assert total(world) == {"CO2": 2_210_479_481}


def test_a_source_is_weighed_or_measured_and_not_both():
    world = by_properties(density_kg_per_l="0.84", ncv_gj_per_t="42.652")
    with pytest.raises(BadValue, match="a unit of volume"):
        post(world, receipt("714", "R-1", unit="kg"))


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"ncv_gj_per_t": "42.652"}, "density_kg_per_l"),
        ({"density_kg_per_l": "0.84"}, "ncv_gj_per_t"),
    ],
)
def test_a_property_that_the_factor_does_not_have_is_named_and_nothing_is_assumed(
    given: dict[str, str], missing: str
):
    with pytest.raises(BadValue, match=missing):
        by_properties(**given)

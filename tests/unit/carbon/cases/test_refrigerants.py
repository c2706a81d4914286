"""Refrigerants: what was topped up has leaked, or a stock is counted at both ends of the year.

Gases are posted as what they are, blends by their composition; potentials belong to a view. Gases of
the Montreal Protocol stand outside every total. Source: accounting rules, sections 1 to 3 and 9
(case 6).
"""

from __future__ import annotations

import pytest

from ledger.errors import BadValue
from tests.unit.carbon.cases.factory import YEAR, co2e_mg, factory, footprint, milligrams, total
from tests.unit.world import World, body, reading

LEAK = {"activity": "fugitive.refrigerant", "unit": "kg", "scope": 1, "kind": "discrete"}


def composed(world: World, name: str, **parts: str) -> str:
    """A gas or blend: kilograms of each part in a kilogram."""
    gases = {gas.replace("_", "-"): share for gas, share in parts.items()}
    made = {"activity": "fugitive.refrigerant", "unit": "kg", "kind": "fugitive"}
    return world.factor(name, **made, gases_kg_per_unit=gases)


@pytest.fixture
def world() -> World:
    world = factory()
    composed(world, "r-410a", HFC_32="0.5", HFC_125="0.5")
    composed(world, "r-22", HCFC_22="1")
    composed(world, "r-404a", HFC_125="0.44", HFC_143a="0.52", HFC_134a="0.04")
    return world


def cooled(world: World, stream: str, gas: str, **more: object) -> None:
    world.source(stream, **{**LEAK, **more}, direct=f"operator/{gas}@1")


def weigh(world: World, stream: str, kilograms: str, month: int = 6, **more: object) -> None:
    event = reading(f"2026-{month:02d}-10T00:00:00+08:00", "P1D", kilograms, **more)
    world.post("acme", stream, [event])


# --- top-ups -----------------------------------------------------------------------------------


def test_case_6_top_ups_of_two_chillers_in_both_sets_of_potentials(world: World):
    cooled(world, "acme/plant/chiller-new", "r-410a")
    cooled(world, "acme/plant/chiller-old", "r-22")
    weigh(world, "acme/plant/chiller-new", "12.5")
    weigh(world, "acme/plant/chiller-old", "5")
    found = footprint(world)
    scope_1 = milligrams(found.total.mass_mg)
    assert scope_1 == {"HFC-125": 6_250_000, "HFC-32": 6_250_000}
    assert co2e_mg(scope_1, "AR5") == 24_043_750_000
    assert co2e_mg(scope_1, "AR6") == 28_193_750_000
    assert milligrams(found.memo.mass_mg) == {"HCFC-22": 5_000_000}


def test_the_masses_are_the_same_whatever_potentials_are_used(world: World):
    cooled(world, "acme/plant/chiller", "r-404a")
    weigh(world, "acme/plant/chiller", "1")
    assert total(world) == {"HFC-125": 440_000, "HFC-134a": 40_000, "HFC-143a": 520_000}
    assert co2e_mg(total(world), "AR5") == 3_942_800_000
    assert co2e_mg(total(world), "AR6") == 4_728_000_000


def test_top_ups_of_a_year_add_up_whatever_bottle_they_came_from(world: World):
    cooled(world, "acme/plant/chiller", "r-410a")
    for month, kilograms in ((1, "0.75"), (5, "0.333"), (5, "1.1"), (11, "2")):
        weigh(world, "acme/plant/chiller", kilograms, month, reference=f"{month}-{kilograms}")
    each = round(4.183 * 500_000)
    assert total(world) == {"HFC-125": each, "HFC-32": each}


def test_a_gas_under_another_name_is_refused_with_the_right_one(world: World):
    with pytest.raises(BadValue, match="It is written HFC-32 here"):
        composed(world, "other", HFC32="1")


# --- a stock -----------------------------------------------------------------------------------


def stock(world: World, group: str = "r-410a-stock", **flows: str) -> None:
    """Cylinders and charges: at the beginning, bought, sold or handed back, at the end."""
    places = {
        "opening": ("opening", 1),
        "bought": ("in", 5),
        "sold": ("out", 8),
        "closing": ("closing", 12),
    }
    for name, kilograms in flows.items():
        flow, month = places[name]
        stream = f"acme/plant/{group}-{name}"
        cooled(world, stream, "r-410a", flow=flow, balance_group=group)
        weigh(world, stream, kilograms, month)


def test_what_is_missing_from_the_stock_at_the_end_of_the_year_has_leaked(world: World):
    stock(world, opening="120", bought="45.5", sold="8", closing="145")
    # 120 + 45.5 − 8 − 145 kg
    assert total(world) == {"HFC-125": 6_250_000, "HFC-32": 6_250_000}
    (group,) = footprint(world).balance_groups
    assert (group.balance_group, group.ok) == ("r-410a-stock", True)


def test_more_at_the_end_than_there_can_be_is_an_error_and_counts_nowhere(world: World):
    stock(world, opening="120", bought="45.5", sold="8", closing="160")
    stock(world, "other", opening="10", closing="7")
    found = footprint(world)
    # The other stock's 3 kg stand alone: the 2.5 kg too many are taken from nothing.
    assert milligrams(found.total.mass_mg) == {"HFC-125": 1_500_000, "HFC-32": 1_500_000}
    shown = {one.balance_group: (one.ok, one.mass_mg["HFC-32"]) for one in found.balance_groups}
    assert shown == {"other": (True, "1500000"), "r-410a-stock": (False, "-1250000")}


def test_a_stock_that_is_corrected_is_no_error_any_more_and_the_error_stays_readable(world: World):
    stock(world, opening="120", bought="45.5", sold="8", closing="160")
    wrong = world.size
    right = body("2026-12-10T00:00:00+08:00", "P1D", "145")
    world.correct("acme/plant/r-410a-stock-closing@1", right)
    assert footprint(world).balance_groups[0].ok
    assert total(world) == {"HFC-125": 6_250_000, "HFC-32": 6_250_000}
    assert not footprint(world, YEAR, wrong).balance_groups[0].ok
    assert total(world, size=wrong) == {}

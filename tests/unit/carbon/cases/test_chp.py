"""A plant that makes heat and power: its gas counts once, and how it is shared is a choice.

The worked plant of the accounting rules, section 5: 4 000 000 m³ of gas, 100 000 GJ of steam, 10 GWh
of power, here in one month. Whatever is chosen, both shares add up to what was emitted, and Scope 1 stays what it is.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from ledger.carbon.allocation import (
    Allocation,
    Efficiency,
    EnergyContent,
    Exergy,
    HeatDefault,
    Method,
    PowerDefault,
    allocate,
)
from ledger.errors import BadValue, LedgerError, RuleBroken
from tests.unit.carbon.cases.factory import exactly, factory, footprint, total
from tests.unit.world import World, reading

GAS_M3, KG_PER_M3 = Fraction(4_000_000), Fraction("2.165")
STEAM_GJ, POWER_KWH = Fraction(100_000), Fraction(10_000_000)
EMITTED_KG = GAS_M3 * KG_PER_M3
JANUARY = ("2026-01-01T00:00:00+08:00", "2026-02-01T00:00:00+08:00")
MADE = {
    "steam": ("steam.exported", "GJ", STEAM_GJ),
    "power": ("electricity.exported", "kWh", POWER_KWH),
}

# The share of heat, worked out here from what each method says.
POWER_GJ = POWER_KWH * 36 / 10_000
BY_HAND: dict[str, tuple[Method, Fraction]] = {
    "energy content": (EnergyContent(), STEAM_GJ / (STEAM_GJ + POWER_GJ)),
    "efficiency": (
        Efficiency(Fraction("0.9"), Fraction("0.4")),
        Fraction(1_000_000, 9) / (Fraction(1_000_000, 9) + 90_000),
    ),
    "exergy": (
        Exergy(Fraction("433.15"), Fraction("288.15")),
        STEAM_GJ * 145 / (STEAM_GJ * 145 + POWER_GJ * Fraction("433.15")),
    ),
    "steam at 60 kg/GJ": (HeatDefault(Fraction(60)), Fraction(6_000, 8_660)),
    "power at 0.266 kg/kWh": (PowerDefault(Fraction("0.266")), Fraction(6_000, 8_660)),
}


def shared(method: Method) -> Allocation:
    return allocate({"CO2": EMITTED_KG}, STEAM_GJ, POWER_KWH, method)


@pytest.fixture
def world() -> World:
    world = factory()
    burnt = {"activity": "fuel.natural-gas", "unit": "m3"}
    world.factor("gas", **burnt, kind="combustion", CO2=exactly(KG_PER_M3))
    world.source(
        "acme/chp/gas", **burnt, site="chp", scope=1, key_area="energy", direct="operator/gas@1"
    )
    world.post("acme", "acme/chp/gas", [reading(*JANUARY, "4000000")])
    return world


def price(world: World, method: Method, version: str) -> dict[str, int]:
    """The plant publishes what it chose, and what it made carries it; milligrams of each leg."""
    found = shared(method)
    rates = {"steam": found.heat_kg_per_gj["CO2"], "power": found.power_kg_per_kwh["CO2"]}
    for name, (activity, unit, quantity) in MADE.items():
        made = {"activity": activity, "unit": unit}
        ref = world.factor(
            name, "acme", **made, kind="supplier", version=version, CO2=exactly(rates[name])
        )
        stream = f"acme/chp/{name}-{version}"
        world.source(
            stream, **made, site="chp", scope=None, key_area="energy", flow="out", direct=ref
        )
        world.post("acme", stream, [reading(*JANUARY, str(quantity))])
    return {
        one.stream.removeprefix("acme/chp/").removesuffix(f"-{version}"): int(
            one.roles["direct"]["CO2"]
        )
        for one in footprint(world).sources
        if one.stream.endswith(f"-{version}")
    }


@pytest.mark.parametrize("name", BY_HAND)
def test_both_shares_add_up_to_what_was_emitted(name: str):
    method, share = BY_HAND[name]
    found = shared(method)
    assert found.heat_kg["CO2"] == EMITTED_KG * share
    assert found.heat_kg["CO2"] + found.power_kg["CO2"] == EMITTED_KG


def test_the_worked_plant_shares_6_000_tonnes_to_steam_and_2_660_to_power():
    found = shared(HeatDefault(Fraction(60)))
    assert [found.heat_kg["CO2"], found.power_kg["CO2"]] == [6_000_000, 2_660_000]
    assert found.power_kg_per_kwh["CO2"] == Fraction("0.266")


def test_whatever_is_chosen_scope_1_is_the_gas_that_was_burnt(world: World):
    before = total(world)
    assert before == {"CO2": 8_660_000_000_000}
    legs = {
        name: price(world, method, f"v{at}")
        for at, (name, (method, _)) in enumerate(BY_HAND.items())
    }
    assert total(world) == before
    assert legs["steam at 60 kg/GJ"] == {"steam": 6_000_000_000_000, "power": 2_660_000_000_000}
    assert legs["energy content"] == {"steam": 6_367_647_058_824, "power": 2_292_352_941_176}
    for name, leg in legs.items():
        # Each leg is rounded once.
        assert abs(leg["steam"] + leg["power"] - 8_660_000_000_000) <= 1, name


def test_the_choice_stands_in_words_that_a_factors_title_can_carry():
    assert [str(method) for method, _ in BY_HAND.values()] == [
        "energy-content",
        "efficiency: heat 0.9, power 0.4",
        "exergy: heat at 433.15 K, surroundings 288.15 K",
        "heat-default: heat 60 kg CO2/GJ, power the rest",
        "power-default: power 0.266 kg CO2/kWh, heat the rest",
    ]


def test_other_gases_are_shared_as_carbon_dioxide_is():
    found = allocate(
        {"CO2": EMITTED_KG, "N2O": Fraction(866)}, STEAM_GJ, POWER_KWH, HeatDefault(Fraction(60))
    )
    assert [found.heat_kg["N2O"], found.power_kg["N2O"]] == [600, 266]


@pytest.mark.parametrize(
    ("method", "error"),
    [
        (HeatDefault(Fraction(110)), RuleBroken),  # 11 000 t of steam out of 8 660 t of gas
        (PowerDefault(Fraction("0.9")), RuleBroken),
        (Efficiency(Fraction(0), Fraction("0.4")), BadValue),
        (Exergy(Fraction("288.15"), Fraction("288.15")), BadValue),
    ],
    ids=["heat takes more than there is", "power does", "no efficiency", "heat that is not warm"],
)
def test_a_choice_that_shares_more_or_nothing_is_refused(method: Method, error: type[LedgerError]):
    with pytest.raises(error):
        shared(method)


def test_the_plants_own_factor_is_not_posted_as_an_average(world: World):
    with pytest.raises(RuleBroken, match="factor-publisher"):
        world.factor(
            "steam", "acme", activity="heat.purchased", unit="GJ", kind="default-heat", CO2="60"
        )


def test_steam_that_is_sold_is_not_taken_off_the_gas(world: World):
    with pytest.raises(RuleBroken, match=r"scope of steam\.exported"):
        world.source(
            "acme/chp/trick", activity="steam.exported", unit="GJ", site="chp", scope=1,
            key_area="energy", flow="out", balance_group="chp",
        )  # fmt: skip

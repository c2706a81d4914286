"""The indicators of the zero-carbon park programme, from posted events to the milligram."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest

from ledger.carbon import rulepack
from ledger.carbon.events import FactorAssigned
from ledger.carbon.known import Known
from ledger.carbon.progress.energy import MG_PER_TCE, rounded
from ledger.carbon.progress.indicators import (
    NO_METHOD,
    NOT_A_YEAR,
    NOT_COMPLETE,
    GuidingShown,
    ParkIndicators,
    park_indicators,
)
from ledger.carbon.progress.park_rules import ParkRules, park_rules
from ledger.carbon.rulepack import RulePack
from ledger.errors import BadValue, InvalidInput
from tests.unit.carbon.area.park import emitted, used, worked_park
from tests.unit.world import World, declared, reading, salt

PACK = rulepack.load("2")
T = 10**9


def of(world: World, pack: RulePack = PACK, **changed: str) -> ParkIndicators:
    names = {name.replace("_", "-"): choice for name, choice in changed.items()}
    return park_indicators(world.known("2026-01", "2027-01"), pack, names)


def judging(**changed: object) -> RulePack:
    """The pack as it will be once the counting method's text is in it."""
    rules = msgspec.json.decode(PACK.files["indicators.json"])
    method = {"method_sha256": "ab" * 32, **changed}
    return RulePack("2", {**PACK.files, "indicators.json": msgspec.json.encode(rules | method)})


def guiding(found: ParkIndicators, name: str) -> GuidingShown:
    return next(one for one in found.guiding if one.indicator == name)


@pytest.fixture(scope="module")
def park() -> World:
    return worked_park()


@pytest.fixture(scope="module")
def year(park: World) -> Known:
    return park.known("2026-01", "2027-01")


# --- the worked park ---------------------------------------------------------------------------


def test_the_worked_park_has_2_3919_tonnes_per_tonne_of_standard_coal(year: Known):
    found = park_indicators(year, PACK)
    assert found.carbon_mg == 17_768_920_000_000
    # 4.5 Mm³ × 38.931 MJ + 100 t × 42.652 GJ − 10 000 GJ, over 29.3076, + 13.4 GWh × 0.1229.
    heat_gj = 4_500 * Fraction("38.931") + 100 * Fraction("42.652") - 10_000
    energy_tce = heat_gj / Fraction("29.3076") + 13_400 * Fraction("0.1229")
    assert found.energy_tce == "7428.797108463"
    assert rounded(energy_tce * MG_PER_TCE) == 7_428_797_108_463
    assert found.t_per_tce == "2.391897"


def test_every_input_is_listed_with_its_amount_and_they_add_up(year: Known):
    found = park_indicators(year, PACK)
    assert sum(one.mass_mg for one in found.carbon_inputs) == found.carbon_mg
    shown_mgce = sum(one.mgce for one in found.energy_inputs)
    assert abs(shown_mgce - 7_428_797_108_463) <= len(found.energy_inputs)  # shown rounded
    by_kind = {one.kind: 0 for one in found.energy_inputs}
    for one in found.energy_inputs:
        by_kind[one.kind] += 1
        assert one.refs
    assert by_kind == {"source": 9, "passed-on": 2, "made-inside": 2, "exported": 6}
    steam = next(one for one in found.energy_inputs if one.kind == "made-inside")
    assert steam.refs[0] == "b/works/steam"
    assert (steam.quantity, steam.unit) == ("45000", "GJ")
    assert len(steam.refs) == 3  # the stream, the transfer, its acknowledgement


def test_steam_that_nobody_acknowledged_counts_at_its_receiver_too():
    world = World()
    for name in ("a", "b"):
        world.party(name)
    fuel = {"kind": "combustion", "unit": "m3", "properties": {"ncv_gj_per_m3": "0.04"}}
    world.factor("gas", activity="fuel.natural-gas", CO2="2", **fuel)
    world.factor("heat", activity="heat.purchased", unit="GJ", kind="default-heat", CO2="110")
    burnt = {"activity": "fuel.natural-gas", "unit": "m3", "scope": 1}
    used(world, "a/plant/gas", "1000", **burnt, direct="operator/gas@1")
    bought = {"activity": "steam.purchased", "unit": "GJ", "location": "operator/heat@1"}
    used(world, "b/works/steam", "10", **bought)
    sent = world.transfer("a/plant/gas", "b", "2026-01", "8", "GJ")
    both = Fraction(2 * 40 + 2 * 10) / Fraction("29.3076")
    assert of(world).energy_tce == shown(both)
    world.acknowledge(sent, "b/works/steam", "7", "GJ")  # the smaller counts
    assert of(world).energy_tce == shown(both - Fraction(7) / Fraction("29.3076"))


def shown(tce: Fraction) -> str:
    text = f"{rounded(tce * MG_PER_TCE):010d}"
    return f"{int(text[:-9])}.{text[-9:]}".rstrip("0").rstrip(".")


def test_what_is_exported_of_the_sun_is_no_clean_energy_of_the_park(year: Known):
    # 0.4 of 0.5 GWh × 0.1229, of 7 428.797 tce.
    assert guiding(park_indicators(year, PACK), "clean-energy").percent == "0.661749"


def internal(world: World, sender: str, *quantities: str) -> None:
    """`b` buys 20 GJ of heat; the sender's plant made so much of it, and both say so."""
    world.factor("heat", activity="heat.purchased", unit="GJ", kind="default-heat", CO2="110")
    burnt = {"activity": "fuel.natural-gas", "unit": "GJ"}
    world.factor("gas", **burnt, kind="combustion", CO2="56.1")
    plant = {"key_area": "energy", "scope": 1, "direct": "operator/gas@1"}
    used(world, f"{sender}/plant/gas", "50", **burnt, **plant)
    bought = {"activity": "heat.purchased", "unit": "GJ", "location": "operator/heat@1"}
    used(world, "b/works/heat", "10", **bought)
    for quantity in quantities:
        sent = world.transfer(f"{sender}/plant/gas", "b", "2026-01", quantity, "GJ")
        world.acknowledge(sent, "b/works/heat", quantity, "GJ")


def test_no_more_is_made_inside_than_the_receiver_took_in_that_month():
    world = World()
    for name in ("a", "b"):
        world.party(name)
    internal(world, "a", "7", "6")
    assert of(world).energy_tce == shown((100 + 20 - 10) / Fraction("29.3076"))


def test_heat_of_a_public_body_counts_at_its_receiver():
    # Its fuel is no fuel of an enterprise, so nothing would count the heat otherwise.
    world = World()
    world.party("b")
    world.party("town", "public-body")
    internal(world, "town", "7")
    assert of(world).energy_tce == shown(20 / Fraction("29.3076"))


# --- single carriers ---------------------------------------------------------------------------


def test_power_from_the_grid_of_jiangsu_alone_is_4_74_tonnes_per_tce():
    world = World()
    world.party("acme")
    world.factor("grid", CO2="0.5827")
    used(world, "acme/plant/power", "500000", location="operator/grid@1")
    found = of(world)
    assert found.energy_tce == "122.9"
    assert found.carbon_mg == 582_700_000_000
    assert found.t_per_tce is not None
    assert found.t_per_tce == "4.741253"
    assert round(Fraction(found.t_per_tce), 2) == Fraction("4.74")


@pytest.mark.parametrize(
    ("activity", "carbon_tc_per_tj", "t_per_tce"),
    [("fuel.natural-gas", "15.3", "1.64"), ("fuel.coal.bituminous", "25.8", "2.77")],
)
def test_a_fuel_alone_has_the_carbon_of_its_energy(
    activity: str, carbon_tc_per_tj: str, t_per_tce: str
):
    # Fully oxidised: kg per GJ = tC/TJ × 44/12.
    kg_per_gj = Fraction(carbon_tc_per_tj) * Fraction(44, 12)
    world = World()
    world.party("acme")
    burnt = {"activity": activity, "unit": "GJ"}
    world.factor("fuel", **burnt, kind="combustion", CO2=str(float(kg_per_gj)))
    used(world, "acme/plant/fuel", "1000", **burnt, scope=1, direct="operator/fuel@1")
    found = of(world)
    assert found.t_per_tce is not None
    assert round(Fraction(found.t_per_tce), 2) == Fraction(t_per_tce)


def test_power_made_of_fuel_is_counted_as_fuel_alone():
    world = solar()
    assert of(world).energy_tce == "245.8"
    world.fact("acme", "electricity-from-fuel", "2026", "400", "MWh")
    assert of(world).energy_tce == shown(Fraction("1600000") * Fraction("0.1229") / 1000)


def solar() -> World:
    """A company with 1 GWh bought and 1 GWh made."""
    world = World()
    world.party("acme")
    world.factor("grid", CO2="0.5827")
    used(world, "acme/plant/power", "500000", location="operator/grid@1")
    made = {"activity": "electricity.generated-own-use", "scope": None, "key_area": "energy"}
    used(world, "acme/plant/sun", "500000", **made)
    return world


def test_what_leaves_a_source_that_is_not_counted_is_deducted_only_if_its_fuel_was():
    world = solar()
    sold = {"activity": "electricity.exported", "scope": None, "key_area": "energy"}
    used(world, "acme/plant/sold", "50000", **sold)
    world.transfer("acme/plant/sold", None, "2026-01", "50000", "kWh", location="operator/grid@1")
    assert of(world).energy_tce == "245.8"
    made = {"activity": "electricity.exported", "kind": "supplier", "CO2": "0.3"}
    world.factor("made", "acme", **made)
    world.transfer("acme/plant/sold", None, "2026-07", "50000", "kWh", direct="acme/made@1")
    assert of(world).energy_tce == shown(Fraction("245.8") - 50 * Fraction("0.1229"))


def test_an_export_that_is_neither_called_power_nor_heat_is_named_as_missing():
    world = World()
    world.party("acme")
    burnt = {"activity": "fuel.natural-gas", "unit": "GJ"}
    world.factor("gas", **burnt, kind="combustion", CO2="56.1")
    used(world, "acme/plant/gas", "1000", **burnt, scope=1, direct="operator/gas@1")
    event = world.transfer("acme/plant/gas", None, "2026-01", "5", "GJ")
    assert of(world).missing == (f"{event}: whether it is power or heat is not told",)


@pytest.mark.parametrize("place", ["town/roof/sun", "acme/away/sun"])
def test_only_enterprises_inside_count_what_they_generate(place: str):
    world = solar()
    world.party("town", "public-body")
    world.site("acme/away", inside=False)
    made = {"activity": "electricity.generated-own-use", "scope": None, "key_area": "energy"}
    used(world, place, "500000", **made, site=place.split("/")[1])
    assert of(world).energy_tce == "245.8"


def test_sub_meters_and_what_flows_out_are_not_added():
    world = solar()
    power = {"location": "operator/grid@1"}
    used(world, "acme/plant/hall", "300000", **power, part_of="acme/plant/power")
    used(world, "acme/plant/back", "200000", **power, flow="out")
    assert of(world).energy_tce == "245.8"


def test_what_is_left_in_stock_is_not_used():
    world = World()
    world.party("acme")
    coal = {"activity": "fuel.coal.bituminous", "unit": "t"}
    properties = {"ncv_gj_per_t": "29.3076"}
    world.factor("coal", **coal, kind="combustion", CO2="2700", properties=properties)
    pile = {**coal, "scope": 1, "direct": "operator/coal@1", "balance_group": "pile"}
    for flow, half in (("opening", "5"), ("in", "50"), ("closing", "15")):
        used(world, f"acme/plant/{flow}", half, **pile, flow=flow)
    found = of(world)
    assert found.energy_tce == "80"
    assert found.t_per_tce == "2.7"


def test_a_factor_that_begins_within_the_month_tells_its_energy():
    world = World()
    world.party("acme")
    burnt = {"activity": "fuel.natural-gas", "unit": "m3"}
    properties = {"ncv_gj_per_m3": "0.0293076"}
    world.factor("gas", **burnt, kind="combustion", CO2="2", properties=properties)
    world.source("acme/plant/gas", **burnt, scope=1, kind="discrete")
    assigned = FactorAssigned(
        salt=salt(),
        source="acme/plant/gas",
        role="direct",
        factor="operator/gas@1",
        from_="2026-03-10T00:00:00+08:00",
        reason="the first document",
    )
    world.say("acme", assigned)
    world.post("acme", "acme/plant/gas", [reading("2026-03-15T00:00:00+08:00", "P1D", "1000")])
    assert of(world).energy_tce == "1"


# --- what is missing ---------------------------------------------------------------------------


def test_a_fuel_without_a_calorific_value_is_named_and_there_is_no_indicator():
    world = World()
    world.party("acme")
    burnt = {"activity": "fuel.natural-gas", "unit": "m3"}
    world.factor("gas", **burnt, kind="combustion", CO2="2.165")
    used(world, "acme/plant/gas", "1000", **burnt, scope=1, direct="operator/gas@1")
    found = of(world, judging())
    assert found.t_per_tce is None
    assert found.no_verdict == NOT_COMPLETE
    assert len(found.missing) == 1
    assert found.missing[0].startswith("acme/plant/gas: unit of another dimension")
    assert "ncv_gj_per_m3" in found.missing[0]


@pytest.mark.parametrize("activity", ["measured.stack", "fuel.natural-gas"])
def test_what_was_measured_at_the_stack_tells_no_energy(activity: str):
    world = solar()
    unit = {"unit": "t"} if activity == "measured.stack" else {"unit": "m3"}
    emitted(world, "acme/plant/stack", CO2=T, activity=activity, **unit)
    found = of(world)
    assert found.carbon_mg == 582_700_000_000 + 2 * T
    assert found.missing == ("acme/plant/stack: the energy behind what was measured is not told",)
    assert found.t_per_tce is None


def test_what_is_known_as_co2_equivalent_alone_leaves_the_indicator_open():
    world = solar()
    emitted(world, "acme/plant/kiln", CO2e_AR5=T, activity="process.other")
    found = of(world)
    assert found.carbon_mg == 582_700_000_000
    assert found.missing == ("acme/plant/kiln: how much of its CO2e_AR5 is CO2 is not told",)
    assert found.t_per_tce is None


def test_a_process_needs_no_energy():
    world = solar()
    emitted(world, "acme/plant/kiln", CO2=T, activity="process.other")
    assert of(world).missing == ()
    assert of(world).carbon_mg == 582_700_000_000 + 2 * T


# --- thresholds and verdicts -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("energy_tce", "most"),
    [
        ("0", None),
        ("199999.999999", None),
        ("200000", "0.2"),
        ("999999", "0.2"),
        ("1000000", "0.3"),
    ],
)
def test_the_threshold_follows_the_energy_of_the_year(energy_tce: str, most: str | None):
    assert park_rules(PACK).threshold(Fraction(energy_tce)).most_t_per_tce == most


def test_no_verdict_is_given_while_the_method_is_not_in_the_pack(year: Known):
    found = park_indicators(year, PACK)
    assert found.method_sha256 is None
    assert (found.met, found.no_verdict) == (None, NO_METHOD)
    assert [one.met for one in found.guiding] == [None] * 5


@pytest.mark.parametrize(
    ("gigawatt_hours", "most", "met"),
    [("1600", None, None), ("1700", "0.2", False), ("8200", "0.3", False)],
)
def test_with_the_method_in_the_pack_the_threshold_of_the_scale_is_applied(
    gigawatt_hours: str, most: str | None, met: object
):
    found = of(grid_park(gigawatt_hours, "0.5827"), judging())
    assert (found.most_t_per_tce, found.met, found.no_verdict) == (most, met, None)


def test_a_park_below_the_threshold_meets_it():
    # 0.02458 kg per kWh is exactly 0.2 t per tce.
    assert of(grid_park("2000", "0.02458"), judging()).met is True
    assert of(grid_park("2000", "0.024581"), judging()).met is False


def grid_park(gigawatt_hours: str, factor: str) -> World:
    world = World()
    world.party("acme")
    world.factor("grid", CO2=factor)
    half = str(int(gigawatt_hours) * 500)
    used(world, "acme/plant/power", half, unit="MWh", location="operator/grid@1")
    return world


def test_thresholds_are_for_a_calendar_year(park: World):
    half = park_indicators(park.known("2026-01", "2026-07"), judging())
    assert (half.met, half.no_verdict, half.most_t_per_tce) == (None, NOT_A_YEAR, None)


# --- what the programme leaves open ------------------------------------------------------------


def test_every_choice_is_shown_with_what_another_one_would_give(year: Known):
    found = park_indicators(year, PACK)
    transport = next(p for p in found.parameters if p.parameter == "enterprise-transport")
    assert transport.choice == "included"
    without = park_indicators(year, PACK, {"enterprise-transport": "excluded"})
    assert transport.otherwise == {"excluded": without.t_per_tce}
    assert without.carbon_mg == found.carbon_mg - 309_590_000_000
    assert without.energy_tce == shown(
        Fraction("7428.797108463") - Fraction(4_265_2, 10) / Fraction("29.3076")
    )
    assert [one.parameter for one in found.parameters] == [
        "green-power-direct",
        "green-power-traded",
        "green-power-unbundled",
        "feedstock-energy",
        "waste-energy",
        "residents",
        "enterprise-transport",
    ]


@pytest.mark.parametrize("kind", ["direct", "traded", "unbundled"])
def test_green_power_counts_as_its_parameter_says(kind: str):
    world = solar()
    name = f"green-power-{kind}"
    stated = world.fact("acme", name, "2026", "250", "MWh")
    zero = park_indicators(world.known("2026-01", "2027-01"), PACK, {name: "zero"})
    grid = park_indicators(world.known("2026-01", "2027-01"), PACK, {name: "as-grid"})
    assert grid.carbon_mg == 582_700_000_000
    assert zero.carbon_mg == 582_700_000_000 * 3 // 4
    assert zero.energy_tce == grid.energy_tce
    assert [one.refs for one in zero.carbon_inputs if one.kind == name] == [(stated,)]
    # 1 GWh of sun and 0.25 GWh of green power, of 2 GWh.
    assert guiding(zero, "clean-energy").percent == "62.5"
    assert guiding(grid, "clean-energy").percent == "50"


def test_green_power_of_the_area_counts_at_the_mean_factor_of_all_power_bought():
    world = worked_park()
    world.area_fact("green-power-traded", "2026", "1", "GWh")
    found = of(world, green_power_traded="zero")
    # 22 GWh are bought, after what was passed on, all at 0.5827.
    assert found.carbon_mg == 17_768_920_000_000 - 582_700_000_000
    assert found.energy_tce == "7428.797108463"


def test_green_power_never_takes_off_more_than_was_bought():
    world = solar()
    world.fact("acme", "green-power-direct", "2026", "9000", "MWh")
    found = of(world)
    assert found.carbon_mg == 0
    assert guiding(found, "clean-energy").percent == "100"


def test_feedstock_has_energy_only_if_it_is_chosen():
    world = solar()
    properties = {"ncv_gj_per_t": "29.3076"}
    fed = {"activity": "process.feedstock", "unit": "t"}
    world.factor("fed", **fed, kind="process", CO2="0", properties=properties)
    used(world, "acme/plant/fed", "50", **fed, scope=1, direct="operator/fed@1")
    assert of(world).energy_tce == "245.8"
    assert of(world, feedstock_energy="included").energy_tce == "345.8"


def test_residents_are_left_out_unless_they_are_chosen():
    world = solar()
    world.residents("homes/east", "1000")
    at_home = {"site": "east", "activity": "household.electricity", "key_area": "lifestyle"}
    used(world, "homes/east/power", "500000", **at_home, location="operator/grid@1")
    assert of(world).energy_tce == "245.8"
    with_them = of(world, residents="included")
    assert with_them.energy_tce == "368.7"
    assert with_them.carbon_mg == 2 * 582_700_000_000


def test_residents_without_their_cars_may_be_chosen():
    world = solar()
    world.residents("homes/east", "1000")
    fuel = {"activity": "traffic.road", "unit": "kg"}
    properties = {"ncv_gj_per_t": "29.3076"}
    world.factor("petrol", **fuel, kind="combustion", CO2="3", properties=properties)
    cars = {"site": "east", "scope": 1, "key_area": "mobility", "gpc": "II.1.1"}
    used(world, "homes/east/cars", "5000", **fuel, **cars, direct="operator/petrol@1")
    both = of(world, residents="included")
    assert both.energy_tce == "255.8"
    assert both.carbon_mg == 582_700_000_000 + 30_000 * 10**6
    without = of(world, residents="included", enterprise_transport="excluded")
    assert without.energy_tce == "245.8"
    assert without.carbon_mg == 582_700_000_000


def test_another_word_for_a_choice_is_refused(year: Known):
    with pytest.raises(BadValue, match="expected excluded, included, found maybe"):
        park_indicators(year, PACK, {"residents": "maybe"})
    with pytest.raises(BadValue, match="parameter weather"):
        park_indicators(year, PACK, {"weather": "sunny"})


# --- guiding shares ----------------------------------------------------------------------------


def test_guiding_shares_come_from_facts_that_are_listed():
    world = solar()
    world.party("other")
    world.fact("acme", "solid-waste-generated", "2026", "300", "t")
    world.fact("other", "solid-waste-generated", "2026", "100000", "kg")
    world.fact("acme", "solid-waste-used", "2026", "330", "t")
    waste = guiding(of(world, judging()), "solid-waste")
    assert waste.percent == "82.5"
    assert waste.met is True
    assert [(one.party, one.value, one.unit) for one in waste.inputs] == [
        ("acme", "330", "t"),
        ("acme", "300", "t"),
        ("other", "100000", "kg"),
    ]


def test_water_reused_is_over_fresh_and_reused_together():
    world = solar()
    world.fact("acme", "water-fresh", "2026", "25", "m3")
    world.fact("acme", "water-reused", "2026", "75", "m3")
    water = guiding(of(world, judging()), "water-reuse")
    assert (water.percent, water.met) == ("75", False)


def test_what_the_operator_states_of_the_area_stands_for_all():
    world = solar()
    world.fact("acme", "waste-heat-used", "2026", "9", "GJ")
    world.area_fact("waste-heat-used", "2026", "5", "GJ")
    world.area_fact("waste-heat-available", "2026", "10", "GJ")
    heat = guiding(of(world), "waste-heat")
    assert heat.percent == "50"
    assert {one.party for one in heat.inputs} == {"operator"}


def test_a_fact_for_a_part_of_the_year_is_a_gap_and_gives_no_share():
    world = solar()
    world.fact("acme", "water-fresh", "2026-03", "25", "m3")
    world.fact("acme", "water-reused", "2026", "75", "m3")
    water = guiding(of(world), "water-reuse")
    assert water.percent is None
    assert water.missing == ("acme: water-fresh not told for 2026-01 to 2026-12",)


def test_a_year_and_one_of_its_months_told_apart_are_told_twice():
    world = solar()
    world.fact("acme", "water-fresh", "2026", "25", "m3")
    world.fact("acme", "water-fresh", "2026-03", "5", "m3")
    world.fact("acme", "water-reused", "2026", "75", "m3")
    water = guiding(of(world), "water-reuse")
    assert water.missing == ("acme: water-fresh told twice for 2026-03 to 2026-03",)


def test_an_indicator_that_does_not_apply_is_left_out_with_a_reason():
    world = solar()
    line = declared("indicator.solid-waste", "NO", "2026", reason="no industrial waste arises")
    event = world.say("operator", line)
    waste = guiding(of(world, judging()), "solid-waste")
    assert (waste.percent, waste.met) == (None, None)
    assert (waste.excluded, waste.excluded_by) == ("no industrial waste arises", event)
    earlier = world.known("2026-01", "2027-01", size=world.size - 1)
    assert guiding(park_indicators(earlier, PACK), "solid-waste").excluded is None
    before = world.known("2025-01", "2026-01")
    assert guiding(park_indicators(before, PACK), "solid-waste").excluded is None


def test_what_was_not_known_yet_does_not_count():
    world = solar()
    world.fact("acme", "green-power-direct", "2026", "250", "MWh")
    before = world.size - 1
    known = world.known("2026-01", "2027-01", size=before)
    assert park_indicators(known, PACK).carbon_mg == 582_700_000_000


# --- per unit of energy, never of money --------------------------------------------------------


def test_the_indicator_cannot_be_per_unit_of_money():
    world = solar()
    before = of(world)
    world.fact("acme", "revenue", "2026", "1000000", "CNY@2023")
    world.area_fact("value-added", "2026", "1000000", "CNY@2023")
    after = of(world)
    assert after.t_per_tce == before.t_per_tce
    assert after.energy_tce == before.energy_tce
    # No rule has a place for money: neither a member of the file, nor a unit, nor a fact.
    rules = msgspec.json.decode(PACK.files["indicators.json"])
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.convert({**rules, "per": "10^4CNY@2023"}, ParkRules)
    assert {PACK.unit(one.unit).dimension for one in park_rules(PACK).guiding} == {
        "count",
        "energy",
        "mass",
        "volume",
    }


def test_every_number_of_the_programme_has_a_source_with_its_mark():
    rules = park_rules(PACK)
    sources = [rules.source, rules.electricity_source, rules.gj_source]
    sources += [one.source for one in rules.parameters]
    assert all(source.title and source.mark in {"p", "s", "k"} for source in sources)


def test_a_pack_without_the_programme_says_so(year: Known):
    with pytest.raises(InvalidInput, match=r"rule pack 1 has no indicators\.json"):
        park_indicators(year, rulepack.load("1"))

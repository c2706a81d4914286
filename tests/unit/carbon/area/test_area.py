"""A figure in a view: its headings, its columns, its equivalents, and what it is divided by.

Among these are mistakes that others made: a changed GWP set that recalculated what was stored, or
was silently not applied; a park indicator per unit of money. Source: accounting rules, sections 1,
5 and 10.
"""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

from ledger.carbon import rulepack
from ledger.carbon.area.area import area_figure, area_terms, in_view
from ledger.carbon.area.basis import basis_of
from ledger.carbon.area.bridge import bridge
from ledger.carbon.area.intensity import per_energy, per_head, per_value_added
from ledger.carbon.gwp import co2e
from ledger.carbon.known import Known
from ledger.carbon.rulepack import RulePack
from ledger.errors import BadValue, RuleBroken
from tests.unit.carbon.area.park import KG, T, emitted, worked_park
from tests.unit.world import World

PACK = rulepack.load("2")
PERIOD = ("2026-01", "2027-01")
VIEWS = ("companies", "territorial", "gpc-basic", "gpc-basic-plus", "park")


def one_company(**gases: int) -> World:
    """A company whose process emits these milligrams, twice."""
    world = World()
    world.party("acme")
    emitted(world, "acme/plant/kiln", activity="process.other", gpc="IV.1", **gases)
    return world


@pytest.fixture(scope="module")
def known() -> Known:
    return worked_park().known(*PERIOD)


def test_biogenic_and_memo_gases_have_columns_of_their_own():
    world = one_company(CO2=3, CO2_bio=4)
    leak = {"activity": "fugitive.refrigerant", "gpc": "IV.2"}
    emitted(world, "acme/plant/leak", **leak, **{"HFC-32": 5, "HCFC-22": 6})
    total = area_figure(world.known(*PERIOD), PACK, "territorial").total
    assert total.emitted == {"CO2": 6, "HFC-32": 10}
    assert total.biogenic == {"CO2_bio": 8}
    assert total.memo == {"HCFC-22": 12}
    assert total.removed == {}


def test_a_source_without_a_line_counts_under_its_default_and_is_named():
    world = one_company(CO2=3)
    emitted(world, "acme/plant/stack", CO2=5, activity="measured.stack")
    figure = area_figure(world.known(*PERIOD), PACK, "gpc-basic")
    assert figure.lines["I.3.1"].emitted == {"CO2": 10}
    assert figure.by_default == ("acme/plant/stack",)


def test_a_balance_group_below_zero_counts_in_no_view():
    world = World()
    world.party("acme")
    stock = {"activity": "fugitive.refrigerant", "balance_group": "chillers", "gpc": "IV.2"}
    emitted(world, "acme/plant/in", CO2=0, **stock, **{"HFC-32": 3})
    emitted(world, "acme/plant/out", CO2=0, flow="out", **stock, **{"HFC-32": 5})
    for view in VIEWS:
        assert area_figure(world.known(*PERIOD), PACK, view).total.emitted == {}


def test_parties_of_other_roles_stand_in_a_group_of_their_own():
    world = one_company(CO2=3)
    world.party("judge", "certifier")
    emitted(world, "judge/office/boiler", CO2=7, activity="measured.stack", gpc="I.2.1")
    figure = area_figure(world.known(*PERIOD), PACK, "territorial")
    assert {group: one.emitted["CO2"] for group, one in figure.groups.items()} == {
        "company": 6,
        "other": 14,
    }
    assert area_figure(world.known(*PERIOD), PACK, "companies").total.emitted == {"CO2": 6}


def test_the_terms_of_a_figure_are_its_rows(known: Known):
    rows = {(r.line.stream, r.month, r.role, r.gas): r.mass_mg for r in known.masses}
    for view in VIEWS:
        for term in area_terms(known, PACK, view):
            one = term.counted
            if one.recorded_mg:
                assert rows[one.stream, one.month, one.role, one.gas] == one.recorded_mg
            else:
                assert one.events  # an export rests on its transfer


def test_the_figure_and_the_predicate_agree_on_what_is_in_a_view(known: Known):
    for view in VIEWS:
        streams = {t.counted.stream for t in area_terms(known, PACK, view) if t.counted.recorded_mg}
        there = {
            row.line.stream
            for row in known.masses
            if in_view(known, PACK, view, row.line) and (view != "park" or row.gas == "CO2")
        }
        assert streams == there


def test_one_basis_serves_all_views(known: Known):
    basis = basis_of(known, PACK)
    for view in VIEWS:
        assert area_figure(known, PACK, view, basis) == area_figure(known, PACK, view)
        assert bridge(known, PACK, view, basis) == bridge(known, PACK, view)


def test_an_unknown_view_is_refused(known: Known):
    with pytest.raises(BadValue, match="unknown view"):
        area_figure(known, PACK, "consumption")


def test_what_the_park_does_not_show_is_named_beside_it():
    world = one_company(CO2=3, CH4_fossil=4, CO2e_AR5=5)
    park, whole = (area_figure(world.known(*PERIOD), PACK, view) for view in ("park", "companies"))
    assert park.total.emitted == {"CO2": 6}
    assert park.not_shown == {"CH4_fossil": 8, "CO2e_AR5": 10}
    assert whole.not_shown == {}


# --- equivalents ---------------------------------------------------------------------------------


def test_another_gwp_set_changes_the_equivalent_and_no_mass():
    figure = area_figure(one_company(CH4_fossil=500, N2O=50).known(*PERIOD), PACK, "companies")
    masses = dict(figure.total.emitted)
    found = {}
    for gwp in ("AR6", "AR4", "AR5", "AR6"):
        equivalent = co2e(PACK, gwp, figure.total.emitted)
        found[gwp] = equivalent.mg
        assert figure.total.emitted == masses == {"CH4_fossil": 1_000, "N2O": 100}
    assert found == {"AR4": 54_800, "AR5": 54_500, "AR6": 57_100}


def test_an_unknown_gwp_set_is_refused_and_never_replaced_by_another(known: Known):
    figure = area_figure(known, PACK, "companies")
    with pytest.raises(BadValue, match="unknown GWP set: expected one of AR4, AR5, AR6, found AR7"):
        co2e(PACK, "AR7", figure.total.emitted)


def test_a_corrected_potential_is_another_pack_and_the_old_figure_stays_what_it_was(known: Known):
    gases = json.loads(PACK.files["gases.json"])
    for one in gases["gwp"]:
        if one["gwp"] == "AR5":
            one["values"]["HFC-32"] = "700"
    newer = RulePack("3", {**PACK.files, "gases.json": json.dumps(gases).encode()})
    figure = area_figure(known, PACK, "companies")
    before, after = (co2e(one, "AR5", figure.total.emitted) for one in (PACK, newer))
    assert newer.sha256 != PACK.sha256
    assert before.mg == 34_192_660 * KG
    assert after.mg - before.mg == 10 * KG * (700 - 677)
    assert area_figure(known, newer, "companies").total == figure.total
    assert co2e(PACK, "AR5", figure.total.emitted) == before


def test_an_equivalent_of_another_set_is_shown_apart_and_never_added():
    figure = area_figure(one_company(CO2=5, CO2e_AR4=7).known(*PERIOD), PACK, "companies")
    found = {gwp: co2e(PACK, gwp, figure.total.emitted) for gwp in ("AR4", "AR5")}
    assert [(one.mg, one.apart) for one in found.values()] == [
        (24, {}),
        (10, {"CO2e_AR4": 14}),
    ]


# --- divided -------------------------------------------------------------------------------------


def test_per_head_is_exact_and_names_its_fact(known: Known):
    world = worked_park()
    event = world.area_fact("population", "2026", "150000", "person")
    told = world.known(*PERIOD)
    found = per_head(told, area_figure(told, PACK, "gpc-basic"))
    assert (found.quantity, found.unit, found.events) == (Fraction(150_000), "person", (event,))
    assert found.per_unit_mg("CO2") == Fraction(70_648_736 * KG, 150_000)
    untold = per_head(known, area_figure(known, PACK, "gpc-basic"))
    assert untold.quantity is None
    assert untold.per_unit_mg("CO2") is None
    assert untold.gaps[0] == "population not told for 2026-01"


def test_people_are_averaged_over_the_months_and_never_added():
    world = one_company(CO2=3)
    for month in range(1, 13):
        world.area_fact("population", f"2026-{month:02d}", str(100 + month), "person")
    found = world.known(*PERIOD)
    assert per_head(found, area_figure(found, PACK, "companies")).quantity == Fraction(213, 2)


def test_a_population_that_is_told_twice_divides_nothing():
    world = one_company(CO2=3)
    world.area_fact("population", "2026", "100", "person")
    world.area_fact("population", "2026-03", "110", "person")
    found = world.known(*PERIOD)
    per = per_head(found, area_figure(found, PACK, "companies"))
    assert (per.quantity, per.gaps) == (None, ("population told twice for 2026-03",))


def test_a_population_that_is_stated_later_was_not_known_before():
    world = one_company(CO2=3)
    size = world.size
    world.area_fact("population", "2026", "100", "person")
    then, now = world.known(*PERIOD, size=size), world.known(*PERIOD)
    assert per_head(then, area_figure(then, PACK, "companies")).quantity is None
    assert per_head(now, area_figure(now, PACK, "companies")).quantity == 100


def test_per_value_added_is_of_one_price_year():
    world = one_company(CO2=3)
    event = world.area_fact("value-added", "2026", "2000", "10^4CNY@2023")
    found = world.known(*PERIOD)
    figure = area_figure(found, PACK, "territorial")
    per = per_value_added(found, PACK, figure, "CNY@2023")
    assert (per.quantity, per.events) == (Fraction(20_000_000), (event,))
    assert per.per_unit_mg("CO2") == Fraction(6, 20_000_000)
    with pytest.raises(BadValue):
        per_value_added(found, PACK, figure, "CNY@2020")
    with pytest.raises(BadValue, match="expected a unit of money, found kWh"):
        per_value_added(found, PACK, figure, "kWh")


def test_the_park_is_never_measured_per_unit_of_money(known: Known):
    figure = area_figure(known, PACK, "park")
    with pytest.raises(RuleBroken, match=r"tonnes of CO2 per tce, found 10\^4CNY@2023"):
        per_value_added(known, PACK, figure, "10^4CNY@2023")
    with pytest.raises(BadValue, match=r"a unit of energy, such as tce, found CNY@2023"):
        per_energy(PACK, figure, Fraction(1), "CNY@2023")


def test_the_park_per_tonne_of_standard_coal(known: Known):
    tce = (
        Fraction(45 * 10**5) * Fraction("38.931") / 1_000
        + Fraction(100) * Fraction("42.652")
        - 10_000
    ) / Fraction("29.3076") + Fraction(134 * 10**5) * Fraction("0.1229") / 1_000
    assert round(tce, 3) == Fraction("7428.797")
    figure = area_figure(known, PACK, "park")
    per = per_energy(PACK, figure, tce, "tce").per_unit_mg("CO2")
    assert per is not None
    assert round(per / T, 4) == Fraction("2.3919")


def test_a_ratio_to_no_energy_is_refused(known: Known):
    with pytest.raises(BadValue, match="more than none"):
        per_energy(PACK, area_figure(known, PACK, "park"), Fraction(0), "tce")

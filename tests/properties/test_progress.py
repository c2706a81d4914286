"""Progress: effects add up, credits change no gross figure, and no difference shows too few."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ledger.carbon import rulepack
from ledger.carbon.area.pieces import Target, TargetPiece
from ledger.carbon.known import Known, KnownParty
from ledger.carbon.organisation.pieces import FactPiece, Stated
from ledger.carbon.progress.change import YearLine, change_between
from ledger.carbon.progress.residents import residents
from ledger.carbon.progress.shown_groups import ALL
from ledger.carbon.progress.target import Credits, TargetReport, target_report
from ledger.carbon.progress.year import MG_PER_T, YearFigure, equivalent

PACK = rulepack.load("2")
GASES = ("CO2", "CH4_fossil", "CH4_bio", "N2O", "HFC-32", "CO2e_AR4")

masses = st.dictionaries(st.sampled_from(GASES), st.integers(0, 10**18))
signed = st.dictionaries(st.sampled_from(GASES), st.integers(-(10**18), 10**18))
quantities = st.none() | st.fractions(0, 10**9, max_denominator=10**12)
lines = st.dictionaries(
    st.sampled_from(["a power", "a gas", "b steam", "b steam, handed on"]),
    st.tuples(quantities, signed),
).map(
    lambda found: [
        YearLine(line=name, unit="kWh", quantity=quantity, masses_mg=gases)
        for name, (quantity, gases) in found.items()
    ]
)


def total(found: list[YearLine]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for one in found:
        for gas, mass_mg in one.masses_mg.items():
            sums[gas] = sums.get(gas, 0) + mass_mg
    return sums


@given(lines, lines, st.sampled_from(["AR4", "AR5", "AR6"]))
def test_effects_add_up_to_the_change_of_every_gas_line_and_co2e(
    then: list[YearLine], now: list[YearLine], gwp: str
):
    change = change_between(PACK, gwp, then, now)
    before, after = total(then), total(now)
    for gas in GASES:
        by_effect = [
            part.get(gas, 0) for part in (change.activity_mg, change.factor_mg, change.unsplit_mg)
        ]
        assert sum(by_effect) == change.change_mg.get(gas, 0)
        assert sum(by_effect) == after.get(gas, 0) - before.get(gas, 0)
        for line in change.lines:
            parts = (line.activity_mg, line.factor_mg, line.unsplit_mg)
            assert sum(part.get(gas, 0) for part in parts) == line.change_mg.get(gas, 0)
    effects_mg = change.co2e_activity_mg + change.co2e_factor_mg + change.co2e_unsplit_mg
    assert effects_mg == change.co2e_change_mg
    assert change.co2e_change_mg == equivalent(PACK, gwp, change.change_mg).mg


@given(lines, lines)
def test_a_change_back_takes_back_the_change(then: list[YearLine], now: list[YearLine]):
    there, back = (change_between(PACK, "AR5", *way) for way in ((then, now), (now, then)))
    assert back.change_mg == {gas: -mg for gas, mg in there.change_mg.items()}
    assert back.co2e_change_mg == -there.co2e_change_mg


@given(st.integers(1, 10**15), st.integers(0, 10**15), st.integers(1, 10**9))
def test_more_of_the_same_at_the_same_factor_is_all_activity(
    then_kwh: int, now_kwh: int, mg_per_kwh: int
):
    then, now = (
        YearLine(line="p", unit="kWh", quantity=Fraction(q), masses_mg={"CO2": q * mg_per_kwh})
        for q in (then_kwh, now_kwh)
    )
    change = change_between(PACK, "AR5", [then], [now])
    assert (change.factor_mg, change.unsplit_mg, change.co2e_factor_mg) == ({}, {}, 0)


# --- targets -----------------------------------------------------------------------------------

TARGET = TargetPiece(
    party="operator",
    target="neutral",
    stated=(
        Target(
            index=0,
            event="operator/register@1",
            view="gpc-basic",
            gwp="AR5",
            base_year=2020,
            base_size=0,
            base_mg=str(10**15),
            path=tuple((year, str((2028 - year) * 10**14)) for year in range(2021, 2029)),
            credits_percent=("10", "1"),
            neutral_year=2028,
            reason="property",
        ),
    ),
)
figures = st.lists(masses, min_size=1, max_size=8).map(
    lambda found: [
        YearFigure(year=2020 + at, emitted=one, removed={"CO2": sum(one.values()) // 3})
        for at, one in enumerate(found)
    ]
)
some_credits = st.dictionaries(
    st.integers(2020, 2028),
    st.builds(Credits, retired_t=st.integers(0, 10**9), sold_t=st.integers(0, 10**9)),
)


def report(years: list[YearFigure], named: dict[int, Credits] | None = None) -> TargetReport:
    return target_report(PACK, TARGET, 1, years, named)


@given(figures, some_credits)
def test_credits_never_change_a_gross_figure(years: list[YearFigure], named: dict[int, Credits]):
    without, with_credits = report(years), report(years, named)
    for one, other in zip(without.years, with_credits.years, strict=True):
        given_t = named.get(one.year, Credits())
        assert one.gross_mg == other.gross_mg
        assert one.removed_mg == other.removed_mg
        assert other.balance_mg - one.balance_mg == (given_t.sold_t - given_t.retired_t) * MG_PER_T
    assert without.budget == with_credits.budget
    assert without.base == with_credits.base


@given(figures, some_credits)
def test_the_credits_needed_are_the_fewest_whole_tonnes_that_cover_a_year(
    years: list[YearFigure], named: dict[int, Credits]
):
    for one in report(years, named).years:
        sold_mg = one.sold_t * MG_PER_T
        rest_mg = one.gross_mg - one.removed_mg + sold_mg - one.credits_needed_t * MG_PER_T
        assert rest_mg <= 0
        assert one.credits_needed_t == 0 or rest_mg + MG_PER_T > 0
        if one.neutral:
            assert one.credits_needed_t <= one.retired_t
            assert one.retired_t * MG_PER_T <= one.cap_mg


@given(figures, some_credits)
def test_a_sentence_is_always_one_plain_sentence(
    years: list[YearFigure], named: dict[int, Credits]
):
    found = report(years, named)
    assert found.sentence[0].isupper()
    assert found.sentence.endswith(".")
    assert found.sentence_zh.endswith("。")
    assert "None" not in found.sentence + found.sentence_zh
    assert "{" not in found.sentence + found.sentence_zh


# --- residents ---------------------------------------------------------------------------------

MINIMUM = 100
trees = st.dictionaries(
    st.sampled_from(["north", "south", "west"]),
    st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.integers(0, 400), min_size=1),
    min_size=1,
)


def settled(tree: dict[str, dict[str, int]]) -> Known:
    """An area of nothing but residents: so many at each site of each aggregate."""
    facts = [
        FactPiece(
            party="operator",
            fact="population",
            period=("2026-01", "2026-02"),
            stated=(Stated(0, "operator/register@1", str(people), "person"),),
            sub_area=f"{party}/{site}",
        )
        for party, sites in tree.items()
        for site, people in sites.items()
    ]
    return Known(
        size=1,
        area="Example park",
        operator="operator",
        timezone="Asia/Shanghai",
        rules="2",
        period=("2026-01", "2026-02"),
        parties={
            party: KnownParty(party=party, name=party, roles=("aggregate",)) for party in tree
        },
        sources={},
        masses=[],
        activity=[],
        organisations={},
        facts=facts,
        transfers=[],
        targets=[],
        factors={},
    )


@given(trees)
def test_what_is_shown_never_tells_of_too_few_people(tree: dict[str, dict[str, int]]):
    known = settled(tree)
    shown = [
        one.group for one in residents(known, PACK, "AR5").groups if one.months[0].held_back is None
    ]
    everywhere = {
        f"{party}/{site}": n for party, sites in tree.items() for site, n in sites.items()
    }
    members = {
        group: frozenset(
            site for site in everywhere if group in {ALL, site} or site.startswith(f"{group}/")
        )
        for group in shown
    }
    for group in members.values():
        assert sum(everywhere[site] for site in group) >= MINIMUM
    # Whatever is left of one shown group without some others inside it is nobody, or enough.
    for whole in members.values():
        inside = [part for part in members.values() if part < whole]
        for count in range(1, min(len(inside), 4) + 1):
            for parts in combinations(inside, count):
                rest = sum(everywhere[site] for site in whole.difference(*parts))
                assert rest == 0 or rest >= MINIMUM


@given(trees)
def test_asking_twice_shows_the_same(tree: dict[str, dict[str, int]]):
    known = settled(tree)
    again = msgspec.structs.replace(known, facts=known.facts[::-1])
    assert residents(known, PACK, "AR5") == residents(again, PACK, "AR5")

"""Neutral in time: balance, cap, budget, base and the sentence."""

from __future__ import annotations

import pytest

from ledger.carbon import rulepack
from ledger.carbon.area.pieces import Target, TargetPiece
from ledger.carbon.progress.projection import NotEnoughYears, Projection
from ledger.carbon.progress.target import (
    GIVEN_CREDITS,
    NO_CREDITS,
    Credits,
    in_force,
    target_report,
    whole_tonnes,
)
from ledger.carbon.progress.year import YearFigure, equivalent, removed_equivalent
from ledger.errors import BadValue, NotFound

PACK = rulepack.load("2")
T = 10**9


def stated(**more: object) -> Target:
    members: dict[str, object] = {
        "index": 5,
        "event": "operator/register@1",
        "view": "gpc-basic",
        "gwp": "AR5",
        "base_year": 2023,
        "base_size": 4,
        "base_mg": str(1000 * T),
        "path": tuple((year, str((1000 - 180 * (year - 2023)) * T)) for year in range(2024, 2029)),
        "credits_percent": ("10", "1"),
        "neutral_year": 2028,
        "reason": "council decision",
    }
    return Target(**{**members, **more})  # type: ignore[arg-type]


def piece(*statements: Target) -> TargetPiece:
    return TargetPiece(party="operator", target="neutral-2028", stated=statements or (stated(),))


def year(number: int, tonnes: int, **more: object) -> YearFigure:
    return YearFigure(year=number, emitted={"CO2": tonnes * T}, **more)  # type: ignore[arg-type]


PAST = [year(2023, 1000), year(2024, 850), year(2025, 640)]


# --- the balance of a year ---------------------------------------------------------------------


def test_the_balance_is_gross_less_removals_plus_credits_sold_less_credits_retired():
    figure = year(2024, 850, removed={"CO2": 200 * T})
    given = {2024: Credits(retired_t=60, sold_t=10)}
    one = target_report(PACK, piece(), 9, [figure], given).years[0]
    assert (one.gross_mg, one.removed_mg) == (850 * T, 200 * T)
    assert one.balance_mg == 600 * T  # 850 − 200 + 10 − 60
    assert (one.credits_needed_t, one.credits_missing_t) == (660, 600)
    assert not one.neutral
    assert one.why_not == ("the balance is above zero",)


def test_credits_never_change_a_gross_figure():
    without = target_report(PACK, piece(), 9, PAST).years[-1]
    given = {2025: Credits(retired_t=90, sold_t=3)}
    with_credits = target_report(PACK, piece(), 9, PAST, given).years[-1]
    assert with_credits.gross_mg == without.gross_mg == 640 * T
    assert with_credits.above_path_mg == without.above_path_mg == 0


def test_a_year_is_neutral_when_removals_and_credits_within_the_cap_cover_it():
    figure = year(2024, 280, removed={"CO2": 180 * T})
    one = target_report(PACK, piece(), 9, [figure], {2024: Credits(retired_t=100)}).years[0]
    assert (one.balance_mg, one.cap_mg) == (0, 100 * T)
    assert one.neutral
    assert one.why_not == ()


def test_credits_above_the_cap_do_not_make_neutral():
    figure = year(2024, 101)
    report = target_report(PACK, piece(), 9, [figure], {2024: Credits(retired_t=101)})
    assert not report.years[0].neutral
    assert report.years[0].why_not == ("retired credits are above the cap",)
    assert report.sentence.endswith("; retired credits are above the cap.")


def test_a_line_that_is_not_estimated_forbids_the_word():
    figure = year(2024, 0, not_estimated=("acme iv.2",))
    report = target_report(PACK, piece(), 9, [figure])
    assert report.years[0].balance_mg == 0
    assert report.years[0].why_not == ("not estimated: acme iv.2",)
    assert "not estimated, so nothing counts as neutral: acme iv.2." in report.sentence
    assert "acme iv.2。" in report.sentence_zh


def test_an_amount_of_another_gwp_set_forbids_the_word_and_is_never_added():
    figure = YearFigure(year=2024, emitted={"CO2e_AR4": 7})
    report = target_report(PACK, piece(), 9, [figure])
    assert report.sentence.endswith("; not in the sum, of another GWP set: CO2e_AR4.")
    one = report.years[0]
    assert (one.gross_mg, one.apart) == (0, {"CO2e_AR4": 7})
    assert one.why_not == ("not in the balance, of no value in AR5: CO2e_AR4",)


def test_a_year_that_is_not_over_is_not_neutral():
    one = target_report(PACK, piece(), 9, [year(2024, 0, full=False)]).years[0]
    assert one.why_not == ("the year is not told in full",)


@pytest.mark.parametrize(
    ("mg", "tonnes"), [(1, 1), (T, 1), (T + 1, 2), (0, 0), (-5 * T, 0), (5 * T - 1, 5)]
)
def test_credits_needed_are_whole_tonnes_rounded_up(mg: int, tonnes: int):
    assert whole_tonnes(mg) == tonnes


def test_negative_credits_are_refused():
    with pytest.raises(BadValue, match="negative credits"):
        Credits(retired_t=-1)


def test_where_credits_come_from_stands_on_the_face():
    assert target_report(PACK, piece(), 9, PAST).credits_note == NO_CREDITS
    given = target_report(PACK, piece(), 9, PAST, {2024: Credits()})
    assert given.credits_note == GIVEN_CREDITS


def test_only_the_gases_of_the_target_count():
    figure = YearFigure(year=2024, emitted={"CO2": 3, "CH4_bio": 2}, removed={"CO2_bio": 1})
    all_gases = target_report(PACK, piece(), 9, [figure]).years[0]
    co2_alone = target_report(PACK, piece(stated(gases=("CO2",))), 9, [figure]).years[0]
    assert (all_gases.gross_mg, all_gases.removed_mg) == (3 + 2 * 28, 1)
    assert (co2_alone.gross_mg, co2_alone.removed_mg) == (3, 1)


# --- CO2e of the worked park -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gwp", "co2e_mg"), [("AR5", 72_412_736_000_000), ("AR6", 72_349_736_000_000)]
)
def test_the_worked_park_in_gpc_basic_comes_to_its_co2e(gwp: str, co2e_mg: int):
    masses = {"CO2": 70_648_736_000_000, "CH4_bio": 63_000_000_000}
    assert equivalent(PACK, gwp, masses).mg == co2e_mg


def test_biogenic_carbon_dioxide_counts_where_it_is_taken_out_and_not_where_it_is_emitted():
    assert equivalent(PACK, "AR5", {"CO2_bio": 10}).mg == 0
    assert removed_equivalent(PACK, "AR5", {"CO2_bio": 10, "CO2": 1}).mg == 11


# --- base, path and budget ---------------------------------------------------------------------


def test_the_budget_is_what_the_path_allows_less_what_was_emitted():
    budget = target_report(PACK, piece(), 9, PAST).budget
    assert budget.path_mg == (820 + 640 + 460 + 280 + 100) * T
    assert budget.emitted_mg == (850 + 640) * T  # the base year is not in the path
    assert budget.remaining_mg == 810 * T
    assert budget.years_told == (2024, 2025)
    assert budget.years_to_come == (2026, 2027, 2028)


def test_a_year_in_progress_uses_the_budget_and_is_still_to_come():
    budget = target_report(PACK, piece(), 9, [*PAST, year(2026, 100, full=False)]).budget
    assert budget.remaining_mg == 710 * T
    assert budget.years_to_come == (2026, 2027, 2028)


def test_the_budget_ends_with_the_neutral_year():
    path = (*stated().path, (2029, str(50 * T)))
    budget = target_report(PACK, piece(stated(path=path)), 9, PAST).budget
    assert budget.path_mg == 2300 * T
    assert budget.years_to_come == (2026, 2027, 2028)


def test_how_far_a_year_is_above_its_path_is_shown():
    years = target_report(PACK, piece(), 9, PAST).years
    assert [one.above_path_mg for one in years] == [None, 30 * T, 0]


def test_a_base_that_changed_since_is_flagged_with_the_difference():
    now = [year(2023, 1010), *PAST[1:]]
    base = target_report(PACK, piece(), 9, now, base_then=year(2023, 1000)).base
    assert (base.stated_mg, base.known_then_mg, base.known_now_mg) == (1000 * T, 1000 * T, 1010 * T)
    assert base.changed
    assert not base.misstated
    assert base.difference_mg == 10 * T


def test_a_base_that_was_never_known_so_is_flagged():
    base = target_report(PACK, piece(), 9, PAST, base_then=year(2023, 999)).base
    assert base.misstated
    assert not base.changed
    assert base.difference_mg == 0


def test_a_base_of_another_year_is_refused():
    with pytest.raises(BadValue, match="expected 2023, found 2022"):
        target_report(PACK, piece(), 9, PAST, base_then=year(2022, 1))


def test_two_figures_of_a_year_are_refused():
    with pytest.raises(BadValue, match="two of 2024"):
        target_report(PACK, piece(), 9, [year(2024, 1), year(2024, 2)])


def test_years_before_the_base_are_left_out():
    report = target_report(PACK, piece(), 9, [year(2020, 1), *PAST])
    assert [one.year for one in report.years] == [2023, 2024, 2025]


# --- as known ----------------------------------------------------------------------------------


def test_the_last_statement_below_a_size_is_in_force_there():
    first, second = stated(), stated(index=8, neutral_year=2030)
    both = piece(first, second)
    assert in_force(both, 6) == in_force(both, 8) == first
    assert in_force(both, 9) == second


def test_before_it_was_set_there_is_no_target():
    with pytest.raises(NotFound, match="expected a size above 5"):
        in_force(piece(), 5)


# --- the sentence ------------------------------------------------------------------------------


def test_with_too_few_years_the_sentence_says_so_and_what_was_missing_last():
    report = target_report(PACK, piece(), 9, PAST[:2])
    assert isinstance(report.projection, NotEnoughYears)
    assert report.sentence == (
        "Not enough years to say whether the area will be neutral by 2028: 2 full of at least 3;"
        " 850 t CO2e were missing in 2024."
    )
    assert report.sentence_zh == (
        "完整年份不足（现有2年，至少需要3年），无法判断本区域能否在2028年前实现碳中和；"  # noqa: RUF001
        "2024年尚差850吨二氧化碳当量。"
    )


def test_years_that_fall_steadily_below_the_cap_are_on_course():
    years = [year(2023, 1000), year(2024, 800), year(2025, 600), year(2026, 400)]
    report = target_report(PACK, piece(), 9, years)
    assert isinstance(report.projection, Projection)
    assert report.outlook.word == "on-course"
    assert report.sentence == (
        "The area is on course to be neutral by 2028: 0 t CO2e are projected (95 %: 0 to 0), and credits"
        " may take off 100 t."
    )


def test_years_that_do_not_fall_are_off_course_and_the_sentence_names_what_is_missing():
    years = [year(2023, 2000), year(2024, 1999), year(2025, 1998)]
    report = target_report(PACK, piece(), 9, years)
    assert report.outlook.word == "off-course"
    assert report.sentence == (
        "The area will not be neutral by 2028 on its present course: 1 995 t CO2e are projected"
        " (95 %: 1 995 to 1 995), credits may take off 100 t, so 1 895 t are missing."
    )
    assert "尚差1 895吨" in report.sentence_zh


def test_an_interval_on_both_sides_of_the_cap_leaves_it_open():
    report = target_report(PACK, piece(), 9, PAST)
    assert report.outlook.word == "open"
    # Mean 830 in 2024, slope −180, rests −10, 20, −10: s = √600; 12.706 × √600 × √(1 + 1/3 + 16/2)
    # is 950.8 on either side of 110.
    assert report.sentence == (
        "It is open whether the area will be neutral by 2028: 110 t CO2e are projected"
        " (95 %: -841 to 1 061), and credits may take off 100 t, so up to 961 t may be missing."
    )
    assert "（95%区间：-841至1 061）" in report.sentence_zh  # noqa: RUF001
    assert "最多可能尚差961吨" in report.sentence_zh


def test_when_the_year_has_come_its_own_figure_decides():
    missed = target_report(PACK, piece(), 9, [*PAST, year(2028, 12)])
    assert missed.outlook.word == "missed"
    assert missed.sentence == (
        "The area was not neutral in 2028, as planned for 2028: 12 t CO2e were missing."
    )
    given = {2028: Credits(retired_t=12)}
    held = target_report(PACK, piece(), 9, [*PAST, year(2028, 12)], given)
    assert held.sentence == "The area was neutral in 2028, as planned for 2028."


def test_a_partys_own_target_speaks_of_the_party():
    report = target_report(PACK, piece(), 9, PAST[:1], who="Acme")
    assert "whether Acme will be neutral by 2028" in report.sentence
    assert "Acme能否" in report.sentence_zh


def test_a_year_that_is_not_full_is_no_part_of_the_projection():
    report = target_report(PACK, piece(), 9, [*PAST, year(2026, 1, full=False)])
    assert isinstance(report.projection, Projection)
    assert report.projection.years == (2023, 2024, 2025)

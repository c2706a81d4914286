"""Where yearly figures are heading, and with what interval."""

from __future__ import annotations

from math import exp, isclose, lgamma, pi, sqrt

import pytest

from ledger.carbon import rulepack
from ledger.carbon.progress.path_data import PathFile
from ledger.carbon.progress.projection import NotEnoughYears, Projection, project

PACK = rulepack.load("2")


def test_three_full_years_give_a_line_and_its_interval():
    found = project(PACK, {2023: 100.0, 2024: 90.0, 2025: 86.0}, 2028)
    assert isinstance(found, Projection)
    # Mean 92 in 2024, slope −7. Rests 1, −2, 1: s = √6; the year 2028 lies 4 from the mean, of
    # a spread of 2: √(1 + 1/3 + 16/2); t of one degree of freedom 12.706.
    assert found.years == (2023, 2024, 2025)
    assert isclose(found.slope_t_per_year, -7)
    assert isclose(found.expected_t, 64)
    half = 12.706 * sqrt(6) * sqrt(1 + 1 / 3 + 16 / 2)
    assert isclose(found.high_t - found.expected_t, half)
    assert isclose(found.expected_t - found.low_t, half)


def test_years_on_a_line_leave_no_doubt():
    found = project(PACK, {2020: 100.0, 2021: 80.0, 2022: 60.0, 2024: 20.0}, 2025)
    assert isinstance(found, Projection)
    assert isclose(found.expected_t, 0, abs_tol=1e-9)
    assert isclose(found.low_t, found.high_t, abs_tol=1e-6)


@pytest.mark.parametrize("years", [(), (2024,), (2024, 2025)])
def test_fewer_than_three_full_years_are_not_enough(years: tuple[int, ...]):
    found = project(PACK, dict.fromkeys(years, 50.0), 2028)
    assert found == NotEnoughYears(years=years, needed=3)
    assert found.reason == "not enough years"


def test_the_quantiles_of_the_pack_are_those_of_student():
    quantiles = PACK.part("paths.json", PathFile).projection.student_t_975
    assert len(quantiles) == 30
    for freedom, quantile in enumerate(quantiles, start=1):
        low, high = float(quantile) - 0.0005, float(quantile) + 0.0005
        assert below(low, freedom) <= 0.975 <= below(high, freedom), freedom


def below(t: float, freedom: int) -> float:
    """The part of Student's distribution below t, by Simpson's rule over its density."""
    scale = exp(lgamma((freedom + 1) / 2) - lgamma(freedom / 2)) / sqrt(freedom * pi)

    def density(x: float) -> float:
        return float(scale * (1 + x * x / freedom) ** (-(freedom + 1) / 2))

    steps = 4_000
    width = t / steps
    inner = sum((4 if step % 2 else 2) * density(step * width) for step in range(1, steps))
    return 0.5 + (density(0) + inner + density(t)) * width / 3


def test_more_years_than_the_table_has_take_its_last_quantile():
    found = project(PACK, {year: float(year % 2) for year in range(1980, 2025)}, 2025)
    assert isinstance(found, Projection)
    assert found.high_t > found.expected_t > found.low_t

"""Where yearly figures are heading: a straight line by least squares, with its 95 % interval.

The interval is that of a single further year, not of the line: ŷ ± t·s·√(1 + 1/n + (x − x̄)²/Σ(xᵢ − x̄)²)
with n − 2 degrees of freedom. Fewer than three full years say nothing about an interval, so there
is none. Floats are allowed here and nowhere else in this package: a projection is no figure of the
ledger. Source: accounting rules, sections 1 and 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

import msgspec

from ledger.carbon.progress.path_data import PathFile
from ledger.carbon.rulepack import RulePack


class Projection(msgspec.Struct, frozen=True, kw_only=True):
    """What a straight line through the full years says of a later year, in tonnes of CO2e."""

    year: int
    years: tuple[int, ...]
    expected_t: float
    low_t: float
    high_t: float
    slope_t_per_year: float


class NotEnoughYears(msgspec.Struct, frozen=True, kw_only=True):
    """There are fewer full years than a projection needs."""

    years: tuple[int, ...]
    needed: int
    reason: str = "not enough years"


def least_years(pack: RulePack) -> int:
    """How many full years a projection needs. Raises InvalidInput for a pack without it."""
    return pack.part("paths.json", PathFile).projection.least_years


def project(
    pack: RulePack, values_t: Mapping[int, float], year: int
) -> Projection | NotEnoughYears:
    """The projection of tonnes by full year to a year. Raises InvalidInput for a pack without it."""
    rules = pack.part("paths.json", PathFile).projection
    years = tuple(sorted(values_t))
    if len(years) < rules.least_years:
        return NotEnoughYears(years=years, needed=rules.least_years)
    n = len(years)
    # Quantiles beyond the table are smaller: its last one is on the safe side.
    quantile = float(rules.student_t_975[min(n - 2, len(rules.student_t_975)) - 1])
    mean_x, mean_y = sum(years) / n, sum(values_t.values()) / n
    spread = sum((x - mean_x) ** 2 for x in years)
    slope = sum((x - mean_x) * (values_t[x] - mean_y) for x in years) / spread
    rest = sum((values_t[x] - mean_y - slope * (x - mean_x)) ** 2 for x in years)
    half = quantile * sqrt(rest / (n - 2)) * sqrt(1 + 1 / n + (year - mean_x) ** 2 / spread)
    expected = mean_y + slope * (year - mean_x)
    return Projection(
        year=year,
        years=years,
        expected_t=expected,
        low_t=expected - half,
        high_t=expected + half,
        slope_t_per_year=slope,
    )

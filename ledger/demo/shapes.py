"""Load shapes: how a year's quantity spreads over months, days, hours and quarter-hours.

A shape is drawn with a seeded generator and with +, -, *, / alone, so that every machine draws the
same figures to the last digit: no sine or logarithm, whose last bit differs between libraries.
Weights are floats, since they only draw a picture; quantities leave here as whole hundredths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, Protocol

from ledger.demo.calendar import DAYS, Day

EVEN: Final = (1.0,) * 12
COOLING: Final = (0.92, 0.9, 0.86, 0.84, 0.95, 1.12, 1.32, 1.34, 1.12, 0.9, 0.84, 0.89)
HEATING: Final = (1.95, 1.8, 1.35, 0.8, 0.5, 0.4, 0.36, 0.36, 0.42, 0.62, 1.25, 1.9)
BOTH: Final = (1.18, 1.08, 0.9, 0.76, 0.82, 1.02, 1.28, 1.3, 1.02, 0.78, 0.8, 1.06)

_FLAT = (1.0,) * 24
_OFFICE_DAY = (
    *(0.28,) * 6, 0.35, 0.6, 1.1, 1.5, 1.6, 1.55, 1.35, 1.5, 1.6, 1.6, 1.5, 1.3, 0.9, 0.6, 0.45,
    0.35, 0.3, 0.28,
)  # fmt: skip
_OFFICE_FREE = (*(0.25,) * 8, *(0.35,) * 10, *(0.25,) * 6)
_TWO_SHIFTS = (*(0.35,) * 6, *(1.4,) * 16, *(0.35,) * 2)
_TWO_SHIFTS_FREE = (*(0.3,) * 6, *(0.5,) * 12, *(0.3,) * 6)
_SHOPS = (*(0.25,) * 8, 0.45, 0.9, *(1.45,) * 4, 1.5, 1.5, 1.5, 1.6, 1.75, 1.8, 1.7, 1.1, 0.4, 0.25)
_LODGING = (*(0.7,) * 6, 1.1, 1.3, 1.1, *(0.85,) * 8, 1.15, 1.4, 1.5, 1.45, 1.25, 1.0, 0.8)
_NIGHT_CHARGE = (*(1.9,) * 6, 0.8, *(0.3,) * 4, 1.0, 1.1, *(0.4,) * 6, 0.6, 0.9, 1.5, 1.9, 1.9)
_LAMPS = (*(1.9,) * 5, 1.2, 0.3, *(0.02,) * 10, 0.4, 1.4, *(1.9,) * 5)


class Shape(Protocol):
    """What gives each hour of the year a weight."""

    @property
    def quarters(self) -> tuple[float, float, float, float]:
        """How an hour spreads over its quarters; they add up to 1."""

    def hours(self, day: Day, rng: Random) -> list[float]:
        """The weights of the day's 24 hours, drawn."""

    def year(self) -> float:
        """The expected sum of all weights of the year."""


@dataclass(frozen=True, slots=True)
class Load:
    """A consumer: hours of a working day and of a free one, a season, and noise."""

    working: tuple[float, ...]
    free: tuple[float, ...]
    season: tuple[float, ...] = EVEN
    noise: float = 0.1
    idle: float = 0.0
    """The share of hours in which nothing runs, such as between two charges of a furnace."""
    quarters: tuple[float, float, float, float] = (0.25, 0.25, 0.25, 0.25)

    def hours(self, day: Day, rng: Random) -> list[float]:
        """The weights of the day's 24 hours, drawn."""
        season = self.season[day.month - 1]
        return [
            0.02 * season
            if self.idle and rng.random() < self.idle
            else weight * season * (1 + self.noise * (2 * rng.random() - 1))
            for weight in (self.working if day.works else self.free)
        ]

    def year(self) -> float:
        """The expected sum of all weights of the year."""
        drawn = sum(
            sum(self.working if day.works else self.free) * self.season[day.month - 1]
            for day in DAYS
        )
        idle = sum(24 * 0.02 * self.season[day.month - 1] for day in DAYS)
        return drawn * (1 - self.idle) + idle * self.idle


@dataclass(frozen=True, slots=True)
class Sun:
    """A photovoltaic plant near 32 degrees north: a parabola over the day, and clouds."""

    @property
    def quarters(self) -> tuple[float, float, float, float]:
        """Evenly: clouds are drawn by the hour."""
        return (0.25, 0.25, 0.25, 0.25)

    def hours(self, day: Day, rng: Random) -> list[float]:
        """The weights of the day's 24 hours, drawn."""
        cloud = 0.25 + 0.75 * rng.random()
        return [weight * cloud * (0.9 + 0.2 * rng.random()) for weight in _clear_sky(day)]

    def year(self) -> float:
        """The expected sum of all weights of the year; the mean cloud lets 0.625 through."""
        return sum(sum(_clear_sky(day)) for day in DAYS) * 0.625


def _clear_sky(day: Day) -> list[float]:
    from_solstice = (
        abs((day.number - 171 + 182.5) % 365 - 182.5) / 182.5
    )  # 0 in June, 1 in December
    half_day, height = 7.1 - 2.1 * from_solstice, 1 - 0.42 * from_solstice
    return [max(0.0, 1 - ((hour + 0.5 - 12.0) / half_day) ** 2) * height for hour in range(24)]


FLAT: Final = Load(_FLAT, _FLAT, COOLING, 0.02)
OFFICE: Final = Load(_OFFICE_DAY, _OFFICE_FREE, BOTH)
TWO_SHIFTS: Final = Load(_TWO_SHIFTS, _TWO_SHIFTS_FREE)
THREE_SHIFTS: Final = Load(_FLAT, (0.85,) * 24, EVEN, 0.08)
FURNACE: Final = Load(_FLAT, (0.9,) * 24, EVEN, 0.15, 0.12, (0.34, 0.36, 0.24, 0.06))
SHOPS: Final = Load(_SHOPS, tuple(1.15 * weight for weight in _SHOPS), COOLING)
LODGING: Final = Load(_LODGING, _LODGING, BOTH)
NIGHT_CHARGE: Final = Load(_NIGHT_CHARGE, tuple(0.85 * weight for weight in _NIGHT_CHARGE))
LAMPS: Final = Load(
    _LAMPS, _LAMPS, (1.2, 1.12, 1.0, 0.9, 0.82, 0.78, 0.8, 0.87, 0.97, 1.08, 1.18, 1.24)
)
SUN: Final = Sun()


def hundredths(
    shape: Shape, year_quantity: float, days: Sequence[Day], rng: Random, interval_s: int
) -> list[int]:
    """The quantity of each interval of these days, in whole hundredths of its unit.

    `interval_s` is 3600 or 900. The shapes' expected sum over the year is `year_quantity`.
    """
    scale = 100 * year_quantity / shape.year()
    hours = [weight * scale for day in days for weight in shape.hours(day, rng)]
    if interval_s == 3600:
        return [int(value + 0.5) for value in hours]
    first, second, third, fourth = shape.quarters
    quarters: list[int] = []
    for value in hours:
        wobble = 0.94 + 0.12 * rng.random()
        shares = (first * wobble, second, third, fourth)
        quarters.extend(int(value * share + 0.5) for share in shares)
    return quarters


_TAILS: Final = ("", *(f".{part:02d}".rstrip("0") for part in range(1, 100)))


def decimal_text(number: int) -> str:
    """Whole hundredths as a canonical decimal: 317 is `3.17`, 300 is `3`."""
    return f"{number // 100}{_TAILS[number % 100]}"

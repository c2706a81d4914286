"""The demo's year, day by day, in the area's time: which days are working days.

Plain tables, no clock and no time zone database: the area keeps one offset all year. The public
holidays are those around New Year, Spring Festival, Qingming, Labour Day, Dragon Boat and the
National Day of 2025; they give the load shapes their quiet weeks and have no other meaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

YEAR: Final = 2025
TIMEZONE: Final = "Asia/Shanghai"
OFFSET: Final = "+08:00"
MONTHS: Final = tuple(f"{YEAR}-{month:02d}" for month in range(1, 13))
_HOLIDAYS: Final = (
    (date(YEAR, 1, 1), 1),
    (date(YEAR, 1, 28), 8),
    (date(YEAR, 4, 4), 3),
    (date(YEAR, 5, 1), 5),
    (date(YEAR, 5, 31), 3),
    (date(YEAR, 10, 1), 8),
)


@dataclass(frozen=True, slots=True)
class Day:
    """One day: its name and the next day's, its number from 0, and whether people work."""

    name: str
    next_name: str
    month: int
    number: int
    works: bool


def time_of(day: Day, second: int) -> str:
    """The time of that second of the day, 0 to 86 400; the last is the next day's midnight."""
    if second == 86_400:
        return f"{day.next_name}T00:00:00{OFFSET}"
    hour, rest = divmod(second, 3600)
    return f"{day.name}T{hour:02d}:{rest // 60:02d}:{rest % 60:02d}{OFFSET}"


def _days() -> tuple[Day, ...]:
    one = timedelta(days=1)
    free = {first + at * one for first, count in _HOLIDAYS for at in range(count)}
    days: list[Day] = []
    today = date(YEAR, 1, 1)
    while today.year == YEAR:
        works = today.weekday() < 5 and today not in free
        days.append(
            Day(today.isoformat(), (today + one).isoformat(), today.month, len(days), works)
        )
        today += one
    return tuple(days)


DAYS: Final = _days()


def days_of(month: str) -> tuple[Day, ...]:
    """The days of a month such as `2025-03`."""
    return tuple(day for day in DAYS if day.name.startswith(month))

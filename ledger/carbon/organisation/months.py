"""Months of statements: each lies in the area's calendar, as the rules in force know it."""

from __future__ import annotations

from ledger.carbon.ground import Rules
from ledger.errors import BadValue


def month_start_s(rule: Rules, month: str) -> int:
    """When a month begins in the area, in epoch seconds. Raises BadValue outside the calendar."""
    months = rule.calendar.months
    if not months[0] <= month <= months[-1]:
        raise _outside(rule, month)
    return rule.calendar.starts_s[months.index(month)]


def period_s(rule: Rules, period: tuple[str, str]) -> tuple[int, int]:
    """[start, end) of [first month, month after the last), in epoch seconds. Raises BadValue."""
    start_s = month_start_s(rule, period[0])
    if period[1] > rule.calendar.months[-1]:
        # The month after the last one that the calendar knows ends a period, and no later one does.
        before = month_before(period[1])
        if before != rule.calendar.months[-1]:
            raise _outside(rule, before)
        return start_s, rule.calendar.end_s
    return start_s, month_start_s(rule, period[1])


def month_before(month: str) -> str:
    """The month before one."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year - (number == 1):04d}-{(number - 2) % 12 + 1:02d}"


def month_after(month: str) -> str:
    """The month after one."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04d}-{number % 12 + 1:02d}"


def _outside(rule: Rules, month: str) -> BadValue:
    months = rule.calendar.months
    return BadValue(
        "month outside the calendar of the rules",
        expected=f"a month from {months[0]} to {months[-1]}",
        found=month,
    )

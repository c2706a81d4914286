"""Why a figure changed between two years: more or less was done, or it was done with other factors.

Per line, role and gas: the activity effect is the change of the quantity at the old factor, the
factor effect the change of the factor at the new quantity, so

    activity = R(m₀ × q₁/q₀) − m₀        factor = m₁ − R(m₀ × q₁/q₀)

with R half-even to a milligram. They add up to m₁ − m₀ exactly, in whole milligrams. What is new
or gone is activity. A mass that was measured, or that a view moved between parties, has no
quantity: its change stands apart as unsplit. Source: accounting rules, section 5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

import msgspec

from ledger.carbon.exact import divide_half_even
from ledger.carbon.progress.year import equivalent
from ledger.carbon.rulepack import RulePack
from ledger.errors import BadValue

Masses = Mapping[str, int]
"""Milligrams by gas."""


class YearLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a year's figure: what was done, in its unit, and what it came to.

    `quantity` None: there is none, as of a measured mass or a deduction for exports.
    """

    line: str
    masses_mg: dict[str, int]
    unit: str | None = None
    quantity: Fraction | None = None


class LineChange(msgspec.Struct, frozen=True, kw_only=True):
    """The change of one line, in milligrams by gas, and what it is due to."""

    line: str
    change_mg: dict[str, int]
    activity_mg: dict[str, int]
    factor_mg: dict[str, int]
    unsplit_mg: dict[str, int]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """The change between two years: by line and gas, and in CO2e of one GWP set.

    Always activity + factor + unsplit = change, of each gas and of CO2e. What the CO2e of the
    change, of activity and of what is unsplit do not share between them by rounding, factor has.
    """

    gwp: str
    lines: tuple[LineChange, ...]
    change_mg: dict[str, int]
    activity_mg: dict[str, int]
    factor_mg: dict[str, int]
    unsplit_mg: dict[str, int]
    co2e_change_mg: int
    co2e_activity_mg: int
    co2e_factor_mg: int
    co2e_unsplit_mg: int
    apart_mg: dict[str, int]


def change_between(
    pack: RulePack, gwp: str, then: Sequence[YearLine], now: Sequence[YearLine]
) -> Change:
    """The change from one year to another.

    Raises BadValue where a line stands twice in a year, or in another unit in the other one.
    """
    before, after = _by_line(then), _by_line(now)
    lines = tuple(
        _line_change(name, before.get(name), after.get(name)) for name in sorted({*before, *after})
    )
    change, activity = _sum(one.change_mg for one in lines), _sum(one.activity_mg for one in lines)
    factor, unsplit = _sum(one.factor_mg for one in lines), _sum(one.unsplit_mg for one in lines)
    whole = equivalent(pack, gwp, change)
    done_mg, rest_mg = equivalent(pack, gwp, activity).mg, equivalent(pack, gwp, unsplit).mg
    return Change(
        gwp=gwp,
        lines=lines,
        change_mg=change,
        activity_mg=activity,
        factor_mg=factor,
        unsplit_mg=unsplit,
        co2e_change_mg=whole.mg,
        co2e_activity_mg=done_mg,
        co2e_factor_mg=whole.mg - done_mg - rest_mg,
        co2e_unsplit_mg=rest_mg,
        apart_mg=whole.apart,
    )


def _by_line(lines: Iterable[YearLine]) -> dict[str, YearLine]:
    found: dict[str, YearLine] = {}
    for one in lines:
        if one.line in found:
            raise BadValue("lines of a year", expected="each once", found=f"{one.line} twice")
        found[one.line] = one
    return found


def _line_change(name: str, then: YearLine | None, now: YearLine | None) -> LineChange:
    old, new = then or YearLine(line=name, masses_mg={}), now or YearLine(line=name, masses_mg={})
    if then and now and then.quantity is not None and now.quantity is not None:
        _require_same_unit(name, then, now)
    known = all(one is None or one.quantity is not None for one in (then, now))
    change, activity, factor, unsplit = {}, {}, {}, {}
    for gas in sorted({*old.masses_mg, *new.masses_mg}):
        old_mg, new_mg = old.masses_mg.get(gas, 0), new.masses_mg.get(gas, 0)
        change[gas] = new_mg - old_mg
        if not known or (now and not now.quantity and new_mg):
            unsplit[gas] = new_mg - old_mg
            continue
        at_old_factor_mg = _at_old_factor(then, now, old_mg, new_mg)
        if at_old_factor_mg is None:
            unsplit[gas] = new_mg - old_mg
            continue
        activity[gas] = at_old_factor_mg - old_mg
        factor[gas] = new_mg - at_old_factor_mg
    return LineChange(
        line=name,
        change_mg=_none_zero(change),
        activity_mg=_none_zero(activity),
        factor_mg=_none_zero(factor),
        unsplit_mg=_none_zero(unsplit),
    )


def _at_old_factor(
    then: YearLine | None, now: YearLine | None, old_mg: int, new_mg: int
) -> int | None:
    """What the new quantity would have come to at the old factor; None where nobody can say."""
    before = then.quantity if then else Fraction(0)
    after = now.quantity if now else Fraction(0)
    if before:
        scaled = old_mg * (after or Fraction(0)) / before
        return divide_half_even(scaled.numerator, scaled.denominator)
    return None if old_mg else new_mg  # new: all of it is activity, at the factor it has


def _require_same_unit(name: str, then: YearLine, now: YearLine) -> None:
    if then.unit != now.unit:
        raise BadValue(f"unit of {name}", expected=str(then.unit), found=str(now.unit))


def _none_zero(masses: Masses) -> dict[str, int]:
    return {gas: mg for gas, mg in sorted(masses.items()) if mg}


def _sum(rows: Iterable[Masses]) -> dict[str, int]:
    total: dict[str, int] = {}
    for row in rows:
        for gas, mg in row.items():
            total[gas] = total.get(gas, 0) + mg
    return _none_zero(total)

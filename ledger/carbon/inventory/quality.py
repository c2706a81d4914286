"""How good the data of an inventory are: activity and factors apart, in grades H, M and L.

Activity: how many readings were recorded with which grade, and how many state none. Factors: their
kind gives a grade, and data of an older year lower it, both by tables of the rule pack; the kind and
the lag are shown beside, since a grade alone says little. Source: accounting rules, section 4.
"""

from __future__ import annotations

from collections import Counter

import msgspec

from ledger.carbon.factor_fit import lag_years
from ledger.carbon.inventory.boundary import Shares
from ledger.carbon.inventory.inventory import is_added
from ledger.carbon.inventory.inventory_data import InventoryData, inventory_data
from ledger.carbon.known import Known
from ledger.carbon.pieces import FactorPiece
from ledger.carbon.rows import LineRow
from ledger.carbon.rulepack import RulePack

GRADES = ("H", "M", "L")


class ActivityQuality(msgspec.Struct, frozen=True, kw_only=True):
    """Readings of a source line over the period, by grade; `unstated` have none."""

    stream: str
    line: int
    grades: dict[str, int]
    unstated: int
    estimated: int


class FactorQuality(msgspec.Struct, frozen=True, kw_only=True):
    """One factor as a source uses it in a role, from its first to its last month of the period.

    `lag_years` are (least, most) years from the factor's data to the activity.
    """

    stream: str
    role: str
    factor: str
    kind: str
    region: str
    year: int
    months: tuple[str, str]
    lag_years: tuple[int, int]
    grade: str
    unverified: bool


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """Both, of one party."""

    activity: list[ActivityQuality]
    factors: list[FactorQuality]

    @property
    def grades(self) -> dict[str, int]:
        """Readings by grade, over all lines; "" is for those that state none."""
        found: Counter[str] = Counter()
        for one in self.activity:
            found.update(one.grades)
            found[""] += one.unstated
        return {grade: found[grade] for grade in (*GRADES, "") if found[grade]}


def quality(known: Known, pack: RulePack, party: str) -> Quality:
    """The quality of a party's data over the period of what is known."""
    shares = Shares(known, party)

    def answers_for(line: LineRow, month: str) -> bool:
        return line.party == party and is_added(line) and bool(shares.of(line.site, month).share)

    readings: Counter[tuple[str, int]] = Counter()
    estimated: Counter[tuple[str, int]] = Counter()
    for row in known.activity:
        if answers_for(row.line, row.month):
            readings[row.line.stream, row.line.line] += row.readings
            estimated[row.line.stream, row.line.line] += row.estimated
    graded: dict[tuple[str, int], Counter[str]] = {}
    for grade in known.quality:
        if answers_for(grade.line, grade.month):
            place = grade.line.stream, grade.line.line
            graded.setdefault(place, Counter())[grade.quality] += grade.readings
    activity = [
        ActivityQuality(
            stream=place[0],
            line=place[1],
            grades={name: count[name] for name in GRADES if count[name]},
            unstated=readings[place] - sum(count.values()),
            estimated=estimated[place],
        )
        for place in sorted(readings)
        for count in [graded.get(place, Counter())]
    ]
    uses = {
        (row.line.stream, row.role, row.month)
        for row in known.masses
        if answers_for(row.line, row.month)
    }
    return Quality(activity=activity, factors=_factors(known, pack, uses))


def grade_of(data: InventoryData, factor: FactorPiece, lag: int) -> str:
    """The grade of a factor used so many years from its data: the lower of its kind's and its age's."""
    by_kind = data.kinds.get(factor.kind, "L")
    by_age = next((grade for grade, most in data.lag_years.items() if abs(lag) <= most), "L")
    return max(by_kind, by_age, key=GRADES.index)


def _factors(known: Known, pack: RulePack, uses: set[tuple[str, str, str]]) -> list[FactorQuality]:
    data, calendar = inventory_data(pack), pack.calendar(known.timezone)
    months: dict[tuple[str, str, str], list[str]] = {}
    for stream, role, month in sorted(uses):
        source, (begins_s, ends_s) = known.sources[stream], calendar.bounds_s(month)
        refs = [source.factor_at(role, begins_s)]
        refs += [a.factor for a in source.factors.get(role, ()) if begins_s < a.from_s < ends_s]
        for ref in dict.fromkeys(refs):
            if ref is not None and ref in known.factors:
                months.setdefault((stream, role, ref), []).append(month)
    found = []
    for (stream, role, ref), used in sorted(months.items()):
        factor = known.factors[ref]
        lags = [lag_years(factor, month) for month in used]
        found.append(
            FactorQuality(
                stream=stream,
                role=role,
                factor=ref,
                kind=factor.kind,
                region=factor.region,
                year=factor.year,
                months=(used[0], used[-1]),
                lag_years=(min(lags), max(lags)),
                grade=grade_of(data, factor, max(lags, key=abs)),
                unverified=factor.unverified(known.size),
            )
        )
    return found

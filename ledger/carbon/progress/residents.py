"""Residents, per head and by part of the area, where enough of them stand together.

A part of the area is a site of a guarded aggregate; its people are what the operator last stated of
it. Shown are each part, each aggregate, and all residents, by month and for the whole period. A
group is shown only if it has at least the least number of people, and no two groups that overlap
differ by fewer: where a whole is shown, the parts of it that are not shown have together none or at
least that many. Else further parts are held back, the smallest first, and each says why.

Per head is Scope 1 and Scope 2 (location-based) in CO2e over the people, half-even to a milligram.
Beside it stands a path of 1.5 degrees, data with its source, and what the path covers that the
figure does not. Source: accounting rules, section 5.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise

import msgspec

from ledger.carbon.area.amounts import amounts
from ledger.carbon.area.guard import minimum_people
from ledger.carbon.counted import Counted, counted, sums
from ledger.carbon.exact import MG_PER_KG, divide_half_even
from ledger.carbon.footprint import months_between
from ledger.carbon.known import Known
from ledger.carbon.progress.path_data import LifestylePath, PathFile
from ledger.carbon.progress.shown_groups import (
    ALL,
    People,
    held_back,
    ordered,
    people_of,
    sites_of,
    tree_of,
)
from ledger.carbon.progress.year import equivalent
from ledger.carbon.rulepack import RulePack
from ledger.errors import InvalidInput

MONTH_HELD_BACK = "a month of it is held back"


class PerHead(msgspec.Struct, frozen=True, kw_only=True):
    """A group over a month or the whole period; numbers are null where it is held back.

    `per_head_mg` is milligrams of CO2e a person, `path_mg` what the path allows a person for as
    long, `above_path_mg` the difference. `people` of a period is the mean of its months, as the
    nearest whole number.
    """

    first_month: str
    last_month: str
    people: int | None
    co2e_mg: int | None
    per_head_mg: int | None
    path_mg: int | None
    above_path_mg: int | None
    apart_mg: dict[str, int]
    held_back: str | None


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """One group: a site of an aggregate, an aggregate, or all residents.

    `untold` are months in which some site of it has nothing recorded: there its figures fall short.
    """

    group: str
    within: str | None
    untold: tuple[str, ...]
    months: tuple[PerHead, ...]
    period: PerHead


class Residents(msgspec.Struct, frozen=True, kw_only=True):
    """Residents per head, as known at a log size, in one GWP set."""

    area: str
    period: tuple[str, str]
    size: int
    rules: str
    gwp: str
    minimum_people: int
    path: str
    path_covers: str
    path_note: str
    path_sources: tuple[str, ...]
    groups: tuple[Group, ...]


def residents(known: Known, pack: RulePack, gwp: str) -> Residents:
    """Residents per head by group. Raises InvalidInput for a pack that knows no guard."""
    least = minimum_people(pack)
    if least is None:
        raise InvalidInput(
            f"rule pack {pack.version} has no guard over residents",
            expected="rules that know one, from pack 2 on",
            found=f"pack {pack.version}",
            advice="The operator activates newer rules with RulesActivated.",
        )
    path = pack.part("paths.json", PathFile).lifestyle
    end = known.period[1]
    months = [month for month in months_between(*known.period) if month < end]
    tree = tree_of(known)
    people = {month: people_of(known, tree, month) for month in months}
    held = held_back(tree, people, months, least)
    masses = {key: sums(terms) for key, terms in resident_terms(known, pack).items()}
    told = {
        (f"{row.line.party}/{row.line.site}", row.month)
        for rows in (known.masses, known.activity)
        for row in rows
    }
    groups = []
    for name, within in ordered(tree):
        shown = tuple(
            _silent(month, month, held[name, month])
            if (name, month) in held
            else _month(pack, gwp, path, month, people[month][name], masses.get((name, month), {}))
            for month in months
        )
        silent = any((name, month) in held for month in months)
        whole = (
            _silent(months[0], months[-1], MONTH_HELD_BACK)
            if silent
            else _whole(pack, gwp, path, months, people, masses, name)
        )
        sites = sites_of(tree, name)
        untold = tuple(m for m in months if any((site, m) not in told for site in sites))
        groups.append(Group(group=name, within=within, untold=untold, months=shown, period=whole))
    return Residents(
        area=known.area,
        period=known.period,
        size=known.size,
        rules=pack.version,
        gwp=gwp,
        minimum_people=least,
        path=path.path,
        path_covers=path.covers,
        path_note=path.note,
        path_sources=tuple(point.source.title for point in path.points),
        groups=tuple(groups),
    )


def resident_terms(known: Known, pack: RulePack) -> dict[tuple[str, str], list[Counted]]:
    """What counts per head of each group in a month, also of groups that are held back."""
    tree = tree_of(known)
    found: dict[tuple[str, str], list[Counted]] = defaultdict(list)
    for amount in amounts(known, pack):
        row, line = amount.row, amount.row.line
        if amount.column != "emitted" or line.scope not in {1, 2}:
            continue
        if line.inside and line.party in tree:
            for group in (ALL, line.party, f"{line.party}/{line.site}"):
                found[group, row.month].append(counted(row, amount.mass_mg, *amount.events))
    return dict(found)


def path_mg(path: LifestylePath, year: int) -> Fraction | None:
    """What the path allows a person in a year, in milligrams of CO2e; None outside its years."""
    points = [(point.year, Fraction(point.kg_per_person)) for point in path.points]
    for (first, start), (last, end) in pairwise(points):
        if first <= year <= last:
            return (start + (end - start) * Fraction(year - first, last - first)) * MG_PER_KG
    return None


# --- figures ---------------------------------------------------------------------------------------

Masses = dict[tuple[str, str], dict[str, int]]
"""Milligrams by gas, of a group in a month."""


def _month(
    pack: RulePack,
    gwp: str,
    path: LifestylePath,
    month: str,
    people: int | None,
    masses: Mapping[str, int],
) -> PerHead:
    yearly = path_mg(path, int(month[:4]))
    allowed = None if yearly is None else yearly / 12
    return _per_head(pack, gwp, (month, month), Fraction(people or 0), masses, allowed)


def _whole(
    pack: RulePack,
    gwp: str,
    path: LifestylePath,
    months: Sequence[str],
    people: Mapping[str, People],
    masses: Masses,
    group: str,
) -> PerHead:
    total: dict[str, int] = defaultdict(int)
    for month in months:
        for gas, mass_mg in masses.get((group, month), {}).items():
            total[gas] += mass_mg
    mean = Fraction(sum(people[month][group] or 0 for month in months), len(months))
    yearly = [path_mg(path, int(month[:4])) for month in months]
    told = [one / 12 for one in yearly if one is not None]
    allowed = sum(told, Fraction(0)) if len(told) == len(months) else None
    return _per_head(pack, gwp, (months[0], months[-1]), mean, total, allowed)


def _per_head(
    pack: RulePack,
    gwp: str,
    months: tuple[str, str],
    people: Fraction,
    masses: Mapping[str, int],
    allowed_mg: Fraction | None,
) -> PerHead:
    found = equivalent(pack, gwp, masses)
    each_mg = _whole_mg(found.mg / people)
    path_each_mg = None if allowed_mg is None else _whole_mg(allowed_mg)
    return PerHead(
        first_month=months[0],
        last_month=months[1],
        people=_whole_mg(people),
        co2e_mg=found.mg,
        per_head_mg=each_mg,
        path_mg=path_each_mg,
        above_path_mg=None if path_each_mg is None else each_mg - path_each_mg,
        apart_mg=found.apart,
        held_back=None,
    )


def _silent(first_month: str, last_month: str, reason: str) -> PerHead:
    return PerHead(
        first_month=first_month,
        last_month=last_month,
        people=None,
        co2e_mg=None,
        per_head_mg=None,
        path_mg=None,
        above_path_mg=None,
        apart_mg={},
        held_back=reason,
    )


def _whole_mg(value: Fraction) -> int:
    return divide_half_even(value.numerator, value.denominator)

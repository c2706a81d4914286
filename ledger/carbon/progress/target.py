"""Neutral in time: what a target asks for, what each year came to, and what is missing.

Per year, in one view and one GWP set: balance = gross − monitored removals inside + credits issued
inside and sold with a claim or a corresponding adjustment − retired credits. A full year is neutral
when its balance is not above zero, its retired credits are not above the cap, and no line is NE. An
amount that could not be put into CO2e of the set also forbids the word. Credits never change a
gross figure: they stand beside it. The credits needed are whole tonnes, rounded up.

The remaining budget is Σ path − Σ gross over the years of the path. The base is shown as stated, as
known at the stated log size, and as known now. Masses are milligrams. Source: accounting rules,
section 5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import ceil
from typing import Annotated

import msgspec

from ledger.carbon.area.pieces import Target, TargetPiece
from ledger.carbon.progress.projection import NotEnoughYears, Projection, least_years, project
from ledger.carbon.progress.sentence import Outlook, verdict_in
from ledger.carbon.progress.year import MG_PER_T, YearFigure, equivalent, removed_equivalent
from ledger.carbon.rulepack import RulePack
from ledger.errors import BadValue, NotFound

Tonnes = Annotated[int, msgspec.Meta(ge=0)]

NO_CREDITS = "No registry of credits is read: credits are those that the caller named, here none."
GIVEN_CREDITS = "No registry of credits is read: credits are those that the caller named."


class Credits(msgspec.Struct, frozen=True, kw_only=True):
    """Credits that bear on a year, in whole tonnes of CO2e, as whoever asks says.

    `retired_t` were retired for the area and the year. `sold_t` were issued for removals or
    reductions inside and sold with a claim or a corresponding adjustment, so they are somebody
    else's.
    """

    retired_t: Tonnes = 0
    sold_t: Tonnes = 0

    def __post_init__(self) -> None:
        if self.retired_t < 0 or self.sold_t < 0:
            raise BadValue(
                "negative credits",
                expected="whole tonnes, 0 or more",
                found=f"retired {self.retired_t}, sold {self.sold_t}",
            )


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """One year against neutrality; `why_not` says all that forbids the word neutral.

    `credits_needed_t` is what has to be retired for the year in all, `credits_missing_t` what of it
    is not retired yet. `cap_mg` is what credits may take off.
    """

    year: int
    full: bool
    gross_mg: int
    removed_mg: int
    sold_t: int
    retired_t: int
    balance_mg: int
    credits_needed_t: int
    credits_missing_t: int
    cap_mg: int
    within_cap: bool
    path_mg: int | None
    above_path_mg: int | None
    apart: dict[str, int]
    not_estimated: tuple[str, ...]
    neutral: bool
    why_not: tuple[str, ...]


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """The base year as stated, as known at the stated log size, and as known now.

    `misstated`: the statement is not what was known then. `changed`: what is known now differs from
    the statement. Null where the figure of the base year was not at hand.
    """

    year: int
    size: int
    stated_mg: int
    known_then_mg: int | None
    known_now_mg: int | None
    misstated: bool | None
    changed: bool | None
    difference_mg: int | None


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of the path: its sum up to the neutral year, less what was emitted in it."""

    path_mg: int
    emitted_mg: int
    remaining_mg: int
    years_told: tuple[int, ...]
    years_to_come: tuple[int, ...]


class TargetReport(msgspec.Struct, frozen=True, kw_only=True):
    """All that is said about a target, as known at a log size."""

    party: str
    target: str
    event: str
    view: str
    gwp: str
    gases: tuple[str, ...]
    size: int
    neutral_year: int
    base: Base
    years: tuple[Balance, ...]
    budget: Budget
    projection: Projection | NotEnoughYears
    outlook: Outlook
    sentence: str
    sentence_zh: str
    credits_note: str


def in_force(piece: TargetPiece, size: int) -> Target:
    """The statement of a target that holds at a log size. Raises NotFound before the first."""
    said = [one for one in piece.stated if one.index < size]
    if not said:
        raise NotFound(
            f"no target {piece.target} of {piece.party} at log size {size}",
            expected=f"a size above {piece.stated[0].index}" if piece.stated else "a TargetSet",
        )
    return said[-1]


def target_report(
    pack: RulePack,
    piece: TargetPiece,
    size: int,
    figures: Sequence[YearFigure],
    credits_by_year: Mapping[int, Credits] | None = None,
    base_then: YearFigure | None = None,
    who: str | None = None,
) -> TargetReport:
    """Where a target stands at a log size.

    `figures` are the years of the target's view as known at `size`, the base year among them;
    `base_then` is the base year as known at the target's `base_size`; `who` is the party's name
    where the target is not the area's. Raises NotFound before the
    target was set, and BadValue for two figures of one year or a base of another year.
    """
    target = in_force(piece, size)
    named = dict(credits_by_year or {})
    by_year = _one_per_year(figures)
    if base_then is not None and base_then.year != target.base_year:
        raise BadValue("base year", expected=str(target.base_year), found=str(base_then.year))
    years = tuple(
        _balance(pack, target, by_year[year], named.get(year, Credits()))
        for year in sorted(by_year)
        if year >= target.base_year
    )
    projection = _projection(pack, years, target.neutral_year)
    outlook = _outlook(pack, target, years, projection, who)
    return TargetReport(
        party=piece.party,
        target=piece.target,
        event=target.event,
        view=target.view,
        gwp=target.gwp,
        gases=target.gases,
        size=size,
        neutral_year=target.neutral_year,
        base=_base(pack, target, by_year.get(target.base_year), base_then),
        years=years,
        budget=_budget(target, years),
        projection=projection,
        outlook=outlook,
        sentence=verdict_in("en", outlook),
        sentence_zh=verdict_in("zh", outlook),
        credits_note=GIVEN_CREDITS if named else NO_CREDITS,
    )


def whole_tonnes(mg: int) -> int:
    """Whole tonnes that cover so many milligrams, rounded up; none for nothing or less."""
    return max(0, -(-mg // MG_PER_T))


def cap_mg(target: Target) -> int:
    """What credits may take off, in milligrams: the part of the base, rounded down."""
    num, den = (int(part) for part in target.credits_percent)
    return int(target.base_mg) * num // (100 * den)


def _one_per_year(figures: Iterable[YearFigure]) -> dict[int, YearFigure]:
    by_year: dict[int, YearFigure] = {}
    for figure in figures:
        if figure.year in by_year:
            raise BadValue("years", expected="one figure of a year", found=f"two of {figure.year}")
        by_year[figure.year] = figure
    return by_year


def _balance(pack: RulePack, target: Target, figure: YearFigure, given: Credits) -> Balance:
    gross = equivalent(pack, target.gwp, figure.emitted, target.gases)
    removed = removed_equivalent(pack, target.gwp, figure.removed, target.gases)
    before_mg = gross.mg - removed.mg + given.sold_t * MG_PER_T
    balance_mg = before_mg - given.retired_t * MG_PER_T
    most_mg = cap_mg(target)
    apart = {
        gas: gross.apart.get(gas, 0) + removed.apart.get(gas, 0)
        for gas in sorted({*gross.apart, *removed.apart})
    }
    path_mg = dict(target.path).get(figure.year)
    within_cap = given.retired_t * MG_PER_T <= most_mg
    why_not = tuple(
        reason
        for reason, holds in (
            ("the year is not told in full", not figure.full),
            ("the balance is above zero", balance_mg > 0),
            ("retired credits are above the cap", not within_cap),
            (f"not estimated: {', '.join(figure.not_estimated)}", bool(figure.not_estimated)),
            (f"not in the balance, of no value in {target.gwp}: {', '.join(apart)}", bool(apart)),
        )
        if holds
    )
    return Balance(
        year=figure.year,
        full=figure.full,
        gross_mg=gross.mg,
        removed_mg=removed.mg,
        sold_t=given.sold_t,
        retired_t=given.retired_t,
        balance_mg=balance_mg,
        credits_needed_t=whole_tonnes(before_mg),
        credits_missing_t=whole_tonnes(balance_mg),
        cap_mg=most_mg,
        within_cap=within_cap,
        path_mg=None if path_mg is None else int(path_mg),
        above_path_mg=None if path_mg is None else gross.mg - int(path_mg),
        apart=apart,
        not_estimated=figure.not_estimated,
        neutral=not why_not,
        why_not=why_not,
    )


def _base(pack: RulePack, target: Target, now: YearFigure | None, then: YearFigure | None) -> Base:
    stated_mg = int(target.base_mg)
    now_mg = None if now is None else equivalent(pack, target.gwp, now.emitted, target.gases).mg
    then_mg = None if then is None else equivalent(pack, target.gwp, then.emitted, target.gases).mg
    return Base(
        year=target.base_year,
        size=target.base_size,
        stated_mg=stated_mg,
        known_then_mg=then_mg,
        known_now_mg=now_mg,
        misstated=None if then_mg is None else then_mg != stated_mg,
        changed=None if now_mg is None else now_mg != stated_mg,
        difference_mg=None if now_mg is None else now_mg - stated_mg,
    )


def _budget(target: Target, years: Sequence[Balance]) -> Budget:
    path = {year: int(mg) for year, mg in target.path if year <= target.neutral_year}
    told = [one for one in years if one.year in path]
    path_mg, emitted_mg = sum(path.values()), sum(one.gross_mg for one in told)
    full = {one.year for one in told if one.full}
    return Budget(
        path_mg=path_mg,
        emitted_mg=emitted_mg,
        remaining_mg=path_mg - emitted_mg,
        years_told=tuple(one.year for one in told),
        years_to_come=tuple(sorted(set(path) - full)),
    )


def _before_credits_mg(year: Balance) -> int:
    return year.balance_mg + year.retired_t * MG_PER_T


def _projection(
    pack: RulePack, years: Sequence[Balance], neutral_year: int
) -> Projection | NotEnoughYears:
    """Of what remains before credits are retired: gross − removals + credits sold."""
    values_t = {one.year: _before_credits_mg(one) / MG_PER_T for one in years if one.full}
    return project(pack, values_t, neutral_year)


def _outlook(
    pack: RulePack,
    target: Target,
    years: Sequence[Balance],
    projection: Projection | NotEnoughYears,
    who: str | None,
) -> Outlook:
    full = [one for one in years if one.full]
    last = full[-1] if full else None
    cap_t = Fraction(cap_mg(target), MG_PER_T)
    missing_t: int | None = None
    low_t = high_t = expected_t = None
    reached = [one for one in full if one.year >= target.neutral_year]
    if reached:
        word = "neutral" if reached[0].neutral else "missed"
        last = reached[0]
        missing_t = reached[0].credits_missing_t
    elif isinstance(projection, NotEnoughYears):
        word = "not-enough-years"
    else:
        low_t, high_t = round(projection.low_t), round(projection.high_t)
        expected_t = round(projection.expected_t)
        if projection.high_t <= cap_t:
            word, worst_t = "on-course", float(cap_t)
        elif projection.low_t > cap_t:
            word, worst_t = "off-course", projection.expected_t
        else:
            word, worst_t = "open", projection.high_t
        missing_t = ceil(worst_t - cap_t)
    return Outlook(
        word=word,
        who=who,
        least_years=least_years(pack),
        neutral_year=target.neutral_year,
        years=len(full),
        last_year=None if last is None else last.year,
        last_t=None if last is None else whole_tonnes(last.balance_mg),
        expected_t=expected_t,
        low_t=low_t,
        high_t=high_t,
        cap_t=int(cap_t),
        missing_t=missing_t,
        over_cap=last is not None and not last.within_cap,
        not_estimated=() if last is None else last.not_estimated,
        apart=() if last is None else tuple(last.apart),
    )

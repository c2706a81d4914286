"""What was said before and is said otherwise now: corrections, and the base year compared.

Nothing is overwritten, so a restatement is the difference between two sizes of the log: the base
year as known at the size that the company named, and the same year as known now. It is flagged when
the change passes the company's threshold (5 % by default). Every later statement that changed a
figure of the period is listed with its reason and with what it changed.
Source: accounting rules, section 4.
"""

from __future__ import annotations

from fractions import Fraction

import msgspec

from ledger.carbon.gwp import co2e
from ledger.carbon.inventory.boundary import said
from ledger.carbon.inventory.inventory import Inventory
from ledger.carbon.known import Known
from ledger.carbon.organisation.pieces import BaseYear
from ledger.carbon.rows import Correction, MassRow
from ledger.carbon.rulepack import RulePack
from ledger.errors import BadValue

CHANGING = (
    "ActivityCorrected",
    "ActivityWithdrawn",
    "FactorAssigned",
    "SourceAmended",
)
"""The types whose events change what was recorded before."""


class Restatement(msgspec.Struct, frozen=True, kw_only=True):
    """What one entry of the log changed in the period, and why.

    An entry may hold several corrections; they changed this together. `change_mg` is by (role, gas).
    """

    index: int
    corrections: tuple[Correction, ...]
    streams: tuple[str, ...]
    months: tuple[str, ...]
    change_mg: dict[tuple[str, str], int]


class BaseYearCompared(msgspec.Struct, frozen=True, kw_only=True):
    """A base year as it was known at its size, and as it is known now; milligrams of CO2e.

    `change` is exact, of the figure then; None where that was nothing. `passes` says whether it
    passes the threshold, which asks for a new `BaseYearRestated`.
    """

    year: int
    then_size: int
    now_size: int
    gwp: str
    method: str
    then_mg: int
    now_mg: int
    change: Fraction | None
    threshold_percent: Fraction
    passes: bool


def base_year(known: Known, party: str) -> BaseYear | None:
    """The base year that a party last named, as known at the size."""
    named = said(known, party).base_years
    return named[-1] if named else None


def compare_base_year(
    pack: RulePack, base: BaseYear, then: Inventory, now: Inventory, gwp: str, method: str
) -> BaseYearCompared:
    """Compare Scope 1 and 2 of the base year at two sizes.

    `then` and `now` are inventories of that calendar year, at the base year's size and at another.
    Raises BadValue for others.
    """
    for found, size in ((then, base.size), (now, now.size)):
        year = f"{base.year:04d}-01", f"{base.year + 1:04d}-01"
        if found.period != year or found.size != size or found.party != then.party:
            raise BadValue(
                "inventory of a base year",
                expected=f"the year {base.year} as known at size {size}",
                found=f"{' to '.join(found.period)} as known at size {found.size}",
            )
    was_mg = co2e(pack, gwp, then.scopes_1_and_2(method)).mg
    is_mg = co2e(pack, gwp, now.scopes_1_and_2(method)).mg
    change = Fraction(is_mg - was_mg, abs(was_mg)) if was_mg else None
    threshold = Fraction(base.threshold_percent)
    passes = is_mg != was_mg if change is None else abs(change) * 100 > threshold
    return BaseYearCompared(
        year=base.year,
        then_size=base.size,
        now_size=now.size,
        gwp=gwp,
        method=method,
        then_mg=was_mg,
        now_mg=is_mg,
        change=change,
        threshold_percent=threshold,
        passes=passes,
    )


def restatements(known: Known, party: str) -> list[Restatement]:
    """Every entry that changed a party's figures of the period after they were recorded, in order."""
    said_at: dict[int, list[Correction]] = {}
    for one in known.corrections:
        said_at.setdefault(one.index, []).append(one)
    changed: dict[int, list[MassRow]] = {}
    for index, row in known.corrected:
        if row.line.party == party:
            changed.setdefault(index, []).append(row)
    found = []
    for index, rows in sorted(changed.items()):
        change: dict[tuple[str, str], int] = {}
        for row in rows:
            place = row.role, row.gas
            change[place] = change.get(place, 0) + row.mass_mg
        found.append(
            Restatement(
                index=index,
                corrections=tuple(said_at.get(index, ())),
                streams=tuple(sorted({row.line.stream for row in rows})),
                months=tuple(sorted({row.month for row in rows})),
                change_mg={place: mass_mg for place, mass_mg in sorted(change.items()) if mass_mg},
            )
        )
    return found

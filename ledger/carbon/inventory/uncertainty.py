"""How far the truth may lie from a total: IPCC approach 1, 95 % half-width.

    U = √( Σ(xᵢ·u_AD,i)² + Σⱼ(Σ_{i∈j} xᵢ·u_EF,j)² ) / |Σx|

The uncertainty of activity belongs to a source and year, not to a reading, so all that a source has
in a year moves together; a factor that several sources share is fully correlated. What states no
uncertainty is named with its part of the total, and counts as certain. Floats are allowed here and
in charts alone. Source: accounting rules, section 4; IPCC 2006 Guidelines, volume 1, chapter 3.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from math import fsum, sqrt

import msgspec

from ledger.carbon.counted import Counted
from ledger.carbon.gwp import co2e
from ledger.carbon.known import Known
from ledger.carbon.rulepack import RulePack


class Uncertain(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a total, with what is known of its uncertainty in per cent; None is unstated.

    Parts of one `source_year` share their activity, parts of one `factor` their factor.
    """

    amount: float
    source_year: str
    activity_percent: float | None
    factor: str | None = None
    factor_percent: float | None = None


class Uncertainty(msgspec.Struct, frozen=True, kw_only=True):
    """The half-width of the 95 % interval, in the unit of the parts and in per cent of the total.

    `percent` is None where the total is nothing. `activity_unstated` and `factor_unstated` are the
    parts of the total, from 0 to 1 of its gross sum, whose uncertainty nobody stated.
    """

    total: float
    half_width: float
    percent: float | None
    activity_unstated: float
    factor_unstated: float


def uncertainty(parts: Iterable[Uncertain]) -> Uncertainty:
    """The uncertainty of the sum of these parts."""
    listed = list(parts)
    activity: dict[str, list[float]] = defaultdict(list)
    factors: dict[str, list[float]] = defaultdict(list)
    for at, part in enumerate(listed):
        activity[part.source_year].append(part.amount * (part.activity_percent or 0.0) / 100)
        if part.factor_percent:
            # A part without a named factor shares it with no other.
            name = f"part {at}" if part.factor is None else part.factor
            factors[name].append(part.amount * part.factor_percent / 100)
    half_width = sqrt(
        fsum(fsum(xs) ** 2 for xs in activity.values())
        + fsum(fsum(xs) ** 2 for xs in factors.values())
    )
    total = fsum(part.amount for part in listed)
    gross = fsum(abs(part.amount) for part in listed)
    no_activity = fsum(abs(p.amount) for p in listed if p.activity_percent is None)
    no_factor = fsum(abs(p.amount) for p in listed if p.factor_percent is None)
    return Uncertainty(
        total=total,
        half_width=half_width,
        percent=100 * half_width / abs(total) if total else None,
        activity_unstated=no_activity / gross if gross else 0.0,
        factor_unstated=no_factor / gross if gross else 0.0,
    )


def uncertain_parts(
    known: Known, pack: RulePack, gwp: str, terms: Iterable[Counted]
) -> list[Uncertain]:
    """The parts that terms of a figure make, in tonnes of CO2e of one GWP set.

    A measured emission has no factor: its uncertainty is all its activity's.
    """
    calendar = pack.calendar(known.timezone)
    masses: dict[tuple[str, str, str, str | None], dict[str, int]] = {}
    for term in terms:
        source = known.sources[term.stream]
        at_s, _ = calendar.bounds_s(term.month)
        stated = source.terms_at(at_s).uncertainty_percent
        place = term.stream, term.month[:4], stated or "", source.factor_at(term.role, at_s)
        by_gas = masses.setdefault(place, {})
        by_gas[term.gas] = by_gas.get(term.gas, 0) + term.mass_mg
    found = []
    for (stream, year, stated, ref), by_gas in sorted(masses.items(), key=str):
        factor = None if ref is None else known.factors.get(ref)
        percent = None if factor is None else factor.uncertainty_percent
        found.append(
            Uncertain(
                amount=co2e(pack, gwp, by_gas).mg / 1e9,
                source_year=f"{stream} {year}",
                activity_percent=float(stated) if stated else None,
                factor=ref,
                factor_percent=0.0
                if ref is None
                else (None if percent is None else float(percent)),
            )
        )
    return found

"""Does a factor fit the place and time that it is used for, and what must be said where it does?

A kind that holds for its region alone (a grid's average, a default of heat) is refused elsewhere: a
site in Shanghai is not priced with Jiangsu's grid. It fits the sites of its region, of its country,
and of a region that it is a member of. Other kinds may come from elsewhere, and that is shown.
A factor of another data year is allowed on the days its publisher names, and its lag is shown; so
is a company's own factor that no certifier has confirmed. Source: accounting rules, section 3.
"""

from __future__ import annotations

from typing import Protocol

from ledger.carbon.pieces import FactorPiece
from ledger.carbon.rulepack import RulePack
from ledger.errors import RuleBroken


class Dated(Protocol):
    """What has a region and the year of its data: a piece, or a factor as it is shown."""

    @property
    def region(self) -> str:
        """ISO 3166 code, or a region of the rule pack."""

    @property
    def year(self) -> int:
        """Of its data."""


def check_region(pack: RulePack, factor: FactorPiece, region: str) -> None:
    """Raise RuleBroken for a factor of a regional kind whose region is not that of the site."""
    if not fits(pack, factor, region):
        raise RuleBroken(
            "factor of another region",
            expected=f"a factor of kind {factor.kind} for {region}",
            found=f"{factor.ref}, for {factor.region}",
            advice="Choose one of the site's region, of the region it belongs to, or of its "
            "country: carbon-ledger factor list.",
        )


def fits(pack: RulePack, factor: FactorPiece, region: str) -> bool:
    """Whether a factor may be used in a region: any kind that is not bound to its own may."""
    return not pack.factor_kind(factor.kind).regional or covers(pack, factor.region, region)


def covers(pack: RulePack, region: str, other: str) -> bool:
    """Whether a region is another one, its country, or a region that it is a member of."""
    if region == other or other.startswith(f"{region}-"):
        return True
    group = pack.regions.get(region)
    return group is not None and other in group.members


def lag_years(factor: Dated, month: str) -> int:
    """Years from a factor's data to an activity in a month, `2025-03`; negative: data of later."""
    return int(month[:4]) - factor.year


def remarks(
    pack: RulePack, factor: FactorPiece, region: str, month: str, size: int | None = None
) -> tuple[str, ...]:
    """What to show beside a figure that uses this factor in a region and month, as known at a size.

    Nothing, for a factor of that place and year that needs no confirmation.
    """
    return remarks_on(pack, factor, region, month, unverified=factor.unverified(size))


def remarks_on(
    pack: RulePack, factor: Dated, region: str, month: str, *, unverified: bool
) -> tuple[str, ...]:
    """The same for a factor of which somebody else knows whether it is unverified."""
    found = []
    lag = lag_years(factor, month)
    if lag:
        years = f"{abs(lag)} year{'s' if abs(lag) > 1 else ''}"
        found.append(f"data of {factor.year}, {years} {'earlier' if lag > 0 else 'later'}")
    if not covers(pack, factor.region, region):
        found.append(f"of {factor.region}, used in {region}")
    if unverified:
        found.append("unverified: no certifier has confirmed it")
    return tuple(found)

"""Where a mass stands in an inventory: scope, Scope 3 category, ISO 14064-1 category, method.

Scope 1 counts role `direct`. Scope 2 counts twice: role `location`, and what the market-based
method makes of role `market`. Scope 3 counts the whole life cycle where that was given, and
otherwise what is emitted, bought and upstream, never both. The upstream role of a Scope 1 or 2
source is Scope 3, category 3. Every other mass (a life cycle for products, a source outside the
scopes) stands in no inventory. Source: accounting rules, section 4.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

import msgspec

from ledger.carbon.inventory.inventory_data import inventory_data
from ledger.carbon.rows import LineRow
from ledger.carbon.rulepack import RulePack

LOCATION = "location"
MARKET = "market"
BOUGHT_SCOPE = 2
CHAIN_SCOPE = 3


class Heading(msgspec.Struct, frozen=True, order=True):
    """A heading of the inventory; 0 stands for no category, "" for no method."""

    scope: int
    category: int
    iso: int
    method: str


def heading(pack: RulePack, line: LineRow, role: str, roles: Collection[str]) -> Heading | None:
    """The heading of a role of a source line; None where it stands in no inventory.

    `roles` are all that the line has masses under in that month. The market-based half of Scope 2
    does not follow from a role alone: see `market_heading`.
    """
    if line.scope is None:
        return None
    if line.scope == CHAIN_SCOPE:
        whole = "lifecycle" in roles
        if role not in (("lifecycle",) if whole else ("direct", "location", "upstream")):
            return None
        category = line.category or 0
        return Heading(CHAIN_SCOPE, category, _iso(pack, line.activity, CHAIN_SCOPE, category), "")
    if role == "upstream":
        return _derived(pack)
    if line.scope == BOUGHT_SCOPE:
        return _bought(pack, line.activity, LOCATION) if role == LOCATION else None
    return Heading(1, 0, _iso(pack, line.activity, 1, 0), "") if role == "direct" else None


def market_heading(pack: RulePack, line: LineRow) -> Heading:
    """The heading of the market-based figure of a Scope 2 line."""
    return _bought(pack, line.activity, MARKET)


def _bought(pack: RulePack, activity: str, method: str) -> Heading:
    return Heading(BOUGHT_SCOPE, 0, _iso(pack, activity, BOUGHT_SCOPE, 0), method)


def _derived(pack: RulePack) -> Heading:
    derived = inventory_data(pack).derived_category
    iso = _iso(pack, derived.activity, CHAIN_SCOPE, derived.category)
    return Heading(CHAIN_SCOPE, derived.category, iso, "")


@lru_cache(maxsize=4096)
def _iso(pack: RulePack, activity: str, scope: int, category: int) -> int:
    """The ISO 14064-1 category that the catalogue gives an activity in a scope and category."""
    for placement in pack.activity(activity).placements:
        if placement.scope == scope and (
            not placement.categories or category in placement.categories
        ):
            return placement.iso or 0
    return 0

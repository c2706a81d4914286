"""What inventories take from the rule pack: `inventory.json`, each table with its source."""

from __future__ import annotations

import msgspec

from ledger.carbon.rulepack import RulePack, Source

FILE = "inventory.json"


class Derived(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the upstream role of Scope 1 and 2 sources stands: a Scope 3 category.

    Its ISO category is that of `activity` in the catalogue.
    """

    category: int
    activity: str


class NationalHead(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of the national sum: activities (a name that ends in `.` means a family) in a role."""

    head: str
    activities: tuple[str, ...]
    role: str
    sign: int


class InventoryData(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`kinds` grade factors by their kind; `lag_years` lower a grade where data are older."""

    kinds: dict[str, str]
    lag_years: dict[str, int]
    quality_source: Source
    derived_category: Derived
    derived_source: Source
    national: tuple[NationalHead, ...]
    national_source: Source


def inventory_data(pack: RulePack) -> InventoryData:
    """The tables of a pack. Raises InvalidInput for one that has none."""
    return pack.part(FILE, InventoryData)

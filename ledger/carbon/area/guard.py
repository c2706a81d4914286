"""The guard over residents: they appear in groups of a least size, and no difference shows fewer.

The least number of people is data of the rule pack, `residents.json`. Rules before pack 2 know no
guard. Source: accounting rules, section 5 (Residents).
"""

from __future__ import annotations

import msgspec

from ledger.carbon.rulepack import RulePack, Source

FILE = "residents.json"


class ResidentRules(msgspec.Struct, frozen=True, kw_only=True):
    """How many people a group has at least; `source` says who counts so."""

    minimum_people: int
    source: Source


def minimum_people(pack: RulePack) -> int | None:
    """The least number of people of a group, None where the rules know no guard."""
    return pack.part(FILE, ResidentRules).minimum_people if FILE in pack.files else None

"""The sum of China's general guideline for enterprises, over the same source lines.

E = combustion + process + net purchased electricity + net purchased heat − recovered, in the masses
that were recorded (AD·EF, for fuels FC·NCV·CC·OF·44/12 in the factor). Which activity stands under
which head is data of the rule pack, with its source; the first head that names an activity has it.
What stands under none is not in this sum and is named. Source: accounting rules, section 4.
"""

from __future__ import annotations

import msgspec

from ledger.carbon.area.amounts import broken_groups, sign_of
from ledger.carbon.area.passing import Passed, passed_on
from ledger.carbon.counted import Counted, counted, sums
from ledger.carbon.inventory.boundary import Shares, shared
from ledger.carbon.inventory.heading import BOUGHT_SCOPE, CHAIN_SCOPE
from ledger.carbon.inventory.inventory import is_added
from ledger.carbon.inventory.inventory_data import NationalHead, inventory_data
from ledger.carbon.known import Known
from ledger.carbon.rows import LineRow
from ledger.carbon.rulepack import RulePack

HEADS = ("combustion", "process", "electricity", "heat", "recovered")


class NationalSum(msgspec.Struct, frozen=True, kw_only=True):
    """The terms of each head, with the sign that they have in the sum; and what stands under none."""

    heads: dict[str, list[Counted]]
    elsewhere: list[str]
    """Activities of Scope 1 and 2 that this sum does not have."""

    def masses(self, head: str | None = None) -> dict[str, int]:
        """Milligrams by gas of a head, or of the whole sum."""
        return sums(
            term for name, terms in self.heads.items() if head in (None, name) for term in terms
        )


def national_sum(
    known: Known, pack: RulePack, party: str, passed: Passed | None = None
) -> NationalSum:
    """The sum of a party over the period of what is known, within its boundary.

    What was bought and passed on is net of it, as in the inventory.
    """
    passed = passed_on(known) if passed is None else passed
    shares = Shares(known, party)
    rows = [row for row in known.masses if row.line.party == party and row.line.part_of is None]
    broken = broken_groups(pack, rows)
    heads: dict[str, list[Counted]] = {name: [] for name in HEADS}
    elsewhere = set()
    for row in rows:
        line, held = row.line, shares.of(row.line.site, row.month)
        if (line.party, line.balance_group, row.role) in broken or line.scope == CHAIN_SCOPE:
            continue
        head = head_of(pack, line.activity)
        if head is None:
            if line.scope in (1, BOUGHT_SCOPE) and is_added(line):
                elsewhere.add(line.activity)
        elif row.role == head.role and held.share and pack.gas(row.gas).kind != "biogenic":
            place = line.stream, line.line, row.month, row.role, row.gas
            left_mg = row.mass_mg - passed.lowered.get(place, 0)
            mass_mg = _sign(pack, head, line) * shared(left_mg, held.share)
            heads[head.head].append(counted(row, mass_mg, *held.events))
    return NationalSum(heads=heads, elsewhere=sorted(elsewhere))


def head_of(pack: RulePack, activity: str) -> NationalHead | None:
    """The head of an activity, None where the sum has none for it."""
    for head in inventory_data(pack).national:
        for name in head.activities:
            if activity == name or (name.endswith(".") and activity.startswith(name)):
                return head
    return None


def _sign(pack: RulePack, head: NationalHead, line: LineRow) -> int:
    """What leaves a balance group is taken off once: by its flow, or by its head."""
    if line.balance_group is not None:
        return sign_of(pack, line)
    return head.sign

"""What of the recorded masses can count in an area: at 100 %, each once.

Scope 1 counts what its sources emit themselves (role `direct`), Scope 2 the location-based role:
instruments never change an area. Scope 3 counts either of the two, never what arises upstream. A
sub-meter is not added to its parent, nor an outflow to anything but its balance group; a group
below zero is netted nowhere. What a sender passed on unchanged is off its Scope 2.
Source: accounting rules, sections 1, 3, 4 and 5.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache

import msgspec

from ledger.carbon.area.passing import Passed, passed_on
from ledger.carbon.known import Known
from ledger.carbon.rows import LineRow, MassKey, MassRow
from ledger.carbon.rulepack import RulePack

COUNTED_ROLES: Mapping[int | None, tuple[str, ...]] = {
    1: ("direct",),
    2: ("location",),
    3: ("direct", "location"),
}
"""The factor roles that can count in an area, by scope."""

COLUMNS = ("emitted", "removed", "biogenic", "memo")


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """Milligrams by gas in the four columns that are never added up; gases ascend, none is zero.

    Biogenic CO2 and gases outside every scope (`memo`) are no part of `emitted`.
    """

    emitted: dict[str, int] = {}
    removed: dict[str, int] = {}
    biogenic: dict[str, int] = {}
    memo: dict[str, int] = {}


ColumnKey = tuple[str, str]
"""(column, gas)"""


class Amount(msgspec.Struct, frozen=True):
    """A recorded mass that can count: `mass_mg` has its sign, and is what was not passed on.

    `events` are the transfers that passed a part of it on.
    """

    row: MassRow
    key: MassKey
    """Its row of the read model."""
    column: str
    mass_mg: int
    events: tuple[str, ...] = ()


def amounts(known: Known, pack: RulePack, passed: Passed | None = None) -> list[Amount]:
    """All that can count in some view, in milligrams. Raises BadValue for an unknown gas."""
    passed = passed_on(known) if passed is None else passed
    broken = broken_groups(pack, known.masses)
    column = cache(lambda activity, gas: column_of(pack, activity, gas))
    found = []
    for row in known.masses:
        line = row.line
        if not can_count(line, row.role) or (line.party, line.balance_group, row.role) in broken:
            continue
        key = line.stream, line.line, row.month, row.role, row.gas
        falls_mg = passed.lowered.get(key, 0)
        mass_mg = sign_of(pack, line) * (row.mass_mg - falls_mg)
        events = passed.events[line.stream, row.month] if falls_mg else ()
        found.append(Amount(row, key, column(line.activity, row.gas), mass_mg, events))
    return found


def can_count(line: LineRow, role: str) -> bool:
    """Whether a mass of this source line and factor role can count in any area."""
    return (
        line.part_of is None
        and (line.flow == "in" or line.balance_group is not None)
        and role in COUNTED_ROLES.get(line.scope, ())
    )


def sign_of(pack: RulePack, line: LineRow) -> int:
    """1, or -1 for what leaves a balance group."""
    return pack.flows[line.flow] if line.balance_group is not None else 1


def column_of(pack: RulePack, activity: str, gas: str) -> str:
    """The column of a gas of an activity."""
    if pack.activity(activity).removal:
        return "removed"
    kind = pack.gas(gas).kind
    return kind if kind in ("biogenic", "memo") else "emitted"


def broken_groups(pack: RulePack, rows: Iterable[MassRow]) -> set[tuple[str, str | None, str]]:
    """(party, balance group, role) of those whose net over the period is below zero for a gas."""
    nets: dict[tuple[str, str | None, str, str], int] = defaultdict(int)
    for row in rows:
        line = row.line
        if line.balance_group is not None and line.part_of is None:
            place = line.party, line.balance_group, row.role, row.gas
            nets[place] += sign_of(pack, line) * row.mass_mg
    return {(party, group, role) for (party, group, role, _), net in nets.items() if net < 0}


def columns(sums: Mapping[ColumnKey, int]) -> Columns:
    """Sums by column and gas as they are shown."""
    found: dict[str, dict[str, int]] = {name: {} for name in COLUMNS}
    for (column, gas), mass_mg in sorted(sums.items()):
        if mass_mg:
            found[column][gas] = mass_mg
    return Columns(**found)

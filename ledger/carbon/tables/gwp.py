"""A table of global warming potentials beside those of the rule pack. Nothing is imported from it.

Potentials are rules, applied to totals in a view, so they change with a rule pack and never by an
import. The table (openclimatedata/globalwarmingpotentials) has a row for each species, names without
hyphens and one value for methane, where AR6 has two for inventories. Source: accounting rules,
section 2.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from ledger.carbon.rulepack import RulePack
from ledger.carbon.tables.outcome import rows_of

COLUMNS: Final = {"AR4": "AR4GWP100", "AR5": "AR5GWP100", "AR6": "AR6GWP100"}
ALIKE: Final = {"CH4": ("CH4_fossil", "CH4_bio")}
"""Species that are several gases here."""


class Compared(msgspec.Struct, frozen=True):
    """One value of the table, and what the pack has for a gas of that species."""

    species: str
    gwp: str
    table: str
    gas: str | None
    pack: str | None
    result: Literal["equal", "different", "not in the pack"]


def compare(text: str, pack: RulePack) -> list[Compared]:
    """Every value over 100 years of the three sets, in the order of the table."""
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    names = {name.replace("-", ""): name for name in pack.gases}
    found = []
    for row in rows_of(lines, ("Species", *COLUMNS.values())):
        species = row["Species"]
        gases = ALIKE.get(species, (names.get(species),))
        for gwp, column in COLUMNS.items():
            if row[column]:
                found += [_compared(pack, species, gwp, row[column], gas) for gas in gases]
    return found


def _compared(pack: RulePack, species: str, gwp: str, value: str, gas: str | None) -> Compared:
    ours = pack.gwp[gwp].values.get(gas) if gas and gwp in pack.gwp else None
    if ours is None:
        return Compared(species, gwp, value, gas, None, "not in the pack")
    return Compared(species, gwp, value, gas, ours, "equal" if ours == value else "different")

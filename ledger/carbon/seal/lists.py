"""The figures and lists of a seal, derived from its ground: a pure function, the same for everybody.

The area's totals come from the assignments of the view. The companies' sums come from their own
inventories, Scope 1 and Scope 2 by location; between the two stands the view's bridge. Every line of
an inventory has its own salt. Source: formats, section 9; accounting rules, section 5.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Literal, cast

import msgspec

from ledger.carbon.area.area import GROUPS, area_figure
from ledger.carbon.inventory.inventory import Inventory, inventories, inventory
from ledger.carbon.known import Known
from ledger.carbon.rulepack import RulePack
from ledger.carbon.seal.pieces import SealContent, SealGround
from ledger.errors import RuleBroken
from ledger.log import seals
from ledger.log.names import party_of
from ledger.log.seals import CompanyLine, Head, InventoryLine, LineName, Sums, line_salt


class SealLists(msgspec.Struct, frozen=True):
    """All that a seal commits to. Companies and heads are public, lines are their party's own."""

    totals: Sums
    heads: tuple[Head, ...]
    companies: tuple[CompanyLine, ...]
    lines: dict[str, tuple[InventoryLine, ...]]
    """By party, sorted by key."""

    @property
    def content(self) -> SealContent:
        """What a seal says of these lists."""
        return SealContent(
            totals=self.totals,
            heads_root=self.heads_root,
            heads_count=len(self.heads),
            companies_root=self.companies_root,
            companies_count=len(self.companies),
        )

    @property
    def heads_root(self) -> str:
        """Root over the heads, in hexadecimal."""
        return seals.heads_root(self.heads).hex()

    @property
    def companies_root(self) -> str:
        """Root over the companies, in hexadecimal."""
        return seals.root(map(seals.encode_company, self.companies)).hex()


def seal_lists(ground: SealGround, pack: RulePack, view: str) -> SealLists:
    """The lists of a view. Raises RuleBroken where an amount would be below zero."""
    known = ground.known
    if known is None:
        raise AssertionError("the lists of a seal need its ground")
    drawn = inventories(known, pack, ground.readings)
    by_party: dict[str, list[Head]] = defaultdict(list)
    for head in ground.heads:
        by_party[party_of(head.stream)].append(head)
    lines, companies = {}, []
    for party in sealed_parties(known):
        found = _lines(drawn.get(party), ground.salts.get(party, ""))
        lines[party] = found
        companies.append(_company(party, found, by_party[party]))
    return SealLists(_totals(known, pack, view), ground.heads, tuple(companies), lines)


def party_lines(ground: SealGround, pack: RulePack, party: str) -> tuple[InventoryLine, ...]:
    """The inventory lines of one party: for who has that party's events, and not all others'."""
    known = ground.known
    if known is None:
        raise AssertionError("the lines of a party need what is known of it")
    own = inventory(known, pack, party, ground.readings)
    return _lines(own, ground.salts.get(party, ""))


def sealed_parties(known: Known) -> list[str]:
    """Every party that stands in the list of companies, in order."""
    return sorted(p for p, about in known.parties.items() if set(GROUPS) & set(about.roles))


def _totals(known: Known, pack: RulePack, view: str) -> Sums:
    total = area_figure(known, pack, view).total
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for column in seals.SEALED_COLUMNS:
        for gas, mass_mg in getattr(total, column).items():
            found[gas][column] = mass_mg
    _check(f"the view {view}", found)
    return seals.as_sums(found)


def _lines(inventory: Inventory | None, salt: str) -> tuple[InventoryLine, ...]:
    """One line for each place of the inventory, what is taken off in a line of its own."""
    masses: dict[LineName, int] = defaultdict(int)
    for term in inventory.terms if inventory else ():
        counted, head = term.counted, term.heading
        if counted.mass_mg:
            name = LineName(
                column=cast("seals.Column", term.column),
                gas=counted.gas,
                line=counted.line,
                month=counted.month,
                role=counted.role,
                scope=cast("Literal[1, 2, 3]", head.scope),
                stream=counted.stream,
                category=cast("Literal[1, 2, 3] | None", head.category or None),
                method=cast("Literal['location', 'market'] | None", head.method or None),
                subtract=counted.mass_mg < 0,
            )
            masses[name] += abs(counted.mass_mg)
    keyed = sorted((name.key(), name) for name in masses)
    return tuple(InventoryLine(name, masses[name], line_salt(salt, key)) for key, name in keyed)


def _company(party: str, lines: tuple[InventoryLine, ...], heads: Iterable[Head]) -> CompanyLine:
    sums = seals.sums_of(lines)
    _check(party, sums)
    return CompanyLine(
        lines_count=len(lines),
        lines_root=seals.root(line.encode() for line in lines).hex(),
        party=party,
        streams_root=seals.heads_root(heads).hex(),
        sums=seals.as_sums(sums),
    )


def _check(what: str, amounts: Mapping[str, Mapping[str, int]]) -> None:
    for gas, row in amounts.items():
        for column, mass_mg in row.items():
            if mass_mg < 0:
                raise RuleBroken(
                    f"{column} {gas} of {what}",
                    expected="0 mg or more: nothing that is sealed is below zero",
                    found=f"{mass_mg} mg",
                    advice="Correct the balances or transfers that take off more than there is.",
                )

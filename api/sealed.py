"""A seal as people read it: masses to three places, CO2 equivalents in the seal's own GWP set.

A mass stands in the unit that fits it, t, kg or less, and the amounts of one row in one unit. What is
sealed is exact to the milligram and stands at `/v1/seals`; here each is rounded by itself, for reading
only. Sizes and entries of an earlier log are told as its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from ledger.carbon.area.assign import view_table
from ledger.carbon.gwp import co2e
from ledger.carbon.info import EarlierInfo
from ledger.carbon.mass_text import mass_text, unit_for
from ledger.carbon.rulepack import load
from ledger.carbon.seal.info import SealInfo
from ledger.log.seals import SEALED_COLUMNS, CompanyLine, Sums, add_up
from ledger.log.spoken import entry_words, number_words

NO_BREAK: Final = "\N{NO-BREAK SPACE}"
"""Between digits and before the unit: a mass stays on one line."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A seal in a line."""

    seal: SealInfo
    title: str
    months: str
    co2e: str
    size: str
    entry: str


class GasRow(msgspec.Struct, frozen=True, kw_only=True):
    """One gas of a seal: the view's total, the sum over all parties, and the bridge between them."""

    gas: str
    column: str
    total: str
    listed: str
    bridge: str


class PartyRow(msgspec.Struct, frozen=True, kw_only=True):
    """One party of a seal."""

    party: str
    co2e: str
    gases: str


def shown(seal: SealInfo, earlier: Sequence[EarlierInfo]) -> Shown:
    """A seal in a line; `earlier` are the logs that the ledger continues."""
    first, last = seal.first_month, seal.last_month
    return Shown(
        seal=seal,
        title=view_table(load(seal.rules)).view(seal.view).title,
        months=first if first == last else f"{first} to {last}",
        co2e=_co2e(seal, seal.totals),
        size=number_words(seal.size, earlier),
        entry=entry_words(seal.index, earlier),
    )


def newest(seals: Iterable[SealInfo], earlier: Sequence[EarlierInfo]) -> list[Shown]:
    """Of each view and period the last seal, the latest period first."""
    found = {(one.last_month, one.first_month, one.view): one for one in seals}
    latest_first = sorted(found, key=lambda key: (key[0], key[1]), reverse=True)
    return [shown(found[key], earlier) for key in latest_first]


def gas_rows(seal: SealInfo, companies: Iterable[CompanyLine]) -> list[GasRow]:
    """The totals beside what the public list adds up to."""
    listed = add_up([one.sums for one in companies])
    rows = []
    for gas in sorted({*seal.totals, *listed}):
        for column in SEALED_COLUMNS:
            total, parties = (_amount(sums, gas, column) for sums in (seal.totals, listed))
            if total or parties:
                unit = unit_for(max(total, parties))
                rows.append(
                    GasRow(
                        gas=gas,
                        column=column,
                        total=weight(total, unit),
                        listed=weight(parties, unit),
                        bridge=weight(total - parties, unit),
                    )
                )
    return rows


def party_rows(seal: SealInfo, companies: Iterable[CompanyLine]) -> list[PartyRow]:
    """Every party of the public list."""
    return [
        PartyRow(
            party=one.party,
            co2e=_co2e(seal, one.sums),
            gases=", ".join(
                f"{weight(int(amounts.emitted))} {gas}"
                for gas, amounts in one.sums.items()
                if amounts.emitted != "0"
            ),
        )
        for one in companies
    ]


def weight(mass_mg: int, unit: str = "") -> str:
    """A mass with its unit; without one in that which reads best."""
    if mass_mg == 0:
        return f"0{NO_BREAK}{unit or 't'}"
    unit = unit or unit_for(mass_mg)
    return f"{mass_text(mass_mg, unit)} {unit}".replace(" ", NO_BREAK)


def _co2e(seal: SealInfo, sums: Sums) -> str:
    """What was emitted as one figure; gases without a potential are left out of it."""
    masses = {gas: int(amounts.emitted) for gas, amounts in sums.items()}
    return weight(co2e(load(seal.rules), seal.gwp, masses).mg)


def _amount(sums: Sums, gas: str, column: str) -> int:
    return int(getattr(sums[gas], column)) if gas in sums else 0

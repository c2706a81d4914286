"""A seal as people read it: tonnes to three places, CO2 equivalents in the seal's own GWP set.

What is sealed is exact to the milligram and stands at `/v1/seals`; here it is rounded, for reading only.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ledger.carbon.area.assign import view_table
from ledger.carbon.gwp import co2e
from ledger.carbon.reports.table import tonnes
from ledger.carbon.rulepack import load
from ledger.carbon.seal.info import SealInfo
from ledger.log.seals import SEALED_COLUMNS, CompanyLine, Sums, add_up


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A seal in a line."""

    seal: SealInfo
    title: str
    months: str
    co2e_t: str


class GasRow(msgspec.Struct, frozen=True, kw_only=True):
    """One gas of a seal: the view's total, the sum over all parties, and the bridge between them."""

    gas: str
    column: str
    total_t: str
    listed_t: str
    bridge_t: str


class PartyRow(msgspec.Struct, frozen=True, kw_only=True):
    """One party of a seal."""

    party: str
    co2e_t: str
    gases: str


def shown(seal: SealInfo) -> Shown:
    """A seal in a line."""
    first, last = seal.first_month, seal.last_month
    return Shown(
        seal=seal,
        title=view_table(load(seal.rules)).view(seal.view).title,
        months=first if first == last else f"{first} to {last}",
        co2e_t=_co2e_t(seal, seal.totals),
    )


def newest(seals: Iterable[SealInfo]) -> list[Shown]:
    """Of each view and period the last seal, the latest period first."""
    found = {(one.last_month, one.first_month, one.view): one for one in seals}
    latest_first = sorted(found, key=lambda key: (key[0], key[1]), reverse=True)
    return [shown(found[key]) for key in latest_first]


def gas_rows(seal: SealInfo, companies: Iterable[CompanyLine]) -> list[GasRow]:
    """The totals beside what the public list adds up to."""
    listed = add_up([one.sums for one in companies])
    rows = []
    for gas in sorted({*seal.totals, *listed}):
        for column in SEALED_COLUMNS:
            total, parties = (_amount(sums, gas, column) for sums in (seal.totals, listed))
            if total or parties:
                rows.append(
                    GasRow(
                        gas=gas,
                        column=column,
                        total_t=tonnes(total),
                        listed_t=tonnes(parties),
                        bridge_t=tonnes(total - parties),
                    )
                )
    return rows


def party_rows(seal: SealInfo, companies: Iterable[CompanyLine]) -> list[PartyRow]:
    """Every party of the public list."""
    return [
        PartyRow(
            party=one.party,
            co2e_t=_co2e_t(seal, one.sums),
            gases=", ".join(
                f"{tonnes(int(amounts.emitted))} t {gas}"
                for gas, amounts in one.sums.items()
                if amounts.emitted != "0"
            ),
        )
        for one in companies
    ]


def _co2e_t(seal: SealInfo, sums: Sums) -> str:
    """What was emitted as one figure; gases without a potential are left out of it."""
    masses = {gas: int(amounts.emitted) for gas, amounts in sums.items()}
    return tonnes(co2e(load(seal.rules), seal.gwp, masses).mg)


def _amount(sums: Sums, gas: str, column: str) -> int:
    return int(getattr(sums[gas], column)) if gas in sums else 0

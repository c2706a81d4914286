"""What all views of an area are made from: read once, used by each.

The masses that can count, and what transfers mean for them, are the same in every view; only what a
view does with them differs.
"""

from __future__ import annotations

import msgspec

from ledger.carbon.area.amounts import Amount, amounts
from ledger.carbon.area.passing import Passed, passed_on
from ledger.carbon.area.transfers import Transfers, transfers
from ledger.carbon.known import Known
from ledger.carbon.rulepack import RulePack


class Basis(msgspec.Struct, frozen=True):
    """Masses at 100 % that can count in some view, and what transfers take off them."""

    amounts: list[Amount]
    flows: Transfers


def basis_of(known: Known, pack: RulePack, passed: Passed | None = None) -> Basis:
    """The basis of all views of what is known; `passed` where `passed_on` was asked already."""
    passed = passed_on(known) if passed is None else passed
    found = amounts(known, pack, passed)
    return Basis(found, transfers(known, pack, found, passed))

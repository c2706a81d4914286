"""The operator's own program: what it tells otherwise than the one that everybody can read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
import pytest

from ledger.carbon.rulepack import RulePack
from ledger.carbon.seal import rules
from ledger.carbon.seal.lists import SealLists, seal_lists
from ledger.carbon.seal.pieces import SealContent, SealGround
from ledger.log import bundle, seals
from ledger.log.seals import CompanyLine, InventoryLine
from ledger.service import seal, seal_deriving
from ledger.service.seal_deriving import Task, derive

Lie = Callable[[SealLists], SealLists]


def without_beta(lists: SealLists) -> SealLists:
    kept = tuple(one for one in lists.companies if one.party != "beta")
    return msgspec.structs.replace(lists, companies=kept)


def acme_twice(lists: SealLists) -> SealLists:
    acme = company(lists, "acme")
    return msgspec.structs.replace(lists, companies=(acme, *lists.companies))


def less_of_acme(lists: SealLists) -> SealLists:
    """Sums and totals that agree with each other, and not with acme's own lines."""
    acme = company(lists, "acme")
    co2 = acme.sums["CO2"]
    less = msgspec.structs.replace(co2, emitted=str(int(co2.emitted) // 10))
    return with_acme(lists, msgspec.structs.replace(acme, sums={**acme.sums, "CO2": less}))


def by_another_factor(lists: SealLists) -> SealLists:
    """Lines, sums and totals that agree with each other, as if a kWh of acme weighed a tenth."""
    own = tuple(InventoryLine(one.name, one.mass_mg // 10, one.salt) for one in lists.lines["acme"])
    acme = msgspec.structs.replace(
        company(lists, "acme"),
        lines_root=seals.root(one.encode() for one in own).hex(),
        sums=seals.as_sums(seals.sums_of(own)),
    )
    found = with_acme(lists, acme)
    return msgspec.structs.replace(found, lines={**lists.lines, "acme": own})


def company(lists: SealLists, party: str) -> CompanyLine:
    return next(one for one in lists.companies if one.party == party)


def with_acme(lists: SealLists, acme: CompanyLine) -> SealLists:
    """The lists with another line for acme, and totals that are less by the same."""
    less_mg = int(company(lists, "acme").sums["CO2"].emitted) - int(acme.sums["CO2"].emitted)
    co2 = lists.totals["CO2"]
    total = msgspec.structs.replace(co2, emitted=str(int(co2.emitted) - less_mg))
    return msgspec.structs.replace(
        lists,
        companies=tuple(acme if one.party == "acme" else one for one in lists.companies),
        totals={**lists.totals, "CO2": total},
    )


LIES: Final[dict[str, Lie]] = {
    "without beta": without_beta,
    "acme twice": acme_twice,
    "less of acme": less_of_acme,
    "by another factor": by_another_factor,
}


HONEST_UNTIL: Final = 18
"""The size that the first seal covers: nobody lies about that one."""


def tell(name: str, patch: pytest.MonkeyPatch | None = None) -> None:
    """Let the program of this process tell a lie, for as long as it runs or the patch holds.

    What it writes it does not look at again.
    """
    if not name:
        return
    patch, lie = patch or pytest.MonkeyPatch(), Untrue(name)
    for module in (seal, rules):
        patch.setattr(module, "seal_lists", lie.lists)
    patch.setattr(seal_deriving, "derive", lie.derive)
    patch.setattr(bundle, "read_bundle", lambda _: None)


class Untrue(msgspec.Struct, frozen=True):
    """A lie, wherever lists are derived: also in another process, which is handed it."""

    name: str

    def lists(self, ground: SealGround, pack: RulePack, view: str) -> SealLists:
        found = seal_lists(ground, pack, view)
        assert ground.known is not None
        return found if ground.known.size <= HONEST_UNTIL else LIES[self.name](found)

    def derive(self, task: Task) -> SealContent:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(seal_deriving, "seal_lists", self.lists)
            return derive(task)

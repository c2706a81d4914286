"""The event that seals a period as its ground says: what an operator signs, and nothing else.

Source: formats, section 9.
"""

from __future__ import annotations

from ledger.carbon.inventory.inventory import hourly_streams
from ledger.carbon.known import Known
from ledger.carbon.rulepack import load
from ledger.carbon.seal.events import FootprintSealed
from ledger.carbon.seal.lists import seal_lists
from ledger.carbon.seal.pieces import SealGround
from ledger.errors import BadValue
from ledger.parties.events import RulesRef


def draft_seal(ground: SealGround, view: str, gwp: str, salt: str) -> FootprintSealed:
    """The seal of a view that follows from a ground, `salt` being the event's own.

    Raises RuleBroken where an amount would be below zero, BadValue for a GWP set that the rules lack.
    """
    known = ground.known
    if known is None:
        raise AssertionError("a seal is drafted from its ground")
    pack = load(known.rules)
    if gwp not in pack.gwp:
        raise BadValue("GWP set", expected=", ".join(pack.gwp), found=gwp)
    found = seal_lists(ground, pack, view)
    return FootprintSealed(
        salt=salt,
        view=view,  # type: ignore[arg-type]  # seal_lists knows the views
        period=known.period,
        gwp=gwp,
        rules=RulesRef(version=pack.version, sha256=pack.sha256),
        size=known.size,
        totals=found.totals,
        heads_root=found.heads_root,
        heads_count=len(found.heads),
        companies_root=found.companies_root,
        companies_count=len(found.companies),
    )


def matched_streams(known: Known) -> list[str]:
    """The sources of the whole area whose single readings a seal follows from, in order."""
    wanted = {stream for party in known.parties for stream in hourly_streams(known, party)}
    return sorted(wanted & set(known.sources))

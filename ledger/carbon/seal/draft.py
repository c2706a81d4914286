"""The event that seals a period as its ground says: what an operator signs, and nothing else.

Source: formats, section 9.
"""

from __future__ import annotations

import msgspec

from ledger.carbon.inventory.inventory import hourly_streams
from ledger.carbon.known import Known
from ledger.carbon.rulepack import RulePack, load
from ledger.carbon.seal.events import FootprintSealed
from ledger.carbon.seal.lists import seal_lists
from ledger.carbon.seal.pieces import SealContent, SealGround
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
    check_gwp(pack, gwp)
    content = seal_lists(ground, pack, view).content
    return seal_of(content, pack, view, known.period, known.size, gwp, salt)


def seal_of(
    content: SealContent,
    pack: RulePack,
    view: str,
    period: tuple[str, str],
    size: int,
    gwp: str,
    salt: str,
) -> FootprintSealed:
    """The seal of a content that was derived, under the rules in force at its size."""
    return FootprintSealed(
        salt=salt,
        view=view,  # type: ignore[arg-type]  # whoever derived it knows the views
        period=period,
        gwp=gwp,
        rules=RulesRef(version=pack.version, sha256=pack.sha256),
        size=size,
        **msgspec.structs.asdict(content),
    )


def check_gwp(pack: RulePack, gwp: str) -> None:
    """Raise BadValue for a GWP set that the rules lack."""
    if gwp not in pack.gwp:
        raise BadValue("GWP set", expected=", ".join(pack.gwp), found=gwp)


def matched_streams(known: Known) -> list[str]:
    """The sources of the whole area whose single readings a seal follows from, in order."""
    wanted = {stream for party in known.parties for stream in hourly_streams(known, party)}
    return sorted(wanted & set(known.sources))

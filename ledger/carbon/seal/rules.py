"""May this be sealed? Only what follows from the log: every number and root is derived again.

Source: formats, section 9.
"""

from __future__ import annotations

import msgspec

from ledger.carbon.rulepack import load
from ledger.carbon.seal.events import FootprintSealed
from ledger.carbon.seal.lists import SealLists, seal_lists
from ledger.carbon.seal.pieces import SEAL_GROUND, SealContent, SealPiece, ground_key
from ledger.errors import BadValue, RuleBroken
from ledger.fold.event import Place
from ledger.fold.state import State
from ledger.parties.pieces import ledger


def decide(state: State, place: Place, event: FootprintSealed) -> None:
    """Raise a named error if the seal is not what the log says."""
    opened = ledger(state)
    size = opened.index_of(event.size)
    if event.size == 0 or size > place.index:
        raise RuleBroken(
            "size of a seal",
            expected=f"a size that the log has had, 1 to {place.index - opened.opened}",
            found=str(event.size),
        )
    version = opened.rules_at(size)
    pack = load(version)
    if (event.rules.version, event.rules.sha256) != (version, pack.sha256):
        raise RuleBroken(
            "rules of a seal",
            expected=f"those in force at size {event.size}: {version}, {pack.sha256}",
            found=f"{event.rules.version}, {event.rules.sha256}",
        )
    if event.gwp not in pack.gwp:
        raise BadValue("GWP set", expected=", ".join(pack.gwp), found=event.gwp)
    calendar = pack.calendar(opened.timezone)
    for month in event.period:
        calendar.bounds_s(month)
    ground = state.get(SEAL_GROUND, ground_key(event.period, size, event.view))
    if ground is None:
        raise AssertionError("a state must know, or say that it does not, what a seal follows from")
    if ground.content is not None:
        check_content(event, ground.content)
    elif ground.known is not None:
        check_lists(event, seal_lists(ground, pack, event.view))


def check_lists(seal: FootprintSealed | SealPiece, found: SealLists) -> None:
    """Raise RuleBroken unless the seal says what these lists say."""
    check_content(seal, found.content)


def check_content(seal: FootprintSealed | SealPiece, found: SealContent) -> None:
    """Raise RuleBroken unless the seal says what was derived."""
    for member in ("totals", "heads_count", "heads_root", "companies_count", "companies_root"):
        said, value = getattr(seal, member), getattr(found, member)
        if said != value:
            raise RuleBroken(
                f"{member} of a seal",
                expected=f"{_text(value)}, which follows from the log at size {seal.size}",
                found=_text(said),
                advice="Make the seal with carbon-ledger seal make; nothing else can be sealed.",
            )


def _text(value: object) -> str:
    return str(value) if isinstance(value, int | str) else msgspec.json.encode(value).decode()

"""The targets of a party as it stated them: each statement, and which of them stands."""

from __future__ import annotations

from collections.abc import Iterable

from ledger.carbon.area.pieces import TargetPiece
from ledger.carbon.info import TargetInfo


def targets_of(targets: Iterable[TargetPiece]) -> list[TargetInfo]:
    """Every statement in the order of the log; of each target the last one stands."""
    found = [
        TargetInfo(
            event=one.event,
            index=one.index,
            target=piece.target,
            stands=one is piece.stated[-1],
            view=one.view,
            gwp=one.gwp,
            gases=one.gases,
            base_year=one.base_year,
            base_size=one.base_size,
            base_mg=one.base_mg,
            path=one.path,
            credits_percent=one.credits_percent,
            neutral_year=one.neutral_year,
            reason=one.reason,
        )
        for piece in targets
        for one in piece.stated
    ]
    return sorted(found, key=lambda one: (one.index, one.event))

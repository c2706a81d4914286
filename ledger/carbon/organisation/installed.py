"""Does a register reading come from a meter that was installed?

Once a source has had a meter installed, its register readings are those of installed meters, over
time in which they were, with their digits and multiplier. What a removed meter showed last stays.
Source: accounting rules, section 3 (ActivityRecorded).
"""

from __future__ import annotations

from ledger.carbon.events import RegisterReading
from ledger.carbon.exact import tiny
from ledger.carbon.organisation.pieces import METER, Meter
from ledger.carbon.pieces import SourcePiece
from ledger.errors import RuleBroken
from ledger.fold.state import State


def check_meter(
    state: State,
    source: SourcePiece,
    register: RegisterReading,
    period_s: tuple[int, int],
    correcting: str | None,
) -> None:
    """Raise RuleBroken unless a register reading is of a meter that was installed all the time.

    A source that never had a meter installed is not asked.
    """
    known = state.get(METER, source.stream)
    if known is None:
        return
    latest = known.latest(register.meter)
    if latest is None and correcting is not None:
        return  # a reading from before the source had its first installed meter
    if correcting is None:
        found = latest if latest is not None and latest.removed is None else None
    else:
        found = next((one for one in known.meters if _counts(one, register.meter, period_s)), None)
    if found is None or not _counts(found, register.meter, period_s):
        raise RuleBroken(
            f"meter {register.meter} of {source.stream}",
            expected="a meter that was installed all the time: "
            + (", ".join(one.meter for one in known.meters if one.removed is None) or "none now"),
            found="one that is not installed"
            if latest is None
            else f"one that {latest.removed} removed"
            if latest.removed is not None
            else "a period that begins before it was installed",
            advice="See when it was installed and removed; another meter has its own name.",
        )
    if (found.digits, tiny(found.multiplier)) != (register.digits, tiny(register.multiplier)):
        raise RuleBroken(
            f"register of {register.meter}",
            expected=f"{found.digits} digits and the multiplier {found.multiplier}, as installed",
            found=f"{register.digits} and {register.multiplier}",
        )


def check_not_removed(state: State, source: SourcePiece, meter: str, event: str) -> None:
    """Raise RuleBroken if an event holds the register at which a meter was removed."""
    known = state.get(METER, source.stream)
    latest = known.latest(meter) if known else None
    if latest is not None and latest.removed is not None:
        raise RuleBroken(
            f"register reading {event}",
            expected="a meter that still counts",
            found=f"{meter}, removed by {latest.removed} at this register",
            advice="Record what is missing in the readings that follow, with the reason.",
        )


def _counts(meter: Meter, name: str, period_s: tuple[int, int]) -> bool:
    """Whether this is the meter of a name, over all of a period."""
    begins = meter.meter == name and meter.at_s <= period_s[0]
    return begins and (meter.removed_at_s is None or period_s[1] <= meter.removed_at_s)

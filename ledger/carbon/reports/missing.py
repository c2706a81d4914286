"""What a report of a period lacks, in sentences that stand on its first page.

Gaps of continuous sources, discrete ones without a reading, Scope 2 without a figure by location, lines that are declared as not
estimated, and balance groups below zero, which no figure counts. Nothing is filled in: the figures
stand as they are, and these beside them. Source: accounting rules, sections 3 and 4.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ledger.carbon.area.amounts import broken_groups
from ledger.carbon.inventory.completeness import EXCUSED, Completeness, completeness
from ledger.carbon.inventory.inventory import months_of
from ledger.carbon.known import Known
from ledger.carbon.rulepack import load

DAY_S: Final = 86_400
SHOWN: Final = 6
"""Months that a sentence names; the rest is counted."""


def missing(known: Known, parties: Iterable[str] | None = None) -> list[str]:
    """A sentence for each thing that is missing, of these parties or of all."""
    pack = load(known.rules)
    whose = known.parties if parties is None else parties
    busy = {source.party for source in known.sources.values()} | set(known.organisations)
    broken = sorted(broken_groups(pack, known.masses), key=str)
    found: list[str] = []
    for party in sorted(set(whose) & busy):
        found += sentences(completeness(known, pack, party), len(months_of(known.period)), party)
        found += [
            f"balance group {group} of {party} is below zero, role {role}: it counts in no figure"
            for owner, group, role in broken
            if owner == party
        ]
    return found


def sentences(found: Completeness, months: int, party: str) -> list[str]:
    """What one party's figures lack."""
    open_s: dict[str, list[str]] = {}
    for gap in found.gaps:
        if gap.declared not in EXCUSED:
            open_s.setdefault(gap.stream, []).append(f"{gap.month} ({duration(gap.gap_s)})")
    said = []
    for stream, listed in open_s.items():
        shown = ", ".join(listed[:SHOWN]) + (", …" if len(listed) > SHOWN else "")
        said.append(f"{stream} has gaps in {len(listed)} of {months} months: {shown}")
    said += [f"no reading of {stream} in this period" for stream in found.unread]
    said += [f"{stream} has no figure by location" for stream in found.without_location]
    said += [
        f"{party} does not estimate {one.line}: {one.reason}"
        for one in found.declared
        if one.notation == "NE"
    ]
    return said


def duration(seconds: int) -> str:
    """Seconds in the largest whole units."""
    days, rest = divmod(seconds, DAY_S)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    parts = ((days, "d"), (hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"

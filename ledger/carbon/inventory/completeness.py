"""What an inventory lacks, beside every total: gaps, lines without a figure, estimates.

A continuous source covers each second once or has a gap. Expected is the time of a month in which
the source is there and the company answers for its site; covered is what its readings cover. A
month for which the company declared the line as not occurring (NO) or included elsewhere (IE) is
excused and shown as such; NE and C are gaps with a name. Between the receipts of a discrete source
nobody could see a gap; that it has none at all in a period is one. All of it is exact as of any log
size. Source: accounting rules, section 4.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ledger.carbon.inventory.boundary import Shares, said
from ledger.carbon.inventory.heading import BOUGHT_SCOPE, CHAIN_SCOPE, LOCATION
from ledger.carbon.inventory.inventory import is_added, months_of
from ledger.carbon.known import Known
from ledger.carbon.organisation.pieces import Declared
from ledger.carbon.pieces import LineKey, SourcePiece
from ledger.carbon.rulepack import RulePack

EXCUSED = ("NO", "IE")
NAMED = (*EXCUSED, "NE")
"""Lines that a report names with the reason why they have no figure."""


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Time of a month that a continuous source has no readings for; `declared` names its excuse."""

    stream: str
    activity: str
    month: str
    expected_s: int
    covered_s: int
    declared: str | None = None

    @property
    def gap_s(self) -> int:
        """Seconds without a reading."""
        return self.expected_s - self.covered_s


class Completeness(msgspec.Struct, frozen=True, kw_only=True):
    """How complete the figures of a party are over a period, as known at a size.

    `expected_s` and `covered_s` leave excused months out. Of `readings`, `estimated` were stated as
    estimates: the others are primary data. `without_location` are Scope 2 streams that have masses
    and none by location; `unread` are discrete sources without any reading in the period, though
    they are expected in a month of it for which their line was not declared as NO, IE or NE.
    """

    gaps: list[Gap]
    expected_s: int
    covered_s: int
    declared: list[Declared]
    readings: int
    estimated: int
    without_location: list[str]
    unread: list[str]

    @property
    def gap_s(self) -> int:
        """Seconds without a reading and without an excuse."""
        return self.expected_s - self.covered_s

    @property
    def not_estimated(self) -> list[str]:
        """The lines that are known to be there and have no figure (NE)."""
        return sorted({one.line for one in self.declared if one.notation == "NE"})


def completeness(known: Known, pack: RulePack, party: str) -> Completeness:
    """What the figures of a party lack over the period of what is known."""
    shares = Shares(known, party)
    declared = in_force(said(known, party).declared, known.period)
    covered: dict[tuple[str, str], int] = {}
    told: set[str] = set()
    readings = estimated = 0
    for row in known.activity:
        line = row.line
        if line.party != party or not is_added(line) or not shares.of(line.site, row.month).share:
            continue
        readings += row.readings
        estimated += row.estimated
        # A reading counts in the month it starts in; its quantity in all months that it touches.
        if row.readings or row.quantity:
            told.add(line.stream)
        place = line.stream, row.month
        covered[place] = covered.get(place, 0) + row.covered_s
    gaps, expected_s, covered_s = [], 0, 0
    for stream, source in sorted(known.sources.items()):
        if source.party != party or source.kind != "continuous":
            continue
        for month in months_of(known.period):
            here_s = _expected_s(known, pack, source, month, shares)
            # A reading belongs to the line that it starts in, so a line may cover more than its own.
            there_s = min(covered.get((stream, month), 0), here_s)
            excuse = _excuse(declared, source, month)
            if excuse not in EXCUSED:
                expected_s += here_s
                covered_s += there_s
            if there_s < here_s:
                gaps.append(
                    Gap(
                        stream=stream,
                        activity=source.activity,
                        month=month,
                        expected_s=here_s,
                        covered_s=there_s,
                        declared=excuse,
                    )
                )
    return Completeness(
        gaps=gaps,
        expected_s=expected_s,
        covered_s=covered_s,
        declared=declared,
        readings=readings,
        estimated=estimated,
        without_location=_without_location(known, party),
        unread=[
            stream
            for stream, source in sorted(known.sources.items())
            if source.party == party
            and source.kind == "discrete"
            and stream not in told
            and any(
                _expected_s(known, pack, source, month, shares)
                and _excuse(declared, source, month) not in NAMED
                for month in months_of(known.period)
            )
        ],
    )


def in_force(declared: Iterable[Declared], period: tuple[str, str]) -> list[Declared]:
    """The declarations that are about a part of the period and not all said again later."""
    found: list[Declared] = []
    for one in declared:
        if one.period[0] < period[1] and period[0] < one.period[1]:
            found = [
                earlier
                for earlier in found
                if earlier.line != one.line
                or earlier.period[0] < one.period[0]
                or one.period[1] < earlier.period[1]
            ]
            found.append(one)
    return found


def _excuse(declared: Iterable[Declared], source: SourcePiece, month: str) -> str | None:
    """The notation that was last declared for a line of the source in a month."""
    names = {source.activity}
    for key in source.lines:
        if source.scope == CHAIN_SCOPE and key.category is not None:
            names.add(f"scope3.{key.category}")
        if key.gpc is not None:
            names.add(key.gpc.lower())
    notation = None
    for one in declared:
        if one.line in names and one.period[0] <= month < one.period[1]:
            notation = one.notation
    return notation


def _expected_s(
    known: Known, pack: RulePack, source: SourcePiece, month: str, shares: Shares
) -> int:
    """Seconds of a month in which the source is there, is added, and is the company's to answer for."""
    begins_s, ends_s = pack.calendar(known.timezone).bounds_s(month)
    if source.closed_at_s is not None:
        ends_s = min(ends_s, source.closed_at_s)
    expected_s = 0
    for at, terms in enumerate(source.terms):
        until_s = source.terms[at + 1].from_s if at + 1 < len(source.terms) else ends_s
        key = source.lines[terms.line]
        if _counts(source, key) and shares.of(terms.site, month).share:
            expected_s += max(0, min(until_s, ends_s) - max(terms.from_s, begins_s))
    return expected_s


def _counts(source: SourcePiece, key: LineKey) -> bool:
    return key.part_of is None and (source.flow == "in" or source.balance_group is not None)


def _without_location(known: Known, party: str) -> list[str]:
    roles: dict[str, set[str]] = {}
    for row in known.masses:
        if row.line.party == party and row.line.scope == BOUGHT_SCOPE and is_added(row.line):
            roles.setdefault(row.line.stream, set()).add(row.role)
    return sorted(stream for stream, there in roles.items() if LOCATION not in there)

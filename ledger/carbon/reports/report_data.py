"""What reports take from the rule pack: `reports.json`, each table with its source."""

from __future__ import annotations

import msgspec

from ledger.carbon.rulepack import RulePack, Source

FILE = "reports.json"


class EnergyLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of the energy mix: activities whose energy stands there, and the fact that states it.

    A name that ends in `.*` means a family. `purchased` energy is less what claimed attributes back,
    which stands in the line that is `claimed`.
    """

    line: str
    title: str
    group: str
    fact: str
    activities: tuple[str, ...]
    purchased: bool = False
    claimed: bool = False


class ReportData(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The tables of `reports.json`."""

    energy_lines: tuple[EnergyLine, ...]
    energy_source: Source


def report_data(pack: RulePack) -> ReportData:
    """The tables of a pack. Raises InvalidInput for one that has none."""
    return pack.part(FILE, ReportData)

"""A year of a party or of the area in one view: the figures that progress is measured with.

Masses are milligrams by gas. Carbon dioxide equivalents are made here, from totals per gas, with
one GWP set; the sum is rounded half-even to a milligram once. An amount of another GWP set is named
beside the figure and never added. Removals that a living thing takes out of the air are of
`CO2_bio` and weigh as much as CO2. Source: accounting rules, sections 1, 2 and 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from ledger.carbon.gwp import co2e
from ledger.carbon.rulepack import RulePack

MG_PER_T: Final = 10**9


class YearFigure(msgspec.Struct, frozen=True, kw_only=True):
    """What a view says of a calendar year in the area's time zone, in milligrams by gas.

    `full` is whether all twelve months are over and told of; `not_estimated` names lines that were
    declared NE in the year.
    """

    year: int
    emitted: Mapping[str, int]
    removed: Mapping[str, int] = msgspec.field(default_factory=dict)
    biogenic: Mapping[str, int] = msgspec.field(default_factory=dict)
    full: bool = True
    not_estimated: tuple[str, ...] = ()


class Equivalent(msgspec.Struct, frozen=True):
    """Milligrams of CO2e in one GWP set, and what could not be added, in milligrams by gas."""

    mg: int
    apart: dict[str, int]


def equivalent(
    pack: RulePack, gwp: str, masses: Mapping[str, int], gases: tuple[str, ...] = ()
) -> Equivalent:
    """CO2e of masses by gas, of these gases or, if none are named, of all.

    Biogenic and memo gases weigh nothing; a greenhouse gas that the set does not know, and CO2e of
    another set, stand apart. Raises BadValue for a GWP set or gas that the rules do not know.
    """
    found = co2e(pack, gwp, {gas: mg for gas, mg in masses.items() if not gases or gas in gases})
    return Equivalent(found.mg, {**found.apart, **found.without})


def removed_equivalent(
    pack: RulePack, gwp: str, masses: Mapping[str, int], gases: tuple[str, ...] = ()
) -> Equivalent:
    """The same of removals, where carbon dioxide taken up by living things weighs as CO2."""
    taken = dict(masses)
    bio_mg = taken.pop("CO2_bio", 0)
    taken["CO2"] = taken.get("CO2", 0) + bio_mg
    return equivalent(pack, gwp, taken, gases)

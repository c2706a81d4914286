"""The catalogue of facts: what may be stated beside the masses, of whom, and in which unit.

Data of the rule pack, `facts.json`, each fact with its source. Beside the facts it names the guiding
indicators that an area may leave out with a reason. Source: accounting rules, sections 3 to 5.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from ledger.carbon.rulepack import RulePack, Source
from ledger.errors import BadValue

FILE = "facts.json"

PEOPLE = "population"
"""The fact without which residents are not shown, and which they are divided by."""

About = Literal["area", "company", "sub-area"]


class Fact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fact: the dimensions of its unit, and of whom it may be stated."""

    fact: str
    title: str
    dimensions: tuple[str, ...]
    about: tuple[About, ...]
    source: Source


class _FactFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    facts: tuple[Fact, ...]
    indicators: tuple[str, ...]
    source: Source


def facts(pack: RulePack) -> dict[str, Fact]:
    """All facts by name. Raises InvalidInput for a pack that knows none."""
    return {one.fact: one for one in pack.part(FILE, _FactFile).facts}


def fact(pack: RulePack, name: str) -> Fact:
    """The fact of this name. Raises BadValue for another, InvalidInput before pack 2."""
    known = facts(pack)
    if name not in known:
        raise BadValue(
            "unknown fact",
            expected="one of " + ", ".join(sorted(known)),
            found=name,
            advice="The catalogue of facts stands in the rule pack.",
        )
    return known[name]


def indicators(pack: RulePack) -> tuple[str, ...]:
    """The guiding indicators that may be left out with a reason; none before pack 2."""
    return pack.part(FILE, _FactFile).indicators if FILE in pack.files else ()

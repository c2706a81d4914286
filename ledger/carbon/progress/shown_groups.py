"""Which groups of residents may be shown, so that no difference between them shows too few.

A part of the area is a site of a guarded aggregate; its people are what the operator last stated of
it. Groups are the sites, the aggregates, and all residents. A group is held back if it has fewer
people than a group must have, or nobody knows how many; and where a whole is shown, the parts of it
that are not shown have together none or at least that many: else further parts are held back, the
smallest first. A group that changed by fewer people shows neither itself nor its wholes in the later
month. Source: accounting rules, section 5.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ledger.carbon.footprint import months_between
from ledger.carbon.known import Known
from ledger.carbon.organisation.pieces import Stated
from ledger.carbon.progress.stated import in_force
from ledger.log.names import party_of

PEOPLE = "population"
ALL = "_residents"
"""The group of all residents."""

NOBODY = "nobody stated how many people live there"
TOO_FEW = "fewer people than a group must have"
WOULD_SHOW = "held back, since with it the rest of {whole} would be too few people to show"
CHANGED_TOO_LITTLE = "the group changed by fewer people than a group must have"


Tree = dict[str, tuple[str, ...]]
"""The sites of every aggregate."""
People = dict[str, int | None]
"""Of every group, null where somebody's number is unknown."""
Held = dict[tuple[str, str], str]
"""Why a group is held back in a month."""


def tree_of(known: Known) -> Tree:
    """Sites inside the area that have sources or people."""
    sites: dict[str, set[str]] = defaultdict(set)
    for rows in (known.masses, known.activity):
        for row in rows:
            line = row.line
            if line.inside and "aggregate" in known.roles_of(line.party):
                sites[line.party].add(f"{line.party}/{line.site}")
    for fact in known.facts:
        if fact.fact == PEOPLE and fact.sub_area and in_force(fact, known.size):
            sites[party_of(fact.sub_area)].add(fact.sub_area)
    return {party: tuple(sorted(found)) for party, found in sorted(sites.items())}


def ordered(tree: Tree) -> list[tuple[str, str | None]]:
    """Every group and the one that it lies within, wholes before their parts."""
    found: list[tuple[str, str | None]] = [(ALL, None)] if tree else []
    for party, sites in tree.items():
        found += [(party, ALL), *((site, party) for site in sites)]
    return found


def sites_of(tree: Tree, group: str) -> tuple[str, ...]:
    """The sites that a group is made of."""
    if group == ALL:
        return tuple(site for sites in tree.values() for site in sites)
    return tree.get(group, (group,))


def people_of(known: Known, tree: Tree, month: str) -> People:
    """How many people every group has in a month, as known at the size."""
    stated = people_stated(known, month)
    people: People = {}
    for party, sites in tree.items():
        numbers = [int(stated[site].value) if site in stated else None for site in sites]
        people |= dict(zip(sites, numbers, strict=True))
        people[party] = _sum(numbers)
    people[ALL] = _sum(people[party] for party in tree)
    return people


def people_stated(known: Known, month: str) -> dict[str, Stated]:
    """What the operator last stated of the people of each site in a month, below the size."""
    stated: dict[str, Stated] = {}
    for fact in known.facts:
        said = in_force(fact, known.size)
        if fact.fact != PEOPLE or fact.sub_area is None or said is None:
            continue
        newer = fact.sub_area not in stated or said.index > stated[fact.sub_area].index
        if fact.period[0] <= month < fact.period[1] and newer:
            stated[fact.sub_area] = said
    return stated


def _sum(numbers: Iterable[int | None]) -> int | None:
    total = 0
    for number in numbers:
        if number is None:
            return None
        total += number
    return total


def held_back(tree: Tree, people: Mapping[str, People], months: Sequence[str], least: int) -> Held:
    """Why groups are held back, by group and month; the others may be shown."""
    held: Held = {}
    for month in months:
        for group, number in people[month].items():
            if number is None:
                held[group, month] = NOBODY
            elif number < least:
                held[group, month] = TOO_FEW
    for party, sites in tree.items():
        for site in sites:
            for month in _small_changes(site, people, months, least):
                for group in (site, party, ALL):
                    held.setdefault((group, month), CHANGED_TOO_LITTLE)
    for month in months:
        _complete(held, people[month], month, (ALL, tuple(tree)), least)
        for party, sites in tree.items():
            if held.get((party, month)) == WOULD_SHOW.format(whole=ALL):
                # The rest of all residents would show it, so nothing of it may be shown either.
                for site in sites:
                    held.setdefault((site, month), held[party, month])
            _complete(held, people[month], month, (party, sites), least)
    return held


def held_streams(known: Known, least: int) -> frozenset[str]:
    """Streams of residents that nothing about the whole period may name.

    Those of a site that is held back in any month; all of them where all residents are, since the
    rest of a whole that is not shown may be too few people.
    """
    tree = tree_of(known)
    first, end = known.period
    months = [month for month in months_between(first, end) if month < end]
    held = held_back(
        tree, {month: people_of(known, tree, month) for month in months}, months, least
    )
    groups = {group for group, _ in held}
    named = set() if ALL in groups else {*sites_of(tree, ALL)} - groups
    lines = (row.line for rows in (known.masses, known.activity) for row in rows)
    return frozenset(
        line.stream
        for line in lines
        if f"{line.party}/{line.site}" not in named and "aggregate" in known.roles_of(line.party)
    )


def _small_changes(
    site: str, people: Mapping[str, People], months: Sequence[str], least: int
) -> list[str]:
    """Months in which a site has some, but too few, people more or less than in one before."""
    found, before = [], set[int]()
    for month in months:
        number = people[month][site]
        if number is None:
            continue
        if any(0 < abs(number - other) < least for other in before):
            found.append(month)
        else:
            before.add(number)
    return found


def _complete(
    held: Held,
    people: People,
    month: str,
    whole_and_parts: tuple[str, tuple[str, ...]],
    least: int,
) -> None:
    """Hold further parts of a shown whole back, until the rest of it is nobody or enough."""
    whole, parts = whole_and_parts
    if (whole, month) in held:
        return
    shown = sorted(
        (part for part in parts if (part, month) not in held),
        key=lambda part: (people[part] or 0, part),
    )
    rest = sum(people[part] or 0 for part in parts if (part, month) in held)
    while 0 < rest < least and shown:
        part = shown.pop(0)
        held[part, month] = WOULD_SHOW.format(whole=whole)
        rest += people[part] or 0

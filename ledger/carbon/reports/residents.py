"""Residents per head: by part of the area, by aggregate and all, beside the path of 1.5 degrees.

A group that may not be shown has no figures, and the reason stands in its row. Per head is Scope 1
and Scope 2 (location-based), in CO2 equivalent. Source: accounting rules, section 5 (Residents).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Final

from ledger.carbon.area.guard import minimum_people
from ledger.carbon.counted import Counted
from ledger.carbon.known import Known
from ledger.carbon.progress.residents import Group, PerHead, Residents, resident_terms, residents
from ledger.carbon.progress.shown_groups import (
    ALL,
    Tree,
    held_streams,
    people_stated,
    sites_of,
    tree_of,
)
from ledger.carbon.reports.draft import Built, Draft
from ledger.carbon.reports.missing import SHOWN, missing
from ledger.carbon.reports.table import MASS, Column, Figure, Row, Table

NAME: Final = "residents"
TITLE: Final = "Residents per head, beside the path of 1.5 degrees"
VIEW: Final = "residents"
COLUMNS: Final = (
    Column("people", "People", "person"),
    Column("CO2e", "CO2e"),
    Column("per-head", "CO2e a head"),
    Column("path", "The path allows a head"),
    Column("above", "Above the path"),
)
PEOPLE_RULE: Final = "what the operator stated of its parts, added up; of months, their mean"
PER_HEAD_RULE: Final = "CO2e over people, rounded half-even to 1 mg"
PATH_RULE: Final = (
    "of the rule pack's path, a twelfth of its year for each month, rounded half-even to 1 mg"
)
ABOVE_RULE: Final = "CO2e a head less what the path allows"


def build(draft: Draft, _earlier: Sequence[Known]) -> Built:
    """The report of the area. Raises InvalidInput under rules that know no guard over residents."""
    known, pack = draft.known, draft.pack
    found = residents(known, pack, draft.gwp)
    tree = tree_of(known)
    figures = _Figures(draft, tree, _people_events(known, found), resident_terms(known, pack))
    tables = [
        Table(
            name="period",
            title="Per head over the whole period",
            labels=("group", "within", "held back because"),
            columns=COLUMNS,
            rows=tuple(
                Row(
                    (_title(one.group), _title(one.within), one.period.held_back or ""),
                    figures.of(one, one.period, "period"),
                )
                for one in found.groups
            ),
            notes=tuple(_apart(found)),
        ),
        Table(
            name="months",
            title="Per head by month",
            labels=("group", "month", "held back because"),
            columns=COLUMNS,
            rows=tuple(
                Row(
                    (_title(one.group), month.first_month, month.held_back or ""),
                    figures.of(one, month, "months", month.first_month),
                )
                for one in found.groups
                for month in one.months
            ),
        ),
        Table(
            name="nothing-recorded",
            title="Months in which a part has nothing recorded: its figures, and its whole's, fall "
            "short",
            labels=("part", "months"),
            rows=tuple(
                Row((one.group, " ".join(one.untold)))
                for one in found.groups
                if one.untold and _is_part(one, tree)
            ),
        ),
    ]
    return draft.finish(
        TITLE,
        tables,
        gaps=[*_untold(found, tree), *missing(known, tree)],
        notes=_notes(found),
        held=held_streams(known, found.minimum_people),
    )


def held_of(draft: Draft) -> frozenset[str]:
    """Streams of residents that a report of the area may not name."""
    least = minimum_people(draft.pack)
    return frozenset() if least is None else held_streams(draft.known, least)


class _Figures:
    """Figures of groups, with what they rest on."""

    def __init__(
        self,
        draft: Draft,
        tree: Tree,
        events: Mapping[tuple[str, str], str],
        terms: Mapping[tuple[str, str], Sequence[Counted]],
    ) -> None:
        self.draft, self.tree, self.events, self.terms = draft, tree, events, terms

    def of(self, group: Group, one: PerHead, *under: str) -> tuple[Figure | None, ...]:
        """People, CO2e, CO2e a head, the path and what lies above it; none where held back."""
        if one.people is None or one.per_head_mg is None:
            return (None,) * len(COLUMNS)
        heading = (*under, *_heading(group))
        months = [month.first_month for month in group.months]
        kept = [month for month in months if one.first_month <= month <= one.last_month]
        places = ((site, month) for site in sites_of(self.tree, group.group) for month in kept)
        people = self.draft.derived(
            str(one.people),
            "person",
            PEOPLE_RULE,
            *heading,
            "people",
            events=dict.fromkeys(self.events[place] for place in places),
        )
        terms = chain.from_iterable(self.terms.get((group.group, month), ()) for month in kept)
        whole = self.draft.equivalent(terms, *heading, "CO2e")
        each = self.draft.derived(
            str(one.per_head_mg), MASS, PER_HEAD_RULE, *heading, "per-head", figures=(whole, people)
        )
        if one.path_mg is None:
            return people, whole, each, None, None
        path = self.draft.derived(str(one.path_mg), MASS, PATH_RULE, *heading, "path")
        above = self.draft.derived(
            str(one.above_path_mg), MASS, ABOVE_RULE, *heading, "above", figures=(each, path)
        )
        return people, whole, each, path, above


def _people_events(known: Known, found: Residents) -> dict[tuple[str, str], str]:
    """The statement of each site's people, by site and month."""
    months = [month.first_month for month in found.groups[0].months] if found.groups else []
    return {
        (site, month): said.event
        for month in months
        for site, said in people_stated(known, month).items()
    }


def _is_part(group: Group, tree: Tree) -> bool:
    return group.group != ALL and group.group not in tree


def _heading(group: Group) -> tuple[str, ...]:
    if group.group == ALL:
        return ("all",)
    return ("aggregate" if group.within == ALL else "part", group.group)


def _title(group: str | None) -> str:
    return "all residents" if group == ALL else group or ""


def _untold(found: Residents, tree: Tree) -> Iterable[str]:
    for one in found.groups:
        if one.untold and _is_part(one, tree):
            more = ", …" if len(one.untold) > SHOWN else ""
            yield (
                f"{one.group} has nothing recorded in {len(one.untold)} of {len(one.months)} months: "
                f"{', '.join(one.untold[:SHOWN])}{more}"
            )


def _apart(found: Residents) -> Iterable[str]:
    for one in found.groups:
        for gas, mass_mg in one.period.apart_mg.items():
            yield f"{_title(one.group)}: {mass_mg} mg {gas} stand apart: no part of CO2e."


def _notes(found: Residents) -> Iterable[str]:
    yield (
        f"A group has at least {found.minimum_people} people, and no two groups that overlap differ "
        "by fewer; what is held back says why."
    )
    yield f"Path: {found.path}, which covers {found.path_covers}. {found.path_note}"
    yield f"Points of the path: {'; '.join(dict.fromkeys(found.path_sources))}."

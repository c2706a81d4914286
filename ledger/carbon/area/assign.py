"""Which view an activity counts in: the mapping table, one assignment per activity, line and view.

The table is data of the rule pack (`views.json`), each row with its source. An activity of the
catalogue under a GPC line has exactly one row; the row names the views by their letters: C
companies, B GPC basic, + basic-plus (which contains B), T territorial, K park. Scope 3 counts only
where the row says so apart, so that what another party posts as its own is not counted twice. A
source that names no line stands under the default of its activity and key area. Sites outside
count in `companies` alone; residents and public bodies never in `companies` and `park`.
Source: accounting rules, section 5.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import msgspec

from ledger.carbon.rows import LineRow
from ledger.carbon.rulepack import Activity, RulePack, Source
from ledger.errors import BadValue, InvalidInput

FILE = "views.json"
NO_LINE = "-"
"""The place of what stands under no GPC line."""


class ViewRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One view: whose sources, of which scopes and gases; `gases` empty means all."""

    view: str
    letter: str
    title: str
    scopes: tuple[int, ...]
    contains: tuple[str, ...] = ()
    """Letters whose lines are this view's too."""
    companies_only: bool = False
    inside_only: bool = False
    internal_energy: bool = False
    """Energy that one source inside sells to another counts once, and what is exported not at all."""
    gases: tuple[str, ...] = ()

    def shows(self, gas: str) -> bool:
        """Whether the view has a figure for this gas."""
        return not self.gases or gas in self.gases

    def has(self, letters: Iterable[str]) -> bool:
        """Whether these letters of a row name the view, or one that it contains."""
        return any(letter == self.letter or letter in self.contains for letter in letters)


class Assignment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row of the table; a name that ends in `.*` stands for all activities of its family.

    `added` names what the row adds to an area beside its companies' Scopes 1 and 2.
    """

    title: str
    activities: tuple[str, ...]
    lines: tuple[str, ...]
    views: tuple[str, ...]
    source: Source
    scope_3: tuple[str, ...] = ()
    added: str | None = None


class Default(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The line of sources that name none; Scope 3 has one of its own, or stands under none."""

    activities: tuple[str, ...]
    key_areas: tuple[str, ...]
    line: str
    scope_3_line: str = NO_LINE


class GpcLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of the GPC, as that protocol calls it."""

    line: str
    title: str


class ViewsFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`views.json`: `lines` has the title of every GPC line.

    `supplied_line` is where the share of energy that is handed on is moved to.
    """

    views: tuple[ViewRule, ...]
    assignments: tuple[Assignment, ...]
    defaults: tuple[Default, ...]
    lines: tuple[GpcLine, ...]
    lines_source: Source
    supplied_line: str
    source: Source


class Placed(msgspec.Struct, frozen=True):
    """Where a source line stands: its GPC line, its row of the table, and if that is a default."""

    gpc: str
    row: Assignment | None
    by_default: bool

    def letters(self, scope: int | None) -> tuple[str, ...]:
        """The letters of the views that count it."""
        if self.row is None or scope is None:
            return ()
        return self.row.scope_3 if scope == 3 else self.row.views


class ViewTable:
    """The mapping table of a rule pack, looked up by activity and line."""

    def __init__(self, pack: RulePack) -> None:
        self.file = pack.part(FILE, ViewsFile)
        self.views = {view.view: view for view in self.file.views}
        self._rows: dict[tuple[str, str], Assignment] = {}
        self._defaults: dict[tuple[str, str], Default] = {}
        self._places: dict[tuple[str, str | None, str, bool], Placed] = {}
        for activity in pack.activities.values():
            for row in self.file.assignments:
                if matches(row.activities, activity.activity):
                    for line in set(row.lines) & {*activity.gpc, NO_LINE}:
                        _once(self._rows, (activity.activity, line), row)
            for default in self.file.defaults:
                if matches(default.activities, activity.activity):
                    for key_area in set(default.key_areas) & set(activity.key_areas):
                        _once(self._defaults, (activity.activity, key_area), default)

    def view(self, name: str) -> ViewRule:
        """The view of this name. Raises BadValue."""
        found = self.views.get(name)
        if found is None:
            raise BadValue("unknown view", expected=", ".join(sorted(self.views)), found=name)
        return found

    def row(self, activity: str, line: str) -> Assignment | None:
        """The one row of an activity under a line; None where nothing is ever counted."""
        return self._rows.get((activity, line))

    def default(self, activity: str, key_area: str) -> Default | None:
        """The default of an activity in a key area; None where the catalogue allows none."""
        return self._defaults.get((activity, key_area))

    def place(self, line: LineRow) -> Placed:
        """Where a source's line stands. Raises InvalidInput for one that the table does not know."""
        key = line.activity, line.gpc, line.key_area, line.scope == 3
        found = self._places.get(key)
        if found is None:
            found = self._places[key] = self._place(line)
        return found

    def _place(self, line: LineRow) -> Placed:
        if line.gpc is not None:
            return Placed(line.gpc, self._found(line.activity, line.gpc), by_default=False)
        default = self.default(line.activity, line.key_area)
        if default is None:
            raise _unknown(line.activity, f"key area {line.key_area}")
        gpc = default.scope_3_line if line.scope == 3 else default.line
        row = self.row(line.activity, gpc) if gpc == NO_LINE else self._found(line.activity, gpc)
        return Placed(gpc, row, by_default=True)

    def counts(self, view: ViewRule, line: LineRow, roles: tuple[str, ...]) -> bool:
        """Whether a view counts a source's line of a party with these roles, of its own accord.

        Sub-meters, flows and factor roles are judged before; transfers after.
        """
        return (
            line.scope in view.scopes
            and self.admits(view, line, roles)
            and view.has(self.place(line).letters(line.scope))
        )

    def admits(self, view: ViewRule, line: LineRow, roles: tuple[str, ...]) -> bool:
        """Whether the place and the party of a source belong to the view, whatever it does there."""
        return (line.inside or not view.inside_only) and (
            "company" in roles or not view.companies_only
        )

    def keeps_supplied(self, view: ViewRule) -> bool:
        """Whether the view counts what is emitted for energy that is supplied to others."""
        lines = [row for row in self.file.assignments if self.file.supplied_line in row.lines]
        return any(view.has(row.views) for row in lines)

    def _found(self, activity: str, gpc: str) -> Assignment:
        row = self.row(activity, gpc)
        if row is None:
            raise _unknown(activity, f"GPC line {gpc}")
        return row


@lru_cache(maxsize=8)
def view_table(pack: RulePack) -> ViewTable:
    """The mapping table of a pack. Raises InvalidInput for a pack that has none."""
    return ViewTable(pack)


def matches(names: Iterable[str], activity: str) -> bool:
    """Whether an activity is one of these names, or of a family `name.*`."""
    return any(
        activity.startswith(name[:-1]) if name.endswith(".*") else activity == name
        for name in names
    )


def places_of(activity: Activity) -> tuple[str, ...]:
    """The lines that an activity can stand under: those of the catalogue, or none."""
    return activity.gpc or (NO_LINE,)


def _once(
    found: dict[tuple[str, str], Assignment] | dict[tuple[str, str], Default],
    key: tuple[str, str],
    row: Assignment | Default,
) -> None:
    if key in found:
        raise InvalidInput(
            "mapping table of the views",
            expected=f"one row for {key[0]} under {key[1]}",
            found="two",
        )
    found[key] = row  # type: ignore[assignment]


def _unknown(activity: str, where: str) -> InvalidInput:
    return InvalidInput(
        "mapping table of the views",
        expected=f"a row for {activity} under {where}",
        found="none",
        advice="A newer rule pack knows it: the operator activates one with RulesActivated.",
    )

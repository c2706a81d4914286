"""Which lines of a view somebody declared NE: not estimated, though there is something to estimate.

While there is one, no year of the view counts as neutral. A declaration matters to a view if the
view would count the line: an activity or GPC line by the mapping table, `scope3.5` and its like by
the activities of that category. Of several declarations of a party about a line the last one holds,
month by month. Source: accounting rules, sections 4 and 5.
"""

from __future__ import annotations

from ledger.carbon.area.assign import ViewRule, ViewTable, places_of, view_table
from ledger.carbon.footprint import months_between
from ledger.carbon.known import Known
from ledger.carbon.rulepack import RulePack

NE = "NE"


def not_estimated(
    known: Known, pack: RulePack, view: str, party: str | None = None
) -> tuple[str, ...]:
    """`<party> <line>` of all that is NE in some month of the period, of one party or of all.

    Raises BadValue for an unknown view.
    """
    table = view_table(pack)
    rule = table.view(view)
    first, end = known.period
    months = [month for month in months_between(first, end) if month < end]
    found = []
    for name, said in sorted(known.organisations.items()):
        if party not in {None, name} or not _may_count(known, rule, name):
            continue
        last = {
            (one.line, month): one.notation
            for one in said.declared
            if one.index < known.size
            for month in months
            if one.period[0] <= month < one.period[1]
        }
        lines = sorted({line for (line, _), notation in last.items() if notation == NE})
        found += [f"{name} {line}" for line in lines if _counts(pack, table, rule, line)]
    return tuple(found)


def _may_count(known: Known, rule: ViewRule, party: str) -> bool:
    roles = known.parties[party].roles if party in known.parties else ()
    return not rule.companies_only or "company" in roles


def _counts(pack: RulePack, table: ViewTable, rule: ViewRule, line: str) -> bool:
    """Whether the view would count this line; `line` is as in `LineDeclared`."""
    category = int(line.removeprefix("scope3.")) if line.startswith("scope3.") else None
    for activity in pack.activities.values():
        for gpc in places_of(activity):
            row = table.row(activity.activity, gpc)
            if row is None:
                continue
            if category is not None:
                of_it = any(category in place.categories for place in activity.placements)
                if of_it and 3 in rule.scopes and rule.has(row.scope_3):
                    return True
            elif line in {activity.activity, gpc.lower()}:
                scopes = {place.scope for place in activity.placements}
                own = bool(scopes & {1, 2} & set(rule.scopes)) and rule.has(row.views)
                if own or (3 in scopes and 3 in rule.scopes and rule.has(row.scope_3)):
                    return True
    return False

"""Writes `docs/reference/views.md` from the mapping table of the newest rules.

    python tests/oracles/make_views_page.py            # write
    python tests/oracles/make_views_page.py --check    # exit 1 if the page would change

The tables come from `views.json`; the text around them says how transfers count and how the bridge is
built, which is the same for every table.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ledger.carbon.area.assign import NO_LINE, Assignment, Default, GpcLine, ViewRule, view_table
from ledger.carbon.area.bridge import ORDER
from ledger.carbon.rulepack import CURRENT_VERSION, load

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/reference/views.md"

HEAD: Final = """# Views of an area

For whoever reads, checks or compares the figure of an area. This page is made by
`python tests/oracles/make_views_page.py` from `ledger/carbon/packs/{version}/views.json`, and a test holds it
current.

The figure of an area is not the sum of its companies' figures. What one sells, another has bought; residents
and public bodies emit too; some sites lie elsewhere. Every activity has exactly one place in each of five
views, which stand side by side from the same events. All parties count at 100 %, whatever share a company
answers for; Scope 2 counts by location, so no certificate or contract changes a view. CO2 equivalents are
made from a view's totals per gas in one GWP set; they are never stored.

## The views
"""

PLACES: Final = """
## Where an activity counts

C companies, B basic, + basic-plus, T territorial, K park. What has B has + too. *Scope 3* names the views that
count a source of that scope: only where its line says that nobody else in the area counts it. A `fuel.*` stands
for every activity of that family in the [catalogue](rules.md). Emissions, removals, biogenic CO2 and gases outside every
scope have columns of their own.
"""

LINES: Final = """
## GPC lines

Source: {source} [{mark}].
"""

DEFAULTS: Final = """
## Sources that name no line

They stand under the line of their activity and key area, and a figure names them. `{none}` is no line.
"""

TRANSFERS: Final = """
## Transfers

One party records a transfer for a month, the other acknowledges it and names the stream that received it. What
is not acknowledged is eliminated nowhere and stands open beside the figure. If the two differ, the smaller
quantity q counts and the rest stands open. R rounds half-even to a milligram.

| kind | what it does |
| --- | --- |
| pass-through: bought, and handed on unchanged | the sender's Scope 2 falls in every view and in its own inventory by R(mass × q/Q); Q is what its stream took in that month |
| energy, to a party | basic, basic-plus: the receiver keeps its Scope 2, and the sender's share R(q × factor `direct`) leaves with line {supplied}. Park: the receiver's leg R(mass × q/Q) is dropped if the sender belongs to the park. Companies, territorial: nothing |
| energy, out of the area | basic, basic-plus: as above. Park: R(quantity × factor `location`, or else `direct`) is deducted. It needs no acknowledgement |
| carbon carrier: by-product gas, waste, CO2, water | nothing, since the carbon is emitted once, at the receiver; it is listed |

No share is more than its source emitted, and no leg more than its stream took in: what goes beyond is named. Where
sender and receiver price the same energy differently, the difference is a memo.

## The bridge

A bridge leads from the sum of the companies to the area, to the milligram, for each gas. It is built on another
path than the figure, and where the two differ neither is shown.

| line | what it is |
| --- | --- |
"""

STEPS: Final = {
    "companies": "Scope 1 and Scope 2 by location of all companies, after pass-through",
    "site-outside": "less: sites of companies outside the area",
    "scope-2": "less: all of Scope 2, in a view that has none",
    "supplied": "less: what is emitted for energy that is supplied to others",
    "line": "less: GPC lines that are not in the view, one by one",
    "internal": "less: the receiver's leg of energy that was made inside",
    "exported": "less: energy that left the area",
    "added": "plus: losses of the grid, transport across the boundary, waste treated outside, and Scope 3 where its line is in the view",
    "unallocated": "plus: residents, traffic and public bodies",
}


def page() -> str:
    """The page as it should be."""
    pack = load(CURRENT_VERSION)
    file = view_table(pack).file
    lines = [HEAD.format(version=pack.version)]
    lines += _views(file.views)
    lines.append(PLACES)
    lines += _assignments(file.assignments)
    lines.append(LINES.format(source=file.lines_source.title, mark=file.lines_source.mark))
    lines += _lines(file.lines)
    lines.append(DEFAULTS.format(none=NO_LINE))
    lines += _defaults(file.defaults)
    text = TRANSFERS.format(supplied=file.supplied_line)
    steps = "".join(f"| `{kind}` | {STEPS[kind]} |\n" for kind in ORDER)
    return "\n".join(lines) + "\n" + text + steps


def _views(views: Sequence[ViewRule]) -> Iterator[str]:
    yield "| view | letter | what | whose | gases |"
    yield "| --- | --- | --- | --- | --- |"
    for rule in views:
        whose = "companies" if rule.companies_only else "all parties"
        where = "sites inside" if rule.inside_only else "all sites"
        gases = ", ".join(rule.gases) or "all"
        yield f"| `{rule.view}` | {rule.letter} | {rule.title} | {whose}, {where} | {gases} |"


def _assignments(rows: Sequence[Assignment]) -> Iterator[str]:
    yield "| what | activities | GPC lines | views | Scope 3 | source |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for row in rows:
        activities = ", ".join(f"`{name}`" for name in row.activities)
        views, beyond = " ".join(row.views) or "none", " ".join(row.scope_3) or "none"
        source = f"{row.source.title} [{row.source.mark}]"
        yield (
            f"| {row.title} | {activities} | {', '.join(row.lines)} | {views} | {beyond} | {source} |"
        )


def _lines(lines: Sequence[GpcLine]) -> Iterator[str]:
    yield "| line | title |"
    yield "| --- | --- |"
    for one in lines:
        yield f"| {one.line} | {one.title} |"


def _defaults(rows: Sequence[Default]) -> Iterator[str]:
    yield "| activities | key areas | line | Scope 3 |"
    yield "| --- | --- | --- | --- |"
    for row in rows:
        activities = ", ".join(f"`{name}`" for name in row.activities)
        areas = "all" if len(row.key_areas) == 8 else ", ".join(row.key_areas)
        yield f"| {activities} | {areas} | {row.line} | {row.scope_3_line} |"


def main(arguments: Sequence[str]) -> int:
    """Write or check the page. Returns the exit status."""
    if "--check" in arguments:
        return 0 if PAGE.read_text() == page() else 1
    PAGE.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

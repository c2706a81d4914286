"""Where a target stands: base, path, each year's balance, what is left, and one plain sentence.

The years run from the base year to the end of the report's period, as known at its size; the base
year is shown as known at the target's own size too. Credits are not read from a registry yet.
Source: accounting rules, section 5, "Neutral by 2028".
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Final

from msgspec.structs import replace

from ledger.carbon.area.area import AreaTerm, area_terms
from ledger.carbon.area.pieces import Target, TargetPiece
from ledger.carbon.known import Known
from ledger.carbon.progress.area_year import area_year, year_lines
from ledger.carbon.progress.change import change_between
from ledger.carbon.progress.projection import Projection
from ledger.carbon.progress.target import TargetReport, in_force, target_report
from ledger.carbon.progress.year import YearFigure
from ledger.carbon.reports.draft import Built, Draft
from ledger.carbon.reports.missing import missing
from ledger.carbon.reports.table import Column, Figure, Row, Table, fixed, known_at
from ledger.errors import NotFound

NAME: Final = "progress"
TITLE: Final = "Progress to the target"
EMITTED: Final = "emitted"
BALANCE: Final = "gross less removals, plus credits sold, less credits retired"
MONTHS: Final = 12
CHANGES: Final = (
    Column("change", "Change"),
    Column("activity", "Due to activity"),
    Column("factor", "Due to factors"),
    Column("unsplit", "Not to be split"),
)
COLUMNS: Final = (
    Column("gross", "Gross"),
    Column("removed", "Removals inside"),
    Column("balance", "Balance"),
    Column("path", "Path"),
    Column("above", "Above the path"),
)


def earlier(known: Known, _party: str | None = None) -> list[tuple[tuple[str, str], int]]:
    """Of each target: its base year at the size it names, and all years since as known now."""
    found = []
    for piece in _targets(known):
        target = in_force(piece, known.size)
        begins = f"{target.base_year:04d}-01"
        # Only whole calendar years can be told of.
        ends = max(f"{known.period[1][:4]}-01", f"{target.base_year + 1:04d}-01")
        found.append(((begins, f"{target.base_year + 1:04d}-01"), target.base_size))
        found.append(((begins, ends), known.size))
    return found


def build(draft: Draft, since: Sequence[Known]) -> Built:
    """The report of whoever set targets. `since` is what `earlier` asks for. Raises NotFound."""
    known = draft.known
    pieces = _targets(known)
    if not pieces:
        raise NotFound(
            "there is no target",
            expected="a TargetSet in the party's register, below the log size",
            found="none",
            advice="Set one with carbon-ledger target set.",
        )
    tables: list[Table] = []
    said: list[str] = []
    for piece, then, now in zip(pieces, since[::2], since[1::2], strict=True):
        target = in_force(piece, known.size)
        years = {year: _of_year(now, year) for year in _years(now, target)}
        report = target_report(
            draft.pack,
            piece,
            known.size,
            [_figure(draft, one, target) for one in years.values()],
            base_then=_figure(draft, then, target),
            who=None if piece.party == known.operator else known.parties[piece.party].name,
        )
        said += [report.sentence, report.sentence_zh, report.credits_note]
        terms = {year: _terms_of(draft, one, target) for year, one in years.items()}
        tables += [*_tables(draft, report, terms), *_changes(draft, target, report, years)]
    return draft.finish(TITLE, tables, gaps=missing(known), notes=said)


def _targets(known: Known) -> list[TargetPiece]:
    return sorted(
        (one for one in known.targets if any(said.index < known.size for said in one.stated)),
        key=lambda one: (one.party, one.target),
    )


def _years(known: Known, target: Target) -> range:
    """The calendar years that are known whole, from the base year on."""
    return range(target.base_year, int(known.period[1][:4]))


def _of_year(known: Known, year: int) -> Known:
    """What is known of one calendar year."""
    period = f"{year:04d}-01", f"{year + 1:04d}-01"
    return replace(
        known,
        period=period,
        masses=[row for row in known.masses if period[0] <= row.month < period[1]],
        activity=[row for row in known.activity if period[0] <= row.month < period[1]],
    )


def _figure(draft: Draft, year: Known, target: Target) -> YearFigure:
    """A year is told in full when something is recorded of each of its months."""
    full = len({row.month for row in year.masses}) == MONTHS
    return area_year(year, draft.pack, target.view, full=full)


def _terms_of(draft: Draft, year: Known, target: Target) -> list[AreaTerm]:
    shown = {*target.gases}
    return [
        term
        for term in area_terms(year, draft.pack, target.view)
        if not shown or term.counted.gas in shown
    ]


def _changes(
    draft: Draft, target: Target, report: TargetReport, years: dict[int, Known]
) -> list[Table]:
    """What the change from one full year to the next is due to: activity, factors, or unsplit."""
    name = f"{report.party}-{report.target}"
    full = [year.year for year in report.years if year.full]
    rows = []
    for then, now in pairwise(full):
        lines = (year_lines(years[year], draft.pack, target.view) for year in (then, now))
        found = change_between(draft.pack, target.gwp, *lines)
        values = (
            found.co2e_change_mg,
            found.co2e_activity_mg,
            found.co2e_factor_mg,
            found.co2e_unsplit_mg,
        )
        rows.append(
            Row(
                (str(then), str(now)),
                tuple(
                    draft.derived(
                        str(value),
                        "mg",
                        f"{column.title.lower()} of the change from {then} to {now}, all gases",
                        name,
                        "change",
                        f"{then}-{now}",
                        column.name,
                        events=(report.event,),
                    )
                    for column, value in zip(CHANGES, values, strict=True)
                ),
            )
        )
    return [
        Table(
            name=f"{name}-change",
            title="Change from year to year, of activity and of factors",
            labels=("from", "to"),
            columns=CHANGES,
            rows=tuple(rows),
        )
    ]


def _tables(draft: Draft, report: TargetReport, years: dict[int, list[AreaTerm]]) -> list[Table]:
    name = f"{report.party}-{report.target}"
    rule = f"CO2e {report.gwp} of the year's terms in the view {report.view}"

    def one(value: int | None, what: str, *heading: str, of: int | None = None) -> Figure | None:
        if value is None:
            return None
        terms = [term.counted for term in years.get(of or 0, ()) if term.column == EMITTED]
        return draft.derived(
            str(value), "mg", what, name, *heading, events=(report.event,), terms=terms
        )

    base = report.base
    stated = Row(
        (f"{base.year} {known_at(base.size)}", _of_base(report)),
        (
            one(base.stated_mg, "as the target states it", "base", "stated"),
            one(base.known_then_mg, f"{rule}, {known_at(base.size)}", "base", "then"),
            one(base.known_now_mg, f"{rule}, as known now", "base", "now", of=base.year),
        ),
    )
    budget = report.budget
    return [
        Table(
            name=f"{name}-base",
            title=f"Base of {report.target}: view {report.view}, {report.gwp}",
            labels=("base year", "remark"),
            columns=(
                Column("stated", "Stated"),
                Column("then", "As known then"),
                Column("now", "As known now"),
            ),
            rows=(stated,),
        ),
        Table(
            name=f"{name}-years",
            title=f"Years of {report.target}",
            labels=("year", "neutral", "why not", "credits needed, t"),
            columns=COLUMNS,
            rows=tuple(
                Row(
                    (
                        str(year.year),
                        "yes" if year.neutral else "no",
                        "; ".join(year.why_not),
                        str(year.credits_needed_t),
                    ),
                    (
                        one(year.gross_mg, rule, str(year.year), "gross", of=year.year),
                        one(year.removed_mg, "removals of the year", str(year.year), "removed"),
                        one(year.balance_mg, BALANCE, str(year.year), "balance"),
                        one(year.path_mg, "as the target states it", str(year.year), "path"),
                        one(year.above_path_mg, "gross less the path", str(year.year), "above"),
                    ),
                )
                for year in report.years
            ),
        ),
        Table(
            name=f"{name}-budget",
            title=f"What is left of the path of {report.target} to {report.neutral_year}",
            labels=("years told", "years to come"),
            columns=(
                Column("path", "Path in all"),
                Column("emitted", "Emitted in it"),
                Column("remaining", "Remaining"),
            ),
            rows=(
                Row(
                    (_listed(budget.years_told), _listed(budget.years_to_come)),
                    (
                        one(budget.path_mg, "the sum of the path", "budget", "path"),
                        one(budget.emitted_mg, "gross of its years", "budget", "emitted"),
                        one(budget.remaining_mg, "path less emitted", "budget", "remaining"),
                    ),
                ),
            ),
        ),
        _projected(report, name),
    ]


def _of_base(report: TargetReport) -> str:
    if report.base.misstated:
        return "the statement is not what was known then"
    return "what is known now differs" if report.base.changed else ""


def _projected(report: TargetReport, name: str) -> Table:
    found = report.projection
    if isinstance(found, Projection):
        shown = (
            str(found.year),
            _tonnes(found.expected_t),
            f"{_tonnes(found.low_t)} to {_tonnes(found.high_t)}",
            _listed(found.years),
        )
    else:
        shown = (str(report.neutral_year), found.reason, "", _listed(found.years))
    return Table(
        name=f"{name}-projection",
        title="Projection, no figure of the ledger: least squares, tonnes of CO2e",
        labels=("year", "expected", "95 % interval", "from the full years"),
        rows=(Row(shown),),
    )


def _tonnes(value: float) -> str:
    return fixed(Fraction(value), 1)


def _listed(years: Sequence[int]) -> str:
    return ", ".join(str(year) for year in years) or "none"

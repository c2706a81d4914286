"""The lists of seals as rows of text: for people in good units, for programs to the milligram."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

import msgspec

from ledger.carbon.info import EarlierInfo
from ledger.carbon.mass_text import mass_text, unit_for
from ledger.carbon.progress.year import equivalent
from ledger.carbon.reports.write_csv import guarded
from ledger.carbon.rulepack import load, versions
from ledger.carbon.seal.info import SealInfo
from ledger.cli.footprint import masses_text
from ledger.log.seals import CompanyLine, Head, InventoryLine, Sums
from ledger.log.spoken import number_words

_COLUMNS = ("emitted", "removed", "biogenic")
_MG = tuple(f"{column} mg" for column in _COLUMNS)


class Grid(msgspec.Struct, frozen=True):
    """Rows of text under headings; `right` are the columns of numbers."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: Sequence[int] = ()

    def csv(self) -> bytes:
        """As RFC 4180 has it; what a spreadsheet would take for a formula stands behind an apostrophe."""
        text = io.StringIO(newline="")
        lines = csv.writer(text, lineterminator="\r\n")
        lines.writerow(self.columns)
        lines.writerows([guarded(cell) for cell in row] for row in self.rows)
        return text.getvalue().encode()


def column_of(sums: Sums, column: str) -> dict[str, str]:
    """Milligrams by gas of one column, without zeros."""
    amounts = {gas: str(getattr(one, column)) for gas, one in sums.items()}
    return {gas: amount for gas, amount in amounts.items() if amount != "0"}


def seals_grid(seals: Iterable[SealInfo], earlier: Sequence[EarlierInfo], *, exact: bool) -> Grid:
    """Seals with their CO2 equivalent; `earlier` are the logs that the ledger continues.

    `exact` is for programs: in milligrams, with a row for each gas, and sizes as they are numbered here.
    """
    columns = ("seal", "view", "period", "log size", "companies")
    named = [
        (
            one,
            (
                str(one.number),
                one.view,
                f"{one.first_month}..{one.last_month}",
                str(one.size) if exact else number_words(one.size, earlier),
                str(one.companies_count),
            ),
        )
        for one in seals
    ]
    if exact:
        rows = [(*name, *amounts) for one, name in named for amounts in _exact(one.totals)]
        return Grid((*columns, "gas", *_MG), rows)
    shown = [(*name, *_emitted(one)) for one, name in named]
    return Grid((*columns, "gases", "emitted, CO2e"), shown, (0, 3, 4, 5))


def _emitted(seal: SealInfo) -> tuple[str, str]:
    """How many gases a seal's emissions are of, and what they weigh in its own GWP set."""
    masses = column_of(seal.totals, "emitted")
    version = seal.rules.partition(",")[0].strip()
    if not masses or version not in versions():
        return str(len(masses)), masses_text(masses)
    found = equivalent(load(version), seal.gwp, {gas: int(mg) for gas, mg in masses.items()})
    unit = unit_for(found.mg)
    apart = f", without {', '.join(found.apart)}" if found.apart else ""
    return str(len(masses)), f"{mass_text(found.mg, unit)} {unit} {seal.gwp}{apart}"


def companies_grid(listed: Iterable[CompanyLine], *, exact: bool) -> Grid:
    """Parties with their sums; `exact`, in milligrams, with a row for each gas."""
    if exact:
        rows = [(one.party, *amounts) for one in listed for amounts in _exact(one.sums)]
        return Grid(("party", "gas", *_MG), rows)
    shown = [
        (one.party, *(masses_text(column_of(one.sums, name)) for name in _COLUMNS))
        for one in listed
    ]
    return Grid(("party", *_COLUMNS), shown)


def bridge_grid(totals: Sums, listed: Sums) -> Grid:
    """Totals beside the sum over all parties, and what the view's bridge has to explain."""
    rows = []
    for gas in sorted({*totals, *listed}):
        for column in _COLUMNS:
            total, parties = (int(column_of(one, column).get(gas, "0")) for one in (totals, listed))
            if total or parties:
                rows.append((gas, column, str(total), str(parties), str(total - parties)))
    return Grid(("gas", "column", "total mg", "all parties mg", "bridge mg"), rows, (2, 3, 4))


def heads_grid(heads: Iterable[Head]) -> Grid:
    """Where every stream stood."""
    rows = [(one.stream, str(one.version), one.head) for one in heads]
    return Grid(("stream", "version", "head"), rows, (1,))


def lines_grid(lines: Iterable[InventoryLine]) -> Grid:
    """A party's inventory lines; what is taken off has its sign."""
    columns = ("stream", "line", "month", "scope", "method", "role", "column", "gas", "mg")
    return Grid(columns, [_line(one) for one in lines], (1, 8))


def _line(one: InventoryLine) -> tuple[str, ...]:
    name = one.name
    scope = f"{name.scope}.{name.category}" if name.category else str(name.scope)
    sign = "-" if name.subtract else ""
    return (
        name.stream,
        str(name.line),
        name.month,
        scope,
        name.method or "",
        name.role,
        name.column,
        name.gas,
        f"{sign}{one.mass_mg}",
    )


def _exact(sums: Sums) -> list[tuple[str, ...]]:
    """Gas and amounts, a row for each gas, and one row where there is nothing."""
    rows = [(gas, *(str(getattr(one, name)) for name in _COLUMNS)) for gas, one in sums.items()]
    return rows or [("", *("0" for _ in _COLUMNS))]

"""What all reports are made of: tables of figures, each exact and with its identifier.

A figure's value is exact text: milligrams as an integer, anything else as a decimal. Tonnes are for
reading: rounded half-even to a kilogram, here and nowhere before, and every writer says so. What a
report must say beside its figures (gaps, lines without a figure, what stands open) stands on its
first page in every format.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Final

import msgspec

from ledger.carbon.exact import divide_half_even
from ledger.carbon.reports.figure_id import FigureId, format_figure

MASS: Final = "mg"
ROUNDING: Final = "Tonnes are rounded half-even to 0.001 t for reading; milligrams are exact."

_MG_PER_KG: Final = 1_000_000


class Figure(msgspec.Struct, frozen=True):
    """One figure: its identifier, its exact value as text, and its unit."""

    id: str
    value: str
    unit: str


class Column(msgspec.Struct, frozen=True):
    """A column of figures; its unit, or nothing where each figure says its own."""

    name: str
    title: str
    unit: str = MASS


class Row(msgspec.Struct, frozen=True):
    """Labels, then one figure for each column, or None where there is none."""

    labels: tuple[str, ...]
    figures: tuple[Figure | None, ...] = ()


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """Rows under common headings: `labels` name the columns of text, `columns` those of figures."""

    name: str
    title: str
    labels: tuple[str, ...]
    columns: tuple[Column, ...] = ()
    rows: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A report about a party or the area, for whole months, as known at a log size."""

    report: str
    title: str
    who: str
    """A party, or the area's name."""
    name: str
    view: str
    gwp: str
    first_month: str
    last_month: str
    """Included."""
    size: int
    timezone: str
    rules: str
    complete: bool
    """False: there are gaps, or lines that are not estimated."""
    gaps: tuple[str, ...]
    """What is missing, one sentence each."""
    notes: tuple[str, ...]
    tables: tuple[Table, ...]

    def table(self, name: str) -> Table:
        """The table of this name, which the report has."""
        return next(table for table in self.tables if table.name == name)

    def figures(self) -> Iterable[Figure]:
        """All figures, in the order of the tables."""
        for table in self.tables:
            for row in table.rows:
                yield from (figure for figure in row.figures if figure is not None)


def mass(figure: FigureId, mass_mg: int) -> Figure:
    """A figure of milligrams."""
    return Figure(format_figure(figure), str(mass_mg), MASS)


def amount(figure: FigureId, value: Fraction, unit: str, places: int = 3) -> Figure:
    """A figure of another unit, rounded half-even to so many places: most are quotients."""
    return Figure(format_figure(figure), decimal(value, places), unit)


def known_at(size: int) -> str:
    """As of when a figure is known, in words: below 0 it is of a log that this one continues."""
    if size < 0:
        return f"as known {-size} {'entry' if size == -1 else 'entries'} before this log"
    return f"as known at size {size}"


def decimal(value: Fraction, places: int) -> str:
    """A fraction as a decimal of so many places at most, half-even, without zeros at its end."""
    text = fixed(value, places)
    return text.rstrip("0").rstrip(".") if "." in text else text


def fixed(value: Fraction, places: int) -> str:
    """The same with all of its places."""
    scaled = divide_half_even(value.numerator * 10**places, value.denominator)
    whole, part = divmod(abs(scaled), 10**places)
    sign = "-" if scaled < 0 else ""
    return f"{sign}{whole}.{part:0{places}d}" if places else f"{sign}{whole}"


def tonnes(mass_mg: int) -> str:
    """Tonnes to three places, half-even: for reading only."""
    return fixed(Fraction(divide_half_even(mass_mg, _MG_PER_KG), 1000), 3)


def about(report: Report) -> Sequence[tuple[str, str]]:
    """What stands on the first page: whose report it is, for when, how computed, what it lacks."""
    return (
        ("report", report.title),
        ("of", report.who if report.name == report.who else f"{report.name} ({report.who})"),
        ("period", f"{report.first_month} to {report.last_month}, both included"),
        ("months begin in", report.timezone),
        ("as known at log size", str(report.size)),
        ("view", report.view),
        ("global warming potentials", f"{report.gwp}, 100 years"),
        ("rule pack", report.rules),
        ("rounding", ROUNDING),
        ("complete", "yes" if report.complete else "no"),
        *(("gap", gap) for gap in report.gaps),
        *(("note", note) for note in report.notes),
    )

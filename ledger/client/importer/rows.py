"""A row becomes one reading in the ledger's own spelling, or is refused with the reason.

Rules: a quantity is plain digits with the decimal mark that the map names; leading and trailing
zeros are normalised ("3.170" is "3.17"), everything that could mean two things is refused: an
exponent, a sign, thousands separators, NaN, a unit in the cell. So is a reference that ends in what
a tool writes for a lost value, and a hash that is a counter. Nothing is rounded, except that a
number cell of a workbook has the 15 digits that a spreadsheet shows. Source: formats, section 1;
accounting rules, section 3.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

import msgspec

from ledger.carbon.events import ActivityRecorded, Quality, RegisterReading
from ledger.carbon.exact import TINY, tiny
from ledger.carbon.info import SourceInfo
from ledger.client.importer.clock import Clock, Period
from ledger.client.importer.mapfile import ImportMap
from ledger.client.importer.table import Cell, RowRefused, TableRow
from ledger.client.writer import UNSALTED
from ledger.errors import BadValue, LedgerError
from ledger.log.names import is_segment
from ledger.log.values import DECIMAL_PLACES, format_decimal

_PLAIN: Final = {
    ".": re.compile(r"(?=[0-9]|\.[0-9])([0-9]*)(?:\.([0-9]*))?"),
    ",": re.compile(r"(?=[0-9]|,[0-9])([0-9]*)(?:,([0-9]*))?"),
}
_EXPONENT = re.compile(r"[+-]?[0-9.,]+[eE][+-]?[0-9]+")
_NEGATIVE = re.compile(r"[-−(].*[0-9].*")
_GROUPED = re.compile(r"[0-9]{1,3}(?:[ .,'\u2019\u00a0\u2009\u202f_][0-9]{3})+(?:[.,][0-9]*)?")
_SIGNED = re.compile(r"\+.*[0-9]")
_WITH_UNIT = re.compile(r"[0-9.,]+\s*[^\s0-9.,].*")
_HASH = re.compile(r"[0-9a-f]{64}")
_COUNTER = re.compile(r"0{48}[0-9a-f]{16}")
"""A number filled up with zeros. No document's hash looks so: one in 2^192 would."""
_LOST = re.compile(
    r"(?:.*[^0-9A-Za-z])?(?:<NA>|#N/A|#REF!|#VALUE!|NaN|nan|None|NULL|null|undefined)"
)
"""What tools write where a value was missing, alone or at the end: `VCU-19385-NaN`."""
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SHOWN_DIGITS: Final = 15
MAX_NAME: Final = 200


class Reading(msgspec.Struct, frozen=True):
    """One row, as the event it will be; the writer draws its salt."""

    line: int
    event: ActivityRecorded
    period: Period
    tiny: int
    """The quantity in 10^-12 of its unit."""


class RowReader:
    """Turns rows of the columns of a map into readings."""

    def __init__(
        self,
        mapping: ImportMap,
        clock: Clock,
        source: SourceInfo,
        ratio: Fraction | None,
        file_sha256: str,
    ) -> None:
        """`ratio`: units of the source in one unit of the map; None where the ledger alone knows."""
        self._map = mapping
        self._clock = clock
        self._at: Final = {column: at for at, column in enumerate(mapping.columns)}
        unit = mapping.quantity.unit
        self._unit: Final = None if unit == source.unit else unit
        self._source: Final = source
        self._limits: Final = _limits(source, ratio)
        evidence = mapping.evidence
        fixed = list(evidence.sha256) if evidence else []
        if evidence and evidence.this_file:
            fixed.append(file_sha256)
        self._evidence: Final = tuple(sorted(set(fixed)))

    def read(self, row: TableRow) -> Reading | RowRefused | None:
        """The reading of a row; None for one without a quantity where the map skips those."""
        column = ""
        try:
            column = " and ".join(self._map.time_columns)
            period = self._period(row)
            column = self._map.quantity.column or ""
            if column and self._map.quantity.empty == "skip" and self._text(row, column) == "":
                return None
            column = "register" if self._map.register else column
            register, quantity = self._register(row)
            column = self._map.quantity.column or column
            if self._map.quantity.column is not None:
                quantity = self._number(row, column)
            amount = tiny(quantity)
            confirm = self._confirm(row, amount)
            column = ""
            return Reading(
                row.line,
                ActivityRecorded(
                    salt=UNSALTED,
                    period=(period.start, period.end),
                    quantity=quantity,
                    unit=self._unit,
                    factors=self._map.factors,
                    register=register,
                    reference=self._reference(row),
                    evidence=self._hashes(row),
                    quality=self._quality(row),
                    estimated=self._is_estimated(row),
                    confirm=confirm,
                ),
                period,
                amount,
            )
        except _CellRefused as refused:
            return _refused(row.line, refused.column, refused.error)
        except LedgerError as error:
            return _refused(row.line, column, error)

    # --- time ----------------------------------------------------------------------------------

    def _period(self, row: TableRow) -> Period:
        columns = self._map.time_columns
        if self._map.period is not None:
            start, end = (self._stamp(row, column) for column in columns)
            return self._clock.between(start, end)
        if len(columns) == 1:
            return self._clock.stamped(self._stamp(row, columns[0]))
        return self._clock.stamped(self._joined(row, columns))

    def _stamp(self, row: TableRow, column: str) -> str | datetime:
        cell = row.cells[self._at[column]]
        if isinstance(cell, datetime):
            return cell
        if isinstance(cell, date):
            return datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001  (the zone follows)
        if isinstance(cell, str) and cell.strip():
            return cell
        raise _CellRefused(column, BadValue("not a time", expected="a date", found=_shown(cell)))

    def _joined(self, row: TableRow, columns: tuple[str, ...]) -> str | datetime:
        """A day in one column and the time of day in another."""
        day, clock = (row.cells[self._at[column]] for column in columns)
        if isinstance(day, datetime) and isinstance(clock, datetime):
            clock = clock.time()
        if isinstance(day, datetime) and isinstance(clock, (time, timedelta)):
            if isinstance(clock, time):
                clock = timedelta(
                    hours=clock.hour, minutes=clock.minute, seconds=clock.second,
                    microseconds=clock.microsecond,
                )  # fmt: skip
            return day + clock
        if isinstance(day, str) and isinstance(clock, str):
            return f"{day.strip()} {clock.strip()}"
        raise BadValue(
            "not a day and a time",
            expected="both as text, or both as dates of a workbook",
            found=f"{_shown(day)} and {_shown(clock)}",
        )

    # --- numbers -------------------------------------------------------------------------------

    def _number(self, row: TableRow, column: str) -> str:
        cell = row.cells[self._at[column]]
        try:
            return read_number(cell, self._map.quantity.decimal)
        except BadValue as error:
            raise _CellRefused(column, error) from error

    def _register(self, row: TableRow) -> tuple[RegisterReading | None, str]:
        register = self._map.register
        if register is None:
            return None, "0"
        begins = self._number(row, register.from_column)
        ends = self._number(row, register.to_column)
        rollover = self._number(row, register.rollover_column) if register.rollover_column else "0"
        if rollover not in "0123456789":
            raise _CellRefused(
                register.rollover_column or "",
                BadValue("how often the register passed zero", expected="0 to 9", found=rollover),
            )
        meter = register.meter
        if meter is None:
            column = register.meter_column or ""
            meter = self._text(row, column).lower()
            if not is_segment(meter):
                error = BadValue("a meter's name", expected="a-z, 0-9, . _ -", found=repr(meter))
                raise _CellRefused(column, error)
        full = 10**register.digits * TINY
        turned = tiny(ends) - tiny(begins) + int(rollover) * full
        if turned < 0:
            raise _CellRefused(
                register.to_column,
                BadValue(
                    "the register runs backwards",
                    expected=f"at least {begins}",
                    found=ends,
                    advice="Name a rollover_column where it passes its highest reading.",
                ),
            )
        quantity = format_decimal(turned * tiny(register.multiplier), 2 * DECIMAL_PLACES)
        reading = RegisterReading(
            meter=meter, from_=begins, to=ends, digits=register.digits,
            multiplier=register.multiplier, rollover=int(rollover),
        )  # fmt: skip
        return reading, quantity

    # --- the rest ------------------------------------------------------------------------------

    def _text(self, row: TableRow, column: str) -> str:
        cell = row.cells[self._at[column]]
        if isinstance(cell, (int, float)) and not isinstance(cell, bool):
            return _spelled(cell)
        return "" if cell is None else str(cell).strip()

    def _name(self, row: TableRow, column: str, what: str) -> str:
        text = self._text(row, column)
        if not 1 <= len(text) <= MAX_NAME or _UNPRINTABLE.search(text):
            raise _CellRefused(
                column,
                BadValue(
                    what,
                    expected=f"1 to {MAX_NAME} characters without control characters",
                    found=repr(text[:60]),
                ),
            )
        return text

    def _reference(self, row: TableRow) -> str | None:
        one = self._map.reference
        if one is None:
            return None
        text = self._name(row, one.column, "a reference")
        if _LOST.fullmatch(text):
            error = BadValue(
                "a reference whose number was lost",
                expected="the number that stands on the document",
                found=repr(text[:60]),
                advice="The tool that wrote this table lost it: export the column as text.",
            )
            raise _CellRefused(one.column, error)
        return text

    def _quality(self, row: TableRow) -> Quality | None:
        one = self._map.quality
        if one is None or one.column is None:
            return one.value if one else None
        match self._text(row, one.column):
            case "H" | "M" | "L" as quality:
                return quality
            case "":
                return None
            case other:
                error = BadValue("data quality", expected="H, M, L or nothing", found=repr(other))
                raise _CellRefused(one.column, error)

    def _hashes(self, row: TableRow) -> tuple[str, ...]:
        one = self._map.evidence
        if one is None or one.column is None:
            return self._evidence
        found = re.split(r"[\s,;]+", self._text(row, one.column))
        for text in found:
            if text and (_COUNTER.fullmatch(text) or not _HASH.fullmatch(text)):
                error = BadValue(
                    "a document's hash",
                    expected="64 lower-case hexadecimal digits that SHA-256 gave",
                    found=text[:80],
                    advice="sha256sum FILE prints the hash of a document.",
                )
                raise _CellRefused(one.column, error)
        return tuple(sorted({*self._evidence, *filter(None, found)}))

    def _is_estimated(self, row: TableRow) -> bool:
        one = self._map.estimated
        return one is not None and self._text(row, one.column) in one.values

    def _confirm(self, row: TableRow, amount: int) -> str | None:
        """The reason for a quantity outside the plausible range, where the reading needs one."""
        limits, one = self._limits, self._map.confirm
        if limits is not None and limits[0] <= amount <= limits[1]:
            return None
        reason = one.reason if one else None
        if one is not None and one.column is not None and self._text(row, one.column):
            reason = self._name(row, one.column, "a reason")
        plausible = self._source.plausible
        if limits is not None and plausible is not None and reason is None:
            raise BadValue(
                "a quantity that is not plausible for this source",
                expected=f"{plausible[0]} to {plausible[1]} {self._source.unit}",
                found=f"{format_decimal(amount, DECIMAL_PLACES)} {self._map.quantity.unit}",
                advice="If it is right, say why: reason or column under [confirm].",
            )
        return reason


def _limits(source: SourceInfo, ratio: Fraction | None) -> tuple[Fraction, Fraction] | None:
    """The plausible range in 10^-12 of the map's unit."""
    if source.plausible is None or ratio is None:
        return None
    least, most = (Fraction(tiny(bound)) / ratio for bound in source.plausible)
    return least, most


def read_number(cell: Cell, decimal_mark: str) -> str:
    """The one spelling of a quantity in a cell; raises BadValue with advice."""
    text = _spelled(cell) if isinstance(cell, (int, float)) else cell
    if isinstance(cell, bool) or not isinstance(text, str):
        raise BadValue("not a quantity", expected="a number", found=_shown(cell))
    text = text.strip()
    mark = "." if isinstance(cell, (int, float)) else decimal_mark
    match = _PLAIN[mark].fullmatch(text)
    if match is None or not text.isascii():
        raise BadValue(
            "not a quantity",
            expected=f"digits, with {mark!r} before the fraction",
            found=repr(text[:60]) if text else "nothing",
            advice=_advice(text, mark),
        )
    fraction = (match[2] or "").rstrip("0")
    try:
        return format_decimal(int(f"0{match[1]}{fraction}"), len(fraction))
    except BadValue as error:
        raise BadValue(
            "a quantity with too many digits",
            expected="at most 18 digits before the point and 12 after it",
            found=repr(text[:60]),
            advice="Nothing is rounded in silence: round it in the file, or use a larger unit.",
        ) from error


def _advice(text: str, mark: str) -> str:
    other = "," if mark == "." else "."
    if not text:
        return 'A row without a value is skipped with empty = "skip" under [quantity].'
    if _EXPONENT.fullmatch(text):
        return "Export the column as a plain number, without an exponent."
    if _NEGATIVE.match(text):
        return "A quantity is never negative: what flows out is a source of its own, with flow out."
    if _PLAIN[other].fullmatch(text):
        return (
            f'If {other!r} is the decimal mark: decimal = "{other}" under [quantity]; '
            "if it separates thousands, export without it."
        )
    if _GROUPED.fullmatch(text):
        return "Export the column without thousands separators."
    if _SIGNED.match(text):
        return "Export the column without a sign."
    if _WITH_UNIT.fullmatch(text):
        return "The unit stands in the map, once for all rows."
    return 'Rows that hold no quantity do not belong into the table; empty ones: empty = "skip".'


def _spelled(number: float) -> str:
    """A number cell as plain digits: at most the 15 significant ones that a spreadsheet shows."""
    if isinstance(number, int):
        return str(number)
    shortest = Decimal(repr(number))
    if not shortest.is_finite():
        return str(number)
    if len(shortest.as_tuple().digits) > _SHOWN_DIGITS:
        shortest = Decimal(format(number, f".{_SHOWN_DIGITS}g"))
    return format(shortest, "f")


def _shown(cell: Cell) -> str:
    return "nothing" if cell is None or cell == "" else repr(cell)[:60]


class _CellRefused(Exception):
    """A cell of another column than the one being read."""

    def __init__(self, column: str, error: LedgerError) -> None:
        super().__init__(str(error))
        self.column = column
        self.error = error


def _refused(line: int, column: str, error: LedgerError) -> RowRefused:
    return RowRefused(
        line=line,
        column=column,
        what=error.what,
        expected=error.expected,
        found=error.found,
        advice=error.advice,
    )

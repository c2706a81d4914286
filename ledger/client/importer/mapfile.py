"""A map file says which column of a table means what, in a few lines of TOML.

    [time]                                     [quantity]
    column = "date"                            column = "Usage_kWh"
    format = "%d/%m/%Y %H:%M"                  unit = "kWh"
    marks = "end"
    interval = "PT15M"                         [batch]
                                               by = "day"

Every key is a member of a struct below, and every key stands in docs/reference/import-maps.md. What
is not a key is refused with the nearest one that is: a misspelt key would otherwise be a silent
default.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from ledger.carbon.events import FactorRef, Quality, Role
from ledger.errors import BadFile, BadValue
from ledger.log.batch import MAX_EVENTS
from ledger.log.values import HashHex, NameText, SegmentName, decimal_parts

Column = Annotated[str, Meta(min_length=1)]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class FileMap(_Table, frozen=True, kw_only=True):
    """How the file is written; what is absent is found out."""

    format: Literal["csv", "xlsx"] | None = None
    encoding: str | None = None
    delimiter: Annotated[str, Meta(min_length=1, max_length=3)] | None = None
    sheet: str | None = None
    header: Annotated[int, Meta(ge=1, le=1000)] = 1


class TimeMap(_Table, frozen=True, kw_only=True):
    """One stamp that marks the start or the end of an interval."""

    column: Column | Annotated[tuple[Column, ...], Meta(min_length=1, max_length=2)]
    format: str = "iso"
    marks: Literal["start", "end"]
    midnight: Literal["as-written", "end-of-day"] = "as-written"
    interval: str | None = None
    timezone: str | None = None


class PeriodMap(_Table, frozen=True, kw_only=True):
    """Both ends of a period in columns of their own."""

    start: Column
    end: Column
    format: str = "iso"
    end_day: Literal["excluded", "included"] = "excluded"
    timezone: str | None = None


class QuantityMap(_Table, frozen=True, kw_only=True):
    """The quantity and its unit."""

    column: Column | None = None
    unit: str
    decimal: Literal[".", ","] = "."
    empty: Literal["refuse", "skip"] = "refuse"


class ReferenceMap(_Table, frozen=True, kw_only=True):
    """The number of a bill or receipt."""

    column: Column


class QualityMap(_Table, frozen=True, kw_only=True):
    """Data quality, the same for all rows or from a column."""

    column: Column | None = None
    value: Quality | None = None


class EvidenceMap(_Table, frozen=True, kw_only=True):
    """Hashes of the documents behind a reading."""

    column: Column | None = None
    sha256: tuple[HashHex, ...] = ()
    this_file: bool = False


class EstimatedMap(_Table, frozen=True, kw_only=True):
    """Which values of a column mark an estimate."""

    column: Column
    values: Annotated[tuple[str, ...], Meta(min_length=1)]


class ConfirmMap(_Table, frozen=True, kw_only=True):
    """Why readings outside the source's plausible range are right."""

    column: Column | None = None
    reason: NameText | None = None


class RegisterMap(_Table, frozen=True, kw_only=True):
    """What a cumulative meter showed at both ends; the quantity may follow from it."""

    meter: SegmentName | None = None
    meter_column: Column | None = None
    from_column: Column
    to_column: Column
    rollover_column: Column | None = None
    digits: Annotated[int, Meta(ge=1, le=18)]
    multiplier: str = "1"


class ProfileMap(_Table, frozen=True, kw_only=True):
    """How long one profile is."""

    by: Literal["day", "month"] = "day"


class BatchMap(_Table, frozen=True, kw_only=True):
    """What becomes an event, and what is signed in one go."""

    form: Literal["readings", "profile"] = "readings"
    by: Literal["day", "month", "file"] | None = None
    size: Annotated[int, Meta(ge=1, le=MAX_EVENTS)] = MAX_EVENTS


class ImportMap(_Table, frozen=True, kw_only=True):
    """A whole map file."""

    file: FileMap = FileMap()
    time: TimeMap | None = None
    period: PeriodMap | None = None
    quantity: QuantityMap
    reference: ReferenceMap | None = None
    quality: QualityMap | None = None
    evidence: EvidenceMap | None = None
    estimated: EstimatedMap | None = None
    confirm: ConfirmMap | None = None
    factors: dict[Role, FactorRef] = {}
    register: RegisterMap | None = None
    profile: ProfileMap | None = None
    batch: BatchMap = BatchMap()

    @property
    def form(self) -> Literal["readings", "profile"]:
        """What the rows become: events of their own, or load profiles."""
        return self.batch.form

    @property
    def time_columns(self) -> tuple[str, ...]:
        """The columns of a stamp, or of both ends of a period."""
        if self.time is not None:
            column = self.time.column
            return (column,) if isinstance(column, str) else column
        if self.period is not None:
            return (self.period.start, self.period.end)
        raise AssertionError("a checked map has [time] or [period]")

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that the map names, each once."""
        register = self.register
        wanted = [
            *self.time_columns,
            self.quantity.column,
            *(one.column for one in (self.reference, self.quality, self.evidence) if one),
            *(one.column for one in (self.estimated, self.confirm) if one),
        ]
        if register is not None:
            wanted += [register.meter_column, register.from_column, register.to_column]
            wanted.append(register.rollover_column)
        return tuple(dict.fromkeys(name for name in wanted if name is not None))


TABLES: Final = {
    "file": FileMap,
    "time": TimeMap,
    "period": PeriodMap,
    "quantity": QuantityMap,
    "reference": ReferenceMap,
    "quality": QualityMap,
    "evidence": EvidenceMap,
    "estimated": EstimatedMap,
    "confirm": ConfirmMap,
    "register": RegisterMap,
    "profile": ProfileMap,
    "batch": BatchMap,
}
"""The struct of each table but `factors`, whose keys are the roles of factors."""

_UNKNOWN = re.compile(r"unknown field `(?P<key>[^`]*)`(?: - at `\$\.(?P<table>[a-z]+)`)?")
_MISSING = re.compile(r"missing required field `(?P<key>[^`]*)`(?: - at `\$\.(?P<table>[a-z]+)`)?")
_PAGE: Final = "All keys stand in docs/reference/import-maps.md"


def read_map(path: Path) -> ImportMap:
    """The map in a file; raises BadFile."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(f"the map {path} cannot be read", found=str(error)) from error
    return parse_map(text, str(path))


def parse_map(text: str, name: str = "map") -> ImportMap:
    """The map of a TOML text; raises BadFile, which names the key."""
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadFile(f"{name} is not TOML", found=str(error)) from error
    try:
        found = msgspec.convert(value, ImportMap, strict=True)
    except msgspec.ValidationError as error:
        raise _explain(name, str(error)) from error
    _check(name, found)
    return found


def _explain(name: str, text: str) -> BadFile:
    if match := _UNKNOWN.search(text):
        table, key = match["table"], match["key"]
        keys = keys_of(table if table in TABLES else None)
        return BadFile(
            f"{name}: {_key(table, key)} is no key of a map",
            expected=", ".join(keys),
            found=key,
            advice=_nearest(key, keys),
        )
    if match := _MISSING.search(text):
        return BadFile(
            f"{name}: {_key(match['table'], match['key'])} is missing",
            expected=f"a value for {match['key']}",
            advice=_PAGE,
        )
    return BadFile(f"{name} does not fit a map", found=text, advice=_PAGE)


def _nearest(key: str, keys: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(key, keys, n=1)
    if near:
        return f"Did you mean {near[0]}?"
    elsewhere = [f"[{table}]" for table in TABLES if key in keys_of(table)]
    return f"It is a key of {' and '.join(elsewhere)}." if elsewhere else _PAGE


def keys_of(table: str | None) -> tuple[str, ...]:
    """The keys of a table, or those of the top level for None."""
    kind = ImportMap if table is None else TABLES[table]
    return kind.__struct_fields__


def _key(table: str | None, key: str) -> str:
    if table is None:
        return f"[{key}]" if key in TABLES else key
    return f"{key} in [{table}]"


def _check(name: str, found: ImportMap) -> None:
    """Refuse what contradicts itself."""

    def refuse(what: str, expected: str, advice: str = "") -> BadFile:
        return BadFile(f"{name}: {what}", expected=expected, advice=advice or _PAGE)

    time, quantity, register = found.time, found.quantity, found.register
    if (time is None) == (found.period is None):
        raise refuse("when each reading was", "exactly one of [time] and [period]")
    if time is not None and time.midnight == "end-of-day" and time.marks == "start":
        raise refuse("midnight in [time]", 'end-of-day only where marks = "end"')
    if quantity.column is None and register is None:
        raise refuse("column in [quantity] is missing", "a column, or a [register]")
    if register is not None:
        if (register.meter is None) == (register.meter_column is None):
            raise refuse("meter in [register]", "exactly one of meter and meter_column")
        _check_multiplier(name, register.multiplier)
    for table, one in (("quality", found.quality), ("confirm", found.confirm)):
        if one is not None:
            fixed = one.value if isinstance(one, QualityMap) else one.reason
            if (one.column is None) == (fixed is None):
                raise refuse(f"[{table}]", "exactly one of its two keys")
    evidence = found.evidence
    if evidence and not (evidence.column or evidence.sha256 or evidence.this_file):
        raise refuse("[evidence]", "column, sha256 or this_file")
    if found.form == "profile":
        _check_profile(name, found)
    elif found.profile is not None:
        raise refuse("[profile]", 'form = "profile" in [batch]')


def _check_profile(name: str, found: ImportMap) -> None:
    by_row = {
        "reference": found.reference,
        "register": found.register,
        "quality.column": found.quality and found.quality.column,
        "evidence.column": found.evidence and found.evidence.column,
        "confirm.column": found.confirm and found.confirm.column,
    }
    for key, value in by_row.items():
        if value is not None:
            raise BadFile(
                f"{name}: {key} in a profile",
                expected="what holds for all of its readings",
                advice='A profile says it once for all; use form = "readings" in [batch].',
            )


def _check_multiplier(name: str, text: str) -> None:
    try:
        coefficient, _ = decimal_parts(text)
    except BadValue as error:
        raise BadFile(f"{name}: multiplier in [register]", found=str(error)) from error
    if coefficient <= 0:
        raise BadFile(f"{name}: multiplier in [register]", expected="above 0", found=text)

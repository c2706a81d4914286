"""Anybody's table of factors, by a map that says which column means what, in a few lines of TOML.

    [document]                               [columns]
    title = "Factors of our suppliers"       id = "code"
    number = "2026-03"                       unit = "per"
                                             year = "year"
    [factor]
    activity = "purchased.goods"             [gases]
    kind = "supplier"                        CO2e_AR6 = "kg CO2e"
    region = "CN"
    valid = ["2026-01-01", "2027-01-01"]     [properties]
                                             ncv_gj_per_t = "NCV"

A member is either the same for all rows, in `[factor]`, or from a column, in `[columns]`; a column
wins where its cell is not empty. A gas or property whose cell is empty is absent. A cell with the
spelling of an alias (`度`, `HFC32`) is read as the unit or gas that it means.
"""

from __future__ import annotations

import tomllib
from typing import Final

import msgspec

from ledger.carbon.events import Document, FactorPublished
from ledger.carbon.exact import number_of
from ledger.carbon.rulepack import RulePack
from ledger.carbon.tables.outcome import (
    FIRST_LINE,
    Found,
    Names,
    Outcome,
    RefusedRow,
    Told,
    rows_of,
)
from ledger.carbon.tables.value import Unusable, decimal
from ledger.errors import BadFile, LedgerError

MEMBERS: Final = (
    "id", "version", "activity", "unit", "kind", "region", "year", "valid_from", "valid_until",
)  # fmt: skip

IN_FORM: Final = "0" * 32
"""A salt for the check; the event keeps the one that it was given."""


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class DocumentMap(_Table, frozen=True, kw_only=True):
    """The document that the table is; its hash is that of the file."""

    title: str
    number: str | None = None


class MemberMap(_Table, frozen=True, kw_only=True):
    """Members of a factor: values in `[factor]`, names of columns in `[columns]`."""

    id: str | None = None
    version: str | None = None
    activity: str | None = None
    unit: str | None = None
    kind: str | None = None
    region: str | None = None
    year: str | int | None = None
    valid: tuple[str, str] | None = None
    valid_from: str | None = None
    valid_until: str | None = None
    uncertainty_percent: str | None = None


class TableMap(_Table, frozen=True, kw_only=True):
    """A whole map."""

    document: DocumentMap
    columns: MemberMap
    gases: dict[str, str]
    factor: MemberMap = MemberMap()
    properties: dict[str, str] = {}


def read_map(text: str) -> TableMap:
    """The map of a TOML text. Raises BadFile that names the key."""
    try:
        found = msgspec.convert(tomllib.loads(text), TableMap)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BadFile(
            "not a map of a table of factors",
            expected="[document], [columns], [gases] and, as needed, [factor] and [properties]",
            found=str(error),
            advice="docs/reference/factors.md shows one.",
        ) from error
    if found.columns.valid is not None:
        raise BadFile(
            "map of a table of factors",
            expected="valid_from and valid_until in [columns]",
            found="valid",
        )
    return found


def read(
    text: str, map_: TableMap, pack: RulePack, salt: str, sha256: str, *, told: Told | None = None
) -> Outcome:
    """A factor for each row. `sha256` is that of the file."""
    columns = {
        name: str(column)
        for name in (*MEMBERS, "uncertainty_percent")
        if (column := getattr(map_.columns, name)) is not None
    }
    rows = rows_of(text, (*columns.values(), *map_.gases.values(), *map_.properties.values()))
    found: list[Found] = []
    refused: list[RefusedRow] = []
    names = Names()
    for line, row in enumerate(rows, start=FIRST_LINE):
        try:
            event = _factor(row, columns, map_, pack, salt, sha256)
            names.take(event, line)
            found.append(Found(event, (line,)))
        except Unusable as reason:
            refused.append(RefusedRow(line, _label(row), str(reason)))
        except (LedgerError, msgspec.ValidationError) as error:
            refused.append(RefusedRow(line, _label(row), str(error)))
        if told:
            told(line - 1, len(rows))
    return Outcome(len(rows), tuple(found), tuple(refused)).check()


def _factor(
    row: dict[str, str],
    columns: dict[str, str],
    map_: TableMap,
    pack: RulePack,
    salt: str,
    sha256: str,
) -> FactorPublished:
    members: dict[str, str] = {}
    if map_.factor.valid is not None:
        members["valid_from"], members["valid_until"] = map_.factor.valid
    for name in MEMBERS:
        given = getattr(map_.factor, name)
        cell = row[columns[name]].strip() if name in columns else ""
        if cell or given is not None:
            members[name] = cell or str(given)
        if name not in members:
            raise Unusable(f"no {name}: give it in [factor] or in a column")
    if not members["year"].isdigit():
        raise Unusable(f"year {members['year']!r}")
    unit = pack.unit_aliases.get(members["unit"], members["unit"])
    uncertainty = row[columns["uncertainty_percent"]] if "uncertainty_percent" in columns else ""
    event = FactorPublished(
        salt=salt,
        id=members["id"],
        version=members["version"],
        activity=pack.activity(members["activity"]).activity,
        unit=pack.unit(unit).unit,
        kind=pack.factor_kind(members["kind"]).kind,
        region=members["region"],
        year=int(members["year"]),
        valid=(members["valid_from"], members["valid_until"]),
        gases_kg_per_unit={
            pack.gas(pack.gas_aliases.get(gas, gas)).gas: number_of(decimal(row[column]))
            for gas, column in map_.gases.items()
            if row[column].strip()
        },
        properties={
            name: number_of(decimal(row[column]))
            for name, column in map_.properties.items()
            if row[column].strip()
        },
        uncertainty_percent=uncertainty.strip() or map_.factor.uncertainty_percent,
        source=Document(title=map_.document.title, number=map_.document.number, sha256=sha256),
    )
    if not event.gases_kg_per_unit:
        raise Unusable("no gas: every column of [gases] is empty")
    # Read again as the ledger will, so that a name or day out of form is told here and now.
    read_back = {**msgspec.to_builtins(event), "salt": IN_FORM}
    checked = msgspec.convert(read_back, FactorPublished)
    return msgspec.structs.replace(checked, salt=salt)


def _label(row: dict[str, str]) -> str:
    return " / ".join(value for value in list(row.values())[:4] if value)

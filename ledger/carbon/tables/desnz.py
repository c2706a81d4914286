"""The UK government's conversion factors (DESNZ) as factors, one for the rows that belong together.

- "kg CO2e of CH4" is no kilogram of methane: it is divided by the potential that the table was made
  with, that of AR5, as a fraction. Of N2O the same.
- Where a thing has rows per gas they are taken and its total is refused; else the total, as CO2e.
- "Outside of scopes" is CO2_bio. It goes to the fuel that it is about, beside that one's other gases.
- Products that leak stand twice; of gases and blends the "Kyoto" row is taken, and of the gases of
  the Montreal Protocol the other one. A pure gas whose number is its potential is one kilogram of
  that gas, so that another set of potentials can be applied to it.

Source: accounting rules, section 3 (importing DESNZ) and worked case 8.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

import msgspec

from ledger.carbon.events import Document, FactorPublished
from ledger.carbon.exact import number_of
from ledger.carbon.rulepack import RulePack
from ledger.carbon.tables import desnz_names as names
from ledger.carbon.tables.desnz_names import Row
from ledger.carbon.tables.outcome import FIRST_LINE, Found, Outcome, RefusedRow, Told, rows_of
from ledger.carbon.tables.value import Unusable, decimal

GWP: Final = "AR5"
"""The set that the table's CO2e of methane and nitrous oxide was made with."""
TITLE: Final = "UK Government conversion factors for company reporting 2023, DESNZ"
VALUE: Final = "GHG Conversion Factor 2023"
COLUMNS: Final = (
    "id", "id_original", "Level 1", "Level 2", "Level 3", "Level 4", "Column Text", "UOM",
    "GHG/Unit", VALUE, "valid_from", "valid_to", "region",
)  # fmt: skip
TOTAL, CO2, CH4, N2O = "kg CO2e", "kg CO2e of CO2", "kg CO2e of CH4", "kg CO2e of N2O"
IN_PARTS: Final = "a total whose gases stand in rows of their own, which are taken"
OUTSIDE: Final = "Outside of scopes"
PRODUCTS: Final = "Refrigerant & other"
KYOTO: Final = "Emissions including only Kyoto products"
MONTREAL: Final = "Emissions including only non-Kyoto products"
BIOGENIC_OF: Final = ("Bioenergy", "Fuels", "UK electricity")
"""Whose factors take the CO2_bio of the same name and unit, the first of them."""


class Line(msgspec.Struct, frozen=True):
    """A row and the line it stands in."""

    line: int
    row: Row


Group = list[Line]
"""The rows of one thing in one unit: its total, and its gases where they are told apart."""


def read(
    text: str,
    pack: RulePack,
    salt: str,
    sha256: str,
    *,
    until: str | None = None,
    told: Told | None = None,
) -> Outcome:
    """All factors of the table. `sha256` is that of the file; `until` widens its days to another."""
    rows = rows_of(text, COLUMNS)
    groups: dict[str, Group] = defaultdict(list)
    for line, row in enumerate(rows, start=FIRST_LINE):
        groups[row["id_original"].rpartition("_")[0]].append(Line(line, row))
    biogenic = _biogenic(groups)
    found: list[Found] = []
    refused: list[RefusedRow] = []
    done = 0
    for key, group in groups.items():
        done += len(group)
        if group[0].row["Level 1"] == OUTSIDE:
            continue
        beside = biogenic.pop(_thing(group[0].row), []) if _takes_biogenic(group) else []
        try:
            used, gases, left = _gases(group, beside, pack)
            event = _factor(key, used, gases, pack, salt, sha256, until)
            found.append(Found(event, tuple(sorted(one.line for one in used))))
            refused += [RefusedRow(one.line, _name(one.row), why) for one, why in left]
        except Unusable as reason:
            refused += [RefusedRow(o.line, _name(o.row), str(reason)) for o in (*group, *beside)]
        if told:
            told(done, len(rows))
    for group in biogenic.values():
        refused += [RefusedRow(o.line, _name(o.row), _homeless(o.row)) for o in group]
    refused.sort(key=lambda one: one.line)
    return Outcome(len(rows), tuple(found), tuple(refused)).check()


def _biogenic(groups: dict[str, Group]) -> dict[tuple[str, str], Group]:
    """The rows outside of scopes, by what they are about and its unit."""
    found: dict[tuple[str, str], Group] = defaultdict(list)
    for group in groups.values():
        for one in group:
            if one.row["Level 1"] == OUTSIDE:
                found[_thing(one.row)].append(one)
    return found


def _takes_biogenic(group: Group) -> bool:
    return group[0].row["Level 1"] in BIOGENIC_OF


def _thing(row: Row) -> tuple[str, str]:
    """What a row is about, and its unit as it is written: kWh of a calorific value are named so."""
    return row["Level 3"].casefold(), f"{row['UOM'].strip()} {row['Column Text']}".strip()


def _homeless(row: Row) -> str:
    if row["UOM"].strip() == "kilowatt hour":
        return "kWh of a fuel, neither of its net nor of its gross calorific value"
    return "CO2_bio of a thing that no factor of the table is about"


def _gases(
    group: Group, beside: Group, pack: RulePack
) -> tuple[Group, dict[str, Fraction], list[tuple[Line, str]]]:
    """(rows that are used, kg of each gas per unit, rows that are left out and why)."""
    if group[0].row["Level 1"] == PRODUCTS:
        return _product(group, pack)
    by_measure = {one.row["GHG/Unit"]: one for one in group}
    unknown = set(by_measure) - {TOTAL, CO2, CH4, N2O}
    if unknown or len(by_measure) != len(group):
        raise Unusable(f"rows of one thing that are not its total and its gases: {unknown or ''}")
    left: list[tuple[Line, str]] = []
    if CO2 in by_measure:
        methane = "CH4_bio" if group[0].row["Level 1"] == "Bioenergy" else "CH4_fossil"
        parts = {CO2: "CO2", CH4: methane, N2O: "N2O"}
        used = [one for one in group if one.row["GHG/Unit"] != TOTAL]
        gases = {
            parts[one.row["GHG/Unit"]]: _mass(one.row, parts[one.row["GHG/Unit"]], pack)
            for one in used
        }
        left = [(one, IN_PARTS) for one in group if one not in used]
    else:
        used, gases = list(group), {f"CO2e_{GWP}": decimal(group[0].row[VALUE])}
    if not any(gases.values()):
        raise Unusable(
            "no emission at all; what drives a battery vehicle is recorded as electricity"
        )
    for one in beside:
        gases["CO2_bio"] = decimal(one.row[VALUE])
    return [*used, *beside], gases, left


def _mass(row: Row, gas: str, pack: RulePack) -> Fraction:
    """Kilograms of a gas, from its kilograms of CO2e."""
    return decimal(row[VALUE]) / Fraction(pack.gwp[GWP].values[gas])


def _product(
    group: Group, pack: RulePack
) -> tuple[Group, dict[str, Fraction], list[tuple[Line, str]]]:
    """A gas or blend that leaks: every one of its rows is a group of its own in the table."""
    row = group[0].row
    text, value = row["Column Text"], decimal(row[VALUE])
    if row["Level 2"] == "Blends":
        if text != KYOTO:
            raise Unusable("a blend, of which the row with only Kyoto products is taken")
        return list(group), {f"CO2e_{GWP}": value}, []
    gas = names.gas_of(row, pack)
    wanted = MONTREAL if pack.gas(gas).kind == "memo" else KYOTO
    if text != wanted:
        raise Unusable(f"stands twice: the row {wanted!r} is taken")
    potential = pack.gwp[GWP].values.get(gas)
    if potential is None or Fraction(potential) != value:
        raise Unusable(f"{row[VALUE]}, where {GWP} has {potential or 'none'} for {gas}")
    return list(group), {gas: Fraction(1)}, []


def _factor(
    key: str,
    used: Group,
    gases: dict[str, Fraction],
    pack: RulePack,
    salt: str,
    sha256: str,
    until: str | None,
) -> FactorPublished:
    row = used[0].row
    activity, kind = names.meaning(row)
    if row["Level 1"] == PRODUCTS:
        activity = names.leak_of(next(iter(gases)))
    unit = names.unit_of(row, pack)
    if pack.unit(unit).dimension not in pack.activity(activity).dimensions:
        raise Unusable(f"{activity} is not counted in {unit}")
    first, last = row["valid_from"][:10], date.fromisoformat(row["valid_to"][:10])
    return FactorPublished(
        salt=salt,
        id=f"desnz-{key}",
        version=first[:4],
        activity=activity,
        unit=unit,
        kind=kind,
        region=names.region_of(row),
        year=int(first[:4]),
        valid=(first, until or (last + timedelta(days=1)).isoformat()),
        gases_kg_per_unit={gas: number_of(value) for gas, value in sorted(gases.items())},
        source=Document(
            title=f"{TITLE}: {_name(row)}"[:200],
            number="ids " + ", ".join(_ids(used)),
            sha256=sha256,
        ),
    )


def _ids(used: Group) -> Iterator[str]:
    for one in used:
        yield one.row["id"]


def _name(row: Row) -> str:
    """What a row is called: its headings, column and unit."""
    parts = (row["Level 1"], row["Level 2"], row["Level 3"], row["Level 4"], row["Column Text"])
    return " / ".join(part for part in (*parts, row["UOM"].strip()) if part)

"""China's electricity factors as a table: averages of country, regional grids and provinces, and more.

Columns: data_year, level, code, name, kind, value, unit, notice, published. A regional grid has no
code in ISO 3166 and gets the rule pack's. A value in CO2e whose GWP set the table does not name is
refused unless the caller names it: an equivalent of no set can be added to nothing. Whoever
publishes says until when a year's factor may be used; a later year's data replaces it sooner.
Source: accounting rules, section 3.
"""

from __future__ import annotations

from typing import Final

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

COLUMNS: Final = (
    "data_year", "level", "code", "name", "kind", "value", "unit", "notice", "published",
)  # fmt: skip
KINDS: Final = {
    "average": ("grid-average", "grid"),
    "average_excl_market_traded_nonfossil": ("residual-mix", "residual"),
    "fossil_only": ("fossil-only", "fossil"),
    "lifecycle_carbon_footprint_factor": ("lifecycle", "lifecycle"),
}
UNITS: Final = {"kgCO2/kWh": "CO2", "kgCO2e/kWh": "CO2e"}
YEARS_ALLOWED: Final = 5
"""From the first day of the data's year, where the publisher names no other day."""


def read(
    text: str,
    pack: RulePack,
    salt: str,
    sha256: str,
    *,
    gwp: str | None = None,
    until: str | None = None,
    told: Told | None = None,
) -> Outcome:
    """A factor for each row. `sha256` is that of the file; `until` the day after the last allowed."""
    rows = rows_of(text, COLUMNS)
    found: list[Found] = []
    refused: list[RefusedRow] = []
    names = Names()
    for line, row in enumerate(rows, start=FIRST_LINE):
        try:
            event = _factor(row, pack, salt, sha256, gwp, until)
            names.take(event, line)
            found.append(Found(event, (line,)))
        except Unusable as reason:
            label = " ".join((row["data_year"], row["name"], row["kind"]))
            refused.append(RefusedRow(line, label, str(reason)))
        if told:
            told(line - 1, len(rows))
    return Outcome(len(rows), tuple(found), tuple(refused)).check()


def _factor(
    row: dict[str, str], pack: RulePack, salt: str, sha256: str, gwp: str | None, until: str | None
) -> FactorPublished:
    kind, prefix = KINDS.get(row["kind"], ("", ""))
    if not kind:
        raise Unusable(f"kind {row['kind']!r}: known are {', '.join(KINDS)}")
    gas = UNITS.get(row["unit"])
    if gas is None:
        raise Unusable(f"unit {row['unit']!r}: known are {', '.join(UNITS)}")
    if gas == "CO2e":
        gas = f"CO2e_{gwp}"
        if gas not in pack.gases:
            raise Unusable("CO2e whose GWP set the table does not name: say it with --gwp")
    if not row["data_year"].isdigit() or len(row["data_year"]) != 4:
        raise Unusable(f"data year {row['data_year']!r}")
    year = int(row["data_year"])
    region = _region(row, pack)
    return FactorPublished(
        salt=salt,
        id=f"{prefix}-{region.lower()}",
        version=row["data_year"],
        activity="electricity.purchased",
        unit="kWh",
        kind=kind,
        region=region,
        year=year,
        valid=(f"{year}-01-01", until or f"{year + YEARS_ALLOWED}-01-01"),
        gases_kg_per_unit={gas: number_of(decimal(row["value"]))},
        source=Document(
            title=f"Electricity factors of China, data of {year}, {row['name']}, "
            f"published {row['published']}",
            number=row["notice"] or None,
            sha256=sha256,
        ),
    )


def _region(row: dict[str, str], pack: RulePack) -> str:
    if row["code"]:
        return row["code"]
    for one in pack.regions.values():
        if row["name"] in one.aliases:
            return one.region
    raise Unusable(f"region {row['name']!r} without a code, and none in the rule pack")

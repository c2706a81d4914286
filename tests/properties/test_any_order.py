"""Whatever the order of posting, the split into batches and the engine that adds: the same milligrams.

A park of several parties, with meters, sub-meters, receipts, a balance group, profiles, corrections
and factors that come late, is said in one order and again in another. The totals of both are
compared with fractions computed here, and with what DuckDB adds up over the exported rows, with rules
of its own written in SQL. Source: accounting rules, section 1 (any engine in any order).
"""

from __future__ import annotations

import csv
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path
from random import Random

import duckdb
import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.carbon import rulepack
from ledger.carbon.events import FactorAssigned
from ledger.carbon.footprint import company_footprint
from ledger.log.values import format_decimal
from tests.unit.world import World, body, profile, reading, salt

START = datetime(2025, 12, 1, tzinfo=timezone(timedelta(hours=8)))
NEW_YEAR = START + timedelta(days=31)
SLOTS = 60
PERIOD = ("2025-12", "2026-01")
PACK = rulepack.load(rulepack.CURRENT_VERSION)

GRID = {"CO2": Fraction("0.5827")}
LATE_GRID = {"CO2": Fraction("0.333333333333")}
GAS = {
    "CO2": Fraction("2.165"),
    "CH4_fossil": Fraction("0.000000038"),
    "N2O": Fraction("0.0000038"),
}
BLEND = {"HFC-32": Fraction("0.5"), "HFC-125": Fraction("0.5"), "HCFC-22": Fraction("0.01")}
WOOD = {"CO2_bio": Fraction("1.83"), "CH4_bio": Fraction("0.00047")}


@dataclass(frozen=True)
class Stream:
    """What a stream of the park is, and in which role its factor counts."""

    unit: str
    factor: str
    gases: dict[str, Fraction]
    scope: int
    activity: str
    kind: str = "continuous"
    flow: str = "in"
    balance_group: str | None = None
    part_of: str | None = None

    @property
    def role(self) -> str:
        return "direct" if self.scope == 1 else "location"


PARK: dict[str, Stream] = {
    "acme/plant/power": Stream("kWh", "grid", GRID, 2, "electricity.purchased"),
    "acme/plant/hall": Stream(
        "kWh", "grid", GRID, 2, "electricity.purchased", part_of="acme/plant/power"
    ),
    "acme/plant/gas": Stream("m3", "gas", GAS, 1, "fuel.natural-gas"),
    "acme/plant/wood": Stream("kg", "wood", WOOD, 1, "fuel.biomass"),
    "acme/plant/came": Stream(
        "kg", "blend", BLEND, 1, "fugitive.refrigerant", "discrete", "in", "stock"
    ),
    "acme/plant/went": Stream(
        "kg", "blend", BLEND, 1, "fugitive.refrigerant", "discrete", "out", "stock"
    ),
    "beta/works/power": Stream("MWh", "grid", GRID, 2, "electricity.purchased"),
    "town/hall/power": Stream("kWh", "grid", GRID, 2, "electricity.purchased"),
}
LATE = "beta/works/power"
"""This stream's factor of the new year comes late."""


@dataclass(frozen=True)
class Said:
    """A quantity of a stream over one of the days from the start on; corrected later, or not."""

    stream: str
    slot: int
    quantity: str
    corrected: str | None
    as_profile: bool

    @property
    def counts(self) -> str:
        return self.quantity if self.corrected is None else self.corrected


quantities = st.integers(0, 10**13).map(lambda number: format_decimal(number, 9))
said = st.lists(
    st.builds(
        Said,
        st.sampled_from(sorted(PARK)),
        st.integers(0, SLOTS - 1),
        quantities,
        st.none() | quantities,
        st.booleans(),
    ),
    min_size=1,
    max_size=24,
    unique_by=lambda one: (one.stream, one.slot),
)


def park() -> World:
    world = World()
    for party, role in (("acme", "company"), ("beta", "company"), ("town", "public-body")):
        world.party(party, role)
    for name, gases, made in (
        ("grid", GRID, {}),
        ("late", LATE_GRID, {}),
        ("gas", GAS, {"activity": "fuel.natural-gas", "unit": "m3", "kind": "combustion"}),
        ("wood", WOOD, {"activity": "fuel.biomass", "unit": "kg", "kind": "combustion"}),
        ("blend", BLEND, {"activity": "fugitive.refrigerant", "unit": "kg", "kind": "fugitive"}),
    ):
        numbers = {gas: format_decimal(int(kg * 10**12), 12) for gas, kg in gases.items()}
        world.factor(name, **made, gases_kg_per_unit=numbers)
    for stream, one in PARK.items():
        members: dict[str, object] = {"activity": one.activity, "unit": one.unit}
        members |= {"scope": one.scope, "kind": one.kind, one.role: f"operator/{one.factor}@1"}
        if one.flow != "in":
            members["flow"] = one.flow
        if one.balance_group:
            members["balance_group"] = one.balance_group
        if one.part_of:
            members["part_of"] = one.part_of
        world.source(stream, site=stream.split("/")[1], **members)
    return world


def time_of(slot: int) -> str:
    return (START + timedelta(days=slot)).isoformat()


def event_of(one: Said) -> msgspec.Struct:
    if one.as_profile:
        return profile(time_of(one.slot), 86_400, [one.quantity])
    return reading(time_of(one.slot), "P1D", one.quantity)


def late_factor() -> FactorAssigned:
    return FactorAssigned(
        salt=salt(),
        source=LATE,
        role="location",
        factor="operator/late@1",
        from_=NEW_YEAR.isoformat(),
        reason="published late",
    )


def tell(order: Sequence[Said], cuts: Random | None = None, late_at: int = 0) -> World:
    """Say all of it in this order; neighbours of one stream share a batch unless they are cut."""
    world = park()
    names: dict[Said, str] = {}
    counts: dict[str, int] = defaultdict(int)
    batch: list[Said] = []

    def post() -> None:
        if batch:
            stream = batch[0].stream
            world.post(stream.partition("/")[0], stream, [event_of(one) for one in batch])
            for one in batch:
                counts[stream] += 1
                names[one] = f"{stream}@{counts[stream]}"
            batch.clear()

    for at, one in enumerate(order):
        if at == late_at % len(order):
            post()
            world.post("beta", "beta/register", [late_factor()])
        if batch and (batch[0].stream != one.stream or cuts is None or cuts.random() < 0.5):
            post()
        batch.append(one)
    post()
    for one in order:
        if one.corrected is not None and not one.as_profile:
            world.correct(names[one], body(time_of(one.slot), "P1D", one.corrected))
    return world


def by_hand(everything: Sequence[Said]) -> dict[tuple[str, str, str, str], int]:
    """Milligrams by stream, month, role and gas: each event rounded once, and added."""
    sums: dict[tuple[str, str, str, str], int] = defaultdict(int)
    for one in everything:
        stream = PARK[one.stream]
        day = START + timedelta(days=one.slot)
        gases = LATE_GRID if one.stream == LATE and day >= NEW_YEAR else stream.gases
        per_unit = 1000 if stream.unit == "MWh" else 1
        quantity = one.quantity if one.as_profile else one.counts
        for gas, kg in gases.items():
            mass = Fraction(quantity) * per_unit * kg * 10**6
            sums[one.stream, f"{day:%Y-%m}", stream.role, gas] += round(mass)
    return {key: mass_mg for key, mass_mg in sums.items() if mass_mg}


def masses(world: World) -> dict[tuple[str, str, str, str], int]:
    sums: dict[tuple[str, str, str, str], int] = defaultdict(int)
    for key, row in world.rows().items():
        if key[0] == "mass":
            _, stream, _, month, role, gas = key
            sums[stream, month, role, gas] += row[0]
    return {key: mass_mg for key, mass_mg in sums.items() if mass_mg}


@settings(max_examples=max(25, settings().max_examples // 4), deadline=None)
@given(said, st.randoms(use_true_random=False), st.integers(0, 100), st.integers(0, 100))
def test_any_order_and_any_split_of_a_whole_park_gives_the_sums_of_fractions(
    everything: list[Said], chance: Random, late_at: int, other_late_at: int
):
    one = tell(everything, None, late_at)
    shuffled = list(everything)
    chance.shuffle(shuffled)
    other = tell(shuffled, chance, other_late_at)
    assert masses(one) == masses(other) == by_hand(everything)
    assert one.rows() == other.rows()


# --- another engine ------------------------------------------------------------------------------

# Text stays text, an empty one too; 128 bits hold what 64 may not.
TABLES = {
    "deltas": "CREATE TABLE deltas AS SELECT * REPLACE (CAST(mass_mg AS HUGEINT) AS mass_mg) "
    "FROM read_csv(?, header = true, all_varchar = true, nullstr = 'none')",
    "lines": "CREATE TABLE lines AS SELECT * REPLACE (CAST(scope AS INTEGER) AS scope) "
    "FROM read_csv(?, header = true, all_varchar = true, nullstr = 'none')",
    "gases": "CREATE TABLE gases AS SELECT * "
    "FROM read_csv(?, header = true, all_varchar = true, nullstr = 'none')",
}
TOTALS = """
WITH signed AS (
    SELECT party, scope, balance_group, part_of, flow, role, gas, kind_of_gas,
        CASE WHEN balance_group = '' OR flow IN ('in', 'opening') THEN mass_mg ELSE -mass_mg END AS mg
    FROM deltas JOIN lines USING (stream, line) JOIN gases USING (gas)
), below_zero AS (
    SELECT DISTINCT party, balance_group, role FROM (
        SELECT party, balance_group, role, gas, sum(mg) AS net FROM signed
        WHERE balance_group <> '' AND part_of = '' GROUP BY ALL
    ) WHERE net < 0
)
SELECT party, CASE kind_of_gas WHEN 'ghg' THEN 'total' ELSE kind_of_gas END AS place, gas, sum(mg)
FROM signed ANTI JOIN below_zero USING (party, balance_group, role)
WHERE part_of = '' AND (flow = 'in' OR balance_group <> '')
    AND ((scope = 1 AND role = 'direct') OR (scope = 2 AND role = 'location'))
GROUP BY ALL HAVING sum(mg) <> 0
"""


def export(world: World, folder: Path) -> None:
    """One row for each entry and read-model row, as they came: nothing is added up here."""

    def write(name: str, header: str, rows: Iterator[Sequence[object]]) -> None:
        with (folder / name).open("w", newline="") as file:
            csv.writer(file).writerows([header.split(), *rows])

    write(
        "deltas.csv",
        "entry stream line month role gas mass_mg",
        (
            (logged.index, *key, row[0])
            for logged in world.log
            for key, row in logged.rows.masses.items()
        ),
    )
    write(
        "lines.csv",
        "stream line party scope balance_group part_of flow",
        (
            (x.stream, x.line, x.party, x.scope, x.balance_group or "", x.part_of or "", x.flow)
            for x in world.lines
        ),
    )
    write("gases.csv", "gas kind_of_gas", ((gas.gas, gas.kind) for gas in PACK.gases.values()))


def added_by_duckdb(folder: Path) -> dict[tuple[str, str, str], int]:
    with duckdb.connect() as engine:
        for table in ("deltas", "lines", "gases"):
            engine.execute(TABLES[table], [str(folder / f"{table}.csv")])
        found = engine.execute(TOTALS).fetchall()
    return {(party, place, gas): int(mg) for party, place, gas, mg in found}


def footprints(world: World) -> dict[tuple[str, str, str], int]:
    """The same figures from the product."""
    figures = {}
    for party in ("acme", "beta", "town"):
        known = world.known(PERIOD[0], "2026-02", party=party)
        found = company_footprint(
            PACK, party, PERIOD, known.size, known.masses, known.activity, known.timezone
        )
        for place, figure in (
            ("total", found.total),
            ("biogenic", found.biogenic),
            ("memo", found.memo),
        ):
            for gas, mass_mg in figure.mass_mg.items():
                figures[party, place, gas] = int(mass_mg)
    return figures


@settings(max_examples=max(15, settings().max_examples // 8), deadline=None)
@given(said, st.randoms(use_true_random=False))
def test_duckdb_adds_the_exported_rows_up_to_the_same_milligrams(
    everything: list[Said], chance: Random
):
    world = tell(everything, chance)
    with tempfile.TemporaryDirectory() as folder:
        export(world, Path(folder))
        assert added_by_duckdb(Path(folder)) == footprints(world)


def test_duckdb_sees_a_group_below_zero_and_a_sub_meter_as_the_product_does():
    everything = [
        Said("acme/plant/came", 3, "10", None, as_profile=False),
        Said("acme/plant/went", 4, "12", None, as_profile=False),
        Said("acme/plant/power", 0, "1000", "900", as_profile=False),
        Said("acme/plant/hall", 0, "700", None, as_profile=False),
        Said("acme/plant/wood", 9, "100", None, as_profile=True),
        Said("beta/works/power", 40, "3", None, as_profile=False),
    ]
    world = tell(everything)
    with tempfile.TemporaryDirectory() as folder:
        export(world, Path(folder))
        found = added_by_duckdb(Path(folder))
    assert found == footprints(world)
    assert found == {
        ("acme", "total", "CO2"): 524_430_000,
        ("acme", "total", "CH4_bio"): 47_000,
        ("acme", "biogenic", "CO2_bio"): 183_000_000,
        ("beta", "total", "CO2"): 1_000_000_000,
    }

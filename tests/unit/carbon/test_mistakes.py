"""Mistakes that others made, each shown to be refused here or to be impossible.

Source: accounting rules, section 10. The issuing of tokens and credits is not built yet; what this
ledger has of two sides that must both agree stands here in its place.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest

from ledger.carbon import rulepack
from ledger.carbon.area.passing import passed_on
from ledger.carbon.events import Document, FactorPublished
from ledger.carbon.gwp import co2e
from ledger.carbon.pieces import FACTOR
from ledger.carbon.progress.indicators import park_indicators
from ledger.client.importer.mapfile import parse_map
from ledger.client.importer.run import ImportResult, import_file
from ledger.client.outbox import Outbox
from ledger.client.writer import Writer
from ledger.errors import BadValue, LedgerError, RuleBroken
from ledger.log import batch
from ledger.log.canonical import encode_struct
from ledger.log.event import event_leaf
from ledger.log.hashes import ZEROS_HEX
from tests.unit.carbon.area.park import worked_park
from tests.unit.client.memory import DIESEL, STEEL, STREAM, MemoryConnection
from tests.unit.world import LOG, World, factor, key_of, reading, source

POWER = "acme/plant/power"
T0 = "2026-03-01T00:00:00+08:00"
PACK = rulepack.load(rulepack.CURRENT_VERSION)


@pytest.fixture
def world() -> World:
    world = World()
    world.party("acme")
    world.factor("grid", CO2="0.5827")
    world.source(POWER, location="operator/grid@1", plausible=("0", "200000"))
    return world


# --- a total five times too small after an import that overwrote instead of adding -----------------

METERS = """
[time]
column = "time"
format = "%Y-%m-%d %H:%M"
marks = "start"
interval = "PT15M"
[quantity]
column = "kWh"
unit = "kWh"
"""
RECEIPTS = """
[period]
start = "from"
end = "to"
[quantity]
column = "kWh"
unit = "kWh"
[reference]
column = "number"
[evidence]
column = "document"
"""


@dataclass
class Office:
    """Who imports files, one after the other."""

    connection: MemoryConnection
    folder: Path

    def bring(self, text: str, stream: str, mapping: str) -> ImportResult:
        file = self.folder / "table.csv"
        file.write_text(text)
        writer = Writer(self.connection, STEEL, "steelworks", Outbox(self.folder / "home"))
        work = import_file(
            self.connection, writer, stream, file, parse_map(mapping), tolerate="any"
        )
        return asyncio.run(work)

    @property
    def tiny_units(self) -> int:
        """All that was recorded, in 10^-12 of its unit."""
        return sum(row[0] for rows in self.connection.rows for row in rows.activity.values())


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(MemoryConnection(), tmp_path)


def test_five_files_of_one_meter_add_up_whatever_their_rows_are_called(office: Office):
    # The same line numbers, the same quantities: nothing but the time tells the files apart.
    for day in range(1, 6):
        hours = "".join(f"2018-03-0{day} {hour:02d}:00,10\n" for hour in range(24))
        office.bring("time,kWh\n" + hours, STREAM, METERS)
    assert office.tiny_units == 5 * 24 * 10 * 10**12


def test_five_files_of_receipts_add_up_and_the_same_file_twice_does_not(office: Office):
    for number in range(1, 6):
        row = f"2018-03-01,2018-03-02,100,R-{number},\n"
        for _ in range(2):
            office.bring("from,to,kWh,number,document\n" + row, DIESEL, RECEIPTS)
    assert office.tiny_units == 5 * 100 * 10**12


def test_entries_that_change_the_same_row_of_a_read_model_are_added(world: World):
    for hour in range(5):
        start = f"2026-03-01T{hour:02d}:00:00+08:00"
        world.post("acme", POWER, [reading(start, "PT1H", "1000")])
    keys = {key for logged in world.log for key in logged.rows.masses}
    assert len(keys) == 1  # one stream, line, month, role and gas
    assert world.total() == 5 * 582_700_000


def test_events_of_one_entry_that_change_the_same_row_are_added_too(world: World):
    starts = [f"2026-03-01T{hour:02d}:00:00+08:00" for hour in range(5)]
    posted = world.post("acme", POWER, [reading(start, "PT1H", "1000") for start in starts])
    assert [row[0] for row in posted.rows.masses.values()] == [5 * 582_700_000]
    assert [row[:2] for row in posted.rows.activity.values()] == [[5_000 * 10**12, 5]]


# --- a changed GWP set that recalculated stored values, or was silently not applied ----------------


@pytest.fixture
def cooled(world: World) -> World:
    leak = {"activity": "fugitive.refrigerant", "unit": "kg"}
    blend = {"HFC-32": "0.5", "HFC-125": "0.5"}
    world.factor("r-410a", **leak, kind="fugitive", gases_kg_per_unit=blend)
    world.source("acme/plant/leak", **leak, scope=1, kind="discrete", direct="operator/r-410a@1")
    world.post("acme", "acme/plant/leak", [reading(T0, "P1D", "12.5")])
    return world


def by_gas(world: World) -> dict[str, int]:
    return {gas: world.total(gas) for (_, _, gas) in world.masses()}


def test_another_gwp_set_changes_the_view_and_no_stored_mass(cooled: World):
    stored, log = cooled.rows(), [logged.jws for logged in cooled.log]
    shown = {gwp: co2e(PACK, gwp, by_gas(cooled)).mg for gwp in ("AR4", "AR5", "AR6")}
    assert shown == {"AR4": 26_093_750_000, "AR5": 24_043_750_000, "AR6": 28_193_750_000}
    assert cooled.rows() == stored
    assert [logged.jws for logged in cooled.log] == log
    assert not [gas for gas in by_gas(cooled) if gas.startswith("CO2e")]


def test_a_gwp_set_that_is_not_known_is_refused_and_not_left_out(cooled: World):
    for name in ("AR7", "ar5", "SAR", ""):
        with pytest.raises(BadValue, match="unknown GWP set"):
            co2e(PACK, name, by_gas(cooled))


def test_what_a_set_has_no_potential_for_and_what_is_of_another_set_is_named():
    found = co2e(PACK, "AR4", {"CO2": 5, "HFC-41": 7, "CO2e_AR5": 11, "CO2e_AR4": 13})
    assert (found.mg, found.without, found.apart) == (18, {"HFC-41": 7}, {"CO2e_AR5": 11})


# --- a grid factor quoted from a notice in which no such value stands ------------------------------


def test_a_factor_without_a_document_cannot_be_written():
    without = msgspec.json.decode(encode_struct(factor("grid")))
    del without["source"]
    with pytest.raises(LedgerError):
        _post_line(World(), "operator/factors", FactorPublished, without)


def test_a_factor_says_whether_its_document_is_at_hand_or_known_by_title_only(world: World):
    notice = Document(title="Notice 2025-47", number="2025-47", sha256="ab" * 32)
    world.factor("checked", source=notice)
    kept = {ref: world.state.get(FACTOR, ref) for ref in ("operator/checked@1", "operator/grid@1")}
    assert {ref: piece and piece.sha256 for ref, piece in kept.items()} == {
        "operator/checked@1": "ab" * 32,
        "operator/grid@1": None,
    }


def test_a_company_cannot_quote_a_grid_factor_at_all(world: World):
    with pytest.raises(RuleBroken, match="a party with the role factor-publisher"):
        world.factor("grid", "acme", CO2="0.1")


def test_a_value_that_turns_out_wrong_is_a_new_version_and_the_old_one_stays(world: World):
    world.post("acme", POWER, [reading(T0, "P31D", "1000")])
    with pytest.raises(LedgerError, match="published already"):
        world.factor("grid", CO2="0.5703")
    world.factor("grid", version="2", CO2="0.5703")
    assert world.total() == 582_700_000


# --- g for kg, t for kg, kWh for MWh ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "unit"),
    [("100000", "MWh"), ("100000000", "kWh"), ("100", "GWh"), ("10000", "10^4kWh")],
)
def test_a_bill_in_the_wrong_unit_leaves_the_plausible_range(
    world: World, quantity: str, unit: str
):
    """100 000 kWh are plausible: a thousand times as much, in any spelling, is not."""
    right = None if unit == "kWh" else unit
    with pytest.raises(RuleBroken, match="give the reason in confirm"):
        world.post("acme", POWER, [reading(T0, "P31D", quantity, unit=right)])
    world.post("acme", POWER, [reading(T0, "P31D", "100000")])
    assert world.total() == 58_270_000_000


@pytest.mark.parametrize(
    ("unit", "advice"),
    [
        ("kwh", "kWh"),
        ("KWH", "kWh"),
        ("Mwh", ""),
        ("万kWh", "10^4kWh"),
        ("ton", ""),
        ("T", ""),
        ("degrees", ""),
        ("", ""),
    ],
)
def test_a_unit_has_one_spelling_and_nothing_is_guessed(world: World, unit: str, advice: str):
    with pytest.raises(BadValue) as refused:
        world.post("acme", POWER, [reading(T0, "P31D", "1", unit=unit)])
    if advice:
        assert f"It is written {advice} here." in str(refused.value.advice)


def test_grams_of_a_gas_are_not_taken_for_kilograms(world: World):
    leak = {"activity": "fugitive.sf6", "unit": "kg"}
    world.factor("sf6", **leak, kind="fugitive", SF6="1")
    world.source(
        "acme/plant/switchgear",
        **leak,
        scope=1,
        kind="discrete",
        direct="operator/sf6@1",
        plausible=("0", "5"),
    )
    with pytest.raises(RuleBroken, match="0 to 5 kg, found 250 kg"):
        world.post("acme", "acme/plant/switchgear", [reading(T0, "P1D", "250")])
    world.post("acme", "acme/plant/switchgear", [reading(T0, "P1D", "250", unit="g")])
    assert world.total("SF6") == 250_000


def test_a_factor_per_megawatt_hour_is_no_factor_per_kilowatt_hour(world: World):
    per_mwh = world.factor("per-mwh", unit="MWh", CO2="582.7")
    world.source("acme/plant/other", location=per_mwh)
    for stream in (POWER, "acme/plant/other"):
        world.post("acme", stream, [reading(T0, "P31D", "1000")])
    assert world.total() == 2 * 582_700_000


# --- the park indicator per unit of money ----------------------------------------------------------


def test_energy_is_counted_in_coal_equivalent_and_no_money_converts_into_it():
    assert PACK.ratio("tce", "GJ") == Fraction("29.3076")
    for money in (unit for unit in PACK.units.values() if unit.dimension == "currency"):
        with pytest.raises(BadValue, match="another dimension"):
            PACK.ratio(money.unit, "tce")


def test_no_amount_of_money_changes_the_parks_indicator():
    park = worked_park()
    poor = park_indicators(park.known("2026-01", "2027-01"), PACK)
    assert (poor.energy_tce, poor.t_per_tce) == ("7428.797108463", "2.391897")
    for party in ("a", "b", "c"):
        park.fact(party, "value-added", "2026", "5000000000", "CNY@2025")
    rich = park_indicators(park.known("2026-01", "2027-01"), PACK)
    assert (rich.energy_tce, rich.t_per_tce) == (poor.energy_tce, poor.t_per_tce)


# --- a "hash" column that is a counter -------------------------------------------------------------


@pytest.mark.parametrize("counter", ["1", "00042", "0x2a", "A" * 64, "g" * 64, "1" * 63])
def test_evidence_that_is_a_number_is_no_hash(world: World, counter: str):
    with pytest.raises(LedgerError):
        world.post("acme", POWER, [reading(T0, "P31D", "1", evidence=(counter,))])


def test_a_counter_filled_up_with_zeros_is_no_hash_of_a_document(office: Office):
    rows = "".join(f"2018-03-01,2018-03-02,100,R-{n},{n:064x}\n" for n in range(1, 4))
    result = office.bring("from,to,kWh,number,document\n" + rows, DIESEL, RECEIPTS)
    assert [(one.line, one.column) for one in result.refused] == [
        (2, "document"),
        (3, "document"),
        (4, "document"),
    ]
    assert "that SHA-256 gave" in str(result.refused[0].expected)
    assert office.tiny_units == 0


def test_the_ledgers_own_hashes_follow_from_what_they_stand_for(world: World):
    posted = [
        world.post("acme", POWER, [reading(f"2026-03-0{day}T00:00:00+08:00", "P1D", "1")])
        for day in (1, 2, 3)
    ]
    previous = ZEROS_HEX
    for at, logged in enumerate(posted):
        again = event_leaf(logged.lines[0], previous, POWER, "ActivityRecorded", at + 1)
        assert again == logged.leaves[0]
        previous = again.hex()
    assert len({logged.leaves[0] for logged in posted}) == 3


# --- a serial ending in NaN ------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["VCU-19385-NaN", "nan", "R-None", "GS/1463953-null", "#N/A"])
def test_a_reference_whose_number_was_lost_is_refused_where_the_table_is_read(
    office: Office, number: str
):
    row = f"2018-03-01,2018-03-02,100,{number},\n"
    result = office.bring("from,to,kWh,number,document\n" + row, DIESEL, RECEIPTS)
    (refused,) = result.refused
    assert (refused.column, refused.what) == ("number", "a reference whose number was lost")


@pytest.mark.parametrize("number", ["Hannan", "NaN-1", "HENAN", "R-1", "Finance"])
def test_a_reference_that_only_looks_like_it_is_taken(office: Office, number: str):
    row = f"2018-03-01,2018-03-02,100,{number},\n"
    result = office.bring("from,to,kWh,number,document\n" + row, DIESEL, RECEIPTS)
    assert (result.refused_count, result.events_posted) == (0, 1)


def test_a_reference_that_two_receipts_share_is_refused_even_so(world: World):
    world.source("acme/plant/fuel", activity="fuel.diesel", unit="L", scope=1, kind="discrete")
    shared = [reading(T0, "P1D", str(n), reference="VCU-19385-NaN") for n in (1, 2)]
    with pytest.raises(LedgerError, match="a reference that was not used yet"):
        world.post("acme", "acme/plant/fuel", shared)


@pytest.mark.parametrize("cell", ["NaN", "nan", "", "inf", "#N/A", "None", "1e5"])
def test_a_cell_that_is_no_quantity_is_no_reading(office: Office, cell: str):
    result = office.bring(f"time,kWh\n2018-03-01 00:00,{cell}\n", STREAM, METERS)
    assert [one.column for one in result.refused] == ["kWh"]
    assert office.tiny_units == 0


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-1", "1E2", ""])
def test_no_number_of_an_event_is_nan(world: World, number: str):
    for event, stream in (
        (reading(T0, "P31D", number), POWER),
        (source("acme/plant/x", plausible=("0", number)), "acme/register"),
        (source("acme/plant/x", uncertainty_percent=number), "acme/register"),
    ):
        with pytest.raises(LedgerError):
            world.post("acme", stream, [event])
    with pytest.raises(LedgerError):
        world.factor("x", CO2=number)


# --- two approvals needed, tokens issued after one -------------------------------------------------


def test_what_one_side_says_of_a_transfer_takes_nothing_off_anybody(world: World):
    world.party("tenant")
    world.source("tenant/shop/power", site="shop", location="operator/grid@1")
    world.post("acme", POWER, [reading(T0, "P31D", "1000")])
    world.post("tenant", "tenant/shop/power", [reading(T0, "P31D", "300")])
    sent = world.transfer(POWER, "tenant", "2026-03", "300", "kWh", kind="pass-through")
    alone = passed_on(world.known("2026-01", "2027-01"))
    assert alone.lowered == {}
    assert [(one.event, one.acknowledged) for one in alone.open] == [(sent, None)]
    world.acknowledge(sent, "tenant/shop/power", "300", "kWh")
    both = passed_on(world.known("2026-01", "2027-01"))
    assert list(both.lowered.values()) == [174_810_000]
    assert both.open == []


def test_a_party_does_not_give_the_other_sides_consent(world: World):
    world.party("tenant")
    world.source("tenant/shop/power", site="shop", location="operator/grid@1")
    world.source("acme/shop/power", site="shop", location="operator/grid@1")
    sent = world.transfer(POWER, "tenant", "2026-03", "300", "kWh", kind="pass-through")
    with pytest.raises(LedgerError):
        world.acknowledge(sent, "acme/shop/power", "300", "kWh")


def _post_line(
    world: World, stream: str, kind: type[msgspec.Struct], members: dict[str, object]
) -> None:
    line = msgspec.json.encode(members, order="sorted")
    version, leaf = world.heads.get(stream, (0, ZEROS_HEX))
    named = [(kind.__name__, line)]
    world.submit(
        batch.build(
            key_of("operator"), LOG, stream, version + 1, leaf, named, None, "2026-11-22T06:00:00Z"
        )
    )

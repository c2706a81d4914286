"""A real file: the quarter-hours of a steel plant's year, each day's 00:00 row last in its day."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ledger.client.importer.mapfile import parse_map
from ledger.client.importer.result import ImportResult
from ledger.client.importer.run import import_file
from ledger.client.outbox import Outbox
from ledger.client.writer import Writer
from tests.unit.client.memory import STEEL, STREAM, MemoryConnection

FILE = "data/meters/steel_industry_15min_2018.csv"
MAP = """
[time]
column = "date"
format = "%d/%m/%Y %H:%M"
marks = "end"              # the stamp ends its interval
midnight = "end-of-day"    # a 00:00 row stands last in its day and means 24:00
interval = "PT15M"
[quantity]
column = "Usage_kWh"
unit = "kWh"
[batch]
by = "day"
"""


@pytest.fixture(scope="module")
def imported(shared: Path, tmp_path_factory: pytest.TempPathFactory):
    connection = MemoryConnection()
    folder = tmp_path_factory.mktemp("steel")
    writer = Writer(connection, STEEL, "steelworks", Outbox(folder))
    result = asyncio.run(import_file(connection, writer, STREAM, shared / FILE, parse_map(MAP)))
    return connection, result


def test_the_file_is_the_year_of_the_plant(imported: tuple[MemoryConnection, ImportResult]):
    _, result = imported
    assert (result.rows, result.readings, result.refused_count) == (35_040, 35_040, 0)
    assert (result.quantity, result.unit) == ("959640.31", "kWh")
    assert result.first_start == "2018-01-01T00:00:00+08:00"
    assert result.last_end == "2019-01-01T00:00:00+08:00"


def test_it_is_posted_in_one_batch_a_day(imported: tuple[MemoryConnection, ImportResult]):
    connection, result = imported
    assert (result.batches, result.events_posted, result.skipped) == (365, 35_040, 0)
    counts = {e.signed.statement.count for e in connection.entries[-365:]}
    assert counts == {96}


def test_the_mass_is_that_of_the_worked_case(imported: tuple[MemoryConnection, ImportResult]):
    connection, _ = imported
    assert connection.mass_mg() == 559_182_408_637

"""Partitions of the log: whole tiles, made ahead, never changed once the log has passed them."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from ledger.log import tiles
from ledger.log.hashes import Hash
from ledger.store import log_store
from ledger.store.database import Connection
from ledger.store.log_store import PARTITIONS_AHEAD, ensure_partitions
from ledger.store.queries import query
from tests.store.conftest import Runner

SIZE = 2**22
"""Entries of one partition."""
PARTITIONS = 3
EVENTS = 100


@pytest.fixture
def three(as_owner: Runner) -> None:
    """A log in its third partition, with a few entries around each border, made up."""

    async def make_up(conn: Connection) -> None:
        assert await ensure_partitions(conn, (PARTITIONS - 1) * SIZE) == 2 * (PARTITIONS - 1)
        indexes = [
            index
            for border in (0, SIZE, 2 * SIZE)
            for index in range(border - 300, border + 300)
            if index >= 0
        ]
        await conn.execute(
            "INSERT INTO ledger.log_entries (index, stream, first, count, first_notification, types,"
            " jws) SELECT i, 'acme/m' || i %% 7, i * %s + 1, %s, i * %s + 1, ARRAY['Said'],"
            " convert_to('eyJ' || i, 'UTF8') FROM unnest(%s::bigint[]) AS i",
            (EVENTS, EVENTS, EVENTS, indexes),
        )
        await conn.execute(
            "INSERT INTO ledger.entry_events SELECT i, '{}'::bytea FROM unnest(%s::bigint[]) AS i",
            (indexes,),
        )
        size = indexes[-1] + 1
        await conn.execute(
            "UPDATE ledger.log_head SET size = %s, next_notification = %s, edge = %b",
            (size, size * EVENTS + 1, b"".join([Hash(bytes(32))] * size.bit_count())),
        )
        await conn.execute("ANALYZE ledger.log_entries, ledger.entry_events")

    as_owner(make_up)


def test_a_partition_holds_whole_tiles_and_is_made_half_of_one_ahead():
    assert SIZE % tiles.WIDTH**2 == 0
    assert SIZE == 2 * PARTITIONS_AHEAD


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("role", ["ledger_server", "ledger_owner"])
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger.{table} SET index = index",
        "UPDATE ledger.{partition} SET index = index",
        "UPDATE ledger.{table} SET index = index + 4194304 WHERE index = 0",
        "DELETE FROM ledger.{table} WHERE index = 0",
        "DELETE FROM ledger.{partition}",
        "TRUNCATE ledger.{partition}",
    ],
)
def test_a_sealed_partition_refuses_any_change(
    as_server: Runner, as_owner: Runner, role: str, change: str
):
    async def work(conn: Connection) -> None:
        for table in ("log_entries", "entry_events"):
            for number in range(PARTITIONS - 1):
                statement = change.format(table=table, partition=f"{table}_{number:06}")
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    await conn.execute(statement.encode())

    (as_server if role == "ledger_server" else as_owner)(work)


@pytest.mark.usefixtures("three")
def test_no_second_row_enters_a_sealed_partition_at_an_index_that_it_has(as_owner: Runner):
    async def work(conn: Connection) -> None:
        for table in ("log_entries", "entry_events"):
            with pytest.raises(psycopg.errors.UniqueViolation):
                await conn.execute(
                    f"INSERT INTO ledger.{table} SELECT * FROM ledger.{table}"  # noqa: S608
                    " WHERE index = 4194303".encode()
                )

    as_owner(work)


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE ledger.log_entries DETACH PARTITION ledger.log_entries_000000",
        "DROP TABLE ledger.entry_events_000000",
        "ALTER TABLE ledger.log_entries_000000 DISABLE TRIGGER append_only",
        "INSERT INTO ledger.entry_events_000000 VALUES (7, 'x')",
    ],
)
def test_the_serving_role_cannot_take_a_sealed_partition_away(as_server: Runner, statement: str):
    async def work(conn: Connection) -> None:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await conn.execute(statement.encode())

    as_server(work)


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("index", [0, SIZE - 1, SIZE, 2 * SIZE - 1, 2 * SIZE, 2 * SIZE + 299])
def test_an_event_is_found_on_both_sides_of_a_border(as_server: Runner, index: int):
    async def work(conn: Connection) -> None:
        stream, version = f"acme/m{index % 7}", index * EVENTS + 50
        place = await log_store.find_entry(conn, stream, version)
        assert place == log_store.EventPlace(index, 49)
        assert await log_store.find_notification(conn, version) == index
        assert (await log_store.entry(conn, index)).jws == b"eyJ%d" % index

    as_server(work)


@pytest.mark.usefixtures("three")
def test_a_stream_is_read_across_a_border(as_server: Runner):
    async def work(conn: Connection) -> None:
        first = (SIZE - 20) * EVENTS
        found = [e.index async for e in log_store.stream_entries(conn, "acme/m0", first=first)]
        assert found == sorted(found)
        assert found[:4] == [i for i in range(SIZE - 20, SIZE + 20) if i % 7 == 0][:4]
        assert found[-1] > 2 * SIZE
        run = [e.index async for e in log_store.entries(conn, SIZE - 10, 20)]
        assert run == list(range(SIZE - 10, SIZE + 10))

    as_server(work)


LOOKUPS: dict[str, tuple[str, dict[str, Any], int]] = {
    "entry": ("entry", {"index": SIZE + 5}, 2),
    "jws": ("jws", {"index": SIZE + 5}, 1),
    "entries": ("entries", {"first": SIZE + 5, "until": SIZE + 9}, 2),
    "leaf hashes": ("leaf_hashes", {"first": SIZE + 5, "until": SIZE + 9}, 1),
    # By name or notification, the index of each partition is asked: so they are few.
    "event": ("find", {"stream": "acme/m1", "version": 700}, PARTITIONS),
    "notification": ("find_notification", {"notification": 700}, PARTITIONS),
}


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("lookup", LOOKUPS)
def test_a_lookup_asks_no_more_partitions_than_it_must_and_scans_none(
    as_server: Runner, lookup: str
):
    name, values, most = LOOKUPS[lookup]

    async def explain(conn: Connection) -> list[str]:
        statement = b"EXPLAIN " + query("log", name).as_bytes(conn)
        rows = await (await conn.execute(statement, values)).fetchall()
        return [line for (line,) in rows]

    plan = as_server(explain)
    scans = [line for line in plan if "Scan" in line and " on " in line and "Subquery" not in line]
    assert 1 <= len(scans) <= most, "\n".join(plan)
    assert not [line for line in scans if "Seq Scan" in line], "\n".join(plan)

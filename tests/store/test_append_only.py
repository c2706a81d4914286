"""What is logged is never changed: not by the serving role, not by the owner, on no partition."""

from __future__ import annotations

import psycopg
import pytest

from ledger.store.database import Connection
from ledger.store.log_store import append_entries, ensure_partitions, lock, read_head
from tests.store.batches import Streams
from tests.store.conftest import Runner

APPEND_ONLY = (
    "log_entries",
    "entry_events",
    "log_entries_000000",
    "entry_events_000000",
    "log_tiles",
    "checkpoints",
    "cosignatures",
    "source_lines",
    "mass_delta",
    "activity_delta",
    "quality_delta",
    "redactions",
    "earlier_logs",
    "schema_migrations",
)
CHANGES = {
    "UPDATE": "UPDATE ledger.{table} SET {column} = {column}",
    "UPDATE of no row": "UPDATE ledger.{table} SET {column} = {column} WHERE false",
    "DELETE": "DELETE FROM ledger.{table}",
    "TRUNCATE": "TRUNCATE ledger.{table} CASCADE",
}


async def refused(conn: Connection, table: str, change: str) -> None:
    column = await (
        await conn.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum = 1",
            (f"ledger.{table}",),
        )
    ).fetchone()
    assert column is not None
    statement = CHANGES[change].format(table=table, column=column[0])
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await conn.execute(statement.encode())


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("role", ["ledger_server", "ledger_owner"])
def test_no_append_only_table_can_be_changed(
    as_server: Runner, as_owner: Runner, role: str, change: str
):
    async def work(conn: Connection) -> None:
        for table in APPEND_ONLY:
            await refused(conn, table, change)

    (as_server if role == "ledger_server" else as_owner)(work)


def test_replica_mode_does_not_switch_the_refusal_off(as_owner: Runner):
    async def work(conn: Connection) -> None:
        await conn.execute("SET session_replication_role = replica")
        for table in APPEND_ONLY:
            await refused(conn, table, "DELETE")

    as_owner(work)


def test_a_partition_that_is_made_later_refuses_changes_too(as_server: Runner, as_owner: Runner):
    async def make(conn: Connection) -> int:
        return await ensure_partitions(conn, 2**22)

    async def work(conn: Connection) -> None:
        for table in ("log_entries_000001", "entry_events_000001"):
            for change in CHANGES:
                await refused(conn, table, change)

    assert as_server(make) == 2
    assert as_server(make) == 0
    as_owner(work)


def test_partitions_are_made_only_a_little_ahead(as_server: Runner):
    async def work(conn: Connection) -> None:
        with pytest.raises(psycopg.errors.InvalidParameterValue):
            await ensure_partitions(conn, 2**40)

    as_server(work)


def test_every_table_is_either_append_only_or_known_to_change(as_owner: Runner):
    async def work(conn: Connection) -> None:
        rows = await (
            await conn.execute(
                "SELECT c.relname, EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid"
                "  AND t.tgname = 'append_only' AND t.tgenabled = 'A' AND t.tgtype = 58)"
                " FROM pg_class c WHERE relnamespace = 'ledger'::regnamespace"
                " AND relkind IN ('r', 'p')"
            )
        ).fetchall()
        assert {name for name, guarded in rows if guarded} == set(APPEND_ONLY)
        assert {name for name, guarded in rows if not guarded} == {
            "log_head",
            "stream_heads",
            "state_view",
            "mass_total",
            "activity_total",
            "quality_total",
        }

    as_owner(work)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO ledger.log_head VALUES (true, 0, sha256(''), '', 1)",
        "DELETE FROM ledger.log_head",
        "DELETE FROM ledger.stream_heads",
        "UPDATE ledger.stream_heads SET stream = 'other'",
        "UPDATE ledger.mass_total SET month = '2018-01'",
        "DELETE FROM ledger.mass_total",
        "UPDATE ledger.state_view SET key = 'other'",
        "TRUNCATE ledger.state_view",
        "INSERT INTO ledger.schema_migrations VALUES (99, 'x', 'y')",
        "CREATE TABLE ledger.mine (x int)",
        "DROP TABLE ledger.log_entries",
        "ALTER TABLE ledger.log_entries DISABLE TRIGGER ALL",
        "SELECT ledger.make_append_only('ledger.log_head')",
        "INSERT INTO ledger.log_entries_000000 (index) VALUES (0)",
        "SET session_replication_role = replica",
    ],
)
def test_the_serving_role_has_no_other_right(as_server: Runner, statement: str):
    async def work(conn: Connection) -> None:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await conn.execute(statement.encode())

    as_server(work)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("index", "-1"),
        ("stream", "''"),
        ("stream", "repeat('a', 201)"),
        ("first", "0"),
        ("count", "0"),
        ("count", "10001"),
        ("first_notification", "0"),
        ("types", "ARRAY['A', 'B', 'C', 'D']"),
        ("types", "ARRAY[]::text[]"),
        ("types", "ARRAY[NULL]::text[]"),
        ("jws", "'unsigned'::bytea"),
        ("jws", "''::bytea"),
        ("jws", "convert_to('eyJ' || repeat('a', 8190), 'UTF8')"),
    ],
)
def test_an_entry_out_of_form_is_refused_by_the_table(as_server: Runner, column: str, value: str):
    columns = {
        "index": "0",
        "stream": "'acme/meter'",
        "first": "1",
        "count": "3",
        "first_notification": "1",
        "types": "ARRAY['Said']",
        "jws": "'eyJ'::bytea",
    }
    insert = "INSERT INTO ledger.log_entries ({}) VALUES ({})"

    async def work(conn: Connection) -> None:
        async with conn.transaction(force_rollback=True):
            await conn.execute(
                insert.format(",".join(columns), ",".join(columns.values())).encode()
            )
        wrong = columns | {column: value}
        with pytest.raises(psycopg.errors.IntegrityError):
            await conn.execute(insert.format(",".join(wrong), ",".join(wrong.values())).encode())

    as_server(work)


def test_the_next_partition_is_there_long_before_the_log_comes_to_it(
    as_server: Runner, as_owner: Runner
):
    # A log that stands half a partition before the border, made up below the surface.
    size = 2**21 - 1

    async def make_up(conn: Connection) -> None:
        await conn.execute(
            "INSERT INTO ledger.log_entries (index, stream, first, count, first_notification, types,"
            " jws) SELECT i, 'acme/old', i, 1, i + 1, ARRAY['Said'], 'eyJ'"
            " FROM generate_series(%s::bigint, %s) AS i",
            (size - 255, size - 1),
        )
        await conn.execute(
            "INSERT INTO ledger.log_tiles SELECT level, number, sha256(''), repeat('x', 8192)::bytea"
            " FROM (SELECT 0 AS level, number FROM generate_series(7936, 8190) AS number"
            " UNION ALL SELECT 1, number FROM generate_series(0, 30) AS number) AS tile"
        )
        await conn.execute(
            "UPDATE ledger.log_head SET size = %s, next_notification = %s, edge = %b",
            (size, size + 1, bytes(32 * size.bit_count())),
        )

    async def work(conn: Connection) -> None:
        async with conn.transaction():
            await lock(conn)
            await append_entries(
                conn, await read_head(conn), [Streams().batch("acme/a"), Streams().batch("acme/b")]
            )
        insert = "INSERT INTO ledger.entry_events (index, packed) VALUES (%s, %s)"
        await conn.execute(insert, (2**22, b"{}\n"))
        with pytest.raises(psycopg.errors.CheckViolation, match="no partition"):
            await conn.execute(insert, (2**23, b"{}\n"))

    as_owner(make_up)
    as_server(work)

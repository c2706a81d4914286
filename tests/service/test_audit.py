"""Audit finds any change of any stored byte and says where, and finds nothing where nothing is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import sql

from ledger.carbon.events import FactorAssigned
from ledger.service import Ledger, Settings, open_ledger
from ledger.service.audit import AuditReport
from ledger.store.packing import pack, unpack
from tests.service.conftest import Place
from tests.service.test_proving import prepared
from tests.workload import COMPANY, Workload, salt, stream

# Where the report must point for a change in a table.
PLACES = {
    "log_entries": "entry ",
    "entry_events": "entry ",
    "log_tiles": "tile ",
    "log_head": "log_head",
    "stream_heads": "head of stream ",
    "checkpoints": "checkpoint of size ",
    "state_view": "state_view ",
    "source_lines": "source_lines ",
    "mass_delta": "mass_delta ",
    "mass_total": "mass_total ",
    "activity_delta": "activity_delta ",
    "activity_total": "activity_total ",
    "quality_delta": "quality_delta ",
    "quality_total": "quality_total ",
    "schema_migrations": "schema_migrations",
}
UNSEEN = {("schema_migrations", "applied_at")}
"""When a migration was applied is nobody's claim."""


async def enough_for_a_tile(ledger: Ledger, workload: Workload) -> None:
    await prepared(ledger, workload)
    bodies = [workload.batch(number % 20, 1) for number in range(20, 280)]
    await asyncio.gather(*(ledger.post(body) for body in bodies))


def audit(settings: Settings) -> AuditReport:
    async def opened() -> AuditReport:
        async with open_ledger(settings, writing=False) as ledger:
            return await ledger.audit()

    return asyncio.run(opened())


def test_an_untouched_ledger_is_whole(place: Place):
    place.run(enough_for_a_tile)
    report = audit(place.settings)
    assert report.ok, report.damages[:5]
    assert report.signatures == report.size
    assert report.tiles == 1
    assert report.events == sum(report.types.values())


def test_audit_sees_a_change_of_any_column_and_names_the_place(place: Place):
    place.run(prepared)
    assert changes_unseen(place, set(PLACES) - {"log_tiles"}) == ([], [])


def test_audit_sees_a_change_of_a_tile(place: Place):
    place.run(enough_for_a_tile)
    assert changes_unseen(place, {"log_tiles"}) == ([], [])


def changes_unseen(place: Place, tables: set[str]) -> tuple[list[object], list[object]]:
    """Changes that audit did not see, and those that it named by another place."""
    unseen: list[object] = []
    wrong_place: list[object] = []

    async def audited() -> None:
        async with open_ledger(place.settings, writing=False) as ledger:
            with psycopg.connect(place.settings.database_url or "", autocommit=True) as conn:
                disarm(conn)
                for table, column, statement in changes(conn, tables):
                    with restored(conn, table):
                        try:
                            if conn.execute(statement).rowcount == 0:
                                continue  # nothing stands in this cell
                        except psycopg.IntegrityError:
                            continue  # the database itself does not let it stand
                        report = await ledger.audit()
                        if report.ok:
                            unseen.append((table, column))
                        elif not any(d.place.startswith(PLACES[table]) for d in report.damages):
                            wrong_place.append((table, column, report.damages[:3]))
            assert (await ledger.audit()).ok

    asyncio.run(audited())
    return unseen, wrong_place


def disarm(conn: psycopg.Connection[tuple[object, ...]]) -> None:
    """What the owner of a cluster can do: take the triggers and keys away."""
    rows = conn.execute(
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
        "WHERE nspname = 'ledger' AND relkind IN ('r', 'p')"
    ).fetchall()
    for (table,) in rows:
        conn.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL".encode())


def changes(
    conn: psycopg.Connection[tuple[object, ...]], tables: set[str]
) -> Iterator[tuple[str, str, sql.Composed]]:
    """(table, column, change): first and last row, each column, first and last byte."""
    for table in sorted(tables):
        columns = conn.execute(
            "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute "
            "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
            (f"ledger.{table}",),
        ).fetchall()
        for column, kind in columns:
            if (table, column) in UNSEEN:
                continue
            for changed in changed_values(str(kind)):
                for order in ("ASC", "DESC"):
                    yield str(table), str(column), change(table, str(column), changed, order)


# Names of tables and columns below come from PLACES and the catalogue, never from outside.


def change(table: str, column: str, changed: str, order: str) -> sql.Composed:
    """An update of one cell of a table's first or last row, where there is something to change."""
    value = changed.replace("{c}", f'"{column}"')
    text = (
        f'UPDATE ledger.{table} SET "{column}" = {value} '  # noqa: S608
        f'WHERE "{column}" IS NOT NULL AND length("{column}"::text) > 0 AND ctid = ('
        f"SELECT ctid FROM ledger.{table} AS whole ORDER BY whole::text {order} LIMIT 1)"
    )
    return sql.SQL(text).format()


@contextmanager
def restored(conn: psycopg.Connection[tuple[object, ...]], table: str) -> Iterator[None]:
    """Whatever happens inside, the table has its rows again afterwards."""
    conn.execute(f"CREATE TABLE public.saved AS SELECT * FROM ledger.{table}".encode())  # noqa: S608
    try:
        yield
    finally:
        conn.execute(f"DELETE FROM ledger.{table}".encode())  # noqa: S608
        conn.execute(f"INSERT INTO ledger.{table} SELECT * FROM public.saved".encode())  # noqa: S608
        conn.execute("DROP TABLE public.saved")


def changed_values(kind: str) -> list[str]:
    """SQL for other values than `{c}` of a column of this type, as if a byte had flipped."""
    flip = "set_byte({c}, {at}, get_byte({c}, {at}) # 1)"
    return {
        "bytea": [flip.replace("{at}", "0"), flip.replace("{at}", "length({c}) - 1")],
        "text": ["'~' || substr({c}, 2)", "left({c}, -1) || '~'"],
        "bigint": ["{c} + 1"],
        "integer": ["{c} + 1"],
        "smallint": ["{c} + 1"],
        "numeric": ["{c} + 1"],
        "boolean": ["NOT {c}"],
        "text[]": ["array_append({c}[2:], '~' || substr({c}[1], 2))"],
        "timestamp with time zone": ["{c} + interval '1 second'"],
    }[kind]


@pytest.mark.parametrize("where", ["first line", "last line"])
def test_audit_names_the_line_of_a_changed_checkpoint_file(place: Place, where: str):
    place.run(enough_for_a_tile)
    path = place.settings.home / "checkpoints"
    lines = path.read_bytes().splitlines(keepends=True)
    at = 0 if where == "first line" else len(lines) - 1
    flipped = b"1" if lines[at][-2:-1] != b"1" else b"2"
    lines[at] = lines[at][:-2] + flipped + b"\n"
    path.write_bytes(b"".join(lines))
    report = audit(place.settings)
    assert [damage.place for damage in report.damages] == [f"checkpoint file, line {at + 1}"]


def test_audit_goes_on_behind_a_damage(place: Place):
    place.run(enough_for_a_tile)
    with psycopg.connect(place.settings.database_url or "", autocommit=True) as conn:
        disarm(conn)
        conn.execute("DELETE FROM ledger.entry_events WHERE index = 5")
        conn.execute("DELETE FROM ledger.log_entries WHERE index = 40")
    places = {damage.place for damage in audit(place.settings).damages}
    assert {"entry 5", "entry 40"} <= places


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda packed: packed[:-1], "do not unpack"),
        (lambda packed: packed[:50] + bytes([packed[50] ^ 1]) + packed[51:], "do not unpack"),
        (lambda packed: pack(unpack(packed) + b"more"), "LF at their end"),
        (lambda packed: pack(unpack(packed)[:-1]), "LF at their end"),
        (lambda packed: pack(unpack(packed).replace(b'"salt"', b'"Salt"', 1)), "Salt"),
    ],
    ids=["shorter", "flipped", "more-behind", "without-its-last-lf", "packed-after-a-change"],
)
def test_audit_says_what_is_wrong_with_packed_lines(
    place: Place, change: Callable[[bytes], bytes], what: str
):
    place.run(prepared)
    with psycopg.connect(place.settings.database_url or "", autocommit=True) as conn:
        disarm(conn)
        row = conn.execute("SELECT packed FROM ledger.entry_events WHERE index = 2").fetchone()
        assert row is not None
        values = (change(row[0]), 2)
        conn.execute("UPDATE ledger.entry_events SET packed = %s WHERE index = %s", values)
    found = {damage.place: damage.what for damage in audit(place.settings).damages}
    assert what in found["entry 2"]


def test_a_rebuild_gives_the_same_digests_and_notices_a_changed_view(place: Place):
    place.run(enough_for_a_tile)

    async def rebuilt(
        ledger: Ledger, _: Workload
    ) -> tuple[bool, dict[str, str], dict[str, list[str]]]:
        report = await ledger.rebuild()
        return report.ok, report.digests, report.differing

    ok, digests, differing = place.run(rebuilt)
    assert (ok, differing) == (True, {})
    with psycopg.connect(place.settings.database_url or "", autocommit=True) as conn:
        disarm(conn)
        conn.execute("UPDATE ledger.mass_total SET mass_mg = mass_mg + 1 WHERE month = '2001-01'")
    ok, again, differing = place.run(rebuilt)
    assert not ok
    assert again == digests
    assert list(differing) == ["mass_total"]


def test_audit_misses_the_checkpoint_file_and_makes_none(place: Place):
    place.run(prepared)
    (place.settings.home / "checkpoints").unlink()
    assert [damage.place for damage in audit(place.settings).damages] == ["checkpoint file"]
    assert not (place.settings.home / "checkpoints").exists()


def test_audit_misses_the_lines_of_an_emptied_checkpoint_file(place: Place):
    place.run(prepared)
    (place.settings.home / "checkpoints").write_bytes(b"")
    assert [damage.place for damage in audit(place.settings).damages] == ["checkpoint file"]


def test_audit_needs_no_private_key(place: Place):
    """So a certifier can audit a copy without being handed what signs."""
    place.run(prepared)
    (place.settings.home / "log.key").unlink()
    assert audit(place.settings).ok


def test_factors_assigned_between_readings_leave_audit_and_rebuild_sound(place: Place):
    place.run(prepared)

    async def assigned_again(ledger: Ledger, workload: Workload) -> None:
        for factor in ("operator/grid@1", "operator/grid@2"):
            await ledger.post(workload.batch(0, 5))
            again = FactorAssigned(
                salt=salt(),
                source=stream(0),
                role="location",
                factor=factor,
                from_="2000-01-01T00:00:00Z",
                reason="published later",
            )
            await ledger.post(workload.body(COMPANY, "company/register", [again]))
        assert (await ledger.rebuild()).ok
        report = await ledger.audit()
        assert report.ok, report.damages

    place.run(assigned_again)

"""Read models: totals are the sums of their deltas, and a digest sees every row."""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal

import pytest
from psycopg import sql

from ledger.carbon.rows import EntryRows, LineRow, MassRow
from ledger.store.database import Connection
from ledger.store.queries import query
from ledger.store.view_store import TABLES, Piece, ViewStore
from tests.store.conftest import Runner

VIEWS = ViewStore()
MONTHS = [f"2018-{month:02}" for month in range(1, 13)]


def line(stream: str, number: int = 0, **other: object) -> LineRow:
    values: dict[str, object] = {
        "stream": stream,
        "line": number,
        "party": stream.split("/", maxsplit=1)[0],
        "activity": "electricity.purchased",
        "unit": "kWh",
        "scope": 2,
        "category": None,
        "key_area": "industry",
        "site": "plant",
        "region": "CN-JS",
        "inside": True,
        "flow": "in",
        "balance_group": None,
        "part_of": None,
        "kind": "continuous",
        "gpc": "I.3.2",
    }
    return LineRow(**(values | other))  # type: ignore[arg-type]


def drawn_entries(count: int) -> list[tuple[int, EntryRows]]:
    """Entries of three companies: masses with corrections below zero, past 64 bits."""
    draw = random.Random(2018)  # noqa: S311  (which rows, not a secret)
    entries = []
    for index in range(count):
        rows = EntryRows()
        for party in ("acme", "bravo", "acme-2"):
            stream = f"{party}/meter"
            if index == 0:
                rows.lines += [line(stream), line(stream, 1, scope=None, category=3, gpc=None)]
            for _ in range(3):
                place = (stream, draw.randrange(2), draw.choice(MONTHS))
                mass = draw.randrange(-(10**24), 10**25)
                rows.add_mass((*place, "location", draw.choice(["CO2", "CH4_bio"])), mass, 1)
                rows.add_activity(place, draw.randrange(10**15), 4, 1, 900)
                rows.add_quality((*place, draw.choice("HML")), 2)
        entries.append((index, rows))
    return entries


def expected_masses(entries: list[tuple[int, EntryRows]]) -> dict[tuple[object, ...], list[int]]:
    sums: dict[tuple[object, ...], list[int]] = {}
    for _, rows in entries:
        for key, (mass, zeroed) in rows.masses.items():
            total = sums.setdefault(key, [0, 0])
            total[0] += mass
            total[1] += zeroed
    return sums


async def write_in_groups(
    conn: Connection, views: ViewStore, entries: list[tuple[int, EntryRows]], group: int
) -> None:
    for at in range(0, len(entries), group):
        part = entries[at : at + group]
        pieces = {
            (kind, str(index % 7)): Piece(kind, str(index % 7), b"%d" % index, index)
            for index, _ in part
            for kind in ("Source", "Key")
        }
        async with conn.transaction():
            await views.write(conn, pieces.values(), part)


def test_totals_are_the_sums_of_their_deltas_now_and_at_any_size(as_server: Runner):
    entries = drawn_entries(40)

    async def work(conn: Connection) -> None:
        await write_in_groups(conn, VIEWS, entries, 7)
        for as_of in (None, 0, 1, 13, 40):
            known = entries if as_of is None else entries[:as_of]
            found = await VIEWS.masses(conn, None, "2018-01", "2018-12", as_of)
            assert {
                (r.line.stream, r.line.line, r.month, r.role, r.gas): [r.mass_mg, r.zeroed]
                for r in found
            } == expected_masses(known)
            quantities = await VIEWS.activities(conn, None, "2018-01", "2018-12", as_of)
            assert sum(r.quantity for r in quantities) == Decimal(
                sum(tiny for _, rows in known for tiny, *_ in rows.activity.values())
            ).scaleb(-12)
            assert sum(r.readings for r in quantities) == 4 * 9 * len(known)
            assert sum(r.estimated for r in quantities) == 9 * len(known)
            assert sum(r.covered_s for r in quantities) == 900 * 9 * len(known)
            grades = await VIEWS.qualities(conn, None, "2018-01", "2018-12", as_of)
            assert sum(r.readings for r in grades) == 2 * 9 * len(known)
            assert {
                (r.line.stream, r.line.line, r.month, r.quality): r.readings for r in grades
            } == sum((Counter(rows.quality) for _, rows in known), Counter())

    as_server(work)


def test_masses_of_the_area_are_those_of_its_parties_added_up(as_server: Runner):
    entries = drawn_entries(20)

    def added(rows: list[MassRow]) -> dict[tuple[object, ...], list[int]]:
        sums: dict[tuple[object, ...], list[int]] = {}
        for row in rows:
            line = row.line
            group = line.balance_group and (line.party, line.balance_group)
            apart = line.part_of is not None
            key = (line.activity, line.scope, line.category, line.key_area, line.flow, group, apart)
            total = sums.setdefault((*key, row.month, row.role, row.gas), [0, 0])
            total[0] += row.mass_mg
            total[1] += row.zeroed
        return sums

    async def work(conn: Connection) -> None:
        await write_in_groups(conn, VIEWS, entries, 7)
        for as_of in (None, 0, 13):
            every = await VIEWS.masses(conn, None, "2018-03", "2018-11", as_of)
            of_acme = [row for row in every if row.line.party == "acme"]
            others = [row for row in every if row.line.party != "acme"]
            found = await VIEWS.area_masses(conn, ["acme"], "2018-03", "2018-11", as_of)
            assert [added(rows) for rows in found] == [added(of_acme), added(others)]
            assert as_of == 0 or all(len(rows) < len(every) for rows in found)

    as_server(work)


def test_a_figure_is_asked_for_by_party_and_months(as_server: Runner):
    entries = drawn_entries(10)

    async def work(conn: Connection) -> None:
        await write_in_groups(conn, VIEWS, entries, 10)
        for as_of in (None, 10):
            found = await VIEWS.masses(conn, "acme", "2018-03", "2018-05", as_of)
            assert found
            assert {r.line.party for r in found} == {"acme"}
            assert {r.month for r in found} <= {"2018-03", "2018-04", "2018-05"}
            assert next(r.line for r in found if r.line.line == 1) == line(
                "acme/meter", 1, scope=None, category=3, gpc=None
            )
            assert await VIEWS.masses(conn, "nobody", "2018-01", "2018-12", as_of) == []
            activities = await VIEWS.activities(conn, "bravo", "2018-01", "2018-12", as_of)
            assert {r.line.stream for r in activities} == {"bravo/meter"}
        assert [r.line for r in await VIEWS.lines(conn, "acme")] == [0, 1]
        assert len(await VIEWS.lines(conn)) == 6
        assert await VIEWS.lines(conn, "acme", as_of=0) == []

    as_server(work)


def test_what_certain_entries_changed_is_found_by_their_index(as_server: Runner):
    entries = drawn_entries(10)

    async def work(conn: Connection) -> None:
        await write_in_groups(conn, VIEWS, entries, 4)
        found = await VIEWS.changes(conn, None, "2018-01", "2018-12", [7, 2])
        assert [
            (index, (row.line.stream, row.line.line, row.month, row.role, row.gas), row.mass_mg)
            for index, row in found
        ] == [
            (index, key, mass_mg)
            for index in (2, 7)
            for key, (mass_mg, _) in sorted(entries[index][1].masses.items())
        ]
        own = await VIEWS.changes(conn, "acme", "2018-01", "2018-12", [2])
        assert own == [(at, row) for at, row in found if at == 2 and row.line.party == "acme"]
        assert own
        assert await VIEWS.changes(conn, "acme", "2018-01", "2018-12", []) == []

    as_server(work)


@pytest.mark.parametrize("group", [1, 7, 30])
def test_rows_that_are_copied_and_summed_up_are_those_that_are_written(
    as_server: Runner, group: int
):
    entries = drawn_entries(30)
    for _, rows in entries[5:9]:
        for at, tiny in enumerate((-1, 0, -(10**12), 10**30, 5 * 10**11)):
            rows.add_activity(("acme/meter", 0, f"2019-0{at + 1}"), tiny, 1, 0)

    async def work(conn: Connection) -> None:
        await write_in_groups(conn, VIEWS, entries, 30)
        scratch = await ViewStore.create_scratch(conn)
        for at in range(0, len(entries), group):
            piece = Piece("Last", "entry", b"%d" % at, 30)
            await scratch.copy(conn, [piece], entries[at : at + group])
        await scratch.sum_up(conn)
        fresh, stored = await scratch.digest(conn), await VIEWS.digest(conn)
        assert {t for t in TABLES if fresh[t] != stored[t]} == {"state_view"}

    as_server(work)


def test_pieces_are_put_replaced_removed_and_listed(as_server: Runner):
    async def work(conn: Connection) -> None:
        await VIEWS.save_pieces(
            conn,
            [Piece("Key", "a", b"1", 0), Piece("Key", "b", b"2", 0), Piece("Site", "a", b"3", 1)],
        )
        await VIEWS.save_pieces(conn, [Piece("Key", "a", b"4", 5), Piece("Key", "b", None, 5)])
        found = await VIEWS.load_pieces(conn, [("Key", "a"), ("Key", "b"), ("Site", "a")])
        assert found == {("Key", "a"): b"4", ("Site", "a"): b"3"}
        assert [p async for p in VIEWS.pieces_of_kind(conn, "Key")] == [Piece("Key", "a", b"4", 5)]
        assert [p async for p in VIEWS.pieces_of_kind(conn, "Site", "b")] == []
        assert await VIEWS.load_pieces(conn, []) == {}

    as_server(work)


def test_a_rebuild_into_scratch_tables_gives_the_same_digest_whatever_its_groups(
    as_server: Runner,
):
    entries = drawn_entries(30)

    async def work(conn: Connection) -> None:
        await write_in_groups(conn, VIEWS, entries, 30)
        for group in (1, 4):
            scratch = await ViewStore.create_scratch(conn)
            await write_in_groups(conn, scratch, entries, group)
            assert await scratch.digest(conn) == await VIEWS.digest(conn)
            assert await scratch.masses(conn, "acme", "2018-01", "2018-12", 9) == (
                await VIEWS.masses(conn, "acme", "2018-01", "2018-12", 9)
            )
        changed = await ViewStore.create_scratch(conn)
        await write_in_groups(conn, changed, entries[:-1], 4)
        differing = {
            table
            for table, digest in (await changed.digest(conn)).items()
            if digest != (await VIEWS.digest(conn))[table]
        }
        assert differing == TABLES.keys() - {"source_lines"}

    as_server(work)


CHANGES = {
    "state_view": "UPDATE ledger.state_view SET value = value || '\\x00' WHERE key = '3'",
    "source_lines": "UPDATE ledger.source_lines SET inside = false WHERE stream = 'acme/meter'",
    "mass_delta": "UPDATE ledger.mass_delta SET mass_mg = mass_mg + 1 WHERE index = 5",
    "mass_total": "UPDATE ledger.mass_total SET zeroed = zeroed + 1 WHERE month = '2018-05'",
    "activity_delta": "DELETE FROM ledger.activity_delta WHERE index = 5",
    "activity_total": "UPDATE ledger.activity_total SET quantity = quantity + 0.000000000001",
    "quality_delta": "UPDATE ledger.quality_delta SET readings = readings + 1 WHERE index = 5",
    "quality_total": "UPDATE ledger.quality_total SET readings = readings - 1",
}


@pytest.mark.parametrize("table", TABLES)
def test_a_digest_changes_when_any_row_of_its_table_does(
    as_server: Runner, as_owner: Runner, table: str
):
    async def write(conn: Connection) -> dict[str, str]:
        await write_in_groups(conn, VIEWS, drawn_entries(10), 10)
        return await VIEWS.digest(conn)

    async def change(conn: Connection) -> int:
        await conn.execute(
            sql.SQL("ALTER TABLE ledger.{} DISABLE TRIGGER USER").format(sql.Identifier(table))
        )
        return (await conn.execute(CHANGES[table].encode())).rowcount

    before = as_server(write)
    assert as_owner(change) > 0
    after = as_server(VIEWS.digest)
    assert {name for name in TABLES if before[name] != after[name]} == {table}


def test_every_read_model_has_a_digest(as_owner: Runner):
    async def tables(conn: Connection) -> set[str]:
        rows = await (
            await conn.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'ledger'"
                " AND (tablename LIKE '%\\_view' OR tablename LIKE '%\\_delta'"
                " OR tablename LIKE '%\\_total' OR tablename = 'source_lines')"
            )
        ).fetchall()
        return {name for (name,) in rows}

    assert as_owner(tables) == set(TABLES)


@pytest.mark.parametrize(
    "name", ["masses_now", "masses_as_of", "activities_now", "activities_as_of"]
)
def test_a_companys_figure_does_not_read_everybodys_rows(
    as_server: Runner, as_owner: Runner, name: str
):
    async def write(conn: Connection) -> None:
        for at in range(10):
            rows = EntryRows()
            for source in range(at * 40, at * 40 + 40):
                stream = f"company-{source}/meter"
                rows.lines.append(line(stream))
                for month in MONTHS:
                    rows.add_mass((stream, 0, month, "location", "CO2"), 1, 0)
                    rows.add_activity((stream, 0, month), 1, 1, 0)
            await VIEWS.write(conn, [], [(at, rows)])

    async def analyze(conn: Connection) -> None:
        await conn.execute("ANALYZE")

    async def explain(conn: Connection) -> str:
        statement = query("view", name).format(
            schema=sql.Identifier("ledger"), which=query("view", "of_party")
        )
        values = {
            "party": "company-7",
            "first_month": "2018-01",
            "last_month": "2018-12",
            "as_of": 5,
        }
        rows = await (await conn.execute(sql.SQL("EXPLAIN ") + statement, values)).fetchall()
        return "\n".join(text for (text,) in rows)

    as_server(write)
    as_owner(analyze)
    plan = as_server(explain)
    assert "Seq Scan" not in plan, plan

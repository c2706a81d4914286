"""The read models: what people read, written in the same transaction as the log.

Deltas carry the index of the entry that made them; totals are their sums. "As known at log size N"
is the sum of the deltas below N, and nothing is ever recalculated in place. The same code works on
scratch tables of one connection: a rebuild folds the log into them and compares digests.
Source: architecture, "As of"; accounting, section 1.
"""

from __future__ import annotations

from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import msgspec
from psycopg import sql

from ledger.carbon.exact import TINY
from ledger.carbon.rows import (
    ActivityKey,
    ActivityRow,
    EntryRows,
    LineRow,
    MassKey,
    MassRow,
    QualityRow,
)
from ledger.store.queries import as_json, query

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from psycopg.rows import TupleRow

    from ledger.store.database import Connection

PieceKey = tuple[str, str]
"""(kind, key)"""

TABLES: Final = {
    "state_view": ("kind", "key"),
    "source_lines": ("stream", "line"),
    "mass_delta": ("stream", "line", "month", "role", "gas", "index"),
    "mass_total": ("stream", "line", "month", "role", "gas"),
    "activity_delta": ("stream", "line", "month", "index"),
    "activity_total": ("stream", "line", "month"),
    "quality_delta": ("stream", "line", "month", "quality", "index"),
    "quality_total": ("stream", "line", "month", "quality"),
}
"""Every read model, with the key that orders its rows."""

_LINE_COLUMNS: Final = (
    "stream", "line", "party", "activity", "scope", "category", "key_area", "site", "region",
    "inside", "flow", "balance_group", "part_of", "kind", "unit", "gpc",
)  # fmt: skip
_LINE_WIDTH: Final = len(_LINE_COLUMNS) + 1  # and the index of the entry that made the line
_ALWAYS: Final = 2**63 - 1


class Piece(msgspec.Struct, frozen=True):
    """A piece of the deciding state: its bytes (None removes it) and the entry that made it so."""

    kind: str
    key: str
    value: bytes | None
    index: int


class DeltaRow(msgspec.Struct, frozen=True):
    """What one entry added to a figure: its key, the entry, the events it carries, the amount."""

    key: MassKey
    index: int
    stream: str
    first: int
    count: int
    amount: Decimal


class ViewStore:
    """The read models of one schema: `ledger`, or `pg_temp` for a rebuild's scratch tables."""

    def __init__(self, schema: str = "ledger") -> None:
        self.schema = schema
        self._queries: dict[tuple[str, bool], bytes] = {}

    @classmethod
    async def create_scratch(cls, conn: Connection) -> ViewStore:
        """The same tables, empty, that only this connection sees and that end with it."""
        for table in TABLES:
            name = sql.Identifier(table)
            await conn.execute(query("view", "drop_scratch").format(table=name))
            create = "create_scratch_deltas" if table.endswith("_delta") else "create_scratch"
            await conn.execute(query("view", create).format(table=name))
        return cls("pg_temp")

    # -------------------------------------------------------------------------- writing

    async def write(
        self,
        conn: Connection,
        pieces: Iterable[Piece],
        rows: Iterable[tuple[int, EntryRows]],
    ) -> None:
        """All that a group of entries changes; one statement for most groups, whatever their size.

        A piece is named once, with its value after the group; `rows` come with the entry's index.
        """
        listed = list(rows)
        saved, gone = _parted(pieces)
        await self._delete_pieces(conn, gone)
        await self._insert_lines(conn, listed)
        values = {
            "pieces": _pieces(saved),
            "masses": _masses(listed),
            "activities": _activities(listed),
        }
        await conn.execute(self._query("add"), values)
        if any(entry.quality for _, entry in listed):
            await conn.execute(self._query("add_quality"), {"grades": _grades(listed)})

    async def copy(
        self,
        conn: Connection,
        pieces: Iterable[Piece],
        rows: Iterable[tuple[int, EntryRows]],
    ) -> None:
        """The same, into scratch tables, and quicker: no totals are kept before `sum_up`."""
        listed = list(rows)
        await self.save_pieces(conn, pieces)
        await self._insert_lines(conn, listed)
        masses = [
            f"{index}\t{stream}\t{line}\t{month}\t{role}\t{gas}\t{mass_mg}\t{zeroed}\n"
            for index, entry in listed
            for (stream, line, month, role, gas), (mass_mg, zeroed) in entry.masses.items()
        ]
        activities = [
            f"{index}\t{stream}\t{line}\t{month}\t{_decimal(tiny)}\t{readings}\t{estimated}"
            f"\t{covered_s}\n"
            for index, entry in listed
            for (stream, line, month), row in entry.activity.items()
            for tiny, readings, estimated, covered_s in [row]
        ]
        grades = [
            f"{index}\t{stream}\t{line}\t{month}\t{quality}\t{readings}\n"
            for index, entry in listed
            for (stream, line, month, quality), readings in entry.quality.items()
        ]
        for name, lines in (
            ("copy_masses", masses),
            ("copy_activities", activities),
            ("copy_grades", grades),
        ):
            if lines:
                async with conn.cursor() as cur, cur.copy(self._query(name)) as copying:
                    await copying.write("".join(lines))

    async def sum_up(self, conn: Connection) -> None:
        """Make the totals of all that was copied."""
        await conn.execute(self._query("sum_masses"))
        await conn.execute(self._query("sum_activities"))
        await conn.execute(self._query("sum_grades"))

    async def save_pieces(self, conn: Connection, pieces: Iterable[Piece]) -> None:
        """Put pieces of the state, and remove those whose value is None."""
        saved, gone = _parted(pieces)
        if saved:
            await conn.execute(self._query("save_pieces"), {"pieces": _pieces(saved)})
        await self._delete_pieces(conn, gone)

    async def _delete_pieces(self, conn: Connection, gone: Sequence[Piece]) -> None:
        if gone:
            keys = {"kind": [piece.kind for piece in gone], "key": [piece.key for piece in gone]}
            await conn.execute(self._query("delete_pieces"), keys)

    async def _insert_lines(self, conn: Connection, rows: Sequence[tuple[int, EntryRows]]) -> None:
        values = [
            {**msgspec.structs.asdict(line), "index": index}
            for index, entry in rows
            for line in entry.lines
        ]
        if values:
            async with conn.cursor() as cur:
                await cur.executemany(self._query("insert_source_lines"), values)

    # -------------------------------------------------------------------------- state

    async def load_pieces(
        self, conn: Connection, keys: Iterable[PieceKey]
    ) -> dict[PieceKey, bytes]:
        """The bytes of these pieces; one that does not exist is left out."""
        wanted = list(keys)
        if not wanted:
            return {}
        values = {"kind": [kind for kind, _ in wanted], "key": [key for _, key in wanted]}
        async with conn.cursor(binary=True) as cur:
            await cur.execute(self._query("load_pieces"), values)
            return {(row[0], row[1]): row[2] async for row in cur}

    async def pieces_of_kind(
        self, conn: Connection, kind: str, prefix: str = ""
    ) -> AsyncIterator[Piece]:
        """All pieces of a kind whose keys begin with a prefix, in the order of their keys."""
        async for piece in self.pieces_between(conn, kind, prefix, prefix + "\U0010ffff"):
            yield piece

    async def pieces_between(
        self, conn: Connection, kind: str, first: str, until: str
    ) -> AsyncIterator[Piece]:
        """All pieces of a kind whose keys are `first` or later, and before `until`, in order."""
        bounds = {"kind": kind, "first": first, "until": until}
        async with conn.cursor(binary=True) as cur:
            await cur.execute(self._query("pieces_of_kind"), bounds)
            async for row in cur:
                yield Piece(*row)

    # -------------------------------------------------------------------------- figures

    async def masses(
        self,
        conn: Connection,
        party: str | None,
        first_month: str,
        last_month: str,
        as_of: int | None = None,
    ) -> list[MassRow]:
        """Masses of a party, or of all, from one month to another, both included.

        `as_of` is a log size: what was known when the log had that many entries. None is now.
        """
        rows = await self._figures(conn, "masses", party, _Period(first_month, last_month, as_of))
        lines = _Lines()
        return [
            MassRow(lines.of(row), month, role, gas, int(mass_mg), int(zeroed))
            for row in rows
            for month, role, gas, mass_mg, zeroed in [row[_LINE_WIDTH:]]
        ]

    async def changes(
        self,
        conn: Connection,
        party: str | None,
        first_month: str,
        last_month: str,
        indexes: Iterable[int],
    ) -> list[tuple[int, MassRow]]:
        """What entries of these indexes added to a party's masses, or to all; both months included.

        Each with its index, in the order of the log.
        """
        values = {
            "party": party,
            "first_month": first_month,
            "last_month": last_month,
            "indexes": sorted(indexes),
        }
        rows = await (await conn.execute(self._query("changes", party), values)).fetchall()
        lines = _Lines()
        return [
            (int(index), MassRow(lines.of(row), month, role, gas, int(mass_mg), int(zeroed)))
            for row in rows
            for month, role, gas, mass_mg, zeroed, index in [row[_LINE_WIDTH:]]
        ]

    async def changing_entries(
        self,
        conn: Connection,
        party: str | None,
        first_month: str,
        last_month: str,
        as_of: int,
        types: Iterable[str],
    ) -> list[int]:
        """Indexes of entries with an event of these types that added to a party's masses, or to all."""
        period = _Period(first_month, last_month, as_of)
        values = {"party": party, "types": sorted(types), **msgspec.structs.asdict(period)}
        rows = await conn.execute(self._query("changing_entries", party), values)
        return [int(row[0]) async for row in rows]

    async def area_masses(
        self,
        conn: Connection,
        companies: Iterable[str],
        first_month: str,
        last_month: str,
        as_of: int | None = None,
    ) -> tuple[list[MassRow], list[MassRow]]:
        """Masses of these companies, and of all other parties, each added up over its sources.

        A row's line says only what a footprint of the area tells apart.
        """
        period = _Period(first_month, last_month, as_of)
        values = {"companies": sorted(companies), **msgspec.structs.asdict(period)}
        name = "area_masses_now" if as_of is None else "area_masses_as_of"
        found: tuple[list[MassRow], list[MassRow]] = [], []
        async for row in await conn.execute(self._query(name), values):
            company, *heading, month, role, gas, mass_mg, zeroed = row
            added = MassRow(_heading(*heading), month, role, gas, int(mass_mg), int(zeroed))
            found[0 if company else 1].append(added)
        return found

    async def activities(
        self,
        conn: Connection,
        party: str | None,
        first_month: str,
        last_month: str,
        as_of: int | None = None,
    ) -> list[ActivityRow]:
        """Quantities of a party's sources, or of all, from one month to another, both included."""
        rows = await self._figures(
            conn, "activities", party, _Period(first_month, last_month, as_of)
        )
        lines = _Lines()
        return [
            ActivityRow(
                lines.of(row), month, quantity, int(readings), int(estimated), int(covered_s)
            )
            for row in rows
            for month, quantity, readings, estimated, covered_s in [row[_LINE_WIDTH:]]
        ]

    async def qualities(
        self,
        conn: Connection,
        party: str | None,
        first_month: str,
        last_month: str,
        as_of: int | None = None,
    ) -> list[QualityRow]:
        """Readings of each grade of a party's sources, or of all, both months included."""
        rows = await self._figures(
            conn, "qualities", party, _Period(first_month, last_month, as_of)
        )
        lines = _Lines()
        return [
            QualityRow(lines.of(row), month, quality, int(readings))
            for row in rows
            for month, quality, readings in [row[_LINE_WIDTH:]]
        ]

    async def lines(
        self, conn: Connection, party: str | None = None, as_of: int | None = None
    ) -> list[LineRow]:
        """The lines of a party's sources, or of all, in order."""
        values = {"party": party, "as_of": _ALWAYS if as_of is None else as_of}
        rows = await (await conn.execute(self._query("lines", party), values)).fetchall()
        found = _Lines()
        return [found.of(row) for row in rows]

    async def mass_entries(
        self, conn: Connection, keys: Sequence[MassKey], as_of: int
    ) -> list[DeltaRow]:
        """What entries below a size added to these masses, entry by entry, in milligrams."""
        columns = [list(column) for column in zip(*keys, strict=True)] or [[] for _ in range(5)]
        names = ("streams", "lines", "months", "roles", "gases")
        return await self._entries(
            conn, "mass_entries", dict(zip(names, columns, strict=True)), as_of
        )

    async def activity_entries(
        self, conn: Connection, keys: Sequence[ActivityKey], as_of: int
    ) -> list[DeltaRow]:
        """The same of quantities, in the unit of their source."""
        columns = [list(column) for column in zip(*keys, strict=True)] or [[] for _ in range(3)]
        names = ("streams", "lines", "months")
        values = dict(zip(names, columns, strict=True))
        return await self._entries(conn, "activity_entries", values, as_of)

    async def _entries(
        self, conn: Connection, name: str, values: dict[str, list[object]], as_of: int
    ) -> list[DeltaRow]:
        rows = await conn.execute(self._query(name), {**values, "as_of": as_of})
        return [DeltaRow((row[0], row[1], row[2], row[3], row[4]), *row[5:]) async for row in rows]

    async def _figures(
        self, conn: Connection, what: str, party: str | None, period: _Period
    ) -> list[TupleRow]:
        name = f"{what}_now" if period.as_of is None else f"{what}_as_of"
        values = {"party": party, **msgspec.structs.asdict(period)}
        return await (await conn.execute(self._query(name, party), values)).fetchall()

    # -------------------------------------------------------------------------- digest

    async def digest(self, conn: Connection) -> dict[str, str]:
        """SHA-256 over all rows of each read model, in the order of its key; in hexadecimal."""
        digests = {}
        for table, key in TABLES.items():
            statement = query("view", "digest").format(
                schema=sql.Identifier(self.schema),
                table=sql.Identifier(table),
                key=sql.SQL(", ").join(map(sql.Identifier, key)),
            )
            digest = sha256()
            async with conn.cursor() as cur, cur.copy(statement) as copy:
                async for block in copy:
                    digest.update(block)
            digests[table] = digest.hexdigest()
        return digests

    async def differences(
        self, conn: Connection, table: str, other: ViewStore, limit: int
    ) -> list[str]:
        """Keys of rows of a table that stand here and not, or not so, in another set of read models.

        At most `limit` of them, in order, each as `member=value` pairs.
        """
        key = sql.SQL(", ").join(map(sql.Identifier, TABLES[table]))
        statement = query("view", "differences").format(
            schema=sql.Identifier(self.schema),
            other=sql.Identifier(other.schema),
            table=sql.Identifier(table),
            key=key,
        )
        rows = await (await conn.execute(statement, {"limit": limit})).fetchall()
        return [
            " ".join(f"{name}={value}" for name, value in zip(TABLES[table], row, strict=True))
            for row in rows
        ]

    def _query(self, name: str, party: str | None = None) -> bytes:
        place = name, party is None
        if place not in self._queries:
            which = query("view", "of_all" if party is None else "of_party")
            composed = query("view", name).format(schema=sql.Identifier(self.schema), which=which)
            self._queries[place] = composed.as_bytes(None)
        return self._queries[place]


def _parted(pieces: Iterable[Piece]) -> tuple[list[Piece], list[Piece]]:
    """Those that have a value, and those that shall be removed."""
    saved: list[Piece] = []
    gone: list[Piece] = []
    for piece in pieces:
        (gone if piece.value is None else saved).append(piece)
    return saved, gone


def _pieces(saved: Sequence[Piece]) -> str:
    return as_json(
        {"kind": p.kind, "key": p.key, "value": value.decode(), "index": p.index}
        for p in saved
        if (value := p.value) is not None
    )


def _masses(rows: Sequence[tuple[int, EntryRows]]) -> str:
    return as_json(
        {
            "index": index,
            "stream": stream,
            "line": line,
            "month": month,
            "role": role,
            "gas": gas,
            "mass_mg": str(mass_mg),
            "zeroed": zeroed,
        }
        for index, entry in rows
        for (stream, line, month, role, gas), (mass_mg, zeroed) in entry.masses.items()
    )


def _activities(rows: Sequence[tuple[int, EntryRows]]) -> str:
    return as_json(
        {
            "index": index,
            "stream": stream,
            "line": line,
            "month": month,
            "tiny": str(tiny),
            "readings": readings,
            "estimated": estimated,
            "covered_s": covered_s,
        }
        for index, entry in rows
        for (stream, line, month), (tiny, readings, estimated, covered_s) in entry.activity.items()
    )


def _grades(rows: Sequence[tuple[int, EntryRows]]) -> str:
    return as_json(
        {
            "index": index,
            "stream": stream,
            "line": line,
            "month": month,
            "quality": quality,
            "readings": readings,
        }
        for index, entry in rows
        for (stream, line, month, quality), readings in entry.quality.items()
    )


def _heading(
    party: str,
    activity: str,
    scope: int | None,
    category: int | None,
    key_area: str,
    flow: str,
    balance_group: str | None,
    is_part: bool,  # noqa: FBT001  (a column)
) -> LineRow:
    """The line that stands for all lines of these members; of no source, and at no site."""
    return LineRow(
        stream="",
        line=0,
        party=party,
        activity=activity,
        unit="",
        scope=scope,
        category=category,
        key_area=key_area,
        site="",
        region="",
        inside=True,
        flow=flow,
        balance_group=balance_group,
        part_of="" if is_part else None,
        kind="",
        gpc=None,
    )


class _Period(msgspec.Struct, frozen=True):
    first_month: str
    last_month: str
    as_of: int | None


class _Lines:
    """A line stands in many rows and is made once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], LineRow] = {}

    def of(self, row: TupleRow) -> LineRow:
        place = (row[0], row[1])
        line = self._known.get(place)
        if line is None:
            line = LineRow(**dict(zip(_LINE_COLUMNS, row, strict=False)))
            self._known[place] = line
        return line


def _decimal(tiny: int) -> str:
    """A quantity of 10^-12 units, without zeros at its end, as PostgreSQL's trim_scale leaves it."""
    whole, part = divmod(abs(tiny), TINY)
    text = f"{whole}.{part:012d}".rstrip("0").rstrip(".")
    return f"-{text}" if tiny < 0 else text

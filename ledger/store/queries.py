"""SQL stands in `.sql` files; each query there has a name and says what it is for.

    -- name: read_head
    -- The one row that says how far the log goes.
    SELECT size, root, edge, next_notification FROM ledger.log_head;

A query whose parts vary writes `{schema}` and the like for them, and its caller fills them in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

import msgspec
from psycopg import sql

_HEADING = re.compile(r"^-- name: ([a-z][a-z0-9_]*)\n((?:-- .*\n)+)", re.MULTILINE)


@cache
def query(file: str, name: str) -> sql.SQL:
    """The query of that name in `sql/<file>.sql`; a wrong name is a mistake in the program."""
    return _read(file)[name]


def as_json(rows: Iterable[Mapping[str, object]]) -> str:
    """Rows for `json_to_recordset`; integers that may pass 64 bits come as strings."""
    return msgspec.json.encode(list(rows)).decode()


@cache
def describe(file: str) -> dict[str, str]:
    """What each query of a file is for."""
    return {name: about for name, about, _ in _split(file)}


@cache
def _read(file: str) -> dict[str, sql.SQL]:
    # Files of this package are as literal as strings in it.
    return {name: sql.SQL(body) for name, _, body in _split(file)}


def _split(file: str) -> list[tuple[str, str, str]]:
    text = (files("ledger.store") / "sql" / f"{file}.sql").read_text("utf-8")
    parts = _HEADING.split(text)[1:]
    return [
        (name, about.replace("-- ", "").strip(), body.strip().removesuffix(";"))
        for name, about, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    ]

"""Bytes on disk: all tables and indexes of the ledger, as PostgreSQL counts them."""

from __future__ import annotations

from tests.benchmarks.place import Place


def table_bytes(place: Place) -> int:
    """Of the whole schema, with indexes, TOAST and free-space maps, after a checkpoint."""
    with place.connect() as conn:
        conn.execute("CHECKPOINT")
        row = conn.execute(
            "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'ledger' AND c.relkind = 'r'"
        ).fetchone()
    return int(row[0]) if row else 0

"""The peer: eventsourcing's own recorder on the same server, in its database-function mode."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict


@contextmanager
def stock_recorder(conninfo: str) -> Iterator[PostgresApplicationRecorder]:
    """A recorder of the library's with its own table in this database."""
    parts = conninfo_to_dict(conninfo)
    datastore = PostgresDatastore(
        dbname=str(parts["dbname"]),
        host=str(parts["host"]),
        port=str(parts.get("port") or 5432),
        user=str(parts["user"]),
        password="",
        originator_id_type="text",
        enable_db_functions=True,
    )
    recorder = PostgresApplicationRecorder(datastore, events_table_name="stock_events")
    recorder.create_table()
    try:
        yield recorder
    finally:
        datastore.close()


def stored_events(body: bytes) -> list[StoredEvent]:
    """The lines of a body as the library's events of a stream of their own."""
    _, *lines = body[:-1].split(b"\n")
    stream = uuid.uuid4().hex
    return [
        StoredEvent(stream, version, "ActivityRecorded", line)
        for version, line in enumerate(lines, start=1)
    ]

"""What a source's own readings are, read from the log: no read model keeps single readings."""

from __future__ import annotations

from ledger.carbon.events import ActivityCorrected, ActivityWithdrawn, Body
from ledger.log.redacted import read_redacted
from ledger.machine import read_event
from ledger.store import log_store
from ledger.store.database import Connection


async def history_at(
    conn: Connection, stream: str, until: int
) -> tuple[tuple[str, Body, int], ...]:
    """All bodies of a stream as they stand after the first `until` entries; none that is gone."""
    bodies: dict[str, tuple[Body, int]] = {}
    async for entry in log_store.stream_entries(conn, stream, size=until):
        for version, line in enumerate(entry.event_lines, start=entry.first):
            if read_redacted(line) is not None:
                continue
            bodies[f"{stream}@{version}"] = body_of(read_event(line)), entry.index
    async for entry in log_store.stream_entries(conn, f"{stream}/corrections", size=until):
        for line in entry.event_lines:
            event = read_event(line)
            if isinstance(event, ActivityCorrected):
                bodies[event.event] = event.body, entry.index
            elif isinstance(event, ActivityWithdrawn):
                del bodies[event.event]
    return tuple((event, body, index) for event, (body, index) in bodies.items())


def body_of(event: object) -> Body:
    """The event as a body. Raises TypeError for one that is none."""
    if not isinstance(event, Body):
        raise TypeError(f"{type(event).__name__} in a stream of readings")
    return event

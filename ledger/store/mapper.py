"""Event ↔ canonical bytes, through an explicit table from type name to class.

What stands in the database is not believed: a type name that is not in the table is refused, and
bytes are read by the same strict reader that read them when they arrived. (The library's own mapper
imports whatever a topic names, builds objects without their checks, and does not sort keys.)
Source: architecture, "eventsourcing"; formats, section 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from eventsourcing.persistence import (
    JSONTranscoder,
    Mapper,
    MapperDeserialisationError,
    StoredEvent,
)

from ledger.errors import InvalidInput, UnknownEventType
from ledger.log.canonical import StructReader, encode_struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from eventsourcing.domain import DomainEventProtocol


class LedgerEvent(msgspec.Struct, frozen=True):
    """An event with its place in a stream, as the library speaks of events."""

    originator_id: str
    originator_version: int
    data: msgspec.Struct

    @property
    def event(self) -> str:
        """The event's name, `<stream>@<version>`."""
        return f"{self.originator_id}@{self.originator_version}"


class LedgerMapper(Mapper[str]):
    """Knows exactly the event types of its table, each under the name that stands in its bytes."""

    def __init__(self, types: Mapping[str, type[msgspec.Struct]]) -> None:
        # The library's transcoder is never used; its constructor wants one.
        super().__init__(JSONTranscoder())
        self._types = dict(types)
        self._readers = {name: StructReader(kind) for name, kind in types.items()}

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        """The event as it is stored; raises UnknownEventType."""
        if not isinstance(domain_event, LedgerEvent):
            raise UnknownEventType(
                "only a LedgerEvent can be stored", found=type(domain_event).__name__
            )
        name = type(domain_event.data).__name__
        if self._types.get(name) is not type(domain_event.data):
            raise UnknownEventType("no rule knows this event type", found=name)
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=name,
            state=encode_struct(domain_event.data),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> LedgerEvent:
        """The event that these bytes spell; raises MapperDeserialisationError."""
        place = f"{stored_event.originator_id}@{stored_event.originator_version}"
        reader = self._readers.get(stored_event.topic)
        if reader is None:
            raise MapperDeserialisationError(f"{place}: no rule knows {stored_event.topic!r}")
        try:
            data = reader.decode(stored_event.state)
        except InvalidInput as error:
            raise MapperDeserialisationError(f"{place}: {error}") from error
        return LedgerEvent(str(stored_event.originator_id), stored_event.originator_version, data)

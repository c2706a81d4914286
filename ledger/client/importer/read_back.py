"""Events of a stream that this home does not know, read back from the ledger and proven.

Another home has posted them, or the journal was lost. Each comes as a provenance bundle, so it is
as good as one's own record. Rules: they are read in chunks, only while they are wanted, beginning
where the readings of a file are likely to stand; what was read is kept in the journal.
"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from ledger import machine
from ledger.carbon.events import ActivityRecorded, EmissionMeasured, ProfileRecorded
from ledger.client.connection import Connection
from ledger.client.importer.journal import Journal
from ledger.client.writer import Writer
from ledger.errors import BadBundle, NotAuthorised, NotFound
from ledger.log.bundle import open_bundle, read_bundle
from ledger.log.values import parse_time

CHUNK: Final = 96
AT_ONCE: Final = 8


class ReadBack:
    """Fills the journal of one stream."""

    def __init__(
        self, connection: Connection, writer: Writer, journal: Journal, stream: str
    ) -> None:
        self._connection = connection
        self._writer = writer
        self._journal = journal
        self._stream = stream
        self._queue: list[int] = []
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def everything(self) -> None:
        """Read all events that the journal does not know; raises NotFound, NotAuthorised."""
        while await self._fill_queue(None):
            await self._take_chunk()

    async def more(self, near: msgspec.Struct) -> bool:
        """Read some of them, beginning near an event; False when none is left or none may be read."""
        try:
            found = await self._fill_queue(near)
            if found:
                await self._take_chunk()
        except (NotAuthorised, NotFound):
            return False
        return found

    async def _fill_queue(self, near: msgspec.Struct | None) -> bool:
        if self._queue:
            return True
        head = await self._connection.head(self._stream)
        if head is None:
            return False
        versions = list(self._journal.unknown_versions(self._stream, head.version))
        at = await self._guess(versions, near) if near is not None else 0
        self._queue = versions[at:] + versions[:at]
        return bool(self._queue)

    async def _guess(self, versions: list[int], near: msgspec.Struct) -> int:
        """Where an event of this time would stand if all stood in the order of time."""
        wanted_s = _start_s(near)
        low, high = 0, len(versions)
        while low < high:
            middle = (low + high) // 2
            if _start_s(await self._event(versions[middle])) < wanted_s:
                low = middle + 1
            else:
                high = middle
        return low

    async def _take_chunk(self) -> None:
        chunk, self._queue = self._queue[:CHUNK], self._queue[CHUNK:]
        events = await asyncio.gather(*map(self._event, chunk))
        self._journal.learn(self._stream, dict(zip(chunk, events, strict=True)))

    async def _event(self, version: int) -> msgspec.Struct:
        name = f"{self._stream}@{version}"
        async with self._gate:
            data = await self._connection.bundle(name)
        subject = open_bundle(read_bundle(data), await self._writer.log_key()).subject
        if (subject.stream, subject.version) != (self._stream, version) or subject.data is None:
            raise BadBundle("the bundle of another event", expected=name)
        return machine.read_event(subject.data)


def _start_s(event: msgspec.Struct) -> int:
    match event:
        case ProfileRecorded():
            return parse_time(event.start)
        case ActivityRecorded() | EmissionMeasured():
            return parse_time(event.period[0])
        case _:
            raise AssertionError(f"{type(event).__name__} in a source stream")

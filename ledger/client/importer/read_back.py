"""Events of a stream that this home does not know, read back from the ledger and proven.

Another home has posted them, or the journal was lost. They come in pages, as they were posted, and
the last event of each page in a provenance bundle: it proves all of the page, since every event is
chained to the one before it. So they are as good as one's own record. Rules: pages are read only
while they are wanted, beginning where the readings of a file are likely to stand; what was read is
kept in the journal. Source: formats, sections 3, 4 and 8.
"""

from __future__ import annotations

import msgspec

from ledger import machine
from ledger.carbon.events import ActivityRecorded, EmissionMeasured, ProfileRecorded
from ledger.client.connection import Connection
from ledger.client.importer.journal import Journal
from ledger.client.writer import Writer
from ledger.errors import BadBundle, NotAuthorised, NotFound, ProofFailed
from ledger.log.bundle import read_bundle
from ledger.log.bundle_proof import OpenedEvent, open_bundle
from ledger.log.page import read_page
from ledger.log.redacted import stored_chain
from ledger.log.values import parse_time


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

    async def everything(self) -> None:
        """Read all events that the journal does not know; raises NotFound, NotAuthorised."""
        while await self._fill_queue(None):
            await self._take_page()

    async def more(self, near: msgspec.Struct) -> bool:
        """Read some of them, beginning near an event; False when none is left or none may be read."""
        try:
            found = await self._fill_queue(near)
            if found:
                await self._take_page()
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
            event = await self._event(versions[middle])
            if event is None or _start_s(event) < wanted_s:
                low = middle + 1
            else:
                high = middle
        return low

    async def _take_page(self) -> None:
        """Read the page that begins with the next version wanted; raises ProofFailed."""
        version = self._queue[0]
        page = read_page(await self._connection.stream_page(self._stream, version))
        entries = []
        leaf = b""
        for entry in page:
            events = machine.read_stored(entry.lines)
            types = machine.types_of(events)
            types = types * len(events) if len(types) == 1 else types
            leaf = stored_chain(entry.lines, types, entry.signed.statement)[-1]
            entries.append((entry.signed.statement, events))
        first, last = (entries[0][0].first, entries[-1][0].last) if entries else (0, 0)
        if not first <= version <= last or entries[0][0].stream != self._stream:
            raise ProofFailed(
                "a page that does not hold what was asked for",
                expected=f"{self._stream}@{version}",
                found=f"versions {first} to {last}",
            )
        if (await self._proven(last)).leaf != leaf:
            raise ProofFailed(
                f"events of {self._stream} that are not those in the log",
                expected=f"the chain that ends at version {last}",
            )
        for said, events in entries:
            self._journal.learn(self._stream, said.first, events)
        self._queue = [one for one in self._queue if not first <= one <= last]

    async def _event(self, version: int) -> msgspec.Struct | None:
        """The event, None where its data was redacted."""
        data = (await self._proven(version)).data
        return None if data is None else machine.read_event(data)

    async def _proven(self, version: int) -> OpenedEvent:
        name = f"{self._stream}@{version}"
        data = await self._connection.bundle(name)
        subject = open_bundle(read_bundle(data), await self._writer.log_key()).event
        if (subject.stream, subject.version) != (self._stream, version):
            raise BadBundle("the bundle of another event", expected=name)
        return subject


def _start_s(event: msgspec.Struct) -> int:
    match event:
        case ProfileRecorded():
            return parse_time(event.start)
        case ActivityRecorded() | EmissionMeasured():
            return parse_time(event.period[0])
        case _:
            raise AssertionError(f"{type(event).__name__} in a source stream")

"""The right readings of an event, from a file like those that are imported.

A metering operator who replaces estimates sends the table again, with all of its rows. Rules: rows
for other times than the event's are left alone, and readings that the file does not have stay as they
are. A row that is refused, or that covers the event's time in other steps, stops the correction:
what is half right is not posted.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from ledger.carbon.events import ActivityBody, Body, EmissionBody, ProfileBody
from ledger.client.connection import Connection
from ledger.client.importer.check import Check
from ledger.client.importer.mapfile import ImportMap
from ledger.client.importer.rows import Reading
from ledger.client.importer.run import prepare
from ledger.client.importer.table import RowRefused
from ledger.errors import BadFile
from ledger.log.values import parse_time


async def readings_of(
    connection: Connection, stream: str, path: Path, mapping: ImportMap, body: Body
) -> Body:
    """The body with the quantities of the file's rows for its time; raises BadFile."""
    if isinstance(body, EmissionBody):
        raise BadFile(
            "a measured emission has no quantity",
            expected="--mass GAS=MILLIGRAMS for each gas that is different",
        )
    file = await prepare(connection, stream, path, mapping)
    right = _Right(path, body)
    for one in file.readings(Check(file.source)):
        if isinstance(one, RowRefused):
            raise BadFile(f"{path.name}, line {one.line}: {one.what}", found=str(one))
        right.take(one)
    return right.body()


class _Right:
    """The readings of an event, as the file says them so far."""

    def __init__(self, path: Path, body: ActivityBody | ProfileBody) -> None:
        self._path: Final = path
        self._body: Final = body
        self._rows = 0
        self._confirm = body.confirm
        if isinstance(body, ProfileBody):
            self._start_s, self._step_s = parse_time(body.start), body.interval_s
            self._quantities = list(body.quantities)
            self._estimated = set(body.estimated)
        else:
            self._start_s = parse_time(body.period[0])
            self._step_s = parse_time(body.period[1]) - self._start_s
            self._quantities = [body.quantity]
            self._estimated = {0} if body.estimated else set()

    def take(self, one: Reading) -> None:
        """Take a row, if it is about the event's time; raises BadFile."""
        period, until_s = one.period, self._start_s + self._step_s * len(self._quantities)
        if period.end_s <= self._start_s or period.start_s >= until_s:
            return
        at, rest = divmod(period.start_s - self._start_s, self._step_s)
        if rest or period.end_s - period.start_s != self._step_s:
            raise BadFile(
                f"{self._path.name}, line {one.line}: an interval that is none of the event's",
                expected=f"{self._step_s} s, in step with the event",
                found=f"{period.start} to {period.end}",
            )
        if one.event.unit != self._body.unit:
            raise BadFile(
                f"{self._path.name}: the map has another unit than the event",
                expected=self._body.unit or "that of the source",
                found=one.event.unit or "that of the source",
            )
        self._quantities[at] = one.event.quantity
        self._estimated.discard(at)
        if one.event.estimated:
            self._estimated.add(at)
        self._confirm = self._confirm or one.event.confirm
        self._rows += 1

    def body(self) -> Body:
        """The event's body with what was taken."""
        if not self._rows:
            raise BadFile(f"{self._path.name} has no row for the time of this event")
        new: dict[str, object] = {"confirm": self._confirm}
        if isinstance(self._body, ProfileBody):
            new |= {
                "quantities": tuple(self._quantities),
                "estimated": tuple(sorted(self._estimated)),
            }
        else:
            new |= {"quantity": self._quantities[0], "estimated": bool(self._estimated)}
        return msgspec.structs.replace(self._body, **new)

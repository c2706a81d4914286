"""A file with its map and its source, which can be read as events as often as needed.

Each pass is a stream: memory does not grow with the file. The name of an event's content is a
digest; identical receipts without a reference are told apart by file and line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

from ledger.carbon.info import SourceInfo
from ledger.client.importer.check import Check
from ledger.client.importer.clock import Clock
from ledger.client.importer.items import Item, profile_items, single_items
from ledger.client.importer.journal import content_digest
from ledger.client.importer.mapfile import ImportMap
from ledger.client.importer.result import ImportResult
from ledger.client.importer.rows import Reading, RowReader
from ledger.client.importer.table import RowRefused, Table

MAX_LISTED: Final = 1_000
"""Refused rows that a result lists; all are counted."""

Progress = Callable[[int, int, int], None]
"""(done, total, rows): bytes of both passes over the file, and rows of the present one."""


class ImportedFile:
    """One file with its map and source."""

    def __init__(
        self,
        stream: str,
        path: Path,
        mapping: ImportMap,
        source: SourceInfo,
        clock: Clock,
        ratio: Fraction | None,
        sha256: str,
        progress: Progress,
    ) -> None:
        self.stream: Final = stream
        self.path: Final = path
        self.mapping: Final = mapping
        self.source: Final = source
        self._rows: Final = RowReader(mapping, clock, source, ratio, sha256)
        self._sha256: Final = sha256
        self._progress: Final = progress
        self._passes = 0
        # Nothing in the ledger's rules tells two equal receipts without a reference apart.
        self.by_place: Final = source.kind == "discrete" and mapping.reference is None

    def items(self, check: Check) -> Iterator[Item | RowRefused]:
        """One pass over the file, as events."""
        readings = self.readings(check)
        if self.mapping.form == "profile":
            return profile_items(readings, self.mapping)
        return single_items(readings)

    def readings(self, check: Check) -> Iterator[Reading | RowRefused]:
        """One pass over the file, row by row."""
        table = Table(self.path, self.mapping.file, self.mapping.columns)
        # The total is that of two passes.
        before = table.total_bytes * (self._passes % 2)
        self._passes += 1
        return check(self._readings(table, check, before))

    def _readings(
        self, table: Table, check: Check, before: int
    ) -> Iterator[Reading | RowRefused | None]:
        total = 2 * table.total_bytes
        for number, row in enumerate(table.rows()):
            if number % 1_000 == 0:
                self._progress(before + table.done_bytes, total, check.rows)
            yield row if isinstance(row, RowRefused) else self._rows.read(row)
        self._progress(before + table.total_bytes, total, check.rows)

    def check(self) -> ImportResult:
        """Read the file and post nothing."""
        check = Check(self.source)
        refused: list[RowRefused] = []
        count = 0
        for one in self.items(check):
            if isinstance(one, RowRefused):
                count += 1
                if count <= MAX_LISTED:
                    refused.append(one)
        return ImportResult(
            stream=self.stream,
            rows=check.rows,
            readings=check.readings,
            quantity=check.quantity,
            unit=self.mapping.quantity.unit,
            first_start=check.first.period.start if check.first else None,
            last_end=check.last.period.end if check.last else None,
            refused=tuple(refused),
            refused_count=count,
            dry_run=True,
        )

    def digest(self, item: Item) -> bytes:
        """The name of an event's content, in this file where the content alone says too little."""
        scope = f"{self._sha256}:{item.line}" if self.by_place else ""
        return content_digest(item.event, scope)

"""What an import tells when it ends."""

from __future__ import annotations

import msgspec

from ledger.client.importer.table import RowRefused


class ImportResult(msgspec.Struct, frozen=True, kw_only=True):
    """What an import has found and done."""

    stream: str
    rows: int
    """With any value, below the header."""
    readings: int
    """Rows that became readings; the sum of their quantities follows."""
    quantity: str
    unit: str
    first_start: str | None
    last_end: str | None
    refused: tuple[RowRefused, ...]
    refused_count: int
    dry_run: bool
    events_posted: int = 0
    readings_posted: int = 0
    """Readings in those events: as many, or more where they are profiles."""
    batches: int = 0
    skipped: int = 0
    """Events that were already there."""
    readings_skipped: int = 0
    """Readings that were already there, some of them perhaps in an event with others."""
    first_index: int | None = None
    last_index: int | None = None
    checkpoint_size: int | None = None

    @property
    def ok(self) -> bool:
        """Whether every row was taken."""
        return self.refused_count == 0

"""The second pass over a file: what is not there yet goes to the ledger, batch by batch.

Rules: a content that the journal knows is left alone. When the ledger refuses a batch because time
or reference is taken, and it has events that the journal does not know, these are read back first:
what turns out to be there already is no error. A profile that is refused is posted in halves, and
these in halves, until the readings are found that are to blame: they are left out, and the others
are posted. A refusal names the line of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from ledger.carbon.info import Posted
from ledger.client.connection import Connection
from ledger.client.importer.batches import batches
from ledger.client.importer.check import Check
from ledger.client.importer.imported_file import MAX_LISTED, ImportedFile
from ledger.client.importer.items import Item
from ledger.client.importer.journal import Journal, content_digest
from ledger.client.importer.known import Known
from ledger.client.importer.marks import marks_of
from ledger.client.importer.read_back import ReadBack
from ledger.client.importer.result import ImportResult
from ledger.client.importer.table import RowRefused
from ledger.client.outbox import PendingBatch
from ledger.client.writer import Writer
from ledger.errors import (
    BadFile,
    Conflict,
    InvalidInput,
    LedgerError,
    Refused,
    RuleBroken,
)

MAX_LEFT_OUT: Final = 100
"""Rows that the ledger refuses one by one before the import stops."""


class Posting:
    """The second pass: what is not there yet goes to the ledger."""

    def __init__(
        self,
        connection: Connection,
        writer: Writer,
        journal: Journal,
        file: ImportedFile,
        *,
        most_left_out: int,
    ) -> None:
        self._writer = writer
        self._journal = journal
        self._file = file
        self._most_left_out = most_left_out
        self._refused_now: list[RowRefused] = []
        self._first_refused: tuple[Item, LedgerError] | None = None
        self._posted: list[Posted] = []
        self._events = 0
        self._readings = 0
        self._known = Known(journal, file)
        self._unknown = ReadBack(connection, writer, journal, file.stream)

    async def post(self, checked: ImportResult) -> ImportResult:
        """Post all batches of the file; `checked` is what the first pass found."""
        if self._file.by_place:
            await self._unknown.everything()
        check = Check(self._file.source)
        for batch in batches(self._good(check), self._file.mapping):
            await self._post_batch(batch)
        if (check.rows, check.quantity) != (checked.rows, checked.quantity):
            raise BadFile(
                f"{self._file.path} has changed while it was imported",
                expected=f"{checked.rows} rows, {checked.quantity} {checked.unit}",
                found=f"{check.rows} rows, {check.quantity} {checked.unit}",
                advice="Run the import again, when nothing writes to the file",
            )
        newest = self._writer.memory.newest
        listed = (*checked.refused, *self._refused_now)[:MAX_LISTED]
        return msgspec.structs.replace(
            checked,
            dry_run=False,
            refused=listed,
            refused_count=checked.refused_count + len(self._refused_now),
            events_posted=self._events,
            batches=len(self._posted),
            readings_posted=self._readings,
            skipped=self._known.events,
            readings_skipped=self._known.readings,
            first_index=self._posted[0].index if self._posted else None,
            last_index=self._posted[-1].index if self._posted else None,
            checkpoint_size=newest.size if newest else None,
        )

    def _good(self, check: Check) -> Iterator[Item]:
        for one in self._file.items(check):
            if isinstance(one, Item):
                yield one
            elif not self._most_left_out:
                raise BadFile(
                    f"{self._file.path} has changed while it was imported", found=str(one)
                )

    async def _post_batch(self, batch: list[Item]) -> None:
        items = self._fresh(batch)
        while items:
            try:
                await self._post_items(items)
            except (Refused, InvalidInput) as error:
                self._journal.reconcile(self._file.stream, self._writer.outbox)
                fresh = await self._without_known(items) if self._may_be_there(error) else items
                if fresh == items:
                    fresh = self._without_refused(items, error)
                items = fresh
            else:
                return

    async def _post_items(self, items: list[Item]) -> None:
        digests = [self._file.digest(item) for item in items]
        marks = marks_of(item.event for item in items)
        name = ""

        def before(pending: PendingBatch) -> None:
            nonlocal name
            name = pending.name
            self._first = pending.signed.statement.first
            self._journal.intend(pending, digests, marks)

        self._first = 0
        posted = await self._writer.post(self._file.stream, [item.event for item in items], before)
        self._journal.confirm(name)
        self._posted.append(posted)
        self._events += posted.count
        self._readings += sum(item.readings for item in items)

    def _fresh(self, batch: list[Item], *, thorough: bool = False) -> list[Item]:
        """What is not posted yet; refuses what cannot be told apart from a posted receipt."""
        fresh = self._known.fresh(batch, thorough=thorough)
        if not self._file.by_place:
            return fresh
        contents = [content_digest(item.event) for item in fresh]
        foreign = self._journal.known(self._file.stream, contents)
        good = []
        for item, content in zip(fresh, contents, strict=True):
            if content in foreign:
                self._leave_out(
                    item,
                    Conflict(
                        "an equal receipt stands in the ledger, from a file that this home does "
                        "not know",
                        expected="a receipt that can be told apart",
                        advice="Give receipts their number: [reference] column in the map",
                    ),
                )
            else:
                good.append(item)
        return good

    def _without_refused(self, items: list[Item], error: LedgerError) -> list[Item]:
        """The items without the one that the error names, or with its halves in its place.

        Raises the error where nothing is left out.
        """
        at = self._position_in(error)
        if at is None or not 0 <= at < len(items):
            raise error
        # Halves of what is told apart by its place in the file would not be recognised again.
        if items[at].readings > 1 and not self._file.by_place:
            return items[:at] + items[at].halves() + items[at + 1 :]
        self._leave_out(items[at], error)
        return items[:at] + items[at + 1 :]

    def _leave_out(self, item: Item, error: LedgerError) -> None:
        self._first_refused = self._first_refused or (item, error)
        if len(self._refused_now) >= self._most_left_out:
            raise self._placed(*self._first_refused) from error
        self._refused_now.append(
            RowRefused(
                line=item.line,
                column="",
                what=error.what if item.readings == 1 else f"{item.where}: {error.what}",
                expected=error.expected,
                found=error.found,
                advice=error.advice,
            )
        )

    def _placed(self, item: Item, error: LedgerError) -> LedgerError:
        """The ledger's error, with the place in the file."""
        advice = [error.advice.rstrip(".")] if error.advice else []
        stands = f"{self._events} events before it are" if self._events else "Nothing is"
        advice.append(f"{stands} posted; run the import again once the cause is removed")
        what = error.what.removeprefix(f"{self._file.stream}@").lstrip("0123456789").lstrip(": ")
        return type(error)(
            f"{self._file.path.name}, {item.where}: {what}",
            expected=error.expected,
            found=error.found,
            advice=". ".join(advice),
        )

    def _position_in(self, error: LedgerError) -> int | None:
        if match := re.match(re.escape(self._file.stream) + r"@([0-9]+):", error.what):
            return int(match[1]) - self._first
        if match := re.match(r"event ([0-9]+) of the batch:", error.what):
            return int(match[1]) - 1
        return None

    def _may_be_there(self, error: LedgerError) -> bool:
        """Whether the error is what a reading meets that stands in the ledger already."""
        chained = self._file.mapping.register is not None
        return isinstance(error, Conflict) or (chained and isinstance(error, RuleBroken))

    async def _without_known(self, items: list[Item]) -> list[Item]:
        """The items without those that turn out to be posted, by another home or before a loss."""
        fresh = self._fresh(items, thorough=True)
        if fresh != items:
            return fresh
        while fresh and await self._unknown.more(fresh[0].event):
            before, fresh = fresh, self._fresh(fresh, thorough=True)
            if fresh == before != items:
                break  # The rest of them stands nowhere near.
        return fresh

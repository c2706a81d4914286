"""What can be known to be refused before anything is posted, found in the file alone.

Rules: a continuous source has one reading for a time, a discrete one uses a reference once; here
both are looked for between the rows of one file. Beside the check the file is summed up, so that a
person can compare the total with the meter's bill. Source: accounting rules, section 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from ledger.carbon import coverage
from ledger.carbon.info import SourceInfo
from ledger.client.importer.rows import Reading
from ledger.client.importer.table import RowRefused
from ledger.log.values import DECIMAL_PLACES


class Check:
    """One pass over the readings of a file."""

    def __init__(self, source: SourceInfo) -> None:
        self.rows = 0
        self.readings = 0
        self.tiny = 0
        """Sum of the quantities, in 10^-12 of their unit."""
        self.first: Reading | None = None
        """The reading that starts first, and the one that ends last."""
        self.last: Reading | None = None
        self._continuous: Final = source.kind == "continuous"
        self._cover: dict[int, coverage.Bounds] = {}
        self._references: dict[str, int] = {}

    @property
    def quantity(self) -> str:
        """The sum of the quantities, in plain digits."""
        digits = str(self.tiny).rjust(DECIMAL_PLACES + 1, "0")
        whole, fraction = digits[:-DECIMAL_PLACES], digits[-DECIMAL_PLACES:].rstrip("0")
        return f"{whole}.{fraction}" if fraction else whole

    def __call__(
        self, rows: Iterable[Reading | RowRefused | None]
    ) -> Iterator[Reading | RowRefused]:
        """The readings that pass, and a refusal for each row that does not."""
        for row in rows:
            self.rows += 1
            if row is None:
                continue
            refused = row if isinstance(row, RowRefused) else self._refuse(row)
            if refused is not None:
                yield refused
            elif isinstance(row, Reading):
                self._count(row)
                yield row

    def _count(self, one: Reading) -> None:
        self.readings += 1
        self.tiny += one.tiny
        if self.first is None or one.period.start_s < self.first.period.start_s:
            self.first = one
        if self.last is None or one.period.end_s > self.last.period.end_s:
            self.last = one

    def _refuse(self, one: Reading) -> RowRefused | None:
        return self._covered(one) if self._continuous else self._used(one)

    def _covered(self, one: Reading) -> RowRefused | None:
        pieces = list(coverage.buckets(one.period.start_s, one.period.end_s))
        for bucket, start_s, end_s in pieces:
            if coverage.overlap(self._cover.get(bucket, ()), start_s, end_s) is not None:
                return RowRefused(
                    line=one.line,
                    column="",
                    what="an earlier row has a reading for this time",
                    expected="each time once, for a continuous source",
                    found=f"{one.period.start} to {one.period.end}",
                    advice="Look for a row that stands twice, or for a wrong interval in the map.",
                )
        for bucket, start_s, end_s in pieces:
            self._cover[bucket] = coverage.add(self._cover.get(bucket, ()), start_s, end_s)
        return None

    def _used(self, one: Reading) -> RowRefused | None:
        reference = one.event.reference
        if reference is None:
            return None
        earlier = self._references.setdefault(reference, one.line)
        if earlier == one.line:
            return None
        return RowRefused(
            line=one.line,
            column="",
            what="a reference that stands twice",
            expected="each receipt once",
            found=f"{reference}, as in line {earlier}",
        )

"""A page of a stream, or of the log: entries as they were posted, one behind the other.

    page  = *entry
    entry = jws LF *(line LF)          as many lines as the statement of the jws counts

Rules: the entries of a stream's page follow each other without a gap, by version and by hash: each
names the leaf hash that the one before it ends with. So who has proven the last event of a page has
proven every line of it, without asking who signed: a leaf hash covers stream, version, type, data
and the leaf before. A page of the log says nothing by itself: who folds it finds whether it holds.
Source: formats, sections 3 and 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

import msgspec

from ledger.errors import BadBatch
from ledger.log import batch
from ledger.log.batch import SignedStatement

MEDIA_TYPE: Final = "application/vnd.carbon-ledger.entries+x-ndjson"
PAGE_BYTES: Final = 1024 * 1024
"""A page ends with the entry that reaches this; one entry may be longer."""


class PageEntry(msgspec.Struct, frozen=True):
    """A batch of the page: its statement and the lines that it is said to sign, not yet compared."""

    signed: SignedStatement
    lines: list[bytes]


def write_page(entries: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The page of (JWS, event lines with an LF at the end of each)."""
    return b"".join(part for jws, lines in entries for part in (jws, b"\n", lines))


def read_page(page: bytes) -> list[PageEntry]:
    """The entries of a stream's page, in order and without a gap; raises InvalidInput."""
    found = list(read_entries(page))
    for one, other in pairwise(found):
        before, after = one.signed.statement, other.signed.statement
        if (after.stream, after.first, after.previous) != (
            before.stream,
            before.last + 1,
            before.head,
        ):
            raise BadBatch(
                "an entry of the page does not follow the one before it",
                expected=f"{before.stream}@{before.last + 1} after {before.head}",
                found=f"{after.stream}@{after.first} after {after.previous}",
            )
    return found


def read_entries(page: bytes) -> Iterator[PageEntry]:
    """The entries of a page of the log, in order; raises InvalidInput."""
    at = 0
    while at < len(page):
        jws, at = _line(page, at)
        signed = batch.parse_statement(jws)
        lines = []
        for _ in range(signed.statement.count):
            line, at = _line(page, at)
            lines.append(line)
        yield PageEntry(signed, lines)


def _line(page: bytes, at: int) -> tuple[bytes, int]:
    end = page.find(b"\n", at)
    if end < 0:
        raise BadBatch(
            "a page that ends within an entry",
            expected="as many lines as the statement counts, each ended by LF",
            found=f"{len(page) - at} bytes after the last LF",
        )
    return page[at:end], end + 1

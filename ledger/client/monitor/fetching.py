"""Fetches the entries of a log up to a size, as its tiles show them. They are held against nothing yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ledger.client.monitor.entry import EntryReader
from ledger.errors import ProofFailed
from ledger.log import note
from ledger.log.tiles import WIDTH

if TYPE_CHECKING:
    from ledger.client.monitor.kept import Kept
    from ledger.client.monitor.served import Served

MOST_STRAYS: Final = 1000
"""A log with more entries than this that are no statements is not followed any further."""

Progress = Callable[[int, int], None]


def fetch(kept: Kept, served: Served, vkey: str, size: int, progress: Progress) -> None:
    """Keep all entries below a size. Raises NotFound, Unavailable, and ProofFailed for what is no log."""
    origin = note.parse_vkey(vkey).name
    reader = EntryReader(kept, vkey)
    strays = kept.strays()
    while reader.size < size:
        number, skip = divmod(reader.size, WIDTH)
        found = reader.read(served.entries(origin, size, number)[skip:])
        strays += sum(not one.stream for one in found)
        if strays > MOST_STRAYS:
            kept.forget_above(kept.size)
            raise ProofFailed(
                f"{served.url} shows entries that are no statements",
                expected=f"a log, in which at most {MOST_STRAYS} of them would be kept as wrong",
                found=f"{strays} among the first {reader.size} entries",
                advice="No ledger takes one. It is not followed any further; ask its operator.",
            )
        kept.append(found)
        progress(reader.size, size)

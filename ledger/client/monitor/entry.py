"""What an entry of a log must be, as far as the public statements alone can say.

A statement in form, for this log; what it has seen is in the log before it; it goes on where its
stream ended. The first entry is of `<operator>/ledger`. (Where a stream begins is asked later: in a log
that continues another one, that is where it ended there.) Source: specification, monitoring, following.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ledger.client.monitor.kept import KeptEntry
from ledger.errors import LedgerError
from ledger.log.batch import parse_statement
from ledger.log.hashes import leaf_hash
from ledger.log.tree import CompactRange

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.client.monitor.kept import Kept
    from ledger.log.batch import Statement

OPENING: Final = "/ledger"


class EntryReader:
    """Reads the entries of a log in order, each as it is to be kept."""

    def __init__(self, kept: Kept, vkey: str) -> None:
        """Go on behind all that was fetched."""
        self._kept = kept
        self._vkey = vkey
        self._tree = CompactRange().extend(kept.leaves(kept.fetched()))
        self._ends: dict[str, KeptEntry] = {}
        self._new: dict[int, KeptEntry] = {}

    @property
    def size(self) -> int:
        """How many entries were read."""
        return self._tree.size

    def read(self, entries: Iterable[bytes]) -> list[KeptEntry]:
        """The next entries, and what is wrong with each. They are not yet kept."""
        self._new = {}
        return [self._read(entry) for entry in entries]

    def _read(self, entry: bytes) -> KeptEntry:
        index, leaf = self._tree.size, leaf_hash(entry)
        self._tree = self._tree.append(leaf)
        root = self._tree.root()
        try:
            signed = parse_statement(entry)
        except LedgerError as error:
            found = KeptEntry(index, leaf, root, fault=f"it is no statement: {error}"[:500])
        else:
            said = signed.statement
            found = KeptEntry(
                index, leaf, root, said.stream, said.first, said.count, said.previous, said.head,
                signed.kid, said.signed_at, self._fault(index, said),
            )  # fmt: skip
            self._ends[said.stream] = found
        self._new[index] = found
        return found

    def _fault(self, index: int, said: Statement) -> str:
        if said.log != self._vkey:
            return f"it is signed for another log, {said.log}"
        if index == 0 and not (said.stream.endswith(OPENING) and said.stream.count("/") == 1):
            return f"it is the first of the log and of {said.stream}, not of <operator>/ledger"
        if said.seen is not None:
            root = self._root_at(said.seen.size) if said.seen.size <= index else None
            if root is None or root.hex() != said.seen.root:
                return (
                    f"its author has seen a log of size {said.seen.size} with the root "
                    f"{said.seen.root}, which this log never had: there is another history"
                )
        before = self._ends.get(said.stream) or self._kept.end_of(said.stream)
        if before is not None and (said.first, said.previous) != (before.last + 1, before.head):
            return (
                f"it does not go on where its stream ends: expected {said.stream}@{before.last + 1} "
                f"after {before.head}, found {said.stream}@{said.first} after {said.previous}"
            )
        return ""

    def _root_at(self, size: int) -> bytes | None:
        found = self._new.get(size - 1)
        return found.root if found else self._kept.root_at(size)

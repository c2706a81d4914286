"""Folds a log from its entries, checks everything on the way, and knows all that was known at any size.

Of each entry: the JWS in its form and for this log, every line in its one spelling, leaf hashes,
chain, head and root of the batch, the stream going on where it ended, what its author had seen, the
key valid there and the signature its own, and the rules, seals derived again included. What an
entry breaks is raised, and the ledger stays as it was before. Pure.

    whole = WholeLedger(vkey)
    for jws, lines in entries:
        whole.add(jws, lines)
    whole.check(checkpoint)
    known = whole.known(("2026-01", "2027-01"))
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ledger.carbon.known import Known
from ledger.carbon.seal.pieces import SealGround
from ledger.errors import BadBatch, OtherHistory, refusing
from ledger.log.batch import SignedStatement, Statement, chain, parse_statement
from ledger.log.checkpoint import Checkpoint
from ledger.log.hashes import EMPTY_ROOT, ZEROS_HEX, RootHash, leaf_hash
from ledger.log.redacted import read_redacted
from ledger.log.seals import Head
from ledger.log.tree import CompactRange
from ledger.machine import check_log, read_events, types_of, whole_entry
from ledger.parties.pieces import LedgerPiece
from ledger.whole.fold import Fold
from ledger.whole.readings import Kept


class WholeLedger:
    """A ledger in memory, as its entries say that it is."""

    def __init__(self, log: str, kept: Kept | None = None) -> None:
        """`log` is its vkey; `kept` keeps the lines of readings, in memory if it is not given."""
        self.log = log
        self.fold = Fold(kept)
        self._tree = CompactRange()
        self._roots: list[RootHash] = [EMPTY_ROOT]

    @property
    def size(self) -> int:
        """How many entries it has."""
        return self._tree.size

    @property
    def root(self) -> RootHash:
        """Of the log at its size."""
        return self._roots[-1]

    @property
    def about(self) -> LedgerPiece:
        """The ledger itself, as entry 0 said. Not before entry 0."""
        return self.fold.about

    def add(self, jws: bytes, lines: list[bytes]) -> SignedStatement:
        """Take the next entry, or raise why it cannot be and stay as before.

        Raises InvalidInput, Refused, ProofFailed. Nothing is taken for granted but the order.
        """
        signed = parse_statement(jws)
        check_log(signed.statement.log, self.log)
        check_shown(self.size, lines)
        events = read_events(lines)
        types = types_of(events)
        chain(lines, types * len(lines) if len(types) == 1 else types, signed.statement)
        return self.take(signed, events, lines)

    def take(
        self, signed: SignedStatement, events: tuple[msgspec.Struct, ...], lines: Sequence[bytes]
    ) -> SignedStatement:
        """The same for an entry whose lines are these events, for this log, and give its root."""
        with refusing("chain"):
            self._check_place(signed.statement)
        with refusing("statement"):
            self._check_seen(signed.statement)
        self.fold.add(whole_entry(self.size, signed, events), signed, lines)
        self._tree = self._tree.append(leaf_hash(signed.jws.raw))
        self._roots.append(self._tree.root())
        return signed

    def root_at(self, size: int) -> RootHash:
        """The root of the log at a size, which it has reached."""
        return self._roots[size]

    def check(self, checkpoint: Checkpoint) -> None:
        """Raise OtherHistory unless this checkpoint is of this history, whose size it does not pass."""
        root = self.root_at(checkpoint.size)
        if root != checkpoint.root:
            raise OtherHistory(
                f"the checkpoint of size {checkpoint.size} is not what the log's entries make",
                expected=root.hex(),
                found=checkpoint.root.hex(),
                advice="Keep the checkpoint and the entries: together they show it.",
            )

    def known(
        self, period: tuple[str, str], size: int | None = None, party: str | None = None
    ) -> Known:
        """What is known of a party, or (None) of the whole area, over [first, end) at a log size.

        Now unless a size is given. Raises NotFound for a party that is not registered by then.
        """
        return self.fold.known(period, self.size if size is None else size, party)

    def ground(self, period: tuple[str, str], size: int | None = None) -> SealGround:
        """What a seal of a period follows from at a size, now unless it is given."""
        return self.fold.ground(period, self.size if size is None else size)

    def heads(self, size: int | None = None) -> Sequence[Head]:
        """The head of each stream that has an entry below a size, in order of their names."""
        return self.fold.heads(self.size if size is None else size)

    def _check_place(self, statement: Statement) -> None:
        version, leaf = self.fold.head(statement.stream) or (0, ZEROS_HEX)
        if (statement.first, statement.previous) != (version + 1, leaf):
            raise BadBatch(
                f"entry {self.size} does not go on where {statement.stream} ended",
                expected=f"version {version + 1} after {leaf}",
                found=f"version {statement.first} after {statement.previous}",
            )

    def _check_seen(self, statement: Statement) -> None:
        seen = statement.seen
        if seen is None:
            return
        root = self.root_at(seen.size).hex() if seen.size <= self.size else "no such size yet"
        if root != seen.root:
            raise OtherHistory(
                f"the author of entry {self.size} has seen another history at size {seen.size}",
                expected=root,
                found=seen.root,
            )


def check_shown(index: int, lines: Sequence[bytes]) -> None:
    """Raise BadBatch where an event's data was taken out of an entry: nothing follows from it."""
    for position, line in enumerate(lines):
        if read_redacted(line) is not None:
            raise BadBatch(
                f"event {position + 1} of entry {index} is withheld or redacted",
                expected="the data of every event",
                found=line.decode(errors="replace")[:120],
                advice="Only who has read the entry before its redaction can fold it.",
            )

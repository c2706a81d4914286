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

Where data was taken out of an entry, its redaction is read first (`fold.redactions`), and `check`
refuses a checkpoint under which it does not stand. Such an event counts as its redaction says.

A log that continues another one is folded from that one's entry 0, at an index below 0: its own entry
0 must name what the earlier log has come to. Sizes, roots and checkpoints are those of the log at hand.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ledger.carbon.known import Known
from ledger.carbon.seal.pieces import SealGround
from ledger.errors import BadBatch, OtherHistory, RuleBroken, refusing
from ledger.log.batch import SignedStatement, Statement, parse_statement
from ledger.log.checkpoint import Checkpoint
from ledger.log.hashes import EMPTY_ROOT, ZEROS_HEX, RootHash, leaf_hash
from ledger.log.redacted import holds_redacted, stored_chain
from ledger.log.seals import Head
from ledger.log.tree import CompactRange
from ledger.machine import check_log, read_stored, types_of, whole_entry
from ledger.parties.events import LedgerOpened
from ledger.parties.pieces import LedgerPiece
from ledger.whole.fold import Fold
from ledger.whole.readings import Kept
from ledger.whole.redactions import Redactions, check_confirmed, gone


class WholeLedger:
    """A ledger in memory, as its entries say that it is."""

    def __init__(
        self,
        log: str,
        kept: Kept | None = None,
        redactions: Redactions | None = None,
        first: int = 0,
    ) -> None:
        """`log` is its vkey; `kept` keeps the lines of readings, in memory if it is not given.

        `redactions` are those that were read before. `first` is the index of the first entry: below
        0, and that of the oldest log's entry 0, where this log continues another one.
        """
        self.log = log
        self.first = first
        self.fold = Fold(kept, redactions=redactions)
        self._opened = first
        self._tree = CompactRange()
        self._roots: list[RootHash] = [EMPTY_ROOT]
        self._gone: dict[int, list[str]] = {}

    @property
    def size(self) -> int:
        """How many entries it has; 0 or less before its own first one, behind those of earlier logs."""
        return self._opened + self._tree.size

    @property
    def root(self) -> RootHash:
        """Of the log at hand, over all of its entries so far."""
        return self._roots[-1]

    @property
    def about(self) -> LedgerPiece:
        """The ledger itself, as its opening said. Not before the first entry."""
        return self.fold.about

    def add(self, jws: bytes, lines: list[bytes]) -> SignedStatement:
        """Take the next entry, or raise why it cannot be and stay as before.

        Raises InvalidInput, Refused, ProofFailed. Nothing is taken for granted but the order, and
        what `fold.redactions` was told before, which `check` asks for again.
        """
        signed = parse_statement(jws)
        if self.size >= 0:
            check_log(signed.statement.log, self.log)  # of an earlier log, its opening says which
        events = read_stored(lines)
        types = types_of(events)
        stored_chain(lines, types * len(lines) if len(types) == 1 else types, signed.statement)
        return self.take(signed, events, lines)

    def lacks(self, jws: bytes, lines: Sequence[bytes]) -> bool:
        """Whether data is gone from an entry whose redaction has not been read."""
        if not holds_redacted(lines):
            return False
        statement = parse_statement(jws).statement
        names = gone(statement.stream, statement.first, lines)
        return any(self.fold.redactions.of(name) is None for name in names)

    def look_at(self, jws: bytes, lines: Sequence[bytes]) -> None:
        """Read an entry's redactions before it is its turn; entries come in the log's order."""
        statement = parse_statement(jws).statement
        self.fold.redactions.read(statement.stream, statement.first, lines)

    def take(
        self, signed: SignedStatement, events: tuple[msgspec.Struct, ...], lines: Sequence[bytes]
    ) -> SignedStatement:
        """The same for an entry whose lines are these events, for this log, and give its root."""
        statement, index = signed.statement, self.size
        opens = index <= 0 and isinstance(events[0], LedgerOpened)
        with refusing("chain"):
            self._check_place(statement, opens=opens)
        with refusing("statement"):
            self._check_seen(statement, [EMPTY_ROOT] if opens else self._roots)
        if opens and self._tree.size:
            self.fold.end(self._tree.size, self.root)
        _check_opened(index, opens=opens)
        self.fold.add(whole_entry(index, signed, events), signed, lines)
        if opens:
            self._opened, self._tree, self._roots = index, CompactRange(), [EMPTY_ROOT]
        if holds_redacted(lines):
            self._gone[index] = gone(statement.stream, statement.first, lines)
        self._tree = self._tree.append(leaf_hash(signed.jws.raw))
        self._roots.append(self._tree.root())
        return signed

    def root_at(self, size: int) -> RootHash:
        """The root at a size, which it has reached, of the log at hand."""
        return self._roots[size]

    def check(self, checkpoint: Checkpoint) -> None:
        """Raise OtherHistory unless this checkpoint is of this history, whose size it does not pass.

        Raises ProofFailed where data is gone below it and the redaction was not folded.
        """
        root = self.root_at(checkpoint.size)
        if root != checkpoint.root:
            raise OtherHistory(
                f"the checkpoint of size {checkpoint.size} is not what the log's entries make",
                expected=root.hex(),
                found=checkpoint.root.hex(),
                advice="Keep the checkpoint and the entries: together they show it.",
            )
        self.check_redactions(checkpoint.size)

    def gone(self, size: int | None = None) -> list[str]:
        """The names of all events below a size whose data is gone, in the order of the log."""
        below = self.size if size is None else size
        return [name for index, names in self._gone.items() if index < below for name in names]

    def check_redactions(self, size: int | None = None) -> None:
        """Raise ProofFailed unless all data that is gone below a size was redacted by the log itself."""
        check_confirmed(self.fold.state, self.gone(size))

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

    def _check_place(self, statement: Statement, *, opens: bool) -> None:
        """Each log begins the stream of its opening anew."""
        before = None if opens else self.fold.head(statement.stream)
        version, leaf = before or (0, ZEROS_HEX)
        if (statement.first, statement.previous) != (version + 1, leaf):
            raise BadBatch(
                f"entry {self.size} does not go on where {statement.stream} ended",
                expected=f"version {version + 1} after {leaf}",
                found=f"version {statement.first} after {statement.previous}",
            )

    def _check_seen(self, statement: Statement, roots: Sequence[RootHash]) -> None:
        seen = statement.seen
        if seen is None:
            return
        root = roots[seen.size].hex() if seen.size < len(roots) else "no such size yet"
        if root != seen.root:
            raise OtherHistory(
                f"the author of entry {self.size} has seen another history at size {seen.size}",
                expected=root,
                found=seen.root,
            )


def _check_opened(index: int, *, opens: bool) -> None:
    """Raise RuleBroken where an earlier log's entries go on past entry 0 of the log that continues it."""
    if index == 0 and not opens:
        raise RuleBroken(
            "entry 0 of the log",
            expected="LedgerOpened, which opens it",
            found="another entry",
            defect="opening",
        )

"""The ledger in memory for logs that continue one another: it refuses what the ledger refuses.

    first = World()
    second = Continuing(first, SECOND)
    second.open()

Entries of earlier logs stand in its `log` at indexes below 0, as they do in a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any, Final

import msgspec

from ledger import machine
from ledger.carbon.rows import EntryRows
from ledger.carbon.seal.pieces import SealGround
from ledger.fold.state import Overlay
from ledger.log import batch, note
from ledger.log.hashes import leaf_hash
from ledger.log.jws import possession_proof
from ledger.log.keys import PrivateKey
from ledger.log.seals import Head, heads_root
from ledger.log.tree import root_of
from ledger.parties.events import Continued, LedgerOpened, Signed
from ledger.parties.pieces import END, EndPiece
from tests.unit import world as worlds
from tests.unit.world import (
    LOG,
    ORIGIN,
    Logged,
    World,
    authorisation,
    jwk,
    key_of,
    opening,
    registration,
)

SECOND: Final = "ledger.example/second"
THIRD: Final = "ledger.example/third"
LEDGER: Final = "operator/ledger"
SAID: Final = 500
"""The first salt of what stands ready to be said in such logs."""
FORGED: Final = 1000
"""The first salt of what is added to logs that were as they should be."""


@contextmanager
def salts_from(first: int) -> Iterator[None]:
    """Salts count from here, so that every run has the same."""
    kept = worlds._salts
    worlds._salts = count(first)
    try:
        yield
    finally:
        worlds._salts = kept


def vkey_of(origin: str) -> str:
    """The vkey of the log of this origin."""
    return LOG if origin == ORIGIN else note.log_vkey(origin, key_of(origin).public)


def recovery_of(origin: str) -> str:
    """The name of the recovery key that a log brings with it."""
    return "recovery" if origin == ORIGIN else f"recovery {origin[-6:]}"


def reopening(origin: str, continues: Continued, **changed: Any) -> LedgerOpened:
    """The opening of a continuing log: the operator's own key, and a new recovery key.

    `first` and `recovery` name other keys; what is `changed` beside is said so.
    """
    log = vkey_of(origin)
    first = key_of(changed.pop("first", "operator"))
    recovery = key_of(changed.pop("recovery", recovery_of(origin)))
    members: dict[str, object] = {
        "origin": origin,
        "log": log,
        "key": jwk(first),
        "proof": possession_proof(first, log, "operator"),
        "recovery_key": jwk(recovery),
        "recovery_proof": possession_proof(recovery, log, "operator"),
        "continues": continues,
    }
    return opening(**{**members, **changed})


def continued(
    log: str, jws: Sequence[bytes], heads: dict[str, tuple[int, str]], signed: Signed | None = None
) -> Continued:
    """The end of a log of these entries."""
    lines = [Head(head=leaf, stream=s, version=v) for s, (v, leaf) in sorted(heads.items())]
    return Continued(
        log=log,
        size=len(jws),
        root=root_of([leaf_hash(one) for one in jws]).hex(),
        heads_root=heads_root(lines).hex(),
        heads_count=len(lines),
        signed=signed,
    )


class Continuing(World):
    """A ledger that goes on after the entries of another, which stand in its `log` below index 0."""

    def __init__(self, earlier: World, origin: str) -> None:
        super().__init__(opened=False)
        self.earlier, self.origin, self.vkey = earlier, origin, vkey_of(origin)
        self.ends: list[EndPiece] = [*getattr(earlier, "ends", ()), _end(end_of(earlier))]
        for logged in earlier.log:
            self._bring(logged, earlier.size)
        self.before = len(self.log)
        self.heads = {s: h for s, h in earlier.heads.items() if s != LEDGER}
        self.state.put(END, "", self.ends[-1])

    def _bring(self, logged: Logged, shift: int) -> None:
        """Fold an entry of an earlier log at its index here."""
        index = logged.index - shift
        entry = msgspec.structs.replace(logged.entry, index=index)
        opened = sum(isinstance(one.entry.events[0], LedgerOpened) for one in self.log)
        if isinstance(entry.events[0], LedgerOpened) and opened:
            self.state.put(END, "", self.ends[opened - 1])
        overlay = Overlay(self.state)
        machine.authorise(overlay, entry)
        machine.fold(overlay, entry, EntryRows())
        self._keep(msgspec.structs.replace(logged, index=index, entry=entry), overlay)

    @property
    def size(self) -> int:
        """Of the log at hand."""
        return len(self.log) - self.before

    def open(self, signer: str = "operator", **changed: Any) -> None:
        """Write entry 0, as `reopening` makes it."""
        end = end_of(self.earlier, changed.pop("signed", None))
        self.post(signer, LEDGER, [reopening(self.origin, end, **changed)])

    def post(
        self,
        signer: str | PrivateKey,
        stream: str,
        events: Sequence[msgspec.Struct],
        log: str | None = None,
    ) -> Logged:
        """Sign for this log, unless another one is said."""
        return super().post(signer, stream, events, log or self.vkey)

    def submit(self, submission: bytes) -> Logged:
        """Append a submission as the ledger does."""
        jws, lines = batch.split_submission(submission)
        signed = batch.parse_statement(jws)
        events = machine.read_events(lines)
        leaves = batch.chain(lines, [type(event).__name__ for event in events], signed.statement)
        entry = machine.whole_entry(self.size, signed, events)
        overlay, rows = Overlay(self.state), EntryRows()
        signed.jws.verify(machine.authorise(overlay, entry))
        machine.fold(overlay, entry, rows)
        return self._keep(Logged(entry.index, jws, tuple(lines), leaves, entry, rows), overlay)

    def party(self, party: str, *roles: str, by: str = "operator") -> None:
        """Register a party whose first admin key is named like it."""
        proof = possession_proof(key_of(party), self.vkey, party)
        self.post(by, f"{party}/keys", [registration(party, *roles, proof=proof)])

    def key(self, party: str, name: str, *scope: str, **more: object) -> PrivateKey:
        """Authorise a further key of the party, of that name, signed by the key `by`."""
        by = str(more.pop("by", party))
        proof = possession_proof(key_of(name), self.vkey, party)
        event = authorisation(party, name, *scope, proof=proof, **more)
        self.post(by, f"{party}/keys", [event])
        return key_of(name)

    def ground(self, period: tuple[str, str], size: int) -> SealGround:
        """What a seal follows from at a size; one below 0 is a size of an earlier log."""
        if size < 0:
            return self.earlier.ground(period, size + self.earlier.size)
        return super().ground(period, size)

    def at(self, size: int) -> World:
        """The same ledger when the log at hand had this size."""
        found = Continuing(self.earlier, self.origin)
        found.grounds = self.grounds
        for logged in self.log[self.before : self.before + size]:
            overlay = Overlay(found.state)
            machine.fold(overlay, logged.entry, EntryRows())
            found._keep(logged, overlay)
        return found


def end_of(world: World, signed: Signed | None = None) -> Continued:
    """What the opening of a continuing log says of this one's end."""
    own = world.log[getattr(world, "before", 0) :]
    log = getattr(world, "vkey", LOG)
    return continued(log, [one.jws for one in own], world.heads, signed)


def _end(said: Continued) -> EndPiece:
    return EndPiece(
        size=said.size,
        root=said.root,
        heads_root=said.heads_root,
        heads_count=said.heads_count,
    )

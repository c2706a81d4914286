"""A range of the log, checked anywhere: its stored bytes in, what they come to out.

What an auditor does with an entry that needs no other entry is done here, in any process on any
machine: form of the JWS, signature, lines in their one spelling, salts, leaf hashes, chain inside
the batch, batch root, and what its readings come to on their basis. What needs the entries before
it (the tree, the streams, the state) is left to whoever merges the ranges in their order; there it
costs little. Bytes travel, not connections: whoever checks needs neither database nor home.

A range brings the keys and bases that whoever reads the log has found so far. None of them is
trusted: which key may sign, and which basis is in force, is judged again where ranges are merged.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import msgspec

from ledger.carbon import coverage
from ledger.carbon.events import ActivityRecorded, EmissionMeasured, ProfileRecorded
from ledger.carbon.ground import Ground
from ledger.carbon.pieces import COVER, REFERENCE, cover_key
from ledger.carbon.summary import Summary, cover_keys, ground_from, summarise
from ledger.errors import LedgerError, Unavailable
from ledger.log.batch import SignedStatement, parse_statement
from ledger.log.checkpoint import Checkpoint, open_checkpoint
from ledger.log.hashes import LeafHash, leaf_hash
from ledger.log.keys import PublicKey
from ledger.log.redacted import Redacted, stored_chain
from ledger.machine import check_log, public_key_from, read_stored, types_of
from ledger.store.packing import split_packed

IMPOSSIBLE: Final = (ArithmeticError, AssertionError, LookupError, TypeError, ValueError)
"""What the rules may raise over a state that no accepted log reaches: behind damage they do."""


class Bytes(msgspec.Struct, frozen=True, array_like=True):
    """An entry as it is stored; `basis` is the place of its stream's basis in the range, or -1."""

    index: int
    jws: bytes
    packed: bytes
    basis: int


class Range(msgspec.Struct, frozen=True):
    """Consecutive entries of one log, and what is known so far for checking them.

    `keys` are public keys by thumbprint (member x of the JWK); `notes` are the signed checkpoints
    of these sizes. Without `hashes` nothing is hashed and no signature is verified: enough to fold.
    """

    log: str
    entries: tuple[Bytes, ...]
    keys: dict[str, str]
    bases: tuple[bytes, ...]
    notes: tuple[tuple[int, bytes], ...]
    hashes: bool


class FoundEntry(msgspec.Struct, frozen=True):
    """What follows from the bytes of one entry.

    `signed` is None where the JWS is out of form, and `damage` then says how; otherwise `damage` is
    what is wrong with the lines, and `forged` what is wrong with the signature, None where its key
    was not known. `pieces` are those of the state that the entry's readings will ask for, `redacted`
    the positions of events whose data is gone.
    """

    leaf: LeafHash
    signed: SignedStatement | None = None
    damage: str = ""
    forged: str | None = None
    types: tuple[str, ...] = ()
    summary: Summary | None = None
    pieces: tuple[tuple[str, str], ...] = ()
    redacted: tuple[int, ...] = ()


class Found(msgspec.Struct, frozen=True):
    """What follows from a range: its entries, and its checkpoints or what is wrong with them."""

    entries: tuple[FoundEntry, ...]
    notes: tuple[Checkpoint | str, ...]


def check_range(part: Range) -> Found:
    """Check a range; damage is part of the answer."""
    return Found(
        tuple(_check_entry(part, one) for one in part.entries),
        tuple(open_note(note, part.log) for _, note in part.notes),
    )


@lru_cache(maxsize=1)
def release() -> str:
    """What does the checking; on other machines too, only the same gives the same answer."""
    from importlib.metadata import version  # noqa: PLC0415  (slow to load, and only asked by Dask)

    return f"carbon-ledger {version('carbon-ledger')}, Python {sys.version.split()[0]}"


def check_range_as(asked: str, part: Range) -> Found:
    """The same by this very release; raises Unavailable in another one."""
    if asked != release():
        raise Unavailable(
            "a worker of another release",
            expected=asked,
            found=release(),
            advice="Install the same carbon-ledger and the same Python everywhere.",
        )
    return check_range(part)


def open_note(note: bytes, log: str) -> Checkpoint | str:
    """A checkpoint that its log has signed, or what is wrong with it."""
    try:
        return open_checkpoint(note, log)
    except LedgerError as error:
        return str(error)


def _check_entry(part: Range, stored: Bytes) -> FoundEntry:
    leaf = leaf_hash(stored.jws)
    try:
        signed = parse_statement(stored.jws)
        check_log(signed.statement.log, part.log)
    except LedgerError as error:
        return FoundEntry(leaf, damage=str(error))
    try:
        lines = split_packed(stored.packed, stored.index)
        events = read_stored(lines)
        types = types_of(events)
        if part.hashes:
            stored_chain(lines, types * len(lines) if len(types) == 1 else types, signed.statement)
    except LedgerError as error:
        return FoundEntry(leaf, signed, damage=str(error))
    forged: str | None = ""
    if part.hashes:
        x = part.keys.get(signed.kid)
        forged = None if x is None else _forged(signed, public_key_from(x))
    summary: Summary | None = None
    pieces: tuple[tuple[str, str], ...] = ()
    if stored.basis >= 0:
        ground = ground_from(part.bases[stored.basis])
        summary, pieces = _readings(ground, signed.statement.stream, events)
    gone = tuple(at for at, event in enumerate(events) if isinstance(event, Redacted))
    return FoundEntry(leaf, signed, "", forged, types, summary, pieces, gone)


def _forged(signed: SignedStatement, key: PublicKey) -> str:
    try:
        signed.jws.verify(key)
    except LedgerError as error:
        return str(error)
    return ""


def _readings(
    ground: Ground, stream: str, events: Sequence[object]
) -> tuple[Summary | None, tuple[tuple[str, str], ...]]:
    """What the events come to, if they are readings of that ground, and the pieces it will take."""
    if stream != ground.source.stream:
        return None, ()
    try:
        summary = summarise(ground, events)
        if summary is not None:
            return summary, tuple((COVER.name, key) for key in cover_keys(stream, summary))
        return None, _wanted(ground, stream, events)
    except (*IMPOSSIBLE, LedgerError):
        return None, ()  # whoever folds it finds the event to name


def _wanted(ground: Ground, stream: str, events: Sequence[object]) -> tuple[tuple[str, str], ...]:
    wanted: dict[tuple[str, str], None] = {}
    for event in events:
        if not isinstance(event, ActivityRecorded | ProfileRecorded | EmissionMeasured):
            continue
        if ground.source.kind == "discrete":
            if event.reference is not None:
                wanted[REFERENCE.name, f"{stream} {event.reference}"] = None
            continue
        for start_s, end_s in ground.readings(event).runs:
            for bucket, _, _ in coverage.buckets(start_s, end_s):
                wanted[COVER.name, cover_key(stream, bucket)] = None
    return tuple(wanted)

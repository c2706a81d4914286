"""What is left of an event whose data was taken out of the log: its hash and its type.

    {"data_hash":"<sha-256 of the data>","type":"ActivityRecorded"}      (in the place of its line)

Both stand in the event's header, so leaf hash, chain and signature still hold. A line of this form is
never accepted in a submission: only what is stored may have it, and only where the log itself holds
the two events that allow it. Source: formats, sections 3 and 10.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

import msgspec

from ledger.log.batch import Statement, chain, compare_leaves
from ledger.log.event import header
from ledger.log.hashes import LeafHash, leaf_hash

_LINE: Final = re.compile(rb'\{"data_hash":"([0-9a-f]{64})","type":"([A-Z][A-Za-z]{2,63})"\}')
_BEGINS: Final = b'{"data_hash":"'


class Redacted(msgspec.Struct, frozen=True):
    """An event that was said here, and whose data is gone."""

    data_hash: str
    type: str

    @property
    def line(self) -> bytes:
        """The line that is stored in its place."""
        return f'{{"data_hash":"{self.data_hash}","type":"{self.type}"}}'.encode("ascii")


def write_redacted(data: bytes, kind: str) -> bytes:
    """The line that takes the place of an event's canonical data."""
    return Redacted(sha256(data).hexdigest(), kind).line


def read_redacted(line: bytes) -> Redacted | None:
    """What is left of the event, None for a line that still holds its data."""
    if not line.startswith(_BEGINS):
        return None
    found = _LINE.fullmatch(line)
    return None if found is None else Redacted(found[1].decode(), found[2].decode())


def holds_redacted(lines: Sequence[bytes]) -> bool:
    """Whether the data of any of these events is gone."""
    return any(read_redacted(line) is not None for line in lines if line.startswith(_BEGINS))


def stored_leaves(
    lines: Sequence[bytes], types: Sequence[str], stream: str, first: int, previous_hex: str
) -> list[LeafHash]:
    """Leaf hash of each line, whether it holds its event's data or what is left of it."""
    leaves: list[LeafHash] = []
    for version, (line, kind) in enumerate(zip(lines, types, strict=True), start=first):
        gone = read_redacted(line)
        data_hash = sha256(line).hexdigest() if gone is None else gone.data_hash
        leaves.append(leaf_hash(header(data_hash, previous_hex, stream, kind, version)))
        previous_hex = leaves[-1].hex()
    return leaves


def stored_chain(
    lines: Sequence[bytes], types: Sequence[str], statement: Statement
) -> tuple[LeafHash, ...]:
    """The leaf hashes of a batch as it is stored; raises BadBatch as `batch.chain` does."""
    if not holds_redacted(lines) or not len(lines) == len(types) == statement.count:
        return chain(lines, types, statement)
    leaves = stored_leaves(lines, types, statement.stream, statement.first, statement.previous)
    return compare_leaves(leaves, statement)

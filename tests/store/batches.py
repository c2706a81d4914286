"""Small signed batches, as a party would send them."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.log.batch import build, chain, parse_statement, split_submission
from ledger.log.canonical import encode
from ledger.log.hashes import ZEROS_HEX
from ledger.log.keys import PrivateKey
from ledger.log.note import log_vkey
from ledger.store.log_store import NewEntry
from ledger.store.packing import pack

AUTHOR = PrivateKey.from_seed(b"\x01" * 32)
LOG = log_vkey("ledger.example/log", PrivateKey.from_seed(b"\x02" * 32).public)


class Streams:
    """Remembers where each stream stands, so that the next batch goes on from there."""

    def __init__(self) -> None:
        self._heads: dict[str, tuple[int, str]] = {}

    def batch(self, stream: str, count: int = 3, types: Sequence[str] = ("Said",)) -> NewEntry:
        """The next batch of a stream."""
        version, previous = self._heads.get(stream, (0, ZEROS_HEX))
        kinds = list(types) * count if len(types) == 1 else list(types)
        events = [
            (kind, encode({"salt": f"{version + n:032x}", "said": stream, "type": kind}))
            for n, kind in enumerate(kinds, start=1)
        ]
        body = build(
            AUTHOR, LOG, stream, version + 1, previous, events, None, "2026-11-22T06:00:00Z"
        )
        jws, lines = split_submission(body)
        statement = parse_statement(jws).statement
        leaves = chain(lines, kinds, statement)
        self._heads[stream] = (version + count, statement.head)
        return NewEntry(
            jws=jws,
            stream=stream,
            first=version + 1,
            count=count,
            types=tuple(types),
            packed=pack(b"".join(line + b"\n" for line in lines)),
            leaf=leaves[-1],
        )

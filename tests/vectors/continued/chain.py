"""Logs that continue one another and take whatever is said, as a dishonest operator keeps them.

    chain = Chain.of(world)
    chain.lie("operator", "acme/keys", {…})
    chain.open(THIRD)

Each opening names the end of the log before it as that is now, unless it is told otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ledger import machine
from ledger.carbon.rows import EntryRows
from ledger.log import batch
from ledger.log.canonical import decode, encode
from ledger.log.hashes import ZEROS_HEX, LeafHash, leaf_hash
from ledger.log.keys import PrivateKey
from ledger.log.names import event_ref
from ledger.parties.events import Continued
from tests.unit.proof_file import Value
from tests.unit.world import LOG_KEY, ORIGIN, SIGNED_AT, Logged, World, key_of
from tests.vectors.continued.logs import LEDGER, Continuing, continued, reopening, vkey_of
from tests.vectors.deep.dishonest import plain, resigned


class Log:
    """The entries of one log, from its entry 0 on, and the key that signs its checkpoints."""

    def __init__(self, origin: str, entries: Sequence[Logged] = ()) -> None:
        self.origin, self.vkey = origin, vkey_of(origin)
        self.key = LOG_KEY if origin == ORIGIN else key_of(origin)
        self.entries = list(entries)

    @property
    def leaves(self) -> list[LeafHash]:
        return [LeafHash(leaf_hash(one.jws)) for one in self.entries]


class Chain:
    """Logs that continue one another, oldest first; whatever is said, they take it."""

    def __init__(self, logs: Sequence[Log], heads: dict[str, tuple[int, str]]) -> None:
        self.logs = list(logs)
        self.heads = heads

    @classmethod
    def of(cls, world: World) -> Chain:
        """The logs of a ledger."""
        own = world.log[getattr(world, "before", 0) :]
        origin = getattr(world, "origin", ORIGIN)
        earlier = cls.of(world.earlier).logs if isinstance(world, Continuing) else []
        return cls([*earlier, Log(origin, own)], dict(world.heads))

    def copy(self) -> Chain:
        """The same logs, of which each may get more entries."""
        return Chain([Log(one.origin, one.entries) for one in self.logs], dict(self.heads))

    @property
    def last(self) -> Log:
        return self.logs[-1]

    def begins(self, number: int) -> int:
        """The index of entry 0 of a log, from the last one's entry 0."""
        return -sum(len(log.entries) for log in self.logs[number:-1])

    def lie(
        self,
        signer: str | PrivateKey,
        stream: str,
        *said: msgspec.Struct | Value,
        previous: tuple[int, str] | None = None,
        **payload: Any,
    ) -> str:
        """Append a batch to the last log that nobody has looked at; the name of its last event.

        Members of its statement are changed by `payload`.
        """
        key = key_of(signer) if isinstance(signer, str) else signer
        version, leaf = previous or self.heads.get(stream, (0, ZEROS_HEX))
        lines = [encode(one if isinstance(one, dict) else plain(one)) for one in said]
        types = [str(decode(line)["type"]) for line in lines]
        named = list(zip(types, lines, strict=True))
        log = self.last
        sent = batch.build(key, log.vkey, stream, version + 1, leaf, named, None, SIGNED_AT)
        jws = batch.split_submission(sent)[0]
        leaves = batch.chain(lines, types, batch.parse_statement(jws).statement)
        jws = resigned(jws, key, **payload) if payload else jws
        entry = machine.summed_entry(
            len(log.entries), batch.parse_statement(jws), tuple(dict.fromkeys(types))
        )
        entry = msgspec.structs.replace(entry, types=tuple(types))
        self.heads[stream] = (version + len(lines), leaves[-1].hex())
        log.entries.append(Logged(entry.index, jws, tuple(lines), leaves, entry, EntryRows()))
        return event_ref(stream, version + len(lines))

    def open(self, origin: str, signer: str | None = None, /, **changed: Any) -> str:
        """Begin another log that continues the last one, with an opening that is `changed`.

        `end` changes what it says of that one's end.
        """
        end = self.end(**changed.pop("end", {}))
        name = str(changed.get("first", "operator"))
        struct = {n: v for n, v in changed.items() if n in ("first", "recovery")}
        said = plain(reopening(origin, end, **struct))
        said |= {n: v for n, v in changed.items() if n not in struct}
        self.begin(origin)
        return self.lie(signer or name, LEDGER, said)

    def begin(self, origin: str) -> None:
        """Go on in a log that has no entry yet."""
        self.logs.append(Log(origin))
        self.heads.pop(LEDGER, None)

    def end(self, **changed: Any) -> Continued:
        """The end of the last log."""
        found = continued(self.last.vkey, [one.jws for one in self.last.entries], self.heads)
        return msgspec.structs.replace(found, **changed)

"""Files about a ledger in memory, of any kind, as plain JSON that a test may damage.

    files = ProofFiles(world)
    data = as_file(files.event("acme/plant/power@1", *GROUNDS))

Nothing is refused here: `forge` puts into the log what no ledger would take, as a dishonest operator
could.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import msgspec

from ledger.carbon.rows import EntryRows
from ledger.carbon.rulepack import load
from ledger.carbon.seal.lists import SealLists, seal_lists
from ledger.log import batch, hashes, seals
from ledger.log.canonical import encode, encode_struct
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.hashes import ZEROS_HEX, LeafHash, leaf_hash
from ledger.log.names import event_ref, party_of
from ledger.log.tree import path_of, root_of
from ledger.machine import whole_entry
from ledger.parties.pieces import ledger
from tests.unit.world import LOG, LOG_KEY, ORIGIN, SIGNED_AT, Logged, World, key_of, months

Value = dict[str, Any]


def as_file(value: Value) -> bytes:
    """The bytes of a file."""
    return encode(value, max_bytes=None, max_depth=16) + b"\n"


def forge(
    world: World,
    signer: str,
    stream: str,
    events: Sequence[msgspec.Struct],
    *,
    log: str = LOG,
    previous: tuple[int, str] | None = None,
) -> str:
    """Put a batch into the log that no rule has looked at; the name of its last event."""
    version, leaf = previous or world.heads.get(stream, (0, ZEROS_HEX))
    named = [(type(event).__name__, encode_struct(event)) for event in events]
    submission = batch.build(key_of(signer), log, stream, version + 1, leaf, named, None, SIGNED_AT)
    jws, lines = batch.split_submission(submission)
    signed = batch.parse_statement(jws)
    leaves = batch.chain(lines, [name for name, _ in named], signed.statement)
    entry = whole_entry(len(world.log), signed, tuple(events))
    world.heads[stream] = (signed.statement.last, leaves[-1].hex())
    world.log.append(Logged(entry.index, jws, tuple(lines), leaves, entry, EntryRows()))
    return event_ref(stream, signed.statement.last)


class ProofFiles:
    """Makes files about a world as it stands now, under a checkpoint of its log."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.leaves = [LeafHash(leaf_hash(logged.jws)) for logged in world.log]

    @property
    def checkpoint(self) -> Checkpoint:
        return Checkpoint(ORIGIN, len(self.leaves), root_of(self.leaves))

    def trust(self, *parties: str) -> list[str]:
        """The events of the ledger and of the keys of these parties and the operator."""
        streams = {"operator/ledger", "operator/keys", *(f"{party}/keys" for party in parties)}
        return [name for stream in sorted(streams) for name in self.stream(stream)]

    def stream(self, stream: str, size: int | None = None) -> list[str]:
        """The events of a stream, up to a log size."""
        return [
            event_ref(stream, logged.entry.first + at)
            for logged in self.world.log[:size]
            if logged.entry.stream == stream
            for at in range(logged.entry.count)
        ]

    def file(
        self,
        kind: str,
        subject: Value,
        shown: Sequence[str],
        withheld: Sequence[str] = (),
        **further: Any,
    ) -> Value:
        entries = []
        for logged in self.world.log:
            named = range(logged.entry.first, logged.entry.first + logged.entry.count)
            names = [event_ref(logged.entry.stream, version) for version in named]
            events = [
                _event(logged, at, hidden=name in withheld)
                for at, name in enumerate(names)
                if name in shown or name in withheld
            ]
            if events:
                entries.append(
                    {
                        "events": events,
                        "index": logged.index,
                        "jws": logged.jws.decode(),
                        "path": _texts(path_of(self.leaves, logged.index)),
                    }
                )
        note = sign_checkpoint(LOG_KEY, self.checkpoint).decode()
        return {
            "checkpoint": note,
            "entries": entries,
            "kind": kind,
            "subject": subject,
            "v": 1,
            **further,
        }

    def event(self, name: str, *shown: str, withheld: Sequence[str] = ()) -> Value:
        """A file about an event that shows these others, and the keys of their parties."""
        parties = {party_of(one) for one in (name, *shown)}
        trust = [one for one in self.trust(*parties) if one not in withheld]
        return self.file("event", {"event": name}, [name, *shown, *trust], withheld)

    def lists(self, seal: str) -> SealLists:
        said = self.said(seal)
        ground = self.world.ground(said["period"], said["size"])
        return seal_lists(ground, load(ledger(self.world.state).rules_version), said["view"])

    def said(self, name: str) -> Value:
        """The data of an event."""
        stream, _, version = name.partition("@")
        for logged in self.world.log:
            at = int(version) - logged.entry.first
            if logged.entry.stream == stream and 0 <= at < logged.entry.count:
                found: Value = msgspec.json.decode(logged.lines[at])
                if "period" in found:
                    found["period"] = tuple(found["period"])
                return found
        raise LookupError(name)

    def sealed(self, kind: str, seal: str, subject: Value, *shown: str, **further: Any) -> Value:
        """A file of a kind that stands on a seal."""
        names = [seal, *shown, *self.trust()]
        return self.file(kind, {"seal": seal, **subject}, names, **further)

    def company(self, seal: str, party: str) -> Value:
        """The proof of a party's line."""
        lines = [seals.encode_company(one) for one in self.lists(seal).companies]
        at = [one.party for one in self.lists(seal).companies].index(party)
        return _place(lines, at)

    def line(self, seal: str, party: str, at: int) -> Value:
        """The proof of an inventory line."""
        return _place([one.encode() for one in self.lists(seal).lines[party]], at)

    def lines(self, seal: str, party: str) -> list[Value]:
        return [msgspec.json.decode(one.encode()) for one in self.lists(seal).lines[party]]

    def current(
        self,
        name: str,
        seal: str,
        *shown: str,
        withheld: Sequence[str] = (),
        heads: Sequence[seals.Head] | None = None,
    ) -> Value:
        """A file of kind `current-event`: the streams that could change the event, whole."""
        stream = name.partition("@")[0]
        size = self.said(seal)["size"]
        party = party_of(stream)
        parties = {"operator", party, *(party_of(one) for one in shown)}
        asked = {f"{one}/keys" for one in parties}
        asked |= {"operator/ledger", f"{party}/register", f"{stream}/corrections"}
        names = {name, seal, *shown}
        names.update(*(self.stream(one, size) for one in asked))
        names |= set(self.trust(*parties))
        sealed = self.lists(seal).heads if heads is None else heads
        lines = [seals.encode_head(one) for one in sealed]
        streams = [one.stream for one in sealed]
        return self.file(
            "current-event",
            {"event": name, "seal": seal},
            sorted(names - set(withheld)),
            withheld,
            heads=[_head(lines, streams, one) for one in sorted(asked)],
        )


def year(period: str = "2026") -> tuple[str, str]:
    return months(period)


def _event(logged: Logged, at: int, *, hidden: bool) -> Value:
    line = logged.lines[at]
    before = batch.parse_statement(logged.jws).statement.previous
    value: Value = {
        "path": _texts(path_of(logged.leaves, at)),
        "position": at,
        "previous": logged.leaves[at - 1].hex() if at else before,
    }
    if hidden:
        kind = logged.entry.types[at]
        return value | {"data_hash": sha256(line).hexdigest(), "type": kind}
    return value | {"data": msgspec.json.decode(line)}


def _head(lines: list[bytes], streams: list[str], stream: str) -> Value:
    if stream in streams:
        return _place(lines, streams.index(stream)) | {"stream": stream}
    at = sum(one < stream for one in streams)
    return {
        "after": _place(lines, at) if at < len(lines) else None,
        "before": _place(lines, at - 1) if at else None,
        "stream": stream,
    }


def _place(lines: Sequence[bytes], at: int) -> Value:
    path = path_of([leaf_hash(line) for line in lines], at)
    return {"line": msgspec.json.decode(lines[at]), "path": _texts(path), "position": at}


def _texts(path: Sequence[bytes]) -> list[str]:
    return [hashes.format_base64(node) for node in path]

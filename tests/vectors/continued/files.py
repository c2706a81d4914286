"""Files about logs that continue one another, as plain JSON that a test may damage.

    files = Files(chain)
    data = as_file(files.event("acme/plant/power@4"))

Names of events are those of the specification; `operator/ledger#1@2` is version 2 of that stream in the
oldest log. What a claim stands on is found by the product's own rule over everything in all logs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

import msgspec

from ledger.carbon import rulepack
from ledger.carbon.seal.lists import SealLists, seal_lists
from ledger.errors import LedgerError
from ledger.log import batch, hashes, seals
from ledger.log.bundle_kinds import EventSubject, Select, as_value
from ledger.log.bundle_proof import OpenedBundle, OpenedEntry, OpenedEvent
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.names import event_ref, party_of, split_event
from ledger.log.tree import path_of, root_of
from ledger.machine import read_event
from ledger.provenance.current import AMENDING, streams_asked
from ledger.standing import TRUST, standing
from tests.unit.proof_file import Value, _event, _head, _place
from tests.unit.world import Logged, World
from tests.vectors.continued.chain import Chain
from tests.vectors.continued.logs import LEDGER, Continuing

OWN: Final = ("operator/keys", LEDGER)


class Place(msgspec.Struct, frozen=True):
    """One event of the logs: its entry's index in a file, and where it stands in that entry."""

    index: int
    at: int
    name: str
    stream: str
    version: int
    type: str


class Files:
    """Files under a checkpoint over all of the last log.

    `world` is the ledger behind the last log, for the lists of seals; what is `left_out`, `withheld`
    or there as `extra` is so in each file that is made.
    """

    def __init__(
        self,
        chain: Chain,
        world: World | None = None,
        *,
        left_out: Collection[str] = (),
        withheld: Collection[str] = (),
        extra: Collection[str] = (),
    ) -> None:
        self.chain, self.world = chain, world
        self.left_out, self.withheld, self.extra = set(left_out), set(withheld), set(extra)
        self.entries: dict[int, Logged] = {
            chain.begins(number) + at: logged
            for number, log in enumerate(chain.logs)
            for at, logged in enumerate(log.entries)
        }
        self.places = [*self._places()]

    @classmethod
    def of(cls, world: World, **more: Any) -> Files:
        """Files about a ledger that is as it should be."""
        return cls(Chain.of(world), world, **more)

    # --- kinds -----------------------------------------------------------------------------------

    def event(self, name: str) -> Value:
        found = self._closure([name])
        stream, version = split_event(name)
        later = {event_ref(stream, p.version) for p in self.places if p.version > version}
        return self.file("event", {"event": name}, found - later)

    def current(self, name: str, seal: str) -> Value:
        """Amendments and corrections are shown, what else stands in their streams is withheld."""
        source, place = split_event(name)[0], self.place(seal)
        below = self._begin(place.index) + self.said(seal)["size"]
        grounds = (f"{party_of(source)}/register", f"{source}/corrections")
        whole = [p for p in self.places if p.stream in grounds and p.index < below]
        changing = [p.name for p in whole if p.stream == grounds[1] or p.type in AMENDING]
        names = self._closure([name, seal, *changing], below, max(place.index, 1))
        there = names | {p.name for p in whole}
        parties = sorted({party_of(split_event(one.replace("#", "/"))[0]) for one in there})
        asked = streams_asked("operator", parties, source)
        heads = self.heads(seal, asked)
        hidden = {p.name for p in whole} - names
        return self.file("current-event", {"event": name, "seal": seal}, there, hidden, heads=heads)

    def heads(self, seal: str, asked: Sequence[str]) -> list[Value]:
        """The proofs of these streams in a seal's list of heads."""
        sealed = self.lists(seal).heads
        lines, streams = [seals.encode_head(one) for one in sealed], [one.stream for one in sealed]
        return [_head(lines, streams, one) for one in asked]

    def company(self, seal: str, party: str) -> Value:
        subject = {"party": party, "seal": seal}
        return self._sealed("company-total", subject, company=self._company(seal, party))

    def part(self, seal: str, party: str, select: Select) -> Value:
        subject = {"party": party, "seal": seal, "select": as_value(select)}
        lines = [msgspec.json.decode(one.encode()) for one in self.lists(seal).lines[party]]
        further = {"company": self._company(seal, party), "lines": lines}
        return self._sealed("company-part", subject, **further)

    def line(self, seal: str, party: str, at: int = 0) -> Value:
        line = _place([one.encode() for one in self.lists(seal).lines[party]], at)
        name = {n: v for n, v in line["line"].items() if n not in ("mass_mg", "salt")}
        further = {"company": self._company(seal, party), "line": line}
        return self._sealed(
            "inventory-line", {"line": name, "party": party, "seal": seal}, **further
        )

    def area(self, seal: str) -> Value:
        lines = [seals.encode_company(one) for one in self.lists(seal).companies]
        companies = [msgspec.json.decode(one) for one in lines]
        return self._sealed("area-total", {"seal": seal}, companies=companies)

    def target(self, seal: str, target: str) -> Value:
        return self._sealed("target-progress", {"seal": seal, "target": target})

    # --- parts -----------------------------------------------------------------------------------

    def place(self, name: str) -> Place:
        return next(place for place in self.places if place.name == name)

    def said(self, name: str) -> Value:
        """The data of an event."""
        place = self.place(name)
        found: Value = msgspec.json.decode(self.entries[place.index].lines[place.at])
        return found

    def lists(self, seal: str) -> SealLists:
        """The lists that a seal was made of, in whichever log."""
        world, number = self.world, len(self.chain.logs) - 1
        while self.chain.begins(number) > self.place(seal).index:
            assert isinstance(world, Continuing)
            world, number = world.earlier, number - 1
        assert world is not None
        said = self.said(seal)
        ground = world.ground(tuple(said["period"]), said["size"])
        return seal_lists(ground, rulepack.load(said["rules"]["version"]), said["view"])

    def file(
        self,
        kind: str,
        subject: Value,
        shown: Collection[str],
        hidden: Collection[str] = (),
        **further: Any,
    ) -> Value:
        """The file of these events and of all openings from the oldest log among them on."""
        names = set(shown) | set(hidden) | self.extra
        oldest = min(p.index for p in self.places if p.name in names)
        names |= {
            p.name
            for p in self.places
            if p.stream == LEDGER and p.version == 1 and p.index >= self._begin(oldest)
        }
        return self.exactly(
            kind, subject, names - self.left_out, self.withheld | set(hidden), **further
        )

    def exactly(
        self,
        kind: str,
        subject: Value,
        names: Collection[str],
        hidden: Collection[str] = (),
        **further: Any,
    ) -> Value:
        """The file of these events and no others."""
        by_entry: dict[int, list[Place]] = {}
        for place in self.places:
            if place.name in names:
                by_entry.setdefault(place.index, []).append(place)
        last = self.chain.last
        checkpoint = Checkpoint(last.origin, len(last.entries), root_of(last.leaves))
        return {
            "checkpoint": sign_checkpoint(last.key, checkpoint).decode(),
            "entries": [
                {
                    "events": [
                        _event(self.entries[index], p.at, hidden=p.name in hidden) for p in places
                    ],
                    "index": index,
                    "jws": self.entries[index].jws.decode(),
                    "path": self._path(index),
                }
                for index, places in sorted(by_entry.items())
            ],
            "kind": kind,
            "subject": subject,
            "v": 1,
            **further,
        }

    def _sealed(self, kind: str, subject: Value, **further: Any) -> Value:
        roots = [subject[name] for name in ("seal", "target") if name in subject]
        return self.file(kind, subject, self._closure(roots), **further)

    def _company(self, seal: str, party: str) -> Value:
        companies = self.lists(seal).companies
        at = [one.party for one in companies].index(party)
        return _place([seals.encode_company(one) for one in companies], at)

    def _path(self, index: int) -> list[str]:
        begin = self._begin(index)
        number = [self.chain.begins(n) for n in range(len(self.chain.logs))].index(begin)
        nodes = path_of(self.chain.logs[number].leaves, index - begin)
        return [hashes.format_base64(node) for node in nodes]

    def _begin(self, index: int) -> int:
        """The index of entry 0 of the log in which this entry stands."""
        begins = [self.chain.begins(number) for number in range(len(self.chain.logs))]
        return max(begin for begin in begins if begin <= index)

    def _places(self) -> Iterator[Place]:
        begins = [self.chain.begins(number) for number in range(len(self.chain.logs))]
        for index, logged in sorted(self.entries.items()):
            statement = batch.parse_statement(logged.jws).statement
            stream, number = statement.stream, begins.index(self._begin(index)) + 1
            own = f"{stream}#{number}" if stream == LEDGER and number < len(begins) else stream
            for at, kind in enumerate(logged.entry.types):
                version = statement.first + at
                yield Place(index, at, event_ref(own, version), stream, version, kind)

    def _closure(
        self, roots: Sequence[str], below: int | None = None, trusted_below: int = 0
    ) -> set[str]:
        """What these events stand on, with all keys and rules behind them.

        With `below` nothing from that index on but the roots, and of the operator's keys and the ledger
        what is below `trusted_below`.
        """
        found = standing(self._everything(), *roots)
        authors = found.authors | {party_of(root) for root in roots}
        wanted = [
            p for p in self.places if p.name in roots or self._wanted(p, found.events, authors)
        ]
        begin = self._begin(min(place.index for place in wanted))
        wanted += [p for p in self.places if p.stream == LEDGER and p.index >= begin]
        names = set()
        for place in wanted:
            end = trusted_below if place.stream in OWN else below
            if place.name in roots or below is None or end is None or place.index < end:
                names.add(place.name)
        return names

    @staticmethod
    def _wanted(place: Place, events: Collection[str], authors: Collection[str]) -> bool:
        """Whether the event is one of these, or about the keys of one of these parties."""
        if place.stream == LEDGER:
            return False
        party, kind = place.stream.split("/")[:2]
        return place.name in events or (kind in TRUST and party in authors)

    def _everything(self) -> OpenedBundle:
        """All events of all logs, as a file of them is opened."""
        found = []
        for index, logged in sorted(self.entries.items()):
            signed = batch.parse_statement(logged.jws)
            events = tuple(
                OpenedEvent(p.stream, p.version, p.type, logged.leaves[p.at], *self._read(p))
                for p in self.places
                if p.index == index
            )
            found.append(OpenedEntry(index, signed, events, opened=self._begin(index)))
        last = self.chain.last
        checkpoint = Checkpoint(last.origin, len(last.entries), root_of(last.leaves))
        return OpenedBundle(checkpoint, tuple(found), EventSubject(event=f"{LEDGER}@1"))

    def _read(self, place: Place) -> tuple[bytes | None, object]:
        """The line and what it says, unless that is withheld or out of schema."""
        line = self.entries[place.index].lines[place.at]
        if place.name in self.withheld:
            return None, None
        try:
            return line, read_event(line)
        except LedgerError:
            return None, None

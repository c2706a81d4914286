"""Bundles of every kind, put together from a ledger in memory.

    data = Proofs(world).area(seal)
    verdict = verify_bundle(data, LOG)

What a claim stands on is found by the product's own rule over a file that shows everything; whoever
wants a file that lacks something says so with `left_out`, `withheld` and `extra`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import cast

from ledger.carbon import rulepack
from ledger.carbon.seal.events import FootprintSealed
from ledger.carbon.seal.lists import SealLists, seal_lists
from ledger.log.bundle import Bundle, BundleEntry, named_by, write_bundle
from ledger.log.bundle_kinds import (
    NOTHING,
    AreaSubject,
    CompanySubject,
    CurrentSubject,
    EventSubject,
    Further,
    LineSubject,
    PartSubject,
    Select,
    Subject,
    TargetSubject,
)
from ledger.log.bundle_proof import OpenedBundle, open_bundle
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.hashes import LeafHash, leaf_hash
from ledger.log.names import event_ref, party_of, split_event
from ledger.log.seals import LineName
from ledger.log.tree import path_of, root_of
from ledger.machine import read_event
from ledger.parties.rules import place_of
from ledger.provenance.current import AMENDING, streams_asked
from ledger.provenance.showing import company_shown, heads_shown, line_shown, lines_shown
from ledger.standing import TRUST, standing
from tests.unit.world import LOG, LOG_KEY, ORIGIN, World, _shown


class Proofs:
    """Files about one ledger, under a checkpoint over all of it."""

    def __init__(
        self,
        world: World,
        *,
        left_out: Collection[str] = (),
        withheld: Collection[str] = (),
        extra: Collection[str] = (),
    ) -> None:
        self.world = world
        self.left_out = set(left_out)
        self.withheld = set(withheld)
        self.extra = set(extra)

    def event(self, event: str) -> bytes:
        return self.file(EventSubject(event=event))

    def current(self, event: str, seal: str) -> bytes:
        """Amendments and corrections are shown, what else stands in their streams is withheld."""
        subject = CurrentSubject(event=event, seal=seal)
        source = split_event(event)[0]
        register, corrections = f"{party_of(source)}/register", f"{source}/corrections"
        size = self.sealed(seal).size
        whole = {
            item.name: item
            for entry in self._everything().entries
            for item in entry.events
            if item.stream in (register, corrections) and entry.index < size
        }
        changing = [
            item.name
            for item in whole.values()
            if item.stream == corrections or item.type in AMENDING
        ]
        names = self._closure((event, seal, *changing), size)
        parties = sorted({party_of(split_event(name)[0]) for name in names | set(whole)})
        asked = streams_asked("operator", parties, source)
        further = Further(heads=heads_shown(self.lists(seal).heads, asked))
        return self.write(subject, further, names | set(whole), set(whole) - names)

    def line(self, seal: str, party: str, name: LineName) -> bytes:
        lists = self.lists(seal)
        further = Further(company=company_shown(lists, party), line=line_shown(lists, party, name))
        return self.file(LineSubject(line=name, party=party, seal=seal), further)

    def company(self, seal: str, party: str) -> bytes:
        further = Further(company=company_shown(self.lists(seal), party))
        return self.file(CompanySubject(party=party, seal=seal), further)

    def part(self, seal: str, party: str, select: Select) -> bytes:
        lists = self.lists(seal)
        further = Further(company=company_shown(lists, party), lines=lines_shown(lists, party))
        return self.file(PartSubject(party=party, seal=seal, select=select), further)

    def area(self, seal: str) -> bytes:
        further = Further(companies=self.lists(seal).companies)
        return self.file(AreaSubject(seal=seal), further)

    def target(self, seal: str, target: str) -> bytes:
        return self.file(TargetSubject(seal=seal, target=target))

    # --- parts ---------------------------------------------------------------------------------

    def sealed(self, seal: str) -> FootprintSealed:
        stream, version = split_event(seal)
        for one in self.world.log:
            if one.entry.stream == stream and one.entry.first == version:
                return cast("FootprintSealed", one.entry.events[0])
        raise AssertionError(seal)

    def lists(self, seal: str) -> SealLists:
        said = self.sealed(seal)
        ground = self.world.ground(said.period, said.size)
        return seal_lists(ground, rulepack.load(said.rules.version), said.view)

    def file(self, subject: Subject, further: Further = NOTHING) -> bytes:
        """The file of what the subject stands on."""
        return self.write(subject, further, self._closure(named_by(subject)))

    def write(
        self,
        subject: Subject,
        further: Further,
        names: Collection[str],
        hidden: Collection[str] = (),
    ) -> bytes:
        """The file of these events, but for what is asked of this object; some are not shown."""
        there = (set(names) | self.extra) - self.left_out
        entries = self._entries(there, self.withheld | set(hidden))
        return write_bundle(Bundle(self.checkpoint(), entries, subject, further))

    def checkpoint(self) -> bytes:
        leaves = self._leaves()
        return sign_checkpoint(LOG_KEY, Checkpoint(ORIGIN, len(leaves), root_of(leaves)))

    def _closure(self, roots: Collection[str], size: int | None = None) -> set[str]:
        """What these events stand on, with all keys and rules behind them.

        Below a size but for the roots and the operator's keys; without a size, nothing that follows
        the first root in its own stream.
        """
        everything = self._everything()
        found = standing(everything, *roots)
        authors = found.authors | {party_of(split_event(name)[0]) for name in roots}
        first = next(iter(roots))
        stream, version = split_event(first)
        names = set()
        for entry in everything.entries:
            for item in entry.events:
                trust = place_of(item.stream) in TRUST and party_of(item.stream) in authors
                late = (
                    size is not None
                    and entry.index >= size
                    and item.stream not in ("operator/keys", "operator/ledger")
                )
                after = size is None and item.stream == stream and item.version > version
                wanted = trust or item.name in found.events
                if item.name in roots or (wanted and not late and not after):
                    names.add(item.name)
        return names

    def _everything(self) -> OpenedBundle:
        """A file of all events of the ledger, proven but for its authors."""
        names = {
            event_ref(one.entry.stream, one.entry.first + at)
            for one in self.world.log
            for at in range(one.entry.count)
        }
        first = EventSubject(event="operator/ledger@1")
        return open_bundle(
            Bundle(self.checkpoint(), self._entries(names, self.withheld), first), LOG, read_event
        )

    def _entries(
        self, names: Collection[str], withheld: Collection[str]
    ) -> tuple[BundleEntry, ...]:
        leaves = self._leaves()
        found = []
        for one in self.world.log:
            events = tuple(
                _shown(one, at, list(withheld))
                for at in range(one.entry.count)
                if event_ref(one.entry.stream, one.entry.first + at) in names
            )
            if events:
                path = tuple(path_of(leaves, one.index))
                found.append(BundleEntry(events, one.index, one.jws, path))
        return tuple(found)

    def _leaves(self) -> list[LeafHash]:
        return [LeafHash(leaf_hash(one.jws)) for one in self.world.log]

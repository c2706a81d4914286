"""Files of a ledger in memory that derive everything: kinds `company-inventory` and `figure`.

    data = company_file(world, "acme", seal)
    verdict = verify_bundle(data, LOG)

`changed` may put other entries into the file than belong there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ledger.carbon import rulepack
from ledger.carbon.seal.events import FootprintSealed
from ledger.carbon.seal.lists import seal_lists
from ledger.log.bundle import Bundle, BundleEntry, WholeEntry, write_bundle
from ledger.log.bundle_kinds import InventorySubject
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.hashes import Hash, LeafHash, leaf_hash
from ledger.log.names import event_ref
from ledger.log.tree import paths_of, root_of
from ledger.provenance.showing import company_shown
from ledger.whole.making import choose_company, company_bundle, figure_bundle, given
from tests.unit.world import LOG_KEY, ORIGIN, World

Entries = tuple[BundleEntry | WholeEntry, ...]


def paths_in(world: World) -> tuple[bytes, dict[int, tuple[Hash, ...]]]:
    """A checkpoint over all of the log, and every entry's path to it."""
    leaves = [LeafHash(leaf_hash(logged.jws)) for logged in world.log]
    signed = sign_checkpoint(LOG_KEY, Checkpoint(ORIGIN, len(leaves), root_of(leaves)))
    return signed, paths_of(leaves, range(len(leaves)))


def company_file(
    world: World, party: str, seal: str, changed: Callable[[Entries], Entries] = lambda e: e
) -> bytes:
    """The file that derives a party's sealed inventory."""
    checkpoint, paths = paths_in(world)
    entries = [given(one.index, one.jws, one.lines) for one in world.log]
    event = sealed(world, seal)
    ground = world.ground(event.period, event.size)
    lists = seal_lists(ground, rulepack.load(event.rules.version), event.view)
    chosen = choose_company(entries, party, seal)
    subject = InventorySubject(party=party, seal=seal)
    bundle = company_bundle(chosen, paths, checkpoint, subject, company_shown(lists, party))
    return write_bundle(replaced(bundle, changed))


def figure_file(
    world: World, figure: str, size: int, changed: Callable[[Entries], Entries] = lambda e: e
) -> bytes:
    """The file that derives a figure as known at a size."""
    checkpoint, paths = paths_in(world)
    entries = [given(one.index, one.jws, one.lines)[0] for one in world.log[:size]]
    return write_bundle(replaced(figure_bundle(entries, paths, checkpoint, figure), changed))


def replaced(bundle: Bundle, changed: Callable[[Entries], Entries]) -> Bundle:
    return Bundle(bundle.checkpoint, changed(bundle.entries), bundle.subject, bundle.further)


def sealed(world: World, seal: str) -> FootprintSealed:
    """The event of a seal."""
    for logged in world.log:
        for at, event in enumerate(logged.entry.events):
            if event_ref(logged.entry.stream, logged.entry.first + at) == seal:
                assert isinstance(event, FootprintSealed)
                return event
    raise AssertionError(seal)


def entry_of(world: World, entry: BundleEntry | WholeEntry) -> Any:
    """The entry of the log behind one of a file."""
    return world.log[entry.index].entry

"""What is known is put together in one place, which leaves no member out."""

from __future__ import annotations

import msgspec
import pytest

from ledger.carbon.known import Known, KnownFigures, KnownPieces, known_parties
from ledger.errors import NotFound
from ledger.parties.pieces import PARTY
from tests.unit.world import World

SAID = {"size", "area", "operator", "timezone", "rules", "period", "parties"}
"""What the opening of the ledger and whoever asks say."""


def members(kind: type[msgspec.Struct]) -> set[str]:
    return {one.name for one in msgspec.structs.fields(kind)}


def test_every_member_of_what_is_known_is_asked_of_whoever_reads_it():
    asked = [SAID, members(KnownPieces), members(KnownFigures)]
    assert set.union(*asked) == members(Known)
    assert sum(map(len, asked)) == len(members(Known))
    for kind in (KnownPieces, KnownFigures):
        assert all(one.required for one in msgspec.structs.fields(kind))


def test_a_party_that_is_not_registered_is_not_known():
    world = World()
    world.party("acme")
    registered = [(one.party, one) for one in world._all(PARTY)]
    assert known_parties(registered, "acme").keys() == {"acme", "operator"}
    assert known_parties([], None) == {}
    with pytest.raises(NotFound, match="party nobody"):
        known_parties(registered, "nobody")

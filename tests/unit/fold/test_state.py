"""State is pieces: an overlay leaves no trace, and what is not in memory is never taken as absent."""

from __future__ import annotations

import msgspec
import pytest

from ledger.fold.state import Cache, Kind, Memory, NotLoaded, Overlay


class Piece(msgspec.Struct, frozen=True):
    value: int
    names: dict[str, int] = {}


KIND = Kind("piece", Piece)
OTHER = Kind("other", Piece)


def test_a_piece_stands_under_its_kind_and_key():
    state = Memory()
    state.put(KIND, "a", Piece(1))
    assert state.get(KIND, "a") == Piece(1)
    assert state.get(KIND, "b") is None
    assert state.get(OTHER, "a") is None


def test_what_a_cache_does_not_hold_is_asked_for_and_not_taken_as_absent():
    state = Cache()
    with pytest.raises(NotLoaded) as asked:
        state.get(KIND, "a")
    assert (asked.value.kind.name, asked.value.key) == ("piece", "a")


def test_a_cache_knows_what_is_absent():
    state = Cache()
    state.put(KIND, "a", None)
    assert state.get(KIND, "a") is None


def test_what_a_cache_forgets_is_asked_for_again():
    state = Cache()
    state.put(KIND, "a", Piece(1))
    state.forget([("piece", "a"), ("piece", "never there")])
    with pytest.raises(NotLoaded):
        state.get(KIND, "a")


def test_an_overlay_leaves_its_base_as_it_is_until_it_is_merged():
    base = Memory()
    base.put(KIND, "a", Piece(1))
    base.put(KIND, "b", Piece(2))
    over = Overlay(base)
    over.put(KIND, "a", Piece(3))
    over.put(KIND, "b", None)
    assert (over.get(KIND, "a"), over.get(KIND, "b")) == (Piece(3), None)
    assert (base.get(KIND, "a"), base.get(KIND, "b")) == (Piece(1), Piece(2))
    over.merge_into(base.pieces)
    assert (base.get(KIND, "a"), base.get(KIND, "b")) == (Piece(3), None)
    assert set(over) == {("piece", "a"), ("piece", "b")}


def test_a_removal_in_an_overlay_is_known_and_not_asked_of_the_base():
    over = Overlay(Cache())
    over.put(KIND, "a", None)
    assert over.get(KIND, "a") is None
    with pytest.raises(NotLoaded):
        over.get(KIND, "b")


def test_equal_pieces_have_equal_bytes_whatever_the_order_of_their_members():
    one, other = Piece(1, {"b": 2, "a": 1}), Piece(1, {"a": 1, "b": 2})
    assert Kind.encode(one) == Kind.encode(other) == b'{"names":{"a":1,"b":2},"value":1}'
    assert KIND.decode(Kind.encode(one)) == one

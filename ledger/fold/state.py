"""State as pieces: what the rules know, in small frozen structs, each under a kind and a key.

The rules ask for pieces and put new ones; they never see where pieces are kept. A state that keeps
only part in memory raises `NotLoaded`; its owner loads what is named and decides the batch again
from its start. So the rules stay plain functions, whatever the size of the ledger.

`Overlay` holds the changes of one batch over another state, so that a refused batch leaves no
trace and an accepted one is written in one go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, Protocol, TypeVar, cast

import msgspec

P = TypeVar("P", bound=msgspec.Struct)

_ENCODER = msgspec.json.Encoder(order="sorted")


class Kind(Generic[P]):
    """One kind of piece. `stored` kinds are kept beside the log; others are read from the log."""

    __slots__ = ("_decoder", "name", "stored")

    def __init__(self, name: str, piece: type[P], *, stored: bool = True) -> None:
        self.name = name
        self.stored = stored
        self._decoder = msgspec.json.Decoder(piece) if stored else None

    def decode(self, data: bytes) -> P:
        """The piece from its stored bytes."""
        if self._decoder is None:
            raise AssertionError(f"pieces of kind {self.name} are read from the log")
        return self._decoder.decode(data)

    @staticmethod
    def encode(piece: msgspec.Struct) -> bytes:
        """The piece as stored bytes: sorted JSON, so that equal pieces have equal bytes."""
        return _ENCODER.encode(piece)


Key = tuple[str, str]


class NotLoaded(Exception):
    """The state does not have this piece in memory: load it and decide again."""

    def __init__(self, kind: Kind[msgspec.Struct], key: str) -> None:
        super().__init__(f"{kind.name} {key}")
        self.kind = kind
        self.key = key


class State(Protocol):
    """What the rules may ask and say."""

    def get(self, kind: Kind[P], key: str) -> P | None:
        """The piece, or None if there is none."""

    def put(self, kind: Kind[P], key: str, piece: P | None) -> None:
        """The piece from now on; None removes it."""


class Memory:
    """A state that is complete in memory: what is not there does not exist."""

    def __init__(self) -> None:
        self.pieces: dict[Key, msgspec.Struct | None] = {}

    def get(self, kind: Kind[P], key: str) -> P | None:
        """The piece, or None if there is none."""
        return cast("P | None", self.pieces.get((kind.name, key)))

    def put(self, kind: Kind[P], key: str, piece: P | None) -> None:
        """The piece from now on; None removes it."""
        self.pieces[kind.name, key] = piece


class Cache:
    """A state of which some pieces are in memory, the known-absent among them (as None)."""

    def __init__(self) -> None:
        self.pieces: dict[Key, msgspec.Struct | None] = {}

    def get(self, kind: Kind[P], key: str) -> P | None:
        """The piece, or None if it is known to be absent. Raises NotLoaded."""
        try:
            return cast("P | None", self.pieces[kind.name, key])
        except KeyError:
            raise NotLoaded(cast("Kind[msgspec.Struct]", kind), key) from None

    def put(self, kind: Kind[P], key: str, piece: P | None) -> None:
        """The piece from now on; None removes it."""
        self.pieces[kind.name, key] = piece

    def forget(self, keys: Iterable[Key]) -> None:
        """Drop these from memory; they are loaded again when asked for."""
        for key in keys:
            self.pieces.pop(key, None)


class Overlay:
    """Changes over another state, which stays as it is until `changes` are put into it."""

    def __init__(self, base: State) -> None:
        self.base = base
        self.changes: dict[Key, msgspec.Struct | None] = {}

    def get(self, kind: Kind[P], key: str) -> P | None:
        """The piece, or None if there is none."""
        found = self.changes.get((kind.name, key), _ABSENT)
        if found is _ABSENT:
            return self.base.get(kind, key)
        return found  # type: ignore[return-value]  # the kind says what stands under its keys

    def put(self, kind: Kind[P], key: str, piece: P | None) -> None:
        """The piece from now on; None removes it."""
        self.changes[kind.name, key] = piece

    def merge_into(self, pieces: dict[Key, msgspec.Struct | None]) -> None:
        """Put the changes where they shall stay."""
        pieces.update(self.changes)

    def __iter__(self) -> Iterator[Key]:
        return iter(self.changes)


class _Absent(msgspec.Struct, frozen=True):
    pass


_ABSENT = _Absent()

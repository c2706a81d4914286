"""A log of a few entries in memory, which can also be dishonest: `forked` has another history."""

from __future__ import annotations

from ledger.log import checkpoint, note, tiles, tree
from ledger.log.add_checkpoint import AddCheckpoint, format_request
from ledger.log.hashes import Hash, LeafHash, leaf_hash
from ledger.log.keys import PrivateKey


class SmallLog:
    """Entries `entry 0`, `entry 1`, …; from `fork` on they are others."""

    def __init__(self, origin: str = "ledger.example/log", *, fork: int = 1_000) -> None:
        self.origin = origin
        self.key = PrivateKey.from_seed(b"\x33" * 32)
        self.vkey = note.log_vkey(origin, self.key.public)
        self._fork = fork

    def forked(self, at: int) -> SmallLog:
        """The same log, key and all, with another history from this entry on."""
        return SmallLog(self.origin, fork=at)

    def leaves(self, size: int) -> list[LeafHash]:
        return [
            leaf_hash(f"{'entry' if number < self._fork else 'other'} {number}".encode())
            for number in range(size)
        ]

    def head(self, size: int) -> checkpoint.Checkpoint:
        return checkpoint.Checkpoint(self.origin, size, tree.root_of(self.leaves(size)))

    def signed(self, size: int) -> bytes:
        return checkpoint.sign_checkpoint(self.key, self.head(size))

    def consistency(self, old: int, size: int) -> tuple[Hash, ...]:
        """The path from one size to another."""
        edge, full = tiles.TileEdge().extend(self.leaves(size))
        assert not full

        def read(level: int, number: int, width: int) -> bytes:
            return edge.partial[level][: width * 32]

        return tiles.consistency_path(old, size, read)

    def request(self, old: int, size: int) -> bytes:
        """What a witness is asked that knows this old size."""
        proof = self.consistency(old, size) if 0 < old <= size else ()
        return format_request(AddCheckpoint(old, proof, self.signed(size)))

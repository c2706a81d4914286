"""Whether a checkpoint belongs to the history that was followed, and evidence where it does not.

A checkpoint of a size that was followed is compared with the root kept for it. One of a larger size
is compared by tiles that lead to its root: they say with which tree it begins. Tiles that do not lead
to it show nothing. Source: specification, monitoring, two histories.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from ledger.client import durable_file
from ledger.errors import NotFound, OtherHistory, ProofFailed, Unavailable
from ledger.log import tiles
from ledger.log.checkpoint import open_checkpoint
from ledger.log.evidence import evidence_of, write_evidence
from ledger.log.tiles import TileEdge

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.client.monitor.kept import Kept
    from ledger.log.checkpoint import Checkpoint
    from ledger.log.evidence import Evidence
    from ledger.log.tiles import TileReader


def compare(kept: Kept, signed: bytes, vkey: str, read: TileReader | None) -> bool:
    """Whether this checkpoint belongs to the kept history; False where that cannot be said yet.

    `read` reads the tiles of whoever has shown it. Raises BadNote, BadSignature, Unavailable;
    OtherHistory, with the file of evidence, where the log has signed two histories.
    """
    head = open_checkpoint(signed, vkey)
    if head.size <= kept.size:
        root = kept.root_at(head.size)
        if root is None:
            raise AssertionError("every root below the size is kept")
        if root != head.root:
            path = tiles.consistency_path(head.size, kept.size, _own(kept))
            raise two_histories(kept, evidence_of(signed, kept.note, root, path, vkey))
        return True
    found = None if read is None else diverging(kept, signed, head, vkey, read)
    if found is not None:
        raise two_histories(kept, found)
    return False


def diverging(
    kept: Kept, signed: bytes, head: Checkpoint, vkey: str, read: TileReader
) -> Evidence | None:
    """Evidence that a larger checkpoint's tree begins otherwise; None where its tiles show none.

    Raises Unavailable where the tiles are not there.
    """
    if kept.size == 0:
        return None
    try:
        if tiles.root_from_tiles(head.size, read) != head.root:
            return None
        root = tiles.root_from_tiles(kept.size, read)
        if root == kept.root_at(kept.size):
            return None
        path = tiles.consistency_path(kept.size, head.size, read)
        return evidence_of(kept.note, signed, root, path, vkey)
    except NotFound as error:
        raise Unavailable(error.what, expected=error.expected, found=error.found) from error


def two_histories(kept: Kept, evidence: Evidence) -> OtherHistory:
    """Keep the evidence; the error that names its file."""
    data = write_evidence(evidence)
    path = kept.folder / f"evidence-{sha256(data).hexdigest()[:16]}.json"
    if not path.exists():
        durable_file.write(path, data)
    return known_evidence(path)


def known_evidence(path: Path) -> OtherHistory:
    """The error about evidence that lies in a file."""
    return OtherHistory(
        "the log has signed two histories",
        expected="one history for everybody",
        found=str(path),
        advice="Show the file to everybody who relies on the log: carbon-ledger verify FILE "
        "--log-key VKEY checks it. To watch on, move it away.",
    )


def not_shown(head: Checkpoint, why: str) -> ProofFailed:
    """The error for a signed checkpoint whose entries are not there."""
    return ProofFailed(
        f"the log has signed size {head.size} and shows no entries with its root",
        expected=head.root.hex(),
        found=why,
        advice="Nobody can follow this checkpoint. Keep it, ask the operator, and watch again: it is "
        "compared each time.",
    )


def _own(kept: Kept) -> TileReader:
    """The tiles of the kept tree."""
    edge, full = TileEdge().extend(kept.leaves(kept.size))
    whole = {(tile.level, tile.number): tile.hashes for tile in full}

    def read(level: int, number: int, width: int) -> bytes:  # noqa: ARG001  (all there are)
        return whole.get((level, number)) or edge.partial[level]

    return read

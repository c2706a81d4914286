"""An event's leaf hash commits to its data, its place and the event before it, and shows no data.

The header is built, hashed and thrown away; everything in it follows from the batch. Its members
are names in safe ASCII, hashes and one integer, so writing them in place is canonical JSON.
Source: formats, section 3.

    {"data":"<sha-256 of the data>","previous":"<leaf hash>","stream":"acme/plant-7/electricity",
     "type":"ActivityRecorded","v":1,"version":42}                    (one line, without spaces)
    leaf hash = SHA-256(0x00 ‖ header)
"""

from __future__ import annotations

from hashlib import sha256

from ledger.log.hashes import LeafHash, leaf_hash


def header(
    data_sha256_hex: str,
    previous_hex: str,
    stream: str,
    type: str,  # noqa: A002  # the member's name
    version: int,
) -> bytes:
    """The canonical header; the caller has checked names and hashes (all of them safe ASCII)."""
    return (
        f'{{"data":"{data_sha256_hex}","previous":"{previous_hex}",'
        f'"stream":"{stream}","type":"{type}","v":1,"version":{version}}}'
    ).encode("ascii")


def event_leaf(
    data: bytes,
    previous_hex: str,
    stream: str,
    type: str,  # noqa: A002  # the member's name
    version: int,
) -> LeafHash:
    """Leaf hash of one event from its canonical data and its place."""
    return leaf_hash(header(sha256(data).hexdigest(), previous_hex, stream, type, version))

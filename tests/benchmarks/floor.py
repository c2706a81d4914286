"""The bare limit of a bulk figure: strict decoding, canonical comparison, two hashes an event, root.

One process, bytes from memory, nothing else: no key, no rule, no database. Frozen, so that a slower
floor cannot flatter: change it only together with every figure that was ever reported against it.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec

from ledger.carbon.events import ActivityRecorded

_DECODER = msgspec.json.Decoder(ActivityRecorded)
_ENCODER = msgspec.json.Encoder(order="sorted")


def process(body: bytes) -> bytes:
    """The root over the leaf hashes of a body's lines."""
    _, *lines = body[:-1].split(b"\n")
    previous, leaves = "0" * 64, []
    for version, line in enumerate(lines, start=1):
        if _ENCODER.encode(_DECODER.decode(line)) != line:
            raise ValueError(line)
        header = (
            f'\x00{{"data":"{sha256(line).hexdigest()}","previous":"{previous}",'
            f'"stream":"company/plant/meter-00","type":"ActivityRecorded","v":1,'
            f'"version":{version}}}'
        )
        leaf = sha256(header.encode())
        leaves.append(leaf.digest())
        previous = leaf.hexdigest()
    while len(leaves) > 1:
        pairs = [
            sha256(b"\x01" + leaves[at] + leaves[at + 1]).digest()
            for at in range(0, len(leaves) - 1, 2)
        ]
        leaves = pairs if len(leaves) % 2 == 0 else [*pairs, leaves[-1]]
    return leaves[0]

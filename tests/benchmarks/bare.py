"""The bare limit of verifying a file: one SHA-256 over its bytes, one Ed25519 check of each signer.

Those of its checkpoint and of each entry; not the proofs of possession inside of events. No form, no tree, no rule. Keys and messages are cut out of the file before the clock starts.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ledger.log import jws
from ledger.log.bundle import read_bundle
from ledger.log.keys import SIGNATURE_BYTES, PublicKey
from ledger.log.note import ed25519_key


class Bare:
    """One file: its bytes, and the signatures of its checkpoint and of each entry."""

    def __init__(self, data: bytes, log_key: str, keys: Iterable[PublicKey]) -> None:
        """`keys` are those that may have signed its entries; raises KeyError for any other."""
        known = {key.thumbprint: key for key in keys}
        bundle = read_bundle(data)
        note, _, lines = bundle.checkpoint.rpartition(b"\n\n")
        signature = b64decode(lines.split(b"\n")[0].rsplit(b" ", 1)[1])[-SIGNATURE_BYTES:]
        self._data = data
        self._signed = [(_key(ed25519_key(log_key)), signature, note + b"\n")]
        for entry in bundle.entries:
            parsed = jws.parse(entry.jws, jws.BATCH)
            self._signed.append((_key(known[parsed.kid]), parsed.signature, parsed.signing_input))

    def check(self) -> None:
        """Hash and verify; raises InvalidSignature."""
        sha256(self._data).digest()
        for key, signature, message in self._signed:
            key.verify(signature, message)


def _key(key: PublicKey) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(key.x)

"""ML-DSA-44 keys, for cosignatures that a quantum computer does not forge either.

A public key has 1312 bytes, a signature 2420, a private key is its 32-byte seed. Any 1312 bytes are
a public key, so there is nothing to check but their number. The library draws a random number for
each signature: two signatures over the same bytes differ, and both verify.
Source: FIPS 204 (pure ML-DSA, empty context); C2SP tlog-cosignature.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from ledger.errors import BadKey, BadSignature, Unavailable

ALGORITHM: Final = "ML-DSA-44"
SEED_BYTES: Final = 32
KEY_BYTES: Final = 1312
SIGNATURE_BYTES: Final = 2420


class MlDsaPublicKey(msgspec.Struct, frozen=True, gc=False):
    """A key that may verify cosignatures; making one checks its length (raises BadKey)."""

    x: bytes
    """The 1312 bytes of FIPS 204."""
    alg: str = ALGORITHM

    def __post_init__(self) -> None:
        if self.alg != ALGORITHM or len(self.x) != KEY_BYTES:
            raise BadKey(
                "not an ML-DSA-44 public key",
                expected=f"{KEY_BYTES} bytes",
                found=f"{len(self.x)}",
            )

    def verify(self, signature: bytes, message: bytes) -> bytes:
        """The message, if this is the key's signature over it; raises BadSignature, Unavailable."""
        if len(signature) != SIGNATURE_BYTES:
            raise BadSignature(
                "not the form of an ML-DSA-44 signature",
                expected=f"{SIGNATURE_BYTES} bytes",
                found=f"{len(signature)}",
            )
        try:
            from cryptography.hazmat.primitives.asymmetric import mldsa  # noqa: PLC0415

            mldsa.MLDSA44PublicKey.from_public_bytes(self.x).verify(signature, message)
        except (ImportError, UnsupportedAlgorithm) as error:
            raise _not_here() from error
        except InvalidSignature as error:
            raise BadSignature(
                "a signature does not verify",
                expected=f"a signature by the ML-DSA-44 key {sha256(self.x).hexdigest()[:16]}…",
                found="another key's, or over other bytes",
            ) from error
        return message


class MlDsaPrivateKey:
    """A signing key; it never shows its seed."""

    __slots__ = ("_key", "public")

    def __init__(self, seed: bytes) -> None:
        """The key of a 32-byte seed; raises BadKey, Unavailable."""
        if len(seed) != SEED_BYTES:
            raise BadKey("not a seed", expected="32 bytes", found=f"{len(seed)}")
        try:
            from cryptography.hazmat.primitives.asymmetric import mldsa  # noqa: PLC0415

            key = mldsa.MLDSA44PrivateKey.from_seed_bytes(seed)
        except (ImportError, UnsupportedAlgorithm) as error:
            raise _not_here() from error
        self._key: Final = key
        self.public: Final = MlDsaPublicKey(key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """2420 bytes, others each time."""
        return self._key.sign(message)

    def __repr__(self) -> str:
        return f"MlDsaPrivateKey({sha256(self.public.x).hexdigest()[:16]}…)"


def _not_here() -> Unavailable:
    return Unavailable(
        "ML-DSA-44 is not available here",
        expected="the package cryptography with ML-DSA",
        found="one without it",
        advice="Install a newer cryptography, or use the Ed25519 key of the same witness.",
    )

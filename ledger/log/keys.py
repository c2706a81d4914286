"""A PublicKey that exists is safe to trust with a signature, and a signature has one spelling.

A key is checked when it is made: 32 bytes, canonical, of prime order. Verification is cofactorless,
S < L, and R is compared as bytes, so two honest verifiers never disagree. In an event a public key
is a JWK with exactly `crv`, `kty` and `x` (RFC 8037); its name is its thumbprint (RFC 7638,
SHA-256, base64url). Version 1 knows one algorithm, `Ed25519` (RFC 9864).
Source: formats, sections 2, 4 and 5.
"""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from ledger.errors import BadKey, BadSignature, BadValue
from ledger.log import edwards25519

if TYPE_CHECKING:
    from collections.abc import Mapping

ALGORITHM: Final = "Ed25519"
SEED_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
_ADVICE: Final = "Make a new key pair: carbon-ledger key new."


class PublicKey(msgspec.Struct, frozen=True, gc=False):
    """A key that may verify signatures; making one checks it (raises BadKey)."""

    x: bytes
    """The 32 bytes of RFC 8032."""
    alg: str = ALGORITHM

    def __post_init__(self) -> None:
        if self.alg != ALGORITHM:
            raise BadKey("an unknown algorithm", expected=ALGORITHM, found=repr(self.alg))
        check_point(self.x)

    @property
    def thumbprint(self) -> str:
        """RFC 7638 with SHA-256, base64url without padding: 43 characters."""
        return _thumbprint(self.x)

    @property
    def jwk(self) -> dict[str, str]:
        """Exactly the members that an event carries."""
        return {"crv": "Ed25519", "kty": "OKP", "x": encode_base64url(self.x)}


class PrivateKey:
    """A signing key; it never shows its seed."""

    __slots__ = ("_key", "public")

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key: Final = key
        self.public: Final = PublicKey(key.public_key().public_bytes_raw())

    @classmethod
    def from_seed(cls, seed: bytes) -> PrivateKey:
        """The key of a 32-byte seed (RFC 8032, section 5.1.5); raises BadKey."""
        if len(seed) != SEED_BYTES:
            raise BadKey("not a seed", expected="32 bytes", found=f"{len(seed)}")
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    def sign(self, message: bytes) -> bytes:
        """64 bytes, the same for the same message each time."""
        return self._key.sign(message)

    def __repr__(self) -> str:
        return f"PrivateKey({self.public.thumbprint})"


def public_key(jwk: Mapping[str, object]) -> PublicKey:
    """The key of a JWK with exactly crv, kty and x; raises BadKey."""
    if set(jwk) != {"crv", "kty", "x"} or jwk["crv"] != "Ed25519" or jwk["kty"] != "OKP":
        raise BadKey(
            "not a public key",
            expected='{"crv":"Ed25519","kty":"OKP","x":"…"} and nothing else',
            # Names only: somebody may have sent a private key by mistake.
            found=", ".join(sorted(map(str, jwk)))[:200],
            advice=_ADVICE,
        )
    x = jwk["x"]
    if not isinstance(x, str):
        raise BadKey(
            "not a public key",
            expected="x in base64url without padding",
            found=type(x).__name__,
            advice=_ADVICE,
        )
    try:
        return PublicKey(decode_base64url(x))
    except BadValue as error:
        raise BadKey(
            "not a public key",
            expected="x in base64url without padding, in its one spelling",
            found=repr(x)[:80],
            advice=_ADVICE,
        ) from error


@lru_cache(maxsize=8_192)
def check_point(x: bytes) -> None:
    """Raises BadKey unless x is the canonical encoding of a point of prime order."""
    reason = edwards25519.why_not_prime_order(x)
    if reason:
        raise BadKey(
            "this public key must not be trusted",
            expected="the canonical encoding of a point of prime order",
            found=reason,
            advice=_ADVICE,
        )


def verify(key: PublicKey, signature: bytes, message: bytes) -> bytes:
    """The message, if this is the key's signature over it; raises BadSignature."""
    if (
        len(signature) != SIGNATURE_BYTES
        # RFC 8032, section 5.1.7: S < L, or a second spelling of the signature would verify.
        or int.from_bytes(signature[32:], "little") >= edwards25519.L
    ):
        raise BadSignature(
            "not the form of an Ed25519 signature",
            expected="64 bytes, the second half below the order of the group",
            found=f"{len(signature)} bytes, {signature.hex()[:16]}…",
            advice="Sign the same statement again.",
        )
    try:
        # The library encodes R' = [S]B - [k]A and compares bytes: cofactorless.
        _verifier(key.x).verify(signature, message)
    except InvalidSignature as error:
        raise BadSignature(
            "a signature does not verify",
            expected=f"a signature by key {key.thumbprint} over these bytes",
            found="another key's, or over other bytes",
            advice="Sign the very bytes that are sent, with the key that is named.",
        ) from error
    return message


def encode_base64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode_base64url(text: str) -> bytes:
    """The bytes of base64url without padding, in its one spelling; raises BadValue."""
    rest = len(text) % 4
    # No padding, nothing of the other alphabet, no loose bits in the last digit: one spelling.
    foreign = not text.isascii() or "+" in text or "/" in text or "=" in text
    if not foreign and rest != 1 and (not rest or text[-1] in _LAST_DIGITS[rest]):
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        try:
            return binascii.a2b_base64(padded.translate(_URLSAFE), strict_mode=True)
        except binascii.Error:
            pass  # a character that is no digit
    raise BadValue(
        "not base64url in its one spelling",
        expected="A-Z, a-z, 0-9, '-' and '_', without padding and loose bits",
        found=repr(text[:80]),
        advice="Leave the padding out (RFC 7515, section 2).",
    )


_URLSAFE = bytes.maketrans(b"-_", b"+/")
_LAST_DIGITS = {2: "AQgw", 3: "AEIMQUYcgkosw048"}
"""Those that a text of this length modulo 4 may end in: the bits that stand for nothing are zero."""


@lru_cache(maxsize=8_192)
def _thumbprint(x: bytes) -> str:
    jwk = f'{{"crv":"Ed25519","kty":"OKP","x":"{encode_base64url(x)}"}}'
    return encode_base64url(sha256(jwk.encode("ascii")).digest())


@lru_cache(maxsize=8_192)
def _verifier(x: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(x)

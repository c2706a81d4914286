"""A reader's token: a short-lived JWT by which a registered key says who reads, and nothing else.

    {"alg":"Ed25519","kid":"<key>","typ":"carbon-read+jwt"}
    {"aud":"ledger.example/log","exp":1795327500,"iat":1795327200,"jti":"<32 hexadecimal digits>"}

Rules: exactly these claims, and `nonce` where the server gave one; canonical JSON, one spelling;
`exp` at most five minutes after `iat`; the reader's clock may be a minute off. Its `typ` keeps it
apart from everything else that keys sign. Whether the key may read now is asked of its owner.
Source: formats, section 12; RFC 7519.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from ledger.errors import LedgerError, NotSignedIn
from ledger.log import jws
from ledger.log.canonical import StructReader, encode_struct
from ledger.log.keys import PrivateKey, PublicKey
from ledger.log.values import OriginName, SaltHex, Size

TYPE: Final = "carbon-read+jwt"
MAX_LIFETIME_S: Final = 300
CLOCK_SKEW_S: Final = 60
MAX_BYTES: Final = 2_048

NonceText = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{16,128}(?!\n)$")]


class Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a token says."""

    aud: OriginName
    exp: Size
    """Seconds since 1970, as `iat`."""
    iat: Size
    jti: SaltHex
    """Different in each token."""
    nonce: NonceText | None = None

    @staticmethod
    def kid_of(token: str) -> str:
        """The key that a token names; raises NotSignedIn. Nothing is verified yet."""
        return _parse(token).kid


_reader: Final = StructReader(Claims)


def make_token(
    key: PrivateKey,
    origin: str,
    issued_at: datetime,
    jti: str,
    *,
    nonce: str | None = None,
    lifetime_s: int = MAX_LIFETIME_S,
) -> str:
    """The token of a key that may read, for the log of this origin."""
    issued_at_s = int(issued_at.timestamp())
    claims = Claims(aud=origin, exp=issued_at_s + lifetime_s, iat=issued_at_s, jti=jti, nonce=nonce)
    return jws.sign(key, TYPE, encode_struct(claims)).decode("ascii")


def read_token(
    token: str,
    key_lookup: Callable[[str], PublicKey | None],
    now: datetime,
    origin: str,
) -> Claims:
    """The claims of a token that holds now, for this origin; raises NotSignedIn.

    `key_lookup` gives the key of a thumbprint if that key may read now, and None for any other.
    """
    parsed = _parse(token)
    key = key_lookup(parsed.kid)
    if key is None:
        raise NotSignedIn(
            "no key that may read",
            expected="a registered, unrevoked key with read or admin",
            found=parsed.kid,
        )
    try:
        claims = _reader.decode(parsed.verify(key))
    except LedgerError as error:
        raise NotSignedIn("a reader's token does not hold", found=str(error)) from error
    if claims.aud != origin:
        raise NotSignedIn("a token for another ledger", expected=origin, found=claims.aud)
    lifetime_s = claims.exp - claims.iat
    if not 0 < lifetime_s <= MAX_LIFETIME_S:
        raise NotSignedIn(
            "a token lives too long",
            expected=f"exp 1 to {MAX_LIFETIME_S} s after iat",
            found=f"{lifetime_s} s",
        )
    now_s = int(now.timestamp())
    if claims.iat > now_s + CLOCK_SKEW_S:
        raise NotSignedIn(
            "a token from the future",
            expected=f"iat up to {now_s}",
            found=f"{claims.iat}",
            advice="Set the clock of the machine that signs.",
        )
    if claims.exp <= now_s - CLOCK_SKEW_S:
        raise NotSignedIn(
            "a token that has expired",
            expected=f"exp after {now_s}",
            found=f"{claims.exp}",
            advice="Sign a new one; each lives for five minutes at most.",
        )
    return claims


def _parse(token: str) -> jws.Jws:
    try:
        return jws.parse(token.encode("ascii", "replace"), TYPE, MAX_BYTES)
    except LedgerError as error:
        raise NotSignedIn("not a reader's token", found=str(error)) from error

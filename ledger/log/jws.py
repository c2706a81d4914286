"""A signed statement in one spelling: the strict compact JWS.

    base64url({"alg":"Ed25519","kid":"<thumbprint>","typ":"<use>"}) . base64url(payload) . base64url(sig)

Rules (formats, section 4): the protected header has exactly these members, canonical; `alg` is the
fully specified name of RFC 9864, so `EdDSA` and `none` are refused; base64url has no padding and
one spelling; `typ` differs per use, so no signature can be moved from one use to another.
Source: RFC 7515, section 7.1.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import msgspec

from ledger.errors import BadJws, BadKey, BadSignature, BadValue, NotCanonical, TooLarge
from ledger.log import canonical, keys

if TYPE_CHECKING:
    from ledger.log.keys import PrivateKey, PublicKey

MAX_BYTES: Final = 8_192
BATCH: Final = "carbon-batch+jws"
POSSESSION: Final = "carbon-key+jws"
_ADVICE: Final = "Sign it again; docs/specification/batches.md shows the one form."
_PROVE: Final = "Make the key and its proof for this party of this log: carbon-ledger key new."


class Jws(msgspec.Struct, frozen=True, gc=False):
    """A JWS in form; its signature is not checked before `verify`."""

    kid: str
    alg: str
    payload: bytes
    signing_input: bytes
    signature: bytes
    raw: bytes

    def verify(self, key: PublicKey) -> bytes:
        """The payload, if this key is the one named and signed it; raises BadSignature."""
        if key.thumbprint != self.kid or key.alg != self.alg:
            raise BadSignature(
                "signed with another key",
                expected=key.thumbprint,
                found=self.kid,
                advice="Sign with the key that is named.",
            )
        keys.verify(key, self.signature, self.signing_input)
        return self.payload


def sign(key: PrivateKey, typ: str, payload: bytes) -> bytes:
    """The compact JWS over a payload, as ASCII bytes."""
    public = key.public
    header = canonical.encode({"alg": public.alg, "kid": public.thumbprint, "typ": typ})
    signing_input = f"{keys.encode_base64url(header)}.{keys.encode_base64url(payload)}".encode()
    return signing_input + b"." + keys.encode_base64url(key.sign(signing_input)).encode("ascii")


def parse(jws: bytes, typ: str, max_bytes: int = MAX_BYTES) -> Jws:
    """A JWS of this use, in form; raises BadJws, TooLarge. The signature is not checked."""
    if len(jws) > max_bytes:
        raise TooLarge(
            "a JWS is too long",
            expected=f"at most {max_bytes} bytes",
            found=f"{len(jws)}",
            advice=_ADVICE,
        )
    if not jws.isascii():
        raise BadJws(
            "a JWS is ASCII", expected="base64url and dots", found="other bytes", advice=_ADVICE
        )
    parts = jws.decode("ascii").split(".")
    if len(parts) != 3:
        raise BadJws(
            "not a compact JWS",
            expected="three parts between two dots",
            found=f"{len(parts)}",
            advice=_ADVICE,
        )
    try:
        kid = _kid_of(parts[0], typ)
        payload = keys.decode_base64url(parts[1])
        signature = keys.decode_base64url(parts[2])
    except (BadValue, NotCanonical) as error:
        raise BadJws(
            f"not a compact JWS: {error.what}",
            expected=error.expected,
            found=error.found,
            advice=error.advice,
        ) from error
    if len(signature) != keys.SIGNATURE_BYTES:
        raise BadJws(
            "a signature of another length",
            expected=f"{keys.SIGNATURE_BYTES} bytes",
            found=f"{len(signature)}",
            advice=_ADVICE,
        )
    return Jws(kid, keys.ALGORITHM, payload, jws[: jws.rindex(b".")], signature, jws)


def possession_proof(key: PrivateKey, log: str, party: str) -> str:
    """The new key's own statement that it belongs to a party of a log (its vkey)."""
    payload = _possession(key.public.thumbprint, log, party)
    return sign(key, POSSESSION, payload).decode("ascii")


def check_possession(proof: str, public_key: PublicKey, log: str, party: str) -> None:
    """Raises BadKey unless this key signed that it belongs to this party of this log."""
    try:
        payload = parse(proof.encode(errors="replace"), POSSESSION).verify(public_key)
    except (BadJws, BadSignature, TooLarge) as error:
        raise BadKey(
            f"the key comes without a proof of possession: {error.what}",
            expected=error.expected,
            found=error.found,
            advice=_PROVE,
        ) from error
    expected = _possession(public_key.thumbprint, log, party)
    if payload != expected:
        raise BadKey(
            "the proof of possession is for something else",
            expected=expected.decode(),
            found=repr(payload[:300]),
            advice=_PROVE,
        )


def _possession(thumbprint: str, log: str, party: str) -> bytes:
    return canonical.encode({"key": thumbprint, "log": log, "party": party, "v": 1})


@lru_cache(maxsize=4096)
def _kid_of(header: str, typ: str) -> str:
    """The key that a header names, in form: the same few headers come again and again."""
    return _check_header(canonical.decode(keys.decode_base64url(header)), typ)


def _check_header(header: dict[str, object], typ: str) -> str:
    if set(header) != {"alg", "kid", "typ"}:
        raise BadJws(
            "the protected header has other members",
            expected="exactly alg, kid, typ",
            found=", ".join(sorted(header)),
            advice=_ADVICE,
        )
    if header["alg"] != keys.ALGORITHM:
        raise BadJws(
            "this algorithm is not accepted",
            expected=keys.ALGORITHM,
            found=repr(header["alg"])[:80],
            advice="Name the algorithm in full (RFC 9864) and sign with it.",
        )
    if header["typ"] != typ:
        raise BadJws(
            "signed for another use",
            expected=f"typ {typ}",
            found=f"typ {header['typ']!r:.80}",
            advice="A signature holds for one use; sign for this one.",
        )
    kid = header["kid"]
    try:
        if not isinstance(kid, str) or len(keys.decode_base64url(kid)) != 32:
            raise _no_thumbprint(kid)
    except BadValue as error:
        raise _no_thumbprint(kid) from error
    return kid


def _no_thumbprint(kid: object) -> BadJws:
    return BadJws(
        "kid is not a key's thumbprint",
        expected="43 characters of base64url (RFC 7638, SHA-256)",
        found=repr(kid)[:80],
        advice=_ADVICE,
    )

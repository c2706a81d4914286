"""A reader's token holds for one ledger, one key and five minutes, and for nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey

from ledger.errors import NotSignedIn
from ledger.log import jws
from ledger.log.canonical import encode
from ledger.log.keys import PrivateKey, PublicKey
from ledger.parties.token import Claims, make_token, read_token

KEY = PrivateKey.from_seed(bytes(range(32)))
OTHER = PrivateKey.from_seed(bytes(range(1, 33)))
ORIGIN = "ledger.example/log"
NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
JTI = "0123456789abcdef0123456789abcdef"


def known(thumbprint: str) -> PublicKey | None:
    return KEY.public if thumbprint == KEY.public.thumbprint else None


def read(token: str, now: datetime = NOW) -> Claims:
    return read_token(token, known, now, ORIGIN)


def signed(claims: dict[str, object], typ: str = "carbon-read+jwt") -> str:
    return jws.sign(KEY, typ, encode(claims)).decode()


def claims_with(**changed: object) -> dict[str, object]:
    issued = int(NOW.timestamp())
    return {"aud": ORIGIN, "exp": issued + 300, "iat": issued, "jti": JTI, **changed}


def test_a_token_of_a_key_that_may_read_holds_for_five_minutes():
    token = make_token(KEY, ORIGIN, NOW, JTI)
    assert Claims.kid_of(token) == KEY.public.thumbprint
    assert read(token).exp - read(token).iat == 300
    assert read(token, NOW + timedelta(minutes=5)).jti == JTI


def test_the_nonce_of_the_server_is_carried():
    token = make_token(KEY, ORIGIN, NOW, JTI, nonce="abcdefghijklmnop")
    assert read(token).nonce == "abcdefghijklmnop"


def test_other_peoples_jwt_library_reads_our_token():
    key = OKPKey.import_key({**KEY.public.jwk})
    decoded = jwt.decode(make_token(KEY, ORIGIN, NOW, JTI), key, algorithms=["Ed25519"])
    assert decoded.header["typ"] == "carbon-read+jwt"
    assert decoded.claims["aud"] == ORIGIN


def test_a_token_of_an_unknown_key_is_refused():
    with pytest.raises(NotSignedIn, match="no key that may read"):
        read(make_token(OTHER, ORIGIN, NOW, JTI))


def test_a_token_signed_by_another_key_than_it_names_is_refused():
    head, payload, _ = make_token(KEY, ORIGIN, NOW, JTI).split(".")
    *_, signature = make_token(OTHER, ORIGIN, NOW, JTI).split(".")
    with pytest.raises(NotSignedIn, match="does not hold"):
        read(f"{head}.{payload}.{signature}")


def test_a_token_for_another_ledger_is_refused():
    with pytest.raises(NotSignedIn, match="another ledger"):
        read(make_token(KEY, "other.example/log", NOW, JTI))


def test_an_expired_token_is_refused():
    token = make_token(KEY, ORIGIN, NOW, JTI)
    with pytest.raises(NotSignedIn, match="expired"):
        read(token, NOW + timedelta(minutes=6))


def test_a_token_from_the_future_is_refused():
    token = make_token(KEY, ORIGIN, NOW + timedelta(seconds=61), JTI)
    with pytest.raises(NotSignedIn, match="future"):
        read(token)


@pytest.mark.parametrize("lifetime_s", [301, 0, -1, 10**9])
def test_a_token_with_a_lifetime_out_of_bounds_is_refused(lifetime_s: int):
    token = signed(claims_with(exp=int(NOW.timestamp()) + lifetime_s))
    with pytest.raises(NotSignedIn, match="lives too long"):
        read(token)


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "steelworks"},
        {"jti": "short"},
        {"iat": "1795327200"},
        {"nonce": None},
        {"nonce": "has spaces in it ok"},
    ],
)
def test_claims_out_of_form_are_refused(claims: dict[str, object]):
    with pytest.raises(NotSignedIn, match="does not hold"):
        read(signed(claims_with(**claims)))


def test_a_signature_made_for_another_use_is_no_token():
    with pytest.raises(NotSignedIn, match="not a reader's token"):
        read(signed(claims_with(), typ="carbon-batch+jws"))


@pytest.mark.parametrize("text", ["", "a.b.c", "ü", "x" * 5000, "e30.e30.e30"])
def test_what_is_not_a_jwt_is_refused(text: str):
    with pytest.raises(NotSignedIn):
        read(text)
    with pytest.raises(NotSignedIn):
        Claims.kid_of(text)


def test_any_flipped_bit_is_refused():
    token = make_token(KEY, ORIGIN, NOW, JTI).encode()
    for position in range(len(token)):
        flipped = bytearray(token)
        flipped[position] ^= 1
        with pytest.raises(NotSignedIn):
            read(flipped.decode("latin-1"))

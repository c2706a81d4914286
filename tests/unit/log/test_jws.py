import pytest

from ledger.errors import BadJws, BadKey, BadSignature, TooLarge
from ledger.log import canonical, jws
from ledger.log.keys import PrivateKey, encode_base64url

KEY = PrivateKey.from_seed(b"\x11" * 32)
OTHER = PrivateKey.from_seed(b"\x22" * 32)
LOG = "ledger.example/log+00000000+AAAA"
SIGNED = jws.sign(KEY, jws.BATCH, b'{"v":1}')


def signed_with(header: bytes, payload: bytes = b'{"v":1}') -> bytes:
    signing_input = f"{encode_base64url(header)}.{encode_base64url(payload)}".encode()
    return signing_input + b"." + encode_base64url(KEY.sign(signing_input)).encode()


def header(**members: object) -> bytes:
    usual = {"alg": "Ed25519", "kid": KEY.public.thumbprint, "typ": jws.BATCH}
    return canonical.encode(usual | members)


def test_what_was_signed_comes_back_from_verification():
    parsed = jws.parse(SIGNED, jws.BATCH)
    assert parsed.kid == KEY.public.thumbprint
    assert parsed.raw == SIGNED
    assert parsed.verify(KEY.public) == b'{"v":1}'


def test_another_key_does_not_verify():
    with pytest.raises(BadSignature, match="another key"):
        jws.parse(SIGNED, jws.BATCH).verify(OTHER.public)


def test_a_key_id_of_another_key_does_not_help():
    forged = signed_with(header(kid=OTHER.public.thumbprint))
    with pytest.raises(BadSignature):
        jws.parse(forged, jws.BATCH).verify(OTHER.public)


def test_a_signature_for_one_use_is_refused_for_another():
    with pytest.raises(BadJws, match="another use"):
        jws.parse(SIGNED, jws.POSSESSION)


@pytest.mark.parametrize("alg", ["EdDSA", "none", "ES256", "HS256", "ed25519", None, 1])
def test_every_other_algorithm_is_refused(alg: object):
    with pytest.raises(BadJws, match="algorithm"):
        jws.parse(signed_with(header(alg=alg)), jws.BATCH)


@pytest.mark.parametrize(
    "bad_header",
    [
        b"{}",
        b"[]",
        b"not json",
        header(b64=False),
        header(crit=["b64"]),
        header(jwk={"kty": "OKP"}),
        header(kid="short"),
        header(kid=1),
        header().replace(b",", b", "),
        header() + b" ",
        b'{"typ":"carbon-batch+jws","alg":"Ed25519","kid":"'
        + KEY.public.thumbprint.encode()
        + b'"}',
    ],
)
def test_every_other_header_is_refused(bad_header: bytes):
    with pytest.raises(BadJws):
        jws.parse(signed_with(bad_header), jws.BATCH)


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"..",
        SIGNED + b".",
        SIGNED + b"=",
        SIGNED + b"\n",
        b" " + SIGNED,
        SIGNED.replace(b".", b"..", 1),
        SIGNED[: SIGNED.rindex(b".")],
        SIGNED[: SIGNED.rindex(b".") + 1],
        SIGNED[:-2],
        "é".encode() + SIGNED,
    ],
)
def test_every_other_form_is_refused(bad: bytes):
    with pytest.raises(BadJws):
        jws.parse(bad, jws.BATCH)


def test_loose_bits_in_the_last_digit_are_refused():
    last = SIGNED[-1:]
    loose = bytes([last[0] + 1])
    with pytest.raises(BadJws):
        jws.parse(SIGNED[:-1] + loose, jws.BATCH)


def test_a_jws_has_at_most_8192_bytes():
    with pytest.raises(TooLarge):
        jws.parse(b"a" * 8_193, jws.BATCH)


def test_a_key_proves_that_it_belongs_to_a_party_of_a_log():
    proof = jws.possession_proof(KEY, LOG, "acme")
    jws.check_possession(proof, KEY.public, LOG, "acme")


@pytest.mark.parametrize(
    ("key", "log", "party"), [(OTHER, LOG, "acme"), (KEY, LOG + "x", "acme"), (KEY, LOG, "other")]
)
def test_a_proof_of_possession_holds_for_nothing_else(key: PrivateKey, log: str, party: str):
    proof = jws.possession_proof(KEY, LOG, "acme")
    with pytest.raises(BadKey):
        jws.check_possession(proof, key.public, log, party)


def test_a_batch_signature_is_no_proof_of_possession():
    payload = canonical.encode({"key": KEY.public.thumbprint, "log": LOG, "party": "acme", "v": 1})
    with pytest.raises(BadKey):
        jws.check_possession(jws.sign(KEY, jws.BATCH, payload).decode(), KEY.public, LOG, "acme")
    with pytest.raises(BadKey):
        jws.check_possession("\ud800", KEY.public, LOG, "acme")

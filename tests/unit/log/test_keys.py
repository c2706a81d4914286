import pytest

from ledger.errors import BadKey, BadSignature, BadValue
from ledger.log import edwards25519, keys
from ledger.log.keys import PrivateKey, PublicKey

# RFC 8032, section 7.1, test 1.
SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
P = edwards25519.P

# The points of order 1, 2, 4 and 8, in every encoding that decoders have been seen to accept.
LOW_ORDER = [
    (1).to_bytes(32, "little"),
    (1 + 2**255).to_bytes(32, "little"),
    (P - 1).to_bytes(32, "little"),
    (P - 1 + 2**255).to_bytes(32, "little"),
    (0).to_bytes(32, "little"),
    (2**255).to_bytes(32, "little"),
    P.to_bytes(32, "little"),
    (P + 2**255).to_bytes(32, "little"),
    (P + 1).to_bytes(32, "little"),
    (P + 1 + 2**255).to_bytes(32, "little"),
    *(
        bytes.fromhex(text)
        for text in (
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        )
    ),
]


def test_a_seed_gives_the_key_and_signature_of_rfc_8032():
    key = PrivateKey.from_seed(SEED)
    assert key.public == PublicKey(PUBLIC)
    assert key.sign(b"").hex().startswith("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974")


def test_the_thumbprint_is_that_of_rfc_8037():
    jwk = {"crv": "Ed25519", "kty": "OKP", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    key = keys.public_key(jwk)
    assert key.thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    assert key.jwk == jwk


def test_a_private_key_does_not_print_its_seed():
    key = PrivateKey.from_seed(SEED)
    assert repr(key) == f"PrivateKey({key.public.thumbprint})"


@pytest.mark.parametrize("x", LOW_ORDER, ids=lambda x: x.hex()[:8] + x.hex()[-2:])
def test_a_key_of_low_order_is_refused(x: bytes):
    with pytest.raises(BadKey):
        PublicKey(x)


def test_a_point_of_mixed_order_is_refused():
    point, order_8 = edwards25519._decode(PUBLIC), edwards25519._decode(LOW_ORDER[10])
    assert isinstance(point, tuple)
    assert isinstance(order_8, tuple)
    x, y, z, _ = edwards25519._add(point, order_8)
    inverse = pow(z, P - 2, P)
    encoded = (y * inverse % P) | ((x * inverse % P & 1) << 255)
    with pytest.raises(BadKey, match="mixed order"):
        PublicKey(encoded.to_bytes(32, "little"))


@pytest.mark.parametrize(
    "x",
    [b"", PUBLIC[:31], PUBLIC + b"\0", (2).to_bytes(32, "little"), b"\xff" * 32],
    ids=["empty", "short", "long", "off-curve", "y-not-below-p"],
)
def test_what_is_no_point_is_refused(x: bytes):
    with pytest.raises(BadKey):
        PublicKey(x)


GOOD = keys.encode_base64url(PUBLIC)


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"crv": "Ed25519", "kty": "OKP"},
        {"crv": "Ed25519", "kty": "OKP", "x": GOOD, "d": "AA"},
        {"crv": "Ed25519", "kty": "OKP", "x": GOOD, "alg": "Ed25519"},
        {"crv": "X25519", "kty": "OKP", "x": GOOD},
        {"crv": "Ed25519", "kty": "EC", "x": GOOD},
        {"crv": "Ed25519", "kty": "OKP", "x": GOOD + "="},
        {"crv": "Ed25519", "kty": "OKP", "x": GOOD[:-1] + "p"},
        {"crv": "Ed25519", "kty": "OKP", "x": GOOD.replace("_", "/")},
        {"crv": "Ed25519", "kty": "OKP", "x": GOOD + "\n"},
        {"crv": "Ed25519", "kty": "OKP", "x": 1},
    ],
)
def test_a_jwk_of_any_other_form_is_refused(jwk: dict[str, object]):
    with pytest.raises(BadKey):
        keys.public_key(jwk)


def test_another_algorithm_is_refused():
    with pytest.raises(BadKey):
        PublicKey(PUBLIC, alg="ML-DSA-44")


def test_a_signature_verifies_for_its_message_and_no_other():
    key = PrivateKey.from_seed(SEED)
    signature = key.sign(b"message")
    assert keys.verify(key.public, signature, b"message") == b"message"
    for wrong in (signature[:-1], signature + b"\0", bytes(64), b""):
        with pytest.raises(BadSignature):
            keys.verify(key.public, wrong, b"message")
    with pytest.raises(BadSignature):
        keys.verify(key.public, signature, b"massage")


def test_the_second_spelling_of_a_signature_is_refused():
    key = PrivateKey.from_seed(SEED)
    signature = key.sign(b"message")
    s = int.from_bytes(signature[32:], "little") + edwards25519.L
    with pytest.raises(BadSignature, match="not the form"):
        keys.verify(key.public, signature[:32] + s.to_bytes(32, "little"), b"message")


@pytest.mark.parametrize("text", ["A", "AA=", "AB", "+w", "_w\n", " ", "é"])
def test_base64url_has_one_spelling(text: str):
    with pytest.raises(BadValue):
        keys.decode_base64url(text)


def test_a_seed_has_32_bytes():
    with pytest.raises(BadKey):
        PrivateKey.from_seed(b"short")

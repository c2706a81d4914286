"""Ed25519 as others test it: Wycheproof for signatures, speccheck for keys that must be refused."""

import json
from pathlib import Path

import pytest

from ledger.errors import BadKey, BadSignature
from ledger.log import keys
from ledger.log.keys import PublicKey, encode_base64url

# The one key of prime order among speccheck's five; its two signatures have S ≥ L.
PRIME_ORDER = "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623"


def verifies(key: PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        keys.verify(key, signature, message)
    except BadSignature:
        return False
    return True


def test_wycheproof_signatures_are_judged_as_expected(shared: Path):
    vectors = json.loads((shared / "vectors/ed25519/wycheproof_ed25519.json").read_bytes())
    wrong, judged = [], 0
    for group in vectors["testGroups"]:
        key = PublicKey(bytes.fromhex(group["publicKey"]["pk"]))
        for test in group["tests"]:
            accepted = verifies(key, bytes.fromhex(test["sig"]), bytes.fromhex(test["msg"]))
            judged += 1
            if accepted != (test["result"] == "valid"):
                wrong.append(test["tcId"])
    assert judged == vectors["numberOfTests"] == 151
    assert wrong == []


def test_every_small_or_mixed_order_key_of_speccheck_is_refused(shared: Path):
    cases = json.loads((shared / "vectors/ed25519/speccheck_cases.json").read_bytes())
    unsafe = {case["pub_key"] for case in cases} - {PRIME_ORDER}
    assert len(unsafe) == 4
    for text in unsafe:
        jwk = {"crv": "Ed25519", "kty": "OKP", "x": encode_base64url(bytes.fromhex(text))}
        with pytest.raises(BadKey):
            keys.public_key(jwk)


def test_signatures_of_speccheck_with_a_second_spelling_are_refused(shared: Path):
    cases = json.loads((shared / "vectors/ed25519/speccheck_cases.json").read_bytes())
    key = PublicKey(bytes.fromhex(PRIME_ORDER))
    signed = [case for case in cases if case["pub_key"] == PRIME_ORDER]
    assert len(signed) == 2
    for case in signed:
        signature, message = bytes.fromhex(case["signature"]), bytes.fromhex(case["message"])
        assert not verifies(key, signature, message)

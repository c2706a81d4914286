import hashlib

import pytest

from ledger.errors import BadValue
from ledger.log import hashes


def test_the_empty_tree_hashes_to_sha_256_of_nothing():
    assert hashes.EMPTY_ROOT.hex() == (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )


def test_leaves_and_nodes_are_told_apart_by_their_first_byte():
    left, right = hashes.leaf_hash(b"a"), hashes.leaf_hash(b"b")
    assert left == hashlib.sha256(b"\x00a").digest()
    assert hashes.node_hash(left, right) == hashlib.sha256(b"\x01" + left + right).digest()
    assert bytes(hashes.leaf_hash(left + right)) != bytes(hashes.node_hash(left, right))


def test_both_spellings_of_a_hash_lead_back():
    value = hashes.Hash(hashes.leaf_hash(b"a"))
    assert hashes.parse_hex(value.hex()) == value
    assert hashes.parse_base64(hashes.format_base64(value)) == value


@pytest.mark.parametrize("text", ["", "ab", "A" * 64, "0" * 63, "0" * 65, "0" * 64 + "\n"])
def test_other_hexadecimal_is_refused(text: str):
    with pytest.raises(BadValue):
        hashes.parse_hex(text)


@pytest.mark.parametrize(
    "text",
    [
        "A" * 43,
        "A" * 42 + "B=",
        "A" * 43 + "=\n",
        "-" + "A" * 42 + "=",
        "A" * 43 + "==",
        "AAAA",
        "é" * 44,
    ],
)
def test_other_base64_is_refused(text: str):
    with pytest.raises(BadValue):
        hashes.parse_base64(text)

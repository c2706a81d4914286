"""A leaf and a node of a Merkle tree can never be taken for each other.

Leaves hash as SHA-256(0x00 ‖ data), nodes as SHA-256(0x01 ‖ left ‖ right), the empty tree as
SHA-256 of nothing. In JSON a hash is 64 lower-case hexadecimal digits, in notes and proofs
standard base64. Source: RFC 6962, section 2.1; formats, sections 2 and 6.
"""

from __future__ import annotations

import binascii
import re
from functools import lru_cache
from hashlib import sha256
from typing import Final, NewType

from ledger.errors import BadValue

Hash = NewType("Hash", bytes)
"""32 bytes: any node of a tree."""

LeafHash = NewType("LeafHash", bytes)
"""32 bytes: SHA-256(0x00 ‖ data)."""

RootHash = NewType("RootHash", bytes)
"""32 bytes: the hash at the top of a tree of a known size."""

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = RootHash(sha256(b"").digest())
ZEROS_HEX: Final = "0" * 64

_HEX = re.compile(r"[0-9a-f]{64}")


def leaf_hash(data: bytes) -> LeafHash:
    """SHA-256(0x00 ‖ data)."""
    return LeafHash(sha256(b"\x00" + data).digest())


def node_hash(left: bytes, right: bytes) -> Hash:
    """SHA-256(0x01 ‖ left ‖ right), both 32 bytes."""
    return Hash(sha256(b"\x01" + left + right).digest())


def parse_hex(text: str) -> Hash:
    """The hash spelled by 64 lower-case hexadecimal digits; raises BadValue."""
    if _HEX.fullmatch(text) is None:
        raise BadValue(
            "not a hash", expected="64 lower-case hexadecimal digits", found=repr(text[:80])
        )
    return Hash(bytes.fromhex(text))


@lru_cache(maxsize=1024)
def format_base64(value: bytes) -> str:
    """The hash in standard base64 with padding, 44 characters, as in notes and proofs."""
    return binascii.b2a_base64(value, newline=False).decode("ascii")


def parse_base64(text: str) -> Hash:
    """The hash spelled by 44 characters of standard base64, in its one spelling; raises BadValue."""
    try:
        value = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError):
        value = b""
    # Writing again refuses the other spellings of the last, partly used digit.
    if len(value) != HASH_BYTES or format_base64(value) != text:
        raise BadValue(
            "not a hash", expected="44 characters of standard base64", found=repr(text[:80])
        )
    return Hash(value)

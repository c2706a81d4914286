"""Ways to make a signed thing wrong while its signature stays right."""

from __future__ import annotations

import base64
from hashlib import sha256

from ledger.log import bundle, canonical, checkpoint, jws, keys
from ledger.log.checkpoint import Checkpoint
from tests.vectors import example as ex

_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def swap(digit: str) -> str:
    """A base64 digit that differs in its last bit, which the last digit of a key does not use."""
    return _DIGITS[_DIGITS.index(digit) ^ 1]


def jws_with(signed: bytes, **header: object) -> bytes:
    """The JWS with changed header members, signed again by the test key of acme."""
    first, second, _ = signed.split(b".")
    members = canonical.decode(keys.decode_base64url(first.decode())) | header
    signing_input = keys.encode_base64url(canonical.encode(members)).encode() + b"." + second
    signature = keys.encode_base64url(ex.ACME_KEY.sign(signing_input)).encode()
    return signing_input + b"." + signature


def statement_with(signed: bytes, **payload: object) -> bytes:
    """The JWS with changed payload members, signed again by the test key of acme."""
    members = canonical.decode(jws.parse(signed, jws.BATCH).payload) | payload
    return jws.sign(ex.ACME_KEY, jws.BATCH, canonical.encode(members))


def relog(head: Checkpoint) -> bytes:
    """The same checkpoint, signed under the same origin by a key that is not the log's."""
    return checkpoint.sign_checkpoint(ex.METER_KEY, head)


def vkey_of(name: str, material: bytes) -> str:
    """A vkey with the right key id for any kind and key."""
    key_id = sha256(name.encode() + b"\n" + material).digest()[:4].hex()
    return f"{name}+{key_id}+{base64.b64encode(material).decode()}"


def bundle_with_entries(data: bytes, order: slice | None) -> bytes:
    """The file with its entries in another order, or with the first one twice."""
    value = canonical.decode(data[:-1], max_bytes=None, max_depth=bundle.MAX_DEPTH)
    entries = value["entries"]
    assert isinstance(entries, list)
    value["entries"] = entries[order] if order else [entries[0], *entries]
    return canonical.encode(value, max_bytes=None, max_depth=bundle.MAX_DEPTH) + b"\n"

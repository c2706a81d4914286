"""Vectors of what parties write: canonical JSON, events, keys, batches."""

from __future__ import annotations

import gzip
from hashlib import sha256

from ledger.log import batch, event, jws
from ledger.log.hashes import ZEROS_HEX, leaf_hash
from ledger.log.keys import encode_base64url
from tests.vectors import example as ex
from tests.vectors.damage import jws_with, statement_with, swap
from tests.vectors.shape import Case, File, file_of, named, spell


def canonical_json() -> File:
    deep = b'{"a":' * 12 + b"1" + b"}" * 12
    accepted = {
        "empty-object": b"{}",
        "a-reading": ex.POWER_LINES[0],
        "every-kind-of-value": b'{"a":[null,true,false,0,-1,"x",{"b":[]}]}',
        "greatest-integers": b'{"a":9007199254740991,"b":-9007199254740991}',
        "members-in-byte-order": b'{"A":1,"Z":2,"a":3,"a-":4,"a.b":5,"a0":6,"aB":7,"a_b":8,"ab":9}',
        "escapes": b'{"a":"\\u0001\\b\\t\\n\\f\\r\\u001f\\"\\\\/"}',
        "unescaped-unicode": '{"a":"\x7f\x80é€\u2028\ufeff\U0001f602"}'.encode(),
        "not-normalised": '{"a":"A\u030a","b":"\u00c5"}'.encode(),
        "escaped-backslash-before-u0000": b'{"a":"\\\\u0000"}',
        "twelve-levels": deep,
        "longest-name": b'{"' + b"a" * 64 + b'":1}',
    }
    refused = {
        "empty": b"",
        "array-at-the-top": b"[]",
        "null-at-the-top": b"null",
        "leading-space": b" {}",
        "trailing-space": b"{} ",
        "trailing-newline": b"{}\n",
        "trailing-garbage": b"{}x",
        "byte-order-mark": b"\xef\xbb\xbf{}",
        "space-after-colon": b'{"a": 1}',
        "members-out-of-order": b'{"b":1,"a":2}',
        "duplicate-member": b'{"a":1,"a":1}',
        "float": b'{"a":1.5}',
        "float-of-integral-value": b'{"a":1.0}',
        "exponent": b'{"a":1e3}',
        "minus-zero": b'{"a":-0}',
        "leading-zero": b'{"a":01}',
        "plus-sign": b'{"a":+1}',
        "integer-of-2-to-the-53": b'{"a":9007199254740992}',
        "integer-of-30-digits": b'{"a":123456789012345678901234567890}',
        "not-a-number": b'{"a":NaN}',
        "infinity": b'{"a":Infinity}',
        "nul-character": b'{"a":"\\u0000"}',
        "escaped-letter": b'{"a":"\\u0041"}',
        "escaped-slash": b'{"a":"\\/"}',
        "upper-case-escape": b'{"a":"\\u001F"}',
        "long-escape-of-newline": b'{"a":"\\u000a"}',
        "escaped-surrogate-pair": b'{"a":"\\ud83d\\ude02"}',
        "lone-surrogate": b'{"a":"\\ud800"}',
        "surrogate-in-utf-8": b'{"a":"\xed\xa0\x80"}',
        "invalid-utf-8": b'{"a":"\xff"}',
        "raw-control-character": b'{"a":"\x01"}',
        "empty-name": b'{"":1}',
        "name-begins-with-digit": b'{"1":1}',
        "name-outside-ascii": '{"é":1}'.encode(),
        "name-with-space": b'{"a b":1}',
        "name-of-65-characters": b'{"' + b"a" * 65 + b'":1}',
        "thirteen-levels": b'{"a":' + deep + b"}",
        "trailing-comma": b'{"a":1,}',
        "comment": b'{"a":1/**/}',
        "single-quotes": b"{'a':1}",
    }
    return file_of(
        "Lines of canonical JSON (without their LF): read and written again they are the same bytes.",
        named("line", accepted),
        named("line", refused),
    )


def events() -> File:
    def case(name: str, data: bytes, previous: str, stream: str, kind: str, version: int) -> Case:
        data_hash = sha256(data).hexdigest()
        return {
            "name": name,
            "data": spell(data),
            "previous": previous,
            "stream": stream,
            "type": kind,
            "version": version,
            "data_sha256": data_hash,
            "header": event.header(data_hash, previous, stream, kind, version).decode(),
            "leaf": event.event_leaf(data, previous, stream, kind, version).hex(),
        }

    first = case("first-of-its-stream", ex.POWER_LINES[0], ZEROS_HEX, ex.POWER, ex.READING, 1)
    accepted = [
        first,
        case("second-names-the-first", ex.POWER_LINES[1], first["leaf"], ex.POWER, ex.READING, 2),
        case("unicode-data", ex.GAS_LINES[0], ZEROS_HEX, ex.GAS, ex.PROFILE, 1),
        case("greatest-version", b"{}", "ab" * 32, "a/b", "Abc", 2**53 - 1),
    ]
    header = first["header"].encode()
    wrong = {
        "without-the-leaf-prefix": sha256(header).hexdigest(),
        "with-the-node-prefix": sha256(b"\x01" + header).hexdigest(),
        "header-ended-by-newline": leaf_hash(header + b"\n").hex(),
        "version-as-string": leaf_hash(header.replace(b":1}", b':"1"}')).hex(),
        "hash-of-the-data-alone": leaf_hash(ex.POWER_LINES[0]).hex(),
        "data-with-newline": event.event_leaf(
            ex.POWER_LINES[0] + b"\n", ZEROS_HEX, ex.POWER, ex.READING, 1
        ).hex(),
    }
    return file_of(
        "From an event's data and place to its header and leaf hash; the refused leaf is not its own.",
        accepted,
        [{**first, "name": name, "leaf": leaf} for name, leaf in wrong.items()],
    )


def keys() -> File:
    accepted = []
    for label in ("log", "acme", "meter", "witness"):
        public = ex.key(label).public
        accepted.append(
            {
                "name": label,
                "seed": ex.seed(label).hex(),
                "jwk": public.jwk,
                "thumbprint": public.thumbprint,
                "message": "carbon",
                "signature": ex.key(label).sign(b"carbon").hex(),
                "possession": jws.possession_proof(ex.key(label), ex.VKEY, label),
                "log": ex.VKEY,
                "party": label,
            }
        )
    good = ex.ACME_KEY.public.jwk
    p = 2**255 - 19

    def encoded(number: int) -> str:
        return encode_base64url(number.to_bytes(32, "little"))

    order_8 = int("7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd83d3d706a17c7", 16)
    jwks = {
        "private-member": {**good, "d": encode_base64url(ex.seed("acme"))},
        "extra-member": {**good, "alg": "Ed25519"},
        "missing-kty": {"crv": good["crv"], "x": good["x"]},
        "other-curve": {**good, "crv": "X25519"},
        "other-kty": {**good, "kty": "EC"},
        "padded": {**good, "x": good["x"] + "="},
        "loose-bits": {**good, "x": good["x"][:-1] + swap(good["x"][-1])},
        "trailing-newline": {**good, "x": good["x"] + "\n"},
        "31-bytes": {**good, "x": encode_base64url(ex.ACME_KEY.public.x[:31])},
        "not-on-the-curve": {**good, "x": encoded(2)},
        "y-not-below-p": {**good, "x": encoded(p + 3)},
        "identity": {**good, "x": encoded(1)},
        "identity-in-a-second-spelling": {**good, "x": encoded(p + 1)},
        "identity-with-a-sign": {**good, "x": encoded(1 + 2**255)},
        "order-2": {**good, "x": encoded(p - 1)},
        "order-4": {**good, "x": encoded(0)},
        "order-4-negative": {**good, "x": encoded(2**255)},
        "order-8": {**good, "x": encoded(order_8)},
        "order-8-negative": {**good, "x": encoded(order_8 + 2**255)},
        "mixed-order": {
            **good,
            "x": encode_base64url(
                bytes.fromhex("cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d")
            ),
        },
    }
    return file_of(
        "Public keys as they stand in events, with proofs of possession; the refused must not be registered.",
        accepted,
        [{"name": name, "jwk": jwk} for name, jwk in jwks.items()],
    )


def batches() -> File:
    accepted = []
    for name, body, kind, signer in (
        ("three-readings", ex.POWER_BODY, ex.READING, ex.ACME_KEY),
        ("one-profile-by-a-meter", ex.GAS_BODY, ex.PROFILE, ex.METER_KEY),
        ("the-stream-goes-on", ex.MORE_BODY, ex.READING, ex.ACME_KEY),
    ):
        statement = batch.parse_statement(ex.jws_of(body))
        accepted.append(
            {
                "name": name,
                "body": spell(body),
                "jwk": signer.public.jwk,
                "payload": statement.jws.payload.decode(),
                "leaves": [leaf.hex() for leaf in ex.leaves_of(body, kind)],
            }
        )
    body, lines = ex.POWER_BODY, ex.POWER_LINES
    signed = ex.jws_of(body)
    rest = body[len(signed) :]
    bodies = {
        "no-lines": signed + b"\n",
        "no-final-newline": body[:-1],
        "carriage-returns": body.replace(b"\n", b"\r\n"),
        "empty-line-at-the-end": body + b"\n",
        "missing-line": body[: -len(lines[2]) - 1],
        "extra-line": body + lines[0] + b"\n",
        "lines-swapped": b"\n".join([signed, lines[1], lines[0], lines[2], b""]),
        "line-not-canonical": body.replace(b'"4"', b'"4" '),
        "line-changed": body.replace(b'"3.17"', b'"3.18"'),
        "compressed": gzip.compress(body, mtime=0),
        "salt-repeated": ex.submit(ex.POWER, 1, ZEROS_HEX, ex.READING, (lines[0], lines[0]), None),
        "alg-eddsa": jws_with(signed, alg="EdDSA") + rest,
        "alg-none": jws_with(signed, alg="none") + rest,
        "typ-of-another-use": jws_with(signed, typ="carbon-key+jws") + rest,
        "extra-header-member": jws_with(signed, b64=True) + rest,
        "kid-of-another-key": jws_with(signed, kid=ex.METER_KEY.public.thumbprint) + rest,
        "padded-base64": signed + b"=" + rest,
        "signature-of-another-key": signed.rpartition(b".")[0]
        + b"."
        + ex.ENTRIES[1].rpartition(b".")[2]
        + rest,
        "count-too-small": statement_with(signed, count=2) + rest,
        "count-zero": statement_with(signed, count=0) + rest,
        "count-true": statement_with(signed, count=True) + rest,
        "first-zero": statement_with(signed, first=0) + rest,
        "first-2-after-zeros": statement_with(signed, first=2) + rest,
        "wrong-head": statement_with(signed, head="ab" * 32) + rest,
        "wrong-root": statement_with(signed, root="ab" * 32) + rest,
        "previous-not-zeros": statement_with(signed, previous="ab" * 32) + rest,
        "upper-case-root": statement_with(signed, root="AB" * 32) + rest,
        "other-stream": statement_with(signed, stream=ex.GAS) + rest,
        "stream-of-a-party-alone": statement_with(signed, stream="acme") + rest,
        "log-is-an-origin": statement_with(signed, log=ex.ORIGIN) + rest,
        "time-with-an-offset": statement_with(signed, signed_at="2026-11-22T14:00:00+08:00") + rest,
        "leap-second": statement_with(signed, signed_at="2016-12-31T23:59:60Z") + rest,
        "version-2": statement_with(signed, v=2) + rest,
        "unknown-member": statement_with(signed, note="hello") + rest,
        "seen-without-size": statement_with(signed, seen={"root": "ab" * 32}) + rest,
    }
    return file_of(
        "Submissions: JWS line and event lines. All refused ones are signed by the key named, where a key can.",
        accepted,
        [{**case, "jwk": ex.ACME_KEY.public.jwk} for case in named("body", bodies)],
    )

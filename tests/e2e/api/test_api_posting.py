"""Posting over HTTP: accepted once, answered again, and refused for each reason that a body can give."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Final

import httpx
import pytest

from ledger.log import batch, jws, keys
from ledger.log.canonical import encode, encode_struct
from ledger.log.keys import PrivateKey
from ledger.log.note import log_vkey
from ledger.log.receipt import parse_receipt, verify_receipt
from ledger.parties.events import Jwk, KeyAuthorized, PartyRegistered
from tests.e2e.api.park import (
    METER,
    OPERATOR,
    SIGNED_AT,
    TOWER,
    UNKNOWN,
    Park,
    reading,
    salt,
)

STREAM: Final = "steelworks/plant-1/electricity"
OTHER_PLANT: Final = "steelworks/plant-10/electricity"


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem, which every refusal has to be."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["type"] == f"urn:carbon-ledger:problem:{problem['code']}"
    assert problem["title"]
    assert problem["detail"]
    return answer.status_code, problem["code"]


# ------------------------------------------------------------------ what is accepted


def test_a_batch_is_answered_with_its_place_and_a_receipt_that_holds(park: Park):
    stream = park.new_source()
    body = park.body(METER, stream, reading("2018-02-01", 0), reading("2018-02-01", 1))

    answer = park.send(body)

    assert answer.status_code == 201
    posted = answer.json()
    assert (posted["stream"], posted["first"], posted["count"]) == (stream, 1, 2)
    assert posted["repeated"] is False
    receipt = parse_receipt(posted["receipt"].encode())
    checkpoint = verify_receipt(receipt, body.partition(b"\n")[0], park.log)
    assert receipt.index == posted["index"]
    assert checkpoint.size == posted["size"] > posted["index"]


def test_the_same_bytes_again_are_answered_with_the_same_place(park: Park):
    stream = park.new_source()
    body = park.body(METER, stream, reading("2018-02-01", 0))
    first = park.send(body).json()
    size = park.get("/v1/status").json()["size"]

    again = park.send(body)

    assert again.status_code == 200
    assert again.json()["repeated"] is True
    assert again.json()["index"] == first["index"]
    receipt = parse_receipt(again.json()["receipt"].encode())
    verify_receipt(receipt, body.partition(b"\n")[0], park.log)
    assert park.get("/v1/status").json()["size"] == size


def test_other_content_for_a_version_that_exists_is_a_conflict_that_carries_what_is_logged(
    park: Park,
):
    stream = park.new_source()
    ours = park.body(METER, stream, reading("2018-02-01", 0))
    theirs = park.body(METER, stream, reading("2018-02-01", 4))
    assert park.send(ours).status_code == 201

    answer = park.send(theirs)

    assert refusal(answer) == (409, "conflict")
    assert answer.json()["logged_jws"].encode() == ours.partition(b"\n")[0]


def test_a_repeated_statement_with_other_lines_is_refused(park: Park):
    stream = park.new_source()
    body = park.body(METER, stream, reading("2018-02-01", 0))
    assert park.send(body).status_code == 201
    statement = body.partition(b"\n")[0]

    answer = park.send(statement + b"\n" + encode_struct(reading("2018-02-01", 4)) + b"\n")

    assert refusal(answer) == (400, "bad-batch")


# ------------------------------------------------------------------ what no batch may be


def test_a_version_after_a_gap_is_refused(park: Park):
    stream = park.new_source()
    body = _signed(park, METER, stream, [encode_struct(reading("2018-02-01", 0))], first=5)
    assert refusal(park.send(body)) == (409, "conflict")
    assert park.head(stream)[0] == 0


def test_a_wrong_previous_is_refused(park: Park):
    stream = park.new_source()
    park.post(METER, stream, reading("2018-02-01", 0))
    body = batch.build(
        METER,
        park.log,
        stream,
        2,
        "ab" * 32,
        [("ActivityRecorded", encode_struct(reading("2018-02-01", 1)))],
        None,
        SIGNED_AT,
    )
    assert refusal(park.send(body)) == (400, "bad-batch")
    assert park.head(stream)[0] == 1


@pytest.mark.parametrize("member", ["root", "head", "previous"])
def test_a_hash_that_does_not_follow_from_the_lines_is_refused(park: Park, member: str):
    body = _with_payload(park, **{member: sha256(b"another").hexdigest()})
    assert refusal(park.send(body)) == (400, "bad-batch")


def test_a_count_that_is_not_the_number_of_lines_is_refused(park: Park):
    assert refusal(park.send(_with_payload(park, count=2))) == (400, "bad-batch")


def test_a_batch_for_another_log_is_refused(park: Park):
    other = log_vkey("ledger.example/log", UNKNOWN.public)
    assert refusal(park.send(_with_payload(park, log=other))) == (400, "bad-batch")


def test_an_unknown_member_of_the_statement_is_refused(park: Park):
    assert refusal(park.send(_with_payload(park, more=1))) == (400, "bad-batch")


@pytest.mark.parametrize("algorithm", ["EdDSA", "none", "ed25519", "HS256", "ES256"])
def test_another_algorithm_is_refused(park: Park, algorithm: str):
    body = _with_header(park, alg=algorithm)
    assert refusal(park.send(body)) == (400, "bad-jws")


def test_an_unsigned_statement_is_refused(park: Park):
    statement, _, lines = _good(park).partition(b"\n")
    unsigned = statement[: statement.rindex(b".") + 1]
    assert refusal(park.send(unsigned + b"\n" + lines)) == (400, "bad-jws")


def test_a_statement_signed_for_another_use_is_refused(park: Park):
    assert refusal(park.send(_with_header(park, typ=jws.POSSESSION))) == (400, "bad-jws")


def test_a_padded_statement_is_refused(park: Park):
    statement, _, lines = _good(park).partition(b"\n")
    assert refusal(park.send(statement + b"==\n" + lines)) == (400, "bad-jws")


def test_a_signature_with_a_flipped_bit_is_refused(park: Park):
    statement, _, lines = _good(park).partition(b"\n")
    head, _, signature = statement.rpartition(b".")
    raw = bytearray(keys.decode_base64url(signature.decode()))
    raw[0] ^= 1
    flipped = head + b"." + keys.encode_base64url(bytes(raw)).encode()
    assert refusal(park.send(flipped + b"\n" + lines)) == (403, "bad-signature")


# ------------------------------------------------------------------ who may say what


def test_an_unknown_key_is_refused(park: Park):
    body = park.body(UNKNOWN, STREAM, reading("2019-01-01", 0))
    assert refusal(park.send(body)) == (403, "not-authorised")


def test_a_key_for_plant_1_may_not_speak_for_plant_10(park: Park):
    body = park.body(METER, OTHER_PLANT, reading("2019-01-01", 0))
    assert refusal(park.send(body)) == (403, "not-authorised")


def test_another_companys_key_is_refused(park: Park):
    body = park.body(TOWER, STREAM, reading("2019-01-01", 0))
    assert refusal(park.send(body)) == (403, "not-authorised")


def test_a_key_for_readings_may_not_authorise_keys(park: Park):
    event = KeyAuthorized(
        salt=salt(),
        key=Jwk(**UNKNOWN.public.jwk),
        proof=jws.possession_proof(UNKNOWN, park.log, "steelworks"),
        scope=("steelworks/",),
    )
    assert refusal(park.send(park.body(METER, "steelworks/keys", event))) == (403, "not-authorised")


@pytest.mark.parametrize(
    "point",
    [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
    ],
    ids=["the identity", "order 8", "mixed order"],
)
def test_a_key_of_low_or_mixed_order_is_refused(park: Park, point: str):
    # The last two: "Taming the many EdDSAs", test vectors 0 and 3.
    x = keys.encode_base64url(bytes.fromhex(point))
    event = PartyRegistered(
        salt=salt(),
        name="Shade",
        roles=("company",),
        key=Jwk(crv="Ed25519", kty="OKP", x=x),
        proof=jws.possession_proof(UNKNOWN, park.log, "shade"),
    )
    assert refusal(park.send(park.body(OPERATOR, "shade/keys", event))) == (400, "bad-key")


def test_a_key_that_is_already_another_partys_is_refused(park: Park):
    event = PartyRegistered(
        salt=salt(),
        name="Shade",
        roles=("company",),
        key=Jwk(**TOWER.public.jwk),
        proof=jws.possession_proof(TOWER, park.log, "shade"),
    )
    assert refusal(park.send(park.body(OPERATOR, "shade/keys", event))) == (400, "bad-key")


def test_a_key_without_proof_of_possession_is_refused(park: Park):
    event = PartyRegistered(
        salt=salt(),
        name="Shade",
        roles=("company",),
        key=Jwk(**UNKNOWN.public.jwk),
        proof=jws.possession_proof(TOWER, park.log, "shade"),
    )
    assert refusal(park.send(park.body(OPERATOR, "shade/keys", event))) == (400, "bad-key")


# ------------------------------------------------------------------ bytes out of form


SPELLINGS: Final[dict[str, tuple[str, Callable[[bytes], bytes]]]] = {
    "duplicate member": (
        "not-canonical",
        lambda line: line.replace(b'"salt":', b'"quantity":"1","salt":'),
    ),
    "unknown member": ("bad-value", lambda line: line.replace(b'"salt":', b'"remark":"x","salt":')),
    "other order": (
        "not-canonical",
        lambda line: b'{"type":"ActivityRecorded",' + line[1:-27] + b"}",
    ),
    "space": ("not-canonical", lambda line: line.replace(b'":', b'": ', 1)),
    "float": ("bad-value", lambda line: line.replace(b'"10.5"', b"10.5")),
    "true for 1": ("bad-value", lambda line: line.replace(b'"salt"', b'"estimated":1,"salt"')),
    "default spelled out": ("not-canonical", lambda line: b'{"estimated":false,' + line[1:]),
    "trailing zero": ("bad-value", lambda line: line.replace(b"10.5", b"10.50")),
    "minus zero": ("bad-value", lambda line: line.replace(b"10.5", b"-0")),
    "newline after a decimal": ("bad-value", lambda line: line.replace(b"10.5", b"10.5\\n")),
    "U+0000": ("not-canonical", lambda line: line.replace(b"10.5", b"10.5\\u0000")),
    "trailing garbage": ("not-canonical", lambda line: line + b"x"),
    "second value": ("not-canonical", lambda line: line + line),
    "negative": ("bad-value", lambda line: line.replace(b"10.5", b"-10.5")),
    "exponent": ("bad-value", lambda line: line.replace(b"10.5", b"1e5")),
    "NaN": ("bad-value", lambda line: line.replace(b"10.5", b"NaN")),
    "40 digits": ("bad-value", lambda line: line.replace(b"10.5", b"1" * 40)),
    "period without an offset": ("bad-value", lambda line: line.replace(b"+08:00", b"")),
    "unknown type": (
        "unknown-event-type",
        lambda line: line.replace(b"ActivityRecorded", b"ActivityGuessed"),
    ),
    "not UTF-8": ("not-canonical", lambda line: line.replace(b"10.5", b"\xff")),
    "too deep": ("bad-value", lambda line: line.replace(b'"10.5"', b"[" * 40 + b"]" * 40)),
    "no object": ("bad-value", lambda _: b"[]"),
    "nothing": ("not-canonical", lambda _: b""),
}


@pytest.mark.parametrize("defect", SPELLINGS)
def test_an_event_that_is_not_in_its_one_spelling_is_refused(park: Park, defect: str):
    code, damage = SPELLINGS[defect]
    line = encode_struct(reading("2019-01-01", 0))
    damaged = damage(line)
    assert damaged != line
    answer = park.send(park.body_of_lines(METER, STREAM, [("ActivityRecorded", damaged)]))
    assert refusal(answer) == (400, code)


def _crlf(body: bytes) -> bytes:
    return body.replace(b"\n", b"\r\n")


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (_crlf, "bad-batch"),
        (gzip.compress, "bad-batch"),
        (lambda body: body[:-1], "bad-batch"),
        (lambda body: body.partition(b"\n")[0] + b"\n", "bad-batch"),
        (lambda _: b"", "bad-batch"),
        (lambda body: body + b"\n", "not-canonical"),
        (lambda body: b"\n" + body, "bad-jws"),
    ],
    ids=["CRLF", "gzip", "no last LF", "no events", "empty", "an empty line", "a line before"],
)
def test_a_body_out_of_form_is_refused(park: Park, damage: Callable[[bytes], bytes], code: str):
    answer = park.send(damage(_good(park)))
    assert refusal(answer) == (400, code)


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "identity", "made-up"])
def test_an_encoded_body_is_refused(park: Park, encoding: str):
    answer = park.send(gzip.compress(_good(park)), **{"Content-Encoding": encoding})
    assert refusal(answer) == (415, "wrong-media-type")


@pytest.mark.parametrize(
    "media_type", ["application/json", "text/plain", "multipart/form-data", ""]
)
def test_another_media_type_is_refused(park: Park, media_type: str):
    answer = park.send(_good(park), **{"Content-Type": media_type})
    assert refusal(answer) == (415, "wrong-media-type")


def test_a_body_of_exactly_16_mib_is_read_and_one_byte_more_is_not(park: Park):
    body = _good(park).partition(b"\n")[0] + b"\n"
    body += b"x" * (batch.MAX_BODY_BYTES - len(body))
    assert refusal(park.send(body))[0] == 400
    assert refusal(park.send(body + b"x")) == (413, "too-large")


def test_a_body_that_hides_its_length_is_measured_while_it_is_read(park: Park):
    statement = _good(park).partition(b"\n")[0]

    def pieces() -> Iterator[bytes]:
        yield statement + b"\n"
        for _ in range(17):
            yield b"x" * 2**20

    answer = park.client.post(
        "/v1/batches", content=pieces(), headers={"Content-Type": batch.MEDIA_TYPE}
    )
    assert refusal(answer) == (413, "too-large")


def test_more_than_ten_thousand_events_are_refused(park: Park):
    body = _good(park).partition(b"\n")[0] + b"\n" + b"{}\n" * 10_001
    assert refusal(park.send(body)) == (413, "too-large")


# ------------------------------------------------------------------ what the rules refuse


HOUR_BACK: Final = ["2019-01-01T01:00:00+08:00", "2019-01-01T00:00:00+08:00"]
COVERED: Final = ["2018-01-01T00:00:00+08:00", "2018-01-01T00:15:00+08:00"]
RULES: Final[dict[str, tuple[dict[str, object], int, str]]] = {
    "unit of another dimension": ({"unit": "kg"}, 400, "bad-value"),
    "unknown factor": ({"factors": {"location": "operator/no-such@1"}}, 422, "rule-broken"),
    "not plausible": ({"quantity": "100000.5"}, 422, "rule-broken"),
    "ends before it starts": ({"period": HOUR_BACK}, 422, "rule-broken"),
    "covered already": ({"period": COVERED}, 409, "conflict"),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_reading_that_breaks_a_rule_is_refused_and_nothing_changes(park: Park, rule: str):
    members, status, code = RULES[rule]
    line = encode({**json.loads(encode_struct(reading("2019-01-01", 0))), **members})
    before = park.get("/v1/status").json()

    answer = park.send(park.body_of_lines(METER, STREAM, [("ActivityRecorded", line)]))

    assert refusal(answer) == (status, code)
    assert park.get("/v1/status").json() == before


def test_a_refusal_names_the_event_and_says_what_to_do(park: Park):
    good = reading("2019-02-01", 0)
    bad = reading("2019-02-01", 1, "100000.5")
    version, _ = park.head(STREAM)
    problem = park.send(park.body(METER, STREAM, good, bad)).json()
    assert f"{STREAM}@{version + 2}" in problem["detail"]
    assert "100000" in problem["expected"] + problem["found"]
    assert problem["advice"]


# ------------------------------------------------------------------ making bodies by hand


def _good(park: Park) -> bytes:
    return park.body(METER, STREAM, reading("2019-01-01", 0))


def _signed(park: Park, key: PrivateKey, stream: str, lines: list[bytes], first: int) -> bytes:
    previous = "cd" * 32
    return batch.build(
        key,
        park.log,
        stream,
        first,
        previous,
        [("ActivityRecorded", line) for line in lines],
        None,
        SIGNED_AT,
    )


def _with_payload(park: Park, **members: object) -> bytes:
    """A good body whose statement has other members, signed again."""
    statement, _, lines = _good(park).partition(b"\n")
    payload = json.loads(keys.decode_base64url(statement.split(b".")[1].decode()))
    return jws.sign(METER, jws.BATCH, encode({**payload, **members})) + b"\n" + lines


def _with_header(park: Park, **members: str) -> bytes:
    """A good body whose protected header has other members, signed again."""
    statement, _, lines = _good(park).partition(b"\n")
    _, payload, _ = statement.split(b".")
    header = encode({"alg": "Ed25519", "kid": METER.public.thumbprint, "typ": jws.BATCH, **members})
    signing_input = keys.encode_base64url(header).encode() + b"." + payload
    signature = keys.encode_base64url(METER.sign(signing_input)).encode()
    return signing_input + b"." + signature + b"\n" + lines

"""Every bad input that the product promises to refuse, one by one, each with an error to act on.

Acting on an error takes three things: what was expected, what was found, what to do. So each
refusal here is read as a client reads it, over HTTP, and must say all three; and none may change
the log. Where others test a rule, this page tests the promise.
"""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import httpx
import pytest

from ledger.carbon.events import (
    ActivityRecorded,
    Document,
    FactorPublished,
    ProfileRecorded,
    SourceRegistered,
)
from ledger.log import batch, jws, keys
from ledger.log.canonical import encode, encode_struct
from ledger.log.event import event_leaf
from ledger.log.keys import PrivateKey
from ledger.log.note import log_vkey
from ledger.log.tree import root_of
from ledger.parties.events import Jwk, KeyAuthorized, KeyRevoked, PartyRegistered
from tests.e2e.api.park import (
    METER,
    OPERATOR,
    SIGNED_AT,
    STEELWORKS,
    TOWER,
    UNKNOWN,
    Park,
    reading,
    salt,
)

STREAM: Final = "steelworks/plant-1/electricity"
PLANT_10: Final = "steelworks/plant-10/electricity"
BILLS: Final = "steelworks/plant-1/diesel-bills"
REVOKED: Final = PrivateKey.from_seed(bytes([21]) * 32)
LOW_ORDER: Final = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
MIXED_ORDER: Final = "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d"
"""From "Taming the many EdDSAs", test vectors 0 and 3."""

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def stage(service: tuple[object, Park]) -> Park:
    """The park, with a key that was revoked and a source of diesel bills beside."""
    park = service[1]
    park.post(STEELWORKS, "steelworks/keys", authorised(park, REVOKED, "steelworks"))
    thumbprint = REVOKED.public.thumbprint
    park.post(
        STEELWORKS,
        "steelworks/keys",
        KeyRevoked(salt=salt(), key=thumbprint, reason="meter replaced", compromised_from=None),
    )
    park.post(STEELWORKS, "steelworks/register", bills())
    park.post(METER, BILLS, bill("2018-01-05", "RE-1"))
    return park


# ------------------------------------------------------------------ making bodies


def authorised(park: Park, key: PrivateKey, party: str, **changes: Any) -> KeyAuthorized:
    proof = jws.possession_proof(key, park.log, party)
    members = {"key": Jwk(**key.public.jwk), "proof": proof, "scope": (f"{party}/",), **changes}
    return KeyAuthorized(salt=salt(), **members)


def registered(x: str, proof: str) -> PartyRegistered:
    key = Jwk(crv="Ed25519", kty="OKP", x=x)
    return PartyRegistered(salt=salt(), name="Shade", roles=("company",), key=key, proof=proof)


def bills() -> SourceRegistered:
    return SourceRegistered(
        salt=salt(),
        stream=BILLS,
        site="plant",
        activity="electricity.purchased",
        unit="kWh",
        scope=2,
        key_area="industry",
        kind="discrete",
        factors={"location": "operator/grid-jiangsu@2023"},
    )


def bill(day: str, reference: str) -> ActivityRecorded:
    period = (f"{day}T00:00:00+08:00", f"{day}T01:00:00+08:00")
    return ActivityRecorded(salt=salt(), period=period, quantity="50", reference=reference)


def good(park: Park) -> bytes:
    """A body that would be accepted as it is."""
    return park.body(METER, STREAM, reading("2019-06-01", 0))


def lines(*found: bytes, kind: str = "ActivityRecorded") -> Callable[[Park], bytes]:
    return lambda park: park.body_of_lines(METER, STREAM, [(kind, line) for line in found])


def spelled(old: bytes, new: bytes) -> Callable[[Park], bytes]:
    """A good event in another spelling; statement, root and signature fit these very bytes."""
    line = encode_struct(reading("2019-06-01", 0))
    assert old in line
    return lines(line.replace(old, new, 1))


def with_members(**members: object) -> Callable[[Park], bytes]:
    line = json.loads(encode_struct(reading("2019-06-01", 0)))
    return lines(encode({**line, **members}))


def payload_of(body: bytes) -> bytes:
    return keys.decode_base64url(body.split(b".")[1].decode())


def signed_over(body: bytes, payload: bytes) -> bytes:
    """The body with another payload, correctly signed."""
    return jws.sign(METER, jws.BATCH, payload) + b"\n" + body.partition(b"\n")[2]


def with_payload(**members: object) -> Callable[[Park], bytes]:
    def make(park: Park) -> bytes:
        body = good(park)
        return signed_over(body, encode({**json.loads(payload_of(body)), **members}))

    return make


def payload_spelled(old: bytes, new: bytes) -> Callable[[Park], bytes]:
    def make(park: Park) -> bytes:
        body = good(park)
        assert old in payload_of(body)
        return signed_over(body, payload_of(body).replace(old, new, 1))

    return make


def with_header(header: str) -> Callable[[Park], bytes]:
    """A good body under another protected header, which `{kid}` is filled into; signed over it."""

    def make(park: Park) -> bytes:
        statement, _, rest = good(park).partition(b"\n")
        text = header.replace("{kid}", METER.public.thumbprint).encode()
        signing_input = keys.encode_base64url(text).encode() + b"." + statement.split(b".")[1]
        signature = keys.encode_base64url(METER.sign(signing_input)).encode()
        return signing_input + b"." + signature + b"\n" + rest

    return make


def padded(part: int) -> Callable[[Park], bytes]:
    def make(park: Park) -> bytes:
        statement, _, rest = good(park).partition(b"\n")
        parts = statement.split(b".")
        parts[part] += b"="
        return b".".join(parts) + b"\n" + rest

    return make


def wire(change: Callable[[bytes], bytes]) -> Callable[[Park], bytes]:
    return lambda park: change(good(park))


def other_content(park: Park) -> bytes:
    return batch.build(
        METER, park.log, STREAM, 1, "00" * 32, [_line(reading("2019-06-01", 0))], None, SIGNED_AT
    )


def gap(park: Park) -> bytes:
    version, leaf = park.head(STREAM)
    events = [_line(reading("2019-06-01", 0))]
    return batch.build(METER, park.log, STREAM, version + 2, leaf, events, None, SIGNED_AT)


def wrong_previous(park: Park) -> bytes:
    version, _ = park.head(STREAM)
    events = [_line(reading("2019-06-01", 0))]
    return batch.build(METER, park.log, STREAM, version + 1, "ab" * 32, events, None, SIGNED_AT)


def _line(event: ActivityRecorded) -> tuple[str, bytes]:
    return type(event).__name__, encode_struct(event)


def too_many(park: Park) -> bytes:
    """10 001 events of 40 bytes, with a statement that fits them."""
    line = b'{"salt":"%032x","type":"ActivityRecorded"}'
    found = [line % number for number in range(batch.MAX_EVENTS + 1)]
    version, leaf = park.head(STREAM)
    leaves, previous = [], leaf
    for at, one in enumerate(found):
        leaves.append(event_leaf(one, previous, STREAM, "ActivityRecorded", version + 1 + at))
        previous = leaves[-1].hex()
    payload = {
        **json.loads(payload_of(good(park))),
        "count": len(found),
        "head": leaves[-1].hex(),
        "root": root_of(leaves).hex(),
    }
    statement = jws.sign(METER, jws.BATCH, encode(payload))
    return b"\n".join([statement, *found, b""])


def shade(x: str, proof: Callable[[Park], str]) -> Callable[[Park], bytes]:
    return lambda park: park.body(OPERATOR, "shade/keys", registered(x, proof(park)))


def factor(activity: str, kind: str, unit: str) -> Callable[[Park], str]:
    """Publishes a factor that does not fit the electricity; gives its name."""

    def publish(park: Park) -> str:
        event = FactorPublished(
            salt=salt(),
            id=f"misfit-{next(_numbers)}",
            version="1",
            activity=activity,
            unit=unit,
            kind=kind,
            region="CN",
            year=2023,
            valid=("2018-01-01", "2027-01-01"),
            gases_kg_per_unit={"CO2": "0.9"},
            source=Document(title="Synthetic", sha256=None),
        )
        park.post(OPERATOR, "operator/factors", event)
        return f"operator/{event.id}@1"

    return publish


def with_factor(role: str, made: Callable[[Park], str]) -> Callable[[Park], bytes]:
    return lambda park: with_members(factors={role: made(park)})(park)


def profile(**changes: object) -> Callable[[Park], bytes]:
    event = ProfileRecorded(
        salt=salt(), start="2019-06-01T00:00:00+08:00", interval_s=900, quantities=("1", "2")
    )
    line = encode({**json.loads(encode_struct(event)), **changes})

    def make(park: Park) -> bytes:
        return park.body_of_lines(STEELWORKS, STREAM, [("ProfileRecorded", line)])

    return make


def nested(levels: int) -> bytes:
    return b'{"factors":' + b'{"a":' * levels + b"1" + b"}" * levels + b"}"


X: Final = UNKNOWN.public.jwk["x"]
DAY_BACK: Final = ["2019-06-02T00:00:00+08:00", "2019-06-01T00:00:00+08:00"]
NO_TIME: Final = ["2019-06-01T00:00:00+08:00"] * 2
COVERED: Final = ["2018-01-01T00:10:00+08:00", "2018-01-01T00:25:00+08:00"]


class Bad(NamedTuple):
    """An input, the refusal that it meets, and a word that shows it to be about this input."""

    body: Callable[[Park], bytes]
    status: int
    code: str
    names: str


def _low_order(park: Park) -> str:
    return jws.possession_proof(UNKNOWN, park.log, "shade")


BAD: Final[dict[str, Bad]] = {
    # who
    "an unknown key": Bad(
        lambda p: p.body(UNKNOWN, STREAM, reading("2019-06-01", 0)),
        403, "not-authorised", UNKNOWN.public.thumbprint,
    ),
    "a revoked key": Bad(
        lambda p: p.body(REVOKED, STREAM, reading("2019-06-01", 0)),
        403, "not-authorised", "revoked",
    ),
    "a key for plant-1 speaking for plant-10": Bad(
        lambda p: p.body(METER, PLANT_10, reading("2019-06-01", 0)),
        403, "not-authorised", "steelworks/plant-1/",
    ),
    "a key speaking of a type out of its scope": Bad(
        lambda p: p.body(METER, STREAM, ProfileRecorded(
            salt=salt(), start="2019-06-01T00:00:00+08:00", interval_s=900, quantities=("1",))),
        403, "not-authorised", "ProfileRecorded",
    ),
    "another party's key": Bad(
        lambda p: p.body(TOWER, STREAM, reading("2019-06-01", 0)),
        403, "not-authorised", "a key of tower",
    ),
    # keys that are brought
    "a key of low order": Bad(
        shade(keys.encode_base64url(bytes.fromhex(LOW_ORDER)), _low_order),
        400, "bad-key", "order",
    ),
    "a key of mixed order": Bad(
        shade(keys.encode_base64url(bytes.fromhex(MIXED_ORDER)), _low_order),
        400, "bad-key", "order",
    ),
    "a padded key": Bad(shade(X + "=", _low_order), 400, "bad-key", "base64url"),
    "another party's key, registered": Bad(
        shade(TOWER.public.jwk["x"], lambda p: jws.possession_proof(TOWER, p.log, "shade")),
        400, "bad-key", TOWER.public.thumbprint,
    ),
    "another party's key, authorised": Bad(
        lambda p: p.body(STEELWORKS, "steelworks/keys", authorised(p, TOWER, "steelworks")),
        400, "bad-key", TOWER.public.thumbprint,
    ),
    "a key without proof of possession": Bad(
        shade(X, lambda _: ""), 400, "bad-key", "possession",
    ),
    "a key with somebody else's proof": Bad(
        shade(X, lambda p: jws.possession_proof(TOWER, p.log, "shade")),
        400, "bad-key", "possession",
    ),
    "a key with the proof for another party": Bad(
        shade(X, lambda p: jws.possession_proof(UNKNOWN, p.log, "tower")),
        400, "bad-key", "possession",
    ),
    # the chain
    "other content for an existing version": Bad(other_content, 409, "conflict", "other content"),
    "a gap": Bad(gap, 409, "conflict", "gap"),
    "a wrong previous": Bad(wrong_previous, 400, "bad-batch", "abab"),
    "a wrong root": Bad(with_payload(root="cd" * 32), 400, "bad-batch", "root"),
    "a wrong head": Bad(with_payload(head="cd" * 32), 400, "bad-batch", "head"),
    "a wrong count": Bad(with_payload(count=2), 400, "bad-batch", "count"),
    "another log": Bad(
        with_payload(log=log_vkey("ledger.example/log", UNKNOWN.public)),
        400, "bad-batch", "another log",
    ),
    # algorithms
    "EdDSA as alg": Bad(
        with_header('{"alg":"EdDSA","kid":"{kid}","typ":"carbon-batch+jws"}'),
        400, "bad-jws", "EdDSA",
    ),
    "none as alg": Bad(
        with_header('{"alg":"none","kid":"{kid}","typ":"carbon-batch+jws"}'),
        400, "bad-jws", "none",
    ),
    "no alg": Bad(with_header('{"kid":"{kid}","typ":"carbon-batch+jws"}'), 400, "bad-jws", "alg"),
    # bytes of an event
    "a duplicate member": Bad(
        spelled(b'"salt":', b'"quantity":"1","salt":'), 400, "not-canonical", "spelling",
    ),
    "an unknown member": Bad(
        spelled(b'"salt":', b'"remark":"x","salt":'), 400, "bad-value", "remark",
    ),
    "a missing member": Bad(
        spelled(b'"quantity":"10.5",', b""), 400, "bad-value", "quantity",
    ),
    "members in another order": Bad(
        lines(encode_struct(reading("2019-06-01", 0)).replace(b'"quantity":"10.5",', b"").replace(
            b'{"period"', b'{"quantity":"10.5","period"')),
        400, "not-canonical", "spelling",
    ),
    "a space": Bad(spelled(b'":', b'": '), 400, "not-canonical", "spelling"),
    "a float": Bad(spelled(b'"10.5"', b"10.5"), 400, "bad-value", "float"),
    "a whole number as a float": Bad(
        lines(encode_struct(ProfileRecorded(
            salt=salt(), start="2019-06-01T00:00:00+08:00", interval_s=900, quantities=("1",)
        )).replace(b"900", b"900.0"), kind="ProfileRecorded"),
        400, "bad-value", "float",
    ),
    "true for 1": Bad(
        lines(encode_struct(ProfileRecorded(
            salt=salt(), start="2019-06-01T00:00:00+08:00", interval_s=1, quantities=("1",)
        )).replace(b'"interval_s":1', b'"interval_s":true'), kind="ProfileRecorded"),
        400, "bad-value", "bool",
    ),
    "1 for true": Bad(
        spelled(b'{"period"', b'{"estimated":1,"period"'), 400, "bad-value", "int",
    ),
    "null for what is left out": Bad(
        spelled(b'"salt":', b'"reference":null,"salt":'), 400, "not-canonical", "null",
    ),
    "a trailing zero": Bad(spelled(b"10.5", b"10.50"), 400, "bad-value", "10.50"),
    "minus zero": Bad(spelled(b"10.5", b"-0"), 400, "bad-value", "-0"),
    "a newline after a decimal": Bad(spelled(b"10.5", b"10.5\\n"), 400, "bad-value", "decimal"),
    "U+0000": Bad(spelled(b'"salt":', b'"reference":"a\\u0000","salt":'), 400, "bad-value", "ref"),
    "U+0000 where no pattern looks": Bad(
        spelled(b'Recorded"}', b'Recorded","unit":"k\\u0000"}'),
        400, "not-canonical", "U+0000",
    ),
    "a lone surrogate": Bad(spelled(b"10.5", b"10.5\\ud800"), 400, "not-canonical", "JSON"),
    "a nesting of 13": Bad(lines(nested(13)), 400, "bad-value", "member"),
    "a nesting of 10 000": Bad(lines(nested(10_000)), 400, "not-canonical", "deep"),
    "trailing garbage": Bad(spelled(b'Recorded"}', b'Recorded"}x'), 400, "not-canonical", "JSON"),
    "a byte-order mark": Bad(spelled(b"{", b"\xef\xbb\xbf{"), 400, "not-canonical", "JSON"),
    "no UTF-8": Bad(spelled(b"10.5", b"\xc0\xaf"), 400, "not-canonical", ""),
    # bytes of the statement
    "a statement with a duplicate member": Bad(
        payload_spelled(b'"v":1', b'"v":1,"v":1'), 400, "bad-batch", "spelling",
    ),
    "a statement with an unknown member": Bad(
        payload_spelled(b'"v":1', b'"u":1,"v":1'), 400, "bad-batch", "u",
    ),
    "a statement with a space": Bad(
        payload_spelled(b'"v":1', b'"v": 1'), 400, "bad-batch", "spelling",
    ),
    "a statement with a float": Bad(
        payload_spelled(b'"count":1', b'"count":1.0'), 400, "bad-batch", "float",
    ),
    "a statement with true for 1": Bad(
        payload_spelled(b'"count":1', b'"count":true'), 400, "bad-batch", "bool",
    ),
    "a statement with true for its version of the form": Bad(
        payload_spelled(b'"v":1', b'"v":true'), 400, "bad-batch", "bool",
    ),
    "a header with a space": Bad(
        with_header('{"alg": "Ed25519","kid":"{kid}","typ":"carbon-batch+jws"}'),
        400, "bad-jws", "spelling",
    ),
    "a header with another member": Bad(
        with_header('{"alg":"Ed25519","crit":[],"kid":"{kid}","typ":"carbon-batch+jws"}'),
        400, "bad-jws", "crit",
    ),
    "a padded header": Bad(padded(0), 400, "bad-jws", "base64url"),
    "a padded payload": Bad(padded(1), 400, "bad-jws", "base64url"),
    "a padded signature": Bad(padded(2), 400, "bad-jws", "base64url"),
    # bytes of the body
    "CRLF": Bad(wire(lambda b: b.replace(b"\n", b"\r\n")), 400, "bad-batch", "CR"),
    "no last LF": Bad(wire(lambda b: b[:-1]), 400, "bad-batch", "LF"),
    "an empty line": Bad(wire(lambda b: b + b"\n"), 400, "not-canonical", "JSON"),
    "a compressed body": Bad(
        wire(gzip.compress), 400, "bad-batch", "compressed",
    ),
    "10 001 events": Bad(too_many, 400, "bad-batch", "10001"),
    "16 MiB and a byte": Bad(lambda _: b"x" * (2**24 + 1), 413, "too-large", "16777216"),
    # what the event says
    "an unknown event type": Bad(
        spelled(b"ActivityRecorded", b"ActivityGuessed"), 400, "unknown-event-type", "Guessed",
    ),
    "a known event type in the wrong kind of stream": Bad(
        lambda p: p.body(STEELWORKS, "steelworks/register", reading("2019-06-01", 0)),
        403, "not-authorised", "ActivityRecorded",
    ),
    "a negative quantity": Bad(with_members(quantity="-10.5"), 400, "bad-value", "-10.5"),
    "an exponent": Bad(with_members(quantity="1e5"), 400, "bad-value", "1e5"),
    "NaN as text": Bad(with_members(quantity="NaN"), 400, "bad-value", "NaN"),
    "NaN as a number": Bad(spelled(b'"10.5"', b"NaN"), 400, "not-canonical", "JSON"),
    "40 digits": Bad(with_members(quantity="9" * 40), 400, "bad-value", "9999"),
    "40 digits as a number": Bad(spelled(b'"10.5"', b"9" * 40), 400, "bad-value", ""),
    "13 decimal places": Bad(with_members(quantity="0.0000000000001"), 400, "bad-value", "0.00"),
    "digits of another script": Bad(with_members(quantity="१०"), 400, "bad-value", "१०"),
    "a negative quantity in a profile": Bad(
        profile(quantities=["1", "-2"]), 400, "bad-value", "-2",
    ),
    "a unit of another dimension": Bad(with_members(unit="kg"), 400, "bad-value", "kg"),
    "an unknown unit": Bad(with_members(unit="firkin"), 400, "bad-value", "firkin"),
    "an unknown factor": Bad(
        with_members(factors={"location": "operator/no-such@1"}), 422, "rule-broken", "no-such",
    ),
    "a factor of the wrong kind": Bad(
        with_factor("location", factor("electricity.purchased", "lifecycle", "kWh")),
        422, "rule-broken", "kind",
    ),
    "a quantity out of its plausible range": Bad(
        with_members(quantity="100000.5"), 422, "rule-broken", "100000",
    ),
    "a period that ends before it starts": Bad(
        with_members(period=DAY_BACK), 422, "rule-broken", "2019-06-02",
    ),
    "a period without length": Bad(
        with_members(period=NO_TIME), 422, "rule-broken", "2019-06-01",
    ),
    "a period over what is covered": Bad(with_members(period=COVERED), 409, "conflict", "covered"),
    "a profile over what is covered": Bad(
        profile(start="2018-01-01T00:00:00+08:00"), 409, "conflict", "covered",
    ),
    "a period without an offset": Bad(
        with_members(period=["2019-06-01T00:00:00", "2019-06-01T00:15:00"]),
        400, "bad-value", "2019-06-01T00:00:00",
    ),
    "a profile without an offset": Bad(
        profile(start="2019-06-01T00:00:00"), 400, "bad-value", "2019-06-01T00:00:00",
    ),
    "a repeated reference in a discrete source": Bad(
        lambda p: p.body(METER, BILLS, bill("2018-02-05", "RE-1")), 409, "conflict", "RE-1",
    ),
    "a repeated reference in one batch": Bad(
        lambda p: p.body(METER, BILLS, bill("2018-03-05", "RE-2"), bill("2018-03-06", "RE-2")),
        409, "conflict", "RE-2",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_with_an_error_to_act_on(stage: Park, name: str):
    bad = BAD[name]
    body = bad.body(stage)
    before = stage.get("/v1/status").json()

    answer = stage.send(body)

    problem = problem_of(answer)
    assert (answer.status_code, problem["code"]) == (bad.status, bad.code), problem
    said = {member: problem.get(member, "") for member in ("expected", "found", "advice")}
    assert all(said.values()), (said, problem["detail"])
    assert bad.names in json.dumps([problem["detail"], *said.values()], ensure_ascii=False), problem
    assert stage.get("/v1/status").json() == before


def test_what_the_bad_inputs_are_made_from_is_good(stage: Park):
    """Or they might be refused for another reason than the one that they are named after."""
    posted = stage.post(METER, STREAM, reading("2019-06-01", 4), reading("2019-06-01", 5))
    assert posted["count"] == 2
    assert stage.send(profile(start="2019-06-03T00:00:00+08:00")(stage)).status_code == 201
    assert stage.send(with_members(period=[
        "2019-06-05T00:00:00+08:00", "2019-06-05T00:15:00+08:00"], unit="MWh",
        confirm="the transformer was tested", quantity="100000.5")(stage)).status_code == 201  # fmt: skip
    assert stage.post(METER, BILLS, bill("2018-02-05", "RE-3"))["count"] == 1


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_a_body_that_says_it_is_encoded_is_refused(stage: Park, encoding: str):
    answer = stage.send(good(stage), **{"Content-Encoding": encoding})
    problem = problem_of(answer)
    assert (answer.status_code, problem["found"]) == (415, encoding)
    assert problem["expected"]
    assert problem["advice"]


def test_a_long_body_of_unknown_length_is_refused_with_an_error_to_act_on(stage: Park):
    statement = good(stage).partition(b"\n")[0]

    def pieces() -> Iterator[bytes]:
        yield statement + b"\n"
        yield from itertools.repeat(b"x" * 2**20, 17)

    headers = {"Content-Type": batch.MEDIA_TYPE}
    problem = problem_of(stage.client.post("/v1/batches", content=pieces(), headers=headers))
    assert problem["code"] == "too-large"
    assert "16777216" in problem["expected"]
    assert problem["found"]
    assert problem["advice"]


def test_a_private_key_that_signs_for_two_parties_is_of_no_use(stage: Park):
    """What a thief could gain by bringing a known public key under his own name: nothing."""
    before = stage.get("/v1/parties").json()
    event = registered(METER.public.jwk["x"], jws.possession_proof(METER, stage.log, "shade"))
    assert stage.send(stage.body(OPERATOR, "shade/keys", event)).status_code == 400
    assert stage.get("/v1/parties").json() == before


def problem_of(answer: httpx.Response) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    found: dict[str, Any] = answer.json()
    return found

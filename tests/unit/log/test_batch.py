import gzip
from typing import Any

import msgspec
import pytest

from ledger.errors import BadBatch, BadJws, BadSignature, NotCanonical, TooLarge
from ledger.log import batch, canonical, event, jws, note, proof, tree
from ledger.log.hashes import ZEROS_HEX
from ledger.log.keys import PrivateKey

KEY = PrivateKey.from_seed(b"\x11" * 32)
LOG = note.log_vkey("ledger.example/log", PrivateKey.from_seed(b"\x33" * 32).public)
STREAM = "acme/plant-7/electricity"
TYPES = ["ActivityRecorded", "ProfileRecorded", "ActivityRecorded"]
LINES = [
    canonical.encode({"salt": f"{number:032x}", "type": kind}) for number, kind in enumerate(TYPES)
]
AT = "2026-11-22T06:00:00Z"
SEEN = batch.Seen(root="ab" * 32, size=812)


def build(**changes: Any) -> bytes:
    arguments: dict[str, Any] = {
        "key": KEY,
        "log_vkey": LOG,
        "stream": STREAM,
        "first": 1,
        "previous_hex": ZEROS_HEX,
        "events": list(zip(TYPES, LINES, strict=True)),
        "seen": SEEN,
        "signed_at": AT,
    }
    return batch.build(**(arguments | changes))


BODY = build()
JWS, _ = batch.split_submission(BODY)
STATEMENT = batch.parse_statement(JWS).statement


def signed(**changes: object) -> bytes:
    payload = msgspec.to_builtins(STATEMENT) | changes
    return jws.sign(KEY, jws.BATCH, canonical.encode(payload))


def test_a_submission_comes_apart_into_what_was_signed():
    jws_bytes, lines = batch.split_submission(BODY)
    assert lines == LINES
    opened = batch.parse_statement(jws_bytes)
    opened.jws.verify(KEY.public)
    assert opened.kid == KEY.public.thumbprint
    assert opened.statement.stream == STREAM
    assert opened.statement.seen == SEEN
    assert opened.statement.last == 3
    assert opened.statement.signed_at == AT


def test_the_payload_has_exactly_the_signed_members():
    payload = canonical.decode(batch.parse_statement(JWS).jws.payload)
    assert sorted(payload) == [
        "count", "first", "head", "log", "previous", "root", "seen", "signed_at", "stream", "v",
    ]  # fmt: skip


def test_leaf_hashes_follow_from_the_lines_one_by_one():
    leaves = batch.chain(LINES, TYPES, STATEMENT)
    previous = ZEROS_HEX
    for version, (line, kind, leaf) in enumerate(zip(LINES, TYPES, leaves, strict=True), start=1):
        assert leaf == event.event_leaf(line, previous, STREAM, kind, version)
        previous = leaf.hex()
    assert STATEMENT.head == previous
    assert STATEMENT.root == tree.root_of(leaves).hex()
    for position, leaf in enumerate(leaves):
        path = tree.path_of(leaves, position)
        proof.verify_inclusion(leaf, position, 3, path, tree.root_of(leaves))


def test_a_stream_goes_on_where_it_ended():
    body = build(first=4, previous_hex=STATEMENT.head, seen=None)
    later = batch.parse_statement(batch.split_submission(body)[0]).statement
    assert later.previous == STATEMENT.head
    assert later.seen is None
    assert batch.chain(LINES, TYPES, later) != batch.chain(LINES, TYPES, STATEMENT)


@pytest.mark.parametrize(
    ("lines", "types"),
    [
        (LINES[:2], TYPES[:2]),
        ([*LINES, LINES[0]], [*TYPES, TYPES[0]]),
        ([LINES[1], LINES[0], LINES[2]], TYPES),
        ([LINES[0], LINES[1], LINES[2] + b" "], TYPES),
        (LINES, ["ActivityRecorded"] * 3),
        (LINES, TYPES[:2]),
    ],
    ids=["missing", "extra", "order", "changed", "type", "types-missing"],
)
def test_lines_that_were_not_signed_are_refused(lines: list[bytes], types: list[str]):
    with pytest.raises(BadBatch):
        batch.chain(lines, types, STATEMENT)


@pytest.mark.parametrize("member", ["head", "root", "previous"])
def test_a_statement_that_does_not_follow_from_its_lines_is_refused(member: str):
    wrong = msgspec.structs.replace(STATEMENT, **{member: "cd" * 32})
    with pytest.raises(BadBatch):
        batch.chain(LINES, TYPES, wrong)


def test_a_wrong_first_version_is_refused():
    with pytest.raises(BadBatch):
        batch.chain(LINES, TYPES, msgspec.structs.replace(STATEMENT, first=2))


@pytest.mark.parametrize(
    "changes",
    [
        {"count": 0},
        {"count": 10_001},
        {"count": -1},
        {"count": True},
        {"count": "3"},
        {"first": 0},
        {"first": 2},
        {"previous": "ab" * 32},
        {"first": 2**53 - 1, "previous": "ab" * 32},
        {"head": "AB" * 32},
        {"root": "ab" * 31},
        {"log": "ledger.example/log"},
        {"log": LOG[:-1]},
        {"seen": {"root": "ab" * 32}},
        {"seen": {"root": "ab" * 32, "size": -1}},
        {"seen": {"root": "ab" * 32, "size": 1, "v": 1}},
        {"signed_at": "2026-11-22T06:00:00+08:00"},
        {"signed_at": "2026-02-30T06:00:00Z"},
        {"stream": "acme"},
        {"stream": "acme/x\n"},
        {"v": 2},
        {"v": True},
        {"note": "x"},
    ],
    ids=str,
)
def test_a_statement_of_any_other_form_is_refused(changes: dict[str, object]):
    with pytest.raises(BadBatch):
        batch.parse_statement(signed(**changes))


@pytest.mark.parametrize("member", ["count", "seen", "v", "log"])
def test_a_statement_without_a_member_is_refused(member: str):
    payload = msgspec.to_builtins(STATEMENT)
    del payload[member]
    with pytest.raises(BadBatch):
        batch.parse_statement(jws.sign(KEY, jws.BATCH, canonical.encode(payload)))


def test_a_payload_in_another_spelling_is_refused():
    payload = canonical.encode(msgspec.to_builtins(STATEMENT)).replace(b",", b", ", 1)
    with pytest.raises(BadBatch):
        batch.parse_statement(jws.sign(KEY, jws.BATCH, payload))


def test_a_proof_of_possession_is_no_batch():
    with pytest.raises(BadJws):
        batch.parse_statement(jws.possession_proof(KEY, LOG, "acme").encode())


def test_a_changed_statement_does_not_verify():
    other = PrivateKey.from_seed(b"\x44" * 32)
    with pytest.raises(BadSignature):
        batch.parse_statement(JWS).jws.verify(other.public)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", BadBatch),
        (JWS + b"\n", BadBatch),
        (BODY[:-1], BadBatch),
        (BODY.replace(b"\n", b"\r\n"), BadBatch),
        (gzip.compress(BODY), BadBatch),
        (JWS + b"\n" + b"{}\n" * 10_001, TooLarge),
        (b"\n" * (16 * 1024 * 1024 + 1), TooLarge),
        (b"a" * 8_193 + b"\n{}\n", TooLarge),
        (JWS + b"\n" + b"a" * 65_537 + b"\n", TooLarge),
    ],
    ids=["empty", "no-lines", "no-final-lf", "crlf", "gzip", "events", "bytes", "jws", "line"],
)
def test_a_submission_of_any_other_form_is_refused(body: bytes, error: type[Exception]):
    with pytest.raises(error):
        batch.split_submission(body)


def test_10000_events_are_accepted():
    _, lines = batch.split_submission(JWS + b"\n" + b"{}\n" * 10_000)
    assert len(lines) == 10_000


def test_other_separators_of_lines_do_not_split():
    _, lines = batch.split_submission(JWS + b'\n{"a":"\x0b\x0c\x1c\x85\xe2\x80\xa8"}\n')
    assert len(lines) == 1


@pytest.mark.parametrize(
    "salts",
    [
        ["0" * 32, "0" * 32],
        ["0" * 31],
        ["0" * 33, "1" * 31],
        ["G" * 32],
        ["A" * 32],
        ["0" * 31 + "\n"],
    ],
)
def test_salts_are_32_digits_and_differ(salts: list[str]):
    batch.check_salts(["0" * 32, "f" * 32])
    with pytest.raises(BadBatch):
        batch.check_salts(salts)


def test_a_batch_that_would_be_refused_is_not_built():
    wrong: tuple[dict[str, object], ...] = (
        {"events": []},
        {"first": 2},
        {"stream": "acme"},
        {"signed_at": "2026-11-22"},
        {"events": [("ActivityRecorded", b'{"a":\n1}')] * 10_001},
    )
    for changes in wrong:
        with pytest.raises((BadBatch, TooLarge, NotCanonical)):
            build(**changes)

"""A checkpoint is found in whatever file somebody has kept it."""

from __future__ import annotations

import json

import pytest

from ledger.errors import BadNote
from ledger.log.evidence import evidence_of, write_evidence
from ledger.log.hashes import leaf_hash
from ledger.log.held import Held, head_of, held_in
from ledger.log.receipt import Receipt, format_receipt
from ledger.log.tree import path_of
from tests.small_log import SmallLog

LOG = SmallLog()
NOTE = LOG.signed(7)
RECEIPT = format_receipt(Receipt(4, path_of(LOG.leaves(7), 4), NOTE))
FORK = LOG.forked(3)
EVIDENCE = write_evidence(evidence_of(NOTE, FORK.signed(7), FORK.head(7).root, (), LOG.vkey))
PROOF = json.dumps(
    {"checkpoint": NOTE.decode(), "entries": [{"index": -2, "jws": "entry 5", "path": []}]}
).encode()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (NOTE, "checkpoint"),
        (LOG.vkey.encode() + b"\n" + NOTE, "checkpoint"),
        (RECEIPT, "receipt"),
        (b"entry 4\n" + RECEIPT, "receipt"),
        (PROOF, "proof"),
    ],
    ids=["checkpoint", "memory", "receipt", "outbox", "proof"],
)
def test_the_checkpoint_of_a_file_is_found(data: bytes, kind: str):
    held = held_in(data)
    assert (held.kind, held.notes) == (kind, (NOTE,))
    assert head_of(held.notes[0]) == LOG.head(7)


def test_evidence_has_both_checkpoints():
    held = held_in(EVIDENCE)
    assert held.kind == "evidence"
    assert {head_of(one).root for one in held.notes} == {LOG.head(7).root, FORK.head(7).root}


def test_entries_come_with_the_index_that_the_file_gives_them():
    assert held_in(b"entry 4\n" + RECEIPT).leaves == ((4, leaf_hash(b"entry 4")),)
    assert held_in(PROOF).leaves == ((-2, leaf_hash(b"entry 5")),)
    assert held_in(RECEIPT).leaves == ()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b'{"checkpoint":5}',
        b'{"checkpoint":"ledger.example/log\\n5\\n"}',
        b'{"checkpoint":"\xff"}',
        NOTE[:30],
        b"\xff" + NOTE,
        RECEIPT[: RECEIPT.index(b"\n\n")],
        b"hello\n" + NOTE,
        EVIDENCE[:-2] + b"\n",
    ],
    ids=["empty", "object", "number", "half", "proof-utf8", "cut", "utf8", "bare", "behind", "evidence"],
)  # fmt: skip
def test_a_file_without_a_checkpoint_is_refused(data: bytes):
    with pytest.raises(BadNote):
        held_in(data)


def test_what_somebody_else_found_has_to_be_checkpoints_too():
    with pytest.raises(BadNote):
        Held(kind="monitor", notes=(b"nothing",))

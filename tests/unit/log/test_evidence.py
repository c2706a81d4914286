from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ledger.errors import BadNote, BadSignature, LedgerError, ProofFailed
from ledger.log import checkpoint, note
from ledger.log.evidence import (
    Evidence,
    evidence_of,
    is_evidence,
    open_evidence,
    read_evidence,
    write_evidence,
)
from ledger.log.keys import PrivateKey
from tests.small_log import SmallLog

LOG = SmallLog()
FORK = LOG.forked(3)
WITNESS = PrivateKey.from_seed(b"\x55" * 32)


def evidence(size: int, later: int, *, of: SmallLog = FORK) -> Evidence:
    """Our log at a size against the other history at a later one."""
    return evidence_of(
        LOG.signed(size),
        of.signed(later),
        of.head(size).root,
        of.consistency(size, later),
        LOG.vkey,
    )


@pytest.mark.parametrize("size", range(4, 12))
@pytest.mark.parametrize("more", [0, 1, 2, 5, 11])
def test_two_histories_are_shown_at_any_two_sizes(size: int, more: int):
    found = open_evidence(read_evidence(write_evidence(evidence(size, size + more))), LOG.vkey)
    roots = {found.first.checkpoint.root, found.second.checkpoint.root}
    assert roots == {LOG.head(size).root, FORK.head(size + more).root}
    assert found.first.checkpoint.size <= found.second.checkpoint.size
    assert found.root != found.first.checkpoint.root


def test_of_one_size_there_is_one_file_whoever_writes_it():
    one = evidence_of(LOG.signed(5), FORK.signed(5), FORK.head(5).root, (), LOG.vkey)
    other = evidence_of(FORK.signed(5), LOG.signed(5), LOG.head(5).root, (), LOG.vkey)
    assert write_evidence(one) == write_evidence(other)


def test_one_history_is_no_evidence():
    with pytest.raises(ProofFailed, match="one history"):
        evidence(4, 9, of=LOG)
    with pytest.raises(ProofFailed, match="in order"):
        evidence(4, 4, of=LOG)
    with pytest.raises(ProofFailed, match="one history"):
        evidence(3, 9)  # the two part only behind entry 2


def test_a_root_that_the_later_tree_does_not_begin_with_is_refused():
    made = evidence(4, 9)
    wrong = Evidence(made.first, made.second, FORK.head(5).root, made.path)
    with pytest.raises(ProofFailed):
        open_evidence(wrong, LOG.vkey)
    with pytest.raises(ProofFailed):
        open_evidence(Evidence(made.first, made.second, made.root, made.path[:-1]), LOG.vkey)
    with pytest.raises(ProofFailed, match="in order"):
        open_evidence(Evidence(made.second, made.first, made.root, made.path), LOG.vkey)


def test_what_the_log_did_not_sign_is_no_evidence_against_it():
    stranger = SmallLog(fork=3)
    stranger.key = PrivateKey.from_seed(b"\x44" * 32)
    with pytest.raises(BadSignature):
        evidence(4, 9, of=stranger)
    elsewhere = SmallLog("other.example/log", fork=3)
    with pytest.raises(LedgerError):
        evidence(4, 9, of=elsewhere)


def test_the_witnesses_of_each_history_are_named():
    made = evidence(4, 9)
    cosigned = checkpoint.cosign_checkpoint(
        made.second, WITNESS, "witness.example/w", 1_795_327_205
    )
    verifier = note.cosigner("witness.example/w", WITNESS.public)
    found = open_evidence(
        Evidence(made.first, cosigned, made.root, made.path), LOG.vkey, [verifier]
    )
    assert found.first.cosignatures == ()
    assert [one.verifier for one in found.second.cosignatures] == [verifier]


def test_any_flipped_bit_is_refused():
    data = write_evidence(evidence(5, 9))
    for at in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[at // 8] ^= 1 << at % 8
        with pytest.raises(LedgerError):
            open_evidence(read_evidence(bytes(flipped)), LOG.vkey)


@pytest.mark.parametrize(
    "change",
    [
        lambda value: {**value, "more": 1},
        lambda value: {**value, "v": 2},
        lambda value: {**value, "v": True},
        lambda value: {**value, "kind": "event"},
        lambda value: {**value, "checkpoints": value["checkpoints"][:1]},
        lambda value: {**value, "checkpoints": [*value["checkpoints"], ""]},
        lambda value: {**value, "root": value["root"].upper()},
        lambda value: {**value, "path": [path.rstrip("=") for path in value["path"]]},
        lambda value: {name: value[name] for name in value if name != "path"},
    ],
)
def test_a_file_out_of_form_is_refused(change: Callable[[dict[str, Any]], dict[str, Any]]):
    value = change(json.loads(write_evidence(evidence(5, 9))))
    line = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    with pytest.raises(BadNote):
        read_evidence(line.encode() + b"\n")


def test_a_file_in_another_spelling_is_refused():
    data = write_evidence(evidence(5, 9))
    assert is_evidence(data)
    for other in (data[:-1], data + b"\n", b" " + data, data.replace(b",", b", ", 1)):
        with pytest.raises(BadNote):
            read_evidence(other)

import pytest

from ledger.errors import BadNote, BadValue, ProofFailed
from ledger.log import note
from ledger.log.keys import PrivateKey
from ledger.log.mldsa import MlDsaPrivateKey
from ledger.log.witnesses import (
    Cosigned,
    Policy,
    check_policy,
    cosigned_by,
    parse_policy,
    parse_witnesses,
    witness_of,
)

KEY = PrivateKey.from_seed(b"\x55" * 32)
ED = note.cosigner("w.example/1", KEY.public)
PQ = note.cosigner("w.example/1", MlDsaPrivateKey(b"\x55" * 32).public)
LOG = note.Verifier("w.example/1", note.ED25519, KEY.public)
ED_VKEY, PQ_VKEY, LOG_VKEY = map(note.format_vkey, (ED, PQ, LOG))
OTHER_VKEY = note.format_vkey(note.cosigner("w.example/2", KEY.public))


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("2", Policy(2)),
        ("certifier=1", Policy(0, (("certifier", 1),))),
        ("2,regulator=1", Policy(2, (("regulator", 1),))),
        ("certifier=1,regulator=1", Policy(0, (("certifier", 1), ("regulator", 1)))),
    ],
)
def test_a_policy_is_written_as_it_is_read(text: str, policy: Policy):
    assert parse_policy(text) == policy
    assert str(policy) == text


@pytest.mark.parametrize(
    "text", ["", "0", "01", "2,", "2,3", "judge=1", "certifier=0", "other=1,other=1", " 2", "-1"]
)
def test_what_is_no_policy_is_refused(text: str):
    with pytest.raises(BadValue, match="policy"):
        parse_policy(text)


def test_a_policy_counts_witnesses_by_role():
    policy = parse_policy("2,regulator=1")
    assert policy.missing([("a", "certifier"), ("b", "regulator")]) == ""
    assert policy.missing([("b", "regulator")]) == "2 asked for, 1 has cosigned: b"
    assert policy.missing([("c", "certifier"), ("a", "certifier")]) == (
        "1 of role regulator asked for, none has cosigned"
    )
    assert parse_policy("3,certifier=2").missing([("b", "other"), ("a", "certifier")]) == (
        "3 asked for, 2 have cosigned: a, b; 2 of role certifier asked for, 1 has cosigned: a"
    )


def test_a_witness_with_two_keys_counts_once():
    (one,) = parse_witnesses([f"certifier={ED_VKEY}", f"certifier={PQ_VKEY}"])
    assert one.verifiers == (ED, PQ)
    found = cosigned_by([note.NoteSignature(ED, 5), note.NoteSignature(PQ, 6)], [one])
    assert [(c.algorithm, c.time_s) for c in found] == [("Ed25519", 5), ("ML-DSA-44", 6)]
    with pytest.raises(ProofFailed, match="too few"):
        check_policy(parse_policy("2"), found)
    check_policy(parse_policy("certifier=1"), found)


def test_a_witness_without_a_role_is_another():
    assert [(one.name, one.role) for one in parse_witnesses([ED_VKEY, OTHER_VKEY])] == [
        ("w.example/1", "other"),
        ("w.example/2", "other"),
    ]


def test_a_signature_of_nobody_who_is_trusted_counts_for_nothing():
    assert cosigned_by([note.NoteSignature(ED, 5)], []) == ()
    with pytest.raises(ProofFailed):
        check_policy(parse_policy("1"), ())
    check_policy(parse_policy("1"), [Cosigned("a", "other", "Ed25519", 5)])


def test_the_key_of_a_log_is_no_witness():
    with pytest.raises(BadValue, match="witness"):
        witness_of("other", [LOG_VKEY])


def test_keys_of_two_names_are_not_one_witness():
    with pytest.raises(BadValue):
        witness_of("other", [ED_VKEY, OTHER_VKEY])
    with pytest.raises(BadValue):
        witness_of("other", [ED_VKEY, ED_VKEY])
    with pytest.raises(BadValue, match="role"):
        parse_witnesses([f"certifier={ED_VKEY}", f"regulator={PQ_VKEY}"])
    with pytest.raises(BadNote):
        parse_witnesses([f"judge={ED_VKEY}"])

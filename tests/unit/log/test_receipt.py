import pytest

from ledger.errors import BadNote, BadSignature, ProofFailed
from ledger.log import checkpoint, note, receipt, tree
from ledger.log.hashes import leaf_hash
from ledger.log.keys import PrivateKey

KEY = PrivateKey.from_seed(b"\x33" * 32)
ORIGIN = "ledger.example/log"
VKEY = note.log_vkey(ORIGIN, KEY.public)
ENTRIES = [f"entry {number}".encode() for number in range(11)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
HEAD = checkpoint.Checkpoint(ORIGIN, 11, tree.root_of(LEAVES))
SIGNED = checkpoint.sign_checkpoint(KEY, HEAD)
RECEIPT = receipt.Receipt(6, tree.path_of(LEAVES, 6), SIGNED)
DATA = receipt.format_receipt(RECEIPT)


def test_a_receipt_has_the_lines_of_tlog_proof():
    lines = DATA.decode().split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1] == "index 6"
    assert all(len(line) == 44 for line in lines[2:6])
    assert lines[6] == ""
    assert DATA.endswith(SIGNED)


def test_a_receipt_is_verified_with_the_batch_and_the_vkey():
    assert receipt.verify_receipt(receipt.parse_receipt(DATA), ENTRIES[6], VKEY) == HEAD


def test_the_only_entry_of_a_log_needs_no_path():
    head = checkpoint.Checkpoint(ORIGIN, 1, tree.root_of(LEAVES[:1]))
    only = receipt.Receipt(0, (), checkpoint.sign_checkpoint(KEY, head))
    parsed = receipt.parse_receipt(receipt.format_receipt(only))
    assert receipt.verify_receipt(parsed, ENTRIES[0], VKEY) == head


def test_a_receipt_of_another_entry_is_refused():
    with pytest.raises(ProofFailed):
        receipt.verify_receipt(RECEIPT, ENTRIES[5], VKEY)


def test_a_receipt_of_another_log_is_refused():
    other = note.log_vkey(ORIGIN, PrivateKey.from_seed(b"\x44" * 32).public)
    with pytest.raises(BadSignature):
        receipt.verify_receipt(RECEIPT, ENTRIES[6], other)


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        DATA.replace(b"@v1", b"@v2"),
        DATA.replace(b"index 6\n", b""),
        DATA.replace(b"index 6", b"index 06"),
        DATA.replace(b"index 6", b"index -6"),
        DATA.replace(b"index 6", b"index 9007199254740992"),
        DATA.replace(b"index 6", b"extra YWJj\nindex 6"),
        DATA.replace(b"index 6", b"index 6 "),
        DATA.replace(b"\n", b"\r\n"),
        DATA.replace(b"=\n", b"\n", 1),
        DATA.replace(b"index 6\n", b"index 6\n" + b"A" * 43 + b"=\n" * 65),
        DATA.partition(b"\n\n")[0],
        DATA.partition(b"\n\n")[0] + b"\n\n",
        b"\n" + DATA,
        "é".encode() + DATA,
    ],
)
def test_any_other_form_is_refused(bad: bytes):
    with pytest.raises(BadNote):
        receipt.parse_receipt(bad)


def test_a_long_path_is_refused():
    with pytest.raises(BadNote):
        receipt.format_receipt(receipt.Receipt(6, RECEIPT.path * 17, SIGNED))

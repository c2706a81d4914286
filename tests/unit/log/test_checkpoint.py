import pytest

from ledger.errors import BadNote, BadSignature
from ledger.log import checkpoint, note
from ledger.log.checkpoint import Checkpoint
from ledger.log.hashes import EMPTY_ROOT, RootHash
from ledger.log.keys import PrivateKey

KEY = PrivateKey.from_seed(b"\x33" * 32)
OTHER = PrivateKey.from_seed(b"\x44" * 32)
WITNESS_KEY = PrivateKey.from_seed(b"\x55" * 32)
ORIGIN = "ledger.example/log"
VKEY = note.log_vkey(ORIGIN, KEY.public)
WITNESS = note.Verifier("witness.example/w1", note.COSIGNATURE_V1, WITNESS_KEY.public)
HEAD = Checkpoint(ORIGIN, 812, RootHash(b"\xab" * 32))
TEXT = checkpoint.format_checkpoint(HEAD)
SIGNED = checkpoint.sign_checkpoint(KEY, HEAD)


def test_a_checkpoint_is_three_lines():
    assert TEXT == "ledger.example/log\n812\nq6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=\n"
    assert checkpoint.parse_checkpoint(TEXT) == HEAD


def test_a_signed_checkpoint_is_opened_with_the_vkey_alone():
    assert checkpoint.open_checkpoint(SIGNED, VKEY) == HEAD


def test_a_witness_stands_beside_the_log():
    cosigned = checkpoint.cosign_checkpoint(SIGNED, WITNESS_KEY, WITNESS.name, 1_700_000_000)
    opened = checkpoint.open_cosigned(cosigned, VKEY, [WITNESS])
    assert opened.checkpoint == HEAD
    assert opened.cosignatures == (note.NoteSignature(WITNESS, 1_700_000_000),)
    assert checkpoint.open_checkpoint(cosigned, VKEY) == HEAD


def test_a_witness_never_stands_in_for_the_log():
    cosigned = checkpoint.cosign_checkpoint(SIGNED, WITNESS_KEY, WITNESS.name, 1_700_000_000)
    lines = cosigned.split(b"\n")
    without_log = b"\n".join(lines[:4] + lines[5:])
    with pytest.raises(BadSignature):
        checkpoint.open_cosigned(without_log, VKEY, [WITNESS])


def test_a_checkpoint_of_another_log_is_refused():
    with pytest.raises(BadSignature):
        checkpoint.open_checkpoint(SIGNED, note.log_vkey(ORIGIN, OTHER.public))
    # The log's key under its own name, over a text with another origin.
    foreign = note.sign_note(TEXT.replace("ledger.", "lodger."), KEY, ORIGIN).encode()
    with pytest.raises(BadNote, match="another log"):
        checkpoint.open_checkpoint(foreign, VKEY)


def test_a_witness_key_is_no_log_key():
    with pytest.raises(BadNote):
        checkpoint.open_checkpoint(SIGNED, note.format_vkey(WITNESS))


def test_an_empty_log_has_the_empty_root():
    empty = Checkpoint(ORIGIN, 0, EMPTY_ROOT)
    assert checkpoint.open_checkpoint(checkpoint.sign_checkpoint(KEY, empty), VKEY) == empty
    with pytest.raises(BadNote):
        checkpoint.sign_checkpoint(KEY, Checkpoint(ORIGIN, 0, HEAD.root))


@pytest.mark.parametrize(
    "bad",
    [
        "",
        TEXT[:-1],
        TEXT + "extension\n",
        TEXT + "\n",
        TEXT.replace("812", "0812"),
        TEXT.replace("812", "-1"),
        TEXT.replace("812", "+812"),
        TEXT.replace("812", "8e2"),
        TEXT.replace("812", "٨١٢"),
        TEXT.replace("812", "9007199254740992"),
        TEXT.replace("812", "812 "),
        TEXT.replace("6s=", "6t="),
        TEXT.replace("6s=", "6s"),
        TEXT.replace("ledger.example/log", ""),
        TEXT.replace("ledger.example/log", "ledger example/log"),
    ],
)
def test_any_other_text_is_no_checkpoint(bad: str):
    with pytest.raises(BadNote):
        checkpoint.parse_checkpoint(bad)


def test_a_note_is_utf_8():
    with pytest.raises(BadNote):
        checkpoint.open_checkpoint(SIGNED + b"\xff", VKEY)

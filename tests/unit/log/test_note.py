import base64

import pytest

from ledger.errors import BadKey, BadNote, BadSignature
from ledger.log import note
from ledger.log.keys import PrivateKey

LOG_KEY = PrivateKey.from_seed(b"\x33" * 32)
WITNESS_KEY = PrivateKey.from_seed(b"\x55" * 32)
LOG = note.Verifier("ledger.example/log", note.ED25519, LOG_KEY.public)
WITNESS = note.Verifier("witness.example/w1", note.COSIGNATURE_V1, WITNESS_KEY.public)
VKEY = note.format_vkey(LOG)
TEXT = "ledger.example/log\n7\nroot\n"
NOTE = note.sign_note(TEXT, LOG_KEY, LOG.name)
COSIGNED = note.cosign_note(NOTE, WITNESS_KEY, WITNESS.name, 1_679_315_147)
UNKNOWN = "— elsewhere.example/w TnKKVHLXAAAA\n"


def test_the_example_of_the_note_format_is_read():
    # C2SP signed-note's own example, with the key of Go's note package documentation.
    vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    signed = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
        "\n"
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    opened = note.open_note(signed, [note.parse_vkey(vkey)])
    assert opened.text.startswith("If you think")
    assert note.format_vkey(note.parse_vkey(vkey)) == vkey


def test_a_signed_text_is_opened_with_the_key():
    opened = note.open_note(NOTE, [LOG])
    assert opened.text == TEXT
    assert opened.signatures == (note.NoteSignature(LOG),)


def test_a_cosignature_states_its_time():
    opened = note.open_note(COSIGNED, [LOG, WITNESS])
    assert opened.signatures[1] == note.NoteSignature(WITNESS, 1_679_315_147)


def test_lines_of_unknown_keys_are_ignored():
    assert note.open_note(NOTE + UNKNOWN, [LOG]).text == TEXT
    assert note.open_note(COSIGNED, [LOG]).signatures == (note.NoteSignature(LOG),)
    same_name = note.Verifier(LOG.name, note.ED25519, WITNESS_KEY.public)
    both = NOTE + note.sign_note(TEXT, WITNESS_KEY, LOG.name).rpartition("\n\n")[2]
    assert note.open_note(both, [same_name]).signatures == (note.NoteSignature(same_name),)


def test_a_post_quantum_line_belongs_to_an_unknown_key():
    line = f"— {LOG.name} {note._base64(b'abcd' + bytes(2428))}\n"
    assert note.open_note(NOTE + line, [LOG]).text == TEXT
    with pytest.raises(BadNote):
        note.Verifier(LOG.name, note.ML_DSA_44, LOG_KEY.public)


def test_a_note_without_a_known_key_is_refused():
    with pytest.raises(BadSignature):
        note.open_note(NOTE, [WITNESS])
    with pytest.raises(BadSignature):
        note.open_note(NOTE, [])


def test_a_wrong_line_of_a_known_key_refuses_the_note():
    other_text = note.sign_note("other\n", LOG_KEY, LOG.name)
    wrong = TEXT + "\n" + other_text.rpartition("\n\n")[2]
    with pytest.raises(BadSignature):
        note.open_note(wrong, [LOG])


def test_a_cosignature_with_another_time_refuses_the_note():
    head, dash, line = COSIGNED.rpartition("— ")
    name, _, encoded = line.partition(" ")
    blob = bytearray(base64.b64decode(encoded))
    blob[11] ^= 1
    moved = f"{head}{dash}{name} {base64.b64encode(blob).decode()}\n"
    with pytest.raises(BadSignature):
        note.open_note(moved, [LOG, WITNESS])
    assert note.open_note(moved, [LOG]).text == TEXT


def test_a_key_signs_once():
    line = NOTE.rpartition("\n\n")[2]
    with pytest.raises(BadNote, match="twice"):
        note.open_note(NOTE + line, [LOG])


def test_a_log_signature_is_no_cosignature():
    same_key = note.Verifier(LOG.name, note.COSIGNATURE_V1, LOG_KEY.public)
    assert same_key.key_id != LOG.key_id
    with pytest.raises(BadSignature):
        note.open_note(NOTE, [same_key])


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "\n\n",
        TEXT,
        TEXT + "\n",
        NOTE[:-1],
        NOTE + "\n",
        NOTE.replace("\n\n", "\n"),
        NOTE.replace("— ", "- "),
        NOTE.replace("— ", "—"),
        NOTE.replace("— ", "—  "),
        NOTE.replace("\n", "\r\n"),
        NOTE.replace("7", "\t"),
        NOTE[:-2] + "\n",
        NOTE[:-1] + "A\n",
        NOTE[:-1] + " \n",
        NOTE + "— a AAAAAA==\n",
        NOTE + "— a+b AAAAAAAA\n",
        NOTE + "— a\u00a0b AAAAAAAA\n",
        NOTE + "—  AAAAAAAA\n",
        NOTE + UNKNOWN * 64,
        "\ud800" + NOTE,
    ],
)
def test_what_is_no_note_is_refused(bad: str):
    with pytest.raises(BadNote):
        note.open_note(bad, [LOG])


def test_up_to_64_lines_are_read():
    assert note.open_note(NOTE + UNKNOWN * 63, [LOG]).text == TEXT


@pytest.mark.parametrize("text", ["", "no final newline", "a\tb\n", "\ud800\n"])
def test_a_text_that_cannot_be_a_note_is_not_signed(text: str):
    with pytest.raises(BadNote):
        note.sign_note(text, LOG_KEY, LOG.name)


def test_a_time_before_1970_is_not_cosigned():
    for time_s in (-1, 2**63):
        with pytest.raises(BadNote):
            note.cosign_note(NOTE, WITNESS_KEY, WITNESS.name, time_s)


def test_a_vkey_leads_back_to_name_kind_and_key():
    assert note.log_vkey(LOG.name, LOG_KEY.public) == VKEY
    assert note.parse_vkey(VKEY) == LOG
    assert note.parse_vkey(note.format_vkey(WITNESS)) == WITNESS


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "ledger.example/log",
        VKEY[:-1],
        VKEY + "=",
        VKEY + "\n",
        VKEY.replace("ledger", "lodger"),
        VKEY.replace("+", " ", 1),
        VKEY.upper(),
        "+" + VKEY.partition("+")[2],
        VKEY.rpartition("+")[0] + "+" + note._base64(b"\x02" + LOG_KEY.public.x),
    ],
)
def test_another_spelling_of_a_vkey_is_refused(vkey: str):
    with pytest.raises(BadNote):
        note.parse_vkey(vkey)


def test_a_vkey_with_an_unsafe_key_is_refused():
    material = b"\x01" + (1).to_bytes(32, "little")
    key_id = note._key_id("a", 1, material[1:]).hex()
    with pytest.raises(BadKey):
        note.parse_vkey(f"a+{key_id}+{note._base64(material)}")

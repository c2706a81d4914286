import pytest

from ledger.errors import BadKey, BadNote, BadSignature
from ledger.log import note
from ledger.log.cosignature import ed25519_message, ml_dsa_message
from ledger.log.keys import PrivateKey
from ledger.log.mldsa import MlDsaPrivateKey, MlDsaPublicKey

LOG_KEY = PrivateKey.from_seed(b"\x33" * 32)
LOG = note.Verifier("ledger.example/log", note.ED25519, LOG_KEY.public)
KEY = MlDsaPrivateKey(b"\x55" * 32)
NAME = "witness.example/w1"
WITNESS = note.cosigner(NAME, KEY.public)
TEXT = "ledger.example/log\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
NOTE = note.sign_note(TEXT, LOG_KEY, LOG.name)


def test_an_ed25519_message_is_two_lines_and_the_text():
    assert ed25519_message(TEXT, 1_679_315_147) == b"cosignature/v1\ntime 1679315147\n" + (
        TEXT.encode()
    )


def test_an_ml_dsa_message_is_the_structure_of_the_specification():
    message = ml_dsa_message("w", "log\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n", 258)
    assert message[:12] == b"subtree/v1\n\0"
    assert message[12:14] == b"\x01w"
    assert message[14:22] == b"\0\0\0\0\0\0\x01\x02"
    assert message[22:26] == b"\x03log"
    assert message[26:34] == bytes(8)
    assert message[34:42] == b"\0\0\0\0\0\0\0\x07"
    assert message[42:].hex().startswith("0ac5186a")
    assert len(message) == 42 + 32


def test_extension_lines_are_not_part_of_an_ml_dsa_message():
    assert ml_dsa_message(NAME, TEXT + "extra\n", 1) == ml_dsa_message(NAME, TEXT, 1)
    assert ed25519_message(TEXT + "extra\n", 1) != ed25519_message(TEXT, 1)


def test_an_ml_dsa_cosignature_goes_round_and_states_its_time():
    cosigned = note.cosign_note(NOTE, KEY, NAME, 1_679_315_147)
    opened = note.open_note(cosigned, [LOG, WITNESS])
    assert opened.signatures[1] == note.NoteSignature(WITNESS, 1_679_315_147)
    assert note.parse_vkey(note.format_vkey(WITNESS)) == WITNESS


def test_two_ml_dsa_cosignatures_differ_and_both_verify():
    lines = {note.cosignature(NOTE, KEY, NAME, 5) for _ in range(2)}
    assert len(lines) == 2
    for line in lines:
        assert note.open_note(NOTE + line, [LOG, WITNESS]).signatures[1].time_s == 5


def test_an_ml_dsa_cosignature_binds_the_name_of_its_witness():
    line = note.cosignature(NOTE, KEY, NAME, 5)
    other = note.cosigner("witness.example/w2", KEY.public)
    blob = other.key_id + note._parse_base64(line.split(" ")[2].strip(), "a line")[4:]
    moved = f"— {other.name} {note._base64(blob)}\n"
    with pytest.raises(BadSignature):
        note.open_note(NOTE + moved, [LOG, other])


def test_time_zero_of_an_ml_dsa_cosignature_states_no_time():
    cosigned = note.cosign_note(NOTE, KEY, NAME, 0)
    assert note.open_note(cosigned, [LOG, WITNESS]).signatures[1].time_s is None


def test_a_post_quantum_key_cosigns_nothing_but_checkpoints():
    with pytest.raises(BadNote):
        note.cosign_note(note.sign_note("a text\n", LOG_KEY, LOG.name), KEY, NAME, 5)
    with pytest.raises(BadNote):
        ml_dsa_message("w" * 256, TEXT, 5)


def test_a_line_of_an_algorithm_that_nobody_knows_here_is_ignored():
    # C2SP signed-note: only name and key id say whose a line is, and an unknown key's is ignored.
    for kind in (0x02, 0x05, 0x07, 0xFF):
        line = f"— {NAME} {note._base64(bytes([kind]) * 4 + bytes(97))}\n"
        assert note.open_note(NOTE + line, [LOG, WITNESS]).signatures == (note.NoteSignature(LOG),)


def test_a_key_of_an_algorithm_that_nobody_knows_here_is_not_trusted():
    with pytest.raises(BadNote, match="not known"):
        note.Verifier(NAME, 0x07, LOG_KEY.public)


def test_a_post_quantum_key_is_no_key_of_a_log():
    assert note.ed25519_key(note.format_vkey(LOG)) == LOG_KEY.public
    with pytest.raises(BadNote, match="as a log has"):
        note.ed25519_key(note.format_vkey(WITNESS))


def test_a_key_of_another_length_is_refused():
    for size in (0, 32, 1311, 1313):
        with pytest.raises(BadKey):
            MlDsaPublicKey(bytes(size))
    with pytest.raises(BadKey):
        MlDsaPrivateKey(bytes(31))


def test_a_private_key_does_not_show_its_seed():
    assert "55" * 4 not in repr(KEY)


def test_whose_line_it_is_can_be_read_without_the_key():
    line = note.cosignature(NOTE, KEY, NAME, 5)
    assert note.signer_of(line[:-1]) == (NAME, WITNESS.key_id)

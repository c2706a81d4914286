"""Whatever an outsider holds, any flipped bit of it is refused."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import BadNote, LedgerError
from ledger.log import batch, bundle, bundle_proof, canonical, checkpoint, jws, note, receipt, tree
from ledger.log.bundle import Bundle, BundleEntry, BundleEvent, WithheldEvent
from ledger.log.bundle_kinds import EventSubject
from ledger.log.hashes import ZEROS_HEX, leaf_hash
from ledger.log.keys import PrivateKey
from ledger.log.mldsa import MlDsaPrivateKey

LOG_KEY = PrivateKey.from_seed(b"\x33" * 32)
PARTY_KEY = PrivateKey.from_seed(b"\x11" * 32)
WITNESS_KEY = PrivateKey.from_seed(b"\x55" * 32)
ORIGIN = "ledger.example/log"
VKEY = note.log_vkey(ORIGIN, LOG_KEY.public)
TYPE = "ActivityRecorded"
LINES = [
    canonical.encode({"quantity": "3.17", "salt": f"{number:032x}", "type": TYPE})
    for number in range(3)
]
BODIES = [
    batch.build(
        PARTY_KEY, VKEY, stream, 1, ZEROS_HEX, [(TYPE, line) for line in LINES],
        batch.Seen(root="ab" * 32, size=0), "2026-11-22T06:00:00Z",
    )
    for stream in ("acme/register", "acme-2/b", "acme/c")
]  # fmt: skip
ENTRIES = [batch.split_submission(body)[0] for body in BODIES]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
HEAD = checkpoint.Checkpoint(ORIGIN, 3, tree.root_of(LEAVES))
SIGNED = checkpoint.sign_checkpoint(LOG_KEY, HEAD)
RECEIPT = receipt.format_receipt(receipt.Receipt(1, tree.path_of(LEAVES, 1), SIGNED))


def a_bundle() -> bytes:
    leaves = batch.chain(LINES, [TYPE] * 3, batch.parse_statement(ENTRIES[1]).statement)
    shown = BundleEvent(LINES[1], tree.path_of(leaves, 1), 1, leaves[0].hex())
    others = batch.chain(LINES, [TYPE] * 3, batch.parse_statement(ENTRIES[0]).statement)
    data_hash = sha256(LINES[2]).hexdigest()
    withheld = WithheldEvent(data_hash, tree.path_of(others, 2), 2, others[1].hex(), TYPE)
    entries = (
        BundleEntry((withheld,), 0, ENTRIES[0], tree.path_of(LEAVES, 0)),
        BundleEntry((shown,), 1, ENTRIES[1], tree.path_of(LEAVES, 1)),
    )
    return bundle.write_bundle(Bundle(SIGNED, entries, EventSubject(event="acme-2/b@2")))


BUNDLE = a_bundle()


def flips(data: bytes) -> st.SearchStrategy[bytes]:
    return st.integers(0, len(data) * 8 - 1).map(lambda bit: flip(data, bit))


def flip(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def open_the_bundle(data: bytes) -> None:
    opened = bundle_proof.open_bundle(bundle.read_bundle(data), VKEY)
    for entry in opened.entries:
        entry.signed.jws.verify(PARTY_KEY.public)


def test_the_unchanged_ones_are_accepted():
    assert checkpoint.open_checkpoint(SIGNED, VKEY) == HEAD
    receipt.verify_receipt(receipt.parse_receipt(RECEIPT), ENTRIES[1], VKEY)
    open_the_bundle(BUNDLE)
    batch.parse_statement(ENTRIES[1]).jws.verify(PARTY_KEY.public)


def test_every_flipped_bit_of_a_checkpoint_is_refused():
    for bit in range(len(SIGNED) * 8):
        with pytest.raises(LedgerError):
            checkpoint.open_checkpoint(flip(SIGNED, bit), VKEY)


def test_every_flipped_bit_of_a_receipt_is_refused():
    for bit in range(len(RECEIPT) * 8):
        with pytest.raises(LedgerError):
            receipt.verify_receipt(receipt.parse_receipt(flip(RECEIPT, bit)), ENTRIES[1], VKEY)


def test_every_flipped_bit_of_a_bundle_is_refused():
    for bit in range(len(BUNDLE) * 8):
        with pytest.raises(LedgerError):
            open_the_bundle(flip(BUNDLE, bit))


def test_every_flipped_bit_of_a_batch_signature_is_refused():
    for bit in range(len(ENTRIES[1]) * 8):
        with pytest.raises(LedgerError):
            batch.parse_statement(flip(ENTRIES[1], bit)).jws.verify(PARTY_KEY.public)


def test_every_flipped_bit_of_a_vkey_is_refused():
    for bit in range(len(VKEY) * 8):
        flipped = flip(VKEY.encode(), bit).decode("latin-1")
        with pytest.raises(LedgerError):
            checkpoint.open_checkpoint(SIGNED, flipped)


@given(flips(b"\n".join(LINES)))
def test_a_flipped_bit_of_the_lines_is_refused(lines: bytes):
    statement = batch.parse_statement(ENTRIES[1]).statement
    with pytest.raises(LedgerError):
        batch.chain(lines.split(b"\n"), [TYPE] * 3, statement)


@given(st.integers(0, 400))
def test_a_flipped_bit_of_a_line_by_an_unknown_witness_changes_nothing_but_form(bit: int):
    cosigned = checkpoint.cosign_checkpoint(SIGNED, WITNESS_KEY, "witness.example/w", 1)
    # Counted back from the last digits: the line stays one of an unknown key, or loses its form.
    changed = flip(cosigned, (len(cosigned) - 2) * 8 - bit)
    try:
        opened = checkpoint.open_checkpoint(changed, VKEY)
    except BadNote:
        return
    assert opened == HEAD


@pytest.mark.parametrize(
    ("key", "step"),
    # Of the longer line every seventh bit: all that is signed, and each place of the signature.
    [(WITNESS_KEY, 1), (MlDsaPrivateKey(b"\x55" * 32), 7)],
    ids=["ed25519", "ml-dsa-44"],
)
def test_every_flipped_bit_of_a_cosigned_checkpoint_is_refused(
    key: PrivateKey | MlDsaPrivateKey, step: int
):
    name = "witness.example/w"
    witness = note.cosigner(name, key.public)
    cosigned = checkpoint.cosign_checkpoint(SIGNED, key, name, 1_679_315_147)
    assert checkpoint.open_cosigned(cosigned, VKEY, (witness,)).cosignatures
    for bit in range(0, len(cosigned) * 8, step):
        try:
            opened = checkpoint.open_cosigned(flip(cosigned, bit), VKEY, (witness,))
        except LedgerError:
            continue
        # A line whose name or key id was changed is one of an unknown key.
        assert opened.cosignatures == ()


@given(flips(jws.possession_proof(PARTY_KEY, VKEY, "acme").encode()))
def test_a_flipped_bit_of_a_proof_of_possession_is_refused(proof: bytes):
    with pytest.raises(LedgerError):
        jws.check_possession(proof.decode("latin-1"), PARTY_KEY.public, VKEY, "acme")

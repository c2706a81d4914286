"""A small log of test keys, from which all vectors of signed things are taken.

Three batches of two streams. It shows bytes, not accounting: a real log begins with `LedgerOpened`,
and its events are checked by rules that these vectors do not need.
"""

from __future__ import annotations

from hashlib import sha256

from ledger.log import batch, bundle, canonical, checkpoint, note, receipt, tree
from ledger.log.bundle import Bundle, BundleEntry, BundleEvent, WithheldEvent
from ledger.log.bundle_kinds import EventSubject
from ledger.log.checkpoint import Checkpoint
from ledger.log.hashes import ZEROS_HEX, LeafHash, leaf_hash
from ledger.log.keys import PrivateKey

ORIGIN = "ledger.example/log"
POWER = "acme/plant-7/electricity"
GAS = "acme/plant-7/gas"
READING = "ActivityRecorded"
PROFILE = "ProfileRecorded"
SIGNED_AT = "2026-11-22T06:00:00Z"
WITNESS_NAME = "witness.example/w1"
WITNESS_TIME_S = 1_795_327_205


def seed(label: str) -> bytes:
    """32 bytes that say what they are."""
    return f"test key, not a secret: {label}".encode().ljust(32, b".")


def key(label: str) -> PrivateKey:
    return PrivateKey.from_seed(seed(label))


LOG_KEY, ACME_KEY, METER_KEY, WITNESS_KEY = key("log"), key("acme"), key("meter"), key("witness")
VKEY = note.log_vkey(ORIGIN, LOG_KEY.public)
WITNESS_VKEY = note.format_vkey(
    note.Verifier(WITNESS_NAME, note.COSIGNATURE_V1, WITNESS_KEY.public)
)


def reading(number: int, quantity: str) -> bytes:
    """Quarter-hour `number` (from 1) of 2018 at a meter in Shanghai."""
    begin, end = (f"2018-01-01T00:{15 * n:02}:00+08:00" for n in (number - 1, number))
    salt = sha256(f"test salt {number}".encode()).hexdigest()[:32]
    return canonical.encode(
        {"period": [begin, end], "quantity": quantity, "salt": salt, "type": READING}
    )


POWER_LINES = (reading(1, "3.17"), reading(2, "4"), reading(3, "0.04"))
GAS_LINES = (
    canonical.encode(
        {
            "interval_s": 3600,
            "quantities": ["12.5", None, "11.75"],
            "quality": "H",
            "reference": "Zähler 7, 一号表",
            "salt": sha256(b"test salt gas").hexdigest()[:32],
            "start": "2018-01-01T00:00:00+08:00",
            "type": PROFILE,
        }
    ),
)
MORE_LINES = (reading(1, "5.5"), reading(2, "0"))


def submit(
    stream: str,
    first: int,
    previous: str,
    kind: str,
    lines: tuple[bytes, ...],
    seen: batch.Seen | None,
    signer: PrivateKey = ACME_KEY,
) -> bytes:
    events = [(kind, line) for line in lines]
    return batch.build(signer, VKEY, stream, first, previous, events, seen, SIGNED_AT)


def leaves_of(body: bytes, kind: str) -> tuple[LeafHash, ...]:
    jws, lines = batch.split_submission(body)
    return batch.chain(lines, [kind] * len(lines), batch.parse_statement(jws).statement)


def jws_of(body: bytes) -> bytes:
    return batch.split_submission(body)[0]


def head_of(entries: list[bytes]) -> Checkpoint:
    return Checkpoint(ORIGIN, len(entries), tree.root_of([leaf_hash(entry) for entry in entries]))


POWER_BODY = submit(POWER, 1, ZEROS_HEX, READING, POWER_LINES, None)
POWER_LEAVES = leaves_of(POWER_BODY, READING)
_FIRST = head_of([jws_of(POWER_BODY)])
GAS_BODY = submit(
    GAS, 1, ZEROS_HEX, PROFILE, GAS_LINES, batch.Seen(root=_FIRST.root.hex(), size=1), METER_KEY
)
MORE_BODY = submit(POWER, 4, POWER_LEAVES[-1].hex(), READING, MORE_LINES, None)

BODIES = [POWER_BODY, GAS_BODY, MORE_BODY]
ENTRIES = [jws_of(body) for body in BODIES]
ENTRY_LEAVES = [leaf_hash(entry) for entry in ENTRIES]
HEAD = head_of(ENTRIES)
SIGNED = checkpoint.sign_checkpoint(LOG_KEY, HEAD)
COSIGNED = checkpoint.cosign_checkpoint(SIGNED, WITNESS_KEY, WITNESS_NAME, WITNESS_TIME_S)
RECEIPT = receipt.Receipt(1, tree.path_of(ENTRY_LEAVES, 1), SIGNED)


def shown(position: int) -> BundleEvent:
    """A reading of the first batch."""
    previous = POWER_LEAVES[position - 1].hex() if position else ZEROS_HEX
    path = tree.path_of(POWER_LEAVES, position)
    return BundleEvent(POWER_LINES[position], path, position, previous)


def withheld_gas() -> WithheldEvent:
    return WithheldEvent(sha256(GAS_LINES[0]).hexdigest(), (), 0, ZEROS_HEX, PROFILE)


def bundle_entry(index: int, *events: BundleEvent | WithheldEvent) -> BundleEntry:
    return BundleEntry(events, index, ENTRIES[index], tree.path_of(ENTRY_LEAVES, index))


BUNDLE = Bundle(
    SIGNED,
    (bundle_entry(0, shown(1)), bundle_entry(1, withheld_gas())),
    EventSubject(event=f"{POWER}@2"),
)
BUNDLE_DATA = bundle.write_bundle(BUNDLE)

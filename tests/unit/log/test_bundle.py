from hashlib import sha256

import msgspec
import pytest

from ledger.errors import BadBundle, BadSignature, ProofFailed
from ledger.log import batch, bundle, bundle_proof, canonical, checkpoint, event, jws, note, tree
from ledger.log.bundle import Bundle, BundleEntry, BundleEvent, WithheldEvent
from ledger.log.bundle_kinds import EventSubject
from ledger.log.hashes import ZEROS_HEX, leaf_hash
from ledger.log.keys import PrivateKey

LOG_KEY = PrivateKey.from_seed(b"\x33" * 32)
PARTY_KEY = PrivateKey.from_seed(b"\x11" * 32)
ORIGIN = "ledger.example/log"
VKEY = note.log_vkey(ORIGIN, LOG_KEY.public)
STREAMS = ["acme/register", "acme/plant/gas", "acme/plant/power", "acme/plant/steam"]
TYPE = "ActivityRecorded"
AT = "2026-11-22T06:00:00Z"


def line(number: int) -> bytes:
    return canonical.encode({"quantity": "3.17", "salt": f"{number:032x}", "type": TYPE})


LINES = [line(number) for number in range(5)]
BATCHES = [
    batch.build(PARTY_KEY, VKEY, stream, 1, ZEROS_HEX, [(TYPE, data) for data in LINES], None, AT)
    for stream in STREAMS
]
JWS = [batch.split_submission(body)[0] for body in BATCHES]
LOG_LEAVES = [leaf_hash(entry) for entry in JWS]
HEAD = checkpoint.Checkpoint(ORIGIN, len(JWS), tree.root_of(LOG_LEAVES))
SIGNED = checkpoint.sign_checkpoint(LOG_KEY, HEAD)


def leaves_of(index: int) -> tuple[bytes, ...]:
    statement = batch.parse_statement(JWS[index]).statement
    return batch.chain(LINES, [TYPE] * 5, statement)


def shown(index: int, position: int) -> BundleEvent:
    leaves = leaves_of(index)
    previous = leaves[position - 1].hex() if position else ZEROS_HEX
    return BundleEvent(LINES[position], tree.path_of(leaves, position), position, previous)


def withheld(index: int, position: int) -> WithheldEvent:
    item = shown(index, position)
    data_hash = sha256(item.data).hexdigest()
    return WithheldEvent(data_hash, item.path, position, item.previous, TYPE)


def entry(index: int, *events: BundleEvent | WithheldEvent) -> BundleEntry:
    return BundleEntry(events, index, JWS[index], tree.path_of(LOG_LEAVES, index))


GAS = entry(1, shown(1, 2), withheld(1, 3), shown(1, 4))
BUNDLE = Bundle(
    SIGNED,
    (entry(0, withheld(0, 0)), GAS),
    EventSubject(event="acme/plant/gas@3"),
)
DATA = bundle.write_bundle(BUNDLE)


def test_a_bundle_comes_back_from_its_file():
    assert bundle.read_bundle(DATA) == BUNDLE
    assert DATA.endswith(b'"kind":"event","subject":{"event":"acme/plant/gas@3"},"v":1}\n')


def test_an_event_is_proven_with_the_vkey_alone():
    opened = bundle_proof.open_bundle(BUNDLE, VKEY)
    assert opened.checkpoint == HEAD
    assert opened.event.data == LINES[2]
    assert opened.event.leaf == leaves_of(1)[2]
    assert opened.place("acme/plant/gas@3")[0].index == 1
    assert [item.index for item in opened.entries] == [0, 1]
    assert opened.entries[1].signed.jws.verify(PARTY_KEY.public)


def test_a_withheld_event_keeps_its_place_and_shows_nothing():
    opened = bundle_proof.open_bundle(BUNDLE, VKEY).entries[0].events[0]
    assert opened.data is None
    assert (opened.stream, opened.version, opened.type) == ("acme/register", 1, TYPE)


def changed_entry(item: BundleEntry, **changes: object) -> Bundle:
    return msgspec.structs.replace(
        BUNDLE, entries=(BUNDLE.entries[0], msgspec.structs.replace(item, **changes))
    )


@pytest.mark.parametrize(
    "wrong",
    [
        changed_entry(GAS, index=2),
        changed_entry(GAS, jws=JWS[2]),
        changed_entry(GAS, path=GAS.path[::-1]),
        changed_entry(GAS, path=()),
        changed_entry(GAS, events=(msgspec.structs.replace(shown(1, 2), position=1),)),
        changed_entry(GAS, events=(msgspec.structs.replace(shown(1, 2), data=LINES[3]),)),
        changed_entry(GAS, events=(msgspec.structs.replace(shown(1, 2), previous=ZEROS_HEX),)),
        changed_entry(GAS, events=(msgspec.structs.replace(shown(1, 2), path=()),)),
        changed_entry(GAS, events=(shown(2, 2),)),
        changed_entry(GAS, events=(msgspec.structs.replace(withheld(1, 2), type="Other"),)),
        changed_entry(GAS, events=(msgspec.structs.replace(withheld(1, 2), data_hash=ZEROS_HEX),)),
    ],
    ids=[
        "index", "jws", "path-order", "path-empty", "position", "data", "previous", "event-path",
        "other-stream", "withheld-type", "withheld-hash",
    ],
)  # fmt: skip
def test_a_bundle_that_proves_nothing_is_refused(wrong: Bundle):
    with pytest.raises(ProofFailed):
        bundle_proof.open_bundle(wrong, VKEY)


def test_a_bundle_of_another_log_is_refused():
    with pytest.raises(BadSignature):
        bundle_proof.open_bundle(BUNDLE, note.log_vkey(ORIGIN, PARTY_KEY.public))


def test_a_batch_that_was_signed_for_another_log_is_refused():
    elsewhere = note.log_vkey("other.example/log", LOG_KEY.public)
    body = batch.build(PARTY_KEY, elsewhere, STREAMS[0], 1, ZEROS_HEX, [(TYPE, LINES[0])], None, AT)
    jws_bytes, _ = batch.split_submission(body)
    head = checkpoint.Checkpoint(ORIGIN, 1, tree.root_of([leaf_hash(jws_bytes)]))
    only = BundleEvent(LINES[0], (), 0, ZEROS_HEX)
    foreign = Bundle(
        checkpoint.sign_checkpoint(LOG_KEY, head),
        (BundleEntry((only,), 0, jws_bytes, ()),),
        EventSubject(event=STREAMS[0] + "@1"),
    )
    with pytest.raises(BadBundle, match="another log"):
        bundle_proof.open_bundle(foreign, VKEY)


def test_a_batch_whose_events_do_not_name_each_other_is_refused():
    # The author's tree and signature are fine; only the link inside the batch is broken.
    first = event.event_leaf(LINES[0], ZEROS_HEX, STREAMS[0], TYPE, 1)
    second = event.event_leaf(LINES[1], "ab" * 32, STREAMS[0], TYPE, 2)
    honest = batch.parse_statement(JWS[0]).statement
    for head, match in ((second.hex(), "does not follow"), ("cd" * 32, "head")):
        statement = msgspec.structs.replace(
            honest, count=2, head=head, root=tree.root_of([first, second]).hex()
        )
        signed = jws.sign(PARTY_KEY, jws.BATCH, canonical.encode_struct(statement))
        log_head = checkpoint.Checkpoint(ORIGIN, 1, tree.root_of([leaf_hash(signed)]))
        events = [
            BundleEvent(LINES[0], tree.path_of([first, second], 0), 0, ZEROS_HEX),
            BundleEvent(LINES[1], tree.path_of([first, second], 1), 1, "ab" * 32),
        ]
        shown_events = tuple(events if match == "does not follow" else events[1:])
        broken = Bundle(
            checkpoint.sign_checkpoint(LOG_KEY, log_head),
            (BundleEntry(shown_events, 0, signed, ()),),
            EventSubject(event=STREAMS[0] + "@2"),
        )
        with pytest.raises(ProofFailed, match=match):
            bundle_proof.open_bundle(broken, VKEY)


def logged(*bodies: bytes, subject: str) -> Bundle:
    """A file that shows the first event of each batch, of a log that took them all."""
    entries = []
    signed = [batch.split_submission(body) for body in bodies]
    leaves = [leaf_hash(statement) for statement, _ in signed]
    for index, (statement_jws, lines) in enumerate(signed):
        statement = batch.parse_statement(statement_jws).statement
        events = batch.chain(lines, [TYPE] * len(lines), statement)
        first = BundleEvent(lines[0], tree.path_of(events, 0), 0, statement.previous)
        entries.append(BundleEntry((first,), index, statement_jws, tree.path_of(leaves, index)))
    head = checkpoint.Checkpoint(ORIGIN, len(leaves), tree.root_of(leaves))
    return Bundle(
        checkpoint.sign_checkpoint(LOG_KEY, head), tuple(entries), EventSubject(event=subject)
    )


def body(first: int, previous: str, *numbers: int, seen: batch.Seen | None = None) -> bytes:
    events = [(TYPE, line(number)) for number in numbers]
    return batch.build(PARTY_KEY, VKEY, "acme/plant/gas", first, previous, events, seen, AT)


def head_of(submission: bytes) -> str:
    return batch.parse_statement(batch.split_submission(submission)[0]).statement.head


def test_two_batches_of_a_stream_that_follow_each_other_are_proven():
    first = body(1, ZEROS_HEX, 1, 2)
    second = body(3, head_of(first), 3)
    opened = bundle_proof.open_bundle(logged(first, second, subject="acme/plant/gas@3"), VKEY)
    assert opened.place("acme/plant/gas@3")[0].index == 1


def test_two_events_under_one_name_are_refused():
    """Log and author together could count both: that is what a file must not let pass."""
    first, again = body(1, ZEROS_HEX, 1, 2), body(1, ZEROS_HEX, 3)
    with pytest.raises(ProofFailed, match="again"):
        bundle_proof.open_bundle(logged(first, again, subject="acme/plant/gas@1"), VKEY)


def test_versions_that_descend_through_the_file_are_refused():
    later, earlier = body(7, "ab" * 32, 1), body(2, "cd" * 32, 2)
    with pytest.raises(ProofFailed, match="again"):
        bundle_proof.open_bundle(logged(later, earlier, subject="acme/plant/gas@2"), VKEY)


def test_a_batch_that_does_not_name_the_head_before_it_is_refused():
    first, second = body(1, ZEROS_HEX, 1, 2), body(3, "ab" * 32, 3)
    with pytest.raises(ProofFailed, match="does not follow"):
        bundle_proof.open_bundle(logged(first, second, subject="acme/plant/gas@3"), VKEY)


def test_an_author_cannot_have_seen_what_came_later():
    seen = batch.Seen(root="ab" * 32, size=1)
    with pytest.raises(ProofFailed, match="later than itself"):
        bundle_proof.open_bundle(
            logged(body(1, ZEROS_HEX, 1, seen=seen), subject="acme/plant/gas@1"), VKEY
        )


def test_the_event_asked_about_must_be_in_the_file():
    with pytest.raises(BadBundle, match="not in the file"):
        bundle_proof.open_bundle(
            msgspec.structs.replace(BUNDLE, subject=EventSubject(event="acme/plant/gas@1")), VKEY
        )


@pytest.mark.parametrize(
    "wrong",
    [
        msgspec.structs.replace(BUNDLE, entries=BUNDLE.entries[::-1]),
        msgspec.structs.replace(BUNDLE, entries=BUNDLE.entries[:1] * 2),
        changed_entry(GAS, events=()),
        changed_entry(GAS, events=GAS.events[::-1]),
        changed_entry(GAS, events=GAS.events[:1] * 2),
        changed_entry(GAS, index=-1),
        msgspec.structs.replace(BUNDLE, subject=EventSubject(event="acme/plant/gas")),
        msgspec.structs.replace(BUNDLE, checkpoint=b"\xff"),
    ],
    ids=[
        "order",
        "twice",
        "no-events",
        "event-order",
        "event-twice",
        "negative",
        "subject",
        "utf-8",
    ],
)
def test_a_bundle_out_of_order_is_not_written(wrong: Bundle):
    with pytest.raises(BadBundle):
        bundle.write_bundle(wrong)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"kind":"event"', b'"kind":"sum"'),
        (b'"v":1}', b'"v":2}'),
        (b'"v":1}', b'"v":true}'),
        (b'"v":1}', b'"v":1,"w":1}'),
        (b'"v":1}', b'"v":1} '),
        (b'{"checkpoint"', b'{ "checkpoint"'),
        (b'"index":0', b'"index":"0"'),
        (b'"index":0', b'"index":-9007199254740992'),
        (b'"index":0', b'"index":true'),
        (b'"position":2', b'"position":2.0'),
        (b'"subject":{"event":"acme/plant/gas@3"}', b'"subject":{}'),
        (b'"subject":{"event":"acme/plant/gas@3"}', b'"subject":[]'),
        (b'"event":"acme/plant/gas@3"', b'"event":"acme/plant/gas@03"'),
        (b'"quantity":"3.17"', b'"quantity":3.17'),
        (b'"type":"ActivityRecorded"},"path"', b'"type":1},"path"'),
        (b'"data_hash":"', b'"data_hash":"A'),
        (b'"path":["', b'"path":["A'),
        (b'"path":["', b'"path":[1,"'),
        (b'"previous":"', b'"previous":"0'),
        (b'"jws":"', b'"jws":1,"x":"'),
        (b'"entries":[', b'"entries":[1,'),
        (b"\n", b""),
        (b"}\n", b"}\n\n"),
        (b"}\n", b"}\r\n"),
    ],
)
def test_a_file_of_any_other_form_is_refused(old: bytes, new: bytes):
    assert old in DATA
    with pytest.raises(BadBundle):
        bundle.read_bundle(DATA.replace(old, new))


def test_what_is_no_json_is_refused():
    for bad in (b"", b"\n", b"[]\n", b"\xff\n", b"{}\n"):
        with pytest.raises(BadBundle):
            bundle.read_bundle(bad)

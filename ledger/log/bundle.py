"""A bundle is one file from which anybody checks a claim, offline, and all that it rests on.

    {"checkpoint":"<the note, verbatim>",
     "entries":[{"events":[{"data":{…},"path":["<base64>",…],"position":3,"previous":"…"}],
                 "index":7,"jws":"…","path":["<base64>",…]}],
     "kind":"event","subject":{"event":"acme/plant-7/electricity@42"},"v":1}        and LF

What may stand as subject, and which members a kind adds, is the table of `bundle_kinds`. Checked
here: data → header → leaf hash → path in the batch's tree → root in the JWS, and JWS → path in the
log's tree → signed checkpoint. A kind that derives everything holds entries whole, as `data`,
`index`, `jws`, `path`: there all leaf hashes of the batch give its root. Whose signature the JWS
carries, and whether that key was valid there, is asked by whoever replays the keys
(ledger/provenance). A withheld event stands as `data_hash`, `path`, `position`, `previous`, `type`.
Entries ascend by index, events by position.
Source: formats, section 8; specification, bundles, steps 1 to 5.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from itertools import pairwise
from typing import Final

import msgspec

from ledger.errors import BadBundle, BadValue, LedgerError, ProofFailed, refusing
from ledger.log import canonical, event, hashes, names, proof
from ledger.log.batch import SignedStatement, Statement, parse_statement
from ledger.log.bundle_kinds import (
    NOTHING,
    CurrentSubject,
    EventSubject,
    FigureSubject,
    Further,
    Subject,
    TargetSubject,
    as_value,
    further_value,
    kind_named,
    kind_of,
    read_further,
    read_subject,
)
from ledger.log.checkpoint import Checkpoint, open_checkpoint
from ledger.log.hashes import Hash, LeafHash, RootHash, leaf_hash
from ledger.log.names import MAX_INTEGER
from ledger.log.redacted import Redacted, read_redacted, stored_chain

MEDIA_TYPE: Final = "application/vnd.carbon-ledger.bundle+json"
MAX_DEPTH: Final = 16

READINGS: Final = ("ActivityRecorded", "ProfileRecorded", "EmissionMeasured")
"""The types of events that a current figure can be of."""

Reader = Callable[[bytes], object]
AllReader = Callable[[list[bytes]], Sequence[object]]


class BundleEvent(msgspec.Struct, frozen=True):
    """An event that the file shows."""

    data: bytes
    """Its canonical line."""
    path: tuple[Hash, ...]
    position: int
    """In its batch, from zero."""
    previous: str


class WithheldEvent(msgspec.Struct, frozen=True):
    """An event that the file names without showing its data."""

    data_hash: str
    path: tuple[Hash, ...]
    position: int
    previous: str
    type: str


class BundleEntry(msgspec.Struct, frozen=True):
    """An entry of the log with those of its events that matter here."""

    events: tuple[BundleEvent | WithheldEvent, ...]
    index: int
    jws: bytes
    path: tuple[Hash, ...]


class WholeEntry(msgspec.Struct, frozen=True):
    """An entry of the log with the data of all its events; none needs a path of its own.

    In the place of data that was taken out of the log stands its redacted line.
    """

    lines: tuple[bytes, ...]
    types: tuple[str, ...]
    """Of each line."""
    index: int
    jws: bytes
    path: tuple[Hash, ...]


class Bundle(msgspec.Struct, frozen=True):
    """A bundle in form; `open_bundle` says whether it holds."""

    checkpoint: bytes
    entries: tuple[BundleEntry | WholeEntry, ...]
    subject: Subject
    """What is claimed of; its type is the bundle's kind."""
    further: Further = NOTHING


class OpenedEvent(msgspec.Struct, frozen=True):
    """An event that is proven to stand where it says."""

    stream: str
    version: int
    type: str
    leaf: LeafHash
    data: bytes | None
    """Canonical; None where it is withheld."""
    said: object = None
    """What the caller's reader made of the data; `Redacted` where a whole entry has it no more."""

    @property
    def line(self) -> bytes:
        """Its line as it is stored, of an event of a whole entry or one that is shown."""
        return self.said.line if isinstance(self.said, Redacted) else self.data or b""

    @property
    def name(self) -> str:
        """`<stream>@<version>`."""
        return names.event_ref(self.stream, self.version)


class OpenedEntry(msgspec.Struct, frozen=True):
    """An entry that is proven to be in the log; its signature is still to be checked."""

    index: int
    signed: SignedStatement
    events: tuple[OpenedEvent, ...]
    whole: bool = False
    """Whether it stands in the file whole."""


class OpenedBundle(msgspec.Struct, frozen=True):
    """What a bundle proves, before anybody asks who signed."""

    checkpoint: Checkpoint
    entries: tuple[OpenedEntry, ...]
    subject: Subject
    further: Further = NOTHING

    def place(self, name: str) -> tuple[OpenedEntry, OpenedEvent]:
        """The event of this name and its entry; raises BadBundle if it is not in the file."""
        stream, version = names.split_event(name)
        for entry in self.entries:
            for item in entry.events:
                if (item.stream, item.version) == (stream, version):
                    return entry, item
        raise BadBundle("the event asked about is not in the file", expected=name, defect="subject")

    @property
    def event(self) -> OpenedEvent:
        """The event asked about: the first that the subject names."""
        return self.place(named_by(self.subject)[0])[1]


def write_bundle(bundle: Bundle) -> bytes:
    """The file: canonical JSON and LF; raises BadBundle for a bundle that cannot be."""
    kind = kind_of(bundle.subject)
    value = {
        "checkpoint": _checkpoint_text(bundle.checkpoint),
        "entries": [_entry_value(entry) for entry in bundle.entries],
        "kind": kind.name,
        "subject": as_value(bundle.subject),
        "v": 1,
        **further_value(kind, bundle.further),
    }
    data = canonical.encode(value, max_bytes=None, max_depth=MAX_DEPTH) + b"\n"
    read_bundle(data)
    return data


def read_bundle(data: bytes) -> Bundle:
    """The bundle in its one spelling; raises BadBundle. Nothing is proven yet."""
    with refusing("form"):
        return _read_bundle(data)


def _read_bundle(data: bytes) -> Bundle:
    if not data.endswith(b"\n"):
        raise BadBundle("a bundle is one line and LF")
    try:
        value = canonical.decode(data[:-1], max_bytes=None, max_depth=MAX_DEPTH)
        bundle = _bundle(value)
    except BadBundle:
        raise
    except LedgerError as error:
        raise BadBundle("not a bundle", found=str(error)) from error
    indexes = [entry.index for entry in bundle.entries]
    if not _ascending(indexes):
        raise BadBundle("entries stand once each, in order of index", found=f"{indexes}"[:200])
    for entry in bundle.entries:
        if isinstance(entry, WholeEntry):
            continue  # as many events as are signed is asked with their hashes
        positions = [item.position for item in entry.events]
        if not positions or not _ascending(positions):
            raise BadBundle(
                f"the events of entry {entry.index} stand once each, in order of position",
                found=f"{positions}"[:200],
            )
    return bundle


def open_bundle(
    bundle: Bundle,
    vkey: str,
    read: Reader | None = None,
    read_all: AllReader | None = None,
    *,
    opened: Checkpoint | None = None,
) -> OpenedBundle:
    """What the bundle proves under the log of this vkey.

    `read` is called with each line that is shown, and raises where that is out of its schema;
    `read_all` with all lines of a whole entry. `opened` is the bundle's own checkpoint, where the
    caller has found already that the log signed it.
    Raises BadNote, BadSignature, BadJws, BadBatch, BadBundle, ProofFailed. The signatures of the
    JWS are not checked here: that needs the keys' history.
    """
    with refusing("checkpoint"):
        checkpoint = open_checkpoint(bundle.checkpoint, vkey) if opened is None else opened
    entries = tuple(_open_entry(entry, checkpoint, vkey) for entry in bundle.entries)
    with refusing("chain"):
        _check_streams(entries)
    found = OpenedBundle(checkpoint, entries, bundle.subject, bundle.further)
    _check_subject(found)
    if read is None:
        return found
    with refusing("data"):
        return msgspec.structs.replace(
            found, entries=tuple(_read_data(entry, read, read_all) for entry in entries)
        )


def named_by(subject: Subject) -> tuple[str, ...]:
    """The events that a subject names: first what is asked about, and the seal last."""
    match subject:
        case CurrentSubject():
            return subject.event, subject.seal
        case EventSubject():
            return (subject.event,)
        case TargetSubject():
            return subject.target, subject.seal
        case FigureSubject():
            return ()
        case _:
            return (subject.seal,)


def _open_entry(entry: BundleEntry | WholeEntry, checkpoint: Checkpoint, vkey: str) -> OpenedEntry:
    place = f"entry {entry.index}"
    with refusing("log-path", place):
        leaf = leaf_hash(entry.jws)
        proof.verify_inclusion(leaf, entry.index, checkpoint.size, entry.path, checkpoint.root)
    with refusing("statement", place):
        signed = parse_statement(entry.jws)
    if signed.statement.log != vkey:
        raise BadBundle(
            f"{place} is signed for another log",
            expected=vkey,
            found=signed.statement.log,
            defect="other-log",
        )
    seen = signed.statement.seen
    if seen is not None and seen.size > entry.index:
        raise ProofFailed(
            f"entry {entry.index} names a checkpoint that was later than itself",
            expected=f"a size up to {entry.index}",
            found=f"{seen.size}",
            defect="statement",
        )
    if isinstance(entry, WholeEntry):
        with refusing("event-path", place):
            return OpenedEntry(entry.index, signed, _open_whole(entry, signed), whole=True)
    with refusing("event-path"):
        events = tuple(_open_event(item, signed) for item in entry.events)
    with refusing("chain"):
        _check_chain(entry, signed, events)
    return OpenedEntry(entry.index, signed, events)


def _check_subject(opened: OpenedBundle) -> None:
    """What the subject names is in the file, and of the type that the kind asks for."""
    subject = opened.subject
    items = {name: opened.place(name)[1] for name in named_by(subject)}
    if isinstance(subject, CurrentSubject):
        _check_type(items[subject.event], READINGS)  # withheld or not
    if isinstance(subject, TargetSubject):
        _check_type(_shown(items[subject.target]), ("TargetSet",))
    if not isinstance(subject, EventSubject | FigureSubject):
        _check_type(_shown(items[subject.seal]), ("FootprintSealed",))


def _shown(item: OpenedEvent) -> OpenedEvent:
    if item.data is None:
        raise BadBundle("what a claim is read from is withheld", found=item.name, defect="subject")
    return item


def _check_type(item: OpenedEvent, types: tuple[str, ...]) -> None:
    if item.type not in types:
        raise BadBundle(
            "what is asked about is no such thing",
            expected=" or ".join(types),
            found=f"{item.name}, {item.type}",
            defect="subject",
        )


def _read_data(entry: OpenedEntry, read: Reader, read_all: AllReader | None) -> OpenedEntry:
    if entry.whole and read_all is not None:
        said = iter(read_all([item.data for item in entry.events if item.data is not None]))
        events = tuple(
            item if item.data is None else msgspec.structs.replace(item, said=next(said))
            for item in entry.events
        )
        return msgspec.structs.replace(entry, events=events)
    events = tuple(
        item if item.data is None else msgspec.structs.replace(item, said=read(item.data))
        for item in entry.events
    )
    return msgspec.structs.replace(entry, events=events)


def _check_streams(entries: tuple[OpenedEntry, ...]) -> None:
    """The batches of a stream go on where the one before them ended, where both are in the file.

    So no version stands twice, and no event follows another than it names.
    """
    before: dict[str, Statement] = {}
    for entry in entries:
        statement = entry.signed.statement
        last = before.get(statement.stream)
        before[statement.stream] = statement
        if last is None:
            continue
        if statement.first <= last.last:
            raise ProofFailed(
                f"entry {entry.index} has versions of {statement.stream} again",
                expected=f"version {last.last + 1} or later",
                found=f"version {statement.first}",
            )
        if statement.first == last.last + 1 and statement.previous != last.head:
            raise ProofFailed(
                f"entry {entry.index} does not follow the batch before it in {statement.stream}",
                expected=last.head,
                found=statement.previous,
            )


def _open_event(item: BundleEvent | WithheldEvent, signed: SignedStatement) -> OpenedEvent:
    statement = signed.statement
    version = statement.first + item.position
    if isinstance(item, BundleEvent):
        data: bytes | None = item.data
        data_hash, kind = sha256(item.data).hexdigest(), _type_of(item.data)
    else:
        data, data_hash, kind = None, item.data_hash, item.type
    header = event.header(data_hash, item.previous, statement.stream, kind, version)
    leaf = leaf_hash(header)
    root = RootHash(hashes.parse_hex(statement.root))
    with refusing("event-path", f"{statement.stream}@{version}"):
        proof.verify_inclusion(leaf, item.position, statement.count, item.path, root)
    return OpenedEvent(statement.stream, version, kind, leaf, data)


def _open_whole(entry: WholeEntry, signed: SignedStatement) -> tuple[OpenedEvent, ...]:
    """All events of an entry, whose leaf hashes give its head and its root. Raises BadBatch."""
    statement = signed.statement
    leaves = stored_chain(entry.lines, entry.types, statement)
    return tuple(
        OpenedEvent(statement.stream, version, kind, leaf, line)
        if (gone := read_redacted(line)) is None
        else OpenedEvent(statement.stream, version, kind, leaf, None, gone)
        for version, (kind, leaf, line) in enumerate(
            zip(entry.types, leaves, entry.lines, strict=True), start=statement.first
        )
    )


def _check_chain(
    entry: BundleEntry, signed: SignedStatement, events: tuple[OpenedEvent, ...]
) -> None:
    """Each event names the one before it, where both ends of that link are known."""
    statement = signed.statement
    leaf_at = {
        item.position: opened.leaf.hex() for item, opened in zip(entry.events, events, strict=True)
    }
    leaf_at[-1] = statement.previous
    for item in entry.events:
        before = leaf_at.get(item.position - 1, item.previous)
        if item.previous != before:
            raise ProofFailed(
                f"event {item.position} of entry {entry.index} does not follow the one before it",
                expected=before,
                found=item.previous,
            )
    if leaf_at.get(statement.count - 1, statement.head) != statement.head:
        raise ProofFailed(f"the head of entry {entry.index} is not its last event")


def _bundle(value: dict[str, object]) -> Bundle:
    kind = kind_named(value.get("kind"))
    _members(value, {"checkpoint", "entries", "kind", "subject", "v", *kind.further}, "a bundle")
    if value["v"] != 1 or type(value["v"]) is not int:
        raise BadBundle(
            "this version of bundles is not known", expected="1", found=repr(value["v"])
        )
    entries = tuple(
        _entry(_object(item, "an entry"), whole=kind.whole)
        for item in _array(value["entries"], "entries")
    )
    return Bundle(
        _text(value["checkpoint"], "checkpoint").encode(),
        entries,
        read_subject(kind, value["subject"]),
        read_further(kind, value),
    )


def _entry(value: dict[str, object], *, whole: bool) -> BundleEntry | WholeEntry:
    if whole and "data" in value:
        return _whole(value)
    _members(value, {"events", "index", "jws", "path"}, "an entry")
    return BundleEntry(
        tuple(_event(_object(item, "an event")) for item in _array(value["events"], "events")),
        _count(value["index"], "index"),
        _text(value["jws"], "jws").encode(),
        _path(value["path"]),
    )


def _whole(value: dict[str, object]) -> WholeEntry:
    _members(value, {"data", "index", "jws", "path"}, "a whole entry")
    data = [_object(item, "data") for item in _array(value["data"], "data")]
    types = [_text(item.get("type"), "the type of an event") for item in data]
    for kind in set(types):
        names.parse_event_type(kind)
    return WholeEntry(
        tuple(map(canonical.rewrite, data)),
        tuple(types),
        _count(value["index"], "index"),
        _text(value["jws"], "jws").encode(),
        _path(value["path"]),
    )


def _event(value: dict[str, object]) -> BundleEvent | WithheldEvent:
    if "data" in value:
        _members(value, {"data", "path", "position", "previous"}, "an event")
        data = canonical.encode(_object(value["data"], "data"))
        _type_of(data)
        return BundleEvent(
            data,
            _path(value["path"]),
            _count(value["position"], "position"),
            _hex(value["previous"]),
        )
    _members(value, {"data_hash", "path", "position", "previous", "type"}, "a withheld event")
    return WithheldEvent(
        _hex(value["data_hash"]),
        _path(value["path"]),
        _count(value["position"], "position"),
        _hex(value["previous"]),
        names.parse_event_type(_text(value["type"], "type")),
    )


def _entry_value(entry: BundleEntry | WholeEntry) -> dict[str, object]:
    if isinstance(entry, WholeEntry):
        return {
            "data": [canonical.decode(line) for line in entry.lines],
            "index": entry.index,
            "jws": entry.jws.decode("ascii"),
            "path": [hashes.format_base64(node) for node in entry.path],
        }
    return {
        "events": [_event_value(item) for item in entry.events],
        "index": entry.index,
        "jws": entry.jws.decode("ascii"),
        "path": [hashes.format_base64(node) for node in entry.path],
    }


def _event_value(item: BundleEvent | WithheldEvent) -> dict[str, object]:
    value: dict[str, object] = {
        "path": [hashes.format_base64(node) for node in item.path],
        "position": item.position,
        "previous": item.previous,
    }
    if isinstance(item, BundleEvent):
        return value | {"data": canonical.decode(item.data)}
    return value | {"data_hash": item.data_hash, "type": item.type}


def _checkpoint_text(checkpoint: bytes) -> str:
    try:
        return checkpoint.decode()
    except UnicodeDecodeError as error:
        raise BadBundle("a checkpoint is UTF-8", found=str(error)) from error


def _type_of(data: bytes) -> str:
    kind = canonical.decode(data).get("type")
    if not isinstance(kind, str):
        raise BadBundle("the data of an event names its type")
    return names.parse_event_type(kind)


def _ascending(numbers: list[int]) -> bool:
    return all(a < b for a, b in pairwise(numbers))


def _members(value: dict[str, object], expected: set[str], what: str) -> None:
    if set(value) != expected:
        raise BadBundle(
            f"{what} has other members",
            expected=", ".join(sorted(expected)),
            found=", ".join(sorted(value)),
        )


def _object(value: object, what: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise BadBundle(f"{what} is an object")
    return value


def _array(value: object, what: str) -> list[object]:
    if not isinstance(value, list):
        raise BadBundle(f"{what} is an array")
    return value


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise BadBundle(f"{what} is a string")
    return value


def _count(value: object, what: str) -> int:
    if type(value) is not int or not 0 <= value <= MAX_INTEGER:
        raise BadBundle(f"{what} is an integer from 0 on", found=repr(value)[:80])
    return value


def _hex(value: object) -> str:
    text = _text(value, "a hash")
    try:
        return hashes.parse_hex(text).hex()
    except BadValue as error:
        raise BadBundle("not a hash", found=str(error)) from error


def _path(value: object) -> tuple[Hash, ...]:
    try:
        return tuple(hashes.parse_base64(_text(item, "a hash")) for item in _array(value, "path"))
    except BadValue as error:
        raise BadBundle("not a path of hashes", found=str(error)) from error

"""What a bundle proves before anybody asks who signed: every event stands where the file says.

Checked here: data → header → leaf hash → path in the batch's tree → root in the JWS, and JWS → path
in its log's tree → signed checkpoint. Where the log continues another one, the opening of each log
names the root over the entries before it, and so the checkpoint proves these too. Whose signature a
JWS carries, and whether that key was valid there, is asked by whoever replays the keys
(ledger/provenance). Source: formats, section 8; specification, bundles, steps 1 to 5, "Earlier logs".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final

import msgspec

from ledger.errors import BadBundle, ProofFailed, refusing
from ledger.log import event, hashes, names, proof
from ledger.log.batch import SignedStatement, Statement, parse_statement
from ledger.log.bundle import (
    Bundle,
    BundleEntry,
    BundleEvent,
    WholeEntry,
    WithheldEvent,
    named_by,
    type_of,
)
from ledger.log.bundle_kinds import (
    NOTHING,
    CurrentSubject,
    EventSubject,
    FigureSubject,
    Further,
    Subject,
    TargetSubject,
)
from ledger.log.checkpoint import Checkpoint, open_checkpoint
from ledger.log.hashes import LeafHash, RootHash, leaf_hash
from ledger.log.note import parse_vkey
from ledger.log.redacted import Redacted, read_redacted, stored_chain

READINGS: Final = ("ActivityRecorded", "ProfileRecorded", "EmissionMeasured")
"""The types of events that a current figure can be of."""

Reader = Callable[[bytes], object]
AllReader = Callable[[list[bytes]], Sequence[object]]


class Log(msgspec.Struct, frozen=True):
    """What the entries of one log are proven against: the log at hand, or one that it continues."""

    vkey: str
    size: int
    root: RootHash
    opened: int = 0
    """Index of its entry 0."""


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
    opened: int = 0
    """Index of entry 0 of its log."""

    @property
    def place(self) -> int:
        """Its place in its own log, from 0."""
        return self.index - self.opened

    @property
    def words(self) -> str:
        """The entry in words; of an earlier log it says of which."""
        if self.index >= 0:
            return f"entry {self.index}"
        return f"entry {self.place} of {parse_vkey(self.signed.statement.log).name}"


class OpenedBundle(msgspec.Struct, frozen=True):
    """What a bundle proves, before anybody asks who signed."""

    checkpoint: Checkpoint
    entries: tuple[OpenedEntry, ...]
    subject: Subject
    further: Further = NOTHING

    def place(self, name: str) -> tuple[OpenedEntry, OpenedEvent]:
        """The event of this name and its entry; raises BadBundle if it is not in the file.

        Of the streams that each log begins anew, that of the log at hand is meant.
        """
        stream, version = names.split_event(name)
        anew = names.begins_anew(stream)
        for entry in self.entries:
            if anew and entry.opened:
                continue
            for item in entry.events:
                if (item.stream, item.version) == (stream, version):
                    return entry, item
        raise BadBundle("the event asked about is not in the file", expected=name, defect="subject")

    @property
    def event(self) -> OpenedEvent:
        """The event asked about: the first that the subject names."""
        return self.place(named_by(self.subject)[0])[1]


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
    entries = _open_entries(
        bundle.entries, Log(vkey, checkpoint.size, checkpoint.root), read or _unread
    )
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


def _open_entries(
    waiting: tuple[BundleEntry | WholeEntry, ...], log: Log, read: Reader
) -> tuple[OpenedEntry, ...]:
    """All entries, from the log at hand back to the oldest one; in order of index."""
    found: tuple[OpenedEntry, ...] = ()
    while True:
        here = [entry for entry in waiting if entry.index >= log.opened]
        opened = tuple(_open_entry(entry, log) for entry in here)
        found, waiting = opened + found, waiting[: len(waiting) - len(here)]
        if not waiting:
            return found
        log = _continued(opened, log, read)


class _Continues(msgspec.Struct):
    """Of `LedgerOpened.continues`, what proves the entries before it."""

    log: str
    root: str
    size: int


class _Opening(msgspec.Struct):
    """Of `LedgerOpened`, whether it continues another log."""

    type: str
    continues: _Continues | None


def _continued(opened: tuple[OpenedEntry, ...], log: Log, read: Reader) -> Log:
    """The log that this one continues, as its opening says. Raises BadBundle."""
    first = opened[0] if opened and opened[0].index == log.opened else None
    data = None if first is None else first.events[0].data
    before = None
    if data is not None:
        with refusing("opening"):
            before = _read_opening(data, log, read)
    if before is None:
        raise BadBundle(
            "the file has entries of a log that no opening in it continues",
            expected=f"entry 0 of {log.vkey}, LedgerOpened with continues",
            found="another entry, or none",
            defect="opening",
        )
    return before


def _read_opening(data: bytes, log: Log, read: Reader) -> Log | None:
    """The log that an opening continues; None where this is none, or continues no log."""
    read(data)
    try:
        said = msgspec.json.decode(data, type=_Opening)
    except msgspec.DecodeError as error:
        raise BadBundle("not an opening", found=str(error)) from error
    if said.type != "LedgerOpened" or said.continues is None:
        return None
    end = said.continues
    return Log(end.log, end.size, RootHash(hashes.parse_hex(end.root)), log.opened - end.size)


def _unread(line: bytes) -> object:
    return line


def _open_entry(entry: BundleEntry | WholeEntry, log: Log) -> OpenedEntry:
    place, index = f"entry {entry.index}", entry.index - log.opened
    with refusing("log-path", place):
        proof.verify_inclusion(leaf_hash(entry.jws), index, log.size, entry.path, log.root)
    with refusing("statement", place):
        signed = parse_statement(entry.jws)
    if signed.statement.log != log.vkey:
        raise BadBundle(
            f"{place} is signed for another log",
            expected=log.vkey,
            found=signed.statement.log,
            defect="other-log",
        )
    seen = signed.statement.seen
    if seen is not None and seen.size > index:
        raise ProofFailed(
            f"{place} names a checkpoint that was later than itself",
            expected=f"a size up to {index}",
            found=f"{seen.size}",
            defect="statement",
        )
    if isinstance(entry, WholeEntry):
        with refusing("event-path", place):
            events = _open_whole(entry, signed)
        return OpenedEntry(entry.index, signed, events, whole=True, opened=log.opened)
    with refusing("event-path"):
        events = tuple(_open_event(item, signed) for item in entry.events)
    with refusing("chain"):
        _check_chain(entry, signed, events)
    return OpenedEntry(entry.index, signed, events, opened=log.opened)


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


def stream_of(entry: OpenedEntry) -> tuple[int, str]:
    """The stream of an entry, by name, and by its log where each log begins it anew."""
    stream = entry.signed.statement.stream
    return (entry.opened if names.begins_anew(stream) else 0), stream


def _check_streams(entries: tuple[OpenedEntry, ...]) -> None:
    """The batches of a stream go on where the one before them ended, where both are in the file.

    So no version stands twice, and no event follows another than it names.
    """
    before: dict[tuple[int, str], Statement] = {}
    for entry in entries:
        statement = entry.signed.statement
        stream = stream_of(entry)
        last = before.get(stream)
        before[stream] = statement
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
        data_hash, kind = sha256(item.data).hexdigest(), type_of(item.data)
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

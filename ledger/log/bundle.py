"""A bundle is one file from which anybody checks a claim, offline, and all that it rests on.

    {"checkpoint":"<the note, verbatim>",
     "entries":[{"events":[{"data":{…},"path":["<base64>",…],"position":3,"previous":"…"}],
                 "index":7,"jws":"…","path":["<base64>",…]}],
     "kind":"event","subject":{"event":"acme/plant-7/electricity@42"},"v":1}        and LF

What may stand as subject, and which members a kind adds, is the table of `bundle_kinds`. A kind that
derives everything holds entries whole, as `data`, `index`, `jws`, `path`: there all leaf hashes of
the batch give its root. A withheld event stands as `data_hash`, `path`, `position`, `previous`,
`type`. Entries ascend by index, which is below 0 in a log that this one continues; events ascend by
position. What such a file proves says `bundle_proof`.
Source: formats, section 8; specification, bundles.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import msgspec

from ledger.errors import BadBundle, BadValue, LedgerError, refusing
from ledger.log import canonical, hashes, names
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
from ledger.log.hashes import Hash
from ledger.log.names import MAX_INTEGER

MEDIA_TYPE: Final = "application/vnd.carbon-ledger.bundle+json"
MAX_DEPTH: Final = 16


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
        _index(value["index"]),
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
        _index(value["index"]),
        _text(value["jws"], "jws").encode(),
        _path(value["path"]),
    )


def _event(value: dict[str, object]) -> BundleEvent | WithheldEvent:
    if "data" in value:
        _members(value, {"data", "path", "position", "previous"}, "an event")
        data = canonical.encode(_object(value["data"], "data"))
        type_of(data)
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


def type_of(data: bytes) -> str:
    """The type that the data of an event names. Raises BadBundle, BadName."""
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


def _index(value: object) -> int:
    if type(value) is not int or abs(value) > MAX_INTEGER:
        raise BadBundle("index is an integer", found=repr(value)[:80])
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

"""A whole file changed so that it stays in form, where entries of several logs stand in one order."""

from __future__ import annotations

from collections.abc import Iterator

from tests.unit.proof_file import Value
from tests.vectors.continued.files import Files
from tests.vectors.deep.changed import Edit, _added, _exchanged, _further, _hidden
from tests.vectors.kind_cases import _other, _places

STEP = 23
"""Of the single values of a file one in so many is damaged."""


def changes(value: Value, files: Files, *, other: Value) -> Iterator[tuple[str, list[Edit]]]:
    """Names and edits; `other` is a file about the same logs that shows what this one does not."""
    yield from _events(value, files)
    yield from _renumbered(value)
    yield from _exchanged(value)
    yield from _added(value, other)
    yield from _further(value, other)
    yield from _subjects(value)


def _events(value: Value, files: Files) -> Iterator[tuple[str, list[Edit]]]:
    """Each event is left out, and withheld."""
    names = {(place.index, place.at): place.name for place in files.places}
    for i, entry in enumerate(value["entries"]):
        for j, item in enumerate(entry["events"]):
            name, at = names[entry["index"], item["position"]], ["entries", i, "events", j]
            yield f"without {name}", [{"at": at if len(entry["events"]) > 1 else at[:2]}]
            if "data" in item:
                yield f"withheld {name}", [{"at": at, "to": _hidden(item)}]


def old_events_gone(value: Value, files: Files) -> Iterator[tuple[str, list[Edit]]]:
    """Each event of an earlier log is left out."""
    for name, edits in _events(value, files):
        entry = edits[0]["at"][1]
        if name.startswith("without") and value["entries"][entry]["index"] < 0:
            yield name, edits


def _renumbered(value: Value) -> Iterator[tuple[str, list[Edit]]]:
    """Entries stand under other indexes."""
    entries = value["entries"]
    there = [entry["index"] for entry in entries]
    below = [i for i, index in enumerate(there) if index < 0]
    for i, index in enumerate(there):
        for by in (-1, 1):
            if index + by not in there:
                edit = {"at": ["entries", i, "index"], "to": index + by}
                yield f"entry {index} as entry {index + by}", [edit]
    for by in (-1, 1):
        if there[below[-1]] + by < 0:
            edits = [{"at": ["entries", i, "index"], "to": there[i] + by} for i in below]
            yield f"all entries below 0 moved by {by}", edits
        edits = [{"at": ["entries", i, "index"], "to": index + by} for i, index in enumerate(there)]
        yield f"all entries moved by {by}", edits
    unsigned: list[Edit] = [{"at": ["entries", i, "index"], "to": -there[i]} for i in below]
    yield "entries below 0 without their sign", unsigned
    oldest: Edit = {"at": ["entries", 0, "index"]}
    for name, to in {"text": str(there[0]), "true": True, "nothing": None}.items():
        yield f"the index of the oldest entry is {name}", [{**oldest, "to": to}]
    yield "the smallest index of all", [{**oldest, "to": 1 - 2**53}]
    yield "the oldest entry twice", [{"at": ["entries", 0], "insert": entries[0]}]
    last: Edit = {"at": ["entries", len(entries) - 1], "insert": entries[0]}
    yield "the oldest entry at the end", [{"at": ["entries", 0]}, last]


def _subjects(value: Value) -> Iterator[tuple[str, list[Edit]]]:
    """Another thing is asked about."""
    others = {
        "event": ["acme/plant/power@1", "operator/ledger@1", "operator/ledger@2", "operator/ledger#1@1"],
        "seal": ["operator/seals@1", "operator/seals@2", "operator/seals@4"],
        "party": ["mill"],
        "target": ["operator/register@1", "operator/register@2"],
    }  # fmt: skip
    for member, names in others.items():
        for name in names:
            if member in value["subject"] and value["subject"][member] != name:
                yield f"{member} {name}", [{"at": ["subject", member], "to": name}]


def damages(value: Value) -> Iterator[tuple[str, list[Edit]]]:
    """One in so many of the single values is another one; so is what the opening says of the end."""
    leaves = [(at, old) for at, old in _places(value) if not isinstance(old, dict | list)]
    wanted = leaves[::STEP]
    wanted += [(at, old) for at, old in leaves if "continues" in at and (at, old) not in wanted]
    for at, old in wanted:
        yield "/".join(map(str, at)), [{"at": list(at), "to": _other(old)}]

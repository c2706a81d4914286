"""A whole file changed so that it stays in form: entries left out, withheld, added or exchanged.

A change is a list of edits, done one after the other: at `at`, a path of members and positions, the
value is replaced by `to`, or `insert` is put before it, or it is taken out.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from hashlib import sha256
from itertools import pairwise
from typing import Any

from ledger.log.canonical import decode, encode
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.hashes import LeafHash, leaf_hash
from ledger.log.tree import root_of
from tests.unit.proof_file import Value, as_file
from tests.unit.world import LOG_KEY, ORIGIN, World, key_of

Edit = dict[str, Any]


def value_of(data: bytes) -> Value:
    """The file as plain JSON."""
    return decode(data[:-1], max_bytes=None, max_depth=16)


def edited(data: bytes, edits: list[Edit]) -> bytes:
    """The file after these edits, in canonical JSON."""
    value: Any = value_of(data)
    for edit in edits:
        inside = value
        for step in edit["at"][:-1]:
            inside = inside[step]
        last = edit["at"][-1]
        if "insert" in edit:
            inside.insert(last, deepcopy(edit["insert"]))
        elif "to" in edit:
            inside[last] = deepcopy(edit["to"])
        else:
            del inside[last]
    return as_file(value)


def changes(data: bytes, world: World, *, other: bytes) -> Iterator[tuple[str, list[Edit]]]:
    """Names and edits; `other` is a file that shows what this one does not."""
    value, more = value_of(data), value_of(other)
    yield from _entries(value, world)
    yield from _exchanged(value)
    yield from _added(value, more)
    yield from _checkpoints(value, world)
    yield from _subjects(value, more)
    yield from _further(value, more)


def name_of(world: World, entry: Value, item: Value) -> str:
    logged = world.log[entry["index"]].entry
    return f"{logged.stream}@{logged.first + item['position']}"


def _entries(value: Value, world: World) -> Iterator[tuple[str, list[Edit]]]:
    for i, entry in enumerate(value["entries"]):
        for j, item in enumerate(entry["events"]):
            name, at = name_of(world, entry, item), ["entries", i, "events", j]
            yield f"without {name}", [{"at": at if len(entry["events"]) > 1 else at[:2]}]
            if "data" in item:
                yield f"withheld {name}", [{"at": at, "to": _hidden(item)}]


def _hidden(item: Value) -> Value:
    data_hash = sha256(encode(item["data"])).hexdigest()
    kept = {name: item[name] for name in ("path", "position", "previous")}
    return {**kept, "data_hash": data_hash, "type": item["data"]["type"]}


def _exchanged(value: Value) -> Iterator[tuple[str, list[Edit]]]:
    """What belongs to one entry stands at the next."""
    entries = value["entries"]
    for i, (one, two) in enumerate(pairwise(entries)):
        for members in (["jws"], ["jws", "path"], ["events"], ["path"]):
            if all(one[member] == two[member] for member in members):
                continue
            edits = [
                {"at": ["entries", i + at, member], "to": source[member]}
                for member in members
                for at, source in ((0, two), (1, one))
            ]
            if i % 3 == len(members[0]) % 3:  # a third of them shows as much
                yield f"{' and '.join(members)} of entries {one['index']} and {two['index']}", edits


def _added(value: Value, more: Value) -> Iterator[tuple[str, list[Edit]]]:
    """Entries that another file of the same log shows, and this one need not."""
    there = {entry["index"] for entry in value["entries"]}
    for entry in more["entries"]:
        if entry["index"] in there:
            continue
        at = sum(index < entry["index"] for index in there)
        yield f"with entry {entry['index']}", [{"at": ["entries", at], "insert": entry}]
        hidden = {**entry, "events": [_hidden(i) if "data" in i else i for i in entry["events"]]}
        yield f"with entry {entry['index']} withheld", [{"at": ["entries", at], "insert": hidden}]


def _checkpoints(value: Value, world: World) -> Iterator[tuple[str, list[Edit]]]:
    leaves = [LeafHash(leaf_hash(one.jws)) for one in world.log]
    whole = Checkpoint(ORIGIN, len(leaves), root_of(leaves))
    text, signatures = value["checkpoint"].split("\n\n")
    notes = {
        "signed by another key": sign_checkpoint(key_of("thief"), whole).decode(),
        "of one entry less": sign_checkpoint(
            LOG_KEY, Checkpoint(ORIGIN, len(leaves) - 1, root_of(leaves[:-1]))
        ).decode(),
        "of another origin": sign_checkpoint(
            LOG_KEY, Checkpoint("ledger.example/other", whole.size, whole.root)
        ).decode(),
        "not signed": f"{text}\n\n",
        "signed twice": f"{text}\n\n{signatures}{signatures}",
        "of a greater size": sign_checkpoint(
            LOG_KEY, Checkpoint(ORIGIN, whole.size + 1, whole.root)
        ).decode(),
        "with a line of extensions": f"{text}\nmore\n\n{signatures}",
        "with carriage returns": value["checkpoint"].replace("\n", "\r\n"),
    }
    for name, note in notes.items():
        yield f"a checkpoint {name}", [{"at": ["checkpoint"], "to": note}]


def _subjects(value: Value, more: Value) -> Iterator[tuple[str, list[Edit]]]:
    """Another thing is asked about."""
    others = {
        "event": ["acme/plant/gas@1", "nobody/plant/power@1", "operator/ledger@1", "acme/keys@1"],
        "seal": ["operator/seals@2", "operator/seals@9", "operator/ledger@1"],
        "party": ["mill", "nobody"],
        "target": ["operator/register@2", "operator/ledger@1"],
    }
    for member, names in others.items():
        for name in names:
            if member in value["subject"] and value["subject"][member] != name:
                yield f"{member} {name}", [{"at": ["subject", member], "to": name}]
    if more["kind"] != value["kind"]:
        yield f"as a {more['kind']}", [{"at": ["kind"], "to": more["kind"]}]


def _further(value: Value, more: Value) -> Iterator[tuple[str, list[Edit]]]:
    for name in ("heads", "companies", "lines"):
        items = value.get(name, [])
        for at, item in enumerate(items):
            yield f"without {name} {at}", [{"at": [name, at]}]
            yield f"{name} {at} twice", [{"at": [name, at], "insert": item}]
        for at, (one, two) in enumerate(pairwise(items)):
            swap = [{"at": [name, at], "to": two}, {"at": [name, at + 1], "to": one}]
            yield f"{name} {at} and {at + 1} exchanged", swap
    for at, one in enumerate(value.get("heads", [])):
        two = value["heads"][at - 1]
        if "line" in one and "line" in two:
            edit = {"at": ["heads", at], "to": {**two, "stream": one["stream"]}}
            yield f"the head of {one['stream']} is that of {two['stream']}", [edit]
    for name in ("company", "line"):
        if name in value and name in more and more[name] != value[name]:
            yield f"{name} of another file", [{"at": [name], "to": more[name]}]


def difference(old: Any, new: Any, at: tuple[str | int, ...] = ()) -> list[Edit]:
    """Edits that make one value of the other. Entries are told apart by their index."""
    if old == new:
        return []
    if isinstance(old, dict) and isinstance(new, dict):
        gone = [{"at": [*at, name]} for name in old if name not in new]
        kept = [
            e for name in new if name in old for e in difference(old[name], new[name], (*at, name))
        ]
        return gone + kept + [{"at": [*at, n], "to": v} for n, v in new.items() if n not in old]
    if isinstance(old, list) and isinstance(new, list):
        if len(old) == len(new) and not _indexes(old):
            pairs = enumerate(zip(old, new, strict=True))
            return [edit for i, (a, b) in pairs for edit in difference(a, b, (*at, i))]
        if _indexes(old) and _indexes(new):
            return _by_index(old, new, at)
    return [{"at": [*at], "to": new}]


def _indexes(items: list[Any]) -> list[int]:
    return [one["index"] for one in items if isinstance(one, dict) and "index" in one]


def _by_index(old: list[Value], new: list[Value], at: tuple[str | int, ...]) -> list[Edit]:
    there, last = _indexes(new), len(old) - 1
    edits: list[Edit] = [
        {"at": [*at, last - i]} for i, one in enumerate(old[::-1]) if one["index"] not in there
    ]
    before = {one["index"]: one for one in old}
    for i, one in enumerate(new):
        if one["index"] in before:
            continue
        edits.append({"at": [*at, i], "insert": one})
    for i, one in enumerate(new):
        if one["index"] in before:
            edits += difference(before[one["index"]], one, (*at, i))
    return edits

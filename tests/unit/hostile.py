"""What a log, an author and an operator who lie together could sign: any value, anywhere.

    value = signed_again(changed)

Takes a file, as plain JSON, whose events or statements somebody has changed, and makes everything
that leads to them fit again: leaf hashes, paths, heads, signatures and the checkpoint. So what reads
the values is reached, and not only what checks hashes. Entries and events that the file does not hold
become leaves of zeros. Nothing here asks whether a value makes sense.
"""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Any

from ledger.log.checkpoint import Checkpoint
from ledger.log.hashes import leaf_hash
from ledger.log.note import sign_note
from ledger.log.tree import paths_of, root_of
from tests.unit.proof_file import Value
from tests.unit.world import LOG_KEY, ORIGIN, key_of

NAMES = ("acme", "annex", "beta", "mill", "operator", "replay", "recovery", "surveyor")
KEYS = {key_of(name).public.thumbprint: key_of(name) for name in NAMES}
NOBODY = key_of("nobody")
MISSING = bytes(32)

Payloads = dict[int, dict[str, Any]]
"""What is signed by an entry, by its place in the file."""


def spelled(value: Any) -> bytes:
    """A value without LF, also one that no canonical JSON has: in the spelling nearest to it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.encode("utf-8", "surrogatepass")


def payload_of(entry: Value) -> dict[str, Any]:
    """The statement of an entry."""
    found: dict[str, Any] = _part(entry["jws"], 1)
    return found


def signed_again(value: Value, payloads: Payloads | None = None) -> Value:
    """The file, made to fit. `payloads` are statements to sign in place of those that are there."""
    ends: dict[str, tuple[int, str]] = {}
    for at, entry in enumerate(value["entries"]):
        given = (payloads or {}).get(at)
        said = dict(payload_of(entry) if given is None else given)
        _fit(entry, said, ends)
        entry["jws"] = _signed(said, _part(entry["jws"], 0))
    size = int(value["checkpoint"].split("\n")[1])
    leaves = [MISSING] * size
    for entry in value["entries"]:
        leaves[entry["index"]] = leaf_hash(entry["jws"].encode())
    paths = paths_of(leaves, [entry["index"] for entry in value["entries"]])
    for entry in value["entries"]:
        entry["path"] = _texts(paths[entry["index"]])
    head = Checkpoint(ORIGIN, size, root_of(leaves))
    text = f"{head.origin}\n{head.size}\n{b64encode(head.root).decode()}\n"
    value["checkpoint"] = sign_note(text, LOG_KEY, ORIGIN)
    return value


def _fit(entry: Value, said: dict[str, Any], ends: dict[str, tuple[int, str]]) -> None:
    """Set the hashes of an entry's events and its statement, where these have a form at all."""
    stream, first, count = said.get("stream"), said.get("first"), said.get("count")
    if not (isinstance(stream, str) and type(first) is int and type(count) is int):
        return
    if not 0 < count <= 10_000:
        return
    if ends.get(stream, (0, ""))[0] == first - 1 and first > 1:
        said["previous"] = ends[stream][1]
    leaves: dict[int, bytes] = {}
    for item in entry["events"]:
        before = leaves.get(item["position"] - 1)
        if item["position"] == 0:
            item["previous"] = said.get("previous")
        elif before is not None:
            item["previous"] = before.hex()
        data = item.get("data")
        header = {
            "data": item["data_hash"] if data is None else sha256(spelled(data)).hexdigest(),
            "previous": item["previous"],
            "stream": stream,
            "type": item.get("type") if data is None else data.get("type"),
            "v": 1,
            "version": first + item["position"],
        }
        leaves[item["position"]] = leaf_hash(spelled(header))
    if max(leaves) >= count:
        return
    row = [leaves.get(at, MISSING) for at in range(count)]
    paths = paths_of(row, list(leaves))
    for item in entry["events"]:
        item["path"] = _texts(paths[item["position"]])
    said["root"] = root_of(row).hex()
    said["head"] = leaves[count - 1].hex() if count - 1 in leaves else said.get("head")
    ends[stream] = (first + count - 1, str(said["head"]))


def _signed(said: dict[str, Any], header: dict[str, Any]) -> str:
    key = KEYS.get(str(header.get("kid")), NOBODY)
    whole = f"{_base64url(spelled(header))}.{_base64url(spelled(said))}"
    return f"{whole}.{_base64url(key.sign(whole.encode()))}"


def _part(jws: str, at: int) -> Any:
    text = jws.split(".")[at]
    return json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _texts(path: tuple[bytes, ...]) -> list[str]:
    return [b64encode(node).decode() for node in path]

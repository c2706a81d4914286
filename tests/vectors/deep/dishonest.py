"""A log whose operator and authors sign what no rule allows, and files about it.

What is said stands as plain JSON, so that it may be out of any schema.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any, Final

import msgspec

from ledger.carbon.rows import EntryRows
from ledger.log import batch, hashes, jws, keys, seals
from ledger.log.canonical import decode, encode
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.hashes import ZEROS_HEX, LeafHash, leaf_hash
from ledger.log.keys import PrivateKey
from ledger.log.names import event_ref
from ledger.log.tree import path_of, root_of
from ledger.machine import summed_entry
from tests.unit.proof_file import ProofFiles, Value, _place
from tests.unit.world import LOG, LOG_KEY, ORIGIN, SIGNED_AT, Logged, World, body, key_of, reading
from tests.vectors.deep.honest import day

POWER, FIXES = "acme/plant/power", "acme/plant/power/corrections"
GROUNDS: Final = ("acme/register@1", "acme/register@2", "operator/factors@1")
SEAL: Final = "operator/seals@1"


def small() -> World:
    """Two companies, three readings, one correction and a seal."""
    world = World()
    world.party("acme")
    world.party("beta")
    world.factor("grid", CO2="0.5")
    world.source(POWER, location="operator/grid@1")
    world.source("beta/plant/power", location="operator/grid@1")
    world.post("acme", POWER, [reading(day(1), "P1D", "10"), reading(day(2), "P1D", "70")])
    world.post("beta", "beta/plant/power", [reading(day(1), "P1D", "1")])
    world.correct(f"{POWER}@2", body(day(2), "P1D", "60"))
    world.target("operator", "neutral")
    world.seal()
    return world


def plain(event: msgspec.Struct) -> Value:
    """An event as plain JSON."""
    return dict(msgspec.json.decode(msgspec.json.encode(event)))


def lie(
    world: World,
    signer: str | PrivateKey,
    stream: str,
    *said: msgspec.Struct | Value,
    previous: tuple[int, str] | None = None,
    **payload: Any,
) -> str:
    """Put a batch into the log that nobody has looked at, members of its statement changed.

    The name of its last event.
    """
    key = key_of(signer) if isinstance(signer, str) else signer
    version, leaf = previous or world.heads.get(stream, (0, ZEROS_HEX))
    lines = [encode(one if isinstance(one, dict) else plain(one)) for one in said]
    types = [str(decode(line)["type"]) for line in lines]
    named = list(zip(types, lines, strict=True))
    sent = batch.build(key, LOG, stream, version + 1, leaf, named, None, SIGNED_AT)
    leaves = batch.chain(
        lines, types, batch.parse_statement(batch.split_submission(sent)[0]).statement
    )
    signed = resigned(batch.split_submission(sent)[0], key, **payload)
    statement = batch.parse_statement(signed)
    entry = summed_entry(len(world.log), statement, tuple(types))
    world.heads[stream] = (version + len(lines), leaves[-1].hex())
    world.log.append(Logged(entry.index, signed, tuple(lines), leaves, entry, EntryRows()))
    return event_ref(stream, version + len(lines))


def resigned(signed: bytes, key: PrivateKey, **payload: Any) -> bytes:
    """The JWS of a statement with other members, signed by a key."""
    return jws.sign(key, jws.BATCH, encode(_payload(signed) | payload))


def headed(signed: bytes, key: PrivateKey, **header: Any) -> bytes:
    """The same with another protected header, signed by a key."""
    first, second, _ = signed.split(b".")
    members = {**decode(keys.decode_base64url(first.decode())), **header}
    text = keys.encode_base64url(encode({n: v for n, v in members.items() if v is not None}))
    said = text.encode() + b"." + second
    return said + b"." + keys.encode_base64url(key.sign(said)).encode()


def _payload(signed: bytes) -> dict[str, object]:
    return decode(keys.decode_base64url(signed.split(b".")[1].decode()))


def regrown(world: World, value: Value, index: int, change: Callable[[bytes], bytes]) -> Value:
    """The file where another JWS stands at an entry, in a log that has it there too."""
    found = deepcopy(value)
    all_jws = [one.jws for one in world.log]
    all_jws[index] = change(all_jws[index])
    leaves = [LeafHash(leaf_hash(one)) for one in all_jws]
    for entry in found["entries"]:
        entry["jws"] = all_jws[entry["index"]].decode()
        entry["path"] = [hashes.format_base64(node) for node in path_of(leaves, entry["index"])]
    head = Checkpoint(ORIGIN, len(leaves), root_of(leaves))
    found["checkpoint"] = sign_checkpoint(LOG_KEY, head).decode()
    return found


class Lists:
    """The lists of the world's seal as plain JSON, to be changed and sealed again."""

    def __init__(self, world: World) -> None:
        honest = ProofFiles(world).lists(SEAL)
        self.world = world
        self.heads: list[Value] = [plain(one) for one in honest.heads]
        self.companies: list[Value] = [
            decode(seals.encode_company(one)) for one in honest.companies
        ]
        self.lines: dict[str, list[Value]] = {
            party: [decode(one.encode()) for one in lines] for party, lines in honest.lines.items()
        }

    def company(self, party: str) -> Value:
        return next(one for one in self.companies if one["party"] == party)

    def relined(self, party: str) -> None:
        """The company's line names its list of lines as that is now."""
        self.company(party)["lines_root"] = root(self.lines[party])
        self.company(party)["lines_count"] = len(self.lines[party])

    def seal(self, **changed: Any) -> str:
        """Seal them; the seal's event."""
        honest = ProofFiles(self.world).said(SEAL)
        said = honest | {
            "period": list(honest["period"]),
            "salt": "5e" * 16,
            "heads_root": root(self.heads),
            "heads_count": len(self.heads),
            "companies_root": root(self.companies),
            "companies_count": len(self.companies),
        }
        signer, stream = changed.pop("signer", "operator"), changed.pop("stream", "operator/seals")
        return lie(self.world, signer, stream, said | changed)

    def total(self, seal: str, party: str = "acme", **changed: Any) -> Value:
        """A file about a company's sums."""
        files = ProofFiles(self.world)
        further = {"company": self._placed(party), **changed}
        return files.sealed("company-total", seal, {"party": party}, **further)

    def part(self, seal: str, party: str = "acme", **select: Any) -> Value:
        files, select = ProofFiles(self.world), {"method": "location", **select}
        subject = {"party": party, "select": select}
        further = {"company": self._placed(party), "lines": self.lines[party]}
        return files.sealed("company-part", seal, subject, **further)

    def line(self, seal: str, at: int = 0, party: str = "acme") -> Value:
        one = _place([encode(line) for line in self.lines[party]], at)
        name = {n: v for n, v in one["line"].items() if n not in ("mass_mg", "salt")}
        further = {"company": self._placed(party), "line": one}
        return ProofFiles(self.world).sealed(
            "inventory-line", seal, {"party": party, "line": name}, **further
        )

    def area(self, seal: str) -> Value:
        return ProofFiles(self.world).sealed("area-total", seal, {}, companies=self.companies)

    def current(self, seal: str, event: str = f"{POWER}@2", **changed: Any) -> Value:
        """A file about what an event comes to now, with proofs of these heads."""
        shown = changed.pop("shown", ("operator/factors@1",))
        files = ProofFiles(self.world)
        lacks = set(changed.pop("lacks", ()))
        asked = ["acme/keys", "acme/register", FIXES, "operator/keys", "operator/ledger"]
        value = files.current(event, seal, *shown, withheld=changed.pop("withheld", ()), heads=())
        value["heads"] = [self.head(one) for one in sorted(asked)]
        value["entries"] = [
            entry
            for entry in value["entries"]
            if self.world.log[entry["index"]].entry.stream not in lacks
        ]
        return {**value, **changed}

    def head(self, stream: str) -> Value:
        names = [one["stream"] for one in self.heads]
        lines = [encode(one) for one in self.heads]
        if stream in names:
            return _place(lines, names.index(stream)) | {"stream": stream}
        at = sum(name < stream for name in names)
        after = _place(lines, at) if at < len(lines) else None
        return {"after": after, "before": _place(lines, at - 1) if at else None, "stream": stream}

    def _placed(self, party: str) -> Value:
        at = [one["party"] for one in self.companies].index(party)
        return _place([encode(one) for one in self.companies], at)


def root(lines: Sequence[Mapping[str, Any]]) -> str:
    """The root over lines, whatever they say."""
    return seals.root(encode(dict(line)) for line in lines).hex()

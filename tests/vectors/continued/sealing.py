"""Two logs with a seal in each, and false seals of honest lists."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from ledger.log.canonical import encode
from ledger.parties.events import RulesActivated
from tests.unit.proof_file import Value, _head
from tests.unit.world import World, body, rules_ref, salt
from tests.vectors.continued.chain import Chain
from tests.vectors.continued.files import Files
from tests.vectors.continued.logs import LEDGER, SECOND, Continuing, salts_from
from tests.vectors.continued.saying import later
from tests.vectors.continued.worlds import FIXES, POWER, SEALS, brief
from tests.vectors.deep.dishonest import plain, root
from tests.vectors.deep.honest import assigned, day

OLD, NEW = f"{SEALS}@1", f"{SEALS}@2"
ASKED: Final = ("acme/keys", "acme/register", FIXES, "operator/keys", LEDGER)


def before() -> World:
    """Two companies, a correction before the seal and one after it, and a key after it."""
    world = brief("1")
    world.party("beta")
    world.post("operator", LEDGER, [RulesActivated(salt=salt(), rules=rules_ref("2"))])
    world.correct(f"{POWER}@2", body(day(2), "P1D", "21"))
    world.target("operator", "neutral")
    world.seal()
    world.correct(f"{POWER}@1", body(day(1), "P1D", "11"))
    world.key("acme", "old meter", "acme/")
    world.key("operator", "old hand", "operator/", admin=True)
    world.post("operator", LEDGER, [RulesActivated(salt=salt(), rules=rules_ref("1"))])
    return world


@cache
def sealed_logs() -> Continuing:
    """Goes on with a reading, keys, a correction and a seal, and all of them again."""
    with salts_from(1):
        return _sealed_logs()


def _sealed_logs() -> Continuing:
    world = Continuing(before(), SECOND)
    world.open()
    world.post("acme", POWER, [later(3)])
    world.key("acme", "new meter", "acme/")
    world.correct(f"{POWER}@2", body(day(2), "P1D", "22"), f"{FIXES}@1")
    world.target("operator", "sooner")
    world.seal()
    world.correct(f"{POWER}@3", body(day(3), "P1D", "33"))
    world.say("acme", assigned(POWER, "operator/grid@1", day(9)))
    world.key("operator", "new hand", "operator/", admin=True)
    world.post("operator", LEDGER, [RulesActivated(salt=salt(), rules=rules_ref("1"))])
    return world


class Sealing:
    """The logs of `sealed_logs`, with a false seal in the new one or in the earlier one."""

    def __init__(self, *, old: bool = False) -> None:
        self.world = sealed_logs()
        self.honest = Files.of(self.world)
        self.of = OLD if old else NEW
        self.old = old
        self.heads = [plain(one) for one in self.honest.lists(self.of).heads]

    def seal(
        self, signer: str = "operator", stream: str = SEALS, **changed: Any
    ) -> tuple[Files, str]:
        """Seal it again, at the end of its log and with the honest lists; the files and the seal."""
        world = self.world.earlier if self.old else self.world
        chain = Chain.of(world)
        listed = {"heads_root": root(self.heads), "heads_count": len(self.heads)}
        value = self.honest.said(self.of) | {"salt": "5e" * 16} | listed | changed
        name = chain.lie(signer, stream, value)
        if self.old:
            chain.open(SECOND)
        return Files(chain), name

    def total(self, **changed: Any) -> Value:
        """A file about a company's sums under the false seal."""
        files, name = self.seal(**changed)
        subject = {"party": "acme", "seal": name}
        company = self.honest.company(self.of, "acme")["company"]
        return files.file("company-total", subject, files._closure([name]), company=company)

    def target(self, **changed: Any) -> Value:
        files, name = self.seal(**changed)
        of = "operator/register@1"
        return files.file(
            "target-progress", {"seal": name, "target": of}, files._closure([name, of])
        )

    def current(self, event: str, *, size: int | None = None, **changed: Any) -> Value:
        """A file about what an event comes to, under the false seal with proofs of its heads."""
        size = self.honest.said(self.of)["size"] if size is None else size
        files, name = self.seal(size=size, **changed)
        honest = self.honest.current(event, self.of)
        kept = names_in(self.honest, honest) - {self.of}
        lines, streams = [encode(one) for one in self.heads], [one["stream"] for one in self.heads]
        heads = [_head(lines, streams, one) for one in sorted(ASKED)]
        return files.exactly(
            "current-event", {"event": event, "seal": name}, {*kept, name, f"{LEDGER}@1"},
            hidden_in(self.honest, honest), heads=heads,
        )  # fmt: skip

    def at(self, stream: str) -> Value:
        return next(one for one in self.heads if one["stream"] == stream)


def names_in(files: Files, value: Value) -> set[str]:
    """The names of the events in a file."""
    at = {(p.index, p.at): p.name for p in files.places}
    return {at[e["index"], i["position"]] for e in value["entries"] for i in e["events"]}


def hidden_in(files: Files, value: Value) -> set[str]:
    at = {(p.index, p.at): p.name for p in files.places}
    entries = value["entries"]
    return {at[e["index"], i["position"]] for e in entries for i in e["events"] if "data" not in i}

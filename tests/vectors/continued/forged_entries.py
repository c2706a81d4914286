"""Files whose entries stand in the wrong log, or leave out what an earlier log says of keys and rules."""

from __future__ import annotations

from typing import Any

from ledger.log import hashes
from ledger.log.note import log_vkey
from ledger.log.tree import path_of
from ledger.parties.events import RulesActivated
from tests.unit.proof_file import Value
from tests.unit.world import LOG, key_of, registration, rules_ref, salt
from tests.vectors.continued.files import Files
from tests.vectors.continued.logs import LEDGER, SECOND
from tests.vectors.continued.saying import (
    LOG_2,
    LOST,
    Cases,
    Make,
    about,
    first_log,
    given,
    held,
    histories_of_keys,
    holder,
    later,
    replay,
    say,
    three_logs,
    two_logs,
)
from tests.vectors.continued.worlds import POWER
from tests.vectors.deep.dishonest import plain


def _statements() -> Cases:
    """Batches that were signed for the other log, or have seen too much of it."""

    def payload(stage: int, defect: str, **members: Any) -> tuple[str, Make]:
        """The statement of a reading in the earlier log (0) or in the new one (1) says more."""

        def make() -> Value:
            if stage:
                chain = two_logs()
                return held(chain, chain.lie("acme", POWER, later(), **members))
            chain = two_logs(say("acme", POWER, later(4), **members))
            return held(chain, f"{POWER}@3")

        return defect, make

    def replayed() -> Value:
        """A batch of the earlier log stands in the new one too, as it was signed."""
        chain = two_logs()
        replay(chain, [chain.logs[0].entries[-1]])
        files = Files(chain)
        value = files.event(f"{POWER}@2")
        value["entries"] = [e for e in value["entries"] if e["index"] != -1]
        return value

    def replayed_beside() -> Value:
        chain = two_logs()
        replay(chain, [chain.logs[0].entries[-1]])
        return Files(chain).event(f"{POWER}@2")

    def again() -> Value:
        """The same versions are signed for the new log too."""
        chain = two_logs()
        chain.heads.pop(POWER)
        chain.lie("acme", POWER, later(1), later(2))
        files = Files(chain)
        return files.event(f"{POWER}@2")

    def not_following() -> Value:
        chain = two_logs()
        version, _ = chain.heads[POWER]
        name = chain.lie("acme", POWER, later(), previous=(version, LOST))
        return Files(chain, extra=[f"{POWER}@2"]).event(name)

    def one_more(stream: str, event: Any, signer: str = "acme") -> Make:
        """A stream of keys leaves out a version where the logs meet."""

        def make() -> Value:
            chain = two_logs()
            version, leaf = chain.heads[stream]
            chain.lie(signer, stream, event, previous=(version + 1, leaf))
            return about(chain)

        return make

    def anew(stream: str, event: Any, signer: str) -> Make:
        """A stream begins again in the new log."""

        def make() -> Value:
            chain = two_logs()
            chain.heads.pop(stream)
            chain.lie(signer, stream, event)
            return about(chain)

        return make

    def rules_twice() -> Value:
        """The new log's rules go on after those of the earlier log."""
        chain = first_log(
            say("operator", LEDGER, RulesActivated(salt=salt(), rules=rules_ref("1")))
        )
        before = chain.heads[LEDGER]
        chain.open(SECOND)
        rules = RulesActivated(salt=salt(), rules=rules_ref("1"))
        chain.lie("operator", LEDGER, rules, previous=before)
        return about(chain)

    def moved(index: int, to: int) -> Make:
        """An entry stands under the number of the other log."""

        def make() -> Value:
            value = about(two_logs(say("acme", POWER, later(4))))
            one = next(e for e in value["entries"] if e["index"] == index)
            kept = [e for e in value["entries"] if e["index"] not in (index, to)]
            value["entries"] = sorted([*kept, {**one, "index": to}], key=lambda e: e["index"])
            return value

        return make

    def proven_there(index: int, to: int) -> Make:
        """The entry of one log is put into the file with a path of the other."""

        def make() -> Value:
            chain = two_logs()
            value = about(chain)
            one = next(e for e in value["entries"] if e["index"] == index)
            number = 0 if to < 0 else 1
            leaves, place = chain.logs[number].leaves, to - chain.begins(number)
            path = [hashes.format_base64(node) for node in path_of(leaves, place)]
            kept = [e for e in value["entries"] if e["index"] not in (index, to)]
            value["entries"] = sorted(
                [*kept, {**one, "index": to, "path": path}], key=lambda e: e["index"]
            )
            return value

        return make

    def own_ledger() -> Value:
        """A company has a stream of rules, which begins again."""
        rules = RulesActivated(salt=salt(), rules=rules_ref("1"))
        chain = two_logs(say("acme", "acme/ledger", rules))
        chain.heads.pop("acme/ledger")
        chain.lie("acme", "acme/ledger", {**plain(rules), "salt": salt()})
        name = chain.lie("acme", POWER, later())
        files = Files(chain)
        extra = {p.name for p in files.places if p.stream == "acme/ledger"}
        return Files(chain, extra=extra).event(name)

    def under_the_earlier() -> Value:
        """The checkpoint is that of the earlier log."""
        value = about(two_logs())
        return value | {"checkpoint": held(first_log(), f"{POWER}@1")["checkpoint"]}

    meter = given(LOG_2, "acme", "meter", "acme/plant/")
    return {
        "a-new-reading-for-the-earlier-log": payload(1, "other-log", log=LOG),
        "an-old-reading-for-the-new-log": payload(0, "other-log", log=LOG_2),
        "a-new-reading-for-a-log-of-the-same-name": payload(
            1, "other-log", log=log_vkey(SECOND, key_of("other").public)),
        "a-new-reading-that-has-seen-the-earlier-log": payload(
            1, "statement", seen={"root": LOST, "size": 6}),
        "a-new-reading-that-has-seen-itself": payload(1, "statement", seen={"root": LOST, "size": 2}),
        "an-old-reading-that-has-seen-itself": payload(0, "statement", seen={"root": LOST, "size": 7}),
        "an-old-reading-that-has-seen-the-end": payload(
            0, "statement", seen={"root": LOST, "size": 99}),
        "an-old-batch-in-the-new-log": ("other-log", replayed),
        "an-old-batch-in-both-logs": ("other-log", replayed_beside),
        "old-versions-signed-for-the-new-log": ("chain", again),
        "a-new-batch-that-does-not-follow-the-old-one": ("chain", not_following),
        "a-stream-of-keys-with-a-gap-where-the-logs-meet": ("left-out", one_more("acme/keys", meter)),
        "the-operators-keys-with-a-gap-where-the-logs-meet": (
            "left-out",
            one_more("operator/keys", given(LOG_2, "operator", "x", "operator/"), "operator")),
        "a-stream-of-keys-that-begins-again": (
            "chain", anew("acme/keys", registration("acme", **holder(LOG_2, "acme", "again")), "operator")),
        "the-operators-keys-that-begin-again": (
            "chain",
            anew("operator/keys", given(LOG_2, "operator", "x", "operator/"), "operator")),
        "rules-that-go-on-after-the-earlier-logs": ("left-out", rules_twice),
        "a-companys-own-ledger-in-both-logs": ("key", own_ledger),
        "under-the-earlier-logs-key": ("checkpoint", lambda: about(two_logs())),
        "under-the-earlier-logs-key-and-checkpoint": ("log-path", under_the_earlier),
        "an-old-entry-numbered-as-a-new-one": ("log-path", moved(-3, 2)),
        "an-old-entry-in-the-place-of-a-new-one": ("log-path", moved(-3, 1)),
        "a-new-entry-numbered-as-an-old-one": ("log-path", moved(1, -1)),
        "the-opening-numbered-as-the-last-old-entry": ("opening", moved(0, -1)),
        "an-old-entry-under-a-path-of-the-new-log": ("log-path", proven_there(-3, 1)),
        "a-new-entry-under-a-path-of-the-earlier-log": ("log-path", proven_there(1, -2)),
    }  # fmt: skip


def _histories() -> Cases:
    """Files that leave out what the earlier log says of keys and rules."""

    def lacking(*names: str, hidden: bool = False) -> Make:
        def make() -> Value:
            chain = histories_of_keys()
            return about(chain, withheld=names) if hidden else about(chain, left_out=names)

        return make

    found: Cases = {}
    for name in (f"{LEDGER}#1@2", "acme/keys@1", "acme/keys@2", "acme/keys@3", "operator/keys@1"):
        found[f"without-{name}"] = ("left-out", lacking(name))
        found[f"withheld-{name}"] = ("left-out", lacking(name, hidden=True))
    found["withheld-the-last-rules"] = ("left-out", lacking(f"{LEDGER}#1@3", hidden=True))
    found["without-the-oldest-opening"] = ("opening", lacking(f"{LEDGER}#1@1"))
    found["withheld-the-oldest-opening"] = ("opening", lacking(f"{LEDGER}#1@1", hidden=True))
    found["without-the-opening"] = ("opening", lacking(f"{LEDGER}@1"))
    found["withheld-the-opening"] = ("opening", lacking(f"{LEDGER}@1", hidden=True))

    middle = [f"{LEDGER}#2@1"]
    found["without-the-middle-opening"] = (
        "opening",
        lambda: about(three_logs(), left_out=middle),
    )
    found["withheld-the-middle-opening"] = (
        "opening",
        lambda: about(three_logs(), withheld=middle),
    )
    return found


def forged_entries() -> Cases:
    """By name: the defect that a verifier names, and the file."""
    groups = {"statement": _statements(), "history": _histories()}
    return {f"{g}/{name}": case for g, cases in groups.items() for name, case in cases.items()}

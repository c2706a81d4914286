"""Files of keys that were not, or no longer, anybody's where one log ended and the other began."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tests.unit.proof_file import Value
from tests.unit.world import LOG, registration
from tests.vectors.continued.chain import Chain
from tests.vectors.continued.logs import SECOND, THIRD, recovery_of
from tests.vectors.continued.saying import (
    ADMIN,
    LOG_2,
    LOG_3,
    Cases,
    Make,
    about,
    given,
    held,
    later,
    say,
    then,
    three_logs,
    two_logs,
)
from tests.vectors.continued.worlds import POWER
from tests.vectors.deep.dishonest import plain
from tests.vectors.deep.honest import confirmed, recovered, revoked


def _keys() -> Cases:
    """Keys that were not, or no longer, anybody's where one log ended and the other began."""

    def end(defect: str, *lies: Callable[[Chain], Any], by: str) -> tuple[str, Make]:
        """What the earlier log says, and a reading in the new one."""
        return defect, lambda: about(two_logs(*lies), by)

    def new(
        defect: str, *lies: Callable[[Chain], Any], old: Sequence[Callable[[Chain], Any]] = (),
        by: str = "acme", **opened: Any,
    ) -> tuple[str, Make]:  # fmt: skip
        """What the new log says before a reading in it."""

        def make() -> Value:
            chain = two_logs(*old, **opened)
            for lie in lies:
                lie(chain)
            return about(chain, by)

        return defect, make

    def given_later() -> Value:
        """A key of the new log has signed in the earlier one."""
        chain = two_logs(say("meter", POWER, later(4)))
        chain.lie("acme", "acme/keys", given(LOG_2, "acme", "meter", "acme/"))
        return held(chain, f"{POWER}@3")

    def thrice(*lies: Callable[[Chain], Any], by: str = "acme", **opened: Any) -> Make:
        """What the middle one of three logs says."""

        def make() -> Value:
            chain = two_logs()
            for lie in lies:
                lie(chain)
            chain.open(THIRD, **opened)
            return about(chain, by)

        return make

    keys, own = "acme/keys", "operator/keys"
    meter = given(LOG, "acme", "meter", "acme/")
    second = given(LOG_2, "acme", "second", "acme/", **ADMIN)
    stolen = [
        say("acme", keys, given(LOG, "acme", "second", "acme/", **ADMIN)),
        say("second", keys, revoked("acme", 5)),
    ]
    return {
        "a-key-that-was-revoked-at-the-end": end(
            "key", say("acme", keys, meter), say("acme", keys, revoked("meter")), by="meter"),
        "a-key-that-was-replaced-at-the-end": end(
            "key", say("operator", keys, recovered("acme", "new", "acme")), by="acme"),
        "a-key-that-was-revoked-in-the-middle-log": (
            "key", thrice(say("acme", keys, revoked("acme")))),
        "a-key-of-another-party-of-the-earlier-log": end("key", by="operator"),
        "a-key-that-nobody-knew": end("key", by="stranger"),
        "a-key-out-of-the-scope-that-the-earlier-log-gave": end(
            "key", say("acme", keys, given(LOG, "acme", "gas", "acme/plant/gas")), by="gas"),
        "a-key-that-only-the-new-log-gave": ("key", given_later),
        "the-earlier-recovery-key": new(
            "key", say("recovery", own, given(LOG_2, "operator", "x", "operator/"))),
        "the-new-recovery-key-in-a-companys-stream": new("key", by=recovery_of(SECOND)),
        "the-recovery-key-of-the-first-log-in-the-third": (
            "key",
            then(
                three_logs, say("recovery", own, given(LOG_3, "operator", "x", "operator/")))),
        "a-key-whose-holder-means-the-earlier-log": new(
            "rule", say("acme", keys, given(LOG, "acme", "meter", "acme/"))),
        "a-party-whose-holder-means-the-earlier-log": (
            "rule", lambda: _about_party(registration("beta"))),
        "the-earlier-logs-key": new("rule", say("acme", keys, given(LOG_2, "acme", "log", "acme/"))),
        "the-new-logs-key": new("rule", say("acme", keys, given(LOG_2, "acme", SECOND, "acme/"))),
        "the-first-logs-key-in-the-third": (
            "rule",
            then(three_logs, say("acme", keys, given(LOG_3, "acme", "log", "acme/")))),
        "a-key-that-the-earlier-log-has-already": new(
            "rule", say("acme", keys, given(LOG_2, "acme", "acme", "acme/"))),
        "a-key-that-the-operator-has-already": new(
            "rule", say("acme", keys, given(LOG_2, "acme", "deputy", "acme/"))),
        "the-ended-recovery-key-as-a-partys": new(
            "rule", say("acme", keys, given(LOG_2, "acme", "recovery", "acme/"))),
        "the-new-recovery-key-as-a-partys": new(
            "rule", say("acme", keys, given(LOG_2, "acme", recovery_of(SECOND), "acme/"))),
        "a-key-revoked-in-both-logs": new(
            "rule", say("acme", keys, revoked("meter")),
            old=[say("acme", keys, meter), say("acme", keys, revoked("meter"))]),
        "a-key-revoked-at-the-end-and-compromised-from-the-new-log-on": new(
            "rule", say("acme", keys, revoked("meter", 0)),
            old=[say("acme", keys, meter), say("acme", keys, revoked("meter"))]),
        "a-key-compromised-from-later-on": new("rule", say("acme", keys, revoked("acme", 2))),
        "a-key-compromised-from-an-index-of-the-earlier-log": new(
            "rule", say("acme", keys, revoked("acme", 6))),
        "a-key-compromised-from-below-nothing": new(
            "data", say("acme", keys, {**plain(revoked("acme")), "compromised_from": -1})),
        "old-entries-confirmed-in-the-new-log": new(
            "rule", say("second", keys, confirmed("acme", 5, 6)), old=stolen, by="second"),
        "new-entries-confirmed-of-a-key-of-the-end": new(
            "rule", say("second", keys, confirmed("acme", 0, 1)), old=stolen, by="second"),
        "entries-confirmed-from-below-nothing": new(
            "data", say("second", keys, {**plain(confirmed("acme", 0, 1)), "entries": [-1, 0]}),
            old=stolen, by="second"),
        "entries-confirmed-before-the-compromise": new(
            "rule", say("acme", keys, second), say("second", keys, revoked("acme", 1)),
            say("second", keys, confirmed("acme", 0, 2)), by="second"),
        "entries-confirmed-after-the-revocation": new(
            "rule", say("acme", keys, second), say("second", keys, revoked("acme", 1)),
            say("second", keys, confirmed("acme", 1, 4)), by="second"),
        "entries-confirmed-by-a-key-that-came-after-the-compromise": new(
            "rule", say("acme", keys, second), say("second", keys, revoked("acme", 0)),
            say("second", keys, confirmed("acme", 0, 1)), by="second"),
        "entries-confirmed-by-the-operator": new(
            "key", say("acme", keys, second), say("second", keys, revoked("acme", 1)),
            say("operator", keys, confirmed("acme", 1, 2)), by="second"),
        "a-new-key-under-the-earlier-recovery-key-in-a-companys-stream": new(
            "key", by="fresh", first="fresh", recovery="recovery"),
    }  # fmt: skip


def _about_party(event: Any) -> Value:
    chain = two_logs()
    return held(chain, chain.lie("operator", "beta/keys", event))


def forged_keys() -> Cases:
    """By name: the defect that a verifier names, and the file."""
    return {f"keys/{name}": case for name, case in _keys().items()}

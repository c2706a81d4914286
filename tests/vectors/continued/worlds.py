"""Ledgers of several logs in which all is as it should be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ledger.carbon.events import FactorConfirmed, SourceClosed
from ledger.log.jws import possession_proof
from ledger.parties.events import KeyRecovered, RulesActivated, Signed
from tests.unit.world import (
    World,
    body,
    installed,
    key_of,
    profile,
    reading,
    removed,
    rules_ref,
    salt,
)
from tests.vectors.continued.logs import SECOND, THIRD, Continuing, vkey_of
from tests.vectors.deep.honest import amended, assigned, confirmed, day, metered, recovered, revoked

POWER, FIXES = "acme/plant/power", "acme/plant/power/corrections"
MILL, WORKS, SHED = "mill/plant/power", "works/zone/power", "depot/yard/power"
SEALS: Final = "operator/seals"
GROWN: Final = {
    "an-answer-to-an-old-transfer": "beta/register@3",
    "a-reading-of-an-old-meter": f"{SHED}@2",
    "an-old-meter-that-was-removed": "depot/register@4",
    "an-old-factor-that-was-confirmed": "inspector/register@1",
    "an-old-fact-that-was-replaced": "acme/register@5",
    "a-boundary-of-an-old-site": "acme/register@6",
    "a-profile-of-an-old-source": f"{POWER}@3",
    "an-old-source-that-was-closed": "beta/register@4",
}


def first() -> World:
    """The oldest log: four companies, rules that were changed, a stolen key, two seals."""
    world = World(rules="1")
    world.key("operator", "deputy", "operator/", admin=True)
    for party in ("acme", "depot", "mill", "works"):
        world.party(party)
    world.factor("grid", CO2="0.5", N2O="0.001")
    world.source(POWER, location="operator/grid@1")
    world.post("acme", POWER, [reading(day(1), "P1D", "10")])
    world.post("operator", "operator/ledger", [RulesActivated(salt=salt(), rules=rules_ref("2"))])
    world.source(MILL, location="operator/grid@1")
    world.source(WORKS, site="zone", location="operator/grid@1")
    world.source(SHED, site="yard", location="operator/grid@1")
    world.post("acme", POWER, [reading(day(n), "P1D", f"{n}0") for n in (2, 3)])
    world.correct(f"{POWER}@2", body(day(2), "P1D", "21"))
    world.post("mill", MILL, [reading(day(1), "P1D", "5")])
    world.post("depot", SHED, [reading(day(1), "P1D", "8")])
    world.key("acme", "meter", "acme/plant/", event_types=("ActivityRecorded",))
    stolen = world.size
    for number in (1, 2, 3):
        world.post("works", WORKS, [reading(day(number), "P1D", f"{number}")])
    world.target("operator", "neutral")
    world.seal()
    world.post("operator", "works/keys", [recovered("works", "works-2", "works")])
    world.post("works-2", "works/keys", [revoked("works", stolen)])
    world.post("works-2", "works/keys", [confirmed("works", stolen + 1, stolen + 2)])
    world.correct(f"{POWER}@3", body(day(3), "P1D", "31"))
    world.key("operator", "third hand", "operator/", admin=True)
    world.seal("territorial", "2026-01/2026-03")
    return world


def second(earlier: World) -> Continuing:
    """Goes on with all of them but works, with the operator's own key and a new recovery key."""
    world = Continuing(earlier, SECOND)
    world.open()
    world.post("meter", POWER, [reading(day(4), "P1D", "40"), reading(day(5), "P1D", "50")])
    world.correct(f"{POWER}@1", body(day(1), "P1D", "11"))
    world.correct(f"{POWER}@2", body(day(2), "P1D", "22"), f"{FIXES}@1")
    world.factor("grid", version="2", CO2="0.25")
    world.say(
        "acme", assigned(POWER, "operator/grid@2", day(5)), amended(POWER, day(2, 2), gpc="I.3.2")
    )
    world.key("mill", "mill-2", "mill/", admin=True)
    for number in (2, 3, 4):
        world.post("mill", MILL, [reading(day(number), "P1D", f"{number}")])
    world.party("newcomer")
    world.source("newcomer/hall/power", site="hall", location="operator/grid@1")
    world.post("newcomer", "newcomer/hall/power", [reading(day(1), "P1D", "1")])
    world.target("operator", "sooner")
    world.seal()
    stolen = next(
        one.index for one in world.log if one.entry.stream == MILL and one.entry.first == 3
    )
    world.post("mill-2", "mill/keys", [revoked("mill", stolen)])
    world.post("mill-2", "mill/keys", [confirmed("mill", stolen, stolen + 1)])
    world.post("mill-2", MILL, [reading(day(9), "P1D", "9")])
    world.correct(f"{POWER}@4", None)
    world.key("operator", "fourth hand", "operator/", admin=True)
    world.seal("territorial", "2026-01/2026-03")
    return world


def third(earlier: World) -> Continuing:
    """Goes on once more, opened with an admin key that the oldest log had given."""
    world = Continuing(earlier, THIRD)
    world.open("third hand", first="third hand", rules=rules_ref("1"))
    world.post("acme", POWER, [reading(day(6), "P1D", "60")])
    world.post("third hand", "operator/ledger", [RulesActivated(salt=salt(), rules=rules_ref("2"))])
    world.post("works-2", WORKS, [reading(day(9), "P1D", "90")])
    world.post("depot", SHED, [reading(day(2), "P1D", "8")])
    world.correct(f"{POWER}@3", body(day(3), "P1D", "32"), f"{FIXES}@2")
    world.seal(size=5)
    world.seal("companies", "2026-01")
    world.correct(f"{SHED}@1", body(day(1), "P1D", "7"))
    return world


def park() -> tuple[World, Continuing, Continuing]:
    """The three, oldest first."""
    oldest = first()
    middle = second(oldest)
    return oldest, middle, third(middle)


def brief(rules: str = "2") -> World:
    """One company and one reading; the operator has a second key."""
    world = World(rules=rules)
    world.key("operator", "deputy", "operator/", admin=True)
    world.party("acme")
    world.factor("grid", CO2="0.5")
    world.source(POWER, location="operator/grid@1")
    world.post("acme", POWER, [reading(day(1), "P1D", "10"), reading(day(2), "P1D", "20")])
    return world


def ways_to_open() -> dict[str, Callable[[World], Continuing]]:
    """By name: another way to continue the brief ledger."""

    def opened(signer: str = "operator", **changed: Any) -> Callable[[World], Continuing]:
        def make(earlier: World) -> Continuing:
            world = Continuing(earlier, SECOND)
            world.open(signer, **changed)
            return world

        return make

    def revoked_first(earlier: World) -> Continuing:
        """The operator's first key was revoked before the end."""
        earlier.post("deputy", "operator/keys", [revoked("operator")])
        return opened("deputy", first="deputy")(earlier)

    def by_recovery(earlier: World) -> Continuing:
        """The new recovery key gives the operator a key, and the old one's place is taken."""
        world = opened()(earlier)
        world.key("operator", "rescued", "operator/", admin=True, by="recovery second")
        return world

    def by_the_kept(earlier: World) -> Continuing:
        world = opened(recovery="recovery")(earlier)
        world.key("operator", "rescued", "operator/", admin=True, by="recovery")
        return world

    def then_revoked(earlier: World) -> Continuing:
        """The earlier log's key is revoked in the new one, after the key of the recovery has come."""
        world = opened("fresh", first="fresh", recovery="recovery")(earlier)
        world.post("fresh", "operator/keys", [revoked("operator", 0)])
        return world

    def then_disputed(earlier: World) -> Continuing:
        """The key that opened the log was stolen before; the operator stands by the opening no more."""
        world = opened()(earlier)
        world.post("deputy", "operator/keys", [revoked("operator", 0)])
        return world

    def then_confirmed(earlier: World) -> Continuing:
        """It stands by the opening all the same, by a key that the earlier log gave."""
        world = then_disputed(earlier)
        world.post("deputy", "operator/keys", [confirmed("operator", 0, 1)])
        return world

    def at_the_very_end(earlier: World) -> Continuing:
        """The key that opens came in the last entry."""
        earlier.key("operator", "last hand", "operator/", admin=True)
        return opened("last hand", first="last hand")(earlier)

    def kept_twice(earlier: World) -> Continuing:
        """The oldest log's recovery key recovers the third one still."""
        world = Continuing(opened(recovery="recovery")(earlier), THIRD)
        world.open("fresh", first="fresh", recovery="recovery")
        return world

    lost = Signed(size=9, root="cd" * 32)
    return {
        "by-the-operators-key": opened(),
        "by-a-key-that-the-earlier-log-gave": opened("deputy", first="deputy"),
        "by-a-new-key-under-the-earlier-recovery-key": opened(
            "fresh", first="fresh", recovery="recovery"
        ),
        "with-the-earlier-recovery-key": opened(recovery="recovery"),
        "after-entries-were-lost": opened(signed=lost),
        "under-other-rules": opened(rules=rules_ref("1")),
        "after-the-first-key-was-revoked": revoked_first,
        "where-the-new-recovery-key-gives-a-key": by_recovery,
        "where-the-kept-recovery-key-gives-a-key": by_the_kept,
        "where-the-earlier-logs-key-is-revoked": then_revoked,
        "where-the-opening-is-disputed": then_disputed,
        "where-the-opening-is-confirmed": then_confirmed,
        "by-a-key-of-the-last-entry": at_the_very_end,
        "by-a-new-key-under-the-oldest-logs-recovery-key": kept_twice,
    }  # fmt: skip


def grown() -> Continuing:
    """What the new log says rests on statements of the earlier one."""
    world = brief()
    for party in ("beta", "depot"):
        world.party(party)
    world.party("inspector", "certifier")
    world.factor("own", "depot", activity="electricity.purchased", kind="supplier", CO2="0.1")
    world.source("beta/hall/power", site="hall", location="operator/grid@1")
    world.source(SHED, site="yard", location="operator/grid@1")
    world.say("depot", installed(SHED, "m1", day(1), "99990"))
    world.post("depot", SHED, [metered(day(1), "99990", "99998", "8")])
    passed = world.transfer(POWER, "beta", "2026-01", "2", "kWh", kind="pass-through")
    stated = world.fact("acme", "headcount", "2026", "5", "person")
    later = Continuing(world, SECOND)
    later.open()
    later.acknowledge(passed, "beta/hall/power", "2", "kWh")
    later.post("depot", SHED, [metered(day(2), "99998", "3", "5", rollover=1)])
    later.say("depot", removed(SHED, "m1", day(3), "3"))
    later.say("inspector", FactorConfirmed(salt=salt(), factor="depot/own@1", reason="checked"))
    later.fact("acme", "headcount", "2026", "6", "person", supersedes=stated)
    later.boundary("acme", "2026-01", plant="1")
    later.post("acme", POWER, [profile(day(5), 3600, ["1.5", None, "2"])])
    later.say("beta", SourceClosed(salt=salt(), source="beta/hall/power", at=day(9), reason="sold"))
    return later


def recovered_in(origin: str, party: str, name: str, *replaces: str) -> KeyRecovered:
    """A new key of the party whose holder means this log, in the place of others."""
    proof = possession_proof(key_of(name), vkey_of(origin), party)
    return recovered(party, name, *replaces, proof=proof)

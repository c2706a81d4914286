"""A ledger in which much has happened to keys, readings and seals, and whole files about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from ledger.carbon.events import (
    EmissionMeasured,
    FactorAssigned,
    FactorConfirmed,
    Ratio,
    RegisterReading,
    SourceAmended,
)
from ledger.log.bundle_kinds import Select
from ledger.log.jws import possession_proof
from ledger.parties.events import EntriesConfirmed, KeyRecovered, KeyRevoked
from tests.unit import world as worlds
from tests.unit.proofs import Proofs
from tests.unit.world import (
    LOG,
    World,
    authorisation,
    body,
    installed,
    jwk,
    key_of,
    profile,
    reading,
    removed,
    salt,
)

POWER, FIXES = "acme/plant/power", "acme/plant/power/corrections"
PROFILE, METER, STACK = "mill/plant/power", "depot/yard/power", "depot/yard/stack"
WORKS = "works/zone/power"
BURNT = {"activity": "fuel.natural-gas", "unit": "m3@0C", "scope": 1}


@contextmanager
def same_salts() -> Iterator[None]:
    """Every run has the same salts."""
    kept = worlds._salts
    worlds._salts = count(1)
    try:
        yield
    finally:
        worlds._salts = kept


def day(number: int, month: int = 1) -> str:
    """The beginning of a day of 2026."""
    return f"2026-{month:02}-{number:02}T00:00:00+08:00"


def thumbprint(name: str) -> str:
    return key_of(name).public.thumbprint


def revoked(name: str, compromised_from: int | None = None) -> KeyRevoked:
    return KeyRevoked(
        salt=salt(), key=thumbprint(name), reason="stolen", compromised_from=compromised_from
    )


def recovered(party: str, name: str, *replaces: str, **more: Any) -> KeyRecovered:
    """A new key of the party, named so, in the place of others."""
    members: dict[str, Any] = {
        "salt": salt(),
        "key": jwk(key_of(name)),
        "proof": possession_proof(key_of(name), LOG, party),
        "reason": "lost",
        "evidence": ("ab" * 32,),
        "replaces": tuple(sorted(thumbprint(one) for one in replaces)),
    }
    return KeyRecovered(**{**members, **more})


def confirmed(name: str, first: int, end: int) -> EntriesConfirmed:
    return EntriesConfirmed(
        salt=salt(), key=thumbprint(name), entries=(first, end), reason="we know it"
    )


def assigned(source: str, ref: str, start: str, role: str = "location") -> FactorAssigned:
    return FactorAssigned(
        salt=salt(), source=source, role=role, factor=ref, from_=start, reason="newer"  # type: ignore[arg-type]
    )  # fmt: skip


def amended(source: str, start: str, **members: Any) -> SourceAmended:
    return SourceAmended(salt=salt(), source=source, from_=start, reason="moved", **members)


def metered(start: str, begins: str, ends: str, kwh: str, **more: Any) -> Any:
    register = RegisterReading(meter="m1", from_=begins, to=ends, digits=5, multiplier="1", **more)
    return reading(start, "P1D", kwh, register=register)


def park() -> World:
    """Four companies, of which one has it plain, and the others changed keys or meters."""
    world = World()
    for party in ("acme", "depot", "mill", "works"):
        world.party(party)
    world.party("idle")
    world.party("inspector", "certifier")
    world.factor("grid", CO2="0.5", N2O="0.001")
    world.factor("gas", activity="fuel.natural-gas", unit="m3@0C", kind="combustion", CO2="2")
    world.factor("grid", version="2", CO2=Ratio(num="1", den="3"))
    _acme(world)
    _mill(world)
    _depot(world)
    _works(world)
    world.target("operator", "neutral")
    world.target("operator", "no-laughing-gas", gases=("CO2", "N2O"), gwp="AR6")
    world.seal("companies", "2026")
    world.post("acme", POWER, [reading(day(9), "P1D", "999")])
    world.correct(f"{POWER}@3", body(day(3), "P1D", "31"))
    world.seal("territorial", "2026-01/2026-03")
    world.seal("companies", "2026", gwp="AR5")
    return world


def _acme(world: World) -> None:
    world.source(POWER, location="operator/grid@1", market="operator/grid@1")
    world.source("acme/plant/gas", direct="operator/gas@1", **BURNT)
    world.post("acme", POWER, [reading(day(n), "P1D", f"{n}0") for n in (1, 2, 3)])
    world.correct(f"{POWER}@1", body(day(1), "P1D", "12"))
    world.correct(f"{POWER}@1", body(day(1), "P1D", "13", unit="MWh"), f"{FIXES}@1")
    world.correct(f"{POWER}@2", None)
    late = reading(day(31), "P40D", "1000.000000000007")
    world.post("acme", POWER, [late, reading(day(15, 4), "PT15M", "0")])
    world.say(
        "acme", assigned(POWER, "operator/grid@2", day(3)), amended(POWER, day(2, 2), gpc="I.3.2")
    )
    world.post("acme", "acme/plant/gas", [reading(day(1), "P1D", "7")])


def _mill(world: World) -> None:
    """Its first key is followed by another one."""
    world.source(PROFILE, location="operator/grid@1")
    world.post("mill", PROFILE, [reading(day(1), "P1D", "5")])
    world.key("mill", "mill-2", "mill/", admin=True)
    world.post("mill-2", "mill/keys", [revoked("mill")])
    quantities = ["1.5", None, "0.000000000001", *["7.25"] * 21]
    world.post("mill-2", PROFILE, [profile(day(31), 3600, quantities, estimated=(2,))])
    meter = authorisation("mill", "mill-meter", "mill/plant/", event_types=("ActivityRecorded",))
    world.post("mill-2", "mill/keys", [meter])
    world.post("mill-meter", PROFILE, [reading(day(2), "P1D", "6")])


def _depot(world: World) -> None:
    """What it says comes from a meter and from a probe."""
    world.source(METER, site="yard", location="operator/grid@1")
    world.source(STACK, site="yard", activity="measured.stack", unit="t", scope=1)
    own = {"activity": "electricity.purchased", "kind": "supplier", "CO2": "0.1"}
    world.factor("own", "depot", **own)
    world.say("depot", installed(METER, "m1", day(1), "99990"))
    world.post("depot", METER, [metered(day(1), "99990", "99998", "8")])
    world.post("depot", METER, [metered(day(2), "99998", "3", "5", rollover=1)])
    world.say("depot", removed(METER, "m1", day(3), "3"))
    measured = {"CO2": "1000001", "N2O": "1"}
    world.post(
        "depot",
        STACK,
        [
            EmissionMeasured(
                salt=salt(), period=(day(31), day(3, 2)), masses_mg=measured, method="probe"
            )
        ],
    )
    world.say("inspector", FactorConfirmed(salt=salt(), factor="depot/own@1", reason="checked"))
    passed = world.transfer(METER, "acme", "2026-01", "2", "kWh", kind="pass-through")
    world.acknowledge(passed, POWER, "2", "kWh")


def _works(world: World) -> None:
    """Its key was stolen: of three entries it stands by the second."""
    world.source(WORKS, site="zone", location="operator/grid@1")
    first = world.size
    for number in (1, 2, 3):
        world.post("works", WORKS, [reading(day(number), "P1D", f"{number}")])
    world.post("operator", "works/keys", [recovered("works", "works-2", "works")])
    world.post("works-2", "works/keys", [revoked("works", first)])
    world.post("works-2", "works/keys", [confirmed("works", first + 1, first + 2)])
    world.post("works-2", WORKS, [reading(day(4), "P1D", "4")])


def whole_files() -> dict[str, bytes]:
    """Files that hold, by name."""
    world = park()
    proofs, seal, last = Proofs(world), "operator/seals@1", "operator/seals@3"
    events = {
        "corrected-twice": f"{POWER}@1",
        "withdrawn": f"{POWER}@2",
        "corrected-after-a-seal": f"{POWER}@3",
        "split-by-months": f"{POWER}@4",
        "a-correction": f"{FIXES}@2",
        "a-withdrawal": f"{FIXES}@3",
        "before-a-key-was-replaced": f"{PROFILE}@1",
        "a-profile-after-it": f"{PROFILE}@2",
        "by-a-meters-key": f"{PROFILE}@3",
        "of-a-meter": f"{METER}@1",
        "of-a-meter-that-rolled-over": f"{METER}@2",
        "measured": f"{STACK}@1",
        "disputed": f"{WORKS}@1",
        "confirmed": f"{WORKS}@2",
        "by-a-recovered-key": f"{WORKS}@4",
        "the-opening": "operator/ledger@1",
        "a-party": "idle/keys@1",
        "a-revocation": "works/keys@3",
        "a-confirmation-of-entries": "works/keys@4",
        "a-factor": "operator/factors@3",
        "an-assignment": "acme/register@4",
        "an-amendment": "acme/register@5",
        "a-meter-that-was-removed": "depot/register@5",
        "a-transfer": "depot/register@6",
        "its-answer": "acme/register@6",
        "a-target": "operator/register@2",
        "a-seal": last,
        "a-confirmed-factor": "inspector/register@1",
    }
    found = {f"event/{name}": proofs.event(event) for name, event in events.items()}
    current = {
        "corrected-twice": f"{POWER}@1",
        "reassigned": f"{POWER}@4",
        "without-corrections": "acme/plant/gas@1",
        "absent-at-the-end-of-the-list": f"{WORKS}@4",
        "disputed": f"{WORKS}@3",
        "of-a-meter": f"{METER}@2",
        "a-profile": f"{PROFILE}@2",
    }
    found |= {
        f"current-event/{name}": proofs.current(event, seal) for name, event in current.items()
    }
    found["current-event/corrected-before-the-first-seal"] = proofs.current(f"{POWER}@3", seal)
    found["current-event/corrected-before-the-last-seal"] = proofs.current(f"{POWER}@3", last)
    return found | _withheld(world) | _sealed(proofs)


def _withheld(world: World) -> dict[str, bytes]:
    seal = "operator/seals@1"
    hidden = {
        "its-factor": ("event", f"{POWER}@3", ["operator/factors@1"]),
        "its-source": ("event", f"{POWER}@3", ["acme/register@2"]),
        "its-correction": ("event", f"{POWER}@3", [f"{FIXES}@4"]),
        "itself": ("current", f"{POWER}@3", [f"{POWER}@3"]),
        "amendments": ("current", f"{POWER}@4", ["acme/register@4", "acme/register@5"]),
        "all-corrections": ("current", f"{POWER}@1", [f"{FIXES}@{n}" for n in (1, 2, 3)]),
        "a-factor-that-is-needed": ("current", f"{PROFILE}@1", ["operator/factors@1"]),
    }
    found = {}
    for name, (kind, event, events) in hidden.items():
        proofs = Proofs(world, withheld=events, extra=events)
        data = proofs.event(event) if kind == "event" else proofs.current(event, seal)
        found[f"{'event' if kind == 'event' else 'current-event'}/withheld-{name}"] = data
    return found


def _sealed(proofs: Proofs) -> dict[str, bytes]:
    seal, last = "operator/seals@1", "operator/seals@3"
    lines = proofs.lists(seal).lines
    selects = {
        "by-market": Select(method="market"),
        "of-a-scope": Select(method="location", scope=1),
        "of-months": Select(method="location", months=("2026-02", "2026-04")),
        "of-a-stream": Select(method="location", stream=POWER),
        "that-is-empty": Select(method="location", category=4, scope=3),
    }
    found = {
        f"company-part/{name}": proofs.part(seal, "acme", select)
        for name, select in selects.items()
    }
    for party, name in (("acme", "the-first"), ("idle", "with-nothing"), ("works", "the-last")):
        found[f"company-total/{name}"] = proofs.company(seal, party)
    found["company-total/as-of-a-later-seal"] = proofs.company(last, "acme")
    found["inventory-line/the-first"] = proofs.line(seal, "acme", lines["acme"][0].name)
    found["inventory-line/the-last"] = proofs.line(seal, "acme", lines["acme"][-1].name)
    found["inventory-line/the-only-one-of-a-gas"] = proofs.line(
        seal, "depot", lines["depot"][0].name
    )
    found["area-total/companies"] = proofs.area(seal)
    found["area-total/territorial-of-three-months"] = proofs.area("operator/seals@2")
    found["target-progress/all-gases"] = proofs.target(seal, "operator/register@1")
    found["target-progress/of-two-gases"] = proofs.target(seal, "operator/register@2")
    return found
